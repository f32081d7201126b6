"""Attach files to documents and delete them. Each action is one transaction and leaves a line in the log."""

from collections.abc import Sequence

from app import wordings
from app.admin.object_queries import forum_of, get_file
from app.attachments.keeping import attach
from app.attachments.uploads import Upload
from app.audit import Change, changed, record
from app.database import utcnow
from app.extensions import transaction
from app.models import Attachment, Document, User
from app.permissions import require, require_forum_takes
from app.rows import fetch
from app.submissions import Once
from app.versions import require_version, version_of


def add(document_id: int, files: Sequence[Upload], language: str, *, key: str, viewer: User) -> None:
    """Attach files in one language ("" for none that the site has); the same form sent again attaches nothing.

    Raises NotFound, Archived and Forbidden.
    """
    once = Once(key, viewer, "files", document_id, [file.identity for file in files], language)
    with transaction(once=once):
        require(viewer, "administer")
        document = fetch(Document, document_id)
        forum, now, before = forum_of(document), utcnow(), wordings.texts_of("documents", document)
        require_forum_takes("files", forum, "create")
        if once.before:
            return
        made = attach(document, files, at=now, language=language)
        wordings.keep("documents", document, before, forum=forum, now=now)
        changes = [change for file in made for change in _change("", _description(file), language)]
        record(viewer, "edit", "documents", document, changes)
        once.made(document_id)


def version_of_file(file: Attachment) -> str:
    return version_of(file, ("name", "sha256", "language"))


def delete(document_id: int, attachment_id: int, *, key: str, version: str, viewer: User) -> bool:
    """Delete a file of a document, of which the page showed this version; False where this very form has done so.

    Raises NotFound, Archived, Forbidden and ChangedMeanwhile.
    """
    once = Once(key, viewer, "delete file", document_id, attachment_id)
    with transaction(once=once):
        require(viewer, "administer")
        if once.before:
            return False
        file = get_file(document_id, attachment_id)
        document = fetch(Document, document_id)
        forum, before = forum_of(document), wordings.texts_of("documents", document)
        require_forum_takes("files", forum, "delete")
        require_version(version, version_of_file(file))
        record(viewer, "edit", "documents", document, _change(_description(file), "", file.language))
        document.attachments.remove(file)  # which deletes it
        wordings.keep("documents", document, before, forum=forum, now=utcnow())
        once.made(document_id)
    return True


def _change(old: str, new: str, language: str) -> list[Change]:
    return changed("file", old, new, language)


def _description(file: Attachment) -> str:
    return f"{file.name} (SHA-256 {file.sha256})"
