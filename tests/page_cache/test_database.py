"""The database says itself whether it has changed: to every process, after a restoration, and never without reason."""

import shutil
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.extensions import db
from app.mail import worker
from app.mail.letters import sender_of
from app.mail.sending import carrier_for
from app.models import Topic
from config import ROOT, Config
from tests.databases import Kept, SQLite
from tests.moderation.conftest import changed
from tests.page_cache.conftest import Site
from tests.test_routes import dump
from tests.world import World

OF_A_FILE = pytest.mark.only_on("sqlite", reason="the file of the database is moved")
HOME = "/en/"
SIGNED_OUT = (HOME, "/en/portal/", "/en/forums/open-forum/", "/en/print/forums/open-forum/", "/sitemap.xml", "/healthz")
ANOTHER_PROCESS = """
import sys
from pathlib import Path
from app import create_app
from config import Config
from tests.conftest import SECRET, sign_in

overrides = {"TESTING": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False}
folder, database, alice, topic = sys.argv[1:]
place = {"instance": Path(folder), "database_url": database}
site = Config(secret_key=SECRET, site_url="http://127.0.0.1:8000", overrides=overrides, **place)
reader = sign_in(create_app(site), int(alice))
answer = reader.post(f"/en/topics/{topic}/reply/", data={"body": "Words from afar.", "language": "en"})
assert answer.status_code == 302, answer.text
"""


def test_what_another_process_writes_shows_within_a_second(app: Flask, config: Config, world: World):
    """With the clock that there really is."""
    site = create_app(replace(config, page_cache_mb=1))
    reader, path = site.test_client(), f"/en/topics/{world.topic}/"
    assert "ETag" in reader.get(path).headers

    arguments = [str(config.instance), config.database_url, str(world.alice), str(world.topic)]
    subprocess.run([sys.executable, "-c", ANOTHER_PROCESS, *arguments], cwd=ROOT, check=True, timeout=60)
    time.sleep(1)

    assert "Words from afar." in reader.get(path).text
    with site.app_context():
        db.engine.dispose()


def test_database_is_asked_once_a_second_at_most(site: Site, app: Flask, world: World):
    """So what has changed since it was asked is not shown before the second is over."""
    path = f"/en/topics/{world.topic}/"
    site.read(path)
    with changed(app, Topic, world.topic) as topic:
        topic.title = "New title"

    site.clock.advance(0.9)
    assert site.renders(lambda: site.read(path)) == 0
    site.clock.advance(0.1)

    assert "New title" in site.read(path).text


def test_clock_that_is_set_back_keeps_no_old_page(site: Site, app: Flask, world: World):
    path = f"/en/topics/{world.topic}/"
    site.read(path)
    with changed(app, Topic, world.topic) as topic:
        topic.title = "New title"
    site.clock.advance(-10)

    assert "New title" in site.read(path).text


@OF_A_FILE
def test_backup_that_takes_the_place_of_the_database_shows_within_a_second(
    site: Site, app: Flask, config, world, database: SQLite
):
    path, backup = f"/en/topics/{world.topic}/", config.instance / "backup.sqlite"
    with sqlite3.connect(database.path) as now, sqlite3.connect(backup) as copy:
        now.backup(copy)
    now.close()
    copy.close()
    with changed(app, Topic, world.topic) as topic:
        topic.title = "New title"
    assert "New title" in site.read(path).text

    with site.app.app_context():
        db.engine.dispose()
    database.remove()
    shutil.move(backup, database.path)
    site.clock.advance(1)

    assert "New title" not in site.read(path).text
    with changed(app, Topic, world.topic) as topic:
        topic.title = "Newer title"
    site.clock.advance(1)
    assert "Newer title" in site.read(path).text


@OF_A_FILE
def test_nothing_is_answered_from_the_cache_while_the_database_is_away(
    site: Site, app: Flask, config, world, database: SQLite
):
    """Since nobody can tell whether it still holds; and afterwards pages are kept as before."""
    assert site.read(HOME).status_code == 200
    aside = config.instance / "aside.sqlite"
    for engine_of in (app, site.app):
        with engine_of.app_context():
            db.engine.dispose()
    with sqlite3.connect(database.path) as now, sqlite3.connect(aside) as copy:
        now.backup(copy)
    now.close()
    copy.close()
    database.remove()
    database.path.mkdir()
    site.clock.advance(1)

    assert [site.read(HOME).status_code for _ in range(2)] == [503, 503]
    database.path.rmdir()
    shutil.move(aside, database.path)
    site.clock.advance(1)
    assert site.renders(lambda: [site.read(HOME) for _ in range(2)]) == 1


def test_idle_site_writes_nothing(
    site: Site, app: Flask, config: Config, world: World, alice: FlaskClient, database: Kept, monkeypatch
):
    """Readers, somebody who is signed in and the worker: no row changes, and the database counts no commit."""
    monkeypatch.setattr(worker, "POLL_SECONDS", 0)
    read_idly(site, app, config, alice)
    before = [dump(app), database.version()]

    read_idly(site, app, config, alice)

    assert [dump(app), database.version()] == before
    with changed(app, Topic, world.topic) as topic:
        topic.title = "New title"
    assert database.version() != before[1], "this is how a write would be seen"


def test_page_is_rendered_twice_a_minute_at_most_while_the_site_is_idle(
    site: Site, app: Flask, config, world, monkeypatch
):
    """Once in its first second, which may be the last of a period, and once after it."""
    monkeypatch.setattr(worker, "POLL_SECONDS", 0)
    site.clock.to_second(0)

    def read_for_a_minute() -> None:
        for _second in range(60):
            site.read(HOME)
            run_worker(app, config)
            site.clock.advance(1)

    assert site.renders(read_for_a_minute) == 2


def read_idly(site: Site, app: Flask, config: Config, alice: FlaskClient) -> None:
    for path in SIGNED_OUT:
        site.read(path)
        assert alice.get(path).status_code == 200
        site.clock.to_second(2)
    run_worker(app, config)


def run_worker(app: Flask, config: Config) -> None:
    """Three rounds of the mail worker."""
    rounds = iter([False] * 9)
    with app.app_context():
        said: list[str] = []
        worker.run(carrier_for(config), sender_of(config), say=said.append, stopping=lambda: next(rounds, True))
        assert said == []
