"""How many messages one person can post and change within an hour."""

import re
import threading
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.models import Approval, Forum, LogEntry, Message, MessageStatus, Revision, Topic, User
from tests.conftest import sign_in
from tests.world import World, make_forum, make_topic


@pytest.fixture(autouse=True)
def three_an_hour(app: Flask, world: World, site_with) -> None:
    """The limit is three messages an hour, and the messages of the small world are two days old."""
    site_with(posts_per_hour=3)
    make_older(app, days=2)


def reply(client: FlaskClient, world: World, body: str, code: str = "en"):
    return client.post(f"/{code}/topics/{world.topic}/reply/", data={"body": body, "language": "en"})


def start_topic(client: FlaskClient, title: str):
    data = {"title": title, "question": "0", "body": "Words.", "language": "en"}
    return client.post("/en/forums/open-forum/groups/group-1/new/", data=data)


def edit(client: FlaskClient, number: int, body: str, **more: str):
    return client.post(f"/en/messages/{number}/edit/", data={"body": body, "language": "en", **more})


def count(app: Flask, kind: type = Message) -> int:
    with app.app_context():
        return db.session.query(kind).count()


def make_older(app: Flask, **by: float) -> None:
    """Move the times of all messages back by this much."""
    with app.app_context():
        for message in db.session.query(Message):
            message.posted_at -= timedelta(**by)
            message.edited_at = message.edited_at and message.edited_at - timedelta(**by)
        for revision in db.session.query(Revision):
            revision.written_at -= timedelta(**by)
        for entry in db.session.query(LogEntry):
            entry.at -= timedelta(**by)
        db.session.commit()


@pytest.mark.parametrize(
    ("code", "said", "when"),
    [
        (
            "en",
            "the hourly limit for posting messages (3 per person)",
            r"again from the following time: \d+\xa0\w+\xa0\d{4}, \d\d:\d\d.UTC\.",
        ),
        (
            "es",
            "el límite de mensajes publicados por hora (3 por persona)",
            r"a partir de la fecha y hora siguientes: \d+\xa0de\xa0\w+\xa0de\xa0\d{4}, \d\d:\d\d.UTC\.",
        ),
        (
            "fr",
            "la limite de messages publiés par heure (3 par personne)",
            r"à partir de la date et de l’heure suivantes.: \d+.*\d.h.\d\d.UTC\.",
        ),
    ],
)
def test_message_beyond_the_limit_is_refused_with_an_explanation_and_its_text_kept(
    code, said, when, app, world: World, bruno
):
    for at in range(3):
        assert reply(bruno, world, f"Words {at}").status_code == 302
    answer = reply(bruno, world, "One too many", code)

    assert answer.status_code == 429
    assert said in answer.text
    assert re.search(when, answer.text)
    assert ">One too many</textarea>" in answer.text
    assert f'href="/{code}/topics/{world.topic}/reply/"' in answer.text, "the form can be opened again"
    assert 3_500 <= int(answer.headers["Retry-After"]) <= 3_601
    assert count(app) == 2 + 3


def test_topics_and_replies_count_together(app: Flask, world: World, bruno: FlaskClient):
    answers = [start_topic(bruno, "One"), reply(bruno, world, "Two"), reply(bruno, world, "Three")]

    assert [answer.status_code for answer in answers] == [302] * 3
    assert start_topic(bruno, "Four").status_code == 429
    assert count(app, Topic) == 2


def test_limit_is_counted_for_each_person(world: World, alice: FlaskClient, bruno: FlaskClient):
    for at in range(4):
        reply(bruno, world, f"Words {at}")

    assert reply(alice, world, "Words of another person").status_code == 302


def test_message_can_be_posted_once_the_first_is_an_hour_old(app: Flask, world: World, bruno: FlaskClient):
    reply(bruno, world, "First")
    make_older(app, minutes=59)
    for at in range(2):
        reply(bruno, world, f"Words {at}")
    refused = reply(bruno, world, "Not yet")
    make_older(app, minutes=1)

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) <= 61
    assert reply(bruno, world, "Now").status_code == 302
    assert reply(bruno, world, "And no more").status_code == 429


