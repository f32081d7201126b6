"""Addresses: each page's begins with its language, and templates build them through one cached builder."""

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Flask, current_app, g, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.routing import BaseConverter, IntegerConverter, Map, RequestRedirect, UnicodeConverter

from app.errors import NotFound
from app.languages import reader_language, site_languages

LARGEST_KEY = 2**31 - 1
# What the addresses of pages may name behind their question mark, by endpoint. Anything else is as if it were absent:
# no link of a page repeats it, and readers who are signed out get the same page (app/page_cache.py).
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "forums.group": ("page", "question"),
    "forums.topic": ("page",),
    "forums.history": ("page",),
    "record.show": ("page",),
    "posting.new_topic": ("question",),
    "posting.reply": ("to", "quote"),
    "topic_moderation.split": ("page",),
    "topic_moderation.move": ("page",),
    "admin.users.index": ("page", "q"),
    "admin.texts.index": ("page", "forum", "language"),
    "translate.own": ("page", "forum", "language"),
    "admin.objects.new": ("kind",),
    "admin.log.index": ("page", "person", "action", "kind", "forum", "since", "until"),
    **dict.fromkeys(
        (
            "auth.sign_up",
            "auth.sign_in",
            "auth.check_mail",
            "auth.new_confirmation",
            "auth.forgot",
            "auth.second_step.code",
            "auth.second_step.page",
            "auth.second_step.recovery_codes",
        ),
        ("next",),
    ),
}


class KeyConverter(IntegerConverter):
    """A number that can be the key of a row; larger ones name no page, and no database takes them."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=LARGEST_KEY)


class TextConverter(UnicodeConverter):
    """A part of an address without control characters: with one it names nothing, and not all databases take it."""

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
    app.extensions["build_address"] = _builder(app)


def link(endpoint: str, **values: object) -> str:
    """The path of a page in the reader's language; much cheaper than url_for in a loop."""
    return link_in(reader_language().code, endpoint, **values)


def link_in(code: str, endpoint: str, **values: object) -> str:
    """The path of a page in the named language."""
    build: Callable[..., str] = current_app.extensions["build_address"]
    return build(code, endpoint, **values)


def absolute(path: str) -> str:
    """The whole address of a path, from the configured server name, never from the Host header."""
    return f"{current_app.config['SITE'].site_url}{path}"


def here() -> str:
    """What follows the language in the address of this page, the same in all of them, with its page number."""
    made: str | None = g.get("here")
    if made is None:
        g.here = made = _here()
    return made


def canonical() -> str:
    """The path by which search engines should know this page: only the page number counts."""
    if not request.query_string:
        return request.path
    page = request.args.get("page", "")
    return request.path + (f"?page={page}" if (page_number(page) or 1) > 1 else "")


def page_number(text: str) -> int | None:
    """The number of a page, from 1, that a query parameter gives; None where it gives none."""
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    return int(text) or None if is_number else None


def asked_page() -> int:
    """The page number asked for, 1 by default. Raises NotFound where it is no number of a page."""
    if not request.query_string:
        return 1
    asked = page_number(request.args.get("page", "1"))
    if asked is None:
        raise NotFound
    return asked


def local_path(target: str | None) -> str | None:
    """The redirect target if it is a path of this site, else None; a page of the site in the reader's language, who
    may have changed it on the way.

    `//host`, `/\\host` and `https:host` all leave the site in some browser; one slash and no backslash stay.
    """
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return None
    language, slash, page = target.removeprefix("/").partition("/")
    if slash and language in site_languages():
        target = f"/{reader_language().code}/{page}"
    return target if target.isprintable() else None


def asked_destination() -> str | None:
    """Where the reader wants to go on after the forms on the way, such as signing up, if it is a path of this site."""
    return local_path(request.args.get("next"))


def _here() -> str:
    path = request.path.removeprefix(f"/{g.language.code}") if "lang" in g else "/"
    if not request.query_string:
        return path
    known = ARGUMENTS.get(request.endpoint or "", ())
    kept = {name: value for name in known if (value := request.args.get(name))}
    return f"{path}?{urlencode(kept)}" if kept else path


def _take_language(_endpoint: str | None, values: dict[str, object] | None) -> None:
    if values and "lang" in values:
        g.lang = values.pop("lang")
        g.language = site_languages()[g.lang]


def _give_language(endpoint: str, values: dict[str, object]) -> None:
    if "language" in g and current_app.url_map.is_endpoint_expecting(endpoint, "lang"):
        values.setdefault("lang", g.language.code)


def _name_no_host() -> ResponseReturnValue | None:
    """The router's own redirects, such as to a missing slash, would name whatever host the request claims: only the
    path is kept, and the browser stays where it is."""
    if not isinstance(request.routing_exception, RequestRedirect):
        return None
    there = urlsplit(request.routing_exception.new_url)
    path = f"/{there.path.lstrip('/')}"
    return redirect(urlunsplit(("", "", path, there.query, "")), request.routing_exception.code)


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
