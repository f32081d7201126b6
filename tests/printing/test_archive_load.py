"""Loading the archive of a forum into an empty site: the same forum, and nothing by halves."""

import io
from pathlib import Path

import pytest
from flask import Flask

from app.database import as_of
from app.extensions import db
from app.models import Edition, Forum
from app.printing import archive
from app.printing.editions import place
from tests.databases import Kept
from tests.full_world import FullWorld
from tests.printing.archived import bytes_of, close, files_of


def run(app: Flask, *args: object):
    return app.test_cli_runner().invoke(args=["archive", *map(str, args)])


@pytest.fixture(scope="module")
def made(one_app: Flask, full: FullWorld, tmp_path_factory) -> Path:
    """The archive of a forum that has everything that pages can show."""
    with one_app.app_context():
        close(full.small.forum, archived=True)
    path = tmp_path_factory.mktemp("archives") / "open-forum.zip"
    path.write_bytes(bytes_of(one_app, full.small.forum))
    return path


@pytest.fixture
def loaded(made: Path, app: Flask) -> Flask:
    """A site that was empty, with that archive."""
    answer = run(app, "load", made)
    assert answer.exit_code == 0, answer.output
    return app


def test_archive_made_again_is_the_same(loaded: Flask, made: Path, tmp_path: Path):
    answer = run(loaded, "make", "open-forum", "--output", tmp_path / "again.zip")

    assert "Edition 1 is up to date" in answer.output
    assert (tmp_path / "again.zip").read_bytes() == made.read_bytes()


def test_pages_written_again_from_the_rows_have_the_same_bytes(loaded: Flask, made: Path):
    file = io.BytesIO()
    with loaded.app_context():
        edition = db.session.scalars(db.select(Edition)).one()
        archive.write(file, "open-forum", edition.number, edition.made_at)
    again, before = files_of(file.getvalue()), files_of(made.read_bytes())

    assert again.keys() == before.keys()
    assert [name for name in before if again[name] != before[name]] == []
    assert file.getvalue() == made.read_bytes()
