"""The data in the archive of a forum, read and checked so that they can be loaded into a site."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from app.labels import FILE
from app.languages import site_languages
from app.printing.archive_check import DATA, EDITION, read_sums
from app.printing.archive_pages import file_name
from app.printing.schema import faults
from config import ROOT

DOCS = ROOT / "docs"
SCHEMAS = {DATA: "contributions.schema.json", EDITION: "edition.schema.json"}
LARGEST = 512 * 1024 * 1024  # of the data, which are in memory
MOST_TOLD = 10


class Unfit(Exception):
    """Why an archive cannot be loaded, a sentence each."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("\n".join(reasons))


@dataclass(frozen=True)
class Content:
    """What an archive says as data; `text` is what `data` were read from, and `names` are those of the attached files
    in the archive, by number."""

    text: str
    data: dict[str, Any]
    edition: dict[str, Any]
    names: dict[int, str]


def read_content(archive: zipfile.ZipFile) -> Content:
    """The data of an archive in which `archive_check.faults` finds nothing. Raises Unfit."""
    texts = {name: _read(archive, name) for name in SCHEMAS}
    data, edition = (_parsed(name, text) for name, text in texts.items())
    if list(data["languages"]) != list(site_languages()):
        raise Unfit(
            f"The forum was held in other languages ({' '.join(data['languages'])}) than this site has "
            f"({' '.join(site_languages())}), or in another order: set LANGUAGES and DEFAULT_LANGUAGE to these."
        )
    names = {file["number"]: f"files/{file_name(file['number'], file['name'])}" for file in files_of(data)}
    if wrong := list(islice(_faults_of_files(archive, data, names), MOST_TOLD)):
        raise Unfit(*wrong)
    return Content(texts[DATA], data, edition, names)


def files_of(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The attached files, without those that were removed."""
    for owner in (*data["messages"], *data["documents"]):
        yield from owner["files"]


def _read(archive: zipfile.ZipFile, name: str) -> str:
    if name not in archive.namelist():
        raise Unfit(f"{name} is missing, without which an archive cannot be loaded.")
    if archive.getinfo(name).file_size > LARGEST:
        raise Unfit(f"{name} is larger than {LARGEST // 1024**2} MB, the most that can be loaded.")
    with archive.open(name) as file:
        return file.read().decode("utf-8", "replace")


def _parsed(name: str, text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unfit(f"{name} is not JSON: {error}.") from None
    schema = json.loads((DOCS / SCHEMAS[name]).read_text("utf-8"))
    if wrong := list(islice(faults(value, schema), MOST_TOLD)):
        raise Unfit(f"{name} is not as {SCHEMAS[name]} says:", *wrong)
    return value


def _faults_of_files(archive: zipfile.ZipFile, data: dict[str, Any], names: dict[int, str]) -> Iterator[str]:
    sums, _wrong = read_sums(archive)
    for file in files_of(data):
        name = names[file["number"]]
        if file["media_type"] not in FILE:
            yield f"File {file['number']} is of a kind that cannot be attached here."
        if name not in sums:
            yield f"{name} is missing, which {DATA} names."
        elif (sums[name], archive.getinfo(name).file_size) != (file["sha256"], file["size"]):
            yield f"{name} is not the file that {DATA} describes."
    if sum(1 for _file in files_of(data)) > len(names):
        yield f"{DATA} has two files with the same number."
