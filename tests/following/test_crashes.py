"""Processes that are killed: nothing is lost, and nothing is sent twice but what was under way, with its Message-ID."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from threading import Event

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask

from app.database import utcnow
from app.extensions import db, transaction
from app.models import Delivery, Follow, Mail, Message, Publication
from config import ROOT
from tests.following.conftest import Post
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


def start_worker(app: Flask, server: MailServer) -> subprocess.Popen[bytes]:
    site = app.config["SITE"]
    environ = os.environ | {
        "SECRET_KEY": site.secret_key,
        "SITE_URL": site.site_url,
        "INSTANCE_FOLDER": str(site.instance),
        "DATABASE_URL": site.database_url,
        "MAIL_URL": server.url,
        "FLASK_APP": "wsgi.py",
    }
    command = [sys.executable, "-m", "flask", "worker", "--quiet"]
    return subprocess.Popen(command, cwd=Path(ROOT), env=environ, stderr=subprocess.DEVNULL)


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
