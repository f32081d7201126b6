"""Forums as the administration lists them, and one with all that belongs to it."""

from collections.abc import Iterable, Sequence

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.admin.object_queries import KINDS, incomplete_languages, keys_with_topics, missing_languages
from app.extensions import db
from app.languages import Language, site_languages
from app.models import Document, Forum, ForumRole, Group, Notice, Page, Question, Topic
from app.rows import fetch


def get_whole_forum(key: int) -> Forum:
    """A forum with all that its page of the administration lists, and its questions. Raises NotFound."""
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
    loading.append(selectinload(Forum.groups).selectinload(Group.questions).selectinload(Question.texts))
    db.session.scalars(select(Forum).where(Forum.id == key).options(*loading)).one()
    return forum


def names_of_invited(forum: Forum, language: Language) -> list[str]:
    """The States that are invited to a forum, in the order of the language."""
    names = (language.state_name(invitation.country) for invitation in forum.invitations)
    return sorted(names, key=language.sort_key)


def what_is_missing(forum: Forum) -> list[str]:
    """What people would look for in vain in a forum that `get_whole_forum` gave, a sentence each."""
    found = []
    if not forum.groups:
        found.append(_("There is no discussion group, so nobody can post."))
    if all(period.called_off_at for period in forum.periods):
        found.append(_("There is no period, so readers are not told when messages are taken."))
    if languages := _languages_missing([("forums", forum)]):
        found.append(_("Texts of the forum itself are missing in: %(languages)s.", languages=languages))
    if languages := _languages_missing(_parts_of(forum)):
        found.append(
            _(
                "Texts of its groups, questions, pages, notices or documents are missing in: %(languages)s.",
                languages=languages,
            )
        )
    return found


def _parts_of(forum: Forum) -> list[tuple[str, object]]:
    """All that has texts in a forum, with the name of its kind."""
    kinds: dict[str, Sequence[object]] = {
        "groups": forum.groups,
        "questions": [question for group in forum.groups for question in group.questions],
        "forum-pages": forum.pages,
        "notices": forum.notices,
        "documents": forum.documents,
    }
    return [(kind, thing) for kind, things in kinds.items() for thing in things]


def _languages_missing(things: Iterable[tuple[str, object]]) -> str:
    """The names of the languages in which any of these has no text, or a part of it only."""
    codes = {
        code
        for kind, thing in things
        for code in (*missing_languages(thing), *incomplete_languages(KINDS[kind], thing))
    }
    return ", ".join(language.name for code, language in site_languages().items() if code in codes)


def kept_groups(forum: Forum) -> set[int | None]:
    """The keys of the groups that cannot be deleted: they hold messages or have periods of their own."""
    return keys_with_topics(Topic.group_id, Group.forum_id == forum.id) | {period.group_id for period in forum.periods}


def kept_questions(group: Group) -> set[int | None]:
    """The keys of the questions that cannot be deleted, since there are answers."""
    return keys_with_topics(Topic.question_id, Group.id == group.id)


def list_forums() -> list[Forum]:
    """Every forum, the latest made first, with all that its state follows from."""
    parts = (selectinload(Forum.texts), selectinload(Forum.periods), selectinload(Forum.groups))
    return list(db.session.scalars(select(Forum).order_by(Forum.id.desc()).options(*parts)))
