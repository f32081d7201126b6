"""Periods in which a forum, or one of its groups, is open for messages; and the state that follows from them."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
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

    `opens_at` is the next opening (if planned, or closed with a reopening to come), `reopens_until` the deadline of a
    reopening to come, `deadline` the last second for posting (if open) or the one that has passed (if closed),
    `first_deadline` the original deadline, `closed_before` the deadline before it was reopened, `former` all other
    deadlines that were announced since. For a forum, `varies` says that these dates differ between its groups,
    `is_next` that `deadline` is only the next one and other groups have later ones, and `lacks_groups` that it has no
    group in which people could post.
    """

    kind: StateKind
    opens_at: datetime | None = None
    deadline: datetime | None = None
    reopens_until: datetime | None = None
    first_deadline: datetime | None = None
    closed_before: datetime | None = None
    former: tuple[datetime, ...] = field(default=(), compare=False)
    archived_at: datetime | None = None
    varies: bool = False
    is_next: bool = False
    lacks_groups: bool = False

    @property
    def is_open(self) -> bool:
        return self.kind in {StateKind.OPEN, StateKind.EXTENDED, StateKind.REOPENED}

    @property
    def has_ended(self) -> bool:
        return self.kind in {StateKind.CLOSED, StateKind.ARCHIVED}

    @property
    def announced(self) -> datetime | None:
        """The latest deadline that was announced and then brought forward; None if none was later than `deadline`."""
        return _latest_after(self.deadline, self.former) if self.deadline else None

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
    """The state of a whole forum: it is open as long as any of its groups is. Its deadline is the next one of those
    that are open; if none is open, the last that has passed; if all are planned, the first to come."""
    groups = list(group_ids)
    states = [state_of(schedule, archived_at, now) for schedule in schedules(periods, groups)]
    leading = [state for state in states if state.is_open]
    leading = leading or [state for state in states if state.kind != StateKind.PLANNED] or states
    if leading[0].is_open and not groups:
        return State(StateKind.PLANNED, lacks_groups=True)
    deadlines = {state.deadline for state in leading if state.deadline}
    choose = max if leading[0].has_ended else min
    told = choose(deadlines, default=None)
    whole = max((state for state in leading if state.deadline == told), key=_latest_announced)
    openings = [state.opens_at for state in states if state.opens_at and not whole.is_open]
    dates = {(state.is_open, state.opens_at, state.deadline, state.reopens_until) for state in states}
    return replace(
        whole,
        opens_at=min(openings, default=None),
        varies=len(dates) > 1 and not archived_at,
        is_next=len(deadlines) > 1 and not whole.has_ended,
    )


def _latest_announced(state: State) -> tuple[bool, Any]:
    """A sort key; no time is compared with None."""
    return state.announced is not None, state.announced


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
    opens_at, closes_at = (coming.opens_at, coming.closes_at) if coming else (None, None)
    past = [period for period in ordered if period.closes_at < now]
    if past:
        return State(StateKind.CLOSED, opens_at=opens_at, reopens_until=closes_at, **_end(known, past))
    return State(StateKind.PLANNED, opens_at=opens_at, deadline=closes_at)


def _open_state(known: list[Any], ordered: list[Any], running: Any) -> State:
    """Follow the extensions that join on to the running period, as they were announced before it ended. What ends
    before a deadline that was announced is not said to be extended."""
    deadline = running.closes_at
    extended = running.kind == PeriodKind.EXTENSION
    for period in ordered:
        if period.kind == PeriodKind.EXTENSION and period.opens_at <= deadline < period.closes_at:
            deadline, extended = period.closes_at, True
    first = _begun_with(ordered, running)
    state = State(StateKind.OPEN, **_dates(known, ordered, first, deadline, extended=extended))
    if state.first_deadline and not state.announced:
        return replace(state, kind=StateKind.EXTENDED)
    return replace(state, kind=StateKind.REOPENED) if first.kind == PeriodKind.REOPENING else state


def _end(known: list[Any], ended: list[Any]) -> dict[str, Any]:
    """The dates of a state whose last period has ended."""
    if not ended:
        return {}
    last = max(ended, key=lambda period: period.closes_at)
    own = [period for period in ended if period.group_id == last.group_id]
    first = _begun_with(own, last)
    return _dates(known, own, first, last.closes_at, extended=last is not first)


def _dates(known: list[Any], ordered: list[Any], first: Any, deadline: datetime, *, extended: bool) -> dict[str, Any]:
    """A deadline, the others that were announced in its place, and the deadline before a reopening. An extension may
    also have been cancelled, so that what remains is the first period."""
    earlier = [period.closes_at for period in ordered if period.closes_at < first.opens_at]
    former = _former(known, first, deadline)
    original = first.former_dates[0][1] if first.former_dates else first.closes_at
    announced = _latest_after(deadline, former)
    is_told = original in (deadline, announced)
    return {
        "deadline": deadline,
        "first_deadline": original if (extended or announced) and not is_told else None,
        "closed_before": max(earlier, default=None) if first.kind == PeriodKind.REOPENING else None,
        "former": former,
    }


def _begun_with(ordered: list[Any], period: Any) -> Any:
    """The period that this one extends, directly or through others; this one if it is not an extension."""
    begun = [other for other in ordered if other.kind != PeriodKind.EXTENSION and other.opens_at <= period.opens_at]
    return begun[-1] if begun else period


def _former(known: list[Any], first: Any, deadline: datetime) -> tuple[datetime, ...]:
    """The other deadlines ever announced for a period and its extensions, each once: those of each period in turn, the
    oldest first."""
    told: list[datetime] = []
    for period in known:
        since = period.called_off_at or period.opens_at
        extends = period.kind == PeriodKind.EXTENSION and period.group_id == first.group_id
        follows = period.opens_at <= max([deadline, *told]) and first.opens_at <= since <= deadline
        if period is first or (extends and follows):
            told += [*(closes_at for _opens_at, closes_at in period.former_dates or ()), period.closes_at]
    return tuple(one for one in dict.fromkeys(told) if one != deadline)


def _latest_after(deadline: datetime, former: Iterable[datetime]) -> datetime | None:
    return max((one for one in former if one > deadline), default=None)
