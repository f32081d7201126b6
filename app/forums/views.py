"""Reading: home, portal, archive, forums, groups, topics, messages."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from app.addresses import asked_page, link
from app.database import utcnow
from app.forums import news_queries, queries, topic_queries
from app.forums.annotation_queries import list_annotations
from app.forums.history_queries import get_history
from app.languages import preferred, reader_language, site_languages
from app.models import Forum, PageKind, Viewer
from app.pages.queries import find_page
from app.permissions import can, is_invited, moderates, moderates_in, posting_refusal
from app.viewer import new_since, viewer

bp = Blueprint("forums", __name__, url_prefix="/<language:lang>")


@bp.get("/")
def home() -> ResponseReturnValue:
    page, forums = find_page(PageKind.HOME), queries.list_open(viewer())
    return render_template("forums/home.html", page=page, forums=forums, now=utcnow(), new=_new_in(forums))


@bp.get("/portal/")
def portal() -> ResponseReturnValue:
    found = queries.get_portal(viewer())
    new = _new_in([*found.open, *found.planned, *found.closed])
    return render_template("forums/portal.html", page=find_page(PageKind.PORTAL), portal=found, now=utcnow(), new=new)


@bp.get("/archive/")
def archive() -> ResponseReturnValue:
    return render_template(
        "forums/archive.html", page=find_page(PageKind.ARCHIVE), forums=queries.list_archived(viewer()), now=utcnow()
    )


@bp.get("/forums/<forum_slug>/")
def forum(forum_slug: str) -> ResponseReturnValue:
    found = queries.get_forum(forum_slug, viewer=viewer())
    return render_template(
        "forums/forum.html",
        forum=found,
        now=utcnow(),
        held=queries.count_kept(found),
        latest=queries.latest_by_group(found),
        new=news_queries.new_in_groups(found, viewer=viewer(), since=new_since()),
        annotations=list_annotations(found.id),
        moderators=queries.named_moderators(found, reader_language()),
        invited=is_invited(viewer(), found.id),
        sees_figures=can(viewer(), "see_figures", found),
    )


@bp.get("/forums/<forum_slug>/pages/<slug>/")
def forum_page(forum_slug: str, slug: str) -> ResponseReturnValue:
    found, page = queries.get_forum_page(forum_slug, slug, viewer=viewer())
    return render_template("forums/forum_page.html", forum=found, page=page, now=utcnow())


@bp.get("/forums/<forum_slug>/groups/")
def groups(forum_slug: str) -> ResponseReturnValue:
    found = queries.get_forum_and_groups(forum_slug, viewer=viewer())
    topics = queries.topics_by_group(found, viewer=viewer())
    return render_template(
        "forums/groups.html",
        forum=found,
        now=utcnow(),
        topics=topics,
        new=_new_in_topics([topic for of_group in topics.values() for topic in of_group]),
        new_in_groups=news_queries.new_in_groups(found, viewer=viewer(), since=new_since()),
        corrections=queries.list_corrections(found),
        starts={one.id for one in found.groups if can(viewer(), "post", one)},
        annotations=list_annotations(found.id),
        invited=is_invited(viewer(), found.id),
    )


@bp.get("/forums/<forum_slug>/latest/")
def latest(forum_slug: str) -> ResponseReturnValue:
    found = queries.get_forum_and_pages(forum_slug, viewer=viewer())
    listed = news_queries.list_latest(found, asked_page(), **preferred())
    new = news_queries.new_among(listed.messages, viewer=viewer(), since=new_since())
    return render_template("forums/latest.html", forum=found, found=listed, new=new, now=utcnow())


@bp.get("/forums/<forum_slug>/groups/<group_slug>/")
def group(forum_slug: str, group_slug: str) -> ResponseReturnValue:
    found = queries.get_group(forum_slug, group_slug, viewer=viewer())
    question = queries.get_question(found, request.args.get("question", 0, type=int))
    topics = queries.list_topics(found, asked_page(), question=question, viewer=viewer())
    return render_template(
        "forums/group.html",
        group=found,
        now=utcnow(),
        topics=topics,
        new=_new_in_topics(topics.rows),
        question=question,
        annotations=list_annotations(found.forum_id),
        can_start=can(viewer(), "post", found),
        can_enter=can(viewer(), "start_topic", found),
        can_sign_in=can(viewer(), "sign_in_to_post", found),
        invited=is_invited(viewer(), found.forum_id),
    )


@bp.get("/topics/<int:topic_id>/")
def topic(topic_id: int) -> ResponseReturnValue:
    reader, now = viewer(), utcnow()
    shown = topic_queries.get_topic_page(topic_id, asked_page(), viewer=reader, now=now, **preferred())
    if shown.head.merged_into_id:
        return redirect(link("forums.topic", topic_id=shown.head.merged_into_id))
    return render_template(
        "forums/topic.html",
        topic=shown,
        now=now,
        viewer=reader,
        first_new=_new_in_topics([shown.head]).get(topic_id),
        new=news_queries.new_among(shown.messages, viewer=reader, since=new_since()),
        **_possible_in(shown, reader),
    )


@bp.get("/messages/<int:number>/")
def message(number: int) -> ResponseReturnValue:
    """The message alone, which says where it stands."""
    reader = viewer()
    shown = topic_queries.get_message_page(number, viewer=reader, now=utcnow(), **preferred())
    new = news_queries.new_among([shown.message], viewer=reader, since=new_since())
    return render_template("forums/message.html", shown=shown, viewer=reader, new=new, **_possible_in(shown, reader))


@bp.get("/messages/<int:number>/history/")
def history(number: int) -> ResponseReturnValue:
    found = get_history(number, asked_page(), viewer=viewer())
    names = moderates(viewer(), found.message.topic.group.forum)
    return render_template("forums/history.html", history=found, names=names)


def _new_in(forums: Sequence[Forum]) -> dict[int, int]:
    """How much is new in forums to the reader."""
    return news_queries.new_in_forums(forums, viewer=viewer(), since=new_since())


def _new_in_topics(topics: Sequence[Any]) -> dict[int, Row[Any]]:
    """The same for topics, and where it begins."""
    return news_queries.new_in_topics([topic.id for topic in topics], viewer=viewer(), since=new_since())


def _possible_in(shown: topic_queries.TopicPage | topic_queries.MessagePage, reader: Viewer) -> dict[str, object]:
    """What the reader can do in a topic; signed-out readers are shown what they could do once signed in."""
    head = shown.head
    if not reader.is_authenticated:
        return {
            "takes_answers": shown.posting.takes_messages,
            "can_post": False,
            "can_enter": False,
            "reported": (),
            "moderated": (),
        }
    can_post = posting_refusal(reader, shown.posting) is None
    return {
        "takes_answers": can_post,
        "can_post": can_post,
        "can_enter": posting_refusal(reader, shown.posting, late=True) is None,
        "invited": is_invited(reader, head.forum_id),
        "can_moderate": moderates_in(reader, head.forum_id) and not head.archived_at,
        "reported": topic_queries.reported_by(reader, shown.numbers),
        "moderated": [code for code in site_languages() if moderates_in(reader, head.forum_id, code)],
    }
