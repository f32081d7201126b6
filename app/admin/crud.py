"""One way to create, change and delete whatever `kinds` describes: its forms, actions and pages."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from wtforms import Field

from app import former_addresses, wordings
from app.addresses import LARGEST_KEY, link
from app.admin.frame import Steps, Words, about, ask, done, show, steps_to, to_forums
from app.admin.kinds import (
    KINDS,
    MAX_SLUG,
    MISSING,
    OUTDATED,
    PARTIAL,
    Kind,
    find_kind,
    forum_of,
    get_object,
    get_owner,
    public_from,
    state_in,
)
from app.attachments.forms import FilesField, takes_files
from app.attachments.keeping import change_files
from app.attachments.uploads import Upload
from app.audit import Change, assign, changed, name_of, record
from app.citations import cited
from app.database import utcnow
from app.errors import Archived, ForumError, Refused
from app.extensions import db, transaction
from app.forms import (
    ChoicesField,
    Form,
    InnerForm,
    LineField,
    OnceForm,
    VersionedForm,
    WithInner,
    carry_out,
    tell_differences,
)
from app.languages import reader_language, site_languages
from app.markup import render
from app.models import Attachment, Forum, Group, LogEntry, Question, User
from app.never_public import delete_messages
from app.permissions import TAKEN_IN_ARCHIVE, require, require_forum_takes
from app.rows import fetch
from app.submissions import Once
from app.versions import fingerprint, require_version
from app.viewer import signed_in_user

Texts = Mapping[str, Mapping[str, str]]

# No two objects of an owner share these.
TAKEN = {
    "number": _l("This number is in use already. Please choose another."),
    "slug": _l("This name is in use already. Please choose another."),
}
NO_TEXT = _l("Text is required in at least one language.")
OTHER = "other"  # before the names of fields about files in no language of the site

bp = Blueprint("objects", __name__)


# Where an object stands


def steps_of(kind: Kind, forum: Forum | None) -> Steps:
    """The steps to the page on which objects of a kind are listed, in this forum or, without one, on the site."""
    if forum is not None:
        return steps_to(forum)
    return to_forums() if kind.model is Forum else [(_("Site"), link("admin.site.index"), "")]


def page_of(kind: Kind, forum: Forum | None) -> str:
    """The page on which objects of a kind are worked on: the list in which they stand, for a forum its own."""
    if forum is None:
        return link("admin.forums.index") if kind.model is Forum else link("admin.site.index", _anchor=kind.name)
    part = {"forums": None, "questions": "groups"}.get(kind.name, kind.name)
    return link("admin.forums.show", forum_id=forum.id, _anchor=part)


# Forms


@dataclass(frozen=True)
class Sent:
    """What a form says of an object: what goes into its columns; into its texts, by language, where a language that is
    to have none has only empty ones; the files to attach, by language; and the keys of those that are to go.
    With `follows`, the texts are translations, which make no other text outdated."""

    values: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    files: Mapping[str, Sequence[Upload]] = field(default_factory=dict)
    leaving: Collection[int] = ()
    follows: bool = False

    @property
    def content(self) -> tuple[object, ...]:
        """What tells it from what another form says."""
        files = [(code, [file.identity for file in uploads]) for code, uploads in self.files.items() if uploads]
        return self.values, self.texts, files, sorted(self.leaving)


class OneLanguage(Form):
    """The texts of an object in one language."""

    names: ClassVar[tuple[str, ...]]

    @property
    def typed(self) -> dict[str, str]:
        return {name: (self[name].data or "").strip() for name in self.names}

    @property
    def is_filled(self) -> bool:
        return any(self.typed.values())


class TextForm(OneLanguage, InnerForm):
    """Such a form beside those of other languages."""


class FilesForm(InnerForm):
    """The files of an object in one language: those to attach, and which of those that are there are to go."""

    files = FilesField(_l("Attach files"))
    leaving = ChoicesField(_l("Delete"))

    def __init__(self, present: list[Attachment], may_go: bool, **source: Any) -> None:
        super().__init__(**source)
        self.present = present
        self.leaving.offer([(file.id, _("Delete %(name)s", name=file.name)) for file in present])
        if not may_go:
            del self.leaving

    @property
    def to_delete(self) -> list[int]:
        """The keys of the files that are to go."""
        return self.leaving.data or [] if "leaving" in self else []


class ObjectFields(WithInner):
    """The columns of an object; `texts` holds the form of each language of the site, by its code, `attached` those of
    its files.

    `thing` is None for a new object; `part` leaves either the `texts` or the `settings`.
    """

    described: ClassVar[Kind]
    text_form: ClassVar[type[TextForm]]

    def __init__(self, thing: Any, *, part: str = "", prefix: str = "", **source: Any) -> None:
        super().__init__(obj=thing, prefix=prefix, **source)
        whence = {"formdata": source["formdata"]} if "formdata" in source else {}
        self.stored = stored = thing.texts if thing else {}
        fixed = self.described.fixed(thing) if thing else ()
        for name, column in self.described.columns.items():
            if part == "texts" or name in fixed:
                del self[name]
            elif column.choices:
                self[name].offer(column.choices(thing, reader_language()))
        codes = () if part == "settings" else site_languages()
        self.texts = {code: self.text_form(prefix=f"{prefix}{code}", obj=stored.get(code), **whence) for code in codes}
        self.attached = self._attached(thing, **whence) if self.described.files else {}

    @property
    def sent(self) -> Sent:
        """What the actions take."""
        columns = [self[name] for name in self.described.columns if name in self]
        return Sent(
            {one.short_name: one.data or "" if isinstance(one, LineField) else one.data for one in columns},
            {code: form.typed for code, form in self.texts.items()},
            {code: form.files.uploads for code, form in self.attached.items()},
            [key for form in self.attached.values() for key in form.to_delete],
        )

    @property
    def inner(self) -> list[tuple[str, Form]]:
        """The forms of the texts and of the files, with the names of their languages."""
        names = {code: language.name for code, language in site_languages().items()}
        found: list[tuple[str, Form]] = [(names[code], form) for code, form in self.texts.items()]
        return [*found, *((names.get(code, _("Other languages")), form) for code, form in self.attached.items())]

    @property
    def is_filled(self) -> bool:
        """Whether there is a text in any language."""
        return any(form.is_filled for form in self.texts.values())

    def validate(self, extra_validators: Any = None) -> bool:
        results = [super().validate(extra_validators), *(form.validate() for _name, form in self.inner)]
        if self.texts and not self.is_filled:
            language = self.texts[reader_language().code]
            language[language.names[0]].errors = [_("Please enter the text in at least one language.")]
            results.append(False)
        for form in self.attached.values():
            if not all(results):
                form.files.ask_again()
        return all(results)

    def lacks(self, code: str, shown: Field) -> bool:
        """Whether a field is blank in this language although another language fills it in."""
        name = shown.short_name
        is_blank = not shown.data and not self.described.texts[name].may_lack
        return is_blank and any(form.typed[name] for form in self.texts.values())

    def is_outdated_in(self, code: str) -> bool:
        """Whether the text in this language has not followed a change in another."""
        return bool(getattr(self.stored.get(code), "outdated_since", None))

    def tell_texts(self, stored: Any) -> None:
        """Show beside each text that differs what is stored, as the form `stored` has it."""
        for code, form in self.texts.items():
            tell_differences(form, stored.texts[code])

    def _attached(self, thing: Any, **whence: Any) -> dict[str, FilesForm]:
        there, forum = list(thing.attachments) if thing else [], forum_of(thing)
        may_go = forum is not None and forum.archived_at is None
        codes = [*site_languages(), ""]
        of = {code: [file for file in there if file.language == code] for code in codes}
        of[""] = [file for file in there if file.language not in codes[:-1]]
        return {code: FilesForm(of[code], may_go, prefix=code or OTHER, **whence) for code in codes}


class ObjectForm(ObjectFields, OnceForm, VersionedForm):
    """The form of an object on a page of its own."""

    def __init__(self, thing: Any, *, part: str = "", **source: Any) -> None:
        version = self.described.version(thing, part) if thing else ""
        super().__init__(thing, part=part, version=version, **source)
        if thing is None:
            del self.version

    def tell_what_is_stored(self, stored: Form) -> None:
        super().tell_what_is_stored(stored)
        self.tell_texts(stored)


class RowForm(ObjectFields, InnerForm):
    """The form of an object beside others, in one form that has the token and the version."""


def _forms_of(kind: Kind, whole: type[ObjectFields]) -> type[Any]:
    """The form of a kind, made of its description."""
    columns = {name: column.field for name, column in kind.columns.items()}
    more = {"described": kind, "text_form": form_of_texts(kind, TextForm)}
    return type(f"{whole.__name__}Of{kind.name}", (whole,), {**columns, **more})


def form_of_texts(kind: Kind, whole: type[OneLanguage]) -> type[Any]:
    """The form of the texts of a kind in one language."""
    texts = {name: text.field() for name, text in kind.texts.items()}
    return type(f"{whole.__name__}Of{kind.name}", (whole,), {**texts, "names": tuple(kind.texts)})


FORMS: dict[str, type[ObjectForm]] = {name: _forms_of(kind, ObjectForm) for name, kind in KINDS.items()}
ROW_FORMS: dict[str, type[RowForm]] = {name: _forms_of(KINDS[name], RowForm) for name in ("groups", "questions")}


# Actions: each is one transaction and leaves a line in the log


def create(kind: Kind, owner_id: int | None, sent: Sent, *, key: str, viewer: User) -> int:
    """Make an object, in a forum or group where its kind asks for one, and return its key.

    The same form sent again makes nothing and returns what it made before. Raises Refused, naming the field that
    breaks a rule, NotFound for an unknown owner, Archived and Forbidden.
    """
    once = Once(key, viewer, kind.name, owner_id, *sent.content)
    with transaction(once=once):
        require(viewer, "administer")
        if once.before is not None:
            return once.before
        owner = get_owner(kind, owner_id)
        require_forum_takes(kind.name, forum_of(owner), "create")
        made: int = add(kind, owner_id, sent, viewer=viewer).id
        once.made(made)
    return made


def update(kind: Kind, key: int, sent: Sent, *, part: str = "", version: str, once_key: str = "", viewer: User) -> int:
    """Change an object, its texts and its files, or that `part` of it which the form showed, and return its key.

    `version` is the one that the form showed. Raises as `create`, and ChangedMeanwhile.
    """
    once = Once(once_key if any(sent.files.values()) else "", viewer, kind.name, key, *sent.content)
    with transaction(once=once):
        require(viewer, "administer")
        if once.before is not None:
            return key
        thing = get_object(kind, key)
        require_forum_takes(kind.name, forum_of(thing), part or "edit")
        if sent.leaving:
            require_forum_takes("files", forum_of(thing), "delete")
        present = kind.version(thing, part)
        changes = rewrite(kind, thing, sent, viewer=viewer)
        require_version(version, present, changes=changes)
        once.made(key)
    return key


def delete(kind: Kind, key: int, *, version: str, viewer: User) -> bool:
    """Delete an object with all that is in it; False where it was deleted already.

    `version` is the one that the page showed. Raises what `deletion_refusal` gives, ChangedMeanwhile, and NotFound
    where there has never been one.
    """
    with transaction():
        require(viewer, "administer")
        if find_deletion(kind, key):
            return False
        thing = get_object(kind, key)
        refusal = deletion_refusal(kind, thing)
        if refusal:
            raise refusal
        require_version(version, version_to_delete(kind, thing))
        columns = (*kind.columns, kind.owner_column) if kind.owner is Group else kind.columns
        changes = [change for name in columns for change in changed(name, getattr(thing, name), None)]
        for code in list(thing.texts):
            changes += _changes_of_removal(kind, thing, code)
        wordings.keep_deleted(kind.name, thing, forum=forum_of(thing), now=utcnow())
        if isinstance(thing, Forum):
            changes += changed("messages", ", ".join(map(str, delete_messages(thing))), "")
        record(viewer, "delete", kind.name, thing, changes)
        for question in thing.questions if kind.model is Group else ():
            texts = (_changes_of_removal(KINDS["questions"], question, code) for code in question.texts)
            record(viewer, "delete", "questions", question, [change for text in texts for change in text])
        if isinstance(thing, Forum):
            thing.periods.clear()  # before its groups, to which periods may point
            db.session.flush()
        db.session.delete(thing)
    return True


def version_to_delete(kind: Kind, thing: Any) -> str:
    """The version of an object, and of the questions that go with a group."""
    inner: Sequence[Question] = ()
    if kind.model is Group:
        of_group = select(Question).where(Question.group_id == thing.id).order_by(Question.number)
        inner = db.session.scalars(of_group.options(selectinload(Question.texts))).all()
    return fingerprint(kind.version(thing), [(one.id, KINDS["questions"].version(one)) for one in inner])


def add(kind: Kind, owner_id: int | None, sent: Sent, *, viewer: User) -> Any:
    """A new object, inside a transaction, with its line in the log. Raises Refused."""
    thing = kind.model(**({kind.owner_column: owner_id} if kind.owner_column else {}))
    changes = write(kind, thing, sent)
    db.session.add(thing)
    db.session.flush()
    wordings.keep_added(kind.name, thing, forum=forum_of(thing), now=utcnow())
    record(viewer, "create", kind.name, thing, changes)
    return thing


def rewrite(kind: Kind, thing: Any, sent: Sent, *, viewer: User) -> list[Change]:
    """Change an object, inside a transaction, with a line in the log where anything is another than before, and say
    what. Raises Refused."""
    before, slug = wordings.texts_of(kind.name, thing), getattr(thing, "slug", "")
    changes = write(kind, thing, sent)
    if changes:
        wordings.keep(kind.name, thing, before, forum=forum_of(thing), now=utcnow())
        if slug:
            former_addresses.rename(kind.name, thing, slug)
        record(viewer, "edit", kind.name, thing, changes)
    return changes


def write(kind: Kind, thing: Any, sent: Sent) -> list[Change]:
    """Give an object these values, texts and files, inside a transaction, and say what changed. Raises Refused, naming
    the field that breaks a rule."""
    values = dict(sent.values)
    if values.get("slug") == "":
        values["slug"] = _proposed_slug(kind, thing, sent.texts)
    with db.session.no_autoflush:
        for name in [name for name in TAKEN if name in values]:
            taken = _siblings(kind, thing, kind.model.id).where(getattr(kind.model, name) == values[name])
            if db.session.scalar(taken.limit(1)):
                raise Refused(TAKEN[name], name)
        kind.check(thing, values)
    changes = assign(thing, values) + write_texts(kind, thing, sent.texts, follows=sent.follows)
    return changes + (change_files(thing, sent.leaving, sent.files, at=utcnow()) if kind.files else [])


def write_texts(kind: Kind, thing: Any, texts: Texts, *, follows: bool = False) -> list[Change]:
    """Give the object these texts, with the HTML of their Markdown, and say what changed.

    A language with empty fields only is removed. Where a text is changed that was up to date, those that were there in
    other languages are outdated until they are written again, unless it `follows` them as a translation. Raises Refused
    where no language is left.
    """
    changes: list[Change] = []
    written, leads, forum = set(), False, forum_of(thing) if kind.rendered else None
    for code, fields in texts.items():
        if not any(fields.values()):
            changes += _changes_of_removal(kind, thing, code)
            thing.texts.pop(code, None)
            continue
        before = thing.texts.get(code)
        text = before or kind.text_model(language=code)
        made = assign(text, fields, code)
        for source, (column, first_heading) in kind.rendered.items():
            known = cited(fields[source], forum.id if forum else None)
            setattr(text, column, render(fields[source], first_heading=first_heading, official=True, cited=known))
        thing.texts[code] = text
        if made:
            changes += made
            written.add(code)
            leads = leads or bool(before and not before.outdated_since and not follows)
            text.outdated_since = None
    if leads:
        for code in thing.texts.keys() - written:
            thing.texts[code].outdated_since = thing.texts[code].outdated_since or utcnow()
    if not thing.texts:
        raise Refused(NO_TEXT)
    return changes


def deletion_refusal(kind: Kind, thing: Any) -> ForumError | None:
    """Why an object cannot be deleted, None where it can."""
    forum = forum_of(thing)
    if forum and forum.archived_at:
        return Archived()
    reason = kind.why_kept(thing)
    return Refused(reason) if reason else None


def part_to_edit(kind: Kind, thing: Any) -> str:
    """The part of an object that its form shows: settings stand apart, and stay as they are in the archive."""
    forum = forum_of(thing)
    is_fixed = forum is not None and forum.archived_at is not None and kind.name not in TAKEN_IN_ARCHIVE["edit"]
    return "texts" if kind.apart or is_fixed else ""


def find_deletion(kind: Kind, key: int) -> LogEntry | None:
    """The line of the log about the deletion of an object; None where there is no such line, or the object exists."""
    if key > LARGEST_KEY or db.session.get(kind.model, key):
        return None
    lines = select(LogEntry).filter_by(action="delete", kind=kind.name, subject_id=key)
    return db.session.scalar(lines.order_by(LogEntry.id.desc()).limit(1))


def slug_of(title: str) -> str:
    """A title as a name in an address: `Needs and priorities` is `needs-and-priorities`; "" where nothing is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.lower())
    slug = "-".join(words)
    return slug if len(slug) <= MAX_SLUG - 5 else slug[: MAX_SLUG - 5].rpartition("-")[0] or slug[: MAX_SLUG - 5]


