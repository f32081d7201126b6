"""What is new to a person, answers to them, what they have posted, and the latest messages of a forum.

A message is new if it was published since a moment, whatever its number and its place, and can be read, and the person
did not post it. Without that moment, nothing is new. Counts end where more would not help a reader, so that no page
costs more the more messages there are.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select
from sqlalchemy.orm import aliased

from app.extensions import read
from app.forums.topic_queries import MESSAGE_COLUMNS, ShownMessage, get_places, read_messages
from app.models import Forum, Message, MessageStatus, Topic, User, Viewer
from app.paging import count_pages
from app.permissions import FORUM_IS_VISIBLE, visible_to

PER_PAGE = Message.PER_PAGE
MOST_COUNTED = 99  # in a topic or a forum; one more stands for any number
MOST_BY_GROUP = 1_000  # of the new messages of a forum, the latest, are counted by group
MOST_LISTED = 1_000
MOST_ANSWERED = 1_000  # of a person's own messages, the latest: answers to older ones are not listed


@dataclass(frozen=True)
class MessageList:
    """One page of messages of several topics, and the places of these by key (`get_places`); `total` is that of all
    pages."""

    messages: Sequence[ShownMessage]
    places: Mapping[int, Row[Any]]
    total: int
    page: int
    pages: int

    @property
    def is_cut(self) -> bool:
        """Whether only the latest are listed."""
        return self.total >= MOST_LISTED


def new_in_forums(forums: Collection[Forum], *, viewer: Viewer, since: datetime | None) -> dict[int, int]:
    """How many messages are new in each forum that has any, by its key."""
    keys = [forum.id for forum in forums]
    found = read(_IN_FORUMS, _asked(viewer, since, keys=keys)) if since and keys else ()
    return {row.id: row.number for row in found if row.number}


def new_in_groups(forum: Forum, *, viewer: Viewer, since: datetime | None) -> dict[int, int]:
    """The same for the groups of a forum."""
    found = read(_IN_GROUPS, _asked(viewer, since, forum_id=forum.id)) if since else ()
    return {row.group_id: row.number for row in found}


def new_in_topics(keys: Collection[int], *, viewer: Viewer, since: datetime | None) -> dict[int, Row[Any]]:
    """For each of these topics with new messages their `number` and the place (`id`, `topic_id`, `position`) of the
    first one, by the key of the topic."""
    found = read(_IN_TOPICS, _asked(viewer, since, keys=sorted(keys))) if since and keys else ()
    return {row.topic_id: row for row in found}


def new_among(messages: Collection[ShownMessage], *, viewer: Viewer, since: datetime | None) -> set[int]:
    """The numbers of those of these messages that are new."""
    if since is None:
        return set()
    return {
        one.id
        for one in messages
        if one.status == MessageStatus.PUBLISHED
        and one.author_id != viewer.id
        and one.published_at
        and one.published_at >= since
    }


def list_new(
    page: int, *, viewer: Viewer, since: datetime | None, forum: Forum | None = None, **languages: str
) -> MessageList:
    """All that is new in this forum or in all, the latest first. Raises NotFound beyond the last page."""
    if since is None:
        return MessageList((), {}, 0, page, count_pages(0, page))
    asked = _asked(viewer, since, **({"forum_id": forum.id} if forum else {}))
    messages, number = (_NEW_IN_FORUM, _NUMBER_OF_NEW_IN_FORUM) if forum else (_NEW, _NUMBER_OF_NEW)
    return _page(messages, asked, _number(number, asked), page, **languages)


def list_answers(page: int, *, user: User, **languages: str) -> MessageList:
    """The messages that reply to the person's own, the latest first. Raises NotFound beyond the last page."""
    asked = _asked(user, None)
    return _page(_ANSWERS, asked, _number(_NUMBER_OF_ANSWERS, asked), page, **languages)


def count_new_answers(user: User, *, since: datetime | None) -> int:
    """How many of these are new."""
    return _number(_NUMBER_OF_NEW_ANSWERS, _asked(user, since)) if since else 0


