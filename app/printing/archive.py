"""Making the archive of a forum: a file of pages, PDFs, attached files and data that needs no server.

It holds what a visitor gets at one moment, and the same content gives the same bytes: the times in the file are fixed,
and its parts have a fixed order.
"""

import hashlib
import io
import logging
import os
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from contextvars import Context
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from flask import Flask
from flask.globals import app_ctx
from flask_babel import gettext as _
from sqlalchemy import select

from app.audit import record
from app.database import LOCKED, as_of, utcnow
from app.extensions import consequences, db, transaction
from app.forums.queries import get_forum, load_questions
from app.languages import Language, reader_language, site_default, site_languages, speaking, text_in
from app.models import GUEST, Attachment, Edition, Forum, User
from app.permissions import require
from app.printing.archive_check import DATA, EDITION, SUMS
from app.printing.archive_data import DOCS, SCHEMAS
from app.printing.archive_pages import Contents, Pages, Told
from app.printing.contributions import as_table
from app.printing.editions import (
    Public,
    as_edition,
    latest,
    list_editions,
    mark_of,
    next_number,
    ordered,
    place,
    read_public,
    reasons_of,
    refusal,
)
from app.rows import fetch
from app.storage import CHUNK, checksum, storage

EARLIEST = (1980, 1, 1, 0, 0, 0)  # that such a file can hold
MOST_TRIES = 3  # while the forum is being changed
LEFT_BEHIND = 24 * 60 * 60.0  # seconds after which a file that no edition has was left by a crash
WAIT_AFTER_FAILURE = timedelta(minutes=15)

log = logging.getLogger(__name__)
_failed: dict[int, datetime] = {}  # forums, by key, and when this process could not make their archives

Stopping = Callable[[], bool]


class StillChanging(Exception):
    """The forum was changed each time while its archive was being made."""


class Stopped(Exception):
    """The worker is to end."""


def make(forum_id: int, *, told: Told = lambda _count: None) -> tuple[Edition, bool]:
    """The current edition, and whether it has just been made: without a public change, there is no new one.

    Raises Refused if the archive of the forum cannot be made, StillChanging, and OSError, also for lack of room; then
    nothing has changed.
    """
    app = app_ctx.app
    for _try in range(MOST_TRIES):
        forum, now = db.session.get_one(Forum, forum_id), utcnow()
        if why := refusal(forum, now):
            raise why
        slug, mark = forum.slug, mark_of(forum_id, now)
        public, before = read_public(slug), latest(forum_id)
        if before and before.content == public.content and before.key and place().exists(before.key):
            return _confirm(before.id, mark), False
        number = next_number(forum_id)
        db.session.rollback()  # keeps no connection to the database meanwhile
        with TemporaryFile(dir=app.instance_path) as file:
            # A new context, so that pages are read as a signed-out visitor.
            Context().run(_write, app, file, public, number, now, told)
            if read_public(slug).content == public.content:
                return _keep(forum_id, number, file, public, mark, now), True
        db.session.rollback()
    raise StillChanging


def order(forum_id: int, *, viewer: User) -> bool:
    """Let the worker make the archive of a forum, unless that has been asked for already.

    Raises NotFound, Forbidden and Refused.
    """
    with transaction():
        require(viewer, "administer")
        forum = fetch(Forum, forum_id)
        if why := refusal(forum, utcnow()):
            raise why
        if ordered(forum_id):
            return False
        db.session.add(Edition(forum_id=forum_id, number=next_number(forum_id)))
        record(viewer, "order_archive", "forums", forum, [])
    return True


