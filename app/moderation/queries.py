"""What moderation asks about reasons, single messages and their reports."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from app.extensions import db
from app.models import Act, Message, Reason, Report, Topic, User
from app.versions import fingerprint


def list_reasons() -> Sequence[Reason]:
    """The reasons that administrators offer, in their order, with their texts."""
    statement = select(Reason).order_by(Reason.position, Reason.id).options(selectinload(Reason.texts))
    return db.session.scalars(statement).all()


def last_revision(message: Message) -> int:
    """The key of its last revision, 0 for none."""
    return message.revisions[-1].id if message.revisions else 0


def version_of(message: Message) -> str:
    """The name of all that a moderator is shown of a message: with the title and the question above it, its files, what
    was decided about it before, and its open reports."""
    topic = message.topic
    said = [message.body, message.language, message.on_behalf_of, message.speaker]
    files = [(file.name, file.sha256) for file in message.files]
    decided = db.session.scalar(select(func.max(Act.id)).where(Act.message_id == message.id))
    reports = sorted((report.id, report.reason) for report in open_reports(message))
    return fingerprint(last_revision(message), topic.title, question_above(topic), said, files, decided, reports)


def question_above(topic: Topic) -> list[Any]:
    """The key of the question of a topic, and its text in each language; the key alone is None where there is none."""
    question = topic.question
    return [topic.question_id, question and {code: text.text for code, text in question.texts.items()}]


def begins_topic(message: Message) -> bool:
    """Whether the title of its topic, which others can see, came with this message."""
    if not message.topic.last_position:
        return False
    earlier = select(Message.id).where(Message.topic_id == message.topic_id, Message.id < message.id)
    return message.position == 1 or db.session.scalar(earlier.limit(1)) is None


def open_reports(message: Message) -> Sequence[Report]:
    """The reports of a message that nobody has settled yet."""
    return db.session.scalars(select(Report).filter_by(message_id=message.id, settled_at=None)).all()


def find_report(message: Message, reporter: User) -> Report | None:
    """What this person has reported about the message, settled or not."""
    return db.session.scalar(select(Report).filter_by(message_id=message.id, reporter_id=reporter.id))
