"""Moderating topics: pin, lock, change the title or the place, move messages, split, merge.

Each act is one transaction that locks the topics, checks the rights on everything that it changes, and records the act.
It raises ChangedMeanwhile if someone else has changed or moderated the topic since the moderator opened the form. The
same form sent again changes nothing and returns the same key.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, insert, literal, select

from app import audit, writing
from app.counters import carried
from app.database import utcnow
from app.errors import AlreadyDecided, ChangedMeanwhile, NotFound, Refused
from app.extensions import db, transaction
from app.models import Act, ActKind, Follow, Forum, Group, Message, Question, Topic, User
from app.notify import follow_own
from app.permissions import require
from app.submissions import Once
from app.versions import require_version, version_of

Place = tuple[int, int | None]  # the keys of a group and of one of its questions
MARKS = {
    ActKind.PIN: ("pinned_at", True),
    ActKind.UNPIN: ("pinned_at", False),
    ActKind.LOCK: ("locked_at", True),
    ActKind.UNLOCK: ("locked_at", False),
}
SAME_TITLE = _l("The topic already has this title. Please enter another.")
SAME_PLACE = _l("The topic is already there. Please choose another place.")
NO_SUCH_TOPIC = _l("There is no such topic in this forum.")
SAME_TOPIC = _l("This is the same topic. Please enter the address of another one.")
NOT_PUBLISHED = _l("No message in that topic has been published yet. Please first decide on those awaiting approval.")


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Who acts on a topic and why. `reason` is by language code; `version` is the version of the topic that the form
    showed, and `key` identifies the form."""

    by: User
    reason: Mapping[str, str]
    version: str
    key: str

    def once(self, *content: object) -> Once:
        """The form that was sent, with this content."""
        return Once(self.key, self.by, *content, self.reason)


def version_of_topic(topic: Topic) -> str:
    """The version of a topic as moderators see it: title, group, question and latest act.

    A form with another version is out of date.
    """
    latest = db.session.scalar(select(func.max(Act.id)).where(Act.topic_id == topic.id))
    return version_of(topic, ("title", "language", "group_id"), writing.question_above(topic), latest)


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
    """Change the title of a topic. Only the log of the administration keeps the former title. Raises what `mark`
    raises, and Refused if nothing changes."""
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


def refile(topic_id: int, place: Place, *, decision: Decision) -> int:
    """Move a topic to another group of its forum or to another question. `place` has the keys of the group and the
    question (None for no question). Raises what `mark` raises, NotFound for a place in another forum, and Refused if
    nothing changes."""
    once = decision.once(ActKind.MOVE, topic_id, place)
    with transaction(once=once):
        if once.before:
            return once.before
        topic = _held(topic_id)
        require(decision.by, "moderate_topic", topic)
        require_version(decision.version, version_of_topic(topic))
        group, question = _find_place(topic.group.forum, place)
        if _place_of(topic) == place:
            raise Refused(SAME_PLACE, "place")
        return _keep(decision, once, ActKind.MOVE, topic, detail=_put(topic, group, question))


