"""Limits of account forms. No stranger can lock an owner out: what others are refused, the owner can still do.

The site of `limited` allows two of everything, and six wrong passwords or codes for an account over all networks.
"""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient

from tests.auth.conftest import PASSWORD, SIGN_UP, Device, find_user, is_signed_in, read_mails
from tests.conftest import sign_in

SIGN_IN = "/en/auth/sign-in/"
FORGOT = "/en/auth/forgot/"
CLARA = "clara@example.org"
WRONG = "wrong words entirely"
OTHERS = ("10.0.0.1", "10.0.0.2")
OWN = "10.0.9.9"


def attempt(client: FlaskClient, email: str = CLARA, password: str = WRONG, host: str = "127.0.0.1") -> int:
    data = {"email": email, "password": password}
    return client.post(SIGN_IN, data=data, environ_base={"REMOTE_ADDR": host}).status_code


def another(client: FlaskClient) -> FlaskClient:
    """Another browser, without cookies."""
    return client.application.test_client()


def attack(client: FlaskClient, email: str = CLARA, hosts: int = 4) -> list[int]:
    """Wrong passwords for an account from this many networks, three from each."""
    return [attempt(another(client), email, WRONG, f"10.0.0.{host}") for host in range(hosts) for _ in range(3)]


# Signing in


def test_wrong_passwords_from_one_network_are_limited(limited):
    assert [attempt(limited, f"{name}@example.org") for name in ("x", "y", "z")] == [422, 422, 429]
    assert attempt(limited, password=PASSWORD) == 429, "the right password too, from there"
    assert attempt(limited, password=PASSWORD, host=OWN) == 302, "but not from elsewhere"


def test_attack_from_two_addresses_does_not_lock_out_the_owner(limited):
    answers = [attempt(limited, host=host) for host in OTHERS for _ in range(20)]

    assert answers == ([422] * 2 + [429] * 18) * 2
    assert attempt(another(limited), password=PASSWORD, host=OWN) == 302


def test_wrong_passwords_for_an_account_are_limited_over_all_networks(limited):
    assert attack(limited) == [422, 422, 429] * 3 + [429] * 3
    assert attempt(limited, f" {CLARA.upper()}", PASSWORD, OWN) == 429
    assert attempt(limited, "diana@example.org", PASSWORD, OWN) == 302


def test_simultaneous_guesses_are_limited_like_successive_ones(limited):
    attempt(limited)
    start = threading.Barrier(8)

    def guess() -> int:
        browser = another(limited)
        start.wait()
        return attempt(browser)

    with ThreadPoolExecutor(8) as threads:
        answers = [guessed.result() for guessed in [threads.submit(guess) for _ in range(8)]]

    assert sorted(answers) == [422] + [429] * 7


def test_addresses_without_an_account_are_limited_in_the_same_way(limited):
    def told(email: str) -> tuple[list[int], str]:
        answers = attack(limited, email)
        page = another(limited).post(
            SIGN_IN, data={"email": email, "password": PASSWORD}, environ_base={"REMOTE_ADDR": OWN}
        )
        return answers, re.sub(r"\d+", "", page.text.replace(email, ""))

    with_account = told(CLARA)
    assert with_account[0] == [422, 422, 429] * 3 + [429] * 3
    limited.application.extensions["limits"].ask(lambda counters: counters.storage.reset())
    assert told("no-one@example.org") == with_account


def test_owner_can_sign_in_as_soon_as_an_administrator_has_lifted_the_lock(limited, world):
    attack(limited)
    assert attempt(limited, password=PASSWORD, host=OWN) == 429
    admin = sign_in(limited.application, world.admin)
    admin.post(f"/en/admin/people/{find_user(limited.application, CLARA).id}/unlock/")

    assert attempt(limited, password=PASSWORD, host=OWN) == 302


def test_known_browser_can_sign_in_whatever_others_do(limited):
    attempt(limited, password=PASSWORD, host=OWN)
    limited.post("/en/auth/sign-out/")
    attack(limited)

    assert attempt(another(limited), password=PASSWORD, host=OWN) == 429
    assert attempt(limited, password=PASSWORD, host=OTHERS[0]) == 302


def test_known_browser_has_a_limit_of_its_own(limited):
    attempt(limited, password=PASSWORD)
    limited.post("/en/auth/sign-out/")

    assert [attempt(limited) for _ in range(3)] == [422, 422, 429]
    assert attempt(limited, password=PASSWORD) == 429
    assert attempt(another(limited), password=PASSWORD) == 302, "which costs no one else anything"


