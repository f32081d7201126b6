"""The database that the tests run on: SQLite, or PostgreSQL with `--database=postgresql`.

Its rows can be kept under a name and put back, which is quicker than making them again: SQLite copies a file, and
PostgreSQL copies rows from tables of another schema, since a new database takes it ten times as long.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Protocol

import psycopg
from sqlalchemy import URL, Engine, make_url

from app.database import Base
from tests import postgresql

TABLES = [f'"{table.name}"' for table in Base.metadata.sorted_tables]
COLUMNS = {  # what is computed from others is not written
    f'"{table.name}"': ", ".join(f'"{column.name}"' for column in table.columns if not column.computed)
    for table in Base.metadata.sorted_tables
}
SEQUENCES = "SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'public'"


class Kept(Protocol):
    """What tests need of a database besides what the application does with it."""

    url: str  # for `Config.database_url`
    engine: Engine  # of the application

    def keep(self, name: str) -> None:
        """Keep all rows as they are now. No transaction may be under way."""

    def put_back(self, name: str) -> None:
        """Give the tables the rows that were kept under this name, and no others."""

    def version(self) -> object:
        """A value that differs once anything has been committed."""

    def away(self) -> AbstractContextManager[None]:
        """A time in which nobody can open the database. All rows are lost with it."""

    def close(self) -> None: ...


class SQLite:
    """A file in the folder of the site, and copies of it beside."""

    url = ""
    engine: Engine

    def __init__(self, folder: Path) -> None:
        self.path = folder / "plenary.sqlite"
        self._watcher: sqlite3.Connection | None = None

    def keep(self, name: str) -> None:
        self.engine.dispose()  # which writes all of it to the one file
        shutil.copy(self.path, self._copy(name))

    def put_back(self, name: str) -> None:
        self.remove()
        shutil.copy(self._copy(name), self.path)

    def version(self) -> object:
        if self._watcher is None:
            self._watcher = sqlite3.connect(self.path)
        return self._watcher.execute("PRAGMA data_version").fetchone()

    @contextmanager
    def away(self) -> Iterator[None]:
        self.remove()
        self.path.mkdir()
        yield
        self.path.rmdir()

    def remove(self) -> None:
        self.close()
        self.engine.dispose()
        for path in self.path.parent.glob(f"{self.path.name}*"):
            path.unlink()

    def close(self) -> None:
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None

    def _copy(self, name: str) -> Path:
        return self.path.with_name(f"{name}.sqlite")


class PostgreSQL:
    """A database of a server, and a schema in it for all that is kept under one name."""

    engine: Engine

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection = postgresql.connect(make_url(url))
        self._connection.execute("SET application_name = 'tests'")
        self._connection.execute("SET lock_timeout = '20s'")  # a test that leaves a transaction open fails by itself
        self._put_back: dict[str, str] = {}

    def keep(self, name: str) -> None:
        ask = self._connection.execute
        ask(f"DROP SCHEMA IF EXISTS {name} CASCADE")
        ask(f"CREATE SCHEMA {name}")
        steps = ["SET LOCAL session_replication_role = replica", *(f"DELETE FROM {table}" for table in TABLES)]
        for table in TABLES:
            if ask(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
                ask(f"CREATE TABLE {name}.{table} AS TABLE {table}")
                steps.append(f"INSERT INTO {table} ({COLUMNS[table]}) SELECT {COLUMNS[table]} FROM {name}.{table}")
        for sequence, last in ask(SEQUENCES).fetchall():
            steps.append(f"SELECT setval('{sequence}', {max(last, 1)}, {'true' if last else 'false'})")
        self._put_back[name] = "; ".join(steps)

    def put_back(self, name: str) -> None:
        try:
            self._connection.execute(self._put_back[name])
        except psycopg.errors.UndefinedTable:  # a test has dropped them
            Base.metadata.create_all(self.engine)
            self._connection.execute(self._put_back[name])

    def version(self) -> object:
        return self._connection.execute("SELECT pg_current_snapshot()::text").fetchone()

    @contextmanager
    def away(self) -> Iterator[None]:
        name, server = make_url(self.url).database, make_url(self.url).set(database="postgres")
        others = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> "
        allow = f"ALTER DATABASE {name} ALLOW_CONNECTIONS"
        postgresql.execute(server, f"{allow} false", f"{others}{self._connection.info.backend_pid}")
        yield
        postgresql.execute(server, f"{allow} true")

    def close(self) -> None:
        self._connection.close()


@contextmanager
def server_url(worker: str) -> Iterator[str]:
    """The address of an empty database for one test process, on the server of TEST_POSTGRES_URL or one of its own."""
    server = nullcontext(make_url(postgresql.GIVEN)) if postgresql.GIVEN else postgresql.Server.running()
    with server as found:
        address = found if isinstance(found, URL) else found.url()
        name = f"plenary_test_{worker}"
        postgresql.execute(address, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
        yield address.set(database=name).render_as_string(hide_password=False)
        postgresql.execute(address, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
