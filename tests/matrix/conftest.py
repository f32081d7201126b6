"""The world of the matrix, made once for a module, and everybody who asks for something in it."""

import logging
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.conftest import Shelf
from tests.full_world import FullWorld
from tests.matrix.asking import Asking
from tests.matrix.marks import START
from tests.matrix.planting import Planted


@pytest.fixture(scope="session")
def made_planted(one_app: Flask, made_full: FullWorld, shelf: Shelf) -> Planted:
    """What is planted, made once and kept for `planted`."""
    shelf.put_back("full_world")
    with one_app.app_context():
        made = Planted.make()
    shelf.keep("planted")
    return made


@pytest.fixture(scope="module")
def planted(full: FullWorld, made_planted: Planted, shelf: Shelf) -> Planted:
    """The full world with what is planted in it."""
    shelf.put_back("planted")
    return made_planted


@pytest.fixture(scope="module")
def asking(one_app: Flask, planted: Planted) -> Asking:
    return Asking(one_app, planted)


@pytest.fixture(autouse=True)
def log_without_marks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever is asked or sent, what people write does not get into the log of the application."""
    caplog.set_level(logging.DEBUG, logger="app")
    yield
    assert START not in caplog.text
