"""The steps of a forum's life: publishing and archiving it, and taking either back as far as the record allows; and
what of it cannot be deleted, since messages or dates are kept for the record."""

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app import periods, wordings
from app.audit import assign, record
from app.database import utcnow
from app.errors import Archived, ForumError, Refused
from app.extensions import db, transaction
from app.forums.queries import places_of_topics
from app.models import Forum, Group, Period, Question, User
from app.never_public import PUBLISHED
from app.permissions import require
from app.rows import fetch
from app.versions import require_version

ALREADY_PUBLISHED = _l("This forum is already published.")
NOT_PUBLISHED = _l("This forum is not published.")
HAS_MESSAGES = _l("This forum contains messages. It remains published, so that the discussion can be read.")
HAS_BEEN_ARCHIVED = _l("This forum has been archived. It remains published, so that its record can be read.")
STILL_OPEN = _l("This forum is open or is due to open. Close it first, and cancel the periods to come.")
NOT_ARCHIVED = _l("This forum is not archived.")
HOLDS_MESSAGES = _l("This cannot be deleted: it contains messages, which are kept for the record.")
HAS_PERIODS = _l(
    "This group has its own periods. Those of a published forum are kept for the record, even if cancelled; "
    "in an unpublished forum, delete them first."
)


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


def why_keep_forum(forum: Forum) -> object:
    """What was posted in a forum that is not published was never public, and is deleted with it."""
    if forum.published_at is None:
        return None
    return HOLDS_MESSAGES if places_of_topics(forum.id) else PUBLISHED


def why_keep_group(group: Group) -> object:
    if any(key == group.id for key, _question in places_of_topics(group.forum_id)):
        return HOLDS_MESSAGES
    return HAS_PERIODS if db.session.scalar(select(Period.id).where(Period.group_id == group.id).limit(1)) else None


def why_keep_question(question: Question) -> object:
    answered = {key for _group, key in places_of_topics(question.group.forum_id)}
    return HOLDS_MESSAGES if question.id in answered else None


def kept_objects(forum: Forum) -> dict[str, set[int | None]]:
    """The keys of the groups and questions of a forum that cannot be deleted."""
    places = places_of_topics(forum.id)
    groups = {group for group, _question in places} | {period.group_id for period in forum.periods}
    return {"groups": groups, "questions": {question for _group, question in places}}
