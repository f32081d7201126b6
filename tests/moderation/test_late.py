"""What the Secretariat enters after the deadline: what came in time by email or letter, and messages of its own."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.models import Act, Forum, Message, Topic
from tests.moderation.conftest import archive, changed
from tests.moderation.test_on_behalf import LETTER
from tests.world import World

NEW = "/en/forums/open-forum/groups/group-1/new/"
IN_TIME = (utcnow() - timedelta(days=3)).date()
RECEIVED = {**LETTER, "entered_as": "received", "received_on": IN_TIME.isoformat()}
CLOSING = {"body": "The Secretariat thanks all participants.", "language": "en", "entered_as": "closing"}
LINK = "Enter a contribution after the deadline"


@pytest.fixture
def closed(app: Flask, world: World) -> World:
    """The forum of the small world, closed since two days."""
    with changed(app, Forum, world.forum) as forum:
        forum.periods[0].opens_at = utcnow() - timedelta(days=9)
        forum.periods[0].closes_at = utcnow() - timedelta(days=2)
    return world


def reply_path(world: World) -> str:
    return f"/en/topics/{world.topic}/reply/"


def last(app: Flask) -> Message:
    with app.app_context():
        return db.session.scalars(db.select(Message).order_by(Message.id.desc())).first()


def words(page: str) -> str:
    return " ".join(page.split())


def test_letter_that_came_in_time_is_entered_after_the_deadline(app, closed, moderator):
    assert moderator.post(reply_path(closed), data=RECEIVED).status_code == 302

    made = last(app)
    assert (made.speaker, made.received_on, made.after_deadline) == ("Ms Dora Letter", IN_TIME, True)


def test_topic_is_started_by_a_letter_that_came_in_time(app, closed, moderator):
    assert moderator.post(NEW, data={**RECEIVED, "title": "By letter", "question": "1"}).status_code == 302
    assert last(app).received_on == IN_TIME


@pytest.mark.parametrize("path", ["topics/{topic}/", "print/topics/{topic}/", "print/forums/open-forum/"])
def test_message_says_when_it_was_received_and_entered(path, app, closed, moderator, visitor):
    moderator.post(reply_path(closed), data=RECEIVED)
    page = words(visitor.get("/en/" + path.format(topic=closed.topic)).text)

    assert "Received by the Secretariat on" in page
    assert "and entered after the deadline, on" in page


def test_feed_says_when_it_was_received(closed, moderator, visitor):
    moderator.post(reply_path(closed), data=RECEIVED)

    assert "<summary>Received by the Secretariat on" in visitor.get("/en/feeds/forums/open-forum.atom").text


def test_closing_message_of_the_secretariat_says_that_it_came_after_the_deadline(app, closed, moderator, visitor):
    assert moderator.post(reply_path(closed), data=CLOSING).status_code == 302

    assert "Posted by the Secretariat after the deadline" in visitor.get(f"/en/topics/{closed.topic}/").text
    assert last(app).received_on is None


@pytest.mark.parametrize("data", [RECEIVED, CLOSING])
@pytest.mark.parametrize("path", ["forums/open-forum/record/", "print/forums/open-forum/record/"])
def test_record_tells_what_was_entered(path, data, app, closed, moderator, visitor):
    moderator.post(reply_path(closed), data=data)
    page = words(visitor.get(f"/en/{path}").text)

    assert "Entered after the deadline" in page
    assert ("(received on" in page) == (data is RECEIVED)
    with app.app_context():
        assert db.session.query(Act).one().message_id == last(app).id


@pytest.mark.parametrize("name", ["alice", "stranger"])
def test_nobody_else_can_enter_anything(name, request, closed):
    client = request.getfixturevalue(name)
    for data in (RECEIVED, CLOSING):
        assert client.post(reply_path(closed), data=data).status_code in {403, 409}
    assert client.get(reply_path(closed)).status_code == 409


def test_archived_forum_takes_nothing_late(app, closed, moderator):
    archive(app, closed)

    assert [moderator.post(reply_path(closed), data=data).status_code for data in (RECEIVED, CLOSING)] == [409, 409]


def test_locked_topic_takes_nothing_late(app, closed, moderator):
    with changed(app, Topic, closed.topic) as topic:
        topic.locked_at = utcnow()

    assert moderator.post(reply_path(closed), data=CLOSING).status_code == 409


def test_forum_that_is_planned_takes_nothing(app, world, moderator):
    with changed(app, Forum, world.forum) as forum:
        forum.periods[0].opens_at = utcnow() + timedelta(hours=1)

    assert moderator.post(reply_path(world), data=CLOSING).status_code == 409


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"entered_as": ""}, "entered_as"),
        ({"received_on": ""}, "received_on"),
        ({"received_on": utcnow().date().isoformat()}, "received_on"),
        ({"received_on": "yesterday"}, "received_on"),
        ({"received_on": (utcnow() - timedelta(days=10)).date().isoformat()}, "received_on"),
        ({"speaker": ""}, "speaker"),
        ({"capacity": ""}, "capacity"),
        ({"entered_as": "closing"}, "entered_as"),
    ],
)
def test_field_that_is_wrong_is_told(changes, field, app, closed, moderator):
    answer = moderator.post(reply_path(closed), data={**RECEIVED, **changes})

    assert answer.status_code == 422
    assert f'<a href="#{field}">' in answer.text
    assert last(app).id == closed.second


def test_form_that_was_opened_before_the_deadline_asks_what_is_entered(closed, moderator):
    answer = moderator.post(reply_path(closed), data={"body": "Too late.", "language": "en"})

    assert answer.status_code == 422
    assert "Select what you are entering." in answer.text
    assert "Too late." in answer.text


def test_open_forum_asks_nothing_of_the_kind(app, world, moderator):
    assert "entered_as" not in moderator.get(reply_path(world)).text
    moderator.post(reply_path(world), data=RECEIVED)
    made = last(app)

    assert (made.received_on, made.after_deadline) == (None, False)


@pytest.mark.parametrize("data", [RECEIVED, CLOSING])
def test_what_was_entered_late_cannot_be_edited_or_withdrawn(data, app, closed, moderator):
    moderator.post(reply_path(closed), data=data)
    number = last(app).id

    assert [moderator.get(f"/en/messages/{number}/{act}/").status_code for act in ("edit", "withdraw")] == [409, 409]


def test_moderators_alone_have_the_way_to_the_form(closed, moderator, alice, visitor):
    paths = (f"/en/topics/{closed.topic}/", "/en/forums/open-forum/groups/group-1/")
    shown = [[LINK in client.get(path).text for path in paths] for client in (moderator, alice, visitor)]

    assert shown == [[True, True], [False, False], [False, False]]


def test_same_letter_sent_twice_is_entered_once(app, closed, moderator: FlaskClient):
    for _ in range(2):
        moderator.post(reply_path(closed), data={**RECEIVED, "submission": "a"})

    with app.app_context():
        assert db.session.query(Message).filter_by(after_deadline=True).count() == 1
        assert db.session.query(Act).count() == 1


def test_late_form_continues_in_another_language(closed, moderator):
    answer = moderator.post(reply_path(closed).replace("/en/", "/fr/"), data={**RECEIVED, "continue_in": "fr"})

    assert answer.status_code == 200
    assert IN_TIME.isoformat() in answer.text


@pytest.mark.parametrize(
    ("data", "said"), [(RECEIVED, "Received by the Secretariat on"), (CLOSING, "Posted by the Secretariat after the")]
)
def test_preview_says_that_the_message_comes_after_the_deadline(data, said, app, closed, moderator):
    answer = moderator.post(reply_path(closed), data={**data, "preview": "1"})

    assert said in answer.text.partition('id="preview-box"')[2].partition("</section>")[0]
    assert last(app).id == closed.second
