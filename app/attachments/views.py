"""Serving attached files to those who may see their message or document, for saving and never for display."""

import unicodedata
from collections.abc import Iterator
from pathlib import PurePath
from urllib.parse import quote

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from app.attachments.queries import get_attachment
from app.models import Attachment
from app.storage import Storage, chunks, storage
from app.viewer import viewer

bp = Blueprint("attachments", __name__)

RUNS_NOTHING = "default-src 'none'; sandbox"
UNRESERVED = "!#$&+-.^_`|~"  # what RFC 5987 leaves unencoded, in addition to letters and digits


@bp.get("/attachments/<int:attachment_id>/<name>")
def download(attachment_id: int, name: str) -> ResponseReturnValue:
    """The file, or 304 if the reader has it. Browsers ask again each time, since it may have been withheld."""
    found = get_attachment(attachment_id, name, viewer=viewer())
    place = storage()
    if not place.exists(found.key):
        raise FileNotFoundError(found.key)  # answered with 500, since the site has lost the file
    response = Response(_read(place, found.key), mimetype=found.media_type)
    response.content_length = found.size
    response.set_etag(found.sha256)
    response.headers.set("Content-Disposition", "attachment", **_names(found))
    response.headers["Content-Security-Policy"] = RUNS_NOTHING
    return response.make_conditional(request, accept_ranges=True, complete_length=found.size)


def _read(place: Storage, key: str) -> Iterator[bytes]:
    """The content, opened only when sending begins."""
    with place.open(key) as file:
        yield from chunks(file)


def _names(found: Attachment) -> dict[str, str]:
    """The name in ASCII, for old browsers, and as it is. A name without ASCII letters is replaced by the number."""
    simple = unicodedata.normalize("NFKD", found.name).encode("ascii", "ignore").decode("ascii")
    shown = PurePath(f"_{simple}")
    if not any(map(str.isalnum, shown.stem)):
        simple = f"file-{found.id}{shown.suffix}"
    return {"filename": simple, "filename*": f"UTF-8''{quote(found.name, safe=UNRESERVED)}"}
