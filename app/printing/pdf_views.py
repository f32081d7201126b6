"""The PDFs of forums and groups. No request makes one: the worker does (app/printing/pdf.py)."""

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from app.addresses import absolute, link
from app.forums import queries
from app.languages import reader_language
from app.models import Forum, Group, Outcome, Rendition
from app.printing import renditions
from app.printing.views import bp
from app.storage import chunks
from app.viewer import viewer

SECONDS_TO_ASK_AGAIN = 30
# What the viewers of browsers need to show a PDF.
SHOWS_A_PDF = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@bp.get("/forums/<forum_slug>.pdf")
def forum_pdf(forum_slug: str) -> ResponseReturnValue:
    found = queries.get_forum(forum_slug, viewer=viewer())
    return _give(found, found, link("forums.forum", forum_slug=found.slug))


@bp.get("/forums/<forum_slug>/groups/<group_slug>.pdf")
def group_pdf(forum_slug: str, group_slug: str) -> ResponseReturnValue:
    found = queries.get_group(forum_slug, group_slug, viewer=viewer())
    address = link("forums.group", forum_slug=found.forum.slug, group_slug=found.slug)
    return _give(found, found.forum, address)


def _give(thing: Forum | Group, forum: Forum, address: str) -> ResponseReturnValue:
    """The PDF; or 202, if there is none now, and a page that asks for it again."""
    known, given_out = renditions.find(thing, forum, reader_language().code)
    try:
        file = renditions.place().open(known.key) if known and given_out else None
    except FileNotFoundError:  # the worker makes it again
        file = None
    if known is None or file is None:
        return _awaited(thing, forum, known, address)
    response = Response(chunks(file), mimetype="application/pdf")
    response.call_on_close(file.close)
    response.content_length = known.size
    response.set_etag(known.content)
    name = "-".join([forum.slug, *([] if thing is forum else [thing.slug]), known.language])
    response.headers.set("Content-Disposition", "inline", filename=f"{name}.pdf")
    response.headers["Content-Security-Policy"] = SHOWS_A_PDF
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Link"] = f'<{absolute(address)}>; rel="canonical"'
    return response.make_conditional(request, accept_ranges=True, complete_length=known.size)


def _awaited(thing: Forum | Group, forum: Forum, known: Rendition | None, address: str) -> ResponseReturnValue:
    has_failed = known is not None and known.outcome == Outcome.FAILED
    group = None if thing is forum else thing
    page = render_template("printing/awaited.html", forum=forum, group=group, has_failed=has_failed, address=address)
    # A header, which browsers follow without a script.
    return page, 202, {"Refresh": str(SECONDS_TO_ASK_AGAIN), "Retry-After": str(SECONDS_TO_ASK_AGAIN)}
