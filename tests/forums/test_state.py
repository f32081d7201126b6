"""The state of a forum follows from its periods, and nobody can misread its deadline."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.models import Forum, Period, PeriodKind, StateKind, state_of
from tests.world import World, make_forum, make_period

OPENING = datetime(2012, 2, 20, 1, tzinfo=UTC)
DEADLINE = datetime(2012, 3, 2, 23, tzinfo=UTC)
LATER = datetime(2012, 3, 9, 23, tzinfo=UTC)
REOPENING = datetime(2012, 7, 17, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)

SCHEDULED = Period(kind=PeriodKind.SCHEDULED, opens_at=OPENING, closes_at=DEADLINE)
EXTENSION = Period(kind=PeriodKind.EXTENSION, opens_at=DEADLINE, closes_at=LATER)
REOPENED = Period(kind=PeriodKind.REOPENING, opens_at=REOPENING, closes_at=REOPENING + timedelta(days=14))


@pytest.mark.parametrize(
    ("periods", "now", "kind", "deadline"),
    [
        ([], OPENING, StateKind.PLANNED, None),
        ([SCHEDULED], OPENING - SECOND, StateKind.PLANNED, DEADLINE),
        ([SCHEDULED], OPENING, StateKind.OPEN, DEADLINE),
        ([SCHEDULED], DEADLINE, StateKind.OPEN, DEADLINE),
        ([SCHEDULED], DEADLINE + SECOND, StateKind.CLOSED, DEADLINE),
        ([SCHEDULED, EXTENSION], OPENING, StateKind.EXTENDED, LATER),
        ([SCHEDULED, EXTENSION], LATER, StateKind.EXTENDED, LATER),
        ([SCHEDULED, EXTENSION], LATER + SECOND, StateKind.CLOSED, LATER),
        ([SCHEDULED, EXTENSION, REOPENED], REOPENING, StateKind.REOPENED, REOPENED.closes_at),
        ([SCHEDULED, REOPENED], REOPENED.closes_at + SECOND, StateKind.CLOSED, REOPENED.closes_at),
    ],
)
def test_state_follows_from_the_periods(periods, now, kind, deadline):
    state = state_of(periods, None, now)

    assert (state.kind, state.deadline) == (kind, deadline)


def test_extended_forum_keeps_its_first_deadline_in_sight():
    assert state_of([SCHEDULED, EXTENSION], None, OPENING).first_deadline == DEADLINE


def test_extension_of_a_reopening_names_the_reopening_s_deadline():
    further = Period(
        kind=PeriodKind.EXTENSION, opens_at=REOPENED.closes_at, closes_at=REOPENED.closes_at + timedelta(days=7)
    )

    state = state_of([SCHEDULED, REOPENED, further], None, REOPENING)

    assert state.first_deadline == REOPENED.closes_at


def test_closed_forum_with_a_reopening_to_come_says_when():
    assert state_of([SCHEDULED, REOPENED], None, LATER).opens_at == REOPENING


def test_archived_forum_is_archived_whatever_its_periods_say():
    assert state_of([SCHEDULED], OPENING, OPENING).kind == StateKind.ARCHIVED


def test_reopened_group_reopens_its_forum(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        forum = db.session.get(Forum, world.forum)
        forum.periods = [make_period(PeriodKind.SCHEDULED, -200, -100)]
        forum.periods.append(make_period(PeriodKind.REOPENING, -1, 50, group_id=world.group))
        db.session.commit()

    page = visitor.get("/en/forums/open-forum/").text

    assert "state-reopened" in page
    assert "Open again" in page


def test_open_forum_shows_the_deadline_with_its_hour_and_the_days_left(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        period = db.session.get(Forum, world.forum).periods[0]
        period.closes_at = utcnow() + timedelta(days=5, hours=12)
        db.session.commit()
        deadline = period.closes_at

    page = visitor.get("/en/forums/open-forum/").text

    assert f"{deadline.day} {deadline:%B %Y}, {deadline:%H:%M}\N{NO-BREAK SPACE}UTC" in page
    assert "5 days left" in page


def test_old_dates_stay_in_sight_after_an_extension(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        forum = db.session.get(Forum, world.forum)
        forum.periods = [make_period(PeriodKind.SCHEDULED, -500, -24), make_period(PeriodKind.EXTENSION, -24, 100)]
        db.session.commit()
        first = forum.periods[0].closes_at

    page = visitor.get("/en/forums/open-forum/").text

    assert f"the first deadline was {first.day} {first:%B %Y}, {first:%H:%M}\N{NO-BREAK SPACE}UTC" in page


def test_portal_sorts_forums_by_what_can_be_done_in_them(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        make_forum("planned-forum", opens=24, closes=48)
        make_forum("closed-forum", opens=-48, closes=-24)
        db.session.commit()

    portal = visitor.get("/en/portal/").text

    order = [portal.index(f"Title of {slug}") for slug in ("open-forum", "planned-forum", "closed-forum")]
    assert order == sorted(order)


def test_archived_forum_stands_in_the_archive_only(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        db.session.get(Forum, world.forum).archived_at = OPENING
        db.session.commit()

    assert "Title of open-forum" not in visitor.get("/en/portal/").text
    assert "Title of open-forum" in visitor.get("/en/archive/").text


def test_text_that_a_language_lacks_is_shown_in_the_original_and_said_so(
    app: Flask, world: World, visitor: FlaskClient
):
    with app.app_context():
        forum = db.session.get(Forum, world.forum)
        del forum.texts["fr"]
        db.session.commit()

    page = visitor.get("/fr/forums/open-forum/").text

    assert '<span lang="en">Title of open-forum (en)</span>' in page
    assert "language-note" in page
