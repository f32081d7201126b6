"""The moderation queue, and one message as its moderators see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from app import writing
from app.extensions import db
from app.forums.queries import get_message
from app.forums.topic_queries import ShownMessage, get_shown_message
from app.models import (
    Act,
    ActKind,
    Forum,
    Group,
    Message,
    MessageStatus,
    Question,
    Reason,
    Report,
    Revision,
    Topic,
    User,
    Viewer,
)
from app.paging import Listing, one_page
from app.permissions import MESSAGE_IS_MODERATED, require, visible_to
from app.versions import fingerprint

MOST_IN_A_LIST = 50


@dataclass(frozen=True)
class Item:
    """A message in the queue, with its version if it waits, and its open reports.

    A newcomer has no published message in the forum yet.
    """

    message: Message
    is_newcomer: bool
    version: str
    reports: Sequence[Report] = ()


@dataclass(frozen=True)
class Part:
    """One list of the queue: the oldest entries, the `total` of all entries, and since when the oldest one waits."""

    items: Sequence[Item]
    total: int
    since: datetime | None


@dataclass(frozen=True)
class Queue:
    """Messages that wait for approval, messages with open reports, and messages returned to their authors."""

    waiting: Part
    reported: Part
    returned: Part


@dataclass(frozen=True)
class Case:
    """A message with everything that its moderators see. `answered` is the message that it answers."""

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
    """The queue of what the viewer moderates, oldest first. Raises Forbidden for people who moderate nothing."""
    require(viewer, "moderate_anything")
    return Queue(_part(_WAITING, viewer), _reported(viewer), _part(_RETURNED, viewer))


def count_of_queue(viewer: Viewer) -> int:
    """How many messages the viewer has to decide on, in one query."""
    return db.session.scalar(_COUNT, visible_to(viewer)) or 0


def has_waiting(forum: Forum) -> bool:
    """Whether a message of a forum waits for approval."""
    waiting = select(Message.id).where(Message.forum_id == forum.id, Message.status == MessageStatus.PENDING)
    return db.session.scalar(waiting.limit(1)) is not None


def place_in_queue(message: Message, *, viewer: Viewer) -> str:
    """Where a moderator goes on after an act on a message of the queue: the anchor of the next entry of its list, or
    that of the list if the message is the last one; "" if it is not in the queue."""
    if message.status == MessageStatus.PENDING:
        return place_after(message.id, viewer=viewer, is_returned=message.returned_at is not None)
    if not (opened := [report.id for report in open_reports(message)]):
        return ""
    following = _REPORTED.having(func.min(Report.id) > min(opened)).limit(1)
    number = db.session.scalar(following, visible_to(viewer))
    return f"message-{number}" if number else "reported"


def place_after(number: int, *, viewer: Viewer, is_returned: bool = False) -> str:
    """As `place_in_queue`, for a message that waits, or that waits for its author."""
    statement = (_RETURNED if is_returned else _WAITING).with_only_columns(Message.id)
    following = db.session.scalar(statement.where(Message.id > number).limit(1), visible_to(viewer))
    return f"message-{following}" if following else "returned" if is_returned else "waiting"


def get_case(number: int, *, viewer: Viewer) -> Case:
    """A message with its acts and reports. Raises NotFound, and Forbidden for people who do not moderate it."""
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


def list_reasons(kind: ActKind | None = None) -> list[Reason]:
    """The reasons that administrators offer, by default for all acts, with their texts, in the order set by them."""
    statement = select(Reason).order_by(Reason.position, Reason.id).options(selectinload(Reason.texts))
    return [one for one in db.session.scalars(statement) if kind is None or not one.acts or kind in one.acts]


def list_posted_by(user: User, page: int) -> Listing:
    """What a person has posted, whatever its status, the latest first, with the title of each topic."""
    columns: Any = (Message.id, Message.posted_at, Message.status, Topic.title, Topic.language.label("topic_language"))
    statement = select(*columns).join(Topic, Topic.id == Message.topic_id).where(Message.author_id == user.id)
    return one_page(statement.order_by(Message.id.desc()), page)


def version_of(message: Message) -> str:
    """The version of a message as moderators see it: its content, the latest act and its open reports."""
    return versions_of([message])[message.id]


def versions_of(messages: Sequence[Message]) -> dict[int, str]:
    """The versions of messages, by number. What `writing.version_of` reads of them is loaded before."""
    numbers = [message.id for message in messages]
    latest = (
        select(Act.message_id, func.max(Act.id).label("latest"))
        .where(Act.message_id.in_(numbers))
        .group_by(Act.message_id)
    )
    decided = {row.message_id: row.latest for row in db.session.execute(latest)}
    reports: dict[int, list[tuple[int, str]]] = {number: [] for number in numbers}
    opened = select(Report).where(Report.message_id.in_(numbers), Report.settled_at.is_(None)).order_by(Report.id)
    for report in db.session.scalars(opened):
        reports[report.message_id].append((report.id, report.reason))
    return {message.id: _version(message, decided.get(message.id), reports[message.id]) for message in messages}


def _version(message: Message, decided: int | None, reports: Sequence[Sequence[object]]) -> str:
    return f"{writing.last_revision(message)}-{fingerprint(writing.version_of(message), decided, reports)}"


def begins_topic(message: Message) -> bool:
    """Whether this message began its topic, and so gave it its title, and the topic is public."""
    if not message.topic.last_position:
        return False
    earlier = select(Message.id).where(Message.topic_id == message.topic_id, Message.id < message.id)
    return message.position == 1 or db.session.scalar(earlier.limit(1)) is None


def open_reports(message: Message) -> Sequence[Report]:
    """The reports of a message that are not settled."""
    return db.session.scalars(select(Report).filter_by(message_id=message.id, settled_at=None)).all()


def find_report(message: Message, reporter: User) -> Report | None:
    """This person's report about the message, settled or not."""
    return db.session.scalar(select(Report).filter_by(message_id=message.id, reporter_id=reporter.id))


