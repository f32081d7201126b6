"""A file is on disk before its message is committed, and a failed action leaves no file behind."""

import hashlib
import io
import os
import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db, transaction
from app.forums import actions
from app.models import Attachment, Message
from app.storage import LocalFolder, storage
from config import Config
from tests.attachments.conftest import path_of, send
from tests.world import World

KEY = "0123456789abcdef" * 2


@pytest.fixture
def folder(tmp_path: Path) -> LocalFolder:
    return LocalFolder(tmp_path / "files")


def all_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def make_older(app: Flask, key: str) -> None:
    """Store a file as if two hours ago."""
    path = storage_folder(app) / key[:2] / key
    os.utime(path, (time.time() - 7_200,) * 2)


def storage_folder(app: Flask) -> Path:
    return app.extensions["storage"].folder


def test_content_is_read_as_it_was_stored(folder: LocalFolder):
    folder.put(KEY, io.BytesIO(b"Content"))

    with folder.open(KEY) as file:
        assert file.read() == b"Content"
    assert folder.exists(KEY)
    assert list(folder.keys(older_than=-1)) == [KEY]


def test_content_is_synced_to_disk_before_it_gets_its_name(folder: LocalFolder, monkeypatch: pytest.MonkeyPatch):
    synced = []

    def note(handle: int) -> None:
        synced.append((str(Path(f"/proc/self/fd/{handle}").readlink()), folder.exists(KEY)))

    monkeypatch.setattr(os, "fsync", note)

    folder.put(KEY, io.BytesIO(b"Content"))

    content = str(folder.folder / "unfinished" / KEY)
    assert (content, False) in synced
    assert synced[-1] == (str(folder.folder / KEY[:2]), True)


def test_content_that_cannot_be_read_completely_leaves_nothing(folder: LocalFolder):
    class Broken(io.BytesIO):
        def read(self, *_arguments):
            raise OSError("The line broke.")

    with pytest.raises(OSError, match="broke"):
        folder.put(KEY, Broken())
    assert all_files(folder.folder) == []


def test_content_is_stored_once_and_can_be_deleted_twice(folder: LocalFolder):
    folder.put(KEY, io.BytesIO(b"Content"))
    for _ in range(2):
        folder.delete(KEY)

    assert not folder.exists(KEY)
    with pytest.raises(FileNotFoundError):
        folder.open(KEY)


@pytest.mark.parametrize("key", ["", "../secret-key", "/etc/passwd", KEY + "0", KEY.upper(), KEY[:-1] + "/"])
def test_malformed_keys_are_refused(key: str, folder: LocalFolder):
    for use in (folder.open, folder.delete, folder.exists, lambda key: folder.put(key, io.BytesIO(b"x"))):
        with pytest.raises(ValueError, match="not the key of a content"):
            use(key)


def test_folder_is_accessible_to_its_owner_only(folder: LocalFolder):
    folder.put(KEY, io.BytesIO(b"Content"))

    assert {path.stat().st_mode & 0o777 for path in (folder.folder, *folder.folder.iterdir())} == {0o700}


def test_files_are_stored_where_the_setting_says(tmp_path: Path):
    settings = {"secret_key": "k" * 40, "site_url": "http://127.0.0.1:1", "instance": tmp_path / "instance"}

    assert Config(**settings).files == tmp_path / "instance" / "files"
    assert Config(**settings, files_folder=tmp_path / "elsewhere").files == tmp_path / "elsewhere"


def test_file_is_stored_under_a_random_name_with_its_checksum(attach, stored):
    first, second = attach("a.txt", b"Content"), attach("b.txt", b"Content")

    assert {first.key, second.key} == stored()
    assert first.key != second.key
    assert first.sha256 == second.sha256 == hashlib.sha256(b"Content").hexdigest()


def test_failure_after_storing_the_file_leaves_neither_message_nor_file(
    app, alice, world: World, rows, stored, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(actions.writing, "publish", lambda _message: 1 / 0)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)

    answer = send(alice, f"/en/topics/{world.topic}/reply/", {"a.txt": b"A", "b.txt": b"B"}, body="My words")

    assert answer.status_code == 500
    assert "My words" in answer.text
    assert (rows(), stored()) == ([], set())


