"""Who wrote how much: over time, by capacity, State, language, group and question, and how unevenly."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from flask_babel import gettext as _
from flask_babel import ngettext

from app import labels
from app.figures import queries
from app.figures.calendar import MONTHS, stretch_for, stretches
from app.figures.charts import Picture
from app.figures.queries import Counts
from app.figures.tables import (
    Asked,
    Cell,
    Cells,
    Entry,
    Table,
    bars,
    counted,
    enumerated,
    number,
    percentage,
    question_name,
    scale,
    series,
    text_of,
    words,
)
from app.languages import site_languages
from app.models import Capacity, Group, Message, Period, PeriodKind, StateKind, Topic

MOST_STATES_PICTURED = 12
MOST_QUESTIONS_PICTURED = 20
MOST_ACTIVE = (1, 5, 10)


def over_time(asked: Asked) -> Table:
    """Days, weeks or months from the first opening or message to the last deadline or message, or to now."""
    columns = (_("Days (UTC)"), _("Messages"), _("Participants"), _("Periods"))
    entries = _entries_of_time(asked)
    rows = [
        (
            entry.cells[0],
            number(entry.counts.messages, asked.language),
            number(entry.counts.participants, asked.language),
            entry.cells[1],
        )
        for entry in entries
    ]
    note = "" if rows else _("The forum has not been open yet.")
    return Table("time", _("Over time"), columns, rows, note, _picture_of_time(entries, asked))


def by_capacity(asked: Asked) -> Table:
    counts = queries.count_by(asked.forum, Message.capacity)
    entries = [_entry(_(labels.CAPACITY[one]), counts.get(one)) for one in Capacity]
    return counted("capacities", _("By capacity"), (_("Capacity"),), entries, asked)


def by_state(asked: Asked) -> Table:
    """In the order of the language; the picture shows those with the most messages."""
    found = queries.count_by(asked.forum, Message.country)
    without = found.pop("", None)
    entries = [_entry(asked.language.state_name(code), counts) for code, counts in found.items()]
    entries.sort(key=lambda entry: asked.language.sort_key(entry.label))
    rows = [*entries, _entry(_("No State"), without)] if without else entries
    most = sorted(entries, key=lambda entry: -entry.counts.messages)[:MOST_STATES_PICTURED]
    table = counted("states", _("By State"), (_("State"),), rows, asked)
    return replace(table, picture=bars(_("The States with the most messages"), most, asked.language))


def by_language(asked: Asked) -> Table:
    counts = queries.count_by(asked.forum, Message.language)
    names = {code: language.name for code, language in site_languages().items()}
    codes = [*names, *sorted(counts.keys() - names.keys())]
    entries = [
        Entry((words(names.get(code, code), code),), counts.get(code, Counts()), names.get(code, code))
        for code in codes
    ]
    return counted("languages", _("By language of the messages"), (_("Language"),), entries, asked)


def by_question(asked: Asked) -> Table:
    """Each group as a whole, then each of its questions and what stands under none of them."""
    of_groups = queries.count_by(asked.forum, Topic.group_id)
    wholes = [
        _entry(_("Group %(number)s", number=group.number), of_groups.get(group.id), text_of(group, "title", asked))
        for group in asked.forum.groups
    ]
    parts = [_entries_within(group, asked) for group in asked.forum.groups]
    entries = [entry for whole, part in zip(wholes, parts, strict=True) for entry in (whole, *part)]
    columns = (_("Group and question"), _("Title or text"))
    table = counted("questions", _("By group and question"), columns, entries, asked)
    too_many = len(entries) > MOST_QUESTIONS_PICTURED
    return replace(table, picture=bars(table.heading, wholes, asked.language)) if too_many else table


def most_active(asked: Asked) -> Table:
    """What part of all messages the most active participants wrote."""
    wrote, language = asked.activity.by_participant, asked.language
    parts = {most: sum(wrote[:most]) for most in MOST_ACTIVE if most < len(wrote)}
    rows = [
        (
            words(ngettext("The most active participant", "The %(num)s most active participants", most)),
            number(part, language),
            percentage(part, asked.total.messages, language),
        )
        for most, part in parts.items()
    ]
    columns = (_("Participants"), _("Messages"), _("Share of messages"))
    note = _told_of_half(asked)
    return Table("most-active", _("Share of the most active"), columns, rows, note, _picture_of_shares(rows, asked))


def _entries_of_time(asked: Asked) -> list[Entry]:
    """A stretch of time each: its days and the periods that it touches; none before anything has begun."""
    begun = [period for period in asked.periods if period.opens_at <= asked.now]
    written = [day for day, _speaker, _count in asked.activity.rows]
    firsts = [*written, *(period.opens_at.date() for period in begun)]
    lasts = [*written, *(min(period.closes_at, asked.now).date() for period in begun)]
    if not firsts:
        return []
    kind, language = stretch_for(min(firsts), max(lasts)), asked.language
    counts = asked.activity.by(kind.first_day)
    return [
        Entry(
            (words(language.heading_range(first, last)), words(_periods_between(first, last, asked))),
            counts.get(first, Counts()),
            language.date(first) if kind is MONTHS else language.day_month(first),
        )
        for first, last in stretches(kind, min(firsts), max(lasts))
    ]


def _periods_between(first: date, last: date, asked: Asked) -> str:
    """The periods in which messages were taken on these days."""
    start = datetime.combine(first, time(), UTC)
    end = datetime.combine(last, time(), UTC) + timedelta(days=1)
    names = [
        _period_name(period, asked) for period in asked.periods if period.opens_at < end and period.closes_at >= start
    ]
    return ", ".join(dict.fromkeys(names)) or _(labels.STATE[StateKind.CLOSED])


def _period_name(period: Period, asked: Asked) -> str:
    kind = _(labels.PERIOD[PeriodKind(period.kind)])
    if period.group_id is None:
        return kind
    return _("%(period)s (group %(number)s)", period=kind, number=asked.forum.group_numbers[period.group_id])


def _picture_of_time(entries: list[Entry], asked: Asked) -> Picture | None:
    """None where nothing was written yet. The words name the stretch with the most messages."""
    if not asked.total.messages:
        return None
    most = max(entries, key=lambda entry: entry.counts.messages)
    told = _(
        "Messages: %(messages)s; participants: %(participants)s; the most messages: %(most)s (%(days)s)",
        messages=asked.language.number(asked.total.messages),
        participants=asked.language.number(asked.total.participants),
        most=asked.language.number(most.counts.messages),
        days=most.cells[0].shown,
    )
    names = tuple(entry.label for entry in entries)
    return Picture(_("Over time"), told, names, series(entries), scale(asked.language), is_over_time=True)


def _entry(name: str, counts: Counts | None, *more: Cell) -> Entry:
    return Entry((words(name), *more), counts or Counts(), name)


def _entries_within(group: Group, asked: Asked) -> list[Entry]:
    entries = [
        _entry(
            question_name(question), asked.by_question.get((group.id, question.id)), text_of(question, "text", asked)
        )
        for question in group.questions
    ]
    free = asked.by_question.get((group.id, None))
    name = _("Group %(number)s, under no question", number=group.number)
    return [*entries, _entry(name, free, words(""))] if free and entries else entries


def _told_of_half(asked: Asked) -> str:
    """How few wrote how much."""
    if not asked.total.messages:
        return _("Nobody has written yet.")
    few, language = queries.how_many_wrote_half(asked.activity.by_participant), asked.language
    return _(
        "Participants who wrote half of all messages or more: %(few)s of %(all)s.",
        few=language.number(few),
        all=language.number(asked.total.participants),
    )


def _picture_of_shares(rows: Sequence[Cells], asked: Asked) -> Picture | None:
    if not rows:
        return None
    told = (_("%(name)s: %(percentage)s of all messages", name=row[0].shown, percentage=row[2].shown) for row in rows)
    shares = tuple(float(row[2].exact) for row in rows)
    return Picture(
        _("Share of the most active"),
        enumerated(told),
        tuple(row[0].shown for row in rows),
        ((_("Share of messages"), shares),),
        lambda value: asked.language.percent(value / 100),
    )
