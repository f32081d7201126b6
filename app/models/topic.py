"""A topic: one thread of messages in a group, free or under a guiding question."""

from datetime import datetime

from sqlalchemy import Computed, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base, utcnow
from app.models.group import Group, Question
from app.models.user import User

# Lists show topics with the highest standing first: pinned ones, then others, then those without a message that can
# still be read. It is below 0 until a message has been published, and NULL for a topic that was merged into another.
STANDING = (
    "CASE WHEN merged_into_id IS NOT NULL THEN NULL "
    "WHEN last_position = 0 THEN CASE WHEN pinned_at IS NULL THEN -2 ELSE -1 END "
    "WHEN message_count = 0 THEN CASE WHEN pinned_at IS NULL THEN 0 ELSE 1 END "
    "WHEN pinned_at IS NULL THEN 2 ELSE 3 END"
)


class Topic(Base):
    """The counters count what everyone can see (app/counters.py).

    While the first message waits for approval, `last_position` is 0, and only the author and moderators see the topic.
    A merged topic has no messages and keeps its `last_position`, which tells whether it was public.
    """

    __tablename__ = "topic"
    # The lists of a group and of a question are read in this order, from either end.
    __table_args__ = (
        Index("ix_topic_group_listed", "group_id", "standing", "active_at", "id"),
        Index("ix_topic_question_listed", "question_id", "standing", "active_at", "id"),
    )

    MAX_TITLE = 200

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("group.id"))
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    title: Mapped[str] = mapped_column(String(MAX_TITLE))
    language: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    pinned_at: Mapped[datetime | None]
    locked_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id"))

    last_position: Mapped[int] = mapped_column(Integer, default=0)
    message_count: Mapped[int] = mapped_column(Integer, default=0)
    participant_count: Mapped[int] = mapped_column(Integer, default=0)
    active_at: Mapped[datetime] = mapped_column(default=utcnow)
    standing: Mapped[int | None] = mapped_column(Integer, Computed(STANDING, persisted=True))

    group: Mapped[Group] = relationship()
    question: Mapped[Question | None] = relationship()
    author: Mapped[User] = relationship()
    merged_into: Mapped["Topic | None"] = relationship(remote_side=id)  # which is never merged itself
