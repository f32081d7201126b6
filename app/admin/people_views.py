"""Who takes part in a forum: the States that are invited, and who holds which role."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import labels
from app.addresses import link
from app.admin import invitation_actions, role_actions
from app.admin.common_views import ask, done, done_already, here, show, steps_to
from app.admin.forum_queries import get_whole_forum
from app.admin.object_queries import refuse_if_archived
from app.admin.people_forms import InvitationForm, RoleForm
from app.errors import NotFound
from app.forms import carry_out
from app.languages import reader_language
from app.models import Forum, Role, User
from app.rows import fetch
from app.viewer import signed_in_user

bp = Blueprint("people", __name__, url_prefix="/forums/<int:forum_id>")


@bp.route("/invitations/", methods=["GET", "POST"])
def invitations(forum_id: int) -> ResponseReturnValue:
    found, form = fetch(Forum, forum_id), InvitationForm()
    refuse_if_archived(found)
    form.offer(found, reader_language())
    viewer = signed_in_user()
    saved = carry_out(form, lambda: invitation_actions.invite(forum_id, form.countries.data or (), viewer=viewer))
    if saved is not None:
        return done(_("The changes are saved."), link("admin.forums.show", forum_id=forum_id, _anchor="invitations"))
    heading = _("Invited States")
    return show("admin/invitations.html", heading, [*steps_to(found), here(heading)], form=form, forum=found)


@bp.route("/roles/", methods=["GET", "POST"])
def roles(forum_id: int) -> ResponseReturnValue:
    found, form = get_whole_forum(forum_id), RoleForm()
    form.offer()
    given = carry_out(form, lambda: role_actions.give(forum_id, **form.asked, viewer=signed_in_user()))
    if given is not None:
        return done(_("The role is given."), link("admin.people.roles", forum_id=forum_id))
    heading = _("Roles in the forum")
    return show("admin/roles.html", heading, [*steps_to(found), here(heading)], form=form, forum=found)


@bp.route(f"/roles/<int:user_id>/<any({','.join(Role)}):role>/end/", methods=["GET", "POST"])
def end_role(forum_id: int, user_id: int, role: str) -> ResponseReturnValue:
    found, user = fetch(Forum, forum_id), fetch(User, user_id)
    back = link("admin.people.roles", forum_id=forum_id)
    if request.method == "GET":
        return _ask_to_end(Role(role), found, user, back)
    ended = role_actions.take(forum_id, user_id, Role(role), viewer=signed_in_user())
    return done(_("The role is ended."), back) if ended else done_already(back)


def _ask_to_end(role: Role, forum: Forum, user: User, back: str) -> ResponseReturnValue:
    """Raises NotFound where the person does not hold the role."""
    if forum.id not in role_actions.held_by(user, role):
        raise NotFound
    return ask(
        _("End the role"),
        [*steps_to(forum), (_("Roles in the forum"), back, "")],
        name=user.name,
        explanation=_(labels.ROLE[role]),
        button=_("End the role"),
        back=back,
    )
