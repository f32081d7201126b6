"""Files of messages and documents come and go together with their rows. Called inside a transaction.

A file is in the storage before its row is committed, and leaves it after the row is; one whose row was never
committed leaves it at once. What a crash leaves behind, `flask files tidy` removes.
"""

import logging
import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import event

from app.attachments.uploads import Upload
from app.errors import NoRoom, Refused
from app.extensions import consequences
from app.languages import N_
from app.models import Attachment, Message
from app.storage import Storage, is_full, storage

TOO_MANY_IN_ALL = N_(
    "With these the message would have %(count)s files, and at most %(most)s are possible. "
    "Please choose fewer, or remove others."
)
log = logging.getLogger(__name__)


def attach(owner: Any, uploads: Sequence[Upload], *, at: datetime, language: str = "") -> list[Attachment]:
    """Give a message or a document these files; `language` is that of their content, "" where it is not known.

    Raises NoRoom where the disk is full.
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
    """Delete files of a message, whose names and checksums stay for its history, and attach others.

    Raises Refused, naming the form's field `files`, where there would be more than the site allows.
    """
    count, most = len(message.files) - len(leaving) + len(uploads), current_app.config["SITE"].files_per_message
    if uploads and count > most:
        raise Refused(_l(TOO_MANY_IN_ALL, count=count, most=most), "files")
    for attachment in leaving:
        attachment.removed_at = at
        _discard_on_success(attachment)
    attach(message, uploads, at=at)


@event.listens_for(Attachment, "after_delete")
def _file_follows_row(_mapper: Any, _connection: Any, attachment: Attachment) -> None:
    """Whatever the row was deleted with: its document, or the whole forum."""
    _discard_on_success(attachment)


def _discard_on_success(attachment: Attachment) -> None:
    consequences().of_success.append(partial(_discard, storage(), attachment.key))


def _discard(place: Storage, key: str) -> None:
    """Delete a content that nothing needs any more; where that fails, it does no harm until it is tidied away."""
    try:
        place.delete(key)
    except OSError:
        log.exception("A file could not be deleted")
