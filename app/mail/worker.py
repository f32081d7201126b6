"""`flask worker`: the process that takes due emails from the outbox and sends them, and does other jobs beside it.

No email is lost and, in normal running, none is sent twice. Before sending, a worker claims the email in a transaction
of its own: it counts the attempt and moves `due_at` ahead by CLAIMED_FOR, so that no other worker takes it. After
sending, it marks the email as sent. After a crash in between, the email is due again when the claim ends: it may then
be sent a second time, with the same Message-ID.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.headerregistry import Address
from types import FrameType

import click
from flask import current_app
from flask.cli import with_appcontext
from flask.ctx import AppContext
from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.exc import OperationalError

from app.database import LOCKED, utcnow
from app.extensions import db, transaction
from app.mail.letters import compose, letter_of, sender_of
from app.mail.outbox import NotWritten
from app.mail.queries import account_of, is_void
from app.mail.sending import Carrier, MailRefused, carrier_for
from app.models import Announcement, Mail, SignUp, User

CLAIMED_FOR = timedelta(minutes=15)
FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=6)
MOST_ATTEMPTS = 20
LAST_LANE = 2
LONGEST_WAIT = LONGEST_DELAY + timedelta(hours=1)  # an hour more, since clocks are set a little
POLL_SECONDS = 1.0
POLLS_PER_JOB = 10
PASSED_OVER_FOR = timedelta(minutes=5)
MOST_PASSED_OVER = 500  # with more, something else is wrong

log = logging.getLogger(__name__)

Say = Callable[[str], None]
Stopping = Callable[[], bool]
Job = Callable[[Stopping], bool]  # one step; whether there was anything to do
Writer = Callable[[Collection[int]], bool]  # the same, but for what has these keys
PassedOver = dict[Writer, dict[int, datetime]]  # what could not be written, by key, and until when it is left alone


@click.command()
@click.option("--once", is_flag=True, help="Send what is due now, and end.")
@click.option("--quiet", is_flag=True, help="Print nothing about emails that were sent.")
@with_appcontext
def worker(once: bool, quiet: bool) -> None:
    """Send emails from the outbox, over SMTP (MAIL_URL) or into files of the instance folder, and make PDFs."""
    site = current_app.config["SITE"]
    carrier, sender = carrier_for(site), sender_of(site)
    say = (lambda _text: None) if quiet else click.echo
    with until_signalled() as stopping:
        if once:
            deliver_due(carrier, sender, say=say, stopping=stopping)
            return
        with beside(current_app.extensions["jobs"], stopping):
            run(carrier, sender, say=say, stopping=stopping)


@contextmanager
def beside(jobs: Sequence[Job], stopping: Stopping) -> Iterator[None]:
    """Do the jobs in a thread until `stopping()` or the block ends, so that no email waits for them."""
    ended = threading.Event()
    # The method of the application itself, which the thread does not know as the current one.
    contexts = current_app.app_context
    thread = threading.Thread(target=_repeat, args=(contexts, jobs, lambda: ended.is_set() or stopping()))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _repeat(contexts: Callable[[], AppContext], jobs: Sequence[Job], stopping: Stopping) -> None:
    while not stopping():
        for job in jobs:
            with contexts():
                try:
                    while not stopping() and job(stopping):
                        pass
                except Exception:  # an error in a job must not stop it for good
                    log.exception("A job of the worker failed, and is tried again")
        for _poll in range(POLLS_PER_JOB):
            if not stopping():
                time.sleep(POLL_SECONDS)


def run(carrier: Carrier, sender: Address, *, say: Say, stopping: Stopping) -> None:
    """Send what is due until `stopping()`, whether or not the database always answers."""
    passed_over: PassedOver = {}
    while not stopping():
        try:
            deliver_due(carrier, sender, say=say, stopping=stopping, passed_over=passed_over)
            discard_old(utcnow())
        except OperationalError as error:
            db.session.rollback()
            log.warning("The database did not answer, trying again: %s", error.orig)
        time.sleep(POLL_SECONDS)


def deliver_due(
    carrier: Carrier,
    sender: Address,
    *,
    say: Say = lambda _text: None,
    stopping: Stopping = lambda: False,
    passed_over: PassedOver | None = None,
) -> int:
    """Send every email that is due, lane by lane, oldest first. What is still to be written in a lane comes before the
    next lane, a few at a time, so that the outbox never has many emails to many people. Returns how many were tried."""
    writers, tried, lane = current_app.extensions["writers"], 0, 1
    passed_over = {} if passed_over is None else passed_over
    with carrier:
        while lane <= len(writers) and not stopping():
            mail_id = claim(utcnow(), lane)
            if mail_id is not None:
                _deliver(mail_id, carrier, sender, say)
                tried += 1
            is_more = mail_id is not None or _write_more(writers[lane - 1], passed_over)
            lane = 1 if is_more else lane + 1
    return tried


def _write_more(writers: Sequence[Writer], passed_over: PassedOver) -> bool:
    """Write some of the emails to many people. Returns whether there may be more. An error in one writer must not stop
    the others, and what could not be written is tried again later, so that the rest does not wait for it."""
    now = utcnow()
    for write in writers:
        waiting = {key: until for key, until in passed_over.get(write, {}).items() if until > now}
        passed_over[write] = waiting
        if len(waiting) >= MOST_PASSED_OVER:
            continue
        try:
            if write(list(waiting)):
                return True
        except OperationalError:
            raise
        except NotWritten as error:
            db.session.rollback()
            log.exception("Emails to many people could not be written; this is tried again later")
            waiting[error.key] = now + PASSED_OVER_FOR
            return True
        except Exception:
            db.session.rollback()
            log.exception("Emails to many people could not be written; this is tried again")
    return False


def claim(now: datetime, last_lane: int = LAST_LANE) -> int | None:
    """Take the oldest due email of the first lane that has one, for CLAIMED_FOR. Returns its id, or None if nothing is
    due."""
    due = select(Mail).where(_is_due(now), Mail.lane <= last_lane).order_by(Mail.lane, Mail.id).limit(1)
    found = db.session.scalar(due.with_only_columns(Mail.id))
    db.session.rollback()
    if found is None:  # an idle worker only reads, so it keeps no writer waiting
        return None
    with transaction():
        mail = db.session.scalar(due.with_for_update(skip_locked=True))
        if mail is None:
            return None
        mail.due_at = now + CLAIMED_FOR
        mail.attempts += 1
        return mail.id


def discard_old(now: datetime) -> None:
    """Delete addresses that are no longer needed: emails that were sent or given up `Mail.KEPT_FOR` ago, and sign-ups
    that were not confirmed in time. Those of an announcement stay together until none has waited for so long: they say
    who has got it, should one be sent again."""
    is_over = select(Announcement.id).where(Announcement.settled_at < now - Mail.KEPT_FOR)
    is_needed = Mail.announcement_id.is_not(None) & Mail.announcement_id.not_in(is_over)
    mails = or_(Mail.sent_at < now - Mail.KEPT_FOR, Mail.given_up_at < now - Mail.KEPT_FOR) & ~is_needed
    for kind, is_old in ((Mail, mails), (SignUp, SignUp.renewed_at <= now - SignUp.LIFE)):
        found = db.session.scalar(select(kind.id).where(is_old).limit(1))
        db.session.rollback()
        if found is not None:
            with transaction():
                db.session.execute(delete(kind).where(is_old))


def delay_after(attempts: int) -> timedelta:
    """How long to wait after this many attempts: a minute, doubled each time, at most LONGEST_DELAY."""
    return min(FIRST_DELAY * 2 ** (attempts - 1), LONGEST_DELAY)


@contextmanager
def until_signalled() -> Iterator[Stopping]:
    """A `stopping` that becomes true on SIGTERM or SIGINT, so that an email being sent is finished first."""
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
    """What waits for a later moment than it can was written when the clock was wrong."""
    has_come = or_(Mail.due_at <= now, Mail.due_at > now + LONGEST_WAIT)
    return and_(Mail.sent_at.is_(None), Mail.given_up_at.is_(None), has_come)


def _drop_if_void(mail: Mail) -> bool:
    """Delete an email that must no longer be sent, and return whether it was one. An announcement that is no longer
    true is stopped; an invited person who has signed up meanwhile is sent another email."""
    key, mail_id, now = mail.announcement_id, mail.id, utcnow()
    if not is_void(mail, now):
        return False
    user = None if mail.user_id else account_of(mail)
    account_id = user.id if user else None
    with transaction():
        one = db.session.get(Announcement, key, with_for_update=LOCKED) if key else None
        if one is not None and not one.holds(now):
            one.stopped_at = one.stopped_at or now
        elif one is not None and account_id is not None:
            one.written_at, one.last_user_id = None, min(one.last_user_id, account_id - 1)
        db.session.execute(delete(Mail).where(Mail.id == mail_id))
    return True


def _deliver(mail_id: int, carrier: Carrier, sender: Address, say: Say) -> None:
    mail = db.session.get(Mail, mail_id)
    if mail is None or _drop_if_void(mail):  # deleted meanwhile, or no longer to be sent
        return
    attempts, written = mail.attempts, None
    try:
        written = current_app.extensions["letters"][mail.kind](mail) if mail.kind else letter_of(mail)
        if written is None:
            _drop(mail_id)
            return
        letter = compose(mail, sender, encoding=carrier.encoding, written=written)
        db.session.rollback()  # keeps no connection to the database while waiting for the network
        said = carrier.send(letter)
    except MailRefused as error:
        _fail(mail_id, str(error), attempts=MOST_ATTEMPTS, refused_by=written.recipient if written else "")
    except Exception as error:  # noqa: BLE001  one bad email must not stop the others
        db.session.rollback()
        _fail(mail_id, f"{type(error).__name__}: {error}", attempts=attempts)
    else:
        _succeed(mail_id, written.recipient)
        say(said)


def _drop(mail_id: int) -> None:
    """Delete an email that no longer has anything to say."""
    with transaction():
        db.session.execute(delete(Mail).where(Mail.id == mail_id))


def _succeed(mail_id: int, recipient: str) -> None:
    """Mark it as sent, unless it has been deleted in the meantime. The address takes emails again."""
    with transaction():
        has_refused = (User.email == recipient) & (User.mails_refused > 0)
        db.session.execute(update(User).where(has_refused).values(mails_refused=0))  # people are locked before emails
        mail = db.session.get(Mail, mail_id)
        if mail is not None:
            mail.sent_at, mail.error = utcnow(), ""


def _fail(mail_id: int, reason: str, *, attempts: int, refused_by: str = "") -> None:
    """Keep the reason and try again later, or give up after the last attempt. `refused_by` is the address that has
    refused it for good."""
    now = utcnow()
    refused = update(User).where(User.email == refused_by).values(mails_refused=User.mails_refused + 1)
    with transaction():
        if refused_by:
            db.session.execute(refused)
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
