"""Messages and participants over time, by capacity, State, language, group and question, and the share of the most
active."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from flask_babel import gettext as _
from flask_babel import ngettext

from app import labels
from app.figures import queries
from app.figures.charts import Picture
from app.figures.queries import Counts
from app.figures.tables import (
    Cell,
    Cells,
    Context,
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
MOST_DAYS = 31
MOST_WEEKS = 53


@dataclass(frozen=True)
class Interval:
    """A length of time: `first_day` gives the first day of the interval of any day, `last_day` the last day of the
    interval that begins on a day."""

    first_day: Callable[[date], date]
    last_day: Callable[[date], date]


DAYS = Interval(lambda day: day, lambda first: first)
WEEKS = Interval(lambda day: day - timedelta(days=day.weekday()), lambda first: first + timedelta(days=6))
MONTHS = Interval(
    lambda day: day.replace(day=1), lambda first: (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
)


def over_time(context: Context) -> Table:
    """By day, week or month, from the first opening or message to the last deadline or message, or to now."""
    columns = (_("Days (UTC)"), _("Messages"), _("Participants"), _("Periods"))
    entries = _entries_over_time(context)
    rows = [
        (
            entry.cells[0],
            number(entry.counts.messages, context.language),
            number(entry.counts.participants, context.language),
            entry.cells[1],
        )
        for entry in entries
    ]
    note = "" if rows else _("The forum has not been open yet.")
    return Table("time", _("Over time"), columns, rows, note, _picture_over_time(entries, context))


def by_capacity(context: Context) -> Table:
    counts = queries.count_by(context.forum, Message.capacity)
    entries = [_entry_of_speakers(_(labels.CAPACITY[one]), counts.get(one), one) for one in Capacity]
    return counted("capacities", _("By capacity"), (_("Capacity"),), entries, context)


def by_state(context: Context) -> Table:
    """Sorted by name in the reader's language; the chart shows the States with the most messages."""
    found = queries.count_by(context.forum, Message.country)
    without = found.pop("", None)
    name = context.language.state_name
    entries = [_entry_of_speakers(name(code), counts, state=code) for code, counts in found.items()]
    entries.sort(key=lambda entry: context.language.sort_key(entry.label))
    rows = [*entries, _entry(_("No State"), without)] if without else entries
    most = sorted(entries, key=lambda entry: -entry.counts.messages)[:MOST_STATES_PICTURED]
    table = counted("states", _("By State"), (_("State"),), rows, context)
    return replace(table, picture=bars(_("The States with the most messages"), most, context.language))


def by_language(context: Context) -> Table:
    counts = queries.count_by(context.forum, Message.language)
    names = {code: language.name for code, language in site_languages().items()}
    codes = [*names, *sorted(counts.keys() - names.keys())]
    entries = [
        Entry((words(names.get(code, code), code),), counts.get(code, Counts()), names.get(code, code))
        for code in codes
    ]
    return counted("languages", _("By language of the messages"), (_("Language"),), entries, context)


def by_question(context: Context) -> Table:
    """Each group as a whole, then its questions, then its topics under no question."""
    of_groups = queries.count_by(context.forum, Topic.group_id)
    wholes = [
        _entry(_("Group %(number)s", number=group.number), of_groups.get(group.id), text_of(group, "title", context))
        for group in context.forum.groups
    ]
    parts = [_entries_within(group, context) for group in context.forum.groups]
    entries = [entry for whole, part in zip(wholes, parts, strict=True) for entry in (whole, *part)]
    columns = (_("Group and question"), _("Title or text"))
    table = counted("questions", _("By group and question"), columns, entries, context)
    too_many = len(entries) > MOST_QUESTIONS_PICTURED
    return replace(table, picture=bars(table.heading, wholes, context.language)) if too_many else table


def most_active(context: Context) -> Table:
    """The share of all messages that the most active participants wrote."""
    wrote, language = context.activity.by_participant, context.language
    parts = {most: sum(wrote[:most]) for most in MOST_ACTIVE if most < len(wrote)}
    rows = [
        (
            words(ngettext("The most active participant", "The %(num)s most active participants", most)),
            number(part, language),
            percentage(part, context.total.messages, language),
        )
        for most, part in parts.items()
    ]
    columns = (_("Participants"), _("Messages"), _("Share of messages"))
    note = _note_on_half(context)
    return Table(
        "most-active",
        _("Share of the most active participants"),
        columns,
        rows,
        note,
        _picture_of_shares(rows, context),
    )


