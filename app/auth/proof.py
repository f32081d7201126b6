"""Showing once more who one is, for what an unlocked browser must not be enough for.

A password is checked before the transaction begins, since that takes long and a writer keeps others waiting; inside
it, only whether it is still the same one.
"""

from sqlalchemy import update

from app.auth.passwords import is_right
from app.auth.second_step import matching_step, recovery_hash
from app.database import utcnow
from app.errors import WrongCode, WrongPassword
from app.extensions import db
from app.models import RecoveryCode, User


def check_password(user: User, password: str) -> str:
    """The hash that the password was checked against, for `require_unchanged`. Raises WrongPassword."""
    verified = user.password_hash
    if not is_right(verified, password):
        raise WrongPassword
    return verified


def require_unchanged(user: User, verified: str) -> None:
    """Inside the transaction: the password is still the one that was checked. Raises WrongPassword."""
    db.session.refresh(user, with_for_update=True)
    if user.password_hash != verified:
        raise WrongPassword


def use_code(user: User, code: str) -> None:
    """Inside a transaction: take a code of the device, or a recovery code, which is then used up; nothing where
    the account has no second step. Raises WrongCode."""
    db.session.refresh(user, with_for_update=True)
    if user.totp_secret is None:
        return
    step = matching_step(user.totp_secret, code, utcnow(), user.totp_last_step)
    if step is not None:
        user.totp_last_step = step
    elif not _used_up(user, code):
        raise WrongCode


def _used_up(user: User, code: str) -> bool:
    """Whether it is a recovery code that was good until now."""
    unused = (RecoveryCode.code_hash == recovery_hash(user.id, code)) & RecoveryCode.used_at.is_(None)
    used = update(RecoveryCode).where(RecoveryCode.user_id == user.id, unused).values(used_at=utcnow())
    return db.session.connection().execute(used).rowcount == 1
