"""`flask worker`: claiming, sending, trying again, giving up."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from app.database import utcnow
from app.extensions import db
from app.mail import worker
from app.models import Mail, SignUp
from config import ROOT, SettingError
from tests.mail_server import MailServer, add_mail, deliver, read_mail

REFUSED = "450 try again later"
MINUTE = timedelta(minutes=1)


def run(app: Flask, *options: str):
    return app.test_cli_runner().invoke(args=["worker", "--once", *options])


def make_due(app: Flask, mail_id: int) -> None:
    with app.app_context():
        db.session.get(Mail, mail_id).due_at = utcnow()
        db.session.commit()


@pytest.fixture
def folder(app: Flask) -> Path:
    """The folder of emails, which is empty."""
    folder = app.config["SITE"].instance / "mail"
    for path in folder.glob("*"):
        path.unlink()
    return folder


def test_email_is_written_to_a_file_and_marked_as_sent(app, folder):
    mail_id = add_mail(app)

    assert run(app).exit_code == 0

    [path] = folder.iterdir()
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert message["To"] == "clara@example.org"
    assert path.suffix == ".eml"
    assert read_mail(app, mail_id).sent_at


def test_files_are_readable_by_their_owner_only(app, folder):
    add_mail(app)
    run(app)

    [path] = folder.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


def test_file_has_the_link_unencoded(app, folder):
    add_mail(app)
    run(app)

    assert "http://127.0.0.1:8000/en/auth/sign-up/\n" in next(folder.iterdir()).read_text().replace("\r\n", "\n")


def test_worker_prints_recipient_subject_file_and_first_link(app, folder):
    add_mail(app)

    output = run(app).output

    assert "clara@example.org" in output
    assert "No account with this address" in output
    assert str(next(folder.iterdir())) in output
    assert re.search(r"http://127\.0\.0\.1:8000/en/auth/sign-up/\n", output)


def test_quiet_worker_prints_nothing(app, folder):
    add_mail(app)

    assert run(app, "--quiet").output == ""
    assert len(list(folder.iterdir())) == 1


def test_second_run_sends_nothing_again(app, folder):
    add_mail(app)
    run(app)

    assert run(app).output == ""


def test_emails_are_sent_oldest_first(app, server: MailServer):
    for name in ("first", "second", "third"):
        add_mail(app, f"{name}@example.org")

    deliver(app, server.url)

    assert [envelope.rcpt_tos[0][:5] for envelope in server.taken] == ["first", "secon", "third"]


def test_email_that_is_not_due_waits(app, server: MailServer):
    add_mail(app, due_at=utcnow() + MINUTE)

    assert deliver(app, server.url) == 0


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
def test_temporary_refusal_is_tried_again_after_a_minute(app, server: MailServer, command):
    server.answers[command] = REFUSED
    mail_id = add_mail(app)

    deliver(app, server.url)

    mail = read_mail(app, mail_id)
    assert (mail.attempts, mail.sent_at, mail.given_up_at) == (1, None, None)
    assert "450" in mail.error
    assert timedelta(seconds=55) < mail.due_at - utcnow() <= MINUTE

    server.answers.clear()
    make_due(app, mail_id)
    deliver(app, server.url)

    assert read_mail(app, mail_id).sent_at
    assert read_mail(app, mail_id).error == ""
    assert len(server.taken) == 1


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
def test_permanent_refusal_gives_up_at_once_and_stores_the_reason(app, server: MailServer, command):
    server.answers[command] = "550 5.1.1 no such person"
    mail_id = add_mail(app)

    deliver(app, server.url)

    mail = read_mail(app, mail_id)
    assert mail.given_up_at
    assert mail.error == "550 5.1.1 no such person"
    make_due(app, mail_id)
    assert deliver(app, server.url) == 0


def test_unreachable_server_loses_nothing(app, server: MailServer):
    url = server.url
    server.stop()
    mail_id = add_mail(app)

    deliver(app, url)

    mail = read_mail(app, mail_id)
    assert "ConnectionRefusedError" in mail.error
    assert mail.given_up_at is None


def test_twentieth_attempt_is_the_last(app, server: MailServer):
    server.answers["RCPT"] = REFUSED
    mail_id = add_mail(app, attempts=18)

    deliver(app, server.url)
    assert read_mail(app, mail_id).given_up_at is None

    make_due(app, mail_id)
    deliver(app, server.url)
    assert read_mail(app, mail_id).attempts == 20
    assert read_mail(app, mail_id).given_up_at


def test_delays_double_up_to_six_hours():
    minutes = [worker.delay_after(attempts) / MINUTE for attempts in range(1, 20)]

    assert minutes[:4] == [1, 2, 4, 8]
    assert minutes[8:] == [256] + [360] * 10


def test_one_bad_email_does_not_stop_the_others(app, server: MailServer):
    bad = add_mail(app, subject="two\nlines")
    good = add_mail(app, "diana@example.org")

    deliver(app, server.url)

    assert read_mail(app, good).sent_at
    assert read_mail(app, bad).sent_at is None
    assert "ValueError" in read_mail(app, bad).error


def test_claimed_email_is_not_taken_by_other_workers(app):
    add_mail(app)
    with app.app_context():
        assert worker.claim(utcnow())
        assert worker.claim(utcnow()) is None


def test_email_is_due_again_after_a_crash_between_sending_and_marking(app):
    mail_id = add_mail(app)
    with app.app_context():
        worker.claim(utcnow())

        assert worker.claim(utcnow() + worker.CLAIMED_FOR) == mail_id


def test_two_workers_at_once_send_nothing_twice(app, server: MailServer):
    for number in range(40):
        add_mail(app, f"person{number}@example.org")

    threads = [threading.Thread(target=deliver, args=(app, server.url)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    recipients = [envelope.rcpt_tos[0] for envelope in server.taken]
    assert len(recipients) == 40
    assert len(set(recipients)) == 40


def test_idle_worker_keeps_no_writer_waiting(app):
    """It reads without the write lock, which another connection has here."""
    with app.app_context():
        other = db.engine.connect().execution_options(begin="IMMEDIATE")
        with other.begin():
            assert worker.claim(utcnow()) is None
        other.close()


def test_old_emails_are_deleted_and_waiting_ones_kept(app):
    long_ago = utcnow() - Mail.KEPT_FOR - MINUTE
    add_mail(app, sent_at=long_ago)
    add_mail(app, given_up_at=long_ago)
    kept = [add_mail(app, created_at=long_ago), add_mail(app, sent_at=utcnow())]

    with app.app_context():
        worker.discard_old(utcnow())

        assert db.session.scalars(select(Mail.id).order_by(Mail.id)).all() == kept


def test_sign_ups_not_confirmed_in_time_are_deleted(app):
    def sign_up(name: str, age: timedelta) -> SignUp:
        values = {"name": name, "capacity": "expert", "language": "en", "password_hash": name}
        return SignUp(email="x@example.org", renewed_at=utcnow() - age, **values)

    with app.app_context():
        db.session.add_all([sign_up("old", SignUp.LIFE + MINUTE), sign_up("new", SignUp.LIFE - MINUTE)])
        db.session.commit()
        worker.discard_old(utcnow())

        assert db.session.scalars(select(SignUp.name)).all() == ["new"]


def test_bad_mail_url_stops_the_start(config):
    with pytest.raises(SettingError, match="MAIL_URL must look like"):
        create_app(replace(config, mail_url="gopher://x"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_running_worker_sends_new_emails_and_ends_cleanly_on_a_signal(app, config, folder, number):
    environ = os.environ | {
        "SECRET_KEY": config.secret_key,
        "SITE_URL": config.site_url,
        "INSTANCE_FOLDER": str(config.instance),
        "DATABASE_URL": config.database_url,
        "FLASK_APP": "wsgi.py",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "worker"], cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        mail_id = add_mail(app)
        wait_until(lambda: read_mail(app, mail_id).sent_at)
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()

    assert process.returncode == 0
    assert b"clara@example.org" in output
    assert errors == b""


def wait_until(is_so, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


@pytest.mark.parametrize("answers", [{}, {"DATA": REFUSED}, {"RCPT": "550 no such user"}])
def test_email_deleted_while_it_is_sent_does_not_stop_the_worker(app, server: MailServer, monkeypatch, answers):
    """The account of its recipient was deleted, or its address changed, at that moment."""
    deleted, second = add_mail(app), add_mail(app, recipient="diana@example.org")
    server.answers.update(answers)
    real = worker.compose

    def compose_and_delete(mail: Mail, *arguments: object, **options: object):
        letter = real(mail, *arguments, **options)
        if mail.id == deleted:
            db.session.delete(mail)
            db.session.commit()
        return letter

    monkeypatch.setattr(worker, "compose", compose_and_delete)

    assert deliver(app, server.url) == 2
    with app.app_context():
        assert db.session.scalars(select(Mail.id)).all() == [second]


def test_email_deleted_after_it_was_claimed_is_not_sent(app, server: MailServer, monkeypatch):
    add_mail(app)
    real = worker.claim

    def claim_and_delete(now: datetime, last_lane: int) -> int | None:
        mail_id = real(now, last_lane)
        db.session.query(Mail).delete()
        db.session.commit()
        return mail_id

    monkeypatch.setattr(worker, "claim", claim_and_delete)

    assert deliver(app, server.url) == 1
    assert server.taken == []


def test_other_jobs_are_done_beside_emails_until_the_worker_ends(app: Flask):
    done = threading.Event()

    def fail_once(_stopping: worker.Stopping) -> bool:
        if not done.is_set():
            done.set()
            raise ValueError
        return False

    with app.app_context(), worker.beside([fail_once], lambda: False):
        assert done.wait(5)
