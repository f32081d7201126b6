"""The versions of a message, each with its difference from the one before it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.database import in_parts
from app.difference import Piece, compare, pieces
from app.errors import NotFound
from app.extensions import db
from app.forums.queries import get_message
from app.models import Act, Attachment, Message, Revision, Viewer
from app.permissions import can, require

PER_PAGE = 10
FEWER_STEPS = 15_000
Text = Message | Revision
WORDS = ("written_at", "language", "on_behalf_of", "body", "html")
NUMBERED = func.row_number().over(partition_by=Revision.message_id, order_by=Revision.id).label("number")


@dataclass(frozen=True)
class Version:
    """What a message said from one change to the next, as `said`; `number` counts from 1.

    `act` is that of the moderator who made the change, `before` the version before it, and `pieces` the difference of
    the texts as stored with the change. They are None if the viewer may see no version before it; the act may be shown
    all the same. `is_hidden` says whether readers are not shown it.
    """

    number: int
    said: Text
    written_at: datetime
    act: Act | None
    before: Text | None
    pieces: list[Piece] | None
    is_hidden: bool


@dataclass(frozen=True)
class History:
    """A page of versions, the latest first, and all files that the message has had.

    `hides` says whether there are earlier versions that the viewer may not see; files removed before those are left
    out too. `corrections` are the acts behind versions that the viewer may not see, on the last page.
    """

    message: Message
    versions: Sequence[Version]
    files: Sequence[Attachment]
    hides: bool
    corrections: Sequence[Act]
    page: int
    pages: int


def get_history(number: int, page: int, *, viewer: Viewer) -> History:
    """The versions of a message that the viewer may see.

    Raises NotFound, also for a page beyond the last, and Forbidden if the text of the message is not shown.
    """
    message = get_message(number, viewer=viewer)
    require(viewer, "see_history", message)
    acts = db.session.scalars(select(Act).where(Act.message_id == number).options(joinedload(Act.user))).all()
    hiding = [act for act in acts if "hides" in act.detail]
    hidden_to = _hidden_to(act.detail for act in acts)
    sees_all = can(viewer, "see_unpublished", message)
    keys = db.session.scalars(select(Revision.id).filter_by(message_id=number).order_by(Revision.id.desc())).all()
    seen = [key for key in keys if sees_all or key > hidden_to]
    pages = len(seen) // PER_PAGE + 1
    if page > pages:
        raise NotFound
    first = (page - 1) * PER_PAGE
    texts = _texts(message, seen, first)
    made_by = {act.detail["revision"]: act for act in acts if "revision" in act.detail}
    versions = _versions(texts, keys[first:], made_by, hidden_to)
    files = _files(message, [] if sees_all else hiding)
    unseen = keys[len(seen) + 1 :] if page == pages else ()
    corrections = [made_by[key] for key in unseen if key in made_by]
    return History(message, versions, files, len(seen) < len(keys), corrections, page, pages)


def public_revisions(numbers: Collection[int]) -> dict[int, list[Any]]:
    """The public earlier versions of these messages, whose text is shown: the earliest first, each with its
    `number`."""
    details: dict[int, list[Mapping[str, Any]]] = {}
    for number, detail in db.session.execute(select(Act.message_id, Act.detail).where(Act.message_id.in_(numbers))):
        details.setdefault(number, []).append(detail)
    hidden_to = {number: _hidden_to(found) for number, found in details.items()}
    found: dict[int, list[Any]] = {}
    columns = (Revision.id, Revision.message_id, *(getattr(Revision, name) for name in WORDS), NUMBERED)
    versions = select(*columns).where(Revision.message_id.in_(numbers)).order_by(Revision.id)
    for row in db.session.execute(versions):
        if row.id > hidden_to.get(row.message_id, 0):
            found.setdefault(row.message_id, []).append(row)
    return found


def public_files(numbers: Collection[int]) -> dict[int, list[Attachment]]:
    """All files that these messages, whose text is shown, have had in public, by number of the message."""
    hiding: dict[int | None, list[Act]] = {}
    for act in db.session.scalars(select(Act).where(Act.message_id.in_(numbers))):
        if "hides" in act.detail:
            hiding.setdefault(act.message_id, []).append(act)
    found: dict[int, list[Attachment]] = {}
    files = select(Attachment).where(Attachment.message_id.in_(numbers)).order_by(Attachment.id)
    for file in db.session.scalars(files):
        if file.message_id and not _is_hidden(file, hiding.get(file.message_id, ())):
            found.setdefault(file.message_id, []).append(file)
    return found


def count_versions(numbers: Collection[int]) -> dict[int, int]:
    """How many versions these messages have had, hidden ones included; those that were never changed are left out."""
    counts = select(Revision.message_id, func.count() + 1).where(Revision.message_id.in_(numbers))
    return dict(db.session.execute(counts.group_by(Revision.message_id)).all())


def numbers_of_revisions(messages: Collection[int]) -> dict[int, int]:
    """The number of each former version of these messages, hidden or not, by its key."""
    statement = select(Revision.id, NUMBERED)
    parts = (statement.where(Revision.message_id.in_(part)) for part in in_parts(messages))
    return {row.id: row.number for part in parts for row in db.session.execute(part)}


def _hidden_to(details: Iterable[Mapping[str, Any]]) -> int:
    """The key of the last version that readers are not shown, by the acts on a message; 0 if there is none."""
    return max((detail["hides"] for detail in details if "hides" in detail), default=0)


def _pieces(before: Revision, said: Text) -> list[Piece]:
    """The pieces of both texts. Differences stored by former versions of the site are those of the Markdown sources,
    and are made again, in fewer steps."""
    earlier, later = (
        sum(row[0] + row[1] for row in before.difference),
        sum(row[0] + row[2] for row in before.difference),
    )
    is_of_html = (earlier, later) == (len(before.html), len(said.html))
    difference = before.difference if is_of_html else compare(before.html, said.html, FEWER_STEPS)
    return list(pieces(before.html, said.html, difference))


def _files(message: Message, hiding: Sequence[Act]) -> list[Attachment]:
    """The files of a message, without those removed before it was published or together with hidden text."""
    return [file for file in message.attachments if not _is_hidden(file, hiding)]


def _is_hidden(file: Attachment, hiding: Sequence[Act]) -> bool:
    return file.removed_at is not None and any(file.removed_at <= act.at for act in hiding)


def _texts(message: Message, keys: Sequence[int], first: int) -> list[Text]:
    """The texts of a page, the latest first, and the one before them."""
    wanted = keys[max(first - 1, 0) : first + PER_PAGE]
    revisions = db.session.scalars(select(Revision).where(Revision.id.in_(wanted)).order_by(Revision.id.desc()))
    return [*((message,) if first == 0 else ()), *revisions]


def _versions(texts: Sequence[Text], keys: Sequence[int], made_by: dict[int, Act], hidden_to: int) -> list[Version]:
    """`keys` are those of every version before the first of the texts, visible or not, the latest first."""
    versions = []
    for at, said in enumerate(texts[:PER_PAGE]):
        before = texts[at + 1] if at + 1 < len(texts) else None
        act = made_by.get(keys[at]) if at < len(keys) else None
        difference = _pieces(before, said) if isinstance(before, Revision) else None
        is_hidden = isinstance(said, Revision) and said.id <= hidden_to
        versions.append(Version(len(keys) + 1 - at, said, said.written_at, act, before, difference, is_hidden))
    return versions
