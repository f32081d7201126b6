"""What moderators do with topics: pin, lock, give another title or place, move messages, split, merge.

Each act is one transaction, in which the topics are kept from other writers, the rights are checked on all that it
touches, and the act is recorded. Where somebody else has decided something about the topic since the moderator opened
the form, nothing is done (ChangedMeanwhile); the same form sent again does nothing and returns what it returned before.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from app import audit, writing
from app.counters import carried
from app.database import utcnow
from app.errors import AlreadyDecided, NotFound, Refused
from app.extensions import db, transaction
from app.models import ActKind, Forum, Group, Question, Topic, User
from app.moderation.topic_queries import get_messages_of, numbers_with_place, version_of_topic
from app.permissions import require
from app.submissions import Once
from app.versions import require_version

MARKS = {
    ActKind.PIN: ("pinned_at", True),
    ActKind.UNPIN: ("pinned_at", False),
    ActKind.LOCK: ("locked_at", True),
    ActKind.UNLOCK: ("locked_at", False),
}
SAME_TITLE = _l("This is the title that the topic has. Please write another one.")
SAME_PLACE = _l("The topic stands there already. Please choose another place.")
NO_SUCH_TOPIC = _l("This forum has no such topic.")
SAME_TOPIC = _l("This is the same topic. Please give the address of another one.")
NOT_PUBLISHED = _l("Nothing of that topic has been published yet. Please decide first on what waits in it.")


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Who acts on a topic and why (`reason` by language code); `version` is that of the topic which the form showed,
    `key` that of the form."""

    by: User
    reason: Mapping[str, str]
    version: str
    key: str

    def once(self, *content: object) -> Once:
        """The form by which it was sent, with this content."""
        return Once(self.key, self.by, *content, self.reason)


def mark(topic_id: int, kind: ActKind, *, decision: Decision) -> int:
    """Pin, unpin, lock or unlock a topic, and return its key. Raises Forbidden, Archived, AlreadyDecided,
    ChangedMeanwhile, NotFound."""
    column, on = MARKS[kind]
    once = decision.once(kind, topic_id)
    with transaction(once=once):
        if once.before:
            return once.before
        topic = _held(topic_id)
        require(decision.by, "moderate_topic", topic)
        require_version(decision.version, version_of_topic(topic))
        if (getattr(topic, column) is not None) == on:
            raise AlreadyDecided
        setattr(topic, column, utcnow() if on else None)
        return _keep(decision, once, kind, topic)


def retitle(topic_id: int, title: str, language: str, *, decision: Decision) -> int:
    """Give a topic another title; the former one goes to the log of the administration alone. Raises as `mark`, and
    Refused where nothing changes."""
    once = decision.once(ActKind.RETITLE, topic_id, title, language)
    with transaction(once=once):
        if once.before:
            return once.before
        topic = _held(topic_id)
        require(decision.by, "moderate_topic", topic)
        require_version(decision.version, version_of_topic(topic))
        if (topic.title, topic.language) == (title, language):
            raise Refused(SAME_TITLE, "title")
        changes = audit.assign(topic, {"title": title}, language)
        topic.language = language
        audit.record(decision.by, "edit", "topics", topic, changes)
        return _keep(decision, once, ActKind.RETITLE, topic)


def refile(topic_id: int, place: tuple[int, int | None], *, decision: Decision) -> int:
    """Put a topic into another group of its forum, or under another question: `place` has the keys of both, None for
    no question. Raises as `mark`, NotFound for a place of another forum, and Refused where nothing changes."""
    once = decision.once(ActKind.MOVE, topic_id, place)
    with transaction(once=once):
        if once.before:
            return once.before
        topic = _held(topic_id)
        require(decision.by, "moderate_topic", topic)
        require_version(decision.version, version_of_topic(topic))
        group, question = _find_place(topic.group.forum, place)
        former = (topic.group_id, topic.question_id)
        if former == place:
            raise Refused(SAME_PLACE, "place")
        with carried(topic):
            topic.group, topic.question = group, question
        ways = zip(("from_group", "from_question", "to_group", "to_question"), (*former, *place), strict=True)
        return _keep(decision, once, ActKind.MOVE, topic, detail=dict(ways))


