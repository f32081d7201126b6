"""The States that are invited to a forum by name."""

from collections.abc import Iterable

from app.admin.crud import require_forum_takes
from app.audit import changed, record
from app.extensions import transaction
from app.models import Forum, Invitation, User
from app.permissions import require
from app.rows import fetch
from app.versions import fingerprint, require_version


def version_of_invitations(forum: Forum) -> str:
    return fingerprint(sorted(one.country for one in forum.invitations))


def invite(forum_id: int, countries: Iterable[str], *, version: str, viewer: User) -> int:
    """Let these States, by their codes, be those that are invited, and return how many they are.

    `version` is the one that the form showed. Raises NotFound, Archived, Forbidden and ChangedMeanwhile.
    """
    with transaction():
        require(viewer, "administer")
        forum, wanted = fetch(Forum, forum_id), set(countries)
        require_forum_takes("forums", forum, "settings")
        before = {one.country for one in forum.invitations}
        changes = changed("invitations", ", ".join(sorted(before)), ", ".join(sorted(wanted)))
        require_version(version, version_of_invitations(forum), changes=changes)
        forum.invitations[:] = [one for one in forum.invitations if one.country in wanted]
        forum.invitations += [Invitation(country=country) for country in sorted(wanted - before)]
        if changes:
            record(viewer, "edit", "forums", forum, changes)
    return len(wanted)
