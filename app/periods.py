"""Periods in which a forum, or one of its groups, is open for messages: adding, changing and cancelling them, and
closing now; the rules for these, and the state that each would lead to, computed before anything is written.

Dates that have been public stay in the record. How a state follows from periods is in `app/models/period.py`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.audit import Change, assign, changed, record
from app.database import utcnow
from app.errors import Archived, ForumError, Refused
from app.extensions import db, transaction
from app.languages import reader_language
from app.models import Forum, Period, PeriodKind, State, StateKind, User, state_of, state_of_forum
from app.permissions import require
from app.rows import fetch
from app.submissions import Once
from app.versions import require_version, version_of

ENDS_FIRST = _l("The deadline must be later than the opening.")
NOTHING_TO_EXTEND = _l("There is no period yet, so there is nothing to extend.")
NOTHING_TO_REOPEN = _l("There is no earlier period, so there is nothing to reopen.")
OTHERS_BUILD_ON_IT = _l(
    "Another period, such as an extension, depends on this one. Change or cancel that period first."
)
IS_CALLED_OFF = _l("This period has been cancelled. Its dates are part of the record and cannot be changed.")
IS_OVER = _l("This period is over. Its dates are part of the record and cannot be changed.")
HAS_BEGUN = _l("This period has begun. Its opening is part of the record, so it can be neither deleted nor cancelled.")
OPENING_STAYS = _l("This period has begun, so its opening cannot be changed.")
NEEDS_EXTENSION = _l(
    "A period that has begun cannot be lengthened here. Add an extension, so that both dates remain on record."
)
NOT_IN_THE_PAST = _l("The deadline of a period that has begun cannot be moved into the past.")
OVER_ALREADY = _l(
    "This deadline has already passed. In a published forum, a period that is added or moved must end in the future."
)
FOREIGN_GROUP = _l("Please choose a group of this forum.")
NOT_OPEN = _l("No period is in progress, so there is nothing to close.")
JUST_BEGUN = _l("The period has only just begun. Please try again in a moment.")

A_SECOND, A_MINUTE, SOON = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=7)
COLUMNS = ("kind", "group_id", "opens_at", "closes_at", "former_dates", "called_off_at")
LOGGED = tuple(name for name in COLUMNS if name != "former_dates")  # those are in earlier entries of the log


@dataclass(frozen=True)
class Deadline:
    """A moment of the next week at which a forum opens or takes its last message, or these groups of it alone."""

    at: datetime
    forum: Forum
    groups: Sequence[int]
    opens: bool


@dataclass(frozen=True)
class NewPeriod:
    """A period to add to a group or, if `group_id` is None, to the forum as a whole. Without `opens_at`, it begins at
    the present deadline."""

    kind: PeriodKind
    group_id: int | None
    closes_at: datetime
    opens_at: datetime | None = None


def create(forum_id: int, new: NewPeriod, *, key: str, version: str, viewer: User) -> int:
    """Add a period to a forum, or to one of its groups, and return its key; the same form sent again adds nothing.

    A group that has followed the forum's periods first gets copies of them, so that its history is complete and what
    was announced for it stays valid. `version` is the one of the forum's life that the form showed, since what a new
    period does depends on the others. Raises Archived, ChangedMeanwhile, or Refused with the field that breaks a rule.
    """
    once = Once(key, viewer, forum_id, new)
    with transaction(once=once):
        require(viewer, "administer")
        if once.before is not None:
            return once.before
        forum = fetch(Forum, forum_id)
        if forum.archived_at:
            raise Archived
        require_version(version, version_of_life(forum))
        added = _add_to(forum, new, utcnow())
        for period in added:
            _add(forum, period, viewer)
        once.made(added[-1].id)
    return added[-1].id


def update(period_id: int, *, closes_at: datetime, opens_at: datetime | None = None, version: str, viewer: User) -> int:
    """Change the dates of a period, without `opens_at` only its end, and return its key.

    `version` is the one that the form showed. Raises the result of `change_refusal`, Refused, or ChangedMeanwhile.
    """
    with transaction():
        require(viewer, "administer")
        period, forum = get_period(period_id)
        opens_at = opens_at or period.opens_at
        changes = (opens_at, closes_at) != (period.opens_at, period.closes_at)
        require_version(version, version_of_period(period), changes=changes)
        _check_change(forum, period, opens_at, closes_at, now=utcnow())
        _change(forum, period, "edit", _new_dates(forum, period, opens_at, closes_at), viewer)
    return period_id


def call_off(period_id: int, *, version: str, viewer: User) -> bool:
    """Cancel a period that has not begun, or delete it if it has not been public. False if it had been cancelled
    already.

    `version` is the one that the page showed. Raises the result of `deletion_refusal`, or ChangedMeanwhile.
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
    """End all current periods of one group, or of the forum and all its groups, and call off the extensions that would
    follow. False if everything is closed already.

    The periods end with the second before now, so that no one can post after the action. A group that has followed the
    forum's periods first gets copies of them. Raises the result of `closing_refusal`, or ChangedMeanwhile.
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
        for extension in _extensions_to_come(forum, group_id, now):
            _call_off(forum, extension, end, viewer)
        for period in running_periods(forum, group_id, now):
            _change(forum, period, "close", _new_dates(forum, period, period.opens_at, end), viewer)
    return True


def get_period(period_id: int) -> tuple[Period, Forum]:
    """A period and its forum. Raises NotFound."""
    period = fetch(Period, period_id)
    return period, fetch(Forum, period.forum_id)


def version_of_period(period: Period) -> str:
    return version_of(period, COLUMNS)


def version_of_life(forum: Forum) -> str:
    """The version of everything that determines the state of a forum and its groups."""
    return version_of(forum, ("published_at", "archived_at"), [version_of_period(period) for period in forum.periods])


def periods_for(forum: Forum, group_id: int | None) -> list[Period]:
    """The periods that apply to a group or, if `group_id` is None, to the forum as a whole.

    Raises Refused if the group belongs to another forum.
    """
    if group_id is None:
        return forum.own_periods
    group = next((group for group in forum.groups if group.id == group_id), None)
    if group is None:
        raise Refused(FOREIGN_GROUP, "group_id")
    return forum.group_periods(group)


def state_now(forum: Forum, group_id: int | None, now: datetime) -> State:
    """The state of a group or, if `group_id` is None, of the whole forum. Raises as `periods_for`."""
    return _state_with(forum, group_id, periods_for(forum, group_id), now)


def state_with_change(
    forum: Forum, period: Period, *, closes_at: datetime, opens_at: datetime | None = None, now: datetime
) -> State:
    """The state that other dates would lead to. Writes nothing; raises as `update`."""
    opens_at = opens_at or period.opens_at
    _check_change(forum, period, opens_at, closes_at, now)
    return _state_with(forum, period.group_id, _with_change(forum, period, opens_at, closes_at), now)


def stays_in_sight(forum: Forum) -> bool:
    """Whether the dates of the periods are public, and therefore part of the record."""
    return forum.published_at is not None


def has_none(forum: Forum) -> bool:
    """Whether no dates are set, those that were cancelled aside."""
    return not _held(forum.periods)


def latest(forum: Forum, group_id: int | None) -> Period | None:
    """The period that applies to a group or to the forum as a whole and ends last, those cancelled aside."""
    return max(_held(periods_for(forum, group_id)), key=lambda period: period.closes_at, default=None)


def is_fixed(forum: Forum, period: Period, now: datetime) -> bool:
    """Whether the period has begun in public, so that its opening is part of the record."""
    return forum.published_at is not None and period.opens_at <= now


def change_refusal(forum: Forum, period: Period, now: datetime) -> ForumError | None:
    """The reason why a period cannot be changed at all; None if it can."""
    if forum.archived_at:
        return Archived()
    if period.called_off_at:
        return Refused(IS_CALLED_OFF)
    is_over = is_fixed(forum, period, now) and period.closes_at < now
    return Refused(IS_OVER) if is_over else None


def deletion_refusal(forum: Forum, period: Period, now: datetime) -> ForumError | None:
    """The reason why a period can be neither deleted nor called off; None if it can."""
    if forum.archived_at:
        return Archived()
    if period.called_off_at:
        return Refused(IS_CALLED_OFF)
    if is_fixed(forum, period, now):
        return Refused(HAS_BEGUN)
    try:
        _check([other for other in _same_scope(forum, period) if other is not period])
    except Refused as refusal:
        return refusal
    return None


def state_with_new(forum: Forum, new: NewPeriod, now: datetime) -> State:
    """The state that a new period would lead to. Writes nothing; raises Refused."""
    added = _add_to(forum, new, now)
    return _state_with(forum, new.group_id, [*_same_scope(forum, added[-1]), *added], now)


def state_of_own(forum: Forum, group_id: int | None, now: datetime) -> State:
    """The state that follows from the periods of a group, or from those of the forum without its groups."""
    return state_of(periods_for(forum, group_id), forum.archived_at, now)


def deadlines(forums: Iterable[Forum], now: datetime) -> list[Deadline]:
    """What opens and closes in the next seven days in forums that are published, the earliest first."""
    found: dict[tuple[Forum, datetime, bool], list[int]] = {}
    for forum in forums:
        for group in forum.groups if forum.published_at else ():
            state = forum.group_state(group, now)
            at = state.deadline if state.is_open else state.opens_at
            if at and now <= at <= now + SOON:
                found.setdefault((forum, at, not state.is_open), []).append(group.number)
    told = [
        Deadline(at, forum, [] if len(groups) == len(forum.groups) else groups, opens)
        for (forum, at, opens), groups in found.items()
    ]
    return sorted(told, key=lambda one: (one.at, one.forum.id))


def _start_of_extension(forum: Forum, new: NewPeriod, now: datetime) -> datetime:
    """When an extension begins: at the present deadline. Raises Refused if it would not end later."""
    deadline = state_of_own(forum, new.group_id, now).deadline
    if deadline and new.closes_at <= deadline:
        told = reader_language().at(deadline)
        raise Refused(
            _("The new deadline must be later than the present one, %(deadline)s.", deadline=told), "closes_at"
        )
    return deadline or now


def kinds_possible(forum: Forum, group_id: int | None, now: datetime) -> list[PeriodKind]:
    """The kinds of period that can be added now. In an unpublished forum, an ended period can be extended too."""
    state = state_of_own(forum, group_id, now)
    may_extend = state.is_open or (state.deadline and not stays_in_sight(forum))
    kinds = [PeriodKind.EXTENSION] if may_extend else []
    return [*kinds, *([PeriodKind.REOPENING] if state.kind == StateKind.CLOSED else []), PeriodKind.SCHEDULED]


def closing_refusal(forum: Forum, group_id: int | None, now: datetime) -> ForumError | None:
    """The reason why a forum or a group cannot be closed now; None if it can."""
    running = running_periods(forum, group_id, now)
    if not running:
        return Refused(NOT_OPEN)
    has_just_begun = any(period.opens_at >= now - A_SECOND for period in running)
    return Refused(JUST_BEGUN) if has_just_begun else None


def state_after_closing(forum: Forum, group_id: int | None, now: datetime) -> State:
    """The state that closing now would lead to."""
    running, to_come = running_periods(forum, group_id, now), _extensions_to_come(forum, group_id, now)
    end = now - A_SECOND
    after = [period for period in _closed_with(forum, group_id) if period not in running and period not in to_come]
    after += [_copy_of(period, **_new_dates(forum, period, period.opens_at, end)) for period in running]
    if stays_in_sight(forum):
        after += [_copy_of(period, called_off_at=end) for period in to_come]
    if group_id is None:
        return state_of_forum(after, forum.group_numbers, forum.archived_at, now)
    return state_of(after, forum.archived_at, now)


def running_periods(forum: Forum, group_id: int | None, now: datetime) -> list[Period]:
    """The current periods of a group, or of the forum and all its groups."""
    return [period for period in _held(_closed_with(forum, group_id)) if period.opens_at <= now <= period.closes_at]


def _state_with(forum: Forum, group_id: int | None, periods: list[Period], now: datetime) -> State:
    """As `Forum.state` and `Forum.group_state`, with these periods instead of those of the forum or the group."""
    if group_id is not None:
        return state_of(periods, forum.archived_at, now)
    of_groups = [period for period in forum.periods if period.group_id is not None]
    return state_of_forum([*periods, *of_groups], forum.group_numbers, forum.archived_at, now)


def _held(periods: Sequence[Period]) -> list[Period]:
    """The periods that were not called off."""
    return [period for period in periods if period.called_off_at is None]


def _new_dates(forum: Forum, period: Period, opens_at: datetime, closes_at: datetime) -> dict[str, Any]:
    """The values that give a period these dates. The present dates become former ones if they are public."""
    old, new = (period.opens_at, period.closes_at), (opens_at, closes_at)
    former = period.former_dates
    if old != new and stays_in_sight(forum):
        former = tuple(span for span in (*(former or ()), old) if span != new)
    return {"opens_at": opens_at, "closes_at": closes_at, "former_dates": former}


def _copy_of(period: Period, **changes: Any) -> Period:
    """A copy of a period with these changes; it belongs to no forum yet."""
    return Period(**({name: getattr(period, name) for name in COLUMNS} | changes))


def _check(periods: Sequence[Period], subject: Period | None = None) -> None:
    """Raise Refused if these periods contradict each other, with the field of `subject` if that is the cause."""
    periods = _held(periods)
    if subject and subject.closes_at - subject.opens_at < A_MINUTE:
        raise Refused(ENDS_FIRST, "closes_at")
    reopens = subject is not None and subject.kind == PeriodKind.REOPENING
    if subject and reopens and not any(other.opens_at < subject.opens_at for other in periods):
        raise Refused(NOTHING_TO_REOPEN, "opens_at")
    for period in sorted(periods, key=lambda period: period is not subject):
        others = [other for other in periods if other is not period]
        problem = _problem(period, others, must_end_later=period is subject)
        if problem:
            raise problem if period is subject else Refused(OTHERS_BUILD_ON_IT, "closes_at")


def _check_change(forum: Forum, period: Period, opens_at: datetime, closes_at: datetime, now: datetime) -> None:
    """Raise the reason why a period cannot get these dates."""
    if refusal := change_refusal(forum, period, now):
        raise refusal
    if is_fixed(forum, period, now):
        if opens_at != period.opens_at:
            raise Refused(OPENING_STAYS, "opens_at")
        if closes_at > period.closes_at:
            raise Refused(NEEDS_EXTENSION, "closes_at")
        if closes_at < now:
            raise Refused(NOT_IN_THE_PAST, "closes_at")
    if stays_in_sight(forum) and closes_at < now:
        raise Refused(OVER_ALREADY, "closes_at")
    changed = _with_change(forum, period, opens_at, closes_at)
    _check(changed, changed[-1])


def _same_scope(forum: Forum, period: Period) -> list[Period]:
    """The periods of the same group, or of the forum as a whole, including this one."""
    return [other for other in forum.periods if other.group_id == period.group_id]


def _clash(one: Period, other: Period) -> bool:
    """Whether two periods overlap without one of them extending the other."""
    if one.opens_at > other.closes_at or other.opens_at > one.closes_at:
        return False
    return not (_extends(one, other) or _extends(other, one))


def _extends(one: Period, other: Period) -> bool:
    """Whether one is an extension that begins during the other."""
    return one.kind == PeriodKind.EXTENSION and other.opens_at <= one.opens_at <= other.closes_at


def _add_to(forum: Forum, new: NewPeriod, now: datetime) -> list[Period]:
    """The periods to add to a forum or a group: copies that the group takes over, then the new one.

    None of them belongs to the forum yet. Raises Refused.
    """
    basis = periods_for(forum, new.group_id)
    opens_at = new.opens_at or _start_of_extension(forum, new, now)
    if new.kind == PeriodKind.REOPENING:
        opens_at = _after_the_end(_held(basis), opens_at)
    period = Period(kind=new.kind, group_id=new.group_id, opens_at=opens_at, closes_at=new.closes_at)
    taken = _taken_over(forum, [followed for followed in basis if followed.group_id != new.group_id], period, now)
    _check_new(forum, [*_same_scope(forum, period), *taken, period], period, now)
    return [*taken, period]


def _extensions_to_come(forum: Forum, group_id: int | None, now: datetime) -> list[Period]:
    """The future extensions of current periods, which closing now calls off."""
    periods = _closed_with(forum, group_id)
    deadlines = {
        running.group_id: state_of([one for one in periods if one.group_id == running.group_id], None, now).deadline
        for running in running_periods(forum, group_id, now)
    }
    return [
        period
        for period in _held(periods)
        if period.kind == PeriodKind.EXTENSION
        and period.opens_at > now
        and (until := deadlines.get(period.group_id)) is not None
        and period.opens_at <= until
    ]


def _with_change(forum: Forum, period: Period, opens_at: datetime, closes_at: datetime) -> list[Period]:
    """The periods of the same scope, with a changed copy of this one at the end."""
    others = [other for other in _same_scope(forum, period) if other is not period]
    return [*others, _copy_of(period, **_new_dates(forum, period, opens_at, closes_at))]


def _problem(period: Period, others: list[Period], *, must_end_later: bool) -> Refused | None:
    """What is wrong with a period. Closing now ends a period and its extension together, which is allowed."""
    if period.kind == PeriodKind.EXTENSION:
        extended = [other.closes_at for other in others if _extends(period, other)]
        if not extended:
            return Refused(_begins_too_late(others), "opens_at")
        if max(extended) > period.closes_at or (must_end_later and max(extended) == period.closes_at):
            return Refused(_ends_too_early(max(extended)), "closes_at")
    clashing = next((other for other in others if _clash(period, other)), None)
    return Refused(_overlaps(clashing), "opens_at") if clashing else None


def _begins_too_late(others: list[Period]) -> object:
    if not others:
        return NOTHING_TO_EXTEND
    return _(
        "An extension must begin before an existing period ends. The last of these ends on %(deadline)s.",
        deadline=reader_language().at(max(period.closes_at for period in others)),
    )


def _ends_too_early(deadline: datetime) -> str:
    return _(
        "An extension must end later than the period that it extends, which ends on %(deadline)s.",
        deadline=reader_language().at(deadline),
    )


def _overlaps(other: Period) -> str:
    moment = reader_language().moment
    return _(
        "Another period is open for messages at that time (%(dates)s). Choose an opening after it closes, or extend it "
        "while it is in progress.",
        dates=reader_language().moments(moment(other.opens_at), moment(other.closes_at)),
    )


def _after_the_end(periods: Sequence[Period], opens_at: datetime) -> datetime:
    """The opening of a reopening: in the minute in which the last period ended, the second after that."""
    ends = [period.closes_at for period in periods if period.closes_at.replace(second=0) == opens_at]
    return max(ends) + A_SECOND if ends else opens_at


def _taken_over(forum: Forum, followed: Sequence[Period], period: Period, now: datetime) -> list[Period]:
    """Copies of the periods that a group has followed, so that what was announced for it stays in the record.

    A scheduled period replaces the future ones that it overlaps: they are cancelled for the group, or left out if they
    have not been public.
    """
    taken = []
    for one in followed:
        is_replaced = period.kind == PeriodKind.SCHEDULED and not one.called_off_at and _clash(period, one)
        if not is_replaced or is_fixed(forum, one, now):
            taken.append(_copy_of(one, group_id=period.group_id))
        elif stays_in_sight(forum):
            taken.append(_copy_of(one, group_id=period.group_id, called_off_at=now))
    return taken


def _check_new(forum: Forum, periods: Sequence[Period], period: Period, now: datetime) -> None:
    """Raise Refused if a new period does not fit, or would give readers a false account of the past."""
    _check(periods, period)
    if not stays_in_sight(forum):
        return
    if period.kind == PeriodKind.EXTENSION:
        end = max(other.closes_at for other in _held(periods) if other is not period and _extends(period, other))
        if end < now:
            raise Refused(_has_ended(end), "opens_at")
    if period.closes_at < now:
        raise Refused(OVER_ALREADY, "closes_at")


def _has_ended(end: datetime) -> str:
    return _(
        "The period that you wish to extend ended on %(deadline)s, and a closed period cannot be extended. Use "
        "“Reopen” instead, so that readers can see when messages were accepted and when they were not.",
        deadline=reader_language().at(end),
    )


def _closed_with(forum: Forum, group_id: int | None) -> list[Period]:
    """The periods that closing concerns: those of the forum and all its groups, or those of one group."""
    return forum.periods if group_id is None else periods_for(forum, group_id)


def _take_over(forum: Forum, group_id: int | None, viewer: User) -> None:
    """Give a group that has followed the forum's periods copies of its own."""
    for followed in [period for period in periods_for(forum, group_id) if period.group_id != group_id]:
        _add(forum, _copy_of(followed, group_id=group_id), viewer)


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
    """The values of a period for the log: as old ones if it is deleted, as new ones if it is added."""
    changes: list[Change] = []
    for name in LOGGED:
        value = getattr(period, name)
        changes += changed(name, value, None) if were else changed(name, None, value)
    return changes
