"""Choosing another password, with the one that is forgotten or without it."""

from flask import flash, make_response, redirect
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.addresses import link
from app.auth import account as actions
from app.auth import known_browsers, limits, tokens
from app.auth.blueprint import bp, form_page
from app.auth.forms import EmailForm, NewPassword, OwnEmail, PasswordField, typed
from app.errors import WrongPassword
from app.forms import Form
from app.languages import reader_language
from app.viewer import signed_in, signed_in_user


class ResetForm(OwnEmail, Form):
    new_password = PasswordField(_l("New password"), _l("Choose a password."), [NewPassword()])


class PasswordForm(OwnEmail, Form):
    password = PasswordField(_l("Present password"), _l("Write your present password."))
    new_password = PasswordField(_l("New password"), _l("Choose a password."), [NewPassword()])


@bp.route("/auth/forgot/", methods=["GET", "POST"])
@limits.emails()
def forgot() -> ResponseReturnValue:
    form = EmailForm()
    if form.validate_on_submit():
        actions.ask_for_reset(typed(form.email), language=reader_language().code)
        return redirect(link("auth.check_mail"))
    return form_page("auth/forgot.html", form)


@bp.route("/auth/reset/<token>/", methods=["GET", "POST"])
def reset(token: str) -> ResponseReturnValue:
    user = tokens.redeem(tokens.RESET, token)
    form = ResetForm(own_email=user.email)
    if form.validate_on_submit():
        actions.reset_password(token, typed(form.new_password))
        flash(_("Your new password is set. You can now sign in with it."), "success")
        return known_browsers.remember(make_response(redirect(link("auth.sign_in"))), user.email)
    return form_page("auth/reset.html", form, user=user)


@bp.route("/account/password/", methods=["GET", "POST"])
@limits.per_person("password", counts=limits.FAILED)
@signed_in
def password() -> ResponseReturnValue:
    user = signed_in_user()
    form = PasswordForm(own_email=user.email)
    if form.validate_on_submit():
        try:
            actions.change_password(user, current=typed(form.password), new=typed(form.new_password))
        except WrongPassword as error:
            form.password.errors = [error.message]
        else:
            flash(_("Your password is changed. You are signed out everywhere else."), "success")
            return redirect(link("auth.account"))
    return form_page("auth/password.html", form)
