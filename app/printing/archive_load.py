"""Loading the archive of a forum into a site that has none: the same forum, number for number, and the edition that the
archive is.

The archive is checked first. Files are stored next, under keys that follow from the archive: what a killed process has
left is written again by the next one. All rows are then added in one transaction, at the end of which the forum must
give the same data as the archive has, byte for byte.
"""

import fcntl
import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import func, select

from app.audit import record
from app.begin import add_missing
from app.counters import recount
from app.database import utcnow
from app.errors import NotFound
from app.extensions import consequences, db, transaction
from app.models import Attachment, Edition, Forum, Message, Page, Topic, User
from app.printing.archive_check import DATA, faults
from app.printing.archive_data import Content, Unfit, read_content
from app.printing.archive_rows import ForumRows, add_editions
from app.printing.contributions import VERSION
from app.printing.editions import Public, mark_of, place, read_public
from app.storage import Storage, checksum, storage

LONGEST_SHOWN = 200  # of a line that differs

Told = Callable[[str], None]


class NotEmpty(Exception):
    """What is in the way of an archive in this site."""


def load(path: Path, *, told: Told = lambda _step: None) -> Edition:
    """Load an archive, and return its edition; `told` hears of each step.

    Raises NotEmpty, Unfit, OSError, also for lack of room, and DBAPIError; then nothing has changed.
    """
    _require_empty()
    db.session.rollback()  # keeps no connection to the database meanwhile
    with _alone():
        told("Checking the archive")
        if found := list(faults(path, version=VERSION)):
            raise Unfit(*found)
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            content = read_content(archive)
            sha256 = checksum(file)
            kept = _Files(sha256, content)
            try:
                kept.store(archive, file, told)
                return _add(content, kept, told)
            except BaseException:
                if not kept.is_in_transaction:
                    kept.delete()
                raise


def _require_empty() -> None:
    """A site is empty as long as it has no forum, and neither topics, messages nor files, which belong to forums, nor
    a deleted account, whose number the archive may use too. Accounts, pages of the site and reasons do not matter."""
    counts = {
        "forums": select(func.count(Forum.id)),
        "topics": select(func.count(Topic.id)),
        "messages": select(func.count(Message.id)),
        "files": select(func.count(Attachment.id)),
        "deleted accounts": select(func.count(User.id)).where(User.former_number.is_not(None)),
    }
    numbers = {name: db.session.scalar(one) for name, one in counts.items()}
    if found := ", ".join(f"{name}: {count}" for name, count in numbers.items() if count):
        raise NotEmpty(
            f"This site is not empty ({found}). An archive can be loaded only into a site without forums, since "
            "everything keeps its number."
        )


@contextmanager
def _alone() -> Iterator[None]:
    """Raises NotEmpty while another process loads an archive. The lock ends with its process."""
    folder = os.open(current_app.instance_path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotEmpty("Another process is loading an archive into this site.") from None
        yield
    finally:
        os.close(folder)


class _Files:
    """The files of an archive and the archive itself, stored under keys that follow from its checksum."""

    def __init__(self, sha256: str, content: Content) -> None:
        self.sha256, self.names = sha256, content.names
        self.keys = {number: self._key(str(number)) for number in content.names}
        self.key = self._key("edition")
        self.size = 0
        self.is_in_transaction = False

    def store(self, archive: zipfile.ZipFile, whole: Any, told: Told) -> None:
        told(f"Storing {len(self.names)} attached files and the archive")
        for number, name in self.names.items():
            with archive.open(name) as file:
                storage().put(self.keys[number], file)
        self.size = whole.seek(0, os.SEEK_END)
        whole.seek(0)
        place().put(self.key, whole)
        with place().open(self.key) as copy:
            if checksum(copy) != self.sha256:
                raise Unfit("The archive was changed while it was being read.")

    def delete(self) -> None:
        places: list[tuple[Storage, str]] = [(storage(), key) for key in self.keys.values()]
        for folder, key in (*places, (place(), self.key)):
            folder.delete(key)

    def _key(self, name: str) -> str:
        return hashlib.sha256(f"{self.sha256} {name}".encode()).hexdigest()[:32]


def _add(content: Content, files: _Files, told: Told) -> Edition:
    told(f"Loading {len(content.data['messages'])} messages")
    with transaction():
        consequences().of_failure.append(files.delete)
        files.is_in_transaction = True
        _require_empty()
        if not db.session.scalar(select(func.count(Page.id))):
            add_missing()
        rows = ForumRows(content.data, files.keys, datetime.fromisoformat(content.edition["made_at"]))
        forum = rows.add(lambda count: told(f"{count} messages loaded"))
        recount()
        record(None, "create", "forums", forum, [])
        db.session.flush()
        told("Comparing the forum with the archive")
        public = _require_same(content)
        about = {"content": public.content, "facts": public.facts, "mark": mark_of(forum.id, utcnow())}
        return add_editions(forum.id, content.edition, **about, key=files.key, sha256=files.sha256, size=files.size)


def _require_same(content: Content) -> Public:
    """What is public of the forum now. Raises Unfit unless it is what the archive says."""
    slug = content.data["forum"]["slug"]
    db.session.expire_all()
    try:
        public = read_public(slug)
    except NotFound:
        raise Unfit("The forum of the archive is not published.") from None
    if public.text == content.text:
        return public
    lines = zip_longest(content.text.split("\n"), public.text.split("\n"), fillvalue="")
    number, said, now = next((at, *both) for at, both in enumerate(lines, 1) if both[0] != both[1])
    at = next((at for at, (one, other) in enumerate(zip(said, now, strict=False)) if one != other), 0)
    first = max(at - LONGEST_SHOWN // 2, 0)
    raise Unfit(
        f"This site would not give {DATA} back as it is. Line {number} has",
        f"  …{said[first : first + LONGEST_SHOWN]}…",
        "and would have",
        f"  …{now[first : first + LONGEST_SHOWN]}…",
    )