@pytest.mark.parametrize("status", [MessageStatus.WITHDRAWN, MessageStatus.PENDING])
def test_message_counts_in_any_status(status: MessageStatus, app: Flask, world: World, bruno: FlaskClient):
    with app.app_context():
        if status == MessageStatus.PENDING:
            db.session.get_one(Forum, world.forum).approval = Approval.EVERYBODY
            db.session.commit()
    numbers = [int(reply(bruno, world, f"Words {at}").location.rpartition("-")[2]) for at in range(3)]
    if status == MessageStatus.WITHDRAWN:
        for number in numbers:
            bruno.post(f"/en/messages/{number}/withdraw/")

    with app.app_context():
        assert {db.session.get_one(Message, number).status for number in numbers} == {status}
    assert reply(bruno, world, "One too many").status_code == 429


def test_same_form_sent_again_beyond_the_limit_redirects_to_its_message(world: World, bruno: FlaskClient):
    data = {"body": "Once", "language": "en", "submission": "0123456789abcdef"}
    answers = [bruno.post(f"/en/topics/{world.topic}/reply/", data=data) for _ in range(5)]

    assert [answer.location for answer in answers] == [answers[0].location] * 5


@pytest.mark.parametrize("who", ["moderator", "admin"])
def test_moderators_of_the_forum_have_no_limit_in_it(who: str, request, world: World):
    client = request.getfixturevalue(who)

    assert {reply(client, world, f"Words {at}").status_code for at in range(5)} == {302}


def test_moderator_of_another_forum_has_the_limit(app: Flask, world: World, moderator: FlaskClient):
    with app.app_context():
        author = db.session.get_one(User, world.moderator)
        topic = make_topic(make_forum("second-forum").groups[0], author, "Other").id
        db.session.commit()
    path, data = f"/en/topics/{topic}/reply/", {"language": "en"}
    answers = [moderator.post(path, data={**data, "body": f"Words {at}"}) for at in range(4)]

    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]


def test_changes_of_one_message_beyond_the_limit_are_refused(app: Flask, world: World, alice: FlaskClient):
    for at in range(3):
        assert edit(alice, world.first, f"Words {at}").status_code == 302
    answer = edit(alice, world.first, "One too many")

    assert answer.status_code == 429
    assert "the hourly limit for changing messages (3 per person)" in answer.text
    assert ">One too many</textarea>" in answer.text
    assert count(app, Revision) == 3


def test_change_of_a_message_posted_within_the_hour_counts_once(app: Flask, world: World, bruno: FlaskClient):
    number = int(reply(bruno, world, "New").location.rpartition("-")[2])

    assert [edit(bruno, number, f"Words {at}").status_code for at in range(4)] == [302, 302, 302, 429]


def test_changes_of_several_messages_count_together(app: Flask, world: World, bruno: FlaskClient):
    numbers = [int(reply(bruno, world, f"New {at}").location.rpartition("-")[2]) for at in range(3)]
    make_older(app, days=2)
    for number in numbers:
        assert edit(bruno, number, "Changed").status_code == 302

    assert edit(bruno, world.second, "Changed").status_code == 429
    make_older(app, minutes=61)
    assert edit(bruno, world.second, "Changed").status_code == 302


def test_title_changes_count_towards_the_limit(app: Flask, world: World, bruno: FlaskClient):
    start_topic(bruno, "Title")
    with app.app_context():
        first = db.session.query(Message.id).order_by(Message.id.desc()).first()[0]
    answers = [edit(bruno, first, "Words.", title=f"Title {at}", question="0").status_code for at in range(4)]

    assert answers == [302, 302, 302, 429]
    assert count(app, LogEntry) == 3


def test_simultaneous_forms_cannot_exceed_the_limit(app: Flask, world: World):
    clients = [sign_in(app, world.bruno) for _ in range(8)]
    statuses: list[int] = []
    start = threading.Barrier(len(clients))

    def send(at: int) -> None:
        start.wait()
        statuses.append(reply(clients[at], world, f"Words {at}").status_code)

    threads = [threading.Thread(target=send, args=(at,)) for at in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [302] * 3 + [429] * 5
    with app.app_context():
        lately = Message.posted_at > utcnow() - timedelta(minutes=1)
        assert db.session.query(Message).filter(lately, Message.author_id == world.bruno).count() == 3
