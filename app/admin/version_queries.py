"""Whether somebody else has changed a thing since a form showed it: each form carries the version that it showed."""

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l

from app.errors import ForumError
from app.versions import fingerprint


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
