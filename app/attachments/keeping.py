"""Attaching files to messages and documents, and deleting them, together with their rows, inside a transaction.

A file is stored before its row is committed, and deleted after the deletion of its row is; if the transaction fails, a
new file is deleted at once. `flask files tidy` deletes what a crash may leave.
"""

import logging
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import event

from app.attachments.uploads import Upload
from app.audit import Change, changed
from app.errors import NoRoom, Refused
from app.extensions import consequences
from app.languages import N_
from app.models import Attachment, Document, Message
from app.storage import Storage, is_full, storage

TOO_MANY_IN_ALL = N_(
    "With these, the message would have %(count)s files; the maximum is %(most)s. Please select "
    "fewer, or remove others."
)
log = logging.getLogger(__name__)


def attach(owner: Any, uploads: Sequence[Upload], *, at: datetime, language: str = "") -> list[Attachment]:
    """Attach these files to a message or a document; `language` is that of their content, "" if it is not known.

    Raises NoRoom if the disk is full.
    """
    made = []
    for upload in uploads:
        key = secrets.token_hex(16)
        consequences().of_failure.append(partial(_discard, storage(), key))
        _put(key, upload)
        attachment = Attachment(
            name=upload.name,
            media_type=upload.media_type,
            size=upload.size,
            sha256=upload.sha256,
            key=key,
            language=language,
            created_at=at,
        )
        owner.attachments.append(attachment)
        made.append(attachment)
    return made


def _put(key: str, upload: Upload) -> None:
    try:
        storage().put(key, upload.content)
    except OSError as error:
        if not is_full(error):
            raise
        raise NoRoom from error


def exchange(message: Message, leaving: Sequence[Attachment], uploads: Sequence[Upload], *, at: datetime) -> None:
    """Delete files of a message, keeping their names and checksums for its history, and attach others.

    Raises Refused for the field `files` if there would be more than the site allows.
    """
    count, most = len(message.files) - len(leaving) + len(uploads), current_app.config["SITE"].files_per_message
    if uploads and count > most:
        raise Refused(_l(TOO_MANY_IN_ALL, count=count, most=most), "files")
    for attachment in leaving:
        attachment.removed_at = at
        _discard_on_success(attachment)
    attach(message, uploads, at=at)


def change_files(
    document: Document, leaving: Collection[int], coming: Mapping[str, Sequence[Upload]], *, at: datetime
) -> list[Change]:
    """Delete files of a document, by their keys, attach others, by their languages, and say what changed."""
    changes: list[Change] = []
    for file in [file for file in document.attachments if file.id in leaving]:
        changes += changed("file", file.description, "", file.language)
        document.attachments.remove(file)
    for code, uploads in coming.items():
        for file in attach(document, uploads, at=at, language=code):
            changes += changed("file", "", file.description, code)
    return changes


@event.listens_for(Attachment, "after_delete")
def _delete_file_with_row(_mapper: Any, _connection: Any, attachment: Attachment) -> None:
    """Also when the row is deleted with its document or with the whole forum."""
    _discard_on_success(attachment)


def _discard_on_success(attachment: Attachment) -> None:
    consequences().of_success.append(partial(_discard, storage(), attachment.key))


def _discard(place: Storage, key: str) -> None:
    """Delete a content that is no longer needed. If that fails, it does no harm until `flask files tidy` deletes it."""
    try:
        place.delete(key)
    except OSError:
        log.exception("A file could not be deleted")
