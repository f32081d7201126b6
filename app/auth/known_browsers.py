"""Browsers that have signed in to an account before, known by a cookie that is sent only to the pages below /auth/.

The cookie contains a number for the browser and a keyed hash of each address, so it reveals no account. It gives no
access: a known browser only has its own limit for wrong passwords. So it can outlive a change of password: a thief who
had signed in can then guess no more often than a stranger from one network.
"""

import hmac
import secrets
from datetime import timedelta

from flask import Response, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from app.languages import site_languages

LIFE = timedelta(days=365)
MOST_ACCOUNTS = 5
LONGEST_COOKIE = 500  # in characters; ours has about 250 with MOST_ACCOUNTS
MARK_LENGTH = 22


def known(email: str) -> str:
    """The number of this browser if it has signed in to the account with this normalized address, "" otherwise."""
    browser, marks = _read()
    return browser if _mark(email) in marks else ""


def remember(response: Response, email: str) -> Response:
    """Set the cookie by which the browser is known from now on for the account with this address."""
    browser, marks = _read()
    mark = _mark(email)
    kept = [mark, *(other for other in marks if other != mark)][:MOST_ACCOUNTS]
    value = _serializer().dumps([browser or secrets.token_urlsafe(12), *kept])
    for code in site_languages():
        response.set_cookie(
            _name(),
            value,
            max_age=LIFE,
            path=f"/{code}/auth/",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return response


def _read() -> tuple[str, list[str]]:
    """`(number of the browser, hashes of addresses)`; `("", [])` without a valid cookie."""
    value = request.cookies.get(_name(), "")
    if not value or len(value) > LONGEST_COOKIE:
        return "", []
    try:
        browser, *marks = _serializer().loads(value, max_age=int(LIFE.total_seconds()))
    except (BadData, ValueError, TypeError):
        return "", []
    return browser, marks


def _mark(email: str) -> str:
    key = str(current_app.secret_key).encode()
    return hmac.digest(key, f"plenary.known-browser {email}".encode(), "sha256").hex()[:MARK_LENGTH]


def _name() -> str:
    return "__Secure-known-browser" if current_app.config["SESSION_COOKIE_SECURE"] else "known-browser"


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="plenary.known-browser")
