"""The second step of signing in: setting it up, taking it and removing it."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import TimestampSigner
from lxml import html as lxml_html
from sqlalchemy import select

from app.auth import account, second_step
from app.auth.second_step import matching_step, qr_code, secret_for
from app.database import utcnow
from app.extensions import db
from app.models import LogEntry, RecoveryCode, User
from tests.auth.conftest import PASSWORD, PASSWORD_HASH, TOTP_SECRET, Device, Mailbox, find_user, is_signed_in, sign_in
from tests.conftest import CONTACT
from tests.test_routes import check_page

pytestmark = pytest.mark.usefixtures("half_a_minute")

SIGN_IN, CODE = "/en/auth/sign-in/", "/en/auth/second-step/"
PAGE, CODES, OFF = (f"/en/account/second-step/{name}" for name in ("", "codes/", "off/"))
DIANA = {"email": "diana@example.org", "password": PASSWORD}
WRONG = "This code is incorrect"
NEW = "entirely new words"


@pytest.fixture
def halfway(visitor, diana) -> FlaskClient:
    """Diana, who has entered her password."""
    assert visitor.post(SIGN_IN, data=DIANA).status_code == 302
    return visitor


@pytest.fixture
def her(halfway) -> FlaskClient:
    """Diana, signed in with a code of one step ago."""
    assert halfway.post(CODE, data={"code": Device().code(-1)}).status_code == 302
    return halfway


@pytest.fixture
def clara_here(app, clara) -> FlaskClient:
    return sign_in(app.test_client())


@pytest.fixture
def required(app: Flask) -> Iterator[None]:
    """The setting that requires administrators to have a second step."""
    site = app.config["SITE"]
    app.config["SITE"] = replace(site, require_second_step_for_admins=True)
    yield
    app.config["SITE"] = site


def offered(page: str) -> Device:
    """A device with the secret that a page shows."""
    return Device(re.search(r'class="secret"[^>]*>([A-Z2-7 ]+)<', page)[1].replace(" ", ""))


def codes_of(page: str) -> list[str]:
    return re.findall(r"<code[^>]*>([a-z2-9]{5}-[a-z2-9]{5})</code>", page)


def set_up(client: FlaskClient) -> tuple[Device, list[str]]:
    device = offered(client.get(PAGE).text)
    answer = client.post(PAGE, data={"password": PASSWORD, "code": device.code()})
    assert answer.status_code == 200, answer.text
    return device, codes_of(answer.text)


# Signing in


def test_password_alone_does_not_sign_in(halfway):
    assert not is_signed_in(halfway)
    assert halfway.get(CODE).status_code == 200


def test_password_leads_to_the_code_and_then_to_the_destination(visitor, diana):
    answer = visitor.post(f"{SIGN_IN}?next=/en/portal/", data=DIANA)
    assert answer.location == f"{CODE}?next=%2Fen%2Fportal%2F"

    assert visitor.post(answer.location, data={"code": Device().code()}).location == "/en/portal/"
    assert is_signed_in(visitor)


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https:evil.example", "javascript:alert(1)"])
def test_destination_is_never_on_another_site(halfway, target):
    assert halfway.post(CODE, query_string={"next": target}, data={"code": Device().code()}).location == "/en/"


def test_page_of_the_code_says_whom_to_contact_if_the_device_is_lost(reachable, diana):
    client = reachable.test_client()
    client.post(SIGN_IN, data=DIANA)

    assert f'<a href="mailto:{CONTACT}">' in client.get(CODE).text


@pytest.mark.parametrize("code", ["", "000000", "12345", "1234567", "x", "ÄÖÜ", "\u202e", "9" * 5000, "recov-ery99"])
def test_wrong_code_does_not_sign_in(halfway, code):
    answer = halfway.post(CODE, data={"code": code})

    assert answer.status_code == 422
    assert not is_signed_in(halfway)


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_clock_that_is_one_step_off_is_tolerated(halfway, steps):
    assert halfway.post(CODE, data={"code": Device().code(steps)}).status_code == 302
    assert is_signed_in(halfway)


@pytest.mark.parametrize("steps", [-3, -2, 2, 3])
def test_clock_that_is_two_steps_off_is_not_tolerated(halfway, steps):
    assert WRONG in halfway.post(CODE, data={"code": Device().code(steps)}).text
    assert not is_signed_in(halfway)


@pytest.mark.parametrize("form", ["{0}{1}{2} {3}{4}{5}", " {0}{1}{2}-{3}{4}{5}", "\u00a0\u200b{0}{1}{2}{3}{4}{5}\n"])
def test_code_may_have_separators(halfway, form):
    assert halfway.post(CODE, data={"code": form.format(*Device().code())}).status_code == 302


def test_digits_of_other_scripts_are_accepted(halfway):
    fullwidth = "".join(chr(ord(digit) - ord("0") + 0xFF10) for digit in Device().code())

    assert halfway.post(CODE, data={"code": fullwidth}).status_code == 302


def test_code_is_accepted_once(app, halfway):
    code = Device().code()
    halfway.post(CODE, data={"code": code})
    other = app.test_client()
    other.post(SIGN_IN, data=DIANA)

    assert WRONG in other.post(CODE, data={"code": code}).text
    assert not is_signed_in(other)


def test_code_older_than_a_used_one_is_refused(app, halfway):
    halfway.post(CODE, data={"code": Device().code(1)})
    other = app.test_client()
    other.post(SIGN_IN, data=DIANA)

    assert [other.post(CODE, data={"code": Device().code(steps)}).status_code for steps in (-1, 0, 1)] == [422] * 3


def test_recovery_code_signs_in_once(app, halfway):
    answer = halfway.post(CODE, data={"code": "RECOV ERY03"}, follow_redirects=True)
    other = app.test_client()
    other.post(SIGN_IN, data=DIANA)
    again = other.post(CODE, data={"code": "recov-ery03"})

    assert "You have 9 recovery codes left." in answer.text
    assert is_signed_in(halfway)
    assert again.status_code == 422
    assert WRONG in again.text
    assert not is_signed_in(other)


def test_recovery_code_of_another_person_is_refused(app, clara, halfway):
    with app.app_context():
        code = db.session.scalar(select(RecoveryCode.code_hash))
        db.session.add(RecoveryCode(user_id=clara.id, code_hash=code))
        db.session.commit()
        db.session.execute(db.delete(RecoveryCode).where(RecoveryCode.user_id != clara.id))
        db.session.commit()

    assert [halfway.post(CODE, data={"code": f"recov-ery0{n}"}).status_code for n in range(10)] == [422] * 10


def test_code_without_the_password_does_not_sign_in(visitor, diana):
    assert visitor.get(CODE).location == SIGN_IN
    assert visitor.post(CODE, data={"code": Device().code()}).location == SIGN_IN
    assert not is_signed_in(visitor)


def test_code_must_follow_the_password_within_ten_minutes(app, visitor, diana, monkeypatch):
    now = int(utcnow().timestamp())
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self: now)
    visitor.post(SIGN_IN, data=DIANA)
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self: now + 602)

    answer = visitor.post(CODE, data={"code": Device().code()})

    assert answer.status_code == 410
    assert 'href="/en/auth/sign-in/"' in answer.text
    assert not is_signed_in(visitor)


def test_new_password_ends_a_sign_in_begun_with_the_old_one(app, halfway, diana):
    with app.app_context():
        db.session.get(User, diana.id).password_hash = "another"
        db.session.commit()

    assert halfway.post(CODE, data={"code": Device().code()}).status_code == 410


def test_session_is_renewed(halfway):
    with halfway.session_transaction() as session:
        session["csrf_token"] = "known to somebody else"
    halfway.post(CODE, data={"code": Device().code()})

    with halfway.session_transaction() as session:
        assert session.get("csrf_token") != "known to somebody else"
        assert "second_step" not in session
        assert session.permanent


def test_page_of_the_code_is_complete_in_each_language(halfway):
    for language in ("en", "es", "fr"):
        path = f"/{language}/auth/second-step/"
        answer = halfway.get(path)
        assert answer.headers["Cache-Control"].startswith("private")
        check_page(answer.text, path, language)


def test_code_needs_a_token(app, halfway):
    app.config["WTF_CSRF_ENABLED"] = True
    answer = halfway.post(CODE, data={"code": Device().code()})

    assert answer.status_code == 400
    assert Device().code() not in answer.text, "a code is not given back"


def test_wrong_password_reveals_no_second_step(visitor, diana, clara):
    answers = [
        visitor.post(SIGN_IN, data={"email": f"{name}@example.org", "password": "wrong words entirely"})
        for name in ("diana", "clara")
    ]

    assert len({re.sub("diana|clara", "", answer.text) for answer in answers}) == 1


# Setting up


def test_page_shows_the_secret_as_picture_link_and_text(clara_here):
    answer = clara_here.get(PAGE)
    page = lxml_html.document_fromstring(answer.text)
    address = page.xpath("//a[starts-with(@href, 'otpauth:')]/@href")[0]

    assert answer.headers["Cache-Control"] == "private, no-store"
    assert f"secret={offered(answer.text).secret}" in address
    assert "Plenary:clara%40example.org" in address
    assert qr_code(address).path in answer.text
    assert len(page.xpath("//svg/path")) == 1
    assert "data:" not in answer.text


def test_secret_is_the_same_until_it_is_set_up(app, clara, clara_here):
    wrong = clara_here.post(PAGE, data={"password": PASSWORD, "code": "000000"})

    assert offered(wrong.text) == offered(clara_here.get(PAGE).text)
    assert offered(sign_in(app.test_client()).get(PAGE).text) != offered(wrong.text), "but not elsewhere"


def test_first_code_turns_it_on(app, clara_here):
    device, codes = set_up(clara_here)

    assert find_user(app, "clara@example.org").totp_secret == device.secret
    assert len(set(codes)) == 10
    assert "Two-step sign-in is set up" in clara_here.get(PAGE).text


@pytest.mark.parametrize(
    "change", [{"code": ""}, {"code": "000000"}, {"password": ""}, {"password": "wrong words entirely"}]
)
def test_without_password_and_right_code_nothing_is_turned_on(app, clara_here, change):
    device = offered(clara_here.get(PAGE).text)
    answer = clara_here.post(PAGE, data={"password": PASSWORD, "code": device.code(), **change})

    assert answer.status_code == 422
    assert find_user(app, "clara@example.org").totp_secret is None


def test_email_says_when_it_was_turned_on_and_what_to_do(app, clara_here, mailbox: Mailbox):
    set_up(clara_here)
    [mail] = mailbox()

    assert (mail.recipient, mail.language) == ("clara@example.org", "es")
    assert mail.subject == "Se ha activado el inicio de sesión en dos pasos"
    for text in (mail.text, mail.html):
        assert app.extensions["languages"]["es"].at(second_step.utcnow()) in text
        assert "Escriba de inmediato a la Secretaría" in text
        assert "http://127.0.0.1:8000/es/auth/forgot/" in text


def test_failed_attempt_sends_no_email(clara_here, mailbox: Mailbox):
    clara_here.post(PAGE, data={"password": PASSWORD, "code": "000000"})

    assert mailbox() == []


def test_error_at_the_first_code_mentions_no_recovery_codes(clara_here):
    answer = clara_here.post(PAGE, data={"password": PASSWORD, "code": "000000"})

    assert WRONG in answer.text
    assert "recovery" not in answer.text


def test_code_used_for_setting_up_does_not_sign_in(app, clara_here):
    device, _codes = set_up(clara_here)
    other = app.test_client()
    other.post(SIGN_IN, data=DIANA | {"email": "clara@example.org"})

    assert other.post(CODE, data={"code": device.code()}).status_code == 422
    assert other.post(CODE, data={"code": device.code(1)}).status_code == 302


def test_recovery_codes_are_shown_once_and_stored_as_hashes(app, clara_here):
    _device, codes = set_up(clara_here)

    assert codes_of(clara_here.get(PAGE).text) == []
    with app.app_context():
        kept = str(db.session.execute(select(RecoveryCode.code_hash)).all())
    assert not [code for code in codes if code in kept or code.replace("-", "") in kept]


def test_shown_recovery_codes_sign_in(app, clara_here):
    _device, codes = set_up(clara_here)
    other = app.test_client()
    other.post(SIGN_IN, data=DIANA | {"email": "clara@example.org"})
    other.post(CODE, data={"code": codes[7]})

    assert is_signed_in(other)


def test_setting_up_ends_the_other_sign_ins(app, clara, clara_here):
    other = sign_in(app.test_client())
    set_up(clara_here)

    assert is_signed_in(clara_here)
    assert not is_signed_in(other)


def test_setting_up_again_is_refused(her):
    answer = her.post(PAGE, data={"password": PASSWORD, "code": Device().code()})

    assert answer.status_code == 409
    assert 'class="secret"' not in answer.text


def test_setting_up_in_two_windows_at_once_keeps_the_first(app, clara_here, monkeypatch):
    def other_window(user: User, _verified: str) -> None:
        user.totp_secret = TOTP_SECRET
        db.session.flush()

    device = offered(clara_here.get(PAGE).text)
    monkeypatch.setattr(account, "require_unchanged", other_window)

    assert clara_here.post(PAGE, data={"password": PASSWORD, "code": device.code()}).status_code == 409


# Afterwards


def test_new_recovery_codes_replace_the_old_ones(app, her):
    answer = her.post(CODES, data={"password": PASSWORD, "code": "recov-ery00"})
    other = app.test_client()
    other.post(SIGN_IN, data=DIANA)

    assert answer.headers["Cache-Control"] == "private, no-store"
    assert len(codes_of(answer.text)) == 10
    assert other.post(CODE, data={"code": "recov-ery01"}).status_code == 422
    assert other.post(CODE, data={"code": codes_of(answer.text)[0]}).status_code == 302


def test_turning_off_needs_password_and_code(app, her):
    for wrong in ({"password": "wrong words entirely"}, {"code": "000000"}, {"password": ""}, {"code": ""}):
        assert her.post(OFF, data={"password": PASSWORD, "code": Device().code(), **wrong}).status_code == 422
    assert find_user(app, "diana@example.org").totp_secret == TOTP_SECRET

    assert her.post(OFF, data={"password": PASSWORD, "code": Device().code()}).location == "/en/account/"
    assert find_user(app, "diana@example.org").totp_secret is None


def test_password_is_enough_after_turning_off_and_codes_are_deleted(app, her, mailbox: Mailbox):
    her.post(OFF, data={"password": PASSWORD, "code": Device().code()})

    assert is_signed_in(sign_in(app.test_client(), "diana@example.org"))
    assert mailbox()[-1].subject == "Two-step sign-in was turned off"
    with app.app_context():
        assert db.session.scalar(select(RecoveryCode)) is None


def test_used_code_is_refused_after_setting_up_again(app, her):
    """The last step is stored, and another secret is offered."""
    her.post(OFF, data={"password": PASSWORD, "code": Device().code()})
    device = offered(her.get(PAGE).text)

    assert her.post(PAGE, data={"password": PASSWORD, "code": device.code()}).status_code == 422
    assert her.post(PAGE, data={"password": PASSWORD, "code": device.code(1)}).status_code == 200


@pytest.mark.parametrize("path", [CODES, OFF])
def test_turning_off_without_a_second_step_leads_to_its_page(clara_here, path):
    data = {"password": PASSWORD, "code": "000000"}

    assert clara_here.get(path).location == PAGE
    assert clara_here.post(path, data=data).location == PAGE


def test_changed_password_keeps_the_second_step(app, her):
    her.post("/en/account/password/", data={"password": PASSWORD, "new_password": NEW})
    other = app.test_client()

    assert other.post(SIGN_IN, data=DIANA | {"password": NEW}).location.startswith(CODE)
    assert not is_signed_in(other)


def test_reset_password_keeps_the_second_step(visitor, diana, mailbox: Mailbox):
    visitor.post("/en/auth/forgot/", data={"email": "diana@example.org"})
    visitor.post(mailbox()[0].path, data={"new_password": NEW})

    assert visitor.post(SIGN_IN, data=DIANA | {"password": NEW}).location.startswith(CODE)
    assert not is_signed_in(visitor)


# Administrators


def test_administrator_without_a_second_step_is_led_to_set_it_up(admin, required):
    for path in ("/en/admin/", "/en/admin/people/?q=x", "/en/admin/log.csv"):
        answer = admin.get(path)
        assert answer.status_code == 302
        assert answer.location.startswith(f"{PAGE}?next=%2Fen%2Fadmin%2F")
    page = admin.get(answer.location).text
    assert "Administrators of this site must set up two-step sign-in" in page


def test_administrator_without_a_second_step_cannot_change_anything(admin, required, world, app):
    answer = admin.post(f"/en/admin/people/{world.alice}/", data={"name": "Alicia"})

    assert answer.status_code == 403
    assert "Alicia" in answer.text, "what was typed is given back"
    assert f'href="{PAGE}"' in answer.text
    assert find_user(app, "alice@example.org").name == "Alice"


def test_administrator_with_a_second_step_administers(app, admin, required, world):
    with app.app_context():
        db.session.get(User, world.admin).totp_secret = TOTP_SECRET
        db.session.commit()

    assert admin.get("/en/admin/").status_code == 200


def test_page_after_setting_up_leads_back(app, admin, required, world):
    with app.app_context():
        db.session.get(User, world.admin).password_hash = PASSWORD_HASH
        db.session.commit()
    path = f"{PAGE}?next=%2Fen%2Fadmin%2Flog%2F"
    page = admin.get(path).text
    form = html.unescape(re.search(r'action="(/en/account/second-step/[^"]*)"', page)[1])

    answer = admin.post(form, data={"password": PASSWORD, "code": offered(page).code()})

    assert 'href="/en/admin/log/"' in answer.text
    assert admin.get("/en/admin/log/").status_code == 200


def test_setting_does_not_affect_others(alice, required):
    assert alice.get("/en/admin/").status_code == 403
    assert "Administrators of this site must" not in alice.get(PAGE).text


def test_second_step_is_optional_without_the_setting(admin):
    assert admin.get("/en/admin/").status_code == 200


# From the command line


def remove(app: Flask, email: str):
    return app.test_cli_runner().invoke(args=["users", "remove-second-step", "--email", email])


def test_removing_the_second_step_is_logged_and_announced(app, her, mailbox: Mailbox):
    result = remove(app, " DIANA@example.org")

    assert result.exit_code == 0, result.output
    assert not is_signed_in(her)
    assert mailbox()[-1].recipient == "diana@example.org"
    with app.app_context():
        entry = db.session.scalar(select(LogEntry))
        assert (entry.user_id, entry.kind, entry.subject) == (None, "users", "Diana")
        assert entry.detail == [{"field": "second_step", "language": "", "old": True, "new": False}]
    assert is_signed_in(sign_in(app.test_client(), "diana@example.org"))


@pytest.mark.parametrize("email", ["clara@example.org", "nobody@example.org", "nobody"])
def test_removing_a_missing_second_step_is_an_error(app, clara, email):
    result = remove(app, email)

    assert result.exit_code == 1
    assert "Nothing was changed." in result.output
    assert "Traceback" not in result.output


# The codes themselves


def test_codes_agree_with_the_standard():
    """RFC 6238, appendix B, with SHA-1; six digits are the last six of its eight."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")):
        now = datetime.fromtimestamp(seconds, UTC)
        assert matching_step(secret, code, now, None) == seconds // 30
        assert matching_step(secret, code, now, seconds // 30) is None


def test_secret_that_is_offered_cannot_be_guessed_from_another(app):
    with app.app_context():
        made = {secret_for(token, step) for token in ("a", "b") for step in (None, 1, 2)}

    assert len(made) == 6
    assert {len(secret) for secret in made} == {32}
