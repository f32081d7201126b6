"""Reading: portal, archive, forums, groups, topics, messages."""

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.addresses import alternates, link, page_number
from app.database import utcnow
from app.errors import NotFound
from app.forums import queries, topic_queries
from app.forums.history_queries import get_history
from app.languages import reader_language, site_default
from app.models import PageKind
from app.pages.queries import find_page
from app.permissions import can, moderates, moderates_forum
from app.viewer import viewer

bp = Blueprint("forums", __name__, url_prefix="/<language:lang>")


@bp.get("/portal/")
def portal() -> ResponseReturnValue:
    return render_template(
        "forums/portal.html", page=find_page(PageKind.PORTAL), portal=queries.get_portal(viewer()), now=utcnow()
    )


@bp.get("/archive/")
def archive() -> ResponseReturnValue:
    return render_template(
        "forums/archive.html", page=find_page(PageKind.ARCHIVE), forums=queries.list_archived(viewer()), now=utcnow()
    )


@bp.get("/forums/<forum_slug>/")
def forum(forum_slug: str) -> ResponseReturnValue:
    found = queries.get_forum(forum_slug, viewer=viewer())
    counts = queries.count_participants(found)
    return render_template("forums/forum.html", forum=found, now=utcnow(), counts=counts)


@bp.get("/forums/<forum_slug>/pages/<slug>/")
def forum_page(forum_slug: str, slug: str) -> ResponseReturnValue:
    found, page = queries.get_forum_page(forum_slug, slug, viewer=viewer())
    return render_template("forums/forum_page.html", forum=found, page=page, now=utcnow())


@bp.get("/forums/<forum_slug>/groups/")
def groups(forum_slug: str) -> ResponseReturnValue:
    found = queries.get_forum(forum_slug, viewer=viewer())
    queries.load_questions(found)
    topics, answers = queries.topics_by_group(found, viewer=viewer()), queries.count_answers(found)
    return render_template("forums/groups.html", forum=found, now=utcnow(), topics=topics, answers=answers)


@bp.get("/forums/<forum_slug>/groups/<group_slug>/")
def group(forum_slug: str, group_slug: str) -> ResponseReturnValue:
    found = queries.get_group(forum_slug, group_slug, viewer=viewer())
    topics = queries.list_topics(found, asked_page(), viewer=viewer())
    return render_template(
        "forums/group.html",
        group=found,
        now=utcnow(),
        topics=topics,
        answers=queries.count_answers(found.forum),
        can_start=can(viewer(), "start_topic", found),
    )


@bp.get("/topics/<int:topic_id>/")
def topic(topic_id: int) -> ResponseReturnValue:
    language = reader_language()
    shown = topic_queries.get_topic_page(
        topic_id, asked_page(), viewer=viewer(), language=language.code, default=site_default().code
    )
    if shown.head.merged_into_id:
        return redirect(link("forums.topic", topic_id=shown.head.merged_into_id))
    elsewhere = [other for other in alternates() if other[0] != language.code]
    moderating = moderates_forum(viewer(), shown.head.forum_id)
    return render_template("forums/topic.html", topic=shown, now=utcnow(), elsewhere=elsewhere, moderates=moderating)


@bp.get("/messages/<int:number>/")
def message(number: int) -> ResponseReturnValue:
    """To the message in its topic."""
    found = topic_queries.get_message_row(number, viewer=viewer())
    return redirect(message_address(found.topic_id, found.position, number))


@bp.get("/messages/<int:number>/history/")
def history(number: int) -> ResponseReturnValue:
    found = get_history(number, asked_page(), viewer=viewer())
    names = moderates(viewer(), found.message.topic.group.forum)
    return render_template("forums/history.html", history=found, names=names)


def message_address(topic_id: int, position: int | None, number: int) -> str:
    """Where a message stands; one without a place yet is shown on every page of its topic."""
    page = topic_queries.page_of(position or 1)
    values = {"page": page} if page > 1 else {}
    return link("forums.topic", topic_id=topic_id, **values, _anchor=f"message-{number}")


def asked_page() -> int:
    """The page number asked for, 1 by default. Raises NotFound where it is no number of a page."""
    asked = page_number(request.args.get("page", "1"))
    if asked is None:
        raise NotFound
    return asked
