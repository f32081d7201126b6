"""Suspend and reinstate people, and delete their accounts at their request."""

from flask_babel import lazy_gettext as _l

from app.admin.user_queries import get_person
from app.audit import changed, record
from app.auth import sign_in
from app.auth.emails import address_for, write_to
from app.auth.leaving import erase, posted_for_the_name_of
from app.database import utcnow
from app.errors import AlreadyDecided, LastAdministrator, Refused
from app.extensions import transaction
from app.models import User
from app.permissions import count_other_administrators, require
from app.submissions import Once
from app.versions import require_version, version_of

NOT_ONESELF = _l("This is your own account. Ask another administrator to do it.")
OWN_PAGE = _l("This is your own account. You can delete it on your account page.")


def version_of_person(user: User) -> str:
    """The version of what the pages show that ask before a step: who it is, and what the step concerns."""
    return version_of(user, ("name", "email", "suspended_at", "suspended_for"), posted_for_the_name_of(user))


def suspend(user_id: int, reason: str, *, key: str, version: str, viewer: User) -> int:
    """End every sign-in of a person and let nobody sign in to the account; the person is told by mail.

    The same form sent again does nothing. `version` is the one that the page showed. Returns the key.

    Raises Refused for oneself and the last administrator, AlreadyDecided, ChangedMeanwhile, NotFound and Forbidden.
    """
    once = Once(key, viewer, "suspend", user_id, reason)
    with transaction(once=once):
        require(viewer, "administer")
        user = get_person(user_id)
        _require_other(user, viewer, NOT_ONESELF)
        if once.before:
            return user_id
        if user.suspended_at:
            raise AlreadyDecided
        require_version(version, version_of_person(user))
        user.suspended_at, user.suspended_for = utcnow(), reason
        sign_in.end_others(user, "")
        record(viewer, "suspend", "users", user, changed("reason", "", reason))
        write_to(user, "suspended", reason=reason)
        once.made(user_id)
    return user_id


def reinstate(user_id: int, reason: str, *, key: str, version: str, viewer: User) -> int:
    """Let a person sign in again; the same form sent again does nothing. Returns the key.

    `version` is as `suspend` takes it. Raises AlreadyDecided, ChangedMeanwhile, NotFound and Forbidden.
    """
    once = Once(key, viewer, "reinstate", user_id, reason)
    with transaction(once=once):
        require(viewer, "administer")
        user = get_person(user_id)
        if once.before:
            return user_id
        if not user.suspended_at:
            raise AlreadyDecided
        require_version(version, version_of_person(user))
        user.suspended_at, user.suspended_for = None, ""
        record(viewer, "reinstate", "users", user, changed("reason", "", reason))
        write_to(user, "reinstated", sign_in=address_for(user, "auth.sign_in"))
        once.made(user_id)
    return user_id


def delete(user_id: int, *, is_speaker: bool, version: str, viewer: User) -> int:
    """Erase a person who asked for it, and leave the record. Returns the key; `is_speaker` is as `erase` takes it.

    `version` is as `suspend` takes it. Raises Refused for oneself, LastAdministrator, ChangedMeanwhile, NotFound and
    Forbidden.
    """
    with transaction():
        require(viewer, "administer")
        user = get_person(user_id)
        _require_other(user, viewer, OWN_PAGE)
        require_version(version, version_of_person(user))
        erase(user, is_speaker=is_speaker)
        record(viewer, "delete", "users", user, [])
    return user_id


def _require_other(user: User, viewer: User, refusal: object) -> None:
    """Nobody shuts himself out here, and somebody is left who can administer."""
    if user.id == viewer.id:
        raise Refused(refusal)
    if user.is_admin and not count_other_administrators(user):
        raise LastAdministrator
