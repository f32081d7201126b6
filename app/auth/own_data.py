"""What the site stores about a person, for the page and the file; nothing with which anyone could sign in."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import joinedload, selectinload

from app.audit import changed, record
from app.auth.account import get_person
from app.auth.email_change import get_email_change
from app.auth.second_step import count_recovery_codes
from app.auth.sign_in import list_sign_ins
from app.database import utcnow
from app.extensions import db, transaction
from app.models import (
    Act,
    EmailChange,
    Follow,
    Forum,
    ForumRole,
    Group,
    Invitee,
    LogEntry,
    Mail,
    Message,
    Report,
    SignIn,
    Submission,
    Topic,
    User,
)
from app.permissions import FORUM_IS_VISIBLE, require, visible_to

PROFILE = ("email", "name", "title", "organization", "country", "capacity", "language", "is_admin", "created_at",
           "confirmed_at", "profile_confirmed_at", "suspended_at", "suspended_for", "visit_began_at", "new_since",
           "mail_answers", "mail_topics", "digest_hour", "digest_stopped", "digested_on", "mail_announcements",
           "mails_refused")  # fmt: skip
FOLLOW = ("forum_id", "group_id", "question_id", "topic_id", "how", "created_at")
MESSAGE = ("topic_id", "status", "language", "body", "capacity", "organization", "country", "confirmed",
           "on_behalf_of", "speaker", "reply_to_id", "posted_at", "edited_at", "withdrawn_at", "withheld_at",
           "withheld_for", "returned_at")  # fmt: skip
REVISION = ("written_at", "language", "body", "on_behalf_of")
ATTACHMENT = ("name", "media_type", "size", "sha256", "language", "created_at", "removed_at")
TOPIC = ("id", "title", "language", "created_at")
REPORT = ("message_id", "reason", "at", "settled_at")
ACT = ("at", "kind", "forum_id", "message_id", "topic_id", "reason", "detail")
INVITATION = ("invited_at", "email", "name", "organization", "country", "capacity", "language", "role")
MAIL = ("recipient", "subject", "language", "created_at", "sent_at")


@dataclass(frozen=True)
class OwnData:
    """What is stored about a person, other than the profile, latest first. Emails are listed without their texts, since
    their links are as good as a password."""

    messages: Sequence[Message]
    topics: Sequence[Topic]
    reports: Sequence[Report]
    acts: Sequence[Act]
    entries: Sequence[LogEntry]
    roles: Sequence[ForumRole]
    sign_ins: Sequence[SignIn]
    email_change: EmailChange | None
    recovery_codes: int
    mails: Sequence[Row[Any]]
    follows: Sequence[Follow]
    forms_sent: Sequence[datetime]
    invitations: Sequence[Invitee]

    @property
    def messages_by_topic(self) -> list[list[Message]]:
        return [list(messages) for _topic, messages in groupby(self.messages, key=lambda message: message.topic_id)]


def get_own_data(user: User) -> OwnData:
    """What the person may read about themselves; content of forums only if they can see the forum."""
    roles = select(ForumRole).where(ForumRole.user_id == user.id).order_by(ForumRole.forum_id, ForumRole.role)
    entries = or_(LogEntry.user_id == user.id, (LogEntry.kind == "users") & (LogEntry.subject_id == user.id))
    mails = select(*(getattr(Mail, name) for name in MAIL)).where(
        or_(Mail.user_id == user.id, Mail.recipient == user.email)
    )
    forms = select(Submission.created_at).where(Submission.user_id == user.id).order_by(Submission.created_at.desc())
    return OwnData(
        messages=db.session.scalars(_messages(user), visible_to(user)).all(),
        topics=db.session.scalars(_topics(user), visible_to(user)).all(),
        reports=_of_user(Report, Report.reporter_id == user.id),
        acts=_of_user(Act, Act.user_id == user.id),
        entries=_of_user(LogEntry, entries),
        roles=db.session.scalars(roles.options(selectinload(ForumRole.forum).selectinload(Forum.texts))).all(),
        sign_ins=list_sign_ins(user),
        email_change=get_email_change(user),
        recovery_codes=count_recovery_codes(user),
        mails=db.session.execute(mails.order_by(Mail.id.desc())).all(),
        follows=_of_user(Follow, Follow.user_id == user.id),
        forms_sent=db.session.scalars(forms).all(),
        invitations=_of_user(Invitee, or_(Invitee.user_id == user.id, Invitee.email == user.email)),
    )


def as_json(user: User, data: OwnData) -> dict[str, Any]:
    """The same for JSON: columns by name, times as `2012-03-02T23:00:00Z`, States and other values by their codes."""
    return {
        "made_at": _plain(utcnow()),
        "profile": _picked(user, PROFILE)
        | {"second_step": user.totp_secret is not None, "recovery_codes_left": data.recovery_codes},
        "email_change": _email_change(data.email_change),
        "sign_ins": [_picked(sign_in, ("browser", "created_at")) for sign_in in data.sign_ins],
        "roles": [
            {"forum": role.forum.slug, "role": role.role, "languages": role.languages.split()} for role in data.roles
        ],
        "topics": [_picked(topic, TOPIC) for topic in data.topics],
        "messages": [_message(message) for message in data.messages],
        "reports": [_picked(report, REPORT) for report in data.reports],
        "moderation": [_picked(act, ACT) for act in data.acts],
        "log": [_entry(entry, user) for entry in data.entries],
        "mails": [_picked(mail, MAIL) for mail in data.mails],
        "invitations": [_picked(one, INVITATION) | {"forum": one.forum.slug} for one in data.invitations],
        "follows": [_picked(one, FOLLOW) for one in data.follows],
        "forms_sent": [_plain(at) for at in data.forms_sent],
    }


def give_data(user_id: int, asked_by: str, *, viewer: User) -> str:
    """What the site stores about a person, as JSON, for the person's written request, which the log keeps.

    Raises NotFound and Forbidden.
    """
    with transaction():
        require(viewer, "administer")
        user = get_person(user_id)
        record(viewer, "give_data", "users", user, changed("asked_by", "", asked_by))
        db.session.flush()
        return json.dumps(as_json(user, get_own_data(user)), ensure_ascii=False, indent=1)


def _messages(user: User) -> Select[Message]:
    """Messages of every status, with their former texts and attachments."""
    loading = (joinedload(Message.topic), selectinload(Message.revisions), selectinload(Message.attachments))
    return (
        select(Message)
        .join(Topic, Topic.id == Message.topic_id)
        .join(Group, Group.id == Topic.group_id)
        .join(Forum, Forum.id == Group.forum_id)
        .where(Message.author_id == user.id, FORUM_IS_VISIBLE)
        .order_by(Message.topic_id.desc(), Message.id)
        .options(*loading)
    )


def _topics(user: User) -> Select[Topic]:
    statement = select(Topic).join(Group, Group.id == Topic.group_id).join(Forum, Forum.id == Group.forum_id)
    return statement.where(Topic.author_id == user.id, FORUM_IS_VISIBLE).order_by(Topic.id.desc())


def _of_user(model: Any, condition: Any) -> Sequence[Any]:
    return db.session.scalars(select(model).where(condition).order_by(model.id.desc())).all()


def _message(message: Message) -> dict[str, Any]:
    texts = {
        "revisions": [_picked(revision, REVISION) for revision in message.revisions],
        "attachments": [_picked(attachment, ATTACHMENT) for attachment in message.attachments],
    }
    return {"number": message.id, "topic_title": message.topic.title} | _picked(message, MESSAGE) | texts


def _entry(entry: LogEntry, user: User) -> dict[str, Any]:
    """A whole entry if it is about this person; otherwise only what they did."""
    found = _picked(entry, ("at", "action", "kind", "subject_id")) | {"done_by_you": entry.user_id == user.id}
    is_about = entry.kind == "users" and entry.subject_id == user.id
    return found | {"changes": entry.detail} if is_about else found


def _email_change(change: EmailChange | None) -> dict[str, Any] | None:
    names = ("email", "created_at", "confirmed_by_old_at", "confirmed_by_new_at")
    return _picked(change, names) if change else None


def _picked(thing: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: _plain(getattr(thing, name)) for name in names}


def _plain(value: Any) -> Any:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value
