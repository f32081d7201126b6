"""The log, filtered and in pages, and the words for what stands in it."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from app import labels
from app.admin.object_queries import KINDS
from app.extensions import db
from app.languages import N_, site_languages
from app.models import LogEntry, User

ACTIONS = {
    "create": N_("Created"),
    "edit": N_("Changed"),
    "delete": N_("Deleted"),
    "publish": N_("Published"),
    "unpublish": N_("Unpublished"),
    "archive": N_("Moved to the archive"),
    "unarchive": N_("Taken out of the archive"),
    "close": N_("Closed at once"),
    "call_off": N_("Called off"),
}
SUBJECTS = {name: kind.label for name, kind in KINDS.items()} | {
    "periods": N_("Period"),
    "topics": N_("Topic"),
    "users": N_("Person"),
}
FIELDS = {
    "about": N_("About the forum"),
    "archived_at": N_("Archived on"),
    "body": N_("Text"),
    "called_off_at": N_("Called off on"),
    "capacity": N_("Capacity"),
    "closes_at": N_("Last moment to post"),
    "country": N_("Party, Government or organization"),
    "dated": N_("Date"),
    "description": N_("Description"),
    "group_id": N_("Key of the group"),
    "introduction": N_("Introduction"),
    "is_admin": N_("Administrator of the site"),
    "kind": N_("Kind"),
    "language": N_("Language of pages and mails"),
    "mandate": N_("Mandate"),
    "moderator": N_("Moderator of"),
    "name": N_("Name"),
    "note": N_("Note"),
    "number": N_("Number"),
    "opens_at": N_("Opens"),
    "organization": N_("Organization"),
    "participant": N_("May post, where only approved participants may, in"),
    "parent_id": N_("Key of the page above"),
    "position": N_("Place among its neighbours"),
    "published_at": N_("Published on"),
    "remarks": N_("Remarks"),
    "short_title": N_("Short title"),
    "slug": N_("Name in the address"),
    "symbol": N_("Symbol"),
    "text": N_("Text"),
    "title": N_("Title"),
    "translator": N_("Translator of"),
    "url": N_("Web address"),
}
VALUES: dict[str, dict[Any, str]] = {"capacity": {**labels.CAPACITY}, "kind": {**labels.PERIOD, **labels.DOCUMENT}}
LONGEST_CELL = 32_000  # spreadsheets take at most 32,767 characters
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}",
                    "\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip


@dataclass(frozen=True)
class Filter:
    """Which entries: of one person, of one action, on days from `since` to `until`, both included; None for any."""

    person: int | None = None
    action: str | None = None
    since: date | None = None
    until: date | None = None


def entries(asked: Filter) -> Select[LogEntry]:
    """The entries, the latest first, each with its person."""
    statement = select(LogEntry).order_by(LogEntry.id.desc()).options(joinedload(LogEntry.user))
    if asked.person:
        statement = statement.where(LogEntry.user_id == asked.person)
    if asked.action:
        statement = statement.where(LogEntry.action == asked.action)
    if asked.since:
        statement = statement.where(LogEntry.at >= _midnight(asked.since))
    if asked.until:
        statement = statement.where(LogEntry.at < _midnight(asked.until) + timedelta(days=1))
    return statement


def people_in_log() -> list[tuple[int, str]]:
    """`(key, name)` of everybody who stands in the log, by name."""
    statement = select(User.id, User.name).where(User.id.in_(select(LogEntry.user_id))).order_by(User.name, User.id)
    return [(key, name) for key, name in db.session.execute(statement)]


def field_name(change: dict[str, Any]) -> str:
    """The name of a changed field, with the language of a text."""
    field = change["field"]
    label = FIELDS.get(field)
    name = _(label) if label else field
    language = site_languages().get(change["language"])
    return f"{name} ({language.name if language else change['language']})" if change["language"] else name


def shown_value(change: dict[str, Any], which: str) -> str:
    """The old or new value of a change as people read it."""
    value = change[which]
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    label = VALUES.get(change["field"], {}).get(value)
    return _(label) if label else str(value)


def as_csv(asked: Filter) -> Iterator[str]:
    """The entries as lines of a CSV file with a heading; no cell can be taken for a formula."""
    yield "\N{BYTE ORDER MARK}" + _line(
        _("Time (UTC)"), _("Person"), _("Action"), _("Kind"), _("Key"), _("Subject"), _("Changes")
    )
    for entry in db.session.scalars(entries(asked).execution_options(yield_per=100)):
        yield _line(
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            entry.user.name if entry.user else "",
            _(ACTIONS.get(entry.action, entry.action)),
            _(SUBJECTS.get(entry.kind, entry.kind)),
            entry.subject_id,
            entry.subject,
            "\n".join(_change_line(change) for change in entry.detail),
        )


def _change_line(change: dict[str, Any]) -> str:
    return f"{field_name(change)}: {shown_value(change, 'old')} → {shown_value(change, 'new')}"


def _line(*cells: object) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_safe_cell(cell) for cell in cells])
    return buffer.getvalue()


def _safe_cell(cell: object) -> str:
    """A cell that a spreadsheet shows and does not run."""
    text = str(cell)[:LONGEST_CELL]
    return f"'{text}" if text.lstrip().startswith(STARTS_A_FORMULA) else text


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
