"""Deleting an account: the person is erased, and the record remains.

Published messages, withheld ones included, keep their numbers, text, capacity and State, without which no one could
understand the record; `Former participant 17` replaces the name, and the organization is removed. Texts that never
became part of the record, or were taken back, are erased: those of messages that wait or were withdrawn. *On behalf of*
remains, since it names someone else, unless it names the person. What the person typed for others is not changed. What
the Secretariat typed for someone of exactly this name is the person's only if an administrator says so: anyone can sign
up under a name that is in the record.

Reports, log entries and acts of moderation remain as facts, since others decided on them or are accountable for them,
without the words of the reports and without what the log says of the person."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from app import writing
from app.audit import record
from app.auth import account, second_step
from app.auth.passwords import UNUSABLE
from app.copies import erase_words
from app.counters import count, count_forum
from app.database import LOCKED, utcnow
from app.errors import LastAdministrator, NotFound
from app.extensions import db, transaction
from app.languages import site_default, speaking
from app.models import (
    Capacity,
    Delivery,
    EmailChange,
    Follow,
    Forum,
    ForumRole,
    Invitee,
    LogEntry,
    Mail,
    Message,
    MessageStatus,
    RecoveryCode,
    Report,
    Revision,
    Role,
    SignIn,
    Submission,
    Topic,
    User,
)
from app.permissions import count_other_administrators, require
from app.plain import NO_BREAK_SPACES, folded
from app.rows import fetch
from app.versions import require_version, version_of

NO_TITLE = "…"
OWN_PAGE = _l("This is your own account. You can delete it on your account page.")
STANDING = ("name", "email", "suspended_at", "suspended_for")
SHORTEST_NAME = 3  # shorter ones, such as initials, occur in too many words
NOT_IN_THE_RECORD = (MessageStatus.PENDING, MessageStatus.WITHDRAWN)


def delete_account(user: User, *, password: str, code: str) -> bool:
    """Erase the person but not the record. Raises WrongPassword, WrongCode and LastAdministrator."""
    verified = account.check_password(user, password)
    with transaction():
        is_last = user.is_admin and not count_other_administrators(user)  # locks rows, so it comes first
        account.require_unchanged(user, verified)
        second_step.use_code(user, code)
        if is_last:
            raise LastAdministrator
        erase(user)
        record(user, "delete", "users", user, [])
    return True


def delete_person(user_id: int, *, is_speaker: bool, version: str, viewer: User) -> int:
    """Erase a person who asked for it, and leave the record. Returns the key; `is_speaker` is as `erase` takes it.

    `version` is that of what the page showed. Raises Refused for oneself, LastAdministrator, ChangedMeanwhile, NotFound
    and Forbidden.
    """
    with transaction():
        require(viewer, "administer")
        user = account.get_person(user_id)
        account.require_other(user, viewer, OWN_PAGE)
        require_version(version, version_of_person(user))
        erase(user, is_speaker=is_speaker)
        record(viewer, "delete", "users", user, [])
    return user_id


def author_without_account(number: int, *, typed: bool = False) -> User:
    """The person whose words the message with this number contains: the speaker, who has no row yet, or the author;
    with `typed`, the person who typed it. Raises NotFound if this person has an account, or was erased."""
    message = fetch(Message, number)
    if message.speaker and not typed:
        if message.speaker == _former_name(re.sub(r"\D", "", message.speaker)):
            raise NotFound
        return account.without_account(message.speaker)
    if message.author.has_account or message.author.former_number:
        raise NotFound
    return message.author


def moderator_without_account(name: str) -> User:
    """A moderator with this name, with or without the title, whom a loaded forum names; of several, the first. Raises
    NotFound if there is none."""
    is_one = ~User.has_account & User.former_number.is_(None) & User.roles.any(ForumRole.role == Role.MODERATOR)
    known = db.session.scalars(select(User).where(is_one).order_by(User.id))
    found = next((user for user in known if name in {user.name, f"{user.title} {user.name}"}), None)
    if found is None:
        raise NotFound
    return found


def erase_without_account(find: Callable[[], User]) -> int:
    """Erase a person whom `author_without_account` or `moderator_without_account` finds, and leave the record: a
    speaker in all messages that were posted for this name. Returns the number of the former participant."""
    with transaction():
        user = find()
        is_speaker = user.id is None
        db.session.add(user)
        erase(user, is_speaker=is_speaker)
        record(None, "delete", "users", user, [])
        return user.former_number or 0


def erase(user: User, *, is_speaker: bool = False) -> None:
    """Inside a transaction: erase everything about this person, for good. The row of the user remains, with a number in
    place of the name.

    With `is_speaker`, the messages `posted_for_the_name_of` this person count as their own too.
    """
    number = _take_number(user)
    own = _searched((user.name, user.email, user.organization))
    is_heard = _is_heard_in(user, is_speaker)
    _erase_texts_out_of_the_record(user, is_heard)
    _erase_from_messages(is_heard, own)
    _erase_as_speaker(is_heard, number)
    db.session.execute(update(Report).where(Report.reporter_id == user.id).values(reason="", cited=""))
    _erase_from_log(user)
    _delete_what_is_kept_for_the_account(user)
    _empty(user, number)
    db.session.flush()
    db.session.expire_all()


def _take_number(user: User) -> int:
    """The next number of a former participant, even if others leave at the same moment."""
    while True:
        number = (db.session.scalar(select(func.max(User.former_number))) or 0) + 1
        try:
            with db.session.begin_nested():
                user.former_number = number
        except IntegrityError:
            continue
        return number


def _searched(names: Iterable[str]) -> list[str]:
    """The names as they are compared, without those that are too short."""
    return [folded(name) for name in names if len(name) >= SHORTEST_NAME]


def posted_for_the_name_of(user: User) -> Sequence[int]:
    """The numbers of the messages that the Secretariat typed for someone with the name of this person."""
    return db.session.scalars(select(Message.id).where(_has_the_name_of(user)).order_by(Message.id)).all()


def version_of_person(user: User) -> str:
    """The version of what the pages show that ask before a step: who it is, and what the step concerns."""
    return version_of(user, STANDING, posted_for_the_name_of(user))


def _has_the_name_of(user: User) -> ColumnElement[bool]:
    """Compared with ordinary spaces in place of no-break spaces."""
    speaker: Any = Message.speaker
    for space in NO_BREAK_SPACES:
        speaker = func.replace(speaker, space, " ")
    names = {user.name, f"{user.title} {user.name}"}
    return speaker.in_({" ".join(name.split()) for name in names} - {""})


def _is_heard_in(user: User, is_speaker: bool) -> ColumnElement[bool]:
    """The messages that are this person's own words, and not typed for others."""
    own = (Message.author_id == user.id) & (Message.speaker == "")
    return own | _has_the_name_of(user) if is_speaker else own