def list_latest(forum: Forum, page: int, **languages: str) -> MessageList:
    """The messages of a forum that the viewer may see, the latest first. Raises NotFound beyond the last page."""
    return _page(_LATEST, {"forum_id": forum.id}, min(forum.message_count, MOST_LISTED), page, **languages)


def list_own(user: User, page: int, **languages: str) -> MessageList:
    """What the person has posted: what waits first, then the latest first. Raises NotFound beyond the last page."""
    asked = visible_to(user)
    total = _number(_NUMBER_OF_OWN, asked)
    pages = count_pages(total, page, PER_PAGE)
    first = (page - 1) * PER_PAGE
    numbers = [*read(_OWN_WAITING, asked | {"most": PER_PAGE, "first": first}).scalars()]
    waiting = _number(_NUMBER_OF_OWN_WAITING, asked) if first else 0
    others = {"most": PER_PAGE - len(numbers), "first": max(first - waiting, 0)}
    numbers += read(_OWN_OTHERS, asked | others).scalars()
    rows: list[Any] = sorted(read(_OWN, {"numbers": numbers}), key=lambda row: numbers.index(row.id))
    return MessageList(rows, get_places({row.topic_id for row in rows}, **languages), total, page, pages)


def _asked(viewer: Viewer, since: datetime | None, **more: object) -> dict[str, object]:
    return {**visible_to(viewer), "since": since, **more}


def _number(statement: Select[int], asked: Mapping[str, object]) -> int:
    return read(statement, {**asked, "listed": MOST_LISTED}).scalar() or 0


def _page(statement: Select[Any], asked: Mapping[str, object], total: int, page: int, **languages: str) -> MessageList:
    pages = count_pages(total, page, PER_PAGE)
    first = (page - 1) * PER_PAGE
    messages = read_messages(statement, {**asked, "first": first, "most": min(PER_PAGE, MOST_LISTED - first)})
    return MessageList(messages, get_places({one.topic_id for one in messages}, **languages), total, page, pages)


def _counted(numbers: Select[int]) -> Select[int]:
    return select(func.count()).select_from(numbers.subquery())


def _paged(statement: Select[Any]) -> Select[Any]:
    return statement.order_by(*_LATEST_FIRST).limit(bindparam("most")).offset(bindparam("first"))


def _is_new(message: Any) -> Any:
    """The condition for an alias of Message. A statement with it is executed with what `_asked` gives."""
    return (
        (message.published_at >= bindparam("since"))
        & (message.status == MessageStatus.PUBLISHED)
        & (message.author_id != bindparam("viewer_id"))
    )


def _number_of(window: Any) -> Any:
    return select(func.count()).select_from(window).scalar_subquery()


def _in_forums() -> Select[Any]:
    message = aliased(Message)
    there = select(message.id).where(message.forum_id == Forum.id, _is_new(message)).correlate(Forum)
    number = _number_of(there.limit(MOST_COUNTED + 1).subquery())
    return select(Forum.id, number.label("number")).where(Forum.id.in_(bindparam("keys", expanding=True)))


def _in_groups() -> Any:
    latest = select(Message.topic_id).where(Message.forum_id == bindparam("forum_id"), _is_new(Message))
    latest = latest.order_by(Message.published_at.desc()).limit(MOST_BY_GROUP)
    found = latest.subquery()
    number = func.count().label("number")
    return select(Topic.group_id, number).join(found, found.c.topic_id == Topic.id).group_by(Topic.group_id)


def _in_topics() -> Select[Any]:
    """The first new message is that with the first place; with more than are counted, among those published first."""
    message, first = aliased(Message), aliased(Message)
    new = select(message.id, message.position).where(message.topic_id == Topic.id, _is_new(message)).correlate(Topic)
    new = new.order_by(message.published_at).limit(MOST_COUNTED + 1)
    window, again = new.subquery(), new.subquery()
    number = _number_of(window)
    lowest = select(again.c.id).order_by(again.c.position).limit(1).scalar_subquery()
    keys: Any = bindparam("keys", expanding=True)
    topics = select(number.label("number"), lowest.label("first")).where(Topic.id.in_(keys)).subquery()
    return select(first.id, first.topic_id, first.position, topics.c.number).join(topics, topics.c.first == first.id)


