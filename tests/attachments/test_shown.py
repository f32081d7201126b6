"""Files are shown with their message or document everywhere: name, kind, size and checksum."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree

from app.extensions import db
from app.languages import KNOWN
from app.models import Document, DocumentText, Message, MessageStatus
from tests.attachments.conftest import committed, count_queries, path_of
from tests.files import make_attachment
from tests.world import World, texts

S = "\N{NO-BREAK SPACE}"


@pytest.fixture
def paper(app: Flask, world: World):
    """A file of Alice's message, with a size of 1.4 MB in its row."""
    with app.app_context():
        message = db.session.get(Message, world.first)
        more = {"media_type": "application/pdf", "size": 1_468_006}
        return committed(make_attachment(message, "Paper, final.pdf", b"%PDF-1.4\n", **more))


@pytest.mark.parametrize(
    ("language", "kind", "size"),
    [
        ("en", "PDF document", f"1.4{S}MB"),
        ("es", "Documento PDF", f"1,4{S}MB"),
        ("fr", "Document PDF", f"1,4{S}Mo"),
    ],
)
def test_message_shows_name_kind_size_and_checksum_of_its_files(language, kind, size, paper, world, visitor):
    page = visitor.get(f"/{language}/topics/{world.topic}/").text

    assert f'href="/attachments/{paper.id}/Paper,%20final.pdf" type="application/pdf"' in page
    assert "<bdi>Paper, final.pdf</bdi>" in page
    assert f"{kind}, {size}" in page
    assert f'SHA-256 <code title="{paper.sha256}">{paper.sha256[:12]}…</code>' in page


@pytest.mark.parametrize(
    ("path", "in_the_annex"),
    [("print/topics/{topic}/", 0), ("print/messages/{first}/", 0), ("print/forums/open-forum/groups/group-1/", 1),
     ("print/forums/open-forum/", 1)]
)  # fmt: skip
def test_printed_pages_have_the_checksum_in_the_annex_alone(path, in_the_annex, paper, world: World, visitor):
    page = visitor.get(f"/en/{path.format_map(vars(world))}").text

    assert "Paper, final.pdf" in page
    assert page.count(f"<code>{paper.sha256}</code>") == page.count("SHA-256 <code>") == in_the_annex
    assert paper.sha256[:12] not in page.partition('id="files"')[0]


def test_feed_names_the_files_as_enclosures(paper, visitor: FlaskClient):
    for path in ("/fr/feeds/forums/open-forum.atom", "/fr/feeds/topics/1.atom"):
        feed = etree.fromstring(visitor.get(path).data)
        [link] = feed.xpath("//a:link[@rel='enclosure']", namespaces={"a": "http://www.w3.org/2005/Atom"})
        assert dict(link.attrib) == {
            "rel": "enclosure",
            "type": "application/pdf",
            "length": "1468006",
            "title": "Paper, final.pdf",
            "href": f"http://127.0.0.1:8000/attachments/{paper.id}/Paper,%20final.pdf",
        }


def test_history_shows_when_a_file_was_attached(paper, world: World, visitor: FlaskClient):
    history = visitor.get(f"/en/messages/{world.first}/history/").text

    assert "Paper, final.pdf" in history
    assert paper.sha256 in history
    assert f"{KNOWN['en'].at(paper.created_at)}</time>" in history.partition("Attached on")[2]


def test_edit_form_offers_to_remove_the_file(paper, world: World, alice: FlaskClient):
    page = alice.get(f"/en/messages/{world.first}/edit/").text

    assert f'<input type="checkbox" name="removed" value="{paper.id}"' in page


def test_message_being_answered_is_shown_with_its_files(paper, world: World, bruno: FlaskClient):
    assert "Paper, final.pdf" in bruno.get(f"/en/topics/{world.topic}/reply/?to={world.first}").text


@pytest.mark.parametrize("status", [MessageStatus.WITHHELD, MessageStatus.WITHDRAWN, MessageStatus.PENDING])
def test_files_of_a_hidden_message_are_shown_to_no_one(status, app, paper, world: World, visitor: FlaskClient, bruno):
    with app.app_context():
        message = db.session.get(Message, world.first)
        message.status = status
        message.withheld_at = message.withdrawn_at = message.posted_at
        message.position = None if status == MessageStatus.PENDING else message.position
        db.session.commit()

    for path in (
        f"topics/{world.topic}/",
        f"print/topics/{world.topic}/",
        "print/forums/open-forum/",
        "feeds/forums/open-forum.atom",
        f"messages/{world.first}/history/",
    ):
        for client in (visitor, bruno):
            assert "final.pdf" not in client.get(f"/en/{path}").text, path


def test_more_files_of_a_message_take_no_more_queries(app: Flask, paper, world: World, visitor: FlaskClient):
    paths = [f"/en/topics/{world.topic}/", f"/en/print/topics/{world.topic}/", "/en/print/forums/open-forum/"]
    before = [count_queries(app, visitor, path) for path in paths]
    with app.app_context():
        for key in (world.first, world.second):
            for number in range(5):
                make_attachment(db.session.get(Message, key), f"{number}.txt")
        db.session.commit()

    assert [count_queries(app, visitor, path) for path in paths] == before
    assert before[0] <= 8


def test_files_are_listed_in_the_order_in_which_they_were_attached(app: Flask, world: World, visitor: FlaskClient):
    names = [f"{number}.txt" for number in (10, 2, 1)]
    with app.app_context():
        for name in names:
            make_attachment(db.session.get(Message, world.first), name)
        db.session.commit()

    page = visitor.get(f"/en/topics/{world.topic}/").text

    assert re.findall(r"<bdi>(\d+\.txt)</bdi>", page) == names


@pytest.fixture
def document_file(app: Flask, world: World):
    with app.app_context():
        document = Document(kind="draft", forum_id=world.forum, texts=texts(DocumentText, title="The draft"))
        db.session.add(document)
        return committed(make_attachment(document, "draft.txt", language="es"))


def test_document_of_a_forum_lists_its_files_with_their_language(document_file, visitor: FlaskClient):
    page = visitor.get("/en/forums/open-forum/").text

    assert path_of(document_file) in page
    assert f'Plain text, 11{S}B, <span lang="es">español</span>' in page


def test_proceedings_have_the_whole_checksum_of_a_document_s_files(document_file, visitor: FlaskClient):
    assert f"<code>{document_file.sha256}</code>" in visitor.get("/en/print/forums/open-forum/").text


def test_more_documents_and_files_of_a_forum_take_no_more_queries(app, document_file, world: World, visitor):
    before = count_queries(app, visitor, "/en/forums/open-forum/")
    with app.app_context():
        for number in range(10):
            document = Document(kind="draft", forum_id=world.forum, texts=texts(DocumentText, title=f"Draft {number}"))
            db.session.add(document)
            make_attachment(document, "draft.txt")
        db.session.commit()

    assert count_queries(app, visitor, "/en/forums/open-forum/") == before
