"""What is for a person alone: what is new since the last visit, replies, and the person's contributions."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.addresses import asked_page
from app.database import utcnow
from app.forums import news_queries, queries
from app.forums.annotation_queries import list_published
from app.languages import preferred
from app.models import Forum
from app.plain import plain_identifier
from app.viewer import new_since, signed_in, signed_in_user
from app.writing import why_returned

bp = Blueprint("news", __name__, url_prefix="/<language:lang>")


@bp.get("/new/")
@signed_in
def new() -> ResponseReturnValue:
    """What is new in all forums, or in the one that is asked for. At the first visit, nothing is but what is published
    during it, so the forums that are open are named."""
    user, since, now = signed_in_user(), new_since(), utcnow()
    slug = plain_identifier(request.args.get("forum", ""), Forum.MAX_SLUG)
    forum = queries.get_forum_and_pages(slug, viewer=user) if slug else None
    is_first = user.visit_began_at is not None and user.new_since == user.visit_began_at
    found = news_queries.list_new(asked_page(), viewer=user, since=since, forum=forum, **preferred())
    official, official_is_cut = (
        list_published(viewer=user, since=since, now=now, forum=forum) if since and found.page == 1 else ([], False)
    )
    return render_template(
        "forums/new.html",
        found=found,
        official=official,
        official_is_cut=official_is_cut,
        since=since,
        forum=forum,
        open_forums=queries.list_open(user) if is_first else None,
        new_answers=news_queries.count_new_answers(user, since=since),
        now=now,
    )


@bp.get("/new/answers/")
@signed_in
def answers() -> ResponseReturnValue:
    user, since = signed_in_user(), new_since()
    found = news_queries.list_answers(asked_page(), user=user, **preferred())
    return render_template(
        "forums/answers.html",
        found=found,
        new=news_queries.new_among(found.messages, viewer=user, since=since),
        new_answers=news_queries.count_new_answers(user, since=since),
    )


@bp.get("/account/contributions/")
@signed_in
def contributions() -> ResponseReturnValue:
    user = signed_in_user()
    own = news_queries.list_own(user, asked_page(), **preferred())
    new_answers = news_queries.count_new_answers(user, since=new_since())
    return render_template(
        "forums/contributions.html",
        own=own,
        returned=why_returned(own.messages),
        new_answers=new_answers,
    )
