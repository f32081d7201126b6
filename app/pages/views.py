"""The site's own pages, and the address without a language."""

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.addresses import link
from app.languages import negotiate
from app.models import PageKind
from app.pages import queries
from app.viewer import viewer

bp = Blueprint("pages", __name__)
LANGUAGE_COOKIE = "language"


@bp.get("/")
def choose_language() -> ResponseReturnValue:
    """Redirect to the home page in the saved language, the browser's, or the default of the site."""
    saved = getattr(viewer(), "language", None) or request.cookies.get(LANGUAGE_COOKIE)
    answer = redirect(f"/{negotiate(saved, request.accept_languages).code}/")
    answer.vary.update(("Accept-Language", "Cookie"))
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@bp.get("/<language:lang>/pages/<slug>/")
def page(slug: str) -> ResponseReturnValue:
    found = queries.get_page(slug)
    if found.kind != PageKind.TEXT:
        return redirect(link(queries.BUILT_IN[found.kind]), 301)
    return render_template("pages/page.html", page=found)
