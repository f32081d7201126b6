"""Every contribution to a forum as a file, for spreadsheets and for programs."""

from collections.abc import Iterable

from flask import Response, request
from flask.typing import ResponseReturnValue

from app.database import utcnow
from app.languages import reader_language
from app.printing.contributions import as_data, as_table, get_forum_to_list
from app.printing.views import bp
from app.spreadsheets import Kept
from app.turns import in_turn
from app.viewer import viewer


@bp.get("/forums/<forum_slug>/contributions.csv")
@in_turn
def contributions(forum_slug: str) -> ResponseReturnValue:
    found = get_forum_to_list(forum_slug, viewer=viewer())
    return _file(as_table(found, reader_language()), f"{found.slug}-{reader_language().code}", "csv", "text/csv")


@bp.get("/forums/<forum_slug>/contributions.json")
@in_turn
def contributions_as_data(forum_slug: str) -> ResponseReturnValue:
    found = get_forum_to_list(forum_slug, viewer=viewer())
    return _file(as_data(found), found.slug, "json", "application/json")


def _file(lines: Iterable[str], name: str, suffix: str, media_type: str) -> ResponseReturnValue:
    """The file, or 304 if the reader has it."""
    made = Kept(lines)
    response = Response(made, mimetype=media_type)
    response.content_length = made.size
    response.set_etag(made.sha256)
    filename = f"{name}-contributions-{utcnow():%Y-%m-%d}.{suffix}"
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response.make_conditional(request)
