"""Versions: a form about an existing object contains the version that it showed, so that no one unknowingly overwrites
a change that someone else has made in the meantime."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from app.errors import ChangedMeanwhile


def fingerprint(*parts: object) -> str:
    """The SHA-256 of the parts as JSON, in 64 hexadecimal digits. Other values than those of JSON, such as times, count
    as text."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def version_of(thing: Any, columns: Iterable[str], *more: Any) -> str:
    """A text that changes whenever one of these columns of the thing, or anything in `more`, changes."""
    return fingerprint([(name, getattr(thing, name)) for name in columns], *more)


def require_version(shown: str, present: str, *, changes: object = True) -> None:
    """Raise ChangedMeanwhile if a form showed no version, or another than the present one.

    A form that `changes` nothing may have shown any version: it was sent twice, or someone else made the same change.
    """
    if not shown or (changes and shown != present):
        raise ChangedMeanwhile
