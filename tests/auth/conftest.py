"""People with real passwords, the emails in the outbox, and an application with small limits."""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import create_app
from app.auth import second_step
from app.auth.passwords import hash_password
from app.auth.second_step import recovery_hash
from app.auth.sign_up import hash_for
from app.database import utcnow
from app.extensions import db
from app.limits import AMOUNTS
from app.models import Mail, RecoveryCode, SignUp, User
from config import Config
from tests.world import World, make_user

PASSWORD = "four plain words here"
PASSWORD_HASH = hash_password(PASSWORD)
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SIGN_UP = {
    "name": "Nadia Ben Salah",
    "email": "nadia@example.org",
    "password": PASSWORD,
    "title": "Dr",
    "organization": "Ministry of the Environment",
    "country": "TN",
    "capacity": "party",
    "language": "fr",
    "mail_answers": "each",
    "mail_topics": "each",
    "digest_hour": 7,
    "submission": "a-form-key",
}
Mailbox = Callable[[], list["Letter"]]


@dataclass(frozen=True)
class Device:
    """A device for the second step, with a secret; its clock may be wrong by some steps."""

    secret: str = TOTP_SECRET

    def code(self, steps: int = 0) -> str:
        """The code that it shows now, or this many steps from now."""
        return pyotp.TOTP(self.secret).at(utcnow(), counter_offset=steps)


@dataclass(frozen=True)
class Letter:
    """An email in the outbox, as its recipient would read it."""

    recipient: str
    language: str
    subject: str
    text: str
    html: str

    @property
    def path(self) -> str:
        """The path of the first link in it."""
        found = re.search(r"http://127\.0\.0\.1:\d+(/\S+)", self.text)
        assert found, self.text
        return found.group(1)


@pytest.fixture
def mailbox(app: Flask) -> Mailbox:
    """The emails in the outbox, oldest first."""
    return lambda: read_mails(app)


@pytest.fixture
def clara(app: Flask, world: World) -> User:
    """A confirmed participant, clara@example.org, whose password is PASSWORD and whose language is Spanish."""
    return add_person(app, "clara", language="es")


@pytest.fixture
def diana(app: Flask, world: World) -> User:
    """A confirmed participant, diana@example.org, whose account has a second step and ten recovery codes."""
    user = add_person(app, "diana", totp_secret=TOTP_SECRET)
    with app.app_context():
        for number in range(10):
            db.session.add(RecoveryCode(user_id=user.id, code_hash=recovery_hash(user.id, f"recov-ery0{number}")))
        db.session.commit()
    return user


@pytest.fixture
def half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stops the clock in the middle of a time step, so that no test runs past its end."""
    at = utcnow().replace(second=15)
    for module in (second_step, sys.modules[__name__]):
        monkeypatch.setattr(module, "utcnow", lambda: at)


@pytest.fixture
def unconfirmed(app: Flask, world: World) -> SignUp:
    """A person who signed up as hugo@example.org but has not confirmed the address; the password is PASSWORD."""
    with app.app_context():
        profile = {"name": "Hugo", "capacity": "party", "language": "fr"}
        waiting = SignUp(email="hugo@example.org", password_hash=hash_for("hugo@example.org", PASSWORD), **profile)
        db.session.add(waiting)
        db.session.commit()
        db.session.refresh(waiting)
        db.session.expunge(waiting)
    return waiting


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[FlaskClient]:
    """A visitor of a site whose limits are two of everything, and six for an account over all networks."""
    limits = {f"LIMIT_{name.upper()}": "2 per hour" for name in AMOUNTS}
    limits |= {"LIMIT_SIGN_IN_TO_ACCOUNT": "6 per hour", "LIMIT_SECOND_STEP_OF_PERSON": "6 per hour"}
    overrides = {"TESTING": True, "WTF_CSRF_ENABLED": False, **limits}
    site = Config(secret_key="k" * 40, site_url="http://127.0.0.1:8000", instance=tmp_path, overrides=overrides)
    app = create_app(site)
    with app.app_context():
        db.create_all()
        World.make()
        make_user("clara", password_hash=PASSWORD_HASH)
        make_user("diana", password_hash=PASSWORD_HASH)
        make_user("emma", password_hash=PASSWORD_HASH, totp_secret=TOTP_SECRET)
        db.session.commit()
    yield app.test_client()
    with app.app_context():
        db.engine.dispose()


def add_person(app: Flask, name: str, **more: object) -> User:
    """A person with the password PASSWORD, detached and readable."""
    with app.app_context():
        user = make_user(name, password_hash=PASSWORD_HASH, **more)
        db.session.commit()
        db.session.refresh(user)
        db.session.expunge(user)
    return user


def read_mails(app: Flask) -> list[Letter]:
    with app.app_context():
        rows = db.session.scalars(select(Mail).order_by(Mail.id)).all()
        return [Letter(row.recipient, row.language, row.subject, row.text, row.html) for row in rows]


def find_user(app: Flask, email: str) -> User | None:
    with app.app_context():
        user = db.session.scalar(select(User).where(User.email == email))
        if user is not None:
            db.session.expunge(user)
        return user


def find_sign_up(app: Flask, email: str = "nadia@example.org") -> SignUp | None:
    """The latest sign-up that waits for this address, detached and readable."""
    with app.app_context():
        waiting = db.session.scalar(select(SignUp).where(SignUp.email == email).order_by(SignUp.id.desc()))
        if waiting is not None:
            db.session.expunge(waiting)
        return waiting


def sign_in(client: FlaskClient, email: str = "clara@example.org", password: str = PASSWORD) -> FlaskClient:
    """The client, after signing in through the form."""
    answer = client.post("/en/auth/sign-in/", data={"email": email, "password": password})
    assert answer.status_code == 302, answer.text
    return client


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/en/account/").status_code == 200
