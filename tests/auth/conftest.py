"""People with real passwords, the mails that were written, and an application with small limits."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import create_app
from app.auth.passwords import hash_password
from app.extensions import db, limiter
from app.models import Mail, User
from config import Config
from tests.world import World, make_user

PASSWORD = "four plain words here"
PASSWORD_HASH = hash_password(PASSWORD)
SIGN_UP = {
    "name": "Nadia Ben Salah",
    "email": "nadia@example.org",
    "password": PASSWORD,
    "title": "Dr",
    "organization": "Ministry of the Environment",
    "country": "TN",
    "capacity": "party",
    "language": "fr",
    "submission": "a-form-key",
}
Mailbox = Callable[[], list["Letter"]]


@dataclass(frozen=True)
class Letter:
    """A mail of the outbox, as its recipient would read it."""

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
    """The mails written so far, oldest first."""
    return lambda: read_mails(app)


@pytest.fixture
def clara(app: Flask, world: World) -> User:
    """A confirmed participant, clara@example.org, whose password is PASSWORD and whose language is Spanish."""
    return add_person(app, "clara", language="es")


@pytest.fixture
def unconfirmed(app: Flask, world: World) -> User:
    """Somebody who signed up as hugo@example.org but has not confirmed the address; the password is PASSWORD."""
    return add_person(app, "hugo", language="fr", confirmed_at=None)


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[FlaskClient]:
    """A visitor of a site whose limits are two of everything."""
    names = ("SIGN_IN", "SIGN_UP", "MAIL")
    limits = {f"LIMIT_{name}_{whom}": "2 per hour" for name in names for whom in ("FROM_ADDRESS", "TO_ACCOUNT")}
    overrides = {"TESTING": True, "WTF_CSRF_ENABLED": False, "LIMIT_PASSWORD_FROM_ADDRESS": "2 per hour", **limits}
    limiter.enabled = True
    site = Config(secret_key="k" * 40, site_url="http://127.0.0.1:8000", instance=tmp_path, overrides=overrides)
    app = create_app(site)
    with app.app_context():
        db.create_all()
        World.make()
        make_user("clara", password_hash=PASSWORD_HASH)
        make_user("diana", password_hash=PASSWORD_HASH)
        db.session.commit()
    yield app.test_client()
    limiter.enabled = False
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


def sign_in(client: FlaskClient, email: str = "clara@example.org", password: str = PASSWORD) -> FlaskClient:
    """The client, after signing in through the form."""
    answer = client.post("/en/auth/sign-in/", data={"email": email, "password": password})
    assert answer.status_code == 302, answer.text
    return client


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/en/account/").status_code == 200
