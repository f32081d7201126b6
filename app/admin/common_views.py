"""What all pages of the administration share: the frame with its breadcrumb, the page that asks, the way back."""

from typing import Any
from urllib.parse import urlencode

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.addresses import link
from app.admin.object_queries import Kind
from app.errors import ForumError
from app.forms import Form, VersionedForm
from app.languages import text_in
from app.models import Forum, Group

Steps = list[tuple[str, str, str]]


def show(template: str, heading: str, steps: Steps, *, form: Form | None = None, **context: Any) -> ResponseReturnValue:
    """A page of the administration. `steps` of the breadcrumb, as `(text, path, language of the text)`, lie between
    the administration and this page. A form with errors is given back with status 422, one of something that somebody
    else has changed meanwhile with 409.
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
    return done(_("This was done already. Nothing more was changed."), path)


def here(heading: str) -> tuple[str, str, str]:
    """The last step of the breadcrumb."""
    return heading, request.path, ""


def steps_to(owner: Forum | Group | None) -> Steps:
    """The steps to the page of a forum or a group, itself included."""
    if owner is None:
        return []
    if isinstance(owner, Group):
        name = _("Group %(number)s", number=owner.number)
        return [*steps_to(owner.forum), (name, link("admin.forums.group", group_id=owner.id), "")]
    text = text_in(owner)
    forums = (_("Forums"), link("admin.forums.index"), "")
    return [forums, (text.short_title, link("admin.forums.show", forum_id=owner.id), text.language)]


def steps_of(kind: Kind, owner: Forum | Group | None) -> Steps:
    """The steps to the page on which objects of a kind are listed."""
    if kind.name == "reasons":
        return [(_("Reasons for moderation"), link("admin.objects.reasons"), "")]
    if kind.name == "pages":
        return [(_("Pages of the site"), link("admin.objects.pages"), "")]
    return steps_to(owner) if owner else [(_("Forums"), link("admin.forums.index"), "")]


def list_of(kind: Kind, owner_id: int | None) -> str:
    """The page on which the objects of a kind, and of an owner where they have one, are listed."""
    if owner_id is None:
        return link("admin.forums.index" if kind.model is Forum else f"admin.objects.{kind.name}")
    if kind.owner is Group:
        return link("admin.forums.group", group_id=owner_id)
    return link("admin.forums.show", forum_id=owner_id, _anchor=kind.name)


def page_of(kind: Kind, thing: Any) -> str:
    """The page on which an object is worked on: its own for forums and groups, else the list in which it stands."""
    if kind.model is Forum:
        return link("admin.forums.show", forum_id=thing.id)
    if kind.model is Group:
        return link("admin.forums.group", group_id=thing.id)
    return list_of(kind, kind.owner_id_of(thing))


def refusal_text(refusal: ForumError | None) -> str:
    return str(refusal.message) if refusal else ""


def query_without_page() -> str:
    """The query of this address without its page number, for the links between the pages of a list."""
    return urlencode({name: value for name, value in request.args.items() if name != "page" and value})
