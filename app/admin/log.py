"""The log: filtered, searched in words, in pages, entry by entry, and as CSV; and the words for what stands in it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    JSON,
    ColumnElement,
    Row,
    Select,
    String,
    Subquery,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from app import labels
from app.addresses import asked_page, link
from app.admin.forums import list_forums
from app.admin.frame import here, query_without_page, show
from app.admin.kinds import KINDS, PAGE_KINDS, DayField
from app.database import utcnow
from app.errors import NotFound
from app.extensions import db
from app.forms import AtMost, ChoiceField, Form, LineField
from app.labels import person_name
from app.languages import N_, site_languages, text_in
from app.models import Act, Forum, LogEntry, Role, Topic, User
from app.paging import one_page
from app.spreadsheets import BYTE_ORDER_MARK, kept, line
from app.turns import in_turn

ACTS = {str(kind): label for kind, label in labels.ACT.items()}
ACTIONS = ACTS | {
    "create": N_("Created"),
    "edit": N_("Changed"),
    "delete": N_("Deleted"),
    "publish": N_("Published"),
    "unpublish": N_("Unpublished"),
    "archive": N_("Moved to the archive"),
    "unarchive": N_("Taken out of the archive"),
    "close": N_("Closed with immediate effect"),
    "suspend": N_("Suspended"),
    "reinstate": N_("Reinstated"),
    "call_off": N_("Cancelled"),
    "give_data": N_("Data provided on request"),
    "unlock": N_("Sign-in lock lifted"),
    "confirm": N_("Confirmed manually"),
    "invite": N_("Invited"),
    "send_again": N_("Email to be sent again"),
}
SUBJECTS = {name: kind.label for name, kind in KINDS.items()} | {
    "periods": N_("Period"),
    "users": N_("Person"),
    "messages": N_("Message"),
    "topics": N_("Topic"),
}
# Of what is not described in `kinds`.
FIELDS = {
    "archived_at": N_("Archived on"),
    "called_off_at": N_("Cancelled on"),
    "capacity": N_("Capacity"),
    "closes_at": N_("Deadline for messages"),
    "country": N_("Party, Government or organization"),
    "file": N_("File"),
    "email": N_("Email address"),
    "from_group": N_("From the group"),
    "from_question": N_("From the question"),
    "hides": N_("Earlier text hidden from readers"),
    "from_topic": N_("From the topic"),
    "group_id": N_("Identifier of the group"),
    "invitations": N_("Invited States"),
    "is_admin": N_("Administrator of the site"),
    "invitees": N_("People invited by email"),
    "is_profile_confirmed": N_("Capacity, State and organization confirmed"),
    "asked_by": N_("Request"),
    "kind": N_("Kind"),
    "language": N_("Language of pages and emails"),
    "messages": N_("Messages"),
    "moderator": N_("Moderator"),
    "name": N_("Name"),
    "number": N_("Number"),
    "opens_at": N_("Opens"),
    "organization": N_("Organization"),
    "participant": N_("Approved participant"),
    "published_at": N_("Published on"),
    "question": N_("Guiding question"),
    "reason": N_("Reason"),
    "second_step": N_("Two-step sign-in"),
    "title": N_("Title"),
    "to_group": N_("To the group"),
    "to_question": N_("To the question"),
    "translator": N_("Translator"),
}
VALUES: dict[str, dict[Any, str]] = {
    "approval": {**labels.APPROVAL},
    "capacity": {**labels.CAPACITY},
    "kind": {**PAGE_KINDS, **labels.PERIOD, **labels.DOCUMENT},
}


LOG, ACT = "log", "act"
COMMAND_LINE = -1
MOST_WORDS = 5
LONGEST_SEARCH = 100

bp = Blueprint("log", __name__)
VERSIONS = frozenset({"revision", "hides"})


def _entries() -> Subquery:
    """The log of the administration and the acts of moderation, as rows of the same columns."""
    log = select(
        literal(LOG).label("source"),
        LogEntry.id,
        LogEntry.at,
        LogEntry.user_id,
        LogEntry.action,
        LogEntry.kind,
        LogEntry.subject_id,
        LogEntry.subject,
        LogEntry.forum_id,
        LogEntry.detail,
        cast(null(), JSON).label("reason"),
    )
    acts = select(
        literal(ACT),
        Act.id,
        Act.at,
        Act.user_id,
        Act.kind,
        case((Act.message_id.is_not(None), literal("messages")), else_=literal("topics")),
        func.coalesce(Act.message_id, Act.topic_id),
        func.coalesce(Topic.title, literal("")),
        Act.forum_id,
        Act.detail,
        Act.reason,
    ).outerjoin(Topic, Topic.id == Act.topic_id)
    return union_all(log, acts).subquery("entries")


ENTRIES = _entries()


@dataclass(frozen=True)
class Filter:
    """Which entries: of one person, action, kind or forum, on days from `since` to `until`, both included, with all of
    the first MOST_WORDS `words`.

    None stands for any; the person COMMAND_LINE for what no person did.
    """

    words: str | None = None
    person: int | None = None
    action: str | None = None
    kind: str | None = None
    forum: int | None = None
    since: date | None = None
    until: date | None = None


def entries(asked: Filter) -> Select[Any]:
    """What administrators and moderators did, the latest first, each with its person's `name` and `former_number`.

    `source` says whether an entry is from the "log" of the administration, with the changes in `detail`, or an
    "act" of moderation, with its `reason` by language; `id` is its key there.
    """
    columns = ENTRIES.c
    conditions = [
        getattr(columns, name) == wanted
        for name, wanted in (("action", asked.action), ("kind", asked.kind), ("forum_id", asked.forum))
        if wanted
    ]
    if asked.person:
        nobody = asked.person == COMMAND_LINE
        conditions.append(columns.user_id.is_(None) if nobody else columns.user_id == asked.person)
    if asked.since:
        conditions.append(columns.at >= _midnight(asked.since))
    if asked.until:
        conditions.append(columns.at < _midnight(asked.until) + timedelta(days=1))
    conditions += [_has(word) for word in (asked.words or "").split()[:MOST_WORDS]]
    latest_first = (columns.at.desc(), columns.source, columns.id.desc())
    return _with_person().where(*conditions).order_by(*latest_first)


def get_entry(source: str, key: int) -> Row[Any]:
    """One of `entries`. Raises NotFound."""
    found = db.session.execute(_with_person().where(ENTRIES.c.source == source, ENTRIES.c.id == key)).first()
    if found is None:
        raise NotFound
    return found


def people_in_log() -> list[tuple[int, str]]:
    """`(key, name)` of everybody who stands in the log, by name."""
    statement = select(User.id, User.name, User.former_number).where(User.id.in_(select(ENTRIES.c.user_id)))
    found = db.session.execute(statement.order_by(User.former_number, User.name, User.id))
    return [(row.id, person_name(row)) for row in found]


def who(entry: Row[Any]) -> str:
    """Who did it, as people read it."""
    return _("Command line") if entry.user_id is None else person_name(entry)


def action_of(entry: Row[Any]) -> str:
    """What was done, in the words of the moderation record where it is an act of moderation."""
    return _((ACTS if entry.source == ACT else ACTIONS).get(entry.action, entry.action))


def kind_of(entry: Row[Any]) -> str:
    """The kind of what it was done to."""
    return _(SUBJECTS.get(entry.kind, entry.kind))


def subject_of(entry: Row[Any]) -> str:
    """What it was done to, as that was called then; "" for nothing that has a name. Somebody whose account was deleted
    has left a number."""
    former: int | None = entry.subject_former_number
    return _("Former participant %(number)s", number=former) if former else str(entry.subject)


def changes_of(entry: Row[Any]) -> list[dict[str, Any]]:
    """What an entry changed, as the log keeps it; of an act its reason, and the numbers that it concerned.

    The keys of the versions of a message tell people nothing: of those only is told that some are hidden.
    """
    if entry.source == LOG:
        return list(entry.detail)
    texts = [("reason", code, text) for code, text in entry.reason.items()]
    numbers = [(name, "", _joined(value)) for name, value in entry.detail.items() if name not in VERSIONS]
    hides = [("hides", "", bool(entry.detail.get("hides")))]
    told = [{"field": name, "language": code, "old": "", "new": new} for name, code, new in [*texts, *numbers, *hides]]
    return [change for change in told if change["new"]]


def field_name(entry: Row[Any], change: dict[str, Any]) -> str:
    """The name of a changed field, with the language of a text."""
    field = change["field"]
    described = KINDS[entry.kind].label_of(field) if entry.kind in KINDS else None
    name = str(described or (_(FIELDS[field]) if field in FIELDS else field))
    language = site_languages().get(change["language"])
    return f"{name} ({language.name if language else change['language']})" if change["language"] else name


def shown_value(change: dict[str, Any], which: str) -> str:
    """The old or new value of a change as people read it."""
    value = change[which]
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    label = VALUES.get(change["field"], {}).get(value)
    if change["field"] in (Role.MODERATOR, Role.TRANSLATOR):
        return _language_names(value)
    if change["field"] == "acts":
        return ", ".join(_(ACTS.get(act, act)) for act in str(value).split(", ") if act)
    return _(label) if label else str(value)


def as_csv(asked: Filter) -> Iterator[str]:
    """The entries as lines of a CSV file with a heading; no cell can be taken for a formula."""
    yield BYTE_ORDER_MARK + line(
        _("Date and time (UTC)"),
        _("Person"),
        _("Action"),
        _("Kind"),
        _("Identifier"),
        _("Item"),
        _("Forum"),
        _("Changes"),
    )
    slugs = dict(db.session.execute(select(Forum.id, Forum.slug)).all())
    for entry in db.session.execute(entries(asked).execution_options(yield_per=100)):
        yield line(
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            who(entry),
            action_of(entry),
            kind_of(entry),
            entry.subject_id,
            subject_of(entry),
            slugs.get(entry.forum_id, ""),
            "\n".join(_change_line(entry, change) for change in changes_of(entry)),
        )


def _has(word: str) -> ColumnElement[bool]:
    """Entries that say the word: as the name of what they are about or of who did it, in a change or a reason, or, in
    the reader's language, as action or kind.

    Changes and reasons are stored as JSON, in which letters beyond ASCII are escapes that no database folds, so it is
    sought there as it is typed, in small letters, in capitals and with a capital.
    """
    columns, folded = ENTRIES.c, word.casefold()
    found = [columns.subject.icontains(word, autoescape=True), User.name.icontains(word, autoescape=True)]
    for way in {word, word.lower(), word.upper(), word.capitalize()}:
        stored = json.dumps(way)[1:-1]
        for column in (columns.detail, columns.reason):
            found.append(cast(column, String).icontains(stored, autoescape=True))
        found.append(columns.subject.contains(way, autoescape=True))
    actions = [name for name, label in ACTIONS.items() if folded in _(label).casefold()]
    kinds = [name for name, label in SUBJECTS.items() if folded in _(label).casefold()]
    return or_(*found, columns.action.in_(actions), columns.kind.in_(kinds))


def _with_person() -> Select[Any]:
    """With who did it, and with the number of a person to whom it was done and whose account was deleted since."""
    subject = aliased(User)
    is_about = (ENTRIES.c.kind == "users") & (subject.id == ENTRIES.c.subject_id)
    columns = (User.name, User.former_number, subject.former_number.label("subject_former_number"))
    return select(ENTRIES, *columns).outerjoin(User, User.id == ENTRIES.c.user_id).outerjoin(subject, is_about)


def _joined(value: Any) -> str:
    """Keys as people read them; "" for none."""
    values = value if isinstance(value, list) else [value]
    return ", ".join(str(one) for one in values if one)


def _language_names(codes: str) -> str:
    """The names of the languages for which a moderator's role holds."""
    languages = site_languages()
    return ", ".join(languages[code].name if code in languages else code for code in codes.split())