def test_browser_is_known_only_for_the_accounts_that_it_has_signed_in_to(limited):
    attempt(limited, "diana@example.org", PASSWORD)
    limited.post("/en/auth/sign-out/")
    attack(limited)

    assert attempt(limited, password=PASSWORD, host=OWN) == 429


@pytest.mark.parametrize("value", ["x", "W10.x.y", "a" * 3_000, "é"])
def test_forged_cookie_is_ignored(limited, value):
    limited.set_cookie("known-browser", value, path="/en/auth/")
    attack(limited)

    assert attempt(limited, password=PASSWORD, host=OWN) == 429


def test_cookie_of_a_known_browser_names_no_account_and_is_not_sent_to_pages_for_readers(limited):
    data = {"email": CLARA, "password": PASSWORD}
    cookies = [
        cookie for cookie in limited.post(SIGN_IN, data=data).headers.getlist("Set-Cookie") if "known-browser" in cookie
    ]

    assert {re.search("Path=([^;]*)", cookie)[1] for cookie in cookies} == {
        f"/{code}/auth/" for code in ("en", "es", "fr")
    }
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "clara" not in cookie
    limited.post("/en/auth/sign-out/")
    assert limited.get("/en/portal/").headers["Cache-Control"].startswith("public")


def test_owner_can_get_in_by_an_emailed_link(limited):
    """Beyond the limit, from an unknown browser and a refused network."""
    attack(limited)
    owner = another(limited)
    refusal = owner.post(SIGN_IN, data={"email": CLARA, "password": PASSWORD}, environ_base={"REMOTE_ADDR": OTHERS[0]})
    assert (refusal.status_code, 'href="/en/auth/forgot/"' in refusal.text) == (429, True)

    owner.post(FORGOT, data={"email": CLARA}, environ_base={"REMOTE_ADDR": OTHERS[0]})
    link = read_mails(limited.application)[-1].path
    owner.post(link, data={"new_password": "entirely new words"})

    assert attempt(owner, password="entirely new words", host=OTHERS[0]) == 302
    assert is_signed_in(owner)


def test_only_wrong_passwords_count(limited):
    assert [attempt(limited, password="") for _ in range(4)] == [422] * 4
    assert attempt(limited, password=PASSWORD) == 302


def test_meeting_behind_one_address_can_sign_in(limited):
    assert [attempt(another(limited), password=PASSWORD) for _ in range(4)] == [302] * 4


def test_opening_the_page_is_not_limited(limited):
    assert {limited.get(SIGN_IN).status_code for _ in range(5)} == {200}


@pytest.mark.parametrize(
    ("hosts", "refused"),
    [
        (("2001:db8:1:2::1", "2001:db8:1:2:ffff::2", "2001:db8:1:2::3"), True),
        (("2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:1:4::1"), False),
        (("::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1"), True),
        (("::ffff:192.0.2.1", "::ffff:192.0.2.2", "::ffff:192.0.2.3"), False),
    ],
)
def test_network_is_a_whole_site_of_ipv6_and_one_address_of_ipv4(limited, hosts, refused):
    answers = [attempt(limited, f"{number}@example.org", host=host) for number, host in enumerate(hosts)]

    assert answers == [422, 422, 429 if refused else 422]


# The second step


def guess(client: FlaskClient, host: str, code: str = "000000") -> int:
    data, where = {"email": "emma@example.org", "password": PASSWORD}, {"REMOTE_ADDR": host}
    assert client.post(SIGN_IN, data=data, environ_base=where).status_code == 302
    return client.post("/en/auth/second-step/", data={"code": code}, environ_base=where).status_code


def test_wrong_codes_are_limited_for_a_network_and_for_the_account(limited):
    answers = [guess(another(limited), host) for host in (*OTHERS, OWN) for _ in range(3)]

    assert answers == [422, 422, 429] * 3
    assert guess(another(limited), "10.0.5.5", Device().code()) == 429, "the right code too"


def test_thief_of_a_password_does_not_lock_the_owner_out_of_the_second_step(limited):
    assert guess(limited, OWN, Device().code(-1)) == 302
    limited.post("/en/auth/sign-out/")
    for host in (*OTHERS, OWN):
        for _ in range(3):
            guess(another(limited), host)

    assert guess(limited, OWN, Device().code()) == 302


