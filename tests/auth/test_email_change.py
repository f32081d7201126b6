"""An email address changes once both addresses have confirmed it."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.auth import email_change
from app.auth.emails import find_by_email
from app.database import utcnow
from app.extensions import db
from app.models import EmailChange, Invitee, Mail, User
from tests.auth.conftest import PASSWORD, Letter, Mailbox, add_person, find_user, is_signed_in, sign_in
from tests.auth.test_tokens import made_long_ago
from tests.world import make_forum

ASK = "/en/account/email/"
NEW = "clara@example.net"
CHANGE = {"email": NEW, "password": PASSWORD}


@pytest.fixture
def her(app: Flask, clara) -> FlaskClient:
    return sign_in(app.test_client())


@pytest.fixture
def mails(her, mailbox: Mailbox) -> dict[str, Letter]:
    """The emails to both addresses after she has requested the change."""
    assert her.post(ASK, data=CHANGE).location == ASK
    return {"old": mailbox()[-2], "new": mailbox()[-1]}


def has(app: Flask, email: str) -> bool:
    return find_user(app, email) is not None


def test_link_goes_to_both_addresses_in_the_language_of_the_account(mails):
    assert [(mail.recipient, mail.language) for mail in mails.values()] == [("clara@example.org", "es"), (NEW, "es")]
    assert [mail.path.split("/")[1:5] for mail in mails.values()] == [
        ["es", "auth", "email", "old"],
        ["es", "auth", "email", "new"],
    ]
    assert NEW in mails["old"].text
    assert "clara@example.org" not in mails["new"].text + mails["new"].html


@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
def test_both_confirm_in_either_order_and_until_then_the_old_one_is_valid(app, visitor, mails, order):
    first, second = (mails[side].path for side in order)
    after_first = visitor.post(first)
    between = (has(app, "clara@example.org"), has(app, NEW))
    after_second = visitor.post(second)

    assert (after_first.status_code, after_second.status_code) == (302, 302)
    assert between == (True, False)
    assert not has(app, "clara@example.org")
    assert is_signed_in(sign_in(visitor, NEW))


def test_unsent_emails_to_a_moderator_go_to_the_new_address(app: Flask, visitor, mails):
    with app.app_context():
        clara, forum = find_by_email("clara@example.org"), make_forum("moderated")
        values = {"recipient": clara.email, "language": "es", "subject": "1", "text": "1", "html": "1"}
        db.session.add(Mail(user_id=clara.id, forum_id=forum.id, **values))
        db.session.add(Mail(user_id=clara.id, forum_id=forum.id, sent_at=utcnow(), **values))
        db.session.commit()
    for side in ("old", "new"):
        visitor.post(mails[side].path)

    with app.app_context():
        told = db.session.scalars(select(Mail).where(Mail.forum_id.is_not(None)))
        assert [(mail.recipient, mail.sent_at) for mail in told] == [(NEW, None)]


def test_opening_the_links_changes_nothing(app, visitor, mails):
    for mail in mails.values():
        assert visitor.get(mail.path).status_code == 200

    assert has(app, "clara@example.org")
    assert visitor.get(mails["old"].path).status_code == 200, "nor is one used up"


def test_address_taken_by_someone_else_at_the_same_moment_is_refused(app, visitor, mails, monkeypatch):
    visitor.post(mails["old"].path)
    add_person(app, "dora", email=NEW)
    monkeypatch.setattr(email_change, "_make_room", lambda _email: None)  # the other account is not visible yet

    assert visitor.post(mails["new"].path).status_code == 410
    assert has(app, "clara@example.org")


def test_suspended_person_cannot_change_the_address_with_an_earlier_link(app, visitor, mails):
    visitor.post(mails["old"].path)
    with app.app_context():
        user = db.session.scalar(select(User).where(User.email == "clara@example.org"))
        user.suspended_at, user.suspended_for = utcnow(), "Advertising"
        db.session.commit()
    answer = visitor.post(mails["new"].path)

    assert answer.status_code == 403
    assert "Advertising" in answer.text
    assert not has(app, NEW)


@pytest.mark.parametrize("side", ["old", "new"])
def test_one_address_cannot_confirm_for_the_other(app, visitor, mails, side):
    other = "new" if side == "old" else "old"
    visitor.post(mails[side].path)

    assert visitor.post(mails[side].path).status_code == 410, "nor twice"
    assert visitor.post(mails[side].path.replace(f"/{side}/", f"/{other}/")).status_code == 410
    assert has(app, "clara@example.org")


def test_changing_the_address_needs_the_password(app, her, mailbox: Mailbox):
    answer = her.post(ASK, data=CHANGE | {"password": "wrong words entirely"})

    assert answer.status_code == 422
    assert "This is not your present password." in answer.text
    assert NEW in answer.text, "what was typed is given back"
    assert not mailbox()


@pytest.mark.parametrize("email", ["", "clara", "clara@", "x" * 250 + "@example.org", "CLARA@example.org"])
def test_invalid_or_unchanged_address_is_refused(her, mailbox: Mailbox, email):
    answer = her.post(ASK, data=CHANGE | {"email": email})

    assert answer.status_code == 422
    assert 'href="#email"' in answer.text
    assert not mailbox()


def test_taken_address_gets_the_same_answer_and_page(her):
    def ask(email):
        answer = her.post(ASK, data=CHANGE | {"email": email})
        page = her.get(ASK).text.replace(email, "")
        return answer.status_code, answer.location, re.sub(r'\d\d:\d\d|value="[^"]*"', "", page)

    assert ask("bruno@example.org") == ask(NEW)


def test_owner_of_a_taken_address_is_told_by_email_and_keeps_it(app, visitor, her, mailbox: Mailbox):
    her.post(ASK, data=CHANGE | {"email": "bruno@example.org"})
    old, taken = mailbox()
    visitor.post(old.path)

    assert taken.recipient == "bruno@example.org"
    assert "/auth/email/" not in taken.text + taken.html
    assert "Clara" not in taken.text + taken.html
    assert "clara@example.org" not in taken.text + taken.html
    assert has(app, "clara@example.org")


def test_address_taken_in_the_meantime_remains_with_its_owner(app, visitor, mails):
    visitor.post(mails["new"].path)
    add_person(app, "other", email=NEW)

    answer = visitor.post(mails["old"].path)

    assert answer.status_code == 410
    assert "has an account" not in answer.text
    assert find_user(app, NEW).name == "Other"
    assert has(app, "clara@example.org")


def test_unconfirmed_account_is_replaced(app, visitor, mails):
    """Signing up with another person's address does not keep its owner from it."""
    add_person(app, "other", email=NEW, confirmed_at=None)

    for mail in mails.values():
        visitor.post(mail.path)

    assert find_user(app, NEW).name == "Clara"
    assert not has(app, "other@example.org")