def free_slug(kind: Kind, thing: Any, wanted: str) -> str:
    """This name for an address, with a number behind it where another object has it."""
    taken = set(db.session.scalars(_siblings(kind, thing, kind.model.slug)))
    wanted = wanted or kind.name.removesuffix("s")
    return next(name for name in (wanted, *(f"{wanted}-{n}" for n in range(2, 9_999))) if name not in taken)


def _proposed_slug(kind: Kind, thing: Any, texts: Texts) -> str:
    """From the English title, else from the first there is."""
    titles = {code: fields.get("title", "") for code, fields in texts.items()}
    titles = titles or {code: text.title for code, text in thing.texts.items()}
    with db.session.no_autoflush:
        return free_slug(kind, thing, slug_of(titles.get("en") or next(filter(None, titles.values()), "")))


def _siblings(kind: Kind, thing: Any, column: Any) -> Any:
    others = kind.belongs_to(kind.owner_id_of(thing)), kind.model.id != (thing.id or 0)
    return select(column).where(*others)


def _changes_of_removal(kind: Kind, thing: Any, code: str) -> list[Change]:
    text = thing.texts.get(code)
    if text is None:
        return []
    return [change for name in kind.texts for change in changed(name, getattr(text, name), None, code)]


# Views


@bp.route("/<kind_name>/new/", methods=["GET", "POST"], defaults={"owner_id": None})
@bp.route("/<kind_name>/new/<int:owner_id>/", methods=["GET", "POST"])
@takes_files
def new(kind_name: str, owner_id: int | None) -> ResponseReturnValue:
    kind, viewer = find_kind(kind_name), signed_in_user()
    owner = get_owner(kind, owner_id)
    require_forum_takes(kind.name, forum_of(owner), "create")
    form = FORMS[kind.name](None)
    _preset(form)
    key = form.submission.data or ""
    made = carry_out(form, lambda: create(kind, owner_id, form.sent, key=key, viewer=viewer))
    if made is not None:
        return done(_("Saved."), page_of(kind, forum_of(get_object(kind, made))))
    return _form_page(_(kind.add), kind, owner, form)


