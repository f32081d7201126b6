"""The places of messages in their topics, and the counters of topics. Called inside a transaction."""

from sqlalchemy import func, select

from app.extensions import db
from app.models import Message, MessageStatus, Topic


def lock(message: Message) -> None:
    """Read a message as it stands now, and keep it from other writers until the end of the transaction."""
    db.session.refresh(message, with_for_update=True)


def publish(message: Message) -> None:
    """Put a message at the end of its topic, for everybody to read."""
    topic = _kept_from_others(message.topic)
    topic.last_position += 1
    message.position = topic.last_position
    message.status = MessageStatus.PUBLISHED
    topic.active_at = max(topic.active_at, message.posted_at)
    count(topic)


def show(message: Message, status: MessageStatus) -> None:
    """Give a message that has its place another status: withdrawn, withheld, published again."""
    message.status = status
    count(_kept_from_others(message.topic))


def count(topic: Topic) -> None:
    """Count what everybody sees of a topic."""
    db.session.flush()
    counted = select(func.count(Message.id), func.count(func.distinct(Message.author_id)))
    published = (Message.topic_id == topic.id) & (Message.status == MessageStatus.PUBLISHED)
    topic.message_count, topic.participant_count = db.session.execute(counted.where(published)).one()


def _kept_from_others(topic: Topic) -> Topic:
    """The topic as it stands now, kept from other writers until the end of the transaction."""
    db.session.flush()
    db.session.refresh(topic, with_for_update=True)
    return topic
