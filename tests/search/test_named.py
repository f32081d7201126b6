"""Whoever types nothing but the name of a State, a person or an organization is led to their messages."""

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Topic, User
from tests.search.conftest import hits_in
from tests.world import World, make_forum, make_message, make_pending, make_topic

NAMED = re.compile(r'<p class="named"><a href="/en(/search/\?.*?)" rel="nofollow">(.*?)</a>')
QUOTED = "A name of several words has to be in quotation marks:"


def named_on(page: str) -> list[tuple[str, str]]:
    """`(address without the language, text)` of the links to messages of those who are named."""
    return [(unescape(path), unescape(text)) for path, text in NAMED.findall(page)]


@pytest.mark.parametrize("language", ["en", "es", "fr"])
@pytest.mark.parametrize(
    ("code", "typed"),
    [
        ("CI", 'author:"Côte d’Ivoire"'),
        ("CI", 'auteur:"cote d\'ivoire"'),
        ("CI", "autor:Ivoire"),
        ("LA", 'author:"Lao People\'s Democratic Republic"'),
        ("GW", "author:Guinea-Bissau"),
        ("AG", "auteur:Antigua-et-Barbuda"),
    ],
)
def test_state_is_an_author_by_its_name_in_any_language(code, typed, language, write, visitor: FlaskClient):
    number = write("Seeds.", country=code)

    assert hits_in(visitor.get(f"/{language}/search/", query_string={"q": typed}).text) == [f"/messages/{number}/"]


@pytest.mark.parametrize("typed", ["Tanzania", "tanzanía", "République-Unie de Tanzanie", "united republic Tanzania"])
def test_name_of_a_state_leads_to_its_messages_with_their_number(typed: str, write, visitor: FlaskClient):
    numbers = [write("Seeds.", country="TZ") for _ in range(2)]
    [(path, text)] = named_on(visitor.get("/en/search/", query_string={"q": typed}).text)

    assert text == "Messages: United Republic of Tanzania (2)"
    assert hits_in(visitor.get(f"/en{path}").text) == [f"/messages/{number}/" for number in reversed(numbers)]


def test_word_of_a_name_of_many_names_no_state(write, visitor: FlaskClient):
    write("Seeds.", country="TZ")

    assert named_on(visitor.get("/en/search/?q=republic").text) == []


@pytest.mark.parametrize("typed", ["bruno", "Brüno"])
def test_name_of_a_person_leads_to_their_messages(typed: str, world: World, visitor: FlaskClient):
    [(path, text)] = named_on(visitor.get("/en/search/", query_string={"q": typed}).text)

    assert text == f"Messages by authors named “{typed}” (1)"
    assert hits_in(visitor.get(f"/en{path}").text) == [f"/messages/{world.second}/"]


def test_organization_is_named_by_its_whole_name(write, visitor: FlaskClient):
    number = write("Seeds.", organization="Seed Bank of the North")
    [(path, text)] = named_on(visitor.get("/en/search/?q=the+seed+bank+of+north").text)

    assert text.endswith("(1)")
    assert hits_in(visitor.get(f"/en{path}").text) == [f"/messages/{number}/"]
    assert named_on(visitor.get("/en/search/?q=seed+bank").text) == []


def test_named_are_counted_within_the_other_filters(write, world: World, visitor: FlaskClient):
    write("Semillas.", country="TZ", language="es")
    write("Seeds.", country="TZ")
    [(path, text)] = named_on(visitor.get("/en/search/?q=tanzania&language=es&order=newest").text)

    assert text.endswith("(1)")
    assert path == "/search/?order=newest&state=TZ&language=es"


def test_name_says_nothing_of_hidden_messages(app: Flask, world: World, visitor, admin):
    with app.app_context():
        carla = db.session.get_one(User, world.bruno)
        carla.name, carla.country = "Carla", "TZ"
        topic = make_topic(make_forum("hidden", published=False).groups[0], carla, "Draft")
        make_message(topic, carla, "Hidden.")
        make_pending(db.session.get_one(Topic, world.topic), carla, "Waiting.")
        db.session.commit()

    assert named_on(visitor.get("/en/search/?q=tanzania").text) == []
    assert [text[-3:] for _path, text in named_on(admin.get("/en/search/?q=tanzania").text)] == ["(2)"]
    assert [text[-3:] for _path, text in named_on(visitor.get("/en/search/?q=carla").text)] == ["(1)"]
    assert [text[-3:] for _path, text in named_on(admin.get("/en/search/?q=carla").text)] == ["(3)"]


def test_name_without_quotation_marks_is_shown_with_them(write, visitor: FlaskClient):
    number = write("Seeds.", country="TZ")
    page = visitor.get("/en/search/?q=author:United+Republic+of+Tanzania").text
    path = unescape(re.search(f'{QUOTED} <a href="(.*?)"', page)[1])

    assert hits_in(visitor.get(path).text) == [f"/messages/{number}/"]
    for typed in ("author:nobody", 'author:"No Body"', "nobody at all"):
        assert QUOTED not in visitor.get("/en/search/", query_string={"q": typed}).text, typed


def test_nothing_is_named_by_words_that_are_found_in_every_name(write, visitor: FlaskClient):
    write("Seeds.", organization="The The")

    assert named_on(visitor.get("/en/search/?q=the").text) == []
