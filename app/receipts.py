"""Receipts: an email with what was stored, to the person who posted a message, typed it for someone or changed it.

It is written in the same transaction and goes with the words of the message (app/copies.py): what is withheld, hidden
or withdrawn while it waits is not sent afterwards. The SHA-256 is that of the text as stored: its UTF-8 bytes, with a
line feed at the end of each line but the last.
"""

import hashlib

from sqlalchemy import delete, select

from app.extensions import db
from app.models import Mail, Message, MessageStatus, Topic
from app.notify import tell


def write_receipt(message: Message, *, is_changed: bool = False) -> None:
    """Confirm a message that has been flushed, and its files, to the account that posted it."""
    author, topic = message.author, message.topic
    _write(
        "receipt",
        message,
        message=message,
        at=message.written_at,
        title=topic.title if topic.author is author else "",  # no words of others
        group=topic.group.number,
        recorded_as=message.speaker or f"{author.title} {author.name}".strip(),
        sha256=sha256_of(message.body),
        waits=message.status == MessageStatus.PENDING,
        is_changed=is_changed,
    )


def _write(name: str, message: Message, /, **values: object) -> None:
    tell(name, message.author, message, "forums.message", **values).receipt_of_id = message.id


def take_back_receipts(message: Message) -> None:
    """Delete the receipts of a message whose text is withheld, hidden or withdrawn. If one is still waiting, the author
    gets one without the text in its place."""
    waits = (Mail.receipt_of_id == message.id) & Mail.sent_at.is_(None) & Mail.given_up_at.is_(None)
    is_waiting = db.session.scalar(select(Mail.id).where(waits).limit(1)) is not None
    db.session.execute(delete(Mail).where(Mail.receipt_of_id == message.id))
    if is_waiting:
        is_withdrawn = message.status == MessageStatus.WITHDRAWN
        _write("receipt_without_text", message, at=message.posted_at, is_withdrawn=is_withdrawn)


def sha256_of(text: str) -> str:
    """In 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def take_back_title(topic: Topic) -> None:
    """Take back all receipts with the title of a topic, which are those of its author, once the title is taken away."""
    own = select(Message).where(Message.topic_id == topic.id, Message.author_id == topic.author_id)
    for message in db.session.scalars(own.where(Message.id.in_(select(Mail.receipt_of_id)))).all():
        take_back_receipts(message)
