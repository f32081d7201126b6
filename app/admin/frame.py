"""What all pages of the administration share: the frame with its breadcrumb, the page that asks, the way back."""

from typing import Any
from urllib.parse import urlencode

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.addresses import link
from app.errors import ForumError
from app.forms import Form, VersionedForm
from app.languages import text_in
from app.models import Forum

Steps = list[tuple[str, str, str]]


def show(template: str, heading: str, steps: Steps, *, form: Form | None = None, **context: Any) -> ResponseReturnValue:
    """A page of the administration. `steps` of the breadcrumb, as `(text, path, language of the text)`, lie between
    the administration and this page. A form with errors comes back with status 422, a form about something that
    somebody else has changed meanwhile with 409.
    """
    trail = [(_("Administration"), link("admin.home"), ""), *steps]
    page = render_template(template, heading=heading, steps=trail, form=form, **context)
    return page, form.status if form else 200


def ask(
    heading: str, steps: Steps, *, form: VersionedForm, version: str, button: str, back: str, **context: Any
) -> ResponseReturnValue:
    """The page that asks before something is done, or says why it cannot be done (`refusal`).

    `explanation` says what it leads to; `before` and `after` are the states to show, `name` what it is about, whose
    present version the form carries.
    """
    form.shows(version)
    return show("admin/ask.html", heading, [*steps, here(heading)], form=form, button=button, back=back, **context)


def done(message: str, path: str) -> ResponseReturnValue:
    """Say that it is done, on another page."""
    flash(message, "success")
    return redirect(path)


def done_already(path: str) -> ResponseReturnValue:
    """Lead a form that was sent twice where it led the first time."""
    return done(_("This has already been done. No further change was made."), path)


def here(heading: str) -> tuple[str, str, str]:
    """The last step of the breadcrumb."""
    return heading, request.path, ""


def steps_to(forum: Forum | None) -> Steps:
    """The steps to the page of a forum, itself included."""
    if forum is None:
        return []
    text = text_in(forum)
    forums = (_("Forums"), link("admin.forums.index"), "")
    return [forums, (text.short_title, link("admin.forums.show", forum_id=forum.id), text.language)]


def refusal_text(refusal: ForumError | None) -> str:
    return str(refusal.message) if refusal else ""


def query_without_page() -> str:
    """The query of this address without its page number, for the links between the pages of a list."""
    return urlencode({name: value for name, value in request.args.items() if name != "page" and value})
