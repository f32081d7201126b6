"""The account page and what leads from it: profile, language, password, email address, one's own data, and deleting
the account."""

import json
from collections.abc import Callable
from typing import Any

from flask import Response, flash, redirect, render_template, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.addresses import link, link_in
from app.auth import account as actions
from app.auth import email_change, leaving, limits
from app.auth.blueprint import bp, form_page
from app.auth.forms import (
    EmailField,
    EmailForm,
    NewPasswordForm,
    PasswordProofForm,
    ProfileForm,
    ProofForm,
    TypedAddress,
    language_choices,
    typed,
)
from app.auth.own_data import as_json, get_own_data
from app.auth.sign_in import list_sign_ins
from app.database import utcnow
from app.forms import AtMost, ChoiceField, Form, Required, VersionedForm, carry_out, told_at_its_field
from app.languages import site_languages, speaking
from app.models import User
from app.permissions import count_other_administrators
from app.turns import in_turn
from app.versions import version_of
from app.viewer import signed_in, signed_in_user, viewer
from app.writing import count_own_unpublished


class OwnProfileForm(ProfileForm, VersionedForm):
    pass


class LanguageForm(VersionedForm):
    language = ChoiceField(_l("Language of the site and of emails to you"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = language_choices()


class PasswordForm(NewPasswordForm, PasswordProofForm):
    pass


class EmailChangeForm(EmailForm, PasswordProofForm):
    email = EmailField(
        _l("New email address"),
        validators=[Required(_l("Enter your new email address.")), AtMost(User.MAX_EMAIL)],
    )


class DeleteAccountForm(TypedAddress, ProofForm):
    pass


@bp.get("/account/")
@signed_in
def account() -> ResponseReturnValue:
    user = signed_in_user()
    return render_template(
        "auth/account.html",
        user=user,
        sign_ins=list_sign_ins(user),
        unpublished=count_own_unpublished(user),
    )


@bp.route("/account/profile/", methods=["GET", "POST"])
@signed_in
def profile() -> ResponseReturnValue:
    user = signed_in_user()
    form = _own_profile(user)
    if _change(user, form, form.profile, lambda: _own_profile(user, formdata=None)):
        flash(_("Your profile has been changed."), "success")
        return redirect(link("auth.account"))
    return form_page("auth/profile.html", form)


@bp.route("/account/language/", methods=["GET", "POST"])
@signed_in
def language() -> ResponseReturnValue:
    """The answer is in the language that was chosen."""
    user = signed_in_user()
    form = _own_language(user)
    if _change(user, form, {"language": form.language.data}, lambda: _own_language(user, formdata=None)):
        chosen = site_languages()[user.language]
        with speaking(chosen):
            flash(_("Your language has been changed."), "success")
        return redirect(link_in(chosen.code, "auth.account"))
    return form_page("auth/language.html", form)


@bp.route("/account/password/", methods=["GET", "POST"])
@limits.per_person("password", counts=limits.FAILED)
@signed_in
def password() -> ResponseReturnValue:
    user = signed_in_user()
    form = PasswordForm(own_email=user.email)
    if form.validate_on_submit():
        with told_at_its_field(form):
            actions.change_password(user, current=typed(form.password), new=typed(form.new_password))
            flash(_("Your password has been changed. All your other sessions have been ended."), "success")
            return redirect(link("auth.account"))
    return form_page("auth/password.html", form)


@bp.route("/account/email/", methods=["GET", "POST"])
@limits.per_person("password", counts=limits.FAILED)
@limits.per_person("email_change", counts=limits.DONE)
@signed_in
def change_email() -> ResponseReturnValue:
    """The answer is the same whether or not the new address has an account."""
    user, form = signed_in_user(), EmailChangeForm()
    if carry_out(form, lambda: email_change.ask(user, typed(form.email), password=typed(form.password))):
        flash(_("An email has been sent to both addresses. Please open the link in each."), "success")
        return redirect(link("auth.change_email"))
    return form_page("auth/email_change.html", form, user=user, change=email_change.get_email_change(user))


@bp.post("/account/email/cancel/")
@signed_in
def cancel_email_change() -> ResponseReturnValue:
    email_change.cancel(signed_in_user())
    flash(_("The change has been cancelled. Your address remains the same."), "success")
    return redirect(link("auth.account"))


@bp.route("/auth/email/<any(old,new):side>/<token>/", methods=["GET", "POST"])
def confirm_email_change(side: email_change.Side, token: str) -> ResponseReturnValue:
    """Opening the link changes nothing, since email programs open links by themselves; the button does."""
    user, change = email_change.redeem(side, token)
    form = Form()
    if not form.validate_on_submit():
        return render_template("auth/email_change_confirm.html", form=form, user=user, change=change, side=side)
    visitor = viewer()
    if email_change.confirm(side, token, kept=visitor.get_id() if visitor.is_authenticated else ""):
        flash(_("The email address of your account has been changed. All other sessions have been ended."), "success")
    else:
        flash(_("Confirmed. The address will change once you have also opened the link in the other email."), "success")
    return redirect(link("auth.account" if visitor.is_authenticated else "auth.sign_in"))


@bp.get("/account/data/")
@signed_in
@in_turn
def own_data() -> ResponseReturnValue:
    user = signed_in_user()
    return render_template("auth/own_data.html", user=user, data=get_own_data(user))


@bp.get("/account/data.json")
@signed_in
@in_turn
def own_data_file() -> ResponseReturnValue:
    user = signed_in_user()
    answer = Response(
        json.dumps(as_json(user, get_own_data(user)), ensure_ascii=False, indent=1), mimetype="application/json"
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="my-data-{utcnow():%Y-%m-%d}.json"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@bp.route("/account/delete/", methods=["GET", "POST"])
@limits.per_person("password", counts=limits.FAILED)
@signed_in
def delete_account() -> ResponseReturnValue:
    user = signed_in_user()
    form = DeleteAccountForm(own_email=user.email)
    form.ask(user)
    code = typed(form.code) if "code" in form else ""
    if carry_out(form, lambda: leaving.delete_account(user, password=typed(form.password), code=code)):
        session.clear()
        return redirect(link("auth.account_deleted"))
    is_last = user.is_admin and not count_other_administrators(user)
    return form_page("auth/delete.html", form, user=user, is_last=is_last)


@bp.get("/auth/deleted/")
def account_deleted() -> ResponseReturnValue:
    return render_template("auth/deleted.html")


def _own_profile(user: User, **source: Any) -> OwnProfileForm:
    """The form of a person's own profile; with `formdata=None` it shows what is stored, whatever was sent."""
    return OwnProfileForm(obj=user, version=version_of(user, OwnProfileForm.PROFILE), **source)


def _own_language(user: User, **source: Any) -> LanguageForm:
    """The same for the language."""
    return LanguageForm(obj=user, version=version_of(user, ("language",)), **source)


def _change(user: User, form: VersionedForm, values: dict[str, Any], stored: Callable[[], VersionedForm]) -> bool:
    """Whether the form was sent and these columns now have these values."""

    def change() -> bool:
        actions.change_profile(user, values, version=form.version.data)
        return True

    return carry_out(form, change, stored) or False
