"""Signing up."""

import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import Connection, event, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from app import labels
from app.auth.sign_up import hash_for
from app.database import utcnow
from app.extensions import db
from app.models import Capacity, Mail, SignUp
from tests.auth.conftest import (
    PASSWORD,
    SIGN_UP,
    Mailbox,
    add_person,
    find_sign_up,
    find_user,
    is_signed_in,
    sign_in,
)

PATH = "/en/auth/sign-up/"


def post(client: FlaskClient, **changes: str) -> object:
    return client.post(PATH, data=SIGN_UP | changes)


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_sign_up_page_works_and_preselects_its_own_language(app, visitor, world, language):
    app.config["WTF_CSRF_ENABLED"] = True

    answer = visitor.get(f"/{language}/auth/sign-up/")

    assert answer.status_code == 200
    assert f'<option selected value="{language}">' in answer.text
    assert answer.headers["Cache-Control"].startswith("private")


def test_signing_up_makes_no_account_before_the_address_is_confirmed(app, visitor, world):
    answer = post(visitor)

    waiting = find_sign_up(app)
    assert (answer.status_code, answer.location) == (302, "/en/auth/check-mail/")
    assert find_user(app, "nadia@example.org") is None
    assert (waiting.name, waiting.title) == ("Nadia Ben Salah", "Dr")
    assert (waiting.organization, waiting.country) == ("Ministry of the Environment", "TN")
    assert (waiting.capacity, waiting.language) == ("party", "fr")


def test_password_is_stored_as_argon2id_only(app, visitor, world):
    post(visitor)

    assert find_sign_up(app).password_hash.startswith("$argon2id$")


def test_address_is_stored_in_lower_case(app, visitor, world):
    post(visitor, email="  Nadia@EXAMPLE.org ")

    assert find_sign_up(app)


def test_confirmation_email_is_in_the_chosen_language(visitor, world, mailbox: Mailbox):
    post(visitor)

    [mail] = mailbox()
    assert (mail.recipient, mail.language) == ("nadia@example.org", "fr")
    assert '<html lang="fr"' in mail.html
    assert mail.path.startswith("/fr/auth/confirm/")


def test_links_in_emails_never_come_from_the_host_header(visitor, world, mailbox: Mailbox):
    visitor.post(PATH, data=SIGN_UP, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})

    [mail] = mailbox()
    assert "evil" not in mail.text + mail.html


def test_form_sent_twice_signs_up_once_and_emails_once(app, visitor, world, mailbox: Mailbox):
    first, second = post(visitor), post(visitor)

    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert len(mailbox()) == 1
    assert visitor.get(mailbox()[0].path).status_code == 200, "the link of the first mail still works"


def test_known_address_gets_the_same_answer_and_an_email_that_says_so(app, visitor, clara, mailbox: Mailbox):
    unknown = post(visitor)
    known = post(visitor, email="clara@example.org", submission="another")

    mail = mailbox()[-1]
    assert (known.status_code, known.location, known.text) == (unknown.status_code, unknown.location, unknown.text)
    assert (mail.recipient, mail.language) == ("clara@example.org", "es"), "in the language of the account"
    assert mail.subject == "Usted ya tiene una cuenta"
    assert mail.path == "/es/auth/sign-in/"
    assert "/es/auth/forgot/" in mail.text


def test_signing_up_again_changes_nothing_of_a_confirmed_account(app, visitor, clara):
    post(visitor, email="clara@example.org", password="other words to try", name="Mallory")

    assert find_user(app, "clara@example.org").name == "Clara"
    assert sign_in(visitor)


OTHERS = {"submission": "another", "password": "others know these words", "name": "Mallory"}


def test_later_sign_up_keeps_the_link_and_the_password_of_an_earlier_one(app, visitor, world, mailbox: Mailbox):
    post(visitor)
    post(visitor, **OTHERS)

    assert visitor.post(mailbox()[0].path, data={"password": PASSWORD}).status_code == 302
    assert find_user(app, "nadia@example.org").name == "Nadia Ben Salah"
    assert is_signed_in(sign_in(visitor, "nadia@example.org"))


