"""No text keeps the server busy: its work is bounded, or it is refused with the text given back."""

import contextlib

import pytest
from flask.testing import FlaskClient

from app.errors import TooIntricate
from app.markup import LINE_OR_MARK, MOST_LINES_AND_MARKS, excerpt, quote, render
from app.models import ForumText, Message
from tests.growth import MOST, ratio

LONGEST = max(Message.MAX_BODY, ForumText.MAX_BODY)
PROBE = 20  # times a unit, to count its marks

UNITS = {
    "brackets": "[",
    "images": "![",
    "brackets and parentheses": "[(",
    "link texts": "[a](",
    "references": "[a][",
    "definitions of references": "[a]: x\n",
    "titles of links": "[a](b '",
    "bracketed addresses": "[a](<",
    "tags": "<a ",
    "addresses in angle brackets": "<https://a",
    "mail addresses": "<a@",
    "bare addresses": "https://a?",
    "strong": "**a",
    "emphasis": "*a_b",
    "emphasis of both kinds": "*_",
    "asterisks": "*",
    "underscores": "_",
    "back quotes": "``\\",
    "single back quotes": "`a ",
    "backslashes": "\\",
    "ampersands": "&",
    "entities": "&amp;",
    "halves of entities": "&#",
    "quotes": "> ",
    "quoted lines": "> a\n",
    "quotes in lists": "> - ",
    "lists in quotes": "1. > ",
    "list items": "- a\n",
    "list items apart": "- a\n\n    b\n\n",
    "lists in lists": "- a\n  - b\n",
    "lists to and fro": "- a\n  1. b\n     - c\n\n   d\n",
    "headings": "# a\n",
    "signs of headings": "# ",
    "underlined headings": "a\n=\n",
    "headings with nothing above": "-\n",
    "rules": "- - -\n",
    "code": "    a\n\n",
    "lines": "a\n",
    "empty lines": "\n",
    "blank lines": "  \n",
    "spaces": " ",
    "tabs": "\t",
    "pipes": "|",
    "tables": "|a|b|\n|-|-|\n",
    "line separators": "a  \n",
    "halves of symbols": "A-",
    "symbols": "UNEP/CBD/",
    "marks of the parser": "\x02klzzwxh:0001\x03",
    "one letter": "a",
    "digits": "1",
    "combining marks": "a\u0301\u0327",
    "marks alone": "\u0301",
    "spaces of all kinds": " \u00a0\u2003\t",
    "pictures": "\U0001f468\u200d\U0001f469\ufe0f",
    "marks of direction": "\u200f",
    "another direction": "\u05d0 ",
    "numbers of lists": "1. ",
    "numbered items": "1. a\n",
    "quotes in quotes": "> > > a\n",
    "paragraphs": "a\n\n",
    "paragraphs of emphasis": "*a*\n\n",
    "whole emphasis": "*a* ",
    "whole strong": "**a** ",
    "whole code": "`a` ",
    "whole links": '[a](http://b "c") ',
    "whole addresses": "<http://a> ",
    "addresses with a space": "http://a ",
    "whole mail addresses": "<a@b.c> ",
    "less than": "<",
    "whole entities": "&a;",
    "escaped signs": "\\*",
    "escaped line ends": "\\\n",
    "rules without spaces": "---\n",
    "rules apart": "---\n\n",
    "wide rows": "|a|a|a|a|\n",
    "rows without a head": "a|b\n",
    "items in items": "- a\n    - b\n        - c\n",
    "code apart": "    a\n\n\n",
    "numbers of messages": "#1 ",
    "addresses that end at once": "http://a)",
    "addresses without a scheme": "www.a",
    "hosts of one name": "www.a/",
    "hosts of one name in brackets": "(www.a/",
    "hosts without an end": "www.a.b-",
    "whole hosts": "www.a.b ",
    "addresses in addresses": "https://a/",
    "addresses with low lines": "https://a/_",
    "addresses in emphasis": "_https://a_",
    "addresses with an apostrophe": "https://a'a",
    "addresses with brackets": "https://a(",
    "mail addresses of Outlook": "<mailto:a@",
    "links in brackets": "[a](https://a[",
    "links with brackets": "[a](https://a(b)",
    "numbers with signs": "#1#",
    "quotation marks": "“a’\"'",
    "stars in quotes": "> * ",
    "stars apart": "* a\n1. b\n\n",
    "emphasis of all kinds": "*_**__a",
    "quotations of nothing": ">\n",
    "footnotes": "* a\n1. b\n",
    "rows and dividers": "|a|\n|-|-|\n",
}
WHOLE = {
    "a list as deep as it goes": "".join("    " * depth + "- a\n" for depth in range(120)),
    "a list as deep as it goes by two spaces": "".join("  " * depth + "- a\n" for depth in range(170)),
    "quotes as deep as they may be": ("> " * 20 + "a\n") * 700,
    "a wide table": "|a" * 4_000 + "\n" + "|-" * 4_000 + "\n" + "|\n" * 6_000,
    "code in a table": "|a|\n|-|\n" + "`|" * 14_000,
    "rows of back quotes": "".join("`" * length + " " for length in range(1, 240)),
    "rows of asterisks": "".join("*" * length + "a" for length in range(240, 1, -1)),
    "a row of asterisks after an open underscore": "_a" + "*" * 29_000,
    "nested emphasis": "*a **b " * 2_100 + "c** d* " * 2_100,
    "brackets in brackets": "[" * 15_000 + "]" * 15_000,
    "one link with a long address": "[a](" + "(" * 29_000,
    "one link with many quotation marks": "[a](b " + "\" ' " * 7_000,
    "quotation marks after a definition": "[a]: " + '"' * 29_000 + " z",
    "one address of full stops": "https://" + "." * 29_000,
    "a heading of signs": "# " + "a#" * 14_000 + "\\",
}
HEAVY = {
    "a negotiating text": (
        "4. [The Parties [shall] [should], as appropriate,] [may] *inter alia* report [annually] [every **two** years] "
        "(see https://example.org/decision_BS-V_3) to the [Conference of the Parties][serving as the meeting].\n\n"
    )
    * 110,
    "one long paragraph": "The form [1] asks for *much* that `few` [Parties](https://example.org) know. " * 80,
    "a long list": "- One point of many, with [brackets] and *emphasis*.\n" * 500,
    "lists in a long list": "- One point of many, with [brackets].\n  - Another in it, with *emphasis*.\n" * 300,
    "headings without empty lines": "# Heading\nText of a line below it.\n" * 40,
    "a table": "| Party | Date | Remarks |\n|---|---|---|\n" + "| Norway | 1 May | `none` [so far] |\n" * 300,
    "an answer to an answer": "> > > What do you think of it?\n> >\n> > Much.\n>\n> Why?\n\nBecause.\n\n" * 250,
    "lines to fill in": "Name: ____________________________  Date: ______________\n" * 100,
    "separators": "*****************************\n\nText.\n\n-----------------------------\n\n" * 200,
}


