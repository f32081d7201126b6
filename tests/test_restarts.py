"""PostgreSQL is restarted, lost and slow: reading goes on, and a form that was being sent gets one clear page."""

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from threading import Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, event, select, text

import config as settings
from app import create_app, restarts
from app.extensions import db
from app.models import Message
from config import Config
from tests.conftest import sign_in
from tests.postgresql import Server, execute
from tests.world import World

pytestmark = pytest.mark.only_on("postgresql", reason="SQLite has no server")
READ = ("/en/", "/es/topics/1/", "/fr/forums/open-forum/", "/healthz", "/en/feeds/topics/1.atom")
WORDS = "An hour of work"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server.running() as running:
        yield running


@pytest.fixture
def site(server: Server, config: Config) -> Iterator[Flask]:
    app = create_app(replace(config, database_url=server.url().render_as_string(hide_password=False)))
    with app.app_context():
        db.drop_all()
        db.create_all()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def small(site: Flask) -> World:
    with site.app_context():
        return World.make()


@pytest.fixture
def topic(small: World) -> str:
    return f"/en/topics/{small.topic}/"


@pytest.fixture
def alice(site: Flask, small: World) -> FlaskClient:
    return sign_in(site, small.alice)


@pytest.fixture
def reader(site: Flask) -> FlaskClient:
    return site.test_client()


def end_the_next_connection(site: Flask) -> None:
    """As a restart does to a connection in use: the server ends it before it has answered the next statement."""
    with site.app_context():
        engine = db.engine

    def end(_connection, cursor, *_statement):
        other = create_engine(engine.url)
        with other.connect() as killer:
            killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": cursor.connection.info.backend_pid})
        other.dispose()

    event.listen(engine, "before_cursor_execute", end, once=True)


def bodies(site: Flask) -> list[str]:
    with site.app_context():
        return list(db.session.scalars(select(Message.body)))


def test_reading_goes_on_after_a_restart(server: Server, site: Flask, topic: str, alice: FlaskClient, reader):
    """All connections of the pool are lost, and each is found to be."""
    with site.app_context():
        connections = [db.engine.connect() for _ in range(10)]
    for connection in connections:
        connection.close()
    server.restart()

    assert [client.get(topic).status_code for _ in range(6) for client in (alice, reader)] == [200] * 12


@pytest.mark.parametrize("path", READ)
def test_page_whose_connection_is_lost_is_made_once_more(site: Flask, small: World, reader: FlaskClient, path: str):
    end_the_next_connection(site)

    assert reader.get(path).status_code == 200


@pytest.mark.parametrize("name", ["reader", "alice"])
def test_page_that_was_being_made_is_that_of_its_reader(
    server: Server, site, topic: str, name: str, request, monkeypatch
):
    """The server restarts between two statements of it."""
    client: FlaskClient = request.getfixturevalue(name)
    view, happened = site.view_functions["forums.topic"], []

    def view_of_a_bad_moment(**values: object) -> object:
        db.session.scalar(select(1))
        if not happened:
            happened.append("restart")
            server.restart()
        return view(**values)

    monkeypatch.setitem(site.view_functions, "forums.topic", view_of_a_bad_moment)
    answer = client.get(topic)

    assert (happened, answer.status_code) == (["restart"], 200)
    assert "A shorter form would help." in answer.text
    assert answer.headers.getlist("Content-Language") == ["en"]
    assert ("Sign out" in answer.text, "private" in answer.headers["Cache-Control"]) == (name == "alice",) * 2


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_reading_waits_for_a_server_that_restarts(server: Server, topic: str, alice: FlaskClient, reader, mode: str):
    assert alice.get(topic).status_code == 200
    execute(server.url(), "CHECKPOINT")  # or a crash would lose what the settings for tests do not write at once
    restarting = Thread(target=server.restart, args=(mode,))
    restarting.start()
    statuses = set()
    while restarting.is_alive():
        statuses |= {client.get(topic).status_code for client in (alice, reader)}
        time.sleep(0.02)
    restarting.join()

    assert statuses == {200}
    assert alice.get(topic).status_code == 200


def test_server_that_is_away_for_long_is_not_waited_for(server: Server, topic: str, alice, reader, monkeypatch):
    monkeypatch.setattr(restarts, "SECONDS_TO_RETURN", 0.2)
    server.stop()
    try:
        statuses = [client.get(topic).status_code for client in (alice, reader)]
    finally:
        server.start()

    assert statuses == [503, 503]
    assert [client.get(topic).status_code for client in (alice, reader)] == [200, 200]


def test_server_that_hangs_does_not_hang_readers(config: Config, monkeypatch):
    """It takes the connection and says nothing."""
    monkeypatch.setattr(settings, "SECONDS_TO_CONNECT", 2)
    monkeypatch.setattr(restarts, "SECONDS_TO_RETURN", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"postgresql+psycopg://nobody@127.0.0.1:{silent.getsockname()[1]}/none"
        site = create_app(replace(config, database_url=address))
        assert site.test_client().get("/en/portal/").status_code == 503


def test_form_whose_connection_is_lost_is_not_sent_once_more(site: Flask, topic: str, alice: FlaskClient):
    sent = {"body": WORDS, "language": "en", "key": "of this form"}
    end_the_next_connection(site)
    refused = alice.post(f"{topic}reply/", data=sent)

    assert refused.status_code == 503
    assert WORDS in refused.text
    assert WORDS not in bodies(site)
    assert [alice.post(f"{topic}reply/", data=sent).status_code for _ in range(2)] == [302, 302]
    assert bodies(site).count(WORDS) == 1


def test_writing_goes_on_after_a_restart(server: Server, site: Flask, topic: str, alice: FlaskClient):
    alice.get(topic)
    server.restart()

    assert alice.post(f"{topic}reply/", data={"body": WORDS, "language": "en"}).status_code == 302
    assert bodies(site).count(WORDS) == 1
