"""The groups of a forum as one document: questions, topics and messages in the order of their numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from app.extensions import db
from app.forums.topic_queries import MESSAGE_COLUMNS, ShownMessage, read_messages
from app.models import Group, Message, Question, Topic


@dataclass(frozen=True)
class PrintedTopic:
    """A topic with all its messages."""

    topic: Row[Any]
    messages: list[ShownMessage]


@dataclass(frozen=True)
class PrintedGroup:
    group: Group
    topics: list[PrintedTopic]

    @property
    def numbers(self) -> set[int]:
        """The numbers of its messages: references to them become links within the document."""
        return {message.id for message in self.messages}

    @property
    def messages(self) -> list[ShownMessage]:
        return [message for entry in self.topics for message in entry.messages]


def collect(groups: Sequence[Group]) -> list[PrintedGroup]:
    """The groups with all their topics and messages.

    The groups come from `get_forum` or `get_group`, which check whether the viewer may see them. Topics are sorted by
    question, those without one last, and then by age.
    """
    wanted = [group.id for group in groups]
    messages: dict[int, list[ShownMessage]] = {}
    for message in read_messages(_messages(wanted), {}):
        messages.setdefault(message.topic_id, []).append(message)
    topics: dict[int, list[PrintedTopic]] = {}
    for topic in db.session.execute(_topics(wanted)):
        topics.setdefault(topic.group_id, []).append(PrintedTopic(topic, messages.get(topic.id, [])))
    return [PrintedGroup(group, topics.get(group.id, [])) for group in groups]


def _topics(group_ids: Sequence[int]) -> Any:
    return (
        select(Topic.id, Topic.title, Topic.language, Topic.group_id, Question.number.label("question_number"))
        .outerjoin(Question, Question.id == Topic.question_id)
        .where(Topic.group_id.in_(group_ids), Topic.last_position > 0, Topic.merged_into_id.is_(None))
        .order_by(Question.number.is_(None), Question.number, Topic.id)
    )


def _messages(group_ids: Sequence[int]) -> Any:
    return (
        MESSAGE_COLUMNS.join(Topic, Topic.id == Message.topic_id)
        .where(Topic.group_id.in_(group_ids), Message.position.is_not(None))
        .order_by(Message.topic_id, Message.position)
    )
