"""The blueprint of accounts, on which each of its pages puts its addresses, and the page of a form."""

from flask import Blueprint, render_template

from app.addresses import asked_destination
from app.forms import Form

bp = Blueprint("auth", __name__, url_prefix="/<language:lang>")


def form_page(template: str, form: Form, **shown: object) -> tuple[str, int]:
    """A page with a form, which leads on to the page that was wanted."""
    return render_template(template, form=form, destination=asked_destination(), **shown), form.status
