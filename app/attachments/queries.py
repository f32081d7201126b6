"""Files as pages show them, and the one that is asked for; fetching and permission are one call."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, select

from app.database import in_parts
from app.errors import NotFound
from app.extensions import db
from app.models import Attachment, Document, Forum, Group, Message, Topic, Viewer
from app.permissions import ATTACHMENT_IS_VISIBLE, visible_to


def files_of_messages(numbers: Collection[int]) -> dict[int, list[Row[Any]]]:
    """The files of these messages that are there to be read, by the message's number, the oldest first."""
    columns = (getattr(Attachment, name) for name in ("id", "name", "media_type", "size", "sha256", "language"))
    statement = select(Attachment.message_id, *columns).order_by(Attachment.id)
    files: dict[int, list[Row[Any]]] = {}
    for part in in_parts(numbers):
        found = statement.where(Attachment.message_id.in_(part), Attachment.removed_at.is_(None))
        for row in db.session.execute(found):
            files.setdefault(row.message_id, []).append(row)
    return files


def get_attachment(attachment_id: int, name: str, *, viewer: Viewer) -> Attachment:
    """A file by its key and its name, which must both be right. Raises NotFound."""
    statement = (
        select(Attachment)
        .outerjoin(Message, Message.id == Attachment.message_id)
        .outerjoin(Topic, Topic.id == Message.topic_id)
        .outerjoin(Group, Group.id == Topic.group_id)
        .outerjoin(Document, Document.id == Attachment.document_id)
        .join(Forum, (Forum.id == Group.forum_id) | (Forum.id == Document.forum_id))
        .where(Attachment.id == attachment_id, Attachment.name == name, Attachment.removed_at.is_(None))
        .where(ATTACHMENT_IS_VISIBLE)
    )
    found = db.session.scalar(statement, visible_to(viewer))
    if found is None:
        raise NotFound
    return found


def all_files() -> Sequence[Row[int, str, str, str]]:
    """`(id, name, key, sha256)` of every file that should be in the storage, for the command line."""
    columns = select(Attachment.id, Attachment.name, Attachment.key, Attachment.sha256)
    return db.session.execute(columns.where(Attachment.removed_at.is_(None)).order_by(Attachment.id)).all()
