"""What everybody reads, at every address and in every state, is what the table says."""

from collections.abc import Iterator
from itertools import product

import pytest
from flask import Flask
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.routing import RequestRedirect

from app.extensions import db
from tests.full_world import FullWorld
from tests.matrix.asking import Answer, Asking
from tests.matrix.cells import asked_of, cells, may_see
from tests.matrix.marks import Mark, marks_in, word_columns
from tests.matrix.planting import NOWHERE, Planted
from tests.matrix.table import ADMIN, OF_A_FORUM, OF_A_HIDDEN_MESSAGE, OF_A_MESSAGE, OF_A_TOPIC, PEOPLE, STATUS
from tests.route_table import OF_NO_FORUM, ROWS, Row, paths_of, signs_of

ASKED = asked_of(OF_A_FORUM, OF_A_TOPIC, OF_A_MESSAGE, OF_A_HIDDEN_MESSAGE)
# Authors are asked besides for the pages of the forum that their message stands in.
for state in {cell.state for cell in cells(OF_A_HIDDEN_MESSAGE)}:
    ASKED[state, "author"] += asked_of(OF_A_FORUM)["public", "author"]
OF_THE_SITE = [row for row in ROWS if (row.rule, row.in_language) in signs_of(*OF_NO_FORUM)]


@pytest.fixture(scope="module")
def rules(one_app: Flask, planted: Planted) -> set[str]:
    """The rules of all addresses in the table."""
    asked = [cell for cells in ASKED.values() for cell in cells if cell.person == "admin"]
    return {rule_of(one_app, planted.things[cell.state].address(cell.path)) for cell in asked}


@pytest.fixture(scope="module")
def marks(one_app: Flask, planted: Planted) -> set[Mark]:
    """All that there are."""
    with one_app.app_context():
        return set().union(*(found for _name, found in marks_by_column()))


def rule_of(app: Flask, path: str) -> str:
    adapter = app.url_map.bind("127.0.0.1:8000")
    try:
        return adapter.match(path.partition("?")[0], return_rule=True)[0].rule
    except (MethodNotAllowed, RequestRedirect) as error:
        raise AssertionError(f"{path} is no address for reading") from error


def whole(row: Row) -> str:
    return f"/<language:lang>{row.rule}" if row.in_language else row.rule


def marks_by_column() -> Iterator[tuple[str, set[Mark]]]:
    for table in db.metadata.sorted_tables:
        for name, column in word_columns(table).items():
            yield name, set().union(*(marks_in(str(value)) for value in db.session.scalars(db.select(column))))


def pages_for(person: str, state: str, full: FullWorld) -> list[tuple[Row, str]]:
    """The addresses that belong to no forum. Only some authors are asked for those of the administration."""
    asked = [row for row in OF_THE_SITE if row.signs != ADMIN or person != "author" or state == "public"]
    return [(row, path) for row in asked for path in paths_of(row, full)]


def not_for(person: str, state: str, answer: Answer, path: str) -> list[Mark]:
    """The marks in an answer that the person may not see, without those that he sent himself."""
    return sorted(mark for mark in answer.marks - marks_in(path) if not may_see(person, state, mark))


def test_every_address_for_reading_is_in_one_table(one_app: Flask, rules: set[str]):
    there = {rule.rule for rule in one_app.url_map.iter_rules() if "GET" in (rule.methods or ())}

    of_the_site = {whole(row) for row in OF_THE_SITE}
    assert rules & of_the_site == set()
    assert rules | of_the_site == there


def test_every_field_that_people_write_is_marked(one_app: Flask, planted: Planted):
    with one_app.app_context():
        assert [name for name, found in marks_by_column() if not found] == []


def test_every_address_answers_as_the_table_says(planted: Planted, asking: Asking):
    wrong = []
    for (state, person), asked in ASKED.items():
        for cell in asked:
            path = planted.things[state].address(cell.path)
            answer = asking.get(path, person, state)
            is_right = (answer.status, answer.asks_to_sign_in) == (STATUS[cell.sign], cell.sign == "?")
            foreign = not_for(person, state, answer, path)
            if foreign or not is_right:
                wrong.append((state, person, path, cell.sign, answer.status, foreign))

    assert wrong == []


def test_what_is_hidden_answers_like_what_does_not_exist(planted: Planted, asking: Asking):
    wrong = []
    for (state, person), asked in ASKED.items():
        for cell in asked if person != "admin" else ():
            if cell.sign in "0?":
                paths = [thing.address(cell.path, "fr") for thing in (planted.things[state], NOWHERE)]
                there, nowhere = (asking.get(path, person, state) for path in paths)
                foreign = not_for(person, state, there, paths[0])
                if foreign or (there.status, there.shown) != (nowhere.status, nowhere.shown):
                    wrong.append((state, person, cell.path, foreign))

    assert wrong == []


def test_what_is_not_shown_stands_on_pages_that_are_about_it_only(planted: Planted, asking: Asking):
    """Those who may see it do not come across it where others meet its number, or on paper."""
    about = ("/messages/{number}/history/", "/moderation/messages/{number}/", "/attachments/{file}/{file_name}")
    wrong = []
    for state, person in product(("withheld", "withdrawn"), ("author", "moderator", "admin")):
        for cell in asked_of(OF_A_FORUM, OF_A_TOPIC)["public", person] + ASKED[state, person]:
            answer = asking.get(planted.things[state].address(cell.path), person, state)
            if cell.path not in about and [mark for mark in answer.marks if mark[:2] == (state, "words")]:
                wrong.append((state, person, cell.path))

    assert wrong == []


def readers(planted: Planted) -> list[tuple[str, str]]:
    """`(person, state)` of all who read; the authors of all states one by one."""
    return [(person, state) for person in PEOPLE for state in (planted.things if person == "author" else ("public",))]


def test_every_page_of_the_site_answers_as_the_table_says(planted: Planted, full: FullWorld, asking: Asking):
    """Its lists and searches among them."""
    wrong = []
    for person, state in readers(planted):
        for row, path in pages_for(person, state, full):
            answer, sign = asking.get(path, person, state), row.signs[PEOPLE.index(person)]
            foreign = not_for(person, state, answer, path)
            if foreign or (answer.status, answer.asks_to_sign_in) != (STATUS[sign], sign == "?"):
                wrong.append((person, state, path, sign, answer.status, foreign))

    assert wrong == []


def test_whoever_may_see_something_finds_it(planted: Planted, full: FullWorld, asking: Asking, marks: set[Mark]):
    """Otherwise nothing might have been there that others do not see."""
    missed = []
    for person, state in readers(planted):
        paths = [path for _row, path in pages_for(person, state, full)]
        for other in planted.things if state == "public" else (state,):
            paths += [planted.things[other].address(cell.path) for cell in ASKED.get((other, person), ())]
        found = set().union(*(asking.get(path, person, state).marks for path in paths))
        own = {mark for mark in marks if person != "author" or mark.state == state}
        missed += [(person, state, mark) for mark in own - found if may_see(person, state, mark)]

    assert sorted(missed) == []
