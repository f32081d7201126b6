"""The queue and the page of a message: who sees them and what they show."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.models import Forum, Message, Report, Topic, User
from app.moderation.queue import MOST_IN_A_LIST, count_of_queue
from tests.conftest import sign_in
from tests.moderation.conftest import BODY, archive, changed, do, make_forum_of, moderator_of
from tests.world import World, make_pending, make_topic, make_user


def queue(client: FlaskClient) -> str:
    return client.get("/en/moderation/").text


def test_queue_shows_a_message_with_its_context(app: Flask, world: World, waiting: int, moderator: FlaskClient):
    with changed(app, Message, waiting) as message:
        message.reply_to_id = world.first
    page = queue(moderator)

    assert f'<a href="/en/moderation/messages/{waiting}/">Message #{waiting}</a>' in page
    assert BODY in page
    for context in ("Short open-forum (en)", "Group of open-forum (en)", "Reporting formats", "Bruno", "Party"):
        assert context in page
    assert f'In reply to <a href="/en/messages/{world.first}/">#{world.first}</a>' in page
    assert "Ministry of Tests" in page


def test_newcomer_is_marked(app: Flask, world: World, waiting: int, moderator: FlaskClient):
    assert "First-time participant" not in queue(moderator), "Bruno has written here before"
    with app.app_context():
        make_pending(db.session.get_one(Topic, world.topic), make_user("clara"), "Hello")
        db.session.commit()

    assert "First-time participant" in queue(moderator)


def test_topic_that_is_published_with_the_message_is_marked(app: Flask, world: World, waiting, moderator):
    assert "New topic" not in queue(moderator)
    with app.app_context():
        alice = db.session.get_one(User, world.alice)
        forum = db.session.get_one(Forum, world.forum)
        make_pending(make_topic(forum.groups[0], alice, "Brand new"), alice, "Hello")
        db.session.commit()

    assert "New topic" in queue(moderator)


def test_returned_messages_have_a_list_of_their_own(world: World, waiting: int, moderator: FlaskClient):
    do(moderator, waiting, "return")
    page = queue(moderator)

    assert page.index("No messages are awaiting approval.") < page.index(BODY)
    assert page.index('id="returned"') < page.index(BODY)


def test_queue_is_sorted_by_age_and_limited_in_length(app: Flask, world: World, moderator: FlaskClient):
    with app.app_context():
        topic, bruno = db.session.get_one(Topic, world.topic), db.session.get_one(User, world.bruno)
        numbers = [make_pending(topic, bruno, f"Words {number}").id for number in range(MOST_IN_A_LIST + 3)]
        db.session.commit()
    page = queue(moderator)

    assert f"Message #{numbers[0]}<" in page
    assert f"Message #{numbers[MOST_IN_A_LIST]}<" not in page
    assert f"Only the oldest of {MOST_IN_A_LIST + 3} are shown." in page


@pytest.mark.parametrize("name", ["alice", "translator"])
def test_people_who_moderate_nothing_see_no_queue(name: str, app: Flask, world: World, waiting, alice):
    with app.app_context():
        translator = make_user("translator")
        db.session.commit()
        key = translator.id
    client = alice if name == "alice" else sign_in(app, key)

    assert client.get("/en/moderation/").status_code == 403


def test_visitor_is_asked_to_sign_in(world: World, waiting: int, visitor: FlaskClient):
    answer = visitor.get(f"/en/moderation/messages/{waiting}/")

    assert answer.location == f"/en/auth/sign-in/?next=%2Fen%2Fmoderation%2Fmessages%2F{waiting}%2F"


def test_moderator_of_another_forum_sees_neither_queue_nor_message(world: World, waiting: int, stranger: FlaskClient):
    assert BODY not in queue(stranger)
    assert stranger.get(f"/en/moderation/messages/{waiting}/").status_code == 404, "as if it did not exist"
    assert stranger.get(f"/en/moderation/messages/{world.first}/").status_code == 403, "everybody can read the message"


@pytest.mark.parametrize("act", ["approve", "return", "correct", "withhold", "restore", "settle"])
def test_moderator_of_another_forum_can_do_no_act(act: str, world: World, waiting, stranger, acts, look):
    assert do(stranger, waiting, act).status_code == 404
    assert do(stranger, world.first, act).status_code == 403
    assert acts() == []
    assert look(waiting).status == "pending"


def test_moderator_limited_to_languages_sees_and_moderates_only_these(app: Flask, world: World, waiting, look, acts):
    limited = moderator_of(app, world.forum, "limited", languages="es fr")
    with app.app_context():
        topic, bruno = db.session.get_one(Topic, world.topic), db.session.get_one(User, world.bruno)
        spanish = make_pending(topic, bruno, "Palabras", language="es").id
        db.session.commit()

    assert f"Message #{spanish}<" in queue(limited)
    assert f"Message #{waiting}<" not in queue(limited)
    assert limited.get(f"/en/moderation/messages/{waiting}/").status_code == 403
    assert do(limited, waiting, "approve").status_code == 403
    assert do(limited, spanish, "approve").status_code == 302
    assert acts() == [("approve", spanish)]


def test_administrator_moderates_every_forum(world: World, waiting: int, admin: FlaskClient):
    assert BODY in queue(admin)


def test_queue_has_nothing_from_an_archived_forum(app: Flask, world: World, waiting: int, moderator: FlaskClient):
    archive(app, world)

    assert BODY not in queue(moderator)


def test_acts_in_an_archived_forum_stay_readable_without_forms(app: Flask, world: World, waiting, moderator):
    do(moderator, waiting, "return")
    archive(app, world)
    page = moderator.get(f"/en/moderation/messages/{waiting}/").text

    assert "Please name your source" in page
    assert '<form method="post" action="/en/moderation/' not in page


def test_page_of_a_message_shows_the_answered_message_and_the_acts(app: Flask, world: World, waiting, moderator):
    with changed(app, Message, waiting) as message:
        message.reply_to_id = world.first
    do(moderator, waiting, "return")
    page = moderator.get(f"/en/moderation/messages/{waiting}/").text

    assert "A shorter form would help." in page
    assert "Returned to its author</strong>, <bdi>Moderator</bdi>" in page
    assert "Please name your source" in page


def test_page_of_a_withheld_message_shows_its_text(world: World, waiting, moderator):
    do(moderator, waiting, "withhold")
    page = moderator.get(f"/en/moderation/messages/{waiting}/").text

    assert BODY in page
    assert "Some others" in page


def test_moderators_see_no_email_addresses(world: World, waiting: int, moderator: FlaskClient):
    for path in ("", f"messages/{waiting}/"):
        assert "bruno@example.org" not in moderator.get(f"/en/moderation/{path}").text


def test_only_possible_acts_have_forms(world: World, waiting: int, moderator: FlaskClient):
    def offered(number: int) -> list[str]:
        page = moderator.get(f"/en/moderation/messages/{number}/").text
        names = ("approve", "return", "correct", "withhold", "restore", "settle")
        return [name for name in names if f'action="/en/moderation/messages/{number}/{name}/"' in page]

    assert offered(waiting) == ["approve", "return", "correct", "withhold"]
    assert offered(world.first) == ["correct", "withhold"]
    do(moderator, world.first, "withhold")
    assert offered(world.first) == ["restore"]


def test_menu_counts_what_waits_for_this_moderator(app: Flask, world: World, waiting: int):
    elsewhere = make_forum_of(app, "third-forum")
    with app.app_context():
        report = Report(message_id=world.first, reporter_id=world.bruno, reason="Off topic")
        settled = Report(message_id=world.second, reporter_id=world.alice, reason="No", settled_at=utcnow())
        db.session.add_all([report, settled])
        db.session.commit()
    moderator_of(app, elsewhere, "other")
    with app.app_context():
        people = {user.name: user for user in db.session.scalars(db.select(User))}
        counts = {name: count_of_queue(people[name]) for name in ("Moderator", "Admin", "Other", "Alice")}

    assert counts == {"Moderator": 2, "Admin": 2, "Other": 0, "Alice": 0}
