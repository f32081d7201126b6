"""Suspending and reinstating people, and deleting accounts; each asks on a page of its own."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.addresses import link
from app.admin import person_actions as actions
from app.admin.crud import done, done_already, here, show
from app.admin.person_forms import DeletePersonForm, StandingForm
from app.admin.user_queries import get_person, is_former
from app.auth.leaving import posted_for_the_name_of
from app.forms import VersionedForm, carry_out
from app.languages import language_or_default
from app.models import User
from app.viewer import signed_in_user

bp = Blueprint("person", __name__)


@bp.route("/users/<int:user_id>/suspend/", methods=["GET", "POST"])
def suspend(user_id: int) -> ResponseReturnValue:
    user, form = get_person(user_id), StandingForm()
    form.reason.description = _(
        "The person reads it, in a mail and when signing in; so please write it in %(language)s.",
        language=language_or_default(user.language).name,
    )
    if carry_out(form, lambda: actions.suspend(user_id, **form.sent, viewer=signed_in_user())):
        return done(_("The account is suspended, and the person is told by mail."), _page_of(user_id))
    return _ask(_("Suspend a person"), user, form, step="suspend")


@bp.route("/users/<int:user_id>/reinstate/", methods=["GET", "POST"])
def reinstate(user_id: int) -> ResponseReturnValue:
    user, form = get_person(user_id), StandingForm()
    form.reason.description = _("It is kept in the log.")
    if carry_out(form, lambda: actions.reinstate(user_id, **form.sent, viewer=signed_in_user())):
        return done(_("The person can sign in again, and is told so by mail."), _page_of(user_id))
    return _ask(_("Reinstate a person"), user, form, step="reinstate")


@bp.route("/users/<int:user_id>/delete/", methods=["GET", "POST"])
def delete(user_id: int) -> ResponseReturnValue:
    if request.method == "POST" and is_former(user_id):
        return done_already(link("admin.users.index"))
    user = get_person(user_id)
    form = DeletePersonForm(own_email=user.email)
    form.offer(posted_for_the_name_of(user))
    if carry_out(form, lambda: _delete(user_id, form)):
        return done(_("The account is deleted."), link("admin.users.index"))
    return _ask(_("Delete an account"), user, form, step="delete")


def _delete(user_id: int, form: DeletePersonForm) -> int:
    return actions.delete(user_id, is_speaker=form.has_spoken, version=form.version.data, viewer=signed_in_user())


def _ask(heading: str, user: User, form: VersionedForm, *, step: str) -> ResponseReturnValue:
    form.shows(actions.version_of_person(user))
    steps = [(_("People"), link("admin.users.index"), ""), (user.name, _page_of(user.id), ""), here(heading)]
    return show("admin/person_step.html", heading, steps, form=form, user=user, step=step, back=_page_of(user.id))


def _page_of(user_id: int) -> str:
    return link("admin.users.edit", user_id=user_id)
