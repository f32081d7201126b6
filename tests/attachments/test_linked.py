"""Documents that load something from elsewhere when they are opened are refused."""

import io

import pytest
from flask.testing import FlaskClient

from app.attachments import linked
from app.attachments.kinds import CannotBeChecked, recognize
from app.attachments.linked import is_elsewhere, loads_from_elsewhere
from tests.attachments.conftest import send
from tests.attachments.samples import OPEN_XML, compound, open_document, open_xml
from tests.world import World

WORD = f"{OPEN_XML}wordprocessingml.document.main+xml"
EXCEL = f"{OPEN_XML}spreadsheetml.sheet.main+xml"
TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WEB, SHARE = "https://evil.example/t.dotm", r"\\evil.example\share\t.dotm"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'


def relations(kind: str, target: str, mode: str = 'TargetMode="External"', head: str = HEAD) -> bytes:
    """A Word document with one relationship."""
    one = f'<Relationship Id="rId1" Type="{TYPES}/{kind}" Target="{target}" {mode}/>'
    return open_xml(WORD, **{"word/_rels/settings.xml.rels": f"{head}<Relationships>{one}</Relationships>".encode()})


def text(content: str, part: str = "content.xml", kind: str = "text") -> bytes:
    whole = f"{HEAD}<office:document {XLINK}>{content}</office:document>"
    return open_document(kind, **{part: whole.encode()})


def rtf(path: str) -> bytes:
    return rb"{\rtf1\ansi{\*\template " + path.encode("latin-1") + b"}Words.}"


def word_97(template: str) -> bytes:
    """A document whose table of texts names a template."""
    texts = b"\xff\xff\x12\0\0\0" + b"\0\0"
    texts += len(template).to_bytes(2, "little") + template.encode("utf-16-le") + b"\0\0" * 16
    return compound("WordDocument", "1Table") + texts + b"\0" * 512


def loads(content: bytes) -> bool:
    return loads_from_elsewhere(io.BytesIO(content), recognize(io.BytesIO(content))[0])


LOADING = {
    "template-on-the-web.docx": relations("attachedTemplate", WEB),
    "template-on-a-share.docx": relations("attachedTemplate", SHARE),
    "template-on-a-server.docx": relations("attachedTemplate", "file://evil.example/t.dotm"),
    "template-in-signs.docx": relations("attachedTemplate", "&#104;ttps://evil.example", "TargetMode='&#69;xternal'"),
    "frame.docx": relations("frame", WEB),
    "picture.docx": relations("image", "http://evil.example/pixel.png"),
    "object.docx": relations("oleObject", "mhtml:http://evil.example/x!x-usc:http://evil.example/x"),
    "data.xlsx": open_xml(EXCEL, **{"xl/connections.xml": b'<connection id="1" refreshOnLoad="1"/>'}),
    "template.odt": text(f'<meta:template xlink:href="{WEB}" xlink:actuate="onRequest"/>', "meta.xml"),
    "section.odt": text('<text:section-source xlink:href="//evil.example/share/a.odt"/>'),
    "picture.odt": text(f'<draw:image xlink:type="simple" xlink:href="{WEB}" xlink:actuate="onLoad"/>'),
    "picture-past-a-sign.odt": text(f'<draw:image draw:name="a > b" xlink:href="{WEB}"/>'),
    "object.ods": text(f'<draw:object xlink:href="{WEB}"/>', "Object 1/content.xml", "spreadsheet"),
    "template.rtf": rtf("https://evil.example/t.dotm"),
    "template-in-signs.rtf": rtf(r"\'68\'74tp\u58?//evil.example"),
    "template-on-a-share.rtf": rtf(r"\\\\evil.example\\share\\t.dotm"),
    "template-in-parts.rtf": rtf(r"{\b h}ttps://evil.example/t.dotm"),
    "template-in-parts-further-on.rtf": rtf(r"ht{\b0 tp}s://evil.example/t.dotm"),
    "template-after-a-backslash.rtf": rb"{\rtf1 C:\\{\*\template https://evil.example}}",
    "object.rtf": rb"{\rtf1{\object\objautlink\objupdate{\*\objdata 01}}}",
    "template.doc": word_97(WEB),
}
HARMLESS = {
    "plain.docx": open_xml(WORD),
    "links.docx": relations("hyperlink", WEB),
    "own-template.docx": relations("attachedTemplate", r"file:///C:\Users\Ana\Templates\Letter.dotm"),
    "other-sheet.docx": relations("externalLinkPath", "Budget%202012.xlsx"),
    "picture.docx": relations("image", "media/image1.png", ""),
    "about-html.odt": text(f"<text:p>Write href=\"{WEB}\" there, or xlink:href='{WEB}'.</text:p>"),
    "links.odt": text(f'<text:p><text:a xlink:type="simple" xlink:href="{WEB}">here</text:a></text:p>'),
    "picture.odt": text('<draw:image xlink:href="Pictures/1.png" xlink:actuate="onLoad"/>'),
    "own-template.odt": text('<meta:template xlink:href="../Vorlagen/Brief.ott"/>', "meta.xml"),
    "own-template.rtf": rtf(r"C:\\Users\\Jos\'e9\\Letter.dotm"),
    "own-template.doc": word_97(r"C:\Templates\Normal.dot"),
    "about-templates.rtf": rb"{\rtf1 Save it in C:\\template\par or as \\template https://example.org}",
    "about.rtf": rb"{\rtf1 See https://example.org, or {\field{\*\fldinst HYPERLINK https://example.org}}}",
}
HIDING = {
    "entity.docx": relations("attachedTemplate", "&place;", head=f'{HEAD}<!DOCTYPE r [<!ENTITY place "{WEB}">]>'),
    "encoding.docx": relations("image", "a", head='<?xml version="1.0" encoding="UTF-7"?>'),
    "utf-16.docx": open_xml(WORD, **{"_rels/.rels": '<Relationships TargetMode="a"/>'.encode("utf-16")}),
    "late.docx": relations("image", "a", head='<?xml version="1.0"' + " " * 20_000 + 'encoding="UTF-7"?>'),
    "cut.docx": open_xml(WORD, **{"_rels/.rels": b'<Relationship TargetMode="External'}),
    "many.odt": open_document("text", **{"styles.xml": b'<a href="b"/>' * 50_001}),
}


