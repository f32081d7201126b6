"""People, as the administration finds them."""

import unicodedata

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.errors import NotFound
from app.extensions import db
from app.labels import person_name
from app.languages import Language
from app.models import User
from app.paging import PER_PAGE, Listing, count_pages
from app.rows import fetch
from app.versions import version_of

LONGEST_SEARCH = 100
LONGEST_FOLDED = 1_000  # a name, an address and an organization together
PROFILE = ("name", "title", "organization", "country", "capacity", "language", "is_admin")


def search_users(text: str, page: int, language: Language) -> Listing:
    """People whose name, e-mail address or organization contains the text, whatever its case and accents.

    They stand in the order of the reader's language, which no database knows, so two queries: the names of
    everybody, then the people of this page. Raises NotFound where there is no such page.
    """
    wanted = _folded(text[:LONGEST_SEARCH])
    everybody = db.session.execute(select(User.id, User.name, User.email, User.organization, User.former_number))
    found = [row for row in everybody if wanted in _folded(f"{person_name(row)}\n{row.email}\n{row.organization}")]
    found.sort(key=lambda row: (row.former_number or 0, language.sort_key(row.name), row.id))
    pages = count_pages(len(found), page)
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


def _folded(text: str) -> str:
    """Without accents and capitals, and with spaces of one kind."""
    plain = unicodedata.normalize("NFKD", text[:LONGEST_FOLDED])
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold()
