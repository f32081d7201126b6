"""The account page lists a person's sign-ins, and can end them."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import db
from app.labels import browser_name
from app.models import SignIn
from tests.auth.conftest import PASSWORD, is_signed_in

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
END = r'action="(/en/account/sign-ins/\d+/end/)"'
END_OTHERS = "/en/account/sign-ins/end-others/"


@pytest.fixture
def here(app: Flask, clara) -> FlaskClient:
    return with_browser(app, "Here")


@pytest.fixture
def there(app: Flask, clara) -> FlaskClient:
    return with_browser(app, FIREFOX)


def with_browser(app: Flask, browser: str) -> FlaskClient:
    client = app.test_client()
    data = {"email": "clara@example.org", "password": PASSWORD}
    assert client.post("/en/auth/sign-in/", data=data, headers={"User-Agent": browser}).status_code == 302
    return client


def test_every_sign_in_is_listed_and_this_one_marked(here, there):
    page = here.get("/en/account/").text

    assert "<bdi>Firefox, Linux</bdi>" in page
    assert "Signed in on" in page
    assert re.search(r"<bdi>Here</bdi>.*?Current session", page, re.DOTALL)
    assert len(re.findall(END, page)) == 1, "one can be ended, this one is left by signing out"


def test_single_sign_in_is_ended(here, there):
    answer = here.post(re.search(END, here.get("/en/account/").text)[1])

    assert answer.location == "/en/account/#sign-ins"
    assert "The session has been ended." in here.get("/en/account/").text
    assert not is_signed_in(there)
    assert is_signed_in(here)


def test_all_others_are_ended(app, here, there):
    third = with_browser(app, "Third")

    here.post(END_OTHERS)

    assert [is_signed_in(client) for client in (here, there, third)] == [True, False, False]


def test_only_the_owner_ends_a_sign_in(app, alice, there):
    with app.app_context():
        foreign = db.session.scalar(select(SignIn.id).where(SignIn.browser == FIREFOX))

    assert alice.post(f"/en/account/sign-ins/{foreign}/end/").status_code == 404
    assert alice.post(END_OTHERS).status_code == 302
    assert is_signed_in(there)


def test_missing_sign_in_is_not_found(here):
    assert here.post("/en/account/sign-ins/999/end/").status_code == 404


def test_ending_needs_a_post_and_a_token(app, here, there):
    path = re.search(END, here.get("/en/account/").text)[1]
    app.config["WTF_CSRF_ENABLED"] = True

    assert [here.get(at).status_code for at in (path, END_OTHERS)] == [405, 405]
    assert [here.post(at).status_code for at in (path, END_OTHERS)] == [400, 400]
    assert is_signed_in(there)


def test_button_for_all_others_is_shown_only_if_there_are_others(here):
    assert END_OTHERS not in here.get("/en/account/").text


def test_browser_is_called_as_people_know_it():
    expected = {
        FIREFOX: "Firefox, Linux",
        "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0": "Edge, Windows",
        "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36": "Chrome, Android",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1": "Safari, iPhone",
        "curl/8.0": "curl/8.0",
        "": "",
    }

    assert {user_agent: browser_name(user_agent) for user_agent in expected} == expected


def test_name_of_a_browser_stays_text(app, here):
    with_browser(app, "<img src=x onerror=alert(1)>")

    assert "<img src=x" not in here.get("/en/account/").text
