"""The public pages of a forum as files that need no server, read through the application as a visitor gets them.

Every page of the archive has one name, and every link between such pages becomes a relative one. Forms, scripts, feeds
and links to what needs an account are left out; all other links lead to the site itself. A link to a page that visitors
do not get is left out as a link, and its text stays.
"""

import posixpath
import re
import time
import unicodedata
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from html import escape
from html.parser import HTMLParser
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, urlencode, urljoin, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import create_environ

from app.addresses import ARGUMENTS

MOST_IN_A_NAME = 60  # characters of the name of a file that was attached
MOST_TRIES, SECONDS_BETWEEN = 60, 1.0  # of a page that is made in turn (app/turns.py)
REDIRECTS = frozenset({301, 302, 303, 307, 308})
NEEDS_AN_ACCOUNT = frozenset(
    {"auth", "posting", "feeds", "figures", "view", "admin", "translate", "topic_moderation", "search"}
)
NOT_IN_AN_ARCHIVE = frozenset({"printing.topic", "printing.message", "printing.forum_page", "forums.latest"})
CHOICES, CHOICES_IN_PRINT = frozenset({"page", "question"}), frozenset({"part", "whole"})
PDF, WITH_SUFFIX = ".pdf", (".csv", ".json", ".pdf")
LEFT_OUT = frozenset({"script", "form", "template"})
ADDRESS = re.compile(r"""(\s(?:href|src)=)("[^"]*"|'[^']*'|[^\s>]+)""")
# What is empty once its links are left out: a menu that then has its heading alone, and what is around it.
NOTHING = re.compile(r"<(p|li|ul|nav|span|details)(?:\s[^>]*)?>(?:<summary>[^<]*</summary>)?[\s·]*</\1>\n?")
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
DEAD, UNLINKED = "dead", "unlinked"

Told = Callable[[int], None]


class Address(NamedTuple):
    """A file of the archive, the address at which the site has it, and in which language."""

    name: str
    path: str

    @property
    def is_read(self) -> bool:
        """Whether it is a page, or a PDF made of one; attached files come from their storage."""
        return self.name.endswith((".html", PDF)) and not self.name.startswith("files/")


class Contents(NamedTuple):
    """The topics, messages and files that belong to an archive, by key; other pages are recognized by their slugs."""

    slug: str
    topics: frozenset[int]
    messages: frozenset[int]
    files: Mapping[int, str]  # the names under which they were attached


