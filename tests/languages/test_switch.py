"""The language bar leads to the same page, the same page number and the same message in each language."""

import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from flask import Flask
from lxml import html

from app import create_app
from config import Config
from tests.conftest import sign_in
from tests.full_world import FullWorld

LANGUAGES = ("en", "es", "fr")


def bar_of(text: str) -> dict[str, str]:
    """Where the language bar leads, by code."""
    links = html.document_fromstring(text).xpath(
        "//nav[@class='languages']//a | //nav[contains(@class, 'on-screen')]//a"
    )
    return {link.get("hreflang"): link.get("href") for link in links if link.get("hreflang")}


def buttons_of(text: str) -> dict[str, str]:
    """Where the buttons at the end of a form lead, by code."""
    found = html.document_fromstring(text).xpath("//button[@name='continue_in']")
    return {button.get("value"): button.get("formaction") for button in found}


def test_bar_leads_to_the_same_page_with_its_page_number(full: FullWorld, people):
    wrong = []
    for language in LANGUAGES:
        for path in (
            "/",
            "/portal/",
            "/pages/rules/",
            "/forums/open-forum/groups/group-1/",
            f"/topics/{full.long_topic}/?page=2",
            f"/messages/{full.edited}/",
            f"/print/topics/{full.long_topic}/",
        ):
            bar = bar_of(people["visitor"].get(f"/{language}{path}").text)
            if bar != {code: f"/{code}{path}" for code in LANGUAGES}:
                wrong.append((language, path))

    assert wrong == []


def test_whoever_changes_the_language_before_signing_in_is_led_on_in_it(full: FullWorld, one_app: Flask):
    wrong = []
    for target in ("/", "/account/", "/topics/1/reply/?to=2&quote=1", "/en/"):
        client = sign_in(one_app, full.people["alice"])
        asked = f"/auth/sign-in/?{urlencode({'next': f'/fr{target}'})}"
        if (
            buttons_of(one_app.test_client().get(f"/fr{asked}").text)
            != {code: f"/{code}{asked}" for code in ("en", "es")}
            or client.get(f"/es{asked}").location != f"/es{target}"
        ):
            wrong.append(target)

    assert wrong == []


def test_target_that_is_no_page_of_the_site_leads_home(full: FullWorld, one_app: Flask):
    wrong = []
    for target in ("//en/account/", "/\\en/account/", "https://evil.example/en/", "en/account/"):
        asked = f"/es/auth/sign-in/?{urlencode({'next': target})}"
        if sign_in(one_app, full.people["alice"]).get(asked).location != "/es/":
            wrong.append(target)

    assert wrong == []


def test_form_keeps_what_is_answered_and_quoted(full: FullWorld, people):
    path = f"/topics/{full.long_topic}/reply/?to={full.edited}&quote=1"

    assert buttons_of(people["bruno"].get(f"/en{path}").text) == {code: f"/{code}{path}" for code in ("es", "fr")}


def test_bar_keeps_the_filters_of_the_log_and_the_search_for_people(full: FullWorld, people):
    for path in ("/admin/log/?action=edit&since=2026-01-01", "/admin/people/?q=alice"):
        assert bar_of(people["admin"].get(f"/fr{path}").text)["es"] == f"/es{path}"


def test_bar_drops_parameters_that_pages_do_not_know(full: FullWorld, people):
    assert bar_of(people["visitor"].get("/en/portal/?utm=1&x=%22%3E%3Cscript%3E").text)["es"] == "/es/portal/"


