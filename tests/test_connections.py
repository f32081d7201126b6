"""Requests give their database connections back, and a database that fails is told of as such."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import QueuePool

from app.extensions import db
from tests.world import World

READ = ["topics/1/", "portal/", "print/topics/1/", "topics/999/", "nowhere/", "account/"]


@pytest.fixture
def without_tables(app: Flask, world: World) -> None:
    with app.app_context():
        db.drop_all()


def connections_out(app: Flask) -> int:
    """How many connections have not gone back to the pool."""
    with app.app_context():
        pool = db.engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


@pytest.mark.parametrize("path", ["topics/1/", "portal/", "messages/1/"])
def test_site_whose_database_fails_says_that_it_is_not_available(
    app: Flask, path: str, visitor: FlaskClient, without_tables
):
    answer = visitor.get(f"/fr/{path}")

    assert answer.status_code == 503
    assert '<html lang="fr"' in answer.text
    assert connections_out(app) == 0


@pytest.mark.parametrize("path", READ)
@pytest.mark.parametrize("name", ["visitor", "alice"])
def test_no_request_keeps_a_connection(app: Flask, world: World, path: str, name: str, request):
    client: FlaskClient = request.getfixturevalue(name)
    client.get(f"/en/{path}")

    assert connections_out(app) == 0


def test_fault_of_ours_keeps_no_connection(app: Flask, visitor: FlaskClient, world: World, monkeypatch):
    monkeypatch.setitem(app.view_functions, "forums.home", lambda: db.session.scalar(db.select(1)) / 0)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)

    assert visitor.get("/en/").status_code == 500
    assert connections_out(app) == 0
