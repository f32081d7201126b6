"""An administrator suspends someone, and reinstates them."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.database import utcnow
from app.extensions import db
from app.forums import actions
from app.models import LogEntry, Message, SignIn, User
from tests.auth.conftest import PASSWORD, TOTP_SECRET, Mailbox, find_user, is_signed_in, sign_in
from tests.conftest import CONTACT
from tests.conftest import sign_in as signed_in_as

REASON = "Advertising in three topics"
ADDRESS = f'<a href="mailto:{CONTACT}">'
MESSAGE = {"body": "Sent too late", "language": "en", "on_behalf_of": ""}


@pytest.fixture
def her(app: Flask, clara) -> FlaskClient:
    return sign_in(app.test_client())


@pytest.fixture
def suspended_meanwhile(monkeypatch: pytest.MonkeyPatch, clara) -> None:
    """Clara is suspended between the beginning of a request and its transaction."""

    def suspended_first(*_arguments: object) -> None:
        db.session.get(User, clara.id).suspended_at = utcnow()
        db.session.flush()

    monkeypatch.setattr(actions.Once, "begin", suspended_first)


def suspend(admin: FlaskClient, user_id: int, reason: str = REASON):
    return admin.post(f"/en/admin/people/{user_id}/suspend/", data={"words": reason})


def reinstate(admin: FlaskClient, user_id: int, reason: str = "A mistake"):
    return admin.post(f"/en/admin/people/{user_id}/reinstate/", data={"words": reason})


def attempt(client: FlaskClient, password: str = PASSWORD):
    return client.post("/en/auth/sign-in/", data={"email": "clara@example.org", "password": password})


def test_open_session_ends_at_once(admin, her, clara):
    assert is_signed_in(her)
    answer = suspend(admin, clara.id)

    assert answer.location == f"/en/admin/people/{clara.id}/"
    assert not is_signed_in(her)


def test_every_sign_in_ends(app, admin, her, clara):
    other = sign_in(app.test_client())
    suspend(admin, clara.id)

    assert not is_signed_in(other)
    with app.app_context():
        assert db.session.scalar(select(SignIn).where(SignIn.user_id == clara.id)) is None


def test_simultaneous_sign_in_is_invalid(app, admin, clara):
    suspend(admin, clara.id)

    assert not is_signed_in(signed_in_as(app, clara.id))


def test_signing_in_gives_the_reason_and_the_contact_address(reachable, admin, clara):
    suspend(admin, clara.id)
    visitor = reachable.test_client()
    answer = attempt(visitor)

    assert answer.status_code == 422
    assert REASON in answer.text
    assert ADDRESS in answer.text
    assert not is_signed_in(visitor)


def test_wrong_password_shows_no_contact_address(reachable, clara):
    above_the_form = attempt(reachable.test_client(), "wrong words entirely").text.partition("<h1>")[0]

    assert "mailto:" not in above_the_form


def test_without_an_address_the_secretariat_is_named(admin, visitor, clara):
    suspend(admin, clara.id)
    page = attempt(visitor).text

    assert "write to the Secretariat" in page
    assert "mailto:" not in page


def test_refusal_has_the_contact_address(reachable, clara, suspended_meanwhile, world):
    her = sign_in(reachable.test_client())

    assert ADDRESS in her.post(f"/en/topics/{world.topic}/reply/", data=MESSAGE).text


def test_suspension_is_not_revealed_to_others(admin, visitor, clara):
    suspend(admin, clara.id)
    answer = attempt(visitor, "wrong words entirely")

    assert "The email address or password is incorrect." in answer.text
    assert REASON not in answer.text
    assert "suspended" not in answer.text


def test_second_step_refuses_a_suspended_person_too(app, admin, visitor, clara):
    with app.app_context():
        db.session.get(User, clara.id).totp_secret = TOTP_SECRET
        db.session.commit()
    assert attempt(visitor).status_code == 302
    suspend(admin, clara.id)

    assert visitor.post("/en/auth/second-step/", data={"code": "000000"}).status_code == 403
    assert REASON in attempt(app.test_client()).text


def test_form_sent_after_the_suspension_is_refused_and_given_back(admin, her, clara, world):
    path = f"/en/topics/{world.topic}/reply/"
    assert her.get(path).status_code == 200
    suspend(admin, clara.id)

    answer = her.post(path, data=MESSAGE)

    assert answer.status_code == 403
    assert "Sent too late" in answer.text


def test_form_sent_at_the_moment_of_the_suspension_is_refused(app, her, clara, world, suspended_meanwhile):
    answer = her.post(f"/en/topics/{world.topic}/reply/", data=MESSAGE)

    assert answer.status_code == 403
    assert "Sent too late" in answer.text
    with app.app_context():
        assert db.session.scalar(select(Message).where(Message.author_id == clara.id)) is None


def test_messages_remain(admin, visitor, world):
    suspend(admin, world.alice)

    assert "A shorter form would help." in visitor.get(f"/en/topics/{world.topic}/").text


def test_person_is_told_in_their_own_language(admin, clara, mailbox: Mailbox):
    suspend(admin, clara.id)
    reinstate(admin, clara.id)

    first, second = mailbox()
    assert [(mail.recipient, mail.language) for mail in (first, second)] == [("clara@example.org", "es")] * 2
    assert REASON in first.text
    assert REASON in first.html
    assert second.path == "/es/auth/sign-in/"


def test_reinstated_person_signs_in_again(app, admin, visitor, clara):
    suspend(admin, clara.id)
    reinstate(admin, clara.id)

    assert is_signed_in(sign_in(visitor))
    assert find_user(app, "clara@example.org").suspended_for == ""


def test_both_are_logged_with_their_reasons(app, admin, clara, world):
    suspend(admin, clara.id)
    reinstate(admin, clara.id)

    with app.app_context():
        entries = db.session.scalars(select(LogEntry).order_by(LogEntry.id)).all()
        told = [(entry.user_id, entry.action, entry.subject, entry.detail[0]["new"]) for entry in entries]
    assert told == [(world.admin, "suspend", "Clara", REASON), (world.admin, "reinstate", "Clara", "A mistake")]
    assert "Suspended" in admin.get("/en/admin/log/1/").text


@pytest.mark.parametrize("act", [suspend, reinstate])
@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_reason_is_needed_and_short(app, admin, clara, act, reason):
    if act is reinstate:
        suspend(admin, clara.id)
    before = find_user(app, "clara@example.org").suspended_at

    assert act(admin, clara.id, reason).status_code == 422
    assert find_user(app, "clara@example.org").suspended_at == before


def test_suspending_or_reinstating_twice_does_nothing_more(admin, clara, mailbox: Mailbox):
    statuses = [act(admin, clara.id).status_code for act in (reinstate, suspend, suspend, reinstate, reinstate)]

    assert statuses == [409, 302, 409, 302, 409]
    assert len(mailbox()) == 2


def test_same_form_sent_twice_has_the_same_result_and_sends_one_email(admin, clara, mailbox: Mailbox):
    for act in ("suspend", "reinstate"):
        address = f"/en/admin/people/{clara.id}/{act}/"
        key = re.search(r'name="submission"[^>]*value="(\w+)"', admin.get(address).text)[1]
        answers = [admin.post(address, data={"words": REASON, "submission": key}) for _ in range(2)]
        assert {answer.location for answer in answers} == {f"/en/admin/people/{clara.id}/"}

    assert len(mailbox()) == 2


def test_page_has_no_form_for_what_is_already_done(admin, clara):
    pages = {act: f"/en/admin/people/{clara.id}/{act}/" for act in ("suspend", "reinstate")}

    assert 'name="words"' in admin.get(pages["suspend"]).text
    assert 'name="words"' not in admin.get(pages["reinstate"]).text
    suspend(admin, clara.id)
    assert 'name="words"' not in admin.get(pages["suspend"]).text
    assert 'name="words"' in admin.get(pages["reinstate"]).text


def test_administrators_cannot_suspend_themselves(app, admin, world):
    answer = suspend(admin, world.admin)

    assert answer.status_code == 409
    assert admin.get("/en/admin/").status_code == 200


def test_suspended_administrator_does_not_count_as_one(app, admin, clara, world):
    with app.app_context():
        db.session.get(User, clara.id).is_admin = True
        db.session.commit()
    suspend(admin, clara.id)

    profile = {"name": "Admin", "capacity": "party", "language": "en", "country": "XA"}
    answer = admin.post(f"/en/admin/people/{world.admin}/", data=profile)

    assert answer.status_code == 422
    assert "last administrator" in answer.text


@pytest.mark.parametrize("act", [suspend, reinstate])
def test_only_administrators_suspend_and_reinstate(app, moderator, visitor, clara, act):
    assert act(moderator, clara.id).status_code == 403
    assert act(visitor, clara.id).status_code == 403
    assert find_user(app, "clara@example.org").suspended_at is None


def test_administrators_see_that_an_account_is_suspended(admin, clara):
    suspend(admin, clara.id)

    assert REASON in admin.get(f"/en/admin/people/{clara.id}/").text
    assert "Account suspended" in admin.get("/en/admin/people/").text
    assert REASON in admin.get(f"/en/admin/people/{clara.id}/reinstate/").text


def test_opening_the_page_changes_nothing_and_a_token_is_needed(app, admin, clara):
    admin.get(f"/en/admin/people/{clara.id}/suspend/")
    app.config["WTF_CSRF_ENABLED"] = True

    assert suspend(admin, clara.id).status_code == 400
    assert find_user(app, "clara@example.org").suspended_at is None


def test_hostile_reason_stays_text(admin, visitor, clara, mailbox: Mailbox):
    suspend(admin, clara.id, "<img src=x onerror=alert(1)> {{7*7}} %(reason)s %s")

    pages = [attempt(visitor).text, admin.get(f"/en/admin/people/{clara.id}/").text, mailbox()[-1].html]
    for page in [*pages, admin.get("/en/admin/log/1/").text]:
        assert "<img src=x" not in page
        assert "{{7*7}}" in page
