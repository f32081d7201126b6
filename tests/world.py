"""A small consultation for tests: people, a forum that is open, one that is a draft, and a topic."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.counters import carried, count_in
from app.database import utcnow
from app.extensions import db
from app.markup import render
from app.models import (
    Capacity,
    Forum,
    ForumRole,
    ForumText,
    Group,
    GroupText,
    Message,
    MessageStatus,
    Page,
    PageKind,
    PageText,
    Period,
    PeriodKind,
    Question,
    QuestionText,
    Role,
    Topic,
    User,
)

LANGUAGES = ("en", "es", "fr")


@dataclass(frozen=True)
class World:
    """The keys of what was made."""

    alice: int
    bruno: int
    moderator: int
    admin: int
    forum: int
    group: int
    topic: int
    first: int
    second: int

    @classmethod
    def make(cls) -> "World":
        _pages()
        people = {name: make_user(name) for name in ("alice", "bruno", "moderator", "admin")}
        people["admin"].is_admin = True
        forum = make_forum("open-forum")
        make_forum("draft-forum", published=False)
        db.session.add(ForumRole(user_id=people["moderator"].id, forum_id=forum.id, role=Role.MODERATOR))
        topic = make_topic(forum.groups[0], people["alice"], "Reporting formats")
        first = make_message(topic, people["alice"], "A shorter form would help.")
        second = make_message(topic, people["bruno"], "Estamos de acuerdo.", reply_to=first, language="es")
        db.session.commit()
        return cls(
            **{name: user.id for name, user in people.items()},
            forum=forum.id,
            group=forum.groups[0].id,
            topic=topic.id,
            first=first.id,
            second=second.id,
        )


def make_user(name: str, /, **more: object) -> User:
    """A confirmed participant, NAME@example.org, of an invented ministry; password "correct horse"."""
    values = {
        "email": f"{name}@example.org",
        "name": name.capitalize(),
        "password_hash": "!",
        "organization": "Ministry of Tests",
        "country": "XA",
        "capacity": Capacity.PARTY,
        "language": "en",
        "confirmed_at": utcnow(),
    }
    user = User(**(values | more))
    db.session.add(user)
    db.session.flush()
    return user


def make_forum(slug: str, *, published: bool = True, opens: int = -24, closes: int = 24) -> Forum:
    """A forum with one group and one question, open from `opens` to `closes` in hours from now."""
    now = utcnow()
    group = Group(slug="group-1", number=1, texts=texts(GroupText, title=f"Group of {slug}"))
    group.questions = [Question(number=1, texts=texts(QuestionText, text="What would help most?"))]
    forum = Forum(
        slug=slug,
        published_at=now if published else None,
        texts=texts(ForumText, title=f"Title of {slug}", short_title=f"Short {slug}", description="About tests."),
        groups=[group],
        periods=[make_period(PeriodKind.SCHEDULED, opens, closes, now)],
    )
    db.session.add(forum)
    db.session.flush()
    return forum


def make_period(kind: PeriodKind, opens: float, closes: float, now: datetime | None = None, **more: object) -> Period:
    """A period from `opens` to `closes`, in hours from now."""
    now = now or utcnow()
    return Period(kind=kind, opens_at=now + timedelta(hours=opens), closes_at=now + timedelta(hours=closes), **more)


def make_topic(group: Group, author: User, title: str, **more: object) -> Topic:
    topic = Topic(group=group, author=author, title=title, language="en", **more)
    db.session.add(topic)
    db.session.flush()
    return topic


def make_message(topic: Topic, author: User, body: str, *, language: str = "en", **more: object) -> Message:
    """A message, with the counters kept as the actions keep them."""
    with carried(topic):
        topic.last_position += 1
        message = _add_message(topic, author, body, language=language, position=topic.last_position, **more)
        message.published_at = topic.active_at = message.posted_at
        if message.status == MessageStatus.PUBLISHED:
            count_in(message)
    return message


def make_pending(topic: Topic, author: User, body: str, *, language: str = "en", **more: object) -> Message:
    """A message that waits for approval."""
    return _add_message(topic, author, body, language=language, status=MessageStatus.PENDING, **more)


def _add_message(topic: Topic, author: User, body: str, **more: object) -> Message:
    message = Message(
        topic=topic,
        author=author,
        body=body,
        html=render(body),
        capacity=author.capacity,
        organization=author.organization,
        country=author.country,
        **more,
    )
    db.session.add(message)
    db.session.flush()
    return message


def texts(kind: type, **values: str) -> dict:
    """The same text in the three languages, each marked with its code."""
    return {
        code: kind(language=code, **{name: f"{value} ({code})" for name, value in values.items()}) for code in LANGUAGES
    }


def _pages() -> None:
    parent = None
    for slug, kind in (("home", PageKind.HOME), ("portal", PageKind.PORTAL), ("archive", PageKind.ARCHIVE)):
        parent = Page(slug=slug, kind=kind, parent=parent, texts=texts(PageText, title=slug.capitalize()))
        db.session.add(parent)
    rules = Page(slug="rules", parent=None, texts=texts(PageText, title="Rules", html="<p>Be kind.</p>"))
    db.session.add(rules)
    db.session.flush()
    rules.parent_id = db.session.query(Page).filter_by(slug="home").one().id
