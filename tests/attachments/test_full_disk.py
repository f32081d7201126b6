"""A full disk: uploads are refused with the reason, the text is given back, and no file is left behind."""

import contextlib
import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.extensions import db
from app.models import Attachment, Message
from config import MEGABYTE, Config
from tests.attachments.conftest import send
from tests.conftest import sign_in
from tests.world import World

TYPED = "Words that took an afternoon."
LARGE = b"Text.\n" * (3 * MEGABYTE // 6)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A separate file system of 4 MB with room for 8 files, unmounted after the test."""
    options = ["mount", "-t", "tmpfs", "-o", "size=4m,nr_inodes=8", "tmpfs", str(tmp_path)]
    if os.geteuid() or subprocess.run(options, check=False, capture_output=True).returncode:
        pytest.skip("only root can mount, and not everywhere")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


@contextlib.contextmanager
def site_at(folder: Path, config: Config, **settings: object) -> Iterator[Flask]:
    """The same site with its files in another folder."""
    site = create_app(replace(config, files_folder=folder, **settings))
    yield site
    with site.app_context():
        db.engine.dispose()


@contextlib.contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Make writing fail, as on a full disk, beyond this many bytes of a file (Python ignores SIGXFSZ)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def reply(client: FlaskClient, world: World, content: bytes = b"A note.\n", code: str = "en"):
    return send(client, f"/{code}/topics/{world.topic}/reply/", {"note.txt": content}, body=TYPED)


def check_refused(answer, app: Flask, folder: Path) -> None:
    assert answer.status_code == 507
    assert "The server does not have enough space left for files." in answer.text
    assert f">{TYPED}</textarea>" in answer.text
    check_nothing_kept(app, folder)


def check_nothing_kept(app: Flask, folder: Path) -> None:
    with app.app_context():
        assert (db.session.query(Message).count(), db.session.query(Attachment).count()) == (2, 0)
    assert files_in(folder) == []


def test_file_that_would_leave_too_little_room_is_refused_and_given_back(app, world, config: Config, tmp_path: Path):
    with site_at(tmp_path, config, free_space=2**60) as site:
        check_refused(reply(sign_in(site, world.alice), world), site, tmp_path)


@pytest.mark.parametrize(
    ("code", "heading", "said"),
    [
        ("en", "Files cannot be stored at the moment", "Please send your message without files, or try again later."),
        (
            "es",
            "No se pueden guardar archivos en este momento",
            "Envíe su mensaje sin archivos o inténtelo de nuevo más tarde.",
        ),
        (
            "fr",
            "Impossible d’enregistrer des fichiers pour le moment",
            "Veuillez envoyer votre message sans fichiers, ou réessayer",
        ),
    ],
)
def test_full_disk_is_reported_in_the_reader_s_language(
    code, heading, said, app, world, config: Config, tmp_path: Path
):
    with site_at(tmp_path, config, free_space=2**60) as site:
        answer = reply(sign_in(site, world.alice), world, code=code)

    assert f"<h1>{heading}</h1>" in answer.text
    assert said in answer.text


def test_message_without_a_file_is_posted_on_a_full_disk(app, world: World, config: Config, tmp_path: Path):
    with site_at(tmp_path, config, free_space=2**60) as site:
        data = {"body": TYPED, "language": "en"}

        assert sign_in(site, world.alice).post(f"/en/topics/{world.topic}/reply/", data=data).status_code == 302


def test_file_larger_than_half_of_what_is_free_is_refused(app, world: World, config: Config, folder: Path):
    with site_at(folder, config, free_space=0) as site:
        check_refused(reply(sign_in(site, world.alice), world, LARGE), site, folder)


def test_file_that_fails_on_a_full_disk_is_refused_and_leaves_nothing(app, world, config, folder: Path):
    """A disk may become full after the free space was checked; here it has no room for another name."""
    with site_at(folder, config, free_space=0) as site:
        client = sign_in(site, world.alice)
        (folder / "unfinished").mkdir(exist_ok=True)
        names = [folder / f"other-{number}" for number in range(8)]
        with contextlib.suppress(OSError):
            for name in names:
                name.touch()
        answer = reply(client, world)
        for name in names:
            name.unlink(missing_ok=True)
        check_refused(answer, site, folder)


def test_file_that_cannot_be_written_completely_is_refused_and_leaves_nothing(app, world, config, tmp_path: Path):
    """A limit of the process has the same effect as a full disk, without a separate disk; the upload is in memory."""
    with site_at(tmp_path, config) as site:
        client, content = sign_in(site, world.alice), b"Text.\n" * 70_000
        with no_file_larger_than(300 * 1024):
            answer = reply(client, world, content)
        check_refused(answer, site, tmp_path)


def test_upload_without_room_for_its_temporary_file_is_refused_and_given_back(
    app: Flask, world: World, config: Config, folder: Path, tmp_path_factory, monkeypatch: pytest.MonkeyPatch
):
    files = tmp_path_factory.mktemp("files")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with site_at(files, config) as site:
        check_refused(reply(sign_in(site, world.alice), world, LARGE * 2), site, files)
    assert files_in(folder) == []


def test_upload_past_a_limit_of_the_process_is_refused_and_given_back(app, world, config, tmp_path: Path):
    with site_at(tmp_path, config) as site:
        client = sign_in(site, world.alice)
        with no_file_larger_than(2 * MEGABYTE):
            answer = reply(client, world, LARGE)
        check_refused(answer, site, tmp_path)


def test_other_disk_errors_remain_internal_errors(app, world: World, alice, monkeypatch: pytest.MonkeyPatch):
    def fail(*_what: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr(os, "fsync", fail)

    assert reply(alice, world).status_code == 500


def test_large_upload_is_stored_unchanged(app: Flask, world: World, config: Config, tmp_path: Path):
    with site_at(tmp_path, config) as site:
        assert reply(sign_in(site, world.alice), world, LARGE).status_code == 302
    [path] = files_in(tmp_path)
    assert path.read_bytes() == LARGE
