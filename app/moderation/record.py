"""The public record of a forum: what moderators did, when and why, without the withheld content, and what the
Secretariat changed in its own texts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, literal, or_, select, union_all
from sqlalchemy.orm import joinedload

from app.database import in_parts
from app.extensions import db
from app.models import IN_THE_RECORD, Act, ActKind, Forum, Message, OfficialChange, Topic
from app.paging import Listing, one_page
from app.wordings import IN_SIGHT


@dataclass(frozen=True)
class Line:
    """An act with its topic, and with the topic that it moved messages from, under their present titles.

    They are None if there is no such topic, or if it was never public and only its number may be shown.
    """

    act: Act
    topic: Row[Any] | None
    source: Row[Any] | None


def record_page(forum: Forum, page: int, *, now: datetime) -> Listing:
    """A page of the record of a forum, the latest line first: each a Line or an OfficialChange. Raises NotFound beyond
    the last page.

    The forum comes from `get_forum`, which checks whether the viewer may see it.
    """
    keys = _keys(forum, now)
    found = one_page(keys.order_by(*(column.desc() for column in keys.selected_columns)), page)
    return replace(found, rows=_lines(found.rows))


def whole_record(forum: Forum, *, now: datetime) -> Sequence[Line | OfficialChange]:
    """The record of a forum, the earliest line first."""
    keys = _keys(forum, now)
    return _lines(db.session.execute(keys.order_by(*keys.selected_columns)).all())


def latest_changes(forum: Forum, most: int, *, now: datetime) -> Sequence[OfficialChange]:
    """At most so many changes of official texts, the latest first."""
    found = select(OfficialChange).where(*_told(forum, now)).order_by(OfficialChange.id.desc())
    return db.session.scalars(found.limit(most)).all()


def _told(forum: Forum, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return OfficialChange.forum_id == forum.id, OfficialChange.at <= now, IN_SIGHT


def _keys(forum: Forum, now: datetime) -> Any:
    """When each act and each change was, which of both it is, and its key.

    What was corrected before its publication stands in the record from its publication on; a notice that is held
    back, from its date on.
    """
    is_public = or_(Act.kind != ActKind.EDIT, Message.position.is_not(None))
    acts = select(Act.at, literal(True).label("is_act"), Act.id).outerjoin(Message, Message.id == Act.message_id)
    acts = acts.where(Act.forum_id == forum.id, Act.kind.in_(sorted(IN_THE_RECORD)), is_public)
    changes = select(OfficialChange.at, literal(False), OfficialChange.id).where(*_told(forum, now))
    both = union_all(acts, changes).subquery()
    return select(both.c.at, both.c.is_act, both.c.id)


def _lines(keys: Sequence[Any]) -> list[Line | OfficialChange]:
    """In the order of the keys."""
    acts = {line.act.id: line for line in _lines_of({key.id for key in keys if key.is_act})}
    found = _read(select(OfficialChange), OfficialChange.id, {key.id for key in keys if not key.is_act})
    changes = {change.id: change for change in found}
    return [acts[key.id] if key.is_act else changes[key.id] for key in keys]


def _lines_of(keys: set[int]) -> list[Line]:
    acts = _read(select(Act).options(joinedload(Act.message), joinedload(Act.user)), Act.id, keys)
    sources = {act.id: act.detail.get("from_topic") for act in acts}
    columns = select(Topic.id, Topic.title, Topic.language, Topic.merged_into_id).where(Topic.last_position > 0)
    named = {key for act in acts for key in (act.topic_id, sources[act.id]) if key}
    topics: dict[int | None, Any] = {topic.id: topic for topic in _read(columns, Topic.id, named, db.session.execute)}
    return [Line(act, topics.get(act.topic_id), topics.get(sources[act.id])) for act in acts]


def _read(statement: Any, column: Any, keys: set[int], run: Callable[[Any], Any] = db.session.scalars) -> list[Any]:
    """What a statement finds with these keys, as many statements for none of them as for a page."""
    return [one for part in (list(in_parts(keys)) or [[]]) for one in run(statement.where(column.in_(part)))]
