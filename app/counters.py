"""The counters of topics, counted anew from their messages."""

from typing import Any

from sqlalchemy import Select, func, select, update

from app.extensions import db
from app.models import Message, MessageStatus, Topic

COUNTERS = ("last_position", "message_count", "participant_count", "active_at")
BATCH = 1_000


def recount() -> list[tuple[int, str, object, object]]:
    """Set every counter to what its topic's messages say; inside a transaction.

    Returns what differed: `(topic's id, counter, what it was, what it is now)`.
    """
    differences = []
    wrong = []
    for row in db.session.execute(_counted()):
        right = {name: getattr(row, f"right_{name}") for name in COUNTERS}
        changed = [name for name in COUNTERS if getattr(row, name) != right[name]]
        differences += [(row.id, name, getattr(row, name), right[name]) for name in changed]
        wrong += [{"id": row.id, **right}] if changed else []
    for start in range(0, len(wrong), BATCH):
        db.session.execute(update(Topic), wrong[start : start + BATCH])
    return differences


def _counted() -> Select[Any]:
    """Each topic's counters beside what they should be. A topic without messages was active when it began."""
    is_published = Message.status == MessageStatus.PUBLISHED
    right = (
        select(
            Message.topic_id,
            func.max(Message.position).label("last_position"),
            func.count(Message.id).filter(is_published).label("message_count"),
            func.count(func.distinct(Message.author_id)).filter(is_published).label("participant_count"),
            func.max(Message.posted_at).filter(Message.position.is_not(None)).label("active_at"),
        )
        .group_by(Message.topic_id)
        .subquery()
    )
    absent = {"active_at": Topic.created_at}
    return (
        select(
            Topic.id,
            *(getattr(Topic, name) for name in COUNTERS),
            *(func.coalesce(right.c[name], absent.get(name, 0)).label(f"right_{name}") for name in COUNTERS),
        )
        .outerjoin(right, right.c.topic_id == Topic.id)
        .order_by(Topic.id)
    )
