"""Tokens of links are bound to a purpose, a person and everything that their use changes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from itsdangerous import TimestampSigner

from app.auth import tokens
from app.auth.email_change import PURPOSES as EMAIL_CHANGE
from app.errors import ConfirmationExpired, ResetExpired
from app.extensions import db
from app.models import SignUp, User

PURPOSES = {purpose.name: purpose for purpose in (tokens.RESET, *EMAIL_CHANGE.values())}


def made_long_ago(app: Flask, purpose: str, user: User, **ago: float) -> str:
    """A token as it was made this long ago."""
    with app.app_context(), long_ago(**ago):
        return tokens.make(PURPOSES[purpose], user)


def confirmation_made_long_ago(app: Flask, sign_up: SignUp, **ago: float) -> str:
    """The same for a link that confirms the address of a sign-up."""
    with app.app_context(), long_ago(**ago):
        return tokens.make_confirmation(sign_up)


@contextmanager
def long_ago(**ago: float) -> Iterator[None]:
    """The clock of the signer is set back."""
    then = int(time.time() - timedelta(**ago).total_seconds())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TimestampSigner, "get_timestamp", lambda _self: then)
        yield


def test_token_leads_to_its_user(app, clara):
    with app.app_context():
        assert tokens.redeem(tokens.RESET, tokens.make(tokens.RESET, clara)).id == clara.id


def test_token_is_invalid_for_another_purpose(app, unconfirmed):
    with app.app_context():
        token = tokens.make_confirmation(unconfirmed)
        with pytest.raises(ResetExpired):
            tokens.redeem(tokens.RESET, token)


@pytest.mark.parametrize("change", [{"email": "new@example.org"}, {"password_hash": "another"}])
@pytest.mark.parametrize("purpose", PURPOSES.values(), ids=PURPOSES)
def test_changed_address_or_password_invalidates_links(app, clara, purpose, change):
    with app.app_context():
        user = db.session.merge(clara)
        token = tokens.make(purpose, user)
        for name, value in change.items():
            setattr(user, name, value)
        db.session.flush()
        with pytest.raises(purpose.expired):
            tokens.redeem(purpose, token)


def test_token_of_a_deleted_user_is_invalid(app, clara):
    with app.app_context():
        token = tokens.make(tokens.RESET, clara)
        db.session.delete(db.session.merge(clara))
        db.session.flush()
        with pytest.raises(ResetExpired):
            tokens.redeem(tokens.RESET, token)


@pytest.mark.parametrize("change", ["deleted", "given to another address"])
def test_token_of_a_deleted_sign_up_is_invalid_for_the_next_with_its_number(app, unconfirmed, change):
    with app.app_context():
        token = tokens.make_confirmation(unconfirmed)
        waiting = db.session.merge(unconfirmed)
        if change == "deleted":
            db.session.delete(waiting)
        else:
            waiting.email = "other@example.org"
        db.session.flush()
        with pytest.raises(ConfirmationExpired):
            tokens.redeem_confirmation(token)


def test_token_reveals_neither_password_nor_address(app, clara):
    with app.app_context():
        token = tokens.make(tokens.RESET, clara)

    payload = token.split(".")[0]
    assert len(payload) < 80
    assert "clara" not in token
