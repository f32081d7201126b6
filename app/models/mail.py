"""The outbox: emails, written in the transaction that causes them and sent later by the worker."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, SmallInteger, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, utcnow


class Mail(Base):
    """`user_id` is the account whose data the email contains, whatever its address; None if there is none.

    `lane` is 1 for an email with messages and 2 for an announcement, which go to many people: the worker sends those of
    lane 0 first, and then lane by lane. `forum_id` is set if the email tells a moderator what waits in that forum;
    `news` is then the number of messages. `receipt_of_id` is the message whose text the email confirms to the person
    who posted it; `announcement_id` is the announcement that it contains, of which no address gets two. An email with a
    `kind` is finished when it is sent, and its row has no text, unless it is an announcement (app/mail/letters.py). One
    that `is_notice` was not asked for by its recipient, and is not sent to an address that refuses emails.
    """

    KEPT_FOR = timedelta(days=30)  # after it was sent or given up

    __tablename__ = "mail"
    __table_args__ = (Index("ix_mail_due", "sent_at", "due_at"), UniqueConstraint("announcement_id", "recipient"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    forum_id: Mapped[int | None] = mapped_column(ForeignKey("forum.id", ondelete="CASCADE"), index=True)
    receipt_of_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), index=True)
    announcement_id: Mapped[int | None] = mapped_column(ForeignKey("announcement.id", ondelete="CASCADE"))
    kind: Mapped[str | None] = mapped_column(String(20))
    is_notice: Mapped[bool] = mapped_column(default=False, server_default=false())
    lane: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    news: Mapped[int] = mapped_column(default=0, server_default="0")
    recipient: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(8))
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    due_at: Mapped[datetime] = mapped_column(default=utcnow)
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, default="")
