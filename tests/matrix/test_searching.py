"""Searching finds for each person what that person may see, and tells nothing of the rest."""

import re

from flask import Flask

from app.extensions import db
from app.models import SearchText
from tests.matrix.asking import Asking
from tests.matrix.cells import may_see
from tests.matrix.marks import Mark, marks_in
from tests.matrix.planting import Planted
from tests.matrix.table import PEOPLE

NOTHING = "No results"
COUNTED = re.compile(r'<h2 id="found">(.*?)</h2>')
# Authors of what others see too are like whoever takes part.
AUTHORS = ("pending", "first", "returned", "draft")


def readers() -> list[tuple[str, str]]:
    """`(person, state)` of all who search."""
    return [(person, state) for person in PEOPLE for state in (AUTHORS if person == "author" else ("public",))]


def searched(app: Flask) -> set[Mark]:
    """What stands in the index, but for the names and organizations of accounts, which are never found themselves."""
    with app.app_context():
        return {mark for words in db.session.scalars(db.select(SearchText.words)) for mark in marks_in(words)}


def test_words_are_found_by_whoever_may_see_them_alone(one_app: Flask, planted: Planted, asking: Asking):
    wrong = []
    for mark in sorted(searched(one_app)):
        for person, state in readers():
            page = asking.get(f"/en/search/?q={mark}", person, state)
            is_found = COUNTED.search(page.shown)[1] != NOTHING
            foreign = [one for one in page.marks - {mark} if not may_see(person, state, one)]
            if is_found != may_see(person, state, mark) or foreign:
                wrong.append((str(mark), person, state, is_found, foreign))

    assert wrong == []


def test_lists_by_filters_hold_nothing_hidden(planted: Planted, asking: Asking):
    wrong = []
    for asked in ("files=y", "language=en", "capacity=party", "since=2012-01-01&order=newest", "author=ministry"):
        for person, state in readers():
            page = asking.get(f"/en/search/?{asked}", person, state)
            wrong += [(asked, person, state, mark) for mark in page.marks if not may_see(person, state, mark)]

    assert wrong == []


def test_author_who_is_hidden_is_told_to_nobody(planted: Planted, asking: Asking):
    """A visitor gets the same answer for a name that stands in hidden messages alone as for one that does not exist."""
    answers = {
        COUNTED.search(asking.get(f"/en/search/?q=author:{name}", "visitor").shown)[1] for name in hidden_names()
    }

    assert answers == {NOTHING}


def test_name_of_an_author_who_is_hidden_leads_nowhere(planted: Planted, asking: Asking):
    pages = [asking.get(f"/en/search/?q={name}", "visitor").shown for name in hidden_names()]

    assert not [page for page in pages if 'class="named"' in page]


def hidden_names() -> list[str]:
    return [str(Mark(state, "head", "messagespeaker")) for state in ("pending", "first", "draft")] + ["nobody-like-it"]
