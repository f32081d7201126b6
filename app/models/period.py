"""Periods in which a forum, or one of its groups, is open for messages; and the state that follows from them."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Span, Spans


class PeriodKind(enum.StrEnum):
    SCHEDULED = "scheduled"
    EXTENSION = "extension"
    REOPENING = "reopening"


class Period(Base):
    """Both ends are inclusive: a message sent in the second of `closes_at` is accepted.

    `opens_at` and `closes_at` are the current dates. What was announced before stays in the record: `former_dates` are
    the dates that they replaced, oldest first, None if there are none. A period that was cancelled keeps its dates
    but accepts no messages.
    """

    __tablename__ = "period"
    __table_args__ = (CheckConstraint("opens_at < closes_at", name="opens_before_it_closes"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    forum_id: Mapped[int] = mapped_column(ForeignKey("forum.id"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    former_dates: Mapped[tuple[Span, ...] | None] = mapped_column(Spans)
    called_off_at: Mapped[datetime | None]


class StateKind(enum.StrEnum):
    PLANNED = "planned"
    OPEN = "open"
    EXTENDED = "extended"
    REOPENED = "reopened"
    CLOSED = "closed"
    ARCHIVED = "archived"


@dataclass(frozen=True)
class State:
    """The state of a forum or a group at one moment.

    `opens_at` is the next opening (if planned, or closed with a reopening to come), `deadline` the last second for
    posting (if open) or the one that has passed (if closed), `first_deadline` the deadline before it was extended,
    `announced` a later deadline that was announced and then brought forward, `closed_before` the deadline before it was
    reopened. For a forum, `varies` says that these dates differ between its groups, and `lacks_groups` that it has no
    group in which people could post.
    """

    kind: StateKind
    opens_at: datetime | None = None
    deadline: datetime | None = None
    first_deadline: datetime | None = None
    announced: datetime | None = None
    closed_before: datetime | None = None
    archived_at: datetime | None = None
    varies: bool = False
    lacks_groups: bool = False

    @property
    def is_open(self) -> bool:
        return self.kind in {StateKind.OPEN, StateKind.EXTENDED, StateKind.REOPENED}

    @property
    def has_ended(self) -> bool:
        return self.kind in {StateKind.CLOSED, StateKind.ARCHIVED}

    def tells_as(self, other: "State") -> bool:
        """Whether readers of the other are told the same, so that a group need not repeat what its forum says."""
        return replace(self, varies=False) == replace(other, varies=False)


def last_second(minute: datetime) -> datetime:
    """The last second of a deadline that is given to the minute: a deadline of 23:59 includes 23:59:59."""
    return minute.replace(second=59)


def periods_of_group(periods: Iterable[Any], group_id: int) -> list[Any]:
    """The periods of a forum that apply to a group: its own; or, if all of its own were cancelled, these and the
    forum's. Periods are entities, or rows with the same columns."""
    known = list(periods)
    own = [period for period in known if period.group_id == group_id]
    is_followed = all(period.called_off_at for period in own)
    return [*own, *(period for period in known if period.group_id is None)] if is_followed else own


def schedules(periods: Iterable[Period], group_ids: Iterable[int]) -> list[list[Period]]:
    """The different schedules in a forum: the forum's periods, if any group follows them, and those of each group that
    has its own. Without groups, the forum's periods alone."""
    known, groups = list(periods), set(group_ids)
    with_own = {period.group_id for period in known if period.group_id is not None and period.called_off_at is None}
    follows = not groups or bool(groups - with_own)
    scopes = [*([None] if follows else []), *sorted(with_own & groups)]
    return [[period for period in known if period.group_id == scope] for scope in scopes]


def state_of_forum(
    periods: Iterable[Period], group_ids: Iterable[int], archived_at: datetime | None, now: datetime
) -> State:
    """The state of a whole forum: it is open as long as any of its groups is, until the last of their deadlines."""
    groups = list(group_ids)
    states = [state_of(schedule, archived_at, now) for schedule in schedules(periods, groups)]
    whole = max(states, key=_how_far)
    if whole.is_open and not groups:
        return State(StateKind.PLANNED, lacks_groups=True)
    openings = [state.opens_at for state in states if state.opens_at and not whole.is_open]
    dates = {(state.is_open, state.opens_at, state.deadline) for state in states}
    return replace(whole, opens_at=min(openings, default=None), varies=len(dates) > 1 and not archived_at)


