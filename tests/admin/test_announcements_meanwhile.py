"""Announcements whose readers get another address, sign up or are suspended while the emails wait."""

import re
import time
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from threading import Thread

import pytest
from aiosmtpd.smtp import Envelope
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import select, text

from app import announcements
from app.auth import email_change
from app.auth.sign_up import hash_for
from app.auth.undelivered import send_again, version_of_mail
from app.database import as_of, utcnow
from app.extensions import db
from app.mail.worker import discard_old
from app.models import Announcement, Delivery, Follow, Forum, How, Invitee, Mail, SignUp, User
from tests.admin.test_announcements import INDEX, OPENING, cells, letter_to, seen, send, write_all
from tests.auth.conftest import PASSWORD
from tests.mail_server import MailServer, deliver
from tests.moderation.conftest import changed

REFUSED = "550 5.1.1 no such person"
NEW = "alice@example.net"


def move(app: Flask, user_id: int, email: str = NEW) -> None:
    """As once both addresses have confirmed the change."""
    with app.app_context():
        email_change.move_to(db.session.get_one(User, user_id), email)
        db.session.commit()


def taken(server: MailServer) -> list[str]:
    """To whom announcements were sent, in the order of the addresses."""
    return sorted(one.rcpt_tos[0] for one in server.taken if is_announcement(one))


def is_announcement(envelope: Envelope) -> bool:
    return message_from_bytes(envelope.content, policy=default)["Subject"].startswith(("Forum", "Foro"))


def refuse(app: Flask, server: MailServer, name: str) -> int:
    """Let the email to this person be refused for good, and no other. Returns its key."""
    write_all(app)
    with app.app_context():
        own = Mail.announcement_id.is_not(None) & (Mail.recipient == f"{name}@example.org")
        key = db.session.scalars(select(Mail.id).where(own)).one()
        db.session.execute(db.update(Mail).where(Mail.id != key).values(due_at=utcnow() + timedelta(hours=1)))
        db.session.commit()
    server.answers["RCPT"] = REFUSED
    deliver(app, server.url)
    server.answers.clear()
    with app.app_context():
        db.session.execute(db.update(Mail).values(due_at=utcnow()))
        db.session.commit()
    return key


def step(admin: FlaskClient, key: int, name: str, **data: object) -> None:
    path = f"/en/admin/mails/{key}/{name}/"
    assert admin.post(path, data=data).status_code == 302


# A change of address


def test_announcement_goes_to_the_new_address_of_its_reader(app, world, cast, admin, server):
    send(admin, "contributors")
    write_all(app)
    move(app, world.alice)
    deliver(app, server.url)

    assert taken(server) == [NEW, "bruno@example.org"]
    assert cells(admin) == ["2", "2", "0"]


def test_reader_with_a_new_address_gets_no_second_copy(app, world, cast, admin, server):
    send(admin, "contributors")
    deliver(app, server.url)
    move(app, world.alice)
    with changed(app, Announcement, 1) as sent:  # as when a person has signed up while the email to them waited
        sent.written_at, sent.last_user_id, sent.settled_at = None, 0, None
    deliver(app, server.url)

    assert taken(server) == ["alice@example.org", "bruno@example.org"]
    assert cells(admin) == ["2", "2", "0"]


@pytest.mark.parametrize("was_sent", [False, True])
def test_person_invited_under_another_address_gets_one_copy(was_sent, app, world, cast, admin, server):
    send(admin, "contributors", "silent")
    write_all(app)
    if was_sent:
        with app.app_context():
            db.session.execute(db.update(Mail).where(Mail.recipient == "clara@example.org").values(sent_at=utcnow()))
            db.session.commit()
    move(app, world.alice, "clara@example.org")
    deliver(app, server.url)

    assert taken(server).count("clara@example.org") == (0 if was_sent else 1)
    assert cells(admin) == ["3", "3", "0"]


def test_announcement_that_bounced_goes_to_the_corrected_address(app, world, cast, admin, server):
    send(admin, "contributors")
    key = refuse(app, server, "alice")
    deliver(app, server.url)
    assert cells(admin) == ["2", "1", "1"]
    step(admin, key, "address", email=NEW)
    deliver(app, server.url)

    assert taken(server) == [NEW, "bruno@example.org"]
    assert cells(admin) == ["2", "2", "0"]


def test_announcement_to_an_invitee_goes_to_the_corrected_address_with_a_link_that_works(
    app, world, cast, admin, visitor, server
):
    send(admin, "silent")
    key = refuse(app, server, "clara")
    step(admin, key, "address", email="clara@example.net")
    deliver(app, server.url)
    [found] = [one for one in server.taken if one.rcpt_tos == ["clara@example.net"] and is_announcement(one)]
    link = letter_link(found.content)

    assert taken(server) == ["bea@example.org", "clara@example.net"]
    assert 'value="clara@example.net"' in visitor.get(link).text
    assert cells(admin) == ["2", "2", "0"]


