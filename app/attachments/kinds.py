"""The kinds of files that can be attached, recognized by their content and never by their names.

Nothing is unpacked to find out: of an archive, such as an office document, only the list of entries and one small entry
are read. An archive that declares too many entries, or far more content than its size, is refused.
"""

import html
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from app.languages import N_


@dataclass(frozen=True)
class Kind:
    """`endings` are those that a name may have, the usual one first; `label` is the kind in words, for translation."""

    media_type: str
    endings: tuple[str, ...]
    label: str


class Unrecognized(Exception):
    """The content is of none of KINDS."""


class HasMacros(Exception):
    """An office document that contains macros."""


class HasPassword(Exception):
    """An office document that is encrypted."""


class HasControlCharacter(Exception):
    """A text in UTF-8 with a control character, which is the argument."""


class CannotBeChecked(Exception):
    """An archive that is damaged, or would unpack to far more than its size."""


PDF = Kind("application/pdf", (".pdf",), N_("PDF document"))
RTF = Kind("application/rtf", (".rtf",), N_("RTF document"))
PNG = Kind("image/png", (".png",), N_("PNG image"))
JPEG = Kind("image/jpeg", (".jpg", ".jpeg"), N_("JPEG image"))
GIF = Kind("image/gif", (".gif",), N_("GIF image"))
WEBP = Kind("image/webp", (".webp",), N_("WebP image"))
TEXT = Kind("text/plain", (".txt",), N_("Plain text"))
CSV = Kind("text/csv", (".csv",), N_("CSV table"))
_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
# By the content type of the main part; templates, slide shows and documents with macros have other types.
OPEN_XML = {
    f"{_OPEN_XML}{name}.main+xml": Kind(f"{_OPEN_XML}{name}", (ending,), label)
    for name, ending, label in (
        ("wordprocessingml.document", ".docx", N_("Word document")),
        ("spreadsheetml.sheet", ".xlsx", N_("Excel workbook")),
        ("presentationml.presentation", ".pptx", N_("PowerPoint presentation")),
    )
}
OPEN_DOCUMENT = {
    f"{_OPEN_DOCUMENT}{name}": Kind(f"{_OPEN_DOCUMENT}{name}", (ending,), label)
    for name, ending, label in (
        ("text", ".odt", N_("OpenDocument text")),
        ("spreadsheet", ".ods", N_("OpenDocument spreadsheet")),
        ("presentation", ".odp", N_("OpenDocument presentation")),
    )
}
# By the name of the stream that contains the document, in the compound files of Office up to 2003.
COMPOUND = {
    "WordDocument": Kind("application/msword", (".doc",), N_("Word document (up to 2003)")),
    "Workbook": (XLS := Kind("application/vnd.ms-excel", (".xls",), N_("Excel workbook (up to 2003)"))),
    "Book": XLS,
    "PowerPoint Document": Kind("application/vnd.ms-powerpoint", (".ppt",), N_("PowerPoint presentation (up to 2003)")),
}
BY_BEGINNING = (
    (PDF_HEADER := re.compile(rb"%PDF-\d"), PDF),
    (re.compile(rb"\{\\rtf"), RTF),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), PNG),
    (re.compile(rb"\xff\xd8\xff"), JPEG),
    (re.compile(rb"GIF8[79]a"), GIF),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), WEBP),
)
OFFICE = (*OPEN_XML.values(), *OPEN_DOCUMENT.values(), *dict.fromkeys(COMPOUND.values()))
KINDS = (PDF, *OFFICE, RTF, PNG, JPEG, GIF, WEBP, TEXT, CSV)

