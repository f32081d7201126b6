"""What waits for moderators, and all that they see of one message."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased, joinedload

from app.extensions import db
from app.forums.queries import get_message
from app.forums.topic_queries import ShownMessage, get_shown_message
from app.models import Act, Forum, Group, Message, MessageStatus, Question, Report, Topic, Viewer
from app.moderation.queries import begins_topic, version_of
from app.permissions import MESSAGE_IS_MODERATED, require, visible_to

MOST_IN_A_LIST = 50


@dataclass(frozen=True)
class Item:
    """A message of the queue; `reports` are those that nobody has settled yet."""

    message: Message
    is_newcomer: bool
    reports: Sequence[Report] = ()


@dataclass(frozen=True)
class Part:
    """The oldest of what waits for the same; `total` counts all of it."""

    items: Sequence[Item]
    total: int


@dataclass(frozen=True)
class Queue:
    """What waits for a moderator, and what waits for its authors."""

    waiting: Part
    reported: Part
    returned: Part


@dataclass(frozen=True)
class Case:
    """A message as its moderators see it, as it is shown, and the one that it answers."""

    message: Message
    shown: ShownMessage
    answered: ShownMessage | None
    is_newcomer: bool
    begins_topic: bool
    version: str
    acts: Sequence[Act]
    reports: Sequence[Report]

    @property
    def open_reports(self) -> list[Report]:
        return [report for report in self.reports if report.settled_at is None]


def get_queue(viewer: Viewer) -> Queue:
    """What the viewer moderates, the oldest first. Raises Forbidden for those who moderate nothing."""
    require(viewer, "moderate_anything")
    return Queue(_part(_WAITING, viewer), _reported(viewer), _part(_RETURNED, viewer))


def count_of_queue(viewer: Viewer) -> int:
    """How many messages wait for the viewer to decide, in one query."""
    return db.session.scalar(_COUNT, visible_to(viewer)) or 0


def get_case(number: int, *, viewer: Viewer) -> Case:
    """All that is known about a message. Raises NotFound, and Forbidden for those who do not moderate it."""
    message = get_message(number, viewer=viewer)
    require(viewer, "see_moderation", message)
    acts = select(Act).where(Act.message_id == number).order_by(Act.id).options(joinedload(Act.user))
    reports = select(Report).where(Report.message_id == number).order_by(Report.id).options(joinedload(Report.reporter))
    return Case(
        message=message,
        shown=get_shown_message(number, viewer=viewer),
        answered=get_shown_message(message.reply_to_id, viewer=viewer) if message.reply_to_id else None,
        is_newcomer=bool(db.session.scalar(_moderated(_IS_NEWCOMER).where(Message.id == number), visible_to(viewer))),
        begins_topic=begins_topic(message),
        version=version_of(message),
        acts=db.session.scalars(acts).all(),
        reports=db.session.scalars(reports).all(),
    )


def _part(statement: Select[Any], viewer: Viewer) -> Part:
    asked = visible_to(viewer)
    rows = db.session.execute(statement.limit(MOST_IN_A_LIST).options(*_CONTEXT), asked).all()
    total = db.session.scalar(_count_of(statement), asked) or 0
    return Part([Item(message, is_newcomer) for message, is_newcomer in rows], total)


def _reported(viewer: Viewer) -> Part:
    """The messages with open reports, in the order of the oldest of these."""
    asked = visible_to(viewer)
    numbers = db.session.scalars(_REPORTED.limit(MOST_IN_A_LIST), asked).all()
    found = _moderated(Message, _IS_NEWCOMER).where(Message.id.in_(numbers)).options(*_CONTEXT)
    opened = select(Report).where(Report.message_id.in_(numbers), Report.settled_at.is_(None)).order_by(Report.id)
    reports: dict[int, list[Report]] = {}
    for report in db.session.scalars(opened.options(joinedload(Report.reporter))):
        reports.setdefault(report.message_id, []).append(report)
    items = {message.id: Item(message, new, reports[message.id]) for message, new in db.session.execute(found, asked)}
    return Part([items[number] for number in numbers], db.session.scalar(_count_of(_REPORTED), asked) or 0)


def _count_of(statement: Select[Any]) -> Select[int]:
    return select(func.count()).select_from(statement.order_by(None).with_only_columns(Message.id).subquery())


def _moderated(*columns: Any) -> Select[Any]:
    """Of the messages that the viewer moderates."""
    statement = select(*columns).select_from(Message).join(Topic, Topic.id == Message.topic_id)
    return statement.join(Group, Group.id == Topic.group_id).join(Forum).where(MESSAGE_IS_MODERATED)


def _newcomer() -> Any:
    """Whether nothing that the author of a message wrote in its forum has been published yet."""
    own = aliased(Message)
    is_published = (own.author_id == Message.author_id) & (own.status == MessageStatus.PUBLISHED)
    return ~select(own.id).where(is_published, own.forum_id == Forum.id).exists()


_IS_NEWCOMER = _newcomer()
_CONTEXT = (
    joinedload(Message.author),
    joinedload(Message.topic).joinedload(Topic.question).selectinload(Question.texts),
    joinedload(Message.topic).joinedload(Topic.group).selectinload(Group.texts),
    joinedload(Message.topic).joinedload(Topic.group).joinedload(Group.forum).selectinload(Forum.texts),
)
_OPEN = Forum.archived_at.is_(None)  # in an archived forum nothing waits any more
# What waits is found first, by the index of each forum's, or SQLite would read all messages in their order.
_pending, _open_forum = aliased(Message), aliased(Forum)
_OPEN_FORUMS = select(_open_forum.id).where(_open_forum.archived_at.is_(None))
_WAITS = select(_pending.id).where(_pending.forum_id.in_(_OPEN_FORUMS), _pending.status == MessageStatus.PENDING)
_PENDING = _moderated(Message, _IS_NEWCOMER).where(Message.id.in_(_WAITS), _OPEN).order_by(Message.id)
_WAITING = _PENDING.where(Message.returned_at.is_(None))
_RETURNED = _PENDING.where(Message.returned_at.is_not(None))
_REPORTED_NUMBERS = select(Report.message_id).where(Report.settled_at.is_(None))
_REPORTED = (
    _moderated(Message.id)
    .join(Report, Report.message_id == Message.id)
    .where(Report.settled_at.is_(None), _OPEN, Message.id.in_(_REPORTED_NUMBERS))
    .group_by(Message.id)
    .order_by(func.min(Report.id))
)
_COUNT = select(_count_of(_WAITING).scalar_subquery() + _count_of(_REPORTED).scalar_subquery())
