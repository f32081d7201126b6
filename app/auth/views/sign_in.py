"""Signing in and out, choosing a new password if it is forgotten, and ending sign-ins, which the account page lists."""

from flask import flash, make_response, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.addresses import asked_destination, link
from app.auth import account, known_browsers, limits, tokens
from app.auth import sign_in as actions
from app.auth.blueprint import bp, form_page, to_correct, to_mailbox
from app.auth.emails import normal_email
from app.auth.forms import EmailField, EmailForm, NewPasswordForm, PasswordField, typed
from app.auth.sign_in import MAX_BROWSER
from app.auth.views.second_step import ask_for_code
from app.errors import NotConfirmed, Suspended, WrongCredentials
from app.forms import AtMost, Form, Required
from app.languages import reader_language
from app.models import User
from app.plain import plain_line
from app.viewer import begin_session, signed_in, signed_in_user, viewer


class SignInForm(Form):
    names_secretariat = False  # true if only the Secretariat can help

    email = EmailField(
        _l("Email address"), validators=[Required(_l("Enter your email address.")), AtMost(User.MAX_EMAIL)]
    )
    password = PasswordField(_l("Password"), _l("Enter your password."))


@bp.route("/auth/sign-in/", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    target = asked_destination() or link("forums.home")
    if viewer().is_authenticated:
        return redirect(target)
    form = SignInForm()
    if form.validate_on_submit():
        try:
            return _sign_in(form, target)
        except (WrongCredentials, NotConfirmed, Suspended) as error:
            form.email.errors = [str(error.message)]
            form.names_secretariat = error.names_secretariat
    return form_page("auth/sign_in.html", form)


@bp.post("/auth/sign-out/")
def sign_out() -> ResponseReturnValue:
    if viewer().is_authenticated:
        actions.sign_out(signed_in_user())
    session.clear()
    return redirect(link("forums.home"))


@bp.route("/auth/forgot/", methods=["GET", "POST"])
@limits.emails()
def forgot() -> ResponseReturnValue:
    form = EmailForm(email=to_correct().get("email"))
    if form.validate_on_submit():
        account.ask_for_reset(typed(form.email), language=reader_language().code)
        return to_mailbox(typed(form.email))
    return form_page("auth/ask_for_link.html", form, for_password=True)


@bp.route("/auth/reset/<token>/", methods=["GET", "POST"])
def reset(token: str) -> ResponseReturnValue:
    user = tokens.redeem(tokens.RESET, token)
    form = NewPasswordForm(own_email=user.email)
    if form.validate_on_submit():
        account.reset_password(token, typed(form.new_password))
        flash(_("Your new password has been set. You can now sign in with it."), "success")
        return known_browsers.remember(make_response(redirect(link("auth.sign_in"))), user.email)
    return form_page("auth/reset.html", form, user=user)


@bp.post("/account/sign-ins/<int:sign_in_id>/end/")
@signed_in
def end_sign_in(sign_in_id: int) -> ResponseReturnValue:
    actions.end(signed_in_user(), sign_in_id)
    flash(_("The session has been ended."), "success")
    return redirect(link("auth.account", _anchor="sign-ins"))


@bp.post("/account/sign-ins/end-others/")
@signed_in
def end_other_sign_ins() -> ResponseReturnValue:
    actions.end_all_others(signed_in_user())
    flash(_("All your other sessions have been ended."), "success")
    return redirect(link("auth.account", _anchor="sign-ins"))


def _sign_in(form: SignInForm, target: str) -> ResponseReturnValue:
    """Begin the session, or go on to the second step. Raises the errors of `limits.passwords` and `actions.sign_in`."""
    email, destination = normal_email(typed(form.email)), asked_destination()
    with limits.passwords(email or typed(form.email)):
        user = actions.sign_in(email, typed(form.password), browser=this_browser(), destination=destination)
    return let_in(user, target)


def this_browser() -> str:
    return plain_line(request.user_agent.string, MAX_BROWSER)


def let_in(user: User, target: str) -> ResponseReturnValue:
    """Begin the session of a user who has given the right password, or go on to the second step."""
    if not user.session_token:
        return ask_for_code(user, target)
    begin_session(user)
    if user.refuses_mail:
        flash(_("Your address has refused several emails. Your account page says what you can do."), "error")
    return known_browsers.remember(make_response(redirect(target)), user.email)