def letter_link(content: bytes) -> str:
    text = message_from_bytes(content, policy=default).get_body(("plain",)).get_content()
    return next(word for word in text.split() if "invitation=" in word).removeprefix("http://127.0.0.1:8000")


def test_email_that_bounced_and_is_sent_again_counts_as_sent(app, world, cast, admin, server):
    send(admin, "contributors")
    key = refuse(app, server, "alice")
    deliver(app, server.url)
    step(admin, key, "again")
    deliver(app, server.url)

    assert cells(admin) == ["2", "2", "0"]


def test_emails_of_an_announcement_are_deleted_together(app, world, cast, admin, server):
    """So that what is sent again later is counted right, and no one is sent two."""
    send(admin, "contributors")
    refuse(app, server, "alice")
    deliver(app, server.url)
    with changed(app, Mail, db_key(app, "bruno")) as sent:
        sent.sent_at -= timedelta(days=2)
    with app.app_context():
        discard_old(utcnow() + timedelta(days=29))
        assert db.session.query(Mail).count() == 2
        discard_old(utcnow() + timedelta(days=31))
        assert db.session.query(Mail).count() == 0
    assert cells(admin) == ["2", "1", "1"]


def db_key(app: Flask, name: str) -> int:
    with app.app_context():
        return db.session.scalars(select(Mail.id).where(Mail.recipient == f"{name}@example.org")).one()


# Signing up


def test_invitee_who_is_confirmed_by_hand_keeps_the_announcement(app, world, cast, admin, server):
    send(admin, "silent")
    write_all(app)
    with app.app_context():
        password_hash = hash_for("clara@example.org", PASSWORD)
        more = {"name": "Clara", "capacity": "expert", "language": "es", "password_hash": password_hash}
        texts = {"language": "es", "subject": "x", "text": "x", "html": "x"}
        waiting = SignUp(email="clara@example.org", **more)
        mail = Mail(recipient="clara@example.org", attempts=20, given_up_at=utcnow(), **texts)
        db.session.add_all([waiting, mail])
        db.session.commit()
        chosen, key = waiting.id, mail.id
    step(admin, key, "confirm", sign_up=chosen)
    deliver(app, server.url)

    assert taken(server) == ["bea@example.org", "clara@example.org"]
    assert not [one for one in server.taken if is_announcement(one) and b"invitation=3D" in one.content]
    assert cells(admin) == ["2", "2", "0"]


# Counting


def test_announcement_with_somebody_left_to_write_to_is_not_settled(app, world, cast, admin, monkeypatch):
    """Another worker has found meanwhile that an invited person has signed up, who is to get another email."""
    send(admin, "contributors")
    write_all(app)
    with app.app_context():
        db.session.execute(db.update(Mail).values(sent_at=utcnow()))
        db.session.execute(db.update(Announcement).values(settled_at=None, written_at=None))
        db.session.commit()
        announcements._settle(1)

        assert db.session.get_one(Announcement, 1).settled_at is None


@pytest.mark.parametrize("happened", ["suspended", "deleted", "withdrawn"])
def test_person_whose_email_is_not_sent_is_no_recipient(happened, app, world, cast, admin, server):
    send(admin, "contributors", "silent")
    write_all(app)
    if happened == "suspended":
        with changed(app, User, world.alice) as alice:
            alice.suspended_at = utcnow()
    elif happened == "deleted":
        path = f"/en/admin/people/{world.alice}/delete/"
        data = {"email": "alice@example.org", "sure": "yes"}
        assert admin.post(path, data=admin.with_version(path, data)).status_code == 302
    else:
        with app.app_context():
            key = db.session.scalars(select(Invitee.id)).one()
        path = f"/en/admin/forums/1/participants/{key}/withdraw/"
        assert admin.post(path, data=admin.with_version(path, {})).status_code == 302
    deliver(app, server.url)

    assert cells(admin) == ["3", "3", "0"]


# The order of emails


@pytest.mark.parametrize("written", [False, True])
def test_announcement_waits_for_digests(written, app, world, cast, admin, server):
    send(admin, "not-written")
    with app.app_context():
        db.session.add(Follow(user_id=world.alice, topic_id=world.topic, how=How.DIGEST))
        db.session.add(Delivery(user_id=world.alice, message_id=world.second, due_at=utcnow() - timedelta(minutes=1)))
        db.session.commit()
    if written:
        write_all(app)
    deliver(app, server.url)

    assert server.taken[0].rcpt_tos == ["alice@example.org"]
    assert len(server.taken) == 4


