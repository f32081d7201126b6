"""People: search, profile, rights and roles."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.addresses import asked_page, link
from app.admin import user_actions, user_queries
from app.admin.crud import done, here, query_without_page, show
from app.admin.forums import list_forums
from app.admin.user_forms import UserForm
from app.auth.sign_up import count_waiting
from app.forms import carry_out
from app.languages import reader_language, text_in
from app.models import User
from app.plain import plain_line
from app.viewer import signed_in_user

bp = Blueprint("users", __name__)


@bp.get("/users/")
def index() -> ResponseReturnValue:
    heading, wanted = _("People"), plain_line(request.args.get("q", ""), user_queries.LONGEST_SEARCH)
    found = user_queries.search_users(wanted, asked_page(), reader_language())
    shown: dict[str, Any] = {
        "found": found,
        "wanted": wanted,
        "query": query_without_page(),
        "waiting": count_waiting(),
    }
    return show("admin/users.html", heading, [here(heading)], **shown)


@bp.route("/users/<int:user_id>/", methods=["GET", "POST"])
def edit(user_id: int) -> ResponseReturnValue:
    user, viewer = user_queries.get_person(user_id), signed_in_user()
    form = _form_of(user)
    saved = carry_out(
        form,
        lambda: user_actions.update(user_id, form.profile, form.roles, version=form.version.data, viewer=viewer),
        lambda: _form_of(user, formdata=None),
    )
    if saved is not None:
        return done(_("The changes are saved."), link("admin.users.index"))
    heading = _("Edit a person")
    steps = [(_("People"), link("admin.users.index"), ""), here(heading)]
    return show("admin/user.html", heading, steps, form=form, user=user)


def _form_of(user: User, **source: Any) -> UserForm:
    """The form of a person; with `formdata=None` of what is stored, whatever was sent."""
    form = UserForm(obj=user, version=user_queries.version_of_user(user), **source)
    form.offer(user, [(forum.id, text_in(forum).short_title) for forum in list_forums()], reader_language())
    return form
