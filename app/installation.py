"""Checks before any process of the site starts: folders and a database file that it can write to, a database driver,
and valid email settings. The error says in one sentence what is missing.
"""

import os
import pwd
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from app.mail.letters import sender_of
from app.mail.sending import carrier_for
from config import Config, SettingError

DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")
OF_SQLITE = ("", "-wal", "-shm")
FOR_THE_OWNER = 0o700


def require(config: Config) -> None:
    """Check the installation, create missing folders and make the database private. Raises SettingError."""
    sender_of(config)
    carrier_for(config)
    _require_folder(config.instance, "INSTANCE_FOLDER")
    _require_folder(config.files, "FILES_FOLDER")
    for folder in (config.instance / "mail", *config.files.iterdir()):
        if folder.is_dir():
            _require_access(folder)
    if config.database_url:
        _require_driver(_address_of(config.database_url))
    path = _database_file(config)
    if path is not None:
        _require_folder(path.parent, "DATABASE_URL")
        for end in OF_SQLITE:
            _keep_to_owner(path.with_name(path.name + end))


def _database_file(config: Config) -> Path | None:
    """The file of the database; None for PostgreSQL."""
    if not config.database_url:
        return config.instance / "plenary.sqlite"
    address = _address_of(config.database_url)
    if address.get_backend_name() != "sqlite":
        return None
    if not address.database or address.database == ":memory:":
        raise SettingError("DATABASE_URL must name a file, such as sqlite:////srv/plenary/instance/plenary.sqlite")
    return config.instance / address.database


def _address_of(database_url: str) -> URL:
    try:
        address = make_url(database_url)
    except (ArgumentError, ValueError):
        address = None
    if address is None or address.drivername not in DRIVERS:
        raise SettingError(
            "DATABASE_URL must begin with postgresql+psycopg:// (not postgres://), as in "
            "postgresql+psycopg://user:password@host/name, or with sqlite:///"
        )
    return address


def _require_driver(address: URL) -> None:
    try:
        address.get_dialect().import_dbapi()
    except (ImportError, NoSuchModuleError):
        raise SettingError(
            "DATABASE_URL needs a driver that is not installed. Install it with: "
            ".venv/bin/pip install -r requirements-postgresql.txt -c constraints.txt"
        ) from None


def _require_folder(folder: Path, setting: str) -> None:
    try:
        folder.mkdir(mode=FOR_THE_OWNER, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(
            f"The folder {folder} cannot be created ({error.strerror}): create it and make {_user()} its owner, "
            f"or set {setting} to another folder."
        ) from None
    _require_access(folder)


def _require_access(path: Path) -> None:
    wanted = os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)
    if os.access(path, wanted):
        return
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        raise SettingError(f"{path} is read-only here: add it to ReadWritePaths in both units, or mount it writable.")
    change = "chown -R" if path.is_dir() else "chown"
    raise SettingError(
        f"The user {_user()} cannot read and write {path}: change its owner with: {change} {_user()}: {path}"
    )


def _keep_to_owner(file: Path) -> None:
    """Make a file of the database readable by its owner only, for example after it was restored with other rights."""
    if file.exists():
        _require_access(file)
        if file.stat().st_mode & 0o077 and file.stat().st_uid == os.geteuid():
            file.chmod(0o600)


def _user() -> str:
    """The name of the user that runs this process, or the number if it has no name."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
