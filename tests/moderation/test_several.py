"""Approving several messages of the queue at once, the age of the oldest, and the way back to the same place."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.markup import render
from app.models import Message, Report, Topic, User
from tests.files import make_attachment
from tests.moderation.conftest import archive, changed, do, make_forum_of, moderator_of, seen_by
from tests.world import World, make_pending

SEVERAL = "/en/moderation/approve/"


@pytest.fixture
def three(app: Flask, world: World) -> list[int]:
    """The numbers of three waiting messages by Bruno."""
    with app.app_context():
        topic, bruno = db.session.get_one(Topic, world.topic), db.session.get_one(User, world.bruno)
        numbers = [make_pending(topic, bruno, f"Waiting {count}.").id for count in range(3)]
        db.session.commit()
        return numbers


def boxes(client: FlaskClient) -> dict[int, str]:
    """The values of the check boxes of the queue, by number of the message."""
    values = re.findall(r'name="messages" value="([^"]+)"', client.get("/en/moderation/").text)
    return {int(value.partition("-")[0]): value for value in values}


def test_ticked_messages_are_published_in_the_order_of_their_numbers(world, three, moderator, look, acts):
    values = boxes(moderator)
    moderator.post(SEVERAL, data={"messages": [values[three[2]], values[three[0]]]})

    assert [look(number).status for number in three] == ["published", "pending", "published"]
    assert (look(three[0]).position, look(three[2]).position) == (3, 4)
    assert acts() == [("approve", three[0]), ("approve", three[2])]


def test_every_author_is_told(three, moderator, mails):
    moderator.post(SEVERAL, data={"messages": list(boxes(moderator).values())})

    assert len(mails()) == 3


def test_message_changed_meanwhile_is_left_out_and_named(app, three, moderator, look):
    values = boxes(moderator)
    with changed(app, Message, three[1]) as message:
        message.body = "Other words."
    page = moderator.post(SEVERAL, data={"messages": list(values.values())}, follow_redirects=True).text

    assert [look(number).status for number in three] == ["published", "pending", "published"]
    assert "2 messages have been published." in page
    assert f"1 message was left out because it had been changed or decided on in the meantime: #{three[1]}." in page


def test_message_decided_meanwhile_is_left_out(three, moderator, admin, look, acts):
    values = boxes(moderator)
    do(admin, three[0], "withhold")
    moderator.post(SEVERAL, data={"messages": list(values.values())})

    assert look(three[0]).status == "withheld"
    assert [act for act in acts() if act[0] == "approve"] == [("approve", three[1]), ("approve", three[2])]


def test_same_form_sent_twice_approves_once(three, moderator, acts):
    data = {"messages": list(boxes(moderator).values())}
    moderator.post(SEVERAL, data=data)
    moderator.post(SEVERAL, data=data)

    assert len(acts()) == 3


@pytest.mark.parametrize("value", ["{number}", "{number}-0", "x", "-1-0", "9999999999-0", "999999-0-0", "٣-0"])
def test_value_that_was_not_shown_approves_nothing(value: str, three, moderator, acts):
    answer = moderator.post(SEVERAL, data={"messages": value.format(number=three[0])})

    assert answer.status_code == 302
    assert acts() == []


def test_form_with_nothing_ticked_says_what_to_do(three, moderator, acts):
    assert "Tick the messages that you approve." in moderator.post(SEVERAL, follow_redirects=True).text
    assert acts() == []


def test_messages_of_another_forum_are_left_out(app, three, moderator, acts):
    stranger = moderator_of(app, make_forum_of(app, "third-forum"), "third")
    stranger.post(SEVERAL, data={"messages": list(boxes(moderator).values())})

    assert acts() == []


def test_messages_in_a_language_that_the_role_does_not_cover_are_left_out(app, world: World, three, moderator, acts):
    limited = moderator_of(app, world.forum, "limited", languages="es fr")
    limited.post(SEVERAL, data={"messages": list(boxes(moderator).values())})

    assert acts() == []


def test_messages_of_an_archived_forum_are_left_out(app, world: World, three, moderator, acts):
    values = boxes(moderator)
    archive(app, world)
    moderator.post(SEVERAL, data={"messages": list(values.values())})

    assert acts() == []


def test_participant_cannot_approve(three, moderator, alice, acts):
    values = boxes(moderator)

    assert alice.post(SEVERAL, data={"messages": list(values.values())}).status_code == 403
    assert acts() == []


def test_only_waiting_messages_have_a_box(world: World, app: Flask, three, moderator):
    with app.app_context():
        db.session.add(Report(message_id=world.first, reporter_id=world.bruno, reason="Off topic"))
        db.session.commit()
    do(moderator, three[1], "return")

    assert list(boxes(moderator)) == [three[0], three[2]]


def test_version_of_the_queue_is_that_of_the_page_of_the_message(app, three, moderator):
    do(moderator, three[0], "correct", body="Corrected.", language="en")

    assert boxes(moderator)[three[0]] == f"{three[0]}-{seen_by(moderator, three[0], 'approve')}"


@pytest.mark.parametrize(
    ("waited", "says"),
    [
        (timedelta(minutes=5), "The oldest has waited for less than an hour."),
        (timedelta(hours=2, minutes=5), "The oldest has waited for less than 3 hours."),
        (timedelta(days=1, hours=5), "The oldest has waited for 1 day."),
        (timedelta(days=4), "The oldest has waited for 4 days."),
    ],
)
def test_queue_shows_how_long_the_oldest_has_waited(waited: timedelta, says: str, app, three, moderator):
    with changed(app, Message, three[1]) as message:
        message.posted_at = utcnow() - waited

    assert says in moderator.get("/en/moderation/").text


def test_queue_shows_the_age_of_the_oldest_report(app: Flask, world: World, moderator):
    with app.app_context():
        at = utcnow() - timedelta(days=6)
        db.session.add(Report(message_id=world.first, reporter_id=world.bruno, reason="Off topic", at=at))
        db.session.commit()

    assert "The oldest has waited for 6 days." in moderator.get("/en/moderation/").text


def test_act_leads_back_to_the_next_message_of_the_list(three, moderator):
    assert do(moderator, three[0], "approve").location == f"/en/moderation/#message-{three[1]}"
    assert do(moderator, three[2], "withhold").location == "/en/moderation/#waiting"


def test_act_on_a_returned_message_leads_back_to_the_returned_ones(three, moderator):
    for number in three[:2]:
        do(moderator, number, "return")

    assert do(moderator, three[0], "approve").location == f"/en/moderation/#message-{three[1]}"
    assert do(moderator, three[1], "approve").location == "/en/moderation/#returned"


def test_act_on_a_reported_message_leads_back_to_the_next_report(app: Flask, world: World, moderator):
    """In the order of the reports, not of the messages."""
    with app.app_context():
        for number, reporter in ((world.second, world.alice), (world.first, world.bruno)):
            db.session.add(Report(message_id=number, reporter_id=reporter, reason="Off topic"))
            db.session.flush()
        db.session.commit()

    assert do(moderator, world.second, "settle").location == f"/en/moderation/#message-{world.first}"
    assert do(moderator, world.first, "settle").location == "/en/moderation/#reported"


def test_approving_several_leads_back_to_the_message_after_the_last_one(three, moderator):
    values = boxes(moderator)
    answer = moderator.post(SEVERAL, data={"messages": [values[three[0]], values[three[1]]]})

    assert answer.location == f"/en/moderation/#message-{three[2]}"


def test_queue_shows_the_whole_text_of_a_long_message_and_its_files(app: Flask, world: World, three, moderator):
    with app.app_context():
        message = db.session.get_one(Message, three[0])
        message.body = f"{'Many words. ' * 40}**The end.**"
        message.html = render(message.body)
        make_attachment(message, "draft.txt", b"A draft.")
        db.session.commit()
    page = moderator.get("/en/moderation/").text

    assert page.count("<details>") == 1
    assert "<strong>The end.</strong>" in page
    assert "draft.txt" in page