def test_change_ends_the_other_sign_ins_only(app, her, visitor, mails):
    other = sign_in(app.test_client())
    visitor.post(mails["new"].path)

    answer = her.post(mails["old"].path)

    assert answer.location == "/es/account/"
    assert is_signed_in(her)
    assert not is_signed_in(other)


def test_change_confirmed_elsewhere_ends_every_sign_in(her, visitor, mails):
    for mail in mails.values():
        visitor.post(mail.path)

    assert not is_signed_in(her)


def test_someone_else_who_is_signed_in_stays_so(alice, mails):
    for mail in mails.values():
        alice.post(mail.path)

    assert is_signed_in(alice)


def test_change_invalidates_earlier_reset_links(visitor, mails, mailbox: Mailbox):
    visitor.post("/en/auth/forgot/", data={"email": "clara@example.org"})
    reset = mailbox()[-1].path
    for mail in mails.values():
        visitor.post(mail.path)

    assert visitor.get(reset).status_code == 410


def test_new_address_is_told_and_the_old_one_is_stored_nowhere(app, visitor, mails, mailbox: Mailbox):
    for mail in mails.values():
        visitor.post(mail.path)

    assert mailbox()[-1].recipient == NEW
    assert mailbox()[-1].subject == "Se ha cambiado su dirección de correo electrónico"
    with app.app_context():
        assert db.session.scalar(select(Mail).where(Mail.recipient == "clara@example.org")) is None
        assert db.session.scalar(select(EmailChange)) is None


def test_links_of_a_cancelled_change_are_invalid(app, her, visitor, mails):
    visitor.post(mails["old"].path)
    answer = her.post("/en/account/email/cancel/")

    assert answer.location == "/en/account/"
    assert [visitor.post(mail.path).status_code for mail in mails.values()] == [410, 410]
    assert has(app, "clara@example.org")


def test_new_request_invalidates_earlier_links(app, her, visitor, mails, mailbox: Mailbox):
    visitor.post(mails["old"].path)
    her.post(ASK, data=CHANGE | {"email": "clara@example.com"})

    assert visitor.post(mails["new"].path).status_code == 410
    visitor.post(mailbox()[-1].path)
    assert not has(app, "clara@example.com"), "the old address has not agreed to this one"


def test_new_password_invalidates_the_links(her, visitor, mails):
    her.post("/en/account/password/", data={"password": PASSWORD, "new_password": "entirely new words"})

    assert [visitor.post(mail.path).status_code for mail in mails.values()] == [410, 410]
    assert "Pending change" not in her.get(ASK).text


def test_page_shows_the_pending_change(her, visitor, mails):
    before = her.get(ASK).text
    visitor.post(mails["new"].path)
    after = her.get(ASK).text

    assert NEW in before
    assert "The change has not yet been confirmed from the new address." in before
    assert "The change has been confirmed from the new address." in after
    assert "The change has not yet been confirmed from the present address." in after


@pytest.mark.parametrize("side", ["old", "new"])
def test_expired_link_is_gone(app, visitor, clara, mails, side):
    token = made_long_ago(app, f"email-change-{side}", clara, days=3, seconds=2)

    assert visitor.post(f"/en/auth/email/{side}/{token}/").status_code == 410


def test_page_does_not_show_an_expired_change(app, her, mails):
    with app.app_context():
        db.session.scalar(select(EmailChange)).created_at = utcnow() - timedelta(days=3, seconds=2)
        db.session.commit()

    assert "Pending change" not in her.get(ASK).text


def test_malformed_link_is_gone(visitor, world):
    assert [
        (token, side)
        for token in ("x", "a.b.c", "x" * 5000)
        for side in ("old", "new")
        if visitor.get(f"/en/auth/email/{side}/{token}/").status_code != 410
    ] == []


def test_forms_need_a_token(app, her, mails):
    app.config["WTF_CSRF_ENABLED"] = True

    for path in (ASK, "/en/account/email/cancel/", mails["old"].path):
        assert her.post(path, data=CHANGE).status_code == 400, path
    with app.app_context():
        assert db.session.scalar(select(User.email).where(User.name == "Clara")) == "clara@example.org"


def test_invitation_to_the_new_address_holds_for_the_account(app, visitor, mails):
    with app.app_context():
        forum = make_forum("by-invitation")
        profile = {"name": "Clara", "capacity": "expert", "language": "es", "role": "participant"}
        db.session.add(Invitee(forum=forum, email=NEW, **profile))
        db.session.commit()
        key = forum.id
    for side in ("old", "new"):
        visitor.post(mails[side].path)

    with app.app_context():
        assert find_by_email(NEW).has_role("participant", key)