def make_due(stopping: Stopping = lambda: False) -> bool:
    """The job of the worker: take back an edition that says what is public no more, and make the next one, and those
    that were ordered. Returns whether there was anything to do."""
    _tidy()
    now = utcnow()
    for forum_id in db.session.scalars(select(Edition.forum_id).distinct().order_by(Edition.forum_id)).all():
        if _failed.get(forum_id, now) > now or not _is_due(forum_id, now):
            continue
        db.session.rollback()
        try:
            make(forum_id, told=partial(_require_more, stopping))
        except Stopped:
            return False
        except (OSError, StillChanging):
            log.exception("The archive of forum %s could not be made, and is tried again", forum_id)
            _failed[forum_id] = now + WAIT_AFTER_FAILURE
        return True
    db.session.rollback()
    return False


def write(file: IO[bytes], slug: str, number: int, moment: datetime) -> None:
    """Write the archive of a forum as it is at this moment."""
    app = app_ctx.app
    Context().run(_write, app, file, read_public(slug), number, moment, lambda _count: None)


def _require_more(stopping: Stopping, _count: int) -> None:
    if stopping():
        raise Stopped


def _is_due(forum_id: int, now: datetime) -> bool:
    """Whether to make an edition. Content that is no longer public is deleted here, even if no edition can follow."""
    edition, mark = latest(forum_id), mark_of(forum_id, now)
    forum = db.session.get_one(Forum, forum_id)
    if edition and edition.mark != mark and edition.key:
        if edition.content != read_public(forum.slug).content:
            _take_back(forum_id)
        elif not ordered(forum_id):
            _confirm(edition.id, mark)
    edition, forum = latest(forum_id), db.session.get_one(Forum, forum_id)
    return refusal(forum, now) is None and (bool(ordered(forum_id)) or not (edition and edition.key))


def _take_back(forum_id: int) -> None:
    with transaction():
        _delete_files(forum_id)


def _delete_files(forum_id: int) -> None:
    """Inside a transaction: the former editions remain in the list, without their files."""
    for edition in list_editions(forum_id):
        if edition.key:
            consequences().of_success.append(partial(place().delete, edition.key))
            edition.key = ""


def _confirm(edition_id: int, mark: str) -> Edition:
    """Nothing public has changed: what was ordered is there."""
    with transaction():
        edition = db.session.get_one(Edition, edition_id, with_for_update=LOCKED)
        edition.mark = mark
        if waiting := ordered(edition.forum_id):
            db.session.delete(waiting)
    return edition


def _keep(forum_id: int, number: int, file: IO[bytes], public: Public, mark: str, now: datetime) -> Edition:
    """Store the file first, then its row; the files of former editions are deleted."""
    key = secrets.token_hex(16)
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    sha256 = checksum(file)
    place().put(key, file)
    with transaction():
        consequences().of_failure.append(partial(place().delete, key))
        db.session.get_one(Forum, forum_id, with_for_update=LOCKED)
        before = latest(forum_id)
        if before and before.number >= number:  # another process was faster
            raise StillChanging
        reasons = reasons_of(before, public.facts)
        _delete_files(forum_id)
        edition = ordered(forum_id) or Edition(forum_id=forum_id, number=number)
        edition.number, edition.made_at, edition.reasons, edition.facts = number, now, reasons, public.facts
        edition.content, edition.mark, edition.key = public.content, mark, key
        edition.sha256, edition.size = sha256, size
        db.session.add(edition)
    return edition


def _tidy() -> None:
    """Delete files that a crash has left behind, or that were of a forum which is deleted."""
    known = set(db.session.scalars(select(Edition.key)))
    db.session.rollback()
    for key in list(place().keys(older_than=LEFT_BEHIND)):
        if key not in known:
            place().delete(key)
    place().drop_unfinished(older_than=LEFT_BEHIND)


