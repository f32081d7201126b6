"""Ending sign-ins from afar; the account page lists them."""

from flask import Blueprint, flash, redirect
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.addresses import link
from app.auth import sign_in_actions as actions
from app.viewer import signed_in, signed_in_user

bp = Blueprint("sign_ins", __name__)


@bp.post("/account/sign-ins/<int:sign_in_id>/end/")
@signed_in
def end(sign_in_id: int) -> ResponseReturnValue:
    actions.end(signed_in_user(), sign_in_id)
    flash(_("You are signed out there."), "success")
    return redirect(link("auth.account", _anchor="sign-ins"))


@bp.post("/account/sign-ins/end-others/")
@signed_in
def end_all_others() -> ResponseReturnValue:
    actions.end_all_others(signed_in_user())
    flash(_("You are signed out everywhere but here."), "success")
    return redirect(link("auth.account", _anchor="sign-ins"))
