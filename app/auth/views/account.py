"""One's own pages: profile, language, and what the site keeps about one."""

import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.addresses import link, link_in
from app.auth import account as actions
from app.auth.blueprint import bp as auth
from app.auth.blueprint import form_page
from app.auth.forms import ProfileForm, language_choices
from app.auth.own_data import as_json, get_own_data
from app.auth.sign_in import list_sign_ins
from app.database import utcnow
from app.forms import ChoiceField, VersionedForm, carry_out
from app.languages import site_languages, speaking
from app.models import User
from app.turns import in_turn
from app.versions import version_of
from app.viewer import signed_in, signed_in_user
from app.writing import list_own_unpublished, why_returned

bp = Blueprint("data", __name__)


class OwnProfileForm(ProfileForm, VersionedForm):
    pass


class LanguageForm(VersionedForm):
    language = ChoiceField(_l("Language of the site and of mails to you"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = language_choices()


@bp.get("/account/data.json")
@signed_in
@in_turn
def file() -> ResponseReturnValue:
    user = signed_in_user()
    answer = Response(
        json.dumps(as_json(user, get_own_data(user)), ensure_ascii=False, indent=1), mimetype="application/json"
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="my-data-{utcnow():%Y-%m-%d}.json"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@auth.get("/account/")
@signed_in
def account() -> ResponseReturnValue:
    user = signed_in_user()
    unpublished = list_own_unpublished(user)
    return render_template(
        "auth/account.html",
        user=user,
        sign_ins=list_sign_ins(user),
        unpublished=unpublished,
        returned=why_returned(unpublished),
    )


@auth.route("/account/profile/", methods=["GET", "POST"])
@signed_in
def profile() -> ResponseReturnValue:
    user = signed_in_user()
    form = _own_profile(user)
    if _change(user, form, form.profile, lambda: _own_profile(user, formdata=None)):
        flash(_("Your profile is changed."), "success")
        return redirect(link("auth.account"))
    return form_page("auth/profile.html", form)


@auth.route("/account/language/", methods=["GET", "POST"])
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
    return form_page("auth/language.html", form)


@auth.get("/account/data/")
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