def _change_line(entry: Row[Any], change: dict[str, Any]) -> str:
    old, new = shown_value(change, "old"), shown_value(change, "new")
    return _("%(field)s: %(old)s → %(new)s", field=field_name(entry, change), old=old, new=new)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


# For the templates.
WORDS = {one.__name__: one for one in (who, action_of, kind_of, subject_of, changes_of, field_name, shown_value)}


# Form and views


class LogForm(Form):
    class Meta(Form.Meta):
        csrf = False

    words = LineField(_l("Words"), [AtMost(LONGEST_SEARCH)], render_kw={"type": "search"})
    person = ChoiceField(_l("Person"), coerce=lambda value: int(value or 0) or None)
    action = ChoiceField(_l("Action"), coerce=lambda value: value or None)
    kind = ChoiceField(_l("Kind"), coerce=lambda value: value or None)
    forum = ChoiceField(_l("Forum"), coerce=lambda value: int(value or 0) or None)
    since = DayField(_l("From"))
    until = DayField(_l("Up to and including"))

    def __init__(self, asked: Any, forums: list[tuple[int, str]]) -> None:
        """`asked` is the query of the address, `forums` are the keys and titles to choose from."""
        super().__init__(formdata=asked)
        self.person.offer([(0, _("Everyone")), *people_in_log(), (COMMAND_LINE, _("Command line"))])
        self.action.offer([("", _("All actions")), *((action, _(label)) for action, label in ACTIONS.items())])
        self.kind.offer([("", _("All kinds")), *((kind, _(label)) for kind, label in SUBJECTS.items())])
        self.forum.offer([(0, _("All forums")), *forums])

    @property
    def filter(self) -> Filter:
        return Filter(**{field.name: field.data for field in self})


