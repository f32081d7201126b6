"""The counters of topics, counted from their messages: one topic's by what changes it, all by `flask recount`."""

from typing import Any

from sqlalchemy import Select, case, func, select, update

from app.extensions import db
from app.models import WHO_SPEAKS, Message, MessageStatus, Topic

BATCH = 1_000

_PUBLISHED = Message.status == MessageStatus.PUBLISHED
COUNTERS: dict[str, Any] = {
    "last_position": func.max(Message.position),
    "message_count": func.count(Message.id).filter(_PUBLISHED),
    "participant_count": func.count(func.distinct(WHO_SPEAKS)).filter(_PUBLISHED),
    "active_at": func.max(Message.posted_at).filter(Message.position.is_not(None)),
}
# Where nothing is to be counted: a topic without messages was active when it began.
_OTHERWISE: dict[str, Any] = {
    "last_position": case((Topic.merged_into_id.is_not(None), Topic.last_position), else_=0),
    "active_at": Topic.created_at,
}


def count(topic: Topic) -> None:
    """Set the counters of a topic that is kept from other writers (`writing.held`); inside a transaction."""
    db.session.flush()
    row = db.session.execute(_counted().where(Topic.id == topic.id)).one()
    for name in COUNTERS:
        setattr(topic, name, getattr(row, f"right_{name}"))


def recount() -> list[tuple[int, str, object, object]]:
    """Set every counter to what its topic's messages say; inside a transaction.

    Returns what differed: `(topic's id, counter, what it was, what it is now)`.
    """
    differences = []
    wrong = []
    for row in db.session.execute(_counted().order_by(Topic.id)):
        right = {name: getattr(row, f"right_{name}") for name in COUNTERS}
        changed = [name for name in COUNTERS if getattr(row, name) != right[name]]
        differences += [(row.id, name, getattr(row, name), right[name]) for name in changed]
        wrong += [{"id": row.id, **right}] if changed else []
    for start in range(0, len(wrong), BATCH):
        db.session.execute(update(Topic), wrong[start : start + BATCH])
    return differences


def _counted() -> Select[Any]:
    """Each topic's counters beside what they should be."""
    right = {name: func.coalesce(counted, _OTHERWISE.get(name, 0)) for name, counted in COUNTERS.items()}
    return (
        select(
            Topic.id,
            *(getattr(Topic, name) for name in COUNTERS),
            *(counted.label(f"right_{name}") for name, counted in right.items()),
        )
        .outerjoin(Message, Message.topic_id == Topic.id)
        .group_by(Topic.id)
    )
