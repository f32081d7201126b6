"""What every template can use: its language, gettext functions and addresses bound to it, stored HTML.

Names that say something in a language are bound to it once (`names_in`), as there is one Jinja environment
for each language; looking the language up anew at every call would cost more than the call.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache, partial
from operator import add
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Flask, current_app, g, get_flashed_messages
from markupsafe import Markup
from werkzeug.local import LocalProxy

from app import addresses, labels, markup
from app.attachments.queries import read_attached
from app.languages import NO_BREAK, Language, days_left, hours_left, reader_language, site_default, site_languages
from app.models.texts import best_text
from app.moderation.queue_queries import count_of_queue
from app.pages.queries import SiteTree
from app.permissions import moderates_anything
from app.viewer import has_session, viewer


def register(app: Flask) -> None:
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config.setdefault("TREE_SECONDS", 0)  # the page cache must not keep an older tree
    app.extensions["site_trees"] = {}
    environment: Any = app.jinja_env
    environment.globals |= _names(app)
    environment.filters |= _filters()
    environment.names_in, environment.written = names_in, markup.written


def _names(app: Flask) -> dict[str, Any]:
    return {
        "viewer": LocalProxy(viewer),
        "tree": LocalProxy(site_tree),
        "absolute": partial(add, app.config["SITE"].site_url),
        "here": addresses.here,
        "canonical": addresses.canonical,
        "static": _static_builder(Path(app.root_path) / "static"),
        "of_tree": of_tree,
        "site": app.config["SITE"],
        "labels": labels,
        "site_languages": site_languages,
        "flashes": flashes,
        "near": near,
        "moderation_waiting": moderation_waiting,
        "days_left": days_left,
        "hours_left": hours_left,
    }


def names_in(language: Language) -> dict[str, Any]:
    """What templates in this language use besides, bound to it."""
    gettext = partial(_gettext, language)
    return {
        "language": language,
        "in_language": lru_cache(partial(markup.language_attribute, page_language=language.code)),
        "gettext": gettext,
        "_": gettext,
        "ngettext": partial(_ngettext, language),
        "pgettext": partial(_pgettext, language),
        "link": addresses.links_in(language.code),
        **_names_by_code(language),
    }


def _filters() -> dict[str, Any]:
    return {
        "stored_html": markup.stored,
        "escaped": markup.escaped,
        "put": markup.put,
        "frame": markup.frame,
        "into": markup.into,
        "deeper": markup.deeper,
        "numbers": numbers,
        "attached": read_attached,
        "excerpt": markup.excerpt,
        "stamp": stamp,
        "minute": minute,
        "iso": iso,
        "text_in": text_in,
        "part_in": part_in,
        "in_best_language": in_best_language,
    }


def stamp(moment: datetime) -> str:
    """`2012-02-21 15:32 UTC`, the same in all languages."""
    return f"{minute(moment)}{NO_BREAK}UTC"


def minute(moment: datetime) -> str:
    """`2012-02-21 15:32`, without the zone."""
    return str(moment)[:16]


def iso(moment: datetime) -> str:
    """`2012-02-21T15:32:00Z`, as Atom writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def numbers(joined: str) -> list[int]:
    """The numbers of a `JoinedIds` column, in their order."""
    return sorted(map(int, joined.split(",")))


def near(page: int, pages: int) -> list[int]:
    """The page numbers to link: the first, the last, those around this one, and 0 where some are left out."""
    shown = sorted({1, pages, *range(max(page - 2, 1), min(page + 2, pages) + 1)})
    numbers: list[int] = []
    for number in shown:
        if numbers and number > numbers[-1] + 1:
            numbers.append(0)
        numbers.append(number)
    return numbers


def flashes() -> list[tuple[str, str]]:
    """The messages to show once; a reader without a session has none, and gets none."""
    return get_flashed_messages(with_categories=True) if has_session() else []  # type: ignore[return-value]


def moderation_waiting() -> int | None:
    """How many messages wait for the viewer to decide; None for those who moderate nothing."""
    return count_of_queue(viewer()) if moderates_anything(viewer()) else None


def site_tree() -> SiteTree:
    """The site's tree of pages, read anew once a second at most: every page shows it, and it hardly changes."""
    known: SiteTree | None = g.get("tree")
    if known is None:
        g.tree = known = _fresh_tree(current_app.extensions["site_trees"], reader_language().code)
    return known


def _fresh_tree(known: dict[str, SiteTree], code: str) -> SiteTree:
    tree = known.get(code)
    if tree is None or time.monotonic() - tree.read_at >= current_app.config["TREE_SECONDS"]:
        known[code] = tree = SiteTree(code, site_default().code)
    return tree


def of_tree(macro: Any, *arguments: str) -> Markup:
    """What the macro makes of the site's tree and of these arguments alone; made once for each reading of the tree."""
    made, key = site_tree().made, (macro.name, arguments)
    if key not in made:
        made[key] = macro(*arguments)
    return made[key]


def _names_by_code(language: Language) -> dict[str, Any]:
    """What turns the codes that long lists show into names, None for one that the site does not know (any more);
    and the directions of the languages that run the other way."""
    languages = site_languages().items()
    return {
        "capacity_name": {code.value: language.catalogue.ugettext(name) for code, name in labels.CAPACITY.items()}.get,
        "language_name": {code: other.name for code, other in languages}.get,
        "state_name": {**language.states, **language.invented_states}.get,
        "turned_languages": {
            code: other.direction for code, other in languages if other.direction != language.direction
        },
    }


def text_in(owner: Any) -> Any:
    """The owner's text in the reader's language, else the best other one (see `best_text`)."""
    return best_text(owner.texts, g.language.code, site_default().code)


def part_in(owner: Any, field: str) -> SimpleNamespace | None:
    """One field of the owner's texts, with the language that has it: any may be empty in the text of `text_in`."""
    return in_best_language({code: getattr(text, field) for code, text in owner.texts.items()})


def in_best_language(texts: Mapping[str, str] | None) -> SimpleNamespace | None:
    """The `text` and its `language` of texts by code: the reader's, else the best other one; None for none."""
    made = {code: SimpleNamespace(language=code, text=text) for code, text in (texts or {}).items() if text}
    return best_text(made, reader_language().code, site_default().code)


def _gettext(language: Language, message: str, /, **values: object) -> str:
    if values:
        return markup.filled(_translation(language, message), values)
    return _fixed(language, message)


@lru_cache(maxsize=4096)
def _translation(language: Language, message: str) -> str:
    return str(language.catalogue.ugettext(message))


@lru_cache(maxsize=4096)
def _fixed(language: Language, message: str) -> str:
    return _filled(_translation(language, message), {})


def _ngettext(language: Language, singular: str, plural: str, num: int, /, **values: object) -> str:
    return _filled(language.catalogue.ungettext(singular, plural, num), {"num": num, **values})


def _pgettext(language: Language, context: str, message: str, /, **values: object) -> str:
    return _filled(language.catalogue.upgettext(context, message), values)


def _filled(text: str, values: dict[str, object]) -> str:
    """Catalogues are ours and so trusted; what fills their placeholders is escaped."""
    return markup.filled(text, values) if "%" in text else markup.stored(text)


def _static_builder(folder: Path) -> Callable[[str], str]:
    """Addresses of static files with a digest, so that browsers may keep them for good."""

    @lru_cache
    def static(name: str) -> str:
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()[:10]
        return f"/static/{name}?{digest}"

    return static
