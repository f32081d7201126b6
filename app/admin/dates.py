"""Periods: add, change, cancel, close now. Each form can show the status line that it leads to before it is sent."""

from datetime import timedelta
from functools import partial
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import selectinload

from app import periods
from app.addresses import link
from app.admin.frame import Words, about, ask, done, show, steps_to
from app.database import utcnow
from app.errors import ForumError
from app.forms import ChoiceField, LastMomentField, MomentField, OnceForm, VersionedForm, carry_out
from app.languages import N_, text_in
from app.models import Forum, Group, Period, PeriodKind, State
from app.permissions import require_forum_takes
from app.rows import fetch
from app.viewer import signed_in_user

bp = Blueprint("periods", __name__)

KIND = "<any(scheduled,extension,reopening):kind>"
HEADINGS = {
    "first": N_("Set the dates"),
    "scheduled": N_("Add a scheduled period"),
    "extension": N_("Extend the deadline"),
    "reopening": N_("Reopen"),
}
HINTS = {
    "scheduled": N_(
        "The dates as announced before the forum opens. For a single group, they replace any of the"
        " forum’s periods that they overlap and that have not begun; all others remain."
    ),
    "extension": N_("An extension, announced before the present deadline has passed. Both deadlines remain visible."),
    "reopening": N_("A new period after the last one has ended. All earlier dates remain visible."),
}
KEPT = N_("Dates already announced remain visible beside the new ones.")


# By whether the period has been announced.
REMOVAL = {
    True: Words(
        N_("Cancel this period"),
        N_(
            "No messages will be accepted in it. As it has been announced, it will remain visible, marked as cancelled."
        ),
        N_("Cancel this period"),
        N_("The period has been cancelled."),
    ),
    False: Words(
        N_("Delete the period"),
        N_("It has not been published, so nothing is kept of it except an entry in the log."),
        N_("Delete"),
        N_("Deleted."),
    ),
}


class PeriodForm(OnceForm, VersionedForm):
    group_id = ChoiceField(_l("For"), coerce=lambda value: int(value) or None)
    opens_at = MomentField(_l("Opens"))
    closes_at = LastMomentField(
        _l("Deadline for messages (inclusive)"),
        description=_l("Date and time in UTC. The whole of that minute is included."),
    )

    def fit_to_new(self, forum: Forum, kind: str) -> None:
        """A new period is for the forum as a whole, or for one of its groups; an extension has no opening field,
        since it begins at their present deadline."""
        if kind == PeriodKind.EXTENSION:
            del self.opens_at
            self.closes_at.label.text = _("New deadline")
        self.group_id.description = _(
            "A group that follows the forum’s periods will keep them as its own, so that what was "
            "announced for it is preserved, and the new period will be added. Later changes to the "
            "forum’s periods will not apply to it."
        )
        groups = [
            (group.id, _("Group %(number)s: %(title)s", number=group.number, title=text_in(group).title))
            for group in forum.groups
        ]
        self.group_id.offer([(0, _("The whole forum")), *groups])

    def fit_to(self, period: Period, *, is_fixed: bool) -> None:
        """A period stays where it is, and one that has begun keeps its opening."""
        del self.group_id
        if is_fixed:
            self.closes_at.description = _(
                "Date and time in UTC. The whole of that minute is included. The deadline can be brought "
                "forward, though not into the past. To allow more time, add an extension."
            )
            del self.opens_at

    @property
    def values(self) -> dict[str, Any]:
        """What the actions take; a field that the form does not have is left out."""
        return {name: self[name].data for name in ("group_id", "opens_at", "closes_at") if name in self}


@bp.route(f"/forums/<int:forum_id>/periods/{KIND}/", methods=["GET", "POST"], defaults={"only_shows": False})
@bp.route(
    f"/forums/<int:forum_id>/periods/{KIND}/preview/",
    methods=["GET", "POST"],
    defaults={"only_shows": True},
    endpoint="preview_new",
)
def new(forum_id: int, kind: str, only_shows: bool) -> ResponseReturnValue:
    forum, now = fetch(Forum, forum_id, selectinload(Forum.groups).selectinload(Group.texts)), utcnow()
    require_forum_takes("periods", forum, "create")
    asked = request.values.get("group_id", type=int)
    group_id = asked if asked in forum.group_numbers else None
    version, opens_at = periods.version_of_life(forum), (now + timedelta(minutes=1)).replace(second=0)
    form = PeriodForm(group_id=group_id or 0, opens_at=opens_at, version=version)
    form.fit_to_new(forum, kind)
    result = carry_out(
        form,
        lambda: _take_new(forum, kind, form, only_shows=only_shows),
        lambda: _form_of_latest(forum, kind, form.group_id.data),
    )
    if isinstance(result, int):
        return _saved(forum_id)
    group_id = form.group_id.data if form.group_id.data in forum.group_numbers else None
    address = {"forum_id": forum.id, "kind": kind}
    heading = HEADINGS["first" if periods.has_none(forum) else kind]
    return _page(
        _(heading),
        forum,
        group_id,
        form,
        action=link("admin.periods.new", **address),
        preview=link("admin.periods.preview_new", **address),
        hint=_(HINTS[kind]),
        adds=True,
        periods=periods.periods_for(forum, group_id) if group_id else forum.periods_told,
        after=result,
    )


