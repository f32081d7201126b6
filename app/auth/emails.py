"""Email addresses of accounts: their normal form, their owners, and emails to them, in the owner's language and inside
the transaction that causes them."""

import hashlib

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select

from app.addresses import absolute, link_in
from app.database import LOCKED
from app.extensions import db, limiter
from app.languages import language_or_default
from app.limits import Limit
from app.mail.outbox import enqueue
from app.models import Invitee, SignUp, User

LONGEST = 254  # in characters, of any valid address (RFC 3696, erratum 1690)
CONFIRMATION = "confirmation_mails_to_account"
RESET = "reset_mails_to_account"


def normal_email(typed: str) -> str | None:
    """The address in lower case and in ASCII; None if it is not valid. Makes no network requests."""
    if len(typed) > LONGEST:
        return None
    try:
        found = validate_email(typed.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return None
    return (found.ascii_email or "").lower() or None


def find_by_email(email: str | None, *, for_update: bool = False) -> User | None:
    """The account with this normalized address; `for_update` locks it until the transaction ends."""
    statement = select(User).where(User.email == email)
    return db.session.scalar(statement.with_for_update(**LOCKED) if for_update else statement) if email else None


def may_email(name: str, email: str) -> bool:
    """Count one more email of this kind to an address, with an account or without. Returns whether it may be sent.

    Earlier links remain valid, so no stranger can deprive an owner of a link by requesting many. To be called before
    the transaction, since it may ask Redis.
    """
    return limiter.take(Limit(name, hashlib.sha256(email.encode()).hexdigest())) is None


def write_to(user: User, name: str, /, *, recipient: str = "", **values: object) -> None:
    """Email `<name>` to this user, who has been flushed; `recipient` is another address of the same person."""
    enqueue(
        name,
        recipient=recipient or user.email,
        language=user.language,
        user_id=user.id,
        name=user.name,
        **values,
    )


def write_no_account(email: str, language: str) -> None:
    """Tell an address that it has no account, or none yet."""
    enqueue("no_account", recipient=email, language=language, sign_up=absolute(link_in(language, "auth.sign_up")))


def address_for(person: User | SignUp | Invitee, endpoint: str, **values: object) -> str:
    """The absolute address of a page in this person's language."""
    return absolute(link_in(language_or_default(person.language).code, endpoint, **values))
