"""The commands of `flask`, run as somebody types them, against a real database."""

import re

import pytest
from sqlalchemy import func, select

from app.auth.passwords import is_right
from app.extensions import db
from app.models import Capacity, Forum, Message, MessageStatus, Topic, User


@pytest.fixture
def flask(app):
    """Runs a command: `flask("sample")`."""
    runner = app.test_cli_runner()
    return lambda *words, **more: runner.invoke(args=[str(word) for word in words], **more)


def count(app, model):
    with app.app_context():
        return db.session.scalar(select(func.count(model.id)))


def test_sample_says_what_it_loaded_and_how_to_sign_in(app, flask):
    answer = flask("sample")

    assert answer.exit_code == 0
    assert answer.output.startswith(f"Loaded 2 forums, {count(app, User)} people and {count(app, Message)} messages.")
    for email in ("admin@sample.example.org", "moderator@sample.example.org", "participant"):
        assert email in answer.output


def test_sample_refuses_a_database_with_forums(app, flask):
    flask("sample")
    messages = count(app, Message)

    answer = flask("sample")

    assert answer.exit_code == 1
    assert answer.output.strip() == (
        "Error: The database already has forums or pages, so the sample was not loaded. Nothing was changed."
    )
    assert count(app, Message) == messages


def test_recount_finds_nothing_to_mend_in_the_sample(flask):
    flask("sample")
    assert flask("recount").output.strip() == "Counters corrected: 0"


def test_recount_repairs_damaged_counters(app, world, flask):
    with app.app_context():
        topic = db.session.get_one(Topic, world.topic)
        topic.active_at = topic.created_at.replace(year=2001)
        first_at = db.session.get_one(Message, world.first).posted_at
        topic.message_count, topic.participant_count, topic.last_position = 17, 0, 1
        db.session.get_one(Message, world.second).status = MessageStatus.WITHDRAWN
        db.session.commit()

    answer = flask("recount")

    assert answer.exit_code == 0
    assert f"Topic {world.topic}: message_count was 17, is now 1." in answer.output
    assert "Forum 1: message_count was 2, is now 1." in answer.output
    assert "Counters corrected: 7" in answer.output
    with app.app_context():
        topic = db.session.get_one(Topic, world.topic)
        assert (topic.last_position, topic.message_count, topic.participant_count) == (2, 1, 1)
        assert topic.active_at == first_at


def test_recount_empties_the_counters_of_a_topic_without_messages(app, world, flask):
    with app.app_context():
        topic = Topic(group_id=world.group, author_id=world.alice, title="Empty", language="en", message_count=3)
        db.session.add(topic)
        db.session.commit()
        number = topic.id

    flask("recount")

    with app.app_context():
        topic = db.session.get_one(Topic, number)
        assert (topic.last_position, topic.message_count, topic.participant_count) == (0, 0, 0)
        assert topic.active_at == topic.created_at


def test_stress_fills_topics_that_can_be_read(app, flask, visitor):
    answer = flask("stress", "--topics", 3, "--messages", 100)

    assert answer.output.strip() == "Added 100 messages in the topics 1 to 3."
    assert flask("recount").output.strip() == "Counters corrected: 0"
    with app.app_context():
        topics = db.session.scalars(select(Topic)).all()
        assert [topic.message_count for topic in topics] == [34, 33, 33]
        assert db.session.scalar(select(func.count(Message.id)).where(Message.reply_to_id.is_not(None))) == 24
        newest = db.session.scalars(select(Message).order_by(Message.id.desc())).first()
        assert newest.posted_at == db.session.scalar(select(func.max(Message.posted_at)))
    assert visitor.get("/fr/topics/1/?page=2").status_code == 200
    assert visitor.get("/en/forums/stress/").status_code == 200


def test_stress_adds_to_what_it_made_before(app, flask):
    flask("stress", "--topics", 1, "--messages", 2)

    answer = flask("stress", "--topics", 2, "--messages", 5)

    assert answer.output.strip() == "Added 5 messages in the topics 2 to 3."
    assert count(app, Forum) == 1
    assert count(app, Message) == 7


@pytest.mark.parametrize(
    "arguments",
    [
        ("--topics", 2, "--messages", 1),
        ("--topics", 0, "--messages", 1),
        ("--topics", 1, "--messages", 10**9),
        ("--topics", "many", "--messages", 1),
        (),
    ],
)
def test_stress_refuses_nonsense(app, flask, arguments):
    answer = flask("stress", *arguments)

    assert answer.exit_code == 2
    assert count(app, Forum) == 0


def test_users_create_makes_an_administrator_with_a_password_shown_once(app, flask):
    answer = flask("users", "create", "--email", "Ana@Example.org", "--name", "Ana", "--admin", input="")

    assert answer.exit_code == 0
    password = re.search(r"Password \(shown only once\): (\S+)", answer.output)[1]
    with app.app_context():
        user = db.session.scalars(select(User)).one()
        assert (user.email, user.is_admin, user.capacity) == ("ana@example.org", True, Capacity.SECRETARIAT)
        assert user.confirmed_at
        assert is_right(user.password_hash, password)


def test_users_create_takes_the_password_from_standard_input(app, flask):
    words = "four words in a row"
    answer = flask("users", "create", "--email", "ana@example.org", "--name", "Ana", input=f"{words}\n")

    assert answer.exit_code == 0
    assert words not in answer.output
    with app.app_context():
        user = db.session.scalars(select(User)).one()
        assert not user.is_admin
        assert is_right(user.password_hash, words)


def test_users_create_refuses_a_taken_address_and_a_weak_password(app, flask):
    create = ("users", "create", "--email", "ana@example.org", "--name", "Ana")
    flask(*create, input="")

    assert "already has an account" in flask(*create, input="").output
    assert flask("users", "create", "--email", "eva@example.org", "--name", "Eva", input="short\n").exit_code == 1
    assert count(app, User) == 1


def test_the_sample_goes_beside_an_administrator_made_before(app, flask):
    flask("users", "create", "--email", "ana@example.org", "--name", "Ana", "--admin", input="")

    assert flask("sample").exit_code == 0


def test_every_command_says_what_it_does(app, flask):
    for name in ("sample", "prepare", "recount", "stress", "worker"):
        answer = flask(name, "--help")
        assert answer.exit_code == 0
        assert len(answer.output.splitlines()[2].strip()) > 20, name
