"""Posting where messages need approval: who sees a message, and what its author is told."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Approval, Forum, Group, Message, Topic
from tests.moderation.conftest import REASON, changed, do
from tests.world import World

pytestmark = pytest.mark.usefixtures("read_first")


def reply(client: FlaskClient, world: World, body: str = "New words"):
    return client.post(f"/en/topics/{world.topic}/reply/", data={"body": body, "language": "en"})


def start(client: FlaskClient, title: str = "New title"):
    data = {"title": title, "body": "New words", "language": "en", "question": "1"}
    return client.post("/en/forums/open-forum/groups/group-1/new/", data=data)


def number_of(answer) -> int:
    return int(answer.location.rpartition("-")[2])


def test_author_sees_their_waiting_message_in_its_topic(world: World, alice: FlaskClient):
    answer = reply(alice, world)

    page = alice.get(answer.location).text
    assert f"Your message #{number_of(answer)} has been received." in page
    assert page.count("Awaiting approval.") == 1
    assert f'id="message-{number_of(answer)}"' in page
    assert "New words" in page


def test_new_topic_waits_with_its_first_message(world: World, alice: FlaskClient, bruno: FlaskClient):
    answer = start(alice)

    group = "/en/forums/open-forum/groups/group-1/"
    assert "Awaiting approval." in alice.get(answer.location).text
    assert "New title" in alice.get(group).text
    assert "New title" not in bruno.get(group).text
    assert bruno.get(answer.location).status_code == 404


def test_other_people_do_not_see_a_waiting_message(
    world: World, alice: FlaskClient, bruno: FlaskClient, visitor: FlaskClient
):
    number = number_of(reply(alice, world))

    for client in (bruno, visitor):
        assert "New words" not in client.get(f"/en/topics/{world.topic}/").text
        assert client.get(f"/en/messages/{number}/").status_code == 404
        assert client.get(f"/en/messages/{number}/history/").status_code == 404
        assert client.get(f"/en/print/messages/{number}/").status_code == 404


def test_moderators_see_waiting_messages_in_the_topic(world: World, alice: FlaskClient, moderator: FlaskClient):
    number = number_of(reply(alice, world))

    page = moderator.get(f"/en/topics/{world.topic}/").text
    assert "New words" in page
    assert f'href="/en/moderation/messages/{number}/?next=' in page


def test_group_can_be_exempt_from_approval(app: Flask, world: World, alice: FlaskClient):
    with changed(app, Group, world.group) as group:
        group.approval = Approval.NOBODY

    assert "Your message has been posted." in alice.get(reply(alice, world).location).text


def test_newcomers_messages_wait_until_one_is_published(app: Flask, world: World, admin, bruno, look):
    with changed(app, Forum, world.forum) as forum:
        forum.approval = Approval.NEWCOMERS
    with app.app_context():
        db.session.query(Message).filter_by(author_id=world.bruno).update({"status": "withdrawn"})
        db.session.commit()

    first = number_of(reply(bruno, world))
    assert look(first).status == "pending"
    do(admin, first, "approve")
    assert look(number_of(reply(bruno, world))).status == "published"


def test_messages_of_moderators_do_not_wait(world: World, moderator: FlaskClient, look):
    assert look(number_of(reply(moderator, world))).status == "published"


def test_returned_message_shows_its_author_the_reason_and_waits_again_once_changed(world, alice, moderator, look):
    number = number_of(reply(alice, world))
    do(moderator, number, "return")

    form = alice.get(f"/en/messages/{number}/edit/").text
    assert "asks you to change this message" in form
    assert REASON["words"] in form
    assert "has asked the author to change" in alice.get(f"/en/topics/{world.topic}/").text
    data = {"body": "New words, with a source", "language": "en"}
    answer = alice.post(f"/en/messages/{number}/edit/", data=data, follow_redirects=True)
    assert "Awaiting approval." in answer.text
    assert look(number).returned_at is None


def test_returned_message_stays_returned_while_nothing_is_changed(world, alice, moderator, look):
    number = number_of(reply(alice, world))
    do(moderator, number, "return")
    alice.post(f"/en/messages/{number}/edit/", data={"body": "New words", "language": "en"})

    assert look(number).returned_at is not None


def test_author_can_change_the_title_before_publication(world, alice, moderator, visitor, look):
    number = number_of(start(alice))
    data = {"title": "Better title", "body": "New words", "language": "en"}
    do(moderator, number, "return")
    alice.post(f"/en/messages/{number}/edit/", data=data)
    assert look(number).returned_at is None, "it waits again"
    do(moderator, number, "approve")
    alice.post(f"/en/messages/{number}/edit/", data={**data, "title": "Too late"})

    page = visitor.get(f"/en/topics/{look(number).topic_id}/").text
    assert "Better title" in page
    assert "Too late" not in page


def test_author_of_a_later_message_cannot_change_the_title(app: Flask, world: World, alice, look):
    number = number_of(reply(alice, world))
    assert 'name="title"' not in alice.get(f"/en/messages/{number}/edit/").text
    alice.post(f"/en/messages/{number}/edit/", data={"title": "Mine", "body": "x", "language": "en"})

    with app.app_context():
        assert db.session.get_one(Topic, world.topic).title == "Reporting formats"


def test_waiting_message_can_be_withdrawn_and_then_allows_no_act(world, alice, moderator, look):
    number = number_of(reply(alice, world))

    assert alice.post(f"/en/messages/{number}/withdraw/").status_code == 302
    assert do(moderator, number, "approve").status_code == 409
    assert look(number).position is None


def test_withheld_message_cannot_be_withdrawn_or_edited(world, alice, moderator, look):
    do(moderator, world.first, "withhold")

    for path, data in (("withdraw", {}), ("edit", {"body": "Back", "language": "en"})):
        answer = alice.post(f"/en/messages/{world.first}/{path}/", data=data)
        assert answer.status_code == 409
        assert "withheld by the Secretariat" in answer.text
    assert look(world.first).status == "withheld"


def test_moderators_get_one_mail_about_a_waiting_message(world, alice, mails):
    reply(alice, world)

    assert [(mail.recipient, mail.subject) for mail in mails()] == [
        ("moderator@example.org", "Message #3 is awaiting approval")
    ]
    assert "/en/moderation/messages/3/" in mails()[0].text
    assert "New words" not in mails()[0].text