def test_earlier_sign_up_prepares_nothing_for_the_owner(app, visitor, world, mailbox: Mailbox):
    post(visitor, **OTHERS)
    post(visitor)
    visitor.post(mailbox()[-1].path, data={"password": PASSWORD})

    data = {"email": "nadia@example.org", "password": OTHERS["password"]}
    assert app.test_client().post("/en/auth/sign-in/", data=data).status_code == 422
    assert find_user(app, "nadia@example.org").name == "Nadia Ben Salah"


def test_confirming_one_sign_up_deletes_the_others_and_their_links(app, visitor, world, mailbox: Mailbox):
    post(visitor)
    post(visitor, **OTHERS)
    visitor.post(mailbox()[0].path, data={"password": PASSWORD})

    assert find_sign_up(app) is None
    for password in (PASSWORD, OTHERS["password"]):
        assert visitor.post(mailbox()[1].path, data={"password": password}).status_code == 410


def test_page_of_a_link_shows_no_profile_where_others_signed_up_too(visitor, world, mailbox: Mailbox):
    post(visitor)
    post(visitor, **OTHERS)

    for mail in mailbox():
        page = visitor.get(mail.path.replace("/fr/", "/en/")).text
        assert "There is more than one sign-up with the address nadia@example.org." in page
        assert "Mallory" not in page
        assert "Nadia Ben Salah" not in page


def test_person_who_signs_up_again_with_the_same_password_changes_the_profile(app, visitor, world, mailbox: Mailbox):
    post(visitor)
    post(visitor, submission="another", name="Nadia B. Salah")
    visitor.post(mailbox()[0].path, data={"password": PASSWORD})

    assert find_user(app, "nadia@example.org").name == "Nadia B. Salah"


def test_expired_sign_ups_are_deleted_at_the_next_sign_up(app, visitor, unconfirmed):
    with app.app_context():
        db.session.get_one(SignUp, unconfirmed.id).renewed_at = utcnow() - timedelta(days=3, seconds=2)
        db.session.commit()

    post(visitor)

    assert find_sign_up(app, "hugo@example.org") is None
    assert find_sign_up(app)


def test_unconfirmed_account_is_taken_over(app, visitor, world, mailbox: Mailbox):
    key = add_person(app, "nadia", confirmed_at=None).id
    post(visitor)
    visitor.post(mailbox()[0].path, data={"password": PASSWORD})

    user = find_user(app, "nadia@example.org")
    assert (user.id, user.name) == (key, "Nadia Ben Salah")
    assert user.confirmed_at


