"""Prepared statements: what the pages that are read most ask the database.

SQLAlchemy needs several times as long for a session and a statement as the database itself needs for a page. What
only reads needs neither: a prepared statement is compiled once for a kind of database, and then run on a connection
of the driver that is kept until the answer is made. It sees what is committed at that moment, and nothing of a
transaction under way.
"""

from collections import namedtuple
from collections.abc import Mapping
from typing import Any

from flask import Flask, g
from sqlalchemy import Dialect, Select
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
        connection, dialect = _connection()
        compiled = self._compiled.get(dialect.driver)
        if compiled is None:
            compiled = self._compiled[dialect.driver] = _Compiled(self._statement, dialect)
        return compiled.run(connection, parameters)

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

    def run(self, connection: Any, parameters: Mapping[str, object]) -> list[Any]:
        given: Any = {**self.fixed, **parameters}
        for name, write in self.writers:
            given[name] = write(given[name])
        if self.order is not None:
            given = [given[name] for name in self.order]
        cursor = connection.cursor()
        try:
            cursor.execute(self.text, given)
            found = cursor.fetchall()
        except self.failure as error:
            raise DBAPIError.instance(self.text, given, error, self.failure) from error
        finally:
            cursor.close()
        return [self._row(list(values)) for values in found]

    def _row(self, values: list[Any]) -> Any:
        for at, read in self.readers:
            if values[at] is not None:
                values[at] = read(values[at])
        return self.row._make(values)


def _row_of(names: list[str]) -> Any:
    return namedtuple("Row", names)


def register(app: Flask) -> None:
    app.teardown_appcontext(_give_back)


def _connection() -> tuple[Any, Dialect]:
    """The connection of this request, or of this command, for all of its prepared statements."""
    known: tuple[Any, Dialect] | None = g.get("reading")
    if known is None:
        engine = db.engine
        g.reading = known = engine.raw_connection(), engine.dialect
    return known


def _give_back(_error: BaseException | None) -> None:
    connection, _dialect = g.pop("reading", (None, None))
    if connection is not None:
        connection.close()
