"""Signing in and out, and the list of a person's sign-ins. Each action is one transaction.

Passwords are hashed before the transaction begins, since that is slow and a writer keeps others waiting."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select

from app.auth.emails import find_by_email
from app.auth.passwords import hash_password, is_right, needs_rehash
from app.auth.sign_up import discard_expired, refuse_unconfirmed
from app.database import utcnow
from app.errors import NotFound, Suspended, WrongCredentials
from app.extensions import db, transaction
from app.models import SignIn, User
from app.permissions import require

MAX_BROWSER = 200
LONGEST_SIGN_IN = timedelta(days=180)


def begin(user: User, browser: str) -> str:
    """Add a sign-in and return its token; sign-ins of this user older than LONGEST_SIGN_IN are deleted."""
    is_old = SignIn.created_at < utcnow() - LONGEST_SIGN_IN
    db.session.execute(delete(SignIn).where(SignIn.user_id == user.id, is_old))
    token = SignIn.new_token()
    db.session.add(SignIn(user_id=user.id, token_hash=SignIn.hash_of(token), browser=browser[:MAX_BROWSER]))
    return token


def end_others(user: User, kept: str) -> None:
    """End every sign-in of this user except the one with the token `kept`; with "", all of them."""
    db.session.execute(delete(SignIn).where(SignIn.user_id == user.id, SignIn.token_hash != SignIn.hash_of(kept)))


def sign_in(email: str | None, password: str, *, browser: str, destination: str | None = None) -> User:
    """Sign in. The session must hold the user's `session_token`, which is "" if the second step is still to be taken.

    Raises WrongCredentials, with the same message and after the same time for an unknown address as for a wrong
    password, Suspended, and the errors of `refuse_unconfirmed`.
    """
    found = find_by_email(email)
    if found is None or found.confirmed_at is None:
        refuse_unconfirmed(email or "", password, destination)
        raise WrongCredentials
    verified = found.password_hash
    if not is_right(verified, password):
        raise WrongCredentials
    renewed = hash_password(password) if needs_rehash(verified) else None
    with transaction():
        user = find_by_email(email, for_update=True)
        if user is None or user.password_hash != verified:
            raise WrongCredentials
        if user.suspended_at:
            raise Suspended(user.suspended_for)
        discard_expired()
        user.password_hash = renewed or user.password_hash
        user.session_token = "" if user.totp_secret else begin(user, browser)
    return user


def sign_out(user: User) -> None:
    """End the sign-in of this request."""
    with transaction():
        db.session.execute(delete(SignIn).where(SignIn.token_hash == SignIn.hash_of(user.session_token)))


def end(user: User, sign_in_id: int) -> None:
    """End one of this user's own sign-ins. Raises NotFound for any other."""
    with transaction():
        require(user, "change_account")
        own = delete(SignIn).where(SignIn.id == sign_in_id, SignIn.user_id == user.id).returning(SignIn.id)
        if db.session.scalar(own) is None:
            raise NotFound


def end_all_others(user: User) -> None:
    """End every sign-in except that of this request."""
    with transaction():
        require(user, "change_account")
        end_others(user, user.session_token)


def list_sign_ins(user: User) -> Sequence[SignIn]:
    """The user's sign-ins, latest first."""
    return db.session.scalars(select(SignIn).where(SignIn.user_id == user.id).order_by(SignIn.id.desc())).all()
