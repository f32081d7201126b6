"""Reporting a message to the Secretariat."""

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.addresses import link
from app.forums.queries import get_message
from app.forums.topic_queries import get_shown_message
from app.moderation import actions
from app.moderation.forms import ReportForm
from app.permissions import require
from app.viewer import signed_in, signed_in_user

bp = Blueprint("reporting", __name__, url_prefix="/<language:lang>")


@bp.route("/messages/<int:number>/report/", methods=["GET", "POST"])
@signed_in
def report(number: int) -> ResponseReturnValue:
    reader = signed_in_user()
    message = get_message(number, viewer=reader)
    require(reader, "report", message)
    form = ReportForm()
    if form.validate_on_submit():
        actions.report(message, reporter=reader, **form.asked)
        said = _("Thank you. Your report about message number %(number)s has gone to the Secretariat.", number=number)
        flash(said, "success")
        return redirect(link("forums.message", number=number))
    row = get_shown_message(number, viewer=reader)
    return render_template("moderation/report.html", message=message, row=row, form=form), 422 if form.errors else 200
