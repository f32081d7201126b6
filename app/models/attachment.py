"""Files attached to messages, or to documents of forums."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base, utcnow
from app.models.forum import Document
from app.models.message import Message


class Attachment(Base):
    """Whoever can read the message or the document can read the file.

    `key` identifies the content in the storage; `name` is the file name that people gave, for display only. If the
    author of the message removes the file, it is deleted, and its row stays for the history of the message.
    """

    __tablename__ = "attachment"
    __table_args__ = (CheckConstraint("(message_id IS NULL) <> (document_id IS NULL)", name="belongs_to_one_thing"),)

    MAX_NAME = 150

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"), index=True)
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"), index=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)  # in bytes
    sha256: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(64), unique=True)
    language: Mapped[str] = mapped_column(String(8), default="")  # of the content, "" where it is not known
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    removed_at: Mapped[datetime | None]

    message: Mapped[Message | None] = relationship(back_populates="attachments")
    document: Mapped[Document | None] = relationship(back_populates="attachments")

    @property
    def description(self) -> str:
        """Its name and checksum, as the log and former wordings keep them."""
        return f"{self.name} (SHA-256 {self.sha256})"
