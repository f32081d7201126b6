"""Files as pages show them, and the one that is asked for; fetching and permission are one call."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, ScalarSelect, select

from app.database import JsonRows
from app.errors import NotFound
from app.extensions import db
from app.models import Attachment, Document, Forum, Group, Message, Topic, Viewer
from app.permissions import ATTACHMENT_IS_VISIBLE, visible_to


class Attached(NamedTuple):
    """What pages show of a file: `size` in bytes, `sha256` in hexadecimal digits, `language` a code or ""."""

    id: int
    name: str
    media_type: str
    size: int
    sha256: str
    language: str


def attached_to_message() -> ScalarSelect[Any]:
    """The files of the message in the row of a statement, in one column for `read_attached`; NULL for none."""
    columns = (getattr(Attachment, name) for name in Attached._fields)
    statement = select(JsonRows(*columns)).where(Attachment.message_id == Message.id, Attachment.removed_at.is_(None))
    return statement.correlate(Message).scalar_subquery()


def read_attached(column: str | None) -> list[Attached]:
    """The files of such a column, oldest first."""
    return sorted(Attached(*values) for values in json.loads(column)) if column else []


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
