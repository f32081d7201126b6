"""Pages of the site and their tree, from which breadcrumbs and the footer are made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import bindparam, case, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from app.addresses import link_in
from app.errors import NotFound, Refused
from app.extensions import db, read
from app.models import Page, PageKind, PageText

# The endpoints of the pages that have an address of their own.
BUILT_IN: dict[str, str] = {
    PageKind.HOME: "forums.home",
    PageKind.PORTAL: "forums.portal",
    PageKind.ARCHIVE: "forums.archive",
}


STAYS = _l("This page belongs to the site itself, so it cannot be deleted. You can change its text.")
HAS_PAGES_BELOW = _l("There are pages under this one. Move or delete them first.")
ONE_OF_THIS_KIND = _l("The site already has a page of this kind.")
HOME_IS_ON_TOP = _l("The home page is the top-level page and cannot be placed under another page.")
NEEDS_PARENT = _l("Every page except the home page needs a parent page. Please choose one.")
CYCLE = _l("The parent of a page cannot be the page itself or a page under it. Please choose another.")


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the breadcrumb: its text, the language of that text, and the path of its page."""

    title: str
    language: str
    path: str


class SiteTree:
    """The titles of all pages of the site, from one query."""

    def __init__(self, language: str, default: str) -> None:
        self.language = language
        asked = {"language": language, "default_language": default}
        self.rows = read(TREE, asked).all()
        self.by_id = {row.id: row for row in self.rows}

    def trail_to(self, kind: PageKind) -> list[Crumb]:
        """From home to the page of a built-in kind, inclusive; empty if the site has no such page."""
        row = next((row for row in self.rows if row.kind == kind), None)
        return self.trail(row.id) if row else []

    def trail(self, page_id: int | None) -> list[Crumb]:
        """From home to a page, inclusive."""
        trail: list[Crumb] = []
        while page_id in self.by_id and len(trail) < len(self.rows):
            row = self.by_id[page_id]
            trail.append(self._crumb(row))
            page_id = row.parent_id
        return trail[::-1]

    def children(self, page_id: int) -> list[Crumb]:
        return [self._crumb(row) for row in self.rows if row.parent_id == page_id]

    def footer(self) -> list[Crumb]:
        """Pages directly below home that have no subpages, such as the rules and the privacy notice."""
        home = next((row.id for row in self.rows if row.kind == PageKind.HOME), None)
        parents = {row.parent_id for row in self.rows}
        return [
            self._crumb(row)
            for row in self.rows
            if row.kind == PageKind.TEXT and row.parent_id == home and row.id not in parents
        ]

    def _crumb(self, row: Any) -> Crumb:
        if row.kind == PageKind.TEXT:
            path = link_in(self.language, "pages.page", slug=row.slug)
        else:
            path = link_in(self.language, BUILT_IN[row.kind])
        return Crumb(row.title, row.language, path)


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


def get_page(slug: str) -> Page:
    """A page of the site by its slug. Raises NotFound."""
    page = db.session.scalars(BY_SLUG, {"slug": slug}).unique().one_or_none()
    if page is None:
        raise NotFound
    return page


def find_page(kind: PageKind) -> Page | None:
    """The page with the text of a built-in kind, if an administrator wrote one."""
    return db.session.scalars(BY_KIND, {"kind": kind}).unique().first()


def check_page(page: Page, values: Mapping[str, Any]) -> None:
    """The tree of the site: one home on top, built-in pages once, no cycle."""
    kind, parent_id = values.get("kind", page.kind), values.get("parent_id", page.parent_id)
    if "kind" in values and kind != PageKind.TEXT and find_page(kind):
        raise Refused(ONE_OF_THIS_KIND, "kind")
    if kind == PageKind.HOME:
        if parent_id is not None:
            raise Refused(HOME_IS_ON_TOP, "parent_id")
    elif parent_id is None:
        if find_page(PageKind.HOME):
            raise Refused(NEEDS_PARENT, "parent_id")
    else:
        parent = db.session.get(Page, parent_id)
        if parent is None or parent.forum_id is not None:
            raise Refused(NEEDS_PARENT, "parent_id")
        if page.id and parent_id in pages_below(page):
            raise Refused(CYCLE, "parent_id")


def why_keep_page(page: Page) -> object:
    if page.kind != PageKind.TEXT:
        return STAYS
    return HAS_PAGES_BELOW if db.session.scalar(select(Page.id).where(Page.parent_id == page.id).limit(1)) else None


def _tree() -> Any:
    other = aliased(PageText)
    order = case({bindparam("language"): 0, bindparam("default_language"): 1}, value=other.language, else_=2)
    best = select(other.language).where(other.page_id == Page.id).order_by(order).limit(1).scalar_subquery()
    page, text = Page.__table__.c, PageText.__table__.c
    return (
        select(page.id, page.parent_id, page.slug, page.kind, text.title, text.language)
        .join_from(Page.__table__, PageText.__table__, (text.page_id == page.id) & (text.language == best))
        .where(page.forum_id.is_(None))
        .order_by(page.position, page.id)
    )


TREE = _tree()
_SITE_PAGE = select(Page).where(Page.forum_id.is_(None)).options(joinedload(Page.texts))
BY_SLUG = _SITE_PAGE.where(Page.slug == bindparam("slug"))
BY_KIND = _SITE_PAGE.where(Page.kind == bindparam("kind"))
