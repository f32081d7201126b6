"""Signing in and out."""

import html
import re
import time
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.auth.passwords import hash_password, needs_rehash
from app.database import utcnow
from app.extensions import db
from app.models import SignIn
from tests.auth.conftest import PASSWORD, Mailbox, add_person, find_user, is_signed_in, sign_in
from tests.conftest import CONTACT
from tests.world import World

PATH = "/en/auth/sign-in/"
WRONG = "The email address or password is incorrect."


def post(client: FlaskClient, email: str, password: str, query: str = "") -> object:
    return client.post(PATH + query, data={"email": email, "password": password})


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_sign_in_page_works_and_is_not_cached(app, visitor, world, language):
    app.config["WTF_CSRF_ENABLED"] = True

    answer = visitor.get(f"/{language}/auth/sign-in/")

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"].startswith("private")


def test_right_password_signs_in(visitor, clara):
    answer = post(visitor, "clara@example.org", PASSWORD)

    assert (answer.status_code, answer.location) == (302, "/en/")
    assert is_signed_in(visitor)


def test_case_and_spaces_of_the_address_do_not_matter(visitor, clara):
    assert post(visitor, "  CLARA@Example.org", PASSWORD).status_code == 302


@pytest.mark.parametrize("email", ["<clara@example.org>", "mailto:clara@example.org", "\u202aclara@example.org\u200b"])
def test_what_copying_an_address_adds_does_not_matter(visitor, clara, email):
    assert post(visitor, email, PASSWORD).status_code == 302


def test_password_is_the_same_with_composed_or_decomposed_accents(visitor, app, world):
    with app.app_context():
        add_person(app, "inés")
        user = db.session.merge(find_user(app, "inés@example.org"))
        user.email, user.password_hash = "ines@example.org", hash_password("contrase\u00f1a de In\u00e9s")
        db.session.commit()

    assert post(visitor, "ines@example.org", "contrasen\u0303a de Ine\u0301s").status_code == 302


@pytest.mark.parametrize(
    ("email", "password"),
    [("clara@example.org", "wrong words entirely"), ("nobody@example.org", PASSWORD), ("clara", PASSWORD)],
)
def test_every_failure_has_one_message(visitor, clara, email, password):
    answer = post(visitor, email, password)

    assert answer.status_code == 422
    assert answer.text.count(WRONG) == 2, "in the summary and at the field"
    assert email in answer.text
    assert password not in answer.text
    assert not is_signed_in(visitor)


def test_unknown_address_takes_as_long_as_a_wrong_password(visitor, clara):
    def seconds(email: str) -> float:
        start = time.process_time()  # other load on the machine must not count
        post(visitor, email, "wrong words entirely")
        return time.process_time() - start

    known = min(seconds("clara@example.org") for _ in range(5))
    unknown = min(seconds("nobody@example.org") for _ in range(5))
    malformed = min(seconds("nobody") for _ in range(5))

    assert 0.5 < unknown / known < 2
    assert 0.5 < malformed / known < 2


def test_empty_form_is_refused(visitor, world):
    answer = post(visitor, "", "")

    assert answer.status_code == 422
    assert "Enter your password." in answer.text


def test_account_without_a_password_accepts_none(app, visitor, world):
    assert post(visitor, "alice@example.org", "!").status_code == 422, "the cast of the tests has no password"


def test_unconfirmed_person_is_told_to_confirm_and_gets_a_new_email(visitor, unconfirmed, mailbox: Mailbox):
    answer = post(visitor, "hugo@example.org", PASSWORD)

    [mail] = mailbox()
    assert answer.status_code == 422
    assert "has not been confirmed yet" in answer.text
    assert mail.path.startswith("/fr/auth/confirm/")
    assert not is_signed_in(visitor)


def test_unconfirmed_person_with_a_wrong_password_learns_nothing(visitor, unconfirmed, mailbox: Mailbox):
    answer = post(visitor, "hugo@example.org", "wrong words entirely")

    assert WRONG in answer.text
    assert not mailbox()


def test_session_is_renewed_at_sign_in(visitor, clara):
    with visitor.session_transaction() as session:
        session["planted"] = "by somebody else"
        session["csrf_token"] = "known to somebody else"

    sign_in(visitor)

    with visitor.session_transaction() as session:
        assert "planted" not in session
        assert session.get("csrf_token") != "known to somebody else"
        assert session.permanent


def test_cookie_is_kept_from_scripts_and_other_sites(visitor, clara):
    cookies = post(visitor, "clara@example.org", PASSWORD).headers.getlist("Set-Cookie")

    assert len(cookies) == 4, "of the session, and of a browser that is known in each language"
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie


def test_stored_sign_in_is_useless_to_a_reader_of_the_database(app, visitor, clara):
    sign_in(visitor)

    with visitor.session_transaction() as session:
        token = session["_user_id"]
    with app.app_context():
        stored = db.session.scalar(select(SignIn))
        assert token not in stored.token_hash
        assert stored.token_hash == SignIn.hash_of(token)


