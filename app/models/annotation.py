"""What the Secretariat writes about a forum and its parts: summaries, and what became of contributions."""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, attribute_keyed_dict, mapped_column, relationship

from app.database import Base, InLanguage, utcnow
from app.models.forum import Forum
from app.models.group import Group, Question
from app.models.message import Message, MessageStatus


class AnnotationKind(enum.StrEnum):
    SUMMARY = "summaries"  # of a forum, a group or a question
    FOLLOW_UP = "follow-ups"  # what became of a forum, a question or a message


OF_A_FORUM = text("group_id IS NULL AND question_id IS NULL AND message_id IS NULL")


class Annotation(Base):
    """A summary, or what became of something; one of each kind about each thing.

    It is about the question, the group or the message that it names, else about the forum. One without texts was
    deleted: the row remains, so that the author of a message is never told a second time (`told_at`).
    """

    __tablename__ = "annotation"
    __table_args__ = (
        UniqueConstraint("group_id", "kind"),
        UniqueConstraint("question_id", "kind"),
        UniqueConstraint("message_id"),
        Index(
            "uq_annotation_of_forum",
            "forum_id",
            "kind",
            unique=True,
            sqlite_where=OF_A_FORUM,
            postgresql_where=OF_A_FORUM,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    forum_id: Mapped[int] = mapped_column(ForeignKey("forum.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id", ondelete="CASCADE"))
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    written_at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    corrected_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]  # when the author of the message was told

    forum: Mapped[Forum] = relationship()
    group: Mapped[Group | None] = relationship()
    question: Mapped[Question | None] = relationship()
    message: Mapped[Message | None] = relationship()
    texts: Mapped[dict[str, "AnnotationText"]] = relationship(
        collection_class=attribute_keyed_dict("language"), cascade="all, delete-orphan"
    )

    @property
    def place(self) -> dict[str, int | str]:
        """What it is about: `message`, or `group` and `question` by number; empty for the forum."""
        if self.message_id:
            return {"message": self.message_id}
        if self.question:
            return {"group": self.question.group.number, "question": self.question.number}
        return {"group": self.group.number} if self.group else {}

    @property
    def is_in_sight(self) -> bool:
        """What is about a message is shown as long as the message is."""
        return self.message is None or self.message.status == MessageStatus.PUBLISHED

    @property
    def changed_at(self) -> datetime:
        return self.corrected_at or self.written_at


class AnnotationText(InLanguage, Base):
    __tablename__ = "annotation_text"

    MAX_SUMMARY = 20_000
    MAX_FOLLOW_UP = 1_000
    MAX_URL = 500

    annotation_id: Mapped[int] = mapped_column(ForeignKey("annotation.id", ondelete="CASCADE"), primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(String(MAX_URL), default="")