def move_messages(topic_id: int, numbers: Collection[int], target_id: int, *, decision: Decision) -> int:
    """Put messages of a topic into another topic of the forum, and return that one's key.

    A topic that has no published message left is merged into the other. Raises Forbidden, Archived, AlreadyDecided,
    ChangedMeanwhile, NotFound for a message of another forum, and Refused for a topic that cannot take them.
    """
    once = decision.once(ActKind.MOVE, topic_id, sorted(numbers), target_id)
    with transaction(once=once):
        if once.before:
            return once.before
        source, target = _held_pair(topic_id, target_id)
        require(decision.by, "rearrange", source)
        require_version(decision.version, version_of_topic(source))
        target = _checked(target, source)
        require(decision.by, "rearrange", target)
        detail = _move(source, target, numbers, decision.by)
        return _keep(decision, once, ActKind.MOVE, target, detail=detail)


def split(
    topic_id: int,
    numbers: Collection[int],
    titled: Mapping[str, str],
    place: tuple[int, int | None],
    *,
    decision: Decision,
) -> int:
    """Make messages of a topic a new one, whose key is returned; who wrote the first of them is its author.

    `titled` has `title` and its `language`, `place` is as `refile` takes it. Raises as `move_messages`.
    """
    once = decision.once(ActKind.SPLIT, topic_id, sorted(numbers), titled, place)
    with transaction(once=once):
        if once.before:
            return once.before
        source = _held(topic_id)
        require(decision.by, "rearrange", source)
        require_version(decision.version, version_of_topic(source))
        group, question = _find_place(source.group.forum, place)
        first = get_messages_of(source, numbers)[0]
        made = Topic(group=group, question=question, author=first.author, created_at=first.posted_at, **titled)
        db.session.add(made)
        db.session.flush()
        detail = _move(source, made, numbers, decision.by)
        return _keep(decision, once, ActKind.SPLIT, made, detail=detail)


def merge(topic_id: int, target_id: int, *, decision: Decision) -> int:
    """Put all messages of a topic into another one of the forum, to which its address leads from then on; return that
    one's key. Raises as `move_messages`."""
    once = decision.once(ActKind.MERGE, topic_id, target_id)
    with transaction(once=once):
        if once.before:
            return once.before
        source, target = _held_pair(topic_id, target_id)
        require(decision.by, "moderate_topic", source)
        require_version(decision.version, version_of_topic(source))
        target = _checked(target, source)
        require(decision.by, "moderate_topic", target)
        detail = {"from_topic": source.id, "messages": numbers_with_place(source)}
        writing.move(source, target)
        return _keep(decision, once, ActKind.MERGE, target, detail=detail)


def _keep(
    decision: Decision, once: Once, kind: ActKind, topic: Topic, *, detail: Mapping[str, Any] | None = None
) -> int:
    """Record the act, and give the key of the topic that its form leads to."""
    forum = topic.group.forum
    writing.record_act(kind, by=decision.by, forum=forum, reason=decision.reason, topic=topic, **(detail or {}))
    once.made(topic.id)
    return topic.id


def _held(topic_id: int) -> Topic:
    return _held_pair(topic_id, topic_id)[0]


def _held_pair(topic_id: int, target_id: int) -> tuple[Topic, Topic | None]:
    """Both topics, kept from other writers; the second may not exist."""
    topics = writing.held(topic_id, target_id)
    if topic_id not in topics:
        raise NotFound
    return topics[topic_id], topics.get(target_id)


def _checked(target: Topic | None, source: Topic) -> Topic:
    """The topic that messages are moved to. Raises Refused for one that is none of the forum or cannot take them."""
    if target is None or target.group.forum_id != source.group.forum_id:
        raise Refused(NO_SUCH_TOPIC, "target")
    if target is source:
        raise Refused(SAME_TOPIC, "target")
    if not target.last_position:
        raise Refused(NOT_PUBLISHED, "target")
    return target


def _find_place(forum: Forum, place: tuple[int, int | None]) -> tuple[Group, Question | None]:
    """A group of the forum and, with its key, one of that group's questions. Raises NotFound."""
    group_id, question_id = place
    group = next((one for one in forum.groups if one.id == group_id), None)
    question = next((one for one in group.questions if one.id == question_id), None) if group else None
    if group is None or (question_id and question is None):
        raise NotFound
    return group, question


def _move(source: Topic, target: Topic, numbers: Collection[int], by: User) -> dict[str, Any]:
    """Move messages of which each one may be moved, and give what the record says of it."""
    messages = get_messages_of(source, numbers)
    for message in messages:
        require(by, "move", message)
    detail = {"from_topic": source.id, "messages": [message.id for message in messages]}
    writing.move(source, target, numbers)
    return detail
