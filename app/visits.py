"""Visits of signed-in people, and since when what is published is new to them.

A visit ends after 30 idle minutes. Its start is stored with the account, the only write of a visit; when the person was
last active travels in the session, with the moment since when messages are new in this visit (app/viewer.py).
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy.exc import OperationalError

from app.database import LOCKED
from app.extensions import db, transaction
from app.models import User

IDLE = timedelta(minutes=30)
# A message is published as of a moment before its transaction ends, so readers may not see it until a little later.
COMMITTING = timedelta(seconds=15)

log = logging.getLogger(__name__)


def goes_on(last_active: datetime | None, now: datetime) -> bool:
    """Whether the visit of someone who was last active then goes on. A clock that is set back a little ends none."""
    return last_active is not None and abs(now - last_active) <= IDLE


def begin(user: User, now: datetime, *, last_active: datetime | None) -> datetime:
    """Begin a visit, or join that of another browser, and return since when what is published is new in it.

    `last_active` is when the person was last active in this browser, None if that is not known. A visit that cannot be
    stored does not keep anyone from reading: more will then be new at the next one.
    """
    if user.new_since and goes_on(user.visit_began_at, now):
        return user.new_since
    key = user.id
    try:
        with transaction():
            stored = db.session.get_one(User, key, with_for_update=LOCKED)
            if not (stored.new_since and goes_on(stored.visit_began_at, now)):
                stored.new_since, stored.visit_began_at = _boundary(stored, now, last_active), now
            return stored.new_since
    except OperationalError as error:
        log.warning("The start of a visit could not be stored: %s", error)
        return _boundary(user, now, last_active)


def _boundary(user: User, now: datetime, last_active: datetime | None) -> datetime:
    """The start of the previous visit or, of a longer one, 30 minutes before its last activity, if that is known."""
    began = user.visit_began_at
    if began is None:
        return now
    if began > now:  # the clock has been set back
        return min(user.new_since or now, now)
    if last_active and last_active <= now:
        began = max(began, last_active - IDLE)
    return began - COMMITTING
