"""Storage for the contents of attached files: its interface, and the one implementation, a local folder."""

import errno
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

from flask import current_app

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})  # full disk, quota, limit of the process
CHUNK = 64 * 1024
UNFINISHED = "unfinished"
KEY = re.compile(r"[0-9a-f]{32}")


class Storage(Protocol):
    """Contents by their keys of 32 hexadecimal digits. A content never changes."""

    def put(self, key: str, content: IO[bytes]) -> None:
        """Store a whole content or nothing; it is on disk when this returns. Raises OSError; `is_full` says whether for
        lack of room."""

    def open(self, key: str) -> IO[bytes]:
        """The content, to be closed by the caller. Raises FileNotFoundError."""

    def exists(self, key: str) -> bool: ...

    def delete(self, key: str) -> None:
        """Delete a content, if it exists."""

    def keys(self, *, older_than: float) -> Iterator[str]:
        """The keys of all contents stored more than this many seconds ago."""

    def drop_unfinished(self, *, older_than: float) -> int:
        """Delete contents whose storing began more than this many seconds ago and never ended. Returns how many."""


class LocalFolder:
    """A file for each content, in a folder named by the first two digits of its key.

    `to_spare` is how many bytes remain free on its disk, mainly for the database.
    """

    def __init__(self, folder: Path, *, to_spare: int = 0) -> None:
        self.folder, self.to_spare = folder, to_spare
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, key: str, content: IO[bytes]) -> None:
        self._require_room(content)
        place, unfinished = self._place(key), self._make(UNFINISHED) / key
        try:
            with unfinished.open("wb") as file:
                shutil.copyfileobj(content, file)
                file.flush()
                os.fsync(file.fileno())
            self._make(place.parent.name)
            unfinished.rename(place)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        _sync(place.parent)

    def open(self, key: str) -> IO[bytes]:
        return self._place(key).open("rb")

    def exists(self, key: str) -> bool:
        return self._place(key).is_file()

    def delete(self, key: str) -> None:
        self._place(key).unlink(missing_ok=True)

    def keys(self, *, older_than: float) -> Iterator[str]:
        for path in self.folder.glob("[0-9a-f][0-9a-f]/*"):
            if KEY.fullmatch(path.name) and _age(path) > older_than:
                yield path.name

    def drop_unfinished(self, *, older_than: float) -> int:
        dropped = [path for path in self.folder.glob(f"{UNFINISHED}/*") if _age(path) > older_than]
        for path in dropped:
            path.unlink(missing_ok=True)
        return len(dropped)

    def _require_room(self, content: IO[bytes]) -> None:
        """Raise OSError if less than `to_spare`, or than the size of the content, would remain free."""
        size = content.seek(0, os.SEEK_END)
        content.seek(0)
        if shutil.disk_usage(self.folder).free < max(self.to_spare + size, 2 * size):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.folder))

    def _place(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError(f"{key!r} is not the key of a content")
        return self.folder / key[:2] / key

    def _make(self, name: str) -> Path:
        """The folder with this name, created if necessary and synced to disk."""
        folder = self.folder / name
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)
            _sync(self.folder)
        return folder


def is_full(error: OSError) -> bool:
    """Whether an error means that there is no room for what was to be written."""
    return error.errno in FULL


def chunks(content: IO[bytes]) -> Iterator[bytes]:
    """The rest of a content, piece by piece."""
    while chunk := content.read(CHUNK):
        yield chunk


def checksum(content: IO[bytes]) -> str:
    """The SHA-256 of the rest of a content, in hexadecimal digits."""
    digest = hashlib.sha256()
    for chunk in chunks(content):
        digest.update(chunk)
    return digest.hexdigest()


def storage() -> Storage:
    """The storage of the running application."""
    bound: Storage = current_app.extensions["storage"]
    return bound


def _sync(folder: Path) -> None:
    """Write the names in a folder to disk, as fsync does for the content of a file."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _age(path: Path) -> float:
    """In seconds; 0 for a file that has just been deleted."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0
