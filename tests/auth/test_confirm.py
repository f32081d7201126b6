"""Confirming an email address."""

import html
import re
from urllib.parse import unquote, urlencode

import pytest

from tests.auth.conftest import PASSWORD, SIGN_UP, Mailbox, find_user, is_signed_in, sign_in
from tests.auth.test_tokens import confirmation_made_long_ago

ASK = "/en/auth/confirm/"
RIGHT = {"password": PASSWORD}


@pytest.fixture
def path(visitor, world, mailbox: Mailbox) -> str:
    """The path of the link in the email to someone who has just signed up."""
    visitor.post("/en/auth/sign-up/", data=SIGN_UP)
    return mailbox()[0].path


def test_page_of_a_link_is_not_cached(app, visitor, path):
    app.config["WTF_CSRF_ENABLED"] = True

    assert visitor.get(path).headers["Cache-Control"].startswith("private")


def test_opening_the_link_confirms_nothing(app, visitor, path):
    answer = visitor.get(path)

    assert answer.status_code == 200
    for shown in ("Nadia Ben Salah", "nadia@example.org", "Ministry of the Environment"):
        assert shown in answer.text, "the person sees whose account it is"
    assert find_user(app, "nadia@example.org") is None


def test_right_password_confirms_and_leads_to_signing_in(app, visitor, path):
    answer = visitor.post(path, data=RIGHT)

    assert (answer.status_code, answer.location) == (302, "/fr/auth/sign-in/")
    assert find_user(app, "nadia@example.org").confirmed_at
    assert not is_signed_in(visitor)
    assert "flash-success" in visitor.get("/fr/auth/sign-in/").text
    assert is_signed_in(sign_in(visitor, "nadia@example.org"))


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("wrong words entirely", "This is not the password that was chosen"),
        ("", "Enter your password."),
        (None, "Enter"),
    ],
)
def test_link_alone_confirms_nothing(app, visitor, path, password, message):
    """Someone else may have signed up with this address, and know the password."""
    answer = visitor.post(path.replace("/fr/", "/en/"), data={"password": password} if password is not None else {})

    assert answer.status_code == 422
    assert message in answer.text
    assert 'href="#password"' in answer.text
    assert "wrong words" not in answer.text
    assert find_user(app, "nadia@example.org") is None
    assert visitor.post(path, data=RIGHT).status_code == 302, "the link still works"


def test_owner_can_confirm_with_any_link_after_others_used_the_address(app, visitor, path, mailbox):
    own = SIGN_UP | {"name": "The Owner", "password": "entirely new words", "submission": "own"}
    visitor.post("/en/auth/sign-up/", data=own)

    assert visitor.post(path, data={"password": "entirely new words"}).status_code == 302
    assert find_user(app, "nadia@example.org").name == "The Owner"
    refused = visitor.post("/en/auth/sign-in/", data={"email": "nadia@example.org", "password": PASSWORD})
    assert refused.status_code == 422


@pytest.mark.parametrize("method", ["get", "post"])
def test_used_link_is_gone_and_leads_to_a_new_one(visitor, path, method):
    visitor.post(path, data=RIGHT)

    answer = getattr(visitor, method)(path, data=RIGHT)

    assert answer.status_code == 410
    assert 'href="/fr/auth/confirm/"' in answer.text


def test_expired_link_is_gone(app, visitor, unconfirmed):
    token = confirmation_made_long_ago(app, unconfirmed, days=3, seconds=2)

    assert visitor.get(f"/en/auth/confirm/{token}/").status_code == 410


def test_link_works_until_the_third_day(app, visitor, unconfirmed):
    token = confirmation_made_long_ago(app, unconfirmed, days=2, hours=23)

    assert visitor.get(f"/en/auth/confirm/{token}/").status_code == 200


def test_malformed_link_is_gone(visitor, world):
    assert [
        token
        for token in ("x", "a.b.c", "....", "x" * 5000, "WzEsIngiXQ.aaaaaa.bbbb", "é")
        if visitor.get(f"/en/auth/confirm/{token}/").status_code != 410
    ] == []


def test_new_link_can_be_asked_for(visitor, unconfirmed, mailbox: Mailbox):
    answer = visitor.post(ASK, data={"email": "Hugo@example.org"})

    [mail] = mailbox()
    assert answer.location == "/en/auth/check-mail/"
    assert (mail.recipient, mail.language) == ("hugo@example.org", "fr")
    assert visitor.post(mail.path, data=RIGHT).status_code == 302


def test_new_link_confirms_any_sign_up_with_its_own_password(app, visitor, path, mailbox: Mailbox):
    visitor.post("/en/auth/sign-up/", data=SIGN_UP | {"password": "others know these words", "submission": "another"})
    visitor.post(ASK, data={"email": "nadia@example.org"})

    assert visitor.post(mailbox()[-1].path, data=RIGHT).status_code == 302
    assert find_user(app, "nadia@example.org").name == "Nadia Ben Salah"


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
    assert "Enter the full email address" in answer.text
    assert not mailbox()


def test_page_to_ask_works(visitor, world):
    assert visitor.get(ASK).status_code == 200


def test_confirming_needs_a_token(app, visitor, path):
    app.config["WTF_CSRF_ENABLED"] = True

    assert visitor.post(path, data=RIGHT).status_code == 400
    assert find_user(app, "nadia@example.org") is None


def test_destination_is_kept_through_sign_up_and_confirmation(visitor, world, mailbox: Mailbox):
    there = "/en/topics/1/reply/?to=2"
    page = visitor.get(f"/en/auth/sign-in/?{urlencode({'next': there})}").text
    sign_up = re.search(r'<a href="(/en/auth/sign-up/\?[^"]*)">Sign up for an account</a></li>\n</ul>', page)[1]
    visitor.post(html.unescape(sign_up), data=SIGN_UP | {"language": "en"})
    answer = visitor.post(mailbox()[0].path, data=RIGHT)

    assert unquote(answer.location) == f"/en/auth/sign-in/?next={there}"
    assert visitor.post(answer.location, data=RIGHT | {"email": SIGN_UP["email"]}).location == there


def test_destination_is_in_the_language_of_the_email(visitor, world, mailbox: Mailbox):
    visitor.post("/en/auth/sign-up/?next=/en/portal/", data=SIGN_UP)

    assert visitor.post(mailbox()[0].path, data=RIGHT).location == "/fr/auth/sign-in/?next=/fr/portal/"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "/" + "a" * 300])
def test_destination_on_another_site_or_too_long_is_dropped(target: str, visitor, world, mailbox: Mailbox):
    visitor.post(f"/en/auth/sign-up/?{urlencode({'next': target})}", data=SIGN_UP)

    assert visitor.post(mailbox()[0].path, data=RIGHT).location == "/fr/auth/sign-in/"


def test_destination_adds_no_readable_text_to_an_email(visitor, world, mailbox: Mailbox):
    """Signing up with another person's address must not be a way to write to them."""
    visitor.post("/en/auth/sign-up/?next=/visit-evil.example/", data=SIGN_UP)

    assert "evil" not in mailbox()[0].text


def test_new_link_keeps_the_destination_too(visitor, unconfirmed, mailbox: Mailbox):
    visitor.post(f"{ASK}?next=/en/portal/", data={"email": unconfirmed.email})

    answer = visitor.post(mailbox()[0].path, data=RIGHT)
    assert answer.location == "/fr/auth/sign-in/?next=/fr/portal/"
