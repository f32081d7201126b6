"""Announcements: emails of the Secretariat to many people about the dates of a forum, or about its outcome."""

import enum
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import JSON, ForeignKey, String, exists, func, select
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship

from app.database import Base, utcnow
from app.models.log import LogEntry
from app.models.user import User

if TYPE_CHECKING:
    from app.models.forum import Forum

LAST_DAYS = timedelta(days=4)  # as long as a page says that three days are left


class AnnouncementKind(enum.StrEnum):
    OPENING = "opening"
    REMINDER = "reminder"
    EXTENSION = "extension"
    CLOSING = "closing"
    OUTCOME = "outcome"

    def is_true_of(self, forum: "Forum", now: datetime) -> bool:
        """Whether the forum can be announced so."""
        state = forum.state(now)
        match self:
            case AnnouncementKind.OPENING:
                return state.is_open or state.opens_at is not None
            case AnnouncementKind.REMINDER:
                return state.is_open and state.deadline is not None and state.deadline - now < LAST_DAYS
            case AnnouncementKind.EXTENSION:
                return any(own.is_open and own.former for _group, own in forum.group_states(now))
            case AnnouncementKind.CLOSING:
                return state.has_ended
            case AnnouncementKind.OUTCOME:
                return state.has_ended and bool(forum.outcomes)


# Those that ask invited people to sign up.
INVITING = (AnnouncementKind.OPENING, AnnouncementKind.REMINDER, AnnouncementKind.EXTENSION)


class Audience(enum.StrEnum):
    """To whom an announcement goes: any of these, each person once (app/announcements.py)."""

    INVITED = "invited"
    CONTRIBUTORS = "contributors"
    SILENT = "silent"
    NOT_WRITTEN = "not-written"


class Announcement(Base):
    """`texts` has `subject` and `body` (Markdown) by language; `opens_at` and `deadline` are those of the state of the
    forum of which they tell.

    The worker writes the emails in batches, first to invitees without an account and then to accounts, each in the
    order of their keys; `last_invitee_id` and `last_user_id` say how far it has come. `stopped_at` is when it found
    that the announcement was no longer true or the forum no longer public; no more emails are sent then. `sent` and
    `failed` are stored once no email is waiting; until then, the emails themselves are counted, and `recipients` is the
    number that the preview has shown.
    """

    __tablename__ = "announcement"

    MAX_SUBJECT = 200
    MAX_BODY = 5_000

    id: Mapped[int] = mapped_column(primary_key=True)
    forum_id: Mapped[int] = mapped_column(ForeignKey("forum.id", ondelete="CASCADE"), index=True)
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    kind: Mapped[str] = mapped_column(String(20))
    audiences: Mapped[list[str]] = mapped_column(JSON)
    texts: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON)
    opens_at: Mapped[datetime | None]
    deadline: Mapped[datetime | None]
    made_at: Mapped[datetime] = mapped_column(default=utcnow)
    last_invitee_id: Mapped[int] = mapped_column(default=0)
    last_user_id: Mapped[int] = mapped_column(default=0)
    written_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    recipients: Mapped[int] = mapped_column(default=0)
    settled_at: Mapped[datetime | None] = mapped_column(index=True)
    sent: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)

    forum: Mapped["Forum"] = relationship()
    made_by: Mapped[User] = relationship()

    def holds(self, now: datetime) -> bool:
        """Whether what it says is still true and its forum is public."""
        kind, state = AnnouncementKind(self.kind), self.forum.state(now)
        told = self.opens_at, self.deadline
        is_same = told == (state.opens_at, state.deadline) and not self._dates_have_changed()
        if kind != AnnouncementKind.OUTCOME and not is_same:
            return False
        return self.stopped_at is None and self.forum.published_at is not None and kind.is_true_of(self.forum, now)

    def _dates_have_changed(self) -> bool:
        """Whether any date of the forum or its groups was changed since, by the log."""
        session, of_forum = object_session(self), LogEntry.forum_id == self.forum_id
        sent = select(func.min(LogEntry.id)).where(of_forum, LogEntry.action == "announce", LogEntry.at >= self.made_at)
        later = exists().where(of_forum, LogEntry.kind == "periods", LogEntry.id > sent.scalar_subquery())
        return session is not None and bool(session.scalar(select(later)))
