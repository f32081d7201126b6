"""Messages by email: what people follow, and what is being sent of it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, utcnow

KEYS = ("forum_id", "group_id", "question_id", "topic_id")


class Follow(Base):
    """One person follows a forum, a group, a question or a topic: exactly one of its key columns is set.

    `how` is one of How, never NONE: who stops following has no row.
    """

    __tablename__ = "follow"
    __table_args__ = tuple(UniqueConstraint(key, "user_id") for key in KEYS)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    forum_id: Mapped[int | None] = mapped_column(ForeignKey("forum.id", ondelete="CASCADE"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id", ondelete="CASCADE"))
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id", ondelete="CASCADE"))
    how: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class Publication(Base):
    """A message that was published and has still to be given out to those who follow it, in the order of their keys:
    those up to `after_user_id` have it. Written in the transaction that publishes, and deleted once all have it."""

    __tablename__ = "publication"

    message_id: Mapped[int] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    after_user_id: Mapped[int] = mapped_column(default=0)


class Delivery(Base):
    """One message for one person, whatever the number of ways in which they follow it.

    `mail_id` is the email that it is sent in, whose text is written when it is sent. One that waits for the daily
    digest has none yet, and is in the first digest after `due_at`.
    """

    __tablename__ = "delivery"
    __table_args__ = (Index("ix_delivery_mail_id_due_at", "mail_id", "due_at"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), primary_key=True, index=True)
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("mail.id", ondelete="CASCADE"))
    due_at: Mapped[datetime | None]