def _how_far(state: State) -> tuple[Any, ...]:
    """A sort key: open, then closed, then planned; among these the latest deadline, and where that is the same, the
    latest that was announced. No time is compared with None."""
    times = [(time is not None, time) for time in (state.deadline, state.announced)]
    return state.is_open, state.kind != StateKind.PLANNED, *times


def state_of(periods: Iterable[Any], archived_at: datetime | None, now: datetime) -> State:
    """The state that follows from periods, which are entities or rows with the same columns."""
    known = sorted(periods, key=lambda period: period.opens_at)
    ordered = [period for period in known if period.called_off_at is None]
    if archived_at:
        return State(StateKind.ARCHIVED, **_end(known, ordered), archived_at=archived_at)
    running = [period for period in ordered if period.opens_at <= now <= period.closes_at]
    if running:
        return _open_state(known, ordered, running[0])
    coming = next((period for period in ordered if period.opens_at > now), None)
    opens_at = coming.opens_at if coming else None
    past = [period for period in ordered if period.closes_at < now]
    if past:
        return State(StateKind.CLOSED, opens_at=opens_at, **_end(known, past))
    return State(StateKind.PLANNED, opens_at=opens_at, deadline=coming.closes_at if coming else None)


def _open_state(known: list[Any], ordered: list[Any], running: Any) -> State:
    """Follow the extensions that join on to the running period, as they were announced before it ended."""
    deadline = running.closes_at
    extended = running.kind == PeriodKind.EXTENSION
    for period in ordered:
        if period.kind == PeriodKind.EXTENSION and period.opens_at <= deadline < period.closes_at:
            deadline, extended = period.closes_at, True
    first = _begun_with(ordered, running)
    dates = _dates(known, ordered, first, deadline)
    if extended:
        return State(StateKind.EXTENDED, **dates, first_deadline=_first_deadline(first))
    return State(StateKind.REOPENED if running.kind == PeriodKind.REOPENING else StateKind.OPEN, **dates)


def _end(known: list[Any], ended: list[Any]) -> dict[str, Any]:
    """The dates of a state whose last period has ended."""
    if not ended:
        return {}
    last = max(ended, key=lambda period: period.closes_at)
    own = [period for period in ended if period.group_id == last.group_id]
    first = _begun_with(own, last)
    dates = _dates(known, own, first, last.closes_at)
    # An extension may also have been cancelled, so that what ended is the first period.
    was_extended = last is not first or dates["announced"]
    first_deadline = _first_deadline(first) if was_extended else None
    is_told = first_deadline in (dates["deadline"], dates["announced"])
    return dates | {"first_deadline": None if is_told else first_deadline}


def _dates(known: list[Any], ordered: list[Any], first: Any, deadline: datetime) -> dict[str, Any]:
    """A deadline, the later one that was announced in its place, and the deadline before a reopening."""
    earlier = [period.closes_at for period in ordered if period.closes_at < first.opens_at]
    closed_before = max(earlier, default=None) if first.kind == PeriodKind.REOPENING else None
    return {"deadline": deadline, "announced": _announced(known, first, deadline), "closed_before": closed_before}


def _first_deadline(first: Any) -> datetime:
    deadline: datetime = first.former_dates[0][1] if first.former_dates else first.closes_at
    return deadline


def _begun_with(ordered: list[Any], period: Any) -> Any:
    """The period that this one extends, directly or through others; this one if it is not an extension."""
    begun = [other for other in ordered if other.kind != PeriodKind.EXTENSION and other.opens_at <= period.opens_at]
    return begun[-1] if begun else period


def _announced(known: list[Any], first: Any, deadline: datetime) -> datetime | None:
    """The latest deadline ever announced for a period and its extensions; None if none was later than `deadline`."""
    latest = deadline
    for period in known:
        since = period.called_off_at or period.opens_at
        extends = period.kind == PeriodKind.EXTENSION and period.group_id == first.group_id
        if period is first or (extends and period.opens_at <= latest and first.opens_at <= since <= deadline):
            latest = max(latest, period.closes_at, *(closes_at for _opens_at, closes_at in period.former_dates or ()))
    return latest if latest > deadline else None
