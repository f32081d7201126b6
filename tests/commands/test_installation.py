"""What is wrong with an installation stops every process at its start, with one sentence and a status of its own."""

import contextlib
import os
import pwd
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from app import create_app
from config import EXIT_STATUS, ROOT, SettingError, from_environment

FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")
GOOD = {"SECRET_KEY": "k" * 40, "SITE_URL": "https://forum.example.org"}
OURS = ("DATABASE_URL", "FILES_FOLDER", "MAIL_URL", "MAIL_FROM", "REDIS_URL", "CONTACT_EMAIL", "TRUSTED_PROXIES")
# Root may read and write everything, unless its privileges are taken away.
WITHOUT_PRIVILEGES = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
MAIL_URL = "MAIL_URL must look like smtp://user:password@host:587?tls=starttls or smtps://user:password@host:465"
DATABASE_URL = (
    "DATABASE_URL must begin with postgresql+psycopg:// (not postgres://), as in "
    "postgresql+psycopg://user:password@host/name, or with sqlite:///"
)
REDIS_URL = "REDIS_URL must look like redis://127.0.0.1:6379/0, rediss://host:6379/0 or redis+unix:///path/of/socket"
MAIL_FROM = "MAIL_FROM must be one address, such as forum@example.org or Forum <forum@example.org>"
SITE_URL = (
    "SITE_URL must end after the host, such as https://forum.example.org: "
    "it cannot have a path, a user name or a query."
)
NO_SITE_URL = "SITE_URL must be set to the address readers use, such as https://forum.example.org"
WRONG = [
    ({"SITE_URL": "https://forum.example.org/plenary"}, SITE_URL),
    ({"SITE_URL": "https://forum.example.org?a=b"}, SITE_URL),
    ({"SITE_URL": "https://forum.example.org:port"}, NO_SITE_URL),
    ({"DATABASE_URL": "postgres://plenary@127.0.0.1/plenary"}, DATABASE_URL),
    ({"DATABASE_URL": "plenary"}, DATABASE_URL),
    ({"DATABASE_URL": "postgresql://plenary@host:port/plenary"}, DATABASE_URL),
    ({"MAIL_URL": "mail.example.org"}, MAIL_URL),
    ({"MAIL_URL": "smtp://mail.example.org:99999"}, MAIL_URL),
    ({"MAIL_URL": "smtp://mail.example.org?tls=yes"}, MAIL_URL),
    ({"MAIL_URL": "smtp://mail.example.org?ssl=1"}, MAIL_URL),
    ({"MAIL_FROM": "forum"}, MAIL_FROM),
    ({"MAIL_FROM": "a@example.org, b@example.org"}, MAIL_FROM),
    ({"REDIS_URL": "http://127.0.0.1:6379"}, REDIS_URL),
    ({"REDIS_URL": "127.0.0.1:6379"}, REDIS_URL),
    ({"REDIS_URL": "redis://127.0.0.1:port"}, REDIS_URL),
    ({"TRUSTED_PROXIES": "9" * 5000}, "TRUSTED_PROXIES must be the number of proxies in front, from 0 to 10."),
]


def environment(folder: Path, **change: str) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if name not in OURS}
    return given | GOOD | {"INSTANCE_FOLDER": str(folder / "instance")} | change


def run(*command: str, env: dict[str, str], **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60, **more)


def assert_stopped(ended: subprocess.CompletedProcess[str], sentence: str) -> None:
    assert ended.stderr == f"Plenary cannot start. {sentence}\n"
    assert ended.stdout == ""
    assert ended.returncode == EXIT_STATUS


@pytest.mark.parametrize(("change", "sentence"), WRONG)
def test_wrong_setting_is_told_in_a_sentence(tmp_path, change, sentence):
    with pytest.raises(SettingError) as told:
        create_app(from_environment(GOOD | {"INSTANCE_FOLDER": str(tmp_path / "instance")} | change))

    assert str(told.value) == sentence


@pytest.mark.parametrize("command", [(*FLASK, "recount"), (*FLASK, "worker"), ("deploy/plenary-web", "--port", "1")])
def test_wrong_setting_stops_every_process(tmp_path, command):
    assert_stopped(run(*command, env=environment(tmp_path, MAIL_URL="smtp://mail.example.org?tls=yes")), MAIL_URL)


def test_missing_driver_is_named_with_how_to_install_it(tmp_path):
    """The driver is kept from being imported by a package of its name that fails as a missing one does."""
    (tmp_path / "psycopg.py").write_text("raise ModuleNotFoundError(\"No module named 'psycopg'\")\n")
    url = "postgresql+psycopg://plenary@127.0.0.1/plenary"

    ended = run(*FLASK, "recount", env=environment(tmp_path, DATABASE_URL=url, PYTHONPATH=str(tmp_path)))

    assert_stopped(
        ended,
        "DATABASE_URL needs a driver that is not installed. Install it with: "
        ".venv/bin/pip install -r requirements-postgresql.txt -c constraints.txt",
    )


