"""Sending files, and finding out what is stored of them."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from app.extensions import db
from app.models import Attachment
from app.storage import storage
from tests.clients import Client
from tests.world import World

Files = dict[str, bytes]


def send(
    client: Client, path: str, files: Files | list[tuple[str, bytes]] = (), *, field: str = "files", **fields: Any
) -> Any:
    """Send a form with a text and with files, by their names, in this field; a list of pairs where names are the same.

    The test client would keep a large form in a temporary file and forget to close it.
    """
    pairs = files.items() if isinstance(files, dict) else files
    sent = [FileStorage(io.BytesIO(content), name) for name, content in pairs]
    data = client.with_version(path, {"body": "See the file.", "language": "en", **fields, field: sent})
    boundary, content = encode_multipart(data)
    return client.post(path, data=content, content_type=f"multipart/form-data; boundary={boundary}")


@pytest.fixture(autouse=True)
def emptied(app: Flask) -> None:
    """A storage without the files of earlier tests."""
    with app.app_context():
        for key in list(storage().keys(older_than=-1)):
            storage().delete(key)


@pytest.fixture
def stored(app: Flask) -> Callable[[], set[str]]:
    """The keys of all files in the storage."""

    def keys() -> set[str]:
        with app.app_context():
            return set(storage().keys(older_than=-1))

    return keys


@pytest.fixture
def rows(app: Flask) -> Callable[[], list[Attachment]]:
    """All attachments, oldest first."""

    def found() -> list[Attachment]:
        with app.app_context():
            return db.session.query(Attachment).order_by(Attachment.id).all()

    return found


@pytest.fixture
def attach(app: Flask, world: World, alice: FlaskClient, rows) -> Callable[..., Attachment]:
    """Has Alice reply with a file, and returns the attachment."""

    def post(name: str = "note.txt", content: bytes = b"A note.\n") -> Attachment:
        answer = send(alice, f"/en/topics/{world.topic}/reply/", {name: content})
        assert answer.status_code == 302, answer.text
        return rows()[-1]

    return post


def path_of(attachment: Attachment) -> str:
    return f"/attachments/{attachment.id}/{attachment.name}"


def committed(attachment: Attachment) -> Attachment:
    """The attachment, readable after the application context has ended."""
    db.session.commit()
    db.session.refresh(attachment)
    db.session.expunge(attachment)
    return attachment


def count_queries(app: Flask, client: FlaskClient, path: str) -> int:
    """How many statements a page takes."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(statements)
