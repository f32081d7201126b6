"""The state of a forum follows from its periods and is shown with its deadline."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.languages import KNOWN
from app.models import (
    Forum,
    Group,
    GroupText,
    Period,
    PeriodKind,
    StateKind,
    last_second,
    state_of,
    state_of_forum,
)
from app.models.forum import DocumentKind
from tests.full_world import add_document
from tests.world import World, make_forum, make_period, texts

OPENING = datetime(2012, 2, 20, 1, tzinfo=UTC)
DEADLINE = datetime(2012, 3, 2, 23, tzinfo=UTC)
LATER = datetime(2012, 3, 9, 23, tzinfo=UTC)
REOPENING = datetime(2012, 7, 17, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)

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


def test_extended_forum_shows_its_first_deadline():
    assert state_of([SCHEDULED, EXTENSION], None, OPENING).first_deadline == DEADLINE


def test_extension_of_a_reopening_shows_the_deadline_of_the_reopening():
    further = Period(
        kind=PeriodKind.EXTENSION, opens_at=REOPENED.closes_at, closes_at=REOPENED.closes_at + timedelta(days=7)
    )

    state = state_of([SCHEDULED, REOPENED, further], None, REOPENING)

    assert state.first_deadline == REOPENED.closes_at


def test_closed_forum_shows_when_it_will_reopen():
    assert state_of([SCHEDULED, REOPENED], None, LATER).opens_at == REOPENING


def period(kind: PeriodKind, opens: datetime, closes: datetime, **more: object) -> Period:
    return Period(kind=kind, opens_at=opens, closes_at=closes, **more)


@pytest.mark.parametrize(
    ("periods", "now", "kind", "deadline", "announced"),
    [
        # Shortened, before and after its end.
        ([period("scheduled", OPENING, DEADLINE, former_dates=((OPENING, LATER),))], OPENING, "open", DEADLINE, LATER),
        ([period("scheduled", OPENING, DEADLINE, former_dates=((OPENING, LATER),))], LATER, "closed", DEADLINE, LATER),
        # An extension that was called off: at once, before its time, and long before the period.
        ([SCHEDULED, period("extension", DEADLINE, LATER, called_off_at=DEADLINE)], LATER, "closed", DEADLINE, LATER),
        ([SCHEDULED, period("extension", DEADLINE, LATER, called_off_at=OPENING)], DEADLINE, "open", DEADLINE, LATER),
        ([SCHEDULED, period("extension", DEADLINE, LATER, called_off_at=OPENING - SECOND)], LATER, "closed", DEADLINE,
         None),
        # An extension shortened to the end of the period is no extension.
        ([SCHEDULED, period("extension", DEADLINE - SECOND, DEADLINE, former_dates=((DEADLINE, LATER),))],
         OPENING, "open", DEADLINE, LATER),
        # A reopening is shown without earlier announcements.
        ([period("scheduled", OPENING, DEADLINE, former_dates=((OPENING, REOPENED.closes_at + SECOND),)), REOPENED],
         REOPENING, "reopened", REOPENED.closes_at, None),
        ([SCHEDULED, period("extension", DEADLINE, REOPENED.closes_at + SECOND, called_off_at=DEADLINE), REOPENED],
         REOPENED.closes_at + SECOND, "closed", REOPENED.closes_at, None),
        # A period lengthened before it opened does not end earlier than announced.
        ([period("scheduled", OPENING, LATER, former_dates=((OPENING, DEADLINE),))], OPENING, "open", LATER, None),
        # Called off before it opened: no deadline is known.
        ([period("scheduled", OPENING, DEADLINE, called_off_at=OPENING)], DEADLINE, "planned", None, None),
    ],
)  # fmt: skip
def test_state_shows_a_later_deadline_announced_before(periods, now, kind, deadline, announced):
    state = state_of(periods, None, now)

    assert (state.kind, state.deadline, state.announced) == (kind, deadline, announced)


def test_archived_forum_shows_the_deadline_announced_before():
    shortened = period("scheduled", OPENING, DEADLINE, former_dates=((OPENING, LATER),))

    assert state_of([shortened], REOPENING, REOPENING).announced == LATER


@pytest.mark.parametrize(
    ("periods", "now", "first", "closed_before"),
    [
        ([SCHEDULED], LATER, None, None),
        ([SCHEDULED, EXTENSION], REOPENING - SECOND, DEADLINE, None),
        ([SCHEDULED, EXTENSION, REOPENED], REOPENING, None, LATER),
        ([SCHEDULED, EXTENSION, REOPENED], NOW, None, LATER),
        ([SCHEDULED, REOPENED, period("extension", REOPENED.closes_at, NOW)], REOPENING, REOPENED.closes_at, DEADLINE),
        ([SCHEDULED, REOPENED, period("extension", REOPENED.closes_at, NOW)], NOW + SECOND, REOPENED.closes_at,
         DEADLINE),
        # The extension ended earlier than announced; it was called off when the first period was closed early.
        ([SCHEDULED, period("extension", DEADLINE, LATER - SECOND, former_dates=((DEADLINE, LATER),))],
         REOPENING, DEADLINE, None),
        ([period("scheduled", OPENING, DEADLINE - SECOND, former_dates=((OPENING, DEADLINE),)),
          period("extension", DEADLINE, LATER, called_off_at=DEADLINE - SECOND)], LATER, DEADLINE, None),
        # The same date is shown once only: as the announced deadline, or as the one that applied.
        ([period("scheduled", OPENING, DEADLINE, former_dates=((OPENING, LATER),))], REOPENING, None, None),
        ([SCHEDULED, period("extension", DEADLINE, LATER, called_off_at=DEADLINE)], REOPENING, None, None),
    ],
)  # fmt: skip
def test_former_dates_stay_visible_later(periods, now, first, closed_before):
    state = state_of(periods, None, now)

    assert (state.first_deadline, state.closed_before) == (first, closed_before)


def test_archived_forum_shows_all_its_former_dates():
    extended, reopened = (state_of(periods, NOW, NOW) for periods in ([SCHEDULED, EXTENSION], [SCHEDULED, REOPENED]))

    assert (extended.first_deadline, extended.closed_before) == (DEADLINE, None)
    assert (reopened.first_deadline, reopened.closed_before) == (None, DEADLINE)


def test_archived_forum_is_archived_even_in_an_open_period():
    assert state_of([SCHEDULED], OPENING, OPENING).kind == StateKind.ARCHIVED


def test_reopened_group_reopens_its_forum(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        forum = db.session.get(Forum, world.forum)
        forum.periods = [make_period(PeriodKind.SCHEDULED, -200, -100)]
        forum.periods.append(make_period(PeriodKind.REOPENING, -1, 50, group_id=world.group))
        db.session.commit()

    page = visitor.get("/en/forums/open-forum/").text

    assert "state-reopened" in page
    assert "Reopened for messages until" in page


def test_open_forum_shows_the_deadline_with_its_hour_and_the_days_left(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        period = db.session.get(Forum, world.forum).periods[0]
        period.closes_at = utcnow() + timedelta(days=5, hours=12)
        db.session.commit()
        deadline = period.closes_at

    page = visitor.get("/en/forums/open-forum/").text

    assert f"{KNOWN['en'].at(deadline)}</time>, inclusive." in page
    assert "5 days left" in page


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Less than an hour left."), ("es", "Queda menos de una hora."), ("fr", "Il reste moins d’une heure.")],
)
def test_last_hour_of_an_open_forum_is_told_in_words(app: Flask, world: World, visitor: FlaskClient, language, words):
    with app.app_context():
        db.session.get_one(Forum, world.forum).periods[0].closes_at = utcnow() + timedelta(minutes=20)
        db.session.commit()

    assert words in visitor.get(f"/{language}/forums/open-forum/").text


def test_former_dates_stay_visible_after_an_extension(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        forum = db.session.get(Forum, world.forum)
        forum.periods = [make_period(PeriodKind.SCHEDULED, -500, -24), make_period(PeriodKind.EXTENSION, -24, 100)]
        db.session.commit()
        first = forum.periods[0].closes_at

    page = visitor.get("/en/forums/open-forum/").text

    assert re.search(rf"the original deadline was <time [^>]+>{KNOWN['en'].at(first)}</time>", page)


EVERY_LINE_OF_A_GROUP = (
    "/topics/{topic}/",
    "/print/topics/{topic}/",
    "/forums/open-forum/groups/group-1/",
    "/print/forums/open-forum/groups/group-1/",
)


@pytest.mark.parametrize("path", EVERY_LINE_OF_A_GROUP)
@pytest.mark.parametrize("is_archived", [False, True])
def test_group_that_has_ended_links_to_the_outcome(
    path: str, is_archived: bool, app: Flask, world: World, visitor: FlaskClient
):
    with app.app_context():
        forum = db.session.get(Forum, world.forum)
        outcome = add_document(forum, DocumentKind.OUTCOME)
        add_document(forum, DocumentKind.DRAFT)
        db.session.commit()
        anchor = f"/fr/forums/open-forum/#document-{outcome.id}"
    open_line = state_line(visitor, "/fr" + path.format(topic=world.topic))
    with app.app_context():
        forum = db.session.get(Forum, world.forum)
        forum.periods[0].closes_at = utcnow() - SECOND
        forum.archived_at = utcnow() if is_archived else None
        db.session.commit()
    line = state_line(visitor, "/fr" + path.format(topic=world.topic))

    assert "#document-" not in open_line
    assert line.count("#document-") == line.count(f'href="{anchor}"') == 1
    assert "A paper outcome (fr)" in line


@pytest.mark.parametrize("path", [*EVERY_LINE_OF_A_GROUP, "/forums/open-forum/"])
def test_untranslated_outcome_is_shown_in_the_original_with_its_language(
    path: str, app: Flask, world: World, visitor: FlaskClient
):
    with app.app_context():
        forum = db.session.get(Forum, world.forum)
        forum.periods[0].closes_at = utcnow() - SECOND
        del add_document(forum, DocumentKind.OUTCOME).texts["fr"]
        db.session.commit()
    line = state_line(visitor, "/fr" + path.format(topic=world.topic))

    assert '<span lang="en">A paper outcome (en)</span>' in line
    assert '<small class="by">' in line


def state_line(client: FlaskClient, path: str) -> str:
    return client.get(path).text.split('<p class="state ')[1].split("</p>")[0]


def test_forum_without_a_group_is_not_open(app: Flask, world: World, visitor: FlaskClient):
    """Nobody could post in it."""
    with app.app_context():
        make_forum("empty-forum").groups.clear()
        db.session.commit()

    portal = visitor.get("/en/portal/").text

    assert portal.index("Planned forums") < portal.index("Title of empty-forum")
    assert "No discussion group has been set up yet." in visitor.get("/en/forums/empty-forum/").text
    assert "To post, you need an account" not in visitor.get("/en/forums/empty-forum/").text


@pytest.mark.parametrize(
    ("of_groups", "kind", "hours", "varies"),
    [
        # The periods of two groups in hours from now; None for the period of the forum, from -24 to 24.
        ([None, None], "open", 24, False),
        ([None, (-24, 48)], "open", 24, True),
        ([(-24, 9), (-24, 5)], "open", 5, True),
        ([(-24, -9), (-24, -5)], "closed", -5, True),
        ([(-24, -9), None], "open", 24, True),
        ([(9, 20), (5, 30)], "planned", 20, True),
        ([(-24, -9), (5, 30)], "closed", -9, True),
    ],
)
def test_state_of_a_forum_follows_from_its_groups(of_groups, kind, hours, varies):
    own = [make_period(PeriodKind.SCHEDULED, *span, NOW, group_id=at) for at, span in enumerate(of_groups) if span]
    forum = make_period(PeriodKind.SCHEDULED, -24, 24, NOW)
    state = state_of_forum([forum, *own], [0, 1], None, NOW)

    assert (state.kind, state.deadline, state.varies) == (kind, NOW + timedelta(hours=hours), varies)


def test_deadline_that_returns_below_an_announced_one_is_not_called_extended():
    """Announced until NOW, brought forward to the deadline, then extended to a day that is still before NOW."""
    reopened = period("reopening", OPENING, DEADLINE, former_dates=((OPENING, NOW),))
    further = period("extension", DEADLINE, LATER)
    earlier = period("scheduled", OPENING - timedelta(days=9), OPENING - timedelta(days=2))
    state = state_of([earlier, reopened, further], None, DEADLINE)

    assert (state.kind, state.deadline, state.announced) == ("reopened", LATER, NOW)
    assert state.former == (NOW, DEADLINE)


def with_second_group(app: Flask, world: World, first: float, second: float) -> None:
    """Let the two groups of the forum be open until so many hours from now."""
    with app.app_context():
        forum = db.session.get_one(Forum, world.forum)
        forum.groups.append(Group(slug="group-2", number=2, texts=texts(GroupText, title="Second group")))
        db.session.flush()
        forum.periods = [
            make_period(PeriodKind.SCHEDULED, -24, closes, group_id=group.id)
            for group, closes in zip(forum.groups, (first, second), strict=True)
        ]
        db.session.commit()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "the deadlines differ from group to group. <"),
        ("es", "las fechas límite varían según el grupo. <"),
        ("fr", "les dates limites varient d’un groupe à l’autre. <"),
    ],
)
def test_forum_whose_deadlines_differ_tells_the_next_one(language, words, app, world, visitor: FlaskClient):
    with_second_group(app, world, 500, 100)
    pages = [visitor.get(f"/{language}{path}").text for path in ("/forums/open-forum/", "/forums/open-forum/groups/")]
    with app.app_context():
        at = [KNOWN[language].at(period.closes_at) for period in db.session.get_one(Forum, world.forum).periods]
    lines = [re.sub(r"\s*\n\s*", " ", page.split('<p class="state ')[1].split("</p>")[0]) for page in pages]

    assert all(words in line and at[1] in line and at[0] not in line for line in lines)
    assert at[0] in pages[1], "each group tells its own"


def test_home_tells_the_next_deadline_of_a_forum_whose_deadlines_differ(app, world, visitor: FlaskClient):
    with_second_group(app, world, 500, 100)
    page = visitor.get("/en/").text.split('<div class="state deadline')[1].split("</div>")[0]

    assert "Next deadline</span>" in page
    assert "4 days left." in page
    assert "The dates differ from group to group." in page


def test_portal_sorts_open_forums_by_their_next_deadline(app: Flask, world: World, visitor: FlaskClient):
    with_second_group(app, world, 500, 100)
    with app.app_context():
        make_forum("other-forum", opens=-24, closes=200)
        db.session.commit()
    portal = visitor.get("/en/portal/").text

    assert portal.index("Title of open-forum") < portal.index("Title of other-forum")


def test_planned_reopening_is_planned_on_the_portal_and_says_until_when(app, world, visitor: FlaskClient):
    with app.app_context():
        forum = db.session.get_one(Forum, world.forum)
        forum.periods = [make_period(PeriodKind.SCHEDULED, -200, -100), make_period(PeriodKind.REOPENING, 100, 300)]
        db.session.commit()
        until = forum.periods[1].closes_at
    portal = visitor.get("/fr/portal/").text
    planned = portal[portal.index('id="planned"') : portal.index('id="closed"')]

    assert "Title of open-forum (fr)" in planned
    assert "Il rouvrira le <time" in planned
    assert f"{KNOWN['fr'].at(until)}</time> inclus." in planned


def test_forum_reopens_with_the_first_of_its_groups():
    periods = [make_period(PeriodKind.SCHEDULED, -24, -9, NOW)]
    periods += [make_period(PeriodKind.REOPENING, opens, 30, NOW, group_id=at) for at, opens in enumerate((9, 5))]

    assert state_of_forum(periods, [0, 1], None, NOW).opens_at == NOW + timedelta(hours=5)


def test_portal_sorts_planned_forums_by_their_opening(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        make_forum("undated-forum").periods.clear()
        make_forum("later-forum", opens=48, closes=50)
        make_forum("sooner-forum", opens=24, closes=99)
        db.session.commit()

    portal = visitor.get("/en/portal/").text

    order = [portal.index(f"Title of {slug}") for slug in ("sooner-forum", "later-forum", "undated-forum")]
    assert order == sorted(order)


def test_portal_groups_forums_by_state(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        make_forum("planned-forum", opens=24, closes=48)
        make_forum("closed-forum", opens=-48, closes=-24)
        db.session.commit()

    portal = visitor.get("/en/portal/").text

    order = [portal.index(f"Title of {slug}") for slug in ("open-forum", "planned-forum", "closed-forum")]
    assert order == sorted(order)


def test_archived_forum_is_only_in_the_archive(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        db.session.get(Forum, world.forum).archived_at = OPENING
        db.session.commit()

    assert "Title of open-forum" not in visitor.get("/en/portal/").text
    assert "Title of open-forum" in visitor.get("/en/archive/").text


def test_untranslated_text_is_shown_in_the_original_with_its_language(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        forum = db.session.get(Forum, world.forum)
        del forum.texts["fr"]
        db.session.commit()

    page = visitor.get("/fr/forums/open-forum/").text

    assert '<span lang="en">Title of open-forum (en)</span>' in page
    assert "language-note" in page


def test_group_offers_what_its_reader_can_do(app: Flask, world: World, visitor: FlaskClient, alice: FlaskClient):
    """Starting a topic is offered to people who may, signing in if only that is missing."""
    group = "/en/forums/open-forum/groups/group-1/"
    signing_in, starting = "Sign in to start a topic or to reply", "Start a topic<"
    offered = {client: (signing_in in page, starting in page) for client, page in pages_of(group, visitor, alice)}
    with app.app_context():
        db.session.get(Forum, world.forum).periods[0].closes_at = utcnow() - SECOND
        db.session.commit()
    afterwards = {client: (signing_in in page, starting in page) for client, page in pages_of(group, visitor, alice)}

    assert offered == {visitor: (True, False), alice: (False, True)}
    assert afterwards == {visitor: (False, False), alice: (False, False)}


def pages_of(path: str, *clients: FlaskClient) -> list[tuple[FlaskClient, str]]:
    return [(client, client.get(path).text) for client in clients]


def test_deadline_includes_its_last_minute():
    told = DEADLINE.replace(hour=23, minute=59)
    state_at = {
        seconds: state_of(
            [Period(kind=PeriodKind.SCHEDULED, opens_at=OPENING, closes_at=last_second(told))],
            None,
            told + seconds * SECOND,
        ).is_open
        for seconds in (0, 59, 60)
    }

    assert state_at == {0: True, 59: True, 60: False}
