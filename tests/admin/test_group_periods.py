"""A single group has periods of its own: what was announced for it stays, and its forum's line takes it in."""

import re

import pytest
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Forum, Group, GroupText, Period
from tests.admin.conftest import ALREADY, moment, typed
from tests.admin.periods import ADMIN, add, end_of, listed, make_quiet, move_into_the_past, state_shown, timeline, told
from tests.world import texts

GROUP = "/en/forums/open-forum/groups/group-1/"
WHOLE = ("/en/", "/en/portal/", "/en/forums/open-forum/", "/en/print/forums/open-forum/", "/en/print/pages/portal/")


@pytest.fixture
def two_groups(look, world) -> int:
    """The key of a second group of the open forum."""

    def make() -> int:
        group = Group(forum_id=1, slug="group-2", number=2, texts=texts(GroupText, title="Two"))
        db.session.add(group)
        db.session.commit()
        return group.id

    return look(make)


def planned(look) -> tuple[int, int]:
    """A forum that opens in 30 hours for 20, and its group."""
    forum = make_quiet(look, opens=30, closes=50)
    return forum, look(lambda: db.session.get(Forum, forum).groups[0].id)


def prefilled(admin: FlaskClient, path: str) -> list[str]:
    return re.findall(r'name="opens_at" value="([^"]+)"', admin.get(ADMIN + path).text)


# What was announced stays


def test_scheduled_period_of_a_group_leaves_it_open_as_announced(admin: FlaskClient, visitor: FlaskClient, look, world):
    add(admin, "scheduled", moment(100), moment(200), group=world.group)

    assert state_shown(visitor, GROUP) == "Open"
    assert f"for messages until {told(end_of(look, 1))}" in visitor.get(GROUP).text
    assert timeline(visitor, GROUP).count("Scheduled") == 2


def test_scheduled_period_of_a_group_may_not_overlap_one_that_has_begun(admin: FlaskClient, look, world, log):
    answer = add(admin, "scheduled", moment(1), moment(200), group=world.group)

    assert answer.status_code == 422
    assert f"{listed(end_of(look, 1))})" in answer.text
    assert log() == []


def test_scheduled_period_of_a_group_replaces_one_to_come_and_keeps_it_in_sight(
    admin: FlaskClient, visitor: FlaskClient, look
):
    forum, group = planned(look)
    add(admin, "scheduled", moment(40), moment(60), forum=forum, group=group)

    shown = timeline(visitor, "/en/forums/quiet/groups/group-1/")
    assert f"{listed(end_of(look, 3))} Cancelled on" in shown
    assert f"for messages until {told(end_of(look, 5))}" in visitor.get("/en/forums/quiet/groups/group-1/").text


def test_scheduled_period_of_a_group_of_a_draft_leaves_nothing_called_off(admin: FlaskClient, look):
    group = look(lambda: db.session.get(Forum, 2).groups[0].id)
    add(admin, "scheduled", moment(1), moment(60), forum=2, group=group)

    assert look(lambda: [period.group_id for period in db.session.get(Forum, 2).periods]) == [None, group]


def test_form_of_a_group_says_what_will_hold(admin: FlaskClient, world):
    page = admin.get(f"{ADMIN}forums/1/periods/scheduled/?group_id={world.group}").text

    assert "periods that they overlap and that have not begun; all others remain" in page


def test_group_whose_own_periods_were_called_off_follows_the_forum_again(
    admin: FlaskClient, visitor: FlaskClient, look
):
    forum, group = planned(look)
    add(admin, "scheduled", moment(40), moment(60), forum=forum, group=group)
    admin.post(f"{ADMIN}periods/5/delete/")

    page = visitor.get("/en/forums/quiet/groups/group-1/").text
    assert f"Opens on {told(look(lambda: db.session.get(Period, 3).opens_at))}" in page
    assert timeline(visitor, "/en/forums/quiet/groups/group-1/").count("Cancelled on") == 2


def test_extension_of_one_group_keeps_its_history(admin: FlaskClient, visitor: FlaskClient, look, world):
    """A group that followed the forum's periods takes them over, so that its first deadline stays in sight."""
    answer = add(admin, "extension", typed(end_of(look, 1)), moment(72), group=world.group)

    assert answer.status_code == 302
    page = "/en/forums/open-forum/groups/group-1/"
    assert state_shown(visitor, page) == "Extended"
    assert "the original deadline was" in visitor.get(page).text
    assert timeline(visitor).count("Scheduled") == 1, "what it took over is told once"
    assert "Extension (group 1)" in timeline(visitor)


def test_reopening_of_one_group_leaves_the_others_closed(admin: FlaskClient, visitor: FlaskClient, look):
    forum = make_quiet(look, opens=-48, closes=-24)
    admin.post(f"{ADMIN}groups/new/{forum}/", data={"slug": "group-2", "number": "2", "en-title": "Two"})
    one = look(lambda: db.session.get(Forum, forum).groups[0].id)
    add(admin, "reopening", moment(-1), moment(5), forum=forum, group=one)

    assert state_shown(visitor, "/en/forums/quiet/groups/group-1/") == "Reopened"
    assert state_shown(visitor, "/en/forums/quiet/groups/group-2/") == "Closed"
    assert state_shown(visitor, "/en/forums/quiet/") == "Reopened"


# From buttons of the group


