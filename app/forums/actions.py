"""What participants do. Each action is one transaction, and rights and deadlines are checked inside it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from app import audit, writing
from app.allowances import require_change, require_post
from app.attachments.keeping import attach, exchange
from app.attachments.uploads import Upload
from app.counters import carried
from app.database import utcnow
from app.errors import AnsweredIsGone, Closed, NotFound
from app.extensions import db, transaction
from app.forums import queries
from app.models import ActKind, Group, Message, MessageStatus, Topic, User
from app.notify import follow_own, tell_moderators
from app.permissions import PostingContext, needs_approval, require
from app.receipts import take_back_receipts, write_receipt
from app.submissions import Once
from app.versions import require_version


class Sent(NamedTuple):
    """The key of the form that changes a message, and the version that it showed."""

    key: str
    version: str


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
    """Start a topic with its first message, which is returned. The same form sent again, or the same words within ten
    minutes, start nothing.

    `question` is the number of one of the group's questions, or 0; `message` and `files` are as `reply` takes them.
    Raises Closed, Archived or Forbidden, NotFound for a question of another group, TooManyPosts, TooManyBytes, NoRoom.
    """
    once = Once(submission, author, group.id, title, question, message, _identities(files))
    with transaction(once=once):
        if once.before:
            return _made_before(once)
        require(author, "start_topic", group)
        is_late = _require_voice(author, group, message)
        asked = queries.get_question(group, question)
        begins = (Message.position == 1) | Message.position.is_(None)
        there = (Topic.group_id == group.id) & (Topic.title == title) & (Topic.question == asked) & begins
        if twin := queries.find_twin(author, message, there, _identities(files)):
            return twin
        require_post(author, group.forum, _sizes(files))
        topic = Topic(group=group, question=asked, author=author, title=title, language=message["language"])
        db.session.add(topic)
        db.session.flush()
        first = _post(topic, author, None, message, files, is_late)
        if not first.speaker:
            follow_own(topic)
        once.made(first.id)
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
    """Post a message, in answer to another message of the topic or to the topic as a whole. If the topic has been
    merged into another one meanwhile, the message is posted there. The same form sent again, or the same words within
    ten minutes, post nothing: the existing message is returned.

    `message` has `body` (Markdown), `language` (code) and `on_behalf_of` ("" for no one). If the author types for
    someone else, it also has that person's name as `speaker`, with `capacity`, `organization` and `country`; after the
    deadline, when the Secretariat enters what came in time, `received_on` as well. `files` are attached to it. Raises
    Closed, Archived, Locked or Forbidden, NotFound if the answered message is in another topic, AnsweredIsGone if it is
    no longer shown, and TooManyPosts, TooManyBytes and NoRoom.
    """
    once = Once(submission, author, topic.id, reply_to.id if reply_to else None, message, _identities(files))
    with transaction(once=once):
        if once.before:
            return _made_before(once)
        topic = writing.standing(topic)
        require(author, "reply", topic)
        is_late = _require_voice(author, topic.group, message)
        _require_answerable(reply_to, topic)
        there = (Topic.id == topic.id) & Message.reply_to_id.is_not_distinct_from(reply_to.id if reply_to else None)
        if twin := queries.find_twin(author, message, there, _identities(files)):
            return twin
        require_post(author, topic.group.forum, _sizes(files))
        posted = _post(topic, author, reply_to, message, files, is_late)
        once.made(posted.id)
    return posted


def edit(
    message: Message,
    *,
    author: User,
    changes: dict[str, Any],
    topic: Mapping[str, Any] | None = None,
    files: Sequence[Upload] = (),
    removed: Collection[int] = (),
    sent: Sent,
) -> str:
    """Change the text and the files of a message, and keep the old text as a revision. No change, no revision.

    Returns what was changed: "message", "topic" if only the topic was, or "".

    `removed` are the keys of files to remove from the message; `topic` has the `title` and the number of the `question`
    of the topic that it begins, if they can be changed; `sent` has the version that the form showed. A message that was
    returned to its author waits for approval again. Raises Refused, naming the form's field, if it would have too many
    files, TitleStands, ChangedMeanwhile, HiddenMeanwhile, TooManyChanges, TooManyBytes and NoRoom.
    """
    once = Once(sent.key, author, message.id, changes, topic, _identities(files), sorted(removed))
    with transaction(once=once):
        writing.lock(message)
        require(author, "edit", message)
        if once.before:
            return "message"
        is_up_to_date = sent.version == writing.version_of(message)
        require_change(author, message.topic.group.forum, _sizes(files))
        leaving = [file for file in message.files if file.id in removed]
        files_change = bool(files or leaving)
        retitled = topic is not None and _retitle(message, author, language=changes["language"], **topic)
        revised = writing.revise(message, changes, files_change=files_change)
        if not is_up_to_date and (revised or retitled or not sent.version):
            raise writing.outdated(message, sent.version)
        if not (revised or retitled):
            return ""
        if files_change:
            exchange(message, leaving, files, at=message.written_at)
        if message.returned_at:
            message.returned_at = None
            tell_moderators("waits", message)
        if revised:
            write_receipt(message, is_changed=True)
        once.made(message.id)
    return "message" if revised else "topic"


def withdraw(message: Message, *, author: User, version: str) -> bool:
    """Withdraw one's own message, of which the page showed this version; it keeps its number and its place. False if
    it was withdrawn already. Raises ChangedMeanwhile."""
    with transaction():
        writing.lock(message)
        if message.author_id == author.id and message.status == MessageStatus.WITHDRAWN:
            return False
        require(author, "withdraw", message)
        require_version(version, writing.version_of(message))
        message.withdrawn_at = utcnow()
        writing.show(message, MessageStatus.WITHDRAWN)
        take_back_receipts(message)
    return True


def _made_before(once: Once) -> Message:
    return db.session.get_one(Message, once.before)


def _require_voice(author: User, group: Group, message: dict[str, Any]) -> bool:
    """Whether the message is entered after the deadline. Raises Forbidden if the author may not type for someone else,
    and does, and Closed for what someone else wrote where nothing says that it came in time."""
    speaker, received_on = message.get("speaker"), message.get("received_on")
    if speaker:
        require(author, "speak_for", group)
    is_late = PostingContext.of_group(group, utcnow()).is_over
    if bool(received_on) != bool(is_late and speaker):
        raise Closed
    return is_late


def _require_answerable(reply_to: Message | None, topic: Topic) -> None:
    if reply_to is None:
        return
    if reply_to.topic_id != topic.id:
        raise NotFound
    if reply_to.status != MessageStatus.PUBLISHED:
        raise AnsweredIsGone


def _post(
    topic: Topic,
    author: User,
    reply_to: Message | None,
    message: dict[str, Any],
    files: Sequence[Upload],
    is_late: bool,
) -> Message:
    """The message, published or waiting for approval. One entered after the deadline is in the record."""
    own = {"capacity": author.capacity, "organization": author.organization, "country": author.country}
    is_confirmed = author.is_profile_confirmed and not message.get("speaker")
    posted = Message(
        topic=topic,
        forum_id=topic.group.forum_id,
        status=MessageStatus.PENDING,
        author=author,
        reply_to=reply_to,
        html=writing.html_of(message["body"], message["language"], topic.group.forum_id),
        confirmed=is_confirmed,
        after_deadline=is_late,
        **(own | message),
    )
    db.session.add(posted)
    db.session.flush()
    attach(posted, files, at=posted.posted_at)
    if is_late:
        detail: dict[str, Any] = {"received_on": posted.received_on.isoformat()} if posted.received_on else {}
        forum = topic.group.forum
        writing.record_act(ActKind.ENTER, by=author, forum=forum, reason={}, message=posted, **detail)
    if needs_approval(author, topic.group):
        tell_moderators("waits", posted)
    else:
        writing.publish(posted)
    write_receipt(posted)
    return posted


def _retitle(message: Message, author: User, *, title: str, question: int, language: str) -> bool:
    """Give the topic that a message begins another title, in this language, or another question. Returns whether either
    changed. The log keeps what everyone could see before."""
    topic = message.topic
    asked, known = queries.get_question(topic.group, question), topic.question
    if (topic.title, topic.language, topic.question) == (title, language, asked):
        return False
    require(author, "change_title", message)
    changes = audit.assign(topic, {"title": title}, language)
    changes += audit.changed("question", known.number if known else "", asked.number if asked else "")
    with carried(topic):
        topic.language, topic.question = language, asked
    if topic.last_position and changes:
        audit.record(author, "edit", "topics", topic, changes)
    return True


def _identities(files: Sequence[Upload]) -> list[tuple[str, str]]:
    return [file.identity for file in files]


def _sizes(files: Sequence[Upload]) -> list[int]:
    return [file.size for file in files]
