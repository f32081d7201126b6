"""How much one person may do: messages, changes and reports in an hour, bytes of files in a day.

Everything is counted in the database, inside the transaction that adds to it and with the person's row locked, so that
two forms sent at the same moment cannot both pass, in any process. Withdrawn messages and removed files count too. The
moderators of a forum have no limit in it: they post what came by email or letter.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from sqlalchemy import Select, or_, select, union_all
from sqlalchemy.orm import aliased

from app.database import LOCKED, utcnow
from app.errors import ForumError
from app.extensions import db
from app.languages import reader_language
from app.models import Attachment, Forum, LogEntry, Message, Report, Revision, User
from app.permissions import moderates

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class TooMuchInATime(ForumError):
    """A person's limit is reached: `said` is the message, with the limit `most` and the `moment` when it ends."""

    status = 429
    heading = _l("Please wait before you send more")
    form_can_be_sent_again = True
    said: LazyString

    def __init__(self, most: int, *, until: datetime) -> None:
        super().__init__(most, until)
        self.retry_after = max(int((until - utcnow()).total_seconds()), 0) + 1
        # Rounded up to the next whole minute, since pages show no seconds.
        moment = reader_language().moment(until + timedelta(seconds=-until.second % 60))
        self.message: object = str(self.said) % {"most": self._written(most), "moment": moment}

    @staticmethod
    def _written(most: int) -> str:
        return reader_language().number(most)


class TooManyPosts(TooMuchInATime):
    said = _l(
        "You have reached the hourly limit for posting messages (%(most)s per person). Nothing was saved. You can "
        "post again from the following time: %(moment)s."
    )


class TooManyChanges(TooMuchInATime):
    said = _l(
        "You have reached the hourly limit for changing messages (%(most)s per person). Nothing was saved. You can "
        "change messages again from the following time: %(moment)s."
    )


class TooManyReports(TooMuchInATime):
    said = _l(
        "You have reached the hourly limit for reporting messages (%(most)s per person). Nothing was saved. You can "
        "report messages again from the following time: %(moment)s."
    )


class TooManyBytes(TooMuchInATime):
    said = _l(
        "You can attach at most %(most)s of files within 24 hours, and these files would exceed that limit. Nothing "
        "was saved. Please send your message without files or with smaller ones, or try again from the following "
        "time: %(moment)s."
    )

    @staticmethod
    def _written(most: int) -> str:
        return reader_language().size(most)


class TooManyBytesSent(TooManyBytes):
    """Raised before the body of the request is read."""

    said = _l(
        "You can attach at most %(most)s of files within 24 hours, and these files would exceed that limit. Nothing "
        "was saved, and your text was not received. Please go back in your browser, where you should still find "
        "it, and send it without files or with smaller ones, or try again from the following time: %(moment)s."
    )


def require_post(author: User, forum: Forum, sizes: Sequence[int]) -> None:
    """Check that the author can post one more message, with files of these sizes in bytes. Raises TooManyPosts and
    TooManyBytes."""
    if not _is_limited(author, forum):
        return
    posted = select(Message.posted_at.label("at")).where(Message.author_id == author.id)
    _require_fewer(posted, _site().posts_per_hour, TooManyPosts)
    _require_bytes(author, sizes)


def require_change(author: User, forum: Forum, sizes: Sequence[int]) -> None:
    """Check that the author can change a message once more; the limit is that for posting. Raises TooManyChanges and
    TooManyBytes."""
    if not _is_limited(author, forum):
        return
    since = utcnow() - HOUR
    lately = (Message.author_id == author.id) & (Message.edited_at > since)
    last = select(Message.edited_at.label("at")).where(lately)
    # The time of a revision is that of an earlier change, unless it is the text as first posted.
    before = aliased(Revision)
    is_of_a_change = select(before.id).where(before.message_id == Revision.message_id, before.id < Revision.id).exists()
    earlier = select(Revision.written_at).join(Message).where(lately, is_of_a_change)
    titles = select(LogEntry.at.label("at")).where(LogEntry.user_id == author.id, LogEntry.kind == "topics")
    _require_fewer(union_all(last, earlier), _site().posts_per_hour, TooManyChanges)
    _require_fewer(titles, _site().posts_per_hour, TooManyChanges)
    _require_bytes(author, sizes)


def require_report(reporter: User, forum: Forum) -> None:
    """Check that the reporter can report one more message. Raises TooManyReports."""
    if _is_limited(reporter, forum):
        reported = select(Report.at.label("at")).where(Report.reporter_id == reporter.id)
        _require_fewer(reported, _site().reports_per_hour, TooManyReports)


def bytes_left(author: User) -> tuple[int, datetime]:
    """How many bytes of files the author may still attach today, and when more will be possible."""
    attached = _attached(author)
    left = _site().bytes_per_day - sum(size for _at, size in attached)
    return max(left, 0), (attached[0][0] if attached else utcnow()) + DAY


def _is_limited(person: User, forum: Forum) -> bool:
    """Whether the person has limits in the forum. If so, their row is locked until the transaction ends."""
    if moderates(person, forum):
        return False
    db.session.execute(select(User.id).where(User.id == person.id).with_for_update(**LOCKED))
    return True


def _require_fewer(times: Select[Any] | Any, most: int, refusal: type[TooMuchInATime]) -> None:
    """Raise the refusal if `most` of these times are within the last hour."""
    found = times.subquery()
    counted = select(found.c.at).where(found.c.at > utcnow() - HOUR).order_by(found.c.at.desc())
    first = db.session.scalar(counted.offset(most - 1).limit(1))
    if first is not None:
        raise refusal(most, until=first + HOUR)


def _require_bytes(author: User, sizes: Sequence[int]) -> None:
    if not sizes:
        return
    most, attached = _site().bytes_per_day, _attached(author)
    total = sum(size for _at, size in attached) + sum(sizes)
    if total <= most:
        return
    until = utcnow() + DAY
    for at, size in attached:
        total, until = total - size, at + DAY
        if total <= most:
            break
    raise TooManyBytes(most, until=until)


def _attached(author: User) -> list[tuple[datetime, int]]:
    """When the author attached files within the last day, and their sizes in bytes, oldest first."""
    since = utcnow() - DAY
    # Files are attached when a message is posted or edited; both columns are indexed.
    touched = or_(Message.posted_at > since, Message.edited_at > since)
    statement = select(Attachment.created_at, Attachment.size).join(Message, Message.id == Attachment.message_id)
    statement = statement.where(Message.author_id == author.id, touched, Attachment.created_at > since)
    return [(at, size) for at, size in db.session.execute(statement.order_by(Attachment.created_at))]


def _site() -> Any:
    return current_app.config["SITE"]
