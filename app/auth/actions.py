"""What people do with their accounts. Each action is one transaction, and its mails are part of it.

Passwords are hashed before the transaction begins, since that takes long and a writer keeps others waiting.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from app.addresses import absolute, link_in
from app.admin.log_actions import assign, record
from app.auth import sign_ins, tokens
from app.auth.mailing import address_for, write_to
from app.auth.passwords import hash_password, is_right, needs_rehash
from app.auth.queries import find_by_email
from app.database import utcnow
from app.errors import (
    AddressTaken,
    ConfirmationMailed,
    ForumError,
    NotConfirmed,
    NotTheirPassword,
    Suspended,
    WrongCredentials,
    WrongPassword,
)
from app.extensions import db, transaction
from app.mail.outbox import enqueue
from app.models import EmailChange, SignIn, User
from app.permissions import require
from app.submissions import earlier_result, remember

MAIL_PAUSE = timedelta(minutes=10)  # the texts say ten minutes too


def sign_up(
    profile: dict[str, Any], *, email: str, password: str, submission: str, destination: str | None = None
) -> None:
    """Make an account that waits for its address to be confirmed, and mail the link, which leads on to `destination`.

    `profile` has `name`, `title`, `organization`, `country`, `capacity` and `language`. Nobody learns
    whether the address had an account: a confirmed one is told of it by mail and stays as it is; one that
    was never confirmed takes what was typed last, so that nobody prepares an account for somebody else.
    """
    values = {**profile, "password_hash": hash_password(password)}
    with transaction():
        user = find_by_email(email, for_update=True) or _add_account(email, values)
        if earlier_result(submission, user.id, profile, password):
            return
        if user.confirmed_at:
            _mail_already_registered(user)
        else:
            _fill(user, values)
            _mail_confirmation(user, destination)
        remember(submission, user.id, user.id, profile, password)


def create_confirmed(profile: dict[str, Any], *, email: str, password: str) -> None:
    """Make an account that can be used at once, for the command line, with a line in the log. Raises AddressTaken."""
    password_hash = hash_password(password)
    with transaction():
        if find_by_email(email) is not None:
            raise AddressTaken
        user = User(email=email, password_hash=password_hash, confirmed_at=utcnow())
        changes = assign(user, profile)
        db.session.add(user)
        db.session.flush()
        record(None, "create", "users", user, changes)


def confirm(token: str, password: str) -> None:
    """Confirm the address of a token. Raises ConfirmationExpired, and NotTheirPassword.

    The link proves that somebody reads the mail of this address, the password that it is the same person who signed
    up: so nobody brings others, by a mail that they did not ask for, to open an account to which he knows the password.
    """
    if not is_right(tokens.redeem(tokens.CONFIRM, token).password_hash, password):
        raise NotTheirPassword
    with transaction():
        # The token is worth nothing any more should the password have been changed meanwhile.
        tokens.redeem(tokens.CONFIRM, token, for_update=True).confirmed_at = utcnow()


def ask_for_confirmation(email: str, *, language: str, destination: str | None = None) -> None:
    """Mail a new link to confirm; whoever has no account, or a confirmed one, is told that instead.

    Nothing is mailed where a link that is still good was mailed less than MAIL_PAUSE ago.
    """
    with transaction():
        user = find_by_email(email, for_update=True)
        if user is None:
            _mail_no_account(email, language)
        elif user.confirmed_at:
            _mail_already_registered(user)
        elif not _was_mailed_lately(user):
            _mail_confirmation(user, destination)


def sign_in(email: str | None, password: str, *, browser: str, destination: str | None = None) -> User:
    """Sign in; the user's `session_token` is what the session has to hold. Whose account has a second step gets
    none yet, but has to take that step.

    Raises WrongCredentials, the same and as late for an unknown address as for a wrong password, Suspended, and
    NotConfirmed after mailing a new link, or ConfirmationMailed where one was mailed less than MAIL_PAUSE ago.
    """
    found = find_by_email(email)
    verified = found.password_hash if found else None
    if not is_right(verified, password):
        raise WrongCredentials
    renewed = hash_password(password) if verified and needs_rehash(verified) else None
    refusal: ForumError | None = None
    with transaction():
        user = find_by_email(email, for_update=True)
        if user is None or user.password_hash != verified:
            raise WrongCredentials
        if user.suspended_at:
            refusal = Suspended(user.suspended_for)
        elif user.confirmed_at:
            user.password_hash = renewed or user.password_hash
            user.session_token = "" if user.totp_secret else sign_ins.begin(user, browser)
        elif _was_mailed_lately(user):
            refusal = ConfirmationMailed()
        else:
            _mail_confirmation(user, destination)
            refusal = NotConfirmed()
    if refusal:  # raised here, since the mail has to be kept
        raise refusal
    return user


def sign_out(user: User) -> None:
    """End the sign-in by which this request came."""
    with transaction():
        db.session.execute(delete(SignIn).where(SignIn.token_hash == SignIn.hash_of(user.session_token)))


def ask_for_reset(email: str, *, language: str) -> None:
    """Mail a link to choose a new password; an address without an account is told that there is none."""
    with transaction():
        user = find_by_email(email)
        if user is None:
            _mail_no_account(email, language)
        else:
            address = address_for(user, "auth.reset", token=tokens.make(tokens.RESET, user))
            write_to(user, "reset", address=address, moment=utcnow() + tokens.RESET.life)


def reset_password(token: str, password: str) -> None:
    """Set a new password, which also confirms the address, and end every sign-in. Raises ResetExpired."""
    password_hash = hash_password(password)
    with transaction():
        user = tokens.redeem(tokens.RESET, token, for_update=True)
        user.confirmed_at = user.confirmed_at or utcnow()
        _set_password(user, password_hash)


def change_password(user: User, *, current: str, new: str) -> None:
    """Set a new password and end every other sign-in. Raises WrongPassword."""
    verified = user.password_hash
    if not is_right(verified, current):
        raise WrongPassword
    password_hash = hash_password(new)
    with transaction():
        if user.password_hash != verified:
            raise WrongPassword
        _set_password(user, password_hash)


def change_profile(user: User, profile: dict[str, Any]) -> None:
    """Messages that were posted keep the capacity and the organization that they were posted with."""
    with transaction():
        db.session.refresh(user, with_for_update=True)
        require(user, "change_account")
        _fill(user, profile)


def _add_account(email: str, values: dict[str, Any]) -> User:
    """A new account, or the one that somebody else has made with this address at this very moment."""
    user = User(email=email)
    _fill(user, values)
    try:
        with db.session.begin_nested():
            db.session.add(user)
    except IntegrityError:
        found = find_by_email(email, for_update=True)
        if found is None:
            raise
        return found
    return user


def _fill(user: User, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(user, name, value)


def _set_password(user: User, password_hash: str) -> None:
    """The new hash kills older links, a change of address that waits for them too; the sign-in of this request, if
    there is one, is kept, and so is the second step."""
    user.password_hash = password_hash
    db.session.execute(delete(EmailChange).where(EmailChange.user_id == user.id))
    sign_ins.end_others(user, user.session_token)
    write_to(user, "password_changed", moment=utcnow(), forgot=address_for(user, "auth.forgot"))


def _was_mailed_lately(user: User) -> bool:
    """Whether a link to confirm was mailed so short a time ago that another would only fill the mailbox."""
    mailed_at = user.confirmation_mailed_at
    return mailed_at is not None and utcnow() - mailed_at < MAIL_PAUSE


def _mail_confirmation(user: User, destination: str | None) -> None:
    """Mail a link to a user who has been flushed."""
    user.confirmation_mailed_at = utcnow()
    address = address_for(user, "auth.confirm", token=tokens.make(tokens.CONFIRM, user, destination))
    write_to(user, "confirm", address=address, moment=utcnow() + tokens.CONFIRM.life)


def _mail_already_registered(user: User) -> None:
    ways = {name: address_for(user, f"auth.{name}") for name in ("sign_in", "forgot")}
    write_to(user, "already_registered", **ways)


def _mail_no_account(email: str, language: str) -> None:
    enqueue("no_account", recipient=email, language=language, sign_up=absolute(link_in(language, "auth.sign_up")))
