"""People, as the administration finds them; and lists in pages."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from app.addresses import page_number
from app.admin.object_queries import fetch
from app.errors import NotFound
from app.extensions import db
from app.labels import person_name
from app.languages import Language
from app.models import User
from app.versions import version_of

PER_PAGE = 50
LONGEST_SEARCH = 100
LONGEST_FOLDED = 1_000  # a name, an address and an organization together
PROFILE = ("name", "title", "organization", "country", "capacity", "language", "is_admin")


@dataclass(frozen=True)
class Listing:
    """One page of a list; `total` counts all of it."""

    rows: Sequence[Any]
    total: int
    page: int
    pages: int


def one_page(statement: Select[Any], asked: str) -> Listing:
    """The page of a statement's rows whose number was asked for. Raises NotFound where there is no such page."""
    total = db.session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    page, pages = _page_number(asked, total)
    rows = db.session.execute(statement.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    return Listing(rows, total, page, pages)


def search_users(text: str, asked: str, language: Language) -> Listing:
    """People whose name, e-mail address or organization contains the text, whatever its case and accents.

    They stand in the order of the reader's language, which no database knows, so two queries: the names of
    everybody, then the people of this page. Raises NotFound where there is no such page.
    """
    wanted = _folded(text[:LONGEST_SEARCH])
    everybody = db.session.execute(select(User.id, User.name, User.email, User.organization, User.former_number))
    found = [row for row in everybody if wanted in _folded(f"{person_name(row)}\n{row.email}\n{row.organization}")]
    found.sort(key=lambda row: (row.former_number or 0, language.sort_key(row.name), row.id))
    page, pages = _page_number(asked, len(found))
    keys = [row.id for row in found[(page - 1) * PER_PAGE : page * PER_PAGE]]
    people = db.session.scalars(select(User).where(User.id.in_(keys)).options(selectinload(User.roles)))
    return Listing(sorted(people, key=lambda user: keys.index(user.id)), len(found), page, pages)


def get_person(user_id: int) -> User:
    """Somebody who has an account. Raises NotFound, also for a former participant, of whom nothing is left."""
    user = fetch(User, user_id)
    if user.former_number:
        raise NotFound
    return user


def is_former(user_id: int) -> bool:
    """Whether this is somebody whose account was deleted. Raises NotFound where there has never been one."""
    return fetch(User, user_id).former_number is not None


def version_of_user(user: User) -> str:
    """The version of a person's profile, rights and roles."""
    return version_of(user, PROFILE, sorted((held.role, held.forum_id, held.languages) for held in user.roles))


def _page_number(asked: str, total: int) -> tuple[int, int]:
    """`(page, pages)`. Raises NotFound where what was asked for is the number of no page."""
    pages = max(-(-total // PER_PAGE), 1)
    page = page_number(asked)
    if page is None or page > pages:
        raise NotFound
    return page, pages


def _folded(text: str) -> str:
    """Without accents and capitals, and with spaces of one kind."""
    plain = unicodedata.normalize("NFKD", text[:LONGEST_FOLDED])
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold()
