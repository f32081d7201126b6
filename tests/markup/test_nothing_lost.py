"""Every character that is no mark, used as the help of the forms says, is seen as it was typed, in the same order."""

import re

import lxml.etree
import lxml.html
import pytest
from flask.testing import FlaskClient

from app.errors import TooIntricate
from app.markup import excerpt, render, text_of
from app.plain import plain
from tests.markup.written import WRITTEN, generated

# Where a mark may stand, told apart from the application. What is matched by the group `mark` may be a mark.
PLACES = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"(?P<mark>\\)[][*_`#>|-]",
        r"^[ \t>*-]*(?:[0-9]+\.[ \t]+)?(?P<mark>#{1,6})[ \t]+\S",
        r"^[ \t]*(?P<mark>(?:>[ \t]?)+)(?:$|(?<=[ \t]))",
        r"^[ \t>]*(?P<mark>[-*])[ \t]+\S",
        r"^[ \t>]*(?P<mark>={3,}|-{3,}|(?:-[ \t]*){3,}|(?:\*[ \t]*){3,})[ \t]*$",
        r"^[ \t>]*(?P<mark>\|(?:[ \t]*:?-+:?[ \t]*\|)+)[ \t]*$",
        r"(?P<mark>\[)(?=[^\n]*\n?[^\n]*\]\(\s*(?:https?://|mailto:))",
        r"(?P<mark>\]\(\s*(?:https?://|mailto:)(?:[^\s()<>]|\([^\s()<>]*\))*\s*\))",
    )
)
BEGINS_WORDS = re.compile(r"(?<![^\W_])([*_]{1,3}|`)(?=\S)")
ENDS_WORDS = re.compile(r"(?<=\S)([*_]{1,3}|`)(?![^\W_])")
IN_A_ROW = re.compile(r"^[ \t>]*\|.*\|[ \t]*$", re.MULTILINE)


def places_of_marks(source: str) -> set[int]:
    places = {at for pattern in PLACES for found in pattern.finditer(source) for at in range(*found.span("mark"))}
    places |= places_in_pairs(source)
    return places | {at for row in IN_A_ROW.finditer(source) for at in range(*row.span()) if source[at] == "|"}


def places_in_pairs(source: str) -> set[int]:
    """Of the marks on both sides of words in one line."""
    places: set[int] = set()
    begun = 0
    for line in source.splitlines(keepends=True):
        for sign in "*_`":
            first = [at for found in BEGINS_WORDS.finditer(line) if sign in found[0] for at in range(*found.span())]
            last = [at for found in ENDS_WORDS.finditer(line) if sign in found[0] for at in range(*found.span())]
            places |= {begun + at for at in first if last and at < max(last)}
            places |= {begun + at for at in last if first and at > min(first)}
        begun += len(line)
    return places


def is_all_seen(source: str, text: str) -> bool:
    """Whether the text is the source without some of its marks and whatever its white space."""
    marks, seen = places_of_marks(source), "".join(text.split())
    reached = {0}
    for at, char in enumerate(source):
        if char.isspace():
            continue
        further = {place + 1 for place in reached if seen[place : place + 1] == char}
        reached = further | reached if at in marks else further
    return len(seen) in reached


def squeezed(text: str) -> str:
    return "".join(text.split())


def text_lines(html: str) -> list[str]:
    return lxml.html.fragment_fromstring(html, "div").text_content().split("\n")


def text_of_element(element: lxml.html.HtmlElement) -> str:
    """What a reader sees of an element, the numbers of lists included."""
    for point in element.iter("li"):
        if value := point.get("value"):
            point.text = f"{value}. {point.text or ''}"
    return element.text_content()


def test_what_people_write_without_marks_is_seen_as_they_wrote_it():
    lost = []
    for typed in WRITTEN:
        source = plain(typed)
        html = render(source)
        for text in (text_of(html), excerpt(html, 10_000), text_of_element(lxml.html.fragment_fromstring(html, "div"))):
            if squeezed(text) != squeezed(source):
                lost.append((source, text))

    assert lost == []


def test_lines_that_people_write_stay_lines():
    glued = []
    for typed in WRITTEN:
        shown = re.sub(r"<(?:br|/p|/li|/h\d|/td)>", "\n", render(plain(typed)))
        lines = len([line for line in text_lines(shown) if line])
        if lines < len([line for line in plain(typed).split("\n") if line.strip()]):
            glued.append(typed)

    assert glued == []


def test_in_any_text_only_marks_are_not_seen():
    lost = []
    for typed in generated(seed=12, count=400):
        source = plain(typed)
        try:
            html = render(source)
        except TooIntricate:
            continue
        if not is_all_seen(source, text_of(html)):
            lost.append((source, text_of(html)))

    assert lost == []


@pytest.mark.parametrize(
    ("source", "text"),
    [("**a**", "b"), ("a b", "a"), ("tod*s", "tods"), ("1. a", "a"), ("ab", "ba"), ("a_b_c", "abc"), ("#a", "a")],
)
def test_the_reader_of_these_tests_finds_what_is_lost(source: str, text: str):
    """So that the tests above can fail."""
    assert not is_all_seen(source, text)


@pytest.mark.parametrize("path", ["/en/topics/{topic}/", "/fr/print/topics/{topic}/", "/en/feeds/topics/{topic}.atom"])
def test_message_is_seen_as_it_was_written_on_screen_in_print_and_in_the_feed(
    alice: FlaskClient, visitor: FlaskClient, world, path: str
):
    typed = "\n\n".join(text for text in WRITTEN if "\u202e" not in text)[:20_000]
    alice.post(f"/en/topics/{world.topic}/reply/", data={"body": typed, "language": "en"})

    page = visitor.get(path.format(topic=world.topic))

    if path.endswith("atom"):
        contents = lxml.etree.fromstring(page.data).findall(".//{*}content")
        shown = [lxml.html.fragment_fromstring(content.text, "div") for content in contents]
    else:
        shown = lxml.html.fromstring(page.text).xpath("//*[contains(@class, 'prose')]")
    assert squeezed(plain(typed)) in {squeezed(text_of_element(one)) for one in shown}
