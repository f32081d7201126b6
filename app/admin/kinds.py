"""Each kind of object that has texts in languages, described once.

From a description follow its form, its lists, the labels of the log, what is missing of its texts, and what may be
deleted. A new field of an object is a typed column, its migration, and its name in the description.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from sqlalchemy import ColumnElement, select, true
from wtforms import BooleanField
from wtforms.validators import Regexp, ValidationError

from app import labels, wordings
from app.database import utcnow
from app.errors import NotFound
from app.extensions import db
from app.forms import (
    AtMost,
    Between,
    BodyField,
    ChoiceField,
    ChoicesField,
    DayField,
    LineField,
    MomentField,
    NumberField,
    Renders,
    web_address,
)
from app.forums.life_actions import why_keep_forum, why_keep_group, why_keep_question
from app.languages import N_, Language, text_in
from app.models import (
    ActKind,
    Annotation,
    AnnotationKind,
    AnnotationText,
    Approval,
    Document,
    DocumentText,
    Forum,
    ForumText,
    Group,
    GroupText,
    Notice,
    NoticeText,
    Page,
    PageKind,
    PageText,
    Question,
    QuestionText,
    Reason,
    ReasonText,
)
from app.pages.queries import check_page, list_pages, pages_below, why_keep_page
from app.rows import fetch
from app.versions import version_of

# What may be the matter with a text in one language, the worst first.
MISSING, PARTIAL, OUTDATED, COMPLETE = range(4)
MAX_SLUG = 80
MAX_REMARKS = 2_000
ALWAYS = datetime.min.replace(tzinfo=UTC)
WITHOUT_REASON = frozenset({ActKind.APPROVE, ActKind.ENTER})
APPROVAL = _l("Messages subject to approval before publication")


# What a description is made of


def needed(form: Any, field: Any) -> None:
    """A validator: has to be filled in as soon as anything else in this language is."""
    if form.is_filled and not (field.data or "").strip():
        label = field.label.text
        raise ValidationError(
            _("Please complete “%(label)s” as well, or clear all fields for this language.", label=label)
        )


def nothing(*_of: Any) -> Any:
    return None


Choices = Callable[[Any, Language], list[tuple[Any, str]]]  # of an object, None for a new one, in a language


@dataclass(frozen=True)
class Column:
    """A column that is the same in all languages: its field of the form, and what there is to choose from."""

    label: LazyString
    field: Any
    choices: Choices | None = None


@dataclass(frozen=True, kw_only=True)
class Text:
    """A column of the texts: at most `most` characters, in one line where `rows` is 0. `markdown` names the column of
    its HTML and the level of its first heading; `needed` in every language in which there is a text at all. Where a
    language `may_lack` what another has, nothing is said to be missing."""

    label: LazyString
    most: int
    rows: int = 0
    needed: bool = False
    may_lack: bool = False
    markdown: tuple[str, int] | None = None
    check: tuple[Any, ...] = ()
    hint: LazyString | str = ""

    def field(self) -> Any:
        """Its field of the form of one language, as WTForms declares it."""
        rules = [*([needed] if self.needed else []), AtMost(self.most), *self.check]
        hint = self.hint or (_l("Plain text, or Markdown: see the help below.") if self.markdown else "")
        if not self.rows:
            return LineField(self.label, rules, description=hint)
        if self.markdown:
            rules.append(Renders())
        return BodyField(self.label, rules, description=hint, render_kw={"rows": self.rows})


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind:
    """One kind of object.

    `name` is used in addresses and in the log. `fixed` gives the columns that an object keeps as they are; `check`
    raises Refused where the values of its columns break a rule of their own; `why_kept` says why an object cannot be
    deleted, None where it can. `files`: files can be attached in each language. `apart`: the columns have a form of
    their own, apart from the texts.
    """

    name: str
    label: str
    add: str = ""
    edit: str = ""
    delete: str = ""
    model: type[Any]
    columns: Mapping[str, Column]
    texts: Mapping[str, Text]
    owner: type[Any] | None = None
    fixed: Callable[[Any], Collection[str]] = lambda _thing: ()
    check: Callable[[Any, Mapping[str, Any]], None] = nothing
    why_kept: Callable[[Any], object] = nothing
    files: bool = False
    apart: bool = False

    @property
    def text_model(self) -> type[Any]:
        return wordings.text_model_of(self.model)

    @property
    def owner_column(self) -> str:
        """The key of the group or forum that an object is in; "" where no object of the model is in one."""
        if self.owner is Group:
            return "group_id"
        return "forum_id" if hasattr(self.model, "forum_id") else ""

    @property
    def rendered(self) -> dict[str, tuple[str, int]]:
        """For each text in Markdown the column of its HTML and the level of its first heading."""
        return {name: text.markdown for name, text in self.texts.items() if text.markdown}

    def belongs_to(self, owner_id: int | None) -> ColumnElement[bool]:
        """Whether an object belongs to this owner; pages of the site belong to none."""
        return getattr(self.model, self.owner_column) == owner_id if self.owner_column else true()

    def owner_id_of(self, thing: Any) -> int | None:
        found: int | None = getattr(thing, self.owner_column) if self.owner_column else None
        return found

    def label_of(self, column: str) -> LazyString | None:
        """What people call a column."""
        found = self.columns.get(column) or self.texts.get(column)
        return found.label if found else None

    def version(self, thing: Any, part: str = "") -> str:
        """The version of an object with its texts and files; of one part of it alone, `texts` or `settings`."""
        written = {code: [getattr(text, name) for name in self.texts] for code, text in thing.texts.items()}
        files = [(file.id, file.name, file.language) for file in thing.attachments] if self.files else []
        columns = () if part == "texts" else tuple(self.columns)
        return version_of(thing, columns, [] if part == "settings" else sorted(written.items()), files)


def _column(field: type[Any], label: LazyString, *rules: Any, choices: Choices | None = None, **more: Any) -> Column:
    """A column whose field has these rules; `more` are its default and its hint."""
    if rules:
        more["validators"] = rules
    return Column(label, field(label, **more), choices)


def _number(label: LazyString) -> Column:
    return _column(NumberField, label, Between(1, 999))


def _place() -> Column:
    label, hint = _l("Position in the list"), _l("The lowest number comes first.")
    return _column(NumberField, label, Between(0, 9_999), default=0, description=hint)


def _slug() -> Column:
    """The name of something in its address, the same in all languages."""
    rule = _l(
        "Use lower-case letters a to z and digits, separated where necessary by single hyphens, such as first-group."
    )
    hint = _l(
        "Lower-case letters a to z, digits and hyphens. If left blank, it is formed from the title. If it "
        "changes, the old address redirects to the new one."
    )
    form = Regexp(r"^([a-z0-9]+(-[a-z0-9]+)*)?$", message=rule)
    return _column(LineField, _l("Name used in the web address"), AtMost(MAX_SLUG), form, description=hint)


# What the descriptions say of single kinds


def _kinds_of_page(_page: Page | None, _language: Language) -> list[tuple[Any, str]]:
    taken = set(db.session.scalars(select(Page.kind).where(Page.forum_id.is_(None)))) - {PageKind.TEXT}
    return [(kind, _(label)) for kind, label in labels.PAGE.items() if kind not in taken]


def _parents(page: Page | None, language: Language) -> list[tuple[Any, str]]:
    pages, below = list_pages(), pages_below(page) if page else set()
    found = [(one.id, _page_label(depth, one, language)) for depth, one in pages if one.id not in below]
    has_home = any(one.kind == PageKind.HOME for _depth, one in pages)
    return found if has_home else [(0, _("None: top-level page")), *found]


def _fixed_of_page(page: Page) -> Collection[str]:
    """A page keeps its kind; built-in pages have fixed addresses, and home has neither parent nor neighbours."""
    if page.kind == PageKind.TEXT:
        return ("kind",)
    return ("kind", "slug", "parent_id", "position") if page.kind == PageKind.HOME else ("kind", "slug")


def _page_label(depth: int, page: Page, language: Language) -> str:
    text = text_in(page, language)
    return "\N{EN DASH} " * depth + (text.title if text else page.slug)


def _acts(_reason: Reason | None, _language: Language) -> list[tuple[Any, str]]:
    return [(kind.value, _(name)) for kind, name in labels.ACT.items() if kind not in WITHOUT_REASON]


def _page_texts() -> dict[str, Text]:
    return {
        "title": Text(label=_l("Title"), most=PageText.MAX_TITLE, needed=True),
        "description": Text(label=_l("Description for search engines"), most=PageText.MAX_DESCRIPTION),
        "body": Text(label=_l("Text"), most=PageText.MAX_BODY, rows=18, markdown=("html", 2)),
    }


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
            columns={
                "kind": _column(ChoiceField, _l("Kind of page"), choices=_kinds_of_page),
                "slug": _slug(),
                "parent_id": _column(
                    ChoiceField, _l("Parent page"), choices=_parents, coerce=lambda value: int(value) or None
                ),
                "position": _place(),
            },
            texts=_page_texts(),
            fixed=_fixed_of_page,
            check=check_page,
            why_kept=why_keep_page,
        ),
        Kind(
            name="forums",
            label=N_("Forum"),
            add=N_("Add a forum"),
            edit=N_("Edit the texts of the forum"),
            delete=N_("Delete the forum"),
            model=Forum,
            columns={
                "slug": _slug(),
                "approval": _column(
                    ChoiceField,
                    APPROVAL,
                    choices=lambda *_of: labels.choices(labels.APPROVAL),
                    default=Approval.NOBODY,
                ),
                "by_invitation": Column(
                    _l("Only approved participants may post"),
                    BooleanField(
                        _l("Only participants approved by the Secretariat may post in this forum; everyone may read it")
                    ),
                ),
                "names_moderators": Column(
                    _l("Moderators are named on the page of the forum"),
                    BooleanField(
                        _l("Show readers the names of the moderators and the languages in which each of them moderates")
                    ),
                ),
            },
            texts={
                "title": Text(
                    label=_l("Title"),
                    most=ForumText.MAX_TITLE,
                    needed=True,
                    hint=_l("“Online Forum on:” appears before it. Enter only the subject."),
                ),
                "short_title": Text(label=_l("Short title"), most=ForumText.MAX_SHORT_TITLE, needed=True),
                "description": Text(
                    label=_l("Description for lists and search engines"), most=ForumText.MAX_DESCRIPTION
                ),
                "organizer": Text(
                    label=_l("Organizer"),
                    most=ForumText.MAX_ORGANIZER,
                    hint=_l(
                        "Optional. Named in the proceedings and in the suggested citation. If left blank, the "
                        "Secretariat is named, with the name of the site."
                    ),
                ),
                "remarks": Text(
                    label=_l("Remarks"),
                    most=MAX_REMARKS,
                    rows=3,
                    hint=_l(
                        "Optional. Shown under the title, for example the outcome of the forum or the reason why it "
                        "was reopened."
                    ),
                ),
                "about": Text(
                    label=_l("About the forum"), most=ForumText.MAX_BODY, rows=14, markdown=("about_html", 3)
                ),
                "mandate": Text(label=_l("Mandate"), most=ForumText.MAX_BODY, rows=8, markdown=("mandate_html", 3)),
            },
            why_kept=why_keep_forum,
            apart=True,
        ),
        Kind(
            name="forum-pages",
            label=N_("Page of a forum"),
            add=N_("Add a page to the forum"),
            edit=N_("Edit the page of the forum"),
            delete=N_("Delete the page of the forum"),
            model=Page,
            columns={"slug": _slug(), "position": _place()},
            texts=_page_texts(),
            owner=Forum,
        ),
        Kind(
            name="groups",
            label=N_("Group"),
            add=N_("Add a group"),
            edit=N_("Edit the group"),
            delete=N_("Delete the group"),
            model=Group,
            columns={
                "number": _number(_l("Number of the group")),
                "slug": _slug(),
                "approval": _column(
                    ChoiceField,
                    APPROVAL,
                    choices=lambda *_of: [("", _("As in the forum")), *labels.choices(labels.APPROVAL)],
                    coerce=lambda value: value or None,
                ),
            },
            texts={
                "title": Text(label=_l("Title"), most=GroupText.MAX_TITLE, needed=True),
                "introduction": Text(
                    label=_l("Introduction"), most=GroupText.MAX_BODY, rows=12, markdown=("introduction_html", 2)
                ),
                "remarks": Text(
                    label=_l("Remarks"),
                    most=GroupText.MAX_BODY,
                    rows=4,
                    markdown=("remarks_html", 2),
                    hint=_l(
                        "Optional. Shown with the dates of the group, for example the reason for a change. Plain "
                        "text, or Markdown: see the help below."
                    ),
                ),
            },
            owner=Forum,
            why_kept=why_keep_group,
        ),
        Kind(
            name="questions",
            label=N_("Guiding question"),
            add=N_("Add a guiding question"),
            edit=N_("Edit the guiding question"),
            delete=N_("Delete the guiding question"),
            model=Question,
            columns={"number": _number(_l("Number of the question"))},
            texts={"text": Text(label=_l("Question"), most=QuestionText.MAX_TEXT, rows=4, needed=True)},
            owner=Group,
            why_kept=why_keep_question,
        ),
        Kind(
            name="notices",
            label=N_("Notice"),
            add=N_("Add a notice"),
            edit=N_("Edit the notice"),
            delete=N_("Delete the notice"),
            model=Notice,
            columns={
                "published_at": _column(MomentField, _l("Published"), default=lambda: utcnow().replace(second=0)),
            },
            texts={
                "title": Text(label=_l("Title"), most=NoticeText.MAX_TITLE, needed=True),
                "body": Text(label=_l("Text"), most=NoticeText.MAX_BODY, rows=8, markdown=("html", 4)),
            },
            owner=Forum,
        ),
        Kind(
            name="documents",
            label=N_("Document"),
            add=N_("Add a document"),
            edit=N_("Edit the document"),
            delete=N_("Delete the document"),
            model=Document,
            columns={
                "kind": _column(
                    ChoiceField,
                    _l("Kind of document"),
                    choices=lambda *_of: labels.choices(labels.DOCUMENT),
                ),
                "symbol": _column(
                    LineField,
                    _l("Symbol"),
                    AtMost(Document.MAX_SYMBOL),
                    description=_l("Optional. As printed on the document; it is never translated."),
                ),
                "dated": _column(DayField, _l("Date"), description=_l("Optional.")),
                "position": _place(),
            },
            texts={
                "title": Text(label=_l("Title"), most=DocumentText.MAX_TITLE, needed=True),
                "note": Text(label=_l("Note"), most=DocumentText.MAX_NOTE, rows=3),
                "url": Text(
                    label=_l("Web address"),
                    most=DocumentText.MAX_URL,
                    may_lack=True,
                    check=(web_address,),
                    hint=_l("Optional. Where the document can be read in this language."),
                ),
            },
            owner=Forum,
            files=True,
        ),
        Kind(
            name="reasons",
            label=N_("Reason for moderation"),
            add=N_("Add a reason"),
            edit=N_("Edit the reason"),
            delete=N_("Delete the reason"),
            model=Reason,
            columns={
                "position": _place(),
                "acts": _column(  # none stands for all
                    ChoicesField,
                    _l("Offered for these actions"),
                    choices=_acts,
                    coerce=str,
                    description=_l("If none is selected, it is offered for all of them."),
                ),
            },
            texts={"text": Text(label=_l("Reason"), most=ReasonText.MAX_TEXT, needed=True)},
        ),
    )
}


def _annotations(kind: AnnotationKind, **texts: Text) -> Kind:
    """What moderators write and delete in a form of their own (app/moderation)."""
    return Kind(name=kind, label=labels.SUBJECT[kind], model=Annotation, columns={}, texts=texts, owner=Forum)


def _body(most: int, rows: int) -> Text:
    return Text(label=_l("Text"), most=most, rows=rows, needed=True, markdown=("html", 2))


# Everything of which there are texts to translate.
TRANSLATED = KINDS | {
    AnnotationKind.SUMMARY: _annotations(AnnotationKind.SUMMARY, body=_body(AnnotationText.MAX_SUMMARY, 14)),
    AnnotationKind.FOLLOW_UP: _annotations(
        AnnotationKind.FOLLOW_UP,
        body=_body(AnnotationText.MAX_FOLLOW_UP, 5),
        url=Text(label=_l("Web address (optional)"), most=AnnotationText.MAX_URL, may_lack=True, check=(web_address,)),
    ),
}


# Objects of a kind


def find_kind(name: str, among: Mapping[str, Kind] = KINDS) -> Kind:
    """The kind of this name. Raises NotFound."""
    if name not in among:
        raise NotFound
    return among[name]


def get_object(kind: Kind, key: int) -> Any:
    """An object of this kind and no other: a page of a forum is not one of the site. Raises NotFound."""
    found = fetch(kind.model, key)
    if isinstance(found, Annotation) and not (found.kind == kind.name and found.texts and found.is_in_sight):
        raise NotFound
    if kind.owner_column and (kind.owner is None) != (kind.owner_id_of(found) is None):
        raise NotFound
    return found


def get_owner(kind: Kind, key: int | None) -> Any:
    """The forum or group that a new object of this kind goes into, None for kinds that need none. Raises NotFound."""
    if (kind.owner is None) != (key is None):
        raise NotFound
    return fetch(kind.owner, key) if kind.owner and key is not None else None


def forum_of(thing: Any) -> Forum | None:
    """The forum to which an object belongs, or which it is; None for what belongs to the site."""
    if thing is None or isinstance(thing, Forum):
        return thing
    if isinstance(thing, Question):
        return thing.group.forum
    forum_id = getattr(thing, "forum_id", None)
    return fetch(Forum, forum_id) if forum_id else None


def public_from(thing: Any) -> datetime | None:
    """The moment from which readers see what is changed in an object, None where no such moment is set."""
    forum = forum_of(thing)
    public = forum.published_at if forum else ALWAYS
    return max(public, thing.published_at) if public and isinstance(thing, Notice) else public


def blank_texts(kind: Kind, texts: Mapping[str, Any], code: str) -> list[str]:
    """The names of the texts that are blank in a language although another language has them. `texts` are those of an
    object by language, or rows that say of each name whether it is written."""
    return [
        name
        for name, text in kind.texts.items()
        if not text.may_lack
        and not getattr(texts.get(code), name, "")
        and any(getattr(other, name) for other in texts.values())
    ]


def state_in(kind: Kind, texts: Mapping[str, Any], code: str) -> int:
    """What is the matter with an object in a language, from MISSING to COMPLETE; `texts` as for `blank_texts`."""
    if code not in texts:
        return MISSING
    return PARTIAL if blank_texts(kind, texts, code) else OUTDATED if texts[code].outdated_since else COMPLETE
