"""Archives of forums, made and read."""

import io
import posixpath
import zipfile
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from flask import Flask

from app.database import utcnow
from app.extensions import db
from app.models import Forum, Period
from app.printing.archive import make
from app.printing.editions import place


def close(forum_id: int, *, archived: bool = False) -> None:
    """End all periods of a forum a day ago."""
    now = utcnow()
    for period in db.session.scalars(db.select(Period).where(Period.forum_id == forum_id)):
        period.opens_at, period.closes_at = now - timedelta(days=2), now - timedelta(days=1)
    db.session.get_one(Forum, forum_id).archived_at = now if archived else None
    db.session.commit()


def bytes_of(app: Flask, forum_id: int) -> bytes:
    """The archive of a forum, made if necessary."""
    with app.app_context():
        edition, _is_new = make(forum_id)
        with place().open(edition.key) as file:
            return file.read()


def files_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pages_of(files: dict[str, bytes]) -> dict[str, str]:
    return {name: content.decode() for name, content in files.items() if name.endswith(".html")}


class Read(HTMLParser):
    """The links of a page, as (tag, target), and what they can lead to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.names: set[str] = set()
        self.tags: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.add(tag)
        self.names.add(given.get("id"))
        if given.get("rel") != "canonical":
            self.links += [(tag, given[name]) for name in ("href", "src", "srcset", "action") if name in given]


def dead_links(files: dict[str, bytes]) -> list[tuple[str, str]]:
    """The pages and targets of links to files, or to places in files, that are not there."""
    read = {name: Read(page) for name, page in pages_of(files).items()}
    dead = []
    for name, page in read.items():
        for _tag, link in page.links:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            there = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(parts.path)))
            target = there if parts.path else name
            if target not in files or (parts.fragment and parts.fragment not in read[target].names):
                dead.append((name, link))
    return dead
