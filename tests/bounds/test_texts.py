"""Text from outside is bounded before it is processed, and when it is given back."""

import unicodedata

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.attachments.uploads import clean_name
from app.auth.emails import normal_email
from app.auth.passwords import hash_password, is_right
from app.forms import AtMost, BodyField, Form, LineField, Required, longest_typed
from app.plain import MOST_MARKS, plain, plain_line
from tests.bounds.growth import check_growth
from tests.world import World

MARKS = "\u0301\u0327"
TYPED = "An hour of work"


def test_combining_marks_past_the_thirtieth_in_a_row_are_cut():
    wrong = []
    for clean in (plain, plain_line):
        for mark in ("\u0301", "\u0327", MARKS, "\u0f73", "\u20dd", "\u3099"):
            text = clean(f"a{mark * 100}b{mark * 2}")
            first, second = text.removesuffix(text[text.index("b") :]), text[text.index("b") :]
            if unicodedata.normalize("NFC", first) != unicodedata.normalize(
                "NFC", "a" + (mark * 100)[:MOST_MARKS]
            ) or unicodedata.normalize("NFC", second) != unicodedata.normalize("NFC", f"b{mark * 2}"):
                wrong.append((clean, mark))

    assert wrong == []


def test_marks_are_a_row_whatever_is_left_out_between_them():
    assert [
        between
        for between in ("\0", "\x07", "\ufffe")
        if len(plain("x" + f"{MARKS * 10}{between}" * 100)) != 1 + MOST_MARKS
    ] == []


def test_marks_of_a_line_are_a_row_whatever_is_left_out_between_them():
    assert [
        between
        for between in ("\u202e", "\u2066")
        if len(plain_line("x" + f"{MARKS * 10}{between}" * 100)) != 1 + MOST_MARKS
    ] == []


def test_text_is_cut_before_it_is_composed():
    assert [
        clean for clean in (plain, plain_line) if clean("a" + MARKS * 1_000_000, 20) != clean("a" + MARKS * 10, 20)
    ] == []
    assert [clean for clean in (plain, plain_line) if clean("x" * 100, 20) != "x" * 20] == []


@pytest.mark.parametrize("make", [plain, plain_line, clean_name, normal_email, hash_password])
def test_text_makes_no_more_work_than_its_length(make):
    for unit in (MARKS, "a", " ", "/", "\\", "a@", "ß", "\u202e", "\r\n", "."):
        for size in (1_000, 100_000):
            check_growth(lambda each, unit=unit: make("a" + unit * each), size, repr(unit))


def test_text_at_the_limit_is_accepted_however_it_is_composed(alice: FlaskClient, world: World):
    """A letter of four code points counts as one, and so does a line end, which browsers send as two characters."""
    letter = unicodedata.normalize("NFD", "\N{GREEK SMALL LETTER OMEGA WITH DASIA AND PERISPOMENI AND YPOGEGRAMMENI}")
    assert len(letter) == 4
    answer = alice.post("/en/account/profile/", data={"name": letter * 100, "capacity": "expert"})

    assert answer.status_code == 302


def test_every_text_field_checks_its_length_first():
    """Only the check that a field is not empty comes before. A field without a limit cannot be made."""
    found = [
        (kind.__name__, name)
        for kind in kinds_of(Form)
        for name, field in vars(kind).items()
        if getattr(field, "field_class", None)
        and issubclass(field.field_class, LineField | BodyField)
        and not limit_comes_first(field)
    ]

    assert found == []
    with pytest.raises(ValueError, match="not enough values"):
        longest_typed([Required()])


def kinds_of(kind: type[Form]) -> list[type[Form]]:
    return [kind, *(found for narrower in kind.__subclasses__() for found in kinds_of(narrower))]


def limit_comes_first(field) -> bool:
    validators = field.kwargs.get("validators") or field.args[1]
    names = [getattr(one, "__name__", type(one).__name__) for one in validators]
    return set(names[: names.index(AtMost.__name__)]) <= {"Required", "needed"}


def test_password_that_is_too_long_is_refused_with_the_reason(visitor: FlaskClient, world: World):
    for path, name in (("sign-in", "password"), ("sign-up", "password")):
        answer = visitor.post(f"/en/auth/{path}/", data={"email": "alice@example.org", name: "x" * 201})

        assert answer.status_code == 422
        assert "This text has 201 characters; the maximum is 200." in answer.text


def test_password_is_the_same_however_its_accents_are_composed():
    password = "é" * 200

    assert is_right(hash_password(password), unicodedata.normalize("NFD", password))
    assert not is_right(hash_password("x" * 200), "x" * 201)


def test_line_that_is_far_too_long_is_refused_and_its_beginning_given_back(visitor, world: World):
    answer = visitor.post("/en/auth/sign-up/", data={"name": "x" * 1_000_000})

    assert "This text has 1000000 characters; the maximum is 100." in answer.text
    [value] = html.document_fromstring(answer.text).xpath("//input[@name='name']/@value")
    assert value == "x" * 400


def given_back(answer) -> list[str]:
    return [area.text for area in html.document_fromstring(answer.text).xpath("//textarea[@class='given-back']")]


@pytest.fixture
def with_token(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True


def test_only_texts_of_forms_are_given_back(with_token, alice: FlaskClient, world: World):
    sent = {"body": TYPED, "title": "A title", "language": "en", "unknown": "x", "password": "secret", "code": "123456"}
    answer = alice.post(f"/en/topics/{world.topic}/reply/", data=sent | {f"a{number}": "y" for number in range(900)})

    assert answer.status_code == 400
    assert given_back(answer) == [TYPED, "A title"]


def test_texts_in_several_languages_are_given_back(with_token, admin: FlaskClient, world: World):
    sent = {"es-title": "Un título", "fr-body": "Un texte", "de-title": "Ein Titel", "en-unknown": "x"}
    answer = admin.post("/en/admin/pages/new/", data=sent)

    assert given_back(answer) == ["Un título", "Un texte"]


@pytest.mark.parametrize(("path", "status"), [("/en/nowhere/", 404), ("/en/portal/", 405)])
@pytest.mark.parametrize("checks_token", [False, True])
def test_nothing_is_given_back_if_there_is_no_form(path, status, checks_token, app: Flask, visitor, world: World):
    app.config["WTF_CSRF_ENABLED"] = checks_token
    answer = visitor.post(path, data={"body": TYPED, "title": TYPED})

    assert answer.status_code == status
    assert TYPED not in answer.text


def test_at_most_a_megabyte_is_given_back(visitor: FlaskClient, world: World):
    sent = {"body": "x" * 900_000, "title": "y" * 900_000, "organization": "z" * 900_000}
    texts = given_back(visitor.post(f"/en/topics/{world.topic}/reply/", data=sent))

    assert [text[0] for text in texts] == ["x", "y"]
    assert sum(map(len, texts)) == 2**20
