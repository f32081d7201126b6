"""Periods in which a forum, or one of its groups, takes messages; the state of a forum follows from them."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base


class PeriodKind(enum.StrEnum):
    SCHEDULED = "scheduled"
    EXTENSION = "extension"
    REOPENING = "reopening"


class Period(Base):
    """Both ends are inclusive: a message sent at `closes_at`, to the second, is taken."""

    __tablename__ = "period"
    __table_args__ = (CheckConstraint("opens_at < closes_at", name="opens_before_it_closes"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    forum_id: Mapped[int] = mapped_column(ForeignKey("forum.id"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]


class StateKind(enum.StrEnum):
    PLANNED = "planned"
    OPEN = "open"
    EXTENDED = "extended"
    REOPENED = "reopened"
    CLOSED = "closed"
    ARCHIVED = "archived"


@dataclass(frozen=True)
class State:
    """Where a forum or a group is in its life.

    `opens_at` is the next opening (planned, or closed with a reopening to come), `deadline` the last
    moment to write (when open) or the last moment that there was (when closed), `first_deadline` the
    deadline before it was extended.
    """

    kind: StateKind
    opens_at: datetime | None = None
    deadline: datetime | None = None
    first_deadline: datetime | None = None
    archived_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.kind in {StateKind.OPEN, StateKind.EXTENDED, StateKind.REOPENED}


def state_of(periods: Iterable[Period], archived_at: datetime | None, now: datetime) -> State:
    """Derive the state from the periods; it is never typed by anybody."""
    ordered = sorted(periods, key=lambda period: period.opens_at)
    if archived_at:
        return State(StateKind.ARCHIVED, deadline=_last_deadline(ordered), archived_at=archived_at)
    running = [period for period in ordered if period.opens_at <= now <= period.closes_at]
    if running:
        return _open_state(ordered, running[0])
    coming = next((period for period in ordered if period.opens_at > now), None)
    past = [period for period in ordered if period.closes_at < now]
    if past:
        return State(StateKind.CLOSED, opens_at=coming.opens_at if coming else None, deadline=_last_deadline(past))
    return State(
        StateKind.PLANNED,
        opens_at=coming.opens_at if coming else None,
        deadline=coming.closes_at if coming else None,
    )


def _open_state(ordered: list[Period], running: Period) -> State:
    """Follow the extensions that join on to the running period, as they were announced before it ended."""
    deadline = running.closes_at
    extended = running.kind == PeriodKind.EXTENSION
    for period in ordered:
        if period.kind == PeriodKind.EXTENSION and period.opens_at <= deadline < period.closes_at:
            deadline, extended = period.closes_at, True
    if extended:
        begun = [period for period in ordered if period.kind != PeriodKind.EXTENSION]
        first = next((period for period in reversed(begun) if period.opens_at <= running.opens_at), running)
        return State(StateKind.EXTENDED, deadline=deadline, first_deadline=first.closes_at)
    reopened = running.kind == PeriodKind.REOPENING
    return State(StateKind.REOPENED if reopened else StateKind.OPEN, deadline=deadline)


def _last_deadline(periods: list[Period]) -> datetime | None:
    return max((period.closes_at for period in periods), default=None)
