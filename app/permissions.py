"""Who may do what: the one place for rules.

`can(viewer, action, object)` answers for one object; the `..._IS_VISIBLE` conditions, with the parameters
of `visible_to(viewer)`, are the rules of seeing as SQL. Times are the server's, handed in by whoever writes.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, bindparam, or_, select

from app.database import utcnow
from app.errors import AlreadyWithdrawn, Archived, Closed, Forbidden, NotYetOpen
from app.models import (
    Forum,
    ForumRole,
    Group,
    Message,
    MessageStatus,
    Role,
    StateKind,
    Topic,
    Viewer,
)

# A statement with this condition is run with the parameters of `visible_to(viewer)`, so one statement,
# built once, serves every viewer; without them it does not run at all.
FORUM_IS_VISIBLE: ColumnElement[bool] = or_(
    Forum.published_at.is_not(None),
    bindparam("viewer_is_admin", type_=Boolean),
    Forum.id.in_(select(ForumRole.forum_id).where(ForumRole.user_id == bindparam("viewer_id"))),
)


def visible_to(viewer: Viewer) -> dict[str, object]:
    """The parameters of a visibility condition: what this viewer may see."""
    return {"viewer_id": viewer.id or 0, "viewer_is_admin": viewer.is_admin}


def can(viewer: Viewer, action: str, thing: Any = None, *, now: datetime | None = None) -> bool:
    """Whether the viewer may do it now; `require` says why not."""
    return _refusal(viewer, action, thing, now or utcnow()) is None


def require(viewer: Viewer, action: str, thing: Any = None, *, now: datetime | None = None) -> None:
    """Raise the ForumError that explains why the viewer may not do it."""
    refusal = _refusal(viewer, action, thing, now or utcnow())
    if refusal is not None:
        raise refusal


def moderates(viewer: Viewer, forum: Forum) -> bool:
    return viewer.is_admin or viewer.has_role(Role.MODERATOR, forum.id)


def _refusal(viewer: Viewer, action: str, thing: Any, now: datetime) -> Exception | None:
    return RULES[action](viewer, thing, now)


def _administer(viewer: Viewer, _thing: Any, _now: datetime) -> Exception | None:
    return None if viewer.is_admin else Forbidden()


def _post_in_group(viewer: Viewer, group: Group, now: datetime) -> Exception | None:
    if not viewer.is_authenticated:
        return Forbidden()
    if group.forum.archived_at:
        return Archived()
    state = group.forum.group_state(group, now)
    if state.kind == StateKind.PLANNED:
        return NotYetOpen()
    return None if state.is_open else Closed()


def _reply(viewer: Viewer, topic: Topic, now: datetime) -> Exception | None:
    return _post_in_group(viewer, topic.group, now)


def _change_message(viewer: Viewer, message: Message, now: datetime) -> Exception | None:
    """Authors change their own messages while the group is open, so that the record then stands."""
    if viewer.id != message.author_id:
        return Forbidden()
    if message.status == MessageStatus.WITHDRAWN:
        return AlreadyWithdrawn()
    return _post_in_group(viewer, message.topic.group, now)


def _see_history(viewer: Viewer, message: Message, _now: datetime) -> Exception | None:
    """Edits are public; what a withdrawn message said is for its author and the moderators."""
    if message.status == MessageStatus.PUBLISHED or viewer.id == message.author_id:
        return None
    return None if moderates(viewer, message.topic.group.forum) else Forbidden()


RULES: dict[str, Callable[..., Exception | None]] = {
    "administer": _administer,
    "start_topic": _post_in_group,
    "reply": _reply,
    "edit": _change_message,
    "withdraw": _change_message,
    "see_history": _see_history,
}
