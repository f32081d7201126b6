"""Closing a forum, or one of its groups, now: what it ends, why it may be refused, and the state that it leads to."""

from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l

from app.admin.period_queries import copy_of, held, new_dates, periods_for, stays_in_sight
from app.errors import ForumError, Refused
from app.models import Forum, Period, PeriodKind, State, state_of, state_of_forum

NOT_OPEN = _l("No period is running now, so there is nothing to close.")
JUST_BEGUN = _l("The period has only just begun. Please try again in a moment.")
A_SECOND = timedelta(seconds=1)


def closing_refusal(forum: Forum, group_id: int | None, now: datetime) -> ForumError | None:
    """Why a forum, or a group, cannot be closed now, None where it can."""
    running = running_periods(forum, group_id, now)
    if not running:
        return Refused(NOT_OPEN)
    has_just_begun = any(period.opens_at >= now - A_SECOND for period in running)
    return Refused(JUST_BEGUN) if has_just_begun else None


def state_after_closing(forum: Forum, group_id: int | None, now: datetime) -> State:
    """The state that closing now leads to."""
    running, to_come = running_periods(forum, group_id, now), extensions_to_come(forum, group_id, now)
    end = now - A_SECOND
    after = [period for period in _closed_with(forum, group_id) if period not in running and period not in to_come]
    after += [copy_of(period, **new_dates(forum, period, period.opens_at, end)) for period in running]
    if stays_in_sight(forum):
        after += [copy_of(period, called_off_at=end) for period in to_come]
    if group_id is None:
        return state_of_forum(after, forum.group_numbers, forum.archived_at, now)
    return state_of(after, forum.archived_at, now)


def running_periods(forum: Forum, group_id: int | None, now: datetime) -> list[Period]:
    """The periods in which a group, or any part of the forum, takes messages now."""
    return [period for period in held(_closed_with(forum, group_id)) if period.opens_at <= now <= period.closes_at]


def extensions_to_come(forum: Forum, group_id: int | None, now: datetime) -> list[Period]:
    """The extensions that would follow a running period without a pause; closing now calls them off."""
    periods = _closed_with(forum, group_id)
    deadlines = {
        running.group_id: state_of([one for one in periods if one.group_id == running.group_id], None, now).deadline
        for running in running_periods(forum, group_id, now)
    }
    return [
        period
        for period in held(periods)
        if period.kind == PeriodKind.EXTENSION
        and period.opens_at > now
        and (until := deadlines.get(period.group_id)) is not None
        and period.opens_at <= until
    ]


def _closed_with(forum: Forum, group_id: int | None) -> list[Period]:
    """What closing concerns: a forum closes with all its groups, a group alone."""
    return forum.periods if group_id is None else periods_for(forum, group_id)
