"""What an administrator does about a mail that could not be delivered: send it again, correct the address, confirm the
account by hand. Each action is one transaction with a line in the log, which keeps no address."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, delete, select

from app.audit import changed, record
from app.auth import sign_up, tokens
from app.auth.email_change import begin, get_email_change, move_to
from app.auth.emails import address_for, find_by_email, write_to
from app.database import utcnow
from app.errors import AlreadyDecided, ConfirmationExpired, EmailChangeExpired, Refused
from app.extensions import db, transaction
from app.invitees import accept, discard_unsent, find_invitees, readdress_invitation, write_invitation
from app.mail.outbox import lock_announcements, make_due, readdress
from app.models import Invitee, Mail, SignUp, User
from app.permissions import require
from app.rows import fetch
from app.versions import require_version, version_of

TAKEN = _l("Another account already has this address.")
SAME = _l("This is the address to which the email could not be delivered.")
PRESENT = _l("This is the present address of the account.")
NO_REQUEST = _l("The request for this change of address has expired or has been cancelled.")
NO_ACCOUNT = _l("There is no longer an account or a sign-up with this address.")


def version_of_mail(mail: Mail) -> str:
    """The version of what is told of a mail."""
    return version_of(mail, ("recipient", "attempts", "sent_at", "given_up_at"))


def people_of(mail: Mail) -> tuple[User | None, list[SignUp]]:
    """Whose mail it is: the account with the address, or else the sign-ups that wait with it, the latest first."""
    user = db.session.get(User, mail.user_id) if mail.user_id else find_by_email(mail.recipient)
    return user, [] if user and user.confirmed_at else list(sign_up.list_sign_ups(mail.recipient))


def send_again(mail_id: int, *, version: str, viewer: User) -> None:
    """Let the worker try it again at once, as if it were new. Raises AlreadyDecided if it has been sent, and as
    `correct_address`. It is logged if the person has an account."""
    with transaction():
        mail = _undelivered(mail_id, version, viewer)
        user, _waiting = people_of(mail)
        if user is not None:
            record(viewer, "send_again", "users", user, [])
        make_due(mail)


def correct_address(mail_id: int, email: str, *, version: str, viewer: User) -> None:
    """Let the account, or the latest sign-up, have this address, which is told by mail.

    A sign-up becomes an account, since its password is bound to the former address; the mail has a link by which the
    person confirms the new one and chooses a password. If the email was to a new address that the person had
    requested, the corrected one is asked to confirm, and the account keeps its own until then. Raises Refused for an
    address that another account has, ChangedMeanwhile, NotFound and Forbidden.
    """
    with transaction():
        mail = _undelivered(mail_id, version, viewer)
        user, waiting = people_of(mail)
        former, field = mail.recipient, "email"
        if email == former:
            raise Refused(SAME, "email")
        try:
            if user is not None:
                field = _correct_account(user, former, email)
            elif waiting:
                user = sign_up.make_account(waiting[0], email, None)
                sign_up.forget(former)
                _take_invitations_along(former, email)
                readdress(former, email)
                _write_corrected(user)
            elif invitees := find_invitees(former):
                _move_invitations(invitees, email, viewer)
                readdress(former, email)
            else:
                raise Refused(NO_ACCOUNT, "email")
        except (EmailChangeExpired, ConfirmationExpired):
            raise Refused(TAKEN, "email") from None
        _drop_unsent(former)
        if user is not None:
            record(viewer, "edit", "users", user, changed(field, former, email))


def _correct_account(user: User, former: str, email: str) -> str:
    """Let an account have this address or, where the former is one that its person has requested, ask it to confirm.
    Returns what was changed. Raises Refused and EmailChangeExpired."""
    if email == user.email:
        raise Refused(PRESENT, "email")
    if former != user.email:
        _ask_new_address(user, former, email)
        return "requested_email"
    _take_invitations_along(former, email)
    move_to(user, email)
    if not user.confirmed_at:
        _write_corrected(user)
    return "email"


def _ask_new_address(user: User, former: str, email: str) -> None:
    """Ask this address, in place of the former one, and that of the account to confirm the change that the person has
    requested. Raises Refused if the request is no longer there or another account has the address."""
    change = get_email_change(user)
    if change is None or change.email != former:
        raise Refused(NO_REQUEST, "email")
    other = find_by_email(email)
    if other is not None and other.confirmed_at:
        raise Refused(TAKEN, "email")
    begin(user, email)


def _take_invitations_along(former: str, email: str) -> None:
    """Let invitations to the former address hold for the new one, which may have its own to the same forum."""
    taken = {invitee.forum_id for invitee in find_invitees(email)}
    for invitee in find_invitees(former):
        if invitee.forum_id in taken:
            discard_unsent(invitee)
            db.session.delete(invitee)
        else:
            readdress_invitation(invitee, email)


def confirm_by_hand(mail_id: int, sign_up_id: int | None, *, version: str, viewer: User) -> int:
    """Confirm the account, or make it of this sign-up, without the link of the mail. Returns the key of the account.

    Raises Refused where there is nothing to confirm, and as `correct_address`.
    """
    with transaction():
        mail = _undelivered(mail_id, version, viewer)
        user, waiting = people_of(mail)
        chosen = next((one for one in waiting if one.id == sign_up_id), None)
        if chosen:
            user = sign_up.make_account(chosen, mail.recipient, utcnow())
        elif user is None or user.confirmed_at:
            raise Refused(NO_ACCOUNT)
        user.confirmed_at = utcnow()
        accept(user)
        record(viewer, "confirm", "users", user, [])
        _drop_unsent(mail.recipient, Mail.user_id.is_(None))
        key: int = user.id
    return key


def lift_lock(user_id: int, *, version: str, viewer: User) -> int:
    """Reset the count of attempts to sign in to an account. Returns its key; raises as `correct_address`."""
    with transaction():
        require(viewer, "administer")
        user = fetch(User, user_id)
        require_version(version, version_of_locks(user))
        user.locks_lifted += 1
        record(viewer, "unlock", "users", user, [])
    return user_id


def version_of_locks(user: User) -> str:
    return version_of(user, ("name", "email", "locks_lifted"))


def _undelivered(mail_id: int, version: str, viewer: User) -> Mail:
    require(viewer, "administer")
    lock_announcements(fetch(Mail, mail_id).recipient)
    mail = db.session.scalar(select(Mail).where(Mail.id == mail_id).with_for_update())
    if mail is None or mail.sent_at:
        raise AlreadyDecided
    require_version(version, version_of_mail(mail))
    return mail


def _move_invitations(invitees: Sequence[Invitee], email: str, viewer: User) -> None:
    """Send the invitations to this address. Raises Refused if it has been invited to one of the forums, or has an
    account."""
    forums = {one.forum_id for one in find_invitees(email)}
    if find_by_email(email) or forums & {one.forum_id for one in invitees}:
        raise Refused(TAKEN, "email")
    for invitee in invitees:
        readdress_invitation(invitee, email)
        write_invitation(invitee)
        record(viewer, "edit", "forums", invitee.forum, changed("email", "", email))


def _drop_unsent(recipient: str, *conditions: ColumnElement[bool]) -> None:
    """Delete what is still to be sent to an address, but no announcement: the worker knows whether it still fits."""
    unsent: Any = Mail.sent_at.is_(None) & Mail.announcement_id.is_(None)
    db.session.execute(delete(Mail).where(Mail.recipient == recipient, unsent, *conditions))


def _write_corrected(user: User) -> None:
    address = address_for(user, "auth.reset", token=tokens.make(tokens.RESET, user))
    forgot = address_for(user, "auth.forgot")
    write_to(user, "address_corrected", address=address, moment=utcnow() + tokens.RESET.life, forgot=forgot)
