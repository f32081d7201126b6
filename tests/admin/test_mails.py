"""Mails that could not be delivered are told, and an administrator can do something about each."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.auth.sign_up import hash_for
from app.database import utcnow
from app.extensions import db
from app.mail.queries import failed_mails
from app.models import EmailChange, Invitee, LogEntry, Mail, SignUp, User
from tests.auth.conftest import PASSWORD, is_signed_in
from tests.world import make_user

REFUSED = "550 5.1.1 No such user here"


@pytest.fixture
def failed(look, world) -> Callable[..., int]:
    """Makes a mail that was refused for good, and gives its key."""

    def make(recipient: str = "bruno@example.org", **more: object) -> int:
        values = {"language": "en", "subject": "Told", "text": "x", "html": "x", "attempts": 20, "error": REFUSED}
        mail = Mail(recipient=recipient, **({"given_up_at": utcnow()} | values | more))
        db.session.add(mail)
        db.session.commit()
        return mail.id

    return lambda *args, **more: look(lambda: make(*args, **more))


@pytest.fixture
def signed_up(app: Flask, look) -> Callable[..., int]:
    """Makes a sign-up that waits, and gives its key."""

    def make(email: str, name: str = "Clara", password: str = PASSWORD) -> int:
        values = {"name": name, "capacity": "expert", "language": "es", "password_hash": hash_for(email, password)}
        db.session.add(one := SignUp(email=email, **values))
        db.session.commit()
        return one.id

    return lambda *args, **more: look(lambda: make(*args, **more))


def signs_in(app: Flask, email: str, password: str = PASSWORD) -> bool:
    client = app.test_client()
    client.post("/en/auth/sign-in/", data={"email": email, "password": password})
    return is_signed_in(client)


def test_mail_that_was_refused_for_good_is_told_on_the_first_page(admin: FlaskClient, failed):
    key = failed()
    page = admin.get("/en/admin/").text

    assert f'/en/admin/mails/{key}/">bruno@example.org</a>' in page
    assert REFUSED in page


def test_mails_to_one_address_are_told_once_by_the_latest(admin: FlaskClient, failed):
    for subject in ("First", "Second"):
        failed(subject=subject)
    failed("clara@example.org", subject="Third")
    page = admin.get("/en/admin/").text

    assert [page.count(told) for told in ("bruno@example.org", "First", "Second", "Third")] == [1, 0, 1, 1]


@pytest.mark.parametrize(
    ("values", "is_told"),
    [
        ({"attempts": 3, "created_at": utcnow() - timedelta(hours=25)}, True),
        ({"attempts": 3, "created_at": utcnow() - timedelta(hours=20)}, False),
        ({"attempts": 0, "created_at": utcnow() - timedelta(days=3)}, False),
        ({"attempts": 3, "created_at": utcnow() - timedelta(days=3), "sent_at": utcnow()}, False),
    ],
)
def test_mail_is_told_once_it_has_been_tried_for_a_day(look, failed, values, is_told):
    failed(given_up_at=None, **values)

    assert len(look(failed_mails)) == is_told


def test_page_of_a_person_shows_their_mails_with_their_state_and_not_their_texts(admin, look, world, failed):
    failed(user_id=world.bruno, text="https://example.org/secret")
    failed(user_id=world.bruno, subject="Arrived", given_up_at=None, sent_at=utcnow())
    failed(user_id=world.bruno, subject="Coming", given_up_at=None, attempts=0)
    page = admin.get(f"/en/admin/people/{world.bruno}/").text

    for told in ("could not be delivered", REFUSED, "sent on", "waiting to be sent"):
        assert told in page
    assert "example.org/secret" not in page


def test_mail_is_sent_again_at_once(admin: FlaskClient, look, failed):
    key = failed(due_at=utcnow() + timedelta(hours=6))
    answer = admin.post(f"/en/admin/mails/{key}/again/", data={})
    mail = look(lambda: db.session.get(Mail, key))

    assert answer.status_code == 302
    assert (mail.given_up_at, mail.attempts) == (None, 0)
    assert mail.due_at <= utcnow()


def test_mail_that_was_sent_meanwhile_is_not_sent_again(admin: FlaskClient, look, failed):
    key = failed()
    admin.get(f"/en/admin/mails/{key}/")
    look(lambda: (setattr(db.session.get(Mail, key), "sent_at", utcnow()), db.session.commit()))

    assert admin.post(f"/en/admin/mails/{key}/again/", data={}).status_code == 409


def test_corrected_address_is_that_of_the_account_and_is_told(admin: FlaskClient, look, world, failed):
    key = failed(user_id=world.bruno)
    answer = admin.post(f"/en/admin/mails/{key}/address/", data={"email": "Bruno@Example.net"})

    assert answer.status_code == 302
    assert look(lambda: db.session.get(User, world.bruno).email) == "bruno@example.net"
    assert look(lambda: [mail.recipient for mail in db.session.query(Mail)]) == ["bruno@example.net"]


def test_corrected_address_ends_every_sign_in(admin: FlaskClient, bruno: FlaskClient, world, failed):
    assert is_signed_in(bruno)
    admin.post(f"/en/admin/mails/{failed()}/address/", data={"email": "bruno@example.net"})

    assert not is_signed_in(bruno)


def test_log_tells_of_a_corrected_address_without_it(admin: FlaskClient, look, world, failed):
    admin.post(f"/en/admin/mails/{failed()}/address/", data={"email": "bruno@example.net"})
    entry = look(lambda: db.session.query(LogEntry).one())

    assert (entry.action, entry.subject_id, entry.detail[0]["field"]) == ("edit", world.bruno, "email")
    assert "@example" not in str(entry.detail)


@pytest.mark.parametrize("email", ["alice@example.org", "bruno@example.org", "bruno", ""])
def test_unfit_address_is_given_back(admin: FlaskClient, look, world, failed, email):
    answer = admin.post(f"/en/admin/mails/{failed()}/address/", data={"email": email})

    assert answer.status_code == 422
    assert 'href="#address-email"' in answer.text
    assert look(lambda: db.session.get(User, world.bruno).email) == "bruno@example.org"


def test_sign_up_with_a_corrected_address_waits_for_its_owner(app, admin, look, failed, signed_up):
    signed_up("clara@example.con")
    key = failed("clara@example.con")
    admin.post(f"/en/admin/mails/{key}/address/", data={"email": "clara@example.com"})
    user = look(lambda: db.session.query(User).filter_by(email="clara@example.com").one())
    [mail] = look(lambda: db.session.query(Mail).all())

    assert (user.name, user.language, user.confirmed_at) == ("Clara", "es", None)
    assert not signs_in(app, "clara@example.com")
    assert (mail.recipient, mail.language) == ("clara@example.com", "es")
    assert "/es/auth/reset/" in mail.text


def test_link_to_a_corrected_address_confirms_it(app, admin, visitor, look, failed, signed_up):
    signed_up("clara@example.con")
    key = failed("clara@example.con")
    admin.post(f"/en/admin/mails/{key}/address/", data={"email": "clara@example.com"})
    [link] = look(lambda: [word for word in db.session.query(Mail).one().text.split() if "/reset/" in word])
    visitor.post(link.partition("8000")[2] or link, data={"new_password": "four quite other words"})

    assert signs_in(app, "clara@example.com", "four quite other words")


def test_address_that_is_corrected_twice_gets_the_link_that_confirms_it(admin, look, failed, signed_up):
    signed_up("clara@example.con")
    for wrong, right in (("clara@example.con", "clara@example.or"), ("clara@example.or", "clara@example.org")):
        admin.post(f"/en/admin/mails/{failed(wrong)}/address/", data={"email": right})
    [mail] = look(lambda: db.session.query(Mail).all())

    assert mail.recipient == "clara@example.org"
    assert "/auth/reset/" in mail.text


def test_account_confirmed_by_hand_signs_in_with_the_password_chosen(app, admin, look, failed, signed_up):
    signed_up("clara@example.com")
    key = failed("clara@example.com")
    page = admin.get(f"/en/admin/mails/{key}/").text
    [chosen] = look(lambda: [one.id for one in db.session.query(SignUp)])
    answer = admin.post(f"/en/admin/mails/{key}/confirm/", data={"sign_up": chosen})

    assert "Clara" in page
    assert answer.status_code == 302
    assert signs_in(app, "clara@example.com")
    assert look(lambda: db.session.query(SignUp).count()) == 0
    assert look(lambda: [entry.action for entry in db.session.query(LogEntry)]) == ["confirm"]


def test_of_several_sign_ups_one_is_chosen(app, admin, failed, signed_up):
    signed_up("clara@example.com", password="the words of a stranger")
    own = signed_up("clara@example.com")
    key = failed("clara@example.com")
    admin.post(f"/en/admin/mails/{key}/confirm/", data={"sign_up": own})

    assert signs_in(app, "clara@example.com")
    assert not signs_in(app, "clara@example.com", "the words of a stranger")


def test_account_that_was_never_confirmed_is_confirmed_by_hand(admin, look, failed):
    key = look(lambda: (make_user("zoe", confirmed_at=None).id, db.session.commit())[0])
    admin.post(f"/en/admin/mails/{failed('zoe@example.org', user_id=key)}/confirm/", data={})

    assert look(lambda: db.session.get(User, key).confirmed_at) is not None


def test_confirmed_account_is_not_offered_for_confirmation(admin: FlaskClient, failed):
    assert "Confirm the account" not in admin.get(f"/en/admin/mails/{failed()}/").text


def test_form_about_a_mail_that_was_tried_meanwhile_is_shown_again(admin: FlaskClient, look, failed):
    key = failed()
    admin.get(f"/en/admin/mails/{key}/")
    look(lambda: (setattr(db.session.get(Mail, key), "attempts", 21), db.session.commit()))

    assert admin.post(f"/en/admin/mails/{key}/again/", data={}).status_code == 409
    assert look(lambda: db.session.get(Mail, key).given_up_at) is not None


def test_mail_that_is_gone_is_not_found(admin: FlaskClient, world):
    assert admin.get("/en/admin/mails/999/").status_code == 404


def test_invitation_goes_along_with_a_corrected_address(admin: FlaskClient, look, world, failed):
    look(lambda: (_add_invitee(world.forum, "bruno@example.org"), db.session.commit()))
    admin.post(f"/en/admin/mails/{failed(user_id=world.bruno)}/address/", data={"email": "bruno@example.net"})

    assert look(lambda: list(db.session.scalars(db.select(Invitee.email)))) == ["bruno@example.net"]


def test_address_can_be_corrected_to_one_that_has_an_invitation_of_its_own(admin: FlaskClient, look, world, failed):
    for email in ("bruno@example.org", "bruno@example.net"):
        look(lambda email=email: (_add_invitee(world.forum, email), db.session.commit()))
    answer = admin.post(f"/en/admin/mails/{failed(user_id=world.bruno)}/address/", data={"email": "bruno@example.net"})

    assert answer.status_code == 302
    assert look(lambda: list(db.session.scalars(db.select(Invitee.email)))) == ["bruno@example.net"]


def _add_invitee(forum_id: int, email: str) -> None:
    more = {"name": "Bruno", "capacity": "party", "language": "en", "role": "participant"}
    db.session.add(Invitee(forum_id=forum_id, email=email, **more))


# A mail to a new address that somebody has requested


@pytest.fixture
def requested(look, world, failed) -> int:
    """Bruno has requested a new address, to which the mail with the link was refused; gives the key of the mail."""
    change = EmailChange(user_id=world.bruno, email="bruno@example.con", confirmed_by_old_at=utcnow())
    look(lambda: (db.session.add(change), db.session.commit()))
    return failed("bruno@example.con", user_id=world.bruno)


def pending(look, world) -> list[tuple]:
    columns = (EmailChange.email, EmailChange.confirmed_by_old_at, EmailChange.confirmed_by_new_at)
    return look(lambda: [tuple(row) for row in db.session.execute(db.select(*columns))])


def test_corrected_address_of_a_request_is_asked_to_confirm_and_the_account_keeps_its_own(
    admin: FlaskClient, bruno: FlaskClient, look, world, requested
):
    told = admin.get(f"/en/admin/mails/{requested}/").text
    answer = admin.post(f"/en/admin/mails/{requested}/address/", data={"email": "bruno@example.com"})
    written = look(lambda: [(mail.recipient, mail.text) for mail in db.session.query(Mail).order_by(Mail.id)])

    assert "The account keeps its present address" in told
    assert answer.status_code == 302
    assert look(lambda: db.session.get(User, world.bruno).email) == "bruno@example.org"
    assert is_signed_in(bruno)
    assert pending(look, world) == [("bruno@example.com", None, None)]
    assert [recipient for recipient, _text in written] == ["bruno@example.org", "bruno@example.com"]
    assert ["/auth/email/old/" in written[0][1], "/auth/email/new/" in written[1][1]] == [True, True]


def test_log_tells_of_a_corrected_request_without_the_addresses(admin: FlaskClient, look, world, requested):
    admin.post(f"/en/admin/mails/{requested}/address/", data={"email": "bruno@example.com"})
    entry = look(lambda: db.session.query(LogEntry).one())

    assert [change["field"] for change in entry.detail] == ["requested_email"]
    assert "@example" not in str(entry.detail)
    assert "Requested email address" in admin.get(f"/en/admin/log/{entry.id}/").text


@pytest.mark.parametrize(
    ("email", "reason"),
    [
        ("bruno@example.org", "This is the present address of the account."),
        ("bruno@example.con", "This is the address to which the email could not be delivered."),
        ("alice@example.org", "Another account already has this address."),
    ],
)
def test_unfit_address_of_a_request_is_given_back_with_the_reason(admin, look, world, requested, email, reason):
    answer = admin.post(f"/en/admin/mails/{requested}/address/", data={"email": email})

    assert answer.status_code == 422
    assert reason in answer.text
    assert pending(look, world)[0][0] == "bruno@example.con"


def test_address_of_a_request_that_was_cancelled_is_not_corrected(admin: FlaskClient, look, world, requested):
    look(lambda: (db.session.query(EmailChange).delete(), db.session.commit()))
    answer = admin.post(f"/en/admin/mails/{requested}/address/", data={"email": "bruno@example.com"})

    assert answer.status_code == 422
    assert "has expired or has been cancelled" in answer.text
    assert look(lambda: db.session.get(User, world.bruno).email) == "bruno@example.org"


def test_only_forms_in_which_something_is_typed_say_that_it_is_kept(admin: FlaskClient, failed):
    forms = html.document_fromstring(admin.get(f"/en/admin/mails/{failed()}/").text).xpath("//main//form")
    kept = {form.get("action").rstrip("/").rpartition("/")[2]: bool(form.find_class("continue")) for form in forms}

    assert kept == {"again": False, "address": True}
