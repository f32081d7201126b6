"""The periods of a forum as an administrator changes them, and what readers then see."""

import re
from datetime import timedelta

from flask.testing import FlaskClient
from lxml import html

from app.extensions import db
from app.languages import KNOWN
from app.models import Forum, Period
from tests.world import make_forum

ADMIN = "/en/admin/"


def state_shown(client: FlaskClient, path: str = "/en/forums/open-forum/") -> str:
    """The name in the first state line of a page."""
    return re.search(r'<strong class="state-name">([^<]+)</strong>', client.get(path).text)[1]


def add(admin: FlaskClient, kind: str, opens, closes, *, forum: int = 1, group: int = 0, step: str = ""):
    data = {"group_id": str(group), "opens_at": opens, "closes_at": closes}
    return admin.post(f"{ADMIN}forums/{forum}/periods/{kind}/{step}", data=data)


def make_quiet(look, **more) -> int:
    """A forum without messages: a published one without periods, unless `more` says so to `make_forum`."""

    def make() -> int:
        forum = make_forum("quiet", **more)
        if not more:
            forum.periods.clear()
        db.session.commit()
        return forum.id

    return look(make)


def move_into_the_past(forum_id: int, hours: int = 1) -> None:
    """As if so many hours had gone by."""
    for period in db.session.get(Forum, forum_id).periods:
        period.opens_at -= timedelta(hours=hours)
        period.closes_at -= timedelta(hours=hours)
    db.session.commit()


def end_of(look, period_id: int):
    return look(lambda: db.session.get(Period, period_id).closes_at)


def told(at) -> str:
    """A moment inside a sentence, as English pages tell it."""
    return f'<time datetime="{at:%Y-%m-%d %H:%M}Z">{said(at)}</time>'


def said(at) -> str:
    """The words of a moment inside a sentence."""
    return KNOWN["en"].at(at)


def listed(at) -> str:
    """The words of a moment in a list."""
    return KNOWN["en"].moment(at)


def timeline(client: FlaskClient, path: str = "/en/forums/open-forum/") -> str:
    """The words of the list of periods on a page."""
    found = html.document_fromstring(client.get(path).text).find_class("timeline")[0]
    return re.sub(r"[ \n]+", " ", found.text_content()).strip()
