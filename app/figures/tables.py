"""Tables in the reader's language, from which every figure is made, and their charts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from flask_babel import gettext as _

from app.figures import queries
from app.figures.charts import Picture
from app.figures.queries import Counts
from app.languages import NO_BREAK, Language, text_in
from app.models import Forum, Period, Question, Topic
from app.spreadsheets import BYTE_ORDER_MARK, line


@dataclass(frozen=True)
class Context:
    """The forum of the figures, and for whom they are made: the language, the time, and whether they include email
    addresses."""

    forum: Forum
    language: Language
    now: datetime
    with_addresses: bool

    @property
    def periods(self) -> list[Period]:
        """The periods that were not called off."""
        return [period for period in self.forum.periods_told if period.called_off_at is None]

    @cached_property
    def activity(self) -> queries.Activity:
        return queries.count_activity(self.forum)

    @cached_property
    def by_question(self) -> dict[tuple[int, int | None], Counts]:
        """Counts by the keys of group and question."""
        return queries.count_by(self.forum, Topic.group_id, Topic.question_id)

    @cached_property
    def total(self) -> Counts:
        counts = self.activity.by_participant
        return Counts(sum(counts), len(counts))


@dataclass(frozen=True)
class Cell:
    """A value as the page shows it, and as a file has it.

    `language` is the language of a name or text that may not be in the reader's language. `is_text` is true for a
    translatable text, not for a name. `said_by` are a capacity and a State that have spoken, of which it is the name.
    """

    shown: str
    exact: str | int | float
    language: str = ""
    is_text: bool = False
    said_by: tuple[str, str] | None = None

    @property
    def is_number(self) -> bool:
        return not isinstance(self.exact, str)


Cells = tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A figure. The first cell of a row is its heading; the `note` is shown above the table, even if it has no rows."""

    name: str
    heading: str
    columns: tuple[str, ...]
    rows: Sequence[Cells]
    note: str = ""
    picture: Picture | None = None

    def csv(self, language: Language) -> str:
        """The table as a CSV file, with its headings."""
        rows = (line(language, *(cell.exact for cell in row)) for row in self.rows)
        return BYTE_ORDER_MARK + line(language, *self.columns) + "".join(rows)


@dataclass(frozen=True)
class Entry:
    """A row of counts: its first cells, its counts, and its `label` in the chart."""

    cells: Cells
    counts: Counts
    label: str


def words(text: str, language: str = "") -> Cell:
    """A text, with ordinary spaces in a file."""
    return Cell(text, text.replace(NO_BREAK, " "), language)


def number(value: int, language: Language) -> Cell:
    return Cell(language.number(value), value)


def percentage(part: int, whole: int, language: Language) -> Cell:
    share = part / whole if whole else 0.0
    return Cell(language.percent(share), round(share * 100, 1))


def question_name(question: Question) -> str:
    """The numbers by which a question is cited: those of its group and its own."""
    return _("Group %(group)s, question %(question)s", group=question.group.number, question=question.number)


def text_of(owner: Any, field: str, context: Context) -> Cell:
    """A text of a group or question in the reader's language, or else in the best other one."""
    text = text_in(owner, context.language)
    if text is None:
        return words("")
    said: str = getattr(text, field)
    return Cell(said, said, text.language, is_text=True)


def counted(name: str, heading: str, columns: tuple[str, ...], entries: Sequence[Entry], context: Context) -> Table:
    """A table of messages and participants, with a chart of the same entries."""
    return Table(
        name,
        heading,
        (*columns, _("Messages"), _("Participants"), _("Share of messages")),
        [(*entry.cells, *_count_cells(entry.counts, context)) for entry in entries],
        picture=bars(heading, entries, context.language),
    )


def bars(heading: str, entries: Sequence[Entry], language: Language) -> Picture | None:
    """A bar chart of messages and participants with its description, or None if there are no messages."""
    if not any(entry.counts.messages for entry in entries):
        return None
    descriptions = (
        _(
            "%(name)s – messages: %(messages)s, participants: %(participants)s",
            name=entry.label,
            messages=language.number(entry.counts.messages),
            participants=language.number(entry.counts.participants),
        )
        for entry in entries
    )
    return Picture(
        heading, enumerated(descriptions), tuple(entry.label for entry in entries), series(entries), scale(language)
    )


def enumerated(parts: Iterable[str]) -> str:
    """The parts of the description of a chart as one text."""
    mark = _(";")
    return f"{mark} ".join(parts)


def series(entries: Sequence[Entry]) -> tuple[tuple[str, tuple[float, ...]], ...]:
    return (
        (_("Messages"), tuple(entry.counts.messages for entry in entries)),
        (_("Participants"), tuple(entry.counts.participants for entry in entries)),
    )


def scale(language: Language) -> Callable[[float], str]:
    """Formats counts in a chart. An axis may have a line at a fraction, which gets no number."""
    return lambda value: language.number(round(value)) if value == round(value) else ""


def _count_cells(counts: Counts, context: Context) -> Cells:
    language = context.language
    share = percentage(counts.messages, context.total.messages, language)
    return number(counts.messages, language), number(counts.participants, language), share
