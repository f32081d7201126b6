"""Who takes part in a forum: the States that are invited, and who holds which role."""

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import labels
from app.addresses import link
from app.admin import invitation_actions, role_actions
from app.admin.crud import ask, done, done_already, here, require_forum_takes, show, steps_to
from app.admin.forums import get_whole_forum
from app.admin.people_forms import InvitationForm, RoleForm
from app.errors import NotFound
from app.forms import VersionedForm, carry_out
from app.languages import reader_language
from app.models import Forum, Role, User
from app.rows import fetch
from app.viewer import signed_in_user

bp = Blueprint("people", __name__, url_prefix="/forums/<int:forum_id>")


@bp.route("/invitations/", methods=["GET", "POST"])
def invitations(forum_id: int) -> ResponseReturnValue:
    found, viewer = fetch(Forum, forum_id), signed_in_user()
    require_forum_takes("forums", found, "settings")
    form = _invitation_form(found)
    saved = carry_out(
        form,
        lambda: invitation_actions.invite(
            forum_id, form.countries.data or (), version=form.version.data, viewer=viewer
        ),
        lambda: _invitation_form(found, formdata=None),
    )
    if saved is not None:
        return done(_("The changes are saved."), link("admin.forums.show", forum_id=forum_id, _anchor="people"))
    heading = _("Invited States")
    return show("admin/invitations.html", heading, [*steps_to(found), here(heading)], form=form, forum=found)


@bp.route("/roles/", methods=["GET", "POST"])
def roles(forum_id: int) -> ResponseReturnValue:
    found, form = get_whole_forum(forum_id), RoleForm()
    form.offer()
    given = carry_out(form, lambda: role_actions.give(forum_id, **form.asked, viewer=signed_in_user()))
    if given is not None:
        return done(_("The role is given."), link("admin.people.roles", forum_id=forum_id))
    form.shows(role_actions.version_of_roles(found))
    heading = _("Roles in the forum")
    return show("admin/roles.html", heading, [*steps_to(found), here(heading)], form=form, forum=found)


@bp.route(f"/roles/<int:user_id>/<any({','.join(Role)}):role>/end/", methods=["GET", "POST"])
def end_role(forum_id: int, user_id: int, role: str) -> ResponseReturnValue:
    found, user = fetch(Forum, forum_id), fetch(User, user_id)
    back = link("admin.people.roles", forum_id=forum_id)
    form, viewer = VersionedForm(), signed_in_user()
    ended = carry_out(
        form, lambda: role_actions.take(forum_id, user_id, Role(role), version=form.version.data, viewer=viewer)
    )
    if ended is None:
        return _ask_to_end(Role(role), found, user, form, back)
    return done(_("The role is ended."), back) if ended else done_already(back)


def _invitation_form(forum: Forum, **source: Any) -> InvitationForm:
    """The form of those that are invited; with `formdata=None` of what is stored, whatever was sent."""
    form = InvitationForm(version=invitation_actions.version_of_invitations(forum), **source)
    form.offer(forum, reader_language())
    return form


def _ask_to_end(role: Role, forum: Forum, user: User, form: VersionedForm, back: str) -> ResponseReturnValue:
    """Raises NotFound where the person does not hold the role."""
    if forum.id not in role_actions.held_by(user, role):
        raise NotFound
    return ask(
        _("End the role"),
        [*steps_to(forum), (_("Roles in the forum"), back, "")],
        form=form,
        version=role_actions.version_of_role(forum.id, user, role),
        name=user.name,
        explanation=_(labels.ROLE[role]),
        button=_("End the role"),
        back=back,
    )
