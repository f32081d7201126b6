"""What feeds and the sitemap list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from app.extensions import db
from app.forums.topic_queries import MESSAGE_COLUMNS, ShownMessage, read_messages
from app.models import IN_THE_RECORD, Act, Forum, Group, Message, MessageStatus, Page, PageKind, Topic, Viewer
from app.permissions import FORUM_IS_VISIBLE, visible_to

ENTRIES = 50
MOST_ADDRESSES = 50_000  # that a sitemap may list


# When messages that have a place were last posted, published, edited, withdrawn or moderated.
CHANGES = (
    select(
        *(
            func.max(moment)
            for moment in (Message.posted_at, Topic.active_at, Message.edited_at, Message.withdrawn_at, Act.at)
        )
    )
    .select_from(Message)
    .outerjoin(Act, (Act.message_id == Message.id) & Act.kind.in_(IN_THE_RECORD))
    .where(Message.position.is_not(None))
)


@dataclass(frozen=True)
class Feed:
    """The latest published messages, newest first, and their topics (`title`, `language`) by key.

    `updated_at` is when a feed with these messages last changed; None where there has never been a message.
    """

    entries: Sequence[ShownMessage]
    topics: Mapping[int, Any]
    updated_at: datetime | None


def latest_in_forum(forum_id: int, *, viewer: Viewer) -> Feed:
    return _latest(Group.forum_id == forum_id, viewer)


def latest_in_topic(topic_id: int, *, viewer: Viewer) -> Feed:
    return _latest(Message.topic_id == topic_id, viewer)


@dataclass(frozen=True)
class PublicPages:
    """`(endpoint, values)` cannot be known here; the view makes addresses of these keys."""

    pages: Sequence[str]
    forums: Sequence[str]
    forum_pages: Sequence[Row[str, str]]
    groups: Sequence[Row[str, str]]
    topics: Sequence[Row[int, int]]  # with the number of their pages


def public_pages(viewer: Viewer) -> PublicPages:
    """The keys of all public pages; topics with the liveliest first, as a sitemap may not be longer."""
    asked = visible_to(viewer)

    def rows(statement: Any) -> Any:
        return db.session.execute(statement.where(FORUM_IS_VISIBLE), asked)

    in_forum = select(Forum.slug, Page.slug).join(Page, Page.forum_id == Forum.id).order_by(Page.id)
    groups = select(Forum.slug, Group.slug).join(Group, Group.forum_id == Forum.id).order_by(Group.id)
    pages = (Topic.last_position + Message.PER_PAGE - 1) // Message.PER_PAGE
    topics = (
        select(Topic.id, pages.label("pages"))
        .join(Group, Group.id == Topic.group_id)
        .join(Forum, Forum.id == Group.forum_id)
        .where(Topic.last_position > 0, Topic.merged_into_id.is_(None))
        .order_by(Topic.active_at.desc(), Topic.id.desc())
        .limit(MOST_ADDRESSES)
    )
    site = select(Page.slug).where(Page.forum_id.is_(None), Page.kind == PageKind.TEXT).order_by(Page.id)
    return PublicPages(
        pages=db.session.scalars(site).all(),
        forums=rows(select(Forum.slug).order_by(Forum.id)).scalars().all(),
        forum_pages=rows(in_forum).all(),
        groups=rows(groups).all(),
        topics=rows(topics).all(),
    )


def _latest(condition: Any, viewer: Viewer) -> Feed:
    published = _in_forums(MESSAGE_COLUMNS).where(condition, Message.status == MessageStatus.PUBLISHED)
    entries = read_messages(published.order_by(Message.id.desc()).limit(ENTRIES), visible_to(viewer))
    named = select(Topic.id, Topic.title, Topic.language).where(Topic.id.in_({entry.topic_id for entry in entries}))
    topics = {topic.id: topic for topic in db.session.execute(named)}
    # What is older than the oldest entry has left the feed, so its changes do not count; and of what was in the
    # feed and is not shown any more, nothing is older.
    oldest = entries[-1].id if len(entries) == ENTRIES else 0
    moments = db.session.execute(_in_forums(CHANGES).where(condition, Message.id >= oldest), visible_to(viewer)).one()
    return Feed(entries, topics, max(filter(None, moments), default=None))


def _in_forums(statement: Any) -> Any:
    """A statement on messages, of the forums that the viewer may see."""
    return (
        statement.join(Topic, Topic.id == Message.topic_id)
        .join(Group, Group.id == Topic.group_id)
        .join(Forum, Forum.id == Group.forum_id)
        .where(FORUM_IS_VISIBLE)
    )