def test_owner_on_a_new_browser_passes_the_second_step_after_choosing_a_new_password(limited):
    for host in (*OTHERS, OWN):
        for _ in range(3):
            guess(another(limited), host)
    limited.post(FORGOT, data={"email": "emma@example.org"})
    limited.post(read_mails(limited.application)[-1].path, data={"new_password": "entirely new words"})

    assert attempt(limited, "emma@example.org", "entirely new words", OWN) == 302
    assert limited.post("/en/auth/second-step/", data={"code": Device().code()}).status_code == 302


def test_known_browsers_share_a_limit_of_wrong_codes(limited):
    second = another(limited)
    assert guess(limited, OWN, Device().code(-1)) == 302
    assert guess(second, OWN, Device().code()) == 302
    for browser in (limited, second):
        browser.post("/en/auth/sign-out/")

    assert [guess(browser, OWN) for browser in (limited, second, limited)] == [422, 422, 429]


# Emails


def forgot(client: FlaskClient, host: str = OWN, path: str = FORGOT, email: str = CLARA) -> tuple[int, str | None]:
    answer = client.post(path, data={"email": email}, environ_base={"REMOTE_ADDR": host})
    return answer.status_code, answer.location


@pytest.mark.parametrize("path", [FORGOT, "/en/auth/confirm/"])
def test_emails_to_an_account_are_limited_and_the_answer_is_the_same(limited, path):
    answers = {forgot(limited, f"10.0.0.{host}", path) for host in range(10)}

    assert answers == {(302, "/en/auth/check-mail/")}
    assert len(read_mails(limited.application)) == 2
    assert "look for an earlier one" in limited.get("/en/auth/check-mail/").text


@pytest.mark.parametrize("email", [CLARA, "no-one@example.org"])
def test_a_hundred_requests_do_not_keep_the_owner_from_choosing_a_password(limited, email):
    answers = [forgot(limited, host, email=email)[0] for host in OTHERS for _ in range(50)]

    assert answers == ([302] * 2 + [429] * 48) * 2
    assert len(read_mails(limited.application)) == 2
    assert forgot(another(limited), email=email) == (302, "/en/auth/check-mail/")


def test_links_requested_by_others_work_for_the_owner(limited):
    for host in OTHERS:
        forgot(limited, host)
    forgot(another(limited))
    owner, [first, _second] = another(limited), read_mails(limited.application)
    owner.post(first.path, data={"new_password": "entirely new words"})

    assert attempt(owner, password="entirely new words", host=OWN) == 302


def test_known_browser_can_request_a_link_whatever_its_network_did(limited):
    attempt(limited, password=PASSWORD, host=OTHERS[0])
    limited.post("/en/auth/sign-out/")
    for email in ("x@example.org", "y@example.org", "z@example.org"):
        forgot(another(limited), OTHERS[0], email=email)

    assert forgot(another(limited), OTHERS[0])[0] == 429
    assert forgot(limited, OTHERS[0])[0] == 302


# Signing up


def sign_up(client: FlaskClient, host: str = OWN, **changes: str) -> int:
    where = {"REMOTE_ADDR": host}
    return client.post("/en/auth/sign-up/", data=SIGN_UP | changes, environ_base=where).status_code


def test_sign_ups_from_one_network_are_limited(limited):
    assert [sign_up(limited, email=f"{name}@example.org") for name in ("p", "q", "r")] == [302, 302, 429]


def test_form_that_has_to_be_corrected_does_not_count(limited):
    assert [sign_up(limited, password="short") for _ in range(4)] == [422] * 4
    assert sign_up(limited) == 302


def test_attack_on_signing_up_from_two_addresses_does_not_lock_out_the_owner(limited):
    """Not even if the limit of emails was reached before the owner's own sign-up."""
    for host in OTHERS:
        for number in range(10):
            sign_up(limited, host, submission=f"{host} {number}", password=f"others know these words {number}")
    assert sign_up(another(limited)) == 302

    mails = read_mails(limited.application)
    assert len(mails) == 2
    assert another(limited).post(mails[0].path, data={"password": PASSWORD}).status_code == 302
    assert find_user(limited.application, SIGN_UP["email"]).name == SIGN_UP["name"]
    assert attempt(another(limited), SIGN_UP["email"], PASSWORD, OWN) == 302


