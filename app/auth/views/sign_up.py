"""Signing up, and confirming the email address."""

from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms.validators import ValidationError

from app.addresses import asked_destination, link, local_path
from app.auth import limits, tokens
from app.auth import sign_up as actions
from app.auth.blueprint import bp, form_page, mailed, to_correct, to_mailbox
from app.auth.forms import (
    EmailChoicesForm,
    EmailForm,
    NewPassword,
    PasswordField,
    ProfileForm,
    capacity_choices,
    language_choices,
    typed,
)
from app.auth.sign_in import sign_in
from app.auth.views.sign_in import let_in, this_browser
from app.forms import ChoiceField, Form, OnceForm, told_at_its_field
from app.languages import reader_language, text_in
from app.models import Capacity, Invitee
from app.viewer import viewer


class SignUpForm(OnceForm, EmailForm, ProfileForm, EmailChoicesForm):
    password = PasswordField(_l("Password"), _l("Choose a password."), [NewPassword()])
    language = ChoiceField(_l("Language of emails to you"))

    PROFILE = (*ProfileForm.PROFILE, "language")

    def __init__(self, *args: Any, invitee: Invitee | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = language_choices()
        self.capacity.choices = capacity_choices(invitee)
        self.invitee = invitee

    def validate_capacity(self, field: Any) -> None:
        """The Secretariat's is for whom it has invited; that the address is theirs is confirmed later."""
        if field.data == Capacity.SECRETARIAT and self.invitee and self.own_email != self.invitee.email:
            raise ValidationError(_("This capacity is valid only for the address to which the invitation was sent."))

    def validate(self, extra_validators: object = None) -> bool:
        """Ask for the password again if another field has to be corrected, since a password is never sent back."""
        valid = super().validate(extra_validators)
        if not valid and not self.password.errors:
            self._ask_for_password_again()
        return bool(valid)

    def refuse(self, message: str) -> None:
        """Give the form back with everything but the password, and with this message beside the address."""
        self.email.errors = [message]
        self._ask_for_password_again()

    def _ask_for_password_again(self) -> None:
        self.password.errors = [_("Please enter the password again: it is not kept when a form is returned.")]

    @property
    def profile(self) -> dict[str, Any]:
        return super().profile | self.choices

    @property
    def own_email(self) -> str:
        return typed(self.email)

    @property
    def proof(self) -> dict[str, str]:
        """The arguments of the action, other than the profile."""
        return {"email": self.own_email, "password": typed(self.password), "submission": typed(self.submission)}


class ConfirmForm(Form):
    password = PasswordField(_l("The password that you chose when you signed up"), _l("Enter your password."))


@bp.route("/auth/sign-up/", methods=["GET", "POST"])
def sign_up() -> ResponseReturnValue:
    if viewer().is_authenticated:
        return redirect(link("auth.account"))
    token = request.args.get("invitation", "")
    invitee = tokens.redeem_invitation(token)
    form = SignUpForm(obj=None, invitee=invitee, **(to_correct() or _stated(invitee)))
    if form.validate_on_submit():
        try:
            with limits.sign_ups(form.own_email):
                actions.sign_up(form.profile, **form.proof, destination=asked_destination())
        except limits.TooManyAttempts as error:
            form.refuse(str(error.message))
            page, _status = form_page("auth/sign_up.html", form)
            return page, error.status, {"Retry-After": str(error.retry_after)}
        return to_mailbox(form.own_email, **form.profile)
    shown = {"invited_to": text_in(invitee.forum) if invitee else None, "is_withdrawn": tokens.is_withdrawn(token)}
    return form_page("auth/sign_up.html", form, **shown)


def _stated(invitee: Invitee | None) -> dict[str, str]:
    """What an invitation says, to begin with."""
    if invitee is None:
        return {"language": reader_language().code}
    return {name: getattr(invitee, name) for name in ("email", *SignUpForm.PROFILE) if name != "title"}


@bp.get("/auth/check-mail/")
def check_mail() -> ResponseReturnValue:
    """The page after every form that sends a link, whatever the email says."""
    return render_template("auth/check_mail.html", destination=asked_destination(), mailed=mailed())


@bp.route("/auth/confirm/", methods=["GET", "POST"])
@limits.emails()
def new_confirmation() -> ResponseReturnValue:
    form = EmailForm(email=to_correct().get("email"))
    if form.validate_on_submit():
        destination = asked_destination()
        actions.ask_for_confirmation(typed(form.email), language=reader_language().code, destination=destination)
        return to_mailbox(typed(form.email))
    return form_page("auth/ask_for_link.html", form, for_password=False)


@bp.route("/auth/confirm/<token>/", methods=["GET", "POST"])
def confirm(token: str) -> ResponseReturnValue:
    """Opening the link changes nothing, since email programs open links automatically; only the form does. A person
    with the link and the password is signed in."""
    waiting, form = tokens.redeem_confirmation(token), ConfirmForm()
    email = waiting.email
    if form.validate_on_submit():
        with told_at_its_field(form):
            with limits.confirmations(waiting):
                actions.confirm(token, typed(form.password))
            user = sign_in(email, typed(form.password), browser=this_browser())
            answer = let_in(user, local_path(tokens.destination_of(token)) or link("forums.home"))
            flash(_("Your email address has been confirmed, and you are signed in."), "success")
            return answer
    return form_page("auth/confirm.html", form, user=waiting, is_only=actions.is_only_sign_up(waiting))
