"""What is hidden is counted nowhere: ten more of it change no page by a single character."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Message, Topic
from tests.full_world import FullWorld
from tests.matrix.asking import Asking
from tests.matrix.cells import asked_of
from tests.matrix.planting import Planted
from tests.matrix.table import OF_A_FORUM, OF_A_MESSAGE, OF_A_TOPIC
from tests.route_table import ROWS, paths_of
from tests.world import make_message, make_pending, make_topic, make_user

SHOWN = asked_of(OF_A_FORUM, OF_A_TOPIC, OF_A_MESSAGE)
TELLS_TIME = re.compile(r'value="[^"]*"|\d\d:\d\d|\d+ days? left|Less than (?:an hour|\d+ hours) left')


def pages(person: str, planted: Planted, full: FullWorld) -> Iterator[str]:
    """Those that the person sees of the open forum, and of the site."""
    yield from (planted.things["public"].address(cell.path) for cell in SHOWN["public", person] if cell.sign == "+")
    yield from (path for row in ROWS if row.signs.startswith("+") for path in paths_of(row, full))


def text_at(reader: FlaskClient, path: str) -> str:
    return shown(reader.get(path, buffered=True).data.decode(errors="replace"))  # pictures are at some addresses


@pytest.mark.parametrize("person", ["visitor", "participant"])
@pytest.mark.parametrize("state", ["pending", "draft"])
def test_more_that_is_hidden_changes_no_page(state: str, person: str, one_app: Flask, planted, full, asking: Asking):
    reader = asking.client(person, "public")
    paths = list(pages(person, planted, full))
    before = {path: text_at(reader, path) for path in paths}
    with one_app.app_context():
        add_ten(db.session.get_one(Message, planted.things[state].values["number"]).topic, f"{state} {person}")
        db.session.commit()

    assert [path for path in paths if text_at(reader, path) != before[path]] == []


def add_ten(topic: Topic, name: str) -> None:
    """Messages to a topic, and topics to its group, of somebody who has posted nothing else."""
    post = make_message if topic.group.forum.published_at is None else make_pending
    author = make_user(name.replace(" ", "-"))
    for number in range(10):
        post(topic, author, "More words")
        post(make_topic(topic.group, author, f"More {number}"), author, "More words")


def shown(text: str) -> str:
    """The page without the moment of printing, the time that is left and the keys of its forms."""
    return TELLS_TIME.sub("", text)
