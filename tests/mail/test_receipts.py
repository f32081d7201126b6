"""Receipts: what is confirmed to whoever posted a message, typed it for somebody or changed it."""

import hashlib
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.auth.email_change import move_to
from app.extensions import db
from app.models import Approval, Forum, Mail, Message, User
from tests.attachments.conftest import send
from tests.auth.conftest import PASSWORD, PASSWORD_HASH
from tests.mail_server import MailServer, deliver
from tests.moderation.conftest import changed, do
from tests.moderation.test_on_behalf import LETTER
from tests.world import World

TEXT = "Premier point : l’énergie…\n\n- *un*\n- deux\n\n> 12 < 13 & “x”"


def reply(client: FlaskClient, world: World, body: str = TEXT, **more: str):
    return client.post(f"/en/topics/{world.topic}/reply/", data={"body": body, "language": "fr", **more})


def receipts(app: Flask) -> list[Mail]:
    with app.app_context():
        found = db.session.scalars(select(Mail).where(Mail.receipt_of_id.is_not(None)).order_by(Mail.id)).all()
        db.session.expunge_all()
        return list(found)


def last(app: Flask) -> Message:
    with app.app_context():
        return db.session.scalars(select(Message).order_by(Message.id.desc())).first()


def received(app: Flask, server: MailServer) -> EmailMessage:
    """The one email that the server took, as a mail program reads it."""
    deliver(app, server.url)
    [envelope] = server.taken
    return message_from_bytes(envelope.content, policy=default)


def plain(mail: EmailMessage) -> str:
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


def test_receipt_arrives_with_the_text_that_was_typed(app: Flask, world: World, alice: FlaskClient, server: MailServer):
    reply(alice, world)
    mail, message = received(app, server), last(app)

    assert mail["To"] == "alice@example.org"
    assert mail["Subject"] == f"Receipt for message #{message.id}"
    assert f"\n{'-' * 40}\n{TEXT}\n{'-' * 40}\n" in plain(mail)
    assert f"http://127.0.0.1:8000/en/messages/{message.id}/" in plain(mail)
    assert f"{message.posted_at:%Y-%m-%d %H:%M:%S}" in plain(mail)
    assert "It is public:" in plain(mail)


def test_receipt_says_as_whom_one_is_recorded_and_to_what_one_replies(app, world: World, bruno):
    bruno.post(f"/en/topics/{world.topic}/reply/?to={world.first}", data={"body": TEXT, "language": "fr"})
    text = receipts(app)[0].text

    assert "\nGroup: 1\n" in text
    assert f"\nIn reply to #{world.first}\n" in text
    assert "\nRecorded as: Bruno, " in text
    assert "\nLanguage: français\n" in text


def test_checksum_is_that_of_the_text_between_the_lines(app: Flask, world: World, alice, server: MailServer):
    reply(alice, world)
    text = plain(received(app, server))
    [copied] = re.findall(r"^-{40}\n(.*?)\n-{40}$", text, re.DOTALL | re.MULTILINE)

    assert hashlib.sha256(copied.encode()).hexdigest() in text


def test_receipt_has_the_files_with_their_checksums(app: Flask, world: World, alice: FlaskClient):
    send(alice, f"/en/topics/{world.topic}/reply/", {"table.csv": b"a,b\n1,2\n"}, submission="a")
    [mail] = receipts(app)

    assert "table.csv (8" in mail.text
    assert hashlib.sha256(b"a,b\n1,2\n").hexdigest() in mail.text


def test_receipt_says_that_a_message_waits(app: Flask, world: World, alice: FlaskClient):
    with changed(app, Forum, world.forum) as forum:
        forum.approval = Approval.EVERYBODY
    reply(alice, world)
    [mail] = receipts(app)

    assert "It is awaiting approval" in mail.text
    assert "It is public" not in mail.text


def test_receipt_of_a_message_that_is_withdrawn_goes_without_its_text(app: Flask, world: World, alice, server):
    with changed(app, Forum, world.forum) as forum:
        forum.approval = Approval.EVERYBODY
    reply(alice, world)
    path = f"/en/messages/{last(app).id}/withdraw/"
    assert alice.post(path, data=alice.with_version(path, {})).status_code == 302
    deliver(app, server.url)

    letters = [message_from_bytes(envelope.content, policy=default) for envelope in server.taken]
    [receipt] = [plain(letter) for letter in letters if letter["To"] == "alice@example.org"]
    assert "you have withdrawn it, so this receipt does not contain its text" in receipt
    assert "énergie" not in receipt
    assert "public" not in receipt


def test_receipt_that_was_sent_is_not_sent_again_once_the_message_is_withdrawn(app, world: World, alice, server):
    reply(alice, world)
    deliver(app, server.url)
    alice.post(f"/en/messages/{last(app).id}/withdraw/")

    assert receipts(app) == []


def test_sentences_of_a_receipt_have_a_space_between_them(app: Flask, world: World, alice: FlaskClient):
    reply(alice, world)
    [mail] = receipts(app)

    assert re.search(r"has been received as shown below\.\sIt is public:", mail.html)


def test_receipt_of_a_letter_goes_to_the_official_who_typed_it(app: Flask, world: World, moderator: FlaskClient):
    moderator.post(f"/en/topics/{world.topic}/reply/", data=LETTER | {"on_behalf_of": "Friends of Letters"})
    [mail] = receipts(app)

    assert mail.recipient == "moderator@example.org"
    assert "Posted for: Ms Dora Letter\nOn behalf of: Friends of Letters\n" in mail.text


