"""The second step: taken when signing in, set up and turned off on the account pages."""

from urllib.parse import urlencode

from flask import current_app, flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.addresses import asked_destination, link
from app.auth import known_browsers, limits, tokens
from app.auth import second_step as actions
from app.auth.blueprint import bp, form_page
from app.auth.forms import CodeForm, ProofForm, typed
from app.auth.second_step import count_recovery_codes
from app.auth.sign_in import MAX_BROWSER
from app.errors import SecondStepIsOn
from app.forms import Form, carry_out
from app.models import User
from app.plain import plain_line
from app.viewer import await_second_step, awaited_second_step, begin_session, signed_in, signed_in_user, viewer


@bp.route("/auth/second-step/", methods=["GET", "POST"])
def second_step_code() -> ResponseReturnValue:
    """Asks for the code after the password, if the account has a second step."""
    target = asked_destination() or link("forums.home")
    _user_id, token = awaited_second_step()
    if not token:
        return redirect(target if viewer().is_authenticated else link("auth.sign_in"))
    form, asked = CodeForm(), tokens.redeem(actions.SECOND_STEP, token)
    user = carry_out(form, lambda: _take(asked, token, typed(form.code)))
    if user is None:
        return form_page("auth/second_step_code.html", form)
    begin_session(user)
    _tell_codes_left(user, typed(form.code))
    return known_browsers.remember(make_response(redirect(target)), user.email)


@bp.route("/account/second-step/", methods=["GET", "POST"])
@limits.per_person("password", counts=limits.FAILED)
@signed_in
def second_step() -> ResponseReturnValue:
    """The second step of the account or, if it has none, the secret and the form to set one up."""
    user, form = signed_in_user(), ProofForm()
    if user.totp_secret and form.is_submitted():
        raise SecondStepIsOn
    if user.totp_secret:
        return render_template("auth/second_step.html", codes_left=count_recovery_codes(user), is_needed=_is_needed())
    codes = carry_out(form, lambda: actions.set_up(user, password=typed(form.password), code=typed(form.code)))
    return _codes_page(codes) if codes else _set_up_page(form, user)


@bp.route("/account/second-step/codes/", methods=["GET", "POST"])
@limits.per_person("password", counts=limits.FAILED)
@signed_in
def recovery_codes() -> ResponseReturnValue:
    user, form = signed_in_user(), ProofForm()
    if user.totp_secret is None:
        return redirect(link("auth.second_step"))
    given = {"password": typed(form.password), "code": typed(form.code)}
    codes = carry_out(form, lambda: actions.renew_recovery_codes(user, **given))
    return _codes_page(codes) if codes else form_page("auth/recovery_codes.html", form)


@bp.route("/account/second-step/off/", methods=["GET", "POST"])
@limits.per_person("password", counts=limits.FAILED)
@signed_in
def turn_off_second_step() -> ResponseReturnValue:
    user, form = signed_in_user(), ProofForm()
    if user.totp_secret is None:
        return redirect(link("auth.second_step"))
    if carry_out(form, lambda: actions.turn_off(user, password=typed(form.password), code=typed(form.code))):
        flash(_("Two-step sign-in has been turned off. You now sign in with your password only."), "success")
        return redirect(link("auth.account"))
    return form_page("auth/second_step_off.html", form, is_needed=_is_needed())


def ask_for_code(user: User, target: str) -> ResponseReturnValue:
    """Go on from the right password to the code."""
    await_second_step(user, tokens.make(actions.SECOND_STEP, user))
    return redirect(f"{link('auth.second_step_code')}?{urlencode({'next': target})}")


def _take(user: User, token: str, code: str) -> User:
    """Sign in with the code. Raises the errors of `limits.codes` and `actions.take`."""
    with limits.codes(user):
        return actions.take(token, code, browser=plain_line(request.user_agent.string, MAX_BROWSER))


def _set_up_page(form: Form, user: User) -> ResponseReturnValue:
    secret = actions.secret_for(user.session_token, user.totp_last_step)
    site_name = current_app.config["SITE"].site_name
    address = actions.enrolment(secret, email=user.email, site_name=site_name)
    shown = {"secret": actions.in_groups(secret), "qr": actions.qr_code(address), "address": address}
    return _not_stored(form_page("auth/second_step_set_up.html", form, is_needed=_is_needed(), **shown))


def _codes_page(codes: list[str]) -> ResponseReturnValue:
    return _not_stored(render_template("auth/second_step_codes.html", codes=codes, target=asked_destination() or ""))


def _not_stored(answer: ResponseReturnValue) -> ResponseReturnValue:
    response = make_response(answer)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _is_needed() -> bool:
    """Whether this person cannot administer the site without a second step."""
    return viewer().is_admin and current_app.config["SITE"].require_second_step_for_admins


def _tell_codes_left(user: User, code: str) -> None:
    """Tell someone who had to use a recovery code how many are left."""
    if actions.is_recovery_code(code):
        left = count_recovery_codes(user)
        flash(
            ngettext("You have %(num)s recovery code left.", "You have %(num)s recovery codes left.", left), "success"
        )
