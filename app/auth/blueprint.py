"""The blueprint of accounts, shared by all its views, and the page of a form."""

from flask import Blueprint, render_template

from app.addresses import asked_destination
from app.forms import Form

bp = Blueprint("auth", __name__, url_prefix="/<language:lang>")


def form_page(template: str, form: Form, **shown: object) -> tuple[str, int]:
    """A page with a form and the page to go on to, with the status of the form."""
    return render_template(template, form=form, destination=asked_destination(), **shown), form.status
