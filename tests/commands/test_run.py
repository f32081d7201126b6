"""`make run`, as a whole: it serves, says how to sign in, and changes nothing the second time."""

import contextlib
import os
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import ROOT

COMMAND = (sys.executable, "tools/run.py")
# A second `make run` is to start in a few seconds. Seconds differ between machines, so its processor time is compared
# with that of a command of the application that does nothing, such as `flask --help`.
MOST_COMMANDS = 4
COMPARISONS = 3  # if other work on the machine spoils the first


@pytest.fixture(scope="module")
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def environment(tmp_path_factory, free_port):
    ours = {"HOST", "PORT", "SAMPLE", "SECRET_KEY", "SITE_URL", "DATABASE_URL", "MAIL_URL", "REDIS_URL"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return kept | {"PORT": str(free_port), "INSTANCE_FOLDER": str(tmp_path_factory.mktemp("run") / "instance")}


@contextlib.contextmanager
def running(environment: dict[str, str]) -> Iterator[str]:
    """The command, up and serving; gives what it said until then, and stops it at the end."""
    started = subprocess.Popen(COMMAND, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        said = ""
        while "Stop it with Ctrl-C." not in said:
            line = started.stdout.readline()
            assert line, f"ended too early: {said}"
            said += line
        yield said
    finally:
        started.send_signal(signal.SIGTERM)
        rest, _errors = started.communicate(timeout=30)
    assert rest.strip().endswith("Stopped.")
    assert started.returncode == 0


def get(port: int, path: str) -> tuple[int, str]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.status, answer.read().decode()


def dump(folder: Path) -> list[str]:
    """All rows but those of the PDFs, which the worker makes meanwhile."""
    with contextlib.closing(sqlite3.connect(folder / "plenary.sqlite")) as database:
        return [line for line in database.iterdump() if 'INTO "rendition"' not in line]


def processor_seconds() -> float:
    """What the programs started by this process, and ended since, have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds_of_a_command(environment: dict[str, str]) -> float:
    """Of processor time."""
    began = processor_seconds()
    command = (sys.executable, "-m", "flask", "--app", "wsgi", "--help")
    address = {"SITE_URL": "http://127.0.0.1:8000", "SECRET_KEY": "k" * 40}
    subprocess.run(command, cwd=ROOT, env=environment | address, stdout=subprocess.DEVNULL, check=True)
    return processor_seconds() - began


def test_first_and_second_run(environment, free_port):
    folder = Path(environment["INSTANCE_FOLDER"])
    with running(environment) as said:
        assert "Loaded 2 forums" in said
        assert f"http://127.0.0.1:{free_port}/en/auth/sign-in/" in said
        passwords = re.findall(r"^(administrator|moderator|participant) +\S+@\S+ +(\S+)$", said, re.MULTILINE)
        assert [what for what, _password in passwords] == ["administrator", "moderator", "participant"]
        status, page = get(free_port, "/en/portal/")
        assert status == 200
        assert "Biosafety" in page
        assert get(free_port, "/healthz")[0] == 200
    accounts = folder / "sample-accounts.txt"
    assert all(password in accounts.read_text() for _what, password in passwords)
    assert {path.stat().st_mode & 0o777 for path in (accounts, folder / "secret-key")} == {0o600}
    before, secret = dump(folder), (folder / "secret-key").read_text()

    commands: list[float] = []
    while len(commands) < COMPARISONS and min(commands, default=MOST_COMMANDS) >= MOST_COMMANDS:
        one = seconds_of_a_command(environment)
        began = processor_seconds()
        with running(environment) as said:
            assert "sample-accounts.txt" in said
            assert not re.search("Creat|Installing|Compiling|Loaded", said), "all was there"
            assert not any(password in said for _what, password in passwords), "shown once"
            assert get(free_port, "/fr/")[0] == 200
        commands.append((processor_seconds() - began) / one)
    assert min(commands) < MOST_COMMANDS, commands
    assert dump(folder) == before
    assert (folder / "secret-key").read_text() == secret
    with pytest.raises(OSError, match="refused"), socket.create_connection(("127.0.0.1", free_port), timeout=2):
        pass


def test_run_without_the_sample_serves_an_empty_site(environment, free_port, tmp_path):
    with running(environment | {"SAMPLE": "no", "INSTANCE_FOLDER": str(tmp_path)}) as said:
        assert "Loaded" not in said
        assert "make flask SAMPLE=no ARGS='users create --email you@example.org --name You --admin'" in said
        assert "This text is provisional" in get(free_port, "/en/")[1]
    assert not (tmp_path / "sample-accounts.txt").exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"PORT": "http"}, "PORT must be a number from 1 to 65535, and it is 'http'."),
        ({"PORT": "70000"}, "PORT must be a number from 1 to 65535, and it is '70000'."),
        ({"SAMPLE": "none"}, "SAMPLE must be yes or no, and it is 'none'."),
        ({"HOST": "203.0.113.9"}, "cannot be used"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must be set, with at least 32 characters"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(environment, change, says):
    ended = subprocess.run(COMMAND, cwd=ROOT, env=environment | change, capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_port_in_use_is_named(environment):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = subprocess.run(
            COMMAND, cwd=ROOT, env=environment | {"PORT": str(port)}, capture_output=True, text=True, check=False
        )

    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        f"127.0.0.1 port {port} cannot be used (Address already in use). Choose another one: make run PORT={port + 1}"
    )
