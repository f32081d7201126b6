"""Giving a message a new text, the old one kept. Called inside a transaction."""

from collections.abc import Mapping
from typing import Any

from app.database import utcnow
from app.difference import compare
from app.extensions import db
from app.markup import render
from app.models import Message, Revision


def revise(message: Message, changes: Mapping[str, Any], *, files_change: bool = False) -> Revision | None:
    """Keep what the message says as a revision, which is returned, and make the changes.

    `changes` are of `body` (Markdown), `language` and `on_behalf_of`. None, and nothing kept, where they change
    nothing and no file of the message comes or goes.
    """
    if not files_change and all(getattr(message, name) == value for name, value in changes.items()):
        return None
    kept = Revision(
        message=message,
        body=message.body,
        html=message.html,
        language=message.language,
        on_behalf_of=message.on_behalf_of,
        written_at=message.written_at,
        difference=compare(message.body, changes.get("body", message.body)),
    )
    db.session.add(kept)
    for name, value in changes.items():
        setattr(message, name, value)
    message.html = render(message.body)
    message.edited_at = utcnow()
    db.session.flush()
    return kept
