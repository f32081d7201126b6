"""The messages of feeds and the pages of the sitemap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, literal, select, tuple_

from app.extensions import db
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
    return _latest(Message.forum_id == forum_id, (Message.published_at, Message.id), viewer)


def latest_in_topic(topic_id: int, *, viewer: Viewer) -> Feed:
    """The latest messages of a topic, in the order of publication."""
    return _latest(Message.topic_id == topic_id, (Message.position,), viewer)


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
    found: Sequence[Any] = db.session.execute(statement, visible_to(viewer)).all()
    return found


def _latest(there: Any, order: tuple[Any, ...], viewer: Viewer) -> Feed:
    """The newest messages that meet the condition `there`, in the order of these columns, which have an index."""
    newest = [column.desc() for column in order]
    published = _in_forums(MESSAGE_COLUMNS).where(there, Message.status == MessageStatus.PUBLISHED)
    entries = read_messages(published.order_by(*newest).limit(ENTRIES), visible_to(viewer))
    named = select(Topic.id, Topic.title, Topic.language).where(Topic.id.in_({entry.topic_id for entry in entries}))
    topics = {topic.id: topic for topic in db.session.execute(named)}
    # An outer join, so that no database begins with all topics.
    changes = _in_forums(CHANGES.outerjoin(Topic, Topic.id == Message.topic_id)).where(there)
    # Messages older than the oldest entry have left the feed, so their changes do not count. A message that was in the
    # feed and is no longer shown is not older than that.
    if len(entries) == ENTRIES:
        oldest = (literal(getattr(entries[-1], column.key), column.type) for column in order)
        changes = changes.where(tuple_(*order) >= tuple_(*oldest))
    moments = db.session.execute(changes, visible_to(viewer)).one()
    return Feed(entries, topics, max(filter(None, moments), default=None))


def _in_forums(statement: Any) -> Any:
    """Restrict a statement on messages to the forums that the viewer may see."""
    return statement.join(Forum, Forum.id == Message.forum_id).where(FORUM_IS_VISIBLE)