def test_disk_full_at_the_second_file_leaves_neither_message_nor_file(
    app, alice, world: World, rows, stored, monkeypatch
):
    put = LocalFolder.put

    def put_one(self, key, content):
        if stored():
            raise OSError(28, "No space left on device")
        put(self, key, content)

    monkeypatch.setattr(LocalFolder, "put", put_one)
    answer = send(alice, f"/en/topics/{world.topic}/reply/", {"a.txt": b"A", "b.txt": b"B"})

    assert answer.status_code == 507
    assert (rows(), stored()) == ([], set())
    with app.app_context():
        assert db.session.query(Message).count() == 2


def test_commit_with_unknown_outcome_deletes_no_file(app, alice, world: World, stored, monkeypatch):
    """The connection may break after the database has committed but before it confirms."""
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr(db.session, "commit", lambda: 1 / 0)

    assert send(alice, f"/en/topics/{world.topic}/reply/", {"a.txt": b"A"}).status_code == 500
    assert len(stored()) == 1


def test_file_is_deleted_only_once_its_row_is_committed(app: Flask, attach, stored):
    row = attach()

    def delete(afterwards: int) -> None:
        with transaction():
            db.session.delete(db.session.get(Attachment, row.id))
            db.session.flush()
            assert stored() == {row.key}
            1 / afterwards

    with app.app_context():
        with pytest.raises(ZeroDivisionError):
            delete(afterwards=0)
        assert stored() == {row.key}
        delete(afterwards=1)
    assert stored() == set()


def test_failure_to_delete_a_file_does_not_undo_the_action(app, attach, alice, world, rows, monkeypatch):
    row = attach()
    monkeypatch.setattr(LocalFolder, "delete", lambda _self, _key: (_ for _ in ()).throw(PermissionError("read-only")))

    answer = send(alice, f"/en/messages/{row.message_id}/edit/", body="Changed", removed=row.id)

    assert answer.status_code == 302
    assert rows()[0].removed_at
    assert alice.get(path_of(row), buffered=True).status_code == 404


def test_tidying_deletes_only_files_that_belong_to_nothing(app: Flask, attach, stored):
    kept, stray = attach(), "f" * 32
    with app.app_context():
        storage().put(stray, io.BytesIO(b"Left behind"))
    (storage_folder(app) / "unfinished" / KEY).write_bytes(b"Half")
    os.utime(storage_folder(app) / "unfinished" / KEY, (time.time() - 7_200,) * 2)
    for key in (kept.key, stray):
        make_older(app, key)

    result = app.test_cli_runner().invoke(args=["files", "tidy"])

    assert result.output == "Deleted 2 files that belonged to no message or document.\n"
    assert stored() == {kept.key}
    assert len(all_files(storage_folder(app))) == 1


def test_tidying_leaves_files_that_may_still_be_in_a_transaction(app: Flask, stored):
    with app.app_context():
        storage().put(KEY, io.BytesIO(b"On its way"))

    assert app.test_cli_runner().invoke(args=["files", "tidy"]).output.startswith("Deleted 0 files")
    assert stored() == {KEY}


def test_checking_accepts_intact_files(app: Flask, attach):
    attach()

    result = app.test_cli_runner().invoke(args=["files", "check"])
    assert (result.exit_code, result.output) == (0, "Files that are missing, have changed or cannot be read: 0\n")


def test_checking_names_files_that_are_missing_or_have_changed(app: Flask, attach):
    gone, changed = attach("gone.txt"), attach("changed.txt")
    with app.app_context():
        storage().delete(gone.key)
    (storage_folder(app) / changed.key[:2] / changed.key).write_bytes(b"Other")

    result = app.test_cli_runner().invoke(args=["files", "check"])

    assert result.exit_code == 1
    assert f"Attachment {gone.id} (gone.txt) is missing." in result.output
    assert f"Attachment {changed.id} (changed.txt) has changed." in result.output


def test_checking_names_a_file_that_cannot_be_read(app: Flask, attach):
    """A folder is in its place, which no user can read as a file."""
    row = attach("paper.txt")
    place = storage_folder(app) / row.key[:2] / row.key
    place.unlink()
    place.mkdir()

    result = app.test_cli_runner().invoke(args=["files", "check"])
    place.rmdir()

    assert result.exit_code == 1
    assert f"Attachment {row.id} (paper.txt) cannot be read (Is a directory)." in result.output


def test_removed_files_are_not_checked(app: Flask, attach, alice: FlaskClient):
    row = attach()
    send(alice, f"/en/messages/{row.message_id}/edit/", removed=row.id)

    assert app.test_cli_runner().invoke(args=["files", "check"]).exit_code == 0
