"""Processor time of a granian worker that serves one page again and again."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from config import ROOT

EXPECTED = (200, 302, 304)
SECONDS_TO_STOP = 10


@contextmanager
def serving(target: str, port: int, environment: Mapping[str, str], threads: int = 1) -> Iterator[int]:
    """Serve `module:app` with one worker, for comparisons with one thread; yields the process id."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", "1"]
    command += ["--blocking-threads", str(threads), "--no-ws", "--log-level", "error", target]
    server = subprocess.Popen(command, cwd=ROOT, env=dict(environment))
    try:
        _wait(port)
        yield server.pid
    finally:
        _end(server)


def microseconds_per_page(
    pids: Collection[int],
    port: int,
    path: str,
    requests: int,
    *,
    headers: Mapping[str, str] | None = None,
    warm_up: int = 0,
) -> float:
    """The processor time of these servers for one page, user and system, over so many requests on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    _ask(connection, path, warm_up, headers or {})
    before = sum(map(_processor_seconds, pids))
    _ask(connection, path, requests, headers or {})
    return (sum(map(_processor_seconds, pids)) - before) / requests * 1e6


def fetch(port: int, path: str, *, headers: Mapping[str, str] | None = None) -> http.client.HTTPResponse:
    """One answer; the caller reads the body."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers=dict(headers or {}))
    return connection.getresponse()


def resident_megabytes(pid: int) -> float:
    """The memory of the server and its workers."""
    status = (Path(f"/proc/{one}/status").read_text() for one in _family(pid))
    return sum(int(text.split("VmRSS:")[1].split()[0]) for text in status) / 1024


def _ask(connection: http.client.HTTPConnection, path: str, times: int, headers: Mapping[str, str]) -> None:
    for _ in range(times):
        connection.request("GET", path, headers=dict(headers))
        answer = connection.getresponse()
        answer.read()
        if answer.status not in EXPECTED:
            raise SystemExit(f"{path} was answered with status {answer.status}.")


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:  # a busy worker may not react
        workers = _family(server.pid)[1:]
        server.kill()
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        server.wait()


def _wait(port: int) -> None:
    for _ in range(1200):  # up to a minute, since the machine may be busy
        try:
            http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"No server answers on port {port}.")


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def _processor_seconds(pid: int) -> float:
    """The processor time of all threads in nanoseconds, from the scheduler: ticks are too coarse for a bare route. Of
    children that have ended, such as those that help PostgreSQL with one statement, there are ticks only."""
    threads = (thread for one in _family(pid) for thread in Path(f"/proc/{one}/task").iterdir())
    ended = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[13:15]
    ticks = sum(map(int, ended)) / os.sysconf("SC_CLK_TCK")
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9 + ticks
