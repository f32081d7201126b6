"""Giving out the archive of a forum."""

from collections.abc import Iterator

from flask import Response, request
from flask.typing import ResponseReturnValue

from app.printing.editions import get_archive, place
from app.printing.views import bp
from app.storage import Storage, chunks
from app.turns import in_turn
from app.viewer import viewer


@bp.get("/forums/<forum_slug>/archive.zip")
@in_turn
def archive(forum_slug: str) -> ResponseReturnValue:
    forum, edition = get_archive(forum_slug, viewer=viewer())
    response = Response(_read(place(), edition.key), mimetype="application/zip")
    response.content_length = edition.size
    response.set_etag(edition.sha256)
    name = f"{forum.slug}-archive-{edition.number}.zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response.make_conditional(request)


def _read(folder: Storage, key: str) -> Iterator[bytes]:
    """The content, opened only when sending begins."""
    with folder.open(key) as file:
        yield from chunks(file)
