"""A real server under attack over a few connections: how long its health check takes meanwhile."""

import http.client
import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from bench.hostile import MOST_FIELDS, TYPE
from bench.load import serving

PORT = 8393
SECONDS = 10
CONNECTIONS_FOR_EACH = 2
PATIENCE = 15  # seconds that an attacker waits for an answer
MARKS = 1_000_000
PROCEEDINGS = "/fr/print/forums/biosafety-in-national-planning/"


def longest_wait(environment: Mapping[str, str]) -> float:
    """The longest answer time of the health check, in seconds. The server has one worker with four threads, as in
    `make run`; the check is made every tenth of a second."""
    with serving("wsgi:app", PORT, environment, threads=4):
        for path in ("/healthz", "/fr/auth/sign-in/", "/fr/nowhere/", PROCEEDINGS):  # templates are compiled once
            _ask("GET", path)
        until = time.monotonic() + SECONDS
        attackers = [
            threading.Thread(target=_repeat, args=(attack, until), daemon=True)
            for attack in (_sign_in, _many_fields, _print)
            for _ in range(CONNECTIONS_FOR_EACH)
        ]
        for attacker in attackers:
            attacker.start()
        waited = []
        while time.monotonic() < until:
            before = time.monotonic()
            with suppress(OSError):
                _ask("GET", "/healthz")
            waited.append(time.monotonic() - before)
            time.sleep(0.1)
    return max(waited)


def _repeat(attack: Callable[[], None], until: float) -> None:
    while time.monotonic() < until:
        with suppress(OSError, http.client.HTTPException):
            attack()


def _sign_in() -> None:
    shown, cookie = _ask("GET", "/fr/auth/sign-in/")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', shown)
    marks = "a" + "\u0301" * MARKS + "\u0327" * (MARKS // 2)
    body = f"csrf_token={token[1] if token else ''}&email=a@example.org&password={marks}".encode()
    _ask("POST", "/fr/auth/sign-in/", body, cookie)


def _many_fields() -> None:
    _ask("POST", "/fr/nowhere/", b"&".join(b"%06x=" % number for number in range(MOST_FIELDS)))


def _print() -> None:
    _ask("GET", PROCEEDINGS)


def _ask(method: str, path: str, body: bytes | None = None, cookie: str = "") -> tuple[str, str]:
    """`(the answer, its cookie)`."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=PATIENCE)
    try:
        connection.request(method, path, body, {"Content-Type": TYPE, "Cookie": cookie})
        answer = connection.getresponse()
        return answer.read().decode(), (answer.getheader("Set-Cookie") or "").partition(";")[0]
    finally:
        connection.close()
