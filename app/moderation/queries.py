"""What moderation asks about reasons, people and single messages."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.extensions import db
from app.models import (
    Act,
    ActKind,
    Forum,
    ForumRole,
    Group,
    Message,
    MessageStatus,
    Reason,
    Report,
    Role,
    Topic,
    User,
)
from app.permissions import MESSAGE_IS_VISIBLE, visible_to


def list_reasons() -> Sequence[Reason]:
    """The reasons that administrators offer, in their order, with their texts."""
    statement = select(Reason).order_by(Reason.position, Reason.id).options(selectinload(Reason.texts))
    return db.session.scalars(statement).all()


def list_moderators(forum: Forum, language: str) -> Sequence[User]:
    """Who moderates messages of a forum in that language: its moderators, or administrators where it has none."""
    active = select(User).where(User.confirmed_at.is_not(None), User.suspended_at.is_(None)).order_by(User.id)
    held = active.join(ForumRole).where(ForumRole.forum_id == forum.id, ForumRole.role == Role.MODERATOR)
    moderators = [user for user in db.session.scalars(held) if user.has_role(Role.MODERATOR, forum.id, language)]
    return moderators or db.session.scalars(active.where(User.is_admin)).all()


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


def why_returned(messages: Iterable[Message]) -> dict[int, Act]:
    """Of those messages that wait for their author's changes, the acts that asked for them, by number."""
    numbers = [message.id for message in messages if message.returned_at]
    statement = select(Act).where(Act.message_id.in_(numbers), Act.kind == ActKind.RETURN).order_by(Act.id)
    return {act.message_id: act for act in db.session.scalars(statement) if act.message_id} if numbers else {}


def last_correction(message: Message) -> Act | None:
    """The last act by which the Secretariat changed what the message says; None where there was none."""
    statement = select(Act).filter_by(message_id=message.id, kind=ActKind.EDIT).order_by(Act.id.desc()).limit(1)
    return db.session.scalar(statement) if message.edited_at else None


def is_visible_to(person: User, message: Message) -> bool:
    """Whether a person may see that there is the message, whatever it shows of itself."""
    return db.session.scalar(_VISIBLE.where(Message.id == message.id), visible_to(person)) is not None


def list_own_unpublished(user: User) -> Sequence[Message]:
    """The messages of a person that wait, were returned or withheld, the latest first."""
    kept_back = Message.status.in_((MessageStatus.PENDING, MessageStatus.WITHHELD))
    statement = _VISIBLE.where(Message.author_id == user.id, kept_back)
    statement = statement.order_by(Message.id.desc()).options(joinedload(Message.topic))
    found: Sequence[Message] = db.session.scalars(statement, visible_to(user)).all()
    return found


_VISIBLE: Any = (
    select(Message)
    .join(Topic, Topic.id == Message.topic_id)
    .join(Group, Group.id == Topic.group_id)
    .join(Forum)
    .where(MESSAGE_IS_VISIBLE)
)
