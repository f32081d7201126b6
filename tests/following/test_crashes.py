"""Processes that are killed: nothing is lost, and nothing is sent twice but what was under way, with its Message-ID."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlencode

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from flask.testing import FlaskClient

from app.counters import recount
from app.database import utcnow
from app.extensions import db, transaction
from app.models import Delivery, Follow, Mail, Message, Publication
from config import ROOT
from tests.conftest import sign_in
from tests.following.conftest import REPLY, Post
from tests.mail_server import MailServer, free_port
from tests.world import World, make_user

FOLLOWERS = 230  # more than are given a message in one step


class DeadlyServer(MailServer):
    """Calls `kill` once it has taken so many emails, before it says so."""

    def __init__(self) -> None:
        super().__init__()
        self.kill_at: set[int] = set()
        self.killed = Event()
        self.process: subprocess.Popen[bytes] | None = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope):  # noqa: N802
        answer = await super().handle_DATA(server, session, envelope)
        if len(self.taken) in self.kill_at and self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.killed.set()
        return answer


@pytest.fixture
def deadly():
    server = DeadlyServer()
    yield server
    server.stop()


def start(app: Flask, *command: str, **settings: str) -> subprocess.Popen[bytes]:
    """A process of the site, in a group of its own with those that it starts."""
    site = app.config["SITE"]
    environ = os.environ | {
        "SECRET_KEY": site.secret_key,
        "SITE_URL": site.site_url,
        "INSTANCE_FOLDER": str(site.instance),
        "DATABASE_URL": site.database_url,
        "FLASK_APP": "wsgi.py",
        **settings,
    }
    command = (sys.executable, "-m", *command)
    return subprocess.Popen(command, cwd=Path(ROOT), env=environ, stderr=subprocess.DEVNULL, start_new_session=True)


def start_worker(app: Flask, server: MailServer) -> subprocess.Popen[bytes]:
    return start(app, "flask", "worker", "--quiet", MAIL_URL=server.url)


@dataclass
class Poster(Thread):
    """A person's browser that posts by HTTP until the server is gone: `told` has the numbers of the messages of which
    it was told, `sent` the last form, without an answer at the end."""

    client: FlaskClient
    port: int
    path: str
    told: list[int] = field(default_factory=list)
    sent: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        cookie = {"Cookie": f"session={self.client.get_cookie('session').value}"}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as server, suppress(OSError, HTTPException):
            server.request("GET", self.path, headers=cookie)
            page = server.getresponse()
            cookie["Cookie"] = page.headers.get("Set-Cookie", cookie["Cookie"]).partition(";")[0]
            [token] = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page.read().decode())[:1]
            while True:
                key = os.urandom(8).hex()
                self.sent = REPLY | {"body": f"Words {key}.", "submission": key, "csrf_token": token}
                form = {**cookie, "Content-Type": "application/x-www-form-urlencoded"}
                server.request("POST", self.path, urlencode(self.sent), form)
                answer = server.getresponse()
                answer.read()
                assert answer.status == 302
                self.told.append(int(answer.headers["Location"].rpartition("-")[2]))


def wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_killed_web_server_has_a_receipt_and_an_event_of_each_message_and_of_no_other(app, world: World, follow, post):
    port = free_port()
    serves = ("--interface", "wsgi", "--no-ws", "--host", "127.0.0.1", "--port", str(port), "--blocking-threads", "4")
    web = start(app, "granian", *serves, "wsgi:app")
    try:
        with app.app_context():
            people = [make_user(f"person{number}").id for number in range(5)]
            db.session.commit()
            before = set(db.session.scalars(db.select(Message.id)))
        path = f"/en/topics/{world.topic}/reply/"
        posters = [Poster(sign_in(app, key), port, path) for key in people]
        wait_until(lambda: answers(port))
        for poster in posters:
            poster.start()
        wait_until(lambda: sum(len(poster.told) for poster in posters) >= 15)
    finally:
        os.killpg(web.pid, signal.SIGKILL)
        web.wait()
    for poster in posters:
        poster.join()

    with app.app_context():
        made = set(db.session.scalars(db.select(Message.id))) - before
        assert {number for poster in posters for number in poster.told} <= made
        assert sorted(db.session.scalars(db.select(Publication.message_id))) == sorted(made)
        assert sorted(db.session.scalars(db.select(Mail.receipt_of_id))) == sorted(made)
        assert recount() == []
        db.session.rollback()
    for poster in posters:  # with no answer, people send the form again
        assert poster.client.post(path, data=poster.sent).status_code == 302
    follow(world.alice)
    post.send()

    with app.app_context():
        made = set(db.session.scalars(db.select(Message.id))) - before
    assert len(made) == sum(len(poster.told) + 1 for poster in posters)
    assert sorted(str(letter["Message-ID"]) for letter in post.of("alice")) == sorted(
        f"<message-{number}-{world.alice}@127.0.0.1>" for number in made
    )
    receipts = re.findall(
        rb"\r\nSubject: Receipt for message #(\d+)", b"".join(one.content for one in post.server.taken)
    )
    assert sorted(map(int, receipts)) == sorted(made)


def keys_of(server: MailServer) -> list[str]:
    """The recipient and the Message-ID of each email that the server has taken."""
    heads = [envelope.content.partition(b"\r\n\r\n")[0].decode() for envelope in server.taken]
    return [next(line for line in head.split("\r\n") if line.startswith("Message-ID")) for head in heads]


def test_killed_worker_loses_nothing_and_doubles_only_what_was_under_way(app, world: World, bruno, reply, deadly):
    with app.app_context():
        people = [make_user(f"person{number}").id for number in range(FOLLOWERS)]
        db.session.add_all(Follow(user_id=key, topic_id=world.topic, how="each") for key in people)
        db.session.commit()
    reply(bruno)
    deadly.kill_at = {1, 120, 215}
    for _ in deadly.kill_at:
        deadly.killed.clear()
        deadly.process = start_worker(app, deadly)
        assert deadly.killed.wait(120)
        deadly.process.wait()
    deadly.process = None
    Post(app, deadly).send(hours=1)  # when the claims of the killed ones have ended

    counted = Counter(keys_of(deadly))
    assert len(counted) == FOLLOWERS
    assert sorted(counted.values())[-len(deadly.kill_at) :] == [2] * len(deadly.kill_at)
    assert sum(counted.values()) == FOLLOWERS + len(deadly.kill_at)
    assert {envelope.rcpt_tos[0] for envelope in deadly.taken} == {
        f"person{number}@example.org" for number in range(FOLLOWERS)
    }


@pytest.mark.parametrize("step", ["followers", "_mail", "next_hour"])
def test_step_that_fails_midway_is_done_whole_later(world: World, bruno, follow, reply, post, step):
    follow(world.alice)
    follow(world.moderator, "digest")
    reply(bruno)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(f"app.following.publication_actions.{step}", lambda *_given: 1 / 0)
        post.send()
        with post.app.app_context():
            assert db.session.scalars(db.select(Delivery)).all() == []
            assert len(db.session.scalars(db.select(Publication)).all()) == 1
    post.send()

    assert len(post.of("alice")) == 1


def test_post_that_fails_leaves_no_event(app, world: World, bruno, reply, monkeypatch):
    """As when the web server is killed: the event is in the transaction of the message."""
    with app.app_context():
        before = len(db.session.scalars(db.select(Message.id)).all())
    monkeypatch.setattr("app.submissions.Once.made", lambda *_given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        reply(bruno)

    with app.app_context():
        assert len(db.session.scalars(db.select(Message.id)).all()) == before
        assert db.session.scalars(db.select(Publication)).all() == []


def test_message_that_was_given_out_is_not_given_out_again(app, world: World, bruno, follow, reply, post):
    """Whatever has put it into the queue once more."""
    follow(world.alice)
    number = reply(bruno)
    post.send()
    with app.app_context(), transaction():
        db.session.add(Publication(message_id=number))
    post.send()

    assert len(post.of("alice")) == 1


def test_mail_server_that_is_away_for_two_days_loses_and_doubles_nothing(world: World, bruno, follow, reply, post):
    follow(world.alice)
    there, post.url = post.url, f"smtp://127.0.0.1:{free_port()}"
    begun = utcnow()
    numbers = []
    for hours in range(0, 48, 4):
        numbers.append(reply(bruno, body=f"Words {hours}."))
        post.send(begun, hours=hours)
    post.url = there
    for hours in range(48, 60, 2):
        post.send(begun, hours=hours)

    sent = [str(letter["Message-ID"]) for letter in post.of("alice")]
    assert sorted(sent) == sorted(f"<message-{number}-{world.alice}@127.0.0.1>" for number in numbers)


def test_two_workers_make_one_digest(app, world: World, bruno, follow, reply, post):
    follow(world.alice, "digest")
    reply(bruno)
    post.send()
    post.send(days=1)
    post.send(days=1)

    with app.app_context():
        assert len(db.session.scalars(db.select(Mail)).all()) == 1
