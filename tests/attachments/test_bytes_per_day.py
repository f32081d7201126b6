"""How many bytes of files one person can attach within a day."""

import io
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder

from app.extensions import db
from app.models import Attachment, Message
from tests.attachments.conftest import send
from tests.world import World

KILOBYTE = 1024
MOST = 10 * KILOBYTE


@pytest.fixture(autouse=True)
def ten_kilobytes_a_day(site_with) -> None:
    site_with(bytes_per_day=MOST)


def reply(client: FlaskClient, world: World, size: int, name: str = "a.txt", **fields: str):
    return send(client, f"/en/topics/{world.topic}/reply/", {name: b"a" * size}, **fields)


def make_older(app: Flask, **by: float) -> None:
    with app.app_context():
        for attachment in db.session.query(Attachment):
            attachment.created_at -= timedelta(**by)
        for message in db.session.query(Message):
            message.posted_at -= timedelta(**by)
        db.session.commit()


def test_files_are_accepted_up_to_the_exact_limit(world: World, alice: FlaskClient, rows, stored):
    first = reply(alice, world, MOST - 1, body="First")
    second = reply(alice, world, 1, body="Second")
    third = reply(alice, world, 1, body="An afternoon’s work")

    assert [first.status_code, second.status_code, third.status_code] == [302, 302, 429]
    assert "You can attach at most 10\N{NO-BREAK SPACE}KB of files within 24 hours" in third.text
    assert re.search(r"try again from the following time: \d+\xa0\w+\xa0\d{4}, \d\d:\d\d.UTC\.", third.text)
    assert ">An afternoon’s work</textarea>" in third.text
    assert 86_300 <= int(third.headers["Retry-After"]) <= 86_401
    assert (len(rows()), len(stored())) == (2, 2)


def test_message_without_files_is_posted_after_the_limit_is_reached(world: World, alice: FlaskClient):
    reply(alice, world, MOST)

    assert send(alice, f"/en/topics/{world.topic}/reply/", body="Words alone").status_code == 302


def test_files_are_accepted_again_once_enough_earlier_ones_are_a_day_old(app, world: World, alice: FlaskClient):
    reply(alice, world, 4 * KILOBYTE, body="First")
    make_older(app, hours=10)
    reply(alice, world, 6 * KILOBYTE, body="Second")
    refused = reply(alice, world, 4 * KILOBYTE, body="Third")
    make_older(app, hours=14)

    assert 14 * 3_600 - 60 <= int(refused.headers["Retry-After"]) <= 14 * 3_600 + 1
    assert reply(alice, world, 4 * KILOBYTE, body="Third").status_code == 302
    assert reply(alice, world, 1, body="Fourth").status_code == 429


def test_files_added_or_removed_by_editing_count(world: World, alice: FlaskClient, rows):
    path = f"/en/messages/{world.first}/edit/"
    assert send(alice, path, {"a.txt": b"a" * MOST}).status_code == 302
    assert send(alice, path, removed=str(rows()[0].id)).status_code == 302

    assert send(alice, path, {"b.txt": b"b"}).status_code == 429


def test_limit_is_per_person_and_does_not_apply_to_moderators(world: World, alice, bruno, moderator):
    reply(alice, world, MOST)

    assert reply(bruno, world, MOST).status_code == 302
    assert [reply(moderator, world, MOST, body=f"Words {at}").status_code for at in range(2)] == [302, 302]


class Unreadable(io.BytesIO):
    """The body of a request that must not be read."""

    def read(self, *_size: object) -> bytes:
        raise AssertionError("the body is read")

    readline = readinto = read


@pytest.mark.parametrize(
    ("code", "said"), [("en", "your text was not received"), ("fr", "votre texte n’a pas été reçu")]
)
def test_request_whose_length_exceeds_the_limit_is_refused_unread(code, said, app, world, alice: FlaskClient):
    length = app.config["MAX_CONTENT_LENGTH"] + MOST + 1
    builder = EnvironBuilder(f"/{code}/topics/{world.topic}/reply/", method="POST")
    environ = builder.get_environ() | {
        "CONTENT_TYPE": "multipart/form-data; boundary=b",
        "CONTENT_LENGTH": str(length),
        "wsgi.input": Unreadable(),
    }
    answer = alice.open(environ_overrides=environ, path=builder.path, method="POST")

    assert answer.status_code == 429
    assert said in answer.text
    assert int(answer.headers["Retry-After"]) > 86_000


def test_request_whose_length_is_within_the_limit_is_read(app: Flask, world: World, alice: FlaskClient):
    assert reply(alice, world, MOST, body="Words " * 4_000).status_code == 302
