"""The first page: what to do now, and the first steps of an empty site; and what it leads to: a mail that could not be
delivered, and the site's own pages and reasons."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app import periods
from app.addresses import link
from app.admin.forums import list_forums
from app.admin.frame import done, show
from app.admin.kinds import COMPLETE
from app.admin.texts import list_lines
from app.auth import undelivered
from app.auth.forms import EmailField, EmailForm
from app.begin import provisional_pages
from app.database import utcnow
from app.errors import AlreadyDecided
from app.forms import AtMost, ChoiceField, Required, VersionedForm, carry_out
from app.invitees import find_invitees
from app.labels import person_name
from app.languages import reader_language, site_languages, text_in
from app.mail.queries import count_failed, failed_mails
from app.models import Forum, Mail, SignUp, User
from app.moderation.queue import count_of_queue, list_reasons
from app.pages.queries import list_pages
from app.printing.renditions import not_as_they_should_be
from app.rows import fetch
from app.viewer import signed_in_user, viewer

SHOWN = 5  # of the texts to write

bp = Blueprint("site", __name__)
mails = Blueprint("mails", __name__)


def home() -> ResponseReturnValue:
    """What waits for the administration."""
    now, forums = utcnow(), list_forums()
    lines = [line for line in list_lines() if line.worst != COMPLETE]
    return render_template(
        "admin/start.html",
        heading=_("Overview"),
        steps=[(_("Administration"), link("admin.home"), "")],
        now=now,
        forums=forums,
        waiting=count_of_queue(viewer()),
        lines=lines[:SHOWN],
        lines_in_all=len(lines),
        codes=list(site_languages()),
        deadlines=periods.deadlines(forums, now),
        failed=failed_mails(),
        failed_in_all=count_failed(),
        renditions=not_as_they_should_be(),
        first_steps=_first_steps(forums),
    )


@bp.get("/site/")
def index() -> ResponseReturnValue:
    pages = list_pages()
    parents = {page.parent_id for _depth, page in pages}
    return show("admin/site.html", _("Site"), [], pages=pages, parents=parents, reasons=list_reasons())


class Step(NamedTuple):
    """What is to be done on a new site, and where; `codes` are the languages in which it is still to be done."""

    text: str
    path: str
    is_done: bool
    codes: Sequence[str] = ()


def _first_steps(forums: Sequence[Forum]) -> list[Step]:
    """The steps of a new site, those that are done among them; none once all are done."""
    steps = [
        Step(
            _("Replace the provisional text: %(title)s", title=text_in(page).title),
            link("admin.objects.edit", kind_name="pages", key=page.id),
            not codes,
            codes,
        )
        for page, codes in provisional_pages()
    ]
    steps.append(Step(_("Add the first forum"), link("admin.objects.new", kind_name="forums"), bool(forums)))
    return [] if all(step.is_done for step in steps) else steps


# A mail that could not be delivered


class AddressForm(EmailForm, VersionedForm):
    email = EmailField(
        _l("Correct address"), validators=[Required(_l("Enter the correct address.")), AtMost(User.MAX_EMAIL)]
    )


class ConfirmForm(VersionedForm):
    sign_up = ChoiceField(_l("Sign-up"), coerce=lambda value: int(value or 0))

    def offer(self, waiting: list[SignUp]) -> None:
        """Ask which of several sign-ups it is; the password of the chosen one is valid then."""
        moment = reader_language().moment
        self.sign_up.offer([(one.id, f"{one.name}, {moment(one.renewed_at)}") for one in waiting])
        if not waiting:
            del self.sign_up


@mails.get("/mails/<int:mail_id>/", endpoint="mail")
@mails.route("/mails/<int:mail_id>/<any(again,address,confirm):step>/", methods=["GET", "POST"], endpoint="step")
def mail(mail_id: int, step: str = "") -> ResponseReturnValue:
    found = fetch(Mail, mail_id)
    user, waiting = undelivered.people_of(found)
    given: dict[str, Any] = {} if step == "address" and request.method == "POST" else {"formdata": None}
    forms: dict[str, VersionedForm] = {"again": VersionedForm(), "address": AddressForm(**given)}
    if waiting or (user and not user.confirmed_at):
        forms["confirm"] = confirming = ConfirmForm()
        confirming.offer(waiting)
    form = forms.get(step)
    if request.method == "POST" and form is None:
        raise AlreadyDecided  # the account has been confirmed meanwhile
    answer = carry_out(form, lambda: _take(step, mail_id, form)) if form else None
    if answer is not None:
        return answer
    for name, one in forms.items():
        one.shows(undelivered.version_of_mail(found))
        one.named(name)
    invitees = [] if user or waiting else list(find_invitees(found.recipient))
    names = [person_name(user)] if user else [one.name for one in waiting] + [one.name for one in invitees]
    heading = _("Email to %(address)s", address=found.recipient)
    shown = {"mail": found, "forms": forms, "user": user, "whose": "".join(names[:1]), "invited": bool(invitees)}
    return show("admin/mail.html", heading, [], form=form, **shown)


def _take(step: str, mail_id: int, form: Any) -> ResponseReturnValue:
    sent = {"version": form.version.data, "viewer": signed_in_user()}
    if step == "again":
        undelivered.send_again(mail_id, **sent)
        return done(_("The email is being sent again."), link("admin.home"))
    if step == "address":
        undelivered.correct_address(mail_id, form.email.data, **sent)
        return done(_("The address has been corrected, and an email is being sent to it."), link("admin.home"))
    chosen = form.sign_up.data if "sign_up" in form else None
    key = undelivered.confirm_by_hand(mail_id, chosen, **sent)
    return done(_("The account has been confirmed."), link("admin.people.person", user_id=key))
