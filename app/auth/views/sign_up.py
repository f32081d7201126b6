"""Signing up, and confirming the address."""

from typing import Any

from flask import flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.addresses import asked_destination, link, local_path
from app.attempts import TooManyAttempts
from app.auth import limits, tokens
from app.auth import sign_up as actions
from app.auth.blueprint import bp, form_page
from app.auth.forms import (
    EmailField,
    EmailForm,
    NewPassword,
    PasswordField,
    ProfileForm,
    checked_email,
    language_choices,
    typed,
)
from app.auth.sign_up import is_only_sign_up
from app.errors import NotTheirPassword
from app.forms import AtMost, ChoiceField, Form, OnceForm, Required
from app.languages import reader_language
from app.models import User
from app.viewer import viewer


class SignUpForm(OnceForm, ProfileForm):
    email = EmailField(
        _l("E-mail address"), validators=[Required(_l("Write your e-mail address.")), AtMost(User.MAX_EMAIL)]
    )
    password = PasswordField(_l("Password"), _l("Choose a password."), [NewPassword()])
    language = ChoiceField(_l("Language for mails to you"))

    PROFILE = (*ProfileForm.PROFILE, "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = language_choices()

    def validate_email(self, field: Any) -> None:
        field.data = checked_email(field.data)

    def validate(self, extra_validators: object = None) -> bool:
        """A password is never sent back; so whoever has to correct something else is told to write it again."""
        valid = super().validate(extra_validators)
        if not valid and not self.password.errors:
            self._ask_for_password_again()
        return bool(valid)

    def refuse(self, message: str) -> None:
        """Give the form back with all that was chosen and typed but the password, and say why beside the address."""
        self.email.errors = [message]
        self._ask_for_password_again()

    def _ask_for_password_again(self) -> None:
        self.password.errors = [_("Please write the password again: it is not kept when the form comes back.")]

    @property
    def own_email(self) -> str:
        return typed(self.email)

    @property
    def proof(self) -> dict[str, str]:
        """What the action takes besides the profile."""
        return {"email": self.own_email, "password": typed(self.password), "submission": typed(self.submission)}


class ConfirmForm(Form):
    password = PasswordField(_l("The password that you chose when you signed up"), _l("Write your password."))


@bp.route("/auth/sign-up/", methods=["GET", "POST"])
def sign_up() -> ResponseReturnValue:
    if viewer().is_authenticated:
        return redirect(link("auth.account"))
    form = SignUpForm(language=reader_language().code)
    if form.validate_on_submit():
        try:
            with limits.sign_ups(form.own_email):
                actions.sign_up(form.profile, **form.proof, destination=asked_destination())
        except TooManyAttempts as error:
            form.refuse(str(error.message))
            page, _status = form_page("auth/sign_up.html", form)
            return page, error.status, {"Retry-After": str(error.retry_after)}
        return redirect(link("auth.check_mail", next=asked_destination()))
    return form_page("auth/sign_up.html", form)


@bp.get("/auth/check-mail/")
def check_mail() -> ResponseReturnValue:
    """Where every form that sends a link leads, whatever the mail says."""
    return render_template("auth/check_mail.html", destination=asked_destination())


@bp.route("/auth/confirm/", methods=["GET", "POST"])
@limits.emails()
def new_confirmation() -> ResponseReturnValue:
    form = EmailForm()
    if form.validate_on_submit():
        destination = asked_destination()
        language = reader_language().code
        actions.ask_for_confirmation(typed(form.email), language=language, destination=destination)
        return redirect(link("auth.check_mail", next=destination))
    return form_page("auth/new_confirmation.html", form)


@bp.route("/auth/confirm/<token>/", methods=["GET", "POST"])
def confirm(token: str) -> ResponseReturnValue:
    """Opening the link changes nothing, since mail programs open links by themselves; the form does."""
    waiting, form = tokens.redeem_confirmation(token), ConfirmForm()
    if form.validate_on_submit():
        try:
            with limits.confirmations(waiting):
                actions.confirm(token, typed(form.password))
        except NotTheirPassword as error:
            form.password.errors = [error.message]
        else:
            flash(_("Your e-mail address is confirmed. You can now sign in."), "success")
            return redirect(link("auth.sign_in", next=local_path(tokens.destination_of(token))))
    return form_page("auth/confirm.html", form, user=waiting, is_only=is_only_sign_up(waiting))
