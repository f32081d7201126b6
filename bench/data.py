"""Databases for measurements: the sample forums in a temporary folder, or many messages in a folder that is kept."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, text
from sqlalchemy.orm import aliased

from app import create_app, stress
from app.database import utcnow
from app.extensions import db, transaction
from app.models import Message, MessageStatus, Revision, SignIn, Topic, User
from app.sample.load import load
from app.search.index import write
from bench.servers import Postgres, free_ports
from config import ROOT, Config

SECRET = "a secret only for measuring, long enough"
KEPT = ROOT / "bench" / ".data"
SHORT_TOPIC, LONG_TOPIC = 20, 50  # in messages; so a list of topics has a full page at 10,000 messages too
WAITING = 10
PARTICIPANT = "participant@sample.example.org"
OWN = 100  # messages of the participant at any size, each with an answer, so that the pages of a person compare
AWAY = timedelta(days=10)  # of the 30 days of the messages, for which a participant did not read them


@dataclass(frozen=True)
class Filled:
    """A database with many messages: half of them in one topic, the other half in topics of fifty. `cookies` are
    those of a participant and of an administrator."""

    folder: Path
    messages: int
    long_topic: int
    topic: int
    short_topic: int
    edited: int
    group_pages: int
    cookies: dict[str, str]


def settings(folder: Path, url: str = "") -> dict[str, str]:
    """The environment of a server with the database at this address, or with that of SQLite in this folder."""
    own = {"SECRET_KEY": SECRET, "SITE_URL": "http://127.0.0.1:8000", "INSTANCE_FOLDER": str(folder)}
    own["DATABASE_URL"] = url
    return os.environ | own | {"FLASK_APP": "wsgi", "PYTHONPATH": str(ROOT)}


def load_sample(folder: Path) -> int:
    """Load the sample forums there; return the key of a topic that fills a page."""
    for command in (["db", "upgrade"], ["sample"]):
        subprocess.run(
            [sys.executable, "-m", "flask", *command], cwd=ROOT, env=settings(folder), check=True, capture_output=True
        )
    app = create_app(Config(secret_key=SECRET, site_url="http://127.0.0.1:8000", instance=folder))
    with app.app_context():
        full = db.select(Topic.id).where(Topic.last_position >= Message.PER_PAGE).limit(1)
        return db.session.scalars(full).one()


def filled(messages: int) -> Filled:
    """The kept database with so many messages, created if there is none for the current tables."""
    return _described(_kept(str(messages), messages, _fill), messages)


@contextmanager
def filled_on_postgresql(messages: int) -> Iterator[tuple[Filled, Postgres]]:
    """The same on PostgreSQL, with its server."""

    def fill(folder: Path, messages: int) -> None:
        with _running(folder) as server:
            _fill(folder, messages, server.url)

    folder = _kept(f"{messages}-postgresql", messages, fill)
    with _running(folder) as server:
        yield _described(folder, messages, server.url), server


@contextmanager
def _running(folder: Path) -> Iterator[Postgres]:
    [port] = free_ports(1)
    folder.mkdir(parents=True, exist_ok=True)
    server = Postgres(folder, port)
    server.start()
    try:
        yield server
    finally:
        server.stop("fast")


def _kept(name: str, messages: int, fill: Callable[[Path, int], None]) -> Path:
    folder = KEPT / f"{name}-{_version()}"
    if not folder.exists():
        making = folder.with_suffix(".part")
        shutil.rmtree(making, ignore_errors=True)
        started = time.monotonic(), time.process_time()
        fill(making, messages)
        took = time.monotonic() - started[0], time.process_time() - started[1]
        print(
            f"{messages:,} messages filled in {took[0]:.0f} s, of which {took[1]:.0f} s of processor time", flush=True
        )
        making.rename(folder)
    return folder


def _version() -> str:
    """A digest of the code of the tables and of what fills them."""
    files = [*sorted((ROOT / "migrations" / "versions").glob("*.py")), Path(stress.__file__), Path(__file__)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:10]


def _app(folder: Path, url: str = "") -> Flask:
    return create_app(Config(secret_key=SECRET, site_url="http://127.0.0.1:8000", instance=folder, database_url=url))


def _fill(folder: Path, messages: int, url: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "flask", "db", "upgrade"]
    subprocess.run(command, cwd=ROOT, env=settings(folder, url), check=True, capture_output=True)
    with _app(folder, url).app_context():
        load(utcnow())
        half = messages // 2
        with _indexed_afterwards():
            [long] = stress.fill(1, half, utcnow())
            with transaction():
                _give_to_participant(long)
            stress.fill(half // LONG_TOPIC, half, utcnow())
            [short] = stress.fill(1, SHORT_TOPIC, utcnow())
        with transaction():
            _add_waiting(short)
        db.session.remove()
        if url:
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
        db.engine.dispose()


def _give_to_participant(topic_id: int) -> None:
    """Give one person some messages that others have answered. Those of the other people grow with the database. The
    next filling counts again."""
    first = db.session.scalars(db.select(User).join(Message, Message.author_id == User.id).limit(1)).one()
    copied = {name: getattr(first, name) for name in ("password_hash", "organization", "capacity", "language")}
    person = User(email=PARTICIPANT, name="Participant", confirmed_at=utcnow(), **copied)
    db.session.add(person)
    db.session.flush()
    answered = db.select(Message.reply_to_id).where(Message.topic_id == topic_id, Message.reply_to_id.is_not(None))
    numbers = db.session.scalars(answered.order_by(Message.reply_to_id).limit(OWN)).all()
    db.session.execute(db.update(Message).where(Message.id.in_(numbers)).values(author_id=person.id))


@contextmanager
def _indexed_afterwards() -> Iterator[None]:
    """PostgreSQL makes its indexes of words far faster of all rows at once."""
    if db.engine.dialect.name != "postgresql":
        yield
        return
    with transaction():
        of_words = text("SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE '%USING gin (tokens)%'")
        made = db.session.execute(of_words).all()
        for name, _statement in made:
            db.session.execute(text(f"DROP INDEX {name}"))
    yield
    with transaction():
        db.session.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        for _name, statement in made:
            db.session.execute(text(statement))


def _add_waiting(topic_id: int) -> None:
    """Add messages that wait for approval, as copies of published ones."""
    first = db.session.scalars(db.select(Message).where(Message.topic_id == topic_id).limit(1)).one()
    copied = {name: getattr(first, name) for name in ("topic_id", "forum_id", "author_id", "language", "capacity")}
    waits = {**copied, "status": MessageStatus.PENDING, "body": first.body, "html": first.html}
    numbers = db.session.scalars(insert(Message).returning(Message.id), [waits] * WAITING)
    write(db.session(), (("message", number) for number in numbers))


def _described(folder: Path, messages: int, url: str = "") -> Filled:
    app = _app(folder, url)
    with app.app_context():
        return _looked_at(app, folder, messages)


def _looked_at(app: Flask, folder: Path, messages: int) -> Filled:
    first = db.select(Topic.id).where(Topic.title == "Topic 1").order_by(Topic.id)
    long, topic, short = db.session.scalars(first).all()
    people = {
        "participant": db.session.scalars(db.select(User).where(User.email == PARTICIPANT)).one(),
        "administrator": db.session.scalars(db.select(User).where(User.is_admin).limit(1)).one(),
    }
    other = aliased(Topic)
    in_group = db.select(other.group_id).where(other.id == topic).scalar_subquery()
    topics = db.session.scalar(db.select(db.func.count(Topic.id)).where(Topic.group_id == in_group)) or 0
    edited = db.session.scalars(db.select(Revision.message_id).limit(1)).one()
    people["participant"].new_since, people["participant"].visit_began_at = utcnow() - AWAY, utcnow()
    cookies = {name: _cookie(app, person.id) for name, person in people.items()}
    return Filled(folder, messages, long, topic, short, edited, -(-topics // 50), cookies)


def _cookie(app: Flask, user_id: int) -> str:
    """The session cookie of a user who has just signed in."""
    token = SignIn.new_token()
    db.session.add(SignIn(user_id=user_id, token_hash=SignIn.hash_of(token)))
    db.session.commit()
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = token, True
    found = client.get_cookie("session")
    return f"session={found.value}" if found else ""


def sign_in(app: Flask) -> FlaskClient:
    """A client signed in as a participant of the sample without other rights."""
    token = SignIn.new_token()
    with app.app_context():
        person = db.select(User.id).where(User.is_admin.is_(False), User.confirmed_at.is_not(None), ~User.roles.any())
        user_id = db.session.scalars(person.limit(1)).one()
        db.session.add(SignIn(user_id=user_id, token_hash=SignIn.hash_of(token)))
        db.session.commit()
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = token, True
    return client
