"""Periods: add, change, call off, close now. Each form can show the state line that it leads to before it is sent."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import periods
from app.addresses import link
from app.admin.common_views import ask, done, done_already, here, refusal_text, show, steps_to
from app.admin.object_queries import refuse_if_archived
from app.admin.period_forms import PeriodForm
from app.database import utcnow
from app.forms import VersionedForm, carry_out
from app.languages import N_
from app.models import Forum, Group, Period, PeriodKind, State
from app.rows import fetch
from app.viewer import signed_in_user

bp = Blueprint("periods", __name__)

KIND = "<any(scheduled,extension,reopening):kind>"
HEADINGS = {
    "scheduled": N_("Add a scheduled period"),
    "extension": N_("Extend"),
    "reopening": N_("Reopen"),
}
HINTS = {
    "scheduled": N_(
        "The dates as they are announced before the forum opens. For a single group, they replace those of the forum's "
        "periods that they overlap and that have not begun; all others stay."
    ),
    "extension": N_("More time for a period, announced before it ends. Both deadlines stay in sight."),
    "reopening": N_("A new period after the last one has ended. All earlier dates stay in sight."),
}
KEPT = N_("The dates that were announced before stay in sight beside the new ones.")


@dataclass(frozen=True)
class Words:
    """What the page says that asks before a period goes."""

    heading: str
    explanation: str
    button: str
    done: str


CALLING_OFF = Words(
    N_("Call off the period"),
    N_("It will take no messages. Since it has been announced, it stays in sight, marked as called off."),
    N_("Call off the period"),
    N_("The period is called off."),
)
DELETING = Words(
    N_("Delete the period"),
    N_("Nobody has seen it yet, so nothing of it is kept but an entry in the log."),
    N_("Delete"),
    N_("It is deleted."),
)


@bp.route(f"/forums/<int:forum_id>/periods/{KIND}/", methods=["GET", "POST"])
def new(forum_id: int, kind: str) -> ResponseReturnValue:
    forum, form = _new_form(forum_id, kind)
    made = carry_out(
        form,
        lambda: periods.create(
            forum_id, PeriodKind(kind), **form.values, key=form.submission.data or "", viewer=signed_in_user()
        ),
    )
    return _saved(forum_id, form.group_id.data) if made is not None else _new_page(forum, kind, form)


@bp.route(f"/forums/<int:forum_id>/periods/{KIND}/preview/", methods=["GET", "POST"])
def preview_new(forum_id: int, kind: str) -> ResponseReturnValue:
    forum, form = _new_form(forum_id, kind)
    after = carry_out(form, lambda: periods.state_with_new(forum, kind, **form.values, now=utcnow()))
    return _new_page(forum, kind, form, after)


@bp.route("/periods/<int:period_id>/edit/", methods=["GET", "POST"])
def edit(period_id: int) -> ResponseReturnValue:
    period, forum, form = _edit_form(period_id)
    saved = carry_out(
        form,
        lambda: periods.update(period_id, **form.values, version=form.version.data, viewer=signed_in_user()),
        lambda: _form_of(period, forum, formdata=None),
    )
    return _saved(forum.id, period.group_id) if saved is not None else _edit_page(period, forum, form)


@bp.route("/periods/<int:period_id>/preview/", methods=["GET", "POST"])
def preview(period_id: int) -> ResponseReturnValue:
    period, forum, form = _edit_form(period_id)
    after = carry_out(form, lambda: periods.state_with_change(forum, period, **form.values, now=utcnow()))
    return _edit_page(period, forum, form, after)


@bp.route("/periods/<int:period_id>/delete/", methods=["GET", "POST"])
def delete(period_id: int) -> ResponseReturnValue:
    period, forum = periods.get_period(period_id)
    words = CALLING_OFF if periods.stays_in_sight(forum) else DELETING
    form, viewer, back = VersionedForm(), signed_in_user(), _forum_page(forum.id)
    called_off = carry_out(form, lambda: periods.call_off(period_id, version=form.version.data, viewer=viewer))
    if called_off is not None:
        return done(_(words.done), back) if called_off else done_already(back)
    return ask(
        _(words.heading),
        steps_to(forum),
        form=form,
        version=periods.version_of_period(period),
        period=period,
        refusal=refusal_text(periods.deletion_refusal(forum, period, utcnow())),
        explanation=_(words.explanation),
        button=_(words.button),
        back=back,
    )


@bp.route("/forums/<int:forum_id>/close/", methods=["GET", "POST"])
def close(forum_id: int) -> ResponseReturnValue:
    return _close(fetch(Forum, forum_id), None, _("Close the forum now"), _("The forum is closed."))


@bp.route("/groups/<int:group_id>/close/", methods=["GET", "POST"])
def close_group(group_id: int) -> ResponseReturnValue:
    found = fetch(Group, group_id)
    heading = _("Close group %(number)s now", number=found.number)
    return _close(found.forum, found, heading, _("Group %(number)s is closed.", number=found.number))


def _close(forum: Forum, group: Group | None, heading: str, closed: str) -> ResponseReturnValue:
    now, group_id = utcnow(), group.id if group else None
    form, viewer, back = VersionedForm(), signed_in_user(), _page_of(forum.id, group_id)
    ended = carry_out(form, lambda: periods.close_now(forum.id, group_id, version=form.version.data, viewer=viewer))
    if ended is not None:
        return done(closed, back) if ended else done_already(back)
    return ask(
        heading,
        steps_to(group or forum),
        form=form,
        version=periods.version_of_life(forum),
        refusal=refusal_text(periods.closing_refusal(forum, group_id, now)),
        explanation=_(
            "The period that is running ends at once, and extensions of it that have not begun are called off. "
            "What was announced stays in sight."
        ),
        before=periods.state_now(forum, group_id, now),
        after=periods.state_after_closing(forum, group_id, now),
        now=now,
        button=_("Close now"),
        back=back,
    )


def _new_form(forum_id: int, kind: str) -> tuple[Forum, PeriodForm]:
    """The form of a new period: an extension begins at the last moment that holds now, others in a minute."""
    forum, now = fetch(Forum, forum_id), utcnow()
    refuse_if_archived(forum)
    asked = request.values.get("group_id", type=int)
    group_id = asked if asked in forum.group_numbers else None
    state = periods.state_of_own(forum, group_id, now)
    deadline = state.deadline if kind == PeriodKind.EXTENSION else None
    form = PeriodForm(group_id=group_id or 0, opens_at=deadline or (now + timedelta(minutes=1)).replace(second=0))
    form.offer_groups(forum)
    return forum, form


def _edit_form(period_id: int) -> tuple[Period, Forum, PeriodForm]:
    """The form of a period that may be changed. Raises the error that says why it may not."""
    period, forum = periods.get_period(period_id)
    refusal = periods.change_refusal(forum, period, utcnow())
    if refusal:
        raise refusal
    return period, forum, _form_of(period, forum)


def _form_of(period: Period, forum: Forum, **source: Any) -> PeriodForm:
    """The form of a period; with `formdata=None` of what is stored, whatever was sent."""
    form = PeriodForm(obj=period, version=periods.version_of_period(period), **source)
    form.fit_to(period, is_fixed=periods.is_fixed(forum, period, utcnow()))
    return form


def _new_page(forum: Forum, kind: str, form: PeriodForm, after: State | None = None) -> ResponseReturnValue:
    heading = _(HEADINGS[kind])
    group = next((group for group in forum.groups if group.id == form.group_id.data), None)
    group_id = group.id if group else None
    return show(
        "admin/period.html",
        heading,
        [*steps_to(group or forum), here(heading)],
        form=form,
        forum=forum,
        action=link("admin.periods.new", forum_id=forum.id, kind=kind),
        preview=link("admin.periods.preview_new", forum_id=forum.id, kind=kind),
        hint=_(HINTS[kind]),
        back=_page_of(forum.id, group_id),
        periods=periods.periods_for(forum, group_id) if group_id else forum.periods_told,
        before=periods.state_now(forum, group_id, utcnow()),
        after=after,
        now=utcnow(),
    )


def _edit_page(period: Period, forum: Forum, form: PeriodForm, after: State | None = None) -> ResponseReturnValue:
    heading = _("Edit the period")
    return show(
        "admin/period.html",
        heading,
        [*steps_to(forum), here(heading)],
        form=form,
        forum=forum,
        period=period,
        action=link("admin.periods.edit", period_id=period.id),
        preview=link("admin.periods.preview", period_id=period.id),
        hint=_(KEPT) if periods.stays_in_sight(forum) else "",
        back=_page_of(forum.id, period.group_id),
        periods=forum.periods_told,
        before=periods.state_now(forum, period.group_id, utcnow()),
        after=after,
        now=utcnow(),
    )


def _saved(forum_id: int, group_id: int | None) -> ResponseReturnValue:
    return done(_("The period is saved. The state line below follows from it."), _page_of(forum_id, group_id))


def _page_of(forum_id: int, group_id: int | None) -> str:
    return link("admin.forums.group", group_id=group_id) if group_id else _forum_page(forum_id)


def _forum_page(forum_id: int) -> str:
    return link("admin.forums.show", forum_id=forum_id)
