"""A small forum with known messages, so that every number can be checked by hand."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.database import utcnow
from app.extensions import db
from app.models import Capacity, Forum, Message, MessageStatus, Period, PeriodKind, Question, QuestionText, User
from tests.world import World, make_message, make_topic, make_user, texts

PAGE = "/en/figures/forums/open-forum/"


@dataclass(frozen=True)
class Known:
    """The keys of the world and of what was added to it."""

    small: World
    question: int
    unanswered: int
    topic: int


@pytest.fixture
def known(app: Flask, world: World) -> Known:
    """Published: two messages of the world (Alice in English, Bruno in Spanish, both for XA, under no question),
    three more of Alice and one of Carla, an organization, in French, under question 1. Not published: one message
    each that is withdrawn, withheld and waiting. Question 2 has no answer but the waiting one.
    """
    with app.app_context():
        return _make(world)


def _make(world: World) -> Known:
    forum, alice = db.session.get_one(Forum, world.forum), db.session.get_one(User, world.alice)
    group = forum.groups[0]
    group.questions.append(Question(number=2, texts=texts(QuestionText, text="And what else?")))
    db.session.flush()
    carla = make_user("carla", capacity=Capacity.ORGANIZATION, organization="Seeds", country="")
    waiting = make_user("waiting", capacity=Capacity.GOVERNMENT, country="XC")
    topic = make_topic(group, alice, "Answers", question=group.questions[0])
    other = make_topic(group, alice, "Free")
    for number in range(3):
        make_message(topic, alice, f"Answer {number}")
    make_message(topic, carla, "Réponse", language="fr")
    for status in (MessageStatus.WITHDRAWN, MessageStatus.WITHHELD):
        make_message(other, carla, "Not shown", status=status)
    pending = make_topic(group, waiting, "Waiting", question=group.questions[1])
    make_message(pending, waiting, "Not yet shown", status=MessageStatus.PENDING)
    pending.last_position, db.session.query(Message).filter_by(topic_id=pending.id).one().position = 0, None
    db.session.commit()
    return Known(small=world, question=group.questions[0].id, unanswered=group.questions[1].id, topic=topic.id)


@pytest.fixture
def change(app: Flask) -> Callable[[Callable[[], object]], None]:
    """Runs a function on the database and commits."""

    def run(function: Callable[[], object]) -> None:
        with app.app_context():
            function()
            db.session.commit()

    return run


def rows_of(client: FlaskClient, name: str, path: str = PAGE) -> list[list[str]]:
    """The rows of a figure's file, without the headings."""
    return file_of(client, name, path)[1:]


def file_of(client: FlaskClient, name: str, path: str = PAGE) -> list[list[str]]:
    answer = client.get(f"{path}{name}.csv")
    assert answer.status_code == 200
    separator = "," if path.startswith("/en/") else ";"
    return list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig")), delimiter=separator))


def shown(client: FlaskClient, name: str, path: str = PAGE) -> list[list[str]]:
    """The rows of a figure on its page."""
    page = html.document_fromstring(client.get(path).text)
    rows = page.xpath(f"//section[@aria-labelledby='{name}']//tbody/tr")
    return [[cell.text_content().strip() for cell in row] for row in rows]


def note_of(client: FlaskClient, name: str, path: str = PAGE) -> str:
    """The note above a figure."""
    page = html.document_fromstring(client.get(path).text)
    return " ".join(page.xpath(f"string(//section[@aria-labelledby='{name}']//p[1])").split())


def set_periods(forum_id: int, *periods: tuple[PeriodKind, datetime, datetime]) -> None:
    """Replace the periods of a forum."""
    forum = db.session.get_one(Forum, forum_id)
    forum.periods[:] = [Period(kind=kind, opens_at=opens, closes_at=closes) for kind, opens, closes in periods]


def days_ago(days: int) -> datetime:
    return utcnow() - timedelta(days=days)
