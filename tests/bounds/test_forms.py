"""Processor time grows no faster than the length of a form, whatever is typed, up to the limits of fields or beyond."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import Message
from tests.bounds.growth import check_growth
from tests.bounds.walk import SentForm, form_of
from tests.conftest import sign_in
from tests.databases import Kept as Database
from tests.full_world import FullWorld
from tests.matrix.keeping import Kept
from tests.route_table import ROWS, Row

# What is measured is the work of this process.
pytestmark = pytest.mark.only_on("sqlite", reason="the work of a form is the same whatever keeps it")
FILLINGS: dict[str, Callable[[int], str]] = {
    "combining marks": lambda size: "a" + "\u0301" * (size // 2) + "\u0327" * (size // 2),
    "one letter": lambda size: "a" * size,
    "opening brackets": lambda size: "[" * size,
    "asterisks": lambda size: "*" * size,
    "quotes": lambda size: ">" * size,
    "pipes": lambda size: "|" * size,
    "digits": lambda size: "1" * size,
    "white space": lambda size: " " * size,
    "emoji": lambda size: "\U0001f600" * size,
    "right-to-left marks": lambda size: "\u200f" * size,
}
FEW = ("combining marks", "one letter")
# To view the site as somebody else is a button alone, and nothing can be sent while the view lasts.
SENT = [row for row in ROWS if "POST" in row.methods and "/view/" not in row.rule]
BY_ADMINISTRATORS = [row for row in SENT if row.rule.startswith("/admin/")]
BY_PEOPLE = [row for row in SENT if row not in BY_ADMINISTRATORS]
ANSWERED = {200, 302, 409, 422}
BYTES = 1_900_000  # twice as much is still accepted
BOUNDARY = "a-boundary"


@pytest.fixture(scope="module")
def kept(one_app: Flask, full: FullWorld, people: dict[str, FlaskClient], database: Database) -> Kept:
    """The database with two sign-ins of one person, so that one can end the other."""
    sign_in(one_app, full.people["bruno"])
    return Kept(database)


def body_of(form: SentForm, text: str) -> bytes:
    """The form with the same text in every field except its token."""
    parts = (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name in form.fields)
    return "".join((*parts, f"--{BOUNDARY}--\r\n")).encode()


def check(form: SentForm, filling: str, size: int, kept: Kept) -> None:
    """Check the growth from a text of this many characters in each field to one of twice as many."""
    bodies = {each: body_of(form, FILLINGS[filling](each)) for each in (size, 2 * size)}

    def send(each: int) -> None:
        sent = {"data": bodies[each], "content_type": f"multipart/form-data; boundary={BOUNDARY}"}
        assert form.client.post(form.path, **sent).status_code in ANSWERED, form.path
        if not kept.is_untouched:
            kept.restore()

    check_growth(send, size, f"{filling} to {form.path}")


@pytest.mark.parametrize("row", BY_PEOPLE, ids=lambda row: row.rule)
def test_work_on_a_form_of_participants_grows_no_faster_than_its_length(row: Row, one_app, full, people, kept: Kept):
    form = form_of(row, one_app, full, people)
    for filling in FILLINGS:
        check(form, filling, Message.MAX_BODY // 2, kept)
    for filling in FEW:
        check(form, filling, BYTES // 2 // max(len(form.fields), 1), kept)


@pytest.mark.parametrize("row", BY_ADMINISTRATORS, ids=lambda row: row.rule)
def test_form_of_the_administration_makes_no_more_work_than_its_length(row: Row, one_app, full, people, kept: Kept):
    form = form_of(row, one_app, full, people)
    for filling in FEW:
        check(form, filling, BYTES // 2 // max(len(form.fields), 1), kept)
