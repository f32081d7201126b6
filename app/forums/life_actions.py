"""The steps of a forum's life: publishing and archiving it, and taking either back as far as the record allows."""

from datetime import datetime

from flask_babel import lazy_gettext as _l

from app import periods, wordings
from app.audit import assign, record
from app.database import utcnow
from app.errors import Archived, ForumError, Refused
from app.extensions import transaction
from app.forums.queries import places_of_topics
from app.models import Forum, User
from app.permissions import require
from app.rows import fetch
from app.versions import require_version

ALREADY_PUBLISHED = _l("This forum is already published.")
NOT_PUBLISHED = _l("This forum is not published.")
HAS_MESSAGES = _l("This forum contains messages. It remains published, so that the discussion can be read.")
HAS_BEEN_ARCHIVED = _l("This forum has been archived. It remains published, so that its record can be read.")
STILL_OPEN = _l("This forum is open or is due to open. Close it first, and cancel the periods to come.")
NOT_ARCHIVED = _l("This forum is not archived.")


def take_step(forum_id: int, name: str, *, version: str, viewer: User) -> bool:
    """`publish`, `unpublish`, `archive` or `unarchive` a forum; False where the forum is already as it would be then.

    `version` is that of the forum's life which the page showed. Raises what `step_refusal` gives, and ChangedMeanwhile.
    """
    column = "archived_at" if name in {"archive", "unarchive"} else "published_at"
    sets = name in {"archive", "publish"}
    with transaction():
        require(viewer, "administer")
        forum, now = fetch(Forum, forum_id), utcnow()
        if bool(getattr(forum, column)) == sets:
            return False
        if refusal := step_refusal(forum, name, now):
            raise refusal
        require_version(version, periods.version_of_life(forum))
        moment = wordings.archive_again(forum, now=now) if name == "archive" else now
        if name == "unarchive":
            wordings.take_out(forum, now=now)
        record(viewer, name, "forums", forum, assign(forum, {column: moment if sets else None}))
    return True


def step_refusal(forum: Forum, name: str, now: datetime) -> ForumError | None:
    """The reason why such a step cannot be taken; None if it can."""
    if name == "unarchive":
        return None if forum.archived_at else Refused(NOT_ARCHIVED)
    if forum.archived_at:
        return Archived()
    if bool(forum.published_at) == (name == "publish"):
        return Refused(ALREADY_PUBLISHED if forum.published_at else NOT_PUBLISHED)
    reasons: dict[str, list[tuple[object, object]]] = {
        "unpublish": [(forum.first_archived_at, HAS_BEEN_ARCHIVED), (places_of_topics(forum.id), HAS_MESSAGES)],
        "archive": [(any(one.closes_at >= now and not one.called_off_at for one in forum.periods), STILL_OPEN)],
    }
    return next((Refused(reason) for holds, reason in reasons.get(name, ()) if holds), None)
