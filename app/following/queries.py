"""What people follow by email: the list of a person, and who follows a message.

Whether someone may read a message is asked when it is sent, not here (app/following/letters.py).
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, bindparam, func, select, union_all

from app import writing
from app.addresses import link
from app.errors import NotFound
from app.extensions import db
from app.languages import text_in
from app.models import Delivery, Follow, Forum, Group, How, Message, Question, Topic, User
from app.permissions import FORUM_IS_VISIBLE, TOPIC_IS_VISIBLE, visible_to
from app.versions import fingerprint

# What can be followed, as addresses name it, the narrowest first: an email names the narrowest that its reader follows.
KINDS: dict[str, Any] = {"topics": Topic, "questions": Question, "groups": Group, "forums": Forum}
KEYS: dict[str, Any] = {
    "topics": Follow.topic_id,
    "questions": Follow.question_id,
    "groups": Follow.group_id,
    "forums": Follow.forum_id,
}
_HOW = {
    kind: select(Follow.how).where(Follow.user_id == bindparam("user_id"), column == bindparam("key"))
    for kind, column in KEYS.items()
}
ANNOUNCEMENTS = "secretariat"  # of the Secretariat, which are on from the start
ANSWERS = "answers"  # to one's own messages, which are no row but a choice of the account


class Following(NamedTuple):
    """How someone follows something, and the version of that, which stays the same when a topic is merged."""

    kind: str
    key: int
    how: str

    @property
    def version(self) -> str:
        return fingerprint(self.how)


class Named(NamedTuple):
    """The name of something that can be followed, the language of the name, and its page."""

    name: str
    language: str
    path: str


class Follower(NamedTuple):
    """Someone to whom a message is to be sent, each or in the digest."""

    user_id: int
    email: str
    language: str
    digest_hour: int
    how: str


def standing(kind: str, key: int, *, is_locked: bool = False) -> int:
    """The key of what is followed: for a merged topic, that of the topic in which its messages are now, which is locked
    on request until the transaction ends."""
    topic = db.session.get(Topic, key) if kind == "topics" else None
    if topic is None:
        return key
    return (writing.standing(topic) if is_locked else topic.merged_into or topic).id


def get_thing(kind: str, key: int, viewer: User) -> Any:
    """A forum, group, question or topic that the viewer may see. Raises NotFound."""
    statement = _in_forums(kind).where(KINDS[kind].id == key)
    found = db.session.scalar(statement, visible_to(viewer))
    if found is None:
        raise NotFound
    return found


def get_following(kind: str, key: int, user: User) -> Following:
    """How a person follows something."""
    how = db.session.scalar(_HOW[kind], {"user_id": user.id, "key": key})
    return Following(kind, key, how or How.NONE)


def find_follow(kind: str, key: int, user: User) -> Follow | None:
    return db.session.scalar(select(Follow).where(Follow.user_id == user.id, KEYS[kind] == key))


def list_followed(user: User) -> list[tuple[Named, Following]]:
    """What a person follows and may see, the widest first."""
    found = []
    for kind in reversed(KINDS):
        statement = _in_forums(kind).add_columns(Follow.how).join(Follow, KEYS[kind] == KINDS[kind].id)
        rows = db.session.execute(statement.where(Follow.user_id == user.id).order_by(Follow.id), visible_to(user))
        found += [(named(kind, thing), Following(kind, thing.id, how)) for thing, how in rows]
    return found


def named(kind: str, thing: Any) -> Named:
    """The name of something in the reader's language or, if it has none there, in another."""
    if kind == "topics":
        return Named(thing.title, thing.language, link("forums.topic", topic_id=thing.id))
    text = text_in(thing)
    if kind == "forums":
        return Named(text.title, text.language, link("forums.forum", forum_slug=thing.slug))
    group = thing if kind == "groups" else thing.group
    path = link("forums.group", forum_slug=group.forum.slug, group_slug=group.slug)
    if kind == "groups":
        name = _("Group %(number)s: %(title)s", number=group.number, title=text.title)
        return Named(name, text.language, path)
    name = _("Group %(group)s, question %(number)s: %(text)s", group=group.number, number=thing.number, text=text.text)
    return Named(name, text.language, f"{path}?question={thing.number}")


def followers(message: Message, after: int, most: int) -> Sequence[Follower]:
    """The next people to whom a message is to be sent, in the order of their keys and so many at most: those who follow
    its topic, question, group or forum, or whose message it answers. Those who follow it in several ways get it once,
    by itself if one of the ways says so; the author does not get it, nor who was given it before."""
    topic, answered = message.topic, message.reply_to
    keys = {
        "topics": topic.id,
        "questions": topic.question_id,
        "groups": topic.group_id,
        "forums": message.forum_id,
    }
    ways: list[Any] = [
        select(Follow.user_id.label("user_id"), Follow.how.label("how")).where(
            KEYS[kind] == key, Follow.user_id > after
        )
        for kind, key in keys.items()
        if key is not None
    ]
    if answered is not None and not answered.speaker:
        chosen = (User.id == answered.author_id) & (User.mail_answers != How.NONE) & (User.id > after)
        ways.append(select(User.id, User.mail_answers).where(chosen))
    way = union_all(*ways).subquery()
    given = select(Delivery.user_id).where(Delivery.user_id == User.id, Delivery.message_id == message.id)
    statement = (
        # EACH comes after DIGEST in the alphabet
        select(User.id, User.email, User.language, User.digest_hour, func.max(way.c.how))
        .join(way, way.c.user_id == User.id)
        .where(User.id != message.author_id, ~given.exists())
        .group_by(User.id)
        .order_by(User.id)
        .limit(most)
    )
    return [Follower(*row) for row in db.session.execute(statement)]


class Way(NamedTuple):
    """The way in which a message came to someone: the kind and the key of what they follow, and how."""

    kind: str
    key: int
    how: str


def ways_of(user: User) -> Mapping[tuple[str, int], str]:
    """How a person follows what, by kind and key."""
    rows = db.session.execute(select(*KEYS.values(), Follow.how).where(Follow.user_id == user.id))
    return {(kind, key): how for *keys, how in rows for kind, key in zip(KEYS, keys, strict=True) if key is not None}


def way_to(user: User, row: Any, ways: Mapping[tuple[str, int], str], how: str) -> Way | None:
    """The way in which a message comes to this person now, preferably one that sends it like this; None if they no
    longer follow it. The row has the keys of the message, and who wrote the message that it answers."""
    keys = (row.topic_id, row.question_id, row.group_id, row.forum_id)
    found = [Way(kind, key, ways[kind, key]) for kind, key in zip(KINDS, keys, strict=True) if (kind, key) in ways]
    if row.answered_author_id == user.id and not row.answered_speaker and user.mail_answers != How.NONE:
        found.insert(0, Way(ANSWERS, 0, user.mail_answers))
    return min(found, key=lambda way: way.how != how, default=None)


def _in_forums(kind: str) -> Select[Any]:
    """The things of a kind that a viewer may see."""
    statement: Select[Any] = select(KINDS[kind])
    if kind == "questions":
        statement = statement.join(Group, Group.id == Question.group_id)
    elif kind == "topics":
        statement = statement.join(Group, Group.id == Topic.group_id)
    if kind != "forums":
        statement = statement.join(Forum, Forum.id == Group.forum_id)
    is_visible: ColumnElement[bool] = TOPIC_IS_VISIBLE if kind == "topics" else FORUM_IS_VISIBLE
    return statement.where(is_visible)
