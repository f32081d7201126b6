"""`make bench ARGS=followers`: what posting costs if many people follow, and what the worker then does.

A reply is posted in a topic that no one follows, and in one with 2,000 followers, in turns. The first figures are SQL
statements and milliseconds of processor time of the form, with the ratio of the two. Then, for one message and 2,000
followers: the time in which the worker writes the emails to the outbox, and sends them to a carrier that takes them at
once. The database has no other users.
"""

import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Self

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, insert

from app import create_app
from app.database import utcnow
from app.extensions import db, transaction
from app.following.publication_actions import give_out_next
from app.mail.letters import sender_of
from app.mail.worker import deliver_due
from app.models import Capacity, Follow, Publication, Topic, User
from bench.data import SECRET, load_sample, sign_in
from config import Config

FOLLOWERS = 2_000
ROUNDS = 15
MOST = 1.2  # the ratio of time


class Nowhere:
    """A carrier that takes every email at once."""

    encoding = "quoted-printable"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def send(self, letter: EmailMessage) -> str:
        return str(len(letter.as_bytes()))


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        load_sample(folder)
        site = Config(
            secret_key=SECRET,
            site_url="http://127.0.0.1:8000",
            instance=folder,
            overrides={"WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False},
        )
        app = create_app(site)
        quiet, followed = _topics(app)
        _follow(app, followed)
        client = sign_in(app)
        found: dict[int, list[tuple[int, float]]] = {quiet: [], followed: []}
        for _round in range(ROUNDS + 1):
            for topic in (quiet, followed):
                found[topic].append(_cost(app, client, topic))
        _tell(*(found[topic][1:] for topic in (quiet, followed)))
        _worker(app, client, followed)


def _topics(app: Flask) -> tuple[int, int]:
    """Two topics of the open forum."""
    with app.app_context():
        open_ones = db.select(Topic.id).where(Topic.last_position > 0, Topic.locked_at.is_(None)).order_by(Topic.id)
        first, second = db.session.scalars(open_ones.limit(2))
        return first, second


def _follow(app: Flask, topic: int) -> None:
    with app.app_context(), transaction():
        own = {"password_hash": "!", "capacity": Capacity.EXPERT, "language": "en", "confirmed_at": utcnow()}
        people = [{"email": f"f{at}@example.org", "name": f"Follower {at}", **own} for at in range(FOLLOWERS)]
        db.session.execute(insert(User), people)
        keys = db.session.scalars(db.select(User.id).where(User.name.startswith("Follower")))
        db.session.execute(insert(Follow), [{"user_id": key, "topic_id": topic, "how": "each"} for key in keys])


def _cost(app: Flask, client: FlaskClient, topic: int) -> tuple[int, float]:
    """Post a reply: SQL statements, and milliseconds of processor time."""
    data = {"body": f"Words {secrets.token_hex(8)}", "language": "en", "submission": secrets.token_hex(8)}
    with app.app_context():
        engine = db.engine
    with _counted(engine) as statements:
        begun = time.process_time()
        answer = client.post(f"/en/topics/{topic}/reply/", data=data)
        spent = (time.process_time() - begun) * 1000
    assert answer.status_code == 302, answer.text
    return len(statements), spent


@contextmanager
def _counted(engine: object) -> Iterator[list[str]]:
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", count)


def _tell(quiet: list[tuple[int, float]], followed: list[tuple[int, float]]) -> None:
    times = [statistics.median(spent for _count, spent in rows) for rows in (quiet, followed)]
    counts = [statistics.median(count for count, _spent in rows) for rows in (quiet, followed)]
    ratio = times[1] / times[0]
    print(f"Posting with 0 and {FOLLOWERS} followers: {counts[0]:.0f} and {counts[1]:.0f} statements,")
    print(f"{times[0]:.1f} and {times[1]:.1f} ms; ratio {ratio:.2f}, bound {MOST}{'  OVER' if ratio > MOST else ''}")


def _worker(app: Flask, client: FlaskClient, topic: int) -> None:
    with app.app_context():
        with transaction():
            db.session.execute(db.delete(Publication))
        _cost(app, client, topic)
        begun = time.monotonic()
        while give_out_next():
            pass
        written = time.monotonic()
        sent = deliver_due(Nowhere(), sender_of(app.config["SITE"]))
        ended = time.monotonic()
    print(f"The worker writes the emails in {written - begun:.1f} s and sends {sent} in {ended - written:.1f} s,")
    print(f"{(ended - written) / sent * 1000:.1f} ms each")


if __name__ == "__main__":
    main()
