"""The sample's people. Nobody can sign in as one of them, but for the three that are there to be tried out."""

import secrets
from datetime import datetime
from typing import Any, NamedTuple

from app.auth.passwords import UNUSABLE, hash_password
from app.models import User

DOMAIN = "sample.example.org"
TO_BE_TRIED = {"admin": "administrator", "moderator": "moderator", "torova": "participant"}


class Account(NamedTuple):
    """An account that somebody trying out the site can sign in with."""

    what: str
    email: str
    password: str
    password_hash: str


def make_accounts() -> list[Account]:
    """Accounts with new random passwords."""
    passwords = [secrets.token_urlsafe(12) for _account in TO_BE_TRIED]
    return [
        Account(what, address(key), password, hash_password(password))
        for (key, what), password in zip(TO_BE_TRIED.items(), passwords, strict=True)
    ]


def address(key: str) -> str:
    return f"{key}@{DOMAIN}"


def make_user(given: dict[str, Any], joined: datetime, accounts: list[Account]) -> User:
    """A confirmed user, with the password of its account where it has one."""
    email = address(given["key"])
    hashes = {account.email: account.password_hash for account in accounts}
    return User(
        email=email,
        password_hash=hashes.get(email, UNUSABLE),
        name=given["name"],
        title=given["title"],
        organization=given["organization"],
        country=given["country"],
        capacity=given["capacity"],
        language=given["language"],
        is_admin=given.get("is_admin", False),
        created_at=joined,
        confirmed_at=joined,
    )
