"""The rules of periods, and the states that changes of them lead to, worked out before anything is written."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.admin.object_queries import fetch
from app.errors import Archived, ForumError, Refused
from app.languages import reader_language
from app.models import Forum, Period, PeriodKind, State, state_of, state_of_forum
from app.versions import version_of

ENDS_FIRST = _l("The last moment has to be later than the opening.")
NOTHING_TO_EXTEND = _l("There is no period yet, so there is nothing to extend.")
NOTHING_TO_REOPEN = _l("There is no earlier period, so there is nothing to reopen.")
OTHERS_BUILD_ON_IT = _l(
    "Another period builds on this one, such as an extension of it. Change that one first, or call it off."
)
IS_CALLED_OFF = _l("This period has been called off. Its dates are part of the record and stay as they are.")
IS_OVER = _l("This period is over. Its dates are part of the record and stay as they are.")
HAS_BEGUN = _l("This period has begun. Its opening is part of the record, so it can be neither deleted nor called off.")
OPENING_STAYS = _l("This period has begun, so its opening stays as it is.")
NEEDS_EXTENSION = _l(
    "A period that has begun cannot be made longer here. Add an extension, so that both dates are kept."
)
NOT_IN_THE_PAST = _l("The last moment of a period that has begun cannot be moved into the past.")
OVER_ALREADY = _l(
    "This last moment is past already. In a published forum, a period that is added or moved has to end later than now."
)
FOREIGN_GROUP = _l("Please choose a group of this forum.")

A_MINUTE = timedelta(minutes=1)
COLUMNS = ("kind", "group_id", "opens_at", "closes_at", "former_dates", "called_off_at")


def get_period(period_id: int) -> tuple[Period, Forum]:
    """A period and its forum. Raises NotFound."""
    period = fetch(Period, period_id)
    return period, fetch(Forum, period.forum_id)


def version_of_period(period: Period) -> str:
    return version_of(period, COLUMNS)


def version_of_life(forum: Forum) -> str:
    """The version of what a forum's state follows from: its steps, and its periods with those of its groups."""
    return version_of(forum, ("published_at", "archived_at"), [version_of_period(period) for period in forum.periods])


def periods_for(forum: Forum, group_id: int | None) -> list[Period]:
    """The periods that hold for a group, or for the forum as a whole where `group_id` is None.

    Raises Refused where the group is none of the forum's.
    """
    if group_id is None:
        return forum.own_periods
    group = next((group for group in forum.groups if group.id == group_id), None)
    if group is None:
        raise Refused(FOREIGN_GROUP, "group_id")
    return forum.group_periods(group)


def state_now(forum: Forum, group_id: int | None, now: datetime) -> State:
    """The state of a group, or of the forum as a whole where `group_id` is None. Raises Refused for a foreign group."""
    return state_with(forum, group_id, periods_for(forum, group_id), now)


def state_with_change(
    forum: Forum, period: Period, *, closes_at: datetime, opens_at: datetime | None = None, now: datetime
) -> State:
    """The state that other dates would lead to; nothing of it is written. Raises as `check_change`."""
    opens_at = opens_at or period.opens_at
    check_change(forum, period, opens_at, closes_at, now)
    return state_with(forum, period.group_id, _with_change(forum, period, opens_at, closes_at), now)


def state_with(forum: Forum, group_id: int | None, periods: list[Period], now: datetime) -> State:
    """As `Forum.state` and `Forum.group_state`, with these periods in place of the forum's or the group's own."""
    if group_id is not None:
        return state_of(periods, forum.archived_at, now)
    of_groups = [period for period in forum.periods if period.group_id is not None]
    return state_of_forum([*periods, *of_groups], forum.group_numbers, forum.archived_at, now)


def held(periods: Sequence[Period]) -> list[Period]:
    """Those that were not called off."""
    return [period for period in periods if period.called_off_at is None]


def stays_in_sight(forum: Forum) -> bool:
    """Whether dates of its periods are part of the record from now on: the public can see them."""
    return forum.published_at is not None


def new_dates(forum: Forum, period: Period, opens_at: datetime, closes_at: datetime) -> dict[str, Any]:
    """What gives a period these dates. Those that it had stay in sight as former ones if the public saw them."""
    old, new = (period.opens_at, period.closes_at), (opens_at, closes_at)
    former = period.former_dates
    if old != new and stays_in_sight(forum):
        former = tuple(span for span in (*(former or ()), old) if span != new)
    return {"opens_at": opens_at, "closes_at": closes_at, "former_dates": former}


