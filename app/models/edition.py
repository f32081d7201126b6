"""The editions of the archive of a forum."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, utcnow


class Edition(Base):
    """An edition that has been made or, without `sha256`, one that has been ordered.

    `key` is that of the file in its storage, "" once it has been deleted. `content` is the SHA-256 of all that is
    public of the forum, `facts` are checksums of its parts and counts, from which the `reasons` of the next edition
    follow, and `mark` is what app/printing/editions.py compares at little cost.
    """

    __tablename__ = "edition"
    __table_args__ = (UniqueConstraint("forum_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    forum_id: Mapped[int] = mapped_column(ForeignKey("forum.id", ondelete="CASCADE"))
    number: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(default=utcnow)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    size: Mapped[int] = mapped_column(BigInteger, default=0)  # in bytes
    key: Mapped[str] = mapped_column(String(32), default="")
    content: Mapped[str] = mapped_column(String(64), default="")
    mark: Mapped[str] = mapped_column(String(200), default="")
    facts: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    reasons: Mapped[list[str]] = mapped_column(JSON, default=list)
