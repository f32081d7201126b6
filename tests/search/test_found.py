"""What readers type in three languages, and what they may expect to find."""

import pytest
from flask import Flask

from app.extensions import db
from app.models import Topic, User
from app.search import queries
from tests.search.conftest import Find
from tests.world import World, make_message

TEXTS = {
    "budget": ("en", "National strategies need a budget of their own."),
    "women": ("en", "The Parties recognized the role of women in the conservation of seeds."),
    "assessed": ("en", "Risks were assessed before the first import of maize."),
    "decision": ("en", "As decision BS-V/3 says, the Secretariat compiles the replies."),
    "document": ("en", "See UNEP/CBD/BS/COP-MOP/6/7/Add.1, paragraph 12."),
    "party": ("en", "Each Party’s report is due in November."),
    "laboratorio": ("es", "Los laboratorios de la región carecen de reactivos."),
    "evaluacion": ("es", "La evaluación del riesgo precede a la importación."),
    "pais": ("es", "Los países en desarrollo presentarán sus informes."),
    "pueblos": ("es", "Los pueblos indígenas participaron en la consulta de Ñuñoa."),
    "decision_es": ("es", "La decisión BS-VI/4 invita a los Gobiernos a responder."),
    "biotecnologia": ("es", "SEGURIDAD DE LA BIOTECNOLOGÍA: situación actual."),
    "oeuvre": ("fr", "La mise en œuvre du Protocole exige des moyens."),
    "evaluation": ("fr", "L’évaluation des risques incombe à l’autorité nationale."),
    "capacites": ("fr", "Le renforcement des capacités reste nécessaire jusqu’à présent."),
    "autochtones": ("fr", "Les communautés autochtones ont été consultées."),
    "decision_fr": ("fr", "Conformément à la décision BS-V/5, les Parties répondent."),
    "chevaux": ("fr", "Les produits nationaux ont été étiquetés à l’arrivée."),
}
QUERIES = {
    # plural, verb form, missing accent or apostrophe, capital, elision or ligature, symbol
    "strategy": "budget",
    "assess risk": "assessed",
    "PARTIES recognise womens role": "women",
    "WOMEN conserving": "women",
    "party report": "party",
    "BS-V/3": "decision",
    "cop-mop/6/7": "document",
    "laboratorio": "laboratorio",
    "presentar informe": "pais",
    "evaluacion riesgos": "evaluacion",
    "PUEBLO INDIGENA nunoa": "pueblos",
    "biotecnologias": "biotecnologia",
    "decisión BS-VI/4": "decision_es",
    "mise en oeuvre": "oeuvre",
    "évaluer": "evaluation",
    "d'évaluation risque": "evaluation",
    "capacite renforcée": "capacites",
    "AUTOCHTONE consulter": "autochtones",
    "DECISIONS bs-v/5": "decision_fr",
    "répondre décision": "decision_fr",
    "national étiqueter": "chevaux",
}


@pytest.fixture
def numbers(write) -> dict[str, str]:
    """The addresses of the texts, by name."""
    return {name: f"/messages/{write(body, language=code)}/" for name, (code, body) in TEXTS.items()}


def test_every_text_is_found_by_what_readers_type(numbers: dict[str, str], find: Find):
    missed = {
        words: name
        for words, name in QUERIES.items()
        if numbers[name] not in find(words) or len(set(find(words)) & set(numbers.values())) > 2
    }

    assert missed == {}


@pytest.mark.parametrize(
    "forms",
    [
        "fr: répondre répondent répondons répond répondu répondues répondront répondait",
        "fr: permettre permettent permettons permet permettra",
        "fr: proposer proposent proposons propose proposé",
        "fr: considérer considèrent considère",
        "fr: affirmer affirment affirmé",
        "fr: poursuivre poursuivent poursuivi",
        "es: mujer mujeres",
        "es: carácter caracteres",
        "es: imagen imágenes imagenes",
        "es: voz voces",
        "es: régimen regímenes regimen",
        "es: interés intereses",
        "en: recognize recognise recognised recognising",
        "en: organization organisations",
        "en: analyze analysed",
    ],
)
def test_regular_forms_of_a_word_find_each_other(forms: str, write, find: Find):
    language, *words = forms.replace(":", "").split()
    numbers = {f"/messages/{write(word, language=language)}/" for word in words}

    assert {word: set(find(word)) for word in words} == dict.fromkeys(words, numbers)


@pytest.mark.parametrize("noun", "document gouvernement président argument agent parent élément action région".split())
def test_french_noun_that_ends_as_a_verb_is_found_by_its_plural(noun: str, write, find: Find):
    number = write(f"Il y a un {noun}.", language="fr")

    assert find(f"{noun}s") == [f"/messages/{number}/"]


