"""Giving a message a new text, the old one kept, and which version of it a form showed. Called inside a transaction."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app.database import utcnow
from app.difference import compare
from app.errors import ChangedMeanwhile, HiddenMeanwhile
from app.extensions import db
from app.markup import render
from app.models import Act, ActKind, Message, Revision
from app.versions import fingerprint

LONGEST_NUMBER = 19  # in digits, of a key


def last_revision(message: Message) -> int:
    """The key of its last revision, 0 for none."""
    return message.revisions[-1].id if message.revisions else 0


def version_of(message: Message) -> str:
    """The version of all that a moderator or its author is shown of a message, the title and the question above it
    included. It begins with the key of the last revision, which tells what has come after it."""
    topic = message.topic
    question = topic.question and {code: text.text for code, text in topic.question.texts.items()}
    said = [message.body, message.language, message.on_behalf_of, message.speaker]
    files = [(file.name, file.sha256) for file in message.files]
    return f"{last_revision(message)}-{fingerprint(topic.title, topic.question_id, question, said, files)}"


def outdated(message: Message, shown: str) -> ChangedMeanwhile:
    """What to raise of a form that showed another version; HiddenMeanwhile where a moderator has corrected the message
    since and hidden what it said, which an old form must not bring back."""
    revision = shown.partition("-")[0]
    known = int(revision) if revision.isascii() and revision.isdigit() and len(revision) < LONGEST_NUMBER else 0
    acts = db.session.scalars(select(Act).filter_by(message_id=message.id, kind=ActKind.EDIT))
    is_hidden = any(act.detail.get("hides", 0) > known for act in acts)
    return HiddenMeanwhile() if is_hidden else ChangedMeanwhile()


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
