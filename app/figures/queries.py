"""What the secretariat counts in a forum: each figure is a query or two, whatever the forum holds.

Counts are counts of published messages. Somebody for whom the Secretariat typed counts as who spoke.
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
# Who has a message that waits for approval is not silent, though nobody else sees it yet.
WRITTEN = (MessageStatus.PUBLISHED, MessageStatus.PENDING)


@dataclass(frozen=True)
class Counts:
    """How many messages there are of something, and how many participants wrote them."""

    messages: int = 0
    participants: int = 0


@dataclass(frozen=True)
class Activity:
    """Who wrote how much on which day (UTC): `(day, participant, messages)`, a row for each pair."""

    rows: Sequence[tuple[date, str, int]]

    def by(self, first_day: Callable[[date], date]) -> dict[date, Counts]:
        """What was written in each stretch of time, by its first day, which `first_day` gives for any day of it."""
        messages: Counter[date] = Counter()
        speakers: dict[date, set[str]] = {}
        for day, speaker, count in self.rows:
            first = first_day(day)
            messages[first] += count
            speakers.setdefault(first, set()).add(speaker)
        return {first: Counts(messages[first], len(found)) for first, found in speakers.items()}

    @property
    def by_participant(self) -> list[int]:
        """How many messages each participant wrote, the most active first."""
        totals: Counter[str] = Counter()
        for _day, speaker, count in self.rows:
            totals[speaker] += count
        return sorted(totals.values(), reverse=True)


@dataclass(frozen=True)
class Invited:
    """An invited State that is silent, and how many people are registered who could speak for it."""

    country: str
    registered: int


def get_forum_to_count(slug: str, *, viewer: Viewer) -> Forum:
    """A forum with its groups and questions. Raises NotFound, and Forbidden for whoever may not see its figures."""
    forum = get_forum(slug, viewer=viewer)
    require(viewer, "see_figures", forum)
    load_questions(forum)
    return forum


def count_activity(forum: Forum) -> Activity:
    day = func.date(Message.posted_at)
    rows = db.session.execute(_published(forum, day, WHO_SPEAKS, func.count(Message.id)).group_by(day, WHO_SPEAKS))
    return Activity([(date.fromisoformat(str(at)), speaker, count) for at, speaker, count in rows])


def count_by(forum: Forum, *columns: Any) -> dict[Any, Counts]:
    """The messages and participants of a forum by what stands in columns of messages or topics: a value, or several."""
    counted = _published(forum, *columns, func.count(Message.id), func.count(func.distinct(WHO_SPEAKS)))
    rows = db.session.execute(counted.group_by(*columns))
    found = {tuple(values): Counts(messages, participants) for *values, messages, participants in rows}
    return found if len(columns) > 1 else {value: counts for (value,), counts in found.items()}


def count_invitations(forum: Forum) -> int:
    return db.session.scalar(select(func.count()).where(Invitation.forum_id == forum.id)) or 0


def list_silent(forum: Forum) -> list[Invited]:
    """The invited States for which nobody has written as their Party or Government."""
    spoken = _written(forum).where(Message.country == Invitation.country, Message.capacity.in_(FOR_A_STATE))
    silent = select(Invitation.country).where(Invitation.forum_id == forum.id, ~exists(spoken))
    countries = db.session.scalars(silent).all()
    registered = (
        select(User.country, func.count(User.id))
        .where(_is_registered(), User.country.in_(countries), User.capacity.in_(FOR_A_STATE))
        .group_by(User.country)
    )
    people = dict(db.session.execute(registered).all())
    return [Invited(country, people.get(country, 0)) for country in countries]


def list_not_written(forum: Forum, *, with_addresses: bool) -> Sequence[Row[Any]]:
    """Registered people who could have written in the forum and have not; e-mail addresses are for administrators.

    Rows of `name`, `title`, `capacity`, `organization`, `country` and, where asked for, `email`. People of the
    Secretariat are left out; of a forum by invitation, only those are listed whom it has approved.
    """
    columns: list[Any] = [User.name, User.title, User.capacity, User.organization, User.country]
    columns += [User.email] if with_addresses else []
    found = select(*columns).where(
        _is_registered(),
        User.capacity != Capacity.SECRETARIAT,
        ~exists(_written(forum).where(Message.author_id == User.id)),
    )
    if forum.by_invitation:
        approved = select(ForumRole.user_id).where(ForumRole.forum_id == forum.id, ForumRole.role == Role.PARTICIPANT)
        found = found.where(User.id.in_(approved))
    rows: Sequence[Row[Any]] = db.session.execute(found.order_by(User.id)).all()
    return rows


def how_many_wrote_half(by_participant: Sequence[int]) -> int:
    """How few participants, the most active first, wrote half of all messages or more."""
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
    """Messages of a forum that came from `get_forum_to_count`, which asked whether the viewer may count them."""
    return (
        select(*columns)
        .select_from(Message)
        .join(Topic, Topic.id == Message.topic_id)
        .join(Group, Group.id == Topic.group_id)
        .where(Group.forum_id == forum.id)
    )


def _is_registered() -> ColumnElement[bool]:
    """Whether somebody has an account that can be used."""
    return User.confirmed_at.is_not(None) & User.suspended_at.is_(None) & User.former_number.is_(None)
