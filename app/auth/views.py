"""Accounts: signing up, in and out, links from mails, and a person's own pages."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.addresses import asked_destination, link, link_in, local_path
from app.auth import (
    actions,
    email_change_views,
    known_browsers,
    leaving_views,
    limits,
    own_data_views,
    queries,
    second_step_views,
    sign_in_views,
    sign_up_actions,
    tokens,
)
from app.auth.emails import normal_email
from app.auth.forms import (
    ConfirmForm,
    EmailForm,
    LanguageForm,
    OwnProfileForm,
    PasswordForm,
    ResetForm,
    SignInForm,
    SignUpForm,
    typed,
)
from app.auth.own_data_queries import get_own_data
from app.auth.sign_ins import MAX_BROWSER
from app.auth.sign_up_queries import is_only_sign_up
from app.errors import NotConfirmed, NotTheirPassword, Suspended, WrongCredentials, WrongPassword
from app.forms import Form, VersionedForm, carry_out
from app.languages import reader_language, site_languages, speaking
from app.models import User
from app.moderation.queries import list_own_unpublished, why_returned
from app.plain import plain_line
from app.turns import in_turn
from app.versions import version_of
from app.viewer import begin_session, signed_in, signed_in_user, viewer

bp = Blueprint("auth", __name__, url_prefix="/<language:lang>")
for part in (sign_in_views, second_step_views, email_change_views, own_data_views, leaving_views):
    bp.register_blueprint(part.bp)


@bp.route("/auth/sign-up/", methods=["GET", "POST"])
@limits.per_network("sign_up")
@limits.per_network_and_account("sign_up")
def sign_up() -> ResponseReturnValue:
    if viewer().is_authenticated:
        return redirect(link("auth.account"))
    form = SignUpForm(language=reader_language().code)
    if form.validate_on_submit():
        sign_up_actions.sign_up(form.profile, **form.proof, destination=asked_destination())
        return redirect(link("auth.check_mail", next=asked_destination()))
    return _form_page("auth/sign_up.html", form)


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
        sign_up_actions.ask_for_confirmation(typed(form.email), language=language, destination=destination)
        return redirect(link("auth.check_mail", next=destination))
    return _form_page("auth/new_confirmation.html", form)


@bp.route("/auth/confirm/<token>/", methods=["GET", "POST"])
def confirm(token: str) -> ResponseReturnValue:
    """Opening the link changes nothing, since mail programs open links by themselves; the form does."""
    waiting, form = tokens.redeem_confirmation(token), ConfirmForm()
    if form.validate_on_submit():
        try:
            with limits.confirmations(waiting):
                sign_up_actions.confirm(token, typed(form.password))
        except NotTheirPassword as error:
            form.password.errors = [error.message]
        else:
            flash(_("Your e-mail address is confirmed. You can now sign in."), "success")
            return redirect(link("auth.sign_in", next=local_path(tokens.destination_of(token))))
    return _form_page("auth/confirm.html", form, user=waiting, is_only=is_only_sign_up(waiting))


@bp.route("/auth/sign-in/", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    target = asked_destination() or link("pages.home")
    if viewer().is_authenticated:
        return redirect(target)
    form = SignInForm()
    if form.validate_on_submit():
        try:
            return _sign_in(form, target)
        except (WrongCredentials, NotConfirmed, Suspended) as error:
            form.email.errors = [str(error.message)]
            form.names_secretariat = error.names_secretariat
    return _form_page("auth/sign_in.html", form)


@bp.post("/auth/sign-out/")
def sign_out() -> ResponseReturnValue:
    if viewer().is_authenticated:
        actions.sign_out(signed_in_user())
    session.clear()
    return redirect(link("pages.home"))


@bp.route("/auth/forgot/", methods=["GET", "POST"])
@limits.emails()
def forgot() -> ResponseReturnValue:
    form = EmailForm()
    if form.validate_on_submit():
        actions.ask_for_reset(typed(form.email), language=reader_language().code)
        return redirect(link("auth.check_mail"))
    return _form_page("auth/forgot.html", form)


@bp.route("/auth/reset/<token>/", methods=["GET", "POST"])
def reset(token: str) -> ResponseReturnValue:
    user = tokens.redeem(tokens.RESET, token)
    form = ResetForm(own_email=user.email)
    if form.validate_on_submit():
        actions.reset_password(token, typed(form.new_password))
        flash(_("Your new password is set. You can now sign in with it."), "success")
        return known_browsers.remember(make_response(redirect(link("auth.sign_in"))), user.email)
    return _form_page("auth/reset.html", form, user=user)


@bp.get("/account/")
@signed_in
def account() -> ResponseReturnValue:
    user = signed_in_user()
    unpublished = list_own_unpublished(user)
    return render_template(
        "auth/account.html",
        user=user,
        sign_ins=queries.list_sign_ins(user),
        unpublished=unpublished,
        returned=why_returned(unpublished),
    )


@bp.route("/account/profile/", methods=["GET", "POST"])
@signed_in
def profile() -> ResponseReturnValue:
    user = signed_in_user()
    form = _own_profile(user)
    if _change(user, form, form.profile, lambda: _own_profile(user, formdata=None)):
        flash(_("Your profile is changed."), "success")
        return redirect(link("auth.account"))
    return _form_page("auth/profile.html", form)


@bp.route("/account/language/", methods=["GET", "POST"])
@signed_in
def language() -> ResponseReturnValue:
    """The answer comes in the language that was chosen."""
    user = signed_in_user()
    form = _own_language(user)
    if _change(user, form, {"language": form.language.data}, lambda: _own_language(user, formdata=None)):
        chosen = site_languages()[user.language]
        with speaking(chosen):
            flash(_("Your language is changed."), "success")
        return redirect(link_in(chosen.code, "auth.account"))
    return _form_page("auth/language.html", form)


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
    return _form_page("auth/password.html", form)


@bp.get("/account/data/")
@signed_in
@in_turn
def own_data() -> ResponseReturnValue:
    user = signed_in_user()
    return render_template("auth/own_data.html", user=user, data=get_own_data(user))


def _own_profile(user: User, **source: Any) -> OwnProfileForm:
    """The form of a person's own profile; with `formdata=None` of what is stored, whatever was sent."""
    return OwnProfileForm(obj=user, version=version_of(user, OwnProfileForm.PROFILE), **source)


def _own_language(user: User, **source: Any) -> LanguageForm:
    """The same for the language."""
    return LanguageForm(obj=user, version=version_of(user, ("language",)), **source)


def _change(user: User, form: VersionedForm, values: dict[str, Any], stored: Callable[[], VersionedForm]) -> bool:
    """Whether the form was sent and these columns have their values now."""

    def change() -> bool:
        actions.change_profile(user, values, version=form.version.data)
        return True

    return carry_out(form, change, stored) or False


def _sign_in(form: SignInForm, target: str) -> ResponseReturnValue:
    """Begin the session, or go on to the second step. Raises as `limits.passwords` and `actions.sign_in`."""
    browser = plain_line(request.user_agent.string, MAX_BROWSER)
    email, destination = normal_email(typed(form.email)), asked_destination()
    with limits.passwords(email or typed(form.email)):
        user = actions.sign_in(email, typed(form.password), browser=browser, destination=destination)
    if not user.session_token:
        return second_step_views.ask_for_code(user, target)
    begin_session(user)
    return known_browsers.remember(make_response(redirect(target)), user.email)


def _form_page(template: str, form: Form, **shown: object) -> ResponseReturnValue:
    return render_template(template, form=form, destination=asked_destination(), **shown), form.status
