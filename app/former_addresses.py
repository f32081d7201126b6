"""Former names in addresses: a request for one is redirected permanently to the page under its present name.

A name leads to the thing, not to the next name, so no address leads by way of another. A thing that has a name now is
found under it before this module is asked, so a new one that takes a former name wins.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select

from app.extensions import db
from app.models import FormerAddress, Forum, Group, LogEntry, Page, Viewer
from app.permissions import FORUM_IS_VISIBLE, visible_to
from app.rows import fetch

# The kinds of things with a name in their address, and the column that says to which of them a former one leads.
COLUMNS = {"forums": "forum_id", "groups": "group_id", "forum-pages": "page_id", "pages": "page_id"}


def rename(kind: str, thing: Any, old_slug: str) -> None:
    """Remember that a thing had this name in its address until now, inside the transaction that gives it another.

    What belongs to a forum that was never public has no address that anyone outside could know.
    """
    owner_id = thing.forum_id if kind in {"groups", "forum-pages"} else None
    forum = thing if isinstance(thing, Forum) else fetch(Forum, owner_id) if owner_id else None
    if kind not in COLUMNS or old_slug == thing.slug or (forum is not None and not _was_public(forum)):
        return
    column = getattr(FormerAddress, COLUMNS[kind])
    there = column.is_not(None) & (FormerAddress.owner_id == owner_id)
    is_over = (FormerAddress.slug == old_slug) | ((FormerAddress.slug == thing.slug) & (column == thing.id))
    db.session.execute(delete(FormerAddress).where(there & is_over))
    db.session.add(FormerAddress(slug=old_slug, owner_id=owner_id, **{COLUMNS[kind]: thing.id}))


def _was_public(forum: Forum) -> bool:
    """Whether a forum is public or was unpublished, which the log says. A deleted one may have had its key before."""
    steps = select(LogEntry.action).where(LogEntry.kind == "forums", LogEntry.subject_id == forum.id)
    latest = steps.where(LogEntry.action.in_(["create", "unpublish"])).order_by(LogEntry.id.desc()).limit(1)
    return forum.published_at is not None or db.session.scalar(latest) == "unpublish"


def present(values: Mapping[str, Any], *, viewer: Viewer) -> dict[str, Any] | None:
    """The values of an address, with the present names in place of former ones.

    None where it holds no former name of anything that the viewer may see.
    """
    found: dict[str, Any] = dict(values)
    if "forum_slug" in found:
        forum = _forum_named(found["forum_slug"], viewer)
        if forum is None:
            return None
        found["forum_slug"] = forum.slug
        if "group_slug" in found:
            found["group_slug"] = _name_now(Group, forum.id, found["group_slug"])
        elif "slug" in found:
            found["slug"] = _name_now(Page, forum.id, found["slug"])
    elif "slug" in found:
        found["slug"] = _name_now(Page, None, found["slug"])
    return found if found != dict(values) and None not in found.values() else None


def _forum_named(slug: str, viewer: Viewer) -> Forum | None:
    """The forum that has this name, or else had it last, if the viewer may see it."""
    asked = visible_to(viewer)
    visible = select(Forum).where(FORUM_IS_VISIBLE)
    was_named = FormerAddress.slug == slug
    former = visible.join(FormerAddress, FormerAddress.forum_id == Forum.id).where(was_named)
    named = db.session.scalar(visible.where(Forum.slug == slug), asked)
    return named or db.session.scalar(former.order_by(FormerAddress.id.desc()).limit(1), asked)


def _name_now(model: type[Group] | type[Page], owner_id: int | None, slug: str) -> str | None:
    """The same for the name of a group or a page; `owner_id` is its forum, None for a page of the site."""
    there = select(model.slug).where(model.forum_id == owner_id)
    column = FormerAddress.group_id if model is Group else FormerAddress.page_id
    former = there.join(FormerAddress, column == model.id).where(
        FormerAddress.slug == slug, FormerAddress.owner_id == owner_id
    )
    named = db.session.scalar(there.where(model.slug == slug).limit(1))
    return named or db.session.scalar(former.order_by(FormerAddress.id.desc()).limit(1))
