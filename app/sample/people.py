"""The people of the sample, and the accounts for trying out the site: no one can sign in as anyone else."""

import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from app.auth.passwords import UNUSABLE, hash_password
from app.models import User
from app.sample.files import Given

DOMAIN = "sample.example.org"
TO_BE_TRIED = {"admin": "administrator", "moderator": "moderator", "torova": "participant"}


class Account(NamedTuple):
    """An account for trying out the site; `what` says in a word what it may do."""

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


def describe(accounts: list[Account]) -> str:
    """How to sign in, with one account on each line."""
    return "\n".join(f"{one.what:<14} {one.email:<30} {one.password}" for one in accounts)


def keep(accounts: list[Account], path: Path) -> None:
    """Write the accounts to a file with mode 0600, replacing any earlier one."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(describe(accounts) + "\n")


def address(key: str) -> str:
    return f"{key}@{DOMAIN}"


def make_user(given: Given, joined: datetime, accounts: list[Account]) -> User:
    """A confirmed user, with the password of their account if they have one."""
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
