"""The moderation record of a forum, for everybody; who did what is for those who moderate it."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.addresses import asked_page
from app.database import utcnow
from app.forums.queries import get_forum
from app.moderation.record_queries import record_page, whole_record
from app.permissions import moderates
from app.turns import in_turn
from app.viewer import viewer

bp = Blueprint("record", __name__, url_prefix="/<language:lang>")


@bp.get("/forums/<forum_slug>/record/", endpoint="show")
def show_record(forum_slug: str) -> ResponseReturnValue:
    forum = get_forum(forum_slug, viewer=viewer())
    now = utcnow()
    found = record_page(forum, asked_page(), now=now)
    names = moderates(viewer(), forum)
    return render_template("moderation/record.html", forum=forum, found=found, names=names, now=now)


@bp.get("/print/forums/<forum_slug>/record/", endpoint="printed")
@in_turn
def print_record(forum_slug: str) -> ResponseReturnValue:
    """All of it, the earliest act first."""
    forum = get_forum(forum_slug, viewer=viewer())
    now = utcnow()
    lines, names = whole_record(forum, now=now), moderates(viewer(), forum)
    return render_template("printing/record.html", forum=forum, lines=lines, names=names, now=now)
