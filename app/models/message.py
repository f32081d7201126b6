"""A message: one numbered contribution. Its number is its primary key and is never used again."""

import enum
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    case,
    cast,
    literal_column,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base, utcnow
from app.models.group import Group
from app.models.topic import Topic
from app.models.user import User

if TYPE_CHECKING:
    from app.models.attachment import Attachment


class MessageStatus(enum.StrEnum):
    PENDING = "pending"  # waits for approval: its author and the moderators see it
    PUBLISHED = "published"
    WITHHELD = "withheld"  # by a moderator
    WITHDRAWN = "withdrawn"  # by its author


IS_PENDING = text("status = 'pending'")
IS_SPOKEN = text("speaker <> ''")


def _forum_of_topic(context: Any) -> int:
    """The default: the forum to which the topic belongs."""
    topic_id = context.get_current_parameters()["topic_id"]
    forum = select(Group.forum_id).join(Topic, Topic.group_id == Group.id).where(Topic.id == topic_id)
    found: int = context.connection.scalar(forum)
    return found


class Message(Base):
    """Country, capacity and organization are those its author had when posting.

    `position` counts from 1 within the topic, in the order of publication, so that a page of a topic is a range of
    positions; a message that was never published has none. `speaker` names the sender of an email or a letter that
    the author, who belongs to the Secretariat, has typed; country, capacity and organization are then the speaker's. A
    message never leaves its forum.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("topic_id", "position"),
        Index("ix_message_author_id_posted_at", "author_id", "posted_at"),
        Index("ix_message_author_id_edited_at", "author_id", "edited_at"),
        # The few messages that wait. The index is used only by queries with the status as a literal, as it is here.
        Index("ix_message_pending", "topic_id", sqlite_where=IS_PENDING, postgresql_where=IS_PENDING),
        # The newest and the oldest message of a forum.
        Index("ix_message_forum_status", "forum_id", "status", "posted_at", "id"),
        # What is new in a forum or a topic since a moment.
        Index("ix_message_forum_published", "forum_id", "published_at", "id"),
        Index("ix_message_topic_published", "topic_id", "published_at"),
        Index("ix_message_published", "published_at", "id"),
        # The messages of a State in a forum, the newest first.
        Index("ix_message_country_forum", "country", "forum_id", "id"),
        # Whether a person has messages in a forum or a topic, and which of a person's messages are not published.
        Index("ix_message_author_status", "author_id", "status", "forum_id", "speaker", "topic_id"),
        # The same for the few speakers whose messages someone else typed.
        Index("ix_message_spoken", "forum_id", "speaker", sqlite_where=IS_SPOKEN, postgresql_where=IS_SPOKEN),
        {"sqlite_autoincrement": True},
    )

    MAX_BODY = 30_000
    MAX_ON_BEHALF_OF = 200
    MAX_SPEAKER = User.MAX_NAME
    PER_PAGE = 20
    LATE = timedelta(minutes=5)  # if it waited so long for its publication, readers are told

    id: Mapped[int] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"))
    forum_id: Mapped[int] = mapped_column(ForeignKey("forum.id"), default=_forum_of_topic)
    position: Mapped[int | None] = mapped_column(Integer)
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    reply_to_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"), index=True)
    status: Mapped[str] = mapped_column(String(20), default=MessageStatus.PUBLISHED)
    language: Mapped[str] = mapped_column(String(8))
    body: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    capacity: Mapped[str] = mapped_column(String(20))
    organization: Mapped[str] = mapped_column(String(User.MAX_ORGANIZATION), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    on_behalf_of: Mapped[str] = mapped_column(String(MAX_ON_BEHALF_OF), default="")
    posted_at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    published_at: Mapped[datetime | None]  # when it got its position; later than `posted_at` if it waited for approval
    edited_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withheld_at: Mapped[datetime | None]
    withheld_for: Mapped[dict[str, str] | None] = mapped_column(JSON)  # as Act.reason
    returned_at: Mapped[datetime | None]  # when the author was asked to change it, until it is changed
    speaker: Mapped[str] = mapped_column(String(MAX_SPEAKER), default="")
    # Whether the Secretariat entered it after the deadline, and if it had come in time, when that was.
    after_deadline: Mapped[bool] = mapped_column(default=False)
    received_on: Mapped[date | None]
    # Whether the Secretariat had confirmed what the author `speaks_for` when it was posted.
    confirmed: Mapped[bool] = mapped_column(default=False)

    topic: Mapped[Topic] = relationship()
    author: Mapped[User] = relationship()
    reply_to: Mapped["Message | None"] = relationship(remote_side=id)
    attachments: Mapped[list["Attachment"]] = relationship(order_by="Attachment.id", back_populates="message")
    revisions: Mapped[list["Revision"]] = relationship(order_by=lambda: Revision.id, back_populates="message")

    @property
    def files(self) -> list["Attachment"]:
        """The attachments, without those that the author has removed."""
        return [attachment for attachment in self.attachments if attachment.removed_at is None]

    @property
    def written_at(self) -> datetime:
        """When the current text was written."""
        return self.edited_at or self.posted_at


# Identifies who speaks in a message, for counting participants. A speaker whose message someone else typed counts as a
# participant of their own, identified by name only, even if they have an account as well.
# The constants are literals, so that PostgreSQL recognizes the expression that it groups by.
WHO_SPEAKS = case(
    (Message.speaker == literal_column("''"), cast(Message.author_id, String)),
    else_=literal_column("'~'", String) + Message.speaker,
)


class Revision(Base):
    """The text of a message before one of its edits, and the difference that the edit made (app/difference.py)."""

    __tablename__ = "revision"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    body: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(8))
    on_behalf_of: Mapped[str] = mapped_column(String(Message.MAX_ON_BEHALF_OF), default="")
    written_at: Mapped[datetime]
    # Numbers only, so that it reveals nothing of a text that is hidden.
    difference: Mapped[list[list[int]]] = mapped_column(JSON, default=list)

    message: Mapped[Message] = relationship(back_populates="revisions")
