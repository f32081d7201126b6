"""What participants do. Each action is one transaction, and rights and deadlines are checked inside it."""

from collections.abc import Collection, Sequence
from typing import Any

from app.attachments.keeping import attach, exchange
from app.attachments.uploads import Upload
from app.database import utcnow
from app.errors import NotFound
from app.extensions import db, transaction
from app.forums import placing
from app.markup import render
from app.models import Group, Message, MessageStatus, Revision, Topic, User
from app.permissions import needs_approval, require
from app.submissions import earlier_result, remember


def start_topic(
    group: Group,
    *,
    author: User,
    title: str,
    question: int,
    message: dict[str, Any],
    files: Sequence[Upload] = (),
    submission: str,
) -> Message:
    """Start a topic with its first message, which is returned; the same form sent again starts nothing.

    `question` is the number of one of the group's questions, or 0; `message` and `files` are as `reply` takes them.
    Raises Closed, Archived or Forbidden, and NotFound for a question of another group.
    """
    sent = (group.id, title, question, message, _identities(files))
    with transaction():
        if earlier := _earlier(submission, author, *sent):
            return earlier
        require(author, "start_topic", group)
        _require_voice(author, group, message)
        asked = next((other for other in group.questions if other.number == question), None)
        if question and asked is None:
            raise NotFound
        topic = Topic(group=group, question=asked, author=author, title=title, language=message["language"])
        db.session.add(topic)
        db.session.flush()
        first = _post(topic, author, None, message, files)
        remember(submission, author.id, first.id, *sent)
    return first


def reply(
    topic: Topic,
    *,
    author: User,
    reply_to: Message | None,
    message: dict[str, Any],
    files: Sequence[Upload] = (),
    submission: str,
) -> Message:
    """Post a message, in answer to another of the topic or to the topic as a whole; where the topic has been merged
    into another one meanwhile, it is posted there.

    `message` has `body` (Markdown), `language` (code) and `on_behalf_of` ("" for nobody). Where the author types for
    somebody else, it has that person's name as `speaker` besides, with `capacity`, `organization` and `country`;
    `files` are attached to it. Raises Closed, Archived, Locked or Forbidden, and NotFound where what is answered
    stands in another topic.
    """
    with transaction():
        sent = (topic.id, reply_to.id if reply_to else None, message, _identities(files))
        if earlier := _earlier(submission, author, *sent):
            return earlier
        topic = placing.standing(topic)
        require(author, "reply", topic)
        _require_voice(author, topic.group, message)
        if reply_to is not None and reply_to.topic_id != topic.id:
            raise NotFound
        posted = _post(topic, author, reply_to, message, files)
        remember(submission, author.id, posted.id, *sent)
    return posted


def edit(
    message: Message,
    *,
    author: User,
    changes: dict[str, Any],
    files: Sequence[Upload] = (),
    removed: Collection[int] = (),
    submission: str = "",
) -> None:
    """Give a message a new text, more files and fewer, and keep the old text as a revision. No change leaves none.

    `removed` are keys of files of the message. Raises Refused, naming the form's field, where it would have too many.
    """
    with transaction():
        require(author, "edit", message)
        sent = (message.id, changes, _identities(files), sorted(removed))
        leaving = [file for file in message.files if file.id in removed]
        is_same = all(getattr(message, name) == value for name, value in changes.items())
        if (is_same and not files and not leaving) or _earlier(submission, author, *sent):
            return
        db.session.add(_revision(message))
        for name, value in changes.items():
            setattr(message, name, value)
        message.html = render(message.body)
        message.edited_at = now = utcnow()
        message.returned_at = None
        exchange(message, leaving, files, at=now)
        remember(submission, author.id, message.id, *sent)


def withdraw(message: Message, *, author: User) -> None:
    """Take back one's own message; it keeps its number and its place."""
    with transaction():
        require(author, "withdraw", message)
        message.withdrawn_at = utcnow()
        placing.show(message, MessageStatus.WITHDRAWN)


def _require_voice(author: User, group: Group, message: dict[str, Any]) -> None:
    """Raise Forbidden where somebody who may not do so speaks for somebody else."""
    if message.get("speaker"):
        require(author, "speak_for", group)


def _post(
    topic: Topic, author: User, reply_to: Message | None, message: dict[str, Any], files: Sequence[Upload]
) -> Message:
    """The message, published or waiting for approval."""
    own = {"capacity": author.capacity, "organization": author.organization, "country": author.country}
    posted = Message(
        topic=topic,
        status=MessageStatus.PENDING,
        author=author,
        reply_to=reply_to,
        html=render(message["body"]),
        **(own | message),
    )
    db.session.add(posted)
    db.session.flush()
    attach(posted, files, at=posted.posted_at)
    if not needs_approval(author, topic.group):
        placing.publish(posted)
    return posted


def _revision(message: Message) -> Revision:
    """What the message says before it is changed."""
    return Revision(
        message=message,
        body=message.body,
        html=message.html,
        language=message.language,
        on_behalf_of=message.on_behalf_of,
        written_at=message.written_at,
    )


def _identities(files: Sequence[Upload]) -> list[tuple[str, str]]:
    return [file.identity for file in files]


def _earlier(submission: str, author: User, *content: object) -> Message | None:
    number = earlier_result(submission, author.id, *content)
    return db.session.get(Message, number) if number else None
