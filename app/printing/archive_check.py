"""Checking a file that is said to be the archive of a forum, without unpacking it: what differs from its checksums, and
what would be dangerous to unpack."""

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from app.storage import checksum

SUMS, DATA, EDITION = "SHA256SUMS", "data/contributions.json", "data/edition.json"
LONGEST_PATH = 120
LARGEST_SUMS = 64 * 1024 * 1024
MOST_FILES = 500_000
# No file of an archive unpacks to so many times its size, except small ones.
MOST_TIMES, SMALL = 200, 64 * 1024 * 1024
LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")
VERSION = re.compile(rb'"version": (\d{1,9})')
FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f\x7f]')
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def faults(path: Path, *, version: int) -> Iterator[str]:
    """What is wrong with the file, a sentence each; `version` is that of the data which this program knows."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield from _faults(archive, version)
    except FileNotFoundError:
        yield f"There is no file {path}."
    except OSError as error:
        yield f"The file cannot be read: {error.strerror or error}."
    # The last two are of zipfile: a method that it does not know, or a password that is needed.
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        yield f"This is not a whole zip file: {error}."


def unsafe(name: str) -> str:
    """Why this name should not be unpacked, "" if it can be."""
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or "" in parts[:-1] or "." in parts:
        return "leads out of the folder into which it is unpacked"
    if FORBIDDEN.search(name):
        return "has a character that not all systems take"
    if any(RESERVED.fullmatch(part) or part.endswith((".", " ")) for part in parts):
        return "has a name that Windows does not take"
    if len(name) > LONGEST_PATH:
        return f"has more than {LONGEST_PATH} characters"
    return ""


def _faults(archive: zipfile.ZipFile, version: int) -> Iterator[str]:
    entries = archive.infolist()
    dangers = list(_dangers(entries))
    yield from dangers
    if dangers:  # nothing of it is unpacked
        return
    if SUMS not in archive.namelist():
        yield f"{SUMS} is missing: this is not an archive of a forum, or not a whole one."
        return
    wanted, wrong = read_sums(archive)
    yield from wrong
    yield from _differences(archive, wanted)
    if DATA in archive.namelist():
        with archive.open(DATA) as file:
            found = VERSION.search(file.read(1000))
        if found and int(found[1]) > version:
            yield f"{DATA} was made by a newer version of this software ({int(found[1])}; this one knows {version})."


def _differences(archive: zipfile.ZipFile, wanted: dict[str, str]) -> Iterator[str]:
    names = {entry.filename for entry in archive.infolist() if not entry.is_dir()} - {SUMS}
    for name in sorted(wanted.keys() - names):
        yield f"{name} is missing."
    for name in sorted(names - wanted.keys()):
        yield f"{name} does not belong to the archive."
    for name in sorted(names & wanted.keys()):
        try:
            with archive.open(name) as file:
                if checksum(file) != wanted[name]:
                    yield f"{name} has been changed."
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
            yield f"{name} is damaged: {error}."


def _dangers(entries: list[zipfile.ZipInfo]) -> Iterator[str]:
    if len(entries) > MOST_FILES:
        yield f"The file has {len(entries)} entries; an archive has at most {MOST_FILES}."
        return
    seen: set[str] = set()
    packed = sum(entry.compress_size for entry in entries)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > SMALL and unpacked > MOST_TIMES * packed:
        yield f"The file would unpack to {unpacked // 1024**2} MB, {unpacked // max(packed, 1)} times its size."
    for entry in entries:
        name = entry.filename
        yield from (f"{name!a} {why}." for why in _dangers_of(entry))
        if name.casefold() in seen:
            yield f"{name!a} occurs twice, or differs from another name only in capital letters."
        seen.add(name.casefold())


def _dangers_of(entry: zipfile.ZipInfo) -> Iterator[str]:
    if why := unsafe(entry.filename.removesuffix("/") if entry.is_dir() else entry.filename):
        yield why
    if stat.S_ISLNK(entry.external_attr >> 16):
        yield "is a link to another file"
    if entry.flag_bits & 1:
        yield "is encrypted"
    if entry.file_size > SMALL and entry.file_size > MOST_TIMES * max(entry.compress_size, 1):
        yield f"would unpack to {entry.file_size // 1024**2} MB, many times its size"


def read_sums(archive: zipfile.ZipFile) -> tuple[dict[str, str], list[str]]:
    """The checksums by name, and what is wrong with their list."""
    if archive.getinfo(SUMS).file_size > LARGEST_SUMS:
        return {}, [f"{SUMS} is too long."]
    with archive.open(SUMS) as file:
        lines = file.read().decode("utf-8", "replace").splitlines()
    found = [LINE.fullmatch(line) for line in lines]
    wrong = [f"Line {at} of {SUMS} is not a checksum with a name." for at, one in enumerate(found, 1) if one is None]
    return {one[2]: one[1] for one in found if one}, wrong
