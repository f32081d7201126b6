"""The kind of a file is recognized by its content, and its name must agree."""

import io
import zipfile

import pytest
from flask.testing import FlaskClient

from app.attachments.kinds import CannotBeChecked, HasMacros, Unrecognized, recognize
from tests.attachments.conftest import path_of, send
from tests.attachments.samples import (
    GIF,
    GOOD,
    OPEN_XML,
    PDF,
    PNG,
    RTF,
    TEXT,
    archive,
    bomb,
    compound,
    open_document,
    open_xml,
)
from tests.world import World

WORD = f"{OPEN_XML}wordprocessingml.document.main+xml"
DOCX = GOOD["letter.docx"][1]


def told(content: bytes) -> list[str]:
    """The usual endings of the kinds that this content can be."""
    return [kind.endings[0] for kind in recognize(io.BytesIO(content))]


def refused(alice: FlaskClient, world: World, name: str, content: bytes) -> str:
    """The error in the form for a refused file."""
    answer = send(alice, f"/en/topics/{world.topic}/reply/", {name: content})
    assert answer.status_code == 422
    return answer.text


@pytest.mark.parametrize("name", GOOD)
def test_accepted_file_is_served_as_its_kind(name: str, alice: FlaskClient, attach):
    media_type, content = GOOD[name]

    given = alice.get(path_of(attach(name, content)), buffered=True)

    assert given.mimetype == media_type
    assert given.data == content


def test_name_that_does_not_match_the_content_is_refused_with_what_would(world, alice):
    wrong = []
    for name, content, ending in (
        ("report.pdf", PNG, ".png"),
        ("photo.png", PDF, ".pdf"),
        ("letter.docx", PDF, ".pdf"),
        ("letter.docx", GOOD["sheet.xlsx"][1], ".xlsx"),
        ("letter.odt", DOCX, ".docx"),
        ("old.xls", compound("WordDocument"), ".doc"),
        ("photo.gif", TEXT, ".txt"),
        ("note.txt", GIF, ".gif"),
        ("note.txt", RTF, ".rtf"),
        ("table.csv", b"%PDF-1.7 but text", ".pdf"),
    ):
        said = refused(alice, world, name, content)
        if (
            f"The content of “{name}” does not match its name" not in said
            or f"a name that ends in {ending}" not in said
        ):
            wrong.append((name, content, ending))

    assert wrong == []


