"""Confirming an e-mail address."""

import pytest

from tests.auth.conftest import SIGN_UP, Mailbox, find_user, is_signed_in, sign_in
from tests.auth.test_tokens import made_long_ago

ASK = "/en/auth/confirm/"


@pytest.fixture
def path(visitor, world, mailbox: Mailbox) -> str:
    """The path of the link in the mail to somebody who has just signed up."""
    visitor.post("/en/auth/sign-up/", data=SIGN_UP)
    return mailbox()[0].path


def test_page_of_a_link_is_kept_by_no_cache(app, visitor, path):
    app.config["WTF_CSRF_ENABLED"] = True

    assert visitor.get(path).headers["Cache-Control"].startswith("private")


def test_opening_the_link_confirms_nothing(app, visitor, path):
    answer = visitor.get(path)

    assert answer.status_code == 200
    assert "Nadia Ben Salah" in answer.text, "the person sees whose account it is"
    assert find_user(app, "nadia@example.org").confirmed_at is None


def test_button_confirms_and_leads_to_signing_in(app, visitor, path):
    answer = visitor.post(path)

    assert (answer.status_code, answer.location) == (302, "/fr/auth/sign-in/")
    assert find_user(app, "nadia@example.org").confirmed_at
    assert not is_signed_in(visitor)
    assert "flash-success" in visitor.get("/fr/auth/sign-in/").text
    assert is_signed_in(sign_in(visitor, "nadia@example.org"))


@pytest.mark.parametrize("method", ["get", "post"])
def test_used_link_is_gone_and_leads_to_a_new_one(visitor, path, method):
    visitor.post(path)

    answer = getattr(visitor, method)(path)

    assert answer.status_code == 410
    assert 'href="/fr/auth/confirm/"' in answer.text


def test_expired_link_is_gone(app, visitor, unconfirmed):
    token = made_long_ago(app, "confirm", unconfirmed, days=3, seconds=2)

    assert visitor.get(f"/en/auth/confirm/{token}/").status_code == 410


def test_link_works_until_the_third_day(app, visitor, unconfirmed):
    token = made_long_ago(app, "confirm", unconfirmed, days=2, hours=23)

    assert visitor.get(f"/en/auth/confirm/{token}/").status_code == 200


@pytest.mark.parametrize("token", ["x", "a.b.c", "....", "%00", "x" * 5000, "WzEsIngiXQ.aaaaaa.bbbb", "é"])
def test_malformed_link_is_gone(visitor, world, token):
    assert visitor.get(f"/en/auth/confirm/{token}/").status_code == 410


def test_new_link_can_be_asked_for(visitor, unconfirmed, mailbox: Mailbox):
    answer = visitor.post(ASK, data={"email": "Hugo@example.org"})

    [mail] = mailbox()
    assert answer.location == "/en/auth/check-mail/"
    assert (mail.recipient, mail.language) == ("hugo@example.org", "fr")
    assert visitor.post(mail.path).status_code == 302


def test_asking_gets_the_same_answer_for_every_address(visitor, clara, unconfirmed):
    addresses = ("hugo@example.org", "clara@example.org", "nobody@example.org")
    answers = [visitor.post(ASK, data={"email": address}) for address in addresses]

    assert len({(answer.status_code, answer.location, answer.text) for answer in answers}) == 1


def test_confirmed_address_is_told_that_it_has_an_account(visitor, clara, mailbox: Mailbox):
    visitor.post(ASK, data={"email": "clara@example.org"})

    [mail] = mailbox()
    assert mail.subject == "Usted ya tiene una cuenta"


def test_unknown_address_is_told_that_it_has_no_account_in_the_language_of_the_form(visitor, world, mailbox: Mailbox):
    visitor.post("/fr/auth/confirm/", data={"email": "nobody@example.org"})

    [mail] = mailbox()
    assert (mail.recipient, mail.language, mail.path) == ("nobody@example.org", "fr", "/fr/auth/sign-up/")


def test_bad_address_is_refused(visitor, world, mailbox: Mailbox):
    answer = visitor.post(ASK, data={"email": "nobody"})

    assert answer.status_code == 422
    assert "Write the whole e-mail address" in answer.text
    assert not mailbox()


def test_page_to_ask_works(visitor, world):
    assert visitor.get(ASK).status_code == 200
