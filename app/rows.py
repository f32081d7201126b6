"""One row by its key."""

from typing import TypeVar

from app.addresses import LARGEST_KEY
from app.errors import NotFound
from app.extensions import db

T = TypeVar("T")


def fetch(model: type[T], key: int) -> T:
    """The row with this key. Raises NotFound, also if the key is too large for a database."""
    found = db.session.get(model, key) if key <= LARGEST_KEY else None
    if found is None:
        raise NotFound
    return found
