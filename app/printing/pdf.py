"""Making the PDFs of forums and groups, one after another, beside the sending of emails (`flask worker`).

A PDF says what the printed page says that a visitor gets at that moment, so it can hold nothing that a visitor may not
see. It is set by a program of its own (app/printing/typeset.py). The same content is never set twice, and a file is
deleted once its PDF says something else or is wanted no more.
"""

import hashlib
import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.addresses import link_in
from app.database import LOCKED, utcnow
from app.extensions import consequences, db, transaction
from app.languages import site_languages, text_in
from app.models import Outcome, Rendition
from app.printing.renditions import GROUPS, Wanted, all_wanted, next_due, place
from app.printing.trees import read

CLAIMED_FOR = timedelta(minutes=10)
SECONDS_TO_SET = 400  # of the clock; of processor time, the program has a limit of its own
WHOLE = "?whole=1"  # not in parts
LEFT_BEHIND = CLAIMED_FOR.total_seconds()
PROGRAM = Path(__file__).with_name("typeset.py")
TEMPLATE = PROGRAM.with_name("document.typ")
MOST_MESSAGES = 10_000  # in one PDF; typst would need more memory than it may have
LONG = 1_000  # messages; from here on, the layout saves memory
MOST_TOLD = 500  # characters of what typst says

log = logging.getLogger(__name__)

Stopping = Callable[[], bool]


class CannotBeMade(Exception):
    """The page could not be read, or not be set; the message says why."""


class Stopped(Exception):
    """The worker is to end."""


def make_next(stopping: Stopping = lambda: False) -> bool:
    """Make the PDF that is due, or see that it need not be made again. Returns whether one was due."""
    tidy()
    now = utcnow()
    wanted = next_due(now)
    db.session.rollback()  # keeps no connection to the database while the PDF is set
    if wanted is None or stopping():
        return False
    key = _claim(wanted, now)
    if key is not None:
        _compare(key, wanted, now, stopping)
    return True


def tidy() -> None:
    """Delete PDFs of forums and groups that are no longer public, and files left behind by a crash."""
    wanted = {one.rendition.id for one in all_wanted(utcnow()) if one.rendition}
    rows = db.session.execute(select(Rendition.id, Rendition.content)).all()
    db.session.rollback()
    over = {row.id for row in rows} - wanted
    if over:
        with transaction():
            for rendition in db.session.scalars(select(Rendition).where(Rendition.id.in_(over))):
                _discard(rendition)
                db.session.delete(rendition)
    known = {row.content[:32] for row in rows}
    for key in list(place().keys(older_than=LEFT_BEHIND)):
        if key not in known:
            place().delete(key)
    place().drop_unfinished(older_than=LEFT_BEHIND)


def _claim(wanted: Wanted, now: datetime) -> int | None:
    """Take the PDF for CLAIMED_FOR, so that no other worker makes it too. Returns the key of its row, None if another
    has taken it."""
    of = {"kind": wanted.kind, "thing_id": wanted.thing.id, "language": wanted.language}
    try:
        with transaction():
            found = db.session.scalar(select(Rendition).filter_by(**of).with_for_update(**LOCKED))
            if found is None:
                found = Rendition(**of, forum_id=wanted.forum.id)
                db.session.add(found)
            elif found.claimed_until and found.claimed_until > now:
                return None
            found.claimed_until = now + CLAIMED_FOR
            db.session.flush()
            return found.id
    except IntegrityError:  # another has added it, or the forum has just been deleted
        return None


def _compare(key: int, wanted: Wanted, now: datetime, stopping: Stopping) -> None:
    """Make the PDF, unless its content is what it was made from before."""
    before = wanted.rendition.content if wanted.rendition else ""
    values: dict[str, Any] = {"compared_at": now, "claimed_until": None}
    try:
        data = data_of(wanted)
        content = _content_of(data)
        if content != before or not place().exists(content[:32]):
            made, complaint = typeset(data, stopping)
            place().put(content[:32], io.BytesIO(made))
            outcome = Outcome.UNTAGGED if complaint else Outcome.MADE
            values |= {"content": content, "size": len(made), "made_at": now, "outcome": outcome}
            if complaint:
                log.warning("The PDF %s is not tagged: %s", _named(wanted), complaint)
        values |= {"taken_back": wanted.marks.taken_back, "changed": wanted.marks.changed}
    except Stopped:
        values = {"claimed_until": None}
    except (CannotBeMade, OSError) as error:
        log.warning("The PDF %s could not be made: %s", _named(wanted), error)
        values["outcome"] = Outcome.FAILED
    with transaction():
        rendition = db.session.get(Rendition, key)
        if rendition is None:  # the forum has been deleted meanwhile; `tidy` deletes the file
            return
        if values.get("content", rendition.content) != rendition.content:
            _discard(rendition)
        for name, value in values.items():
            setattr(rendition, name, value)


