"""Giving out files: to those who may see their message or document, to be kept and never to be run."""

import unicodedata
from collections.abc import Iterator
from urllib.parse import quote

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from app.attachments.queries import get_attachment
from app.models import Attachment
from app.storage import Storage, chunks, storage
from app.viewer import viewer

bp = Blueprint("attachments", __name__)

RUNS_NOTHING = "default-src 'none'; sandbox"
UNRESERVED = "!#$&+-.^_`|~"  # what RFC 5987 lets stand as it is, besides letters and digits


@bp.get("/attachments/<int:attachment_id>/<name>")
def download(attachment_id: int, name: str) -> ResponseReturnValue:
    """The file, or nothing new for whoever has it; asked for again each time, since it may have been withheld."""
    found = get_attachment(attachment_id, name, viewer=viewer())
    place = storage()
    if not place.exists(found.key):
        raise FileNotFoundError(found.key)  # which is a fault of ours, and told as such
    response = Response(_read(place, found.key), mimetype=found.media_type)
    response.content_length = found.size
    response.set_etag(found.sha256)
    response.headers.set("Content-Disposition", "attachment", **_names(found))
    response.headers["Content-Security-Policy"] = RUNS_NOTHING
    return response.make_conditional(request, accept_ranges=True, complete_length=found.size)


def _read(place: Storage, key: str) -> Iterator[bytes]:
    """The content, opened only once any of it is really sent."""
    with place.open(key) as file:
        yield from chunks(file)


def _names(found: Attachment) -> dict[str, str]:
    """The name for all browsers: in plain letters, and as it is."""
    simple = unicodedata.normalize("NFKD", found.name).encode("ascii", "ignore").decode("ascii")
    return {"filename": simple, "filename*": f"UTF-8''{quote(found.name, safe=UNRESERVED)}"}
