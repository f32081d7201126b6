"""The declarative base, types of columns that several tables share, and the settings of SQLite."""

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, Engine, MetaData, String, TypeDecorator, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
# How rows are locked until the transaction ends: so that others may still insert rows that refer to them. PostgreSQL
# locks the row referred to "for key share"; two transactions that both did so would wait for each other "for update".
LOCKED: Any = {"key_share": True}
MOST_IN_A_STATEMENT = 10_000  # of parameters; SQLite takes 32,766 and PostgreSQL 65,535


_moment: ContextVar[datetime | None] = ContextVar("moment", default=None)


def utcnow() -> datetime:
    """Now, in UTC, to the second: all times of the site are stored to the second."""
    return _moment.get() or datetime.now(UTC).replace(microsecond=0)


@contextmanager
def as_of(moment: datetime) -> Iterator[None]:
    """In the block, pages say what they say at this moment."""
    token = _moment.set(moment)
    try:
        yield
    finally:
        _moment.reset(token)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC time, stored without its zone. Raises ValueError for a naive time."""

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
        """For SQLite, which stores times as text, a faster conversion: lists have thousands of times."""
        if dialect.name != "sqlite":
            return super().result_processor(dialect, coltype)
        return lambda text: None if text is None else datetime.fromisoformat(text + "Z")


Span = tuple[datetime, datetime]


class Spans(TypeDecorator[tuple[Span, ...]]):
    """Spans of aware UTC times, both ends included; None instead of an empty tuple."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: tuple[Span, ...] | None, dialect: Dialect) -> list[list[str]] | None:
        return [[moment.astimezone(UTC).isoformat() for moment in span] for span in value] if value else None

    def process_result_value(self, value: list[list[str]] | None, dialect: Dialect) -> tuple[Span, ...] | None:
        if value is None:
            return None
        return tuple((datetime.fromisoformat(first), datetime.fromisoformat(last)) for first, last in value)


def in_parts(keys: Collection[int], most: int = MOST_IN_A_STATEMENT) -> Iterator[list[int]]:
    """The keys, sorted, in lists of at most so many."""
    ordered = sorted(keys)
    for first in range(0, len(ordered), most):
        yield ordered[first : first + most]


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UTCDateTime}


class InLanguage:
    """Mixed into each `..._text` table, which has one row a language; the owner's key is the other primary key.

    `outdated_since` is when another language's text was changed first that this one has not followed yet.
    """

    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    outdated_since: Mapped[datetime | None]


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