def _erase_texts_out_of_the_record(user: User, is_heard: ColumnElement[bool]) -> None:
    """Erase the words of messages that wait or were withdrawn. Their numbers remain."""
    unread = is_heard & Message.status.in_(NOT_IN_THE_RECORD)
    numbers = select(Message.id).where(unread).scalar_subquery()
    erase_words(numbers)
    withdrawn = {"status": MessageStatus.WITHDRAWN, "withdrawn_at": func.coalesce(Message.withdrawn_at, utcnow())}
    db.session.execute(update(Message).where(unread).values(**withdrawn, returned_at=None))
    hidden = (Topic.author_id == user.id) & (Topic.last_position == 0)
    db.session.execute(update(Topic).where(hidden).values(title=NO_TITLE))


def _erase_from_messages(is_heard: ColumnElement[bool], own: list[str]) -> None:
    """Erase the organization of all messages, and *on behalf of* if it names the person or an organization with which
    the person has ever posted."""
    held = db.session.scalars(select(Message.organization).where(is_heard).distinct())
    own = [*own, *_searched(held)]
    db.session.execute(update(Message).where(is_heard).values(organization=""))
    messages = select(Message).where(is_heard)
    revisions = select(Revision).join(Message, Message.id == Revision.message_id).where(is_heard)
    things: list[Message | Revision] = [*db.session.scalars(messages), *db.session.scalars(revisions)]
    for thing in things:
        if any(text in folded(thing.on_behalf_of) for text in own):
            thing.on_behalf_of = ""


def _erase_as_speaker(is_heard: ColumnElement[bool], number: int) -> None:
    """Replace the name by the number where the Secretariat posted what this person wrote by letter. It is text, in one
    language for all messages, since such speakers are distinguished by their names."""
    name = _former_name(number)
    spoken = db.session.scalars(select(Message).where(is_heard, Message.speaker != "")).all()
    for message in spoken:
        message.speaker = name
    numbers = [message.id for message in spoken]
    db.session.execute(delete(Mail).where(Mail.receipt_of_id.in_(numbers)))  # of those who typed them
    for topic in writing.held(*{message.topic_id for message in spoken}).values():
        count(topic)
    for forum_id in sorted({message.forum_id for message in spoken}):
        count_forum(db.session.get_one(Forum, forum_id, with_for_update=LOCKED))


def _former_name(number: int | str) -> str:
    with speaking(site_default()):
        return _("Former participant %(number)s", number=number)


def _erase_from_log(user: User) -> None:
    """Entries about the person remain as facts: which fields were changed, but not their values."""
    for entry in db.session.scalars(select(LogEntry).where(LogEntry.kind == "users", LogEntry.subject_id == user.id)):
        entry.subject = ""
        entry.detail = [
            {"field": change["field"], "language": change["language"], "old": "", "new": ""} for change in entry.detail
        ]


def _delete_what_is_kept_for_the_account(user: User) -> None:
    for model in (SignIn, ForumRole, RecoveryCode, EmailChange, Submission, Follow, Delivery):
        owned: Any = model
        db.session.execute(delete(owned).where(owned.user_id == user.id))
    db.session.execute(delete(Invitee).where(or_(Invitee.user_id == user.id, Invitee.email == user.email)))
    db.session.execute(delete(Mail).where(or_(Mail.user_id == user.id, Mail.recipient == user.email)))


def _empty(user: User, number: int) -> None:
    """The email address is replaced by an invalid one, so that no one can write to it or sign up with it."""
    user.email, user.password_hash = f"former-{number}", UNUSABLE
    user.name = user.title = user.organization = user.country = user.suspended_for = user.suspended_cited = ""
    user.capacity, user.language = Capacity.EXPERT, site_default().code
    user.confirmed_at = user.suspended_at = user.totp_secret = user.totp_last_step = None
    user.visit_began_at = user.new_since = None
    user.created_at, user.is_admin = utcnow(), False
