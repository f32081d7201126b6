"""Whatever is typed gets a clear answer, and comes back as it was typed."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from app.limits import Store
from app.search.words import LONGEST, MOST_WORDS
from tests.search.conftest import Find
from tests.world import World

NO_WORD = "Please enter at least one word or number to search for."
SIGNS = [
    "*",
    "NEAR(",
    "%00",
    '"',
    '"unbalanced',
    "a AND",
    "OR OR",
    "NOT",
    "col:x",
    "^a",
    "()",
    "';--",
    "\\",
    "%",
    "_",
    "a*",
]


def typed_back(page: str) -> str:
    return unescape(re.search(r'name="q"[^>]* value="(.*?)"', page, re.DOTALL)[1])


@pytest.mark.parametrize("typed", SIGNS)
def test_signs_are_no_error_of_syntax(typed: str, visitor: FlaskClient, world: World):
    answer = visitor.get("/en/search/", query_string={"q": typed})

    assert answer.status_code in (200, 422)
    assert typed_back(answer.text) == typed
    assert (NO_WORD in answer.text) == (answer.status_code == 422)


@pytest.mark.parametrize("typed", ["-budget", "-author:alice"])
def test_search_that_only_leaves_out_asks_for_a_word(typed: str, visitor: FlaskClient, world: World):
    answer = visitor.get("/en/search/", query_string={"q": typed})

    assert answer.status_code == 422
    assert "Please add a word to search for: a minus sign only leaves texts out." in answer.text


@pytest.mark.parametrize("typed", ["*", "…", "😀", "()"])
def test_search_without_a_word_says_what_is_needed(typed: str, visitor: FlaskClient, world: World):
    answer = visitor.get("/en/search/", query_string={"q": typed})

    assert (answer.status_code, NO_WORD in answer.text) == (422, True)
    assert typed_back(answer.text) == typed


@pytest.mark.parametrize("address", ["%00", "a%00b", "%ff%fe", "%E2%80%AEabc", "%D8%A7%D9%84%D8%A8%D8%B0%D9%88%D8%B1"])
def test_bytes_that_are_no_text_and_other_directions_are_searched_for(address: str, visitor: FlaskClient, world: World):
    assert visitor.get(f"/en/search/?q={address}").status_code in (200, 422)


def test_arabic_words_are_found(write, find: Find):
    number = write("حفظ البذور المحلية")

    assert find("البذور") == [f"/messages/{number}/"]


def test_long_search_comes_back_whole_to_be_shortened(visitor: FlaskClient, world: World):
    typed = "seed " * 1_500
    answer = visitor.get("/en/search/", query_string={"q": typed})

    assert answer.status_code == 422
    assert f"the maximum is {LONGEST}" in answer.text
    assert typed_back(answer.text) == typed


def test_too_many_words_come_back_to_be_fewer(visitor: FlaskClient, world: World):
    typed = " ".join(f"w{number}" for number in range(MOST_WORDS + 1))
    answer = visitor.get("/en/search/", query_string={"q": typed})

    assert (answer.status_code, typed_back(answer.text)) == (422, typed)
    assert f"at most {MOST_WORDS} words" in answer.text


def test_only_words_that_every_text_has_are_searched_for(write, find: Find):
    number = write("The one of the many.")

    assert f"/messages/{number}/" in find("the of")


@pytest.mark.parametrize(("typed", "is_told"), [("le la de et", True), ('"of the"', False), ("the seeds", False)])
def test_words_that_every_text_has_are_told_to_be_so(typed: str, is_told: bool, visitor: FlaskClient, world: World):
    page = visitor.get("/en/search/", query_string={"q": typed}).text

    assert ("These words appear in nearly all texts." in page) == is_told


def test_number_with_its_sign_leads_to_the_message(visitor: FlaskClient, world: World):
    answer = visitor.get("/en/search/", query_string={"q": f"#{world.first}"})

    assert (answer.status_code, answer.location) == (302, f"/en/messages/{world.first}/")


def test_number_leads_to_the_message_and_is_searched_for(write, visitor: FlaskClient, world: World):
    number = write(f"I agree with number {world.first}.")
    page = visitor.get("/en/search/", query_string={"q": str(world.first)}).text

    assert f'<a href="/en/topics/{world.topic}/#message-{world.first}">Go to message #{world.first}</a>' in page
    assert f"#message-{number}" in page


@pytest.mark.parametrize(
    "typed",
    ["message {}", "Message #{}", "mensaje {}", "n° {}", "No. {}", "nº {}", "n.º {}", "mensaje núm. {}", "№ {}"],
)
def test_number_leads_to_the_message_however_it_is_written(typed: str, visitor: FlaskClient, world: World):
    answer = visitor.get("/en/search/", query_string={"q": typed.format(world.first)})

    assert answer.location == f"/en/messages/{world.first}/" or f"Go to message #{world.first}<" in answer.text


@pytest.mark.parametrize("typed", ["#999999", "#0", "9999999999", "message 999999", "#99999999999"])
def test_number_of_no_message_is_told_to_be_so(typed: str, visitor: FlaskClient, world: World):
    answer = visitor.get("/en/search/", query_string={"q": typed})
    number = int(re.sub(r"\D", "", typed))

    assert (answer.status_code, "No results" in answer.text) == (200, True)
    assert f"No public message has the number {number}." in answer.text
    assert "Check the spelling" not in answer.text


def test_number_that_texts_have_need_not_be_that_of_a_message(write, visitor: FlaskClient):
    write("In 2012, we began.")

    assert "No public message" not in visitor.get("/en/search/?q=2012").text


def test_words_are_marked_and_the_text_stays_text(write, visitor: FlaskClient):
    write("Before <script>alert(1)</script> & “seeds” after.")
    page = visitor.get("/en/search/?q=seed").text

    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; “<mark>seeds</mark>” after." in page


def test_snippet_has_the_words_of_a_long_text_and_its_language(write, visitor: FlaskClient):
    write("Palabras. " * 500 + "Aquí está la semilla que buscamos. " + "Más. " * 500, language="es")
    page = visitor.get("/en/search/?q=semillas").text
    snippet = re.search(r'<p class="snippet" lang="es">(.*?)</p>', page)[1]

    assert "Aquí está la <mark>semilla</mark> que buscamos" in snippet
    assert len(snippet) < 400
    assert snippet.startswith("… ")
    assert snippet.endswith(" …")


def test_page_beyond_the_last_shows_the_last(write, visitor: FlaskClient, find: Find):
    for _ in range(21):
        write("Seeds.")

    assert (len(find("seeds")), len(find("seeds", page=2)), find("seeds", page=9)) == (20, 1, find("seeds", page=2))
    assert visitor.get("/en/search/?q=seeds&page=x").status_code == 404


def test_page_is_for_no_search_engine_and_needs_no_script(visitor: FlaskClient, world: World):
    page = visitor.get("/fr/search/").text

    assert '<meta name="robots" content="noindex">' in page
    assert '<form class="search" role="search" action="/fr/search/"' in page
    assert "Disallow: /en/search/" in visitor.get("/robots.txt").text


@pytest.mark.parametrize("limit", ["SEARCHES_FROM_NETWORK", "SEARCHES_OF_PERSON"])
def test_too_many_searches_are_refused_for_a_minute(
    limit: str, visitor: FlaskClient, alice: FlaskClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(visitor.application.config, "RATELIMIT_ENABLED", True)
    monkeypatch.setitem(visitor.application.config, f"LIMIT_{limit}", "2 per minute")
    monkeypatch.setitem(visitor.application.extensions, "limits", Store(""))
    limited, other = (visitor, alice) if limit == "SEARCHES_FROM_NETWORK" else (alice, visitor)
    answers = [limited.get("/en/search/?q=shorter+form") for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert (answers[-1].headers["Retry-After"], "try again in a minute" in answers[-1].text) == ("60", True)
    assert limited.get("/en/search/").status_code == 200, "the form alone is no search"
    assert other.get("/en/search/?q=shorter+form").status_code == 200
