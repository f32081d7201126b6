"""Atom feeds, calendars, the sitemap, robots.txt, icons and the health check."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, redirect, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app import restarts
from app.addresses import absolute, link, link_in
from app.database import utcnow
from app.errors import NotFound
from app.extensions import db, limiter
from app.feeds import queries
from app.feeds.calendar import calendar_of
from app.forums.annotation_queries import latest_annotations
from app.forums.queries import get_forum_and_groups, get_forum_of_feed
from app.forums.topic_queries import get_topic_head
from app.languages import reader_language, site_default, site_languages, text_in
from app.models import GUEST, Annotation, Forum, Notice, OfficialChange, Page
from app.moderation.record import latest_changes
from app.turns import in_turn

# Forms, pages for signed-in people, and pages that repeat the content of topics. Links to them have `rel="nofollow"`.
NOT_FOR_CRAWLERS = (
    *("auth/", "account/", "admin/", "moderation/", "figures/", "new/", "search/?", "print/"),
    *(f"messages/*/{act}/" for act in ("edit", "history", "report", "withdraw")),
    *("topics/*/reply/", "forums/*/groups/*/new/", "forums/*/latest/"),
)
PARTS_OF_TOPICS = "/sitemap/topics-"
SECONDS_OF_A_DAY = 24 * 60 * 60
bp = Blueprint("feeds", __name__)


@bp.get("/<language:lang>/feeds/forums/<forum_slug>.atom")
def forum(forum_slug: str) -> Response:
    found = get_forum_of_feed(forum_slug, viewer=GUEST)
    text, feed = text_in(found), queries.latest_in_forum(found.id, viewer=GUEST)
    path = link("forums.forum", forum_slug=forum_slug)
    now = utcnow()
    changes = latest_changes(found, queries.ENTRIES, now=now)
    notices = [(notice, text_in(notice), _changed_at(found, notice, now)) for notice in found.notices_at(now)]
    annotations = latest_annotations(found.id, queries.ENTRIES)
    moments = [found.published_at, *(at for _notice, _text, at in notices), *(change.at for change in changes)]
    since = max(filter(None, [*moments, *(one.changed_at for one in annotations)]), default=None)
    return _atom(feed, path, notices, changes, annotations, title=text.title, title_language=text.language, since=since)


def _changed_at(forum: Forum, notice: Notice, now: datetime) -> datetime:
    """When a notice was published, or corrected since."""
    changes = (change.at for change in forum.changes_of("notices", notice.id) if change.at <= now)
    return max([notice.published_at, *changes])


@bp.get("/<language:lang>/feeds/topics/<int:topic_id>.atom")
def topic(topic_id: int) -> ResponseReturnValue:
    head = get_topic_head(topic_id, viewer=GUEST, language=reader_language().code, default=site_default().code)
    if head.merged_into_id:
        return redirect(link("feeds.topic", topic_id=head.merged_into_id))
    feed = queries.latest_in_topic(topic_id, viewer=GUEST)
    path = link("forums.topic", topic_id=topic_id)
    annotations = latest_annotations(head.forum_id, queries.ENTRIES, topic_id=topic_id)
    since = max(head.created_at, *(one.changed_at for one in annotations)) if annotations else head.created_at
    return _atom(feed, path, (), (), annotations, title=head.title, title_language=head.language, since=since)


@bp.get("/<language:lang>/forums/<forum_slug>/deadlines.ics")
def deadlines(forum_slug: str) -> Response:
    found = get_forum_and_groups(forum_slug, viewer=GUEST)
    return Response(calendar_of(found), mimetype="text/calendar")


@bp.get("/sitemap.xml")
def sitemap() -> ResponseReturnValue:
    """The index of the sitemap: one part for the site and its forums, the others for topics."""
    told = {"site_part": absolute(link("feeds.sitemap_of_site")), "topics": absolute(PARTS_OF_TOPICS)}
    parts = queries.count_parts(_most_pages())
    return Response(render_template("feeds/sitemap.xml", parts=parts, **told), mimetype="application/xml")


@bp.get("/sitemap/site.xml")
@in_turn
def sitemap_of_site() -> ResponseReturnValue:
    """Every public page except topics, in every language, up to the limit of the protocol."""
    return _sitemap(islice(_pages_of_site(), _most_pages()))


@bp.get(f"{PARTS_OF_TOPICS}<int:part>.xml")
@in_turn
def sitemap_of_topics(part: int) -> ResponseReturnValue:
    """The pages of topics that begin with a message of one part, in every language."""
    if not 0 < part <= queries.count_parts(_most_pages()):
        raise NotFound
    found = queries.pages_of_topics(part, _most_pages(), viewer=GUEST)
    of_topic = cache(lambda topic_id: _addresses("forums.topic", topic_id=topic_id))
    return _sitemap(_on_page(of_topic(topic_id), page) for topic_id, page in found)


@bp.get("/robots.txt")
def robots() -> Response:
    """Lists each language, since a `*` in its place would match more than one segment of a path."""
    closed = (f"/{code}/{path}" for code in site_languages() for path in NOT_FOR_CRAWLERS)
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), f"Sitemap: {absolute('/sitemap.xml')}"]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@bp.get("/favicon.ico", defaults={"name": "favicon.ico"})
@bp.get("/apple-touch-icon.png", defaults={"name": "touch-icon.png"})
def icon(name: str) -> Response:
    """Where browsers look for an icon that no page names."""
    answer = current_app.send_static_file(name)
    answer.headers["Cache-Control"] = f"public, max-age={SECONDS_OF_A_DAY}"
    return answer


@bp.get("/healthz")
def health() -> Response:
    """Reports on the database and the limits: 200 if a table can be read, even without Redis; otherwise 503."""
    limits = "ok" if limiter.is_sound() else "in memory, since Redis does not answer"
    try:
        db.session.execute(select(Page.id).limit(1))
    except SQLAlchemyError as error:
        current_app.logger.error("The database cannot be read", exc_info=error)
        restarts.note(error)
        return _plain_text(f"database: cannot be read\nlimits: {limits}\n", 503)
    return _plain_text(f"database: ok\nlimits: {limits}\n", 200)


def _plain_text(text: str, status: int) -> Response:
    return Response(text, status, mimetype="text/plain", headers={"Cache-Control": "no-store"})


def _atom(
    feed: queries.Feed,
    path: str,
    notices: Sequence[Any],
    changes: Sequence[OfficialChange],
    annotations: Sequence[Annotation],
    *,
    since: datetime | None,
    **shown: str,
) -> Response:
    """A feed of the page at this path, with `notices` as `(notice, text, when it was last changed)`.

    `since` is the latest change apart from messages, such as a notice.
    """
    host = urlsplit(current_app.config["SITE"].site_url).hostname
    updated = max(filter(None, (feed.updated_at, since)), default=None)
    told = {
        "notices": notices,
        "changes": changes,
        "annotations": annotations,
        "updated": updated,
        "path": path,
        "host": host,
    }
    return Response(render_template("feeds/atom.xml", feed=feed, **told, **shown), mimetype="application/atom+xml")


def _most_pages() -> int:
    """How many pages a part of the sitemap may have, each listed in every language."""
    return queries.MOST_ADDRESSES // len(site_languages())


def _sitemap(pages: Iterable[dict[str, str]]) -> Response:
    """A part of the sitemap. A page has its addresses by language, and each lists the others as alternates."""
    return Response(render_template("feeds/sitemap_part.xml", pages=pages), mimetype="application/xml")


def _pages_of_site() -> Iterator[dict[str, str]]:
    found = queries.public_pages(GUEST)
    yield from (_addresses(name) for name in ("forums.home", "forums.portal", "forums.archive"))
    yield from (_addresses("pages.page", slug=slug) for slug in found.pages)
    for forum in found.forums:
        yield from (
            _addresses(name, forum_slug=forum) for name in ("forums.forum", "forums.groups", "moderation.record")
        )
    yield from (_addresses("forums.forum_page", forum_slug=forum, slug=slug) for forum, slug in found.forum_pages)
    yield from (_addresses("forums.group", forum_slug=forum, group_slug=slug) for forum, slug in found.groups)


def _addresses(endpoint: str, **values: object) -> dict[str, str]:
    site = absolute("")
    return {code: f"{site}{link_in(code, endpoint, **values)}" for code in site_languages()}


def _on_page(addresses: dict[str, str], page: int) -> dict[str, str]:
    return {code: f"{address}?page={page}" for code, address in addresses.items()} if page > 1 else addresses
