"""Printer-friendly views: the same queries and the same message macro as the screen."""

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue

from app.addresses import link
from app.database import utcnow
from app.forums import queries, topic_queries
from app.languages import reader_language, site_default
from app.models import PageKind
from app.moderation.record import whole_record
from app.pages.queries import get_page
from app.printing.proceedings import collect
from app.turns import in_turn
from app.viewer import viewer

bp = Blueprint("printing", __name__, url_prefix="/<language:lang>/print")


@bp.get("/pages/<slug>/")
def page(slug: str) -> ResponseReturnValue:
    found = get_page(slug)
    portal = queries.get_portal(viewer()) if found.kind in {PageKind.HOME, PageKind.PORTAL} else None
    archived = queries.list_archived(viewer()) if found.kind == PageKind.ARCHIVE else []
    return render_template("printing/page.html", page=found, portal=portal, archived=archived, now=utcnow())


@bp.get("/forums/<forum_slug>/")
@in_turn
def forum(forum_slug: str) -> ResponseReturnValue:
    """All pages, groups and messages of a forum as one document."""
    found = queries.get_forum(forum_slug, viewer=viewer())
    queries.load_questions(found)
    now = utcnow()
    shown = {"held": queries.count_kept(found), "moderators": queries.named_moderators(found, reader_language())}
    groups, record = collect(found.groups), whole_record(found, now=now)
    return render_template("printing/forum.html", forum=found, groups=groups, record=record, now=now, **shown)


@bp.get("/forums/<forum_slug>/pages/<slug>/")
def forum_page(forum_slug: str, slug: str) -> ResponseReturnValue:
    found, page = queries.get_forum_page(forum_slug, slug, viewer=viewer())
    return render_template("printing/forum_page.html", forum=found, page=page, now=utcnow())


@bp.get("/forums/<forum_slug>/groups/<group_slug>/")
@in_turn
def group(forum_slug: str, group_slug: str) -> ResponseReturnValue:
    found = queries.get_group(forum_slug, group_slug, viewer=viewer())
    return render_template("printing/group.html", printed=collect([found])[0], forum=found.forum, now=utcnow())


@bp.get("/topics/<int:topic_id>/")
@in_turn
def topic(topic_id: int) -> ResponseReturnValue:
    now = utcnow()
    shown = topic_queries.get_topic_page(
        topic_id, None, viewer=viewer(), language=reader_language().code, default=site_default().code, now=now
    )
    if shown.head.merged_into_id:
        return redirect(link("printing.topic", topic_id=shown.head.merged_into_id))
    return render_template("printing/topic.html", topic=shown, now=now)


@bp.get("/messages/<int:number>/")
def message(number: int) -> ResponseReturnValue:
    found = topic_queries.get_shown_message(number, viewer=viewer())
    shown = topic_queries.get_topic_head(
        found.topic_id, viewer=viewer(), language=reader_language().code, default=site_default().code
    )
    return render_template("printing/message.html", m=found, head=shown, now=utcnow())
