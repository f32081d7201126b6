"""Forms of the administration, filled in as an administrator would."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from app.database import utcnow
from app.extensions import db
from app.models import Capacity, Invitation, LogEntry, User
from tests.full_world import make_invitee
from tests.world import World, make_user

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


@pytest.fixture
def cast(app: Flask, world: World) -> None:
    """Bruno (French) and Alice have posted. Of the invited State XB, for which no one has spoken, there is Bea; of XA,
    Zoe, who has not posted; Clara (Spanish) was invited by email; Otto is registered and nothing else."""
    with app.app_context():
        db.session.get_one(User, world.bruno).language = "fr"
        db.session.get_one(User, world.moderator).capacity = Capacity.SECRETARIAT
        db.session.get_one(User, world.admin).capacity = Capacity.SECRETARIAT
        db.session.add_all([Invitation(forum_id=world.forum, country=code) for code in ("XA", "XB")])
        make_user("bea", country="XB")
        make_user("zoe")
        make_user("otto", country="", capacity=Capacity.EXPERT)
        make_invitee(world.forum, "clara@example.org")
        db.session.commit()
