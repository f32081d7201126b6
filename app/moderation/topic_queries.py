"""What acts on topics are decided by."""

from collections.abc import Collection

from sqlalchemy import func, select

from app.errors import AlreadyDecided, NotFound
from app.extensions import db
from app.models import Act, Message, Topic


def latest_act(topic_id: int) -> int:
    """The key of the latest act on a topic, 0 where there has been none.

    A form that was opened before it is out of date: somebody else has decided something about the topic since.
    """
    return db.session.scalar(select(func.max(Act.id)).where(Act.topic_id == topic_id)) or 0


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
