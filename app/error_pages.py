"""Error pages."""

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from flask import Flask, current_app, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from app import former_addresses, restarts
from app.addresses import link
from app.bounds import EXCESS
from app.errors import ForumError, NotFound
from app.extensions import db
from app.languages import N_, negotiate
from app.viewer import viewer

MESSAGES = {
    400: _l("Your browser sent something that this site could not understand."),
    404: NotFound.message,
    405: _l("This address cannot be used in that way. Please go back and use the form on the page."),
    413: _l(
        "Your submission is larger than this site can accept and cannot be shown again here. Please "
        "go back in your browser, where you should still find your text, shorten it or select "
        "smaller files, and submit it again."
    ),
    414: _l("This address is too long for this site. Please check it, or start from the home page."),
    429: _l("There were too many attempts in a short time. Please wait a few minutes, at most an hour, and try again."),
    431: _l(
        "Your browser sent more cookies or other data than this site can accept. "
        "Please delete the cookies of this site in your browser and try again."
    ),
    500: _l("Something went wrong on our side. Nothing was changed. Please try again in a moment."),
    503: _l("This site cannot access its records at the moment. Please try again in a few minutes."),
}
HEADINGS = {
    400: N_("Invalid request"),
    403: N_("You are not authorized to do this"),
    404: N_("This page does not exist"),
    409: N_("This is no longer possible"),
    410: N_("This link has expired"),
    413: N_("Submission too large"),
    414: N_("Submission too large"),
    429: N_("Too many attempts"),
    431: N_("Submission too large"),
    500: N_("Something went wrong"),
    503: N_("Not available at the moment"),
}
CSRF_MESSAGE = _l(
    "For security reasons, this form is valid only in the session in which it was opened, and "
    "that session has ended. The text that you entered is shown below; please open the form "
    "again and resubmit it."
)
KEPT_HEADERS = frozenset({"Allow", "Content-Range", "Retry-After"})
SECONDS_TO_RETRY = 60
# Pages above the address of a form, to which error pages link.
BACK = {
    "forums.message": _l("Back to the message"),
    "forums.topic": _l("Back to the topic"),
    "forums.group": _l("Back to the group"),
    "forums.forum": _l("Back to the forum"),
    "moderation.message": _l("Back to the message"),
    "topic_moderation.overview": _l("Back to the topic"),
}
NOT_GIVEN_BACK = frozenset({"code"})
LONGEST_GIVEN_BACK = 2**20  # in characters, of all texts together


def register(app: Flask) -> None:
    app.register_error_handler(ForumError, _broken_rule)
    app.register_error_handler(CSRFError, lambda _error: _page(400, CSRF_MESSAGE, to_form=True))
    app.register_error_handler(HTTPException, _http_error)
    # Missing tables are an OperationalError on SQLite and a ProgrammingError on PostgreSQL.
    for kind in (OperationalError, ProgrammingError, InterfaceError, PoolTimeout):
        app.register_error_handler(kind, _database_away)


def _broken_rule(error: ForumError) -> ResponseReturnValue:
    present = _present_address() if isinstance(error, NotFound) else None
    if present is not None:
        # 308 for a form, so that the browser sends it there with what was typed.
        return redirect(present, 301 if request.method in {"GET", "HEAD"} else 308)
    back = _way_back() if error.status in {403, 409} else None
    shown: dict[str, Any] = {"ways": error.ways, "back": back, "names_secretariat": error.names_secretariat}
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    if error.status >= 500:
        current_app.logger.error("A request was refused: %s", type(error).__name__, exc_info=error)
    shown["heading"], shown["to_form"] = error.heading, error.form_can_be_sent_again
    return _page(error.status, error.message, headers=headers, **shown)


def _present_address() -> str | None:
    """The address that was asked for with present names in place of former ones; None where it holds none."""
    values = former_addresses.present(request.view_args or {}, viewer=viewer())
    if values is None or request.endpoint is None:
        return None
    query = request.query_string.decode("ascii", "replace")
    return link(request.endpoint, **values) + (f"?{query}" if query else "")


