"""Broken rules, with a message safe to show, and the one place that turns errors into pages."""

import time
from collections.abc import Mapping
from typing import Any

from flask import Flask, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from app.extensions import db, limiter
from app.languages import N_, negotiate

Ways = tuple[tuple[str, LazyString], ...]  # (endpoint, text of the link)


class ForumError(Exception):
    """A broken rule. Subclasses set the status, a message safe to show, and pages that lead on."""

    status = 400
    message = _l("That cannot be done.")
    ways: Ways = ()


class NotFound(ForumError):
    """Absent, or hidden from this viewer: the two look alike."""

    status = 404
    message = _l("There is no such page. It may have moved, or the address may be mistyped.")


class Forbidden(ForumError):
    status = 403
    message = _l("Your account has no right to do this.")


class SignedOut(ForumError):
    status = 403
    message = _l("You are not signed in any more. What you typed is given back below; sign in and send it again.")


class Closed(ForumError):
    status = 409
    message = _l("The discussion is closed and takes no messages.")


class NotYetOpen(ForumError):
    status = 409
    message = _l("The discussion is not open yet. Its page says when it opens.")


class Archived(ForumError):
    status = 409
    message = _l("This forum is archived and takes no more changes.")


class AlreadyWithdrawn(ForumError):
    status = 409
    message = _l("This message has been withdrawn already.")


class AlreadyWithheld(ForumError):
    status = 409
    message = _l("This message has been withheld by the Secretariat and cannot be changed.")


class AlreadyDecided(ForumError):
    status = 409
    message = _l("This has been decided already, perhaps by somebody else a moment ago. Nothing was changed.")


class ApprovedAsItStands(ForumError):
    status = 409
    message = _l(
        "Messages here are read before they are published, so a published one cannot be changed. "
        "You can withdraw it, or post another one."
    )


class ByInvitation(ForumError):
    status = 403
    message = _l("In this forum only participants whom the Secretariat has approved can post. Everybody can read it.")


class Locked(ForumError):
    status = 409
    message = _l("This topic is locked and takes no more messages.")


class Refused(ForumError):
    """A rule that depends on what else there is; `field` names the form's field that breaks it, "" for none."""

    status = 409

    def __init__(self, message: object, field: str = "") -> None:
        super().__init__(str(message))
        self.message = message  # a lazy string like those of the classes
        self.field = field


class TooIntricate(ForumError):
    status = 422
    message = _l(
        "This text has too many quotes within quotes or signs such as *, ` and #. Please simplify it and send it again."
    )


class TokenExpired(ForumError):
    status = 410
    message = _l("This link has expired or has been used already. Please ask for a new one.")


class ConfirmationExpired(TokenExpired):
    message = _l(
        "This link has expired or has been used already. If you have confirmed your address, you can sign in; "
        "otherwise please ask for a new link."
    )
    ways = (("auth.sign_in", _l("Sign in")), ("auth.new_confirmation", _l("Ask for a new link")))


class ResetExpired(TokenExpired):
    message = _l(
        "This link has expired or has been used already. If you have chosen a new password, you can sign in with it; "
        "otherwise please ask for a new link."
    )
    ways = (("auth.sign_in", _l("Sign in")), ("auth.forgot", _l("Ask for a new link")))


class WrongCredentials(ForumError):
    """The same for an unknown address and for a wrong password."""

    status = 422
    message = _l("The e-mail address or the password is not right. Please check both.")


class NotConfirmed(ForumError):
    status = 422
    message = _l(
        "This e-mail address has not been confirmed yet. We have sent you a new mail; "
        "please open the link in it, then sign in."
    )


class ConfirmationMailed(NotConfirmed):
    message = _l(
        "This e-mail address has not been confirmed yet. We sent you a mail less than ten minutes ago; please open the "
        "link in it, then sign in. If it has not come, look into your folder for unwanted mail too."
    )


class AddressTaken(ForumError):
    """For administrators only: nobody else learns whether an address has an account."""

    status = 409
    message = _l("This e-mail address has an account already.")


class WrongPassword(ForumError):
    status = 422
    message = _l("This is not your present password. Please check it.")


class NotTheirPassword(WrongPassword):
    message = _l(
        "This is not the password that was chosen when this account was made. Please check it. "
        "If you have not chosen it, somebody else has filled in the form with your e-mail address."
    )


