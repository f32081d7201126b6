"""Hashing passwords, and refusing weak ones."""

import re
import secrets
import unicodedata
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

SHORTEST = 10
LONGEST = 200
LONGEST_TYPED = 4 * LONGEST  # before composing, which can make one character of a letter and three marks

# Argon2id with the parameters that OWASP recommends for web servers: 19 MiB, two passes, one lane.
# Passwords hashed with other parameters are hashed again when their owner signs in.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
UNUSABLE = "!"  # not the hash of any password
NOBODYS = HASHER.hash(secrets.token_urlsafe())

LONGEST_UNIT = 5
LEAST_OWN_PART = 4
ROWS = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "azertyuiopqsdfghjklmwxcvbn")
LOOK_ALIKES = str.maketrans("4@31!05$", "aaeiioss")

TOO_SHORT = _l("Use at least %(least)s characters. Several words together are easy to remember.", least=SHORTEST)
TOO_LONG = _l("Use at most %(most)s characters.", most=LONGEST)
TOO_COMMON = _l("This password is one of the first that others would try. Choose another, such as a few words.")
TOO_REGULAR = _l("This password is repetitive or follows a row of keys. Choose another, such as a few words.")
TOO_NEAR = _l("This password contains your email address or the name of this site. Choose another.")


def hash_password(password: str, *, salt: bytes | None = None) -> str:
    """What is stored for a password; the salt is random by default. Takes some hundredths of a second, so call it
    outside transactions."""
    return HASHER.hash(_bytes(password), salt=salt)


def is_right(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; without a hash (no such account) this takes as long as with one."""
    try:
        return HASHER.verify(password_hash or NOBODYS, _bytes(password)) and password_hash is not None
    except InvalidHashError:
        return is_right(None, password)
    except VerificationError:
        return False


def needs_rehash(password_hash: str) -> bool:
    return HASHER.check_needs_rehash(password_hash)


def weakness(password: str, *, email: str, site_name: str) -> LazyString | None:
    """Why this password is refused; None if it is accepted."""
    if len(password) < SHORTEST:
        return TOO_SHORT
    if len(password) > LONGEST:
        return TOO_LONG
    if _simplified(password) in _common():
        return TOO_COMMON
    if _is_regular(password.casefold()):
        return TOO_REGULAR
    near = [part.casefold() for part in (email.partition("@")[0], site_name) if len(part) >= LEAST_OWN_PART]
    return TOO_NEAR if any(part in password.casefold() for part in near) else None


def composed(password: str) -> str:
    """The password with composed accents. One longer than LONGEST_TYPED is returned unchanged."""
    return unicodedata.normalize("NFC", password) if len(password) <= LONGEST_TYPED else password


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    lines = Path(__file__).with_name("common_passwords.txt").read_text("utf-8").splitlines()
    return frozenset(_simplified(line) for line in lines if not line.startswith("#"))


def _simplified(password: str) -> str:
    """The password without the usual variations of common ones."""
    return re.sub(r"[\W_]+$", "", password.casefold()).translate(LOOK_ALIKES)


def _is_regular(password: str) -> bool:
    repeats = any(
        all(char == password[place % unit] for place, char in enumerate(password))
        for unit in range(1, LONGEST_UNIT + 1)
    )
    return repeats or any(password in row * 2 or password in row[::-1] * 2 for row in ROWS)


def _bytes(password: str) -> bytes:
    """The same bytes for the same characters, however the keyboard enters accents."""
    return composed(password[:LONGEST_TYPED]).encode("utf-8", "surrogatepass")