def test_bad_field_is_refused_and_the_rest_given_back(app, visitor, world):
    bad = [
        ("name", " ", "Enter your name."),
        ("name", "\u200b\u3164\u2800\u00ad", "Enter your name."),
        ("name", "\u0301\ufe0f", "Enter your name."),
        ("name", "x" * 101, "the maximum is 100"),
        ("name", "See http://evil.example", "must not contain a web address"),
        ("name", "WWW.evil.example", "must not contain a web address"),
        ("name", "a//b", "cannot contain a web or email address"),
        ("name", "t.co/x", "cannot contain a web or email address"),
        ("title", "Director, bit.ly/x", "cannot contain a web or email address"),
        ("name", "mallory@evil.example", "cannot contain a web or email address"),
        ("name", "evil.example", "such as example.org"),
        ("name", "You won at evil-site.co.uk now", "such as example.org"),
        ("name", "Evil.COM", "such as example.org"),
        ("name", "t.net", "such as example.org"),
        ("name", "evil\u3002example", "such as example.org"),
        ("name", "зло.рф", "such as example.org"),
        ("title", "evil.example", "such as example.org"),
        ("organization", "www.evil.example", "must not contain a web address"),
        ("organization", "https://evil.example", "must not contain a web address"),
        ("email", "", "Enter your email address."),
        ("email", "nadia", "Enter the full email address"),
        ("email", "a@b.org, c@d.org", "Enter the full email address"),
        ("email", "a@b.org\r\nBcc: c@d.org", "Enter the full email address"),
        ("email", "x" * 300 + "@example.org", "312 characters; the maximum is 254"),
        ("password", "", "Choose a password."),
        ("password", "short", "at least 10"),
        ("password", "x y" * 70, "the maximum is 200"),
        ("password", "Password123!", "one of the first"),
        ("capacity", "", "Select the capacity"),
        ("capacity", "secretariat", "Please select one of the options offered"),
        ("country", "XX", "Please select one of the options offered"),
        ("language", "de", "Please select one of the options offered"),
    ]
    for field, value, message in bad:
        answer = post(visitor, **{field: value})
        about = f"{field}: {value[:40]!r}"
        assert answer.status_code == 422, about
        assert message in answer.text, about
        assert "<title>Error: " in answer.text, about
        assert f'href="#{field}"' in answer.text, f"{about}: the summary leads to the field"
        assert PASSWORD not in answer.text, f"{about}: passwords are not given back"
        assert ("Nadia Ben Salah" if field != "name" else "nadia@example.org") in answer.text, about

    with app.app_context():
        assert db.session.scalar(select(func.count(Mail.id))) == 0


@pytest.mark.parametrize("capacity", ["party", "government"])
def test_speaking_for_a_government_needs_a_country(visitor, world, capacity):
    answer = post(visitor, capacity=capacity, country="")

    assert answer.status_code == 422
    assert "Select the Party or Government on whose behalf you speak." in answer.text


@pytest.mark.parametrize("capacity", ["organization", "iplc"])
def test_speaking_for_an_organization_needs_its_name(visitor, world, capacity):
    answer = post(visitor, capacity=capacity, organization="")

    assert answer.status_code == 422
    assert "Enter the name of the organization" in answer.text


@pytest.mark.parametrize("organization", ["\u200b", "\u3164 \u2800", "\u00ad\u0301"])
def test_invisible_organization_counts_as_empty(app, visitor, world, organization):
    answer = post(visitor, capacity="organization", organization=organization)
    assert answer.status_code == 422

    post(visitor, capacity="expert", organization=organization, title=organization)
    waiting = find_sign_up(app)
    assert (waiting.organization, waiting.title) == ("", "")


@pytest.mark.parametrize(
    "name",
    [
        "Muthu a/l Raju",
        "Kavitha a/p Raju",
        "Director/Head",
        "M. Sc./Ph. D. Li",
        "J.R.R. Tolkien",
        "A. B. C.",
        "Ana M.ª Ruiz",
        "O'Neill-Smith Jr.",
        "H.E. Ms. Li",
        "María José",
        "A.B.",
    ],
)
def test_name_with_slashes_initials_and_abbreviations_is_accepted(app, visitor, world, name):
    assert post(visitor, name=name).status_code == 302
    assert find_sign_up(app).name == name


@pytest.mark.parametrize("title", ["Ph.D.", "M.Sc.", "Dr. h.c.", "Prof. Dr.", "S.E.M.", "D.Phil."])
def test_title_with_abbreviations_is_accepted(visitor, world, title):
    assert post(visitor, title=title).status_code == 302


@pytest.mark.parametrize("organization", ["350.org", "Save.org Ltd.", "Corp. S.A."])
def test_organization_may_have_a_domain_as_its_name(visitor, world, organization):
    assert post(visitor, organization=organization).status_code == 302


def test_expert_needs_no_country_or_organization(visitor, world):
    assert post(visitor, capacity="expert", organization="", country="").status_code == 302


