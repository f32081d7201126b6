"""The objects that have texts in each language, described once: what they are made of and where they belong.

Forms, actions and pages of the administration follow from these descriptions, so that no kind has a copy of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, inspect, select, true

from app.addresses import LARGEST_KEY
from app.errors import Archived, NotFound
from app.extensions import db
from app.languages import N_, site_languages
from app.models import (
    Attachment,
    Document,
    DocumentText,
    Forum,
    ForumText,
    Group,
    GroupText,
    LogEntry,
    Notice,
    NoticeText,
    Page,
    PageText,
    Question,
    QuestionText,
    Reason,
    ReasonText,
    Topic,
)
from app.rows import fetch
from app.versions import version_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind:
    """One kind of object.

    `name` stands in addresses and in the log; `columns` are what people fill in besides the texts; `unique` are
    those that no other object of the same owner may share; `rendered` maps each Markdown column of the text to
    the column of its HTML and the level of its first heading.
    """

    name: str
    label: str
    add: str
    edit: str
    delete: str
    model: type[Any]
    text_model: type[Any]
    columns: tuple[str, ...]
    owner: type[Any] | None = None
    owner_column: str = ""
    unique: tuple[str, ...] = ("slug",)
    rendered: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def text_columns(self) -> tuple[str, ...]:
        """What people write in each language."""
        made = {column for column, _level in self.rendered.values()}
        mapper = inspect(self.text_model)
        keys = {column.key for column in mapper.primary_key}
        return tuple(column.key for column in mapper.column_attrs if column.key not in keys | made)

    def belongs_to(self, owner_id: int | None) -> ColumnElement[bool]:
        """Whether an object belongs to this owner; pages of the site belong to none."""
        return getattr(self.model, self.owner_column) == owner_id if self.owner_column else true()

    def owner_id_of(self, thing: Any) -> int | None:
        found: int | None = getattr(thing, self.owner_column) if self.owner_column else None
        return found


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            name="pages",
            label=N_("Page of the site"),
            add=N_("Add a page"),
            edit=N_("Edit the page"),
            delete=N_("Delete the page"),
            model=Page,
            text_model=PageText,
            columns=("kind", "slug", "parent_id", "position"),
            owner_column="forum_id",
            rendered={"body": ("html", 2)},
        ),
        Kind(
            name="forums",
            label=N_("Forum"),
            add=N_("Add a forum"),
            edit=N_("Edit the forum"),
            delete=N_("Delete the forum"),
            model=Forum,
            text_model=ForumText,
            columns=("slug", "approval", "by_invitation"),
            rendered={"about": ("about_html", 3), "mandate": ("mandate_html", 3)},
        ),
        Kind(
            name="forum-pages",
            label=N_("Page of a forum"),
            add=N_("Add a page to the forum"),
            edit=N_("Edit the page of the forum"),
            delete=N_("Delete the page of the forum"),
            model=Page,
            text_model=PageText,
            columns=("slug", "position"),
            owner=Forum,
            owner_column="forum_id",
            rendered={"body": ("html", 2)},
        ),
        Kind(
            name="groups",
            label=N_("Group"),
            add=N_("Add a group"),
            edit=N_("Edit the group"),
            delete=N_("Delete the group"),
            model=Group,
            text_model=GroupText,
            columns=("number", "slug", "approval"),
            owner=Forum,
            owner_column="forum_id",
            unique=("number", "slug"),
            rendered={"introduction": ("introduction_html", 2), "remarks": ("remarks_html", 2)},
        ),
        Kind(
            name="questions",
            label=N_("Guiding question"),
            add=N_("Add a guiding question"),
            edit=N_("Edit the guiding question"),
            delete=N_("Delete the guiding question"),
            model=Question,
            text_model=QuestionText,
            columns=("number",),
            owner=Group,
            owner_column="group_id",
            unique=("number",),
        ),
        Kind(
            name="notices",
            label=N_("Notice"),
            add=N_("Add a notice"),
            edit=N_("Edit the notice"),
            delete=N_("Delete the notice"),
            model=Notice,
            text_model=NoticeText,
            columns=("published_at",),
            owner=Forum,
            owner_column="forum_id",
            unique=(),
            rendered={"body": ("html", 4)},
        ),
        Kind(
            name="documents",
            label=N_("Document"),
            add=N_("Add a document"),
            edit=N_("Edit the document"),
            delete=N_("Delete the document"),
            model=Document,
            text_model=DocumentText,
            columns=("kind", "symbol", "dated", "url", "position"),
            owner=Forum,
            owner_column="forum_id",
            unique=(),
        ),
        Kind(
            name="reasons",
            label=N_("Reason for moderation"),
            add=N_("Add a reason"),
            edit=N_("Edit the reason"),
            delete=N_("Delete the reason"),
            model=Reason,
            text_model=ReasonText,
            columns=("position",),
            unique=(),
        ),
    )
}


def find_kind(name: str) -> Kind:
    """The kind of this name. Raises NotFound."""
    if name not in KINDS:
        raise NotFound
    return KINDS[name]


def get_object(kind: Kind, key: int) -> Any:
    """An object of this kind and no other: a page of a forum is not one of the site. Raises NotFound."""
    found = fetch(kind.model, key)
    if kind.owner_column and (kind.owner is None) != (kind.owner_id_of(found) is None):
        raise NotFound
    return found


def find_deletion(kind: Kind, key: int) -> LogEntry | None:
    """The line of the log about the deletion of an object; None where there is no such line, or the object exists."""
    if key > LARGEST_KEY or db.session.get(kind.model, key):
        return None
    lines = select(LogEntry).filter_by(action="delete", kind=kind.name, subject_id=key)
    return db.session.scalar(lines.order_by(LogEntry.id.desc()).limit(1))


def owner_id_of(kind: Kind, key: int) -> int | None:
    """The key of the owner that an object has, or had before it was deleted. Raises NotFound."""
    deletion = find_deletion(kind, key)
    if deletion is None:
        return kind.owner_id_of(get_object(kind, key))
    if kind.owner is not Group:
        return deletion.forum_id if kind.owner else None
    told = (change["old"] for change in deletion.detail if change["field"] == kind.owner_column)
    return fetch(Group, next(told, 0)).id


def get_file(document_id: int, key: int) -> Attachment:
    """A file of a document. Raises NotFound."""
    found = fetch(Attachment, key)
    if found.document_id != document_id:
        raise NotFound
    return found


def get_owner(kind: Kind, key: int | None) -> Any:
    """The forum or group that a new object of this kind goes into, None for kinds that need none. Raises NotFound."""
    if (kind.owner is None) != (key is None):
        raise NotFound
    return fetch(kind.owner, key) if kind.owner and key is not None else None


def version_of_object(kind: Kind, thing: Any) -> str:
    """The version of an object with its texts."""
    written = {code: [getattr(text, name) for name in kind.text_columns] for code, text in thing.texts.items()}
    return version_of(thing, kind.columns, sorted(written.items()))


def forum_of(thing: Any) -> Forum | None:
    """The forum to which an object belongs, or which it is; None for what belongs to the site."""
    if thing is None or isinstance(thing, Forum):
        return thing
    if isinstance(thing, Question):
        return thing.group.forum
    forum_id = getattr(thing, "forum_id", None)
    return fetch(Forum, forum_id) if forum_id else None


def refuse_if_archived(thing: Any) -> None:
    """Raise Archived where an object belongs to an archived forum, or is one; None stands for the site itself."""
    forum = forum_of(thing)
    if forum and forum.archived_at:
        raise Archived


def count_topics(condition: ColumnElement[bool]) -> int:
    """How many topics fulfil a condition on topics or groups; every topic holds a message."""
    statement = select(func.count(Topic.id)).join(Group, Group.id == Topic.group_id).where(condition)
    return db.session.scalar(statement) or 0


def keys_with_topics(column: Any, condition: ColumnElement[bool]) -> set[int | None]:
    """The keys in a column of topics, such as that of their question, for the topics that fulfil a condition."""
    statement = select(column).select_from(Topic).join(Group, Group.id == Topic.group_id).where(condition)
    return set(db.session.scalars(statement.distinct()))


def missing_languages(thing: Any) -> list[str]:
    """The codes of the site's languages in which an object has no text."""
    return [code for code in site_languages() if code not in thing.texts]


def incomplete_languages(kind: Kind, thing: Any) -> list[str]:
    """The codes of the languages whose text leaves a field blank that another language fills in."""
    used = [name for name in kind.text_columns if any(getattr(text, name) for text in thing.texts.values())]
    return [
        code
        for code in site_languages()
        if code in thing.texts and not all(getattr(thing.texts[code], name) for name in used)
    ]
