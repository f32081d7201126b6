"""The links in mails: signed, limited in time, and of no more use once they were used.

A token names the user and a mark of what its use changes: the e-mail address, the password, whether the
address is confirmed, and what its purpose adds. Once one of them is another, the mark does not fit any more.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

from app.errors import ConfirmationExpired, ResetExpired, TokenExpired
from app.extensions import db
from app.models import User


@dataclass(frozen=True)
class Purpose:
    """What a token is for; one of another purpose is as good as none.

    `marks` gives what else has to stay as it is for the token to be good, in a form that JSON knows.
    """

    name: str
    life: timedelta
    expired: type[TokenExpired]
    marks: Callable[[User], list[object]] = lambda _user: []


LONGEST_DESTINATION = 300  # or else the link in the mail would be one that programs break
CONFIRM = Purpose("confirm", timedelta(days=3), ConfirmationExpired)
RESET = Purpose("reset", timedelta(hours=2), ResetExpired)


def make(purpose: Purpose, user: User, destination: str | None = None) -> str:
    """A token for this user, who has been flushed; it can hold where to go on, in a form that nobody reads in the
    mail: so nobody writes into a mail to somebody else what he likes."""
    further = [destination] if destination and len(destination) <= LONGEST_DESTINATION else []
    return _serializer(purpose).dumps([user.id, _mark(purpose, user), *further])


def destination_of(purpose: Purpose, token: str) -> str | None:
    """Where a token that `redeem` takes leads on, None for nowhere."""
    _user_id, _mark, *destination = _serializer(purpose).loads(token)
    return destination[0] if destination else None


def redeem(purpose: Purpose, token: str, *, for_update: bool = False) -> User:
    """The user of a token that can still be used; whoever uses it keeps the user from other writers (`for_update`)
    until the transaction ends, so that it is used once.

    Raises the purpose's kind of TokenExpired for one that is malformed, expired or used.
    """
    try:
        user_id, mark, *_destination = _serializer(purpose).loads(token, max_age=int(purpose.life.total_seconds()))
    except (BadData, ValueError, TypeError):
        raise purpose.expired from None
    user = db.session.get(User, user_id, with_for_update=for_update or None, populate_existing=for_update)
    if user is None or mark != _mark(purpose, user) or (purpose is CONFIRM and user.confirmed_at):
        raise purpose.expired
    return user


def _mark(purpose: Purpose, user: User) -> str:
    state = [user.email, user.password_hash, user.confirmed_at is not None, *purpose.marks(user)]
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()[:32]


def _serializer(purpose: Purpose) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt=f"plenary.{purpose.name}")
