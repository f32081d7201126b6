"""Forms that are sent twice, by a double click or a reload: the second time changes nothing and has the same result."""

import hashlib

from sqlalchemy import func, select

from app.extensions import db
from app.models import Submission, User

LONGEST_KEY = 36


class Once:
    """One form of one person, for `transaction(once=...)`.

    `key` comes from the form; `content` is everything else that was sent, so that the same form with other content
    counts as new. Inside the transaction, `before` is the result of the first time, None if the form is new, and `made`
    stores the result. A form whose key is not `usable` always counts as new.
    """

    def __init__(self, key: str, user: User, *content: object) -> None:
        self._is_known = bool(usable(key))
        self._user_id = user.id
        self._digest = hashlib.sha256(repr((key, content)).encode()).hexdigest()[:LONGEST_KEY]
        self.before: int | None = None

    def begin(self) -> None:
        """Find the earlier result. If the same form is sent at the same time, the second waits here for the first."""
        if not self._is_known:
            return
        if db.session.get_bind().dialect.name == "postgresql":  # SQLite lets one transaction write at a time anyway
            db.session.execute(select(func.pg_advisory_xact_lock(int(self._digest[:15], 16))))
        found = db.session.get(Submission, (self._digest, self._user_id))
        self.before = found.result_id if found else None

    def made(self, result_id: int) -> None:
        """Store the key of the row that the form has created or changed."""
        if self._is_known:
            db.session.add(Submission(key=self._digest, user_id=self._user_id, result_id=result_id))


def usable(key: str) -> str:
    """The key, or "" if it is empty, too long or not printable ASCII."""
    return key if 0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable() else ""
