"""The administration: guarded once, here, for all its pages; each part has its own module of views."""

from urllib.parse import urlencode

from flask import Blueprint, current_app, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.addresses import link
from app.admin import (
    file_views,
    forum_views,
    log_views,
    object_views,
    people_views,
    period_views,
    person_views,
    user_views,
)
from app.admin.common_views import show
from app.errors import SecondStepNeeded
from app.permissions import require
from app.viewer import signed_in, signed_in_user, viewer

bp = Blueprint("admin", __name__, url_prefix="/<language:lang>/admin")
PARTS = (forum_views, period_views, people_views, object_views, file_views, user_views, person_views, log_views)
for part in PARTS:
    bp.register_blueprint(part.bp)


@bp.before_request
@signed_in  # type: ignore[arg-type]  # where this returns None, Flask goes on to the view
def only_administrators() -> ResponseReturnValue | None:
    """Where the setting wants it, those without a second step are led to set it up, and come back."""
    require(viewer(), "administer")
    if signed_in_user().totp_secret or not current_app.config["SITE"].require_second_step_for_admins:
        return None
    if request.method == "POST":
        raise SecondStepNeeded
    return redirect(f"{link('auth.second_step')}?{urlencode({'next': request.full_path.rstrip('?')})}")


@bp.get("/")
def home() -> ResponseReturnValue:
    return show("admin/home.html", _("Administration"), [])
