"""What a PostgreSQL server tells of its changes."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from app import create_app, page_cache
from app.extensions import db
from app.mail import worker
from app.mail.letters import sender_of
from app.mail.sending import carrier_for
from app.page_cache import Database
from config import Config
from tests.conftest import sign_in
from tests.page_cache.conftest import MOST_BYTES, Clock
from tests.world import World

pytestmark = pytest.mark.only_on("postgresql", reason="asks the server itself")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(world: World, config: Config, clock: Clock) -> Iterator[Flask]:
    """Another process of the site."""
    site = create_app(config)
    page_cache.register(site, MOST_BYTES, clock=clock)
    yield site
    with site.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def asked(server: Flask) -> Database:
    with server.app_context():
        return Database(db.engine)


def execute(server: Flask, statement: str) -> None:
    with server.app_context():
        db.session.execute(text(statement))
        db.session.commit()


def test_server_tells_of_each_commit_and_of_nothing_else(server: Flask, world: World, asked: Database):
    before = asked.version()

    execute(server, "SELECT * FROM topic")
    assert before is not None
    assert asked.version() == before
    execute(server, "UPDATE topic SET title = 'New title'")
    assert asked.version() != before


def test_transaction_under_way_counts_when_it_is_committed(server: Flask, world: World, asked: Database):
    """Also where a later one was committed before it."""
    versions = []
    with server.app_context(), db.engine.connect() as slow:
        slow.execute(text("UPDATE topic SET title = 'Slow'"))
        versions.append(asked.version())
        execute(server, "UPDATE page SET slug = slug")
        versions.append(asked.version())
        slow.commit()
    versions.append(asked.version())

    assert len(set(versions)) == 3


def test_lost_connection_tells_nothing_and_the_next_one_differs(server: Flask, world: World, asked: Database):
    before = asked.version()
    others = "pid <> pg_backend_pid() AND datname = current_database() AND application_name <> 'tests'"
    execute(server, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")

    assert asked.version() is None
    assert asked.version() not in {None, before}


def test_connection_holds_no_transaction_open(server: Flask, world: World, asked: Database):
    """It would keep the server from clearing what was deleted."""
    asked.version()
    with server.app_context():
        states = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
        assert db.session.scalar(text(states)) == 0


def test_message_shows_within_a_second(server: Flask, world: World, clock: Clock):
    reader, path = server.test_client(), f"/en/topics/{world.topic}/"
    alice = sign_in(server, world.alice)
    assert "ETag" in reader.get(path).headers

    alice.post(f"{path}reply/", data={"body": "Words that are new.", "language": "en"})
    assert "Words that are new." not in reader.get(path).text
    clock.advance(1)

    assert "Words that are new." in reader.get(path).text


def test_idle_site_writes_nothing(server: Flask, world: World, asked: Database, config: Config, monkeypatch):
    monkeypatch.setattr(worker, "POLL_SECONDS", 0)
    alice, reader = sign_in(server, world.alice), server.test_client()
    rounds = iter([False] * 9)
    before = asked.version()

    for client in (alice, reader):
        for path in ("/en/", "/en/portal/", f"/en/topics/{world.topic}/", "/healthz", "/sitemap.xml"):
            assert client.get(path).status_code == 200
    with server.app_context():
        worker.run(carrier_for(config), sender_of(config), say=print, stopping=lambda: next(rounds, True))

    assert asked.version() == before