@pytest.mark.parametrize(
    ("typed", "text"), [("présent", "près"), ("parent", "par"), ("récent", "récit"), ("agent", "âge")]
)
def test_french_word_that_is_no_verb_does_not_find_another(typed: str, text: str, write, find: Find):
    write(f"Le mot {text}.", language="fr")

    assert find(typed) == []


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_text_of_a_wrongly_marked_language_is_found_by_its_words(language: str, write, find: Find):
    number = write("Le renforcement des capacités des laboratoires.", language=language)

    assert find("capacités laboratoires") == [f"/messages/{number}/"]


def test_words_in_quotation_marks_are_found_in_this_order_only(write, find: Find):
    number = write("We need capacity building, and building of capacity.")
    write("We are building capacity.")

    for typed in ('"capacity building"', "“capacity building”", "« capacity building »"):
        assert find(typed) == [f"/messages/{number}/"], typed


def test_quoted_word_is_found_in_this_form_only(write, find: Find):
    number = write("One strategy.")
    write("Many strategies.")

    assert find('"strategy"') == [f"/messages/{number}/"]


def test_word_without_its_accent_finds_other_forms(write, find: Find):
    number = write("Los intereses de las Partes.", language="es")

    assert find("interes") == [f"/messages/{number}/"]


def test_minus_leaves_out_messages_of_an_author(write, world: World, find: Find):
    number = write("Seeds.", organization="Seed Bank")
    other = write("Seeds.", organization="Soil Union")

    assert find('seeds -author:"Seed Bank"') == [f"/messages/{other}/"]
    assert find("author:alice -author:soil seeds") == [f"/messages/{number}/"]


@pytest.mark.parametrize("typed", ["seeds -author:alice", "author:union -author:alice"])
def test_minus_leaves_out_all_people_of_a_name(
    typed: str, app: Flask, write, world: World, find: Find, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(queries, "MOST_PEOPLE", 1)
    with app.app_context():
        db.session.get_one(User, world.bruno).name = "Alice too"
        made = make_message(db.session.get_one(Topic, world.topic), db.session.get_one(User, world.bruno), "Seeds.")
        made.organization = "Seed Union"
        db.session.commit()
    write("Seeds.", organization="Seed Union")
    number = write("Seeds.", organization="Seed Union", speaker="Carla")

    assert find(typed) == [f"/messages/{number}/"]


def test_author_is_not_found_by_an_organization_that_no_message_names(app: Flask, world: World, find: Find):
    with app.app_context():
        db.session.get_one(User, world.bruno).organization = "Ministry of Zyzzyva"
        db.session.commit()

    assert find("author:zyzzyva") == []


def test_minus_leaves_out_texts_with_any_form_of_a_word(write, find: Find):
    number = write("Seeds and soils.")
    write("Seeds and markets.")

    assert find("seed -market") == [f"/messages/{number}/"]
    assert find('seed -"and markets"') == [f"/messages/{number}/"]


def test_words_that_every_text_has_are_left_out_of_a_search_with_others(write, find: Find):
    number = write("Seeds: role, women.")

    assert find("the role of women") == [f"/messages/{number}/"]


def test_author_is_found_by_name_state_and_organization(write, world, find: Find):
    number = write("A letter from afar.", speaker="Dr. Ilse Käfer", organization="Seed Bank of the North", country="XB")

    for typed in ("author:käfer", "author:KAFER letter", 'author:"Seed Bank"', "autor:Ilse", "auteur:kafer"):
        assert find(typed) == [f"/messages/{number}/"], typed
    assert find("author:bruno") == [f"/messages/{world.second}/"]
    assert find(author="Bruno") == [f"/messages/{world.second}/"]
    assert f"/messages/{world.first}/" not in find("author:bruno -estamos")


def test_texts_of_the_secretariat_are_found_once_with_their_titles_first(write, find: Find):
    write("The title of open-forum is long.")

    found = find("title of open-forum")
    assert found[0] == "/forums/open-forum/"
    assert found.count("/forums/open-forum/") == 1
    assert find("title of open-forum", order="newest")[0].startswith("/messages/")


def test_title_of_a_topic_and_name_of_a_page_and_a_question_are_found(world, find: Find):
    assert find("reporting format") == [f"/topics/{world.topic}/"]
    assert find("règles OR rules") == []
    assert find("rules") == ["/pages/rules/"]
    assert "/forums/open-forum/groups/group-1/" in find("what would help most")
    assert find("portal") == ["/portal/"]
