"""The queue, a message with the acts that are possible on it, reporting a message, and the public record."""

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.addresses import asked_destination, asked_page, link
from app.database import utcnow
from app.errors import ChangedMeanwhile, HiddenMeanwhile
from app.forms import Form, given_back, unsaved_text
from app.forums.queries import get_forum, get_message
from app.forums.topic_queries import get_shown_message
from app.models import Message
from app.moderation import messages
from app.moderation.forms import STEPS, ReportForm, SeveralForm, new_form, sent_form
from app.moderation.queue import Case, get_case, get_queue, place_after, place_in_queue
from app.moderation.record import record_page, whole_record
from app.permissions import can, moderates, require
from app.turns import in_turn
from app.viewer import done_to, signed_in, signed_in_user, to_message, viewer

bp = Blueprint("moderation", __name__, url_prefix="/<language:lang>")


@bp.get("/moderation/")
@signed_in
def queue() -> ResponseReturnValue:
    found = get_queue(signed_in_user())
    return render_template("moderation/queue.html", queue=found, form=SeveralForm(), now=utcnow())


@bp.post("/moderation/approve/")
@signed_in
def approve_several() -> ResponseReturnValue:
    moderator = signed_in_user()
    require(moderator, "moderate_anything")
    form = SeveralForm()
    if not form.validate_on_submit() or not form.versions:
        flash(_("Tick the messages that you approve."), "error")
        return redirect(link("moderation.queue"))
    outcome = messages.approve_several(form.versions, by=moderator)
    published = [number for number, is_published in outcome.items() if is_published]
    left_out = [number for number, is_published in outcome.items() if not is_published]
    if published:
        flash(
            ngettext("%(num)s message has been published.", "%(num)s messages have been published.", len(published)),
            "success",
        )
    if not left_out:
        return redirect(link("moderation.queue", _anchor=place_after(max(published), viewer=moderator)))
    flash(
        ngettext(
            "%(num)s message was left out because it had been changed or decided on in the meantime: %(numbers)s.",
            "%(num)s messages were left out because they had been changed or decided on in the meantime: %(numbers)s.",
            len(left_out),
            numbers=", ".join(f"#{number}" for number in left_out),
        ),
        "error",
    )
    return redirect(link("moderation.queue"))


@bp.get("/moderation/messages/<int:number>/")
@signed_in
def message(number: int) -> ResponseReturnValue:
    return _message_page(get_case(number, viewer=signed_in_user()), {})


@bp.post("/moderation/messages/<int:number>/<any(approve,return,correct,withhold,restore,settle):name>/")
@signed_in
def act(number: int, name: str) -> ResponseReturnValue:
    moderator, step = signed_in_user(), STEPS[name]
    case = get_case(number, viewer=moderator)
    require(moderator, step.rule, case.message)
    place = place_in_queue(case.message, viewer=moderator)
    form = sent_form(name, case)
    if not form.validate_on_submit():
        return _message_page(case, {name: form}), form.status
    try:
        step.action(case.message, by=moderator, **form.asked)
    except ChangedMeanwhile as error:
        case = get_case(number, viewer=moderator)
        if name == "correct" and isinstance(error, HiddenMeanwhile):
            fresh = new_form(name, case)
            fresh.listed.data, fresh.words.data = form.listed.data, form.words.data
            unsaved = unsaved_text(form, fresh, "on_behalf_of")
            return _message_page(case, {name: fresh}, error.message, unsaved), error.status
        form = sent_form(name, case)
        form.version.data = case.version  # the page shows the present text, so the form can be sent again
        return _message_page(case, {name: form}, ChangedMeanwhile.message), error.status
    target = asked_destination()
    flash(_(step.done, number=number), done_to(number) if target else "success")
    return redirect(target or link("moderation.queue", _anchor=place))


@bp.route("/messages/<int:number>/report/", methods=["GET", "POST"])
@signed_in
def report(number: int) -> ResponseReturnValue:
    reader = signed_in_user()
    message = get_message(number, viewer=reader)
    require(reader, "report", message)
    form = ReportForm()
    if form.validate_on_submit():
        messages.report(message, reporter=reader, **form.asked)
        said = _("Thank you. Your report about message #%(number)s has been sent to the Secretariat.", number=number)
        return to_message(message, said)
    row = get_shown_message(number, viewer=reader)
    return render_template("moderation/report.html", message=message, row=row, form=form), 422 if form.errors else 200


@bp.get("/forums/<forum_slug>/record/")
def record(forum_slug: str) -> ResponseReturnValue:
    forum, now = get_forum(forum_slug, viewer=viewer()), utcnow()
    found = record_page(forum, asked_page(), now=now)
    names = moderates(viewer(), forum)
    return render_template("moderation/record.html", forum=forum, found=found, names=names, now=now)


@bp.get("/print/forums/<forum_slug>/record/")
@in_turn
def printed_record(forum_slug: str) -> ResponseReturnValue:
    """The whole record, earliest act first."""
    forum, now = get_forum(forum_slug, viewer=viewer()), utcnow()
    lines, names = whole_record(forum, now=now), moderates(viewer(), forum)
    return render_template("printing/record.html", forum=forum, lines=lines, names=names, now=now)


def _message_page(case: Case, sent: dict[str, Form], problem: object = "", unsaved: str = "") -> str:
    """The message with a form for each act that is possible now.

    `sent` has the form that was sent and not carried out. `problem` is an error that belongs to none of its fields, and
    `unsaved` is the typed text if it cannot be saved, by default the one that an earlier page gave back.
    """
    possible = [name for name, step in STEPS.items() if can(signed_in_user(), step.rule, case.message)]
    forms = {name: sent.get(name) or new_form(name, case) for name in possible if name != "settle" or case.open_reports}
    shown = {
        "case": case,
        "forms": forms,
        "sent": sent,
        "problem": problem,
        "unsaved": unsaved or given_back(Message.MAX_BODY),
        "steps": STEPS,
        "now": utcnow(),
        "destination": asked_destination(),
    }
    return render_template("moderation/message.html", **shown)
