"""The log: filtered, searched in words, in pages, entry by entry, and as CSV; and the words for what stands in it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Row, Select, select

from app import labels
from app.addresses import asked_page, link
from app.admin.frame import query_without_page, show
from app.admin.kinds import KINDS
from app.admin.texts import titles_of_forums
from app.audit import ACT, ENTRIES, LOG, entries, get_entry, people_in_log, says
from app.database import utcnow
from app.extensions import db
from app.forms import AtMost, ChoiceField, DayField, IdentifierField, InnerForm
from app.labels import person_name
from app.languages import reader_language, site_languages, stored_date
from app.markup import CITED
from app.models import Forum, Role
from app.paging import one_page
from app.spreadsheets import BYTE_ORDER_MARK, Kept, line
from app.turns import in_turn

ACTS = {str(kind): label for kind, label in labels.ACT.items()}
ACTIONS = ACTS | labels.ACTION
SUBJECTS = {name: kind.label for name, kind in KINDS.items()} | labels.SUBJECT
VALUES: dict[str, dict[Any, str]] = {
    "announcement": {**labels.ANNOUNCEMENT},
    "approval": {**labels.APPROVAL},
    "capacity": {**labels.CAPACITY},
    "kind": {**labels.PAGE, **labels.PERIOD, **labels.DOCUMENT},
}
COMMAND_LINE = -1
MOST_WORDS = 5
LONGEST_SEARCH = 100
VERSIONS = frozenset({"revision", "hides"})

bp = Blueprint("log", __name__)


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
    """The name, at that time, of what was changed; "" if it has none. A person whose account was deleted is shown as a
    number."""
    former: int | None = entry.subject_former_number
    return _("Former participant %(number)s", number=former) if former else str(entry.subject)


def changes_of(entry: Row[Any]) -> list[dict[str, Any]]:
    """What an entry changed, as the log keeps it; of an act its reason, and the numbers that it concerned.

    The keys of the versions of a message tell people nothing: of those only is told that some are hidden.
    """
    if entry.source == LOG:
        return list(entry.detail)
    texts = [("reason", code, text) for code, text in entry.reason.items() if code != CITED]
    cited = {CITED: entry.reason.get(CITED, "")}
    numbers = [(name, "", _joined(value)) for name, value in entry.detail.items() if name not in VERSIONS]
    hides = [("hides", "", bool(entry.detail.get("hides")))]
    told = [
        {"field": name, "language": code, "old": "", "new": new, **(cited if name == "reason" else {})}
        for name, code, new in [*texts, *numbers, *hides]
    ]
    return [change for change in told if change["new"]]


def field_name(entry: Row[Any], change: dict[str, Any]) -> str:
    """The name of a changed field, with the language of a text."""
    field = change["field"]
    described = KINDS[entry.kind].label_of(field) if entry.kind in KINDS else None
    name = str(described or (_(labels.FIELD[field]) if field in labels.FIELD else field))
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
    if change["field"] in labels.DATES:
        return stored_date(value or "")
    return _(label) if label else str(value)


def as_csv(found: Select[Any]) -> Iterator[str]:
    """The entries as lines of a CSV file with a heading; no cell can be taken for a formula."""
    language = reader_language()
    yield BYTE_ORDER_MARK + line(
        language,
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
    for entry in db.session.execute(found.execution_options(yield_per=100)):
        yield line(
            language,
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            who(entry),
            action_of(entry),
            kind_of(entry),
            entry.subject_id,
            subject_of(entry),
            slugs.get(entry.forum_id, ""),
            "\n".join(_change_line(entry, change) for change in changes_of(entry)),
        )


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


# For the templates.
WORDS = {one.__name__: one for one in (who, action_of, kind_of, subject_of, changes_of, field_name, shown_value)}


# Form and views


class LogForm(InnerForm):
    words = IdentifierField(_l("Words"), [AtMost(LONGEST_SEARCH)], render_kw={"type": "search"})
    person = ChoiceField(_l("Person"), coerce=lambda value: int(value or 0) or None)
    action = ChoiceField(_l("Action"), coerce=lambda value: value or None)
    kind = ChoiceField(_l("Kind"), coerce=lambda value: value or None)
    forum = ChoiceField(_l("Forum"), coerce=lambda value: int(value or 0) or None)
    since = DayField(_l("From"))
    until = DayField(_l("Up to and including"))

    def __init__(self) -> None:
        super().__init__(formdata=request.args)
        self.person.offer([(0, _("Everyone")), *people_in_log(), (COMMAND_LINE, _("Command line"))])
        self.action.offer([("", _("All actions")), *labels.choices(ACTIONS)])
        self.kind.offer([("", _("All kinds")), *labels.choices(SUBJECTS)])
        self.forum.offer([(0, _("All forums")), *titles_of_forums()])

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """Those of the entries that are asked for: all that is filled in holds, and both days are included."""
        columns = ENTRIES.c
        wanted = {columns.action: self.action.data, columns.kind: self.kind.data, columns.forum_id: self.forum.data}
        found = [column == value for column, value in wanted.items() if value]
        if self.person.data:
            person = None if self.person.data == COMMAND_LINE else self.person.data
            found.append(columns.user_id == person)
        if self.since.data:
            found.append(columns.at >= _midnight(self.since.data))
        if self.until.data:
            found.append(columns.at < _midnight(self.until.data) + timedelta(days=1))
        words = (self.words.data or "").split()[:MOST_WORDS]
        return found + [says(word, _named(word, ACTIONS), _named(word, SUBJECTS)) for word in words]


@bp.get("/log/")
def index() -> ResponseReturnValue:
    form = LogForm()
    found = one_page(entries(form.conditions), asked_page()) if form.validate() else None
    return show("admin/log.html", _("Log"), [], form=form, found=found, words=WORDS, query=query_without_page())


@bp.get("/log/<int:entry_id>/", defaults={"source": LOG})
@bp.get("/log/acts/<int:entry_id>/", defaults={"source": ACT})
def entry(entry_id: int, source: str) -> ResponseReturnValue:
    found, number = get_entry(source, entry_id), entry_id
    is_act = source == ACT
    heading = _("Moderation action %(number)s", number=number) if is_act else _("Log entry %(number)s", number=number)
    return show("admin/log_entry.html", heading, [(_("Log"), link("admin.log.index"), "")], entry=found, words=WORDS)


@bp.get("/log.csv")
@in_turn
def table() -> ResponseReturnValue:
    form = LogForm()
    if not form.validate():
        return redirect(f"{link('admin.log.index')}?{query_without_page()}")
    answer = Response(Kept(as_csv(entries(form.conditions))), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="log-{utcnow():%Y-%m-%d}.csv"'
    return answer


def _named(word: str, names: dict[str, str]) -> list[str]:
    """The keys of the names, in the reader's language, in which a word stands."""
    return [key for key, label in names.items() if word.casefold() in _(label).casefold()]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
