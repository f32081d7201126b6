"""The one way in which an act of moderation is recorded. Called inside the transaction that does it."""

from collections.abc import Mapping
from typing import Any

from app.extensions import db
from app.models import Act, ActKind, Forum, Message, Topic, User


def record(
    kind: ActKind,
    *,
    by: User,
    forum: Forum,
    reason: Mapping[str, str],
    message: Message | None = None,
    topic: Topic | None = None,
    **detail: Any,
) -> Act:
    """Record an act on a message, a topic or both; `reason` is a text by language code.

    `detail` holds numbers and codes alone, never what somebody wrote: the record is public.
    """
    act = Act(kind=kind, user=by, forum_id=forum.id, reason=dict(reason), message=message, topic=topic, detail=detail)
    db.session.add(act)
    return act
