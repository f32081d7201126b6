"""What feeds and the sitemap list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from app.extensions import db
from app.forums.topic_queries import MESSAGE_COLUMNS
from app.models import Forum, Group, Message, MessageStatus, Page, PageKind, Topic, Viewer
from app.permissions import FORUM_IS_VISIBLE, visible_to

ENTRIES = 50
MOST_TOPICS_LISTED = 10_000


def latest_in_forum(forum_id: int, *, viewer: Viewer) -> Sequence[Row[Any]]:
    """The latest published messages of a forum, newest first, with their topics' titles."""
    return _latest(Group.forum_id == forum_id, viewer)


def latest_in_topic(topic_id: int, *, viewer: Viewer) -> Sequence[Row[Any]]:
    """The latest published messages of a topic, newest first."""
    return _latest(Message.topic_id == topic_id, viewer)


@dataclass(frozen=True)
class PublicPages:
    """`(endpoint, values)` cannot be known here; the view makes addresses of these keys."""

    pages: Sequence[str]
    forums: Sequence[str]
    forum_pages: Sequence[Row[str, str]]
    groups: Sequence[Row[str, str]]
    topics: Sequence[int]


def public_pages(viewer: Viewer) -> PublicPages:
    """The keys of all public pages; of topics the liveliest 10,000, as a sitemap may not be longer."""
    asked = visible_to(viewer)

    def rows(statement: Any) -> Any:
        return db.session.execute(statement.where(FORUM_IS_VISIBLE), asked)

    in_forum = select(Forum.slug, Page.slug).join(Page, Page.forum_id == Forum.id).order_by(Page.id)
    groups = select(Forum.slug, Group.slug).join(Group, Group.forum_id == Forum.id).order_by(Group.id)
    topics = select(Topic.id).join(Group, Group.id == Topic.group_id).join(Forum, Forum.id == Group.forum_id)
    topics = topics.where(Topic.last_position > 0, Topic.merged_into_id.is_(None))
    site = select(Page.slug).where(Page.forum_id.is_(None), Page.kind == PageKind.TEXT).order_by(Page.id)
    return PublicPages(
        pages=db.session.scalars(site).all(),
        forums=rows(select(Forum.slug).order_by(Forum.id)).scalars().all(),
        forum_pages=rows(in_forum).all(),
        groups=rows(groups).all(),
        topics=rows(topics.order_by(Topic.active_at.desc()).limit(MOST_TOPICS_LISTED)).scalars().all(),
    )


def _latest(condition: Any, viewer: Viewer) -> Sequence[Row[Any]]:
    statement = (
        MESSAGE_COLUMNS.add_columns(Topic.title.label("topic_title"), Topic.language.label("topic_language"))
        .join(Topic, Topic.id == Message.topic_id)
        .join(Group, Group.id == Topic.group_id)
        .join(Forum, Forum.id == Group.forum_id)
        .where(condition, Message.status == MessageStatus.PUBLISHED, FORUM_IS_VISIBLE)
        .order_by(Message.id.desc())
        .limit(ENTRIES)
    )
    return db.session.execute(statement, visible_to(viewer)).all()
