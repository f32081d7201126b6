"""Reading the sample's TOML files, and times that are relative to the day of loading."""

import re
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
RELATIVE = re.compile(r"D([+-]\d+)(?: (\d\d):(\d\d))?")


def read(name: str) -> dict[str, Any]:
    """The content of `<name>.toml` of this folder."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))


class Calendar:
    """Turns the times of the files into real ones. `D-12 09:30` is twelve days before `today`, at 09:30 UTC."""

    def __init__(self, today: date) -> None:
        self.today = today

    def moment(self, written: datetime | str) -> datetime:
        if isinstance(written, datetime):
            return written
        _days, hours, minutes = _relative(written).groups()
        day = self.day(written)
        return datetime(day.year, day.month, day.day, int(hours), int(minutes), tzinfo=UTC)

    def day(self, written: date | str) -> date:
        if isinstance(written, date):
            return written
        return self.today + timedelta(days=int(_relative(written)[1]))


def _relative(written: str) -> re.Match[str]:
    found = RELATIVE.fullmatch(written)
    if found is None:
        raise ValueError(f"{written!r} is no time such as 'D-12 09:30'")
    return found