def test_emails_at_unconfirmed_sign_ins_are_limited_and_the_page_says_so(limited):
    sign_up(limited)
    texts = [limited.post(SIGN_IN, data={"email": SIGN_UP["email"], "password": PASSWORD}).text for _ in range(2)]

    assert "We have sent you a new email" in texts[0]
    assert "We have sent emails to it within the last hour" in texts[1]
    assert len(read_mails(limited.application)) == 2


def test_wrong_passwords_at_a_confirmation_link_are_limited(limited):
    sign_up(limited)
    path = read_mails(limited.application)[0].path

    assert [limited.post(path, data={"password": WRONG}).status_code for _ in range(3)] == [422, 422, 429]


# Refusals


def test_refusal_says_when_to_try_again(limited):
    for _ in range(3):
        answer = limited.post(SIGN_IN, data={"email": CLARA, "password": WRONG})

    assert 0 < int(answer.headers["Retry-After"]) <= 60 * 60
    assert re.search(
        r"Please try again in (about 1 hour|\d+ minutes?), at \d\d:\d\d\N{NO-BREAK SPACE}UTC\.", answer.text
    )


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("es", r"Inténtelo de nuevo dentro de .* \(\d\d:\d\d\N{NO-BREAK SPACE}UTC\)\."),
        ("fr", r"Veuillez réessayer dans .*, à \d+\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}\d\d\N{NO-BREAK SPACE}UTC\."),
    ],
)
def test_refusal_is_a_page_in_the_language_of_the_reader(limited, language, sentence):
    for _ in range(3):
        answer = limited.post(f"/{language}/auth/sign-in/", data={"email": CLARA, "password": "wrong words"})

    assert answer.status_code == 429
    assert f'<html lang="{language}"' in answer.text
    assert re.search(sentence, answer.text)
    assert "wrong words" not in answer.text
    assert answer.text.count("<h1") == 1


def test_refusal_gives_back_the_form_without_the_password(limited):
    for _ in range(3):
        answer = limited.post("/en/auth/sign-up/", data=SIGN_UP, environ_base={"REMOTE_ADDR": OWN})

    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert "Please try again in" in answer.text
    for typed in ("name", "email", "organization"):
        assert f'value="{SIGN_UP[typed]}"' in answer.text
    for chosen in ("country", "capacity", "language"):
        assert re.search(rf'<option selected value="{SIGN_UP[chosen]}"', answer.text)
    assert PASSWORD not in answer.text


# People who are signed in


def test_guesses_at_the_present_password_are_limited(limited):
    attempt(limited, password=PASSWORD)

    def wrong() -> int:
        data = {"password": WRONG, "new_password": "entirely new words"}
        return limited.post("/en/account/password/", data=data).status_code

    assert [wrong() for _ in range(3)] == [422, 422, 429]


@pytest.mark.parametrize(
    "path", ["/en/account/password/", "/en/account/second-step/", "/en/account/delete/"], ids=lambda path: path
)
def test_guesses_at_the_password_are_limited_over_all_forms(limited, path):
    attempt(limited, password=PASSWORD)
    wrong = {"password": WRONG, "email": "clara@example.net", "code": "000000", "new_password": "x"}

    def wrong_at(at: str, host: int) -> int:
        return limited.post(at, data=wrong, environ_base={"REMOTE_ADDR": f"10.0.0.{host}"}).status_code

    answers = [wrong_at(path, 1), wrong_at("/en/account/delete/", 2), wrong_at("/en/account/email/", 3)]
    assert answers == [422, 422, 429]


def test_form_can_be_continued_in_another_language_past_the_limit(limited):
    attempt(limited, password=PASSWORD)
    wrong = {"password": WRONG, "new_password": "entirely new words"}
    answers = [limited.post("/fr/account/password/", data=wrong).status_code for _ in range(3)]
    continued = [limited.post("/fr/account/password/", data={**wrong, "continue_in": "fr"}) for _ in range(3)]

    assert answers == [422, 422, 429]
    assert [answer.status_code for answer in continued] == [200] * 3


def test_requests_to_change_the_address_are_limited(limited):
    attempt(limited, password=PASSWORD)

    def ask(number: int) -> int:
        data = {"password": PASSWORD, "email": f"clara{number}@example.net"}
        return limited.post("/en/account/email/", data=data).status_code

    assert [ask(number) for number in range(3)] == [302, 302, 429]
