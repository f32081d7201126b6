"""Forms of the administration, filled in as an administrator would."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from app.database import utcnow
from app.extensions import db
from app.models import LogEntry

LANGUAGES = ("en", "es", "fr")
ALREADY = "This has already been done. No further change was made."


def in_all_languages(**fields: str) -> dict[str, str]:
    """The fields of each language's form, every text marked with its language."""
    return {f"{code}-{name}": f"{text} ({code})" for code in LANGUAGES for name, text in fields.items()}


def moment(hours: float, minute_step: bool = True) -> list[str]:
    """What the two inputs of a moment send, so many hours from now."""
    at = utcnow() + timedelta(hours=hours)
    return typed(at.replace(second=0)) if minute_step else typed(at)


def typed(at: datetime) -> list[str]:
    return [f"{at:%Y-%m-%d}", f"{at:%H:%M}"]


@pytest.fixture
def look(app: Flask) -> Callable[[Callable[[], Any]], Any]:
    """Runs a function on the database and gives what it returns."""

    def run(function: Callable[[], Any]) -> Any:
        with app.app_context():
            return function()

    return run


@pytest.fixture
def log(look) -> Callable[[], list[tuple[str, str, str]]]:
    """The log so far, oldest first, as `(action, kind, subject)`."""

    def entries() -> list[tuple[str, str, str]]:
        found = db.session.query(LogEntry).order_by(LogEntry.id)
        return [(entry.action, entry.kind, entry.subject) for entry in found]

    return lambda: look(entries)
