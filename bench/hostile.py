"""Forms and query strings filled in by an attacker."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

# Repeated contents, each slow for some way of processing text.
CONTENTS = {
    "one letter": "a",
    "combining marks": "\u0301\u0327",
    "brackets": "[",
    "stars": "*",
    "quotes": ">",
    "quotes with spaces": "> ",
    "bars": "|",
    "back quotes": "`",
    "digits": "9",
    "spaces": " ",
    "line feeds": "\n",
    "emoji": "\N{GRINNING FACE}",
    "right-to-left marks": "\N{RIGHT-TO-LEFT MARK}",
    "ligatures of many letters": "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}",
    "table": "|a|b|\n|-|-|\n",
    "links": "[a](",
}
MANY_FIELDS = "many fields"
SIZES = (0, 64 * 1024, 4_000_000)  # in bytes; 0: each field up to its own limit
MOST_FIELDS = 520_000
LONGEST_TEXT = 30_000
TYPE = "application/x-www-form-urlencoded"
VALUES = {
    "<language:lang>": "fr",
    "<forum_slug>": "biosafety-in-national-planning",
    "<group_slug>": "group-1",
    "<kind_name>": "forums",
}
QUERIES = {
    "far page": "page=999999999",
    "page of 10,000 digits": "page=" + "9" * 10_000,
    "1,000 arguments": "&".join(f"a{number}=1" for number in range(1_000)),
    "page 1,000 times": "&".join(["page=1"] * 1_000),
    "8,000 marks": "q=" + "%CC%81%CC%A7" * 660 + "&page=" + "%CC%81" * 10,
    "NUL": "page=%00&question=%00&to=%00",
    "no UTF-8": "page=%ff%fe&question=%ff",
    "other digits": "page=%D9%A1&question=%D9%A1",
    "negative": "page=-1&question=-1",
    "large key": "question=99999999999999999999",
}


OF_A_HIDDEN_FORM = {"body": LONGEST_TEXT, "email": 200, "name": 200, "password": 200}


@dataclass(frozen=True)
class Form:
    """An address that accepts a form, with its hidden fields and the limits of its other fields; and whether the client
    can see the form."""

    path: str
    hidden: dict[str, str]
    lengths: dict[str, int]
    is_shown: bool

    @property
    def contents(self) -> tuple[str, ...]:
        """All contents or, if the client cannot see the form, those that are slow to read even if it is refused."""
        return (*CONTENTS, MANY_FIELDS) if self.is_shown else ("one letter", "combining marks", MANY_FIELDS)

    def body(self, content: str, size: int) -> bytes:
        """Fields with so many bytes of a content in all; with size 0, each up to its limit."""
        if content == MANY_FIELDS:
            return self._encoded({f"{number:06x}": "" for number in range(min(size // 8, MOST_FIELDS))})
        text = CONTENTS[content]
        share = size // len(self.lengths) // len(text.encode())
        return self._encoded(
            {field: text * share if size else (text * most)[:most] for field, most in self.lengths.items()}
        )

    def post(self, client: FlaskClient, body: bytes) -> TestResponse:
        return client.post(self.path, data=body, content_type=TYPE, buffered=True)

    def _encoded(self, values: dict[str, str]) -> bytes:
        return "&".join(f"{field}={value}" for field, value in (self.hidden | values).items()).encode()


def forms(app: Flask, client: FlaskClient) -> Iterator[Form]:
    """The forms of all routes that accept one, as the client sees them, or with the fields of a message."""
    token, _fields = _read(client.get("/fr/auth/sign-in/", follow_redirects=True).text)
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()):
            continue
        path = _filled(rule.rule)
        answer = client.get(path, buffered=True)
        hidden, lengths = _read(answer.text) if answer.status_code == 200 else ({}, {})
        yield Form(path, token | hidden, lengths or OF_A_HIDDEN_FORM, is_shown=bool(lengths))


def _filled(rule: str) -> str:
    """The path of a rule, with values of the sample for its variable parts where there are any."""
    for part, value in VALUES.items():
        rule = rule.replace(part, value)
    rule = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule)
    return re.sub(r"<int:\w+>", "1", re.sub(r"<\w+>", "x", rule))


def _read(page: str) -> tuple[dict[str, str], dict[str, int]]:
    """The hidden fields of the forms on a page, and the limits of the others."""
    fields = html.document_fromstring(page).xpath("//main//form[@method='post']//*[@name]")
    hidden = {field.get("name"): field.get("value", "") for field in fields if field.get("type") == "hidden"}
    lengths = {
        field.get("name"): int(field.get("maxlength") or LONGEST_TEXT)
        for field in fields
        if field.get("type") not in {"hidden", "file", "submit"} and field.tag != "button"
    }
    return hidden, lengths
