"""What moderation asks about reasons, single messages and their reports."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from app import writing
from app.extensions import db
from app.models import Act, Message, Reason, Report, Topic, User
from app.paging import Listing, one_page
from app.versions import fingerprint


def list_reasons() -> Sequence[Reason]:
    """The reasons that administrators offer, in their order, with their texts."""
    statement = select(Reason).order_by(Reason.position, Reason.id).options(selectinload(Reason.texts))
    return db.session.scalars(statement).all()


def list_posted_by(user: User, page: int) -> Listing:
    """What a person has posted, whatever its status, the latest first, with the title of each topic."""
    columns: Any = (Message.id, Message.posted_at, Message.status, Topic.title, Topic.language.label("topic_language"))
    statement = select(*columns).join(Topic, Topic.id == Message.topic_id).where(Message.author_id == user.id)
    return one_page(statement.order_by(Message.id.desc()), page)


def version_of(message: Message) -> str:
    """The version of all that a moderator is shown of a message: that of what it says, what was decided about it
    before, and its open reports."""
    decided = db.session.scalar(select(func.max(Act.id)).where(Act.message_id == message.id))
    reports = sorted((report.id, report.reason) for report in open_reports(message))
    shown = writing.version_of(message)
    return f"{writing.last_revision(message)}-{fingerprint(shown, decided, reports)}"


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
