"""People, as the administration finds them; and lists in pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import selectinload

from app.errors import NotFound
from app.extensions import db
from app.models import User

PER_PAGE = 50
LONGEST_SEARCH = 100


@dataclass(frozen=True)
class Listing:
    """One page of a list; `total` counts all of it."""

    rows: Sequence[Any]
    total: int
    page: int
    pages: int


def one_page(statement: Select[Any], asked: str) -> Listing:
    """The page of a statement's rows whose number was asked for. Raises NotFound where there is no such page."""
    if not (asked.isascii() and asked.isdigit() and len(asked) < 10):
        raise NotFound
    total = db.session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    page, pages = int(asked), max(-(-total // PER_PAGE), 1)
    if not 1 <= page <= pages:
        raise NotFound
    rows = db.session.scalars(statement.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    return Listing(rows, total, page, pages)


def search_users(text: str, asked: str) -> Listing:
    """People whose name, e-mail address or organization contains the text, by name. Raises NotFound."""
    statement = select(User).order_by(func.lower(User.name), User.id).options(selectinload(User.roles))
    if text:
        wanted = text[:LONGEST_SEARCH]
        columns = (User.name, User.email, User.organization)
        statement = statement.where(or_(*(column.icontains(wanted, autoescape=True) for column in columns)))
    return one_page(statement, asked)


def count_other_administrators(user: User) -> int:
    """How many others could administer: administrators with a confirmed address."""
    statement = select(func.count(User.id)).where(User.is_admin, User.confirmed_at.is_not(None), User.id != user.id)
    return db.session.scalar(statement) or 0
