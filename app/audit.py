"""The log: what was changed, written by the actions that change it, in the same transaction; and reading it."""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Row,
    Select,
    String,
    Subquery,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from app.errors import NotFound
from app.extensions import db
from app.labels import person_name
from app.languages import Language, site_default, text_in
from app.models import Act, Annotation, Forum, LogEntry, Topic, User

Change = dict[str, Any]

LOG, ACT = "log", "act"  # where an entry comes from
# The log says that these have changed, without their values.
SECRET = frozenset(
    {"email", "requested_email", "password_hash", "totp_secret", "totp_last_step", "token_hash", "code_hash"}
)


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
    """The name of a thing; of its texts, that in this language, by default the site's, or the best other one. A summary
    or a follow-up has the name of what it is about."""
    if isinstance(thing, Annotation):
        about = thing.question or thing.group or thing.forum
        return f"#{thing.message_id}" if thing.message_id else name_of(about, language)
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


# Reading


def _entries() -> Subquery:
    """The log of changes and the acts of moderation, as rows of the same columns."""
    log = select(
        literal(LOG).label("source"),
        LogEntry.id,
        LogEntry.at,
        LogEntry.user_id,
        LogEntry.action,
        LogEntry.kind,
        LogEntry.subject_id,
        LogEntry.subject,
        LogEntry.forum_id,
        LogEntry.detail,
        cast(null(), JSON).label("reason"),
    )
    acts = select(
        literal(ACT),
        Act.id,
        Act.at,
        Act.user_id,
        Act.kind,
        case((Act.message_id.is_not(None), literal("messages")), else_=literal("topics")),
        func.coalesce(Act.message_id, Act.topic_id),
        func.coalesce(Topic.title, literal("")),
        Act.forum_id,
        Act.detail,
        Act.reason,
    ).outerjoin(Topic, Topic.id == Act.topic_id)
    return union_all(log, acts).subquery("entries")


ENTRIES = _entries()


def entries(conditions: Iterable[ColumnElement[bool]]) -> Select[Any]:
    """What administrators and moderators did, the latest first, each with its person's `name` and `former_number`, and
    the number of a person to whom it was done and whose account was deleted since.

    `source` says whether an entry is from the LOG of changes, with these in `detail`, or an ACT of moderation, with its
    `reason` by language; `id` is its key there. The conditions are on ENTRIES.
    """
    columns, subject = ENTRIES.c, aliased(User)
    is_about = (columns.kind == "users") & (subject.id == columns.subject_id)
    people = (User.name, User.former_number, subject.former_number.label("subject_former_number"))
    statement = select(ENTRIES, *people).outerjoin(User, User.id == columns.user_id).outerjoin(subject, is_about)
    return statement.where(*conditions).order_by(columns.at.desc(), columns.source, columns.id.desc())


def get_entry(source: str, key: int) -> Row[Any]:
    """One of `entries`. Raises NotFound."""
    found = db.session.execute(entries((ENTRIES.c.source == source, ENTRIES.c.id == key))).first()
    if found is None:
        raise NotFound
    return found


def says(word: str, actions: Collection[str], kinds: Collection[str]) -> ColumnElement[bool]:
    """Whether an entry says the word: as the name of what it is about or of who did it, in a change or a reason, or by
    its action or kind, if it is one of these.

    Changes and reasons are stored as JSON, in which letters beyond ASCII are escapes that no database folds, so it is
    sought there as it is typed, in small letters, in capitals and with a capital.
    """
    columns = ENTRIES.c
    found = [columns.subject.icontains(word, autoescape=True), User.name.icontains(word, autoescape=True)]
    for way in {word, word.lower(), word.upper(), word.capitalize()}:
        stored = json.dumps(way)[1:-1]
        for column in (columns.detail, columns.reason):
            found.append(cast(column, String).icontains(stored, autoescape=True))
        found.append(columns.subject.contains(way, autoescape=True))
    return or_(*found, columns.action.in_(actions), columns.kind.in_(kinds))


def people_in_log() -> list[tuple[int, str]]:
    """`(key, name)` of each person with an entry in the log, by name."""
    statement = select(User.id, User.name, User.former_number).where(User.id.in_(select(ENTRIES.c.user_id)))
    found = db.session.execute(statement.order_by(User.former_number, User.name, User.id))
    return [(row.id, person_name(row)) for row in found]