MESSAGES = {
    400: _l("Your browser sent something that this site could not understand."),
    404: NotFound.message,
    405: _l("This address cannot be used in that way. Please go back and use the form on the page."),
    413: _l(
        "What you sent is larger than this site can take, so it cannot be given back here. "
        "Please go back in your browser, where you should still find your text, shorten it or choose smaller files, "
        "and send it again."
    ),
    429: _l("There were too many attempts in a short time. Please wait a few minutes, at most an hour, and try again."),
    500: _l("Something went wrong on our side. Nothing was changed. Please try again in a moment."),
    503: _l("This site cannot reach its records at the moment. Please try again in a few minutes."),
}
HEADINGS = {
    400: N_("Something is not right"),
    403: N_("You have no right to do this"),
    404: N_("This page does not exist"),
    409: N_("This is not possible any more"),
    410: N_("This link has expired"),
    413: N_("This is too large"),
    429: N_("Too many attempts"),
    500: N_("Something went wrong"),
    503: N_("Not available at the moment"),
}
CSRF_MESSAGE = _l(
    "For your safety this form is valid only in the session in which it was opened, and that session has ended. "
    "What you typed is given back below; please open the form again and send it once more."
)
KEPT_HEADERS = frozenset({"Allow", "Content-Range", "Retry-After"})
SECONDS_TO_RETRY = 60
NOT_GIVEN_BACK = frozenset(
    "csrf_token submission shown language question capacity country preview seen listed messages place".split()
)


def register_errors(app: Flask) -> None:
    app.register_error_handler(ForumError, _broken_rule)
    app.register_error_handler(CSRFError, lambda _error: _page(400, CSRF_MESSAGE, to_form=True))
    app.register_error_handler(HTTPException, _http_error)
    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(kind, _database_away)


def _broken_rule(error: ForumError) -> ResponseReturnValue:
    return _page(error.status, error.message, ways=error.ways, to_form=isinstance(error, SignedOut))


def _http_error(error: HTTPException) -> Any:
    code = error.code or 500
    if code < 400:
        return error
    headers = {name: value for name, value in error.get_headers() if name in KEPT_HEADERS}
    if code == 429 and limiter.current_limit:
        headers["Retry-After"] = str(max(int(limiter.current_limit.reset_at - time.time()), 1))
    return _page(code, MESSAGES.get(code, ForumError.message), headers=headers)


def _database_away(error: SQLAlchemyError) -> ResponseReturnValue:
    """A database that cannot be reached, or is kept busy by others: trying again may help."""
    current_app.logger.error("The database did not answer", exc_info=error)
    return _page(503, MESSAGES[503], headers={"Retry-After": str(SECONDS_TO_RETRY)})


def _page(
    status: int,
    message: object,
    *,
    ways: Ways = (),
    headers: Mapping[str, str] | None = None,
    to_form: bool = False,
) -> ResponseReturnValue:
    """The error page in the reader's language, with whatever text the person had typed."""
    if "language" not in g:
        # No address matched, but the language of one may stand in the path that was asked for.
        g.language = negotiate(request.path.split("/")[1], request.accept_languages)
    heading = _(HEADINGS.get(status, HEADINGS[400]))
    shown = {"status": status, "heading": heading, "message": message, "typed": _typed(), "ways": ways}
    kept = {"Cache-Control": "no-store"} if status >= 500 else {}
    text = render_template("error_plain.html", **shown) if status == 503 else _whole_page(shown, to_form=to_form)
    return text, status, {**kept, **(headers or {})}


def _whole_page(shown: dict[str, Any], *, to_form: bool) -> str:
    """The page as all others are, or a plain one where the database cannot give what all pages show."""
    try:
        if shown["status"] >= 500:
            db.session.rollback()  # a statement that failed must not stop those of this page
        form = _form_path() if to_form else None
        return render_template("error.html", form=form, signs_in=form and _has_to_sign_in(), **shown)
    except SQLAlchemyError:
        current_app.logger.exception("An error page had to do without the database")
        return render_template("error_plain.html", **shown)


def _typed() -> list[str]:
    if request.method != "POST":
        return []
    try:
        return [value for name, value in request.form.items() if value and _may_be_given_back(name)]
    except HTTPException:  # too much of it, perhaps to an address that takes no form at all
        return []


def _may_be_given_back(field: str) -> bool:
    return field not in NOT_GIVEN_BACK and "password" not in field


def _form_path() -> str | None:
    """The page of the form that was sent: forms are sent to their own address. None where it has no page."""
    rule = request.url_rule
    return request.full_path.rstrip("?") if rule and "GET" in (rule.methods or ()) else None


def _has_to_sign_in() -> bool:
    """Whether the form can be opened only after signing in; those below /auth/ are for people who are not."""
    return not current_user.is_authenticated and not request.path.startswith(f"/{g.language.code}/auth/")
