"""Finding sign-ups that wait to be confirmed."""

import hmac

from flask import current_app
from sqlalchemy import ColumnElement, func, select

from app.auth.passwords import hash_password
from app.database import utcnow
from app.extensions import db
from app.models import SignUp

SALT_LENGTH = 16  # in bytes, as RFC 9106 recommends


def hash_for(email: str, password: str) -> str:
    """The hash of a password for a sign-up with this address. It takes some hundredths of a second.

    All sign-ups with one address share a salt, so that one hash tells which of them a password belongs to, and takes
    as long for an address with many of them as for one with none.
    """
    key = str(current_app.secret_key).encode()
    salt = hmac.digest(key, f"plenary.sign-up {email}".encode(), "sha256")[:SALT_LENGTH]
    return hash_password(password, salt=salt)


def find_sign_up(email: str, password_hash: str) -> SignUp | None:
    """The sign-up with this address and the password of this hash that still waits."""
    return db.session.scalar(select(SignUp).where(_waits(email), SignUp.password_hash == password_hash))


def latest_sign_up(email: str) -> SignUp | None:
    """The latest of the sign-ups with this address that still wait."""
    return db.session.scalar(select(SignUp).where(_waits(email)).order_by(SignUp.id.desc()).limit(1))


def is_only_sign_up(sign_up: SignUp) -> bool:
    """Whether nothing else waits for this address."""
    others = select(SignUp.id).where(_waits(sign_up.email), SignUp.id != sign_up.id).limit(1)
    return db.session.scalar(others) is None


def count_waiting() -> int:
    """How many addresses wait to be confirmed."""
    waiting = select(func.count(func.distinct(SignUp.email))).where(SignUp.renewed_at > utcnow() - SignUp.LIFE)
    return db.session.scalar(waiting) or 0


def _waits(email: str) -> ColumnElement[bool]:
    return (SignUp.email == email) & (SignUp.renewed_at > utcnow() - SignUp.LIFE)
