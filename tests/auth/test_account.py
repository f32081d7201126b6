"""A person's own pages."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Forum
from tests.auth.conftest import PASSWORD, Mailbox, find_user, is_signed_in, sign_in

PAGES = ("", "profile/", "language/", "password/", "data/")
NEW = "entirely new words"
PROFILE = {
    "name": "Clara Ríos",
    "title": "Ms",
    "organization": "Red de Semillas",
    "country": "",
    "capacity": "organization",
}


@pytest.fixture
def her(app: Flask, clara) -> FlaskClient:
    """Clara, signed in."""
    return sign_in(app.test_client())


def test_page_works(her):
    wrong = []
    for language in ("en", "es", "fr"):
        for page in PAGES:
            answer = her.get(f"/{language}/account/{page}")
            if answer.status_code != 200 or not answer.headers["Cache-Control"].startswith("private"):
                wrong.append((language, page))

    assert wrong == []


def test_visitor_signs_in_first(visitor, world):
    wrong = []
    for page in PAGES:
        answer = visitor.get(f"/en/account/{page}")
        if answer.status_code != 302 or not answer.location.startswith("/en/auth/sign-in/?next="):
            wrong.append(page)

    assert wrong == []


@pytest.mark.parametrize("page", ["profile/", "language/", "password/"])
def test_writing_after_the_sign_in_ended_is_refused(visitor, world, page):
    answer = visitor.post(f"/en/account/{page}", data=PROFILE | {"language": "fr", "new_password": NEW})

    assert answer.status_code == 403
    assert "You are no longer signed in" in answer.text
    assert NEW not in answer.text


def test_profile_is_changed(app, her):
    answer = her.post("/en/account/profile/", data=PROFILE)

    user = find_user(app, "clara@example.org")
    assert (answer.status_code, answer.location) == (302, "/en/account/")
    assert {name: getattr(user, name) for name in PROFILE} == PROFILE
    assert "Your profile has been changed." in her.get("/en/account/").text


def test_profile_form_shows_the_profile(her):
    page = her.get("/en/account/profile/").text

    assert 'value="Clara"' in page
    assert '<option selected value="party">' in page


@pytest.mark.parametrize(
    "changes",
    [{"name": ""}, {"name": "http://x"}, {"organization": ""}, {"capacity": "secretariat"}, {"capacity": "party"}],
)
def test_bad_profile_is_refused_and_given_back(app, her, changes):
    answer = her.post("/en/account/profile/", data=PROFILE | changes)

    assert answer.status_code == 422
    assert "Ms" in answer.text
    assert find_user(app, "clara@example.org").name == "Clara"


def test_profile_cannot_make_an_administrator(app, her):
    her.post("/en/account/profile/", data=PROFILE | {"is_admin": "1", "email": "x@example.org", "confirmed_at": ""})

    assert not find_user(app, "clara@example.org").is_admin


def test_secretariat_keeps_its_capacity(app, clara):
    with app.app_context():
        db.session.merge(clara).capacity = "secretariat"
        db.session.commit()
    her = sign_in(app.test_client())

    assert her.post("/en/account/profile/", data=PROFILE | {"capacity": "secretariat"}).status_code == 302


def test_state_that_is_no_longer_in_the_list_can_be_kept(her):
    data = PROFILE | {"capacity": "party", "country": "XA"}

    assert her.post("/en/account/profile/", data=data).status_code == 302, "XA is hers since before"


def test_changed_language_is_the_language_of_the_answer(app, her):
    answer = her.post("/en/account/language/", data={"language": "fr"})

    assert answer.location == "/fr/account/"
    assert find_user(app, "clara@example.org").language == "fr"


def test_home_address_leads_to_the_saved_language(her):
    her.post("/en/account/language/", data={"language": "fr"})

    assert her.get("/").location == "/fr/"


def test_language_that_the_site_does_not_have_is_refused(her):
    assert her.post("/en/account/language/", data={"language": "de"}).status_code == 422


def test_password_is_changed(her, visitor):
    answer = her.post("/en/account/password/", data={"password": PASSWORD, "new_password": NEW})

    assert answer.location == "/en/account/"
    assert is_signed_in(sign_in(visitor, password=NEW))


def test_changed_password_ends_the_other_sign_ins_only(app, her):
    other = sign_in(app.test_client())

    her.post("/en/account/password/", data={"password": PASSWORD, "new_password": NEW})

    assert is_signed_in(her)
    assert not is_signed_in(other)


def test_changed_password_leaves_other_people_signed_in(her, alice):
    her.post("/en/account/password/", data={"password": PASSWORD, "new_password": NEW})

    assert is_signed_in(alice)


def test_changed_password_is_announced_by_email(her, mailbox: Mailbox):
    her.post("/en/account/password/", data={"password": PASSWORD, "new_password": NEW})

    [mail] = mailbox()
    assert (mail.recipient, mail.language) == ("clara@example.org", "es")


def test_changing_the_password_needs_the_present_one(her, visitor):
    answer = her.post("/en/account/password/", data={"password": "wrong words entirely", "new_password": NEW})

    assert answer.status_code == 422
    assert "This is not your present password." in answer.text
    assert is_signed_in(sign_in(visitor))


@pytest.mark.parametrize("password", ["", "short", "clara likes tea", "aaaaaaaaaaaa", "iloveyou123"])
def test_weak_password_is_refused(her, password):
    answer = her.post("/en/account/password/", data={"password": PASSWORD, "new_password": password})

    assert answer.status_code == 422
    assert 'href="#new_password"' in answer.text


def test_own_data_shows_profile_messages_and_sign_ins(alice, world):
    page = alice.get("/en/account/data/").text

    assert "alice@example.org" in page
    assert "You have posted 1 message." in page
    assert f'href="/en/messages/{world.first}/"' in page
    assert f'href="/en/messages/{world.second}/"' not in page
    assert 'id="sign-ins"' in page


def test_own_data_shows_the_roles(moderator):
    page = moderator.get("/en/account/data/").text

    assert "Moderator" in page
    assert 'href="/en/forums/open-forum/"' in page


def test_own_data_omits_what_their_owner_may_not_see(app, alice, world):
    with app.app_context():
        db.session.get(Forum, world.forum).published_at = None
        db.session.commit()

    assert "You have posted 0 messages." in alice.get("/en/account/data/").text


def test_hostile_browser_name_stays_text(app, clara):
    client = app.test_client()
    client.post(
        "/en/auth/sign-in/",
        data={"email": "clara@example.org", "password": PASSWORD},
        headers={"User-Agent": "<img src=x onerror=alert(1)>{{7*7}}"},
    )

    page = client.get("/en/account/data/").text
    assert "<img src=x" not in page
    assert "{{7*7}}" in page


@pytest.mark.parametrize("page", ["profile/", "language/", "password/"])
def test_forms_need_a_token(app, her, page):
    app.config["WTF_CSRF_ENABLED"] = True

    assert her.post(f"/en/account/{page}", data=PROFILE).status_code == 400
