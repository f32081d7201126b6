"""Roles in forums: who holds which, and giving and taking them, each with a line in the log of the forum.

The log keeps what a role covers: `False` for a role that is not held, `True` for all languages, else the codes of the
languages.
"""

from collections.abc import Iterable, Mapping

from flask_babel import lazy_gettext as _l

from app.audit import changed, record
from app.auth.emails import find_by_email
from app.errors import AlreadyDecided, Refused
from app.extensions import transaction
from app.languages import site_languages
from app.models import Forum, ForumRole, Role, User
from app.notify import tell_of_role
from app.permissions import require, require_forum_takes
from app.rows import fetch
from app.versions import fingerprint, require_version

UNKNOWN_PERSON = _l("There is no account with this email address. Please check it, or consult the list of people.")


def version_of_roles(forum: Forum) -> str:
    """The version of who holds which role in a forum."""
    return fingerprint(sorted((held.user_id, held.role, held.languages) for held in forum.roles))


def version_of_role(forum_id: int, user: User, role: Role) -> str:
    """The version of one role of a person in a forum."""
    return fingerprint(held_by(user, role).get(forum_id))


def held_by(user: User, role: Role) -> dict[int, str]:
    """The languages of a role, as `covered` writes them, by the key of each forum in which the user holds it."""
    return {one.forum_id: one.languages for one in user.roles if one.role == role}


def covered(languages: Iterable[str]) -> str:
    """The codes of these languages in the order of the site; "" stands for all, and so do all of them."""
    wanted = set(languages)
    codes = [code for code in site_languages() if code in wanted]
    return "" if len(codes) == len(site_languages()) else " ".join(codes)


def hold(user: User, role: Role, wanted: Mapping[int, str], *, viewer: User | None) -> None:
    """Let the user hold the role in these forums, for these languages, and in no others; inside a transaction.

    Administrators are not told what they give to themselves; everyone else is notified of each change by email.
    """
    before = held_by(user, role)
    for forum_id in sorted(before.keys() | wanted.keys()):
        changes = changed(role, _coverage(before.get(forum_id)), _coverage(wanted.get(forum_id)))
        if changes:
            record(viewer, "edit", "users", user, changes, forum_id=forum_id)
        if changes and (viewer is None or user.id != viewer.id):
            tell_of_role(user, role, fetch(Forum, forum_id), wanted.get(forum_id))
    user.roles[:] = [one for one in user.roles if one.role != role or one.forum_id in wanted]
    for one in user.roles:
        if one.role == role:
            one.languages = wanted[one.forum_id]
    user.roles += [ForumRole(forum_id=key, role=role, languages=wanted[key]) for key in wanted.keys() - before.keys()]


def approve(user: User, forum_id: int, *, viewer: User) -> None:
    """Inside a transaction: let a person post where only approved participants may. Raises AlreadyDecided, NotFound and
    Archived."""
    held = held_by(user, Role.PARTICIPANT)
    if forum_id in held:
        raise AlreadyDecided
    forum = fetch(Forum, forum_id)
    require_forum_takes("forums", forum, "participants")
    hold(user, Role.PARTICIPANT, {**held, forum.id: ""}, viewer=viewer)


def give_role(forum_id: int, email: str, role: Role, languages: Iterable[str], *, version: str, viewer: User) -> int:
    """Let the person with this email address hold the role, for these languages only or, with none, for all.

    Returns the person's key. `version` is that of the forum's roles which the page showed. Raises Refused for an
    unknown address, ChangedMeanwhile, NotFound and Forbidden.
    """
    with transaction():
        require(viewer, "administer")
        forum, user = fetch(Forum, forum_id), find_by_email(email)
        if user is None:
            raise Refused(UNKNOWN_PERSON, "email")
        if role == Role.PARTICIPANT:
            require_forum_takes("forums", forum, "participants")
        held, wanted = held_by(user, role), covered(languages)
        require_version(version, version_of_roles(forum), changes=held.get(forum.id) != wanted)
        hold(user, role, {**held, forum.id: wanted}, viewer=viewer)
        key: int = user.id
    return key


def take_role(forum_id: int, user_id: int, role: Role, *, version: str, viewer: User) -> bool:
    """End a role; False where the person does not hold it. `version` is the one of it that the page showed.

    Raises ChangedMeanwhile, NotFound and Forbidden.
    """
    with transaction():
        require(viewer, "administer")
        user = fetch(User, user_id)
        held, present = held_by(user, role), version_of_role(forum_id, user, role)
        if held.pop(forum_id, None) is None:
            return False
        require_version(version, present)
        hold(user, role, held, viewer=viewer)
    return True


def _coverage(languages: str | None) -> str | bool:
    if languages is None:
        return False
    return languages or True
