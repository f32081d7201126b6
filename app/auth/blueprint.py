"""The blueprint of accounts, shared by all its views, the page of a form, and the way from it to the mailbox."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from app.addresses import asked_destination, link
from app.forms import Form
from app.viewer import has_session

MAILED = "mailed"
bp = Blueprint("auth", __name__, url_prefix="/<language:lang>")


def form_page(template: str, form: Form, **shown: object) -> tuple[str, int]:
    """A page with a form and the page to go on to, with the status of the form."""
    return render_template(template, form=form, destination=asked_destination(), **shown), form.status


def to_mailbox(email: str, **given: Any) -> ResponseReturnValue:
    """Lead on from a form that sends a link. The next page names the address and leads back to the form, which has
    everything that was `given`, so that a mistyped address can be corrected."""
    by = {"by": str(request.endpoint), "invitation": request.args.get("invitation", "")}
    session[MAILED] = {**given, "email": email, **by}
    return redirect(link("auth.check_mail", next=asked_destination()))


def mailed() -> dict[str, Any]:
    """What `to_mailbox` has kept in this session; empty for a reader who has sent no such form."""
    kept: dict[str, Any] = session.get(MAILED, {}) if has_session() else {}
    return kept


def to_correct() -> dict[str, Any]:
    """What was given to this form, if the reader comes back to correct it."""
    return mailed() if "again" in request.args and mailed().get("by") == request.endpoint else {}
