"""PostgreSQL is restarted, lost and slow: reading goes on, and writing is told of it once."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

import config as settings
from app import create_app, error_pages
from app.extensions import db
from app.models import Message
from config import Config
from tests.conftest import sign_in
from tests.postgresql import Server
from tests.world import World

pytestmark = pytest.mark.only_on("postgresql", reason="SQLite has no server")


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


def restarted_within(server: Server, site: Flask, name: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The view of this name loses its connection between two statements, the first time; what happened."""
    view, happened = site.view_functions[name], []

    def view_of_a_bad_moment(**values: object) -> object:
        db.session.scalar(select(1))
        if not happened:
            happened.append("restart")
            server.restart()
        return view(**values)

    monkeypatch.setitem(site.view_functions, name, view_of_a_bad_moment)
    return happened


def bodies(site: Flask) -> list[str]:
    with site.app_context():
        return list(db.session.scalars(select(Message.body)))


def test_reading_goes_on_after_a_restart(server: Server, site: Flask, topic: str, alice: FlaskClient):
    """All connections of the pool are lost, and each is found to be."""
    with site.app_context():
        connections = [db.engine.connect() for _ in range(10)]
    for connection in connections:
        connection.close()
    server.restart()

    assert [client.get(topic).status_code for _ in range(6) for client in (alice, site.test_client())] == [200] * 12


@pytest.mark.parametrize("mode", ["reader", "alice"])
def test_reading_that_is_under_way_goes_on(server: Server, site: Flask, topic: str, alice, mode: str, monkeypatch):
    monkeypatch.setattr(error_pages, "SECONDS_BEFORE_ASKING_AGAIN", 0)
    happened = restarted_within(server, site, "forums.topic", monkeypatch)
    answer = (alice if mode == "alice" else site.test_client()).get(topic)

    assert happened
    assert answer.status_code == 200
    assert "A shorter form would help." in answer.text
    assert answer.headers.getlist("Content-Language") == ["en"]
    assert ("Sign out" in answer.text, "private" in answer.headers["Cache-Control"]) == (mode == "alice",) * 2


def test_reader_waits_for_a_server_that_starts(server: Server, site: Flask, topic: str, monkeypatch):
    server.stop()
    monkeypatch.setattr(error_pages.time, "sleep", lambda _seconds: server.start())

    assert site.test_client().get(topic).status_code == 200


def test_reading_is_asked_again_once(server: Server, site: Flask, topic: str, alice: FlaskClient, monkeypatch):
    waited: list[float] = []
    monkeypatch.setattr(error_pages.time, "sleep", waited.append)
    server.stop()
    try:
        statuses = [client.get(topic).status_code for client in (alice, site.test_client())]
    finally:
        server.start()

    assert (statuses, len(waited)) == ([503, 503], 2)


def test_writing_is_told_once_and_gets_its_text_back(server: Server, site: Flask, topic: str, alice, monkeypatch):
    happened = restarted_within(server, site, "posting.reply", monkeypatch)
    sent = {"body": "An hour of work", "language": "en"}
    answer = alice.post(f"{topic}reply/", data=sent)

    assert (bool(happened), answer.status_code) == (True, 503)
    assert "An hour of work" in answer.text
    assert "An hour of work" not in bodies(site)
    assert alice.post(f"{topic}reply/", data=sent).status_code == 302
    assert bodies(site).count("An hour of work") == 1


def test_writing_goes_on_after_a_restart(server: Server, site: Flask, topic: str, alice: FlaskClient):
    alice.get(topic)
    server.restart()

    assert alice.post(f"{topic}reply/", data={"body": "Words", "language": "en"}).status_code == 302
    assert bodies(site).count("Words") == 1


def test_server_that_hangs_does_not_hang_readers(config: Config, monkeypatch):
    """It takes the connection and says nothing."""
    monkeypatch.setattr(settings, "SECONDS_TO_CONNECT", 2)
    monkeypatch.setattr(error_pages, "SECONDS_BEFORE_ASKING_AGAIN", 0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"postgresql+psycopg://nobody@127.0.0.1:{silent.getsockname()[1]}/none"
        site = create_app(replace(config, database_url=address))
        assert site.test_client().get("/en/portal/").status_code == 503
    with suppress(AttributeError), site.app_context():
        db.engine.dispose()