_IN_FORUMS, _IN_GROUPS, _IN_TOPICS = _in_forums(), _in_groups(), _in_topics()
_LATEST_FIRST = (Message.published_at.desc(), Message.id.desc())
_NUMBERS = select(Message.id).join(Forum, Forum.id == Message.forum_id).where(FORUM_IS_VISIBLE)
_VISIBLE = MESSAGE_COLUMNS.join(Forum, Forum.id == Message.forum_id).where(FORUM_IS_VISIBLE)
_mine = aliased(Message)
_ANSWERED = (
    select(_mine.id)
    .where(_mine.author_id == bindparam("viewer_id"), _mine.speaker == "")  # not what they only typed
    .order_by(_mine.posted_at.desc())
    .limit(MOST_ANSWERED)
)
_IS_AN_ANSWER = (
    Message.reply_to_id.in_(_ANSWERED)
    & (Message.status == MessageStatus.PUBLISHED)
    & (Message.author_id != bindparam("viewer_id"))
)
_ANSWER_NUMBERS = _NUMBERS.where(_IS_AN_ANSWER)
_OF_FORUM = Message.forum_id == bindparam("forum_id")
_NEW = _paged(_VISIBLE.where(_is_new(Message)))
_NEW_IN_FORUM = _NEW.where(_OF_FORUM)
# No index has these in their order, so their numbers are sorted alone, without the texts.
_ANSWERS = MESSAGE_COLUMNS.where(Message.id.in_(_paged(_ANSWER_NUMBERS).correlate(None))).order_by(*_LATEST_FIRST)
_NEW_NUMBERS = _NUMBERS.where(_is_new(Message))
_NUMBER_OF_NEW, _NUMBER_OF_NEW_IN_FORUM, _NUMBER_OF_ANSWERS = (
    _counted(numbers.limit(bindparam("listed")))
    for numbers in (_NEW_NUMBERS, _NEW_NUMBERS.where(_OF_FORUM), _ANSWER_NUMBERS)
)
_NUMBER_OF_NEW_ANSWERS = _counted(
    _ANSWER_NUMBERS.where(Message.published_at >= bindparam("since")).limit(MOST_COUNTED + 1)
)
_LATEST = _paged(MESSAGE_COLUMNS.where(_OF_FORUM, Message.status == MessageStatus.PUBLISHED))
# The numbers of a person's messages, which an index has with what is asked of them.
_OWN_NUMBERS = _NUMBERS.where(Message.author_id == bindparam("viewer_id"))
_OWN_WAITING = _OWN_NUMBERS.where(Message.status == MessageStatus.PENDING)
_NUMBER_OF_OWN, _NUMBER_OF_OWN_WAITING = (
    _counted(numbers.limit(bindparam("listed"))) for numbers in (_OWN_NUMBERS, _OWN_WAITING)
)
# Each in the order of an index.
_OWN_WAITING = _OWN_WAITING.order_by(Message.id.desc()).limit(bindparam("most")).offset(bindparam("first"))
_OWN_OTHERS = _OWN_NUMBERS.where(Message.status != MessageStatus.PENDING)
_OWN_OTHERS = _OWN_OTHERS.order_by(Message.posted_at.desc(), Message.id.desc())
_OWN_OTHERS = _OWN_OTHERS.limit(bindparam("most")).offset(bindparam("first"))
_OWN = (
    select(
        Message.id,
        Message.topic_id,
        Message.position,
        Message.status,
        Message.speaker,
        Message.posted_at,
        Message.published_at,
        Message.edited_at,
        Message.returned_at,
        Message.withdrawn_at,
        Message.withheld_at,
        Message.withheld_for,
        Forum.archived_at,
    )
    .join(Forum, Forum.id == Message.forum_id)
    .where(Message.id.in_(bindparam("numbers", expanding=True)))
)
