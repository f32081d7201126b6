"""Add and change periods, call them off, and close a forum now. Dates that the public has seen stay in the record."""

from datetime import datetime
from typing import Any

from app.admin.closing_queries import A_SECOND, closing_refusal, extensions_to_come, running_periods
from app.admin.log_actions import Change, assign, changed, record
from app.admin.new_period_queries import add_to
from app.admin.object_queries import fetch, refuse_if_archived
from app.admin.period_queries import (
    check_change,
    copy_of,
    deletion_refusal,
    get_period,
    new_dates,
    periods_for,
    state_now,
    stays_in_sight,
    version_of_life,
    version_of_period,
)
from app.database import utcnow
from app.extensions import db, transaction
from app.models import Forum, Period, PeriodKind, StateKind, User
from app.permissions import require
from app.submissions import Once
from app.versions import require_version

LOGGED = ("kind", "group_id", "opens_at", "closes_at", "called_off_at")  # the former dates follow from earlier entries


def create(
    forum_id: int,
    kind: PeriodKind,
    group_id: int | None,
    opens_at: datetime,
    closes_at: datetime,
    *,
    key: str,
    viewer: User,
) -> int:
    """Add a period to a forum, or to one of its groups, and return its key; the same form sent again adds nothing.

    A group that has followed the forum's periods takes them over as its own first, so that its history stays whole
    and what was announced for it holds. Raises Refused, naming the field that breaks a rule, and Archived.
    """
    once = Once(key, viewer, forum_id, kind, group_id, opens_at, closes_at)
    with transaction(once=once):
        require(viewer, "administer")
        if once.before is not None:
            return once.before
        forum = fetch(Forum, forum_id)
        refuse_if_archived(forum)
        added = add_to(forum, kind, group_id, opens_at, closes_at, now=utcnow())
        for period in added:
            _add(forum, period, viewer)
        once.made(added[-1].id)
    return added[-1].id


def update(period_id: int, *, closes_at: datetime, opens_at: datetime | None = None, version: str, viewer: User) -> int:
    """Change the dates of a period, without `opens_at` only its end, and return its key.

    `version` is the one that the form showed. Raises as `check_change`, and ChangedMeanwhile.
    """
    with transaction():
        require(viewer, "administer")
        period, forum = get_period(period_id)
        opens_at = opens_at or period.opens_at
        changes = (opens_at, closes_at) != (period.opens_at, period.closes_at)
        require_version(version, version_of_period(period), changes=changes)
        check_change(forum, period, opens_at, closes_at, now=utcnow())
        _change(forum, period, "edit", new_dates(forum, period, opens_at, closes_at), viewer)
    return period_id


def call_off(period_id: int, *, version: str, viewer: User) -> bool:
    """Call off a period that has not begun; one that nobody has seen yet is deleted. False where it was called off
    already.

    `version` is the one that the page showed. Raises what `deletion_refusal` gives, and ChangedMeanwhile.
    """
    with transaction():
        require(viewer, "administer")
        period, forum = get_period(period_id)
        if period.called_off_at:
            return False
        now = utcnow()
        refusal = deletion_refusal(forum, period, now)
        if refusal:
            raise refusal
        require_version(version, version_of_period(period))
        _call_off(forum, period, now, viewer)
    return True


def close_now(forum_id: int, group_id: int | None = None, *, version: str, viewer: User) -> bool:
    """End every period that is running, of the forum and of its groups or of one group, and call off the extensions
    to come. False where all of it is closed already.

    The last moment is the second before now, so that nobody can post once the action has answered. A group that
    has followed the forum's periods takes them over first. `version` is that of the forum's life which the page showed.
    Raises what `closing_refusal` gives, and ChangedMeanwhile.
    """
    with transaction():
        require(viewer, "administer")
        forum, now = fetch(Forum, forum_id), utcnow()
        if state_now(forum, group_id, now).kind == StateKind.CLOSED:
            return False
        refusal = closing_refusal(forum, group_id, now)
        if refusal:
            raise refusal
        require_version(version, version_of_life(forum))
        _take_over(forum, group_id, viewer)
        end = now - A_SECOND
        for extension in extensions_to_come(forum, group_id, now):
            _call_off(forum, extension, end, viewer)
        for period in running_periods(forum, group_id, now):
            _change(forum, period, "close", new_dates(forum, period, period.opens_at, end), viewer)
    return True


def _take_over(forum: Forum, group_id: int | None, viewer: User) -> None:
    """Give a group that follows the forum's periods copies of them as its own."""
    for followed in [period for period in periods_for(forum, group_id) if period.group_id != group_id]:
        _add(forum, copy_of(followed, group_id=group_id), viewer)


def _add(forum: Forum, period: Period, viewer: User) -> None:
    forum.periods.append(period)
    db.session.flush()
    record(viewer, "create", "periods", period, _values_of(period, were=False), name=forum)


def _change(forum: Forum, period: Period, action: str, values: dict[str, Any], viewer: User) -> None:
    changes = assign(period, {name: value for name, value in values.items() if name in LOGGED})
    period.former_dates = values.get("former_dates", period.former_dates)
    if changes:
        record(viewer, action, "periods", period, changes, name=forum)


def _call_off(forum: Forum, period: Period, at: datetime, viewer: User) -> None:
    if stays_in_sight(forum):
        _change(forum, period, "call_off", {"called_off_at": at}, viewer)
    else:
        record(viewer, "delete", "periods", period, _values_of(period, were=True), name=forum)
        forum.periods.remove(period)


def _values_of(period: Period, *, were: bool) -> list[Change]:
    """Its values for the log: as old ones of a period that goes, or as new ones of a period that comes."""
    changes: list[Change] = []
    for name in LOGGED:
        value = getattr(period, name)
        changes += changed(name, value, None) if were else changed(name, None, value)
    return changes