FARTHEST_PDF_HEADER = 1024  # in bytes from the beginning, as programs take it
ZIP_BEGINNING = b"PK\x03\x04"
ZIP_END, ZIP_END_SIZE, LONGEST_ZIP_COMMENT = b"PK\x05\x06", 22, 65_535
ZIP64_LOCATOR, ZIP64_LOCATOR_SIZE = b"PK\x06\x07", 20
LARGEST_ZIP_DIRECTORY = 1024 * 1024
MOST_ENTRIES = 5_000
MOST_UNPACKED = 500 * 1024 * 1024
MOST_TIMES_LARGER = 100
LARGEST_LIST_OF_TYPES = 1024 * 1024
ENCRYPTED = 0x1
MANIFEST, ENCRYPTION_IN_MANIFEST = "META-INF/manifest.xml", "encryption-data"
# What zipfile raises for damaged or malicious archives.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OverflowError)
COMPRESSIONS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
CONTENT_TYPE = re.compile(r"""ContentType\s*=\s*["']([^"']*)["']""")
MACROS_IN_OPEN_XML = re.compile("macroenabled|vbaproject", re.IGNORECASE)
MACROS_IN_OPEN_DOCUMENT = ("Basic/", "Scripts/")

COMPOUND_BEGINNING = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
COMPOUND_HEADER, COMPOUND_ENTRY, COMPOUND_NAME, COMPOUND_KIND = 512, 128, 64, 66  # in bytes; the last is an offset
STORAGE_OR_STREAM = frozenset({1, 2})
ENCRYPTED_COMPOUND = frozenset({"EncryptedPackage", "EncryptedSummary"})  # of Office since 2007; of PowerPoint before
# Where a stream begins: its first sector in the entry of the directory, and the length of a sector as a power of two.
COMPOUND_START, COMPOUND_SECTOR = slice(116, 120), slice(30, 32)
# [MS-DOC] 2.5.2, fEncrypted of the base; [MS-XLS] 2.4.117, the record FilePass, one of the first of a workbook.
DOC_FLAGS, DOC_ENCRYPTED, XLS_FILE_PASS, MOST_RECORDS = slice(10, 12), 0x0100, 0x002F, 10
MACROS_IN_COMPOUND = frozenset({"_VBA_PROJECT", "_VBA_PROJECT_CUR"})

NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]")  # control characters in UTF-8


def recognize(file: IO[bytes]) -> tuple[Kind, ...]:
    """The kinds that the file can be: one, or several that only its name distinguishes.

    Raises Unrecognized, HasMacros, HasPassword, HasControlCharacter and CannotBeChecked.
    """
    file.seek(0)
    beginning = file.read(FARTHEST_PDF_HEADER)
    for pattern, kind in BY_BEGINNING:
        if pattern.match(beginning):
            return (kind,)
    if beginning.startswith(ZIP_BEGINNING):
        return (_kind_of_archive(file),)
    file.seek(0)
    content = file.read()
    if content.startswith(COMPOUND_BEGINNING):
        return _kinds_of_compound(content)
    is_pdf, is_text = PDF_HEADER.search(beginning), _is_utf_8(content)
    if is_text and (found := NO_TEXT.search(content)) and not is_pdf:
        raise HasControlCharacter(found.group().decode())
    kinds = (*((PDF,) if is_pdf else ()), *((TEXT, CSV) if is_text else ()))
    if not kinds:
        raise Unrecognized
    return kinds


def _is_utf_8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _kind_of_archive(file: IO[bytes]) -> Kind:
    _check_end(file)
    try:
        with zipfile.ZipFile(file) as archive:
            _check_entries(archive, file.seek(0, 2))
            names = archive.namelist()
            if "[Content_Types].xml" in names:
                return _kind_of_open_xml(archive)
            if "mimetype" in names:
                return _kind_of_open_document(archive)
    except DAMAGED as error:
        raise CannotBeChecked from error
    raise Unrecognized


def _check_end(file: IO[bytes]) -> None:
    """Raise CannotBeChecked if reading just the list of entries would take much memory; located as zipfile does."""
    size = file.seek(0, 2)
    file.seek(max(size - ZIP_END_SIZE - LONGEST_ZIP_COMMENT - ZIP64_LOCATOR_SIZE, 0))
    tail = file.read()
    at = len(tail) - ZIP_END_SIZE
    if not (tail[at:].startswith(ZIP_END) and tail.endswith(b"\0\0")):
        at = tail.rfind(ZIP_END)
    directory_size = int.from_bytes(tail[at + 12 : at + 16], "little")
    has_locator = tail[max(at - ZIP64_LOCATOR_SIZE, 0) : at].startswith(ZIP64_LOCATOR)
    if at < 0 or has_locator or directory_size > LARGEST_ZIP_DIRECTORY:
        raise CannotBeChecked


