"""All places that store what participants write, and what happens to the text in each when it is hidden.

Add every new place (a column, a folder) to this list: after each act, a test searches every column of the database and
fails if the text is in a place that is not listed. Differences (app/difference.py) contain only numbers, emails about a
message contain none of its text, except for the receipt of the person who posted it (app/receipts.py), and former
wordings of official texts (app/wordings.py) are the Secretariat's own, so none of these is listed.
"""

import enum
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ScalarSelect, delete, select, update

from app.extensions import db
from app.models import Attachment, Mail, Message, Revision

FILES = "files"  # the folder of attached files
PDFS = "pdf"  # the folder of PDFs (app/printing/pdf.py), which are also given out no more as soon as the act is done
ARCHIVES = "archives"  # the folder of the archives of forums (app/printing/archive.py)


class Fate(enum.StrEnum):
    SHOWN = "shown"  # unchanged, for everyone who could read it before
    KEPT = "kept"  # kept for its author, moderators and administrators
    GONE = "gone"  # emptied, or deleted with its row


@dataclass(frozen=True)
class Place:
    """A place, `table.column`, FILES or PDFS, and what happens there to the text of a message.

    What is in ARCHIVES is given out no more from the moment of the act on, and the worker deletes it.

    It is `withdrawn` by the author, `withheld` by a moderator, `hidden` by a moderator who corrects it and hides the
    former text, or `erased` with the account of the author, if it is not part of the record.
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
    # A removed file is deleted; its name is kept for the history of its message.
    Place("attachment.name", hidden=Fate.SHOWN),
    Place(FILES, hidden=Fate.SHOWN),
    Place(PDFS, withdrawn=Fate.GONE, withheld=Fate.GONE, hidden=Fate.GONE),
    Place(ARCHIVES, withdrawn=Fate.GONE, withheld=Fate.GONE, hidden=Fate.GONE),
    # A title belongs to all who write in the topic. Whoever withholds the first message can change it; the log keeps
    # the former title. It is erased if only moderators have read it.
    Place("topic.title", withdrawn=Fate.SHOWN, withheld=Fate.GONE, hidden=Fate.SHOWN),
    # The receipt of the person who posted it, until 30 days after it was sent. A title is in all receipts of the author
    # of the topic; they go with it.
    Place("mail.text", withdrawn=Fate.GONE, withheld=Fate.GONE, hidden=Fate.GONE),
    Place("mail.html", withdrawn=Fate.GONE, withheld=Fate.GONE, hidden=Fate.GONE),
    # The folded words of the message and of the names of its files (app/search/index.py). Those of a title are in a row
    # of the topic.
    Place("search_text.words", withdrawn=Fate.GONE, withheld=Fate.GONE, hidden=Fate.SHOWN),
    Place("search_text.tokens", withdrawn=Fate.GONE, withheld=Fate.GONE, hidden=Fate.SHOWN),
    Place("log_entry.detail", withdrawn=Fate.GONE, hidden=Fate.GONE, erased=Fate.KEPT),
)


def erase_words(numbers: ScalarSelect[int]) -> None:
    """Erase the current and earlier texts of the messages with these numbers. Called inside a transaction; the files
    are deleted once it is committed."""
    db.session.execute(delete(Revision).where(Revision.message_id.in_(numbers)))
    db.session.execute(delete(Mail).where(Mail.receipt_of_id.in_(numbers)))
    for attachment in db.session.scalars(select(Attachment).where(Attachment.message_id.in_(numbers))):
        db.session.delete(attachment)  # one by one, since the file goes with its row
    emptied: dict[str, Any] = dict.fromkeys(columns_of(Message.__tablename__), "")
    db.session.execute(update(Message).where(Message.id.in_(numbers)).values(**emptied))


def columns_of(table: str) -> list[str]:
    """The columns of a table that are in the list."""
    return [place.name.partition(".")[2] for place in PLACES if place.name.startswith(f"{table}.")]
