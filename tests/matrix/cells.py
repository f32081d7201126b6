"""The tables, read: what is expected of an address in a state, and whose marks a person may meet."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.matrix.marks import Mark
from tests.matrix.table import ACTS, PEOPLE, WHO_SEES

SEEN_BY = {(row[0], row[1]): row[2:] for row in map(str.split, WHO_SEES.strip().splitlines())}


@dataclass(frozen=True)
class Cell:
    """What an address of the thing in a state answers to one of the people."""

    path: str
    state: str
    person: str
    sign: str


def columns(*tables: str) -> Iterator[tuple[str, str, str]]:
    """Each address of the tables, with `{act}` in all of its forms, each state, and the signs of all people there."""
    for head, *rows in (table.strip().splitlines() for table in tables):
        for path, *signs in map(str.split, rows):
            for act in ACTS if "{act}" in path else ("",):
                for state, column in zip(head.split(), signs, strict=True):
                    yield path.replace("{act}", act), state, column


def cells(*tables: str) -> list[Cell]:
    """Every cell of the tables."""
    return [
        Cell(path, state, person, sign)
        for path, state, column in columns(*tables)
        for person, sign in zip(PEOPLE, column, strict=True)
    ]


def may_see(person: str, state: str, mark: Mark) -> bool:
    """Whether a person may meet a mark; `state` is that of the message which the author among them wrote."""
    seen = SEEN_BY.get((mark.state, mark.kind)) or SEEN_BY.get(("any", mark.kind))
    is_author = person == "author" and mark.state == state
    return seen is not None and seen[PEOPLE.index("author" if is_author else _as_reader(person))] == "+"


def _as_reader(person: str) -> str:
    """Authors of other messages are like whoever takes part."""
    return "participant" if person == "author" else person


def asked_of(*tables: str) -> dict[tuple[str, str], list[Cell]]:
    """The cells of the tables by state and person."""
    asked: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells(*tables):
        asked.setdefault((cell.state, cell.person), []).append(cell)
    return asked
