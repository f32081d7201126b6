"""Prepared statements: what the pages that are read most ask the database.

SQLAlchemy needs several times as long for a session and a statement as the database itself needs for a page. What
only reads needs neither: a prepared statement is compiled once for a kind of database, and then run on a connection
of the driver that each thread keeps. It sees what is committed at that moment, and nothing of a transaction under
way.
"""

import threading
from collections import namedtuple
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Dialect, Engine, Select
from sqlalchemy.exc import DBAPIError

from app.extensions import db


class Prepared:
    """A select of columns with names of their own, asked for its rows, as named tuples, or for the first of few.

    Both take the statement's parameters by name, and raise sqlalchemy.exc.DBAPIError where the database fails.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def all(self, parameters: Mapping[str, object]) -> list[Any]:
        engine = db.engine
        compiled = self._compiled.get(engine.driver)
        if compiled is None:
            compiled = self._compiled[engine.driver] = _Compiled(self._statement, engine.dialect)
        return compiled.run(engine, parameters)

    def first(self, parameters: Mapping[str, object]) -> Any | None:
        return next(iter(self.all(parameters)), None)


class _Compiled:
    """A statement in the words of one driver, and what has to be done to its parameters and to its values."""

    def __init__(self, statement: Select[*tuple[Any, ...]], dialect: Dialect) -> None:
        made: Any = statement.compile(dialect=dialect)
        self.text, self.fixed, self.order = str(made), made.params, made.positiontup
        self.failure = dialect.loaded_dbapi.Error
        writers = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in made.binds.items()}
        self.writers = [(name, write) for name, write in writers.items() if write]
        columns = statement.selected_columns
        self.row = _row_of([column.name for column in columns])
        readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self.readers = [(at, read) for at, read in enumerate(readers) if read]

    def run(self, engine: Engine, parameters: Mapping[str, object]) -> list[Any]:
        given: Any = {**self.fixed, **parameters}
        for name, write in self.writers:
            given[name] = write(given[name])
        if self.order is not None:
            given = [given[name] for name in self.order]
        try:
            cursor = _kept.connection_to(engine).cursor()
            cursor.execute(self.text, given)
            found = cursor.fetchall()
            cursor.close()
        except self.failure as error:
            _kept.forget()
            raise DBAPIError.instance(self.text, given, error, self.failure) from error
        return [self._row(list(values)) for values in found]

    def _row(self, values: list[Any]) -> Any:
        for at, read in self.readers:
            if values[at] is not None:
                values[at] = read(values[at])
        return self.row._make(values)


def _row_of(names: list[str]) -> Any:
    return namedtuple("Row", names)


class _Kept(threading.local):
    """The connection that a thread keeps, and the pool that it is of; taking one anew costs as much as a statement."""

    connection: Any = None
    pool: Any = None

    def connection_to(self, engine: Engine) -> Any:
        if self.pool is not engine.pool:
            connection: Any = engine.raw_connection()
            engine.dialect.set_isolation_level(connection.dbapi_connection, "AUTOCOMMIT")
            self.connection, self.pool = connection, engine.pool
        return self.connection

    def forget(self) -> None:
        """After a failure, which may be the connection's."""
        self.connection = self.pool = None


_kept = _Kept()
