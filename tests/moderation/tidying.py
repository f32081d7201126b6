"""A forum with topics to move, split and merge, and the forms for doing so."""

from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.counters import recount
from app.extensions import db
from app.models import (
    Act,
    Forum,
    ForumRole,
    Group,
    GroupText,
    LogEntry,
    Message,
    MessageStatus,
    Question,
    QuestionText,
    Role,
    Topic,
    User,
)
from app.moderation.topics import version_of_topic
from tests.world import World, make_forum, make_message, make_topic, make_user, texts

REASON = "These belong together"


@dataclass(frozen=True)
class Place:
    """Keys of what is added to the small world: a second topic with messages between and after those of the first, a
    second group, and another forum with a moderator of its own."""

    other: int  # a topic with the messages `third`, `fifth`
    third: int
    fourth: int  # the third message of the small world's topic
    fifth: int
    group: int
    question: int
    foreign_topic: int
    foreign_message: int
    foreign_group: int
    foreign_moderator: int
    hidden_topic: int
    hidden_message: int


def furnish(world: World) -> Place:
    people = {name: db.session.get_one(User, getattr(world, name)) for name in ("alice", "bruno")}
    first = db.session.get_one(Topic, world.topic)
    other = make_topic(first.group, people["bruno"], "Annual reports")
    third = make_message(other, people["bruno"], "Third words.")
    fourth = make_message(first, people["bruno"], "Fourth words.", reply_to=third)
    fifth = make_message(other, people["alice"], "Fifth words.", reply_to=third)
    group = Group(forum_id=world.forum, slug="group-2", number=2, texts=texts(GroupText, title="Second group"))
    group.questions = [Question(number=1, texts=texts(QuestionText, text="And what else?"))]
    db.session.add(group)
    foreign = make_forum("foreign-forum")
    moderator = make_user("foreign")
    db.session.add(ForumRole(user_id=moderator.id, forum_id=foreign.id, role=Role.MODERATOR))
    foreign_topic = make_topic(foreign.groups[0], people["alice"], "Foreign topic")
    foreign_message = make_message(foreign_topic, people["alice"], "Foreign words.")
    draft = db.session.scalars(select(Group).join(Forum).where(Forum.slug == "draft-forum")).one()
    hidden_topic = make_topic(draft, people["alice"], "Hidden topic")
    hidden_message = make_message(hidden_topic, people["alice"], "Hidden words.")
    db.session.commit()
    return Place(
        other=other.id,
        third=third.id,
        fourth=fourth.id,
        fifth=fifth.id,
        group=group.id,
        question=group.questions[0].id,
        foreign_topic=foreign_topic.id,
        foreign_message=foreign_message.id,
        foreign_group=foreign.groups[0].id,
        foreign_moderator=moderator.id,
        hidden_topic=hidden_topic.id,
        hidden_message=hidden_message.id,
    )


def path_of(topic_id: int, name: str) -> str:
    return f"/en/moderation/topics/{topic_id}/{name}/"


def act(app: Flask, client: FlaskClient, topic_id: int, name: str, **fields: object) -> TestResponse:
    """Send the form of an act with the present version and a reason; `fields` are its other fields."""
    data = {"listed": "0", "words": REASON, "version": seen_of(app, topic_id), **fields}
    return client.post(path_of(topic_id, name), data=data)


def seen_of(app: Flask, topic_id: int) -> str:
    """The present version of a topic, or "" if there is no such topic."""
    with app.app_context():
        topic = db.session.get(Topic, topic_id)
        return version_of_topic(topic) if topic else ""


def acts(app: Flask) -> list[tuple[str, int | None, dict]]:
    """The acts so far, oldest first, as `(kind, topic, detail)`."""
    with app.app_context():
        found = db.session.scalars(select(Act).order_by(Act.id))
        return [(one.kind, one.topic_id, one.detail) for one in found]


def log(app: Flask) -> list[tuple[str, str, list]]:
    """The log of the administration, oldest first, as `(action, kind, changes)`."""
    with app.app_context():
        found = db.session.scalars(select(LogEntry).order_by(LogEntry.id))
        return [(one.action, one.kind, one.detail) for one in found]


def places(app: Flask, topic_id: int) -> list[tuple[int, int | None]]:
    """`(number, position)` of a topic's messages, by position."""
    with app.app_context():
        statement = select(Message.id, Message.position).where(Message.topic_id == topic_id)
        return [(number, position) for number, position in db.session.execute(statement.order_by(Message.position))]


def numbers(app: Flask, topic_id: int) -> list[int]:
    return [number for number, _position in places(app, topic_id)]


def get(app: Flask, kind: type, key: int):
    with app.app_context():
        return db.session.get(kind, key)


def change(app: Flask, kind: type, key: int, **values: object) -> None:
    """Change a row without an action, and recount."""
    with app.app_context():
        thing = db.session.get_one(kind, key)
        for name, value in values.items():
            setattr(thing, name, value)
        recount()
        db.session.commit()


def add_pending(app: Flask, topic_id: int, author_id: int, body: str = "Waiting words.") -> int:
    """Add a message that waits for approval, and return its number."""
    with app.app_context():
        author = db.session.get_one(User, author_id)
        message = Message(
            topic_id=topic_id,
            author=author,
            status=MessageStatus.PENDING,
            language="en",
            body=body,
            html=f"<p>{body}</p>",
            capacity=author.capacity,
        )
        db.session.add(message)
        db.session.commit()
        return message.id


def check_everything_in_place(app: Flask) -> None:
    """The places in each topic run from 1 without a gap, in the order of the numbers, and every counter is right."""
    with app.app_context():
        for topic in db.session.scalars(select(Topic)):
            statement = select(Message.id, Message.position).where(Message.topic_id == topic.id)
            placed = db.session.execute(statement.where(Message.position.is_not(None)).order_by(Message.position)).all()
            assert [position for _number, position in placed] == list(range(1, len(placed) + 1))
            assert [number for number, _position in placed] == sorted(number for number, _position in placed)
            assert topic.merged_into_id is None or not placed
        assert recount() == []
        db.session.rollback()