def _discard(rendition: Rendition) -> None:
    """Delete the file once the transaction is committed."""
    if rendition.key:
        consequences().of_success.append(partial(place().delete, rendition.key))


def _named(wanted: Wanted) -> str:
    return f"{wanted.kind}/{wanted.thing.id}/{wanted.language}"


def data_of(wanted: Wanted) -> dict[str, Any]:
    """The printed page, as a visitor gets it, as the data that document.typ sets."""
    if wanted.thing.message_count > MOST_MESSAGES:
        raise CannotBeMade(f"it would have more than {MOST_MESSAGES:,} messages")
    site = current_app.config["SITE"]
    values = {"forum_slug": wanted.forum.slug}
    if wanted.kind == GROUPS:
        values["group_slug"] = wanted.thing.slug
    path = link_in(wanted.language, "printing.group" if wanted.kind == GROUPS else "printing.forum", **values)
    head = text_in(wanted.forum, site_languages()[wanted.language]).short_title
    # A context of its own, since what `g` keeps differs from page to page.
    with current_app.app_context(), current_app.test_request_context(path + WHOLE, base_url=site.site_url):
        response = current_app.full_dispatch_request()
        if response.status_code != 200:
            raise CannotBeMade(f"{path} answered {response.status_code}")
        now, language = utcnow(), site_languages()[wanted.language]
        page = response.get_data(as_text=True).replace(WHOLE, "")  # where it names its own address
        document = read(page, site=site.site_url, now=now)
        note = _("Characters missing from the fonts of this document are represented by their code, such as [U+4E2D].")
    date = document.date or wanted.forum.published_at or utcnow()
    return {
        "title": document.title,
        "author": site.site_name,
        "language": wanted.language,
        "head": head,
        "foot": f"{site.site_name} – {document.address}",
        "missing": note,
        "long": wanted.thing.message_count > LONG,
        "blocks": document.blocks,
        "date": {name: getattr(date, name) for name in ("year", "month", "day", "hour", "minute", "second")},
        "seconds": int(date.timestamp()),
        "edition": [language.at(now), language.moment(now), language.date(now)],
    }


def _content_of(data: dict[str, Any]) -> str:
    """The SHA-256 of what the bytes of a PDF follow from, but for the date of its edition: that is the day on which it
    first said this."""
    written = json.dumps(data | {"edition": []}, ensure_ascii=False, sort_keys=True)
    for moment in data["edition"]:
        written = written.replace(moment, "")
    return hashlib.sha256(b"\0".join([written.encode(), *_program()])).hexdigest()


@cache
def _program() -> tuple[bytes, ...]:
    return version("typst").encode(), PROGRAM.read_bytes(), TEMPLATE.read_bytes()


def typeset(data: dict[str, Any], stopping: Stopping = lambda: False) -> tuple[bytes, str]:
    """The PDF, and why it has no tags ("" if it has). Raises CannotBeMade, or Stopped if the worker is to end."""
    process = subprocess.Popen(
        [sys.executable, "-I", str(PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"RAYON_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"},  # one processor is enough, the other is for readers
    )
    given: bytes | None = json.dumps(data).encode()
    for _second in range(SECONDS_TO_SET):
        try:
            made, said = process.communicate(given, timeout=1)
        except subprocess.TimeoutExpired:
            given = None
            if stopping():
                break
            continue
        complaint = said.decode(errors="replace").strip()[-MOST_TOLD:]
        if process.returncode:
            raise CannotBeMade(complaint or f"the program ended with {process.returncode}")
        return made, complaint
    process.kill()
    process.communicate()
    raise Stopped if stopping() else CannotBeMade(f"it was not set in {SECONDS_TO_SET} seconds")
