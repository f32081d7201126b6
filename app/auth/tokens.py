"""Tokens of links in emails: signed, limited in time, and invalid once used.

A token has the id of the user and a hash of everything that its use changes: the email address, the password, whether
the address is confirmed, and what its purpose adds. Once one of them changes, the hash no longer matches.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

from app.database import LOCKED
from app.errors import ConfirmationExpired, ResetExpired, TokenExpired
from app.extensions import db
from app.models import Invitee, SignUp, User


@dataclass(frozen=True)
class Purpose:
    """What a token is for; a token is not valid for another purpose.

    `marks` returns what else must not change while the token is valid, as values for JSON.
    """

    name: str
    life: timedelta
    expired: type[TokenExpired]
    marks: Callable[[User], list[object]] = lambda _user: []


LONGEST_DESTINATION = 300  # in characters: email programs break longer links
CONFIRM = Purpose("confirm", SignUp.LIFE, ConfirmationExpired)
INVITATION = Purpose("invitation", timedelta(days=180), TokenExpired)
RESET = Purpose("reset", timedelta(hours=2), ResetExpired)


def make(purpose: Purpose, user: User) -> str:
    """A token for this user, who has been flushed."""
    return _serializer(purpose).dumps([user.id, _mark(purpose, user)])


def redeem(purpose: Purpose, token: str, *, for_update: bool = False) -> User:
    """The user of a valid token. With `for_update` the user is locked until the transaction ends, so that a token can
    be used only once.

    Raises the TokenExpired of the purpose if the token is malformed, expired or used.
    """
    try:
        user_id, mark = _serializer(purpose).loads(token, max_age=int(purpose.life.total_seconds()))
    except (BadData, ValueError, TypeError):
        raise purpose.expired from None
    user = db.session.get(User, user_id, with_for_update=LOCKED if for_update else None, populate_existing=for_update)
    if user is None or mark != _mark(purpose, user):
        raise purpose.expired
    return user


def make_confirmation(sign_up: SignUp, destination: str | None = None) -> str:
    """The token of a link to confirm the address of a sign-up, which has been flushed. The destination, if any, is
    encoded, so that no one can put text of their own into an email to others."""
    return _serializer(CONFIRM).dumps([sign_up.id, _digest([sign_up.email]), *_further(destination)])


def make_invitation(invitee: Invitee) -> str:
    """The token of a link by which an invitee, who has been flushed, signs up with what the invitation says."""
    return _serializer(INVITATION).dumps([invitee.id, _digest([invitee.email])])


def redeem_invitation(token: str) -> Invitee | None:
    """The invitee of such a link; None if it is malformed or expired, or they have signed up. The address still has to
    be confirmed, so the link gives no one any right."""
    invitee, mark = _invitation(token)
    return invitee if invitee and invitee.user_id is None and mark == _digest([invitee.email]) else None


def is_withdrawn(token: str) -> bool:
    """Whether it is a link to an invitation that has been withdrawn."""
    invitee, mark = _invitation(token)
    return mark is not None and invitee is None


def _invitation(token: str) -> tuple[Invitee | None, str | None]:
    """The invitation of a link, None if it no longer exists, and its mark, None if the link is not valid."""
    try:
        key, mark = _serializer(INVITATION).loads(token, max_age=int(INVITATION.life.total_seconds()))
    except (BadData, ValueError, TypeError):
        return None, None
    return db.session.get(Invitee, key), mark


def destination_of(token: str) -> str | None:
    """The destination in a token that `redeem_confirmation` accepted, None if there is none."""
    _key, _mark, *destination = _serializer(CONFIRM).loads(token)
    return destination[0] if destination else None


def redeem_confirmation(token: str) -> SignUp:
    """The sign-up for which a link was emailed, until a sign-up with its address is confirmed.

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
