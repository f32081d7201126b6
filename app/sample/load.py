"""Loading the sample: the pages of the site, the forum of 2012 without its messages, and one that is open that day."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select

from app.begin import add_missing, is_replaced
from app.counters import recount
from app.extensions import db, transaction
from app.models import Forum, Message, User
from app.sample.files import Calendar, Given, read
from app.sample.forums import add_forum, add_site_pages
from app.sample.messages import add_annotations, add_messages, gather
from app.sample.people import DOMAIN, Account, make_accounts, make_user

FORUMS = ("forum_2012", "forum_open")
MODERATOR = "moderator"
TOPICS = tuple(f"forum_open_messages_{part}" for part in (1, 2, 3))
ANNOTATIONS = "forum_open_annotations"


class NotEmpty(Exception):
    """The database already has forums, pages of its own or people of the sample, and the sample must not be mixed with
    them."""

    def __init__(self) -> None:
        super().__init__("The database already has forums or pages, so the sample was not loaded. Nothing was changed.")


class Loaded(NamedTuple):
    """How much was loaded, and the accounts for trying out the site."""

    forums: int
    users: int
    messages: int
    accounts: list[Account]


def load(now: datetime, keep: Callable[[list[Account]], None] = lambda _accounts: None) -> Loaded:
    """Load the sample in one transaction; relative times are relative to `now`.

    `keep` is called with the accounts before the transaction ends, so that no password is lost.
    The pages and reasons of a site that has just begun are used, and its provisional texts are replaced. Raises
    NotEmpty if the database has a forum, a page with another text, or a person of the sample.
    """
    _require_empty()
    accounts = make_accounts()
    with transaction():
        _require_empty()
        _add_everything(now, accounts)
        loaded = Loaded(_count(Forum), _count(User), _count(Message), accounts)
        keep(accounts)
    return loaded


def _require_empty() -> None:
    people = select(User.id).where(User.email.endswith(f"@{DOMAIN}")).limit(1)
    if _count(Forum) or is_replaced() or db.session.scalar(people):
        raise NotEmpty


def _count(model: type[Forum | User | Message]) -> int:
    return db.session.scalar(select(func.count(model.id))) or 0


def _add_everything(now: datetime, accounts: list[Account]) -> None:
    calendar = Calendar(now.date())
    site, given_forums = read("site"), [read(name) for name in FORUMS]
    topics = [topic for name in TOPICS for topic in read(name)["topic"]]  # all of the open forum
    people = site["user"] + given_forums[1]["user"]
    users = _add_users(people, topics, calendar, accounts)
    pages, reasons = add_missing()
    add_site_pages(site["page"], pages)
    _past, open_forum = [add_forum(given["forum"], users, calendar) for given in given_forums]
    messages = add_messages(gather(open_forum, topics, users, calendar), calendar, reasons, users[MODERATOR])
    add_annotations(read(ANNOTATIONS)["annotation"], open_forum, messages, calendar)
    recount()


def _add_users(
    people: list[Given], topics: list[Given], calendar: Calendar, accounts: list[Account]
) -> dict[str, User]:
    """The users by their keys; each joined the day before their first message, or yesterday if they have none."""
    first: dict[str, datetime] = {}
    for message in (message for topic in topics for message in topic["message"]):
        at = calendar.moment(message["at"])
        first[message["author"]] = min(at, first.get(message["author"], at))
    now = calendar.moment("D+0 00:00")
    users = {
        given["key"]: make_user(given, first.get(given["key"], now) - timedelta(days=1), accounts) for given in people
    }
    db.session.add_all(users.values())
    db.session.flush()
    return users
