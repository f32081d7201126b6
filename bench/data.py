"""A database of its own for measuring: the sample forums, in a temporary folder."""

import os
import subprocess
import sys
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.extensions import db
from app.models import Message, SignIn, Topic, User
from config import ROOT, Config

SECRET = "a secret only for measuring, long enough"


def settings(folder: Path) -> dict[str, str]:
    """The environment of a server over that folder's database."""
    own = {"SECRET_KEY": SECRET, "SITE_URL": "http://127.0.0.1:8000", "INSTANCE_FOLDER": str(folder)}
    return os.environ | own | {"FLASK_APP": "wsgi", "PYTHONPATH": str(ROOT)}


def load_sample(folder: Path) -> int:
    """Load the sample forums there; returns the number of a topic that fills a page."""
    for command in (["db", "upgrade"], ["sample"]):
        subprocess.run(
            [sys.executable, "-m", "flask", *command], cwd=ROOT, env=settings(folder), check=True, capture_output=True
        )
    app = create_app(Config(secret_key=SECRET, site_url="http://127.0.0.1:8000", instance=folder))
    with app.app_context():
        full = db.select(Topic.id).where(Topic.last_position >= Message.PER_PAGE).limit(1)
        return db.session.scalars(full).one()


def sign_in(app: Flask) -> FlaskClient:
    """A client of a participant of the sample who has no rights besides."""
    token = SignIn.new_token()
    with app.app_context():
        person = db.select(User.id).where(User.is_admin.is_(False), User.confirmed_at.is_not(None), ~User.roles.any())
        user_id = db.session.scalars(person.limit(1)).one()
        db.session.add(SignIn(user_id=user_id, token_hash=SignIn.hash_of(token)))
        db.session.commit()
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = token, True
    return client
