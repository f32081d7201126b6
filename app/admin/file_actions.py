"""Attach files to documents and delete them. Each action is one transaction and leaves a line in the log."""

from collections.abc import Sequence

from app.admin.object_queries import get_file, refuse_if_archived
from app.attachments.keeping import attach
from app.attachments.uploads import Upload
from app.audit import Change, changed, record
from app.database import utcnow
from app.extensions import db, transaction
from app.models import Attachment, Document, User
from app.permissions import require
from app.rows import fetch
from app.submissions import earlier_result, remember


def add(document_id: int, files: Sequence[Upload], language: str, *, key: str, viewer: User) -> None:
    """Attach files in one language ("" for none that the site has); the same form sent again attaches nothing.

    Raises NotFound, Archived and Forbidden.
    """
    with transaction():
        require(viewer, "administer")
        document, sent = fetch(Document, document_id), [file.identity for file in files]
        refuse_if_archived(document)
        if earlier_result(key, viewer.id, "files", document_id, sent, language):
            return
        made = attach(document, files, at=utcnow(), language=language)
        changes = [change for file in made for change in _change("", _description(file), language)]
        record(viewer, "edit", "documents", document, changes)
        remember(key, viewer.id, document_id, "files", document_id, sent, language)


def delete(document_id: int, attachment_id: int, *, key: str, viewer: User) -> bool:
    """Delete a file of a document; False where this very form has done so. Raises NotFound, Archived and Forbidden."""
    with transaction():
        require(viewer, "administer")
        if earlier_result(key, viewer.id, "delete file", document_id, attachment_id):
            return False
        file = get_file(document_id, attachment_id)
        document = fetch(Document, document_id)
        refuse_if_archived(document)
        record(viewer, "edit", "documents", document, _change(_description(file), "", file.language))
        db.session.delete(file)
        remember(key, viewer.id, document_id, "delete file", document_id, attachment_id)
    return True


def _change(old: str, new: str, language: str) -> list[Change]:
    return changed("file", old, new, language)


def _description(file: Attachment) -> str:
    return f"{file.name} (SHA-256 {file.sha256})"
