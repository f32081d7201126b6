"""Who is asking. A reader without a session cookie is a guest, and the session is then never touched."""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from flask import current_app, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.addresses import link
from app.errors import SignedOut
from app.extensions import db, login_manager
from app.models import GUEST, SignIn, User, Viewer

login_manager.anonymous_user = lambda: GUEST
login_manager.session_protection = None


def viewer() -> Viewer:
    """The signed-in user, or GUEST."""
    if "viewer" not in g:
        g.viewer = current_user._get_current_object() if has_session() else GUEST
    found: Viewer = g.viewer
    return found


def has_session() -> bool:
    return current_app.config["SESSION_COOKIE_NAME"] in request.cookies


@login_manager.user_loader
def load_user(token: str) -> User | None:
    """The user whose browser holds this sign-in token, while that sign-in has not been ended."""
    statement = db.select(User).join(SignIn).where(SignIn.token_hash == SignIn.hash_of(token))
    user = db.session.scalar(statement)
    if user is not None:
        user.session_token = token
    return user


def signed_in(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Only for people who are signed in; others sign in first and come back.

    Somebody whose sign-in ended while he was writing is not redirected: the error gives the text back.
    """

    @wraps(view)
    def guarded(*args: object, **kwargs: object) -> ResponseReturnValue:
        if viewer().is_authenticated:
            return view(*args, **kwargs)
        if request.method == "POST":
            raise SignedOut
        return redirect(f"{link('auth.sign_in')}?{urlencode({'next': request.full_path.rstrip('?')})}")

    return guarded


def signed_in_user() -> User:
    """The user, in a view that is `signed_in`. Raises SignedOut elsewhere."""
    user = viewer()
    if not isinstance(user, User):
        raise SignedOut
    return user
