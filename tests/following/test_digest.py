"""The daily digest, with a clock that the tests set: nothing is lost, and nothing is sent twice."""

import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from app.database import utcnow
from app.extensions import db
from app.models import Delivery
from tests.following.conftest import Post, change_user, path_to_stop, text_of
from tests.mail_server import free_port
from tests.moderation.conftest import do
from tests.world import World

SIX = datetime(2030, 1, 10, 6, tzinfo=UTC)  # the digest is sent at seven
DAY = timedelta(days=1)


def numbers_in(letters: list[EmailMessage]) -> list[int]:
    """The numbers of the messages whose texts are in these emails."""
    return [int(number) for letter in letters for number in re.findall(r"^#(\d+) ", text_of(letter), re.MULTILINE)]


@pytest.fixture
def said(world: World, bruno, follow, reply, post):
    """Alice follows a topic with the digest. Posts a message, which the worker sees at a moment."""
    follow(world.alice, "digest")

    def say(at: datetime | None = None) -> int:
        number = reply(bruno, body=f"Words of {datetime.now(UTC).isoformat()}.")
        if at:
            post.send(at)
        return number

    return say


def test_digest_is_sent_at_its_hour_with_all_that_has_come(said, post: Post):
    numbers = [said(SIX), said(SIX + timedelta(minutes=30))]
    assert post.of("alice") == []
    post.send(SIX, hours=1)

    [letter] = post.of("alice")
    assert numbers_in([letter]) == numbers
    assert letter["Subject"] == "Daily digest: 2 messages"
    assert letter["List-Id"] == "<digest.127.0.0.1>"


def test_person_whose_digest_cannot_be_written_keeps_nobody_else_waiting(app, world: World, follow, said, post: Post):
    follow(world.admin, "digest")
    number = said(SIX)
    change_user(app, world.alice, digest_hour=99)
    post.send(SIX, hours=1)

    assert numbers_in(post.of("admin")) == [number]


def test_message_that_cannot_be_given_out_keeps_no_later_one_waiting(app, world, follow, alice, said, post, reply):
    follow(world.bruno, "each", forum_id=world.forum)
    change_user(app, world.alice, digest_hour=99)
    said()
    number = reply(alice)
    post.send()

    [letter] = post.of("bruno")
    assert f"/messages/{number}/" in text_of(letter)


def test_empty_digest_is_not_sent(said, post: Post):
    said(SIX)
    for hours in (1, 2, 25, 49):
        post.send(SIX, hours=hours)

    assert len(post.of("alice")) == 1


def test_what_comes_after_the_hour_waits_for_the_next_day(said, post: Post):
    first = said(SIX)
    post.send(SIX, hours=1)
    second = said(SIX + timedelta(hours=2))
    post.send(SIX, hours=24)
    assert len(post.of("alice")) == 1
    post.send(SIX, hours=25)

    assert numbers_in(post.of("alice")) == [first, second]


def test_hour_is_that_which_was_chosen(app, world: World, said, post: Post):
    change_user(app, world.alice, digest_hour=18)
    said(SIX)
    post.send(SIX, hours=11)
    assert post.of("alice") == []
    post.send(SIX, hours=12)

    assert len(post.of("alice")) == 1


def test_another_hour_makes_no_second_digest_on_a_day(app, world: World, alice, said, post: Post):
    first = said(SIX)
    post.send(SIX, hours=1)
    change_user(app, world.alice, digest_hour=9)
    second = said(SIX + timedelta(hours=2))
    for hours in (3, 4, 26):
        post.send(SIX, hours=hours)
    assert numbers_in(post.of("alice")) == [first]
    post.send(SIX, hours=27)

    assert numbers_in(post.of("alice")) == [first, second]


def test_change_of_the_hour_holds_for_what_waits(app, world: World, alice, said, post: Post):
    said()
    post.send()
    hour = (datetime.now(UTC) + timedelta(hours=2)).hour
    alice.post("/en/account/follow/", data={"mail_answers": "each", "mail_topics": "each", "digest_hour": str(hour)})
    post.send(hours=2)

    assert len(post.of("alice")) == 1


def test_worker_that_stood_still_for_days_sends_one_digest(said, post: Post):
    numbers = [said(SIX), said()]
    post.send(SIX, days=3)
    post.send(SIX, days=4, hours=2)

    assert sorted(numbers_in(post.of("alice"))) == numbers
    assert len(post.of("alice")) == 2, "what the worker saw only then waits for the hour that comes"


def test_digest_that_is_late_is_followed_by_the_next_one_at_its_hour_with_nothing_of_it(said, post: Post):
    first = said(SIX)
    post.send(SIX, hours=14)
    second = said(SIX + timedelta(hours=15))
    for hours in (16, 25, 26, 49):
        post.send(SIX, hours=hours)

    assert [numbers_in([letter]) for letter in post.of("alice")] == [[first], [second]]


