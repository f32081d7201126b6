"""The first page: what to do now, and the first steps of an empty site; and the site's own pages and reasons."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.addresses import link
from app.admin.forums import list_forums
from app.admin.frame import here, show
from app.admin.kinds import list_pages
from app.admin.texts import COMPLETE, list_lines
from app.database import utcnow
from app.languages import site_languages
from app.mail.queries import count_failed, failed_mails
from app.models import Forum, PageKind
from app.moderation.queue import count_of_queue, list_reasons
from app.viewer import viewer

SOON = timedelta(days=7)
SHOWN = 5  # of the texts to write

bp = Blueprint("site", __name__)


@dataclass(frozen=True)
class Deadline:
    """A moment of the next week at which a forum opens or takes its last message, or these groups of it alone."""

    at: datetime
    forum: Forum
    groups: Sequence[int]
    opens: bool


def deadlines(forums: Iterable[Forum], now: datetime) -> list[Deadline]:
    """What opens and closes in the next seven days in forums that are published, the earliest first."""
    found: dict[tuple[Forum, datetime, bool], list[int]] = {}
    for forum in forums:
        for group in forum.groups if forum.published_at else ():
            state = forum.group_state(group, now)
            at = state.deadline if state.is_open else state.opens_at
            if at and now <= at <= now + SOON:
                found.setdefault((forum, at, not state.is_open), []).append(group.number)
    told = [
        Deadline(at, forum, [] if len(groups) == len(forum.groups) else groups, opens)
        for (forum, at, opens), groups in found.items()
    ]
    return sorted(told, key=lambda one: (one.at, one.forum.id))


def home() -> ResponseReturnValue:
    """What waits for the administration."""
    now, forums = utcnow(), list_forums()
    lines = [line for line in list_lines() if line.worst != COMPLETE]
    return show(
        "admin/start.html",
        _("Administration"),
        [],
        now=now,
        forums=forums,
        waiting=count_of_queue(viewer()),
        lines=lines[:SHOWN],
        lines_in_all=len(lines),
        codes=list(site_languages()),
        deadlines=deadlines(forums, now),
        failed=failed_mails(),
        failed_in_all=count_failed(),
        first_steps=[] if forums else _first_steps(),
    )


@bp.get("/site/")
def index() -> ResponseReturnValue:
    heading, pages = _("Site"), list_pages()
    parents = {page.parent_id for _depth, page in pages}
    reasons = list_reasons()
    return show("admin/site.html", heading, [here(heading)], pages=pages, parents=parents, reasons=reasons)


def _first_steps() -> Sequence[tuple[str, str]]:
    """What is to be done on a site without a forum, as `(what, address)`."""
    homes = [page for _depth, page in list_pages() if page.kind == PageKind.HOME]
    page = [
        (_("Write the text of the home page"), link("admin.objects.edit", kind_name="pages", key=homes[0].id))
        if homes
        else (_("Create the home page"), link("admin.objects.new", kind_name="pages"))
    ]
    return [
        *page,
        (_("Review the pages of the site and the reasons for moderation"), link("admin.site.index")),
        (_("Add the first forum"), link("admin.objects.new", kind_name="forums")),
    ]
