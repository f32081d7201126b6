"""Limits by network address and by account."""

import pytest

from tests.auth.conftest import PASSWORD, SIGN_UP, Device

SIGN_IN = "/en/auth/sign-in/"


def attempt(client, email="clara@example.org", password="wrong words entirely", **where):
    return client.post(SIGN_IN, data={"email": email, "password": password}, environ_base=where).status_code


def test_failed_sign_ins_from_one_address_are_limited(limited):
    assert [attempt(limited, f"{name}@example.org") for name in ("x", "y", "z")] == [422, 422, 429]
    assert attempt(limited, password=PASSWORD) == 429, "the right password too, from there"
    assert attempt(limited, password=PASSWORD, REMOTE_ADDR="10.0.0.9") == 302, "but not from elsewhere"


def test_failed_sign_ins_to_one_account_are_limited_from_everywhere(limited):
    answers = [attempt(limited, REMOTE_ADDR=f"10.0.0.{host}") for host in range(3)]

    assert answers == [422, 422, 429]
    assert attempt(limited, " CLARA@example.org", REMOTE_ADDR="10.0.0.8") == 429
    assert attempt(limited, "diana@example.org", PASSWORD, REMOTE_ADDR="10.0.0.9") == 302


def test_limit_to_an_account_counts_unknown_addresses_alike(limited):
    answers = [attempt(limited, "nobody@example.org", REMOTE_ADDR=f"10.0.0.{host}") for host in range(3)]

    assert answers == [422, 422, 429]


def test_meeting_behind_one_address_can_sign_in(limited):
    assert [attempt(limited, password=PASSWORD) for _ in range(2)] == [302, 302]
    assert attempt(limited.application.test_client(), "diana@example.org", PASSWORD) == 302


def test_opening_the_page_is_not_limited(limited):
    assert {limited.get(SIGN_IN).status_code for _ in range(5)} == {200}


def test_sign_ups_from_one_address_are_limited(limited):
    def sign_up(name):
        return limited.post("/en/auth/sign-up/", data=SIGN_UP | {"email": f"{name}@example.org"}).status_code

    assert [sign_up(name) for name in ("p", "q", "r")] == [302, 302, 429]


def test_form_that_has_to_be_corrected_counts_for_nothing(limited):
    bad = [limited.post("/en/auth/sign-up/", data=SIGN_UP | {"password": "short"}).status_code for _ in range(4)]

    assert bad == [422] * 4
    assert limited.post("/en/auth/sign-up/", data=SIGN_UP).status_code == 302


def test_nobody_can_fill_a_mailbox(limited):
    def forgot(host):
        data = {"email": "clara@example.org"}
        return limited.post("/en/auth/forgot/", data=data, environ_base={"REMOTE_ADDR": host}).status_code

    assert [forgot(f"10.0.0.{host}") for host in range(3)] == [302, 302, 429]


def test_guesses_at_the_present_password_are_limited(limited):
    attempt(limited, password=PASSWORD)

    def guess():
        data = {"password": "wrong words entirely", "new_password": "entirely new words"}
        return limited.post("/en/account/password/", data=data).status_code

    assert [guess() for _ in range(3)] == [422, 422, 429]


def test_refusal_tells_when_to_try_again(limited):
    for _ in range(3):
        answer = limited.post(SIGN_IN, data={"email": "clara@example.org", "password": "wrong words"})

    assert 0 < int(answer.headers["Retry-After"]) <= 60 * 60


def test_refusal_is_a_page_in_the_language_of_the_reader(limited):
    for _ in range(3):
        answer = limited.post("/fr/auth/sign-in/", data={"email": "clara@example.org", "password": "wrong words"})

    assert answer.status_code == 429
    assert '<html lang="fr"' in answer.text
    assert "wrong words" not in answer.text
    assert answer.text.count("<h1") == 1


def test_guesses_at_the_second_step_are_limited_for_the_account(limited):
    """From wherever they come, and however often the password is written anew."""

    def guess(host, code="000000"):
        client, where = limited.application.test_client(), {"REMOTE_ADDR": f"10.0.0.{host}"}
        data = {"email": "emma@example.org", "password": PASSWORD}
        assert client.post(SIGN_IN, data=data, environ_base=where).status_code == 302
        return client.post("/en/auth/second-step/", data={"code": code}, environ_base=where).status_code

    assert [guess(host) for host in range(3)] == [422, 422, 429]
    assert guess(9, Device().code()) == 429, "the right code too"


@pytest.mark.parametrize(
    "path", ["/en/account/password/", "/en/account/second-step/", "/en/account/delete/"], ids=lambda path: path
)
def test_guesses_at_the_password_are_limited_over_all_forms(limited, path):
    attempt(limited, password=PASSWORD)
    wrong = {"password": "wrong words entirely", "email": "clara@example.net", "code": "000000", "new_password": "x"}

    def guess(at, host):
        return limited.post(at, data=wrong, environ_base={"REMOTE_ADDR": f"10.0.0.{host}"}).status_code

    assert [guess(path, 1), guess("/en/account/delete/", 2), guess("/en/account/email/", 3)] == [422, 422, 429]


def test_nobody_can_fill_mailboxes_by_changing_addresses(limited):
    attempt(limited, password=PASSWORD)

    def ask(number):
        data = {"password": PASSWORD, "email": f"clara{number}@example.net"}
        return limited.post("/en/account/email/", data=data).status_code

    assert [ask(number) for number in range(3)] == [302, 302, 429]
