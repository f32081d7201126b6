"""Versions: each form about something that exists carries the version that it showed, so that nobody saves over what
someone else has changed meanwhile without having read it."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from app.errors import ChangedMeanwhile


def fingerprint(*parts: object) -> str:
    """The SHA-256 of the parts in 64 hexadecimal digits: of numbers, texts, None, and lists and mappings of them.

    They are written as JSON, which tells where each begins and ends; what JSON does not know, such as a time, is
    written as text.
    """
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def version_of(thing: Any, columns: Iterable[str], *more: Any) -> str:
    """A text that is another one as soon as a column of the thing, or anything of `more`, is another."""
    return fingerprint([(name, getattr(thing, name)) for name in columns], *more)


def require_version(shown: str, present: str, *, changes: object = True) -> None:
    """Raise ChangedMeanwhile where a form showed no version, or another than the present one.

    One that `changes` nothing may have shown any: it is the same form sent again, or someone else had the same in mind.
    """
    if not shown or (changes and shown != present):
        raise ChangedMeanwhile
