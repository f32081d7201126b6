"""Every figure by its name, in the order of the page."""

from collections.abc import Callable, Iterator

from app.errors import NotFound
from app.figures import activity, silence
from app.figures.tables import Asked, Table
from app.spreadsheets import BYTE_ORDER_MARK, line

FIGURES: dict[str, Callable[[Asked], Table]] = {
    "unanswered": silence.unanswered,
    "silent": silence.silent,
    "time": activity.over_time,
    "capacities": activity.by_capacity,
    "states": activity.by_state,
    "languages": activity.by_language,
    "questions": activity.by_question,
    "most-active": activity.most_active,
    "not-written": silence.not_written,
}


def make(name: str, asked: Asked) -> Table:
    """The figure of this name. Raises NotFound where there is none."""
    if name not in FIGURES:
        raise NotFound
    return FIGURES[name](asked)


def make_all(asked: Asked) -> list[Table]:
    return [figure(asked) for figure in FIGURES.values()]


def as_csv(table: Table) -> Iterator[str]:
    """The lines of a table, with its headings."""
    yield BYTE_ORDER_MARK + line(*table.columns)
    for row in table.rows:
        yield line(*(cell.exact for cell in row))
