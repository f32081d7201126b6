"""Searching the site, and who has spoken in a forum."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.addresses import ARGUMENTS, LARGEST_KEY, asked_page, link
from app.bounds import EXCESS
from app.database import utcnow
from app.errors import ForumError, NotFound
from app.extensions import limiter
from app.forums.queries import find_message, get_forum, get_forum_and_groups
from app.languages import reader_language
from app.limits import Limit, network_of
from app.models import Forum, User
from app.plain import plain_identifier
from app.search import hits, queries, speaker_queries
from app.search.forms import NEWEST, SearchForm
from app.search.words import with_quotation_marks
from app.turns import in_turn
from app.viewer import viewer

bp = Blueprint("search", __name__, url_prefix="/<language:lang>")


class TooManySearches(ForumError):
    """Raised before anything is looked for. The words stay in the address."""

    status = 429
    retry_after = 60
    message = _l("Too many searches have been made from your network or account. Please try again in a minute.")


@bp.get("/search/")
def index() -> ResponseReturnValue:
    """What is found, or the form alone."""
    page, form = asked_page(), SearchForm(request.args, list(queries.list_forums(viewer())), _asked_forum())
    shown: dict[str, Any] = {"form": form, "query": _query(), "found": None}
    if request.environ.get(EXCESS):
        form.refuse_as_cut()
        return render_template("search/index.html", **shown), request.environ[EXCESS]
    if form.is_blank:
        return render_template("search/index.html", **shown)
    search = form.search
    if form.validate():
        _count()
        number = search.number or 0
        numbered = find_message(number, viewer=viewer()) if 0 < number <= LARGEST_KEY else None
        if numbered and search.is_reference:
            return redirect(link("forums.message", number=numbered.id))
        newest_first = form.order.data == NEWEST
        found = queries.find(search, form.filters, newest_first=newest_first, page=page, viewer=viewer())
        cut, described = (partial(one, terms=search.terms) for one in (hits.cut, hits.shown))
        shown |= {"search": search, "found": found, "numbered": numbered, "cut": cut, "described": described}
        shown |= {"named": _named(form) if page == 1 else (), "quoted": with_quotation_marks(form.q.data or "")}
    return render_template("search/index.html", **shown), form.status


@bp.get("/forums/<forum_slug>/contributors/")
@in_turn
def contributors(forum_slug: str) -> ResponseReturnValue:
    """Who has spoken, by capacity: each State and organization leads to what it has said."""
    forum = get_forum(forum_slug, viewer=viewer())
    spoken = speaker_queries.who_has_spoken(forum, reader_language())
    return render_template("search/contributors.html", forum=forum, spoken=spoken, now=utcnow())


def _asked_forum() -> Forum | None:
    try:
        slug = plain_identifier(request.args.get("forum", ""), Forum.MAX_SLUG)
        return get_forum_and_groups(slug, viewer=viewer()) if slug else None
    except NotFound:
        return None


def _named(form: SearchForm) -> list[tuple[queries.Named, str]]:
    """Whom the words name, and the query of the address of their messages."""
    words = form.q.data or ""
    if len(words) > User.MAX_NAME:
        return []
    found = queries.find_named(form.search, form.filters, viewer())
    return [(one, _query(q="", **({"state": one.state} if one.state else {"author": words}))) for one in found]


def _query(**other: str) -> str:
    """What the address asks for, without the page, and with these `other` values."""
    asked = {name: request.args.get(name) for name in ARGUMENTS["search.index"] if name != "page"} | other
    return urlencode({name: value for name, value in asked.items() if value})


def _count() -> None:
    """Raises TooManySearches."""
    key = str(viewer().id) if viewer().is_authenticated else network_of(request.remote_addr)
    name = "searches_of_person" if viewer().is_authenticated else "searches_from_network"
    if limiter.take(Limit(name, key)):
        raise TooManySearches