def _part(statement: Select[Any], viewer: Viewer) -> Part:
    asked = visible_to(viewer)
    rows = db.session.execute(statement.limit(MOST_IN_A_LIST).options(*_CONTEXT, *_CONTENT), asked).all()
    total = db.session.scalar(_count_of(statement), asked) or 0
    versions = versions_of([message for message, _is_newcomer in rows])
    items = [Item(message, is_newcomer, versions[message.id]) for message, is_newcomer in rows]
    return Part(items, total, min((item.message.posted_at for item in items), default=None))


def _reported(viewer: Viewer) -> Part:
    """Messages with open reports, in the order of their oldest open report."""
    asked = visible_to(viewer)
    numbers = db.session.scalars(_REPORTED.limit(MOST_IN_A_LIST), asked).all()
    found = _moderated(Message, _IS_NEWCOMER).where(Message.id.in_(numbers)).options(*_CONTEXT, *_CONTENT)
    opened = select(Report).where(Report.message_id.in_(numbers), Report.settled_at.is_(None)).order_by(Report.id)
    reports: dict[int, list[Report]] = {}
    for report in db.session.scalars(opened.options(joinedload(Report.reporter))):
        reports.setdefault(report.message_id, []).append(report)
    items = {
        message.id: Item(message, new, "", reports[message.id]) for message, new in db.session.execute(found, asked)
    }
    total = db.session.scalar(_count_of(_REPORTED), asked) or 0
    since = min((report.at for opened in reports.values() for report in opened), default=None)
    return Part([items[number] for number in numbers], total, since)


def _count_of(statement: Select[Any]) -> Select[int]:
    return select(func.count()).select_from(statement.order_by(None).with_only_columns(Message.id).subquery())


def _moderated(*columns: Any) -> Select[Any]:
    """A statement on the messages that the viewer moderates."""
    statement = select(*columns).select_from(Message).join(Topic, Topic.id == Message.topic_id)
    return statement.join(Group, Group.id == Topic.group_id).join(Forum).where(MESSAGE_IS_MODERATED)


def _newcomer() -> Any:
    """Whether the author of a message has no published message in its forum yet."""
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
_CONTENT = (selectinload(Message.revisions).load_only(Revision.id), selectinload(Message.attachments))  # for versions
_OPEN = Forum.archived_at.is_(None)  # nothing waits in an archived forum
# A subquery finds waiting messages by an index for each forum; otherwise SQLite reads all messages in order.
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