def test_sign_ins_end_after_half_a_year(app, clara):
    forgotten = sign_in(app.test_client())
    with app.app_context():
        db.session.scalar(select(SignIn)).created_at = utcnow() - timedelta(days=181)
        db.session.commit()

    sign_in(app.test_client())

    assert not is_signed_in(forgotten)


def test_stored_name_of_the_browser_is_cut(app, visitor, clara):
    visitor.post(PATH, data={"email": "clara@example.org", "password": PASSWORD}, headers={"User-Agent": "x" * 5000})

    with app.app_context():
        assert len(db.session.scalar(select(SignIn.browser))) == 200


@pytest.mark.parametrize("target", ["/en/portal/", "/en/topics/1/reply/?to=2"])
def test_sign_in_leads_to_the_destination(visitor, clara, target):
    assert visitor.post(PATH, query_string={"next": target}, data={
        "email": "clara@example.org", "password": PASSWORD
    }).location == target  # fmt: skip


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "evil",
        "",
    ],
)
def test_destination_is_never_on_another_site(visitor, clara, target):
    data = {"email": "clara@example.org", "password": PASSWORD}

    assert visitor.post(PATH, query_string={"next": target}, data=data).location == "/en/"
    assert visitor.get(PATH, query_string={"next": target}).location == "/en/", "nor once signed in"


def test_failed_attempt_keeps_the_destination(visitor, clara):
    answer = post(visitor, "clara@example.org", "wrong words entirely", "?next=/en/portal/")

    assert 'action="/en/auth/sign-in/?next=/en/portal/"' in answer.text


def test_guarded_page_leads_to_sign_in_and_back(visitor, clara):
    answer = visitor.get("/en/account/profile/")

    assert answer.location == "/en/auth/sign-in/?next=%2Fen%2Faccount%2Fprofile%2F"
    data = {"email": "clara@example.org", "password": PASSWORD}
    assert visitor.post(answer.location, data=data).location == "/en/account/profile/"


def test_destination_is_in_the_language_chosen_before_signing_in(visitor, clara):
    page = visitor.get("/en/account/profile/", follow_redirects=True).text
    french = html.unescape(re.search(r'value="fr"[^>]* formaction="([^"]*)"', page)[1])

    assert visitor.post(french, data={"continue_in": "fr"}).status_code == 200
    answer = visitor.post(french, data={"email": "clara@example.org", "password": PASSWORD})

    assert answer.location == "/fr/account/profile/"


def test_old_hash_is_renewed_at_sign_in(app, visitor, world):
    user = add_person(app, "olga")
    with app.app_context():
        db.session.merge(user).password_hash = PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)
        db.session.commit()

    sign_in(visitor, "olga@example.org")

    assert not needs_rehash(find_user(app, "olga@example.org").password_hash)
    assert is_signed_in(visitor)


def test_signing_out_ends_this_sign_in_only(app, clara):
    here, there = sign_in(app.test_client()), sign_in(app.test_client())

    answer = here.post("/en/auth/sign-out/")

    assert (answer.status_code, answer.location) == (302, "/en/")
    assert not is_signed_in(here)
    assert is_signed_in(there)


def test_cookie_of_an_ended_sign_in_is_invalid(visitor, clara):
    sign_in(visitor)
    cookie = visitor.get_cookie("session").value
    visitor.post("/en/auth/sign-out/")

    visitor.set_cookie("session", cookie)

    assert not is_signed_in(visitor)


def test_signing_out_deletes_the_cookie(visitor, clara):
    sign_in(visitor)
    visitor.post("/en/auth/sign-out/")

    assert visitor.get_cookie("session") is None
    assert not visitor.get("/en/").headers.getlist("Set-Cookie")


def test_signing_out_needs_a_post(visitor, clara):
    sign_in(visitor)

    assert visitor.get("/en/auth/sign-out/").status_code == 405
    assert is_signed_in(visitor)


def test_signing_out_twice_does_no_harm(visitor, clara):
    sign_in(visitor)
    visitor.post("/en/auth/sign-out/")

    assert visitor.post("/en/auth/sign-out/").status_code == 302


def test_signing_in_needs_a_token(app, visitor, clara):
    app.config["WTF_CSRF_ENABLED"] = True

    assert post(visitor, "clara@example.org", PASSWORD).status_code == 400


def test_sign_in_page_has_the_contact_address_if_there_is_one(reachable: Flask, world: World, visitor):
    address = f'<a href="mailto:{CONTACT}">{CONTACT}</a>'

    assert address in reachable.test_client().get("/en/auth/sign-in/").text
    assert "mailto:" not in visitor.get("/en/auth/sign-in/").text


@pytest.mark.parametrize("path", ["/en/", "/en/pages/rules/", "/en/forums/open-forum/", "/en/nowhere/"])
def test_foot_of_every_page_has_the_contact_address_if_there_is_one(path: str, reachable: Flask, world: World, visitor):
    foot = reachable.test_client().get(path).text.split("<footer")[1]

    assert f'<a href="mailto:{CONTACT}">{CONTACT}</a>' in foot
    assert "mailto:" not in visitor.get(path).text