@pytest.mark.parametrize("language", LANGUAGES)
def test_number_of_every_message_leads_to_a_page_that_can_be_read_in_the_other_languages(language: str, full, people):
    """Without any script, on which the bar of the topic depends to stay on the message."""
    page = html.document_fromstring(people["visitor"].get(f"/{language}/topics/{full.long_topic}/?page=2").text)

    for message in page.xpath("//article[@class='message']"):
        [path] = message.xpath("./header//a[@class='number']/@href")
        bar = bar_of(people["visitor"].get(path).text)
        assert bar == {code: f"/{code}/messages/{message.get('id').removeprefix('message-')}/" for code in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_slugs_and_anchors_are_the_same_in_all_languages(language: str, full: FullWorld, people):
    def marks(code: str) -> list[str]:
        page = people["visitor"].get(f"/{code}/topics/{full.long_topic}/").text
        return re.findall(r'\sid="([^"]+)"|#(\d+)', page)

    assert marks(language) == marks("en")
    page = people["visitor"].get(f"/{language}/messages/{full.edited}/").text
    assert f'href="/{language}/topics/{full.long_topic}/#message-{full.edited}"' in page


def test_bar_leads_to_a_page_that_can_be_read_from_an_address_that_only_takes_forms(full: FullWorld, people):
    number = full.moderated.withheld
    answer = people["moderator"].post(f"/en/moderation/messages/{number}/withhold/", data={"version": "x"})

    assert answer.status_code == 409
    assert bar_of(answer.text)["fr"] == f"/fr/moderation/messages/{number}/"


def test_error_page_is_in_the_language_of_its_address_and_leads_on_in_it(full: FullWorld, people):
    text = people["visitor"].get("/fr/topics/999999/", headers={"Accept-Language": "es"}).text

    assert '<html lang="fr"' in text
    assert 'href="/fr/portal/"' in text
    assert set(bar_of(text)) == set(LANGUAGES)


@pytest.mark.parametrize("accepts", ["es-419,es;q=0.8", "ES", "de;q=0.9, es;q=0.1"])
def test_address_with_an_unknown_language_is_answered_in_the_browsers(accepts: str, full: FullWorld, people):
    for path in ("/de/portal/", "/xx/", "/portal/", "/forums/open-forum/"):
        answer = people["visitor"].get(path, headers={"Accept-Language": accepts})
        assert answer.status_code == 404
        assert '<html lang="es"' in answer.text, path


def test_reader_gets_the_language_wished_for_most_whatever_its_region(full, people):
    assert [
        (accepts, language)
        for accepts, language in (
            ("fr-FR,en;q=0.1", "fr"),
            ("es-419,en;q=0.9", "es"),
            ("fr-CA,en-US;q=0.8,en;q=0.6", "fr"),
            ("en;q=0.5,fr;q=0.6", "fr"),
            ("de,ES-mx;q=0.2", "es"),
            ("de-CH,*;q=0.1", "en"),
            ("fr;q=0,en;q=0.1,es;q=0.2", "es"),
            ("en;q=0,*", "es"),
            ("en;q=0,es;q=0,fr;q=0", "en"),
            ("esx,fr;q=0.3", "fr"),
            ("", "en"),
        )
        if people["visitor"].get("/", headers={"Accept-Language": accepts}).location != f"/{language}/"
    ] == []


def test_reader_without_a_wish_gets_the_language_of_the_site(config: Config):
    wrong = []
    for accepts, language in (("*", "fr"), ("de", "fr"), ("", "fr"), ("fr;q=0,*;q=0.5", "en")):
        site = create_app(replace(config, default_language="fr"))
        if site.test_client().get("/", headers={"Accept-Language": accepts}).location != f"/{language}/":
            wrong.append((accepts, language))

    assert wrong == []


def test_error_page_whose_language_was_negotiated_says_so_to_caches(full: FullWorld, people):
    wrong = []
    for path in ("/xx/", "/portal/", "/nowhere"):
        named = {
            name.strip() for line in people["visitor"].get(path).headers.getlist("Vary") for name in line.split(",")
        }
        if not {"Accept-Language", "Cookie"} <= named:
            wrong.append(path)

    assert wrong == []


def test_choice_of_the_account_goes_before_cookie_and_browser(one_app: Flask, full: FullWorld):
    for client, language in ((one_app.test_client(), "es"), (sign_in(one_app, full.translator), "fr")):
        client.set_cookie("language", "es")
        assert client.get("/", headers={"Accept-Language": "en"}).location == f"/{language}/"


def test_text_of_another_language_says_so_and_carries_its_language(full: FullWorld, people):
    """The archived forum has no English text, and a page below the rules is in Spanish only."""
    for path, language in (("/en/forums/archived-forum/", "es|fr"), ("/fr/pages/child/", "es")):
        page = html.document_fromstring(people["visitor"].get(path).text)
        assert page.xpath("//*[@class='language-note']"), path
        [heading] = page.xpath("//h1")
        codes = [heading.get("lang"), *(part.get("lang") for part in heading.iter("span"))]
        assert re.fullmatch(language, next(filter(None, codes))), path
