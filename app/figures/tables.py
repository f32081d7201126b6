"""What every figure is made of: a table in the reader's language, and what its picture shows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from flask_babel import gettext as _

from app.figures import queries
from app.figures.charts import Picture
from app.figures.queries import Counts
from app.languages import Language, text_in
from app.models import Forum, Period, Question, Topic


@dataclass(frozen=True)
class Asked:
    """Whose figures are asked for, for whom and when; `with_addresses` says whether e-mail addresses may be shown."""

    forum: Forum
    language: Language
    now: datetime
    with_addresses: bool

    @property
    def periods(self) -> list[Period]:
        """Those in which messages were taken or will be."""
        return [period for period in self.forum.periods_told if period.called_off_at is None]

    @cached_property
    def activity(self) -> queries.Activity:
        return queries.count_activity(self.forum)

    @cached_property
    def by_question(self) -> dict[tuple[int, int | None], Counts]:
        """By the keys of group and question."""
        return queries.count_by(self.forum, Topic.group_id, Topic.question_id)

    @cached_property
    def total(self) -> Counts:
        counts = self.activity.by_participant
        return Counts(sum(counts), len(counts))


@dataclass(frozen=True)
class Cell:
    """What the page shows, and the same as a file has it.

    `language` is that of a name or a text, where it may be another one than the reader's; `is_text` says that it is
    a text, which could be in the reader's.
    """

    shown: str
    exact: str | int | float
    language: str = ""
    is_text: bool = False

    @property
    def is_number(self) -> bool:
        return not isinstance(self.exact, str)


Cells = tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A figure. The first cell of a row says what the row is about; `note` is said above it, also where no row is."""

    name: str
    heading: str
    columns: tuple[str, ...]
    rows: Sequence[Cells]
    note: str = ""
    picture: Picture | None = None


@dataclass(frozen=True)
class Entry:
    """What is counted, with its counts; `label` names it in the picture."""

    cells: Cells
    counts: Counts
    label: str


def words(text: str, language: str = "") -> Cell:
    return Cell(text, text, language)


def number(value: int, language: Language) -> Cell:
    return Cell(language.number(value), value)


def percentage(part: int, whole: int, language: Language) -> Cell:
    share = part / whole if whole else 0.0
    return Cell(language.percent(share), round(share * 100, 1))


def question_name(question: Question) -> str:
    """The numbers by which a question is cited."""
    return _("Group %(group)s, question %(question)s", group=question.group.number, question=question.number)


def text_of(owner: Any, field: str, asked: Asked) -> Cell:
    """A text of a group or a question, in the reader's language or else the best other one."""
    text = text_in(owner, asked.language)
    if text is None:
        return words("")
    said: str = getattr(text, field)
    return Cell(said, said, text.language, is_text=True)


def counted(name: str, heading: str, columns: tuple[str, ...], entries: Sequence[Entry], asked: Asked) -> Table:
    """A table of messages and participants; the picture shows the same entries."""
    return Table(
        name,
        heading,
        (*columns, _("Messages"), _("Participants"), _("Share of messages")),
        [(*entry.cells, *_count_cells(entry.counts, asked)) for entry in entries],
        picture=bars(heading, entries, asked.language),
    )


def bars(heading: str, entries: Sequence[Entry], language: Language) -> Picture | None:
    """Messages and participants of each entry, told in words too; None where there is nothing to draw."""
    if not any(entry.counts.messages for entry in entries):
        return None
    told = (
        _(
            "%(name)s – messages: %(messages)s, participants: %(participants)s",
            name=entry.label,
            messages=language.number(entry.counts.messages),
            participants=language.number(entry.counts.participants),
        )
        for entry in entries
    )
    return Picture(heading, enumerated(told), tuple(entry.label for entry in entries), series(entries), scale(language))


def enumerated(told: Iterable[str]) -> str:
    """The parts of what a picture tells, as one text."""
    mark = _(";")
    return f"{mark} ".join(told)


def series(entries: Sequence[Entry]) -> tuple[tuple[str, tuple[float, ...]], ...]:
    return (
        (_("Messages"), tuple(entry.counts.messages for entry in entries)),
        (_("Participants"), tuple(entry.counts.participants for entry in entries)),
    )


def scale(language: Language) -> Callable[[float], str]:
    """How a picture writes counts: there is no half message, though an axis may have a line there."""
    return lambda value: language.number(round(value)) if value == round(value) else ""


def _count_cells(counts: Counts, asked: Asked) -> Cells:
    language = asked.language
    share = percentage(counts.messages, asked.total.messages, language)
    return number(counts.messages, language), number(counts.participants, language), share
