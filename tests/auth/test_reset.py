"""A forgotten password."""

import pytest

from tests.auth.conftest import PASSWORD, Mailbox, add_person, find_user, is_signed_in, sign_in
from tests.auth.test_tokens import made_long_ago

ASK = "/en/auth/forgot/"
NEW = "entirely new words"


@pytest.fixture
def path(visitor, clara, mailbox: Mailbox) -> str:
    """The path of the link in the email to Clara."""
    visitor.post(ASK, data={"email": "clara@example.org"})
    return mailbox()[0].path


def test_page_to_ask_works(visitor, world):
    assert visitor.get(ASK).status_code == 200


def test_asking_gets_the_same_answer_for_every_address(visitor, clara, unconfirmed):
    addresses = ("clara@example.org", "hugo@example.org", "nobody@example.org")
    answers = [visitor.post(ASK, data={"email": address}) for address in addresses]

    assert len({(answer.status_code, answer.location, answer.text) for answer in answers}) == 1


def test_link_is_emailed_in_the_language_of_the_account(visitor, clara, mailbox: Mailbox):
    visitor.post(ASK, data={"email": "CLARA@example.org"})

    [mail] = mailbox()
    assert (mail.recipient, mail.language) == ("clara@example.org", "es")
    assert mail.path.startswith("/es/auth/reset/")
    assert mail.path in mail.html, "both parts carry the whole address"


def test_unknown_address_is_told_so_by_email(visitor, world, mailbox: Mailbox):
    visitor.post("/es/auth/forgot/", data={"email": "nobody@example.org"})

    [mail] = mailbox()
    assert (mail.recipient, mail.language, mail.path) == ("nobody@example.org", "es", "/es/auth/sign-up/")


def test_opening_the_link_changes_nothing(visitor, path):
    assert visitor.get(path).status_code == 200
    assert is_signed_in(sign_in(visitor))


def test_new_password_replaces_the_old_one(visitor, path):
    answer = visitor.post(path, data={"new_password": NEW})

    data = {"email": "clara@example.org"}
    assert (answer.status_code, answer.location) == (302, "/es/auth/sign-in/")
    assert not is_signed_in(visitor)
    assert visitor.post("/en/auth/sign-in/", data=data | {"password": PASSWORD}).status_code == 422
    assert visitor.post("/en/auth/sign-in/", data=data | {"password": NEW}).status_code == 302


def test_reset_ends_every_sign_in(app, visitor, path):
    elsewhere = sign_in(app.test_client())

    visitor.post(path, data={"new_password": NEW})

    assert not is_signed_in(elsewhere)


def test_reset_is_announced_by_email(visitor, path, mailbox: Mailbox):
    visitor.post(path, data={"new_password": NEW})

    mail = mailbox()[-1]
    assert (mail.recipient, mail.path) == ("clara@example.org", "/es/auth/forgot/")
    assert mail.subject == "Se ha cambiado su contraseña"
    assert NEW not in mail.text + mail.html


@pytest.mark.parametrize("method", ["get", "post"])
def test_used_link_is_gone_and_leads_to_a_new_one(visitor, path, method):
    visitor.post(path, data={"new_password": NEW})

    answer = getattr(visitor, method)(path, data={"new_password": "still other words"})

    assert answer.status_code == 410
    assert 'href="/es/auth/forgot/"' in answer.text


def test_reset_invalidates_earlier_links(visitor, path, mailbox: Mailbox):
    visitor.post(ASK, data={"email": "clara@example.org"})
    visitor.post(path, data={"new_password": NEW})

    assert visitor.get(mailbox()[1].path).status_code == 410


def test_changing_the_password_invalidates_the_link(app, path):
    clara = sign_in(app.test_client())
    clara.post("/en/account/password/", data={"password": PASSWORD, "new_password": NEW})

    assert clara.get(path).status_code == 410


def test_expired_link_is_gone(app, visitor, clara):
    token = made_long_ago(app, "reset", clara, hours=2, seconds=2)

    assert visitor.get(f"/en/auth/reset/{token}/").status_code == 410
    assert visitor.post(f"/en/auth/reset/{token}/", data={"new_password": NEW}).status_code == 410


def test_link_works_for_nearly_two_hours(app, visitor, clara):
    token = made_long_ago(app, "reset", clara, hours=1, minutes=59)

    assert visitor.get(f"/en/auth/reset/{token}/").status_code == 200


@pytest.mark.parametrize("token", ["x", "a.b.c", "x" * 5000])
def test_malformed_link_is_gone(visitor, world, token):
    assert visitor.get(f"/en/auth/reset/{token}/").status_code == 410


@pytest.mark.parametrize("password", ["", "short", "clara likes tea", "1234567890"])
def test_weak_password_is_refused_and_the_link_still_works(visitor, path, password):
    assert visitor.post(path, data={"new_password": password}).status_code == 422
    assert visitor.post(path, data={"new_password": NEW}).status_code == 302


def test_unconfirmed_address_is_told_to_sign_up_again(visitor, unconfirmed, mailbox: Mailbox):
    visitor.post(ASK, data={"email": "hugo@example.org"})

    [mail] = mailbox()
    assert mail.path == "/en/auth/sign-up/"
    assert "have forgotten the password that you chose when you signed up" in " ".join(mail.text.split())


def test_reset_confirms_an_unconfirmed_account(app, visitor, world, mailbox: Mailbox):
    add_person(app, "olga", confirmed_at=None)
    visitor.post(ASK, data={"email": "olga@example.org"})
    visitor.post(mailbox()[0].path, data={"new_password": NEW})

    assert find_user(app, "olga@example.org").confirmed_at
    assert is_signed_in(sign_in(visitor, "olga@example.org", NEW))


def test_first_link_remains_valid_after_a_second(visitor, path, mailbox: Mailbox):
    visitor.post(ASK, data={"email": "clara@example.org"})

    assert visitor.post(path, data={"new_password": NEW}).status_code == 302
