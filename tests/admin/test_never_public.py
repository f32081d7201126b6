"""A forum that was never public can be deleted with the messages that were posted to try it out."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Act, ActKind, Attachment, Forum, LogEntry, Message, Report, Revision, Topic, User
from app.storage import storage
from tests.files import make_attachment
from tests.world import World, make_message, make_topic

DELETE = "/en/admin/forums/2/delete/"


@pytest.fixture
def tried_out(app: Flask, world: World) -> tuple[int, int, str]:
    """The draft with two test messages, a merged topic and all that can hang on messages: their numbers, and the key of
    a file."""
    with app.app_context():
        admin, group = db.session.get_one(User, world.admin), db.session.get_one(Forum, 2).groups[0]
        topic = make_topic(group, admin, "Test", question=group.questions[0])
        first = make_message(topic, admin, "A test.")
        second = make_message(topic, admin, "Another test.", reply_to=first)
        make_topic(group, admin, "Merged", merged_into=topic, last_position=1)
        file = make_attachment(first, "test.txt")
        written = {"body": "x", "html": "x", "language": "en", "written_at": first.posted_at}
        db.session.add_all(
            [
                Revision(message=first, **written),
                Report(message=first, reporter=admin, reason="x"),
                Act(kind=ActKind.PIN, user=admin, forum_id=2, topic=topic),
                Act(kind=ActKind.EDIT, user=admin, forum_id=2, message=first),
            ]
        )
        db.session.commit()
        return first.id, second.id, file.key


def test_draft_is_deleted_with_its_test_messages(app: Flask, admin: FlaskClient, tried_out, world: World):
    assert admin.post(DELETE).status_code == 302

    with app.app_context():
        assert db.session.get(Forum, 2) is None
        assert db.session.query(Message.id).filter(Message.id.in_(tried_out[:2])).all() == []
        assert db.session.query(Topic.title).all() == [("Reporting formats",)]
        assert [db.session.query(kind).count() for kind in (Act, Report, Revision, Attachment)] == [0] * 4
        assert db.session.query(Message).count() == 2, "those of others stay"


def test_files_of_test_messages_go_too(app: Flask, admin: FlaskClient, tried_out):
    admin.post(DELETE)

    with app.app_context():
        assert not storage().exists(tried_out[2])


def test_numbers_of_test_messages_stay_used(
    app: Flask, admin: FlaskClient, alice: FlaskClient, tried_out, world: World
):
    admin.post(DELETE)
    alice.post(f"/en/topics/{world.topic}/reply/", data={"body": "Words.", "language": "en"})

    with app.app_context():
        assert db.session.query(db.func.max(Message.id)).scalar() == tried_out[1] + 1


def test_log_names_the_numbers_of_the_messages(app: Flask, admin: FlaskClient, tried_out):
    admin.post(DELETE)

    with app.app_context():
        detail = db.session.query(LogEntry).filter_by(action="delete").one().detail
    first, second, _key = tried_out
    assert {"field": "messages", "language": "", "old": f"{first}, {second}", "new": ""} in detail


@pytest.mark.parametrize("path", ["messages/{}/", "messages/{}/history/", "print/messages/{}/"])
def test_number_of_a_test_message_is_told_as_never_published(path: str, admin: FlaskClient, visitor, tried_out):
    """And so is one that still waits or is hidden, and one that was never given."""
    address = f"/en/{path.format(tried_out[0])}"
    before = visitor.get(address)
    admin.post(DELETE)
    after, never = visitor.get(address), visitor.get(f"/en/{path.format(999_999)}")

    assert {answer.status_code for answer in (before, after, never)} == {404}
    for answer in (before, after, never):
        assert "No message with this number has been published." in answer.text


def test_proceedings_say_why_numbers_are_missing(visitor: FlaskClient, world: World):
    page = visitor.get("/en/print/forums/open-forum/").text

    assert "Used elsewhere on the site, or never published" in page
    assert "no number is used twice." in page


def test_published_forum_is_not_deleted_with_its_messages(app: Flask, admin: FlaskClient, world: World):
    assert admin.post("/en/admin/forums/1/delete/").status_code == 409

    with app.app_context():
        assert db.session.query(Message).count() == 2
