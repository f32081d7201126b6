"""The steps of a forum's life that an administrator takes, each after a page that asks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l

from app.admin.object_queries import count_topics
from app.audit import assign, record
from app.database import utcnow
from app.errors import Archived, ForumError, Refused
from app.extensions import transaction
from app.languages import N_
from app.models import Forum, Group, User
from app.periods import version_of_life
from app.permissions import require
from app.rows import fetch
from app.versions import require_version
from app.wordings import archive_again, take_out

ALREADY_PUBLISHED = _l("This forum is published already.")
NOT_PUBLISHED = _l("This forum is not published.")
HAS_MESSAGES = _l("This forum holds messages. It stays published, so that what was said can be read.")
STILL_OPEN = _l("This forum takes messages now or will do so. Close it first, and call off the periods to come.")
NOT_ARCHIVED = _l("This forum is not archived.")


@dataclass(frozen=True)
class Step:
    """One step: what the page that asks says, why it may be refused, and which column it sets to now or to nothing."""

    heading: str
    explanation: str
    button: str
    done: str
    refusal: Callable[[Forum, datetime], ForumError | None]
    column: str
    sets: bool


def take_step(forum_id: int, name: str, *, version: str, viewer: User) -> bool:
    """Take one of STEPS; False where the forum is already as it would be then.

    `version` is that of the forum's life which the page showed. Raises what its `refusal` gives, and ChangedMeanwhile.
    """
    step = STEPS[name]
    with transaction():
        require(viewer, "administer")
        forum, now = fetch(Forum, forum_id), utcnow()
        if bool(getattr(forum, step.column)) == step.sets:
            return False
        refusal = step.refusal(forum, now)
        if refusal:
            raise refusal
        require_version(version, version_of_life(forum))
        moment = archive_again(forum, now=now) if name == "archive" else now
        if name == "unarchive":
            take_out(forum, now=now)
        changes = assign(forum, {step.column: moment if step.sets else None})
        record(viewer, name, "forums", forum, changes)
    return True


def possible_steps(forum: Forum, now: datetime) -> list[str]:
    """The names of the steps that nothing keeps the forum from taking."""
    return [name for name, step in STEPS.items() if not step.refusal(forum, now)]


def _publish_refusal(forum: Forum, _now: datetime) -> ForumError | None:
    if forum.archived_at:
        return Archived()
    return Refused(ALREADY_PUBLISHED) if forum.published_at else None


def _unpublish_refusal(forum: Forum, _now: datetime) -> ForumError | None:
    if forum.archived_at:
        return Archived()
    if not forum.published_at:
        return Refused(NOT_PUBLISHED)
    return Refused(HAS_MESSAGES) if count_topics(Group.forum_id == forum.id) else None


def _archive_refusal(forum: Forum, now: datetime) -> ForumError | None:
    if forum.archived_at:
        return Archived()
    if not forum.published_at:
        return Refused(NOT_PUBLISHED)
    takes_messages = any(period.closes_at >= now and not period.called_off_at for period in forum.periods)
    return Refused(STILL_OPEN) if takes_messages else None


def _unarchive_refusal(forum: Forum, _now: datetime) -> ForumError | None:
    return None if forum.archived_at else Refused(NOT_ARCHIVED)


STEPS = {
    "publish": Step(
        N_("Publish the forum"),
        N_("Everybody will be able to read the forum, and it will be listed on the portal."),
        N_("Publish"),
        N_("The forum is published."),
        _publish_refusal,
        "published_at",
        sets=True,
    ),
    "unpublish": Step(
        N_("Unpublish the forum"),
        N_("Only administrators and those with a role in the forum will see it."),
        N_("Unpublish"),
        N_("The forum is not public any more."),
        _unpublish_refusal,
        "published_at",
        sets=False,
    ),
    "archive": Step(
        N_("Archive the forum"),
        N_(
            "The forum will be moved to the archive and accept nothing more from participants. It will remain open to "
            "readers. What the Secretariat adds or corrects there will be marked as done after archiving."
        ),
        N_("Archive"),
        N_("The forum is archived."),
        _archive_refusal,
        "archived_at",
        sets=True,
    ),
    "unarchive": Step(
        N_("Take the forum out of the archive"),
        N_(
            "The forum will be listed on the portal again and can be changed again. The date of archiving is kept, and "
            "the public record shows that the forum was taken out."
        ),
        N_("Take out of the archive"),
        N_("The forum is not archived any more."),
        _unarchive_refusal,
        "archived_at",
        sets=False,
    ),
}