@bp.route("/<kind_name>/<int:key>/edit/", methods=["GET", "POST"])
@takes_files
def edit(kind_name: str, key: int) -> ResponseReturnValue:
    kind = find_kind(kind_name)
    thing = get_object(kind, key)
    return _edit(kind, thing, part_to_edit(kind, thing), _(kind.edit))


@bp.route("/forums/<int:key>/settings/", methods=["GET", "POST"])
def settings(key: int) -> ResponseReturnValue:
    kind = KINDS["forums"]
    return _edit(kind, get_object(kind, key), "settings", _("Settings of the forum"))


@bp.route("/<kind_name>/<int:key>/delete/", methods=["GET", "POST"])
def delete_object(kind_name: str, key: int) -> ResponseReturnValue:
    kind = find_kind(kind_name)
    deletion = find_deletion(kind, key)
    if deletion is None:
        forum = forum_of(get_object(kind, key))
    else:  # where it stood
        forum = fetch(Forum, deletion.forum_id or 0) if kind.owner else None
    words = Words(
        _(kind.delete),
        _("It will be deleted together with all its texts and contents. This cannot be undone."),
        _("Delete"),
        _("Deleted."),
    )
    back = page_of(kind, forum if kind.owner else None)
    return ask(words, steps_of(kind, forum), partial(delete, kind, key), lambda: _to_delete(kind, key), back=back)


