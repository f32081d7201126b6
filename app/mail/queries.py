"""Mails that could not be delivered, and the mails of a person."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from app.database import utcnow
from app.extensions import db
from app.models import INVITING, Announcement, Invitee, Mail, User

LATE = timedelta(days=1)
MOST_TOLD = 20


def failed_mails(most: int = MOST_TOLD) -> Sequence[Mail]:
    """Of the mails that were refused for good, or have been tried in vain for a day, the latest to each address, the
    latest first."""
    latest = select(func.max(Mail.id)).where(_has_failed()).group_by(Mail.recipient)
    return db.session.scalars(select(Mail).where(Mail.id.in_(latest)).order_by(Mail.id.desc()).limit(most)).all()


def count_failed() -> int:
    """To how many addresses mails have failed."""
    return db.session.scalar(select(func.count(Mail.recipient.distinct())).where(_has_failed())) or 0


def mails_of(user: User, most: int = MOST_TOLD) -> Sequence[Mail]:
    """The latest mails to a person, the latest first."""
    own = or_(Mail.user_id == user.id, Mail.recipient == user.email)
    return db.session.scalars(select(Mail).where(own).order_by(Mail.id.desc()).limit(most)).all()


def failed_to(recipients: Sequence[str]) -> dict[str, int]:
    """The keys of the latest mails to these addresses that have failed, by address."""
    failed = select(Mail.recipient, func.max(Mail.id)).where(_has_failed(), Mail.recipient.in_(recipients))
    return {row[0]: row[1] for row in db.session.execute(failed.group_by(Mail.recipient))} if recipients else {}


def has_failed(mail: Mail, now: datetime) -> bool:
    """As `failed_mails`, for one mail."""
    is_late = mail.attempts > 0 and mail.created_at < now - LATE
    return mail.sent_at is None and (mail.given_up_at is not None or is_late)


def is_void(mail: Mail, now: datetime) -> bool:
    """Whether an email must no longer be sent: a notice to an address that refuses emails; or an announcement that is
    no longer true, whose forum is no longer public, or whose reader has been suspended, has declined announcements, has
    meanwhile signed up as it asks them to, or is no longer invited and had no account."""
    user = account_of(mail) if mail.is_notice else None
    if user is not None and user.refuses_mail:
        return True
    if mail.announcement_id is None:
        return False
    announcement = db.session.get(Announcement, mail.announcement_id)
    if announcement is None or not announcement.holds(now):
        return True
    if not mail.user_id and not _is_invited(mail, user, announcement.forum_id):
        return True
    if user is None or user.suspended_at or not user.mail_announcements:
        return user is not None
    return user.confirmed_at is None if mail.user_id else announcement.kind in INVITING and bool(user.confirmed_at)


def _is_invited(mail: Mail, user: User | None, forum_id: int) -> bool:
    """Whether the recipient is invited to a forum, also under a former address of the account."""
    is_theirs = Invitee.email == mail.recipient
    if user is not None:
        is_theirs |= Invitee.user_id == user.id
    return bool(db.session.scalar(select(exists().where(Invitee.forum_id == forum_id, is_theirs))))


def account_of(mail: Mail) -> User | None:
    """The account to which an email goes, also one that is newer than the email."""
    if mail.user_id:
        return db.session.get(User, mail.user_id)
    return db.session.scalar(select(User).where(User.email == mail.recipient))


def _has_failed() -> ColumnElement[bool]:
    is_late = and_(Mail.attempts > 0, Mail.created_at < utcnow() - LATE)
    return Mail.sent_at.is_(None) & or_(Mail.given_up_at.is_not(None), is_late)
