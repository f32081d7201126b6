"""Changing one's e-mail address."""

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.addresses import link
from app.auth import email_change as actions
from app.auth import limits
from app.auth.email_change import get_email_change
from app.auth.forms import EmailField, EmailForm, PasswordProofForm, carry_out, typed
from app.forms import AtMost, Form, Required
from app.models import User
from app.viewer import signed_in, signed_in_user, viewer

bp = Blueprint("email_change", __name__)


class EmailChangeForm(EmailForm, PasswordProofForm):
    email = EmailField(
        _l("New e-mail address"),
        validators=[Required(_l("Write your new e-mail address.")), AtMost(User.MAX_EMAIL)],
    )


@bp.route("/account/email/", methods=["GET", "POST"])
@limits.per_person("password", counts=limits.FAILED)
@limits.per_person("email_change", counts=limits.DONE)
@signed_in
def ask() -> ResponseReturnValue:
    """The answer is the same whether or not the new address has an account."""
    user, form = signed_in_user(), EmailChangeForm()
    if carry_out(form, lambda: actions.ask(user, typed(form.email), password=typed(form.password))):
        flash(_("A mail is on its way to both addresses. Please open the link in each."), "success")
        return redirect(link("auth.email_change.ask"))
    status = 422 if form.errors else 200
    return render_template("auth/email_change.html", form=form, user=user, change=get_email_change(user)), status


@bp.post("/account/email/cancel/")
@signed_in
def cancel() -> ResponseReturnValue:
    actions.cancel(signed_in_user())
    flash(_("The change is cancelled. Your address stays as it is."), "success")
    return redirect(link("auth.account"))


@bp.route("/auth/email/<any(old,new):side>/<token>/", methods=["GET", "POST"])
def confirm(side: actions.Side, token: str) -> ResponseReturnValue:
    """Opening the link changes nothing, since mail programs open links by themselves; the button does."""
    user, change = actions.redeem(side, token)
    form = Form()
    if not form.validate_on_submit():
        return render_template("auth/email_change_confirm.html", form=form, user=user, change=change, side=side)
    visitor = viewer()
    if actions.confirm(side, token, kept=visitor.get_id() if visitor.is_authenticated else ""):
        flash(_("The e-mail address of your account is changed. Every other sign-in has ended."), "success")
    else:
        flash(_("It is confirmed. The address changes once you have opened the link in the other mail too."), "success")
    return redirect(link("auth.account" if visitor.is_authenticated else "auth.sign_in"))
