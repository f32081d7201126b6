"""Create, change and delete the objects with texts. Each action is one transaction and leaves a line in the log."""

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app import former_addresses, wordings
from app.admin.object_queries import (
    Kind,
    count_topics,
    find_deletion,
    forum_of,
    get_object,
    get_owner,
    version_of_object,
)
from app.admin.page_queries import pages_below
from app.audit import Change, assign, changed, record
from app.database import utcnow
from app.errors import Archived, ForumError, Refused
from app.extensions import db, transaction
from app.markup import render
from app.models import Forum, Group, Page, PageKind, Period, Question, Topic, User
from app.never_public import PUBLISHED, delete_messages
from app.permissions import require, require_forum_takes
from app.submissions import Once
from app.versions import require_version

Texts = Mapping[str, Mapping[str, str]]

TAKEN = {
    "slug": _l("This name is in use already. Please choose another."),
    "number": _l("This number is in use already. Please choose another."),
}
NO_TEXT = _l("A text in at least one language is needed.")
HOLDS_MESSAGES = _l("This holds messages, and messages are kept for the record, so it cannot be deleted.")
BUILT_IN = _l("This page belongs to the site itself, so it cannot be deleted. You can change its text.")
HAS_PAGES_BELOW = _l("Other pages stand below this one. Move or delete them first.")
HAS_PERIODS = _l(
    "This group has periods of its own. Those of a published forum are kept for the record, even when they are called "
    "off; of any other, delete them first."
)
ONE_OF_THIS_KIND = _l("The site has a page of this kind already.")
HOME_IS_ON_TOP = _l("The home page stands at the top, below no other page.")
NEEDS_PARENT = _l("Every page but the home page stands below another. Please choose one.")
CYCLE = _l("A page cannot stand below itself or below a page that stands below it. Please choose another.")


def create(kind: Kind, owner_id: int | None, values: Mapping[str, Any], texts: Texts, *, key: str, viewer: User) -> int:
    """Make an object, in a forum or group where its kind asks for one, and return its key.

    The same form sent again makes nothing and returns what it made before. Raises Refused, naming the field that
    breaks a rule, NotFound for an unknown owner, Archived and Forbidden.
    """
    once = Once(key, viewer, kind.name, owner_id, values, texts)
    with transaction(once=once):
        require(viewer, "administer")
        if once.before is not None:
            return once.before
        owner = get_owner(kind, owner_id)
        require_forum_takes(kind.name, forum_of(owner), "create")
        thing = kind.model(**({kind.owner_column: owner_id} if kind.owner_column else {}))
        check(kind, thing, values)
        changes = assign(thing, values) + write_texts(kind, thing, texts)
        db.session.add(thing)
        db.session.flush()
        wordings.keep_added(kind.name, thing, forum=forum_of(thing), now=utcnow())
        record(viewer, "create", kind.name, thing, changes)
        made: int = thing.id
        once.made(made)
    return made


def update(kind: Kind, key: int, values: Mapping[str, Any], texts: Texts, *, version: str, viewer: User) -> int:
    """Change an object and its texts, and return its key.

    `version` is the one that the form showed. Raises as `create`, and ChangedMeanwhile.
    """
    with transaction():
        require(viewer, "administer")
        thing = get_object(kind, key)
        forum = forum_of(thing)
        require_forum_takes(kind.name, forum, "edit")
        check(kind, thing, values)
        present, slug = version_of_object(kind, thing), getattr(thing, "slug", "")
        before = wordings.texts_of(kind.name, thing)
        changes = assign(thing, values)
        if changes:
            require_forum_takes(kind.name, forum, "set")
        changes += write_texts(kind, thing, texts)
        require_version(version, present, changes=changes)
        if changes:
            wordings.keep(kind.name, thing, before, forum=forum, now=utcnow())
            if slug:
                former_addresses.rename(kind.name, thing, slug)
            record(viewer, "edit", kind.name, thing, changes)
    return key


def delete(kind: Kind, key: int, *, version: str, viewer: User) -> bool:
    """Delete an object with all that is in it; False where it was deleted already.

    `version` is the one that the page showed. Raises what `deletion_refusal` gives,
    ChangedMeanwhile, and NotFound where there has never been one.
    """
    with transaction():
        require(viewer, "administer")
        if find_deletion(kind, key):
            return False
        thing = get_object(kind, key)
        refusal = deletion_refusal(kind, thing)
        if refusal:
            raise refusal
        require_version(version, version_of_object(kind, thing))
        columns = (*kind.columns, kind.owner_column) if kind.owner is Group else kind.columns
        changes = [change for name in columns for change in changed(name, getattr(thing, name), None)]
        for code in list(thing.texts):
            changes += _changes_of_removal(kind, thing, code)
        wordings.keep_deleted(kind.name, thing, forum=forum_of(thing), now=utcnow())
        if isinstance(thing, Forum):
            changes += changed("messages", ", ".join(map(str, delete_messages(thing))), "")
        record(viewer, "delete", kind.name, thing, changes)
        if isinstance(thing, Forum):
            thing.periods.clear()  # before its groups, to which periods may point
            db.session.flush()
        db.session.delete(thing)
    return True


