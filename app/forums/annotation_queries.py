"""Summaries, what became of contributions, and what else the Secretariat published, as readers see them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import joinedload, selectinload

from app.database import in_parts
from app.extensions import db
from app.models import Annotation, AnnotationKind, Forum, Group, Message, MessageStatus, Notice, Question, Viewer
from app.permissions import FORUM_IS_VISIBLE, visible_to

MOST_PUBLISHED = 20


class Annotations(list[Annotation]):
    """Those of a forum: of the forum itself, then by group and question, then by message."""

    def about(
        self, kind: str, *, group_id: int | None = None, question_id: int | None = None, message_id: int | None = None
    ) -> Annotation | None:
        """The one of this kind about a group, a question or a message, by default about the forum."""
        wanted = (kind, group_id, question_id, message_id)
        keys = (((one.kind, one.group_id, one.question_id, one.message_id), one) for one in self)
        return next((one for key, one in keys if key == wanted), None)

    def of(self, kind: str) -> "Annotations":
        return Annotations(one for one in self if one.kind == kind)


def list_annotations(forum_id: int, *, with_messages: bool = False) -> Annotations:
    """Those of a forum that have a text, by default without those about messages, which stand under each message. What
    became of a message is told as long as the message is shown. The caller checks that the viewer may see the forum.
    """
    found = db.session.scalars(_WITH_MESSAGES if with_messages else _OF_PARTS, {"forum_id": forum_id}).unique()
    return Annotations(sorted(filter(_has_text, found), key=_place))


def annotations_about(forums: Collection[Forum], groups: Collection[Group]) -> Annotations:
    """Those with a text about these forums themselves, and about these groups and their questions. The caller checks
    that the viewer may see them."""
    whole = [forum.id for forum in forums]
    keys = {*whole, *(group.forum_id for group in groups)}
    asked = {"forums": sorted(keys), "whole": whole, "groups": [group.id for group in groups]}
    found = db.session.scalars(_OF_SEVERAL, asked).unique() if keys else ()
    return Annotations(sorted(filter(_has_text, found), key=_place))


def latest_annotations(forum_id: int, most: int, *, topic_id: int | None = None) -> Sequence[Annotation]:
    """At most so many of those that `list_annotations` gives with those about messages, the last changed first; with
    `topic_id`, those about the messages of this topic alone."""
    found = _LATEST if topic_id is None else _LATEST_OF_TOPIC
    return db.session.scalars(found, {"forum_id": forum_id, "topic_id": topic_id, "most": most}).unique().all()


def is_followed_up(forum_id: int) -> bool:
    """Whether there is any follow-up, also of messages, in a forum."""
    told = select(Annotation.id).outerjoin(Message, Message.id == Annotation.message_id).where(_IS_TOLD)
    told = told.where(Annotation.forum_id == forum_id, Annotation.kind == AnnotationKind.FOLLOW_UP)
    return db.session.scalar(told.where(Annotation.texts.any()).limit(1)) is not None


def follow_ups(keys: Collection[int]) -> dict[int, Annotation]:
    """What became of messages, by the number of the message; `keys` are those of the annotations."""
    found: dict[int, Annotation] = {}
    for part in in_parts(keys):
        for one in db.session.scalars(_BY_KEY, {"keys": part}).unique():
            if one.message_id and _has_text(one):
                found[one.message_id] = one
    return found


def list_published(
    *, viewer: Viewer, since: datetime, now: datetime, forum: Forum | None = None
) -> tuple[list[Row[datetime, Forum, Any]], bool]:
    """What the Secretariat has published since then in this forum or in all, the latest first: when, where, and a
    Notice or an Annotation; and whether only the latest MOST_PUBLISHED are listed. Documents have no date of
    publication."""
    asked = visible_to(viewer) | {"since": since, "now": now}
    statements = [one.where(Forum.id == forum.id) if forum else one for one in (_NOTICES, _ANNOTATIONS)]
    found = [row for one in statements for row in db.session.execute(one, asked)]
    found.sort(key=lambda row: row.at, reverse=True)
    return found[:MOST_PUBLISHED], len(found) > MOST_PUBLISHED


def _has_text(one: Annotation) -> bool:
    return bool(one.texts)


def _place(one: Annotation) -> tuple[int, int, int, str]:
    group = one.question.group if one.question else one.group
    return one.message_id or 0, group.number if group else 0, one.question.number if one.question else 0, one.kind


_WITH_PLACES = select(Annotation).options(
    joinedload(Annotation.texts),
    joinedload(Annotation.forum),
    joinedload(Annotation.group),
    joinedload(Annotation.question).joinedload(Question.group),
)
_ALL = _WITH_PLACES.where(Annotation.forum_id == bindparam("forum_id"))
_OF_PARTS = _ALL.where(Annotation.message_id.is_(None))
ANNOTATED_GROUP = func.coalesce(Annotation.group_id, Question.group_id)
_OF_SEVERAL = _WITH_PLACES.outerjoin(Question, Question.id == Annotation.question_id).where(
    Annotation.forum_id.in_(bindparam("forums", expanding=True)),
    Annotation.message_id.is_(None),
    ANNOTATED_GROUP.in_(bindparam("groups", expanding=True))
    | (ANNOTATED_GROUP.is_(None) & Annotation.forum_id.in_(bindparam("whole", expanding=True))),
)
_IS_TOLD = Annotation.message_id.is_(None) | (Message.status == MessageStatus.PUBLISHED)
_WITH_MESSAGES = _ALL.outerjoin(Message, Message.id == Annotation.message_id).where(_IS_TOLD)
_CHANGED_AT = func.coalesce(Annotation.corrected_at, Annotation.written_at)
_LATEST = (
    _WITH_MESSAGES.where(Annotation.texts.any())
    .order_by(_CHANGED_AT.desc(), Annotation.id.desc())
    .limit(bindparam("most"))
)
_LATEST_OF_TOPIC = _LATEST.where(Message.topic_id == bindparam("topic_id"))
_BY_KEY = (
    select(Annotation)
    .where(Annotation.id.in_(bindparam("keys", expanding=True)), Annotation.kind == AnnotationKind.FOLLOW_UP)
    .options(joinedload(Annotation.texts), joinedload(Annotation.forum))
)
_NOTICES = (
    select(Notice.published_at.label("at"), Forum, Notice)
    .join(Forum, Forum.id == Notice.forum_id)
    .where(FORUM_IS_VISIBLE, Notice.published_at.between(bindparam("since"), bindparam("now")), Notice.texts.any())
    .order_by(Notice.published_at.desc(), Notice.id.desc())
    .limit(MOST_PUBLISHED + 1)
    .options(selectinload(Forum.texts), selectinload(Notice.texts))
)
_IS_RECENT = Annotation.written_at.between(bindparam("since"), bindparam("now"))
_ANNOTATIONS = (
    select(Annotation.written_at.label("at"), Forum, Annotation)
    .join(Forum, Forum.id == Annotation.forum_id)
    .outerjoin(Message, Message.id == Annotation.message_id)
    .where(FORUM_IS_VISIBLE, _IS_TOLD, _IS_RECENT, Annotation.texts.any())
    .order_by(Annotation.written_at.desc(), Annotation.id.desc())
    .limit(MOST_PUBLISHED + 1)
    .options(
        selectinload(Forum.texts),
        joinedload(Annotation.group),
        joinedload(Annotation.question).joinedload(Question.group),
    )
)
