"""The declarative base, UTC times, and how SQLite is set up."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, Engine, MetaData, String, TypeDecorator, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.functions import FunctionElement

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def utcnow() -> datetime:
    """Now, in UTC, to the second: no deadline or stamp of ours is finer."""
    return datetime.now(UTC).replace(microsecond=0)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC time, kept without its zone. Raises ValueError on a naive time."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """SQLite keeps times as text, which is read in one step: lists have thousands of them."""
        if dialect.name != "sqlite":
            return super().result_processor(dialect, coltype)
        return lambda text: None if text is None else datetime.fromisoformat(text + "Z")


Span = tuple[datetime, datetime]


class Spans(TypeDecorator[tuple[Span, ...]]):
    """Spans of aware UTC times, each from its first moment to its last; None for none."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: tuple[Span, ...] | None, dialect: Dialect) -> list[list[str]] | None:
        return [[moment.astimezone(UTC).isoformat() for moment in span] for span in value] if value else None

    def process_result_value(self, value: list[list[str]] | None, dialect: Dialect) -> tuple[Span, ...] | None:
        if value is None:
            return None
        return tuple((datetime.fromisoformat(first), datetime.fromisoformat(last)) for first, last in value)


class JoinedIds(FunctionElement[str]):
    """The integers of a group as one text, `12,15`; NULL for none."""

    type = String()
    inherit_cache = True


@compiles(JoinedIds)
def _joined_on_sqlite(element: JoinedIds, compiler: Any, **kwargs: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **kwargs)})"


@compiles(JoinedIds, "postgresql")
def _joined_on_postgresql(element: JoinedIds, compiler: Any, **kwargs: Any) -> str:
    return f"string_agg(CAST({compiler.process(element.clauses, **kwargs)} AS TEXT), ',')"


class Minute(FunctionElement[str]):
    """A stored UTC time as pages write it, `2012-02-21 15:32`, for long lists that make no other use of it."""

    type = String()
    inherit_cache = True


@compiles(Minute)
def _minute_on_sqlite(element: Minute, compiler: Any, **kwargs: Any) -> str:
    return f"substr({compiler.process(element.clauses, **kwargs)}, 1, 16)"


@compiles(Minute, "postgresql")
def _minute_on_postgresql(element: Minute, compiler: Any, **kwargs: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **kwargs)}, 'YYYY-MM-DD HH24:MI')"


class JsonRows(FunctionElement[str]):
    """The columns of a group's rows as a list of lists in one JSON text, in any order; NULL for no rows."""

    type = String()
    inherit_cache = True


@compiles(JsonRows)
def _rows_on_sqlite(element: JsonRows, compiler: Any, **kwargs: Any) -> str:
    return f"nullif(json_group_array(json_array({compiler.process(element.clauses, **kwargs)})), '[]')"


@compiles(JsonRows, "postgresql")
def _rows_on_postgresql(element: JsonRows, compiler: Any, **kwargs: Any) -> str:
    return f"CAST(json_agg(json_build_array({compiler.process(element.clauses, **kwargs)})) AS TEXT)"


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UTCDateTime}


@event.listens_for(Engine, "connect")
def _set_up_sqlite(connection: Any, _record: Any) -> None:
    if not type(connection).__module__.startswith("sqlite3"):
        return
    connection.isolation_level = None  # transactions begin below, not in the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        kind = connection.get_execution_options().get("begin", "DEFERRED")
        driver: Any = connection.connection.driver_connection
        try:
            driver.execute(f"BEGIN {kind}")
        except sqlite3.OperationalError as error:  # which SQLAlchemy does not see here
            raise OperationalError(f"BEGIN {kind}", None, error) from error
