"""Signing up, and confirming the address. Each action is one transaction, and its emails are part of it.

Each sign-up waits with its own profile and password until one of those with the same address is confirmed. So no one
can prepare an account for others, and signing up with another person's address takes nothing from its owner."""

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from app.auth import tokens
from app.auth.emails import CONFIRMATION, address_for, find_by_email, may_email, write_no_account, write_to
from app.auth.passwords import hash_password
from app.database import utcnow
from app.errors import (
    ConfirmationExpired,
    ConfirmationMailed,
    InvitationWithdrawn,
    NotConfirmed,
    NotTheirPassword,
    WrongCredentials,
)
from app.extensions import db, transaction
from app.invitees import accept, is_invited_for_secretariat
from app.mail.outbox import enqueue
from app.models import Capacity, SignUp, User
from app.submissions import usable

SALT_LENGTH = 16  # in bytes, as RFC 9106 recommends


def hash_for(email: str, password: str) -> str:
    """The hash of a password for a sign-up with this address. Takes some hundredths of a second.

    All sign-ups with one address share a salt, so that a single hash shows which of them a password belongs to, in the
    same time for an address with many sign-ups as for one with none.
    """
    key = str(current_app.secret_key).encode()
    salt = hmac.digest(key, f"plenary.sign-up {email}".encode(), "sha256")[:SALT_LENGTH]
    return hash_password(password, salt=salt)


def list_sign_ups(email: str) -> Sequence[SignUp]:
    """The waiting sign-ups with this address, the latest first."""
    return db.session.scalars(select(SignUp).where(_waits(email)).order_by(SignUp.id.desc())).all()


def find_sign_up(email: str, password_hash: str) -> SignUp | None:
    """The waiting sign-up with this address and password hash."""
    return db.session.scalar(select(SignUp).where(_waits(email), SignUp.password_hash == password_hash))


def latest_sign_up(email: str) -> SignUp | None:
    """The latest waiting sign-up with this address."""
    return db.session.scalar(select(SignUp).where(_waits(email)).order_by(SignUp.id.desc()).limit(1))


def is_only_sign_up(sign_up: SignUp) -> bool:
    """Whether no other sign-up waits for this address."""
    others = select(SignUp.id).where(_waits(sign_up.email), SignUp.id != sign_up.id).limit(1)
    return db.session.scalar(others) is None


def count_waiting() -> int:
    """How many addresses are still to be confirmed."""
    waiting = select(func.count(func.distinct(SignUp.email))).where(SignUp.renewed_at > utcnow() - SignUp.LIFE)
    return db.session.scalar(waiting) or 0


def _waits(email: str) -> ColumnElement[bool]:
    return (SignUp.email == email) & (SignUp.renewed_at > utcnow() - SignUp.LIFE)


def sign_up(
    profile: dict[str, Any], *, email: str, password: str, submission: str, destination: str | None = None
) -> None:
    """Store a sign-up until its address is confirmed, and email the link, which leads on to `destination`.

    `profile` has the fields of SignUp.PROFILE. No one learns whether the address had an account: the owner of a
    confirmed one is told by email, and nothing changes. A second sign-up with the same password replaces the profile.
    """
    password_hash, key = hash_for(email, password), usable(submission)
    if _is_sent_again(find_sign_up(email, password_hash), profile, key):
        return
    is_emailed = may_email(CONFIRMATION, email)
    with transaction():
        discard_expired()
        user = find_by_email(email)
        if user and user.confirmed_at:
            if is_emailed:
                _write_already_registered(user)
            return
        kept = _keep(email, password_hash)
        if _is_sent_again(kept, profile, key):
            return
        _fill(kept, {**profile, "submission": key, "renewed_at": utcnow()})
        if is_emailed:
            _write_confirmation(kept, destination)


def confirm(token: str, password: str) -> None:
    """Make the account of the sign-up with this password. Raises as `make_account`, and NotTheirPassword.

    The link proves that the person reads emails to this address; the password shows which of the sign-ups is theirs. So
    no one can make others, by an email that they did not ask for, confirm an account whose password they do not know.
    """
    email = tokens.redeem_confirmation(token).email
    password_hash = hash_for(email, password)
    with transaction():
        tokens.redeem_confirmation(token)  # it may have been used in the meantime
        chosen = find_sign_up(email, password_hash)
        if chosen is None:
            raise NotTheirPassword
        accept(make_account(chosen, email, utcnow()))


