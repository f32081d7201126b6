"""The log of administration: who did what, and when."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base, utcnow
from app.models.user import User


class LogEntry(Base):
    """One action on one thing, which `kind` and `subject_id` identify; `subject` is its name at the time.

    `detail` lists the changed fields as `{"field", "language", "old", "new"}`; `language` is "" for fields that are the
    same in all languages. `user_id` is None for the command line. `forum_id` is the forum that the action concerned, if
    any; it stays when the forum is deleted.
    """

    __tablename__ = "log_entry"

    MAX_SUBJECT = 200

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    action: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int]
    forum_id: Mapped[int | None] = mapped_column(index=True)
    subject: Mapped[str] = mapped_column(String(MAX_SUBJECT))
    detail: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)

    user: Mapped[User | None] = relationship()
