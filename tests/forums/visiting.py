"""A reader who comes and goes by a controlled clock, and what others publish meanwhile."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta

from flask import Flask

from app.database import as_of, utcnow
from app.extensions import db
from app.models import Topic, User
from tests.conftest import sign_in
from tests.test_queries import statements
from tests.world import make_message

START = utcnow() + timedelta(hours=1)  # in the period of the small world's forum
LATER = 20 * 60  # in minutes: the next visit, while the forum is still open


def at(minutes: float) -> AbstractContextManager[None]:
    """So many minutes after START."""
    return as_of(moment(minutes))


def moment(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def publish(app: Flask, topic: int, author: int, minutes: float, body: str = "New words", **more: object) -> int:
    """A message published then; its number."""
    with app.app_context(), at(minutes):
        made = make_message(db.session.get_one(Topic, topic), db.session.get_one(User, author), body, **more)
        db.session.commit()
        return made.id


class Reader:
    """A person who opens pages at given minutes."""

    def __init__(self, app: Flask, key: int) -> None:
        self.app, self.key, self.client = app, key, sign_in(app, key, in_a_visit=False)

    def reads(self, minutes: float, path: str = "/en/") -> str:
        with at(minutes):
            answer = self.client.get(path)
        assert answer.status_code == 200, path
        return " ".join(answer.text.split())

    def another_browser(self) -> "Reader":
        return Reader(self.app, self.key)

    def visit(self) -> tuple[datetime | None, datetime | None]:
        """When the visit began that is stored, and since when messages are new in it."""
        with self.app.app_context():
            user = db.session.get_one(User, self.key)
            return user.visit_began_at, user.new_since


@contextmanager
def writings(app: Flask) -> Iterator[list[str]]:
    """The statements made inside that write."""
    with statements(app) as made:
        yield made
    made[:] = [one for one in made if one.split(maxsplit=1)[0].upper() in {"INSERT", "UPDATE", "DELETE"}]
