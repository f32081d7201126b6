"""The world of the matrix, made once for a module, and everybody who asks for something in it."""

import pytest
from flask import Flask

from tests.full_world import FullWorld
from tests.matrix.asking import Asking
from tests.matrix.planting import Planted


@pytest.fixture(scope="module")
def planted(one_app: Flask, full: FullWorld) -> Planted:
    with one_app.app_context():
        return Planted.make()


@pytest.fixture(scope="module")
def asking(one_app: Flask, planted: Planted) -> Asking:
    return Asking(one_app, planted)
