"""What the log says of every change: written by the action that makes it, in its own transaction."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from app.extensions import db
from app.languages import Language, site_default, text_in
from app.models import Forum, LogEntry, User

Change = dict[str, Any]

# Of these the log says that they changed, and nothing more.
SECRET = frozenset({"password_hash", "totp_secret", "totp_last_step", "token_hash", "code_hash"})


def assign(thing: Any, values: Mapping[str, Any], language: str = "") -> list[Change]:
    """Set the values, and say what they changed."""
    changes = []
    for name, new in values.items():
        changes += changed(name, getattr(thing, name), new, language)
        setattr(thing, name, new)
    return changes


def changed(field: str, old: Any, new: Any, language: str = "") -> list[Change]:
    """The change of one field, or none where the old and the new value say the same."""
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
    """Write into the log what the viewer, or the command line (None), did to a thing; inside the transaction.

    `name` is what gives a thing its name that has none of its own, such as the forum of a period. `forum_id`
    is needed only where the thing itself belongs to no forum, such as a person who gets a role in one.
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
    """What a thing is called, in this language, or else the site's default, where it has a text there."""
    if getattr(thing, "texts", None):
        text = text_in(thing, language or site_default())
        return str(getattr(text, "title", "") or getattr(text, "text", ""))
    return str(getattr(thing, "name", "") or getattr(thing, "title", ""))


def _forum_of(thing: Any) -> int | None:
    """The key of the forum that a thing is, or to which it belongs, be it through its topic or group."""
    if isinstance(thing, Forum):
        return thing.id
    for owner in ("topic", "group"):
        thing = getattr(thing, owner, None) or thing
    found: int | None = getattr(thing, "forum_id", None)
    return found


def _plain(value: Any) -> str | int | bool:
    """As JSON can keep it: moments as `2012-03-02 23:00:00 UTC`, nothing as ""."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, date):
        return value.isoformat()
    if value is None:
        return ""
    return value if isinstance(value, int) else str(value)
