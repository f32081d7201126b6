"""Saying how to sign in to the sample, on the terminal and in a file that only its owner can read."""

import os
from pathlib import Path

from app.sample.people import Account


def describe(accounts: list[Account]) -> str:
    """One line an account."""
    return "\n".join(f"{one.what:<14} {one.email:<30} {one.password}" for one in accounts)


def keep(accounts: list[Account], path: Path) -> None:
    """Write the accounts to a file with mode 0600, in place of what it held."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(describe(accounts) + "\n")
