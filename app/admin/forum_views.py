"""Forums: their list, the page on which each is run, its groups, and the steps of its life."""

from datetime import datetime
from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import periods
from app.addresses import link
from app.admin import forum_actions, object_actions
from app.admin.common_views import ask, done, done_already, here, refusal_text, show, steps_to
from app.admin.forum_queries import (
    get_whole_forum,
    kept_groups,
    kept_questions,
    list_forums,
    names_of_invited,
    what_is_missing,
)
from app.admin.object_queries import KINDS
from app.database import utcnow
from app.forms import VersionedForm, carry_out
from app.forums.queries import load_questions
from app.languages import reader_language, text_in
from app.models import Forum, Group
from app.rows import fetch
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
        lacks=what_is_missing(found),
        kept_groups=kept_groups(found),
        **_possible(found, None, now),
        steps_possible=forum_actions.possible_steps(found, now),
        words=forum_actions.STEPS,
    )


@bp.get("/groups/<int:group_id>/")
def group(group_id: int) -> ResponseReturnValue:
    found, now = fetch(Group, group_id), utcnow()
    load_questions(found.forum)
    heading = _("Group %(number)s", number=found.number)
    shown = {"group": found, "now": now, "kept_questions": kept_questions(found), **_possible(found.forum, found, now)}
    return show("admin/group.html", heading, steps_to(found), **shown)


@bp.route("/forums/<int:forum_id>/<any(publish,unpublish,archive,unarchive):name>/", methods=["GET", "POST"])
def step(forum_id: int, name: str) -> ResponseReturnValue:
    words, back = forum_actions.STEPS[name], link("admin.forums.show", forum_id=forum_id)
    form, viewer = VersionedForm(), signed_in_user()
    taken = carry_out(form, lambda: forum_actions.take_step(forum_id, name, version=form.version.data, viewer=viewer))
    if taken is None:
        return _ask_for_step(get_whole_forum(forum_id), words, form, back)
    return done(_(words.done), back) if taken else done_already(back)


def _ask_for_step(forum: Forum, words: forum_actions.Step, form: VersionedForm, back: str) -> ResponseReturnValue:
    now = utcnow()
    return ask(
        _(words.heading),
        steps_to(forum),
        form=form,
        version=periods.version_of_life(forum),
        name=text_in(forum).title,
        refusal=refusal_text(words.refusal(forum, now)),
        explanation=_(words.explanation),
        lacks=[] if forum.published_at else what_is_missing(forum),
        before=forum.state(now),
        now=now,
        button=_(words.button),
        back=back,
    )


def _possible(forum: Forum, group: Group | None, now: datetime) -> dict[str, Any]:
    """What can be done about a forum or one of its groups, and with its periods."""
    group_id = group.id if group else None
    return {
        "rules": periods,
        "period_kinds": periods.kinds_possible(forum, group_id, now),
        "can_close": bool(periods.running_periods(forum, group_id, now)),
        "can_delete": not object_actions.deletion_refusal(KINDS["groups" if group else "forums"], group or forum),
    }
