"""Small files of every kind that can be attached, and of some that cannot."""

import io
import struct
import zipfile

TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{}</Types>'
OPEN_XML = "application/vnd.openxmlformats-officedocument."
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89"
    b"\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82"
)
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xd9"
GIF = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
WEBP = b"RIFF\x1a\0\0\0WEBPVP8L\r\0\0\0/\0\0\0\x10\7\x10\x11\x11\x88\x88\xfe\7\0"
RTF = rb"{\rtf1\ansi Bonjour.}"
TEXT = "Número; país\r\n1; Perú\r\n\tFin.".encode()


def archive(entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return buffer.getvalue()


def open_xml(main: str, *more: str, **entries: bytes) -> bytes:
    """An office document of Open XML whose main part has this content type, with more types and entries."""
    overrides = "".join(f'<Override PartName="/part" ContentType="{name}"/>' for name in (main, *more))
    return archive({"[Content_Types].xml": TYPES.format(overrides).encode(), "word/document.xml": b"<a/>", **entries})


def open_document(kind: str, **entries: bytes) -> bytes:
    return archive({"mimetype": f"{OPEN_DOCUMENT}{kind}".encode(), "content.xml": b"<a/>", **entries})


def compound(*streams: str) -> bytes:
    """A compound file, as Office wrote them up to 2003, whose directory names these streams."""
    entries = b"".join(_entry(name, 5 if name == "Root Entry" else 2) for name in ("Root Entry", *streams))
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + entries + b"\0" * 512


def bomb(megabytes: int = 60) -> bytes:
    """An archive that claims to be a document and unpacks to a thousand times its size."""
    types = TYPES.format(f'<Override ContentType="{OPEN_XML}wordprocessingml.document.main+xml"/>')
    return archive({"[Content_Types].xml": types.encode(), "word/document.xml": b" " * megabytes * 1024 * 1024})


def _entry(name: str, kind: int) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0"
    return struct.pack("<64sHB61s", encoded, len(encoded), kind, b"")


GOOD = {
    "report.pdf": ("application/pdf", PDF),
    "letter.docx": (f"{OPEN_XML}wordprocessingml.document", open_xml(f"{OPEN_XML}wordprocessingml.document.main+xml")),
    "sheet.xlsx": (f"{OPEN_XML}spreadsheetml.sheet", open_xml(f"{OPEN_XML}spreadsheetml.sheet.main+xml")),
    "talk.pptx": (
        f"{OPEN_XML}presentationml.presentation",
        open_xml(f"{OPEN_XML}presentationml.presentation.main+xml"),
    ),
    "letter.odt": (f"{OPEN_DOCUMENT}text", open_document("text")),
    "sheet.ods": (f"{OPEN_DOCUMENT}spreadsheet", open_document("spreadsheet")),
    "talk.odp": (f"{OPEN_DOCUMENT}presentation", open_document("presentation")),
    "old.doc": ("application/msword", compound("WordDocument", "1Table")),
    "with-sheet.doc": ("application/msword", compound("WordDocument", "Workbook")),
    "old.xls": ("application/vnd.ms-excel", compound("Workbook")),
    "older.xls": ("application/vnd.ms-excel", compound("Book")),
    "old.ppt": ("application/vnd.ms-powerpoint", compound("PowerPoint Document")),
    "note.rtf": ("application/rtf", RTF),
    "map.png": ("image/png", PNG),
    "photo.jpg": ("image/jpeg", JPEG),
    "PHOTO.JPEG": ("image/jpeg", JPEG),
    "icon.gif": ("image/gif", GIF),
    "photo.webp": ("image/webp", WEBP),
    "note.txt": ("text/plain", TEXT),
    "with-mark.txt": ("text/plain", b"\xef\xbb\xbf" + TEXT),
    "table.csv": ("text/csv", TEXT),
}
