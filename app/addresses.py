"""Addresses: those of pages begin with the language, and `link` builds them from a cache."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit, urlunsplit

from flask import Flask, current_app, g, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.exceptions import NotFound as RouteNotFound
from werkzeug.routing import BaseConverter, IntegerConverter, Map, RequestRedirect, UnicodeConverter

from app.errors import NotFound
from app.languages import reader_language, site_languages
from app.models import Message

LARGEST_KEY = 2**31 - 1
LEADING_ZERO = re.compile(r"\b0\d")
FILE = re.compile(r"\.[a-z0-9]{1,5}$", re.IGNORECASE)  # a link in a mail may end in a dot and 27 letters
# The query parameters of pages, by endpoint. Others are ignored: no link on a page repeats them, and signed-out readers
# get the same page from the cache (app/page_cache.py).
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "forums.group": ("page", "question"),
    **dict.fromkeys(("forums.topic", "forums.latest", "forums.history", "moderation.record"), ("page",)),
    "news.new": ("page", "forum"),
    **dict.fromkeys(("news.answers", "news.contributions"), ("page",)),
    "search.index": (
        *("page", "q", "order", "forum", "group", "question", "author", "state", "capacity", "organization"),
        *("language", "since", "until", "files"),
    ),
    **dict.fromkeys(("printing.forum", "printing.group"), ("question", "since", "until", "language", "part", "whole")),
    "posting.new_topic": ("question",),
    "posting.reply": ("to", "quote"),
    "topic_moderation.split": ("page",),
    "topic_moderation.move": ("page",),
    "admin.announcements.index": ("page",),
    "admin.people.index": ("page", "q"),
    "admin.people.choose": ("person", "q", "step"),
    "admin.people.person": ("page",),
    "admin.texts.index": ("page", "forum", "language"),
    "translate.own": ("page", "forum", "language"),
    "translate.cell": ("page", "forum", "language"),
    "admin.objects.new": ("kind",),
    "admin.log.index": ("page", "words", "person", "action", "kind", "forum", "since", "until"),
    **dict.fromkeys(("following.follow", "moderation.message", "moderation.act"), ("next",)),
    "auth.sign_up": ("next", "invitation", "again"),
    **dict.fromkeys(("auth.new_confirmation", "auth.forgot"), ("next", "again")),
    **dict.fromkeys(
        (
            "auth.sign_in",
            "auth.check_mail",
            "auth.second_step_code",
            "auth.second_step",
            "auth.recovery_codes",
        ),
        ("next",),
    ),
}


class KeyConverter(IntegerConverter):
    """A number that can be the key of a row. Larger numbers, which databases do not accept, match no route."""

    regex = "[0-9]+"  # not the digits of other scripts

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=LARGEST_KEY)


class TextConverter(UnicodeConverter):
    """A part of a path without control characters, which not all databases accept; with one, no route matches."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map)
        self.regex = r"[^/\x00-\x1f\x7f]+"


def register(app: Flask) -> None:
    codes = "|".join(app.extensions["languages"])
    app.url_map.converters["language"] = type("LanguageConverter", (BaseConverter,), {"regex": codes})
    app.url_map.converters |= {"int": KeyConverter, "default": TextConverter}
    app.url_value_preprocessor(_take_language)
    app.url_defaults(_give_language)
    app.before_request(_name_no_host)
    app.before_request(_to_usual_address)
    app.extensions["build_address"] = _builder(app)


def link(endpoint: str, **values: object) -> str:
    """The path of a page in the reader's language; much cheaper than url_for in a loop."""
    return link_in(reader_language().code, endpoint, **values)


def link_in(code: str, endpoint: str, **values: object) -> str:
    """The path of a page in the language with this code."""
    build: Callable[..., str] = current_app.extensions["build_address"]
    return build(code, endpoint, **values)


def absolute(path: str) -> str:
    """The whole address of a path, from the configured server name, never from the Host header."""
    return f"{current_app.config['SITE'].site_url}{path}"


def here() -> str:
    """The path of this page after the language, with the query parameters that the page knows."""
    made: str | None = g.get("here")
    if made is None:
        g.here = made = _here()
    return made


def place_of(message: Any) -> str:
    """The address of a message in its topic; one without a place yet is shown on every page of the topic."""
    page = ((message.position or 1) - 1) // Message.PER_PAGE + 1
    values = {"page": page} if page > 1 else {}
    return link("forums.topic", topic_id=message.topic_id, **values, _anchor=f"message-{message.id}")


def canonical() -> str:
    """The path of this page for search engines: only the page number is kept of the query."""
    if not request.query_string:
        return request.path
    page = request.args.get("page", "")
    return request.path + (f"?page={page}" if (page_number(page) or 1) > 1 else "")


def page_number(text: str) -> int | None:
    """The page number in a query parameter, from 1; None if it is not one."""
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    return int(text) or None if is_number else None


