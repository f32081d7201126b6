"""The global names and filters of templates."""

import hashlib
from collections.abc import Callable, Collection, Mapping, MutableMapping
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from babel.support import NullTranslations
from flask import Flask, g, get_flashed_messages
from flask.templating import Environment
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup
from werkzeug.local import LocalProxy

from app import addresses, continuation, difference, labels, markup
from app.database import utcnow
from app.following.queries import Following, get_following
from app.languages import (
    days_left,
    hours_left,
    in_best_language,
    part_in,
    reader_language,
    site_default,
    site_languages,
    stored_date,
    text_in,
)
from app.models.user import FOR_A_GOVERNMENT, FOR_AN_ORGANIZATION, Capacity, User
from app.moderation.queue import count_of_queue
from app.pages.queries import SiteTree
from app.permissions import moderates_anything, translates_anything
from app.viewer import done_to, has_session, view_under_way, viewer


class Templates(Environment):
    """The environment of all templates. Their globals are one plain dictionary: pages look there hundreds of times."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**self.globals, **(d or {})}


def register(app: Flask) -> None:
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals |= {
        "_": gettext,
        "ngettext": ngettext,
        "pgettext": pgettext,
        "viewer": LocalProxy(viewer),
        "language": LocalProxy(reader_language),
        "tree": LocalProxy(site_tree),
        "site": app.config["SITE"],
        "labels": labels,
        "link": addresses.link,
        "absolute": addresses.absolute,
        "here": addresses.here,
        "canonical": addresses.canonical,
        "continuation": continuation,
        "static": _static_builder(Path(app.root_path) / "static"),
        "site_languages": site_languages,
        "in_language": in_language,
        "capacity_name": capacity_name,
        "said_by": _names_of_speakers(),
        "FOR_A_GOVERNMENT": FOR_A_GOVERNMENT,
        "FOR_AN_ORGANIZATION": FOR_AN_ORGANIZATION,
        "language_name": language_name,
        "flashes": flashes,
        "told_of": told_of,
        "marked": difference.marked,
        "place_of": addresses.place_of,
        "near": near,
        "moderation_waiting": moderation_waiting,
        "follow_of": follow_of,
        "translates": translates,
        "view_under_way": view_under_way,
        "days_left": days_left,
        "hours_left": hours_left,
        "today": today,
    }
    app.jinja_env.filters |= {
        "stored_html": markup.stored,
        "excerpt": markup.excerpt,
        "with_links": markup.with_links,
        "with_addresses": markup.with_addresses,
        "stamp": stamp,
        "at": at,
        "day": day,
        "iso": iso,
        "stored_date": stored_date,
        "text_in": text_in,
        "part_in": part_in,
        "in_best_language": in_best_language,
    }


def _catalogue() -> NullTranslations:
    """The catalogue of the reader's language. Finding it through Flask-Babel would cost more than a translation."""
    return reader_language().catalogue


@pass_eval_context
def gettext(where: EvalContext, message: str, /, **values: object) -> str:
    return _phrase(where, _catalogue().ugettext(message), values)


@pass_eval_context
def ngettext(where: EvalContext, one: str, many: str, num: int, /, **values: object) -> str:
    return _phrase(where, _catalogue().ungettext(one, many, num), {"num": num, **values})


@pass_eval_context
def pgettext(where: EvalContext, context: str, message: str, /, **values: object) -> str:
    return _phrase(where, _catalogue().upgettext(context, message), values)


def _phrase(where: EvalContext, translated: str, values: Mapping[str, object]) -> str:
    """A text of the catalogue, which may have HTML, with its values, which are escaped."""
    return markup.phrase(translated, values) if where.autoescape else translated % values if values else translated


def stamp(moment: datetime) -> Markup:
    """A date and time by itself, in a list or a table: `21 February 2012, 15:32 UTC`."""
    return markup.time_element(moment, reader_language().moment(moment))


def at(moment: datetime) -> Markup:
    """A date and time inside a sentence: `21 February 2012 at 15:32 UTC`."""
    return markup.time_element(moment, reader_language().at(moment))


def day(moment: datetime) -> Markup:
    """The date of a moment: `21 February 2012`."""
    return markup.time_element(moment, reader_language().date(moment))


