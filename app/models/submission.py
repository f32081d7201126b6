"""Forms already sent: sending the same one again does nothing and leads to what it made."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, utcnow


class Submission(Base):
    """`key` is made with the form that is shown; `result_id` is the key of the row that the form made."""

    __tablename__ = "submission"

    key: Mapped[str] = mapped_column(String(36), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    result_id: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
