"""People: accounts, roles in forums, sign-ins, sign-ups, and the forms that people have sent."""

import enum
import hashlib
import secrets
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask_login import AnonymousUserMixin, UserMixin
from sqlalchemy import ColumnElement, ForeignKey, SmallInteger, String, UniqueConstraint, false, true
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base, utcnow

if TYPE_CHECKING:
    from app.models.forum import Forum


class Capacity(enum.StrEnum):
    """The capacity in which someone speaks."""

    PARTY = "party"
    GOVERNMENT = "government"
    ORGANIZATION = "organization"
    IPLC = "iplc"
    EXPERT = "expert"
    SECRETARIAT = "secretariat"


FOR_A_GOVERNMENT = frozenset({Capacity.PARTY, Capacity.GOVERNMENT})
FOR_AN_ORGANIZATION = frozenset({Capacity.ORGANIZATION, Capacity.IPLC})


class Role(enum.StrEnum):
    """What someone may do in one forum, beyond taking part."""

    MODERATOR = "moderator"
    TRANSLATOR = "translator"
    PARTICIPANT = "participant"  # may post where only approved participants may


class How(enum.StrEnum):
    """How the messages that someone follows are sent."""

    EACH = "each"
    DIGEST = "digest"  # all of a day in one email
    NONE = "none"


DIGEST_HOUR = 7


class Guest(AnonymousUserMixin):
    """A signed-out reader; answers the same questions as a User."""

    id = None
    is_admin = refuses_mail = False
    suspended_at = former_number = None

    def has_role(self, role: Role, forum_id: int, language: str = "") -> bool:
        return False


GUEST = Guest()


class User(UserMixin, Base):
    __tablename__ = "user"

    MAX_NAME = 100
    MAX_TITLE = 30
    MAX_ORGANIZATION = 200
    MAX_EMAIL = 254
    MAX_REASON = 500
    MOST_REFUSED = 3

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(MAX_EMAIL), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    title: Mapped[str] = mapped_column(String(MAX_TITLE), default="")
    organization: Mapped[str] = mapped_column(String(MAX_ORGANIZATION), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    capacity: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(8))
    is_admin: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    confirmed_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    suspended_for: Mapped[str] = mapped_column(String(MAX_REASON), default="")
    suspended_cited: Mapped[str] = mapped_column(String(MAX_REASON), default="")  # the numbers of messages in it
    # The row of a deleted account stays for its messages, without personal data; `created_at` is then the time of
    # deletion.
    former_number: Mapped[int | None] = mapped_column(unique=True)
    # The secret of the second step is set once a first code has shown that the person's device has it.
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    totp_last_step: Mapped[int | None]  # codes up to this time step (30 s) have been used

    # Since when what the person `speaks_for` has been confirmed by the Secretariat.
    profile_confirmed_at: Mapped[datetime | None]
    # How often a lock of sign-in was lifted: each time, the count of attempts starts again.
    locks_lifted: Mapped[int] = mapped_column(default=0)
    # When the last visit began, and since when what was published was new in it (app/visits.py).
    visit_began_at: Mapped[datetime | None]
    new_since: Mapped[datetime | None]

    # Answers to the person's messages by email, and topics that they will start; the hour of the digest is in UTC.
    mail_answers: Mapped[str] = mapped_column(String(10), default=How.EACH, server_default=How.EACH)
    mail_topics: Mapped[str] = mapped_column(String(10), default=How.EACH, server_default=How.EACH)
    digest_hour: Mapped[int] = mapped_column(SmallInteger, default=DIGEST_HOUR, server_default=str(DIGEST_HOUR))
    digest_stopped: Mapped[bool] = mapped_column(default=False, server_default=false())
    digested_on: Mapped[date | None]  # the day of the last digest
    mail_announcements: Mapped[bool] = mapped_column(default=True, server_default=true())
    # How many emails the mail server of the address has refused for good, one after the other.
    mails_refused: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")

    roles: Mapped[list["ForumRole"]] = relationship(back_populates="user", cascade="all, delete-orphan")
    sign_ins: Mapped[list["SignIn"]] = relationship(back_populates="user", cascade="all, delete-orphan")

    # The token of the sign-in by which this request came; set when signing in and when loading.
    session_token: str = ""

    def get_id(self) -> str:
        return self.session_token

    @hybrid_property
    def has_account(self) -> bool:
        """Whether this is an account: neither a deleted one nor a person known only by name, from a forum that
        was loaded from its archive. These have something else in place of an email address."""
        return self.former_number is None and "@" in self.email

    @has_account.inplace.expression
    @classmethod
    def _has_account(cls) -> ColumnElement[bool]:
        return cls.former_number.is_(None) & cls.email.contains("@")

    @hybrid_property
    def refuses_mail(self) -> bool:
        """Whether the address has refused so many emails that no notices are sent to it (app/mail/outbox.py)."""
        return self.mails_refused >= self.MOST_REFUSED

    @property
    def is_profile_confirmed(self) -> bool:
        """Whether the Secretariat has confirmed what the person `speaks_for`."""
        return self.profile_confirmed_at is not None

    @is_profile_confirmed.setter
    def is_profile_confirmed(self, value: bool) -> None:
        self.profile_confirmed_at = (self.profile_confirmed_at or utcnow()) if value else None

    def has_role(self, role: Role, forum_id: int, language: str = "") -> bool:
        """Whether the user has the role in that forum and, with `language`, for messages in that language."""
        return any(
            held.forum_id == forum_id and held.role == role and (not language or held.covers(language))
            for held in self.roles
        )


