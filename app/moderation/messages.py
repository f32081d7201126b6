"""Moderating messages, and reporting them. Each action is one transaction.

The first decision counts: an action locks the message and reads its present state.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app import audit, writing
from app.allowances import require_report
from app.citations import cited_in_reason, with_citations
from app.database import utcnow
from app.errors import AlreadyDecided, Archived, ChangedMeanwhile, Forbidden, NotFound, Refused
from app.extensions import db, transaction
from app.languages import language_or_default, speaking
from app.models import Act, ActKind, Message, MessageStatus, Report, Topic, User
from app.moderation.queue import begins_topic, find_report, open_reports, version_of
from app.notify import tell_author, tell_moderators, tell_of_all_withheld
from app.permissions import can, require
from app.receipts import take_back_receipts, take_back_title
from app.submissions import Once

Reason = Mapping[str, str]

ALREADY_REPORTED = _l("You have already reported this message. The Secretariat will look into it.")
NOTHING_CHANGED = _l("You have made no changes. Correct the text, or leave it as it is.")


def approve(message: Message, *, by: User, version: str) -> None:
    """Publish a message that waits for approval. Its earlier versions stay hidden from the public.

    `version` is the version that the moderator was shown. Like the other acts, raises AlreadyDecided, ChangedMeanwhile,
    Archived and Forbidden.
    """
    with transaction():
        writing.lock(message)
        require(by, "approve", message)
        _refuse_if_changed(message, version)
        writing.publish(message)
        message.returned_at = None
        _record(ActKind.APPROVE, message, by, {}, detail={"hides": writing.last_revision(message)})


def approve_several(versions: Mapping[int, str], *, by: User) -> dict[int, bool]:
    """Publish messages in the order of their numbers, each in a transaction of its own, and return whether each is
    published.

    `versions` are the versions that the moderator was shown, by number. A message that someone else has changed or
    decided on meanwhile, or that the moderator may not approve, is left as it is.
    """
    return {number: _is_approved(number, version, by) for number, version in sorted(versions.items())}


def _is_approved(number: int, version: str, by: User) -> bool:
    message = db.session.get(Message, number)
    if message is None:
        return False
    try:
        approve(message, by=by, version=version)
    except (AlreadyDecided, Archived, ChangedMeanwhile, Forbidden, NotFound):
        return False
    return True


def return_to_author(message: Message, *, by: User, version: str, reason: Reason) -> None:
    """Ask the author to change a message that waits for approval. It stays unpublished."""
    with transaction():
        writing.lock(message)
        require(by, "return", message)
        _refuse_if_changed(message, version)
        message.returned_at = utcnow()
        _record(ActKind.RETURN, message, by, reason)


def correct(message: Message, *, by: User, version: str, reason: Reason, changes: dict[str, Any], hide: bool) -> None:
    """Change the text of a message. The former text is hidden from the public with `hide`, or if the message is not
    published yet. Raises Refused if nothing changes."""
    with transaction():
        writing.lock(message)
        require(by, "correct", message)
        _refuse_if_changed(message, version)
        kept = writing.revise(message, changes)
        if kept is None:
            raise Refused(NOTHING_CHANGED)
        hidden = {"hides": kept.id} if hide or message.position is None else {}
        if hidden:
            take_back_receipts(message)
        _record(ActKind.EDIT, message, by, reason, detail={"revision": kept.id, **hidden})


def withhold(message: Message, *, by: User, version: str, reason: Reason, title: str) -> None:
    """Hide a message from readers and settle its reports. A published message keeps its number and its place.

    `title` is the new title of the topic that the message began, or "" to keep the present one. The log of the
    administration keeps the former title.
    """
    with transaction():
        writing.lock(message)
        require(by, "withhold", message)
        _refuse_if_changed(message, version)
        tell_author(_withhold(message, reason, title, by), message)


def withhold_all(user: User, reason: Reason, viewer: User, *, told: bool = True) -> tuple[int, int]:
    """Inside a transaction: withhold all messages of a person that wait or are published, each with its line in the
    public record. Topics that such a message began get a title that says nothing of its own.

    Returns how many messages were withheld, and how many the viewer cannot withhold. With `told`, the person gets one
    mail about all of them.
    """
    is_shown = Message.status.in_((MessageStatus.PENDING, MessageStatus.PUBLISHED))
    own = select(Message).where(Message.author_id == user.id, Message.speaker == "", is_shown)
    withheld = left = 0
    for message in db.session.scalars(own.order_by(Message.topic_id, Message.id)).all():
        writing.lock(message)
        if not can(viewer, "withhold", message):
            left += 1
            continue
        _withhold(message, reason, neutral_title(message), viewer)
        withheld += 1
    if told and withheld:
        tell_of_all_withheld(user, withheld, reason)
    return withheld, left


def neutral_title(message: Message) -> str:
    """A title of the message's topic that says nothing of its own, in the topic's language."""
    with speaking(language_or_default(message.topic.language)):
        return _("Topic of message #%(number)s", number=message.id)


def restore(message: Message, *, by: User, version: str, reason: Reason) -> None:
    """Show a message again in its place. If it was never published, it waits for approval again."""
    with transaction():
        writing.lock(message)
        require(by, "restore", message)
        _refuse_if_changed(message, version)
        message.withheld_at = message.withheld_for = None
        writing.show(message, MessageStatus.PUBLISHED if message.position else MessageStatus.PENDING)
        _record(ActKind.RESTORE, message, by, reason)


def settle(message: Message, *, by: User, version: str) -> None:
    """Settle the reports of a message without an act. Raises AlreadyDecided if none is open."""
    with transaction():
        writing.lock(message)
        require(by, "moderate_message", message)
        reports = open_reports(message)
        if not reports:
            raise AlreadyDecided
        _refuse_if_changed(message, version)
        _settle(reports, by)


def report(message: Message, *, reporter: User, reason: str, submission: str) -> None:
    """Report a message to its moderators, who get an email about the first open report.

    The same form sent again changes nothing. A person can report a message again once their report is settled; until
    then this raises Refused. Also raises Archived, Forbidden and TooManyReports.
    """
    once = Once(submission, reporter, message.id, reason)
    with transaction(once=once):
        writing.lock(message)
        if once.before:
            return
        require(reporter, "report", message)
        is_first = not open_reports(message)
        made = find_report(message, reporter) or Report(message_id=message.id, reporter_id=reporter.id)
        if made.id and made.settled_at is None:
            raise Refused(ALREADY_REPORTED)
        require_report(reporter, message.topic.group.forum)
        made.reason, made.at, made.settled_at, made.settled_by_id = reason, utcnow(), None, None
        made.cited = cited_in_reason(reason, message.forum_id)
        db.session.add(made)
        db.session.flush()
        once.made(made.id)
        if is_first:
            tell_moderators("reported", message, but=reporter)


def _refuse_if_changed(message: Message, version: str) -> None:
    if version != version_of(message):
        raise writing.outdated(message, version)


def _withhold(message: Message, reason: Reason, title: str, by: User) -> Act:
    reason = with_citations(reason, message.forum_id)
    message.withheld_at, message.withheld_for, message.returned_at = utcnow(), reason, None
    take_back_receipts(message)
    writing.show(message, MessageStatus.WITHHELD)
    topic = _retitle(message, title, by)
    _settle(open_reports(message), by)
    forum = message.topic.group.forum
    return writing.record_act(ActKind.WITHHOLD, by=by, forum=forum, reason=reason, message=message, topic=topic)


def _retitle(message: Message, title: str, by: User) -> Topic | None:
    """Change the title of the topic if the message began it. Returns the topic, or None if the title stays."""
    topic = message.topic
    if not title or title == topic.title or not begins_topic(message):
        return None
    changes = audit.changed("title", topic.title, title, topic.language)
    audit.record(by, "edit", "topics", topic, changes, name=topic.group.forum)
    topic.title = title
    take_back_title(topic)
    return topic


def _settle(reports: Sequence[Report], by: User) -> None:
    for one in reports:
        one.settled_at, one.settled_by_id = utcnow(), by.id


def _record(
    kind: ActKind,
    message: Message,
    by: User,
    reason: Reason,
    *,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Record the act and tell the author about it."""
    forum, more = message.topic.group.forum, detail or {}
    tell_author(writing.record_act(kind, by=by, forum=forum, reason=reason, message=message, **more), message)