def _entries_over_time(context: Context) -> list[Entry]:
    """An entry for each interval, with its days and periods; none if no period has begun and nothing is written."""
    begun = [period for period in context.periods if period.opens_at <= context.now]
    written = [day for day, _speaker, _count in context.activity.rows]
    firsts = [*written, *(period.opens_at.date() for period in begun)]
    lasts = [*written, *(min(period.closes_at, context.now).date() for period in begun)]
    if not firsts:
        return []
    kind, language = _interval_for(min(firsts), max(lasts)), context.language
    counts = context.activity.by(kind.first_day)
    return [
        Entry(
            (words(language.heading_range(first, last)), words(_periods_between(first, last, context))),
            counts.get(first, Counts()),
            language.date(first) if kind is MONTHS else language.day_month(first),
        )
        for first, last in _intervals(kind, min(firsts), max(lasts))
    ]


def _interval_for(first: date, last: date) -> Interval:
    """Days for up to a month, weeks from Monday for up to a year, months beyond."""
    days = (last - first).days + 1
    if days <= MOST_DAYS:
        return DAYS
    return WEEKS if days <= MOST_WEEKS * 7 else MONTHS


def _intervals(kind: Interval, first: date, last: date) -> list[tuple[date, date]]:
    """`(first day, last day)` of every interval from that of `first` to that of `last`."""
    found = []
    day = kind.first_day(first)
    while day <= last:
        found.append((day, kind.last_day(day)))
        day = kind.last_day(day) + timedelta(days=1)
    return found


def _periods_between(first: date, last: date, context: Context) -> str:
    """The names of the periods that were open on these days, or the word for closed."""
    start = datetime.combine(first, time(), UTC)
    end = datetime.combine(last, time(), UTC) + timedelta(days=1)
    names = [
        _period_name(period, context)
        for period in context.periods
        if period.opens_at < end and period.closes_at >= start
    ]
    return ", ".join(dict.fromkeys(names)) or _(labels.STATE[StateKind.CLOSED])


def _period_name(period: Period, context: Context) -> str:
    kind = _(labels.PERIOD[PeriodKind(period.kind)])
    if period.group_id is None:
        return kind
    return _("%(period)s (group %(number)s)", period=kind, number=context.forum.group_numbers[period.group_id])


def _picture_over_time(entries: list[Entry], context: Context) -> Picture | None:
    """None if there are no messages. The description names the interval with the most messages."""
    if not context.total.messages:
        return None
    most = max(entries, key=lambda entry: entry.counts.messages)
    description = _(
        "Messages: %(messages)s; participants: %(participants)s; highest number of messages: %(most)s (%(days)s)",
        messages=context.language.number(context.total.messages),
        participants=context.language.number(context.total.participants),
        most=context.language.number(most.counts.messages),
        days=most.cells[0].shown,
    )
    names = tuple(entry.label for entry in entries)
    return Picture(_("Over time"), description, names, series(entries), scale(context.language), is_over_time=True)


def _entry(name: str, counts: Counts | None, *more: Cell) -> Entry:
    return Entry((words(name), *more), counts or Counts(), name)


def _entry_of_speakers(name: str, counts: Counts | None, capacity: str = "", state: str = "") -> Entry:
    """An entry whose name leads to the messages, if there are any."""
    cell = replace(words(name), said_by=(capacity, state) if counts else None)
    return Entry((cell,), counts or Counts(), name)


def _entries_within(group: Group, context: Context) -> list[Entry]:
    entries = [
        _entry(
            question_name(question),
            context.by_question.get((group.id, question.id)),
            text_of(question, "text", context),
        )
        for question in group.questions
    ]
    free = context.by_question.get((group.id, None))
    name = _("Group %(number)s, not under a guiding question", number=group.number)
    return [*entries, _entry(name, free, words(""))] if free and entries else entries


def _note_on_half(context: Context) -> str:
    """A note on how few participants wrote half of all messages."""
    if not context.total.messages:
        return _("No one has posted yet.")
    few, language = queries.how_many_wrote_half(context.activity.by_participant), context.language
    return _(
        "Smallest number of participants who together wrote at least half of all messages: %(few)s of %(all)s.",
        few=language.number(few),
        all=language.number(context.total.participants),
    )


def _picture_of_shares(rows: Sequence[Cells], context: Context) -> Picture | None:
    if not rows:
        return None
    shares = tuple(float(row[2].exact) for row in rows)
    decimal = context.language.patterns.decimal
    numbers = (f"{share:.1f}".replace(".", decimal) for share in shares)
    descriptions = (
        _("%(name)s: %(number)s per cent of all messages", name=row[0].shown, number=number)
        for row, number in zip(rows, numbers, strict=True)
    )
    return Picture(
        _("Share of the most active participants"),
        enumerated(descriptions),
        tuple(row[0].shown for row in rows),
        ((_("Share of messages"), shares),),
        lambda value: context.language.percent(value / 100),
    )
