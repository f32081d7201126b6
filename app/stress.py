"""Filling a database for measurements: one open forum with any number of topics and messages."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.orm import aliased

from app.auth.passwords import UNUSABLE
from app.counters import recount
from app.extensions import db, transaction
from app.markup import render, text_of
from app.models import (
    Capacity,
    Forum,
    ForumText,
    Group,
    GroupText,
    Message,
    MessageStatus,
    Period,
    PeriodKind,
    Question,
    QuestionText,
    Topic,
    User,
)
from app.sample.files import read
from app.sample.load import TOPICS
from app.search import index

SLUG = "stress"
TITLES = {"en": "Figures for measuring", "es": "Cifras para medir", "fr": "Chiffres pour mesurer"}
PEOPLE = 100
BATCH = 20_000
CACHE_KILOBYTES = 512 * 1024
STATE, OF_STATE = "XA", 10  # one in so many of the people
DEFAULTS = {"status": MessageStatus.PUBLISHED, "on_behalf_of": "", "speaker": ""}
SPAN = timedelta(days=30)
REPLIES_EVERY, REPLIES_BACK = 4, 3


def fill(topics: int, messages: int, now: datetime) -> list[int]:
    """Add topics with `messages` messages in all, distributed evenly over the last 30 days; return the topics' ids.

    Every second topic is under the guiding question of the group. The texts are those of the sample. Each batch is one
    transaction, so an interrupted run leaves wrong counters, which `flask recount` corrects.
    """
    with transaction():
        group = _group(now)
        authors = _authors(now)
        forum_id, numbers = group.forum_id, _start_topics(group, authors, topics, now - SPAN)
        index.write(db.session(), [*(("topic", key) for key in numbers), *(("person", key) for key in authors)])
    texts = _texts()
    found = [index.row(0, [index.Text(one["language"], "", text_of(one["html"]))]) for one in texts]
    table: Any = Message.__table__
    columns = insert(table)  # inserting into the table instead of the entity takes half the time
    for first in range(0, messages, BATCH):
        with transaction():
            rows = [
                {
                    **DEFAULTS,
                    "forum_id": forum_id,
                    **_message(place, numbers, authors, texts, now - SPAN + SPAN * place / messages),
                }
                for place in range(first, min(first + BATCH, messages))
            ]
            last = index.newest_message()
            _connection().execute(columns, rows)
            made = enumerate(index.messages_after(last))
            words = [found[(first + at) % len(texts)].of(key, rows[at]["organization"]) for at, key in made]
            index.store(db.session(), words)
    with transaction():
        _answer(numbers)
        recount()
    return numbers


def _connection() -> Connection:
    """The connection of the transaction; for SQLite, with a cache large enough for the indexes."""
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size=-{CACHE_KILOBYTES}")
    return connection


def _group(now: datetime) -> Group:
    """The group for the topics, which is created with its forum if there is none yet."""
    forum = db.session.scalar(select(Forum).where(Forum.slug == SLUG))
    if forum is None:
        forum = Forum(
            slug=SLUG,
            published_at=now - SPAN,
            texts={code: ForumText(language=code, title=title, short_title=title) for code, title in TITLES.items()},
            periods=[Period(kind=PeriodKind.SCHEDULED, opens_at=now - SPAN, closes_at=now + 12 * SPAN)],
            groups=[
                Group(
                    slug="group-1",
                    number=1,
                    texts={code: GroupText(language=code, title=title) for code, title in TITLES.items()},
                    questions=[
                        Question(
                            number=1,
                            texts={code: QuestionText(language=code, text=title) for code, title in TITLES.items()},
                        )
                    ],
                )
            ],
        )
        db.session.add(forum)
        db.session.flush()
    return forum.groups[0]


def _authors(now: datetime) -> list[int]:
    """The ids of the authors, who cannot sign in."""
    pattern = f"{SLUG}-%@sample.example.org"
    if not db.session.scalar(select(User.id).where(User.email.like(pattern)).limit(1)):
        rows = [
            {
                "email": pattern.replace("%", str(number)),
                "password_hash": UNUSABLE,
                "name": f"Participant {number}",
                "organization": f"Organization {number}",
                "capacity": Capacity.ORGANIZATION,
                "language": "en",
                "confirmed_at": now,
            }
            for number in range(1, PEOPLE + 1)
        ]
        db.session.execute(insert(User), rows)
    return list(db.session.scalars(select(User.id).where(User.email.like(pattern)).order_by(User.id)))


def _start_topics(group: Group, authors: list[int], count: int, at: datetime) -> list[int]:
    rows = [
        {
            "group_id": group.id,
            "question_id": group.questions[0].id if group.questions and place % 2 else None,
            "author_id": authors[place % len(authors)],
            "title": f"Topic {place + 1}",
            "language": "en",
            "created_at": at,
            "active_at": at,
        }
        for place in range(count)
    ]
    return list(db.session.scalars(insert(Topic).returning(Topic.id, sort_by_parameter_order=True), rows))


def _texts() -> list[dict[str, str]]:
    """Language, source and HTML of the sample's messages, each rendered once."""
    given = [message for name in TOPICS for topic in read(name)["topic"] for message in topic["message"]]
    return [{"language": one["language"], "body": one["body"], "html": render(one["body"])} for one in given]


def _message(
    place: int, topics: list[int], authors: list[int], texts: list[dict[str, str]], at: datetime
) -> dict[str, Any]:
    round_, topic = divmod(place, len(topics))
    author = (place * 7 + round_) % len(authors)
    return {
        "topic_id": topics[topic],
        "position": round_ + 1,
        "author_id": authors[author],
        "capacity": Capacity.ORGANIZATION,
        "country": "" if author % OF_STATE else STATE,
        "organization": f"Organization {author + 1}",
        "posted_at": at.replace(microsecond=0),
        "published_at": at.replace(microsecond=0),
        **texts[place % len(texts)],
    }


def _answer(topics: list[int]) -> None:
    """Make every fourth message a reply to the one three positions before it."""
    answered = aliased(Message)
    number = (
        select(answered.id)
        .where(answered.topic_id == Message.topic_id, answered.position == Message.position - REPLIES_BACK)
        .scalar_subquery()
    )
    statement = (
        update(Message)
        .where(
            Message.topic_id.between(topics[0], topics[-1]),
            Message.position % REPLIES_EVERY == 0,
        )
        .values(reply_to_id=number)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(statement)