def iso(moment: datetime) -> str:
    """`2012-02-21T15:32:00Z`, as Atom writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def near(page: int, pages: int) -> list[int]:
    """The page numbers to link: first, last and those around this one, with 0 for each gap."""
    shown = sorted({1, pages, *range(max(page - 2, 1), min(page + 2, pages) + 1)})
    numbers: list[int] = []
    for number in shown:
        if numbers and number > numbers[-1] + 1:
            numbers.append(0)
        numbers.append(number)
    return numbers


def today() -> str:
    """The day, for sheets; the minute would make each page another one every minute."""
    return reader_language().date(utcnow())


def flashes() -> list[tuple[str, str]]:
    """The messages to show once. A reader without a session has none, and the session stays untouched."""
    return get_flashed_messages(with_categories=True) if has_session() else []  # type: ignore[return-value]


def told_of(numbers: Collection[int]) -> dict[int, str]:
    """What has just been done to these messages, by number; each message shows it, instead of the top of the page."""
    told = dict(flashes())
    return {number: told[done_to(number)] for number in numbers if done_to(number) in told} if told else {}


def moderation_waiting() -> int | None:
    """The number of messages in the viewer's queue; None if the viewer moderates nothing."""
    return count_of_queue(viewer()) if moderates_anything(viewer()) else None


def follow_of(kind: str, key: int) -> Following | None:
    """How the viewer follows something by email; None for guests."""
    user = viewer()
    return get_following(kind, key, user) if isinstance(user, User) else None


def translates() -> bool:
    """Whether the viewer has texts to translate, outside the administration."""
    return not viewer().is_admin and translates_anything(viewer())


def site_tree() -> SiteTree:
    """The tree of the site's pages, read once for each request."""
    if "tree" not in g:
        g.tree = SiteTree(reader_language().code, site_default().code)
    tree: SiteTree = g.tree
    return tree


def in_language(code: str, *, always: bool = False) -> Markup:
    """The attributes `lang` and `dir` of a text, if they differ from the page's; `lang` also with `always`."""
    return markup.language_attribute(code, reader_language().code, always=always)


def capacity_name(code: str) -> str:
    return _catalogue().ugettext(labels.CAPACITY[Capacity(code)])


def _names_of_speakers() -> Callable[..., Markup]:
    """How lists and pages of a forum name a State, an organization or a capacity that has spoken in it. A name is made
    once, as most stand there again."""

    @lru_cache(maxsize=4096)
    def named(code: str, forum_slug: str, capacity: str, state: str, organization: str, is_aside: bool) -> Markup:
        language = site_languages()[code]
        if state:
            name, in_capacity = language.state_name(state), capacity in FOR_A_GOVERNMENT
        elif organization:
            name, in_capacity = organization, capacity in FOR_AN_ORGANIZATION
        else:
            name, in_capacity = language.catalogue.ugettext(labels.CAPACITY[Capacity(capacity)]), True
        sought = {"state": state, "organization": organization, "capacity": capacity if in_capacity else ""}
        given = {field: value for field, value in sought.items() if value}
        address = addresses.link_in(code, "search.index", forum=forum_slug, **given) if forum_slug else ""
        return markup.name_element(name, address, is_typed=bool(organization), is_aside=is_aside)

    def said_by(
        forum_slug: str, capacity: str = "", state: str = "", organization: str = "", *, aside: bool = False
    ) -> Markup:
        """The name of a State, else of an organization, else of a capacity, as a link to what it has said in a forum;
        the name alone without a forum. An expert does not speak for a State: then the link leads to all messages that
        state it. With `aside`, the keyboard skips the link."""
        return named(reader_language().code, forum_slug, capacity, state, organization, aside)

    return said_by


def language_name(code: str) -> str:
    """The name of a language in that language; the code if the site does not have the language."""
    language = site_languages().get(code)
    return language.name if language else code


def _static_builder(folder: Path) -> Callable[[str], str]:
    """A function for addresses of static files, with a digest so that browsers can keep the files for a year."""

    @cache
    def static(name: str) -> str:
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()[:10]
        return f"/static/{name}?{digest}"

    return static
