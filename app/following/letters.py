"""What emails with messages, and announcements, say. They are written when they are sent: only what their reader may
see at that moment and still follows is in them, and an email in which nothing is left is not sent. An announcement is
sent as it was written.

Each text stands as it was written, with the name of its language; all around it is in the reader's language.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from app.auth.emails import address_for
from app.database import utcnow
from app.extensions import db
from app.following.queries import ANNOUNCEMENTS, ANSWERS, KINDS, Way, named, way_to, ways_of
from app.following.stopping import DIGEST, address_to_decline, address_to_stop
from app.forums.topic_queries import MESSAGE_COLUMNS, ShownMessage, read_messages
from app.languages import language_or_default, speaking, text_in
from app.mail.letters import Letter, letter_of
from app.mail.outbox import render
from app.models import Delivery, Forum, Group, How, Mail, Message, MessageStatus, Topic, User
from app.permissions import MESSAGE_IS_VISIBLE, PostingContext, posting_refusal, visible_to

MOST_TEXTS = 50  # in one digest
MOST_CHARACTERS = 200_000  # of these texts as HTML; the first is whole however long it is
MOST_TOPICS = 50  # named in it
MOST_WAYS = 20  # in which messages came, each with its link to stop it

_answered = aliased(Message)
# The messages of an email that its reader may see, with what decides whether the reader still follows them.
IN_MAIL = (
    select(
        Message.id,
        Message.topic_id,
        Topic.question_id,
        Topic.group_id,
        Message.forum_id,
        _answered.author_id.label("answered_author_id"),
        _answered.speaker.label("answered_speaker"),
    )
    .join(Delivery, Delivery.message_id == Message.id)
    .join(Topic, Topic.id == Message.topic_id)
    .join(Group, Group.id == Topic.group_id)
    .join(Forum, Forum.id == Group.forum_id)
    .outerjoin(_answered, _answered.id == Message.reply_to_id)
    .where(Delivery.mail_id == bindparam("mail_id"), Message.status == MessageStatus.PUBLISHED, MESSAGE_IS_VISIBLE)
    .order_by(Message.forum_id, Topic.group_id, Message.topic_id, Message.position)
)


@dataclass(frozen=True)
class Part:
    """Messages of one topic in an email, each with its Markdown; `more` are those without their texts."""

    topic: Topic
    forum: Any
    messages: Sequence[tuple[ShownMessage, str]] = ()
    more: int = 0


def write_followed(mail: Mail) -> Letter | None:
    """The email with one message."""
    user = _reader(mail)
    found = _left_in(mail, user, How.EACH) if user else {}
    if user is None or not found:
        return None
    with speaking(language_or_default(user.language)):
        [(row, way)] = found.items()
        [part] = _parts([row])
        message = part.messages[0][0]
        first = message.position == 1
        title = f"[{part.forum.short_title}] {part.topic.title}"
        key = _key(row.id, user)
        root = _key(_first_number(part.topic), user)
        answers = root if message.reply_to_id is None else _key(message.reply_to_id, user)
        return _letter(
            user,
            "followed",
            way,
            key,
            answers="" if first else answers,
            thread=() if first else list(dict.fromkeys((root, answers))),
            list_key=part.topic.group.forum.slug,
            subject=title if first else f"Re: {title}",
            part=part,
            why=_reason(way),
            reply=_reply_to(row, part.topic, user),
        )


def _reply_to(row: Any, topic: Topic, user: User) -> str:
    """The page to reply to a message; "" if its reader cannot reply now."""
    if posting_refusal(user, PostingContext.of_group(topic.group, utcnow(), topic)):
        return ""
    return address_for(user, "posting.reply", topic_id=topic.id) + f"?to={row.id}"


def write_digest(mail: Mail) -> Letter | None:
    """The email with what has come since the last one."""
    user = _reader(mail)
    found = _left_in(mail, user, How.DIGEST) if user and not user.digest_stopped else {}
    if user is None or not found:
        return None
    with speaking(language_or_default(user.language)):
        rows, ways = list(found), list(dict.fromkeys(found.values()))
        parts = _parts(rows)
        subject = ngettext("Daily digest: %(num)s message", "Daily digest: %(num)s messages", len(rows))
        return _letter(
            user,
            DIGEST,
            Way(DIGEST, 0, How.DIGEST),
            f"mail-{mail.id}-{mail.created_at:%Y%m%d%H%M%S}",
            list_key=DIGEST,
            subject=subject,
            parts=parts,
            count=len(rows),
            rest=len(rows) - sum(len(part.messages) for part in parts),
            ways=[(_reason(way, of_many=True), address_to_stop(user, way)) for way in ways[:MOST_WAYS]],
        )


def _letter(user: User, name: str, way: Way, key: str, *, subject: str, **values: Any) -> Letter:
    language = language_or_default(user.language)
    headers = {header: values.pop(header) for header in ("answers", "thread", "list_key") if header in values}
    stop, settings = address_to_stop(user, way), address_for(user, "following.account")
    _subject, text, html = render(name, language, {**values, "subject": subject, "stop": stop, "settings": settings})
    return Letter(user.email, language.code, _subject, text, html, key, stop=stop, **headers)


def _reader(mail: Mail) -> User | None:
    """The person, if emails with messages may be sent to them."""
    user = db.session.get(User, mail.user_id)
    is_active = user and user.confirmed_at and not user.suspended_at and not user.former_number
    return user if is_active else None


def _left_in(mail: Mail, user: User, how: str) -> dict[Any, Way]:
    """What is still to be sent of an email, each message with the way in which it comes to its reader."""
    ways = ways_of(user)
    rows = db.session.execute(IN_MAIL, {"mail_id": mail.id} | visible_to(user)).all()
    return {row: way for row in rows if (way := way_to(user, row, ways, how))}


def _parts(rows: Sequence[Any]) -> list[Part]:
    """The messages by topic: whole texts up to a limit, then how many more there are in which topics."""
    texts = _texts([row.id for row in rows[:MOST_TEXTS]])
    parts: list[Part] = []
    for topic_id, in_topic in groupby(rows, key=lambda row: row.topic_id):
        if len(parts) == MOST_TOPICS:
            break
        numbers = [row.id for row in in_topic]
        topic = db.session.get_one(Topic, topic_id)
        shown = [texts[number] for number in numbers if number in texts]
        parts.append(Part(topic, text_in(topic.group.forum), shown, len(numbers) - len(shown)))
    return parts


def _texts(numbers: Sequence[int]) -> dict[int, tuple[ShownMessage, str]]:
    """The messages with their Markdown, until they are too long for an email."""
    messages = {message.id: message for message in read_messages(MESSAGE_COLUMNS.where(Message.id.in_(numbers)), {})}
    sources = {
        row.id: row.body for row in db.session.execute(select(Message.id, Message.body).where(Message.id.in_(numbers)))
    }
    found: dict[int, tuple[ShownMessage, str]] = {}
    left = MOST_CHARACTERS
    for number in numbers:
        left -= len(messages[number].html)
        if found and left < 0:
            break
        found[number] = messages[number], sources[number]
    return found


def _key(number: int, user: User) -> str:
    """The identifier of the email with this message to this person."""
    return f"message-{number}-{user.id}"


def _first_number(topic: Topic) -> int:
    first = select(Message.id).where(Message.topic_id == topic.id, Message.position == 1)
    return db.session.scalars(first).one()


def _reason(way: Way, *, of_many: bool = False) -> str:
    """Why someone gets a message, or some of many."""
    if way.kind == ANSWERS and of_many:
        return _("You receive some of these messages because they reply to yours.")
    if way.kind == ANSWERS:
        return _("You receive this because the message replies to one of yours.")
    name = named(way.kind, db.session.get_one(KINDS[way.kind], way.key)).name
    return {
        "topics": _("You receive this because you follow the topic “%(name)s”.", name=name),
        "questions": _("You receive this because you follow the question “%(name)s”.", name=name),
        "groups": _("You receive this because you follow the group “%(name)s”.", name=name),
        "forums": _("You receive this because you follow the forum “%(name)s”.", name=name),
    }[way.kind]


def write_announcement(mail: Mail) -> Letter | None:
    """An announcement as it was written, with the address at which mail programs can decline further ones."""
    user = _reader(mail)
    if user is None:
        return None
    return replace(letter_of(mail), recipient=user.email, list_key=ANNOUNCEMENTS, stop=address_to_decline(user))


WRITERS: Mapping[str, Any] = {"followed": write_followed, DIGEST: write_digest, "announcement": write_announcement}
