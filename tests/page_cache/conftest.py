"""A site behind its page cache whose clock stands still, until a test moves it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Client, TestResponse

from app import create_app, database, page_cache
from app.extensions import db
from config import Config
from tests.conftest import sign_in

MOST_BYTES = 2 * 1024 * 1024


class Clock:
    """Seconds since 1970; each test begins 20 seconds into a minute of its own, so nothing is kept from another."""

    def __init__(self) -> None:
        self.now = time.time()
        self.start()

    def __call__(self) -> float:
        return self.now

    def start(self) -> None:
        self.now = (self.now // 60 + 2) * 60 + 20.0

    def advance(self, seconds: float) -> None:
        self.now += seconds

    def to_second(self, second: float) -> None:
        """To this second of the next minute; 0 is its beginning."""
        self.now = (self.now // 60 + 1) * 60 + second


@dataclass
class Site:
    """`rendered` are the paths that the application was asked for, whoever asked."""

    app: Flask
    clock: Clock
    without_cache: Any
    rendered: list[str] = field(default_factory=list)

    def read(self, path: str, client: FlaskClient | None = None, **headers: str) -> TestResponse:
        """As a reader who is signed out, or as the one whose client is given."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return (client or self.app.test_client(use_cookies=False)).get(path, headers=named, buffered=True)

    def render(self, path: str) -> TestResponse:
        """What the application answers now to a reader who is signed out, with no cache in front of it."""
        return Client(self.without_cache).get(path, buffered=True)

    def renders(self, read: Callable[[], object]) -> int:
        """How many answers the application had to give meanwhile."""
        before = len(self.rendered)
        read()
        return len(self.rendered) - before

    def sign_in(self, user_id: int) -> FlaskClient:
        return sign_in(self.app, user_id)


@pytest.fixture(scope="session")
def kept_site(config: Config) -> Site:
    app = create_app(config)
    site = Site(app, Clock(), app.wsgi_app)

    def counted(environ: Any, start_response: Any) -> Any:
        site.rendered.append(environ["PATH_INFO"])
        return site.without_cache(environ, start_response)

    app.wsgi_app = counted  # type: ignore[method-assign]
    page_cache.register(app, MOST_BYTES, clock=site.clock)
    return site


@pytest.fixture
def site(app: Flask, kept_site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The site on the same database as `app`, which is to it as another process would be."""

    class At(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.fromtimestamp(kept_site.clock.now, tz)

    kept_site.clock.start()
    kept_site.rendered.clear()
    monkeypatch.setattr(database, "datetime", At)
    yield kept_site
    with kept_site.app.app_context():
        db.engine.dispose()


@pytest.fixture
def with_tokens(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms carry their token, as they do outside of tests."""
    monkeypatch.setitem(site.app.config, "WTF_CSRF_ENABLED", True)
