"""Which PDF of a forum or a group can be given out, which has to be made next, and what is told of those that failed.

Two marks say what has happened in a forum, at a cost that does not depend on its messages. When the first is no longer
that of a PDF, something in it may have been withdrawn, withheld, hidden or erased, or changed or deleted by the
Secretariat in a text of its own, and the PDF is no longer provided. The second also changes with what is added; until
the PDF is made again, the earlier one is provided.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from app.database import utcnow
from app.extensions import db
from app.languages import site_languages
from app.models import GUEST, Act, ActKind, Forum, ForumRole, Group, LogEntry, Outcome, Rendition, Role, Topic, User
from app.permissions import FORUM_IS_VISIBLE, visible_to
from app.storage import Storage

FORUMS, GROUPS = "forums", "groups"
WHILE_OPEN = timedelta(hours=1)
AT_ONCE = timedelta()
ONCE_ENDED = timedelta(days=1)  # although nothing seems to have changed
# Acts that change nothing in what was said.
WITHOUT_EFFECT = (ActKind.APPROVE, ActKind.RETURN, ActKind.PIN, ActKind.UNPIN, ActKind.LOCK, ActKind.UNLOCK)
# Log entries after which a former text of the Secretariat may no longer be provided. What participants change in their
# own topics and accounts waits for WHILE_OPEN.
REWRITES = ("edit", "delete")
OF_PARTICIPANTS = ("topics", "users")


class Marks(NamedTuple):
    taken_back: str
    changed: str


@dataclass(frozen=True)
class Wanted:
    """A PDF that there should be; `rendition` is None until it is made for the first time."""

    kind: str
    thing: Forum | Group
    forum: Forum
    language: str
    marks: Marks
    rendition: Rendition | None


def place() -> Storage:
    """Where the files are."""
    bound: Storage = current_app.extensions["renditions"]
    return bound


def find(thing: Forum | Group, forum: Forum, language: str) -> tuple[Rendition | None, bool]:
    """What is known of the PDF of a forum or a group, and whether it can be given out.

    The forum comes from `get_forum` or `get_group`, which check whether the viewer may see it.
    """
    of = {"kind": FORUMS if thing is forum else GROUPS, "thing_id": thing.id, "language": language}
    found = db.session.scalar(select(Rendition).filter_by(**of))
    if found is None or not found.content:
        return found, False
    row = db.session.execute(_MARKS.where(Forum.id == forum.id)).one()
    return found, found.taken_back == _marks(forum, row, utcnow()).taken_back


def given_out(forum: Forum, language: str) -> dict[tuple[str, int], Rendition]:
    """The PDFs of a forum and its groups that can be given out now, by kind and key."""
    mark = _marks(forum, db.session.execute(_MARKS.where(Forum.id == forum.id)).one(), utcnow()).taken_back
    found = select(Rendition).filter_by(forum_id=forum.id, language=language, taken_back=mark)
    return {(one.kind, one.thing_id): one for one in db.session.scalars(found.where(Rendition.content != ""))}


def next_due(now: datetime) -> Wanted | None:
    """What is to be made or compared now: first what cannot be given out, then what was compared longest ago."""
    due = [one for one in all_wanted(now) if due_at(one, now) <= now]
    return min(due, key=_urgency, default=None)


def all_wanted(now: datetime) -> Iterator[Wanted]:
    """The PDFs of all published forums and their groups, in each language."""
    known = {(one.kind, one.thing_id, one.language): one for one in db.session.scalars(select(Rendition))}
    rows: Mapping[int, Any] = {row.id: row for row in db.session.execute(_MARKS)}
    for forum in db.session.scalars(_PUBLISHED, visible_to(GUEST)):
        marks = _marks(forum, rows[forum.id], now)
        things: list[Forum | Group] = [forum, *forum.groups]
        for thing in things:
            kind = FORUMS if thing is forum else GROUPS
            for code in site_languages():
                yield Wanted(kind, thing, forum, code, marks, known.get((kind, thing.id, code)))


def due_at(wanted: Wanted, now: datetime) -> datetime:
    """When it is to be made or compared again."""
    found = wanted.rendition
    if found is None or found.compared_at is None:
        return found.claimed_until or now if found else now
    if found.outcome == Outcome.FAILED:
        wait = WHILE_OPEN
    elif found.taken_back != wanted.marks.taken_back:
        wait = AT_ONCE
    elif not wanted.forum.state(now).has_ended:
        wait = WHILE_OPEN
    else:
        wait = ONCE_ENDED if found.changed == wanted.marks.changed else AT_ONCE
    return max(found.compared_at + wait, found.claimed_until or found.compared_at)


def not_as_they_should_be() -> Sequence[tuple[Rendition, Forum]]:
    """The PDFs that could not be made, or without what the standards require, with their forums."""
    failed = Rendition.outcome.in_((Outcome.UNTAGGED, Outcome.FAILED))
    rows = db.session.execute(
        select(Rendition, Forum).join(Forum, Forum.id == Rendition.forum_id).where(failed).order_by(Rendition.id)
    )
    return [(rendition, forum) for rendition, forum in rows]


def _urgency(wanted: Wanted) -> tuple[Any, ...]:
    found = wanted.rendition
    is_given_out = found is not None and found.content != "" and found.taken_back == wanted.marks.taken_back
    compared_at = found.compared_at if found else None
    return is_given_out, compared_at is not None, compared_at or wanted.forum.published_at, wanted.kind


def _marks(forum: Forum, row: Any, now: datetime) -> Marks:
    """`unread` counts the positions whose message can no longer be read."""
    unread = (row.positions or 0) - forum.message_count
    named = sha256((row.named or "").encode()).hexdigest()[:12] if forum.names_moderators else ""
    taken_back = f"{unread}/{row.act or 0}/{row.former or 0}/{row.official or 0}/{named}"
    changed = f"{taken_back}/{forum.message_count}/{forum.last_at or ''}/{row.entry or 0}/{forum.state(now).kind}"
    return Marks(taken_back, changed)


_POSITIONS = (
    select(func.sum(Topic.last_position))
    .join(Group, Group.id == Topic.group_id)
    .where(Group.forum_id == Forum.id, Topic.merged_into_id.is_(None))
)
_MARKS = select(
    Forum.id,
    _POSITIONS.scalar_subquery().label("positions"),
    select(func.max(Act.id))
    .where(Act.forum_id == Forum.id, Act.kind.not_in(WITHOUT_EFFECT))
    .scalar_subquery()
    .label("act"),
    select(func.max(LogEntry.id)).where(LogEntry.forum_id == Forum.id).scalar_subquery().label("entry"),
    select(func.max(LogEntry.id))
    .where(LogEntry.forum_id == Forum.id, LogEntry.action.in_(REWRITES), LogEntry.kind.not_in(OF_PARTICIPANTS))
    .scalar_subquery()
    .label("official"),
    # Those whom the head of the forum names, if its settings say so.
    select(func.aggregate_strings(User.name, "\n"))
    .join(ForumRole, ForumRole.user_id == User.id)
    .where(ForumRole.forum_id == Forum.id, ForumRole.role == Role.MODERATOR, User.suspended_at.is_(None))
    .scalar_subquery()
    .label("named"),
    # Of the whole site: a person may be named in any forum.
    select(func.max(User.former_number)).scalar_subquery().label("former"),
)
_PUBLISHED = (
    select(Forum)
    .where(FORUM_IS_VISIBLE)
    .order_by(Forum.id)
    .options(selectinload(Forum.groups), selectinload(Forum.periods), selectinload(Forum.texts))
)