def _to_delete(kind: Kind, key: int) -> dict[str, Any]:
    thing = get_object(kind, key)
    name, refusal = name_of(thing, reader_language()), deletion_refusal(kind, thing)
    version = version_to_delete(kind, thing)
    return {"version": version, "name": name, "refusal": refusal, "forum": forum_of(thing)}


def _edit(kind: Kind, thing: Any, part: str, heading: str) -> ResponseReturnValue:
    require_forum_takes(kind.name, forum_of(thing), part or "edit")
    form, viewer, key = FORMS[kind.name](thing, part=part), signed_in_user(), thing.id
    sent: dict[str, Any] = {"part": part, "version": form.version.data, "once_key": form.submission.data or ""}
    saved = carry_out(
        form,
        lambda: update(kind, key, form.sent, **sent, viewer=viewer),
        lambda: FORMS[kind.name](thing, part=part, formdata=None),
    )
    if saved is not None:
        return done(_("The changes have been saved."), page_of(kind, forum_of(thing)))
    kept_in = [] if part == "settings" else wordings.kept_in(kind.name, thing, forum=forum_of(thing), now=utcnow())
    return _form_page(heading, kind, thing, form, kept_in=kept_in)


def _preset(form: ObjectForm) -> None:
    """What the address of a new object says of it, such as the kind of document."""
    asked = request.args.get("kind", "")
    if not form.is_submitted() and "kind" in form and asked in dict(form["kind"].choices):
        form["kind"].data = asked


def _form_page(
    heading: str, kind: Kind, thing: Any, form: ObjectForm, *, kept_in: Collection[str] = ()
) -> ResponseReturnValue:
    """`thing` is the object, or the forum or group into which a new one goes, if any."""
    forum, since = forum_of(thing), public_from(thing or kind.model())
    if since is None:
        when = _("Readers will see this once the forum is published.")
    elif since > utcnow():
        when = _("Readers will not see this before %(moment)s.", moment=reader_language().at(since))
    else:
        when = _("Readers will see this as soon as it is saved.")
    shown = {"when": when, "kept_in": kept_in, "back": page_of(kind, forum), "forum": forum, "about": about(thing)}
    return show("admin/object.html", heading, steps_of(kind, forum), form=form, **shown)


@bp.app_template_global()
def missing_texts(thing: Any, kind_name: str) -> list[list[str]]:
    """The names of the languages in which an object has no text, a part of it is missing, or the text is outdated."""
    kind, languages = find_kind(kind_name), site_languages()
    states = {language.name: state_in(kind, thing.texts, code) for code, language in languages.items()}
    return [[name for name, found in states.items() if found == state] for state in (MISSING, PARTIAL, OUTDATED)]


bp.app_template_global("kind_named")(find_kind)
