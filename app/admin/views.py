"""The administration: guarded once, here, for all its pages; each part has its own module of views."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.admin import file_views, forum_views, log_views, object_views, people_views, period_views, user_views
from app.admin.common_views import show
from app.permissions import require
from app.viewer import signed_in, viewer

bp = Blueprint("admin", __name__, url_prefix="/<language:lang>/admin")
for part in (forum_views, period_views, people_views, object_views, file_views, user_views, log_views):
    bp.register_blueprint(part.bp)


@bp.before_request
@signed_in  # type: ignore[arg-type]  # where this returns None, Flask goes on to the view
def only_administrators() -> None:
    require(viewer(), "administer")


@bp.get("/")
def home() -> ResponseReturnValue:
    return show("admin/home.html", _("Administration"), [])
