"""The tree of the site's pages, as the administration shows and changes it."""

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.extensions import db
from app.models import Page


def list_pages() -> list[tuple[int, Page]]:
    """The pages of the site with their depth, each below its parent."""
    statement = select(Page).where(Page.forum_id.is_(None)).order_by(Page.position, Page.id)
    pages = list(db.session.scalars(statement.options(selectinload(Page.texts))))
    children: dict[int | None, list[Page]] = {}
    for page in pages:
        children.setdefault(page.parent_id, []).append(page)
    listed: list[tuple[int, Page]] = []
    waiting = [(0, page) for page in reversed(children.get(None, []))]
    while waiting:
        depth, page = waiting.pop()
        listed.append((depth, page))
        waiting += [(depth + 1, child) for child in reversed(children.get(page.id, []))]
    return listed


def pages_below(page: Page) -> set[int]:
    """The keys of a page and of all pages below it."""
    pairs = db.session.execute(select(Page.id, Page.parent_id).where(Page.forum_id.is_(None))).all()
    below = {page.id}
    while more := {key for key, parent in pairs if parent in below} - below:
        below |= more
    return below
