"""The application as it really runs: the web server, the mail worker, and the sample in a folder of their own."""

import email
import email.policy
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from config import ROOT

SECRET = "a secret only for browser tests, long enough"
SECONDS_TO_START = 30
SECONDS_FOR_A_MAIL = 15
SECONDS_TO_STOP = 10
POLL_SECONDS = 0.1
FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")
NOT_OURS = frozenset(
    {"DATABASE_URL", "MAIL_URL", "MAIL_FROM", "REDIS_URL", "SITE_NAME", "DEFAULT_LANGUAGE"}
    | {"CONTACT_EMAIL", "PAGE_CACHE_MB", "REQUIRE_SECOND_STEP_FOR_ADMINS"}
)


@dataclass(frozen=True)
class Site:
    """A running site: its address, its instance folder, and `(email, password)` of the sample's accounts."""

    address: str
    instance: Path
    accounts: dict[str, tuple[str, str]]

    def link_mailed_to(self, recipient: str) -> str:
        """The first link of the mail that reached this address, waiting until the worker has sent it."""
        latest = time.monotonic() + SECONDS_FOR_A_MAIL
        while time.monotonic() < latest:
            for path in (self.instance / "mail").glob("*.eml"):
                letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                if letter["To"].addresses[0].addr_spec == recipient:
                    return re.search(r"https?://\S+", letter.get_body(("plain",)).get_content())[0]
            time.sleep(POLL_SECONDS)
        raise AssertionError(f"No mail reached {recipient} within {SECONDS_FOR_A_MAIL} seconds")


@contextmanager
def serving(instance: Path) -> Iterator[Site]:
    """A site with the sample forums on a free port, and its mail worker, until the end of the block."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    kept = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    environment = kept | {"SECRET_KEY": SECRET, "SITE_URL": address, "INSTANCE_FOLDER": str(instance)}
    accounts = instance / "accounts.txt"
    prepare = [*FLASK, "prepare", "--accounts", accounts]
    prepared = subprocess.run(prepare, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert prepared.returncode == 0, prepared.stderr
    with _running(_server(port), environment, instance), _running((*FLASK, "worker"), environment, instance):
        _wait_until_served(address)
        yield Site(address, instance, _read_accounts(accounts))


def _server(port: int) -> tuple[str, ...]:
    """One process, as `make run` has it: attempts to sign in are counted in its memory."""
    granian = (sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--host", "127.0.0.1")
    return (*granian, "--port", str(port), "--workers", "1", "--blocking-threads", "4", "wsgi:app")


@contextmanager
def _running(command: tuple[str, ...], environment: dict[str, str], folder: Path) -> Iterator[None]:
    """A command in the background; what it says is kept in the folder, and shown when it ends by itself."""
    said = folder / f"{command[2]}-{command[-1].replace(':', '-')}.log"
    with said.open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield
            assert process.poll() is None, said.read_text()
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(SECONDS_TO_STOP)
            if process.poll() is None:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_served(address: str) -> None:
    latest = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < latest:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(POLL_SECONDS)
    raise AssertionError(f"The server did not answer within {SECONDS_TO_START} seconds")


def _read_accounts(path: Path) -> dict[str, tuple[str, str]]:
    lines = [line.split() for line in path.read_text("utf-8").splitlines()]
    return {what: (address, password) for what, address, password in lines}