@bp.route("/periods/<int:period_id>/edit/", methods=["GET", "POST"], defaults={"only_shows": False})
@bp.route(
    "/periods/<int:period_id>/preview/", methods=["GET", "POST"], defaults={"only_shows": True}, endpoint="preview"
)
def edit(period_id: int, only_shows: bool) -> ResponseReturnValue:
    period, forum = periods.get_period(period_id)
    if refusal := periods.change_refusal(forum, period, utcnow()):
        raise refusal
    form, viewer = _form_of(period, forum), signed_in_user()
    result = carry_out(
        form,
        lambda: (
            periods.state_with_change(forum, period, **form.values, now=utcnow())
            if only_shows
            else periods.update(period_id, **form.values, version=form.version.data, viewer=viewer)
        ),
        lambda: _form_of(period, forum, formdata=None),
    )
    if isinstance(result, int):
        return _saved(forum.id)
    return _page(
        _("Edit the period"),
        forum,
        period.group_id,
        form,
        period=period,
        action=link("admin.periods.edit", period_id=period.id),
        preview=link("admin.periods.preview", period_id=period.id),
        hint=_(KEPT) if periods.stays_in_sight(forum) else "",
        periods=forum.periods_told,
        after=result,
    )


@bp.route("/periods/<int:period_id>/delete/", methods=["GET", "POST"])
def delete(period_id: int) -> ResponseReturnValue:
    period, forum = periods.get_period(period_id)
    words = Words(*map(_, REMOVAL[periods.stays_in_sight(forum)]))

    def asked() -> dict[str, Any]:
        refusal = periods.deletion_refusal(forum, period, utcnow())
        return {"version": periods.version_of_period(period), "period": period, "refusal": refusal, "forum": forum}

    return ask(words, steps_to(forum), partial(periods.call_off, period_id), asked, back=_page_of(forum.id))


@bp.route("/forums/<int:forum_id>/close/", methods=["GET", "POST"])
def close(forum_id: int) -> ResponseReturnValue:
    return _close(fetch(Forum, forum_id), None, _("Close the forum now"), _("The forum has been closed."))


@bp.route("/groups/<int:group_id>/close/", methods=["GET", "POST"])
def close_group(group_id: int) -> ResponseReturnValue:
    found = fetch(Group, group_id)
    heading = _("Close group %(number)s now", number=found.number)
    return _close(found.forum, found.id, heading, _("Group %(number)s has been closed.", number=found.number))


def _close(forum: Forum, group_id: int | None, heading: str, closed: str) -> ResponseReturnValue:
    explanation = _(
        "The current period will end immediately, and any of its extensions that have not begun will be "
        "cancelled. What was announced will remain visible."
    )
    words = Words(heading, explanation, _("Close now"), closed)

    def asked() -> dict[str, Any]:
        now = utcnow()
        return {
            "version": periods.version_of_life(forum),
            "refusal": periods.closing_refusal(forum, group_id, now),
            "before": periods.state_now(forum, group_id, now),
            "after": periods.state_after_closing(forum, group_id, now),
            "now": now,
            "forum": forum,
        }

    take = partial(periods.close_now, forum.id, group_id)
    return ask(words, steps_to(forum), take, asked, back=_page_of(forum.id))


def _take_new(forum: Forum, kind: str, form: PeriodForm, *, only_shows: bool) -> int | State:
    """Add a period, or compute the state that it would lead to. The form of an extension has no opening at which to
    tell what is wrong with it."""
    try:
        added = periods.NewPeriod(PeriodKind(kind), **form.values)
        if only_shows:
            return periods.state_with_new(forum, added, utcnow())
        key, version = form.submission.data or "", form.version.data
        return periods.create(forum.id, added, key=key, version=version, viewer=signed_in_user())
    except ForumError as error:
        if kind == PeriodKind.EXTENSION and error.field == "opens_at":
            error.field = "closes_at"
        raise


def _form_of_latest(forum: Forum, kind: str, group_id: int | None) -> PeriodForm:
    """The form of a new period with the dates that stand now, to compare with those typed: of an extension the present
    deadline, otherwise those of the last period."""
    scope = group_id if group_id in forum.group_numbers else None
    form = PeriodForm(formdata=None, obj=periods.latest(forum, scope), version=periods.version_of_life(forum))
    form.group_id.data = group_id
    if kind == PeriodKind.EXTENSION:
        form.closes_at.data = periods.state_of_own(forum, scope, utcnow()).deadline
    form.fit_to_new(forum, kind)
    return form


def _form_of(period: Period, forum: Forum, **source: Any) -> PeriodForm:
    """The form of a period; with `formdata=None` of what is stored, whatever was sent."""
    form = PeriodForm(obj=period, version=periods.version_of_period(period), **source)
    form.fit_to(period, is_fixed=periods.is_fixed(forum, period, utcnow()))
    return form


def _page(heading: str, forum: Forum, group_id: int | None, form: PeriodForm, **context: Any) -> ResponseReturnValue:
    now = utcnow()
    context |= {"forum": forum, "about": about(forum), "back": _page_of(forum.id), "now": now}
    before = periods.state_now(forum, group_id, now)
    return show("admin/period.html", heading, steps_to(forum), form=form, before=before, **context)


def _saved(forum_id: int) -> ResponseReturnValue:
    return done(_("The period has been saved. The status shown below reflects it."), _page_of(forum_id))


def _page_of(forum_id: int) -> str:
    return link("admin.forums.show", forum_id=forum_id, _anchor="dates")
