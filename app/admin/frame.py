"""What all pages of the administration share: the frame with its breadcrumb, the page that asks, the way back."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.addresses import link
from app.forms import Form, VersionedForm, carry_out
from app.languages import text_in
from app.models import Forum
from app.viewer import signed_in_user

Steps = list[tuple[str, str, str]]


class About(NamedTuple):
    """What a page is about, in the language of its name."""

    name: str
    language: str


class Words(NamedTuple):
    """What the page says that asks before something is done, and what is said once it is done."""

    heading: str
    explanation: str
    button: str
    done: str


def show(template: str, heading: str, steps: Steps, *, form: Form | None = None, **context: Any) -> ResponseReturnValue:
    """A page of the administration. `steps` of the breadcrumb, as `(text, path, language of the text)`, lie between
    the administration and this page; `heading_language` is given where the heading is a text of its own, and `about`
    what it is about; with `forum`, the page leads to the parts of that. A form with errors comes back with status 422,
    a form about something that someone else has changed since it was shown with 409.
    """
    here = (heading, request.path, context.get("heading_language", ""))
    trail = [(_("Administration"), link("admin.home"), ""), *steps, here]
    return render_template(template, heading=heading, steps=trail, form=form, **context), form.status if form else 200


def ask(
    words: Words, steps: Steps, take: Callable[..., object], asked: Callable[[], Mapping[str, Any]], *, back: str
) -> ResponseReturnValue:
    """The page that asks before something is done, or says why it cannot be done; once the answer is sent, do it.

    `take` gets the version that the page showed and the viewer, and gives nothing where it was done already. `asked`
    gives what the page shows: the `version` of what it is about, and perhaps its `name`, the `refusal`, and the states
    `before` and `after`.
    """
    form = VersionedForm()
    taken = carry_out(form, lambda: take(version=form.version.data, viewer=signed_in_user()))
    if taken is not None:
        return done(words.done, back) if taken else done_already(back)
    shown = asked()
    form.shows(shown["version"])
    return show("admin/ask.html", words.heading, steps, form=form, words=words, back=back, **shown)


def done(message: str, path: str) -> ResponseReturnValue:
    """Say that it is done, on another page."""
    flash(message, "success")
    return redirect(path)


def done_already(path: str) -> ResponseReturnValue:
    """Lead a form that was sent twice where it led the first time."""
    return done(_("This has already been done. No further change was made."), path)


def steps_to(forum: Forum) -> Steps:
    """The steps to the page of a forum, itself included."""
    text = text_in(forum)
    return [*to_forums(), (text.short_title, link("admin.forums.show", forum_id=forum.id), text.language)]


def about(thing: Any) -> About | None:
    """What the heading of a page says it is about: a forum, by its short title, or any other object with texts."""
    if thing is None:
        return None
    text = text_in(thing)
    names = [getattr(text, name, "") for name in ("short_title", "title", "text")]
    return About(next(filter(None, names), ""), text.language)


def to_forums() -> Steps:
    return [(_("Forums"), link("admin.forums.index"), "")]


def query_without_page() -> str:
    """The query of this address without its page number, for the links between the pages of a list."""
    return urlencode({name: value for name, value in request.args.items() if name != "page" and value})