@pytest.mark.parametrize(
    ("place", "mode", "reason"),
    [
        ("instance", 0o000, "chown -R"),
        ("instance/files", 0o500, "chown -R"),
        ("instance/files/ab", 0o500, "chown -R"),
        ("instance/mail", 0o500, "chown -R"),
        ("instance/plenary.sqlite", 0o400, "chown"),
        ("instance/plenary.sqlite-wal", 0o000, "chown"),
    ],
)
def test_what_cannot_be_read_and_written_is_named(tmp_path, place, mode, reason):
    path = tmp_path / place
    if reason == "chown":
        path.parent.mkdir(parents=True)
        path.touch()
    else:
        path.mkdir(parents=True)
    path.chmod(mode)

    ended = run(*WITHOUT_PRIVILEGES, *FLASK, "recount", env=environment(tmp_path))

    user = pwd.getpwuid(os.geteuid()).pw_name
    assert_stopped(
        ended, f"The user {user} cannot read and write {path}: change its owner with: {reason} {user}: {path}"
    )


@pytest.mark.parametrize(("name", "setting"), [("INSTANCE_FOLDER", "instance"), ("FILES_FOLDER", "files")])
def test_a_folder_that_cannot_be_made_is_named(tmp_path, name, setting):
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / setting

    ended = run(*FLASK, "recount", env=environment(tmp_path, **{name: str(folder)}))

    user = pwd.getpwuid(os.geteuid()).pw_name
    assert_stopped(
        ended,
        f"The folder {folder} cannot be created (Not a directory): create it and make {user} its owner, "
        f"or set {name} to another folder.",
    )


def test_what_the_site_keeps_is_for_its_user_alone(tmp_path):
    """Database, attached files and emails, made with the umask that most systems have."""
    given = environment(tmp_path)
    for command in (("upgrade",), ("sample",), ("users", "create", "--email", "a@example.org", "--name", "A")):
        assert run(*FLASK, *command, env=given, umask=0o022).returncode == 0
    ask_for_an_email(tmp_path / "instance" / "plenary.sqlite")
    assert run(*FLASK, "worker", "--once", env=given, umask=0o022).returncode == 0

    made = {path: path.stat().st_mode & 0o777 for path in [tmp_path / "instance", *tmp_path.rglob("instance/**/*")]}

    kinds = {path.relative_to(tmp_path / "instance").parts[:1] for path in made}
    assert {("plenary.sqlite",), ("files",), ("mail",)} <= kinds
    assert any(path.suffix == ".eml" for path in made)
    assert {path: oct(mode) for path, mode in made.items() if mode != (0o700 if path.is_dir() else 0o600)} == {}


def test_first_start_begins_the_site_and_the_next_one_changes_nothing(tmp_path):
    begun = []
    for _start in range(2):
        assert run(*FLASK, "upgrade", env=environment(tmp_path)).returncode == 0
        with contextlib.closing(sqlite3.connect(tmp_path / "instance" / "plenary.sqlite")) as connection:
            begun.append(list(connection.iterdump()))
            kinds = connection.execute("SELECT kind FROM page ORDER BY id").fetchall()
            assert kinds == [("home",), ("portal",), ("archive",)]

    assert begun[0] == begun[1]


def test_files_beside_an_open_database_are_for_its_user_alone(tmp_path):
    given = environment(tmp_path)
    assert run(*FLASK, "upgrade", env=given, umask=0o022).returncode == 0
    database = tmp_path / "instance" / "plenary.sqlite"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE more (id INTEGER)")
        beside = [database.with_name(f"plenary.sqlite{end}") for end in ("", "-wal", "-shm")]

        assert {path.stat().st_mode & 0o777 for path in beside} == {0o600}


def test_a_database_that_others_may_read_is_kept_to_its_owner_from_the_next_start_on(tmp_path):
    given = environment(tmp_path)
    run(*FLASK, "upgrade", env=given)
    database = tmp_path / "instance" / "plenary.sqlite"
    database.chmod(0o644)

    assert run(*FLASK, "recount", env=given).returncode == 0
    assert database.stat().st_mode & 0o777 == 0o600


def test_a_database_elsewhere_is_kept_to_its_owner_too(tmp_path):
    database = tmp_path / "new" / "elsewhere.sqlite"

    assert run(*FLASK, "upgrade", env=environment(tmp_path, DATABASE_URL=f"sqlite:///{database}")).returncode == 0
    assert [path.stat().st_mode & 0o777 for path in (database.parent, database)] == [0o700, 0o600]


def test_a_database_that_does_not_answer_is_told_in_a_sentence(tmp_path):
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance" / "plenary.sqlite").write_bytes(b"no database" * 100)

    ended = run(*FLASK, "upgrade", env=environment(tmp_path))

    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: The database could not be brought up to date: ")
    assert "Traceback" not in ended.stderr


def ask_for_an_email(database: Path) -> None:
    """Put an email into the outbox, due at once."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        columns = {row[1]: row for row in connection.execute("PRAGMA table_info(mail)")}
        values = {
            name: "2026-01-01 00:00:00" if name.endswith("_at") else "a@example.org" if name == "recipient" else "0"
            for name, (_number, _name, _kind, required, default, key) in columns.items()
            if required and default is None and not key
        } | {"language": "en"}
        holders = ", ".join("?" * len(values))
        connection.execute(f"INSERT INTO mail ({', '.join(values)}) VALUES ({holders})", tuple(values.values()))
