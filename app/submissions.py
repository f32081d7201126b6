"""Forms already sent: sending one again, by a double click or a reload, does nothing and leads to what it made."""

import hashlib

from sqlalchemy import func, select

from app.extensions import db
from app.models import Submission, User

LONGEST_KEY = 36


class Once:
    """One form of one person, for `transaction(once=...)`.

    `key` came with the form; `content`, all else that was sent, tells it from the same form filled in again with
    something else. Inside the transaction, `before` is what the form made the first time, None where it is new, and
    `made` keeps what it makes now. A form with a key that is not `usable` always counts as new.
    """

    def __init__(self, key: str, user: User, *content: object) -> None:
        self._is_known = bool(usable(key))
        self._user_id = user.id
        self._digest = hashlib.sha256(repr((key, content)).encode()).hexdigest()[:LONGEST_KEY]
        self.before: int | None = None

    def begin(self) -> None:
        """Look for the earlier result. The same form that is sent at the same moment waits here for the first."""
        if not self._is_known:
            return
        if db.session.get_bind().dialect.name == "postgresql":  # SQLite lets one transaction write at a time anyway
            db.session.execute(select(func.pg_advisory_xact_lock(int(self._digest[:15], 16))))
        found = db.session.get(Submission, (self._digest, self._user_id))
        self.before = found.result_id if found else None

    def made(self, result_id: int) -> None:
        """Keep the key of the row that the form has made or changed."""
        if self._is_known:
            db.session.add(Submission(key=self._digest, user_id=self._user_id, result_id=result_id))


def usable(key: str) -> str:
    """The key as it can be kept, "" for one that is blank, over-long or unprintable."""
    return key if 0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable() else ""
