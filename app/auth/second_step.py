"""The second step of signing in: set up, taken, and removed."""

from datetime import timedelta

from sqlalchemy import delete, func, select

from app.audit import changed, record
from app.auth import proof, sign_in, tokens
from app.auth.emails import address_for, find_by_email, write_to
from app.auth.proof import matching_step, new_recovery_codes, recovery_hash, secret_for
from app.database import utcnow
from app.errors import NotFound, SecondStepExpired, SecondStepIsOn, Suspended, WrongFirstCode
from app.extensions import db, transaction
from app.models import RecoveryCode, User

SECOND_STEP = tokens.Purpose(
    "second-step", timedelta(minutes=10), SecondStepExpired, lambda user: [user.totp_secret, user.totp_last_step]
)


def take(token: str, code: str, *, browser: str) -> User:
    """Sign in with the code; the user's `session_token` is what the session has to hold.

    The token says that the password was right. Raises SecondStepExpired, Suspended and WrongCode.
    """
    with transaction():
        user = tokens.redeem(SECOND_STEP, token, for_update=True)
        if user.suspended_at:
            raise Suspended(user.suspended_for)
        proof.use_code(user, code)
        user.session_token = sign_in.begin(user, browser)
    return user


def set_up(user: User, *, password: str, code: str) -> list[str]:
    """Keep the secret that was offered, now that a first code has come of it, and end every other sign-in.

    Returns the recovery codes, which nobody can read afterwards. Raises WrongPassword, WrongFirstCode and
    SecondStepIsOn.
    """
    verified = proof.check_password(user, password)
    codes = new_recovery_codes()
    with transaction():
        proof.require_unchanged(user, verified)
        if user.totp_secret:
            raise SecondStepIsOn
        secret = secret_for(user.session_token, user.totp_last_step)
        step = matching_step(secret, code, utcnow(), user.totp_last_step)
        if step is None:
            raise WrongFirstCode
        user.totp_secret, user.totp_last_step = secret, step
        _replace_recovery_codes(user, codes)
        sign_in.end_others(user, user.session_token)
        write_to(user, "second_step_on", moment=utcnow(), forgot=address_for(user, "auth.forgot"))
    return codes


def renew_recovery_codes(user: User, *, password: str, code: str) -> list[str]:
    """New recovery codes in place of the old ones. Raises WrongPassword, WrongCode and NotFound."""
    verified = proof.check_password(user, password)
    codes = new_recovery_codes()
    with transaction():
        _require_second_step(user, verified, code)
        _replace_recovery_codes(user, codes)
    return codes


def turn_off(user: User, *, password: str, code: str) -> bool:
    """Sign in with the password alone from now on. Raises WrongPassword, WrongCode and NotFound."""
    verified = proof.check_password(user, password)
    with transaction():
        _require_second_step(user, verified, code)
        _remove(user)
    return True


def remove(email: str) -> None:
    """Take away the second step of somebody who has lost the device and the codes, from the command line.

    Every sign-in ends. Raises NotFound where there is no such account, or no second step.
    """
    with transaction():
        user = find_by_email(email)
        if user is None or user.totp_secret is None:
            raise NotFound
        _remove(user)
        sign_in.end_others(user, "")
        record(None, "edit", "users", user, changed("second_step", True, False))


def _require_second_step(user: User, verified: str, code: str) -> None:
    proof.require_unchanged(user, verified)
    if user.totp_secret is None:
        raise NotFound
    proof.use_code(user, code)


def _remove(user: User) -> None:
    """`totp_last_step` stays, so that no code of before is ever good again."""
    user.totp_secret = None
    _replace_recovery_codes(user, [])
    write_to(user, "second_step_off", moment=utcnow(), forgot=address_for(user, "auth.forgot"))


def _replace_recovery_codes(user: User, codes: list[str]) -> None:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    db.session.add_all(RecoveryCode(user_id=user.id, code_hash=recovery_hash(user.id, code)) for code in codes)


def count_recovery_codes(user: User) -> int:
    """How many recovery codes are still good."""
    unused = select(func.count()).where(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(unused) or 0
