"""People who follow, and a real SMTP server to which the worker sends."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.database import as_of, utcnow
from app.extensions import db
from app.mail.letters import sender_of
from app.mail.sending import SmtpCarrier, server_of
from app.mail.worker import deliver_due
from app.models import Follow, Mail, User
from tests.mail_server import MailServer
from tests.world import World

REPLY = {"body": "Words that were just posted.", "language": "en", "on_behalf_of": ""}


class Post:
    """The worker that sends to the server, and what people have got from it."""

    def __init__(self, app: Flask, server: MailServer) -> None:
        self.app, self.server, self.url = app, server, server.url

    def send(self, at: datetime | None = None, **later: float) -> None:
        """Let the worker do all that is due, at a moment or as if so much time had passed."""
        with self.app.app_context(), as_of((at or utcnow()) + timedelta(**later)):
            deliver_due(SmtpCarrier(server_of(self.url)), sender_of(self.app.config["SITE"]))

    def of(self, name: str) -> list[EmailMessage]:
        """The emails with messages to NAME@example.org."""
        letters = [
            (envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default)) for envelope in self.server.taken
        ]
        return [letter for to, letter in letters if to == [f"{name}@example.org"] and letter["List-Id"]]


@pytest.fixture
def post(app: Flask, server: MailServer) -> Post:
    return Post(app, server)


@pytest.fixture
def follow(app: Flask, world: World) -> Callable[..., None]:
    """Lets someone follow the topic of the small world, or something else."""

    def add(user_id: int, how: str = "each", **key: int) -> None:
        with app.app_context():
            db.session.add(Follow(user_id=user_id, how=how, **(key or {"topic_id": world.topic})))
            db.session.commit()

    return add


@pytest.fixture
def reply(app: Flask, world: World) -> Callable[..., int]:
    """Posts in the topic of the small world, through its form. Returns the number of the message, whose receipt is left
    out: it would be one more email to its author."""

    def send(client: FlaskClient, to: int = 0, **changes: object) -> int:
        address = f"/en/topics/{world.topic}/reply/" + (f"?to={to}" if to else "")
        answer = client.post(address, data=REPLY | {"submission": os.urandom(8).hex()} | changes)
        assert answer.status_code == 302, answer.text
        with app.app_context():
            db.session.execute(db.delete(Mail).where(Mail.receipt_of_id.is_not(None)))
            db.session.commit()
        return int(answer.location.rpartition("-")[2])

    return send


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return body.get_content().replace("\r\n", "\n")


def html_of(letter: EmailMessage) -> str:
    body = letter.get_body(("html",))
    assert body is not None
    return body.get_content().replace("\r\n", "\n")


def change_user(app: Flask, user_id: int, **values: object) -> None:
    with app.app_context():
        user = db.session.get_one(User, user_id)
        for name, value in values.items():
            setattr(user, name, value)
        db.session.commit()


def path_to_stop(letter: EmailMessage) -> str:
    return str(letter["List-Unsubscribe"]).strip("<>").removeprefix("http://127.0.0.1:8000")
