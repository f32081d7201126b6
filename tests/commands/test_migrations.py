"""The migrations make exactly the tables of app/models, and can be undone."""

import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from app import create_app
from app.database import Base, utcnow
from app.extensions import db
from app.models import Revision
from app.sample.load import load
from config import Config
from tests.conftest import SECRET


def new_app(folder):
    return create_app(Config(secret_key=SECRET, site_url="http://127.0.0.1:8000", instance=folder))


@pytest.fixture
def migrated(tmp_path):
    """An application whose database was made by the migrations."""
    app = new_app(tmp_path / "migrated")
    with app.app_context():
        upgrade()
    yield app
    with app.app_context():
        db.engine.dispose()


def tables():
    """What SQLite says of every table and index: its parts, without spaces, in any order."""
    statement = text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    with db.engine.connect() as connection:
        rows = connection.execute(statement).all()
    return {
        name: sorted(re.sub(r'["\s]', "", sql).removesuffix(")").split(","))
        for name, sql in rows
        if name not in {"alembic_version", "sqlite_sequence"}
    }


def test_migrations_and_models_do_not_differ(migrated):
    with migrated.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrated_tables_are_those_that_the_other_tests_use(migrated, tmp_path):
    created = new_app(tmp_path / "created")
    with created.app_context():
        db.create_all()
        wanted = tables()
        db.engine.dispose()
    with migrated.app_context():
        assert tables() == wanted


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
        assert db.session.scalar(text("PRAGMA foreign_keys")) == 1, "still enforced after migrating"


def test_differences_of_earlier_edits_are_made(migrated):
    def kept():
        return db.session.execute(db.select(Revision.id, Revision.difference).order_by(Revision.id)).all()

    with migrated.app_context():
        load(utcnow())
        made = kept()
        db.session.rollback()
        downgrade(revision="0004")
        upgrade()
        assert kept() == made
        assert any(len(difference) > 1 for _key, difference in made)
