"""Discussion groups of a forum, and their guiding questions."""

from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, attribute_keyed_dict, mapped_column, relationship

from app.database import Base, InLanguage

if TYPE_CHECKING:
    from app.models.forum import Forum


class Group(Base):
    __tablename__ = "group"
    __table_args__ = (UniqueConstraint("forum_id", "slug"), UniqueConstraint("forum_id", "number"))

    MAX_SLUG = 80

    id: Mapped[int] = mapped_column(primary_key=True)
    forum_id: Mapped[int] = mapped_column(ForeignKey("forum.id"))
    slug: Mapped[str] = mapped_column(String(MAX_SLUG))
    number: Mapped[int] = mapped_column(Integer)
    approval: Mapped[str | None] = mapped_column(String(20))  # None: as in the forum
    # These count what everyone can see (app/counters.py).
    topic_count: Mapped[int] = mapped_column(default=0)
    message_count: Mapped[int] = mapped_column(default=0)

    forum: Mapped["Forum"] = relationship(back_populates="groups")
    texts: Mapped[dict[str, "GroupText"]] = relationship(
        collection_class=attribute_keyed_dict("language"), cascade="all, delete-orphan"
    )
    questions: Mapped[list["Question"]] = relationship(
        order_by=lambda: Question.number, back_populates="group", cascade="all, delete-orphan"
    )


class GroupText(InLanguage, Base):
    __tablename__ = "group_text"

    MAX_TITLE = 300
    MAX_BODY = 20_000

    group_id: Mapped[int] = mapped_column(ForeignKey("group.id", ondelete="CASCADE"), primary_key=True)
    title: Mapped[str] = mapped_column(String(MAX_TITLE))
    introduction: Mapped[str] = mapped_column(Text, default="")
    introduction_html: Mapped[str] = mapped_column(Text, default="")
    remarks: Mapped[str] = mapped_column(Text, default="")
    remarks_html: Mapped[str] = mapped_column(Text, default="")


class Question(Base):
    """A guiding question; messages answer it in the topics filed under it."""

    __tablename__ = "question"
    __table_args__ = (UniqueConstraint("group_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("group.id"))
    number: Mapped[int] = mapped_column(Integer)
    # These count what everyone can see (app/counters.py).
    topic_count: Mapped[int] = mapped_column(default=0)
    message_count: Mapped[int] = mapped_column(default=0)

    group: Mapped[Group] = relationship(back_populates="questions")
    texts: Mapped[dict[str, "QuestionText"]] = relationship(
        collection_class=attribute_keyed_dict("language"), cascade="all, delete-orphan"
    )


class QuestionText(InLanguage, Base):
    __tablename__ = "question_text"

    MAX_TEXT = 1_000

    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
