"""Following and stopping. Each action is one transaction."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, update

from app.database import LOCKED, utcnow
from app.extensions import db, transaction
from app.following.queries import ANNOUNCEMENTS, ANSWERS, KEYS, find_follow, get_following, get_thing, standing
from app.following.stopping import DIGEST, Stop
from app.models import Delivery, Follow, How, User
from app.permissions import require
from app.versions import require_version, version_of

SETTINGS = ("mail_answers", "mail_topics", "digest_hour", "digest_stopped", "mail_announcements")


def next_hour(moment: datetime, hour: int) -> datetime:
    """The first time after this moment at which it is so many hours, in UTC."""
    found = moment.replace(hour=hour, minute=0, second=0, microsecond=0)
    return found if found > moment else found + timedelta(days=1)


def next_digest(user: User, now: datetime) -> datetime:
    """When the next daily digest of a person is due: there is one a day at most."""
    found = next_hour(now, user.digest_hour)
    return found + timedelta(days=1) if user.digested_on == found.date() else found


def follow(kind: str, key: int, how: str, *, user: User, version: str) -> bool:
    """Follow this in one of the ways of How, or stop following it. Raises NotFound and ChangedMeanwhile."""
    with transaction():
        db.session.refresh(user, with_for_update=LOCKED)
        require(user, "change_account")
        key = standing(kind, key, is_locked=True)
        get_thing(kind, key, user)
        present = get_following(kind, key, user)
        require_version(version, present.version, changes=how != present.how)
        _set(kind, key, how, user)
    return True


def change_settings(user: User, values: dict[str, Any], *, version: str) -> bool:
    """Change what is sent from the start and when the digest is sent. Raises ChangedMeanwhile."""
    with transaction():
        db.session.refresh(user, with_for_update=LOCKED)
        require(user, "change_account")
        is_changed = any(getattr(user, name) != value for name, value in values.items())
        require_version(version, version_of(user, SETTINGS), changes=is_changed)
        hour, now = user.digest_hour, utcnow()
        for name, value in values.items():
            setattr(user, name, value)
        if user.digest_hour != hour:  # for what waits, but is not due yet
            waiting = (Delivery.user_id == user.id) & Delivery.mail_id.is_(None) & (Delivery.due_at > now)
            db.session.execute(update(Delivery).where(waiting).values(due_at=next_hour(now, user.digest_hour)))
    return True


def try_address_again(user: User) -> None:
    """Send messages to an address that has refused emails: it is stopped again as soon as it refuses one more."""
    with transaction():
        db.session.refresh(user, with_for_update=LOCKED)
        require(user, "change_account")
        user.mails_refused = min(user.mails_refused, User.MOST_REFUSED - 1)


def stop(what: Stop, *, again: bool = False) -> None:
    """Stop what the link of an email names, or follow it again as before."""
    with transaction():
        user = db.session.get_one(User, what.user_id, with_for_update=LOCKED, populate_existing=True)
        how, key = what.how if again else How.NONE, standing(what.kind, what.key, is_locked=True)
        if what.kind == DIGEST:
            user.digest_stopped = not again
        elif what.kind == ANNOUNCEMENTS:
            user.mail_announcements = again
        elif what.kind == ANSWERS:
            user.mail_answers = how
        elif again:
            get_thing(what.kind, key, user)
            _set(what.kind, key, how, user)
        else:
            db.session.execute(delete(Follow).where(Follow.user_id == user.id, KEYS[what.kind] == key))


def _set(kind: str, key: int, how: str, user: User) -> None:
    """Who chooses the digest gets it, even if they had stopped it."""
    found = find_follow(kind, key, user)
    if found is not None and how == How.NONE:
        db.session.delete(found)
    elif found is not None:
        found.how = how
    elif how != How.NONE:
        db.session.add(Follow(user_id=user.id, how=how, **{KEYS[kind].key: key}))
    if how == How.DIGEST:
        user.digest_stopped = False
