"""A restart of PostgreSQL, on a real server: reading goes on, and a form that was being sent gets one clear page."""

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import create_engine, event, text

from app import create_app
from app.extensions import db
from bench.servers import Postgres, free_ports, is_installed
from config import Config
from tests.conftest import SECRET, sign_in
from tests.world import World

pytestmark = pytest.mark.skipif(not is_installed("pg_ctl"), reason="PostgreSQL is needed")
READ = ("/en/", "/es/topics/1/", "/fr/forums/open-forum/", "/healthz")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    pytest.importorskip("psycopg", reason="requirements-postgresql.txt is needed")
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # its user has to reach what is below
        running = Postgres(folder, free_ports(1)[0])
        running.start()
        yield running
        running.stop()


@pytest.fixture(scope="module")
def site(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, World]]:
    folder = tmp_path_factory.mktemp("instance")
    overrides = {"TESTING": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False}
    place = {"site_url": "http://127.0.0.1:8000", "instance": folder, "database_url": server.url}
    app = create_app(Config(secret_key=SECRET, overrides=overrides, page_cache_mb=0, **place))
    with app.app_context():
        db.create_all()
        world = World.make()
    yield app, world
    with app.app_context():
        db.engine.dispose()


def end_the_next_connection(app: Flask, url: str) -> None:
    """As a restart does to a connection in use: the server ends it before it has answered the next statement."""
    with app.app_context():
        engine = db.engine

    def end(connection, cursor, *_statement):
        other = create_engine(url)
        with other.connect() as killer:
            killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": cursor.connection.info.backend_pid})
        other.dispose()

    event.listen(engine, "before_cursor_execute", end, once=True)


@pytest.mark.parametrize("path", READ)
def test_page_whose_connection_is_lost_is_made_once_more(site, server: Postgres, path: str):
    app, _world = site
    end_the_next_connection(app, server.url)

    assert app.test_client().get(path).status_code == 200


def test_form_whose_connection_is_lost_is_not_sent_once_more(site, server: Postgres):
    app, world = site
    alice, sent = sign_in(app, world.alice), {"body": "An hour of work", "language": "en", "key": "of this form"}
    end_the_next_connection(app, server.url)
    refused = alice.post(f"/en/topics/{world.topic}/reply/", data=sent)

    assert refused.status_code == 503
    assert "An hour of work" in refused.text
    assert [alice.post(f"/en/topics/{world.topic}/reply/", data=sent).status_code for _ in range(2)] == [302, 302]
    assert alice.get(f"/en/topics/{world.topic}/").text.count("An hour of work") == 1


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_reading_waits_for_a_server_that_restarts(site, server: Postgres, mode: str):
    app, world = site
    alice, visitor, path = sign_in(app, world.alice), app.test_client(), f"/en/topics/{world.topic}/"
    assert alice.get(path).status_code == 200
    restarting = Thread(target=server.restart, args=(mode,))
    restarting.start()
    answers = []
    while restarting.is_alive():
        answers += [reader.get(path).status_code for reader in (alice, visitor)]
        time.sleep(0.02)
    restarting.join()

    assert answers
    assert set(answers) == {200}
    assert alice.get(path).status_code == 200
