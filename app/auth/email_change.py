"""Changing an email address, once both the old and the new one have confirmed it."""

from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from app.auth import account, sign_in, tokens
from app.auth.emails import address_for, find_by_email, write_to
from app.auth.sign_up import forget
from app.database import utcnow
from app.errors import EmailChangeExpired, SameAddress
from app.extensions import db, transaction
from app.invitees import accept
from app.mail.outbox import readdress
from app.models import EmailChange, Mail, User
from app.permissions import require

Side = Literal["old", "new"]


def ask(user: User, email: str, *, password: str) -> bool:
    """Email a link to both addresses, in place of any earlier request. Raises WrongPassword and SameAddress.

    No one learns whether the new address has an account: only its owner is told, by email, and the change then cannot
    be completed.
    """
    verified = account.check_password(user, password)
    with transaction():
        account.require_unchanged(user, verified)
        if email == user.email:
            raise SameAddress
        begin(user, email)
    return True


def begin(user: User, email: str) -> None:
    """Inside a transaction: email a link to both addresses, in place of any earlier request."""
    db.session.execute(delete(EmailChange).where(EmailChange.user_id == user.id))
    db.session.add(EmailChange(user_id=user.id, email=email))
    db.session.flush()
    _write_to_both(user, email)


def cancel(user: User) -> None:
    """Delete the request, which invalidates its links."""
    with transaction():
        require(user, "change_account")
        db.session.execute(delete(EmailChange).where(EmailChange.user_id == user.id))


def redeem(side: Side, token: str, *, for_update: bool = False) -> tuple[User, EmailChange]:
    """The user and the change that they requested; `for_update` as in `tokens.redeem`. Raises EmailChangeExpired."""
    user = tokens.redeem(PURPOSES[side], token, for_update=for_update)
    return user, db.session.get_one(EmailChange, user.id)


def confirm(side: Side, token: str, *, kept: str) -> bool:
    """Confirm the change for one side, and make it if the other side has confirmed. Returns whether it was made.

    `kept` is the token of the sign-in that then continues, "" for none. Raises Suspended, and EmailChangeExpired, also
    if another account has taken the address in the meantime.
    """
    with transaction():
        user, change = redeem(side, token, for_update=True)
        require(user, "change_account")
        if side == "old":
            change.confirmed_by_old_at = utcnow()
        else:
            change.confirmed_by_new_at = utcnow()
        is_confirmed = bool(change.confirmed_by_old_at and change.confirmed_by_new_at)
        if is_confirmed:
            email = change.email
            db.session.delete(change)
            move_to(user, email, kept)
            accept(user)
    return is_confirmed


def _write_to_both(user: User, email: str) -> None:
    moment, old, new = utcnow() + EmailChange.LIFE, _confirm_address(user, "old"), _confirm_address(user, "new")
    forgot = address_for(user, "auth.forgot")
    write_to(user, "email_change_old", address=old, email=email, moment=moment, forgot=forgot)
    owner = find_by_email(email)
    if owner is not None and owner.confirmed_at:
        write_to(owner, "email_change_taken", sign_in=address_for(owner, "auth.sign_in"))
    else:
        write_to(user, "email_change_new", recipient=email, address=new, moment=moment)


def move_to(user: User, email: str, kept: str = "") -> None:
    """Inside a transaction: give the account this address, end all sign-ins but the one with the token `kept`, and tell
    the new address if the account is confirmed. Emails that are not bound to the old address go there too
    (app/mail/outbox.py); all others to the old one are deleted.

    Raises EmailChangeExpired if another account has the address.
    """
    _make_room(email)
    readdress(user.email, email)
    db.session.execute(delete(Mail).where(Mail.recipient == user.email))
    user.email, user.mails_refused = email, 0
    try:
        db.session.flush()
    except IntegrityError:  # someone else has taken the address at the same moment
        raise EmailChangeExpired from None
    sign_in.end_others(user, kept)
    if user.confirmed_at:
        write_to(user, "email_changed", moment=utcnow(), sign_in=address_for(user, "auth.sign_in"))


def _make_room(email: str) -> None:
    """Delete sign-ups and accounts with this address that were never confirmed. Raises EmailChangeExpired."""
    forget(email)
    other = find_by_email(email)
    if other is not None and other.confirmed_at:
        raise EmailChangeExpired
    if other is not None:
        db.session.delete(other)
        db.session.flush()


def _confirm_address(user: User, side: Side) -> str:
    token = tokens.make(PURPOSES[side], user)
    return address_for(user, "auth.confirm_email_change", side=side, token=token)


def _purpose(side: Side) -> tokens.Purpose:
    """For the link to one side, valid until that side has confirmed the pending change."""

    def marks(user: User) -> list[object]:
        change = db.session.get(EmailChange, user.id)
        if change is None:
            return [None]
        confirmed_at = change.confirmed_by_old_at if side == "old" else change.confirmed_by_new_at
        return [change.email, str(change.created_at), confirmed_at is not None]

    return tokens.Purpose(f"email-change-{side}", EmailChange.LIFE, EmailChangeExpired, marks)


def get_email_change(user: User) -> EmailChange | None:
    """The change of address that is to be confirmed; None if its links have expired."""
    return db.session.scalar(
        select(EmailChange).where(EmailChange.user_id == user.id, EmailChange.created_at > utcnow() - EmailChange.LIFE)
    )


PURPOSES: dict[Side, tokens.Purpose] = {"old": _purpose("old"), "new": _purpose("new")}