class Pages:
    """The pages of one forum. `of` says what belongs to it."""

    def __init__(self, app: Flask, of: Contents, *, default: str, languages: list[str]) -> None:
        self.app, self.of, self.default, self.languages = app, of, default, languages
        self.site: str = app.config["SITE"].site_url
        self.files: dict[int, str] = {}  # the names in the archive of the files that its pages link to
        self.static: set[str] = set()
        self.pdfs: dict[str, bytes] = {}  # those that are ready, by their names
        self._adapter = app.url_map.bind("localhost")
        self._pages: dict[str, tuple[str, bytes]] = {}  # the path and the compressed HTML of each, by its name
        self._known: set[str] = set()
        self._waiting: deque[Address] = deque()
        self._same: dict[str, str] = {}  # names of addresses that lead on, and where to

    def read(self, told: Told = lambda _count: None) -> None:
        """Read all pages that can be reached from the forum's own in each language."""
        self._await([f"/{code}/forums/{self.of.slug}/" for code in self.languages])
        while self._waiting:
            at = self._waiting.popleft()
            status, body, location = self._get(at.path)
            if status == 200 and at.name.endswith(PDF):
                self.pdfs[at.name] = body
            elif status == 200:
                self._pages[at.name] = at.path, zlib.compress(body, 1)
                self._await(urljoin(at.path, path) for path in _links_in(body.decode()))
            elif status in REDIRECTS:
                there = urljoin(at.path, location)
                self._await([there])
                if isinstance(found := self.place(there), Address):
                    self._same[at.name] = found.name
            told(len(self._pages))

    def _await(self, links: Iterable[str]) -> None:
        """Read the pages to which these links lead, too."""
        for found in map(self.place, links):
            if isinstance(found, Address) and found.is_read and found.name not in self._known:
                self._known.add(found.name)
                self._waiting.append(found)

    def written(self) -> Iterator[tuple[str, str]]:
        """The name and the HTML of every page, in the order of the names."""
        for name in sorted(self._pages):
            path, body = self._pages[name]
            rewriter = _Rewriter(partial(self._link, path, name))
            rewriter.feed(zlib.decompress(body).decode())
            rewriter.close()
            yield name, rewriter.written

    def place(self, link: str) -> Address | str | None:
        """The file of a link to a page of the archive; DEAD for what needs the server, UNLINKED for a name
        that leads to it; None for all others."""
        link = link.removeprefix(self.site) if link.startswith(f"{self.site}/") else link
        parts = urlsplit(link)
        if parts.scheme or parts.netloc or not parts.path.startswith("/"):
            return None
        try:
            endpoint, values = self._adapter.match(parts.path, method="GET")
        except HTTPException:
            return None
        asked = parse_qs(parts.query)
        known = {name: asked[name][0] for name in ARGUMENTS.get(endpoint, ()) if name in asked}
        name = self._name(endpoint, values, known)
        if name is None and endpoint == "search.index" and known:
            return UNLINKED  # the name of a speaker, which stays
        if name is None:
            return DEAD if self._needs_the_server(endpoint) else None
        return Address(name, f"{parts.path}?{urlencode(known)}" if known else parts.path)

    def _name(self, endpoint: str, values: Mapping[str, Any], asked: dict[str, str]) -> str | None:
        if endpoint == "static":
            return f"static/{values['filename']}"
        if endpoint == "attachments.download":
            number = values["attachment_id"]
            return f"files/{file_name(number, values['name'])}" if self.of.files.get(number) == values["name"] else None
        name = self._name_of_page(endpoint, values)
        if name is None or asked.keys() - (CHOICES_IN_PRINT if endpoint.startswith("printing.") else CHOICES):
            return None
        for argument, value in asked.items():
            if argument == "whole":
                name += "-whole"
            elif not value.isascii() or not value.isdigit():
                return None
            elif (argument, int(value)) not in {("page", 1), ("part", 1)}:
                name += f"-{argument}-{int(value)}"
        return name if name.endswith(WITH_SUFFIX) else f"{name}.html"

    def _name_of_page(self, endpoint: str, values: Mapping[str, Any]) -> str | None:
        """The name without its suffix, None for a page that is not of this forum."""
        code = values.get("lang", "")
        if values.get("forum_slug", self.of.slug) != self.of.slug:
            return None
        names = {
            "forums.forum": "index" if code == self.default else f"{code}/index",
            "forums.groups": f"{code}/groups",
            "moderation.record": f"{code}/moderation-record",
            "printing.forum": f"{code}/proceedings",
            "printing.record": f"{code}/record",
            "printing.forum_pdf": f"{code}/proceedings{PDF}",
            "printing.contributions": f"data/contributions-{code}.csv",
            "printing.contributions_as_data": "data/contributions.json",
        }
        if endpoint == "forums.forum_page":
            return f"{code}/page-{values['slug']}"
        if "group_slug" in values:
            name = {
                "forums.group": "group-{}",
                "printing.group": "proceedings-group-{}",
                "printing.group_pdf": f"proceedings-group-{{}}{PDF}",
            }.get(endpoint)
            return name and f"{code}/{name.format(values['group_slug'])}"
        if endpoint == "forums.topic" and values["topic_id"] in self.of.topics:
            return f"{code}/topics/{values['topic_id']}"
        if endpoint in {"forums.message", "forums.history"} and values["number"] in self.of.messages:
            return f"{code}/messages/{values['number']}{'-history' if endpoint == 'forums.history' else ''}"
        return names.get(endpoint)

    def _needs_the_server(self, endpoint: str) -> bool:
        part = endpoint.partition(".")[0]
        return part in NEEDS_AN_ACCOUNT or part == "moderation" or endpoint in NOT_IN_AN_ARCHIVE

    def _link(self, path: str, name: str, link: str) -> str:
        """What becomes of a link on the page with this path and name."""
        if link.startswith("#") or not link:
            return link
        whole = urljoin(path, link)
        found = self.place(whole)
        if found is None:
            return f"{self.site}{whole}" if whole.startswith("/") else whole
        if not isinstance(found, Address):
            return found
        target = self._same.get(found.name, found.name)
        fragment = urlsplit(whole).fragment
        if target == name:
            return f"#{fragment or 'top'}"
        return self._lacks(target) or quote(posixpath.relpath(target, posixpath.dirname(name) or ".")) + (
            f"#{fragment}" if fragment else ""
        )

    def _lacks(self, target: str) -> str:
        """DEAD or UNLINKED for a file that the archive does not have, "" for one that it has. Links to styles and
        attached files are noted, so that those are added."""
        if target.startswith("static/"):
            self.static.add(target.removeprefix("static/"))
        elif target.startswith("files/"):
            self.files[int(target.removeprefix("files/").partition("-")[0])] = target
        elif target.endswith(PDF):
            return "" if target in self.pdfs else DEAD
        elif target.endswith(".html") and target not in self._pages:
            return UNLINKED
        return ""

    def _get(self, path: str) -> tuple[int, bytes, str]:
        """Status, body and target of what a visitor gets, without any cache."""
        for tried in range(MOST_TRIES):
            if tried:
                time.sleep(SECONDS_BETWEEN)
            with self.app.request_context(create_environ(path, self.site)):
                response = self.app.full_dispatch_request()
                found = response.status_code, response.get_data(), response.headers.get("Location", "")
                response.close()
            if found[0] != 429:
                return found
        raise TimeoutError(f"{path} was not answered")


