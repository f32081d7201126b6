"""File names are shown and sent to browsers; dangerous characters are removed when a file is uploaded."""

import pytest
from flask.testing import FlaskClient

from app.attachments.uploads import clean_name
from app.models import Attachment
from tests.attachments.conftest import path_of
from tests.attachments.samples import GOOD, PDF


def test_name_is_cleaned():
    wrong = []
    for sent, kept in (
        ("report.pdf", "report.pdf"),
        ("Añadido n.º 2 – versión final.pdf", "Añadido n.º 2 – versión final.pdf"),
        ("rapport\n\r\t\x00final.pdf", "rapport final.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\me\\report.pdf", "report.pdf"),
        ("/srv/report.pdf", "report.pdf"),
        ('a"b"; filename=x.exe;.pdf', "a_b_; filename=x.exe;.pdf"),
        ("a<b>:|?*.pdf", "a_b_____.pdf"),
        ("fdp.\u202egnp.pdf", "fdp.gnp.pdf"),
        ("\u200eleft\u200fright\u061c.pdf", "leftright.pdf"),
        ("e\u0301.pdf", "\u00e9.pdf"),
        ("  spaces   inside .pdf", "spaces inside.pdf"),
        (".htaccess.pdf", "htaccess.pdf"),
        ("report.pdf...", "report.pdf"),
        ("...", "file"),
        ("\x00\u202e", "file"),
        ("ملف.pdf", "ملف.pdf"),
        ("x" * 500 + ".pdf", "x" * 144 + ".pdf"),
        ("x" * 500, "x" * 144),
        ("a." + "x" * 500, "a." + "x" * 142),
    ):
        if clean_name(sent) != kept or len(kept) > Attachment.MAX_NAME - 2:
            wrong.append((sent, kept))

    assert wrong == []


def test_name_of_five_hundred_characters_keeps_its_ending(attach, alice: FlaskClient):
    row = attach("x" * 500 + ".pdf", PDF)

    assert row.name.endswith("x.pdf")
    assert alice.get(path_of(row), buffered=True).status_code == 200


def test_name_without_an_ending_gets_that_of_its_content(attach):
    assert attach("report", PDF).name == "report.pdf"


def test_name_with_an_ending_in_capitals_is_unchanged(attach):
    assert attach("REPORT.PDF", PDF).name == "REPORT.PDF"


@pytest.mark.parametrize(
    "sent", ['a"b.txt', "a\\b.txt", "résumé.txt", "报告.txt", "%0d%0aSet-Cookie: x=1.txt", "a;b=c.txt", "'a'.txt"]
)
def test_header_with_the_name_is_one_line_that_all_browsers_understand(sent: str, attach, alice: FlaskClient):
    row = attach(sent)
    headers = alice.get(path_of_quoted(row), buffered=True).headers

    [disposition] = headers.getlist("Content-Disposition")
    assert disposition.startswith("attachment; filename=")
    assert "filename*=UTF-8''" in disposition
    assert disposition.isascii()
    assert disposition.isprintable()
    assert "Set-Cookie" not in headers


def path_of_quoted(row: Attachment) -> str:
    return path_of(row).replace("%", "%25")


def test_other_letters_are_encoded_by_rfc_5987(attach, alice: FlaskClient):
    disposition = alice.get(path_of(attach("Résumé n.º 1.txt")), buffered=True).headers["Content-Disposition"]

    assert "filename*=UTF-8''R%C3%A9sum%C3%A9%20n.%C2%BA%201.txt" in disposition
    assert 'filename="Resume n.o 1.txt"' in disposition


@pytest.mark.parametrize("name", ["报告.txt", "ملف.txt", "отчёт № 1.txt"])
def test_old_browsers_get_a_name_also_where_none_of_its_letters_is_ascii(name: str, attach, alice: FlaskClient):
    row = attach(name)
    disposition = alice.get(path_of(row), buffered=True).headers["Content-Disposition"]

    simple = disposition.partition("filename=")[2].partition(";")[0].strip('"')
    assert simple in {f"file-{row.id}.txt", " No 1.txt", "No 1.txt"}


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>.txt", "{{7*7}}.txt", "%(name)s.txt", "[number].txt"])
def test_hostile_name_stays_text(name: str, attach, world, visitor: FlaskClient, alice: FlaskClient):
    attach(name)

    for path in (f"/en/topics/{world.topic}/", f"/en/print/topics/{world.topic}/", "/en/feeds/forums/open-forum.atom"):
        page = visitor.get(path).text
        assert "<img" not in page
        assert clean_name(name).replace("<", "&lt;").replace(">", "&gt;") in page.replace("%25", "%")


def test_browser_is_given_the_endings_of_every_kind(world, alice: FlaskClient):
    page = alice.get(f"/en/topics/{world.topic}/reply/").text
    offered = page.split('accept="')[1].split('"')[0].split(",")

    assert {f".{name.rpartition('.')[2].lower()}" for name in GOOD} == set(offered)