# A clock that was wrong


def test_email_made_or_tried_while_the_clock_was_ahead_is_sent_once_it_is_right(app, world, visitor, server):
    with as_of(utcnow() + timedelta(days=400)):
        visitor.post("/en/auth/forgot/", data={"email": "alice@example.org"})
        server.answers["RCPT"] = "450 4.2.1 try again later"
        deliver(app, server.url)
    server.answers.clear()
    deliver(app, server.url)

    assert len(server.taken) == 1


# What administrators are told


def test_list_leads_to_the_text_that_was_sent(app, world, cast, admin):
    send(admin, "contributors", **{"fr-body": "Texte modifié"})
    [path] = re.findall(rf"{INDEX}\d+/", admin.get(INDEX).text)
    page = admin.get(path).text

    assert "Texte modifié" in page
    assert "The Secretariat wishes to inform you" in page
    assert admin.get(path.replace("/forums/1/", "/forums/2/")).status_code == 404


def test_form_says_that_an_announcement_of_its_kind_was_sent(app, world, cast, admin):
    assert "of this kind" not in admin.get(OPENING).text
    send(admin, "contributors")

    assert "An announcement of this kind was sent on" in admin.get(OPENING).text
    assert "to 2 people." in admin.get(OPENING).text


@pytest.mark.parametrize("way", ["", "preview/"])
def test_ready_text_that_nobody_edited_gets_the_new_dates_and_an_edited_one_stays(way, app, world, cast, admin):
    data = seen(admin, "contributors")
    form = html.fromstring(admin.get(OPENING).text).forms[-1]
    data |= {name: value for name, value in form.form_values() if name == "ready"} | {
        "fr-subject": "Sujet modifié",
        "es-body": "Texto modificado",
    }
    with changed(app, Forum, world.forum) as forum:
        forum.periods[0].closes_at += timedelta(days=40)
    answer = admin.post(OPENING + way, data=data)
    again = dict(html.fromstring(answer.text).forms[-1].form_values())

    assert answer.status_code == 409
    assert "now state the current dates" in answer.text
    assert again["en-body"].strip() != data["en-body"].strip()
    assert again["es-subject"] != data["es-subject"]
    assert again["fr-subject"] == "Sujet modifié"
    assert again["es-body"].strip() == "Texto modificado"
    assert again["fr-body"].strip() != data["fr-body"].strip()


# What readers are told


@pytest.mark.parametrize(
    ("name", "audience", "reason"),
    [
        ("bruno", "invited", "parce que vous, ou votre État, avez reçu une invitation à participer au forum «"),
        ("bruno", "contributors", "parce que vous avez publié des messages dans le forum «"),
        ("otto", "not-written", "because you have an account on this site."),
        ("clara", "silent", "porque se le ha invitado a participar en el foro «"),
    ],
)
def test_announcement_says_why_its_reader_gets_it(name, audience, reason, app, cast, admin, server):
    send(admin, audience)
    deliver(app, server.url)
    letter = letter_to(name, server)

    for kind in ("plain", "html"):
        assert reason in " ".join(letter.get_body((kind,)).get_content().split())


@pytest.mark.only_on("postgresql", reason="SQLite locks no rows")
@pytest.mark.parametrize("way", ["new address", "sent again"])
def test_announcement_is_locked_before_any_of_its_emails(way, app, world, cast, admin):
    """As the worker does it, so that neither waits for the other."""
    for _time in range(2):
        send(admin, "contributors")
    write_all(app)
    with app.app_context():
        own = db.session.scalars(select(Mail).where(Mail.user_id == world.alice).order_by(Mail.id)).all()
        for mail in own:
            mail.given_up_at = utcnow()
        db.session.commit()
        keys, version, latest = [mail.id for mail in own], version_of_mail(own[-1]), own[-1].announcement_id

    def act() -> None:
        with app.app_context():
            viewer = db.session.get_one(User, world.admin)
            if way == "sent again":
                send_again(keys[-1], version=version, viewer=viewer)
            else:
                move(app, world.alice)

    thread = Thread(target=act)
    with app.app_context():
        db.session.execute(select(Announcement.id).where(Announcement.id == latest).with_for_update())
        thread.start()
        waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while not db.session.scalar(waits):
            assert thread.is_alive()
            time.sleep(0.05)
        free = db.session.scalars(select(Mail.id).with_for_update(skip_locked=True)).all()
        db.session.rollback()
    thread.join()

    assert set(keys) <= set(free)
