"""The migrations make exactly the tables of app/models, and can be undone."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import URL, Column, MetaData, Table, make_url, text

from app import create_app
from app.database import Base, utcnow
from app.extensions import db
from app.models import Revision
from app.models.search import is_compared
from app.sample.load import load
from config import ROOT, Config
from tests.conftest import SECRET
from tests.databases import Kept
from tests.postgresql import execute

REVISIONS = sorted(one.revision for one in ScriptDirectory(ROOT / "migrations").walk_revisions())
OPTIONS = {"compare_type": True, "compare_server_default": True, "include_object": is_compared}
# Of a file that belongs to a message.
EMPTY = {"attachment.document_id"}
# What is not needed any more is not made again on the way back.
LOST = {"user.confirmation_mailed_at"}
# What PostgreSQL says of its columns, constraints and indexes: what it is of, its name, and all of it.
OF_POSTGRESQL = """
    SELECT table_name, column_name, concat_ws(' ', data_type, character_maximum_length, is_nullable, column_default)
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
"""


@contextmanager
def new_app(folder: Path, database: Kept) -> Iterator[Flask]:
    """An application with an empty database of its own, on the same kind of server as `database`."""
    url, server = "", make_url(database.url).set(database="postgres") if database.url else None
    if server is not None:
        execute(server, f"DROP DATABASE IF EXISTS {folder.name} WITH (FORCE)", f"CREATE DATABASE {folder.name}")
        url = URL.render_as_string(server.set(database=folder.name), hide_password=False)
    app = create_app(
        Config(secret_key=SECRET, site_url="http://127.0.0.1:8000", instance=folder, database_url=url, page_cache_mb=0)
    )
    yield app
    with app.app_context():
        db.engine.dispose()
    if server is not None:
        execute(server, f"DROP DATABASE {folder.name} WITH (FORCE)")


@pytest.fixture
def empty(tmp_path: Path, database: Kept) -> Iterator[Flask]:
    with new_app(tmp_path / "migrated", database) as app:
        yield app


@pytest.fixture
def migrated(empty: Flask) -> Flask:
    """An application whose database was made by the migrations."""
    with empty.app_context():
        upgrade()
    return empty


def tables() -> dict[str, Any]:
    """What the database says of every table and index: its parts, in any order."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            found = connection.execute(text(OF_POSTGRESQL)).all()
            return {f"{table} {name}": what for table, name, what in found if table != "alembic_version"}
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
    return {
        name: sorted(re.sub(r'["\s]', "", sql).removesuffix(")").split(","))
        for name, sql in rows
        if name not in {"alembic_version", "sqlite_sequence"} and not name.startswith("search_index_")
    }


def test_migrations_and_models_do_not_differ(migrated):
    with migrated.app_context():
        assert compare_with_models() == []


def test_migrated_tables_are_those_that_the_other_tests_use(migrated, tmp_path, database):
    with new_app(tmp_path / "created", database) as created, created.app_context():
        db.create_all()
        wanted = tables()
    with migrated.app_context():
        assert tables() == wanted


@pytest.mark.only_on("sqlite", reason="PostgreSQL gives a name to each; the migrations are the same")
def test_every_constraint_has_a_name(migrated):
    with migrated.app_context():
        for table, statements in tables().items():
            for part in statements:
                unnamed = re.match(r"(PRIMARYKEY|FOREIGNKEY|UNIQUE|CHECK)\(", part)
                assert not unnamed, (table, part)


def test_down_and_up_again(migrated):
    with migrated.app_context():
        before = tables()
        downgrade(revision="base")
        assert tables() == {}
        upgrade()
        assert tables() == before


def test_a_second_upgrade_keeps_every_row(migrated):
    with migrated.app_context():
        loaded = load(utcnow())
        upgrade()
        assert db.session.scalar(text("SELECT count(*) FROM message")) == loaded.messages
        if db.engine.dialect.name == "sqlite":
            assert db.session.scalar(text("PRAGMA foreign_keys")) == 1, "still enforced after migrating"


def test_history_shows_the_same_differences_for_edits_of_earlier_versions(migrated):
    with migrated.app_context():
        load(utcnow())
        edited = db.session.scalars(db.select(Revision.message_id).distinct()).all()
        db.session.rollback()
    histories = [f"/en/messages/{number}/history/" for number in edited]
    shown = [migrated.test_client().get(path).text for path in histories]
    with migrated.app_context():
        downgrade(revision="0004")
        upgrade()

    assert any("<ins" in page for page in shown)
    assert [migrated.test_client().get(path).text for path in histories] == shown


@pytest.mark.parametrize("revision", REVISIONS)
def test_rows_of_each_revision_go_to_the_latest_and_back(revision: str, empty: Flask):
    with empty.app_context():
        upgrade(revision=revision)
        fill()
        before, counts = rows(), {name: len(found) for name, found in rows().items()}
        upgrade()
        after = rows()
        assert {name: len(after[name]) for name in counts} == counts
        assert compare_with_models() == []
        downgrade(revision=revision)
        assert rows() == before
        upgrade()
        assert rows() == after


def fill() -> None:
    """A row in every table as it is now, with something in every column that is not about another row of its table."""
    now = MetaData()
    now.reflect(db.engine, resolve_fks=False)
    names = [table.name for table in now.sorted_tables if has_rows(table.name)]
    assert names
    with db.engine.begin() as connection:
        for name in names:
            table = now.tables[name]
            values = {
                column.name: value_for(column, at) for at, column in enumerate(table.columns) if not column.computed
            }
            connection.execute(table.insert().values(values))


def has_rows(name: str) -> bool:
    """Whether the table has rows of its own, and not what follows from others for searching."""
    return name != "alembic_version" and not name.startswith("search_")


def value_for(column: Column, at: int) -> object:
    """The key of the only row where it is a key; times that follow each other as the columns do."""
    targets = {key.target_fullname.partition(".")[0] for key in column.foreign_keys}
    if f"{column.table.name}.{column.name}" in EMPTY or (column.nullable and column.table.name in targets):
        return None
    kind = column.type.as_generic().python_type
    if kind is str:
        return "forums" if column.name == "kind" else column.name[: getattr(column.type, "length", None) or 80]
    moment = datetime(2012, 2, 20) + timedelta(days=at)  # noqa: DTZ001  as they are kept
    return {bool: False, date: moment.date(), datetime: moment, object: [], int: 1}[kind]  # JSON is any object


def rows() -> dict[str, list[dict[str, object]]]:
    """All rows of all tables, but for the columns that may be lost."""
    now = MetaData()
    now.reflect(db.engine, resolve_fks=False)
    with db.engine.connect() as connection:
        return {
            name: [_kept(table, row) for row in connection.execute(table.select()).mappings()]
            for name, table in now.tables.items()
            if has_rows(name)
        }


def _kept(table: Table, row: Any) -> dict[str, object]:
    return {name: value for name, value in row.items() if f"{table.name}.{name}" not in LOST}


def compare_with_models() -> list[Any]:
    """What differs between the tables and those of the models."""
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=OPTIONS)
        return list(compare_metadata(context, Base.metadata))
