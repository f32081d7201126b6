"""Attached files made directly, without a form."""

import hashlib
import io
import secrets
from typing import Any

from app.extensions import db
from app.models import Attachment
from app.storage import storage


def make_attachment(owner: Any, name: str, content: bytes = b"Some text.\n", **more: Any) -> Attachment:
    """A file of a message or a document, with its content in the storage."""
    key = secrets.token_hex(16)
    storage().put(key, io.BytesIO(content))
    values = {"media_type": "text/plain", "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    attachment = Attachment(name=name, key=key, **(values | more))
    owner.attachments.append(attachment)
    db.session.flush()
    return attachment
