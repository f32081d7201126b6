"""Counters of forums, groups, questions and topics. They count what everyone can see.

Actions update them at a cost that does not depend on the number of messages; `flask recount` counts everything again.
The number of participants needs no table: a message changes it only if the topic, or the forum, has no other published
message of the same speaker, which an index shows.

Called inside a transaction that has locked the topics (`writing.held`). Locks are taken in one order, topics, then the
forum, then groups and questions, so that no two actions can deadlock.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal_column, select, update

from app.database import LOCKED
from app.extensions import db
from app.models import WHO_SPEAKS, Forum, Group, Message, MessageStatus, Question, Topic

BATCH = 1_000

_PUBLISHED = Message.status == MessageStatus.PUBLISHED
_IS_LISTED = Topic.standing >= 0
OF_A_TOPIC: dict[str, Any] = {
    "last_position": func.coalesce(
        func.max(Message.position), case((Topic.merged_into_id.is_not(None), Topic.last_position), else_=0)
    ),
    "message_count": func.count(Message.id).filter(_PUBLISHED),
    "participant_count": func.count(func.distinct(WHO_SPEAKS)).filter(_PUBLISHED),
    # The latest message that everyone can read; for a topic without any, the time when it was started.
    "active_at": func.coalesce(
        func.max(Message.posted_at).filter(_PUBLISHED),
        Topic.created_at,
    ),
}
OF_A_LIST: dict[str, Any] = {
    "topic_count": func.count(Topic.id).filter(_IS_LISTED),
    "message_count": func.coalesce(func.sum(Topic.message_count), 0),
}
OF_A_FORUM: dict[str, Any] = {
    "message_count": func.count(Message.id),
    "speaker_count": func.count(func.distinct(WHO_SPEAKS)),
    "first_at": func.min(Message.posted_at),
    "last_at": func.max(Message.posted_at),
}
# Topics first, since groups and questions are counted from them.
COUNTERS: dict[Any, tuple[dict[str, Any], Any, ColumnElement[bool]]] = {
    Topic: (OF_A_TOPIC, Message, Message.topic_id == Topic.id),
    Group: (OF_A_LIST, Topic, Topic.group_id == Group.id),
    Question: (OF_A_LIST, Topic, Topic.question_id == Question.id),
    Forum: (OF_A_FORUM, Message, (Message.forum_id == Forum.id) & _PUBLISHED),
}


@contextmanager
def carried(*topics: Topic) -> Iterator[None]:
    """Update the counters of groups and questions after the changes that the block makes to these topics."""
    db.session.flush()
    before = _shares(topics)
    yield
    db.session.flush()
    after = _shares(topics)
    for model, key in sorted(before | after, key=lambda one: (one[0].__name__, one[1])):
        changes = after.get((model, key), Counter())
        changes.subtract(before.get((model, key), Counter()))
        values = {name: getattr(model, name) + by for name, by in changes.items() if by}
        if values:
            db.session.execute(update(model).where(model.id == key).values(values))


def count_in(message: Message) -> None:
    """Add a message that has become public to the counters of its topic and forum."""
    forum = _count(message, 1)
    forum.first_at = min(forum.first_at or message.posted_at, message.posted_at)
    forum.last_at = max(forum.last_at or message.posted_at, message.posted_at)


def count_out(message: Message) -> None:
    """Subtract a message that is no longer public from the counters of its topic and forum."""
    forum = _count(message, -1)
    if message.posted_at in (forum.first_at, forum.last_at):
        first_at, last_at = (_one_end(end, forum.id) for end in (func.min, func.max))
        forum.first_at, forum.last_at = db.session.execute(select(first_at, last_at)).one()


def count(topic: Topic) -> None:
    """Set the counters of a topic from all its messages."""
    _set(Topic, topic)


def count_forum(forum: Forum) -> None:
    """Set the counters of a forum from all its messages."""
    _set(Forum, forum)


def recount() -> list[tuple[str, int, str, object, object]]:
    """Count everything again from the messages.

    Returns the corrections: `(name of the model, key, counter, former value, new value)`.
    """
    db.session.flush()
    return [difference for model in COUNTERS for difference in _recount(model)]


def _shares(topics: tuple[Topic, ...]) -> dict[tuple[Any, int], Counter[str]]:
    """The contribution of these topics to the counters of their groups and questions, by model and key."""
    shares: dict[tuple[Any, int], Counter[str]] = {}
    for topic in topics:
        is_listed = int(topic.last_position > 0 and topic.merged_into_id is None)
        for model, key in ((Group, topic.group_id), (Question, topic.question_id)):
            if key:
                share = shares.setdefault((model, key), Counter())
                share.update(topic_count=is_listed, message_count=topic.message_count)
    return shares


def _count(message: Message, by: int) -> Forum:
    """Count a message in (`by` 1) or out (-1), and lock its forum until the transaction ends."""
    db.session.flush()
    topic = message.topic
    topic.message_count += by
    _move_in_lists(topic, message, by)
    if not _speaks_besides(message, Message.topic_id == topic.id):
        topic.participant_count += by
    forum = db.session.get_one(Forum, message.forum_id)
    db.session.refresh(forum, list(OF_A_FORUM), with_for_update=LOCKED)
    forum.message_count += by
    if not _speaks_besides(message, Message.forum_id == forum.id):
        forum.speaker_count += by
    return forum


def _move_in_lists(topic: Topic, message: Message, by: int) -> None:
    """Let a message that has become public lift its topic, and one that is no longer public lift it no more."""
    if by > 0 and topic.message_count > 1:
        topic.active_at = max(topic.active_at, message.posted_at)
    elif by > 0:
        topic.active_at = message.posted_at
    elif topic.active_at == message.posted_at:
        latest = select(func.max(Message.posted_at)).where(Message.topic_id == topic.id, _PUBLISHED)
        topic.active_at = db.session.scalar(latest) or topic.created_at


def _speaks_besides(message: Message, there: ColumnElement[bool]) -> bool:
    """Whether the speaker of a message has another published message there."""
    if message.speaker:
        # As in the condition of the index ix_message_spoken.
        same = (Message.speaker == message.speaker) & (Message.speaker != literal_column("''"))
    else:
        same = (Message.author_id == message.author_id) & (Message.speaker == "")
    others = select(Message.id).where(same, Message.forum_id == message.forum_id, _PUBLISHED, Message.id != message.id)
    return db.session.scalar(others.where(there).limit(1)) is not None


def _one_end(end: Any, forum_id: int) -> Any:
    """The first or the last time of a forum's messages; a subquery for each, since each is then one index look-up."""
    return select(end(Message.posted_at)).where(Message.forum_id == forum_id, _PUBLISHED).scalar_subquery()


