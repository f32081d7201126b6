"""A forum is opened, extended, closed and reopened by an administrator, and readers see it in the state line."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from app import periods
from app.database import utcnow
from app.errors import Refused
from app.extensions import db
from app.models import Forum, LogEntry, Period, PeriodKind, User
from tests.admin.conftest import ALREADY, moment, typed
from tests.admin.periods import (
    ADMIN,
    add,
    end_of,
    listed,
    make_quiet,
    move_into_the_past,
    said,
    state_shown,
    timeline,
    told,
)

EVERY_TIMELINE = (
    "/en/forums/open-forum/",
    "/en/forums/open-forum/groups/group-1/",
    "/en/print/forums/open-forum/",
    "/en/print/forums/open-forum/groups/group-1/",
)
EVERY_STATE_LINE = (
    *EVERY_TIMELINE,
    "/en/forums/open-forum/groups/",
    "/en/portal/",
    "/en/topics/{topic}/",
    "/en/print/topics/{topic}/",
)


# The whole life


def test_forum_is_opened_extended_closed_and_reopened(admin: FlaskClient, visitor: FlaskClient, look):
    forum = make_quiet(look)
    admin.post(f"{ADMIN}forums/{forum}/unpublish/")
    public, quiet = "/en/forums/quiet/", {"forum": forum}
    assert visitor.get(public).status_code == 404
    admin.post(f"{ADMIN}forums/{forum}/publish/")
    assert state_shown(visitor, public) == "Planned"

    add(admin, "scheduled", moment(-2), moment(2), **quiet)
    assert state_shown(visitor, public) == "Open"

    deadline = look(lambda: db.session.get(Forum, forum).own_periods[0].closes_at)
    add(admin, "extension", typed(deadline), moment(48), **quiet)
    assert state_shown(visitor, public) == "Extended"
    assert "the original deadline was" in visitor.get(public).text

    admin.post(f"{ADMIN}forums/{forum}/close/")
    assert state_shown(visitor, public) == "Closed"

    look(lambda: move_into_the_past(forum))
    add(admin, "reopening", moment(-0.1), moment(5), **quiet)
    assert state_shown(visitor, public) == "Reopened"

    admin.post(f"{ADMIN}forums/{forum}/close/")
    look(lambda: move_into_the_past(forum))
    admin.post(f"{ADMIN}forums/{forum}/archive/")
    assert state_shown(visitor, public) == "Archived"
    assert len(look(lambda: db.session.get(Forum, forum).periods)) == 3, "old dates are kept"


def test_closing_takes_effect_at_once(admin: FlaskClient, alice: FlaskClient, world):
    admin.post(f"{ADMIN}forums/1/close/")

    answer = alice.post(f"/en/topics/{world.topic}/reply/", data={"body": "Too late?", "language": "en"})
    assert answer.status_code == 409
    assert "Too late?" in answer.text


def test_forum_that_was_closed_early_tells_what_was_announced(admin: FlaskClient, visitor: FlaskClient, look, world):
    announced = end_of(look, 1)
    admin.post(f"{ADMIN}forums/1/close/")
    closed = end_of(look, 1)

    for path in EVERY_STATE_LINE:
        page = visitor.get(path.format_map(vars(world))).text
        told_twice = f"Closed on {told(closed)}, before the announced deadline ({told(announced)})."
        assert told_twice in page, path
    for path in EVERY_TIMELINE:
        assert f"{listed(closed)} Previously announced deadline: {listed(announced)}." in timeline(visitor, path), path


def test_closing_calls_off_the_extension_to_come_and_keeps_it_in_sight(admin: FlaskClient, visitor: FlaskClient, look):
    deadline = end_of(look, 1)
    add(admin, "extension", typed(deadline), moment(72))
    announced = end_of(look, 3)
    page = admin.get(f"{ADMIN}forums/1/close/").text

    assert "Extended" in page
    assert page.index("Extended") < page.index("Closed"), "the state now, then the state afterwards"
    admin.post(f"{ADMIN}forums/1/close/")
    assert state_shown(visitor) == "Closed"
    assert f"before the announced deadline ({told(announced)})" in visitor.get("/en/forums/open-forum/").text
    called_off = f"{listed(deadline)} – {listed(announced)} Cancelled on {said(end_of(look, 1))}."
    assert called_off in timeline(visitor)
    assert called_off in timeline(visitor, "/en/print/forums/open-forum/")


def test_closing_shows_beforehand_what_will_be_told(admin: FlaskClient, look):
    add(admin, "extension", moment(20), moment(72))
    page = admin.get(f"{ADMIN}forums/1/close/").text

    assert f"before the announced deadline ({told(end_of(look, 3))})" in page.split("Status afterwards")[1]


def test_forum_that_was_closed_during_its_extension_can_be_reopened(admin: FlaskClient, visitor: FlaskClient, look):
    add(admin, "extension", moment(-1), moment(72))
    admin.post(f"{ADMIN}forums/1/close/")
    look(lambda: move_into_the_past(1))

    assert add(admin, "reopening", moment(-0.1), moment(5)).status_code == 302
    assert state_shown(visitor) == "Reopened"


def test_what_is_closed_is_not_closed_again(admin: FlaskClient, look, log):
    first = admin.post(f"{ADMIN}forums/1/close/")
    written = log()
    again = admin.post(f"{ADMIN}forums/1/close/")

    assert (again.status_code, again.location) == (302, first.location)
    assert ALREADY in admin.get(again.location).text
    assert "nothing to close" in admin.get(f"{ADMIN}forums/1/close/").text
    assert log() == written


def test_what_has_not_opened_is_not_closed(admin: FlaskClient, look):
    forum = make_quiet(look, opens=24, closes=48)

    assert "nothing to close" in admin.get(f"{ADMIN}forums/{forum}/close/").text
    assert admin.post(f"{ADMIN}forums/{forum}/close/").status_code == 409


# The rules of dates


@pytest.mark.parametrize(
    ("kind", "opens", "closes", "field"),
    [
        ("scheduled", 50, 49, "closes_at"),
        ("scheduled", 50, 50, "closes_at"),
        ("scheduled", 1, 50, "opens_at"),
        ("scheduled", -50, -10, "opens_at"),
        ("extension", 1, 5, "closes_at"),
        ("reopening", 1, 50, "opens_at"),
        ("reopening", -99, -50, "opens_at"),
    ],
)
def test_dates_that_do_not_fit_are_refused_beside_their_field(admin: FlaskClient, log, kind, opens, closes, field):
    answer = add(admin, kind, moment(opens), moment(closes))

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert f'value="{moment(closes)[0]}"' in answer.text
    assert log() == []


@pytest.mark.parametrize(
    ("kind", "opens", "closes"),
    [("scheduled", 30, 50), ("extension", 1, 50), ("reopening", 30, 50)],
)
def test_dates_that_fit_are_taken(admin: FlaskClient, kind, opens, closes):
    assert add(admin, kind, moment(opens), moment(closes)).status_code == 302


@pytest.mark.parametrize(
    ("kind", "opens", "closes", "words", "reason"),
    [
        ("scheduled", -50, -10, listed, "Another period is open for messages at that time ("),
        ("extension", 1, 5, said, "later than the present one, "),
    ],
)
def test_refusal_names_the_dates_that_are_in_the_way(admin: FlaskClient, look, kind, opens, closes, words, reason):
    answer = add(admin, kind, moment(opens), moment(closes))

    assert reason in answer.text
    assert words(end_of(look, 1)) in answer.text.split(reason)[1].partition("</p>")[0]


@pytest.mark.parametrize("kind", ["scheduled", "reopening"])
def test_period_that_is_over_is_not_added_to_a_published_forum(admin: FlaskClient, look, log, kind):
    forum = make_quiet(look, opens=-90, closes=-50)
    answer = add(admin, kind, moment(-40), moment(-30), forum=forum)

    assert answer.status_code == 422
    assert 'href="#closes_at"' in answer.text
    assert "This deadline has already passed." in answer.text
    assert log() == []


def test_period_to_come_is_not_moved_into_the_past_of_a_published_forum(admin: FlaskClient):
    add(admin, "scheduled", moment(30), moment(50))
    answer = admin.post(f"{ADMIN}periods/3/edit/", data={"opens_at": moment(-90), "closes_at": moment(-50)})

    assert answer.status_code == 422
    assert "This deadline has already passed." in answer.text


def test_record_of_an_old_forum_is_written_before_it_is_published(admin: FlaskClient, visitor: FlaskClient, look):
    forum = make_quiet(look, published=False, opens=-900, closes=-800)
    added = [
        add(admin, "extension", moment(-800), moment(-700), forum=forum).status_code,
        add(admin, "reopening", moment(-500), moment(-400), forum=forum).status_code,
    ]
    admin.post(f"{ADMIN}forums/{forum}/publish/")

    assert added == [302, 302]
    assert state_shown(visitor, "/en/forums/quiet/") == "Closed"


# What is closed


def test_what_is_closed_is_not_extended(admin: FlaskClient, look, log):
    forum = make_quiet(look, opens=-48, closes=-24)
    end = end_of(look, 3)
    answer = add(admin, "extension", typed(end), moment(30), forum=forum)

    assert answer.status_code == 422
    assert f"The period that you wish to extend ended on {said(end)}" in answer.text
    assert "Use “Reopen” instead" in answer.text
    assert log() == []


def test_forum_that_was_closed_now_is_not_extended(admin: FlaskClient, visitor: FlaskClient, look):
    admin.post(f"{ADMIN}forums/1/close/")
    answer = add(admin, "extension", typed(end_of(look, 1)), moment(72))

    assert answer.status_code == 422
    assert state_shown(visitor) == "Closed"


def test_period_that_ends_while_its_extension_is_typed_is_not_extended(app, world):
    """The clock of the transaction counts, not that of the form."""
    with app.test_request_context("/en/"):
        admin, period = db.session.get(User, world.admin), db.session.get(Period, 1)
        opens_at, closes_at = period.closes_at, utcnow() + timedelta(days=9)
        period.closes_at = utcnow() - timedelta(seconds=1)
        db.session.commit()
        sent = {"key": "k", "version": periods.version_of_life(db.session.get(Forum, 1)), "viewer": admin}
        for opening in (opens_at, None):
            with pytest.raises(Refused):
                periods.create(1, periods.NewPeriod(PeriodKind.EXTENSION, None, closes_at, opening), **sent)


def test_forum_is_reopened_in_the_minute_in_which_it_was_closed(admin: FlaskClient, visitor: FlaskClient, look):
    admin.post(f"{ADMIN}forums/1/close/")
    end = end_of(look, 1)
    answer = add(admin, "reopening", typed(end), moment(72))

    assert answer.status_code == 302
    assert look(lambda: db.session.get(Period, 3).opens_at) == end + timedelta(seconds=1)


@pytest.mark.parametrize(
    "opens", [["", ""], ["2026-13-01", "10:00"], ["2026-01-01", ""], ["2026-01-01", "25:00"], ["0001-01-01", "00:00"],
              ["x"], ["2026-01-01"]],
)  # fmt: skip
def test_nonsense_is_given_back(admin: FlaskClient, opens):
    answer = add(admin, "scheduled", opens, moment(50))

    assert answer.status_code == 422
    assert "Please enter a date and a time" in answer.text
    assert f'value="{opens[0]}"' in answer.text


def test_group_of_another_forum_is_refused(admin: FlaskClient, look, log):
    foreign = look(lambda: db.session.get(Forum, 2).groups[0].id)

    assert add(admin, "scheduled", moment(30), moment(50), group=foreign).status_code == 422
    assert add(admin, "scheduled", moment(30), moment(50), group=foreign, step="preview/").status_code == 422
    assert log() == []


def test_group_of_another_forum_is_refused_by_the_action_too(app, world):
    with app.test_request_context("/en/"):
        foreign = db.session.get(Forum, 2).groups[0].id
        admin, now = db.session.get(User, world.admin), utcnow()
        opens_at, closes_at = now + timedelta(days=3), now + timedelta(days=4)
        sent = {"key": "k", "version": periods.version_of_life(db.session.get(Forum, 1)), "viewer": admin}
        with pytest.raises(Refused):
            periods.create(1, periods.NewPeriod(PeriodKind.SCHEDULED, foreign, closes_at, opens_at), **sent)


def test_period_sent_twice_is_added_once(admin: FlaskClient, look):
    data = {"group_id": "0", "opens_at": moment(30), "closes_at": moment(50), "submission": "a" * 32}
    for _time in range(2):
        assert admin.post(f"{ADMIN}forums/1/periods/scheduled/", data=data).status_code == 302

    assert look(lambda: db.session.query(Period).filter_by(forum_id=1).count()) == 2


# The last minute


def test_last_minute_is_included_as_a_whole(admin: FlaskClient, look):
    """Readers are told `23:59`, so a message sent at 23:59:59 is in time."""
    add(admin, "scheduled", ["2031-01-01", "00:00"], ["2031-01-31", "23:59"])

    assert look(lambda: db.session.get(Period, 3).opens_at) == datetime(2031, 1, 1, tzinfo=UTC)
    assert end_of(look, 3) == datetime(2031, 1, 31, 23, 59, 59, tzinfo=UTC)
    assert "23:59" in admin.get(f"{ADMIN}periods/3/edit/").text


def test_extension_begins_at_the_deadline_that_holds_now(admin: FlaskClient, look):
    """Whatever else was sent."""
    assert add(admin, "extension", moment(1), moment(72)).status_code == 302

    assert look(lambda: db.session.query(Period).filter_by(kind="extension").one().opens_at) == end_of(look, 1)


def test_deadline_without_its_time_is_refused_beside_its_field(admin: FlaskClient):
    answer = admin.post(f"{ADMIN}periods/1/edit/", data={"closes_at": ["2031-01-31", ""]})

    assert answer.status_code == 422
    assert 'href="#closes_at"' in answer.text
    assert "Please enter a date and a time for “Deadline for messages (inclusive)”" in answer.text
    assert 'value="2031-01-31"' in answer.text


# The record


def test_period_that_has_begun_is_not_deleted(admin: FlaskClient, look):
    assert "This period has begun" in admin.get(f"{ADMIN}periods/1/delete/").text
    assert admin.post(f"{ADMIN}periods/1/delete/").status_code == 409
    assert look(lambda: db.session.get(Period, 1))


def test_opening_of_a_period_that_has_begun_stays(admin: FlaskClient, look):
    before = look(lambda: db.session.get(Period, 1).opens_at)
    page = admin.get(f"{ADMIN}periods/1/edit/").text
    answer = admin.post(f"{ADMIN}periods/1/edit/", data={"opens_at": moment(-9), "closes_at": moment(5)})

    assert 'name="opens_at"' not in page
    assert answer.status_code == 302
    assert look(lambda: db.session.get(Period, 1).opens_at) == before


def test_end_of_a_running_period_moves_earlier_and_the_announced_one_stays_in_sight(
    admin: FlaskClient, visitor: FlaskClient, look, world
):
    announced = end_of(look, 1)

    assert admin.post(f"{ADMIN}periods/1/edit/", data={"closes_at": moment(5)}).status_code == 302
    moved = end_of(look, 1)
    for path in EVERY_STATE_LINE:
        page = visitor.get(path.format_map(vars(world))).text
        assert told(moved) in page or listed(moved) in page, path
        assert f"The deadline was brought forward from {told(announced)}." in page, path
    for path in EVERY_TIMELINE:
        assert f"{listed(moved)} Previously announced deadline: {listed(announced)}." in timeline(visitor, path), path


def test_every_date_that_was_announced_stays_in_sight(admin: FlaskClient, visitor: FlaskClient, look):
    """However often an end is moved, and when the forum is closed before all of them."""
    ends = [end_of(look, 1)]
    for hours in (9, 5):
        admin.post(f"{ADMIN}periods/1/edit/", data={"closes_at": moment(hours)})
        ends.append(end_of(look, 1))
    admin.post(f"{ADMIN}forums/1/close/")

    shown = timeline(visitor)
    assert [shown.count(f"Previously announced deadline: {listed(end)}.") for end in ends] == [1, 1, 1]
    assert f"before the announced deadline ({told(ends[0])})" in visitor.get("/en/forums/open-forum/").text


def test_end_that_is_saved_unchanged_leaves_no_trace(admin: FlaskClient, visitor: FlaskClient, look, log):
    before = end_of(look, 1)
    admin.post(f"{ADMIN}periods/1/edit/", data={"closes_at": typed(before)})

    assert end_of(look, 1) == before, "to the second, which the form does not show"
    assert "had been announced" not in timeline(visitor)
    assert log() == []


def test_extension_that_lifts_a_shortened_deadline_names_the_first_one(admin: FlaskClient, visitor: FlaskClient, look):
    first = end_of(look, 1)
    admin.post(f"{ADMIN}periods/1/edit/", data={"closes_at": moment(5)})
    add(admin, "extension", typed(end_of(look, 1)), moment(72))

    page = visitor.get("/en/forums/open-forum/").text
    assert f"the original deadline was {told(first)}" in page
    assert "brought forward" not in page


@pytest.mark.parametrize(("hours", "reason"), [(48, "Add an extension"), (-1, "into the past"), (-48, "into the past")])
def test_end_of_a_running_period_moves_nowhere_else(admin: FlaskClient, hours, reason):
    answer = admin.post(f"{ADMIN}periods/1/edit/", data={"closes_at": moment(hours)})

    assert answer.status_code == 422
    assert reason in answer.text


def test_period_that_is_over_stays_as_it_is(admin: FlaskClient, look):
    make_quiet(look, opens=-48, closes=-24)

    assert admin.get(f"{ADMIN}periods/3/edit/").status_code == 409
    assert admin.post(f"{ADMIN}periods/3/edit/", data={"closes_at": moment(-30)}).status_code == 409


def test_period_that_has_not_begun_is_changed_and_its_announced_dates_stay_in_sight(
    admin: FlaskClient, visitor: FlaskClient, look
):
    add(admin, "scheduled", moment(30), moment(50))
    opens, closes = look(lambda: (db.session.get(Period, 3).opens_at, db.session.get(Period, 3).closes_at))
    change = {"opens_at": moment(31), "closes_at": moment(60)}

    assert admin.post(f"{ADMIN}periods/3/edit/", data=change).status_code == 302
    assert f"Previously announced: from {said(opens)} to {said(closes)}." in timeline(visitor)


def test_period_that_has_not_begun_is_called_off_and_stays_in_sight(
    admin: FlaskClient, visitor: FlaskClient, look, log
):
    add(admin, "reopening", moment(30), moment(50))
    asked = admin.get(f"{ADMIN}periods/3/delete/").text
    answer = admin.post(f"{ADMIN}periods/3/delete/")

    assert "Cancel this period" in asked
    assert answer.status_code == 302
    assert "Cancelled on" in timeline(visitor)
    assert "Cancelled on" in admin.get(f"{ADMIN}forums/1/").text
    assert [action for action, _kind, _subject in log()] == ["create", "call_off"]
    look(lambda: move_into_the_past(1))
    assert "It will reopen" not in visitor.get("/en/forums/open-forum/").text


def test_period_is_called_off_once(admin: FlaskClient, log):
    add(admin, "reopening", moment(30), moment(50))
    first = admin.post(f"{ADMIN}periods/3/delete/")
    again = admin.post(f"{ADMIN}periods/3/delete/")

    assert (again.status_code, again.location) == (302, first.location)
    assert ALREADY in admin.get(again.location).text
    assert "has been cancelled" in admin.get(f"{ADMIN}periods/3/delete/").text
    assert [action for action, _kind, _subject in log()] == ["create", "call_off"]


def test_period_that_was_called_off_takes_no_messages(admin: FlaskClient, alice: FlaskClient, look, world):
    add(admin, "reopening", moment(30), moment(50))
    admin.post(f"{ADMIN}periods/3/delete/")

    def move() -> None:
        for period in db.session.get(Forum, 1).periods:
            period.opens_at -= timedelta(hours=40)
            period.closes_at -= timedelta(hours=40)
        db.session.commit()

    look(move)
    answer = alice.post(f"/en/topics/{world.topic}/reply/", data={"body": "Now?", "language": "en"})
    assert answer.status_code == 409


def test_period_that_was_called_off_stays_as_it_is(admin: FlaskClient):
    add(admin, "scheduled", moment(30), moment(50))
    admin.post(f"{ADMIN}periods/3/delete/")
    change = {"opens_at": moment(31), "closes_at": moment(60)}

    assert admin.post(f"{ADMIN}periods/3/edit/", data=change).status_code == 409
    assert "periods/3/" not in admin.get(f"{ADMIN}forums/1/").text
    assert add(admin, "scheduled", moment(30), moment(50)).status_code == 302, "its time is free again"


def test_called_off_period_does_not_keep_a_forum_out_of_the_archive(admin: FlaskClient, look):
    forum = make_quiet(look, opens=-48, closes=-24)
    add(admin, "reopening", moment(30), moment(50), forum=forum)
    refused = admin.post(f"{ADMIN}forums/{forum}/archive/").status_code
    admin.post(f"{ADMIN}periods/4/delete/")

    assert (refused, admin.post(f"{ADMIN}forums/{forum}/archive/").status_code) == (409, 302)


def test_dates_of_a_draft_are_free(admin: FlaskClient, look):
    """Nobody has seen them yet, so a slip of the pen can be mended."""
    period = look(lambda: db.session.get(Forum, 2).periods[0].id)
    change = {"opens_at": moment(-90), "closes_at": moment(90)}

    assert admin.post(f"{ADMIN}periods/{period}/edit/", data=change).status_code == 302
    assert "had been announced" not in timeline(admin, "/en/forums/draft-forum/")
    assert "Delete the period" in admin.get(f"{ADMIN}periods/{period}/delete/").text
    assert admin.post(f"{ADMIN}periods/{period}/delete/").status_code == 302
    assert look(lambda: db.session.get(Period, period)) is None


def test_closing_a_draft_keeps_nothing(admin: FlaskClient, look):
    add(admin, "extension", moment(20), moment(50), forum=2)
    admin.post(f"{ADMIN}forums/2/close/")

    assert look(lambda: [(period.kind, period.former_dates) for period in db.session.get(Forum, 2).periods]) == [
        ("scheduled", None)
    ]


def test_period_with_an_extension_is_neither_shortened_nor_deleted(admin: FlaskClient, look):
    add(admin, "scheduled", moment(30), moment(50))
    look(lambda: (_extend(end_of(look, 3)), db.session.commit()))

    shortened = admin.post(f"{ADMIN}periods/3/edit/", data={"opens_at": moment(30), "closes_at": moment(40)})
    assert shortened.status_code == 422
    assert "depends on this one" in shortened.text
    assert admin.post(f"{ADMIN}periods/3/delete/").status_code == 409


def _extend(deadline) -> None:
    extension = Period(forum_id=1, kind="extension", opens_at=deadline, closes_at=deadline + timedelta(hours=20))
    db.session.add(extension)


# Before and after


def test_preview_shows_the_state_that_follows_and_writes_nothing(admin: FlaskClient, log):
    end = moment(72)
    answer = add(admin, "extension", moment(1), end, step="preview/")

    assert answer.status_code == 200
    names = re.findall(r'class="state-name">([^<]+)<', answer.text)
    assert names == ["Open", "Extended"]
    assert f'value="{end[1]}"' in answer.text
    assert log() == []


def test_preview_of_a_change_shows_the_state_that_follows(admin: FlaskClient, look):
    add(admin, "scheduled", moment(30), moment(50))
    answer = admin.post(f"{ADMIN}periods/1/preview/", data={"closes_at": moment(5)})

    assert answer.status_code == 200
    assert answer.text.count('class="state-name"') == 2
    assert "Nothing has been saved yet." in answer.text


def test_extension_asks_for_the_new_deadline_and_for_whom(admin: FlaskClient):
    page = admin.get(f"{ADMIN}forums/1/periods/extension/").text
    asked = re.findall(r'<(?:input|select)[^>]* name="(\w+)"', page.split("<main")[1])

    assert dict.fromkeys(asked).keys() - {"csrf_token", "submission", "version"} == {"group_id", "closes_at"}


def test_reopening_is_offered_from_the_next_minute(admin: FlaskClient, visitor: FlaskClient):
    """So that a forum that was closed by mistake can be opened again at once."""
    admin.post(f"{ADMIN}forums/1/close/")
    page = admin.get(f"{ADMIN}forums/1/periods/reopening/").text
    opens = re.findall(r'name="opens_at" value="([^"]+)"', page)

    assert add(admin, "reopening", opens, moment(5)).status_code == 302
    assert "It will reopen on" in visitor.get("/en/forums/open-forum/").text


def test_forum_page_offers_what_fits_its_state(admin: FlaskClient, look):
    closed = make_quiet(look, opens=-48, closes=-24)

    open_page, closed_page = (admin.get(f"{ADMIN}forums/{key}/").text for key in (1, closed))
    assert "periods/extension/" in open_page
    assert "/close/" in open_page
    assert "periods/reopening/" not in open_page
    assert "periods/reopening/" in closed_page
    assert "periods/extension/" not in closed_page
    assert "/close/" not in closed_page


# Publishing and archiving


def test_forum_with_messages_stays_published(admin: FlaskClient, visitor: FlaskClient):
    assert "contains messages" in admin.get(f"{ADMIN}forums/1/unpublish/").text
    assert admin.post(f"{ADMIN}forums/1/unpublish/").status_code == 409
    assert visitor.get("/en/forums/open-forum/").status_code == 200


def test_forum_that_was_archived_stays_published(admin: FlaskClient, visitor: FlaskClient, look):
    def archive_without_messages() -> None:
        forum = db.session.get(Forum, 2)
        forum.published_at = forum.archived_at = utcnow()
        db.session.commit()

    look(archive_without_messages)
    steps = [admin.post(f"{ADMIN}forums/2/{step}/").status_code for step in ("unarchive", "unpublish", "delete")]

    assert steps == [302, 409, 409]
    assert "has been archived" in admin.get(f"{ADMIN}forums/2/unpublish/").text
    assert visitor.get("/en/forums/draft-forum/").status_code == 200


@pytest.mark.parametrize(
    "names",
    [
        ("unpublish", "publish", "publish"),
        ("unpublish", "unpublish"),
        ("archive", "archive"),
        ("archive", "unarchive", "unarchive"),
    ],
)
def test_step_that_is_taken_twice_is_said_to_be_taken_already(admin: FlaskClient, look, log, names: tuple[str, ...]):
    forum = make_quiet(look, opens=-48, closes=-24)
    answers = [admin.post(f"{ADMIN}forums/{forum}/{name}/") for name in names]

    assert {answer.location for answer in answers} == {f"{ADMIN}forums/{forum}/"}
    assert ALREADY in admin.get(f"{ADMIN}forums/{forum}/").text
    assert [action for action, _kind, _subject in log()] == [*names[:-1]]


@pytest.mark.parametrize(("opens", "closes"), [(-1, 5), (5, 9)])
def test_forum_that_takes_messages_now_or_later_is_not_archived(admin: FlaskClient, look, opens, closes):
    forum = make_quiet(look, opens=opens, closes=closes)

    assert admin.post(f"{ADMIN}forums/{forum}/archive/").status_code == 409


def test_archived_forum_keeps_its_settings_groups_questions_and_dates(admin: FlaskClient, look, log):
    forum = make_quiet(look, opens=-48, closes=-24)
    group, question = look(lambda: _keys_in(forum))
    admin.post(f"{ADMIN}forums/{forum}/archive/")
    writes = [
        (f"forums/{forum}/settings/", {"slug": "silent"}),
        (f"forums/{forum}/groups/", {"slug": "silent"}),
        (f"forums/{forum}/delete/", {}),
        (f"forums/{forum}/unpublish/", {}),
        (f"groups/new/{forum}/", {"slug": "g", "number": "9", "en-title": "T"}),
        (f"questions/new/{group}/", {"number": "9", "en-text": "T"}),
        (f"questions/{question}/delete/", {}),
        (f"forum-pages/new/{forum}/", {"slug": "p", "position": "0", "en-title": "T"}),
        (f"forums/{forum}/periods/reopening/", {"group_id": "0", "opens_at": moment(1), "closes_at": moment(2)}),
        ("periods/3/edit/", {"closes_at": moment(-30)}),
        ("periods/3/delete/", {}),
        (f"forums/{forum}/close/", {}),
    ]

    assert {path: admin.post(ADMIN + path, data=data).status_code for path, data in writes} == dict.fromkeys(
        [path for path, _data in writes], 409
    )
    assert [action for action, _kind, _subject in log()] == ["archive"]
    assert "/settings/" not in admin.get(f"{ADMIN}forums/{forum}/").text.split("<main")[1]
    assert admin.post(f"{ADMIN}forums/{forum}/unarchive/").status_code == 302
    assert admin.post(ADMIN + writes[0][0], data=writes[0][1]).status_code == 302


def _keys_in(forum_id: int) -> tuple[int, int]:
    group = db.session.get(Forum, forum_id).groups[0]
    return group.id, group.questions[0].id


def test_every_step_is_in_the_log_with_old_and_new_values(admin: FlaskClient, look):
    admin.post(f"{ADMIN}forums/1/close/")

    entry = look(lambda: db.session.query(LogEntry).one())
    assert (entry.action, entry.kind, entry.subject) == ("close", "periods", "Title of open-forum (en)")
    assert [change["field"] for change in entry.detail] == ["closes_at"]
    assert entry.detail[0]["old"] > entry.detail[0]["new"]
