"""Asking, once for each address and person, and what stands in the answer."""

import re
from dataclasses import dataclass, field

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import sign_in
from tests.matrix.marks import Mark, marks_in
from tests.matrix.planting import Planted

OF_ITS_OWN = re.compile(
    r'(?:href|action|value)="[^"]*"|<(p|div) class="(?:state|told) .*?</\1>|<span class="(?:left|address)">.*?</span>',
    re.DOTALL,
)


@dataclass(frozen=True)
class Answer:
    """`shown` is the page without its own address, the keys of its forms and the time that is left."""

    status: int
    asks_to_sign_in: bool
    marks: frozenset[Mark]
    shown: str

    @classmethod
    def of(cls, answer: TestResponse) -> "Answer":
        asks_to_sign_in = answer.status_code == 302 and "/auth/sign-in/" in answer.location
        text = answer.get_data().decode(errors="replace")  # an icon is no text
        shown = "" if answer.status_code == 302 else re.sub(OF_ITS_OWN, "", text)
        marks = marks_in(f"{text}\n{answer.headers}")
        return cls(answer.status_code, asks_to_sign_in, frozenset(marks), shown)


@dataclass
class Asking:
    """Everybody who asks for something; the author of the message in each state is another one."""

    app: Flask
    planted: Planted
    clients: dict[tuple[str, str], FlaskClient] = field(default_factory=dict)
    answers: dict[tuple[str, str, str], Answer] = field(default_factory=dict)

    def client(self, person: str, state: str) -> FlaskClient:
        name = (person, state if person == "author" else "")
        if name not in self.clients:
            planted = self.planted
            key = planted.things[state].author if person == "author" else planted.people.get(person)
            self.clients[name] = sign_in(self.app, key) if key else self.app.test_client()
        return self.clients[name]

    def get(self, path: str, person: str, state: str = "public") -> Answer:
        name = (path, person, state if person == "author" else "")
        if name not in self.answers:
            self.answers[name] = Answer.of(self.client(person, state).get(path, buffered=True))
        return self.answers[name]
