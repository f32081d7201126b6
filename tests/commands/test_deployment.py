"""The files of deploy/, run by the programs that they are for."""

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest

from config import ROOT

DEPLOY = ROOT / "deploy"
HOST = "forum.example.org"
LIVING = b"HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nliving"
MOST_EXPOSURE = 25  # tenths, on a scale from 0 to 10
PAGES = sorted((DEPLOY / "pages").glob("*.html"))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is needed to judge its units")
@pytest.mark.parametrize("unit", ["plenary@.service", "plenary-worker.service"])
def test_unit_exposes_little(unit: str):
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSURE}", "--no-pager", DEPLOY / unit],
        capture_output=True,
        text=True,
        check=False,
    )

    assert judged.returncode == 0, judged.stdout[-200:]
    assert "exposure level" in judged.stdout


@pytest.mark.parametrize("path", PAGES, ids=[path.name for path in PAGES])
def test_page_of_nginx_speaks_three_languages_and_asks_for_nothing_else(path: Path):
    page = path.read_text("utf-8")

    assert re.findall(r'<section lang="(\w+)">', page) == ["en", "es", "fr"]
    assert not re.search(r"https?:|src=|href=|@import|url\(", page)


@dataclass
class Front:
    """A running nginx, with its two ports of 127.0.0.1, and those of the two processes behind it."""

    plain: int
    secure: int
    behind: list[int]

    def ask(self, path: str, *, method: str = "GET", host: str = HOST, **headers: str) -> tuple[int, str]:
        """Status and text of what it answers over TLS."""
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("127.0.0.1", self.secure, timeout=20, context=context)
        connection.sock = context.wrap_socket(
            socket.create_connection(("127.0.0.1", self.secure)), server_hostname=HOST
        )
        try:
            connection.request(method, path, headers={"Host": host, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _number in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@pytest.fixture
def front(tmp_path):
    """nginx with our file and nothing behind it; ports and the paths of the installation are those of the test."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not nginx or not shutil.which("openssl"):
        pytest.skip("nginx and openssl are needed")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"]
    subprocess.run([*request, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    plain, secure, *behind = free_ports(4)
    text = re.sub(r"^ *listen \[::\].*\n", "", (DEPLOY / "nginx.conf").read_text("utf-8"), flags=re.MULTILINE)
    for written, meant in {
        "listen 80": f"listen 127.0.0.1:{plain}",
        "listen 443": f"listen 127.0.0.1:{secure}",
        "127.0.0.1:8000": f"127.0.0.1:{behind[0]}",
        "127.0.0.1:8001": f"127.0.0.1:{behind[1]}",
        f"/etc/ssl/{HOST}.pem": str(certificate),
        f"/etc/ssl/{HOST}.key": str(key),
        "/srv/plenary/": f"{ROOT}/",
    }.items():
        assert written in text
        text = text.replace(written, meant)
    places = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""  # who may read the folder of the project
    whole = tmp_path / "nginx.conf"
    whole.write_text(
        f"{user} daemon off; pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}}"
        f" http {{ access_log off; {places}\n{text} }}"
    )
    with subprocess.Popen([nginx, "-e", tmp_path / "log", "-c", whole]) as running:
        try:
            wait_for(secure, running)
            yield Front(plain, secure, behind)
        finally:
            running.terminate()


def wait_for(port: int, running: subprocess.Popen[bytes]) -> None:
    for _attempt in range(100):
        assert running.poll() is None, "nginx ended"
        with socket.socket() as probe:
            probe.settimeout(0.1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("nginx does not listen")


def test_unknown_hosts_get_no_answer(front: Front):
    with pytest.raises(http.client.RemoteDisconnected):
        front.ask("/", host="other.example.org")
    plain = http.client.HTTPConnection("127.0.0.1", front.plain, timeout=20)
    plain.request("GET", "/", headers={"Host": "other.example.org"})
    with pytest.raises(http.client.RemoteDisconnected):
        plain.getresponse()
    plain.close()
    context = ssl._create_unverified_context()
    with (
        socket.create_connection(("127.0.0.1", front.secure)) as connection,
        pytest.raises(ssl.SSLError, match=r"(?i)unrecognized"),
    ):
        context.wrap_socket(connection, server_hostname="other.example.org")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_where_nothing_answers_the_reader_is_told(front: Front, method: str):
    status, page = front.ask("/fr/portal/", method=method)

    assert status == 502
    assert page == (DEPLOY / "pages" / "unavailable.html").read_text("utf-8")


def test_header_and_body_are_bounded(front: Front):
    assert front.ask("/en/", **{"X-Long": "a" * 20_000})[0] == 400
    assert front.ask(f"/en/?q={'a' * 15_000}")[0] == 502, "left to the application"
    too_long = (414, (DEPLOY / "pages" / "address-too-long.html").read_text("utf-8"))
    assert front.ask(f"/en/?q={'a' * 20_000}") == too_long
    assert front.ask("/en/", method="POST", **{"Content-Length": str(65 * 1024 * 1024)})[0] == 413


def test_a_flood_of_forms_is_told_to_wait_and_pages_go_on(front: Front):
    answers = [front.ask("/en/auth/sign-in/", method="POST") for _number in range(60)]

    assert {status for status, _page in answers} == {502, 429}
    assert (429, (DEPLOY / "pages" / "too-many-requests.html").read_text("utf-8")) in answers
    assert front.ask("/en/auth/sign-in/")[0] == 502


@pytest.mark.parametrize("living", [0, 1])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_where_one_process_does_not_listen_the_other_answers(front: Front, living: int, method: str):
    with answering(front.behind[living], LIVING) as asked:
        assert [front.ask("/en/", method=method) for _ in range(4)] == [(200, "living")] * 4
        assert len(asked) == 4


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("POST", 502)])
def test_page_is_asked_for_again_where_a_process_ends_and_a_form_is_not(front: Front, method: str, status: int):
    with answering(front.behind[0], b"") as failing, answering(front.behind[1], LIVING) as living:
        answers = [front.ask("/en/", method=method)[0] for _ in range(2)]

    assert len(failing) == 1, "each is asked first in turn"
    assert sorted(answers) == [200, status]
    assert len(living) == (2 if method == "GET" else 1)


@contextmanager
def answering(port: int, answer: bytes) -> Iterator[list[bytes]]:
    """A server that answers each request with these bytes and closes the connection; yields what it was asked."""
    asked: list[bytes] = []

    def serve(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _address = listening.accept()
                with connection:
                    asked.append(connection.recv(65536))
                    connection.sendall(answer)

    with socket.create_server(("127.0.0.1", port)) as listening:
        thread = Thread(target=serve, args=(listening,))
        thread.start()
        try:
            yield asked
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
