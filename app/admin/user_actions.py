"""Change people's profiles, rights and roles."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.admin.log_actions import Change, assign, changed, record
from app.admin.object_queries import fetch
from app.admin.user_queries import count_other_administrators, version_of_user
from app.admin.version_queries import require_version
from app.errors import Refused
from app.extensions import db, transaction
from app.models import Forum, ForumRole, Role, User
from app.permissions import require

LAST_ADMINISTRATOR = _l("This is the last administrator. Make somebody else an administrator first.")
UNKNOWN_FORUM = _l("Please choose one of those that are offered.")


def update(
    user_id: int, profile: Mapping[str, Any], roles: Mapping[Role, set[int]], *, shown: str, viewer: User
) -> int:
    """Change a person's profile and rights, and return the key; `roles` are the forums in which each is held.

    `shown` is the version that the form showed. Raises Refused where no administrator would be left and where a
    forum does not exist, ChangedMeanwhile, NotFound and Forbidden.
    """
    with transaction():
        require(viewer, "administer")
        user = fetch(User, user_id)
        if user.is_admin and not profile["is_admin"] and not count_other_administrators(user):
            raise Refused(LAST_ADMINISTRATOR, "is_admin")
        present = version_of_user(user)
        changes = assign(user, profile)
        slugs = {forum.id: forum.slug for forum in db.session.scalars(select(Forum))}
        for role, wanted in roles.items():
            if wanted - slugs.keys():
                raise Refused(UNKNOWN_FORUM, role)
            changes += _hold(user, role, wanted, slugs)
        if version_of_user(user) != present:
            require_version(shown, present)
        if changes:
            record(viewer, "edit", "users", user, changes)
    return user_id


def _hold(user: User, role: Role, wanted: set[int], slugs: Mapping[int, str]) -> list[Change]:
    """Let the user hold the role in these forums and in no others."""
    held = {one.forum_id: one for one in user.roles if one.role == role}
    for forum_id in held.keys() - wanted:
        user.roles.remove(held[forum_id])
    for forum_id in wanted - held.keys():
        user.roles.append(ForumRole(forum_id=forum_id, role=role))
    return changed(role, _names(held.keys(), slugs), _names(wanted, slugs))


def _names(keys: Any, slugs: Mapping[int, str]) -> str:
    return ", ".join(sorted(slugs[key] for key in keys))
