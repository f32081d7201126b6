"""Figures of a forum for the Secretariat: a page of tables, and the chart and the file of each."""

from collections.abc import Callable

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from app.database import utcnow
from app.errors import NotFound
from app.figures import activity, queries, silence
from app.figures.charts import STYLE, content_security_policy, draw
from app.figures.tables import Context, Table
from app.languages import reader_language
from app.permissions import can
from app.turns import in_turn
from app.viewer import signed_in, viewer

bp = Blueprint("figures", __name__, url_prefix="/<language:lang>/figures/forums/<forum_slug>")

# The figures by name, in the order of the page.
FIGURES: dict[str, Callable[[Context], Table]] = {
    "unanswered": silence.unanswered,
    "silent": silence.silent,
    "time": activity.over_time,
    "capacities": activity.by_capacity,
    "states": activity.by_state,
    "languages": activity.by_language,
    "questions": activity.by_question,
    "most-active": activity.most_active,
    "not-written": silence.not_written,
}
MOST_ROWS = 200  # of a table on the page; its file has all of them


@bp.get("/")
@signed_in
@in_turn
def forum(forum_slug: str) -> ResponseReturnValue:
    context = _asked(forum_slug)
    return render_template(
        "figures/forum.html",
        forum=context.forum,
        total=context.total,
        tables=[figure(context) for figure in FIGURES.values()],
        most_rows=MOST_ROWS,
        now=context.now,
    )


@bp.get("/<name>.svg")
@signed_in
def picture(forum_slug: str, name: str) -> ResponseReturnValue:
    drawn = _table(forum_slug, name).picture
    if drawn is None:
        raise NotFound
    headers = {"Content-Security-Policy": content_security_policy()}
    chart = render_template("figures/chart.svg", drawing=draw(drawn), style=STYLE)
    return Response(chart, mimetype="image/svg+xml", headers=headers)


@bp.get("/<name>.csv")
@signed_in
@in_turn
def table(forum_slug: str, name: str) -> ResponseReturnValue:
    made = _table(forum_slug, name)
    filename = f"{forum_slug}-{name}-{utcnow():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return Response(made.csv(reader_language()), mimetype="text/csv", headers=headers)


def _asked(forum_slug: str) -> Context:
    found = queries.get_forum_to_count(forum_slug, viewer=viewer())
    return Context(found, reader_language(), utcnow(), with_addresses=can(viewer(), "administer"))


def _table(forum_slug: str, name: str) -> Table:
    """A figure by its name. Raises NotFound."""
    context = _asked(forum_slug)
    if name not in FIGURES:
        raise NotFound
    return FIGURES[name](context)
