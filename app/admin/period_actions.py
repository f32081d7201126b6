"""Add, change and delete periods, and close a forum now. The dates that have been announced stay in the record."""

from datetime import datetime

from app.admin.log_actions import Change, assign, changed, record
from app.admin.object_queries import fetch, refuse_if_archived
from app.admin.period_queries import (
    A_SECOND,
    basis_for,
    check,
    check_change,
    closing_refusal,
    deletion_refusal,
    extensions_to_come,
    get_period,
    running_periods,
)
from app.database import utcnow
from app.extensions import db, transaction
from app.models import Forum, Period, PeriodKind, User
from app.permissions import require
from app.submissions import earlier_result, remember

COLUMNS = ("kind", "group_id", "opens_at", "closes_at")


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

    A group that has followed the forum's periods takes them over as its own before it gets an extension or a
    reopening, so that its history stays whole. Raises Refused, naming the field that breaks a rule, and Archived.
    """
    with transaction():
        require(viewer, "administer")
        earlier = earlier_result(key, viewer.id, forum_id, kind, group_id, opens_at, closes_at)
        if earlier is not None:
            return earlier
        forum = fetch(Forum, forum_id)
        refuse_if_archived(forum)
        period = Period(forum_id=forum.id, kind=kind, group_id=group_id, opens_at=opens_at, closes_at=closes_at)
        basis = basis_for(forum, group_id, kind)
        check([*basis, period], period)
        for followed in [followed for followed in basis if followed.group_id != group_id]:
            _add(forum, _copy(followed, group_id), viewer)
        _add(forum, period, viewer)
        made = period.id
        remember(key, viewer.id, made, forum_id, kind, group_id, opens_at, closes_at)
    return made


def update(period_id: int, *, closes_at: datetime, opens_at: datetime | None = None, viewer: User) -> int:
    """Change the dates of a period, without `opens_at` only its end, and return its key. Raises as `check_change`."""
    with transaction():
        require(viewer, "administer")
        period, forum = get_period(period_id)
        dates = {"opens_at": opens_at or period.opens_at, "closes_at": closes_at}
        check_change(forum, period, **dates, now=utcnow())
        changes = assign(period, dates)
        if changes:
            record(viewer, "edit", "periods", period, changes, name=forum)
    return period_id


def delete(period_id: int, *, viewer: User) -> None:
    """Delete a period that has not begun. Raises what `deletion_refusal` gives."""
    with transaction():
        require(viewer, "administer")
        period, forum = get_period(period_id)
        refusal = deletion_refusal(forum, period, utcnow())
        if refusal:
            raise refusal
        _delete(forum, period, viewer)


def close_now(forum_id: int, *, viewer: User) -> None:
    """End every period that is running, of the forum and of its groups, and call off the extensions to come.

    The last moment is the second before now, so that nobody can post once the action has answered.
    Raises what `closing_refusal` gives.
    """
    with transaction():
        require(viewer, "administer")
        forum, now = fetch(Forum, forum_id), utcnow()
        refusal = closing_refusal(forum, now)
        if refusal:
            raise refusal
        for extension in extensions_to_come(forum, now):
            _delete(forum, extension, viewer)
        for period in running_periods(forum, now):
            changes = assign(period, {"closes_at": now - A_SECOND})
            record(viewer, "close", "periods", period, changes, name=forum)


def _add(forum: Forum, period: Period, viewer: User) -> None:
    db.session.add(period)
    db.session.flush()
    record(viewer, "create", "periods", period, _values_of(period, were=False), name=forum)


def _delete(forum: Forum, period: Period, viewer: User) -> None:
    record(viewer, "delete", "periods", period, _values_of(period, were=True), name=forum)
    forum.periods.remove(period)


def _copy(period: Period, group_id: int | None) -> Period:
    return Period(
        forum_id=period.forum_id,
        kind=period.kind,
        group_id=group_id,
        opens_at=period.opens_at,
        closes_at=period.closes_at,
    )


def _values_of(period: Period, *, were: bool) -> list[Change]:
    """Its values for the log: as old ones of a period that goes, or as new ones of a period that comes."""
    changes: list[Change] = []
    for name in COLUMNS:
        value = getattr(period, name)
        changes += changed(name, value, None) if were else changed(name, None, value)
    return changes
