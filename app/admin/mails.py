"""Mails that could not be delivered, and what is done about one."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.addresses import link
from app.admin.frame import done, here, show
from app.auth import undelivered
from app.auth.forms import EmailField, EmailForm
from app.errors import AlreadyDecided
from app.forms import AtMost, ChoiceField, Required, VersionedForm, carry_out
from app.invitees import find_invitees
from app.labels import person_name
from app.languages import reader_language
from app.models import Mail, SignUp, User
from app.rows import fetch
from app.viewer import signed_in_user

bp = Blueprint("mails", __name__)


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


@bp.get("/mails/<int:mail_id>/", endpoint="mail")
@bp.route("/mails/<int:mail_id>/<any(again,address,confirm):step>/", methods=["GET", "POST"], endpoint="step")
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
    return show("admin/mail.html", heading, [here(heading)], form=form, **shown)


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
