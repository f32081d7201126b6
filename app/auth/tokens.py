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
from app.models import SignUp, User


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
CONFIRM = Purpose("confirm", SignUp.LIFE, ConfirmationExpired)
RESET = Purpose("reset", timedelta(hours=2), ResetExpired)


def make(purpose: Purpose, user: User) -> str:
    """A token for this user, who has been flushed."""
    return _serializer(purpose).dumps([user.id, _mark(purpose, user)])


def redeem(purpose: Purpose, token: str, *, for_update: bool = False) -> User:
    """The user of a token that can still be used; whoever uses it keeps the user from other writers (`for_update`)
    until the transaction ends, so that it is used once.

    Raises the purpose's kind of TokenExpired for one that is malformed, expired or used.
    """
    try:
        user_id, mark = _serializer(purpose).loads(token, max_age=int(purpose.life.total_seconds()))
    except (BadData, ValueError, TypeError):
        raise purpose.expired from None
    user = db.session.get(User, user_id, with_for_update=for_update or None, populate_existing=for_update)
    if user is None or mark != _mark(purpose, user):
        raise purpose.expired
    return user


def make_confirmation(sign_up: SignUp, destination: str | None = None) -> str:
    """The token of a link to confirm the address of a sign-up, which has been flushed; it can contain where to go on
    to, in a form that cannot be read in the email: so no one can write text of their own into an email to
    others."""
    return _serializer(CONFIRM).dumps([sign_up.id, _digest([sign_up.email]), *_further(destination)])


def destination_of(token: str) -> str | None:
    """Where a token that `redeem_confirmation` takes leads on, None for nowhere."""
    _key, _mark, *destination = _serializer(CONFIRM).loads(token)
    return destination[0] if destination else None


def redeem_confirmation(token: str) -> SignUp:
    """The sign-up that a link was emailed for, while no sign-up with its address is confirmed.

    Raises ConfirmationExpired.
    """
    try:
        key, mark, *_destination = _serializer(CONFIRM).loads(token, max_age=int(CONFIRM.life.total_seconds()))
    except (BadData, ValueError, TypeError):
        raise CONFIRM.expired from None
    sign_up = db.session.get(SignUp, key)
    if sign_up is None or mark != _digest([sign_up.email]):
        raise CONFIRM.expired
    return sign_up


def _mark(purpose: Purpose, user: User) -> str:
    state = [user.email, user.password_hash, user.confirmed_at is not None, *purpose.marks(user)]
    return _digest(state)


def _digest(state: list[object]) -> str:
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()[:32]


def _further(destination: str | None) -> list[str]:
    return [destination] if destination and len(destination) <= LONGEST_DESTINATION else []


def _serializer(purpose: Purpose) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt=f"plenary.{purpose.name}")
