"""What a new period leads to: what a group takes over from its forum, the rules, and the state that follows."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask_babel import gettext as _

from app.admin.period_queries import (
    OVER_ALREADY,
    check,
    clash,
    copy_of,
    extends,
    held,
    is_fixed,
    periods_for,
    same_scope,
    state_with,
    stays_in_sight,
)
from app.errors import Refused
from app.languages import reader_language
from app.models import Forum, Period, PeriodKind, State, StateKind, state_of

A_SECOND = timedelta(seconds=1)


def add_to(
    forum: Forum, kind: str, group_id: int | None, opens_at: datetime, closes_at: datetime, *, now: datetime
) -> list[Period]:
    """The periods to add to a forum or a group: the new one, which comes last, and those that the group takes over.

    None of them belongs to the forum yet. Raises Refused.
    """
    basis = periods_for(forum, group_id)
    if kind == PeriodKind.REOPENING:
        opens_at = _after_the_end(held(basis), opens_at)
    period = Period(kind=kind, group_id=group_id, opens_at=opens_at, closes_at=closes_at)
    taken = _taken_over(forum, [followed for followed in basis if followed.group_id != group_id], period, now)
    _check_new(forum, [*same_scope(forum, period), *taken, period], period, now)
    return [*taken, period]


def state_with_new(
    forum: Forum, kind: str, group_id: int | None, opens_at: datetime, closes_at: datetime, *, now: datetime
) -> State:
    """The state that a new period would lead to; nothing of it is written. Raises Refused."""
    added = add_to(forum, kind, group_id, opens_at, closes_at, now=now)
    return state_with(forum, group_id, [*same_scope(forum, added[-1]), *added], now)


def state_of_own(forum: Forum, group_id: int | None, now: datetime) -> State:
    """The state that the periods of a group, or those of the forum without its groups', lead to."""
    return state_of(periods_for(forum, group_id), forum.archived_at, now)


def kinds_possible(forum: Forum, group_id: int | None, now: datetime) -> list[PeriodKind]:
    """The kinds of period that can follow now. What nobody has seen can be written down after the event."""
    state = state_of_own(forum, group_id, now)
    may_extend = state.is_open or (state.deadline and not stays_in_sight(forum))
    kinds = [PeriodKind.EXTENSION] if may_extend else []
    return [*kinds, *([PeriodKind.REOPENING] if state.kind == StateKind.CLOSED else []), PeriodKind.SCHEDULED]


def _after_the_end(periods: Sequence[Period], opens_at: datetime) -> datetime:
    """A reopening in the minute in which the last period ended begins once that has ended."""
    ends = [period.closes_at for period in periods if period.closes_at.replace(second=0) == opens_at]
    return max(ends) + A_SECOND if ends else opens_at


def _taken_over(forum: Forum, followed: Sequence[Period], period: Period, now: datetime) -> list[Period]:
    """Copies of the periods that a group has followed, so that what was announced for it stays.

    A scheduled period stands in place of those to come that it overlaps: they are called off for the group, or
    left out where nobody has seen them.
    """
    taken = []
    for one in followed:
        is_replaced = period.kind == PeriodKind.SCHEDULED and not one.called_off_at and clash(period, one)
        if not is_replaced or is_fixed(forum, one, now):
            taken.append(copy_of(one, group_id=period.group_id))
        elif stays_in_sight(forum):
            taken.append(copy_of(one, group_id=period.group_id, called_off_at=now))
    return taken


def _check_new(forum: Forum, periods: Sequence[Period], period: Period, now: datetime) -> None:
    """Raise Refused where a period does not fit, or would tell readers of a past that was another."""
    check(periods, period)
    if not stays_in_sight(forum):
        return
    if period.kind == PeriodKind.EXTENSION:
        end = max(other.closes_at for other in held(periods) if other is not period and extends(period, other))
        if end < now:
            raise Refused(_has_ended(end), "opens_at")
    if period.closes_at < now:
        raise Refused(OVER_ALREADY, "closes_at")


def _has_ended(end: datetime) -> str:
    return _(
        "The period to extend ended on %(deadline)s, and what is closed is not extended. Use “Reopen” instead, so that "
        "readers see when messages were taken and when they were not.",
        deadline=reader_language().moment(end),
    )
