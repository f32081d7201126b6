"""Fingerprints that identify what a form showed, so that whoever saves learns whether it has changed since."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l

from app.errors import ForumError


class ChangedMeanwhile(ForumError):
    status = 409
    message = _l("Somebody else has changed this meanwhile. Please open its form again.")


def version_of(thing: Any, columns: Iterable[str], *more: Any) -> str:
    """A text that is another one as soon as a column of the thing, or anything of `more`, is another."""
    return fingerprint([(name, getattr(thing, name)) for name in columns], *more)


def require_version(shown: str, present: str) -> None:
    """Raise ChangedMeanwhile where a form showed another version than the present one."""
    if shown != present:
        raise ChangedMeanwhile


def fingerprint(*parts: object) -> str:
    """The SHA-256 of the parts in 64 hexadecimal digits: of numbers, texts, None, and lists and mappings of them.

    They are written as JSON, which tells where each begins and ends; what JSON does not know, such as a time, is
    written as text.
    """
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
