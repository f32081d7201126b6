"""Change people's profiles, rights and roles."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.admin.role_actions import hold
from app.admin.user_queries import get_person, version_of_user
from app.audit import assign, record
from app.errors import LastAdministrator, Refused
from app.extensions import db, transaction
from app.models import Forum, Role, User
from app.permissions import count_other_administrators, require
from app.versions import require_version

UNKNOWN_FORUM = _l("Please choose forums that are offered.")


def update(
    user_id: int, profile: Mapping[str, Any], roles: Mapping[Role, Mapping[int, str]], *, version: str, viewer: User
) -> int:
    """Change a person's profile and rights, and return the key.

    `roles` are the forums in which each is held, by key, with the languages that it covers ("" for all); `version`
    is the one that the form showed. Raises Refused where no administrator would be left and where a forum
    does not exist, ChangedMeanwhile, NotFound and Forbidden.
    """
    with transaction():
        require(viewer, "administer")
        user = get_person(user_id)
        if user.is_admin and not profile["is_admin"] and not count_other_administrators(user):
            raise LastAdministrator("is_admin")
        present = version_of_user(user)
        changes = assign(user, profile)
        if changes:
            record(viewer, "edit", "users", user, changes)
        forums = set(db.session.scalars(select(Forum.id)))
        for role, wanted in roles.items():
            if wanted.keys() - forums:
                raise Refused(UNKNOWN_FORUM, role)
            hold(user, role, wanted, viewer=viewer)
        require_version(version, present, changes=version_of_user(user) != present)
    return user_id
