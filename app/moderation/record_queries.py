"""The moderation record of a forum: what was done, when and why, without anything that was withheld."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload

from app.admin.user_queries import Listing, one_page
from app.extensions import db
from app.models import IN_THE_RECORD, Act, ActKind, Forum, Message


def record_page(forum: Forum, asked: str) -> Listing:
    """A page of the acts of a forum, the latest first. Raises NotFound where there is no such page.

    The forum comes from `get_forum`, which asked whether the viewer may see it.
    """
    found = one_page(_acts(forum).order_by(Act.id.desc()), asked)
    return replace(found, rows=[row.Act for row in found.rows])


def whole_record(forum: Forum) -> Sequence[Act]:
    """All acts of a forum, the earliest first."""
    return db.session.scalars(_acts(forum).order_by(Act.id)).all()


def _acts(forum: Forum) -> Select[Act]:
    """What was corrected before its publication stands in the record from its publication on."""
    is_public = or_(Act.kind != ActKind.EDIT, Message.position.is_not(None))
    statement = select(Act).outerjoin(Message, Message.id == Act.message_id)
    statement = statement.where(Act.forum_id == forum.id, Act.kind.in_(sorted(IN_THE_RECORD)), is_public)
    return statement.options(joinedload(Act.message), joinedload(Act.topic), joinedload(Act.user))
