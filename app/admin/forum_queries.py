"""Forums as the administration lists them, and one with all that belongs to it."""

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.admin.object_queries import fetch
from app.extensions import db
from app.languages import Language
from app.models import Document, Forum, ForumRole, Group, Notice, Page


def get_whole_forum(key: int) -> Forum:
    """A forum with all that its page of the administration lists. Raises NotFound."""
    forum = fetch(Forum, key)
    parts = (
        (Forum.groups, Group.texts),
        (Forum.pages, Page.texts),
        (Forum.notices, Notice.texts),
        (Forum.documents, Document.texts),
        (Forum.documents, Document.attachments),
        (Forum.roles, ForumRole.user),
    )
    loading = [selectinload(whole).selectinload(part) for whole, part in parts]
    db.session.scalars(select(Forum).where(Forum.id == key).options(*loading)).one()
    return forum


def names_of_invited(forum: Forum, language: Language) -> list[str]:
    """The States that are invited to a forum, in the order of the language."""
    names = (language.state_name(invitation.country) for invitation in forum.invitations)
    return sorted(names, key=language.sort_key)


def list_forums() -> list[Forum]:
    """Every forum, the latest made first, with its texts and periods."""
    statement = select(Forum).order_by(Forum.id.desc()).options(selectinload(Forum.texts), selectinload(Forum.periods))
    return list(db.session.scalars(statement))
