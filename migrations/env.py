"""What Alembic runs to migrate: one connection, one transaction, the tables of app/models."""

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from app.database import UTCDateTime
from app.models.search import is_compared

migrate = current_app.extensions["migrate"]


def run() -> None:
    if context.is_offline_mode():
        raise SystemExit("Migrations are run on a database, not written out as SQL: leave out --sql.")
    with migrate.db.engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            # A table that is changed is copied and dropped, and dropping it would delete what refers to it.
            _pragma(connection, "foreign_keys=OFF")
        try:
            _migrate(connection)
        finally:
            connection.rollback()
            if is_sqlite:
                _pragma(connection, "foreign_keys=ON")


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=migrate.db.metadata,
        transactional_ddl=True,
        render_item=_render,
        include_object=is_compared,
        **migrate.configure_args,
    )
    with context.begin_transaction():
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            _require_references(connection)


def _require_references(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise SystemExit(f"The migration would leave rows that refer to nothing, and was undone: {broken[:5]}")


def _pragma(connection: Connection, setting: str) -> None:
    """Set on the driver's connection, because inside a transaction SQLite ignores it."""
    connection.connection.driver_connection.execute(f"PRAGMA {setting}")


def _render(kind: str, thing: Any, _context: Any) -> str | bool:
    """Migrations name plain types, so that they stand when the application's own change."""
    return "sa.DateTime()" if kind == "type" and isinstance(thing, UTCDateTime) else False


run()
