"""One row by its key."""

from typing import TypeVar

from sqlalchemy.orm.interfaces import ORMOption

from app.addresses import LARGEST_KEY
from app.errors import NotFound
from app.extensions import db

T = TypeVar("T")


def fetch(model: type[T], key: int, *options: ORMOption) -> T:
    """The row with this key, loaded with these options. Raises NotFound, also for a key too large for a database."""
    found = db.session.get(model, key, options=options) if key <= LARGEST_KEY else None
    if found is None:
        raise NotFound
    return found