Viewer = User | Guest


class ForumRole(Base):
    __tablename__ = "forum_role"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    forum_id: Mapped[int] = mapped_column(ForeignKey("forum.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    languages: Mapped[str] = mapped_column(String(60), default="")  # codes, `en fr`; "" for all

    user: Mapped[User] = relationship(back_populates="roles")
    forum: Mapped["Forum"] = relationship(back_populates="roles")

    def covers(self, language: str) -> bool:
        """Whether the role holds for messages in that language."""
        return not self.languages or language in self.languages.split()


class Invitee(Base):
    """Someone whom the Secretariat has invited to a forum by email.

    The role waits for the sign-up with this address, whose account `user_id` then is.
    """

    __tablename__ = "invitee"
    __table_args__ = (UniqueConstraint("forum_id", "email"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    forum_id: Mapped[int] = mapped_column(ForeignKey("forum.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(User.MAX_EMAIL), index=True)
    name: Mapped[str] = mapped_column(String(User.MAX_NAME))
    organization: Mapped[str] = mapped_column(String(User.MAX_ORGANIZATION), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    capacity: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(8))
    role: Mapped[str] = mapped_column(String(20))
    invited_at: Mapped[datetime] = mapped_column(default=utcnow)
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)

    forum: Mapped["Forum"] = relationship()


def speaks_for(person: User | Invitee) -> tuple[str, str, str]:
    """What can be confirmed of a person: the capacity, the State, and the organization if it is the one that speaks."""
    is_organization = person.capacity in {Capacity.ORGANIZATION, Capacity.IPLC}
    return person.capacity, person.country, person.organization if is_organization else ""


class RecoveryCode(Base):
    """A code that replaces one of the device of the second step, once."""

    __tablename__ = "recovery_code"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime | None]


class EmailChange(Base):
    """A new email address that waits until both addresses have confirmed it."""

    __tablename__ = "email_change"

    LIFE = timedelta(days=3)

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    email: Mapped[str] = mapped_column(String(User.MAX_EMAIL))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    confirmed_by_old_at: Mapped[datetime | None]
    confirmed_by_new_at: Mapped[datetime | None]


class SignIn(Base):
    """One browser in which someone is signed in; deleting the row signs it out."""

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    browser: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    user: Mapped[User] = relationship(back_populates="sign_ins")

    def is_of(self, user: User) -> bool:
        """Whether it is the sign-in by which this user's request came."""
        return self.token_hash == self.hash_of(user.session_token)

    @staticmethod
    def new_token() -> str:
        return secrets.token_urlsafe(24)

    @staticmethod
    def hash_of(token: str) -> str:
        """The SHA-256 that is stored instead of a token, so that no one can sign in with a copy of the database."""
        return hashlib.sha256(token.encode()).hexdigest()


class SignUp(Base):
    """A sign-up that waits for its email address to be confirmed; several people may sign up with one address.

    Each has its own profile and password, and becomes an account only when it is confirmed. `renewed_at` is when a
    link to confirm the address was last requested.
    """

    __tablename__ = "sign_up"
    __table_args__ = (UniqueConstraint("email", "password_hash"),)

    LIFE = timedelta(days=3)
    PROFILE = ("name", "title", "organization", "country", "capacity", "language", "mail_answers", "mail_topics",
               "digest_hour")  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(User.MAX_EMAIL))
    password_hash: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(User.MAX_NAME))
    title: Mapped[str] = mapped_column(String(User.MAX_TITLE), default="")
    organization: Mapped[str] = mapped_column(String(User.MAX_ORGANIZATION), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    capacity: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(8))
    mail_answers: Mapped[str] = mapped_column(String(10), default=How.EACH, server_default=How.EACH)
    mail_topics: Mapped[str] = mapped_column(String(10), default=How.EACH, server_default=How.EACH)
    digest_hour: Mapped[int] = mapped_column(SmallInteger, default=DIGEST_HOUR, server_default=str(DIGEST_HOUR))
    submission: Mapped[str] = mapped_column(String(36), default="")
    renewed_at: Mapped[datetime] = mapped_column(default=utcnow, index=True)

    @property
    def profile(self) -> dict[str, Any]:
        """The values that the account takes over."""
        return {name: getattr(self, name) for name in self.PROFILE}


class Submission(Base):
    """A form that was sent. Sent again, it does nothing and leads to the result of the first time.

    `key` comes from the form; `result_id` is the key of the row that was created or changed.
    """

    __tablename__ = "submission"

    key: Mapped[str] = mapped_column(String(36), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    result_id: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
