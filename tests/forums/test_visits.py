"""When a visit begins and ends, since when messages are new in it, and that it is one small write."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from app import visits
from app.extensions import db
from app.models import User
from tests.conftest import sign_in
from tests.forums.visiting import LATER, Reader, at, moment, publish, writings
from tests.world import World

FORUM = "/en/forums/open-forum/"
NEW = "/en/new/"


@pytest.fixture
def reader(app: Flask, world: World) -> Reader:
    """Alice, who has never visited."""
    return Reader(app, world.alice)


def test_nothing_that_was_there_before_is_new_at_the_first_visit(reader: Reader, app: Flask, world: World):
    old = publish(app, world.topic, world.bruno, -10)

    assert f'id="message-{old}"' not in reader.reads(0, NEW)


def test_first_visit_is_told_and_led_to_the_latest_messages(reader: Reader, world: World):
    page = reader.reads(0, NEW)

    assert "This is your first visit." in page
    assert '<a href="/en/forums/open-forum/latest/"' in page
    assert "No messages have been published since" not in page
    page = reader.reads(LATER, NEW)
    assert "This is your first visit." not in page
    assert "No messages have been published since" in page


def test_what_is_published_during_the_first_visit_is_new_in_it(reader: Reader, app: Flask, world: World):
    reader.reads(0)
    publish(app, world.topic, world.bruno, 5)

    assert "1 new message" in reader.reads(10, FORUM)


def test_what_was_published_since_the_previous_visit_is_new(reader: Reader, app: Flask, world: World):
    reader.reads(0)
    publish(app, world.topic, world.bruno, 60)

    assert "1 new message" in reader.reads(LATER, FORUM)
    assert "1 new message" in reader.reads(LATER + 20, FORUM), "as long as the visit lasts"
    assert "1 new message" not in reader.reads(LATER + 90, FORUM), "and not in the next one"


def test_what_nobody_had_time_to_see_in_the_previous_visit_is_new(reader: Reader, app: Flask, world: World):
    reader.reads(0)
    publish(app, world.topic, world.bruno, 1)

    assert "1 new message" in reader.reads(LATER, FORUM)


def test_what_was_being_committed_when_the_previous_visit_began_is_new(reader: Reader, app: Flask, world: World):
    reader.reads(0)
    publish(app, world.topic, world.bruno, -0.1)

    assert "1 new message" in reader.reads(LATER, FORUM)


def test_long_visit_repeats_its_last_half_hour_only(reader: Reader, app: Flask, world: World):
    publish(app, world.topic, world.bruno, 60)
    publish(app, world.topic, world.bruno, 220)
    for minutes in range(0, 241, 20):
        reader.reads(minutes)

    assert "1 new message" in reader.reads(LATER, FORUM)


def test_visit_ends_after_thirty_idle_minutes(reader: Reader):
    began = []
    for minutes in (0, 30, 60, 90.5 + 0.5):
        reader.reads(minutes)
        began.append(reader.visit()[0])

    assert began == [moment(0), moment(0), moment(0), moment(91)]


def test_form_that_is_sent_prolongs_a_visit(reader: Reader, world: World):
    reader.reads(0)
    with at(25):
        reader.client.post(f"/en/topics/{world.topic}/reply/", data={"body": "Mine", "language": "en"})
    reader.reads(50)

    assert reader.visit()[0] == moment(0)


@pytest.mark.parametrize(
    "given",
    [
        {"method": "HEAD"},
        {"headers": {"Sec-Purpose": "prefetch;prerender"}},
        {"headers": {"Purpose": "prefetch"}},
        {"path": "/static/base.css"},
        {"path": "/healthz"},
    ],
)
def test_what_a_browser_fetches_by_itself_is_no_visit(reader: Reader, given: dict):
    with at(0):
        reader.client.open(**{"path": "/en/", **given}, buffered=True)

    assert reader.visit() == (None, None)


def test_second_browser_joins_a_visit_that_has_just_begun(reader: Reader, app: Flask, world: World):
    reader.reads(0)
    publish(app, world.topic, world.bruno, 60)
    reader.reads(LATER)

    with writings(app) as made:
        assert "1 new message" in reader.another_browser().reads(LATER + 10, FORUM)
    assert [one for one in made if "sign_in" not in one] == []


def test_visit_in_another_browser_takes_no_mark_from_one_that_goes_on(reader: Reader, app: Flask, world: World):
    reader.reads(0)
    publish(app, world.topic, world.bruno, 60)
    for minutes in (0, 20, 40, 60):
        reader.reads(LATER + minutes)
    other = reader.another_browser()

    assert "1 new message" not in other.reads(LATER + 65, FORUM), (
        "what was new to the person when this visit began was shown"
    )
    assert "1 new message" in reader.reads(LATER + 70, FORUM)


def test_other_browser_misses_nothing(reader: Reader, app: Flask, world: World):
    other = reader.another_browser()
    other.reads(0)
    reader.reads(LATER)
    publish(app, world.topic, world.bruno, LATER + 60)

    assert "1 new message" in other.reads(2 * LATER, FORUM)


def test_visit_is_one_small_write(reader: Reader, app: Flask, world: World):
    reader.reads(0)
    with writings(app) as made:
        for number, path in enumerate(
            ("/en/", "/en/portal/", FORUM, f"/en/topics/{world.topic}/", NEW, "/en/account/")
        ):
            reader.reads(LATER + number, path)

    [statement] = made
    assert statement.startswith("UPDATE")
    assert "visit_began_at" in statement


def test_reading_signed_out_writes_nothing_and_gives_no_session(visitor: FlaskClient, app: Flask, world: World):
    with writings(app) as made:
        for path in ("/en/", FORUM, f"{FORUM}latest/", f"/en/topics/{world.topic}/"):
            answer = visitor.get(path)
            assert "Set-Cookie" not in answer.headers
            assert "public" in answer.headers["Cache-Control"]

    assert made == []


def test_clock_that_is_set_back_hides_nothing(reader: Reader, app: Flask, world: World):
    reader.reads(0)
    reader.reads(3 * LATER)
    publish(app, world.topic, world.bruno, LATER)

    assert "1 new message" in reader.reads(LATER + 10, FORUM)
    assert reader.visit()[0] == moment(LATER + 10)


def test_clock_that_is_set_back_a_little_ends_no_visit(reader: Reader):
    reader.reads(60)
    reader.reads(55)

    assert reader.visit()[0] == moment(60)


def test_view_as_a_participant_is_no_visit_and_shows_nothing_as_new(app: Flask, world: World):
    admin = sign_in(app, world.admin, in_a_visit=False)
    with at(0):
        admin.get("/en/")
    with at(1):
        admin.post(f"/en/admin/forums/{world.forum}/view/participant/")
    publish(app, world.topic, world.bruno, 60)
    with at(LATER):
        assert "1 new message" not in admin.get(FORUM).text

    with app.app_context():
        assert db.session.get_one(User, world.admin).visit_began_at == moment(0)


def test_visit_that_cannot_be_stored_keeps_nobody_from_reading(reader: Reader, app, world, monkeypatch):
    reader.reads(0)
    publish(app, world.topic, world.bruno, 60)

    def fails(**_given: object) -> None:
        raise OperationalError("UPDATE", None, Exception("database is locked"))

    monkeypatch.setattr(visits, "transaction", fails)

    assert "1 new message" in reader.reads(LATER, FORUM)
    assert reader.visit()[0] == moment(0)


def test_last_visit_is_among_the_data_about_a_person(reader: Reader):
    reader.reads(0)

    assert "Your last visit began on" in reader.reads(1, "/en/account/data/")
    with at(1):
        profile = reader.client.get("/en/account/data.json").json["profile"]
    assert profile["visit_began_at"] == f"{moment(0):%Y-%m-%dT%H:%M:%SZ}"


def test_signing_in_begins_a_visit(app: Flask, world: World):
    """The time is that of the session: a new one knows of no former activity in this browser."""
    first = Reader(app, world.alice)
    first.reads(0)
    publish(app, world.topic, world.bruno, 45)
    again = first.another_browser()

    assert "1 new message" in again.reads(50, FORUM)
    assert again.visit() == (moment(50), moment(0) - timedelta(seconds=15))
