"""The one list of places that keep what participants write, and what becomes of it in each when it is taken back.

Whoever adds a place (a column, a folder) adds it here; a test asks every column of the database for the words, after
each act, and finds those in a place that the list does not name. A difference between two wordings holds numbers alone
(app/difference.py), and a mail about a message nothing of what it says, so neither is such a place.
"""

import enum
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ScalarSelect, delete, select, update

from app.extensions import db
from app.models import Attachment, Message, Revision

FILES = "files"  # the folder of attached files


class Fate(enum.StrEnum):
    SHOWN = "shown"  # stays as it is, and whoever could read it still can
    KEPT = "kept"  # stays for its author, for moderators and for administrators
    GONE = "gone"  # emptied, or deleted with its row


@dataclass(frozen=True)
class Place:
    """A place, `table.column` or FILES, and what becomes of the words of a message in it.

    `withdrawn` by the author, `withheld` by a moderator, `hidden` where a moderator corrects what was said and hides
    it; `erased` with the account of the author, where the words are not part of the record.
    """

    name: str
    withdrawn: Fate = Fate.KEPT
    withheld: Fate = Fate.KEPT
    hidden: Fate = Fate.KEPT
    erased: Fate = Fate.GONE


PLACES = (
    Place("message.body", hidden=Fate.GONE),
    Place("message.html", hidden=Fate.GONE),
    Place("message.on_behalf_of", hidden=Fate.GONE),
    Place("revision.body"),
    Place("revision.html"),
    Place("revision.on_behalf_of"),
    # A file that is removed is gone; what it was called stays for the history of its message.
    Place("attachment.name", hidden=Fate.SHOWN),
    Place(FILES, hidden=Fate.SHOWN),
    # A title belongs to all who write under it: the one who withholds the first message can give another, and the log
    # keeps the former one. It is erased where nobody but the moderators has read it.
    Place("topic.title", withdrawn=Fate.SHOWN, withheld=Fate.GONE, hidden=Fate.SHOWN),
    Place("log_entry.detail", withdrawn=Fate.GONE, hidden=Fate.GONE, erased=Fate.KEPT),
)


def erase_words(numbers: ScalarSelect[int]) -> None:
    """Erase what the messages of these numbers say and said. Called inside a transaction, which also deletes the files
    once it is committed."""
    db.session.execute(delete(Revision).where(Revision.message_id.in_(numbers)))
    for attachment in db.session.scalars(select(Attachment).where(Attachment.message_id.in_(numbers))):
        db.session.delete(attachment)  # one by one, since the file goes with its row
    emptied: dict[str, Any] = dict.fromkeys(columns_of(Message.__tablename__), "")
    db.session.execute(update(Message).where(Message.id.in_(numbers)).values(**emptied))


def columns_of(table: str) -> list[str]:
    """The columns of a table that are in the list."""
    return [place.name.partition(".")[2] for place in PLACES if place.name.startswith(f"{table}.")]
