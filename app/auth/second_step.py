"""The second step of signing in: codes that a device derives from a secret and the time (TOTP, RFC 6238), or a recovery
code if the device is lost. It is set up, taken and removed here."""

import base64
import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import pyotp
import segno
from flask import current_app
from sqlalchemy import delete, func, select, update

from app.audit import changed, record
from app.auth import account, sign_in, tokens
from app.auth.emails import address_for, find_by_email, write_to
from app.database import utcnow
from app.errors import NotFound, SecondStepExpired, SecondStepIsOn, Suspended, WrongCode, WrongFirstCode
from app.extensions import db, transaction
from app.models import RecoveryCode, User

SECOND_STEP = tokens.Purpose(
    "second-step", timedelta(minutes=10), SecondStepExpired, lambda user: [user.totp_secret, user.totp_last_step]
)
STEP_SECONDS = 30
DRIFT = 1  # in steps: how far the clock of a device may be behind or ahead
SECRET_BYTES = 20
RECOVERY_CODES = 10
RECOVERY_LENGTH = 10
UNMISTAKABLE = "abcdefghjkmnpqrstuvwxyz23456789"
LONGEST_CODE = 50  # in characters, as typed
GROUP = 4
QUIET_ZONE = 4  # in modules, around a QR code


@dataclass(frozen=True)
class QrCode:
    """A QR code as the parts of an SVG: the side of the square, and a path of the dark modules."""

    side: int
    path: str


def take(token: str, code: str, *, browser: str) -> User:
    """Sign in with the code. The session must hold the user's `session_token`.

    The token shows that the password was right. Raises SecondStepExpired, Suspended and WrongCode.
    """
    with transaction():
        user = tokens.redeem(SECOND_STEP, token, for_update=True)
        if user.suspended_at:
            raise Suspended(user.suspended_for)
        use_code(user, code)
        user.session_token = sign_in.begin(user, browser)
    return user


def set_up(user: User, *, password: str, code: str) -> list[str]:
    """Store the secret that was offered, now that a code from it has arrived, and end every other sign-in.

    Returns the recovery codes, which cannot be read later. Raises WrongPassword, WrongFirstCode and SecondStepIsOn.
    """
    verified = account.check_password(user, password)
    codes = new_recovery_codes()
    with transaction():
        account.require_unchanged(user, verified)
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
    verified = account.check_password(user, password)
    codes = new_recovery_codes()
    with transaction():
        _require_second_step(user, verified, code)
        _replace_recovery_codes(user, codes)
    return codes


def turn_off(user: User, *, password: str, code: str) -> bool:
    """From now on, let the password alone sign in. Raises WrongPassword, WrongCode and NotFound."""
    verified = account.check_password(user, password)
    with transaction():
        _require_second_step(user, verified, code)
        _remove(user)
    return True


def remove(email: str) -> None:
    """Remove the second step of someone who has lost the device and the codes, from the command line.

    Every sign-in ends. Raises NotFound if there is no such account, or no second step.
    """
    with transaction():
        user = find_by_email(email)
        if user is None or user.totp_secret is None:
            raise NotFound
        _remove(user)
        sign_in.end_others(user, "")
        record(None, "edit", "users", user, changed("second_step", True, False))


def use_code(user: User, code: str) -> None:
    """Inside a transaction: accept a code of the device, or a recovery code, which is then used up; does nothing if the
    account has no second step. Raises WrongCode."""
    db.session.refresh(user, with_for_update=True)
    if user.totp_secret is None:
        return
    step = matching_step(user.totp_secret, code, utcnow(), user.totp_last_step)
    if step is not None:
        user.totp_last_step = step
    elif not _use_recovery_code(user, code):
        raise WrongCode


