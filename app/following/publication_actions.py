"""From published messages to emails, for the worker: each step is one short transaction, and none is done twice.

A message is given to so many of its followers at a time; its row in `publication` says how far this has come. Those who
follow each message get an email in the outbox, which has no text yet; for the others the message waits for the digest.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, insert, or_, select, update

from app.database import LOCKED, utcnow
from app.extensions import db, transaction
from app.following.actions import next_hour
from app.following.queries import followers
from app.languages import language_or_default, speaking
from app.mail.outbox import writing
from app.models import Delivery, How, Mail, Message, MessageStatus, Publication, User

AT_ONCE = 200  # people in one step
DAY = timedelta(days=1)
LONGEST_WAIT = timedelta(hours=25)  # for a digest; an hour more than a day, since clocks are set a little
FOLLOWED, DIGEST = "followed", "digest"  # kinds of emails


def give_out_next(but: Collection[int] = ()) -> bool:
    """Give the message that has waited longest, and is not in `but`, to its next followers. Returns whether there was
    one. Raises NotWritten."""
    waiting = select(Publication).where(Publication.message_id.not_in(but)).order_by(Publication.message_id).limit(1)
    found = db.session.scalar(waiting.with_only_columns(Publication.message_id))
    db.session.rollback()
    if found is None:
        return False
    with writing(found), transaction():
        publication = db.session.scalar(waiting.with_for_update(skip_locked=True))
        if publication is None:
            return False
        message = db.session.get_one(Message, publication.message_id)
        people = followers(message, publication.after_user_id, AT_ONCE) if _is_shown(message) else []
        now = utcnow()
        mails = {
            person.user_id: _mail(FOLLOWED, person.user_id, person.email, person.language, message.id)
            for person in people
            if person.how == How.EACH
        }
        db.session.add_all(mails.values())
        db.session.flush()
        rows = [
            {
                "user_id": person.user_id,
                "message_id": message.id,
                "mail_id": mails[person.user_id].id if person.user_id in mails else None,
                "due_at": None if person.user_id in mails else next_hour(now, person.digest_hour),
            }
            for person in people
        ]
        if rows:
            db.session.execute(insert(Delivery), rows)
        if len(people) < AT_ONCE:
            db.session.delete(publication)
        else:
            publication.after_user_id = people[-1].user_id
    return True


def digest_next(but: Collection[int] = ()) -> bool:
    """Put what waits for one person, who is not in `but`, into an email, once their hour has come. Returns whether
    anyone was waiting. Raises NotWritten.

    No one receives two on one day: what is late, because the worker was stopped or the hour was changed, waits until
    the next day.
    """
    now = utcnow()
    user_id = db.session.scalar(select(Delivery.user_id).where(_is_due(now), Delivery.user_id.not_in(but)).limit(1))
    db.session.rollback()
    if user_id is None:
        return False
    with writing(user_id), transaction():
        user = db.session.get_one(User, user_id, with_for_update=LOCKED)
        due = _is_due(now) & (Delivery.user_id == user.id)
        hour = next_hour(now, user.digest_hour) - DAY  # the last one that has come
        # What is not public now is given out again if it is restored.
        hidden = select(Message.id).where(Message.id == Delivery.message_id, Message.status != MessageStatus.PUBLISHED)
        db.session.execute(delete(Delivery).where(due, hidden.exists()))
        if db.session.scalar(select(Delivery.message_id).where(due).limit(1)) is None:
            return True  # another worker was first
        if user.digested_on == hour.date():
            db.session.execute(update(Delivery).where(due).values(due_at=hour + DAY))
            return True
        user.digested_on = hour.date()
        mail = _mail(DIGEST, user.id, user.email, user.language)
        db.session.add(mail)
        db.session.flush()
        db.session.execute(update(Delivery).where(due).values(mail_id=mail.id))
    return True


def _is_due(now: datetime) -> ColumnElement[bool]:
    """What waits for a later moment than it can was written when the clock was wrong."""
    return Delivery.mail_id.is_(None) & or_(Delivery.due_at <= now, Delivery.due_at > now + LONGEST_WAIT)


def _is_shown(message: Message) -> bool:
    return message.status == MessageStatus.PUBLISHED


def _mail(kind: str, user_id: int, email: str, language: str, number: int = 0) -> Mail:
    """An email whose text is written when it is sent. Until then, lists of emails show a
    general subject."""
    spoken = language_or_default(language)
    with speaking(spoken):
        subject = _("Message #%(number)s", number=number) if number else _("Daily digest")
    values = {"user_id": user_id, "recipient": email, "language": spoken.code}
    return Mail(kind=kind, is_notice=True, lane=1, subject=subject, text="", html="", **values)
