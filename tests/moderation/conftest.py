"""A forum in which messages need approval, a message that waits there, and its acts and mails."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.models import Act, Approval, Forum, ForumRole, Mail, Message, Role, Topic, User
from tests.conftest import sign_in
from tests.world import World, make_forum, make_pending, make_user

REASON = {"words": "Please name your source"}
BODY = "Words that wait."


@pytest.fixture
def waiting(app: Flask, world: World) -> int:
    """The number of a waiting message by Bruno, who reads French, in the topic of the small world."""
    with app.app_context():
        bruno = db.session.get_one(User, world.bruno)
        bruno.language = "fr"
        made = make_pending(db.session.get_one(Topic, world.topic), bruno, BODY, on_behalf_of="Some others")
        db.session.commit()
        return made.id


@pytest.fixture
def read_first(app: Flask, world: World) -> None:
    """In the open forum, all messages need approval."""
    with app.app_context():
        db.session.get_one(Forum, world.forum).approval = Approval.EVERYBODY
        db.session.commit()


@pytest.fixture
def stranger(app: Flask, world: World) -> FlaskClient:
    """A moderator of another forum, who reads Spanish."""
    return moderator_of(app, make_forum_of(app, "second-forum"), "stranger", language="es")


@pytest.fixture
def look(app: Flask) -> Callable[[int], Message]:
    """Reads the present state of a message outside a request."""

    def read(number: int) -> Message:
        with app.app_context():
            found = db.session.get_one(Message, number)
            _ = found.topic.group.forum
            db.session.expunge_all()
            return found

    return read


@pytest.fixture
def acts(app: Flask) -> Callable[[], list[tuple[str, int | None]]]:
    """The acts so far, oldest first, as `(kind, number of the message)`."""

    def read() -> list[tuple[str, int | None]]:
        with app.app_context():
            return [(act.kind, act.message_id) for act in db.session.scalars(db.select(Act).order_by(Act.id))]

    return read


@pytest.fixture
def mails(app: Flask) -> Callable[[], list[Mail]]:
    """The mails written so far, oldest first, without the receipts of those who post."""

    def read() -> list[Mail]:
        with app.app_context():
            found = list(db.session.scalars(db.select(Mail).where(Mail.receipt_of_id.is_(None)).order_by(Mail.id)))
            db.session.expunge_all()
            return found

    return read


@contextmanager
def changed(app: Flask, kind: type, key: int) -> Iterator[Any]:
    """A row to change; the changes are committed."""
    with app.app_context():
        yield db.session.get_one(kind, key)
        db.session.commit()


def archive(app: Flask, world: World, *, days_ago: int = 0) -> None:
    with changed(app, Forum, world.forum) as forum:
        forum.archived_at = utcnow() - timedelta(days=days_ago)


def make_forum_of(app: Flask, slug: str) -> int:
    with app.app_context():
        forum = make_forum(slug)
        db.session.commit()
        return forum.id


def moderator_of(app: Flask, forum: int, name: str, *, languages: str = "", **more: object) -> FlaskClient:
    with app.app_context():
        user = make_user(name, **more)
        role = ForumRole(user_id=user.id, forum_id=forum, role=Role.MODERATOR, languages=languages)
        db.session.add(role)
        db.session.commit()
        key = user.id
    return sign_in(app, key)


def do(client: FlaskClient, number: int, act: str, **data: object):
    """Send the form of an act with the present version and, by default, a reason."""
    seen = seen_by(client, number, act)
    return client.post(f"/en/moderation/messages/{number}/{act}/", data={"version": seen, **REASON, **data})


def seen_by(client: FlaskClient, number: int, act: str) -> str:
    """The version in the form of an act on the page of a message, or "" if there is no such form."""
    page = client.get(f"/en/moderation/messages/{number}/").text
    found = re.search(rf'id="{act}-version"[^>]*value="([0-9a-f-]*)"', page)
    return found[1] if found else ""