def count_recovery_codes(user: User) -> int:
    """How many recovery codes are unused."""
    unused = select(func.count()).where(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(unused) or 0


def secret_for(session_token: str, last_step: int | None) -> str:
    """The secret that is offered to someone who is signed in, in base 32.

    It depends on the sign-in, so nothing needs to be stored until a first code arrives; and on the last step used, so
    that a new secret is offered after a second step is removed.
    """
    key = str(current_app.secret_key).encode()
    made = hmac.digest(key, f"plenary.second-step {last_step} {session_token}".encode(), "sha256")
    return base64.b32encode(made[:SECRET_BYTES]).decode()


def in_groups(secret: str) -> str:
    """The secret for copying by hand: `ABCD EFGH ...`."""
    return " ".join(secret[at : at + GROUP] for at in range(0, len(secret), GROUP))


def enrolment(secret: str, *, email: str, site_name: str) -> str:
    """The `otpauth:` address with which a device takes over the secret."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=site_name)


def qr_code(text: str) -> QrCode:
    """The text as a QR code with error correction level M, which tolerates damage to 15 %."""
    matrix = segno.make(text, error="m", micro=False).matrix
    path = "".join(_dark_runs(row, y + QUIET_ZONE) for y, row in enumerate(matrix))
    return QrCode(len(matrix) + 2 * QUIET_ZONE, path)


def matching_step(secret: str, code: str, now: datetime, last_step: int | None) -> int | None:
    """The time step of this code; None if it is not a current one, or not later than the last one used."""
    device, present = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    given = _cleaned(code).encode()
    for step in range(present - DRIFT, present + DRIFT + 1):
        if step > (last_step or 0) and hmac.compare_digest(device.generate_otp(step).encode(), given):
            return step
    return None


def is_recovery_code(code: str) -> bool:
    """Whether it has the length of a recovery code, and not that of a code of a device."""
    return len(_cleaned(code)) == RECOVERY_LENGTH


def new_recovery_codes() -> list[str]:
    """Codes as they are shown, once: `abcde-fghij`."""
    made = ("".join(secrets.choice(UNMISTAKABLE) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES))
    return [f"{code[:5]}-{code[5:]}" for code in made]


def recovery_hash(user_id: int, code: str) -> str:
    """What is stored for a recovery code, however it is typed."""
    return hashlib.sha256(f"{user_id} {_cleaned(code)}".encode()).hexdigest()


def _cleaned(code: str) -> str:
    """The letters and digits of a code in lower case, without separators."""
    plain = unicodedata.normalize("NFKC", code[:LONGEST_CODE]).casefold()
    return "".join(char for char in plain if char.isalnum())


def _dark_runs(row: bytearray, y: int) -> str:
    """The dark parts of a row, each as a rectangle of height 1."""
    path, x = "", QUIET_ZONE
    for is_dark, modules in groupby(row):
        length = len(list(modules))
        path += f"M{x} {y}h{length}v1h-{length}z" if is_dark else ""
        x += length
    return path


def _require_second_step(user: User, verified: str, code: str) -> None:
    account.require_unchanged(user, verified)
    if user.totp_secret is None:
        raise NotFound
    use_code(user, code)


def _use_recovery_code(user: User, code: str) -> bool:
    """Use up a recovery code. Returns whether it was an unused code of this user."""
    unused = (RecoveryCode.code_hash == recovery_hash(user.id, code)) & RecoveryCode.used_at.is_(None)
    used = update(RecoveryCode).where(RecoveryCode.user_id == user.id, unused).values(used_at=utcnow())
    return db.session.connection().execute(used).rowcount == 1


def _remove(user: User) -> None:
    """`totp_last_step` is kept, so that no earlier code is ever accepted again."""
    user.totp_secret = None
    _replace_recovery_codes(user, [])
    write_to(user, "second_step_off", moment=utcnow(), forgot=address_for(user, "auth.forgot"))


def _replace_recovery_codes(user: User, codes: list[str]) -> None:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    db.session.add_all(RecoveryCode(user_id=user.id, code_hash=recovery_hash(user.id, code)) for code in codes)