def copy_of(period: Period, **changes: Any) -> Period:
    """A new period like this one but for the changes, which belongs to no forum yet."""
    return Period(**({name: getattr(period, name) for name in COLUMNS} | changes))


def check(periods: Sequence[Period], subject: Period | None = None) -> None:
    """Raise Refused where these periods cannot stand together, naming the field of `subject` where it is the cause."""
    periods = held(periods)
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


def check_change(forum: Forum, period: Period, opens_at: datetime, closes_at: datetime, now: datetime) -> None:
    """Raise the error that says why a period cannot be given these dates."""
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
    check(changed, changed[-1])


def is_fixed(forum: Forum, period: Period, now: datetime) -> bool:
    """Whether its opening is part of the record: it has begun, and the public could see it."""
    return forum.published_at is not None and period.opens_at <= now


def change_refusal(forum: Forum, period: Period, now: datetime) -> ForumError | None:
    """Why a period cannot be changed at all, None where it can."""
    if forum.archived_at:
        return Archived()
    if period.called_off_at:
        return Refused(IS_CALLED_OFF)
    is_over = is_fixed(forum, period, now) and period.closes_at < now
    return Refused(IS_OVER) if is_over else None


def deletion_refusal(forum: Forum, period: Period, now: datetime) -> ForumError | None:
    """Why a period can be neither deleted nor called off, None where it can."""
    if forum.archived_at:
        return Archived()
    if period.called_off_at:
        return Refused(IS_CALLED_OFF)
    if is_fixed(forum, period, now):
        return Refused(HAS_BEGUN)
    try:
        check([other for other in same_scope(forum, period) if other is not period])
    except Refused as refusal:
        return refusal
    return None


def same_scope(forum: Forum, period: Period) -> list[Period]:
    """The periods of the same group, or of the forum as a whole, the given one included."""
    return [other for other in forum.periods if other.group_id == period.group_id]


def _with_change(forum: Forum, period: Period, opens_at: datetime, closes_at: datetime) -> list[Period]:
    """The periods of the same scope with a changed copy of this one, which comes last."""
    others = [other for other in same_scope(forum, period) if other is not period]
    return [*others, copy_of(period, **new_dates(forum, period, opens_at, closes_at))]


def _problem(period: Period, others: list[Period], *, must_end_later: bool) -> Refused | None:
    """What is wrong with a period; an extension ends together with what it extends if both were closed at once."""
    if period.kind == PeriodKind.EXTENSION:
        extended = [other.closes_at for other in others if extends(period, other)]
        if not extended:
            return Refused(_begins_too_late(others), "opens_at")
        if max(extended) > period.closes_at or (must_end_later and max(extended) == period.closes_at):
            return Refused(_ends_too_early(max(extended)), "closes_at")
    clashing = next((other for other in others if clash(period, other)), None)
    return Refused(_overlaps(clashing), "opens_at") if clashing else None


def _begins_too_late(others: list[Period]) -> object:
    if not others:
        return NOTHING_TO_EXTEND
    return _(
        "An extension begins during an existing period, at its last moment at the latest. The last of them is "
        "%(deadline)s.",
        deadline=reader_language().moment(max(period.closes_at for period in others)),
    )


def _ends_too_early(deadline: datetime) -> str:
    return _(
        "An extension has to end later than the period that it extends, which ends on %(deadline)s.",
        deadline=reader_language().moment(deadline),
    )


def _overlaps(other: Period) -> str:
    moment = reader_language().moment
    return _(
        "Another period takes messages at that time (%(dates)s). Choose an opening after its last moment, or extend "
        "that period while it is running.",
        dates=reader_language().moments(moment(other.opens_at), moment(other.closes_at)),
    )


def clash(one: Period, other: Period) -> bool:
    """Whether two periods overlap without one of them extending the other."""
    if one.opens_at > other.closes_at or other.opens_at > one.closes_at:
        return False
    return not (extends(one, other) or extends(other, one))


def extends(one: Period, other: Period) -> bool:
    """Whether one is an extension that begins during the other."""
    return one.kind == PeriodKind.EXTENSION and other.opens_at <= one.opens_at <= other.closes_at
