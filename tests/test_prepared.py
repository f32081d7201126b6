"""Prepared statements give what SQLAlchemy gives, fail as it fails, and keep a connection ready."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Select, bindparam, func, literal, select
from sqlalchemy.exc import DBAPIError

from app.admin.log_actions import changed, record
from app.database import utcnow
from app.extensions import db
from app.models import Forum, LogEntry, Message, Period, User
from app.pages.queries import TREE
from app.prepared import Prepared
from tests.world import World

NUMBER = bindparam("number")
SELECTED = {
    "texts and numbers": select(Message.id, Message.body, Message.position).order_by(Message.id),
    "times": select(Message.posted_at, Message.edited_at, User.confirmed_at).join(User, User.id == Message.author_id),
    "values of a few": select(Message.status, Message.capacity, Message.language).order_by(Message.id),
    "yes and no": select(User.is_admin).order_by(User.id),
    "JSON": select(LogEntry.at, LogEntry.detail),
    "JSON of times": select(Period.opens_at, Period.former_dates).order_by(Period.id),
    "nothing": select(Message.id).where(Message.id < 0),
    "fixed values": select(literal("à").label("letter"), Message.id).where(Message.language == "es"),
}


@pytest.fixture
def inside(app: Flask, world: World) -> Iterator[None]:
    with app.app_context():
        forum, admin = db.session.get_one(Forum, world.forum), db.session.get_one(User, world.admin)
        record(admin, "edit", "forums", forum, changed("title", "Été", "Hiver", "fr"))
        [period] = forum.periods
        period.former_dates = ((period.opens_at, utcnow()),)
        db.session.commit()
        yield


@pytest.fixture
def without_tables(app: Flask, world: World) -> None:
    with app.app_context():
        db.drop_all()


def connections_out(app: Flask) -> int:
    """How many connections have not gone back to the pool."""
    with app.app_context():
        pool: Any = db.engine.pool
        return pool.checkedout()


@pytest.mark.parametrize("statement", SELECTED.values(), ids=SELECTED.keys())
def test_values_come_as_in_sqlalchemy(inside, statement: Select[Any]):
    assert Prepared(statement).all({}) == [tuple(row) for row in db.session.execute(statement)]


def test_row_has_the_names_of_its_columns(inside, world: World):
    statement = select(Message.id, func.upper(Message.body).label("loud")).where(Message.id == NUMBER)
    [row] = Prepared(statement).all({"number": world.first})

    assert (row.id, row.loud) == (world.first, "A SHORTER FORM WOULD HELP.")


def test_parameters_are_written_as_sqlalchemy_writes_them(inside):
    statement = Prepared(select(Message.id).where(Message.posted_at <= bindparam("until")).order_by(Message.id))
    posted_at = db.session.scalars(select(Message.posted_at)).first()

    assert len(statement.all({"until": posted_at})) == 2
    with pytest.raises(ValueError, match="without its zone"):
        statement.all({"until": posted_at.replace(tzinfo=None)})


def test_first_is_the_first_row_or_none(inside, world: World):
    statement = Prepared(select(Message.id).where(Message.id >= NUMBER).order_by(Message.id))

    assert statement.first({"number": world.second}).id == world.second
    assert statement.first({"number": world.second + 1}) is None


def test_statement_reads_what_is_committed_and_nothing_of_a_transaction_under_way(inside, world: World):
    statement = Prepared(select(Message.body).where(Message.id == NUMBER))
    message = db.session.get_one(Message, world.first)
    for body, read in (("Not yet.", "A shorter form would help."), ("Done.", "Done.")):
        message.body = body
        db.session.flush()
        if body == read:
            db.session.commit()
        assert statement.first({"number": world.first}).body == read


def test_failing_database_raises_what_it_raises_in_sqlalchemy(app: Flask, without_tables):
    with app.app_context(), pytest.raises(DBAPIError, match="no such table"):
        Prepared(select(Message.id)).all({})


@pytest.mark.parametrize("path", ["topics/1/", "portal/", "messages/1/"])
def test_site_whose_database_fails_says_that_it_is_not_available(path: str, visitor: FlaskClient, without_tables):
    answer = visitor.get(f"/fr/{path}")

    assert answer.status_code == 503
    assert '<html lang="fr"' in answer.text


@pytest.mark.parametrize("path", ["topics/1/", "portal/", "print/topics/1/", "topics/999/", "nowhere/", "account/"])
@pytest.mark.parametrize("name", ["visitor", "alice"])
def test_no_request_keeps_a_connection_but_the_one_that_is_ready(
    app: Flask, world: World, path: str, name: str, request
):
    client: FlaskClient = request.getfixturevalue(name)
    for _ in range(3):
        client.get(f"/en/{path}")

    assert connections_out(app) <= 1


def test_connection_is_given_up_after_a_failure_of_the_database(app: Flask, visitor: FlaskClient, without_tables):
    visitor.get("/en/topics/1/")

    assert connections_out(app) == 0


def test_fault_of_ours_keeps_no_connection_but_the_one_of_its_thread(
    app: Flask, visitor: FlaskClient, world: World, monkeypatch
):
    asked = {"language": "en", "default_language": "en"}
    monkeypatch.setitem(app.view_functions, "pages.home", lambda: len(TREE.all(asked)) / 0)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)

    assert [visitor.get("/en/").status_code for _ in range(3)] == [500] * 3
    assert connections_out(app) == 1
