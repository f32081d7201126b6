"""Taking due mails from the outbox and sending them.

No mail is lost and, in normal running, none is sent twice. Before sending, a worker claims the mail in a
transaction of its own: it counts the attempt and moves `due_at` ahead by CLAIMED_FOR, so that another
worker does not see the mail. After sending it marks it. A crash in between leaves the mail due again when
the claim ends: it may then be sent a second time, with the same Message-ID.
"""

import logging
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.headerregistry import Address
from types import FrameType

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.exc import OperationalError

from app.database import utcnow
from app.extensions import db, transaction
from app.mail.letters import compose
from app.mail.sending import Carrier, MailRefused
from app.models import Mail, SignUp

CLAIMED_FOR = timedelta(minutes=15)
FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=6)
MOST_ATTEMPTS = 20
KEPT_FOR = timedelta(days=30)
POLL_SECONDS = 1.0

log = logging.getLogger(__name__)

Say = Callable[[str], None]
Stopping = Callable[[], bool]


def run(carrier: Carrier, sender: Address, *, say: Say, stopping: Stopping) -> None:
    """Send what is due until `stopping()`; a database that does not answer is asked again."""
    while not stopping():
        try:
            deliver_due(carrier, sender, say=say, stopping=stopping)
            discard_old(utcnow())
        except OperationalError as error:
            db.session.rollback()
            log.warning("The database did not answer, trying again: %s", error.orig)
        time.sleep(POLL_SECONDS)


def deliver_due(
    carrier: Carrier, sender: Address, *, say: Say = lambda _text: None, stopping: Stopping = lambda: False
) -> int:
    """Send every mail that is due, oldest first; how many were tried."""
    tried = 0
    with carrier:
        while not stopping() and (mail_id := claim(utcnow())) is not None:
            _deliver(mail_id, carrier, sender, say)
            tried += 1
    return tried


def claim(now: datetime) -> int | None:
    """Take the oldest due mail for CLAIMED_FOR; its id, or None where nothing is due."""
    due = select(Mail).where(_is_due(now)).order_by(Mail.id).limit(1)
    found = db.session.scalar(due.with_only_columns(Mail.id))
    db.session.rollback()
    if found is None:  # an idle worker reads only, and keeps no writer waiting
        return None
    with transaction():
        mail = db.session.scalar(due.with_for_update(skip_locked=True))
        if mail is None:
            return None
        mail.due_at = now + CLAIMED_FOR
        mail.attempts += 1
        return mail.id


def discard_old(now: datetime) -> None:
    """Delete what holds people's addresses and serves no more: mails that were sent, or given up, KEPT_FOR ago, and
    sign-ups that nobody has confirmed in time."""
    mails = or_(Mail.sent_at < now - KEPT_FOR, Mail.given_up_at < now - KEPT_FOR)
    for kind, is_old in ((Mail, mails), (SignUp, SignUp.renewed_at <= now - SignUp.LIFE)):
        found = db.session.scalar(select(kind.id).where(is_old).limit(1))
        db.session.rollback()
        if found is not None:
            with transaction():
                db.session.execute(delete(kind).where(is_old))


def delay_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: a minute, doubled each time, at most LONGEST_DELAY."""
    return min(FIRST_DELAY * 2 ** (attempts - 1), LONGEST_DELAY)


@contextmanager
def until_signalled() -> Iterator[Stopping]:
    """A `stopping` that turns true on SIGTERM or SIGINT, so that a mail being sent is finished first."""
    received: list[int] = []

    def remember(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, remember) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(Mail.sent_at.is_(None), Mail.given_up_at.is_(None), Mail.due_at <= now)


def _deliver(mail_id: int, carrier: Carrier, sender: Address, say: Say) -> None:
    mail = db.session.get(Mail, mail_id)
    if mail is None:  # its recipient's account was deleted, or its address changed, a moment ago
        return
    attempts = mail.attempts
    try:
        letter = compose(mail, sender, encoding=carrier.encoding)
        db.session.rollback()  # the database is not held while the network is waited for
        said = carrier.send(letter)
    except MailRefused as error:
        _fail(mail_id, str(error), attempts=MOST_ATTEMPTS)
    except Exception as error:  # noqa: BLE001  one bad mail must not stop the others
        db.session.rollback()
        _fail(mail_id, f"{type(error).__name__}: {error}", attempts=attempts)
    else:
        _succeed(mail_id)
        say(said)


def _succeed(mail_id: int) -> None:
    """Mark it, where it has not been deleted while it was sent."""
    with transaction():
        mail = db.session.get(Mail, mail_id)
        if mail is not None:
            mail.sent_at, mail.error = utcnow(), ""


def _fail(mail_id: int, reason: str, *, attempts: int) -> None:
    """Keep the reason and try again later, or give up after the last attempt."""
    now = utcnow()
    with transaction():
        mail = db.session.get(Mail, mail_id)
        if mail is None:
            return
        mail.error = reason
        if attempts >= MOST_ATTEMPTS:
            mail.given_up_at, outcome = now, "given up"
        else:
            mail.due_at = now + delay_after(attempts)
            outcome = f"next attempt at {mail.due_at:%Y-%m-%d %H:%M:%S} UTC"
    log.warning("Mail %s was not sent (%s): %s", mail_id, outcome, reason)
