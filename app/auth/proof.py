"""Showing who one is: by the password, and by the codes that a device makes of a secret and the time (TOTP, RFC 6238),
or a recovery code where the device is lost.

A password is checked before the transaction begins, since that takes long and a writer keeps others waiting; inside
it, only whether it is still the same one."""

import base64
import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import pyotp
import segno
from flask import current_app
from sqlalchemy import update

from app.auth.passwords import is_right
from app.database import utcnow
from app.errors import WrongCode, WrongPassword
from app.extensions import db
from app.models import RecoveryCode, User

STEP_SECONDS = 30

DRIFT = 1  # in steps: how far a device's clock may be behind or ahead

SECRET_BYTES = 20

RECOVERY_CODES = 10

RECOVERY_LENGTH = 10

UNMISTAKABLE = "abcdefghjkmnpqrstuvwxyz23456789"

LONGEST_CODE = 50  # in characters, as typed

GROUP = 4

QUIET_ZONE = 4  # in modules, around the picture


@dataclass(frozen=True)
class QrCode:
    """A picture as the parts of an SVG: the side of its square, and a path of what is dark."""

    side: int
    path: str


def secret_for(session_token: str, last_step: int | None) -> str:
    """The secret that is offered to somebody who is signed in, in base 32.

    It is the same as long as that sign-in lasts, so that nothing has to be kept until a first code has come, and
    another one after every time that a second step was in use.
    """
    key = str(current_app.secret_key).encode()
    made = hmac.digest(key, f"plenary.second-step {last_step} {session_token}".encode(), "sha256")
    return base64.b32encode(made[:SECRET_BYTES]).decode()


def in_groups(secret: str) -> str:
    """The secret as people copy it by hand: `ABCD EFGH ...`."""
    return " ".join(secret[at : at + GROUP] for at in range(0, len(secret), GROUP))


def enrolment(secret: str, *, email: str, site_name: str) -> str:
    """The `otpauth:` address by which a device takes over the secret."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=site_name)


def qr_code(text: str) -> QrCode:
    """The text as a QR code that can be read with up to 15 % of it spoiled."""
    matrix = segno.make(text, error="m", micro=False).matrix
    path = "".join(_dark_runs(row, y + QUIET_ZONE) for y, row in enumerate(matrix))
    return QrCode(len(matrix) + 2 * QUIET_ZONE, path)


def matching_step(secret: str, code: str, now: datetime, last_step: int | None) -> int | None:
    """The time step whose code this is, None where it is none of now, or not later than the last one used."""
    device, present = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    given = cleaned(code).encode()
    for step in range(present - DRIFT, present + DRIFT + 1):
        if step > (last_step or 0) and hmac.compare_digest(device.generate_otp(step).encode(), given):
            return step
    return None


def is_of_a_device(code: str) -> bool:
    """Whether it looks like a code of a device, and not like a recovery code."""
    return len(cleaned(code)) != RECOVERY_LENGTH


def new_recovery_codes() -> list[str]:
    """Codes as they are shown, once: `abcde-fghij`."""
    made = ("".join(secrets.choice(UNMISTAKABLE) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES))
    return [f"{code[:5]}-{code[5:]}" for code in made]


def recovery_hash(user_id: int, code: str) -> str:
    """What is stored for a recovery code, however it is typed."""
    return hashlib.sha256(f"{user_id} {cleaned(code)}".encode()).hexdigest()


def cleaned(code: str) -> str:
    """The letters and digits of a code, whatever its case and however it was divided."""
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
