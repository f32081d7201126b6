"""The dates of a forum as a calendar (RFC 5545): an event for each opening and for each deadline.

An extension moves the deadline that it extends, so both are one event; a calendar that knew the earlier deadline shows
the new one. SEQUENCE counts all changes of the dates of the forum that the log has, so that it rises even if a date
returns to a former one, or a period was deleted while the forum was not public. A deadline is the last second in which
a message is accepted.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import func, select

from app.addresses import absolute, link
from app.extensions import db
from app.languages import Language, reader_language, text_in
from app.models import Forum, LogEntry, Period, PeriodKind
from app.models.period import schedules

LONGEST_LINE = 75  # in octets, without the line end
ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


@dataclass(frozen=True)
class Event:
    """An opening or a deadline of the forum as a whole or, with a number, of a group; `period` is the one with which it
    begins."""

    opens: bool
    period: Period
    at: datetime
    group: int | None

    @property
    def told(self) -> tuple[bool, datetime, datetime | None]:
        """What is the same for a group that has the dates of its forum."""
        return self.opens, self.at, self.period.called_off_at


def calendar_of(forum: Forum) -> str:
    """The calendar of a public forum in the reader's language."""
    language, text = reader_language(), text_in(forum)
    changes, changed_at = _changes(forum)
    stamp = _utc(max(filter(None, [forum.published_at, changed_at])))
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Plenary//Deadlines//EN",
        f"X-WR-CALNAME:{escaped(text.short_title)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
        "X-PUBLISHED-TTL:PT6H",
    ]
    for event in events_of(forum):
        lines += _event(forum, event, text.short_title, language)
        lines += [f"DTSTAMP:{stamp}", f"LAST-MODIFIED:{stamp}", f"SEQUENCE:{changes}", "END:VEVENT"]
    return "".join(folded(line) for line in [*lines, "END:VCALENDAR"])


def events_of(forum: Forum) -> list[Event]:
    """The events of a forum in the order of their times; none twice because a group has the dates of its forum."""
    found: list[Event] = []
    for schedule in schedules(forum.periods, forum.group_numbers):
        for event in _events_in(schedule, forum.group_numbers):
            if event.group is None or all(event.told != other.told for other in found if other.group is None):
                found.append(event)
    return sorted(found, key=lambda event: (event.at, event.period.id, not event.opens))


def _events_in(schedule: Iterable[Period], groups: Mapping[int, int]) -> Iterator[Event]:
    runs: list[list[Period]] = []
    for period in sorted(schedule, key=lambda period: (period.opens_at, period.kind == PeriodKind.EXTENSION)):
        if period.kind == PeriodKind.EXTENSION and runs:
            runs[-1].append(period)
        else:
            runs.append([period])
    for first, *extensions in runs:
        group = groups.get(first.group_id or 0)
        yield Event(True, first, first.opens_at, group)
        deadline = max([first.closes_at, *(one.closes_at for one in extensions if not one.called_off_at)])
        yield Event(False, first, deadline, group)


def _changes(forum: Forum) -> tuple[int, datetime | None]:
    """How many changes of the dates of a forum the log has, and when the last one was made."""
    entries = select(func.count(), func.max(LogEntry.at))
    row = db.session.execute(entries.where(LogEntry.forum_id == forum.id, LogEntry.kind == "periods")).one()
    return row[0], row[1]


def _event(forum: Forum, event: Event, name: str, language: Language) -> Iterator[str]:
    """Its lines, without those that all events have and the last one."""
    if event.group is not None:
        name = _("%(forum)s, group %(number)s", forum=name, number=event.group)
    if event.opens:
        reopens = event.period.kind == PeriodKind.REOPENING
        summary = _("Reopening: %(forum)s", forum=name) if reopens else _("Opening: %(forum)s", forum=name)
        said = _("Opens for messages on %(opening)s.", opening=language.at(event.at))
    else:
        summary = _("Deadline for messages: %(forum)s", forum=name)
        said = _("Open for messages until %(deadline)s, inclusive.", deadline=language.at(event.at))
    address = absolute(link("forums.forum", forum_slug=forum.slug))
    host = urlsplit(current_app.config["SITE"].site_url).hostname
    yield "BEGIN:VEVENT"
    yield f"UID:{'opening' if event.opens else 'deadline'}-{event.period.id}@{host}"
    yield f"DTSTART:{_utc(event.at)}"
    yield f"SUMMARY:{escaped(summary)}"
    yield f"DESCRIPTION:{escaped(said)}\\n{escaped(address)}"
    yield f"URL:{address}"
    yield "TRANSP:TRANSPARENT"
    yield f"STATUS:{'CANCELLED' if event.period.called_off_at else 'CONFIRMED'}"


def escaped(text: str) -> str:
    """A text as a value (RFC 5545, 3.3.11)."""
    return text.translate(ESCAPED)


def folded(line: str) -> str:
    """A line with its end, in lines of at most LONGEST_LINE octets, each of which has whole characters (3.1)."""
    made, length = "", 0
    for character in line:
        octets = len(character.encode())
        if length + octets > LONGEST_LINE:
            made, length = f"{made}\r\n ", 1
        made, length = made + character, length + octets
    return f"{made}\r\n"


def _utc(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}"
