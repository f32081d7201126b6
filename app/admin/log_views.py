"""The log of the administration: filtered, in pages, entry by entry, and as CSV."""

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.addresses import asked_page, link
from app.admin import log_queries
from app.admin.crud import here, query_without_page, show
from app.admin.forums import list_forums
from app.admin.log_forms import LogForm
from app.database import utcnow
from app.languages import text_in
from app.paging import one_page
from app.spreadsheets import kept
from app.turns import in_turn

bp = Blueprint("log", __name__)


@bp.get("/log/")
def index() -> ResponseReturnValue:
    heading, form = _("Log"), _form()
    is_valid = form.validate()
    found = one_page(log_queries.entries(form.filter), asked_page()) if is_valid else None
    return show(
        "admin/log.html",
        heading,
        [here(heading)],
        form=form,
        found=found,
        words=log_queries,
        query=query_without_page(),
    )


@bp.get("/log/<int:entry_id>/", defaults={"source": log_queries.LOG})
@bp.get("/log/acts/<int:entry_id>/", defaults={"source": log_queries.ACT})
def entry(entry_id: int, source: str) -> ResponseReturnValue:
    found = log_queries.get_entry(source, entry_id)
    is_act, number = source == log_queries.ACT, entry_id
    heading = _("Act of moderation %(number)s", number=number) if is_act else _("Log entry %(number)s", number=number)
    steps = [(_("Log"), link("admin.log.index"), ""), here(heading)]
    return show("admin/log_entry.html", heading, steps, entry=found, words=log_queries)


@bp.get("/log.csv")
@in_turn
def table() -> ResponseReturnValue:
    form = _form()
    if not form.validate():
        return redirect(f"{link('admin.log.index')}?{query_without_page()}")
    answer = Response(kept(log_queries.as_csv(form.filter)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="log-{utcnow():%Y-%m-%d}.csv"'
    return answer


def _form() -> LogForm:
    return LogForm(request.args, [(forum.id, text_in(forum).short_title) for forum in list_forums()])
