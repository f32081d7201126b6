"""What posting, editing and moderating share: positions of messages in topics, revisions, and the record of acts.

Functions that write are called inside a transaction. Those that change positions lock the topic first.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update

from app.citations import cited, with_citations
from app.counters import carried, count, count_in, count_out
from app.database import LOCKED, utcnow
from app.difference import compare
from app.errors import AlreadyDecided, ChangedMeanwhile, HiddenMeanwhile
from app.extensions import db
from app.markup import language_attribute, render
from app.models import (
    Act,
    ActKind,
    Follow,
    Forum,
    Group,
    Mail,
    Message,
    MessageStatus,
    Publication,
    Revision,
    Topic,
    User,
)
from app.permissions import MESSAGE_IS_VISIBLE, visible_to
from app.versions import fingerprint

LONGEST_NUMBER = 19  # in digits, of a key
# A quotation that says whom it quotes: its first line ends with a link to the message, `(#12):`.
QUOTATION = re.compile(
    r"<blockquote>(?P<before>\s*<p>)(?P<said_by>[^\n]{1,600}?"
    r'\(<a class="bare" href="/messages/(?P<number>[1-9][0-9]{0,9})/"[^>\n]{0,200}>#(?P=number)</a>\)'
    r"(?:\s|&nbsp;)?:)(?=</p>|<br)"
)


def lock(message: Message) -> None:
    """Read a message again, and lock it and its topic until the transaction ends."""
    _topic_of(message)  # first, since moving messages locks topics before messages
    db.session.refresh(message, with_for_update=LOCKED)


def publish(message: Message) -> None:
    """Publish a message at the end of its topic. Raises AlreadyDecided if someone else has changed its status
    meanwhile."""
    topic = _topic_of(message)
    with carried(topic):
        topic.last_position += 1
        message.position = topic.last_position
        message.status = MessageStatus.PUBLISHED
        message.published_at = utcnow()
        count_in(message)
        db.session.add(Publication(message_id=message.id))  # for those who follow it by email


def show(message: Message, status: MessageStatus) -> None:
    """Change the status of a message that has a position: withdrawn, withheld or published. Raises as `publish`.

    One that is published again goes to those followers who have not had it, unless it is older than what is known of
    emails that were sent.
    """
    topic = _topic_of(message)
    was, is_now = (one == MessageStatus.PUBLISHED for one in (message.status, status))
    with carried(topic):
        message.status = status
        if was != is_now:
            (count_in if is_now else count_out)(message)
        if is_now and not was and message.published_at and utcnow() - message.published_at < Mail.KEPT_FOR:
            db.session.merge(Publication(message_id=message.id))


def held(*topic_ids: int) -> dict[int, Topic]:
    """The existing ones of these topics, by key, read again and locked until the transaction ends."""
    statement = select(Topic).where(Topic.id.in_(topic_ids)).order_by(Topic.id).with_for_update(**LOCKED)
    topics = db.session.scalars(statement, execution_options={"populate_existing": True})
    return {topic.id: topic for topic in topics}


def standing(topic: Topic) -> Topic:
    """The topic, or the one that it was merged into, locked until the transaction ends."""
    while True:
        topic = topic.merged_into or topic
        db.session.refresh(topic, with_for_update=LOCKED)
        if topic.merged_into_id is None:
            return topic


def move(source: Topic, target: Topic, numbers: Collection[int] | None = None) -> None:
    """Move messages of a topic, by default all, into another one; both topics are `held`.

    Positions in both then follow the numbers of the messages. If no message with a position is left in the source, it
    is merged into the target: messages that wait for approval are moved too, and its address leads there.
    """
    both = Message.topic_id.in_((source.id, target.id))
    in_source = Message.topic_id == source.id
    has_place = Message.position.is_not(None)
    with carried(source, target):
        _update(both & has_place, position=-Message.id)  # since no two may have the same position at any time
        _update(in_source if numbers is None else in_source & Message.id.in_(numbers), topic_id=target.id)
        if db.session.scalar(select(Message.id).where(in_source, has_place).limit(1)) is None:
            _update(in_source, topic_id=target.id)
            _merge(source, target)
        _number_anew(both & has_place)
        db.session.expire_all()
        count(source)
        count(target)


def last_revision(message: Message) -> int:
    """The key of the last revision; 0 for none."""
    return message.revisions[-1].id if message.revisions else 0


def version_of(message: Message) -> str:
    """The version of what authors see of their message, with the title and the question of its topic. It begins with
    the key of the last revision, which shows what has been changed after it."""
    topic = message.topic
    said = [message.body, message.language, message.on_behalf_of, message.speaker]
    files = [(file.name, file.sha256) for file in message.files]
    return f"{last_revision(message)}-{fingerprint(topic.title, question_above(topic), said, files)}"


def question_above(topic: Topic) -> list[Any]:
    """The key of the question of a topic and its text in each language; twice None if there is none."""
    question = topic.question
    return [topic.question_id, question and {code: text.text for code, text in question.texts.items()}]


def outdated(message: Message, shown: str) -> ChangedMeanwhile:
    """The error for a form that showed another version: HiddenMeanwhile if a moderator has hidden the former text since
    then, which the form must not bring back, otherwise ChangedMeanwhile."""
    revision = shown.partition("-")[0]
    known = int(revision) if revision.isascii() and revision.isdigit() and len(revision) < LONGEST_NUMBER else 0
    acts = db.session.scalars(select(Act).filter_by(message_id=message.id, kind=ActKind.EDIT))
    is_hidden = any(act.detail.get("hides", 0) > known for act in acts)
    return HiddenMeanwhile() if is_hidden else ChangedMeanwhile()


def revise(message: Message, changes: Mapping[str, Any], *, files_change: bool = False) -> Revision | None:
    """Make changes to a message, and return the revision that keeps the former text.

    `changes` may contain `body` (Markdown), `language` and `on_behalf_of`. Returns None and stores nothing if they
    change nothing and no file is added or removed.
    """
    if not files_change and all(getattr(message, name) == value for name, value in changes.items()):
        return None
    kept = Revision(
        message=message,
        body=message.body,
        html=message.html,
        language=message.language,
        on_behalf_of=message.on_behalf_of,
        written_at=message.written_at,
    )
    db.session.add(kept)
    for name, value in changes.items():
        setattr(message, name, value)
    message.html = html_of(message.body, message.language, message.forum_id)
    kept.difference = compare(kept.html, message.html)
    message.edited_at = utcnow()
    db.session.flush()
    return kept


def html_of(body: str, language: str, forum_id: int | None) -> str:
    """The HTML of a message of this forum in this language, in which the numbers of messages are links. A quotation
    that names a published message has its language, except for the line that names it. Raises TooIntricate."""
    html = render(body, cited=cited(body, forum_id))
    quoted = {int(found["number"]) for found in QUOTATION.finditer(html)}
    public = select(Message.id, Message.language).where(Message.id.in_(quoted), Message.position.is_not(None))
    languages = {row.id: row.language for row in db.session.execute(public)} if quoted else {}
    return QUOTATION.sub(lambda found: _in_its_language(found, languages, language), html)


def _in_its_language(found: re.Match[str], languages: Mapping[int, str], language: str) -> str:
    """The beginning of a quotation, in a message in this language."""
    quoted = languages.get(int(found["number"]), language)
    if quoted == language:
        return found[0]
    line = f"<span{language_attribute(language, quoted)}>{found['said_by']}</span>"
    return f"<blockquote{language_attribute(quoted, language)}>{found['before']}{line}"


def record_act(
    kind: ActKind,
    *,
    by: User,
    forum: Forum,
    reason: Mapping[str, str],
    message: Message | None = None,
    topic: Topic | None = None,
    **detail: Any,
) -> Act:
    """Record an act on a message, a topic or both; `reason` is a text by language code.

    `detail` contains only numbers and codes, never a text that someone wrote, since the record is public.
    """
    act = Act(
        kind=kind,
        user=by,
        forum_id=forum.id,
        reason=with_citations(reason, forum.id),
        message=message,
        topic=topic,
        detail=detail,
    )
    db.session.add(act)
    return act


def why_returned(messages: Iterable[Any]) -> dict[int, Act]:
    """For the messages that were returned to their authors, the acts that returned them, by number of the message."""
    numbers = [message.id for message in messages if message.returned_at]
    statement = select(Act).where(Act.message_id.in_(numbers), Act.kind == ActKind.RETURN).order_by(Act.id)
    return {act.message_id: act for act in db.session.scalars(statement) if act.message_id} if numbers else {}


def last_correction(message: Message) -> Act | None:
    """The last act by which a moderator changed the text of the message; None if there is none."""
    statement = select(Act).filter_by(message_id=message.id, kind=ActKind.EDIT).order_by(Act.id.desc()).limit(1)
    return db.session.scalar(statement) if message.edited_at else None


def count_own_unpublished(user: User) -> int:
    """How many messages of a person wait, were returned or were withheld."""
    kept_back = Message.status.in_((MessageStatus.PENDING, MessageStatus.WITHHELD))
    statement = (
        select(func.count(Message.id)).join(Topic, Topic.id == Message.topic_id).join(Group, Group.id == Topic.group_id)
    )
    statement = statement.join(Forum).where(MESSAGE_IS_VISIBLE, Message.author_id == user.id, kept_back)
    return db.session.scalar(statement, visible_to(user)) or 0


def _topic_of(message: Message) -> Topic:
    """The topic in which a message is now, locked.

    The message may have been moved while we waited for the lock; raises AlreadyDecided if its status has changed.
    Changes of the message are not flushed before, since moving messages locks the topic first too.
    """
    known = message.status
    with db.session.no_autoflush:
        while True:
            topic = message.topic
            db.session.refresh(topic, with_for_update=LOCKED)
            db.session.expire(message, ("topic_id", "topic", "status"))
            if message.status != known:
                raise AlreadyDecided
            if message.topic_id == topic.id:
                return topic


def _merge(source: Topic, target: Topic) -> None:
    """Let the address of the source, and those that led there, lead to the target, which its followers now follow."""
    followed = Follow.topic_id == source.id
    there = select(Follow.user_id).where(Follow.topic_id == target.id)
    db.session.execute(update(Follow).where(followed, Follow.user_id.not_in(there)).values(topic_id=target.id))
    db.session.execute(delete(Follow).where(followed))
    led_here = update(Topic).where((Topic.id == source.id) | (Topic.merged_into_id == source.id))
    db.session.execute(led_here.values(merged_into_id=target.id).execution_options(synchronize_session=False))


def _number_anew(condition: ColumnElement[bool]) -> None:
    place = func.row_number().over(partition_by=Message.topic_id, order_by=Message.id).label("place")
    places = select(Message.id, place).where(condition).subquery()
    _update(Message.id == places.c.id, position=places.c.place)


def _update(condition: ColumnElement[bool], **values: Any) -> None:
    db.session.execute(update(Message).where(condition).values(**values).execution_options(synchronize_session=False))
