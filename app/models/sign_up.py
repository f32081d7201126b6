"""Sign-ups that wait for their email address to be confirmed: several people may have signed up with one address."""

from datetime import datetime, timedelta

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, utcnow
from app.models.user import User


class SignUp(Base):
    """One sign-up, with its own profile and password. It makes an account only when it is confirmed.

    `renewed_at` is when a link to confirm the address was last asked for.
    """

    __tablename__ = "sign_up"
    __table_args__ = (UniqueConstraint("email", "password_hash"),)

    LIFE = timedelta(days=3)
    PROFILE = ("name", "title", "organization", "country", "capacity", "language")

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(User.MAX_EMAIL))
    password_hash: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(User.MAX_NAME))
    title: Mapped[str] = mapped_column(String(User.MAX_TITLE), default="")
    organization: Mapped[str] = mapped_column(String(User.MAX_ORGANIZATION), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    capacity: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(8))
    submission: Mapped[str] = mapped_column(String(36), default="")
    renewed_at: Mapped[datetime] = mapped_column(default=utcnow, index=True)

    @property
    def profile(self) -> dict[str, str]:
        """What the account takes from it."""
        return {name: getattr(self, name) for name in self.PROFILE}