ORDINARY = HEAVY["a negotiating text"]


def work(text: str) -> None:
    """A text is rendered or refused, and what is shown of it made."""
    with contextlib.suppress(TooIntricate):
        excerpt(render(text))
    quote(text)


def accepted(unit: str) -> str:
    """As much of this unit as a message may contain."""
    marks = len(LINE_OR_MARK.findall(unit * PROBE)) / PROBE
    return (unit * LONGEST)[: min(LONGEST, int(MOST_LINES_AND_MARKS / max(marks, 0.001)) * len(unit))]


def growth(text: str) -> float:
    """From half a text to all of it."""
    return ratio(lambda: work(text[: len(text) // 2]), lambda: work(text), lambda: work(ORDINARY))


def test_twice_as_many_signs_take_at_most_so_many_times_the_work():
    assert [name for name, unit in UNITS.items() if growth(accepted(unit)) > MOST] == []


def test_twice_as_many_signs_as_a_text_may_have_take_no_more_work_either():
    assert [name for name, unit in UNITS.items() if growth((unit * LONGEST)[:LONGEST]) > MOST] == []


def test_twice_as_much_hostile_structure_takes_at_most_so_many_times_the_work():
    assert [name for name, text in WHOLE.items() if growth(text[:LONGEST]) > MOST] == []


def test_what_people_write_is_rendered_whatever_its_length():
    for text in HEAVY.values():
        render(text[: Message.MAX_BODY])  # raises TooIntricate where a bound is too tight


@pytest.mark.parametrize("unit", ["a\n", "\\\n", "- a\n\n", "\\*", "<a@b.c> ", "[a](http://b)", "`a`\n\n"])
def test_lines_and_signs_are_counted_before_anything_is_parsed(unit: str, monkeypatch: pytest.MonkeyPatch):
    render(unit * 500)
    monkeypatch.setattr("app.markup.Blocks", lambda *_: pytest.fail("it was parsed"))

    with pytest.raises(TooIntricate):
        render(unit * 13_000)


@pytest.mark.parametrize("text", ["> " * 5_000, "# a\n" * 7_000, "`a " * 9_000, "**a" * 9_000])
def test_too_intricate_message_is_refused_with_a_reason_and_given_back(alice: FlaskClient, world, text: str):
    answer = alice.post(f"/en/topics/{world.topic}/reply/", data={"body": text, "language": "en"})

    assert answer.status_code == 422
    assert str(TooIntricate.message) in answer.text
    assert answer.text.count(text.strip()[:40].replace(">", "&gt;")) >= 1


def test_200_kilobytes_of_brackets_are_refused_by_their_length(alice: FlaskClient, world):
    answer = alice.post(f"/en/topics/{world.topic}/reply/", data={"body": "[" * 200_000, "language": "en"})

    assert answer.status_code == 422
    assert "This text has 200000 characters; the maximum is 30000." in answer.text


def test_preview_of_the_script_is_bounded_too(alice: FlaskClient, world):
    answer = alice.post("/en/preview/", data={"body": "# a\n" * 50_000})

    assert answer.status_code == 422
