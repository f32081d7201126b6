"""Forums: their list, the page from which each is run, its groups and questions in one form, the steps of its life, and
copies of it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import inspect, select
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import set_committed_value

from app import periods, wordings
from app.addresses import link
from app.admin.crud import (
    ROW_FORMS,
    TAKEN,
    RowForm,
    Sent,
    add,
    deletion_refusal,
    free_slug,
    rewrite,
    slug_of,
)
from app.admin.frame import Words, about, ask, done, done_already, show, steps_to, to_forums
from app.admin.kinds import KINDS, Kind
from app.admin.texts import languages_to_write
from app.audit import record
from app.database import utcnow
from app.errors import NotFound, Refused
from app.extensions import db, transaction
from app.forms import Form, OnceForm, VersionedForm, WithInner, carry_out, tell_differences
from app.forums.life_actions import kept_objects, step_refusal, take_step
from app.invitees import count_invited
from app.languages import N_, Language, reader_language, text_in
from app.models import Document, Forum, ForumRole, Group, Notice, Page, Question, User
from app.moderation.queue import has_waiting
from app.permissions import require, require_forum_takes
from app.printing import archive, editions
from app.rows import fetch
from app.submissions import Once
from app.versions import fingerprint, require_version
from app.viewer import VIEWS, begin_view, end_view, signed_in_user

GROUPS, QUESTIONS = KINDS["groups"], KINDS["questions"]
OF_GROUP, OF_QUESTION = re.compile(r"[gn]\d{1,12}"), re.compile(r"([gn]\d{1,12})[qn]\d{1,12}")
STORED = re.compile(r"[gq]\d+$")
NEW_GROUPS, NEW_QUESTIONS = 2, 2  # rows of a forum without groups, and of a new group

bp = Blueprint("forums", __name__)
# Outside /admin/, since a view ends the rights of an administrator.
outside = Blueprint("view", __name__, url_prefix="/<language:lang>/view")


# Forums and all that belongs to them


def list_forums() -> list[Forum]:
    """Every forum, the latest made first, with all that its state follows from."""
    parts = (selectinload(Forum.texts), selectinload(Forum.periods), selectinload(Forum.groups))
    return list(db.session.scalars(select(Forum).order_by(Forum.id.desc()).options(*parts)))


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
        found.append(_("There is no discussion group, so no one can post."))
    if periods.has_none(forum):
        found.append(_("There is no period, so readers are not told when messages are accepted."))
    if languages := languages_to_write(forum):
        found.append(_("Texts are missing or outdated in: %(languages)s.", languages=", ".join(languages)))
    return found


def what_waits(forum: Forum) -> list[str]:
    """What would stay undecided in the archive, a sentence each."""
    if not has_waiting(forum):
        return []
    return [_("Some messages are awaiting approval. Once the forum is archived, no decision can be taken on them.")]


# Groups and questions in one form


@dataclass(frozen=True)
class SentRow:
    """What a row says of a group, with its questions, or of a question; `key` is 0 for a new one."""

    prefix: str
    key: int
    sent: Sent
    questions: tuple["SentRow", ...] = ()


@dataclass
class Row:
    """A group or a question in the form: `thing` is None for a new one, `prefix` stands before the names of its
    fields; `is_sent` where the form came with it."""

    prefix: str
    kind: Kind
    thing: Any
    form: RowForm
    is_sent: bool
    questions: list["Row"] = field(default_factory=list)

    @property
    def number(self) -> int:
        """Its number; what has none stands last."""
        return self.form["number"].data or 10_000

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written in a row for a new one."""
        return self.thing is None and not self.form.is_filled and all(row.is_blank for row in self.questions)

    @property
    def was_deleted(self) -> bool:
        """Whether it has been deleted since the form was shown."""
        return self.thing is None and bool(STORED.search(self.prefix))

    @property
    def sent(self) -> SentRow:
        """What the action takes of it."""
        inner = [row.sent for row in self.questions if row.is_sent and not row.is_blank]
        return SentRow(self.prefix, self.thing.id if self.thing else 0, self.form.sent, tuple(inner))


