"""Broken rules, with a message safe to show, and the one place that turns errors into pages."""

from typing import Any

from flask import Flask, g, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

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


class ChangedMeanwhile(ForumError):
    status = 409
    message = _l("This message was changed after you had opened the page. Nothing was done; please read it again.")


class AlreadyReported(ForumError):
    status = 409
    message = _l("You have reported this message already. The Secretariat is going to look at it.")


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


class AddressTaken(ForumError):
    """For administrators only: nobody else learns whether an address has an account."""

    status = 409
    message = _l("This e-mail address has an account already.")


class WrongPassword(ForumError):
    status = 422
    message = _l("This is not your present password. Please check it.")


MESSAGES = {
    400: _l("Your browser sent something that this site could not understand."),
    404: NotFound.message,
    405: _l("This address cannot be used in that way. Please go back and use the form on the page."),
    413: _l("What you sent is too large. Please shorten it and send it again."),
    429: _l("There were too many attempts in a short time. Please wait a few minutes, at most an hour, and try again."),
    500: _l("Something went wrong on our side. Nothing was changed. Please try again in a moment."),
}
HEADINGS = {
    400: N_("Something is not right"),
    403: N_("You have no right to do this"),
    404: N_("This page does not exist"),
    409: N_("This is not possible any more"),
    410: N_("This link has expired"),
    429: N_("Too many attempts"),
    500: N_("Something went wrong"),
}
CSRF_MESSAGE = _l(
    "For your safety this form is valid only in the session in which it was opened, and that session has ended. "
    "What you typed is given back below; please open the form again and send it once more."
)
NOT_GIVEN_BACK = frozenset({"csrf_token", "submission", "language", "question", "capacity", "country", "preview"})


def register_errors(app: Flask) -> None:
    app.register_error_handler(ForumError, _broken_rule)
    app.register_error_handler(CSRFError, lambda _error: _page(400, CSRF_MESSAGE))
    app.register_error_handler(HTTPException, _http_error)


def _broken_rule(error: ForumError) -> tuple[str, int]:
    return _page(error.status, error.message, error.ways)


def _http_error(error: HTTPException) -> Any:
    code = error.code or 500
    if code < 400:
        return error
    return _page(code, MESSAGES.get(code, ForumError.message))


def _page(status: int, message: object, ways: Ways = ()) -> tuple[str, int]:
    """The error page in the reader's language, with whatever text the person had typed."""
    if "language" not in g:
        # No address matched, but the language of one may stand in the path that was asked for.
        g.language = negotiate(request.path.split("/")[1], request.accept_languages)
    heading = _(HEADINGS.get(status, HEADINGS[400]))
    typed = []
    if request.method == "POST" and status != 413:
        typed = [value for name, value in request.form.items() if value and _may_be_given_back(name)]
    shown = {"heading": heading, "message": message, "typed": typed, "ways": ways}
    return render_template("error.html", status=status, **shown), status


def _may_be_given_back(field: str) -> bool:
    return field not in NOT_GIVEN_BACK and "password" not in field