def file_name(number: int, name: str) -> str:
    """A name that every system takes: letters and digits of ASCII after the number of the file."""
    simple = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    stem, dot, suffix = simple.rpartition(".")
    stem = re.sub(r"[^A-Za-z0-9]+", "-", stem if dot else suffix).strip("-")[:MOST_IN_A_NAME] or "file"
    suffix = re.sub(r"[^A-Za-z0-9]", "", suffix)[:10] if dot else ""
    return f"{number}-{stem}.{suffix}" if suffix else f"{number}-{stem}"


class _Links(HTMLParser):
    """The targets of all links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


def _links_in(page: str) -> list[str]:
    reader = _Links()
    reader.feed(page)
    return reader.found


class _Rewriter(HTMLParser):
    """The same page with other links. `link` gives what becomes of a target, DEAD or UNLINKED."""

    def __init__(self, link: Callable[[str], str]) -> None:
        super().__init__(convert_charrefs=False)
        self._link = link
        self._parts: list[str] = []
        self._left_out: list[str] = []  # the elements that are left out and are open now
        self._ends: list[str] = []  # how each open link ends
        self._is_cut = False

    @property
    def written(self) -> str:
        text, before = "".join(self._parts), ""
        while self._is_cut and text != before:
            before, text = text, NOTHING.sub("", text)
        return text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if self._left_out:
            self._left_out += [] if tag in VOID else [tag]
        elif tag in LEFT_OUT or "data-server" in given or given.get("class") == "person":
            self._left_out.append(tag)
            self._is_cut = True
        else:
            self._take(tag, self.get_starttag_text() or "", given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._left_out:
            self._parts.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if self._left_out:
            while self._left_out and self._left_out.pop() != tag:
                pass
        elif tag == "a" and self._ends:
            self._parts.append(self._ends.pop())
        else:
            self._parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._add(data)

    def handle_entityref(self, name: str) -> None:
        self._add(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._add(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self._add(f"<!{decl}>")

    def _add(self, text: str) -> None:
        if not self._left_out:
            self._parts.append(text)

    def _take(self, tag: str, raw: str, given: dict[str, str]) -> None:
        if tag == "link":
            self._take_link(raw, given)
        elif tag == "a" and "href" in given:
            self._take_anchor(raw, given["href"])
        elif "src" in given:
            found = self._link(given["src"])
            self._parts += [] if found in {DEAD, UNLINKED} or urlsplit(found).scheme else [_with(raw, found)]
        elif tag != "meta" or not given.get("property", "").startswith("og:"):
            self._parts.append(raw)

    def _take_link(self, raw: str, given: dict[str, str]) -> None:
        """The address of the page at the site, the style and the icon remain."""
        kinds = set(given.get("rel", "").split())
        if "canonical" in kinds:
            self._parts.append(raw)
        elif kinds & {"stylesheet", "icon"}:
            self._parts.append(_with(raw, self._link(given.get("href", ""))))

    def _take_anchor(self, raw: str, target: str) -> None:
        found = self._link(target)
        if found == DEAD:
            self._left_out.append("a")
            self._is_cut = True
        elif found == UNLINKED:
            self._parts.append("<span>")
            self._ends.append("</span>")
        else:
            self._parts.append(_with(raw, found))
            self._ends.append("</a>")


def _with(raw: str, target: str) -> str:
    """A start tag with another target."""
    return ADDRESS.sub(lambda found: f'{found[1]}"{escape(target)}"', raw, count=1)
