"""Adding emails to the outbox, in the transaction that causes them; the worker sends them later.

An email `<name>` has two templates, `mail/<name>.txt` and `mail/<name>.html`. The text template also has the subject,
in a block of that name. Both know what the caller passes, `language` (the recipient's) and the globals of the
environment, but nothing of the request or the viewer.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app
from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import OperationalError

from app.database import LOCKED, utcnow
from app.extensions import db
from app.languages import Language, language_or_default, speaking
from app.mail.letters import is_one_address
from app.models import Announcement, Mail
from app.plain import plain_line

MAX_SUBJECT = 300
# What its recipient has not asked for at that moment. All other emails belong to something that someone is doing now,
# such as signing up, and go to every address.
NOTICES = frozenset(
    "all_withheld announcement followed_up moderated receipt receipt_without_text reinstated role_ended role_given "
    "suspended to_moderate to_moderate_more".split()
)


class NotWritten(Exception):
    """Of what goes to many people, that with this key could not be written."""

    def __init__(self, key: int) -> None:
        super().__init__(key)
        self.key = key


@contextmanager
def writing(key: int) -> Iterator[None]:
    """Raises NotWritten if anything goes wrong but the connection to the database."""
    try:
        yield
    except OperationalError:
        raise
    except Exception as error:
        raise NotWritten(key) from error


def enqueue(name: str, /, *, recipient: str, language: str, user_id: int | None = None, **values: object) -> Mail:
    """Add the email `<name>` to the caller's transaction; neither flushes nor commits.

    `language` is the code of the recipient's language; if the site no longer has it, the site's default is used.
    `user_id` is the account that the email belongs to, with which it is deleted. `values` fill the templates; addresses
    of pages among them are absolute. Raises ValueError if the recipient is not a single bare email address.
    """
    if not is_one_address(recipient):
        raise ValueError("an email goes to exactly one email address")
    spoken = language_or_default(language)
    with speaking(spoken):
        subject, text, html = render(name, spoken, values)
    about = {"user_id": user_id, "recipient": recipient, "language": spoken.code, "is_notice": name in NOTICES}
    mail = Mail(**about, subject=subject, text=text, html=html)
    db.session.add(mail)
    return mail


def render(name: str, language: Language, values: dict[str, object]) -> tuple[str, str, str]:
    """`(subject, text, HTML)`. Rendered without Flask's `render_template`, which would add the context of the request.
    Only HTML is escaped: an apostrophe in a name remains one in plain text."""
    known = {"language": language, **values}
    template = current_app.jinja_env.get_template(f"mail/{name}.txt")
    subject = plain_line("".join(template.blocks["subject"](template.new_context(known))))[:MAX_SUBJECT]
    text = template.render(known).strip() + "\n"
    html = current_app.jinja_env.get_template(f"mail/{name}.html").render(known, subject=subject)
    return subject, text, html


def readdress(former: str, email: str) -> None:
    """Inside a transaction: let emails to an address go to another one: announcements, those to a moderator about a
    forum, those with messages, and receipts.

    An announcement that could not be delivered is due again. Those that were sent are readdressed too, so that neither
    their counts change nor anyone gets two; of one that has gone or goes to both addresses, one email remains.
    """
    here, there = Mail.recipient == former, Mail.recipient == email
    of_here = select(Mail.announcement_id).where(here)
    lock_announcements(former)
    sent_there = select(Mail.announcement_id).where(there, Mail.sent_at.is_not(None))
    db.session.execute(delete(Mail).where(here, Mail.announcement_id.in_(sent_there)))
    db.session.execute(delete(Mail).where(there, Mail.announcement_id.in_(of_here)))
    goes_along = or_(
        *(key.is_not(None) for key in (Mail.forum_id, Mail.receipt_of_id, Mail.announcement_id, Mail.kind))
    )
    is_announced = Mail.announcement_id.is_not(None)
    for mail in db.session.scalars(select(Mail).where(here, is_announced, Mail.given_up_at.is_not(None))):
        make_due(mail)
    is_kept = Mail.sent_at.is_(None) | is_announced
    db.session.execute(update(Mail).where(here, goes_along, is_kept).values(recipient=email))


def lock_announcements(recipient: str) -> None:
    """Inside a transaction: lock the announcements to an address, which comes before locking any of its emails."""
    told = select(Mail.announcement_id).where(Mail.recipient == recipient)
    locked = select(Announcement.id).where(Announcement.id.in_(told)).order_by(Announcement.id)
    db.session.execute(locked.with_for_update(**LOCKED))


def make_due(mail: Mail) -> None:
    """Let the worker try an email again at once, as if it were new; its announcement, which is locked already, is
    then counted again."""
    own = update(Announcement).where(Announcement.id == mail.announcement_id)
    db.session.execute(own.values(settled_at=None))
    mail.due_at, mail.given_up_at, mail.attempts = utcnow(), None, 0