def _set(model: Any, thing: Any) -> None:
    db.session.flush()
    row = db.session.execute(_counted(model).where(model.id == thing.id)).one()
    for name in COUNTERS[model][0]:
        setattr(thing, name, getattr(row, f"right_{name}"))


def _recount(model: Any) -> Iterator[tuple[str, int, str, object, object]]:
    wrong = []
    for row in db.session.execute(_counted(model).order_by(model.id)):
        changed = [name for name in COUNTERS[model][0] if getattr(row, name) != getattr(row, f"right_{name}")]
        if changed:
            wrong.append(_right(model, row))
        for name in changed:
            yield model.__name__, row.id, name, getattr(row, name), getattr(row, f"right_{name}")
    for start in range(0, len(wrong), BATCH):
        db.session.execute(update(model), wrong[start : start + BATCH])


def _right(model: Any, row: Any) -> Mapping[str, Any]:
    return {"id": row.id, **{name: getattr(row, f"right_{name}") for name in COUNTERS[model][0]}}


def _counted(model: Any) -> Select[Any]:
    """The counters of each row beside what they should be."""
    right, counted, is_its_own = COUNTERS[model]
    return (
        select(
            model.id,
            *(getattr(model, name) for name in right),
            *(value.label(f"right_{name}") for name, value in right.items()),
        )
        .outerjoin(counted, is_its_own)
        .group_by(model.id)
    )
