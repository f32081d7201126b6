"""Forms already sent: inside its transaction an action asks for the earlier result first, and remembers its own last.

if (earlier := earlier_result(key, viewer.id)) is not None:
    return earlier
...
remember(key, viewer.id, made.id)
"""

from app.extensions import db
from app.models import Submission

LONGEST_KEY = 36


def earlier_result(key: str, user_id: int) -> int | None:
    """The key of the row that this very form, sent by this user, has made already; None where it is new."""
    found = db.session.get(Submission, (key, user_id)) if _is_usable(key) else None
    return found.result_id if found else None


def remember(key: str, user_id: int, result_id: int) -> None:
    """Keep what the form made. A blank, over-long or unprintable key is not kept, so its form always counts as new."""
    if _is_usable(key):
        db.session.add(Submission(key=key, user_id=user_id, result_id=result_id))


def _is_usable(key: str) -> bool:
    return 0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()