def _http_error(error: HTTPException) -> Any:
    code = error.code or 500
    if code < 400:
        return error
    headers = {name: value for name, value in error.get_headers() if name in KEPT_HEADERS}
    return _page(code, MESSAGES.get(code, ForumError.message), headers=headers)


def _database_away(error: SQLAlchemyError) -> ResponseReturnValue:
    """The database cannot be reached, has been locked for too long, or lacks tables: trying again may help."""
    current_app.logger.error(
        "The database did not answer. If tables or columns are missing, run: flask --app wsgi upgrade", exc_info=error
    )
    restarts.note(error)
    return _page(503, MESSAGES[503], headers={"Retry-After": str(SECONDS_TO_RETRY)})


def _page(
    status: int,
    message: object,
    *,
    heading: LazyString | None = None,
    headers: Mapping[str, str] | None = None,
    to_form: bool = False,
    **more: object,
) -> ResponseReturnValue:
    """The error page in the reader's language, with the text that the person had typed. `more` are further values for
    the template."""
    negotiated = _find_language()
    head = str(heading or _(HEADINGS.get(status, HEADINGS[400])))
    shown = {"status": status, "heading": head, "message": message, "typed": _typed(status), "ways": (), **more}
    kept = {"Cache-Control": "no-store"} if status >= 500 else {}
    if negotiated:
        kept["Vary"] = "Accept-Language, Cookie"
    text = render_template("error_plain.html", **shown) if status == 503 else _whole_page(shown, to_form=to_form)
    return text, status, {**kept, **(headers or {})}


def _find_language() -> bool:
    """Set the language if no route has; return whether it was negotiated, since the path has none either."""
    if "language" in g:
        return False
    # No route matched, but the path may begin with a language.
    asked = request.path.split("/", 2)[1]
    g.language = negotiate(asked, request.accept_languages)
    return asked != g.language.code


def _whole_page(shown: dict[str, Any], *, to_form: bool) -> str:
    """The page with the usual frame, or a plain one if the database does not answer."""
    try:
        if shown["status"] >= 500:
            db.session.rollback()  # a statement that failed must not stop those of this page
        form = _form_path() if to_form else None
        return render_template("error.html", form=form, signs_in=form and _has_to_sign_in(), **shown)
    except SQLAlchemyError:
        current_app.logger.exception("An error page had to do without the database")
        return render_template("error_plain.html", **shown)


def _typed(status: int) -> list[str]:
    """The texts that people typed into a form, to return them with the error page.

    Also with status 404 if the person is signed in: the object may have existed when they opened the form.
    """
    if request.method != "POST" or request.routing_exception or request.environ.get(EXCESS):
        return []
    if status == 404 and not current_user.is_authenticated:
        return []
    try:
        typed = [text for name, text in request.form.items() if text and _is_text(name)]
    except HTTPException:  # too large to be read
        return []
    before = accumulate(map(len, typed), initial=0)
    return [
        text[: LONGEST_GIVEN_BACK - length]
        for text, length in zip(typed, before, strict=False)
        if length < LONGEST_GIVEN_BACK
    ]


def _is_text(field: str) -> bool:
    """Whether a form of the site has a text field of this name, which the code of a language may precede."""
    code, dash, name = field.rpartition("-")
    names = current_app.extensions["texts_of_forms"]() - NOT_GIVEN_BACK
    return name in names and (not dash or code in current_app.extensions["languages"])


def _form_path() -> str | None:
    """The address of the form, which is the one it was sent to; None if there is no page at this address."""
    rule = request.url_rule
    return request.full_path.rstrip("?") if rule and "GET" in (rule.methods or ()) else None


def _way_back() -> tuple[str, LazyString] | None:
    """The nearest page of BACK above the address of the refused request: its address and the text of the link."""
    pages, path = current_app.url_map.bind("localhost"), request.path.rstrip("/")
    while path := path.rpartition("/")[0]:
        if pages.test(f"{path}/", "GET") and (text := BACK.get(pages.match(f"{path}/", "GET")[0])):
            return f"{path}/", text
    return None


def _has_to_sign_in() -> bool:
    """Whether people have to sign in to open the form, which is not the case for forms below /auth/."""
    return not current_user.is_authenticated and not request.path.startswith(f"/{g.language.code}/auth/")