def make_account(sign_up: SignUp, email: str, confirmed_at: datetime | None) -> User:
    """Inside a transaction: make an account of a sign-up, with its password and this address, which others of its
    sign-ups lose. Raises ConfirmationExpired if the address has a confirmed account, and InvitationWithdrawn."""
    if sign_up.capacity == Capacity.SECRETARIAT and not is_invited_for_secretariat(sign_up.email):
        raise InvitationWithdrawn
    user = find_by_email(email, for_update=True) or User(email=email)
    if user.confirmed_at:
        raise ConfirmationExpired
    _fill(user, {**sign_up.profile, "password_hash": sign_up.password_hash, "confirmed_at": confirmed_at})
    db.session.add(user)
    forget(email)
    try:
        db.session.flush()
    except IntegrityError:  # another sign-up with this address was confirmed at the same moment
        raise ConfirmationExpired from None
    return user


def ask_for_confirmation(email: str, *, language: str, destination: str | None = None) -> None:
    """Email a new link, which can confirm any sign-up with this address, each with its own password. If there is none,
    or if the address has a confirmed account, the email says so. Nothing is sent past the limit."""
    if not may_email(CONFIRMATION, email):
        return
    with transaction():
        user, waiting = find_by_email(email), latest_sign_up(email)
        if user and user.confirmed_at:
            _write_already_registered(user)
        elif waiting:
            _write_confirmation(waiting, destination)
        else:
            write_no_account(email, language)


def refuse_unconfirmed(email: str, password: str, destination: str | None) -> None:
    """Refuse a sign-in with an address that has no confirmed account.

    Always raises: WrongCredentials; or, if the password is that of a sign-up, NotConfirmed after emailing a new link,
    or ConfirmationMailed if the limit of emails is reached.
    """
    password_hash = hash_for(email, password)
    if find_sign_up(email, password_hash) is None:
        raise WrongCredentials
    if not may_email(CONFIRMATION, email):
        raise ConfirmationMailed
    with transaction():
        waiting = find_sign_up(email, password_hash)
        if waiting is None:
            raise WrongCredentials
        _write_confirmation(waiting, destination)
    raise NotConfirmed


def forget(email: str) -> None:
    """Inside a transaction: delete every sign-up with this address, which now has an account."""
    db.session.execute(delete(SignUp).where(SignUp.email == email))


def discard_expired() -> None:
    """Inside a transaction: delete the sign-ups that were not confirmed in time."""
    db.session.execute(delete(SignUp).where(SignUp.renewed_at <= utcnow() - SignUp.LIFE))


def _keep(email: str, password_hash: str) -> SignUp:
    """The sign-up with this address and password, added without a profile if there is none."""
    found = find_sign_up(email, password_hash)
    if found:
        return found
    made = SignUp(email=email, password_hash=password_hash, name="", capacity="", language="")
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError:  # the same form was sent at the same moment
        found = find_sign_up(email, password_hash)
        if found is None:
            raise
        return found
    return made


def _is_sent_again(kept: SignUp | None, profile: dict[str, Any], key: str) -> bool:
    """Whether the same form has been sent before."""
    return bool(kept and key) and kept is not None and kept.submission == key and kept.profile == profile


def _fill(row: SignUp | User, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def _write_confirmation(sign_up: SignUp, destination: str | None) -> None:
    """Email the link; all sign-ups with the address then wait as long as it is valid."""
    db.session.flush()
    db.session.execute(update(SignUp).where(SignUp.email == sign_up.email).values(renewed_at=utcnow()))
    address = address_for(sign_up, "auth.confirm", token=tokens.make_confirmation(sign_up, destination))
    enqueue(
        "confirm",
        recipient=sign_up.email,
        language=sign_up.language,
        name=sign_up.name,
        address=address,
        moment=utcnow() + SignUp.LIFE,
    )


def _write_already_registered(user: User) -> None:
    ways = {name: address_for(user, f"auth.{name}") for name in ("sign_in", "forgot")}
    write_to(user, "already_registered", **ways)
