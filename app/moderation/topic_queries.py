"""The topics to which a moderator can move messages: the public ones of the same forum."""

from collections.abc import Sequence
from itertools import islice

from sqlalchemy import Row, Select, select

from app.extensions import db
from app.languages import reader_language
from app.models import Group, Topic

MOST_OFFERED = 100
MOST_FOUND = 20


def list_targets(topic: Topic) -> Sequence[Row[int, str, str, int]]:
    """The other public topics of a topic's forum, at most MOST_OFFERED, as `(id, title, language, number)`, where
    `number` is that of the group: those of its own group first, then the most recently active."""
    return db.session.execute(_targets(topic).limit(MOST_OFFERED)).all()


def find_targets(topic: Topic, words: str) -> list[Row[int, str, str, int]]:
    """As `list_targets`, but at most MOST_FOUND, with all these words or parts of words in the title. Case and accents
    do not matter."""
    sought = _folded(words).split()
    rows = db.session.execute(_targets(topic), execution_options={"yield_per": 500})
    found = list(islice((row for row in rows if all(word in _folded(row.title) for word in sought)), MOST_FOUND))
    rows.close()
    return found


def find_target(topic: Topic, key: int) -> Topic | None:
    """The topic with this key if it is one of the targets, otherwise None."""
    return db.session.get(Topic, key) if db.session.scalar(_targets(topic).where(Topic.id == key)) else None


def _targets(topic: Topic) -> Select[int, str, str, int]:
    statement = select(Topic.id, Topic.title, Topic.language, Group.number).join(Group, Group.id == Topic.group_id)
    statement = statement.where(Group.forum_id == topic.group.forum_id, Topic.standing >= 0, Topic.id != topic.id)
    return statement.order_by(Topic.group_id != topic.group_id, Topic.active_at.desc(), Topic.id.desc())


def _folded(text: str) -> str:
    return reader_language().sort_key(text)
