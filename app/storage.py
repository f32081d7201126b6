"""Where the contents of attached files lie: a small interface, and the local folder that there is of it now."""

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

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})  # of the disk, of a quota, of a limit of the process
CHUNK = 64 * 1024
UNFINISHED = "unfinished"
KEY = re.compile(r"[0-9a-f]{32}")


class Storage(Protocol):
    """Contents by their keys, each 32 hexadecimal digits. A content never changes."""

    def put(self, key: str, content: IO[bytes]) -> None:
        """Keep a content, which is safe when this returns; all of it or nothing. Raises OSError, which `is_full` tells
        where there is no room for it."""

    def open(self, key: str) -> IO[bytes]:
        """The content, to be closed by whoever reads it. Raises FileNotFoundError."""

    def exists(self, key: str) -> bool: ...

    def delete(self, key: str) -> None:
        """Delete a content; one that is not there is no error."""

    def keys(self, *, older_than: float) -> Iterator[str]:
        """The keys of all contents that were put more than so many seconds ago."""

    def drop_unfinished(self, *, older_than: float) -> int:
        """Delete what was begun more than so many seconds ago and never finished; how many contents that were."""


class LocalFolder:
    """A file for each content, in a folder named by the first two digits of its key.

    `to_spare` is how many bytes stay free on its disk, for the database above all.
    """

    def __init__(self, folder: Path, *, to_spare: int = 0) -> None:
        self.folder, self.to_spare = folder, to_spare
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, key: str, content: IO[bytes]) -> None:
        self._require_room(content)
        place, unfinished = self._place(key), self._make(UNFINISHED) / key
        try:
            with unfinished.open("xb") as file:
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
        """Raise OSError where the disk would be left with too little, or with less than the content once more."""
        size = content.seek(0, os.SEEK_END)
        content.seek(0)
        if shutil.disk_usage(self.folder).free < max(self.to_spare + size, 2 * size):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.folder))

    def _place(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no key of a content")
        return self.folder / key[:2] / key

    def _make(self, name: str) -> Path:
        """The folder of this name, which is still there after a loss of power."""
        folder = self.folder / name
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)
            _sync(self.folder)
        return folder


def is_full(error: OSError) -> bool:
    """Whether an error says that there is no room for what was to be written."""
    return error.errno in FULL


def chunks(content: IO[bytes]) -> Iterator[bytes]:
    """What is left to read of a content, piece by piece."""
    while chunk := content.read(CHUNK):
        yield chunk


def checksum(content: IO[bytes]) -> str:
    """The SHA-256 of what is left to read, in hexadecimal digits."""
    digest = hashlib.sha256()
    for chunk in chunks(content):
        digest.update(chunk)
    return digest.hexdigest()


def storage() -> Storage:
    """The storage of the running application."""
    bound: Storage = current_app.extensions["storage"]
    return bound


def _sync(folder: Path) -> None:
    """Have the disk keep the names in a folder, as fsync does for a file's content."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _age(path: Path) -> float:
    """In seconds; 0 for what has just been deleted."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0
