"""Attached files as pages list them and as they are downloaded; fetching and permission are one call."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, select

from app.database import in_parts
from app.errors import NotFound
from app.extensions import db, read
from app.models import Attachment, Document, Forum, Group, Message, Topic, Viewer
from app.permissions import ATTACHMENT_IS_VISIBLE, visible_to

_file = Attachment.__table__.c
FILES_OF_MESSAGES = (
    select(_file.message_id, _file.id, _file.name, _file.media_type, _file.size, _file.sha256, _file.language)
    .where(_file.message_id.in_(bindparam("numbers", expanding=True)), _file.removed_at.is_(None))
    .order_by(_file.id)
)


def files_of_messages(numbers: Collection[int]) -> dict[int, list[Any]]:
    """The files of these messages that have not been removed, by the number of the message, oldest first."""
    files: dict[int, list[Any]] = {}
    for part in in_parts(numbers):
        for row in read(FILES_OF_MESSAGES, {"numbers": part}):
            files.setdefault(row.message_id, []).append(row)
    return files


def get_attachment(attachment_id: int, name: str, *, viewer: Viewer) -> Attachment:
    """A file that the viewer may see, by its key and its name, which must both match. Raises NotFound."""
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
