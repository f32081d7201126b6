"""Requests that are too large are refused in the reader's language before they are parsed; the processor time of others
grows no faster than their length."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.bounds import (
    LONGEST_ADDRESS,
    LONGEST_HEADERS,
    LONGEST_PART_HEADER,
    MOST_ARGUMENTS,
    MOST_COOKIES,
    MOST_ESCAPES,
    MOST_FIELDS,
    MOST_PARTS,
)
from tests.bounds.growth import check_growth
from tests.world import World

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
SIGN_IN = "/en/auth/sign-in/"
END = b"\r\n--b--\r\n"

Request = dict[str, Any]


@pytest.fixture
def asking(app: Flask) -> FlaskClient:
    """A visitor who sends the cookies given with each request, and stores none."""
    return app.test_client(use_cookies=False)


def fields(count: int) -> Request:
    return {"method": "POST", "data": "&".join(["a=1"] * count), "content_type": FORM}


def parts(count: int) -> Request:
    one = b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\nx\r\n'
    return {"method": "POST", "data": one * count + b"--b--\r\n", "content_type": MULTIPART}


def header_of_a_part(header: bytes) -> Request:
    part = b'--b\r\nContent-Disposition: form-data; name="email"; ' + header + b"\r\n\r\nx"
    return {"method": "POST", "data": part + END, "content_type": MULTIPART}


def encoded(text: str) -> Request:
    return {"method": "POST", "data": f"email={text}", "content_type": FORM}


def header(name: str, value: str) -> Request:
    return {"environ_overrides": {f"HTTP_{name}": value}}


# Parts of a request, made in any quantity, with the status when there is too much.
KINDS: dict[str, tuple[Callable[[int], Request], int, int]] = {
    "fields": (fields, MOST_FIELDS, 413),
    "parts": (parts, MOST_PARTS, 413),
    "escaped bytes": (lambda size: encoded("%41" * size), MOST_ESCAPES, 413),
    "names of files": (lambda size: header_of_a_part(b'filename="' + b"x" * size), LONGEST_PART_HEADER, 413),
    "quotes in names of files": (
        lambda size: header_of_a_part(b'filename="' + b'\\"' * size),
        LONGEST_PART_HEADER,
        413,
    ),
    "options of a part": (lambda size: header_of_a_part(b"x=y; " * size), LONGEST_PART_HEADER, 413),
    "headers of a part": (lambda size: header_of_a_part(b"\r\nA: b" * size), LONGEST_PART_HEADER, 413),
    "arguments": (lambda size: {"query_string": "&".join(["a=1"] * size)}, MOST_ARGUMENTS, 414),
    "an argument": (lambda size: {"query_string": "next=/" + "a" * size}, LONGEST_ADDRESS, 414),
    "a path": (lambda size: {"environ_overrides": {"PATH_INFO": "/en/forums/" + "a" * size}}, LONGEST_ADDRESS, 414),
    "parts of a path": (lambda size: {"environ_overrides": {"PATH_INFO": "/en" + "/a" * size}}, LONGEST_ADDRESS, 414),
    "cookies": (lambda size: header("COOKIE", "; ".join(["a=1"] * size)), MOST_COOKIES, 431),
    "a cookie": (lambda size: header("COOKIE", "session=" + "." * size), LONGEST_HEADERS, 431),
    "languages": (lambda size: header("ACCEPT_LANGUAGE", "a;q=0.1," * size), LONGEST_HEADERS, 431),
    "encodings": (lambda size: header("ACCEPT_ENCODING", "a," * size), LONGEST_HEADERS, 431),
    "a browser": (lambda size: header("USER_AGENT", "x" * size), LONGEST_HEADERS, 431),
    "marks": (lambda size: header("IF_NONE_MATCH", '"a",' * size), LONGEST_HEADERS, 431),
}


def is_form(request: Request) -> bool:
    return "data" in request


def ask(client: FlaskClient, request: Request) -> Any:
    return client.open(SIGN_IN, **request)


def test_work_grows_no_faster_than_the_request(asking: FlaskClient, world: World):
    for name, (make, most, _status) in KINDS.items():
        for size in (most // 4, most):
            sent = {each: make(each) for each in (size, 2 * size)}
            check_growth(lambda each, sent=sent: ask(asking, sent[each]), size, name)


def test_what_is_too_much_is_refused_on_a_page_of_the_site(asking: FlaskClient, world: World):
    for name, (make, most, status) in KINDS.items():
        answer = ask(asking, make(2 * most))
        assert answer.status_code == status, name
        page = html.document_fromstring(answer.text)
        assert page.get("lang") == "en", name
        assert page.findtext(".//h1") == "Submission too large", name
        assert not page.xpath("//textarea"), name
        assert len(answer.data) < 20_000, name


@pytest.mark.parametrize("code", ["es", "fr"])
def test_refusal_is_in_the_language_of_the_address(code: str, asking: FlaskClient, world: World):
    headings = {"es": "Tamaño excesivo", "fr": "Envoi trop volumineux"}
    for make, most, _status in KINDS.values():
        request = make(2 * most)
        if "PATH_INFO" not in request.get("environ_overrides", {}):
            page = html.document_fromstring(asking.open(f"/{code}/auth/sign-in/", **request).text)
            assert page.findtext(".//h1") == headings[code]


def test_request_just_within_the_limits_is_accepted(asking: FlaskClient, world: World):
    for request in (
        fields(MOST_FIELDS),
        parts(MOST_PARTS),
        header_of_a_part(b'filename="' + b"x" * 1_000 + b'"'),
        {"query_string": "&".join(["a=1"] * MOST_ARGUMENTS)},
        header("COOKIE", "; ".join(["a=1"] * MOST_COOKIES)),
        header("USER_AGENT", "x" * (LONGEST_HEADERS - 1_000)),
    ):
        assert ask(asking, request).status_code == (422 if is_form(request) else 200)


def test_half_a_million_fields_are_never_parsed(asking: FlaskClient, world: World, monkeypatch):
    """Whatever the address."""
    parsed = []
    monkeypatch.setattr("werkzeug.formparser.parse_qsl", lambda *_args, **_more: parsed.append(1) or [])
    statuses = [asking.open(path, **fields(520_000)).status_code for path in (SIGN_IN, "/en/nowhere/", "/en/portal/")]

    assert statuses == [413, 404, 405]
    assert not parsed


def test_many_bytes_that_are_not_utf_8_are_refused(asking: FlaskClient, world: World):
    assert ask(asking, encoded("%FF+" * 100)).status_code == 422
    assert ask(asking, encoded("%FF+" * 60_000)).status_code == 400


def test_any_character_is_taken_however_many_there_are(asking: FlaskClient, world: World):
    assert [
        text
        for text in ("%C3%A9", "%e2%82%ac", "%F0%9F%98%80", "%EF%BF%BD", "%ED%9F%BF", "a+%25")
        if ask(asking, encoded(text * 60_000)).status_code != 422
    ] == []


def test_file_that_contains_a_boundary_is_accepted(alice: FlaskClient, world: World):
    """If it is within the content of a file, and does not begin the next part."""
    content = b"--a-\r\n--\n--ab\r\n" * 20_000
    answer = alice.post(
        f"/en/topics/{world.topic}/reply/",
        data={"body": "With a file", "language": "en", "files": (io.BytesIO(content), "a.txt")},
    )

    assert answer.status_code == 302
