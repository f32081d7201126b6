"""The log of changes, written by the actions that make them, in the same transaction."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from app.extensions import db
from app.languages import Language, site_default, text_in
from app.models import Forum, LogEntry, User

Change = dict[str, Any]

# The log says that these have changed, without their values.
SECRET = frozenset({"email", "password_hash", "totp_secret", "totp_last_step", "token_hash", "code_hash"})


def assign(thing: Any, values: Mapping[str, Any], language: str = "") -> list[Change]:
    """Set the values, and return the changes."""
    changes = []
    for name, new in values.items():
        changes += changed(name, getattr(thing, name), new, language)
        setattr(thing, name, new)
    return changes


def changed(field: str, old: Any, new: Any, language: str = "") -> list[Change]:
    """The change of one field in a list; an empty list if the value is the same."""
    old, new = _plain(old), _plain(new)
    if old == new:
        return []
    if field in SECRET:
        old = new = ""
    return [{"field": field, "language": language, "old": old, "new": new}]


def record(
    viewer: User | None,
    action: str,
    kind: str,
    thing: Any,
    changes: list[Change],
    *,
    name: Any = None,
    forum_id: int | None = None,
) -> None:
    """Log what the viewer, or the command line (None), did to a thing; called inside the transaction.

    `name` is the object that names a thing without a name of its own, such as the forum of a period. `forum_id` is
    needed only if the thing itself belongs to no forum, such as a person who gets a role in one.
    """
    entry = LogEntry(
        user_id=viewer.id if viewer else None,
        action=action,
        kind=kind,
        subject_id=thing.id,
        subject=name_of(name or thing)[: LogEntry.MAX_SUBJECT],
        forum_id=forum_id or _forum_of(thing),
        detail=changes,
    )
    db.session.add(entry)


def name_of(thing: Any, language: Language | None = None) -> str:
    """The name of a thing; of its texts, that in this language, by default the site's, or the best other one."""
    if getattr(thing, "texts", None):
        text = text_in(thing, language or site_default())
        return str(getattr(text, "title", "") or getattr(text, "text", ""))
    return str(getattr(thing, "name", "") or getattr(thing, "title", ""))


def _forum_of(thing: Any) -> int | None:
    """The key of a forum, or of the forum to which a thing belongs, directly or through its topic or group."""
    if isinstance(thing, Forum):
        return thing.id
    for owner in ("topic", "group"):
        thing = getattr(thing, owner, None) or thing
    found: int | None = getattr(thing, "forum_id", None)
    return found


def _plain(value: Any) -> str | int | bool:
    """A value for JSON: times as `2012-03-02 23:00:00 UTC`, None as ""."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, date):
        return value.isoformat()
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, int) else str(value)
