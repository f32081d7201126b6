"""`make run`: prepares everything, then serves the site and sends its emails until Ctrl-C.

`tools/run.py flask ...` runs a flask command with the same settings instead. With `SAMPLE=no` in the environment, the
site has no sample, and a folder of its own.
"""

import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from environment import PYTHON, TO_RUN, prepare, run, say

FLASK = (PYTHON, "-m", "flask", "--app", "wsgi")
SECONDS_TO_START = 60
SECONDS_TO_STOP = 10
MOST_WORKERS = 4
LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  compared with, not bound to


FIRST_ADMINISTRATOR = "make flask SAMPLE=no ARGS='users create --email you@example.org --name You --admin'"


def main(arguments: list[str]) -> int:
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        sys.exit(f"PORT must be a number from 1 to 65535, and it is {port!r}.")
    if not arguments:
        _require_free(host, int(port))
    prepare(TO_RUN)
    settings = _settings(host, port)
    if arguments[:1] == ["flask"]:
        return run(*FLASK, *arguments[1:], env=settings).returncode
    accounts = Path(settings["INSTANCE_FOLDER"], "sample-accounts.txt")
    command = ("prepare", "--accounts", accounts) if _has_sample() else ("upgrade",)
    if run(*FLASK, *command, env=settings).returncode:
        sys.exit("The database could not be prepared; the lines above say why.")
    _serve(settings, host, int(port))
    return 0


def _has_sample() -> bool:
    wanted = os.environ.get("SAMPLE") or "yes"
    if wanted not in {"yes", "no"}:
        sys.exit(f"SAMPLE must be yes or no, and it is {wanted!r}.")
    return wanted == "yes"


def _require_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            other = max(port, 8000) + 1  # low ports need the rights of root
            sys.exit(f"{host} port {port} cannot be used ({error.strerror}). Choose another one: make run PORT={other}")


def _settings(host: str, port: str) -> dict[str, str]:
    """The environment of the processes: that of the caller, with defaults for the settings that a site needs."""
    name = LOOPBACK_OF.get(host, host)
    instance = os.environ.get("INSTANCE_FOLDER") or ("instance" if _has_sample() else "instance/empty")
    given = {name: value for name, value in os.environ.items() if value}
    defaults = {
        "SITE_URL": f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}",
        "SECRET_KEY": given.get("SECRET_KEY") or _secret(Path(instance, "secret-key")),
        "INSTANCE_FOLDER": instance,
        "PYTHONUNBUFFERED": "1",
    }
    return defaults | given


def _secret(path: Path) -> str:
    """The secret of this installation, created at the first run; only its owner can read it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    if not path.stat().st_size:
        path.write_text(secrets.token_hex(32))
        say(f"Created a secret key in {path}")
    return path.read_text().strip()


def _serve(settings: dict[str, str], host: str, port: int) -> None:
    # Without Redis, each process counts limits for itself.
    workers = min(os.cpu_count() or 1, MOST_WORKERS) if "REDIS_URL" in settings else 1
    server = [PYTHON, "-m", "granian", "--interface", "wsgi", "--no-ws", "--host", host, "--port", port]
    server += ["--workers", workers, "--blocking-threads", 4, "--respawn-failed-workers", "--log-level", "warning"]
    children = {"web server": _start([*server, "wsgi:app"], settings)}
    try:
        children["mail worker"] = _start([*FLASK, "worker"], settings)
        latest = time.monotonic() + SECONDS_TO_START
        while not _answers(LOOPBACK_OF.get(host, host), port):
            _require_alive(children)
            if time.monotonic() > latest:
                sys.exit(f"The web server did not answer within {SECONDS_TO_START} seconds.")
            time.sleep(0.1)
        say(f"\nPlenary is at {settings['SITE_URL']}/\nSign in at {settings['SITE_URL']}/en/auth/sign-in/")
        if not _has_sample():
            say(f"To create an administrator, while this runs: {FIRST_ADMINISTRATOR}")
        if "MAIL_URL" not in settings:
            folder = Path(settings["INSTANCE_FOLDER"], "mail")
            say(f"Emails are not sent: they are written to {folder} and announced here with their links.")
        say("Stop it with Ctrl-C.\n")
        while True:
            _require_alive(children)
            time.sleep(0.3)
    finally:
        _stop(list(children.values()))


def _start(command: list[object], settings: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, so that Ctrl-C reaches only this one, which stops the others."""
    return subprocess.Popen([str(part) for part in command], env=settings, start_new_session=True)


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _require_alive(children: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            sys.exit(f"The {name} has ended (exit status {child.returncode}); the lines above may say why.")


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    """End the processes: ask first, and kill those that have not ended in time."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        say("\nStopped.")
