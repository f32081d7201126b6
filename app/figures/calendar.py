"""The stretches of time by which messages are counted: days, weeks where they would be many, months beyond a year."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

MOST_DAYS = 31
MOST_WEEKS = 53


@dataclass(frozen=True)
class Stretch:
    """How long a stretch is: the first day of the one that holds a day, and the last day of the one that begins."""

    first_day: Callable[[date], date]
    last_day: Callable[[date], date]


DAYS = Stretch(lambda day: day, lambda first: first)
WEEKS = Stretch(lambda day: day - timedelta(days=day.weekday()), lambda first: first + timedelta(days=6))
MONTHS = Stretch(
    lambda day: day.replace(day=1), lambda first: (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
)


def stretch_for(first: date, last: date) -> Stretch:
    """Days, weeks from Monday or months, so that there are not too many of them."""
    days = (last - first).days + 1
    if days <= MOST_DAYS:
        return DAYS
    return WEEKS if days <= MOST_WEEKS * 7 else MONTHS


def stretches(kind: Stretch, first: date, last: date) -> list[tuple[date, date]]:
    """`(first day, last day)` of every stretch from the one that holds `first` to the one that holds `last`."""
    found = []
    day = kind.first_day(first)
    while day <= last:
        found.append((day, kind.last_day(day)))
        day = kind.last_day(day) + timedelta(days=1)
    return found
