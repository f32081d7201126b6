"""Roles in forums: who holds which, and giving and taking them, each with a line in the log of the forum.

The log keeps what a role covers: `False` for a role that is not held, `True` for all languages, else the codes of the
languages.
"""

from collections.abc import Iterable, Mapping

from app.audit import changed, record
from app.languages import site_languages
from app.models import Forum, ForumRole, Role, User
from app.notify import tell_of_role
from app.rows import fetch
from app.versions import fingerprint


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


def _coverage(languages: str | None) -> str | bool:
    if languages is None:
        return False
    return languages or True