def move_messages(topic_id: int, numbers: Collection[int], target_id: int, *, decision: Decision) -> int:
    """Move messages to another topic of the forum, and return the key of that topic.

    A topic with no published message left is merged into the other. Raises Forbidden, Archived, AlreadyDecided,
    ChangedMeanwhile, NotFound for a message of another forum, and Refused for a topic that cannot take the messages.
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
    place: Place,
    *,
    decision: Decision,
) -> int:
    """Move messages to a new topic, and return its key. Its author is the author of the first of them.

    `titled` has the `title` and its `language`; `place` is as for `refile`. Raises what `move_messages` raises.
    """
    once = decision.once(ActKind.SPLIT, topic_id, sorted(numbers), titled, place)
    with transaction(once=once):
        if once.before:
            return once.before
        source = _held(topic_id)
        require(decision.by, "rearrange", source)
        require_version(decision.version, version_of_topic(source))
        group, question = _find_place(source.group.forum, place)
        first = _messages_of(source, numbers)[0]
        made = Topic(group=group, question=question, author=first.author, created_at=first.posted_at, **titled)
        db.session.add(made)
        db.session.flush()
        _keep_followers(source, made, first)
        detail = _move(source, made, numbers, decision.by)
        return _keep(decision, once, ActKind.SPLIT, made, detail=detail)


def merge(topic_id: int, target_id: int, under: Place | None = None, *, decision: Decision) -> int:
    """Move all messages of a topic to another topic of the forum, and return the key of that topic. The address of the
    merged topic then redirects to it.

    `under` is the place of one of the two, as for `refile`, and is needed only if their questions differ. Raises what
    `move_messages` raises, and ChangedMeanwhile if it is the place of neither.
    """
    once = decision.once(ActKind.MERGE, topic_id, target_id, under)
    with transaction(once=once):
        if once.before:
            return once.before
        source, target = _held_pair(topic_id, target_id)
        require(decision.by, "moderate_topic", source)
        require_version(decision.version, version_of_topic(source))
        target = _checked(target, source)
        require(decision.by, "moderate_topic", target)
        detail = {"from_topic": source.id, "messages": _published_numbers(source)}
        detail |= _choose_place(source, target, under)
        writing.move(source, target)
        return _keep(decision, once, ActKind.MERGE, target, detail=detail)


def _keep(
    decision: Decision, once: Once, kind: ActKind, topic: Topic, *, detail: Mapping[str, Any] | None = None
) -> int:
    """Record the act and return the key of the topic to show next."""
    forum = topic.group.forum
    writing.record_act(kind, by=decision.by, forum=forum, reason=decision.reason, topic=topic, **(detail or {}))
    once.made(topic.id)
    return topic.id


def _keep_followers(source: Topic, made: Topic, first: Message) -> None:
    """Let those who follow a topic follow the one that is split off from it, in the same way, and its author as if they
    had started it. Who started both has chosen already."""
    now = literal(utcnow(), Follow.created_at.type)
    own = select(Follow.user_id, literal(made.id), Follow.how, now).where(Follow.topic_id == source.id)
    columns = ("user_id", "topic_id", "how", "created_at")
    db.session.execute(insert(Follow).from_select(columns, own))
    author, followed = first.author, select(Follow.id).where(Follow.topic_id == made.id)
    is_new = author is not source.author and not first.speaker and author.has_account
    if is_new and db.session.scalar(followed.where(Follow.user_id == author.id)) is None:
        follow_own(made)


def _held(topic_id: int) -> Topic:
    return _held_pair(topic_id, topic_id)[0]


def _held_pair(topic_id: int, target_id: int) -> tuple[Topic, Topic | None]:
    """Both topics, locked; the second is None if it does not exist. Raises NotFound if the first does not."""
    topics = writing.held(topic_id, target_id)
    if topic_id not in topics:
        raise NotFound
    return topics[topic_id], topics.get(target_id)


def _checked(target: Topic | None, source: Topic) -> Topic:
    """The topic to move messages to. Raises Refused if it is in another forum or cannot take them."""
    if target is None or target.group.forum_id != source.group.forum_id:
        raise Refused(NO_SUCH_TOPIC, "target")
    if target is source:
        raise Refused(SAME_TOPIC, "target")
    if not target.last_position:
        raise Refused(NOT_PUBLISHED, "target")
    return target


def _find_place(forum: Forum, place: Place) -> tuple[Group, Question | None]:
    """A group of the forum and, if `place` names one, a question of that group. Raises NotFound."""
    group_id, question_id = place
    group = next((one for one in forum.groups if one.id == group_id), None)
    question = next((one for one in group.questions if one.id == question_id), None) if group else None
    if group is None or (question_id and question is None):
        raise NotFound
    return group, question


def _place_of(topic: Topic) -> Place:
    return topic.group_id, topic.question_id


def _put(topic: Topic, group: Group, question: Question | None) -> dict[str, int | None]:
    """Put a topic into a group and under a question, and return the details for the record."""
    former = _place_of(topic)
    with carried(topic):
        topic.group, topic.question = group, question
    names = ("from_group", "from_question", "to_group", "to_question")
    return dict(zip(names, (*former, *_place_of(topic)), strict=True))


def _choose_place(source: Topic, target: Topic, under: Place | None) -> dict[str, int | None]:
    """Put the target of a merge where the source stands if that was chosen, and return the details for the record."""
    if source.question_id == target.question_id or under == _place_of(target):
        return {}
    if under != _place_of(source):
        raise ChangedMeanwhile
    return _put(target, source.group, source.question)


def _published_numbers(topic: Topic) -> list[int]:
    """The numbers of a topic's published messages, in ascending order."""
    statement = select(Message.id).where(Message.topic_id == topic.id, Message.position.is_not(None))
    return list(db.session.scalars(statement.order_by(Message.id)))


def _messages_of(topic: Topic, numbers: Collection[int]) -> list[Message]:
    """Published messages of a topic, in the order of their numbers.

    Raises NotFound for a number that the forum does not have, and AlreadyDecided for a message that is in another topic
    by now or is not published yet.
    """
    statement = select(Message).where(Message.id.in_(numbers)).order_by(Message.id)
    messages = list(db.session.scalars(statement, execution_options={"populate_existing": True}))
    forum_id = topic.group.forum_id
    if len(messages) < len(numbers) or any(message.topic.group.forum_id != forum_id for message in messages):
        raise NotFound
    if any(message.topic_id != topic.id or message.position is None for message in messages):
        raise AlreadyDecided
    return messages


def _move(source: Topic, target: Topic, numbers: Collection[int], by: User) -> dict[str, Any]:
    """Move messages, if each of them may be moved, and return the details for the record."""
    messages = _messages_of(source, numbers)
    for message in messages:
        require(by, "move", message)
    detail = {"from_topic": source.id, "messages": [message.id for message in messages]}
    writing.move(source, target, numbers)
    return detail
