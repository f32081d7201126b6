"""Leaving: what it means to delete an account, and doing it."""

from flask import Blueprint, redirect, render_template, session
from flask.typing import ResponseReturnValue

from app.addresses import link
from app.auth import leaving as actions
from app.auth import limits
from app.auth.forms import ProofForm, TypedAddress, carry_out, typed
from app.permissions import count_other_administrators
from app.viewer import signed_in, signed_in_user

bp = Blueprint("leaving", __name__)


class DeleteAccountForm(TypedAddress, ProofForm):
    pass


@bp.route("/account/delete/", methods=["GET", "POST"])
@limits.per_person("password", counts=limits.FAILED)
@signed_in
def delete() -> ResponseReturnValue:
    user = signed_in_user()
    form = DeleteAccountForm(own_email=user.email)
    form.ask(user)
    code = typed(form.code) if "code" in form else ""
    if carry_out(form, lambda: actions.delete_account(user, password=typed(form.password), code=code)):
        session.clear()
        return redirect(link("auth.leaving.deleted"))
    is_last = user.is_admin and not count_other_administrators(user)
    return render_template("auth/delete.html", form=form, user=user, is_last=is_last), 422 if form.errors else 200


@bp.get("/auth/deleted/")
def deleted() -> ResponseReturnValue:
    return render_template("auth/deleted.html")