@bp.get("/log/")
def index() -> ResponseReturnValue:
    heading, form = _("Log"), _form()
    is_valid = form.validate()
    found = one_page(entries(form.filter), asked_page()) if is_valid else None
    steps = [here(heading)]
    return show("admin/log.html", heading, steps, form=form, found=found, words=WORDS, query=query_without_page())


@bp.get("/log/<int:entry_id>/", defaults={"source": LOG})
@bp.get("/log/acts/<int:entry_id>/", defaults={"source": ACT})
def entry(entry_id: int, source: str) -> ResponseReturnValue:
    found = get_entry(source, entry_id)
    is_act, number = source == ACT, entry_id
    heading = _("Moderation action %(number)s", number=number) if is_act else _("Log entry %(number)s", number=number)
    steps = [(_("Log"), link("admin.log.index"), ""), here(heading)]
    return show("admin/log_entry.html", heading, steps, entry=found, words=WORDS)


@bp.get("/log.csv")
@in_turn
def table() -> ResponseReturnValue:
    form = _form()
    if not form.validate():
        return redirect(f"{link('admin.log.index')}?{query_without_page()}")
    answer = Response(kept(as_csv(form.filter)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="log-{utcnow():%Y-%m-%d}.csv"'
    return answer


def _form() -> LogForm:
    return LogForm(request.args, [(forum.id, text_in(forum).short_title) for forum in list_forums()])