def test_optional_fields_may_be_left_out_of_the_form(app, visitor, world):
    needed = {name: SIGN_UP[name] for name in ("name", "email", "password")} | {"capacity": "expert"}

    assert visitor.post("/es/auth/sign-up/", data=needed).status_code == 302
    assert find_sign_up(app).language == "es", "the interface's language by default"


def test_secretariat_is_not_offered_to_the_public(visitor, world):
    assert 'value="secretariat"' not in visitor.get(PATH).text


@pytest.mark.parametrize(
    ("language", "in_order"),
    [
        ("en", ["Egypt", "Eritrea", "European Union", "Fiji"]),
        ("es", ["Egipto", "Emiratos Árabes Unidos", "Eritrea", "Unión Europea"]),
        ("fr", ["Égypte", "Émirats arabes unis", "Espagne", "Union européenne"]),
    ],
)
def test_states_are_in_the_alphabetical_order_of_the_language(visitor, world, language, in_order):
    names = re.findall(r'<option value="[A-Z]{2}">([^<]+)', visitor.get(f"/{language}/auth/sign-up/").text)

    assert [name for name in names if name in in_order] == in_order


def test_first_choice_is_to_speak_for_no_government(visitor, world):
    options = re.findall(r'<select[^>]*id="country".*?</select>', visitor.get(PATH).text, re.DOTALL)

    assert re.search(r'<option selected value="">None of these', options[0])


def test_unusual_characters_cause_no_internal_error(app, visitor, world):
    answer = post(visitor, name="N\x00adia \u202eevil \U0001f33f", submission="k" * 500)

    assert answer.status_code == 302
    assert find_sign_up(app).name == "Nadia evil \U0001f33f"


