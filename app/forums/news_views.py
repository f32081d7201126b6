"""What is for a person alone: what is new since the last visit, replies, and the person's contributions."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.addresses import asked_page
from app.forums import news_queries
from app.languages import preferred
from app.viewer import new_since, signed_in, signed_in_user
from app.writing import why_returned

bp = Blueprint("news", __name__, url_prefix="/<language:lang>")


@bp.get("/new/")
@signed_in
def new() -> ResponseReturnValue:
    user, since = signed_in_user(), new_since()
    found = news_queries.list_new(asked_page(), viewer=user, since=since, **preferred())
    new_answers = news_queries.count_new_answers(user, since=since)
    return render_template("forums/new.html", found=found, since=since, new_answers=new_answers)


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
    own, places = news_queries.list_own(user, asked_page(), **preferred())
    new_answers = news_queries.count_new_answers(user, since=new_since())
    return render_template(
        "forums/contributions.html",
        own=own,
        places=places,
        returned=why_returned(own.rows),
        new_answers=new_answers,
    )