@pytest.mark.parametrize("name", LOADING)
def test_document_that_loads_from_the_web_or_a_shared_drive_is_refused_with_the_reason(name, world: World, alice, rows):
    answer = send(alice, f"/en/topics/{world.topic}/reply/", {name: LOADING[name]})

    assert answer.status_code == 422
    assert f"“{name}” loads a template or other content from the web or a shared drive" in answer.text
    assert rows() == []


@pytest.mark.parametrize("name", HARMLESS)
def test_document_with_ordinary_links_or_local_files_is_accepted(name, attach):
    assert attach(name, HARMLESS[name]).name == name


@pytest.mark.parametrize("name", HIDING)
def test_document_whose_parts_cannot_be_searched_is_refused(name, world: World, alice: FlaskClient):
    answer = send(alice, f"/en/topics/{world.topic}/reply/", {name: HIDING[name]})

    assert answer.status_code == 422
    assert f"“{name}” cannot be checked" in answer.text


def test_document_whose_parts_are_too_large_to_be_searched_is_refused(monkeypatch: pytest.MonkeyPatch):
    content = text("<text:p>Words</text:p>" * 50)
    assert loads(content) is False

    monkeypatch.setattr(linked, "MOST_UNPACKED", 1_000)
    with pytest.raises(CannotBeChecked):
        loads(content)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("https://a.example/b", True),
        ("HTTP://a.example/b", True),
        ("ftp://a.example/b", True),
        (r"\\server\share\b", True),
        ("//server/share/b", True),
        ("file://server/share/b", True),
        (r"file:///\\server\share\b", True),
        ("file:////server/share/b", True),
        ("file:///%5C%5Cserver/b", True),
        ("file://localhost//server/b", True),
        (r"\\?\UNC\server\share", True),
        ("search-ms:query=a", True),
        ("file:///C:/b", False),
        ("file://localhost/C:/b", False),
        ("file:/home/b", False),
        (r"C:\b\c.dot", False),
        ("Pictures/1.png", False),
        ("../b.ott", False),
        ("#anchor", False),
        ("", False),
    ],
)
def test_addresses_on_the_web_and_on_shared_drives_are_elsewhere(target: str, expected: bool):
    assert is_elsewhere(target) is expected
