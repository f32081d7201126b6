"""The PDFs of forums and groups: from what each was made, and where it is."""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base


class Outcome(enum.StrEnum):
    """How the last attempt to make a PDF ended."""

    MADE = "made"
    UNTAGGED = "untagged"  # made, but not as the standards of archives and of reading aloud require
    FAILED = "failed"


class Rendition(Base):
    """The PDF of a forum or a group in one language; `kind` and `thing_id` say of which, as in the log.

    `content` is the SHA-256 of what it was made from, "" if there is none. It is given out as long as `taken_back` is
    what app/printing/renditions.py finds now, and compared again when `changed` is not.
    """

    __tablename__ = "rendition"
    __table_args__ = (UniqueConstraint("kind", "thing_id", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    thing_id: Mapped[int]
    forum_id: Mapped[int] = mapped_column(ForeignKey("forum.id", ondelete="CASCADE"), index=True)
    language: Mapped[str] = mapped_column(String(8))
    content: Mapped[str] = mapped_column(String(64), default="")
    size: Mapped[int] = mapped_column(default=0)  # in bytes
    made_at: Mapped[datetime | None]
    compared_at: Mapped[datetime | None]  # when its content was last compared with that of the forum
    claimed_until: Mapped[datetime | None]  # by the process that makes it
    taken_back: Mapped[str] = mapped_column(String(100), default="")
    changed: Mapped[str] = mapped_column(String(100), default="")
    outcome: Mapped[str] = mapped_column(String(20), default="")

    @property
    def key(self) -> str:
        """Of the file in its storage; "" if there is none."""
        return self.content[:32]