def asked_page() -> int:
    """The requested page number, 1 by default. Raises NotFound if it is not a page number."""
    if not request.query_string:
        return 1
    asked = page_number(request.args.get("page", "1"))
    if asked is None:
        raise NotFound
    return asked


def local_path(target: str | None) -> str | None:
    """The target of a redirect if it is a path of this site, otherwise None. Pages are given in the reader's present
    language, which may have changed meanwhile.

    Browsers may take `//host`, `/\\host` and `https:host` for another site, so the path must begin with exactly one
    slash and contain no backslash.
    """
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return None
    language, slash, page = target.removeprefix("/").partition("/")
    if slash and language in site_languages():
        target = f"/{reader_language().code}/{page}"
    return target if target.isprintable() else None


def asked_destination() -> str | None:
    """The path in `next`, to which the reader returns after signing in or up; None if it is not one of this site."""
    return local_path(request.args.get("next"))


def _here() -> str:
    path = _readable_path().removeprefix(f"/{g.language.code}") if "lang" in g else "/"
    if not request.query_string:
        return path
    known = ARGUMENTS.get(request.endpoint or "", ())
    kept = {name: value for name in known if (value := request.args.get(name))}
    return f"{path}?{urlencode(kept)}" if kept else path


def _readable_path() -> str:
    """The path of this page or, where that only takes forms, the nearest one above it that can be read."""
    path, pages = request.path, current_app.url_map.bind("localhost")
    while request.method == "POST" and path.count("/") > 2 and not pages.test(path, "GET"):
        path = f"{path.rstrip('/').rpartition('/')[0]}/"
    return path


def _take_language(_endpoint: str | None, values: dict[str, object] | None) -> None:
    if values and "lang" in values:
        g.lang = values.pop("lang")
        g.language = site_languages()[g.lang]


def _give_language(endpoint: str, values: dict[str, object]) -> None:
    if "language" in g and current_app.url_map.is_endpoint_expecting(endpoint, "lang"):
        values.setdefault("lang", g.language.code)


def _name_no_host() -> ResponseReturnValue | None:
    """Make the router's own redirects, such as to a path with a final slash, relative: they would otherwise contain the
    host that the request claims."""
    if not isinstance(request.routing_exception, RequestRedirect):
        return None
    path = _page_at(request.path)
    if path is None:
        raise RouteNotFound
    return redirect(_with_query(path), request.routing_exception.code)


def _to_usual_address() -> ResponseReturnValue | None:
    """Redirect other spellings of an address to the usual one; with 308 for a form, so that what was typed goes along.

    The router redirects to a final slash only what the page takes; a wrong method is told here.
    """
    path = _usual_path()
    if path is None or unquote(path) == request.path:
        if isinstance(request.routing_exception, RouteNotFound) and (taken := _taken_with_a_slash()):
            raise MethodNotAllowed(taken)
        return None
    return redirect(_with_query(path), 301 if request.method in {"GET", "HEAD"} else 308)


def _taken_with_a_slash() -> list[str]:
    """The methods that the page at this address with a final slash takes; none if there is no page."""
    with_slash = f"{request.path}/"
    if with_slash.endswith("//"):
        return []
    return sorted(current_app.url_map.bind("localhost").allowed_methods(with_slash))


def _usual_path() -> str | None:
    """The path with the language in small letters and without zeros before numbers; None where there is no page."""
    code, slash, rest = request.path[1:].partition("/")
    if isinstance(request.routing_exception, RouteNotFound) and code.lower() in site_languages():
        return _page_at(f"/{code.lower()}{slash}{rest}")
    if request.endpoint is None or not LEADING_ZERO.search(request.path):
        return None
    return link(request.endpoint, **request.view_args or {})


def _page_at(path: str) -> str | None:
    """The usual path of the page at this one, perhaps without its final slash; None where there is none. Raises
    MethodNotAllowed."""
    try:
        endpoint, values = current_app.url_map.bind("localhost").match(path, request.method)
    except RequestRedirect as error:
        there = unquote(urlsplit(error.new_url).path)
        return None if there.endswith("/") and FILE.search(path) else _page_at(there)
    except RouteNotFound:
        return None
    return link_in(values.get("lang", ""), endpoint, **values)


def _with_query(path: str) -> str:
    return urlunsplit(("", "", path, request.query_string.decode("latin-1"), ""))


def _builder(app: Flask) -> Callable[..., str]:
    adapter = app.url_map.bind("localhost")

    @lru_cache(maxsize=8192)
    def build(code: str, endpoint: str, **values: object) -> str:
        anchor = values.pop("_anchor", None)
        if app.url_map.is_endpoint_expecting(endpoint, "lang"):
            values["lang"] = code
        path = adapter.build(endpoint, values)
        return f"{path}#{anchor}" if anchor else path

    return build
