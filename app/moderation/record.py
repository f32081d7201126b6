"""The public moderation record of a forum: what was done, when and why, without the withheld content."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import joinedload

from app.extensions import db
from app.models import IN_THE_RECORD, Act, ActKind, Forum, Message, Topic
from app.paging import Listing, one_page


@dataclass(frozen=True)
class Line:
    """An act with its topic, and with the topic that it moved messages from, under their present titles.

    They are None if there is no such topic, or if it was never public and only its number may be shown.
    """

    act: Act
    topic: Row[Any] | None
    source: Row[Any] | None


def record_page(forum: Forum, page: int) -> Listing:
    """A page of the record of a forum, latest act first. Raises NotFound beyond the last page.

    The forum comes from `get_forum`, which checks whether the viewer may see it.
    """
    found = one_page(_acts(forum).order_by(Act.id.desc()), page)
    return replace(found, rows=_lines([row.Act for row in found.rows]))


def whole_record(forum: Forum) -> Sequence[Line]:
    """The whole record of a forum, earliest act first."""
    return _lines(db.session.scalars(_acts(forum).order_by(Act.id)).all())


def _acts(forum: Forum) -> Select[Act]:
    """Acts for the record. A correction made before publication appears once the message is published."""
    is_public = or_(Act.kind != ActKind.EDIT, Message.position.is_not(None))
    statement = select(Act).outerjoin(Message, Message.id == Act.message_id)
    statement = statement.where(Act.forum_id == forum.id, Act.kind.in_(sorted(IN_THE_RECORD)), is_public)
    return statement.options(joinedload(Act.message), joinedload(Act.user))


def _lines(acts: Sequence[Act]) -> list[Line]:
    sources = {act.id: act.detail.get("from_topic") for act in acts}
    keys = {act.topic_id for act in acts} | set(sources.values())
    columns = select(Topic.id, Topic.title, Topic.language, Topic.merged_into_id)
    public = columns.where(Topic.id.in_(keys - {None}), Topic.last_position > 0)
    topics: dict[int | None, Any] = {topic.id: topic for topic in db.session.execute(public)}
    return [Line(act, topics.get(act.topic_id), topics.get(sources[act.id])) for act in acts]
