"""The messages of feeds and the pages of the sitemap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, select, tuple_

from app.extensions import db, read
from app.forums.topic_queries import MESSAGE_COLUMNS, ShownMessage, read_messages
from app.models import IN_THE_RECORD, Act, Forum, Group, Message, MessageStatus, Page, PageKind, Topic, Viewer
from app.permissions import FORUM_IS_VISIBLE, visible_to

ENTRIES = 50
MOST_ADDRESSES = 50_000  # in one part of the sitemap, by its protocol

# When messages with a place were last published, posted, edited, withdrawn or moderated.
CHANGES = (
    select(
        *(
            func.max(moment)
            for moment in (Message.published_at, Topic.active_at, Message.edited_at, Message.withdrawn_at, Act.at)
        )
    )
    .select_from(Message)
    .outerjoin(Act, (Act.message_id == Message.id) & Act.kind.in_(IN_THE_RECORD))
    .where(Message.position.is_not(None))
)


@dataclass(frozen=True)
class Feed:
    """The latest published messages, newest first, and their topics (`title`, `language`) by key.

    `updated_at` is when a feed with these messages last changed, or None if there has never been a message.
    """

    entries: Sequence[ShownMessage]
    topics: Mapping[int, Any]
    updated_at: datetime | None


def latest_in_forum(forum_id: int, *, viewer: Viewer) -> Feed:
    """The latest messages of a forum, by when they were published: one that was approved late comes first."""
    return _latest(_OF_FORUM, forum_id, viewer)


def latest_in_topic(topic_id: int, *, viewer: Viewer) -> Feed:
    """The latest messages of a topic, in the order of publication."""
    return _latest(_OF_TOPIC, topic_id, viewer)


@dataclass(frozen=True)
class PublicPages:
    """Slugs of public pages, from which the view builds addresses."""

    pages: Sequence[str]
    forums: Sequence[str]
    forum_pages: Sequence[Row[str, str]]
    groups: Sequence[Row[str, str]]


def public_pages(viewer: Viewer) -> PublicPages:
    """The slugs of all public pages except topics."""
    asked = visible_to(viewer)

    def rows(statement: Any) -> Any:
        return db.session.execute(statement.where(FORUM_IS_VISIBLE), asked)

    in_forum = select(Forum.slug, Page.slug).join(Page, Page.forum_id == Forum.id).order_by(Page.id)
    groups = select(Forum.slug, Group.slug).join(Group, Group.forum_id == Forum.id).order_by(Group.id)
    site = select(Page.slug).where(Page.forum_id.is_(None), Page.kind == PageKind.TEXT).order_by(Page.id)
    return PublicPages(
        pages=db.session.scalars(site).all(),
        forums=rows(select(Forum.slug).order_by(Forum.id)).scalars().all(),
        forum_pages=rows(in_forum).all(),
        groups=rows(groups).all(),
    )


def count_parts(numbers: int) -> int:
    """How many parts of `numbers` message numbers each it takes to cover all published messages."""
    placed = select(Message.id).where(Message.position.is_not(None)).order_by(Message.id.desc()).limit(1)
    return -(-(db.session.scalar(placed) or 0) // numbers)


def pages_of_topics(part: int, numbers: int, *, viewer: Viewer) -> Sequence[Any]:
    """Rows of `(topic_id, page)` for the pages of topics that begin with a message of this part, counted from 1.

    A part covers `numbers` message numbers, so its length does not depend on the total number of messages.
    """
    begins_page = (Message.position - 1) % Message.PER_PAGE == 0
    statement = (
        select(Message.topic_id, ((Message.position - 1) // Message.PER_PAGE + 1).label("page"))
        .join(Forum, Forum.id == Message.forum_id)
        .where(Message.id.between((part - 1) * numbers + 1, part * numbers), begins_page, FORUM_IS_VISIBLE)
        .order_by(Message.id)
    )
    found: Sequence[Any] = read(statement, visible_to(viewer)).all()
    return found


@dataclass(frozen=True)
class _Source:
    """The statements of a kind of feed, built once: its entries, and the latest changes of all its messages, or of
    those from the oldest entry on, which is compared by the columns of its `order`."""

    entries: Any
    changes: Any
    changes_since: Any
    order: tuple[str, ...]


def _latest(source: _Source, key: int, viewer: Viewer) -> Feed:
    """The newest messages of the forum or the topic with this key."""
    asked = visible_to(viewer) | {"key": key}
    entries = read_messages(source.entries, asked)
    topics = {topic.id: topic for topic in read(_TITLES, {"keys": {entry.topic_id for entry in entries}})}
    # Messages older than the oldest entry have left the feed, so their changes do not count. A message that was in the
    # feed and is no longer shown is not older than that.
    is_full = len(entries) == ENTRIES
    oldest = {f"oldest_{name}": getattr(entries[-1], name) for name in source.order} if is_full else {}
    changes = read(source.changes_since if is_full else source.changes, asked | oldest)
    return Feed(entries, topics, max(filter(None, changes.one()), default=None))


def _source(owner: Any, *order: Any) -> _Source:
    """Of the messages of a forum or a topic, the newest by these columns, which have an index."""
    there = owner == bindparam("key")
    published = _in_forums(MESSAGE_COLUMNS).where(there, Message.status == MessageStatus.PUBLISHED)
    # An outer join, so that no database begins with all topics.
    changes = _in_forums(CHANGES.outerjoin(Topic, Topic.id == Message.topic_id)).where(there)
    oldest = (bindparam(f"oldest_{column.key}", type_=column.type) for column in order)
    return _Source(
        entries=published.order_by(*(column.desc() for column in order)).limit(ENTRIES),
        changes=changes,
        changes_since=changes.where(tuple_(*order) >= tuple_(*oldest)),
        order=tuple(column.key for column in order),
    )


def _in_forums(statement: Any) -> Any:
    """Restrict a statement on messages to the forums that the viewer may see."""
    return statement.join(Forum, Forum.id == Message.forum_id).where(FORUM_IS_VISIBLE)


_OF_FORUM = _source(Message.forum_id, Message.published_at, Message.id)
_OF_TOPIC = _source(Message.topic_id, Message.position)
_TITLES = select(Topic.id, Topic.title, Topic.language).where(Topic.id.in_(bindparam("keys", expanding=True)))