def _check_entries(archive: zipfile.ZipFile, size: int) -> None:
    """Raise CannotBeChecked for too many entries or too much content, for two entries with one name, and for entries
    compressed in an unusual way, which other programs might unpack; HasPassword for encrypted ones."""
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > min(MOST_ENTRIES, len(archive.NameToInfo)):
        raise CannotBeChecked
    if unpacked > min(MOST_UNPACKED, size * MOST_TIMES_LARGER):
        raise CannotBeChecked
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        raise HasPassword
    if any(entry.compress_type not in COMPRESSIONS for entry in entries):
        raise CannotBeChecked


def _kind_of_open_xml(archive: zipfile.ZipFile) -> Kind:
    types = {html.unescape(name) for name in CONTENT_TYPE.findall(_small_entry(archive, "[Content_Types].xml"))}
    if any(MACROS_IN_OPEN_XML.search(name) for name in (*types, *archive.namelist())):
        raise HasMacros
    found = types & OPEN_XML.keys()
    if len(found) != 1:
        raise Unrecognized
    return OPEN_XML[found.pop()]


def _kind_of_open_document(archive: zipfile.ZipFile) -> Kind:
    kind = OPEN_DOCUMENT.get(_small_entry(archive, "mimetype").strip())
    if kind is None:
        raise Unrecognized
    if MANIFEST in archive.namelist() and ENCRYPTION_IN_MANIFEST in _small_entry(archive, MANIFEST):
        raise HasPassword
    if any(name.startswith(MACROS_IN_OPEN_DOCUMENT) for name in archive.namelist()):
        raise HasMacros
    return kind


def _small_entry(archive: zipfile.ZipFile, name: str) -> str:
    """The text of an entry. Raises CannotBeChecked beyond LARGEST_LIST_OF_TYPES, and unpacks no more than that."""
    with archive.open(name) as entry:
        content = entry.read(LARGEST_LIST_OF_TYPES + 1)
    if len(content) > LARGEST_LIST_OF_TYPES:
        raise CannotBeChecked
    return content.decode("utf-8-sig")


def _kinds_of_compound(content: bytes) -> tuple[Kind, ...]:
    """A document with an embedded sheet has the streams of both."""
    entries = dict(_compound_entries(content))
    if entries.keys() & MACROS_IN_COMPOUND:
        raise HasMacros
    if entries.keys() & ENCRYPTED_COMPOUND or any(_needs_password(name, content, entries[name]) for name in entries):
        raise HasPassword
    found = tuple(dict.fromkeys(kind for name, kind in COMPOUND.items() if name in entries))
    if not found:
        raise Unrecognized
    return found


def _compound_entries(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The names and entries of storages and streams; entries of the directory are at multiples of their size."""
    for at in range(COMPOUND_HEADER, len(content) - COMPOUND_ENTRY + 1, COMPOUND_ENTRY):
        length = int.from_bytes(content[at + COMPOUND_NAME : at + COMPOUND_KIND], "little")
        if content[at + COMPOUND_KIND] in STORAGE_OR_STREAM and 2 < length <= COMPOUND_NAME and length % 2 == 0:
            yield content[at : at + length - 2].decode("utf-16-le", "replace"), content[at : at + COMPOUND_ENTRY]


def _needs_password(name: str, content: bytes, entry: bytes) -> bool:
    """Whether the stream with this entry, if it is a document of Word or a workbook of Excel, is encrypted."""
    if name not in {"WordDocument", "Workbook", "Book"}:
        return False
    sector = 1 << min(int.from_bytes(content[COMPOUND_SECTOR], "little"), 16)
    start = (int.from_bytes(entry[COMPOUND_START], "little") + 1) * sector
    stream = content[start : start + sector]
    if name == "WordDocument":
        return bool(int.from_bytes(stream[DOC_FLAGS], "little") & DOC_ENCRYPTED)
    at = 0
    for _record in range(MOST_RECORDS):
        if int.from_bytes(stream[at : at + 2], "little") == XLS_FILE_PASS:
            return True
        at += 4 + int.from_bytes(stream[at + 2 : at + 4], "little")
    return False
