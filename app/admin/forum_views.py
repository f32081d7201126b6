"""Forums: their list, the page on which each is run, its groups, and the steps of its life."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.addresses import link
from app.admin import forum_actions, period_queries
from app.admin.common_views import ask, done, done_already, here, refusal_text, show, steps_to
from app.admin.forum_queries import get_whole_forum, list_forums, names_of_invited
from app.admin.object_queries import fetch
from app.database import utcnow
from app.forums.queries import load_questions
from app.languages import reader_language
from app.models import Forum, Group
from app.templating import text_in
from app.viewer import signed_in_user

bp = Blueprint("forums", __name__)


@bp.get("/forums/")
def index() -> ResponseReturnValue:
    heading = _("Forums")
    return show("admin/forums.html", heading, [here(heading)], forums=list_forums(), now=utcnow())


@bp.get("/forums/<int:forum_id>/", endpoint="show")
def show_forum(forum_id: int) -> ResponseReturnValue:
    found, now = get_whole_forum(forum_id), utcnow()
    text = text_in(found)
    return show(
        "admin/forum.html",
        text.short_title,
        steps_to(found),
        forum=found,
        now=now,
        invited=names_of_invited(found, reader_language()),
        heading_language=text.language,
        rules=period_queries,
        steps_possible=forum_actions.possible_steps(found, now),
        words=forum_actions.STEPS,
    )


@bp.get("/groups/<int:group_id>/")
def group(group_id: int) -> ResponseReturnValue:
    found, now = fetch(Group, group_id), utcnow()
    load_questions(found.forum)
    heading = _("Group %(number)s", number=found.number)
    return show("admin/group.html", heading, steps_to(found), group=found, now=now, rules=period_queries)


@bp.route("/forums/<int:forum_id>/<any(publish,unpublish,archive,unarchive):name>/", methods=["GET", "POST"])
def step(forum_id: int, name: str) -> ResponseReturnValue:
    words, back = forum_actions.STEPS[name], link("admin.forums.show", forum_id=forum_id)
    if request.method == "GET":
        return _ask_for_step(fetch(Forum, forum_id), words, back)
    taken = forum_actions.take_step(forum_id, name, viewer=signed_in_user())
    return done(_(words.done), back) if taken else done_already(back)


def _ask_for_step(forum: Forum, words: forum_actions.Step, back: str) -> ResponseReturnValue:
    now = utcnow()
    return ask(
        _(words.heading),
        steps_to(forum),
        name=text_in(forum).title,
        refusal=refusal_text(words.refusal(forum, now)),
        explanation=_(words.explanation),
        before=forum.state(now),
        now=now,
        button=_(words.button),
        back=back,
    )
