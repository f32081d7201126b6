"""Prepared statements: what the pages that are read most ask the database.

SQLAlchemy needs several times as long for a session and a statement as the database itself needs for a page. What
only reads needs neither: a prepared statement is compiled once for a kind of database, and then run on a connection
of the driver. It sees what is committed at that moment, and nothing of a transaction under way.
"""

from collections import deque, namedtuple
from collections.abc import Mapping
from typing import Any

from flask import Flask, current_app, g
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
            cursor = _connection(engine).cursor()
            cursor.execute(self.text, given)
            found = cursor.fetchall()
            cursor.close()
        except self.failure as error:
            _give_up()
            raise DBAPIError.instance(self.text, given, error, self.failure) from error
        return [self._row(list(values)) for values in found]

    def _row(self, values: list[Any]) -> Any:
        for at, read in self.readers:
            if values[at] is not None:
                values[at] = read(values[at])
        return self.row._make(values)


def _row_of(names: list[str]) -> Any:
    return namedtuple("Row", names)


class _Idle:
    """Connections that nobody reads on just now: taking one from SQLAlchemy's pool costs as much as a statement.

    They are of one pool; once that is disposed of, they are left to it.
    """

    pool: Any = None
    connections: deque[Any]

    def take(self, engine: Engine) -> tuple[Any, deque[Any]]:
        """A connection, and where to put it afterwards."""
        if self.pool is not engine.pool:
            self.pool, self.connections = engine.pool, deque()
        place = self.connections
        try:
            return place.pop(), place
        except IndexError:
            connection: Any = engine.raw_connection()
            engine.dialect.set_isolation_level(connection.dbapi_connection, "AUTOCOMMIT")
            return connection, place


def register(app: Flask) -> None:
    app.extensions["idle_connections"] = _Idle()
    app.teardown_appcontext(_put_back)


def _connection(engine: Engine) -> Any:
    """The connection of this request, or of this command."""
    held: tuple[Any, deque[Any]] | None = g.get("reading_on")
    if held is None:
        g.reading_on = held = current_app.extensions["idle_connections"].take(engine)
    return held[0]


def _give_up() -> None:
    """Close the connection, which may be what failed; and the pool must not hand it on, since it commits by itself."""
    held = g.pop("reading_on", None)
    if held is not None:
        held[0].invalidate()


def _put_back(_error: BaseException | None) -> None:
    held = g.pop("reading_on", None)
    if held is not None:
        connection, place = held
        place.append(connection)
