"""What is stored about a person, as a page and as a file."""

import json
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select

from app.auth import tokens
from app.auth.passwords import hash_password
from app.database import utcnow
from app.extensions import db
from app.models import (
    Act,
    ActKind,
    EmailChange,
    Forum,
    ForumRole,
    LogEntry,
    Message,
    MessageStatus,
    RecoveryCode,
    Report,
    Revision,
    Role,
    SignIn,
    Submission,
    Topic,
    User,
)
from tests.auth.conftest import TOTP_SECRET
from tests.world import World, make_message

FILE = "/en/account/data.json"
STATUSES = (MessageStatus.PENDING, MessageStatus.WITHHELD, MessageStatus.WITHDRAWN)


@pytest.fixture
def rich(app: Flask, world: World) -> World:
    """Alice has something of everything that can be stored about a person."""
    with app.app_context():
        alice, topic = db.session.get(User, world.alice), db.session.get(Topic, world.topic)
        for status in STATUSES:
            make_message(topic, alice, f"Text that is {status}", status=status)
        first = db.session.get(Message, world.first)
        first.revisions = [Revision(body="As it was", html="", language="en", written_at=utcnow())]
        alice.totp_secret, alice.password_hash = TOTP_SECRET, hash_password("four plain words here")
        own = {"user_id": world.alice}
        of_forum = {"forum_id": world.forum}
        db.session.add_all(
            [
                Report(message_id=world.second, reporter_id=world.alice, reason="Off the subject"),
                Act(kind=ActKind.PIN, topic_id=world.topic, reason={"en": "A beginning"}, **own, **of_forum),
                ForumRole(role=Role.TRANSLATOR, languages="en fr", **own, **of_forum),
                EmailChange(email="alice@example.net", **own),
                RecoveryCode(code_hash="a hash of a code", **own),
                Submission(key="a key of a form", result_id=1, **own),
                log("edit", "users", world.alice, world.admin, "Alicia"),
                log("edit", "users", world.bruno, world.alice, "Brunello"),
                log("edit", "users", world.bruno, world.admin, "Somebody else"),
            ]
        )
        db.session.commit()
    return world


def log(action: str, kind: str, subject: int, by: int, old: str) -> LogEntry:
    detail = [{"field": "name", "language": "", "old": old, "new": "x"}]
    return LogEntry(action=action, kind=kind, subject_id=subject, user_id=by, subject=old, detail=detail)


def read(client) -> dict:
    return json.loads(client.get(FILE).data)


def test_file_is_downloaded_and_not_cached(alice, rich):
    answer = alice.get(FILE)

    assert answer.mimetype == "application/json"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="my-data-')
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_file_has_the_profile(alice, rich):
    profile = read(alice)["profile"]

    assert (profile["email"], profile["name"], profile["country"]) == ("alice@example.org", "Alice", "XA")
    assert (profile["second_step"], profile["recovery_codes_left"]) == (True, 1)
    assert datetime.fromisoformat(profile["created_at"]).tzinfo


def test_file_has_messages_of_every_status_with_their_texts(alice, rich):
    messages = {message["status"]: message for message in read(alice)["messages"]}

    assert messages["published"]["body"] == "A shorter form would help."
    assert [revision["body"] for revision in messages["published"]["revisions"]] == ["As it was"]
    for status in STATUSES:
        assert messages[status]["body"] == f"Text that is {status}"


def test_file_has_everything_else(alice, rich):
    data = read(alice)

    assert [topic["title"] for topic in data["topics"]] == ["Reporting formats"]
    assert [report["reason"] for report in data["reports"]] == ["Off the subject"]
    assert data["roles"] == [{"forum": "open-forum", "role": "translator", "languages": ["en", "fr"]}]
    assert [act["reason"] for act in data["moderation"]] == [{"en": "A beginning"}]
    assert data["email_change"]["email"] == "alice@example.net"
    assert len(data["sign_ins"]) == len(data["forms_sent"]) == 1


def test_log_entries_have_details_only_about_the_person(alice, rich):
    entries = read(alice)["log"]

    assert [entry["done_by_you"] for entry in entries] == [True, False]
    assert entries[1]["changes"][0]["old"] == "Alicia"
    assert "Brunello" not in json.dumps(entries)
    assert "Somebody else" not in json.dumps(entries)


def test_emails_are_listed_without_their_links(app, alice, rich, visitor):
    visitor.post("/en/auth/forgot/", data={"email": "alice@example.org"})

    [mail] = read(alice)["mails"]
    assert (mail["recipient"], mail["subject"]) == ("alice@example.org", "Choose a new password")
    assert "/auth/reset/" not in alice.get(FILE).text


def test_file_and_page_have_no_secrets(app, alice, rich):
    with app.app_context():
        user = db.session.get(User, rich.alice)
        secrets = [user.password_hash, TOTP_SECRET, "a hash of a code", "a key of a form"]
        secrets += [db.session.scalar(select(SignIn.token_hash)), tokens.make(tokens.RESET, user)]

    for path in (FILE, "/en/account/data/"):
        text = alice.get(path).text
        assert not [secret for secret in secrets if secret in text], path


def test_file_has_nothing_about_others(bruno, rich):
    data = read(bruno)

    assert data["profile"]["email"] == "bruno@example.org"
    assert [message["number"] for message in data["messages"]] == [rich.second]
    assert "Text that is" not in bruno.get(FILE).text
    assert data["reports"] == []


def test_file_omits_what_its_owner_may_not_see(app, alice, rich):
    with app.app_context():
        db.session.get(Forum, rich.forum).published_at = None
        db.session.query(ForumRole).delete()
        db.session.commit()

    assert read(alice)["messages"] == read(alice)["topics"] == []


def test_page_shows_the_same_kinds_of_things(alice, rich):
    page = alice.get("/en/account/data/").text

    for text in ("You have posted 4 messages.", "awaiting approval", "withheld", "withdrawn", "Off the subject",
                 "alice@example.net", "1 action taken by you", "2 entries about actions taken by you",
                 "A record of 1 submitted form"):  # fmt: skip
        assert text in page, text
    assert f'href="{FILE}"' in page


def test_visitor_signs_in_first(visitor, world):
    assert visitor.get(FILE).location.startswith("/en/auth/sign-in/?next=")
