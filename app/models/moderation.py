"""Acts of moderation, their reasons, and readers' reports."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, attribute_keyed_dict, mapped_column, relationship

from app.database import Base, InLanguage, utcnow
from app.models.message import Message
from app.models.topic import Topic
from app.models.user import User


class Reason(Base):
    """A reason that moderators can choose; administrators write the list. An act keeps a copy of the texts.

    `acts` are the acts for which the reason is offered, as values of ActKind; an empty list means every act.
    """

    __tablename__ = "reason"

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(Integer, default=0)
    acts: Mapped[list[str]] = mapped_column(JSON, default=list)

    texts: Mapped[dict[str, "ReasonText"]] = relationship(
        collection_class=attribute_keyed_dict("language"), cascade="all, delete-orphan"
    )


class ReasonText(InLanguage, Base):
    __tablename__ = "reason_text"

    MAX_TEXT = 200

    reason_id: Mapped[int] = mapped_column(ForeignKey("reason.id", ondelete="CASCADE"), primary_key=True)
    text: Mapped[str] = mapped_column(String(MAX_TEXT))


class ActKind(enum.StrEnum):
    APPROVE = "approve"
    RETURN = "return"
    EDIT = "edit"
    WITHHOLD = "withhold"
    RESTORE = "restore"
    MOVE = "move"
    SPLIT = "split"
    MERGE = "merge"
    RETITLE = "retitle"
    PIN = "pin"
    UNPIN = "unpin"
    LOCK = "lock"
    UNLOCK = "unlock"
    ENTER = "enter"  # a message after the deadline


# The acts in a forum's public record. The others concern messages that are not public.
IN_THE_RECORD = frozenset(ActKind) - {ActKind.APPROVE, ActKind.RETURN}


class Act(Base):
    """One act of a moderator, on a message, a topic or both.

    `reason` is a text by language code: a listed reason, as it was then, in all its languages, or what the moderator
    wrote, in one; under `#` are the numbers of the messages that it cites (app/citations.py). `detail`
    contains only numbers and codes, such as `{"from_topic": 3, "messages": [12]}`, so that the public record cannot
    show a text that was withheld.
    """

    __tablename__ = "act"

    id: Mapped[int] = mapped_column(primary_key=True)
    forum_id: Mapped[int] = mapped_column(ForeignKey("forum.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=utcnow)
    kind: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"), index=True)
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id"), index=True)
    reason: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    user: Mapped[User] = relationship()
    message: Mapped[Message | None] = relationship()
    topic: Mapped[Topic | None] = relationship()


class Report(Base):
    """A reader's report of a message; one for each reader and message."""

    __tablename__ = "report"
    __table_args__ = (
        UniqueConstraint("message_id", "reporter_id"),
        Index("ix_report_reporter_id_at", "reporter_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"))
    reporter_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(String(User.MAX_REASON))
    cited: Mapped[str] = mapped_column(String(User.MAX_REASON), default="")  # the numbers of the messages it cites
    at: Mapped[datetime] = mapped_column(default=utcnow)
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    message: Mapped[Message] = relationship()
    reporter: Mapped[User] = relationship(foreign_keys=reporter_id)