class GroupsForm(WithInner, OnceForm, VersionedForm):
    """All groups and questions of a forum, with rows for new ones."""

    def __init__(self, forum: Forum, **source: Any) -> None:
        super().__init__(version=version_of_groups(forum), **source)
        names = list(request.form) if self.is_submitted() else []
        self.sent_rows = [name.removesuffix("-number") for name in names if name.endswith("-number")]
        self.forum = forum
        groups = {f"g{group.id}": group for group in forum.groups}
        fresh = [f"n{n}" for n in range(1, NEW_GROUPS + 1)] if not groups and not self.is_submitted() else []
        prefixes = dict.fromkeys([*groups, *filter(OF_GROUP.fullmatch, self.sent_rows), *fresh])
        self.rows: list[Row] = []
        for prefix in prefixes:
            self._add_group(prefix, groups.get(prefix))
        self.rows.sort(key=lambda row: row.number)

    @property
    def sent(self) -> list[SentRow]:
        """What the action takes. A row that was not sent was added meanwhile, and the version tells so."""
        return [row.sent for row in self.rows if row.is_sent and not row.is_blank]

    @property
    def all_rows(self) -> Iterator[tuple[str, Row, list[Row]]]:
        """Every row with what it is called and the rows that it stands among."""
        for group in self.rows:
            name = _("Group %(number)s", number=group.form["number"].data or "")
            yield name, group, self.rows
            for row in group.questions:
                number = row.form["number"].data or ""
                yield _("%(group)s, question %(number)s", group=name, number=number), row, group.questions

    def take(self, step: str) -> None:
        """Do what a button says that only arranges the form: one more `group`, one more `question g5`, `up g5` or
        `down g5q7`."""
        word, _space, prefix = step.partition(" ")
        if word == "group":
            self._add_group(f"n{len(self.rows) + 1}", None)
        for _name, row, among in list(self.all_rows):
            if row.prefix == prefix and word == "question":
                self._add_question(row, f"{prefix}n{len(row.questions) + 1}", None)
            elif row.prefix == prefix:
                self._move(row, among, -1 if word == "up" else 1)

    def validate(self, extra_validators: Any = None) -> bool:
        results = [super().validate(extra_validators)]
        for _name, row, among in self.all_rows:
            if not row.is_blank:
                results.append(row.form.validate())
                sent = [other for other in among if other.is_sent and not other.is_blank]
                numbers = [other.form["number"].data for other in sent]
                if not row.form["number"].errors and numbers.count(row.form["number"].data) > 1:
                    row.form["number"].errors = [TAKEN["number"]]
                    results.append(False)
        return all(results)

    @property
    def inner(self) -> list[tuple[str, Form]]:
        return [(name, row.form) for name, row, _among in self.all_rows]

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or self._field_of(str(name)) is not None

    def __getitem__(self, name: str) -> Any:
        return self._field_of(name) or super().__getitem__(name)

    def tell_what_is_stored(self, stored: Form) -> None:
        super().tell_what_is_stored(stored)
        if not isinstance(stored, GroupsForm):
            return
        rows = {row.prefix: row.form for _name, row, _among in stored.all_rows}
        for _name, row, _among in self.all_rows:
            if row.thing is not None and row.prefix in rows:
                tell_differences(row.form, rows[row.prefix])
                row.form.tell_texts(rows[row.prefix])

    def _field_of(self, name: str) -> Any:
        prefix, _hyphen, column = name.partition("-")
        rows = [row for _name, row, _among in self.all_rows if row.prefix == prefix] if column else []
        return rows[0].form[column] if rows and column in rows[0].form else None

    def _add_group(self, prefix: str, group: Group | None) -> None:
        row = self._row(prefix, GROUPS, group, self.rows)
        there = {f"{prefix}q{one.id}": one for one in (group.questions if group else ())}
        sent = [name for name in self.sent_rows if (found := OF_QUESTION.fullmatch(name)) and found[1] == prefix]
        fresh = [] if prefix in self.sent_rows else range(1, 2 if group else NEW_QUESTIONS + 1)
        for name in dict.fromkeys([*there, *sent, *(f"{prefix}n{n}" for n in fresh)]):
            self._add_question(row, name, there.get(name))
        row.questions.sort(key=lambda one: one.number)

    def _add_question(self, group: Row, prefix: str, question: Question | None) -> None:
        self._row(prefix, QUESTIONS, question, group.questions)

    def _row(self, prefix: str, kind: Kind, thing: Any, among: list[Row]) -> Row:
        """A row as it was sent, else as it is stored, else a new one with the next number."""
        source: dict[str, Any] = {} if prefix in self.sent_rows else {"formdata": None}
        form = ROW_FORMS[kind.name](thing, prefix=f"{prefix}-", **source)
        if thing is None and source:
            form["number"].data = max((row.number for row in among if row.number < 10_000), default=0) + 1
        row = Row(prefix, kind, thing, form, prefix in self.sent_rows)
        among.append(row)
        return row

    def _move(self, row: Row, among: list[Row], by: int) -> None:
        """Let two neighbours change their numbers and their places."""
        here, there = among.index(row), among.index(row) + by
        if not 0 <= there < len(among):
            return
        mine, other = row.form["number"], among[there].form["number"]
        mine.data, other.data = other.data, mine.data
        mine.raw_data = other.raw_data = None
        among[here], among[there] = among[there], among[here]