class _Archive:
    """A zip whose bytes follow from what is added, and from its order."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w")
        self._sums: dict[str, str] = {}

    def add(self, name: str, content: IO[bytes] | str) -> None:
        source = io.BytesIO(content.encode()) if isinstance(content, str) else content
        entry = zipfile.ZipInfo(name, EARLIEST)
        entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
        digest = hashlib.sha256()
        with self._zip.open(entry, "w") as out:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                out.write(chunk)
        self._sums[name] = digest.hexdigest()

    def __enter__(self) -> "_Archive":
        return self

    def __exit__(self, kind: object, *_error: object) -> None:
        """Add the checksums of all files, in the order of their names, and close."""
        if kind is None:
            self.add(SUMS, "".join(f"{self._sums[name]}  {name}\n" for name in sorted(self._sums)))
            self._zip.close()
        else:
            with suppress(OSError, ValueError):  # the disk may be full
                self._zip.close()


def _write(app: Flask, file: IO[bytes], public: Public, number: int, moment: datetime, told: Told) -> None:
    data, languages = public.data, list(app.extensions["languages"])
    owners = [*data["messages"], *data["documents"]]
    contents = Contents(
        public.slug,
        frozenset(topic["number"] for topic in data["topics"]),
        frozenset(message["number"] for message in data["messages"]),
        {one["number"]: one["name"] for owner in owners for one in owner["files"]},
    )
    with as_of(moment):
        pages = Pages(app, contents, default=app.config["SITE"].default_language, languages=languages)
        pages.read(told)
        with app.app_context(), _Archive(file) as archive:
            for name, page in pages.written():
                archive.add(name, page)
            for name in sorted(pages.static):
                with (Path(app.root_path) / "static" / name).open("rb") as source:
                    archive.add(f"static/{name}", source)
            _add_attached(archive, pages)
            _add_data(archive, public)
            archive.add(EDITION, _edition(public, number, moment))
            for name, pdf in sorted(pages.pdfs.items()):
                archive.add(name, io.BytesIO(pdf))
            archive.add("README.txt", "\n\n".join(_read_me(public, number, moment)) + "\n")


def _add_attached(archive: _Archive, pages: Pages) -> None:
    for name, number in sorted((name, number) for number, name in pages.files.items()):
        key = db.session.get_one(Attachment, number).key
        with storage().open(key) as source:
            archive.add(name, source)


def _edition(public: Public, number: int, moment: datetime) -> str:
    return as_edition(get_forum(public.slug, viewer=GUEST).id, number, moment, public.facts)


def _add_data(archive: _Archive, public: Public) -> None:
    archive.add(DATA, public.text)
    for name in ("contributions.md", *SCHEMAS.values()):
        archive.add(f"data/{name}", (DOCS / name).read_text("utf-8"))
    for code, language in site_languages().items():
        forum = get_forum(public.slug, viewer=GUEST)
        load_questions(forum)
        with speaking(language):
            archive.add(f"data/contributions-{code}.csv", "".join(as_table(forum, language)))


def _read_me(public: Public, number: int, moment: datetime) -> Iterable[str]:
    forum: Any = get_forum(public.slug, viewer=GUEST)
    default = site_default()
    for code, language in site_languages().items():
        with speaking(language):
            first = "index.html" if code == default.code else f"{code}/index.html"
            yield _read_me_in(reader_language(), text_in(forum).title, number, moment, first)


def _read_me_in(language: Language, title: str, number: int, moment: datetime, first: str) -> str:
    edition = _("Edition %(number)s of the archive, of %(moment)s", number=number, moment=language.moment(moment))
    return "\n".join(
        (
            language.name.upper(),
            title,
            edition,
            _("Open %(file)s to begin. No connection to the Internet is needed.", file=first),
            _("The folder “data” has all contributions as tables (CSV) and as data (JSON)."),
            _(
                "%(sums)s has the SHA-256 of each file, by which a copy can be checked: sha256sum -c %(sums)s",
                sums=SUMS,
            ),
        )
    )


def copy(edition: Edition, path: Path) -> None:
    """Copy the file of an edition under this name, all of it or nothing."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with place().open(edition.key) as source, unfinished.open("xb") as file:
            shutil.copyfileobj(source, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
