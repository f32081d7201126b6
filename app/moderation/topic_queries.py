"""What acts on topics are decided by."""

from collections.abc import Collection

from sqlalchemy import func, select

from app.errors import AlreadyDecided, NotFound
from app.extensions import db
from app.models import Act, Message, Topic
from app.versions import version_of
from app.writing import question_above


def version_of_topic(topic: Topic) -> str:
    """The version of what a moderator is shown of a topic: its title, its place and the question above it, and the
    latest act on it.

    A form with another one is out of date: the topic was changed, or someone else has decided about it since.
    """
    latest = db.session.scalar(select(func.max(Act.id)).where(Act.topic_id == topic.id))
    return version_of(topic, ("title", "language", "group_id"), question_above(topic), latest)


def numbers_with_place(topic: Topic) -> list[int]:
    """The numbers of a topic's messages that have been published, in their order."""
    statement = select(Message.id).where(Message.topic_id == topic.id, Message.position.is_not(None))
    return list(db.session.scalars(statement.order_by(Message.id)))


def get_messages_of(topic: Topic, numbers: Collection[int]) -> list[Message]:
    """Messages of a topic that have been published, in the order of their numbers.

    Raises NotFound for a number that the topic's forum does not have, and AlreadyDecided for a message that stands in
    another topic by now, or that is not published yet.
    """
    statement = select(Message).where(Message.id.in_(numbers)).order_by(Message.id)
    messages = list(db.session.scalars(statement, execution_options={"populate_existing": True}))
    forum_id = topic.group.forum_id
    if len(messages) < len(numbers) or any(message.topic.group.forum_id != forum_id for message in messages):
        raise NotFound
    if any(message.topic_id != topic.id or message.position is None for message in messages):
        raise AlreadyDecided
    return messages