def test_invalid_utf_8_causes_no_internal_error(visitor, world):
    body = b"name=%ff%fe&email=%ed%a0%80@example.org&capacity=expert&password=" + b"%ed%a0%80" * 5

    answer = visitor.post(PATH, data=body, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 422


def test_form_sent_twice_at_the_same_moment_signs_up_once(app, visitor, world, mailbox: Mailbox):
    """The other one is added after the search for it, and before this one is written."""
    with app.app_context():
        password_hash = hash_for("nadia@example.org", PASSWORD)
        engine = db.engine

    def write_the_other(connection: Connection, _name: str) -> None:
        values = {name: SIGN_UP[name] for name in (*SignUp.PROFILE, "email", "submission")}
        connection.execute(insert(SignUp).values(**values, password_hash=password_hash))

    event.listen(engine, "savepoint", write_the_other, once=True)
    answer = post(visitor)

    assert (answer.status_code, answer.location) == (302, "/en/auth/check-mail/")
    assert mailbox() == [], "the other one's email is under way"
    with app.app_context():
        assert db.session.scalar(select(func.count(SignUp.id))) == 1


@pytest.mark.only_on("sqlite", reason="PostgreSQL writes triggers in another language")
def test_failing_email_leaves_no_account(app: Flask, visitor, world):
    with app.app_context():
        db.session.execute(text("CREATE TRIGGER full BEFORE INSERT ON mail BEGIN SELECT RAISE(ABORT, 'full'); END"))
        db.session.commit()

    with pytest.raises(IntegrityError):
        post(visitor)

    assert find_sign_up(app) is None


@pytest.mark.only_on("sqlite", reason="PostgreSQL writes triggers in another language")
def test_failing_sign_up_leaves_no_email(app: Flask, visitor, world):
    with app.app_context():
        db.session.execute(text("CREATE TRIGGER full BEFORE UPDATE ON sign_up BEGIN SELECT RAISE(ABORT, 'full'); END"))
        db.session.commit()

    with pytest.raises(IntegrityError):
        post(visitor)

    with app.app_context():
        assert db.session.scalar(select(func.count(Mail.id))) == 0
    assert find_sign_up(app) is None


def test_signed_in_person_cannot_sign_up(alice):
    assert alice.get(PATH).location == "/en/account/"


def test_without_a_token_the_form_is_refused_and_given_back(app, visitor, world):
    app.config["WTF_CSRF_ENABLED"] = True

    answer = post(visitor)

    assert answer.status_code == 400
    assert "Ministry of the Environment" in answer.text
    assert PASSWORD not in answer.text
    assert find_sign_up(app) is None


def test_with_its_token_the_form_is_accepted(app, visitor, world):
    app.config["WTF_CSRF_ENABLED"] = True
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', visitor.get(PATH).text)

    assert post(visitor, csrf_token=token.group(1)).status_code == 302


def test_check_mail_page_works(visitor, world):
    assert "We have sent an email to the address" in visitor.get("/en/auth/check-mail/").text


def test_check_mail_page_names_the_address_to_whoever_typed_it_alone(app, visitor, world):
    post(visitor, email="Nadia@Example.org")

    assert "nadia@example.org" in visitor.get("/en/auth/check-mail/").text
    assert "nadia@example.org" not in app.test_client().get("/en/auth/check-mail/").text


def test_mistyped_address_is_corrected_without_typing_anything_else_but_the_password(visitor, world, mailbox: Mailbox):
    post(visitor, email="nadja@example.org")
    page = visitor.get("/en/auth/check-mail/?next=/en/portal/").text
    [again] = re.findall(r'href="([^"]+)">Correct the address', page)
    page = visitor.get(html.unescape(again)).text

    for kept in ("nadja@example.org", "Nadia Ben Salah", "Ministry of the Environment", '<option selected value="TN">'):
        assert kept in page
    assert PASSWORD not in page
    visitor.post(html.unescape(again), data=SIGN_UP)
    assert [mail.recipient for mail in mailbox()] == ["nadja@example.org", "nadia@example.org"]


def test_address_is_named_and_corrected_whether_or_not_it_has_an_account(visitor, clara):
    pages = []
    for email in ("clara@example.org", "nobody@example.org"):
        post(visitor, email=email)
        again = visitor.get("/en/auth/sign-up/?again=1").text
        pages.append((visitor.get("/en/auth/check-mail/").text + again).replace(email, ""))

    assert re.sub(r'value="\w{32}"', "", pages[0]) == re.sub(r'value="\w{32}"', "", pages[1])


@pytest.mark.parametrize("path", ["confirm", "forgot"])
def test_address_to_which_a_new_link_goes_can_be_corrected(path: str, visitor, world):
    visitor.post(f"/en/auth/{path}/", data={"email": "nadja@example.org"})

    assert f'href="/en/auth/{path}/?again=1">Correct the address' in visitor.get("/en/auth/check-mail/").text
    assert 'value="nadja@example.org"' in visitor.get(f"/en/auth/{path}/?again=1").text
    assert "nadja" not in visitor.get("/en/auth/sign-up/?again=1").text


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_every_capacity_is_explained_where_it_is_chosen(language: str, app, visitor, world):
    page = visitor.get(f"/{language}/auth/sign-up/").text

    translated = app.extensions["languages"][language].catalogue.ugettext
    chosen = [one for one in Capacity if one != Capacity.SECRETARIAT]
    explained = [escape(translated(labels.CAPACITY_MEANS[one])) for one in chosen]
    assert [text for text in explained if f"<dd>{text}</dd>" not in page] == []
    assert len(set(explained)) == len(chosen)


def test_other_pages_set_no_cookie(visitor, world):
    visitor.get("/en/portal/")

    assert not visitor.get("/en/").headers.getlist("Set-Cookie")
    assert not visitor.get("/en/auth/check-mail/").headers.getlist("Set-Cookie")


def test_password_has_to_be_typed_again_if_another_field_was_wrong(visitor, world):
    page = post(visitor, name=" ").text

    assert '<a href="#password">Please enter the password again: it is not kept when a form is returned.</a>' in page
    assert PASSWORD not in page
