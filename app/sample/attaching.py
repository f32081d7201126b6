"""The files that the sample's documents and messages have, which lie beside it."""

from collections.abc import Iterable
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from flask import current_app

from app.attachments.keeping import attach
from app.attachments.uploads import read_upload
from app.languages import site_default
from app.sample.read import FOLDER

FILES = FOLDER / "attachments"


def add_files(owner: Any, names: Iterable[str], *, at: datetime, language: str = "") -> None:
    """Attach files to a document or a message, as if somebody had sent them at that time."""
    largest = current_app.config["SITE"].largest_file
    with ExitStack() as opened:
        files = [(name, opened.enter_context((FILES / name).open("rb"))) for name in names]
        uploads = [read_upload(name, file, largest=largest, language=site_default()) for name, file in files]
        attach(owner, uploads, at=at, language=language)
