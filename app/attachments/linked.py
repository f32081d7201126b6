"""What an office document loads from elsewhere when it is opened: its template, a frame, a picture, an object, data. A
server on the web, or a shared drive, could thus learn who reads it, or add content that was never checked.

Links that a reader clicks are allowed, and so are names of files on the author's own computer. Entries of an archive
are unpacked up to a limit. Their XML is searched but not parsed, so no entity is expanded. A document that declares
entities, or an encoding other than UTF-8, cannot be searched and is refused.

Sources: ECMA-376 part 2, 9.3 (relationships), OpenDocument 1.3 part 3, 19.909 (xlink:href), Rich Text Format 1.9.1,
[MS-DOC] 2.4.1 (SttbfAssoc).
"""

import html
import re
import zipfile
from collections.abc import Iterator
from typing import IO
from urllib.parse import unquote

from app.attachments.kinds import COMPOUND, DAMAGED, OPEN_DOCUMENT, OPEN_XML, RTF, CannotBeChecked, Kind

MOST_UNPACKED = 32 * 1024 * 1024  # of all entries that are searched
MOST_FOUND, MOST_TEMPLATES = 50_000, 100  # a document has one template, and its text may hold what looks like one
LONGEST_TAG, LONGEST_PATH = 16 * 1024, 1024

TAG = re.compile(rb"""<([\w.:-]+)((?:\s+[\w.:-]+\s*=\s*(?:"[^"]*"|'[^']*'))*+)\s*/?>""")
ATTRIBUTE = re.compile(rb"""([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
NO_ELEMENT = (b"<!", b"<?", b"</")
ENCODING = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([\w.-]+)["']""")
ENCODINGS = frozenset({b"utf-8", b"us-ascii"})
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

CONNECTIONS = "connections.xml"
YES = frozenset({"1", "true"})
OPEN_DOCUMENT_PARTS = ("content.xml", "styles.xml", "meta.xml", "settings.xml")
# Elements that load something only when a reader clicks: links, areas of a picture, forms and their buttons.
FOLLOWED = frozenset({"a", "area-rectangle", "area-circle", "area-polygon", "form", "button", "event-listener"})

SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:")  # a single letter is a drive
IN_REACH = re.compile(r"file:/?[^/]|file:///[^/]|vnd\.sun\.star\.package:|data:")  # on a drive, or within the document

# A control word of RTF, and not the same word after a backslash in the text, which is written twice.
RTF_TEMPLATE = re.compile(rb"(?<!\\)(?:\\\\)*\\template(?![a-z])([^}]{0,1024})")
RTF_LINKED_OBJECT = re.compile(rb"(?<!\\)(?:\\\\)*\\obj(?:autlink|update)(?![a-z])")
RTF_SIGN = re.compile(rb"\\'([0-9a-fA-F]{2})|\\u(-?\d{1,6}) ?\??|\\([\\{}])|[\r\n]|(\\[a-z*]|\{)")
# Beginning of the table of texts about a document in binary files of Word; its second text is the template's path.
DOC_TEXTS = re.compile(rb"\xff\xff\x12\x00\x00\x00")


def loads_from_elsewhere(file: IO[bytes], kind: Kind) -> bool:
    """Whether a document of this kind loads something from the web or a shared drive. Raises CannotBeChecked."""
    if kind in OPEN_XML.values() or kind in OPEN_DOCUMENT.values():
        return _archive_loads(file, kind)
    if kind is RTF or kind is COMPOUND["WordDocument"]:
        file.seek(0)
        content = file.read()
        return _rtf_loads(content) if kind is RTF else _doc_loads(content)
    return False


def is_elsewhere(target: str) -> bool:
    """Whether the target of a link is on the web or a shared drive, and not beside the document or on a local drive."""
    path = unquote(target).strip().lower().replace("\\", "/").replace("file://localhost/", "file:///", 1)
    return path.startswith("//") or bool(SCHEME.match(path) and not IN_REACH.match(path))


def _archive_loads(file: IO[bytes], kind: Kind) -> bool:
    is_loaded = _open_xml_loads if kind in OPEN_XML.values() else _open_document_loads
    left = MOST_UNPACKED
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                mark = _mark_in(entry.filename.casefold(), kind)
                if not mark:
                    continue
                with archive.open(entry) as part:
                    content = part.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise CannotBeChecked
                if any(is_loaded(name, attributes) for name, attributes in _elements(content, mark)):
                    return True
    except DAMAGED as error:
        raise CannotBeChecked from error
    return False


