"""The files of the sample: its texts in TOML, with times relative to the day of loading, and what is attached."""

import re
import tomllib
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app

from app.attachments.keeping import attach
from app.attachments.uploads import read_upload
from app.languages import site_default

FOLDER = Path(__file__).parent
ATTACHED = FOLDER / "attachments"
RELATIVE = re.compile(r"D([+-]\d+)(?: (\d\d):(\d\d))?")
Given = dict[str, Any]


def read(name: str) -> Given:
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


def add_files(owner: Any, names: Iterable[str], *, at: datetime, language: str = "") -> None:
    """Attach files to a document or a message, as if someone had sent them at that time."""
    largest = current_app.config["SITE"].largest_file
    with ExitStack() as opened:
        files = [(name, opened.enter_context((ATTACHED / name).open("rb"))) for name in names]
        uploads = [read_upload(name, file, largest=largest, language=site_default()) for name, file in files]
        attach(owner, uploads, at=at, language=language)


def _relative(written: str) -> re.Match[str]:
    found = RELATIVE.fullmatch(written)
    if found is None:
        raise ValueError(f"{written!r} is not a time such as 'D-12 09:30'")
    return found
