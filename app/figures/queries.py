"""Counts for the figures of a forum. Each figure takes one or two queries, however large the forum is.

Only published messages are counted. If the Secretariat typed a message for someone, that person is its participant.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, func, select

from app.extensions import db
from app.forums.queries import get_forum, load_questions
from app.models import (
    WHO_SPEAKS,
    Capacity,
    Forum,
    ForumRole,
    Group,
    Invitation,
    Message,
    MessageStatus,
    Role,
    Topic,
    User,
    Viewer,
)
from app.permissions import require

FOR_A_STATE = (Capacity.PARTY, Capacity.GOVERNMENT)
# People whose message waits for approval have contributed, although no one else sees it yet.
WRITTEN = (MessageStatus.PUBLISHED, MessageStatus.PENDING)


@dataclass(frozen=True)
class Counts:
    """A number of messages, and the number of participants who wrote them."""

    messages: int = 0
    participants: int = 0


@dataclass(frozen=True)
class Activity:
    """Rows of `(day, participant, messages)`, one for each day (UTC) and participant with messages."""

    rows: Sequence[tuple[date, str, int]]

    def by(self, first_day: Callable[[date], date]) -> dict[date, Counts]:
        """Counts by interval, under its first day; `first_day` gives the first day of the interval of any day."""
        messages: Counter[date] = Counter()
        speakers: dict[date, set[str]] = {}
        for day, speaker, count in self.rows:
            first = first_day(day)
            messages[first] += count
            speakers.setdefault(first, set()).add(speaker)
        return {first: Counts(messages[first], len(found)) for first, found in speakers.items()}

    @property
    def by_participant(self) -> list[int]:
        """The number of messages of each participant, most active first."""
        totals: Counter[str] = Counter()
        for _day, speaker, count in self.rows:
            totals[speaker] += count
        return sorted(totals.values(), reverse=True)


@dataclass(frozen=True)
class Invited:
    """An invited State that has not written, and the number of registered people who could speak for it."""

    country: str
    registered: int


def get_forum_to_count(slug: str, *, viewer: Viewer) -> Forum:
    """A forum with its groups and questions. Raises NotFound, and Forbidden if the viewer may not see its figures."""
    forum = get_forum(slug, viewer=viewer)
    require(viewer, "see_figures", forum)
    load_questions(forum)
    return forum


def count_activity(forum: Forum) -> Activity:
    day = func.date(Message.posted_at)
    rows = db.session.execute(_published(forum, day, WHO_SPEAKS, func.count(Message.id)).group_by(day, WHO_SPEAKS))
    return Activity([(date.fromisoformat(str(at)), speaker, count) for at, speaker, count in rows])


def count_by(forum: Forum, *columns: Any) -> dict[Any, Counts]:
    """Counts of a forum by the value of a column of messages or topics, or by the tuple of several columns."""
    counted = _published(forum, *columns, func.count(Message.id), func.count(func.distinct(WHO_SPEAKS)))
    rows = db.session.execute(counted.group_by(*columns))
    found = {tuple(values): Counts(messages, participants) for *values, messages, participants in rows}
    return found if len(columns) > 1 else {value: counts for (value,), counts in found.items()}


def count_invitations(forum: Forum) -> int:
    return db.session.scalar(select(func.count()).where(Invitation.forum_id == forum.id)) or 0


def list_silent(forum: Forum) -> list[Invited]:
    """The invited States from which no Party or Government has contributed."""
    countries = db.session.scalars(silent_states(forum)).all()
    registered = (
        select(User.country, func.count(User.id))
        .where(is_registered(), User.country.in_(countries), User.capacity.in_(FOR_A_STATE))
        .group_by(User.country)
    )
    people = dict(db.session.execute(registered).all())
    return [Invited(country, people.get(country, 0)) for country in countries]


def list_not_written(forum: Forum, *, with_addresses: bool) -> Sequence[Row[Any]]:
    """Registered people who could have written in the forum and have not.

    Rows of `name`, `title`, `capacity`, `organization`, `country` and, with `with_addresses`, `email`; only
    administrators may see addresses. The Secretariat is left out. In a forum by invitation, only the people approved
    for it are listed.
    """
    columns: list[Any] = [User.name, User.title, User.capacity, User.organization, User.country]
    columns += [User.email] if with_addresses else []
    rows: Sequence[Row[Any]] = db.session.execute(
        select(*columns).where(has_not_written(forum)).order_by(User.id)
    ).all()
    return rows


def silent_states(forum: Forum) -> Select[str]:
    """The codes of the States of `list_silent`."""
    spoken = _written(forum).where(Message.country == Invitation.country, Message.capacity.in_(FOR_A_STATE))
    return select(Invitation.country).where(Invitation.forum_id == forum.id, ~exists(spoken))


def has_not_written(forum: Forum) -> ColumnElement[bool]:
    """Whether a person is one of `list_not_written`."""
    found = is_registered() & (User.capacity != Capacity.SECRETARIAT) & ~has_written(forum)
    return found & User.id.in_(approved_for(forum)) if forum.by_invitation else found


def has_written(forum: Forum) -> ColumnElement[bool]:
    """Whether a person has posted in a forum, for themselves or for others."""
    return exists(_written(forum).where(Message.author_id == User.id))


def approved_for(forum: Forum) -> Select[int]:
    """The keys of the participants approved for a forum."""
    return select(ForumRole.user_id).where(ForumRole.forum_id == forum.id, ForumRole.role == Role.PARTICIPANT)


def is_registered() -> ColumnElement[bool]:
    """Whether a person has an account that they can use."""
    return User.confirmed_at.is_not(None) & User.suspended_at.is_(None) & User.former_number.is_(None)


def how_many_wrote_half(by_participant: Sequence[int]) -> int:
    """How many of the most active participants together wrote at least half of all messages.

    `by_participant` has the number of messages of each, largest first.
    """
    half, sum_so_far = sum(by_participant) / 2, 0
    for number, count in enumerate(by_participant, 1):
        sum_so_far += count
        if sum_so_far >= half:
            return number
    return 0


def _published(forum: Forum, *columns: Any) -> Select[Any]:
    return _in_forum(forum, *columns).where(Message.status == MessageStatus.PUBLISHED)


def _written(forum: Forum) -> Select[Any]:
    return _in_forum(forum, Message.id).where(Message.status.in_(WRITTEN))


def _in_forum(forum: Forum, *columns: Any) -> Select[Any]:
    """Messages of a forum that comes from `get_forum_to_count`, which checks the right of the viewer."""
    return (
        select(*columns)
        .select_from(Message)
        .join(Topic, Topic.id == Message.topic_id)
        .join(Group, Group.id == Topic.group_id)
        .where(Group.forum_id == forum.id)
    )
