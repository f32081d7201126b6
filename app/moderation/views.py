"""Moderation: the queue, and one message with all that can be done about it."""

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.addresses import link
from app.database import utcnow
from app.errors import ChangedMeanwhile, HiddenMeanwhile
from app.forms import Form
from app.moderation.act_forms import STEPS, given_back, new_form, sent_form
from app.moderation.queue_queries import Case, get_case, get_queue
from app.permissions import can, require
from app.viewer import signed_in, signed_in_user

bp = Blueprint("moderation", __name__, url_prefix="/<language:lang>/moderation")


@bp.get("/")
@signed_in
def queue() -> ResponseReturnValue:
    return render_template("moderation/queue.html", queue=get_queue(signed_in_user()))


@bp.get("/messages/<int:number>/")
@signed_in
def message(number: int) -> ResponseReturnValue:
    return _message_page(get_case(number, viewer=signed_in_user()), {})


@bp.post("/messages/<int:number>/<any(approve,return,correct,withhold,restore,settle):name>/")
@signed_in
def act(number: int, name: str) -> ResponseReturnValue:
    moderator, step = signed_in_user(), STEPS[name]
    case = get_case(number, viewer=moderator)
    require(moderator, step.rule, case.message)
    form = sent_form(name, case)
    if not form.validate_on_submit():
        return _message_page(case, {name: form}), 422
    try:
        step.action(case.message, by=moderator, **form.asked)
    except ChangedMeanwhile as error:
        case = get_case(number, viewer=moderator)
        if name == "correct" and isinstance(error, HiddenMeanwhile):
            return _message_page(case, {name: new_form(name, case)}, error.message, form.body.data), error.status
        return _message_page(case, {name: given_back(name, case)}, ChangedMeanwhile.message), error.status
    flash(_(step.done, number=number), "success")
    return redirect(link("moderation.queue"))


def _message_page(case: Case, sent: dict[str, Form], problem: object = "", unsaved: str = "") -> str:
    """The message with a form for each act that is possible now; one that was sent and not carried out as it was
    sent, with the `problem` where it is none of its fields', and the text that cannot be saved as it was typed."""
    possible = [name for name, step in STEPS.items() if can(signed_in_user(), step.rule, case.message)]
    forms = {name: sent.get(name) or new_form(name, case) for name in possible if name != "settle" or case.open_reports}
    shown = {
        "case": case,
        "forms": forms,
        "sent": sent,
        "problem": problem,
        "unsaved": unsaved,
        "steps": STEPS,
        "now": utcnow(),
    }
    return render_template("moderation/message.html", **shown)
