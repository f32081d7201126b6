"""Deleting what was posted in a forum that was never public, such as messages to try it out. Called inside the
transaction that deletes the forum.

A forum with messages cannot be unpublished, so no message of one that is not published has been public. The
numbers of its messages are not reused.
"""

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select, update

from app.database import LOCKED
from app.errors import Refused
from app.extensions import db
from app.models import Act, Attachment, Forum, Group, Message, Report, Revision, Topic

PUBLISHED = _l(
    "A published forum is part of the record. Unpublish it first; this is possible only while it contains no messages."
)


def delete_messages(forum: Forum) -> list[int]:
    """Delete all topics and messages of a forum, with their files, and return the numbers of the messages.

    Raises Refused where the forum has been published.
    """
    db.session.refresh(forum, with_for_update=LOCKED)
    if forum.published_at:
        raise Refused(PUBLISHED)
    own = Message.forum_id == forum.id
    numbers = list(db.session.scalars(select(Message.id).where(own).order_by(Message.id)))
    messages = select(Message.id).where(own).scalar_subquery()
    topics = select(Topic.id).join(Group, Group.id == Topic.group_id).where(Group.forum_id == forum.id)
    for file in db.session.scalars(select(Attachment).where(Attachment.message_id.in_(messages))):
        db.session.delete(file)  # one by one, since the content goes with its row
    db.session.flush()
    db.session.execute(delete(Act).where(Act.forum_id == forum.id))
    for model in (Report, Revision):
        db.session.execute(delete(model).where(model.message_id.in_(messages)))
    db.session.execute(update(Message).where(own).values(reply_to_id=None))
    db.session.execute(delete(Message).where(own))
    in_forum = Topic.id.in_(topics.scalar_subquery())
    db.session.execute(update(Topic).where(in_forum).values(merged_into_id=None))
    db.session.execute(delete(Topic).where(in_forum))
    db.session.expire_all()
    return numbers
