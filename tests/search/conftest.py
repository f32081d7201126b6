"""Searching as readers do: what a page of results holds."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Topic, User
from tests.world import World, make_message

HIT = re.compile(r'<h3><a href="(.*?)"')
Find = Callable[..., list[str]]


def hits_in(page: str) -> list[str]:
    """The addresses of what was found, without the language: `/messages/12/` for a message in its topic."""
    found = [re.sub(r"^/(en|es|fr)", "", unescape(path)) for path in HIT.findall(page)]
    return [re.sub(r"^/topics/.*#message-(\d+)$", r"/messages/\1/", path) for path in found]


@pytest.fixture
def find(visitor: FlaskClient) -> Find:
    """What is found by a visitor, or by another `client`, in the order of the page."""

    def found(words: str = "", client: FlaskClient = visitor, **more: object) -> list[str]:
        answer = client.get("/en/search/", query_string={"q": words, **more})
        assert answer.status_code == 200, answer.text
        return hits_in(answer.text)

    return found


@pytest.fixture
def write(app: Flask, world: World) -> Callable[..., int]:
    """Posts a message in the topic of the small world; its number."""

    def written(body: str, **more: object) -> int:
        with app.app_context():
            topic, alice = db.session.get_one(Topic, world.topic), db.session.get_one(User, world.alice)
            stated = {name: more.pop(name) for name in ("organization", "country") if name in more}
            made = make_message(topic, alice, body, **more)
            for name, value in stated.items():
                setattr(made, name, value)
            db.session.commit()
            return made.id

    return written