def deletion_refusal(kind: Kind, thing: Any) -> ForumError | None:
    """Why an object cannot be deleted, None where it can."""
    forum = forum_of(thing)
    if forum and forum.archived_at:
        return Archived()
    reason = DELETION_RULES[kind.model](thing) if kind.model in DELETION_RULES else None
    return Refused(reason) if reason else None


def check(kind: Kind, thing: Any, values: Mapping[str, Any]) -> None:
    """Raise Refused where the values clash with what else there is."""
    siblings = select(kind.model.id).where(kind.belongs_to(kind.owner_id_of(thing)), kind.model.id != (thing.id or 0))
    for name in kind.unique:
        taken = siblings.where(getattr(kind.model, name) == values.get(name))
        if name in values and db.session.scalar(taken.limit(1)):
            raise Refused(TAKEN[name], name)
    if kind.name == "pages":
        _check_page(thing, values)


def write_texts(kind: Kind, thing: Any, texts: Texts) -> list[Change]:
    """Give the object these texts, with the HTML of their Markdown, and say what changed.

    A language with empty fields only is removed. Raises Refused where no language is left.
    """
    changes: list[Change] = []
    for code, fields in texts.items():
        if not any(fields.values()):
            changes += _changes_of_removal(kind, thing, code)
            thing.texts.pop(code, None)
            continue
        text = thing.texts.get(code) or kind.text_model(language=code)
        changes += assign(text, fields, code)
        for source, (column, first_heading) in kind.rendered.items():
            setattr(text, column, render(fields[source], first_heading=first_heading, official=True))
        thing.texts[code] = text
    if not thing.texts:
        raise Refused(NO_TEXT)
    return changes


def _changes_of_removal(kind: Kind, thing: Any, code: str) -> list[Change]:
    text = thing.texts.get(code)
    if text is None:
        return []
    return [change for name in kind.text_columns for change in changed(name, getattr(text, name), None, code)]


def _check_page(page: Page, values: Mapping[str, Any]) -> None:
    """The tree of the site: one home on top, built-in pages once, no cycle."""
    kind, parent_id = values.get("kind", page.kind), values.get("parent_id", page.parent_id)
    if "kind" in values and kind != PageKind.TEXT and _page_of_kind(kind):
        raise Refused(ONE_OF_THIS_KIND, "kind")
    if kind == PageKind.HOME:
        if parent_id is not None:
            raise Refused(HOME_IS_ON_TOP, "parent_id")
    elif parent_id is None:
        if _page_of_kind(PageKind.HOME):
            raise Refused(NEEDS_PARENT, "parent_id")
    else:
        parent = db.session.get(Page, parent_id)
        if parent is None or parent.forum_id is not None:
            raise Refused(NEEDS_PARENT, "parent_id")
        if page.id and parent_id in pages_below(page):
            raise Refused(CYCLE, "parent_id")


def _page_of_kind(kind: str) -> Page | None:
    return db.session.scalar(select(Page).where(Page.forum_id.is_(None), Page.kind == kind).limit(1))


def _why_keep_page(page: Page) -> object:
    if page.kind != PageKind.TEXT:
        return BUILT_IN
    return HAS_PAGES_BELOW if db.session.scalar(select(Page.id).where(Page.parent_id == page.id).limit(1)) else None


def _why_keep_forum(forum: Forum) -> object:
    """What was posted in a forum that is not published was never public, and is deleted with it."""
    if forum.published_at is None:
        return None
    return HOLDS_MESSAGES if count_topics(Group.forum_id == forum.id) else PUBLISHED


def _why_keep_group(group: Group) -> object:
    if count_topics(Group.id == group.id):
        return HOLDS_MESSAGES
    return HAS_PERIODS if db.session.scalar(select(Period.id).where(Period.group_id == group.id).limit(1)) else None


def _why_keep_question(question: Question) -> object:
    return HOLDS_MESSAGES if count_topics(Topic.question_id == question.id) else None


DELETION_RULES: dict[type[Any], Callable[[Any], object]] = {
    Page: _why_keep_page,
    Forum: _why_keep_forum,
    Group: _why_keep_group,
    Question: _why_keep_question,
}
