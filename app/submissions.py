"""Forms already sent: inside its transaction an action asks for the earlier result first, and remembers its own last.

The key that came with the form stands for one form; `content`, whatever else was sent, tells a form that is sent
again (a double click, a reload) from one that somebody went back to and filled in anew.
"""

import hashlib

from sqlalchemy import func, select

from app.extensions import db
from app.models import Submission

LONGEST_KEY = 36


def earlier_result(key: str, user_id: int, *content: object) -> int | None:
    """The key of the row that this very form, sent by this user, has made already; None where it is new.

    The same form that is sent at the same moment waits here until this transaction ends.
    """
    if not _is_usable(key):
        return None
    digest = _digest(key, content)
    if db.session.get_bind().dialect.name == "postgresql":  # SQLite lets one transaction write at a time anyway
        db.session.execute(select(func.pg_advisory_xact_lock(int(digest[:15], 16))))
    found = db.session.get(Submission, (digest, user_id))
    return found.result_id if found else None


def remember(key: str, user_id: int, result_id: int, *content: object) -> None:
    """Keep what the form made. A blank, over-long or unprintable key is not kept, so its form always counts as new."""
    if _is_usable(key):
        db.session.add(Submission(key=_digest(key, content), user_id=user_id, result_id=result_id))


def usable(key: str) -> str:
    """The key as it can be kept, "" for one that is blank, over-long or unprintable."""
    return key if _is_usable(key) else ""


def _digest(key: str, content: tuple[object, ...]) -> str:
    return hashlib.sha256(repr((key, content)).encode()).hexdigest()[:LONGEST_KEY]


def _is_usable(key: str) -> bool:
    return 0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()
