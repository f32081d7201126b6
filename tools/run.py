"""`make run`: set everything up, serve the site and send its mail, until Ctrl-C.

`tools/run.py flask ...` runs a command of flask with the same settings instead.
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
from typing import NoReturn

from environment import PYTHON, ROOT, TO_RUN, prepare, run, say, stop

FLASK = (PYTHON, "-m", "flask", "--app", "wsgi")
SECONDS_TO_START = 60
SECONDS_TO_STOP = 10
THREADS = 4
MOST_WORKERS = 4
REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  compared with, not bound to


def main(arguments: list[str]) -> int:
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _interrupt)
    host, port = os.environ.get("HOST") or "127.0.0.1", _port()
    if not arguments:
        _require_free(host, port)
    prepare(TO_RUN)
    instance = Path(os.environ.get("INSTANCE_FOLDER") or ROOT / "instance").resolve()
    settings = _settings(instance, host, port)
    if arguments[:1] == ["flask"]:
        return run(*FLASK, *arguments[1:], env=settings).returncode
    _serve(settings, host, port, _prepare_database(instance, settings))
    return 0


def _serve(settings: dict[str, str], host: str, port: int, how_to_sign_in: str) -> None:
    children = _start(settings, host, port)
    try:
        _wait_until_served(children, host, port)
        _tell(settings, how_to_sign_in)
        _watch(children)
    finally:
        _end(children)


def _port() -> int:
    written = os.environ.get("PORT") or "8000"
    if not written.isdecimal() or not 0 < int(written) < 65536:
        stop(f"PORT must be a number from 1 to 65535, and it is {written!r}.")
    return int(written)


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            stop(f"Port {port} needs more rights than you have. Choose another one: make run PORT=8001")
        except OSError as error:
            stop(f"{host} port {port} cannot be used ({error.strerror}). Choose another one: make run PORT={port + 1}")


def _settings(instance: Path, host: str, port: int) -> dict[str, str]:
    """The environment of what is started: yours, with a secret and an address where you set none."""
    name = REACHED_AT.get(host, host)
    reached_at = f"[{name}]" if ":" in name else name
    given = {name: value for name, value in os.environ.items() if value}
    made = {
        "SITE_URL": f"http://{reached_at}:{port}",
        "SECRET_KEY": "" if "SECRET_KEY" in given else _secret(instance / "secret-key"),
        "INSTANCE_FOLDER": str(instance),
        "PYTHONUNBUFFERED": "1",
    }
    return made | given


def _secret(path: Path) -> str:
    """The secret of this installation, made once and readable by its owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
        say(f"Made a secret in {_short(path)}")
    return path.read_text().strip()


def _prepare_database(instance: Path, settings: dict[str, str]) -> str:
    """Migrate the database and load the sample into an empty one; gives what to say about signing in."""
    kept = instance / "sample-accounts.txt"
    prepared = run(*FLASK, "prepare", "--accounts", kept, env=settings, stdout=subprocess.PIPE)
    if prepared.returncode:
        stop("The database could not be made ready; the lines above say why.")
    if prepared.stdout:
        what, accounts = prepared.stdout.strip().split("\n", 1)
        say(what)
        return f"Sign in with one of these accounts. They are not shown again, but kept in {_short(kept)}.\n{accounts}"
    if kept.exists():
        return f"The accounts to sign in with are in {_short(kept)}."
    return "The accounts are those that you have made; make one with: make flask ARGS='users create --help'"


def _start(settings: dict[str, str], host: str, port: int) -> list[subprocess.Popen[bytes]]:
    """The web server and the mail worker, each in a process group of its own, so that Ctrl-C is ours to handle.

    Without Redis attempts are counted in the memory of a process, so there is one process then.
    """
    workers = min(os.cpu_count() or 1, MOST_WORKERS) if "REDIS_URL" in settings else 1
    server = [PYTHON, "-m", "granian", "--interface", "wsgi", "--no-ws", "--host", host, "--port", port]
    server += ["--workers", workers, "--blocking-threads", THREADS, "--respawn-failed-workers"]
    server += ["--log-level", "warning", "wsgi:app"]
    commands = (server, [*FLASK, "worker"])
    return [
        subprocess.Popen([str(part) for part in command], cwd=ROOT, env=settings, start_new_session=True)
        for command in commands
    ]


def _wait_until_served(children: list[subprocess.Popen[bytes]], host: str, port: int) -> None:
    reached_at = REACHED_AT.get(host, host)
    latest = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < latest:
        _require_alive(children)
        connection = http.client.HTTPConnection(reached_at, port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()
    stop(f"The web server did not answer within {SECONDS_TO_START} seconds; the lines above may say why.")


def _tell(settings: dict[str, str], how_to_sign_in: str) -> None:
    address, instance = settings["SITE_URL"], Path(settings["INSTANCE_FOLDER"])
    say(f"\nPlenary is at {address}/\nSign in at {address}/en/auth/sign-in/\n{how_to_sign_in}")
    if "MAIL_URL" not in settings:
        say(f"Mails are not sent, but kept in {_short(instance / 'mail')} and announced here with their links.")
    say("Stop it with Ctrl-C.\n")


def _watch(children: list[subprocess.Popen[bytes]]) -> None:
    while True:
        time.sleep(0.3)
        _require_alive(children)


def _require_alive(children: list[subprocess.Popen[bytes]]) -> None:
    for child, name in zip(children, ("web server", "mail worker"), strict=True):
        if child.poll() is not None:
            stop(f"The {name} ended by itself (status {child.returncode}); the lines above may say why.")


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    """Ask every child to end, and make it where it does not."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    for child in children:
        if child.poll() is None:
            child.terminate()
    latest = time.monotonic() + SECONDS_TO_STOP
    for child in children:
        try:
            child.wait(max(latest - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _short(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def _interrupt(*_signal: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        say("\nStopped.")
