"""The administration: guarded once, here, for all its pages.

`kinds` describes each kind of object, and `crud` makes, changes and deletes them; every other module is one screen.
"""

from urllib.parse import urlencode

from flask import Blueprint, current_app, redirect, request
from flask.typing import ResponseReturnValue

from app.addresses import link
from app.admin import announcements, crud, dates, forums, log, participants, people, start, texts
from app.errors import SecondStepNeeded
from app.permissions import require
from app.viewer import signed_in, signed_in_user, viewer

bp = Blueprint("admin", __name__, url_prefix="/<language:lang>/admin")
for part in (start, forums, dates, participants, announcements, crud, texts, people, log):
    bp.register_blueprint(part.bp)
bp.register_blueprint(start.mails)
bp.get("/")(start.home)


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