def test_mail_server_that_is_away_for_two_days_loses_and_doubles_nothing(said, post: Post):
    numbers, there = [], post.url
    post.url = f"smtp://127.0.0.1:{free_port()}"
    for hours in range(0, 48, 3):
        numbers.append(said(SIX + timedelta(hours=hours)))
    post.url = there
    for hours in range(48, 80):
        post.send(SIX, hours=hours)

    assert sorted(numbers_in(post.of("alice"))) == numbers


@pytest.mark.parametrize("wrong", [-timedelta(days=400), -DAY, -timedelta(hours=1), timedelta(hours=1), DAY, 400 * DAY])
def test_clock_that_was_wrong_loses_and_doubles_nothing(said, post: Post, wrong):
    numbers = [said(SIX + wrong)]
    post.send(SIX + wrong, hours=1)
    numbers.append(said(SIX + wrong + timedelta(hours=2)))
    for hours in range(4, 80, 4):
        post.send(SIX, hours=hours)
        if hours == 4:
            numbers.append(said())

    assert sorted(numbers_in(post.of("alice"))) == numbers


def test_clock_set_back_makes_no_second_digest_on_a_day(said, post: Post):
    said(SIX)
    post.send(SIX, hours=1)
    said(SIX + timedelta(minutes=30))
    post.send(SIX, hours=1, minutes=5)

    assert len(post.of("alice")) == 1


def test_hidden_message_is_not_in_the_digest(world: World, said, moderator, post: Post):
    hidden, shown = said(SIX), said(SIX)
    do(moderator, hidden, "withhold")
    post.send(SIX, hours=1)

    assert numbers_in(post.of("alice")) == [shown]


def test_message_that_was_hidden_at_the_hour_is_in_the_next_digest_once_it_is_restored(said, moderator, post: Post):
    hidden, shown = said(SIX), said(SIX)
    do(moderator, hidden, "withhold")
    post.send(SIX, hours=1)
    do(moderator, hidden, "restore")
    for days in (1, 2):
        post.send(SIX, days=days, hours=1)

    assert [numbers_in([letter]) for letter in post.of("alice")] == [[shown], [hidden]]


def test_choice_of_something_else_postpones_no_digest_that_is_due(app, world: World, alice, said, post: Post):
    said()
    post.send()
    with app.app_context():
        db.session.execute(db.update(Delivery).values(due_at=utcnow() - timedelta(minutes=5)))
        db.session.commit()
    alice.post("/en/account/follow/", data={"mail_answers": "each", "mail_topics": "none", "digest_hour": "7"})
    post.send()

    assert len(post.of("alice")) == 1


def test_digest_names_forum_and_group_once(said, post: Post):
    said(SIX), said(SIX)
    post.send(SIX, hours=1)

    [letter] = post.of("alice")
    assert text_of(letter).count("\nGroup 1: ") == 1


def test_digest_in_which_nothing_is_left_is_not_sent(world: World, said, moderator, post: Post):
    do(moderator, said(SIX), "withhold")
    post.send(SIX, hours=1)

    assert post.of("alice") == []


def test_long_digest_says_how_many_more_there_are_and_where(app, world: World, said, post: Post, monkeypatch):
    monkeypatch.setattr("app.following.letters.MOST_TEXTS", 3)
    numbers = [said(SIX) for _ in range(5)]
    post.send(SIX, hours=1)

    [letter] = post.of("alice")
    assert numbers_in([letter]) == numbers[:3]
    assert "2 more messages are not included in this email" in text_of(letter)
    assert f"http://127.0.0.1:8000/en/topics/{world.topic}/" in text_of(letter)


def test_digest_ends_with_the_texts_that_make_it_too_long(said, post: Post, monkeypatch):
    monkeypatch.setattr("app.following.letters.MOST_CHARACTERS", 60)
    numbers = [said(SIX) for _ in range(3)]
    post.send(SIX, hours=1)

    assert numbers_in(post.of("alice")) == numbers[:1]


def test_link_stops_the_digest_and_begins_it_again(app, world: World, visitor, said, post: Post):
    said(SIX)
    post.send(SIX, hours=1)
    path = path_to_stop(post.of("alice")[0])
    visitor.post(path)
    said(SIX + DAY)
    post.send(SIX, hours=25)
    assert len(post.of("alice")) == 1
    visitor.post(path, data={"again": "yes"})
    said(SIX + 2 * DAY)
    post.send(SIX, hours=49)

    assert len(post.of("alice")) == 2


def test_digest_has_a_link_for_each_thing_that_one_follows(app, world: World, visitor, follow, said, post: Post):
    follow(world.alice, "digest", forum_id=world.forum)
    said(SIX)
    post.send(SIX, hours=1)

    text = text_of(post.of("alice")[0])
    assert "because you follow the topic “Reporting formats”" in text
    assert len(re.findall(r"/en/follow/stop/", text)) == 2