def version_of_groups(forum: Forum) -> str:
    """The version of all groups and questions of a forum."""
    return fingerprint(
        [
            (group.id, GROUPS.version(group), [(one.id, QUESTIONS.version(one)) for one in group.questions])
            for group in forum.groups
        ]
    )


def save_groups(forum_id: int, rows: Sequence[SentRow], *, key: str, version: str, viewer: User) -> int:
    """Change the groups and questions of a forum, add new ones, and return the key of the forum; the same form sent
    again does nothing.

    `version` is the one that the form showed. Raises Refused, naming the field that breaks a rule, ChangedMeanwhile,
    Archived, NotFound and Forbidden.
    """
    once = Once(key, viewer, "groups of", forum_id, rows)
    with transaction(once=once):
        require(viewer, "administer")
        if once.before is not None:
            return once.before
        forum = fetch(Forum, forum_id)
        require_forum_takes("groups", forum, "edit")
        require_version(version, version_of_groups(forum))
        groups = {group.id: group for group in forum.groups}
        _renumber(groups, rows)
        for row in rows:
            group = _save(GROUPS, groups.get(row.key), forum_id, row, viewer)
            questions = {one.id: one for one in group.questions}
            _renumber(questions, row.questions)
            for inner in row.questions:
                _save(QUESTIONS, questions.get(inner.key), group.id, inner, viewer)
        once.made(forum_id)
    return forum_id


def _renumber(things: dict[int, Any], rows: Sequence[SentRow]) -> None:
    """Take the numbers that are to change out of the way, so that neighbours can change theirs at once."""
    moving = {
        things[row.key]: things[row.key].number
        for row in rows
        if row.key in things and things[row.key].number != row.sent.values["number"]
    }
    for thing in moving:
        thing.number = -thing.id
    db.session.flush()
    for thing, number in moving.items():
        set_committed_value(thing, "number", number)


def _save(kind: Kind, thing: Any, owner_id: int, row: SentRow, viewer: User) -> Any:
    try:
        if thing is None:
            return add(kind, owner_id, row.sent, viewer=viewer)
        rewrite(kind, thing, row.sent, viewer=viewer)
    except Refused as refusal:
        refusal.field = f"{row.prefix}-{refusal.field}"
        raise
    return thing


# The steps of a forum's life, each after a page that asks


STEPS = {
    "publish": Words(
        N_("Publish the forum"),
        N_("Everyone will be able to read the forum, and it will be listed on the portal."),
        N_("Publish"),
        N_("The forum has been published."),
    ),
    "unpublish": Words(
        N_("Unpublish the forum"),
        N_("It will be visible only to administrators and persons with a role in the forum."),
        N_("Unpublish"),
        N_("The forum is no longer public."),
    ),
    "archive": Words(
        N_("Archive the forum"),
        N_(
            "The forum will be moved to the archive and accept nothing more from participants. It will remain open to "
            "readers. What the Secretariat adds or corrects there will be marked as done after archiving."
        ),
        N_("Archive"),
        N_("The forum has been archived."),
    ),
    "unarchive": Words(
        N_("Take the forum out of the archive"),
        N_(
            "The forum will be listed on the portal again and can be changed again. The date of archiving is kept, and "
            "the public record shows that the forum was taken out."
        ),
        N_("Take out of the archive"),
        N_("The forum is no longer archived."),
    ),
}


# Copies


def copy(forum_id: int, *, key: str, viewer: User) -> int:
    """Create an unpublished copy of a forum: its settings, groups, questions, pages and texts, without its
    dates, messages, notices, documents and people. Returns its key; the same form sent again makes nothing.

    Raises NotFound and Forbidden.
    """
    once = Once(key, viewer, "copy", forum_id)
    with transaction(once=once):
        require(viewer, "administer")
        if once.before is not None:
            return once.before
        forum = get_whole_forum(forum_id)
        slug = free_slug(KINDS["forums"], Forum(), slug_of(forum.slug))
        made = _copy(KINDS["forums"], forum, slug=slug)
        for group in forum.groups:
            copied = _copy(GROUPS, group)
            copied.questions = [_copy(QUESTIONS, question) for question in group.questions]
            made.groups.append(copied)
        made.pages = [_copy(KINDS["forum-pages"], page) for page in forum.pages]
        db.session.add(made)
        db.session.flush()
        record(viewer, "create", "forums", made, [])
        new_key: int = made.id
        once.made(new_key)
    return new_key


def _copy(kind: Kind, thing: Any, **more: Any) -> Any:
    """A new object of the same columns and texts, which belongs to nothing yet."""
    mapper = inspect(kind.text_model)
    keys = {column.key for column in mapper.primary_key}
    columns = [column.key for column in mapper.column_attrs if column.key not in keys]
    texts = {
        code: kind.text_model(language=code, **{name: getattr(text, name) for name in columns})
        for code, text in thing.texts.items()
    }
    return kind.model(**({name: getattr(thing, name) for name in kind.columns} | more), texts=texts)


