"""Finding accounts, and what belongs to them."""

from collections.abc import Sequence

from sqlalchemy import func, select

from app.database import utcnow
from app.extensions import db
from app.models import EmailChange, RecoveryCode, SignIn, User


def find_by_email(email: str | None, *, for_update: bool = False) -> User | None:
    """The account of a normal e-mail address; `for_update` keeps it from other writers until the transaction ends."""
    statement = select(User).where(User.email == email)
    return db.session.scalar(statement.with_for_update() if for_update else statement) if email else None


def list_sign_ins(user: User) -> Sequence[SignIn]:
    """Where somebody is signed in, the latest first."""
    return db.session.scalars(select(SignIn).where(SignIn.user_id == user.id).order_by(SignIn.id.desc())).all()


def count_recovery_codes(user: User) -> int:
    """How many recovery codes are still good."""
    unused = select(func.count()).where(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(unused) or 0


def get_email_change(user: User) -> EmailChange | None:
    """The change of address that waits to be confirmed; None where its links have expired."""
    return db.session.scalar(
        select(EmailChange).where(EmailChange.user_id == user.id, EmailChange.created_at > utcnow() - EmailChange.LIFE)
    )
