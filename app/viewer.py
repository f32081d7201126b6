"""The viewer: who makes the request, and since when messages are new to them.

Without a session cookie it is a guest, and the session stays untouched."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, flash, g, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, login_user

from app import visits
from app.addresses import link, place_of
from app.database import utcnow
from app.errors import NoAdministrationInAView, OnlyAView, SignedOut
from app.extensions import db, login_manager
from app.languages import N_, reader_language
from app.models import GUEST, Capacity, Message, SignIn, User, Viewer

login_manager.anonymous_user = lambda: GUEST
login_manager.session_protection = None

SECOND_STEP = "second_step"
VIEW = "view"
VISIT = "visit"
VIEWS = {"participant": N_("View as a participant"), "visitor": N_("View as a visitor")}
COLUMNS: Any = User.__table__.columns
READING = frozenset({"GET", "HEAD", "OPTIONS"})
SIGNED_IN = (
    db.select(User)
    .join(SignIn)
    .where(SignIn.token_hash == db.bindparam("token_hash"), User.suspended_at.is_(None), User.former_number.is_(None))
)


def register(app: Flask) -> None:
    """While an administrator views the site as someone else sees it, nothing can be sent, and no account is shown.

    The visits of signed-in people begin with the pages that they open; see app/visits.py.
    """

    @app.before_request
    def only_look() -> None:
        if request.endpoint == "static" or not (has_session() and VIEW in session):
            return
        view = view_under_way()
        part = (request.blueprint or "").partition(".")[0]
        if view and part == "admin" and request.method in READING:
            raise NoAdministrationInAView
        of_an_account = view == "participant" and part == "auth"
        if view and request.endpoint != "view.end" and (request.method not in READING or of_an_account):
            raise OnlyAView

    @app.before_request
    def note_visit() -> None:
        if "lang" in g and has_session():
            _note_visit(viewer())


def new_since() -> datetime | None:
    """Since when what is published is new to the viewer; None for guests, to whom nothing is."""
    found: datetime | None = g.get("new_since")
    return found


def _note_visit(user: Viewer) -> None:
    """Note that the person is active, and begin a visit if the last one has ended. What a browser fetches by itself is
    no activity; the viewer of a view has no row, and no visits."""
    if not isinstance(user, User) or not user.id:
        return
    now, known = utcnow(), [datetime.fromtimestamp(moment, UTC) for moment in session.get(VISIT, ())]
    last_active, since = known or (None, None)
    purpose = request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))
    is_active = request.method != "HEAD" and "prefetch" not in purpose
    if not visits.goes_on(last_active, now):
        since = visits.begin(user, now, last_active=last_active) if is_active else None
    g.new_since = since
    if since and is_active:
        session[VISIT] = [int(now.timestamp()), int(since.timestamp())]


def viewer() -> Viewer:
    """The signed-in user, or GUEST; for an administrator who views the site as someone else sees it, that person."""
    known: Viewer | None = g.get("viewer")
    if known is None:
        real = current_user._get_current_object() if has_session() else GUEST
        g.view = str(session[VIEW][0]) if real.is_admin and VIEW in session else ""
        g.viewer = known = _seen_as(g.view) if g.view else real
    return known


def view_under_way() -> str:
    """As which of VIEWS an administrator looks at the site, "" for everyone else."""
    viewer()
    return str(g.get("view", ""))


def begin_view(who: str, forum_id: int) -> None:
    """Let an administrator see the site as one of VIEWS does, beginning with this forum."""
    session[VIEW] = [who, forum_id]


def end_view() -> int | None:
    """End the view, and return the key of the forum with which it began; None where there was none."""
    _who, forum_id = session.pop(VIEW, ("", None))
    return forum_id


def _seen_as(who: str) -> Viewer:
    """A viewer without a row: a guest, or a participant without messages and roles."""
    if who == "visitor":
        return GUEST
    name, code = _("A participant"), reader_language().code
    defaults = {column.name: column.default.arg for column in COLUMNS if column.default and column.default.is_scalar}
    return User(**defaults | {"id": 0, "name": name, "email": "", "capacity": Capacity.EXPERT, "language": code})


def has_session() -> bool:
    """Whether the request has a session cookie. Without one, nothing touches the session, so that the response is
    public and may be cached."""
    return current_app.config["SESSION_COOKIE_NAME"] in request.cookies


@login_manager.user_loader
def load_user(token: str) -> User | None:
    """The user whose browser has this sign-in token, unless the sign-in has been ended.

    Suspending a user and deleting an account end all sign-ins, also one that is being made at the same time.
    """
    user = db.session.scalar(SIGNED_IN, {"token_hash": SignIn.hash_of(token)})
    if user is not None:
        user.session_token = token
    return user


def begin_session(user: User) -> None:
    """Sign the user in, in a new session, so that no one who knows the old one is signed in too."""
    session.clear()
    session.permanent = True
    login_user(user)


def await_second_step(user: User, token: str) -> None:
    """Remember, in a new session, the user who has given the password but not yet the code of the second step."""
    session.clear()
    session[SECOND_STEP] = [user.id, token]


def awaited_second_step() -> tuple[int, str]:
    """`(key of the user, token)` of `await_second_step`; `(0, "")` if there is none."""
    user_id, token = session.get(SECOND_STEP) or (0, "")
    return user_id, token


def signed_in(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """A decorator for views that need a signed-in user. Others are sent to the sign-in page, which leads back.

    People whose sign-in ended while they were writing are not redirected: the error page returns their text.
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
    """The user, in a view decorated with `signed_in`. Raises SignedOut for guests."""
    user = viewer()
    if not isinstance(user, User):
        raise SignedOut
    return user


def done_to(number: int) -> str:
    """The category of a flash about what was done to a message, which is shown in it if it is on the page."""
    return f"success message-{number}"


def to_message(message: Message, said: str) -> ResponseReturnValue:
    """Redirect to a message in its topic, which says what was done to it."""
    flash(said, done_to(message.id))
    return redirect(place_of(message))
