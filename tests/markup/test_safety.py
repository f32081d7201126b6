"""Whatever somebody types, rendered Markdown holds nothing but what the allow-list names."""

import re

import pytest

from app.errors import TooIntricate
from app.markup import excerpt, render, text_of
from app.plain import plain
from tests.hostile import EMBEDDED, HANDLERS, HOSTILE, SCHEMES, SCRIPTS, UNCLEAN, UNICODE
from tests.markup.clean import links_of, problems_of, tags_of
from tests.markup.clean import text_of as text_in

PLACES = {
    "alone": "{}",
    "in a list": "- {}",
    "in a quote": "> {}",
    "in a heading": "# {}",
    "in a table": "| a | b |\n|---|---|\n| {} | c |",
    "in emphasis": "**{}**",
    "in a link's text": "[{}](https://example.org)",
    "behind a link's address": '[x](https://example.org "{}")',
    "in an address": "[x](https://example.org/{})",
    "after a bare address": "https://example.org/{}",
    "in code": "`{}`",
}


def test_hostile_text_makes_nothing_that_is_not_allowed():
    assert [
        (name, text, official)
        for name, place in PLACES.items()
        for text in HOSTILE
        for official in (False, True)
        if problems_of(render(place.format(text), official=official), official=official)
    ] == []


def test_the_reader_of_these_tests_finds_what_is_not_allowed():
    """So that the tests above can fail."""
    for text in (*SCRIPTS[:6], *HANDLERS[:6], *EMBEDDED[:10]):
        assert problems_of(text), text
    assert problems_of('<a href="java\tscript:x" rel="nofollow noopener ugc">x</a>')
    assert problems_of('<a href="https://example.org">x</a>') == ["a without its rel"]
    assert problems_of("<p><em>x</p></em>")
    assert problems_of("<!-- x -->")


def test_what_is_left_of_unclean_text_makes_nothing_that_is_not_allowed():
    assert [text for text in UNCLEAN if problems_of(render(plain(text)))] == []


def test_entity_brings_no_character_that_no_text_may_have():
    """XML cannot carry them: one in a message would break the feed of its forum."""
    wrong = []
    for written in ("&#1;", "&#x7f;", "&#xFFFE;", "&#x1ffff;", "&#0888;"):
        for source in ("a{}b", "[x](https://example.org/{})", "[x](https://example.org '{}')"):
            html = render(source.format(written))
            if html != plain(html) or problems_of(html):
                wrong.append((written, source))

    assert wrong == []


def test_no_link_leads_to_a_scheme_other_than_http_https_or_mailto():
    made = [render(text) for text in SCHEMES]

    assert [
        html for html in made for link in links_of(html) if not re.match(r"https?://|mailto:", link["href"] or "")
    ] == []
    assert [html for html in made if not text_in(html).strip()] == [], "what was typed stays readable"


def test_every_link_tells_search_engines_and_browsers_not_to_trust_it():
    texts = ("[x](https://example.org)", "<https://example.org>", "https://example.org", "<a@b.org>")

    assert [[link["rel"] for link in links_of(render(text))] for text in texts] == [["nofollow noopener ugc"]] * 4


def test_official_texts_alone_may_link_within_the_site():
    wrong = []
    for path in ("/en/portal/", "/en/forums/first/#about", "/"):
        source = f"[the page]({path})"
        if (
            links_of(render(source, official=True))[0]["href"] != path
            or links_of(render(source))
            or source not in text_in(render(source))
        ):
            wrong.append(path)

    assert wrong == []


def test_official_texts_link_nowhere_else():
    wrong = []
    for address in (
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
    ):
        html = render(f"[x]({address})", official=True)
        if problems_of(html, official=True) or [link for link in links_of(html) if link.get("href")]:
            wrong.append(address)

    assert wrong == []


def test_image_becomes_a_link_so_that_reading_calls_no_other_server():
    wrong = []
    for text in ("![a map](https://example.org/map.png)", "![a map](https://example.org/map.png 'Map')"):
        html = render(text)
        if (
            "img" in tags_of(html)
            or [link["href"] for link in links_of(html)] != ["https://example.org/map.png"]
            or "a map" not in text_in(html)
        ):
            wrong.append(text)

    assert wrong == []


def test_link_holds_no_other_link():
    html = render("[https://a.example and <https://b.example>](https://c.example) *https://d.example*")

    assert [link["href"] for link in links_of(html)] == ["https://c.example", "https://d.example"]
    assert problems_of(html) == []


def test_excerpt_of_hostile_text_holds_text_only():
    """Excerpts are escaped where they are shown; parsing them again must bring nothing back."""
    wrong = []
    for text in (*SCRIPTS, *HANDLERS, *UNICODE):
        html = render(text)
        if "<script" in render(text_of(html)).lower() or len(excerpt(html, 40)) > 40:
            wrong.append(text)

    assert wrong == []


@pytest.mark.parametrize("mark", ["- ", "1. ", "> - "])
def test_lists_nest_as_far_as_a_page_has_room_and_no_farther(mark: str):
    quote, item = mark[:-2] if mark.startswith(">") else "", mark.removeprefix("> ")
    lines = [f"{quote}{'    ' * depth}{item}a\n" for depth in range(13)]

    assert tags_of(render("".join(lines[:12]))).count("li") == 12
    with pytest.raises(TooIntricate):
        render("".join(lines))


def test_deeply_nested_text_is_refused_rather_than_breaking_the_parser():
    for unit in ("> - ", "1. > ", "- > * > "):
        try:
            html = render(unit * 5_000)
        except TooIntricate:
            continue
        assert problems_of(html) == []