def test_each_group_can_be_closed_from_the_page_of_the_forum(admin: FlaskClient, world, two_groups):
    page = admin.get(f"{ADMIN}forums/1/").text

    assert f"groups/{world.group}/close/" in page
    assert f"groups/{two_groups}/close/" in page
    assert "periods/reopening/" not in page


def test_closing_one_group_leaves_the_others_open(admin: FlaskClient, visitor: FlaskClient, look, world, two_groups):
    announced = end_of(look, 1)
    answer = admin.post(f"{ADMIN}groups/{two_groups}/close/", follow_redirects=True)

    assert "Group 2 has been closed." in answer.text
    closed = visitor.get("/en/forums/open-forum/groups/group-2/").text
    assert f"before the announced deadline ({told(announced)})" in closed
    assert state_shown(visitor, GROUP) == "Open"
    assert state_shown(visitor) == "Open"


def test_closing_a_forum_tells_the_latest_deadline_that_was_announced(
    admin: FlaskClient, visitor: FlaskClient, look, two_groups
):
    first = end_of(look, 1)
    add(admin, "extension", typed(first), moment(72), group=two_groups)
    extended = end_of(look, look(lambda: db.session.query(Period).filter_by(kind="extension").one().id))
    told_now = f"before the announced deadline ({told(extended)}); the original deadline was {told(first)}"

    assert told_now in admin.get(f"{ADMIN}forums/1/close/").text.split("Status afterwards")[1]
    admin.post(f"{ADMIN}forums/1/close/")
    assert told_now in visitor.get("/en/forums/open-forum/").text


def test_closing_one_group_shows_beforehand_what_follows(admin: FlaskClient, look, two_groups):
    page = admin.get(f"{ADMIN}groups/{two_groups}/close/").text

    assert f"before the announced deadline ({told(end_of(look, 1))})" in page.split("Status afterwards")[1]


def test_group_that_is_closed_is_not_closed_again(admin: FlaskClient, two_groups):
    first = admin.post(f"{ADMIN}groups/{two_groups}/close/")
    again = admin.post(f"{ADMIN}groups/{two_groups}/close/")

    assert (again.status_code, again.location) == (302, first.location)
    assert ALREADY in admin.get(again.location).text
    assert "nothing to close" in admin.get(f"{ADMIN}groups/{two_groups}/close/").text


def test_closed_group_of_an_open_forum_is_reopened_from_the_page_of_the_forum(
    admin: FlaskClient, visitor: FlaskClient, look, two_groups
):
    admin.post(f"{ADMIN}groups/{two_groups}/close/")
    page = admin.get(f"{ADMIN}forums/1/").text
    opens = prefilled(admin, f"forums/1/periods/reopening/?group_id={two_groups}")
    answer = add(admin, "reopening", opens, moment(72), group=two_groups)

    assert f"periods/reopening/?group_id={two_groups}" in page
    assert f"periods/extension/?group_id={two_groups}" not in page
    assert answer.status_code == 302
    assert "It will reopen on" in visitor.get("/en/forums/open-forum/groups/group-2/").text


def test_extension_of_a_group_begins_at_the_deadline_of_that_group(admin: FlaskClient, look, world):
    for hours in (72, 99):
        add(admin, "extension", moment(1), moment(hours), group=world.group)
    of_group = look(lambda: [one.opens_at for one in db.session.query(Period).filter_by(kind="extension")])

    assert of_group == [end_of(look, 1), end_of(look, 4)]


# The line of the forum


def test_closing_a_forum_closes_the_groups_that_run_longer(admin: FlaskClient, visitor: FlaskClient, look, world):
    add(admin, "extension", typed(end_of(look, 1)), moment(72), group=world.group)
    admin.post(f"{ADMIN}forums/1/close/")

    assert state_shown(visitor) == "Closed"
    assert state_shown(visitor, GROUP) == "Closed"


def test_forum_tells_the_next_deadline_of_its_groups(admin: FlaskClient, visitor: FlaskClient, look, world, two_groups):
    following = end_of(look, 1)
    add(admin, "extension", typed(following), moment(300), group=two_groups)

    for path in WHOLE:
        page = visitor.get(path).text
        assert told(following) in page or listed(following) in page, path
        assert re.search("[Nn]ext deadline", page), path
        assert "differ from group to group." in page, path


def test_heading_spans_the_dates_of_all_groups(admin: FlaskClient, visitor: FlaskClient, look, two_groups):
    add(admin, "extension", typed(end_of(look, 1)), moment(3000), group=two_groups)

    dates = re.search(r'class="dates">([^<]+)<', visitor.get("/en/forums/open-forum/").text)[1]
    assert dates.endswith(f"{end_of(look, 4):%B}\N{NO-BREAK SPACE}{end_of(look, 4).year}")


def test_forum_of_which_one_group_runs_on_is_open(admin: FlaskClient, visitor: FlaskClient, look, two_groups):
    add(admin, "extension", typed(end_of(look, 1)), moment(60), group=two_groups)
    look(lambda: move_into_the_past(1, hours=30))

    assert state_shown(visitor) == "Extended"
    assert state_shown(visitor, GROUP) == "Closed"


def test_line_of_a_forum_whose_groups_agree_says_nothing_of_them(visitor: FlaskClient, two_groups):
    assert "The dates differ" not in visitor.get("/en/forums/open-forum/").text
