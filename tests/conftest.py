"""One application for each test process, a fresh database for each test, and a fixed cast.

No application context is ever left pushed around a client: `world` opens one only to make rows.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from app import create_app, page_cache
from app.extensions import db
from app.models import SignIn
from app.viewer import VISIT
from config import MEGABYTE, Config
from tests.clients import Client
from tests.databases import Kept, PostgreSQL, SQLite, server_url
from tests.full_world import FullWorld
from tests.mail_server import MailServer
from tests.moderation.tidying import Place, check_everything_in_place, furnish
from tests.world import World

SECRET = "a secret only for tests, long enough"
CONTACT = "secretariat@example.org"
TESTS = Path(__file__).parent
LONGEST = ("matrix", "browser", "bounds", "commands", "test_queries", "test_routes", "test_copies", "languages")
Flask.test_client_class = Client  # of every application that a test makes
Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache()}  # so that each template is compiled once for all


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="what the tests run on")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the chosen database has no part in, and begin with what takes longest, so that processes that run
    modules side by side end together.
    """
    chosen = config.getoption("database")
    left_out = [item for item in items if not _runs_on(chosen, item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if _runs_on(chosen, item)]
    items.sort(key=lambda item: not str(item.path.relative_to(TESTS)).startswith(LONGEST))


def _runs_on(chosen: str, item: pytest.Item) -> bool:
    """On SQLite runs all but what is about PostgreSQL; there, all that has rows, but for what is about SQLite."""
    only = item.get_closest_marker("only_on")
    if only is not None:
        return bool(only.args[0] == chosen)
    return chosen == "sqlite" or ("database" in item.fixturenames and "browser" not in item.keywords)


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A mail server to which the worker can send."""
    server = MailServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The instance folder of the site."""
    return tmp_path_factory.mktemp("instance")


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest, instance: Path) -> Iterator[Kept]:
    if request.config.getoption("database") == "sqlite":
        yield SQLite(instance)
        return
    with server_url(os.environ.get("PYTEST_XDIST_WORKER", "main")) as url:
        database = PostgreSQL(url)
        yield database
        database.close()


@pytest.fixture(scope="session")
def config(database: Kept, instance: Path) -> Config:
    return Config(
        secret_key=SECRET,
        site_url="http://127.0.0.1:8000",
        instance=instance,
        database_url=database.url,
        page_cache_mb=0,
        overrides={"TESTING": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False},
    )


@pytest.fixture(scope="session")
def one_app(config: Config, database: Kept) -> Iterator[Flask]:
    app = create_app(config)
    page_cache.register(app, MEGABYTE, seconds=0)  # so that every page is asked for in front of it, and none is old
    with app.app_context():
        db.create_all()
        database.engine = db.engine
    database.keep("empty")
    yield app
    database.engine.dispose()


@pytest.fixture
def app(one_app: Flask, database: Kept) -> Iterator[Flask]:
    database.put_back("empty")
    yield one_app
    one_app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)


@pytest.fixture
def reachable(app: Flask, config: Config) -> Iterator[Flask]:
    """The same site with an address of the Secretariat."""
    site = create_app(replace(config, contact_email=CONTACT))
    yield site
    with site.app_context():
        db.engine.dispose()


@pytest.fixture
def site_with(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Changes settings of the site for one test."""

    def change(**settings: object) -> None:
        monkeypatch.setitem(app.config, "SITE", replace(app.config["SITE"], **settings))

    return change


@dataclass(frozen=True)
class Shelf:
    """Worlds that are made once: their rows, and the attached files, which some tests delete."""

    database: Kept
    files: Path

    def keep(self, name: str) -> None:
        self.database.keep(name)
        shutil.copytree(self.files, self._copy(name))

    def put_back(self, name: str) -> None:
        self.database.put_back(name)
        shutil.copytree(self._copy(name), self.files, dirs_exist_ok=True)

    def _copy(self, name: str) -> Path:
        return self.files.with_name(f"files of {name}")


@pytest.fixture(scope="session")
def shelf(database: Kept, config: Config) -> Shelf:
    return Shelf(database, config.files)


@pytest.fixture(scope="session")
def made_full(one_app: Flask, shelf: Shelf) -> FullWorld:
    """The full world, made once and kept for `full` and `full_world`."""
    shelf.database.put_back("empty")
    with one_app.app_context():
        made = FullWorld.make()
    shelf.keep("full_world")
    return made


@pytest.fixture(scope="module")
def full(made_full: FullWorld, shelf: Shelf) -> FullWorld:
    """The full world for a module whose tests change nothing in it; such tests do without `app`."""
    shelf.put_back("full_world")
    return made_full


@pytest.fixture
def full_world(app: Flask, made_full: FullWorld, shelf: Shelf) -> FullWorld:
    """The full world for one test, which may change it."""
    shelf.put_back("full_world")
    return made_full


@pytest.fixture(scope="module")
def people(one_app: Flask, full: FullWorld) -> dict[str, FlaskClient]:
    """A client of each of the people of the full world, and one of a visitor."""
    return {"visitor": one_app.test_client(), **{name: sign_in(one_app, key) for name, key in full.people.items()}}


@pytest.fixture(scope="session")
def small(one_app: Flask, database: Kept) -> World:
    """The small world, made once and kept for `world`."""
    database.put_back("empty")
    with one_app.app_context():
        made = World.make()
    database.keep("world")
    return made


@pytest.fixture
def world(app: Flask, small: World, database: Kept) -> World:
    """Forums, people and messages of a small consultation that is open now."""
    database.put_back("world")
    return small


@pytest.fixture
def place(app: Flask, world: World) -> Iterator[Place]:
    """Topics and messages to move. After the test, checks that places and counters are right."""
    with app.app_context():
        made = furnish(world)
    yield made
    check_everything_in_place(app)


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def alice(app: Flask, world: World) -> FlaskClient:
    """A participant who wrote the first message."""
    return sign_in(app, world.alice)


@pytest.fixture
def bruno(app: Flask, world: World) -> FlaskClient:
    """A participant who wrote the second message."""
    return sign_in(app, world.bruno)


@pytest.fixture
def moderator(app: Flask, world: World) -> FlaskClient:
    return sign_in(app, world.moderator)


@pytest.fixture
def admin(app: Flask, world: World) -> FlaskClient:
    return sign_in(app, world.admin)


def sign_in(app: Flask, user_id: int, *, in_a_visit: bool = True) -> FlaskClient:
    """A client of a person who is signed in, without the cost of hashing a password, and by default in the middle of a
    visit in which nothing is new."""
    token = SignIn.new_token()
    with app.app_context():
        db.session.add(SignIn(user_id=user_id, token_hash=SignIn.hash_of(token)))
        db.session.commit()
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = token, True
        if in_a_visit:
            now = int(time.time())
            session[VISIT] = [now, now + 24 * 60 * 60]
    return client