def test_receipt_names_a_topic_of_ones_own_alone(app: Flask, world: World, alice: FlaskClient, bruno: FlaskClient):
    for client in (alice, bruno):
        reply(client, world)

    assert ["Reporting formats" in mail.text for mail in receipts(app)] == [True, False]


def test_form_sent_twice_has_one_receipt(app: Flask, world: World, alice: FlaskClient):
    for _time in range(2):
        reply(alice, world, submission="the same key")

    assert len(receipts(app)) == 1


def test_changed_text_has_its_receipt(app: Flask, world: World, alice: FlaskClient):
    path = f"/en/messages/{world.first}/edit/"
    data = {"body": "A much shorter form.", "language": "en", "title": "Reporting formats", "question": "0"}
    for _time in range(2):
        assert alice.post(path, data=alice.with_version(path, data)).status_code == 302
    [mail] = receipts(app)

    assert mail.subject == f"Receipt for the change of message #{world.first}"
    assert "\nA much shorter form.\n" in mail.text


def test_receipt_is_in_the_language_of_its_reader(app: Flask, world: World, alice: FlaskClient):
    with changed(app, User, world.alice) as user:
        user.language = "es"
    reply(alice, world)
    [mail] = receipts(app)

    assert mail.subject.startswith("Acuse de recibo")
    assert "/es/messages/" in mail.text


def test_receipts_go_with_the_account(app: Flask, world: World, alice: FlaskClient):
    with changed(app, User, world.alice) as user:
        user.password_hash = PASSWORD_HASH
    reply(alice, world)
    assert alice.post("/en/account/delete/", data={"password": PASSWORD, "email": "alice@example.org"}).location

    assert receipts(app) == []


@pytest.mark.parametrize("withdraws", [True, False])
def test_receipt_of_a_letter_goes_with_the_account_of_whoever_wrote_it(
    withdraws: bool, app: Flask, world: World, moderator: FlaskClient, admin: FlaskClient
):
    moderator.post(f"/en/topics/{world.topic}/reply/", data=LETTER | {"speaker": "Bruno"})
    if withdraws:
        moderator.post(f"/en/messages/{last(app).id}/withdraw/")
    path = f"/en/admin/people/{world.bruno}/delete/"
    admin.post(path, data=admin.with_version(path, {"is_speaker": "y", "email": "bruno@example.org"}))

    assert receipts(app) == []


def test_receipt_that_waits_goes_to_the_new_address(app: Flask, world: World, alice: FlaskClient):
    reply(alice, world)
    with app.app_context():
        move_to(db.session.get(User, world.alice), "new@example.org")
        db.session.commit()

    assert [mail.recipient for mail in receipts(app)] == ["new@example.org"]


# What is withheld or hidden while its receipt waits


@pytest.mark.parametrize("act", ["withhold", "correct"])
@pytest.mark.parametrize("waits", [False, True])
def test_receipt_of_a_text_that_is_withheld_or_hidden_goes_without_it(
    act: str, waits: bool, app: Flask, world: World, alice: FlaskClient, moderator: FlaskClient, server: MailServer
):
    if waits:
        with changed(app, Forum, world.forum) as forum:
            forum.approval = Approval.EVERYBODY
    send(alice, f"/en/topics/{world.topic}/reply/", {"secret.csv": b"a,b\n"}, body="Unlawful words.", submission="a")
    number = last(app).id
    more = {"body": "Other words.", "language": "en", "hide": "y"} if act == "correct" else {}
    assert do(moderator, number, act, **more).status_code == 302
    deliver(app, server.url)
    letters = [message_from_bytes(envelope.content, policy=default) for envelope in server.taken]
    to_alice = [letter for letter in letters if letter["To"] == "alice@example.org"]

    assert f"Receipt for message #{number}" in [letter["Subject"] for letter in to_alice]
    assert len(to_alice) == 2, "the other tells what was done, and why"
    for letter in letters:
        assert "Unlawful" not in letter.as_string()
        assert "secret.csv" not in letter.as_string()
        if letter["To"] == "alice@example.org":
            assert f"http://127.0.0.1:8000/en/messages/{number}/" in plain(letter)


def test_receipt_that_was_sent_is_not_sent_again_without_its_text(app, world, alice, moderator, server: MailServer):
    reply(alice, world)
    deliver(app, server.url)
    do(moderator, last(app).id, "withhold")

    assert receipts(app) == []


def test_corrected_text_that_stays_public_keeps_its_receipt(app, world: World, alice, moderator):
    reply(alice, world)
    do(moderator, last(app).id, "correct", body="Other words.", language="fr")

    assert TEXT in receipts(app)[0].text


def test_receipt_of_a_letter_that_is_withheld_goes_to_its_typist_without_the_text(app, world, moderator, admin, server):
    moderator.post(f"/en/topics/{world.topic}/reply/", data=LETTER | {"body": "Unlawful words."})
    do(admin, last(app).id, "withhold")
    deliver(app, server.url)

    receipt = next(one for one in map(str, (envelope.content for envelope in server.taken)) if "Receipt for" in one)
    assert "Unlawful" not in receipt
    assert "Dora" not in receipt


def test_title_that_is_taken_away_is_in_no_other_receipt_of_its_author(
    app, world, alice, moderator, server: MailServer
):
    reply(alice, world)
    assert "Reporting formats" in receipts(app)[0].text
    assert do(moderator, world.first, "withhold", title="A neutral title").status_code == 302
    deliver(app, server.url)
    contents = [envelope.content.decode() for envelope in server.taken]

    assert any(f"Receipt for message #{last(app).id}" in content for content in contents)
    assert not any("Reporting formats" in content for content in contents)
