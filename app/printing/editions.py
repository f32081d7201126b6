"""The editions of the archive of a forum: which one there is, whether it still says what is public, and what changed.

An edition is given out only as long as everything that is public of its forum is what it was when it was made.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import func, select

from app.database import utcnow
from app.errors import ForumError, NotFound, NotPublicAnyMore, Refused
from app.extensions import db
from app.forums.queries import get_forum, load_questions
from app.languages import N_
from app.models import GUEST, Act, Edition, Forum, LogEntry, Message, MessageStatus, Notice, Topic, User, Viewer
from app.permissions import require
from app.printing.contributions import as_data, as_text
from app.storage import Storage

NOT_ENDED = N_("The archive of a forum can be made once the forum is published and closed.")
MOST_MESSAGES = 20_000  # in one archive, whose pages are in memory until it is complete
TOO_LARGE = N_("This forum has too many messages for an archive.")
REASONS = {
    "first": N_("First edition"),
    "withheld": N_("A message was withheld"),
    "withdrawn": N_("A message was withdrawn"),
    "accounts": N_("An account was deleted"),
    "messages": N_("Messages or topics were changed"),
    "texts": N_("Texts or documents of the Secretariat were changed"),
    "dates": N_("The dates of the forum were changed, or it was archived"),
    "record": N_("Something else that is public changed"),
    "again": N_("The former file was lost"),
}
FORMAT, VERSION = "plenary-edition", 1
PARTS = {
    "dates": ("periods",),
    "texts": ("groups", "pages", "notices", "documents", "summaries_and_follow_up"),
    "messages": ("messages", "topics"),
    "record": ("record",),
}
OF_FORUM = ("published_at", "archived_at", "archived_before")  # its dates; the rest are texts


@dataclass(frozen=True)
class Public:
    """All that is public of a forum, as data, with what follows from it."""

    slug: str
    text: str
    data: dict[str, Any]

    @property
    def content(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def facts(self) -> dict[str, str]:
        statuses = [message["status"] for message in self.data["messages"]]
        former = {one["author"]["former_number"] for one in self.data["messages"]} - {None}
        forum = dict(self.data["forum"])
        dates = {name: forum.pop(name) for name in OF_FORUM}
        found = {name: _checksum([self.data[part] for part in parts]) for name, parts in PARTS.items()}
        found["dates"] = _checksum([found["dates"], dates])
        found["texts"] = _checksum([found["texts"], forum])
        found |= {name: str(statuses.count(name)) for name in (MessageStatus.WITHHELD, MessageStatus.WITHDRAWN)}
        return found | {"accounts": str(len(former))}


def place() -> Storage:
    """Where the files are."""
    bound: Storage = current_app.extensions["archives"]
    return bound


def read_public(slug: str) -> Public:
    """What a visitor may read of a forum. Raises NotFound."""
    forum = get_forum(slug, viewer=GUEST)
    load_questions(forum)
    text = "".join(as_data(forum))
    return Public(slug, text, json.loads(text))


def get_archive(slug: str, *, viewer: Viewer) -> tuple[Forum, Edition]:
    """A forum and the edition of its archive that is given out. Raises NotFound, Forbidden and NotPublicAnyMore."""
    forum = get_forum(slug, viewer=viewer)
    require(viewer, "see_archive", forum)
    edition = latest(forum.id)
    if edition is None:
        raise NotFound
    if not is_given_out(edition, forum):
        raise NotPublicAnyMore
    return forum, edition


def is_given_out(edition: Edition, forum: Forum) -> bool:
    """Whether there is its file, and nothing that is public has changed since it was made."""
    if not edition.key or not place().exists(edition.key):
        return False
    return edition.mark == mark_of(forum.id, utcnow()) or edition.content == read_public(forum.slug).content


def latest(forum_id: int) -> Edition | None:
    return next(iter(list_editions(forum_id)), None)


def list_editions(forum_id: int) -> Sequence[Edition]:
    """Those that have been made, the latest first."""
    made = select(Edition).where(Edition.forum_id == forum_id, Edition.sha256 != "")
    return db.session.scalars(made.order_by(Edition.number.desc())).all()


def refusal(forum: Forum, now: datetime) -> ForumError | None:
    """Why the archive of a forum cannot be made; None if it can."""
    if not forum.published_at or not forum.state(now).has_ended:
        return Refused(NOT_ENDED)
    return Refused(TOO_LARGE) if forum.message_count > MOST_MESSAGES else None


def as_edition(forum_id: int, number: int, made_at: datetime, facts: dict[str, str]) -> str:
    """The edition with this number, and those before it, as data for its archive (docs/contributions.md)."""
    earlier = [one for one in list_editions(forum_id) if one.number < number]
    return as_text(
        {
            "format": FORMAT,
            "version": VERSION,
            "number": number,
            "made_at": made_at,
            "reasons": reasons_of(earlier[0] if earlier else None, facts),
            "earlier": [
                {name: getattr(one, name) for name in ("number", "made_at", "reasons", "sha256", "size")}
                for one in earlier
            ],
        }
    )


def ordered(forum_id: int) -> Edition | None:
    return db.session.scalar(select(Edition).where(Edition.forum_id == forum_id, Edition.sha256 == ""))


def next_number(forum_id: int) -> int:
    made = select(func.max(Edition.number)).where(Edition.forum_id == forum_id, Edition.sha256 != "")
    return (db.session.scalar(made) or 0) + 1


def reasons_of(before: Edition | None, facts: dict[str, str]) -> list[str]:
    """Why there is a next edition, as names of REASONS, from the facts of both."""
    if before is None:
        return ["first"]
    changed = {name for name, value in facts.items() if before.facts.get(name) != value}
    if changed & {"withheld", "withdrawn", "accounts"}:
        changed -= {"messages", "record"}  # which then differ for that reason
    elif changed - {"record"}:
        changed -= {"record"}
    return [name for name in REASONS if name in changed] or ["again"]


def mark_of(forum_id: int, now: datetime) -> str:
    """What differs whenever something public may have changed, and at least once a day."""
    authors = select(Message.author_id).where(Message.forum_id == forum_id)
    people = (User.id, User.title, User.name, User.former_number)
    names = db.session.execute(select(*people).where(User.id.in_(authors)).order_by(User.id)).all()
    values = db.session.execute(
        select(
            select(func.max(LogEntry.id)).where(LogEntry.forum_id == forum_id).scalar_subquery(),
            select(func.max(Act.id)).where(Act.forum_id == forum_id).scalar_subquery(),
            select(func.max(User.former_number)).scalar_subquery(),
            select(func.count())
            .select_from(Notice)
            .where(Notice.forum_id == forum_id, Notice.published_at <= now)
            .scalar_subquery(),
            select(func.count())
            .select_from(Message)
            .where(Message.forum_id == forum_id, Message.status == MessageStatus.PUBLISHED)
            .scalar_subquery(),
            select(func.count())
            .select_from(Message)
            .where(Message.forum_id == forum_id, Message.position.is_not(None))
            .scalar_subquery(),
            select(func.max(Topic.id)).scalar_subquery(),
        )
    ).one()
    forum = db.session.get_one(Forum, forum_id)
    return f"{now:%Y-%m-%d} {_checksum([*values, forum.state(now).kind, [list(row) for row in names]])}"


def _checksum(value: Iterable[Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]
