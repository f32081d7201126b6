"""Administrators attach files to documents of a forum; the log records every step."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError

from app.database import utcnow
from app.extensions import db
from app.models import Attachment, Document, DocumentText, Forum, LogEntry
from tests.attachments.conftest import Files, path_of, send
from tests.attachments.samples import PDF
from tests.clients import Client
from tests.world import World, texts


@pytest.fixture
def document(app: Flask, world: World) -> int:
    """A document of the open forum."""
    with app.app_context():
        made = Document(kind="draft", forum_id=world.forum, texts=texts(DocumentText, title="The draft"))
        db.session.add(made)
        db.session.commit()
        return made.id


def path(document: int) -> str:
    return f"/en/admin/documents/{document}/edit/"


def attach_to(client: Client, document: int, files: Files, language: str = "en", **more: Any) -> Any:
    """Send the form of a document with files in a language, "other" for none of the site's."""
    fields = {"kind": "draft", "position": "0", **more}
    fields |= {f"{code}-title": f"The draft ({code})" for code in ("en", "es", "fr")}
    return send(client, path(document), files, field=f"{language}-files", **fields)


def log(app: Flask) -> list[tuple[str, str, list[dict]]]:
    with app.app_context():
        entries = db.session.query(LogEntry).order_by(LogEntry.id)
        return [(entry.action, entry.subject, entry.detail) for entry in entries]


def test_administrator_attaches_files_in_a_language(app: Flask, document: int, admin, visitor: FlaskClient, rows):
    answer = attach_to(admin, document, {"draft.pdf": PDF, "notes.txt": b"N"}, language="fr")

    assert answer.status_code == 302
    assert [(row.name, row.language) for row in rows()] == [("draft.pdf", "fr"), ("notes.txt", "fr")]
    assert visitor.get(path_of(rows()[0]), buffered=True).data == PDF
    [(action, subject, detail)] = log(app)
    assert (action, subject) == ("edit", "The draft (en)")
    assert detail[0] == {"field": "file", "language": "fr", "old": "", "new": f"draft.pdf (SHA-256 {rows()[0].sha256})"}


def test_language_may_be_none_of_the_site(document: int, admin: FlaskClient, rows):
    attach_to(admin, document, {"draft.pdf": PDF}, language="other")

    assert rows()[0].language == ""


def test_log_names_the_field_and_the_language(app: Flask, document: int, admin: FlaskClient):
    attach_to(admin, document, {"draft.pdf": PDF}, language="fr")

    with app.app_context():
        entry = db.session.query(LogEntry.id).scalar()
    assert "File (français)" in admin.get(f"/en/admin/log/{entry}/").text


def test_files_in_two_languages_come_in_one_form(document: int, admin: FlaskClient, rows):
    attach_to(admin, document, {"projet.pdf": PDF}, language="fr")
    attach_to(admin, document, {"proyecto.pdf": PDF}, language="es")

    assert [(row.name, row.language) for row in rows()] == [("projet.pdf", "fr"), ("proyecto.pdf", "es")]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.txt": b""}, "“a.txt” is empty."),
        ({"a.pdf": b"text"}, "The content of “a.pdf” does not match its name"),
    ],
)
def test_file_that_is_not_taken_is_refused_at_its_field(files, said, app, document, admin, stored):
    answer = attach_to(admin, document, files, language="es")

    assert answer.status_code == 422
    assert said in answer.text
    assert 'href="#es-files"' in answer.text
    assert (stored(), log(app)) == (set(), [])


def test_same_form_sent_twice_attaches_once(document: int, admin: FlaskClient, rows):
    for _ in range(2):
        assert attach_to(admin, document, {"draft.pdf": PDF}, submission="f" * 32).status_code == 302

    assert len(rows()) == 1


def test_deleted_file_leaves_the_disk_and_a_line_in_the_log(app, document, admin, visitor, rows, stored):
    attach_to(admin, document, {"draft.pdf": PDF})
    [row] = rows()

    assert f"Delete {row.name}" in admin.get(path(document)).text
    assert attach_to(admin, document, {}, **{"en-leaving": str(row.id)}).status_code == 302
    assert (rows(), stored()) == ([], set())
    assert visitor.get(path_of(row), buffered=True).status_code == 404
    assert log(app)[-1][2] == [
        {"field": "file", "language": "en", "old": f"draft.pdf (SHA-256 {row.sha256})", "new": ""}
    ]


@pytest.mark.parametrize("kind", ["documents", "forums"])
def test_deleting_a_document_or_its_forum_deletes_its_files(kind, app, admin: FlaskClient, world: World, rows, stored):
    with app.app_context():
        draft = db.session.query(Forum).filter_by(slug="draft-forum").one()
        document = Document(kind="draft", texts=texts(DocumentText, title="The draft"))
        draft.documents.append(document)
        db.session.commit()
        keys = {"documents": document.id, "forums": draft.id}
    attach_to(admin, keys["documents"], {"draft.pdf": PDF})
    assert len(stored()) == 1

    assert admin.post(f"/en/admin/{kind}/{keys[kind]}/delete/").status_code == 302
    assert (rows(), stored()) == ([], set())


def test_archived_forum_takes_files_and_loses_none(app, document: int, admin: FlaskClient, world: World, rows, stored):
    attach_to(admin, document, {"draft.pdf": PDF})
    with app.app_context():
        db.session.get(Forum, world.forum).archived_at = utcnow()
        db.session.commit()

    assert "Delete draft.pdf" not in admin.get(path(document)).text
    assert attach_to(admin, document, {"more.pdf": PDF}, **{"en-leaving": str(rows()[0].id)}).status_code == 302
    assert len(rows()) == len(stored()) == 2


def test_file_of_a_message_is_deleted_by_no_administrator_here(document: int, admin: FlaskClient, attach, stored):
    attach_to(admin, document, {"draft.pdf": PDF})
    row = attach()

    assert attach_to(admin, document, {}, **{"en-leaving": str(row.id)}).status_code == 422
    assert row.key in stored()


@pytest.mark.parametrize("number", ["999", "99999999999999999999"])
def test_document_that_is_not_there_takes_no_files(number: str, admin: FlaskClient, world: World, stored):
    assert send(admin, f"/en/admin/documents/{number}/edit/", {"a.pdf": PDF}).status_code == 404
    assert stored() == set()


@pytest.mark.parametrize("name", ["visitor", "alice", "moderator"])
def test_only_administrators_attach_files_to_documents(name: str, document: int, stored, request):
    client = request.getfixturevalue(name)

    assert attach_to(client, document, {"a.pdf": PDF}).status_code == 403
    assert stored() == set()


def test_no_row_belongs_to_two_things_or_to_none(app: Flask, document: int, world: World):
    values = {"name": "x", "media_type": "x", "size": 1, "sha256": "x", "key": "x"}
    for owners in ({}, {"message_id": world.first, "document_id": document}):
        with app.app_context():
            db.session.add(Attachment(**values, **owners))
            with pytest.raises(IntegrityError, match="belongs_to_one_thing"):
                db.session.commit()
