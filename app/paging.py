"""Lists in pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from app.errors import NotFound
from app.extensions import db

PER_PAGE = 50


@dataclass(frozen=True)
class Listing:
    """One page of a list; `total` counts all of it."""

    rows: Sequence[Any]
    total: int
    page: int
    pages: int


def one_page(statement: Select[*tuple[Any, ...]], page: int) -> Listing:
    """One page, from 1, of the rows of a statement. Raises NotFound beyond the last page."""
    counted = select(func.count()).select_from(statement.order_by(None).subquery())
    total = db.session.scalar(counted) or 0
    pages = count_pages(total, page)
    rows = db.session.execute(statement.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    return Listing(rows, total, page, pages)


def page_of_list(rows: Sequence[Any], page: int) -> Listing:
    """One page, from 1, of what has been read as a whole. Raises NotFound beyond the last page."""
    pages = count_pages(len(rows), page)
    return Listing(rows[(page - 1) * PER_PAGE : page * PER_PAGE], len(rows), page, pages)


def count_pages(total: int, asked: int, per_page: int = PER_PAGE) -> int:
    """The number of pages of a list with so many rows, at least 1. Raises NotFound if fewer than `asked`."""
    pages = max(-(-total // per_page), 1)
    if asked > pages:
        raise NotFound
    return pages