# Views


@bp.get("/forums/")
def index() -> ResponseReturnValue:
    return show("admin/forums.html", _("Forums"), [], forums=list_forums(), now=utcnow())


@bp.get("/forums/<int:forum_id>/", endpoint="show")
def show_forum(forum_id: int) -> ResponseReturnValue:
    found, now = get_whole_forum(forum_id), utcnow()
    text = text_in(found)
    return show(
        "admin/forum.html",
        text.short_title,
        to_forums(),
        heading_language=text.language,
        forum=found,
        now=now,
        invited=names_of_invited(found, reader_language()),
        lacks=what_is_missing(found),
        kept=kept_objects(found),
        rules=periods,
        invitees=count_invited(forum_id),
        can_delete=not deletion_refusal(KINDS["forums"], found),
        steps_possible={name: words for name, words in STEPS.items() if not step_refusal(found, name, now)},
        views=VIEWS,
        can_make_archive=not editions.refusal(found, now),
        form=OnceForm(),
    )


@bp.route("/forums/<int:forum_id>/groups/", methods=["GET", "POST"])
def groups(forum_id: int) -> ResponseReturnValue:
    forum, viewer = get_whole_forum(forum_id), signed_in_user()
    require_forum_takes("groups", forum, "edit")
    form, step = GroupsForm(forum), request.form.get("step", "")
    if step:
        form.take(step[:100])
    else:
        key = form.submission.data or ""
        saved = carry_out(
            form,
            lambda: save_groups(forum_id, form.sent, key=key, version=form.version.data, viewer=viewer),
            lambda: GroupsForm(forum, formdata=None),
        )
        if saved is not None:
            back = link("admin.forums.show", forum_id=forum_id, _anchor="groups")
            return done(_("The changes have been saved."), back)
    is_kept = wordings.kept_in("forums", forum, forum=forum, now=utcnow())
    kept_in = {code for group in forum.groups for code in group.texts} if is_kept else ()
    shown = {"forum": forum, "kept": kept_objects(forum), "is_arranged": bool(step), "kept_in": sorted(kept_in)}
    shown["about"] = about(forum)
    return show("admin/groups.html", _("Groups and questions"), steps_to(forum), form=form, **shown)


@bp.route(f"/forums/<int:forum_id>/<any({','.join(STEPS)}):name>/", methods=["GET", "POST"])
def step(forum_id: int, name: str) -> ResponseReturnValue:
    steps, back = steps_to(fetch(Forum, forum_id)), link("admin.forums.show", forum_id=forum_id)
    words = Words(*map(_, STEPS[name]))
    return ask(words, steps, partial(take_step, forum_id, name), lambda: _step_asked(forum_id, name), back=back)


def _step_asked(forum_id: int, name: str) -> dict[str, Any]:
    forum, now = get_whole_forum(forum_id), utcnow()
    return {
        "version": periods.version_of_life(forum),
        "name": text_in(forum).title,
        "refusal": step_refusal(forum, name, now),
        "lacks": what_waits(forum) if forum.published_at else what_is_missing(forum),
        "before": forum.state(now),
        "now": now,
        "forum": forum,
    }


@bp.post("/forums/<int:forum_id>/copy/")
def copy_forum(forum_id: int) -> ResponseReturnValue:
    made = copy(forum_id, key=request.form.get("submission", ""), viewer=signed_in_user())
    return done(
        _("This is the copy, which is not published yet. Change its texts, and add dates and people."),
        link("admin.forums.show", forum_id=made),
    )


@bp.post("/forums/<int:forum_id>/edition/")
def edition(forum_id: int) -> ResponseReturnValue:
    """Order the archive of the forum."""
    back = link("admin.forums.show", forum_id=forum_id)
    if not archive.order(forum_id, viewer=signed_in_user()):
        return done_already(back)
    return done(_("The archive will be made within a few minutes. Then “Download the record” leads to it."), back)


@bp.post(f"/forums/<int:forum_id>/view/<any({','.join(VIEWS)}):who>/")
def view(forum_id: int, who: str) -> ResponseReturnValue:
    forum = fetch(Forum, forum_id)
    if not forum.published_at:
        raise NotFound
    begin_view(who, forum_id)
    return redirect(link("forums.forum", forum_slug=forum.slug))


@outside.post("/end/")
def end() -> ResponseReturnValue:
    forum_id = end_view()
    return redirect(link("admin.forums.show", forum_id=forum_id) if forum_id else link("forums.home"))