def _mark_in(name: str, kind: Kind) -> bytes:
    """The attribute that shows what a part with this name loads; b"" if it loads nothing."""
    if kind in OPEN_DOCUMENT.values():
        return b"href" if name.rpartition("/")[2] in OPEN_DOCUMENT_PARTS else b""
    if name.endswith(CONNECTIONS):
        return b"refreshOnLoad"
    return b"TargetMode" if name.endswith(".rels") else b""


def _open_xml_loads(name: str, attributes: dict[str, str]) -> bool:
    if name == "connection":
        return attributes.get("refreshOnLoad", "") in YES
    is_external = attributes.get("TargetMode", "").strip().casefold() == "external"
    is_followed = attributes.get("Type", "").strip().endswith("/hyperlink")
    return is_external and not is_followed and is_elsewhere(attributes.get("Target", ""))


def _open_document_loads(name: str, attributes: dict[str, str]) -> bool:
    return name not in FOLLOWED and is_elsewhere(attributes.get("href", ""))


def _elements(content: bytes, mark: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """The elements that have this attribute, as `(name, attributes)`, all names without their prefixes.

    Raises CannotBeChecked if the content cannot be searched, or has too many such elements.
    """
    _refuse_what_hides(content)
    at = found = 0
    while (at := content.find(mark, at)) >= 0:
        found += 1
        start = content.rfind(b"<", max(at - LONGEST_TAG, 0), at)
        tag = TAG.match(content, start, start + LONGEST_TAG) if start >= 0 else None
        is_element = not content.startswith(NO_ELEMENT, max(start, 0))
        if found > MOST_FOUND or (is_element and tag is None):
            raise CannotBeChecked
        if tag is not None and tag.end() > at:
            yield _local(tag[1]), {_local(name): _text(one or two) for name, one, two in ATTRIBUTE.findall(tag[2])}
        at = content.find(b"<", at)  # up to the next tag is text
        if at < 0:
            return


def _refuse_what_hides(content: bytes) -> None:
    head = content[:LONGEST_TAG].removeprefix(BYTE_ORDER_MARK).lstrip()
    declared = ENCODING.match(head)
    is_other = declared is not None and declared[1].lower() not in ENCODINGS
    is_cut = head.startswith(b"<?xml") and b"?>" not in head
    if is_other or is_cut or not head.startswith(b"<") or b"\0" in head or b"<!DOCTYPE" in content:
        raise CannotBeChecked


def _local(name: bytes) -> str:
    return name.rpartition(b":")[2].decode("ascii")


def _text(value: bytes) -> str:
    return html.unescape(value.decode("utf-8", "replace"))


def _rtf_loads(content: bytes) -> bool:
    if RTF_LINKED_OBJECT.search(content):
        return True
    for number, found in enumerate(RTF_TEMPLATE.finditer(content)):
        if number >= MOST_TEMPLATES:
            raise CannotBeChecked
        if is_elsewhere(_rtf_text(found[1])):
            return True
    return False


def _rtf_text(written: bytes) -> str:
    """The text of these RTF escapes. Anything else does not belong in a path, and counts as being elsewhere."""

    def sign(found: re.Match[bytes]) -> bytes:
        in_hexadecimal, in_unicode, itself, word = found.groups()
        if in_hexadecimal:
            return bytes([int(in_hexadecimal, 16)])
        if in_unicode:
            return chr(int(in_unicode) % 0x100).encode("latin-1")
        return b"\0" if word else itself or b""

    text = RTF_SIGN.sub(sign, written)
    return "//" if b"\0" in text else text.decode("latin-1")


def _doc_loads(content: bytes) -> bool:
    for number, found in enumerate(DOC_TEXTS.finditer(content)):
        if number >= MOST_TEMPLATES:
            raise CannotBeChecked
        at = found.end() + 2 + 2 * int.from_bytes(content[found.end() : found.end() + 2], "little")
        length = min(int.from_bytes(content[at : at + 2], "little"), LONGEST_PATH)
        if is_elsewhere(content[at + 2 : at + 2 + 2 * length].decode("utf-16-le", "replace")):
            return True
    return False
