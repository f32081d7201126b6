"""The database as it was made: whether anybody has written in it since, and back to it."""

import shutil
import sqlite3
from pathlib import Path

from flask import Flask

from app.extensions import db
from config import Config
from tests.conftest import database_of, remove_database


class Kept:
    def __init__(self, app: Flask, config: Config) -> None:
        self.app, self.config = app, config
        self.copy = config.instance / "kept.sqlite"
        with app.app_context():
            db.engine.dispose()  # which writes all of it to the one file
        shutil.copy(self._path, self.copy)
        self._watch()

    @property
    def is_untouched(self) -> bool:
        """Whether nothing has been committed since; not even what was there before."""
        return self._version() == self.version

    def restore(self) -> None:
        self.watcher.close()
        remove_database(self.app, self.config)
        shutil.copy(self.copy, self._path)
        self._watch()

    @property
    def _path(self) -> Path:
        return database_of(self.config)

    def _watch(self) -> None:
        self.watcher = sqlite3.connect(self._path)
        self.version = self._version()

    def _version(self) -> int:
        """What SQLite changes for a connection with every commit of another one."""
        [version] = self.watcher.execute("PRAGMA data_version").fetchone()
        return int(version)