def test_file_of_another_kind_is_refused_with_what_is_taken(world, alice: FlaskClient):
    wrong = []
    for name, content in (
        ("page.html", b"<!doctype html><script>alert(1)</script>"),
        ("image.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
        ("program.js", b"alert(1)"),
        ("program.exe", b"MZ\x90\0\3\0\0\0"),
        ("archive.zip", archive({"a.txt": b"a"})),
        ("book.epub", archive({"mimetype": b"application/epub+zip"})),
        ("program.jar", archive({"META-INF/MANIFEST.MF": b"x"})),
        ("program.msi", compound("SummaryInformation")),
        ("letter.docx", archive({"word/document.xml": b"<a/>"})),
        ("letter.docx", open_xml("application/xml")),
        ("letter.dotx", open_xml(f"{OPEN_XML}wordprocessingml.template.main+xml")),
        ("show.ppsx", open_xml(f"{OPEN_XML}presentationml.slideshow.main+xml")),
        ("template.ott", open_document("text-template")),
        ("video.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0"),
        ("photo.png", b"\x89PNG but no more"),
    ):
        said = refused(alice, world, name, content)
        if (
            f"“{name}” is of a type that cannot be attached." not in said
            or ".pdf, .docx, .xlsx, .pptx, .odt, .ods, .odp, .doc, .xls, .ppt, .rtf, .png, .jpg, .jpeg, .gif"
            not in said
        ):
            wrong.append((name, content))

    assert wrong == []


def test_text_in_another_encoding_or_with_control_characters_is_refused(world, alice: FlaskClient):
    assert [
        (content, name)
        for content in (b"Caf\xe9", b"a\0b", "Größe".encode("utf-16"), b"\x1b[2Jterminal", "a\u0085b".encode())
        for name in ("note.txt", "table.csv")
        if f"“{name}” is not plain text in UTF-8." not in refused(alice, world, name, content)
    ] == []


MACRO_WORD = "application/vnd.ms-word.document.macroEnabled.main+xml"


def test_document_with_macros_is_refused(world: World, alice: FlaskClient):
    assert [
        (name, content)
        for name, content in (
            ("letter.docm", open_xml(MACRO_WORD)),
            ("letter.docx", open_xml(MACRO_WORD)),
            ("letter.docx", open_xml(WORD, "application/vnd.ms-office.vbaProject")),
            ("letter.docx", open_xml(WORD, "application/vnd.ms-office.vba&#80;roject")),
            ("letter.docx", open_xml(WORD, "application/vnd.ms-excel.sheet.macroEnabled.12")),
            ("letter.docx", open_xml(WORD, **{"word/VBAProject.bin": b"x"})),
            ("sheet.xlsb", open_xml("application/vnd.ms-excel.sheet.binary.macroEnabled.main")),
            ("letter.odt", open_document("text", **{"Basic/script-lc.xml": b"x"})),
            ("letter.odt", open_document("text", **{"Scripts/python/a.py": b"x"})),
            ("old.doc", compound("WordDocument", "Macros", "_VBA_PROJECT")),
            ("old.xls", compound("Workbook", "_VBA_PROJECT_CUR")),
        )
        if f"“{name}” contains macros" not in refused(alice, world, name, content)
    ] == []


def encrypted() -> bytes:
    content = bytearray(DOCX)
    at = content.find(b"PK\1\2")
    content[at + 8] |= 1
    return bytes(content)


def with_longer_directory() -> bytes:
    """An archive that claims to have a list of entries of two gigabytes."""
    content = bytearray(DOCX)
    at = content.rfind(b"PK\5\6")
    content[at + 12 : at + 16] = (2**31).to_bytes(4, "little")
    return bytes(content)


LONG_NAMES = archive({"[Content_Types].xml": b"x", **{f"{n:0>600}": b"" for n in range(2_000)}})
OF_TWO_GIGABYTES = DOCX[:-22] + b"PK\x06\x07" + b"\0" * 16 + DOCX[-22:]
DAMAGED = {
    "bomb": bomb(),
    "cut": DOCX[:-30],
    "no list of entries": DOCX[: DOCX.find(b"PK\1\2")],
    "encrypted": encrypted(),
    "too many entries": archive({"[Content_Types].xml": b"x", **{f"{n}": b"" for n in range(5_001)}}),
    "long list of entries": with_longer_directory(),
    "entries of long names": LONG_NAMES,
    "of two gigabytes": OF_TWO_GIGABYTES,
    "packed by another method": archive({"[Content_Types].xml": b"x" * 99}, zipfile.ZIP_LZMA),
    "endless list of types": archive(
        {"[Content_Types].xml": b" " * 2 * 1024 * 1024, "noise": bytes(range(256)) * 200}, zipfile.ZIP_STORED
    ),
}


def test_archive_that_cannot_be_checked_is_refused(world: World, alice: FlaskClient):
    assert [
        what
        for what in DAMAGED
        if "“letter.docx” cannot be checked" not in refused(alice, world, "letter.docx", DAMAGED[what])
    ] == []


def test_zip_bomb_is_refused_without_being_unpacked(monkeypatch: pytest.MonkeyPatch):
    content = DAMAGED["bomb"]
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_arguments: pytest.fail("something was unpacked"))

    with pytest.raises(CannotBeChecked):
        told(content)


@pytest.mark.parametrize("what", ["entries of long names", "long list of entries", "of two gigabytes"])
def test_huge_list_of_entries_is_not_read(what, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_arguments: pytest.fail("the list was read"))

    with pytest.raises(CannotBeChecked):
        told(DAMAGED[what])


def test_entry_larger_than_declared_is_not_read_to_its_end():
    content = bytearray(archive({"[Content_Types].xml": b" " * 40_000_000, "noise": bytes(range(256)) * 20}))
    for at in (content.find(b"PK\3\4") + 22, content.find(b"PK\1\2") + 24):
        content[at : at + 4] = (100).to_bytes(4, "little")

    with pytest.raises((CannotBeChecked, Unrecognized)):
        told(bytes(content))


def test_two_entries_with_one_name_are_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("mimetype", b"application/epub+zip")
        with pytest.warns(UserWarning, match="Duplicate name"):
            made.writestr("mimetype", b"application/vnd.oasis.opendocument.text")

    with pytest.raises(CannotBeChecked):
        told(buffer.getvalue())


def test_document_with_an_embedded_one_is_identified_by_its_name():
    assert told(compound("WordDocument", "Workbook")) == [".doc", ".xls"]


def test_name_of_a_stream_counts_only_in_the_directory():
    text = "WordDocument".encode("utf-16-le")

    with pytest.raises(Unrecognized):
        told(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + text * 100)


def test_deleted_stream_does_not_count():
    with pytest.raises(Unrecognized):
        told(compound("WordDocument").replace(b"\x1a\0\2", b"\x1a\0\0"))


def test_damaged_archives_cause_no_internal_error():
    """Every byte of the list of entries, and of the first entry, changed in turn."""
    for at in range(len(DOCX)):
        damaged = DOCX[:at] + bytes([DOCX[at] ^ 0xFF]) + DOCX[at + 1 :]
        try:
            told(damaged)
        except (CannotBeChecked, HasMacros, Unrecognized):
            continue
