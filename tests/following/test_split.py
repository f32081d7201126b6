"""Topics that are split or merged: who follows one goes on following where its messages are, and gets none twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from app.database import utcnow
from app.extensions import db
from app.models import Follow, Topic
from tests.following.conftest import REPLY, Post, change_user, path_to_stop
from tests.moderation.test_moving import newest_topic, split_fields
from tests.moderation.tidying import Place, act
from tests.world import World


def followers_of(app: Flask, topic: int) -> dict[int, str]:
    with app.app_context():
        rows = db.session.execute(db.select(Follow.user_id, Follow.how).where(Follow.topic_id == topic)).all()
        assert len(rows) == len({row.user_id for row in rows})
        return {row.user_id: row.how for row in rows}


def split(app: Flask, world: World, client: FlaskClient, *messages: int, **more: object) -> int:
    fields = split_fields(world, *(messages or (world.second,)))
    assert act(app, client, world.topic, "split", **fields, **more).status_code == 302
    return newest_topic(app)


def test_followers_of_a_topic_that_is_split_follow_the_new_one_in_the_same_way(app, world, follow, moderator):
    follow(world.moderator, "digest")
    follow(world.admin, "each")
    made = split(app, world, moderator)

    assert followers_of(app, made) == {world.moderator: "digest", world.admin: "each", world.bruno: "each"}
    assert followers_of(app, world.topic) == {world.moderator: "digest", world.admin: "each"}


def test_author_of_the_new_topic_follows_it_as_they_follow_their_own(app, world: World, moderator):
    change_user(app, world.bruno, mail_topics="digest")

    assert followers_of(app, split(app, world, moderator)) == {world.bruno: "digest"}


def test_author_who_follows_the_former_topic_keeps_that_choice(app, world: World, follow, moderator):
    follow(world.bruno, "digest")

    assert followers_of(app, split(app, world, moderator)) == {world.bruno: "digest"}


def test_author_who_does_not_follow_their_own_topics_does_not_follow_it(app, world: World, moderator):
    change_user(app, world.bruno, mail_topics="none")

    assert followers_of(app, split(app, world, moderator)) == {}


def test_author_of_both_topics_who_has_stopped_following_is_left_alone(app, world: World, place: Place, moderator):
    assert act(app, moderator, place.other, "merge", target=str(world.topic)).status_code == 302

    assert followers_of(app, split(app, world, moderator, place.fifth)) == {}


def test_form_for_splitting_that_is_sent_twice_adds_no_one_twice(app, world: World, follow, moderator):
    follow(world.moderator)
    made = split(app, world, moderator, submission="the same key")
    with app.app_context():
        before = db.session.query(Topic).count()
    act(app, moderator, world.topic, "split", **split_fields(world), submission="the same key")

    assert set(followers_of(app, made)) == {world.moderator, world.bruno}
    with app.app_context():
        assert db.session.query(Topic).count() == before


def test_what_waits_for_the_digest_is_sent_once_after_a_split_and_a_merge(
    app, world: World, bruno, follow, reply, moderator, post
):
    follow(world.admin, "digest")
    number = reply(bruno)
    post.send()
    made = split(app, world, moderator, number)
    post.send()
    assert act(app, moderator, made, "merge", target=str(world.topic)).status_code == 302
    assert followers_of(app, made) == {}
    for days in (1, 2):
        post.send(days=days)

    assert len(post.of("admin")) == 1


def test_new_message_in_either_topic_is_sent_once(app, world: World, bruno, follow, moderator, reply, post):
    follow(world.admin)
    made = split(app, world, moderator)
    bruno.post(f"/en/topics/{made}/reply/", data=REPLY | {"submission": "a"})
    reply(bruno, body="Other words.")
    post.send()

    assert len(post.of("admin")) == 2


def test_followers_of_a_topic_that_is_merged_follow_the_target(app, world: World, place: Place, follow, moderator):
    follow(world.admin, "digest", topic_id=place.other)
    follow(world.moderator, "digest", topic_id=place.other)
    follow(world.moderator, "each")
    assert act(app, moderator, place.other, "merge", target=str(world.topic)).status_code == 302

    assert followers_of(app, place.other) == {}
    assert followers_of(app, world.topic) == {world.admin: "digest", world.moderator: "each"}


@pytest.fixture
def merged(app: Flask, world: World, place: Place, moderator) -> Callable[[], int]:
    """Merges a topic into one that is then merged into the topic of the small world; returns its key."""

    def merge() -> int:
        made = split(app, world, moderator, place.fourth)
        for source, target in ((place.other, made), (made, world.topic)):
            assert act(app, moderator, source, "merge", target=str(target)).status_code == 302
        return place.other

    return merge


@pytest.fixture
def path(place: Place, bruno: FlaskClient, follow: Callable[..., None], post: Post, world: World) -> str:
    """Where the moderator stops the emails of the first of these topics."""
    follow(world.moderator, topic_id=place.other)
    bruno.post(f"/en/topics/{place.other}/reply/", data=REPLY | {"submission": "a"})
    post.send()
    return path_to_stop(post.of("moderator")[0])


def test_link_in_an_email_stops_a_topic_that_was_merged_since(app, world: World, visitor, path, merged):
    merged()

    assert "Stop these emails?" in visitor.get(path).text
    assert "These emails have been stopped" in visitor.post(path).text
    assert world.moderator not in followers_of(app, world.topic)


def test_link_in_an_email_follows_again_what_its_topic_was_merged_into(app, world: World, visitor, path, merged):
    visitor.post(path)
    key = merged()
    visitor.post(path, data={"again": "yes"})

    assert followers_of(app, key) == {}
    assert followers_of(app, world.topic)[world.moderator] == "each"


def test_button_of_a_topic_that_was_merged_since_follows_the_target(app, world: World, place, alice, merged):
    path = f"/en/follow/topics/{place.other}/"
    fields = alice.with_version(path, {"how": "digest"})
    key = merged()

    assert alice.post(path, data=fields).location == f"/en/topics/{world.topic}/"
    assert followers_of(app, key) == {}
    assert followers_of(app, world.topic)[world.alice] == "digest"


def test_new_followers_follow_since_now_whatever_the_time_zone_of_the_database(app, world: World, follow, moderator):
    def elsewhere(connection: Any, *_: object) -> None:
        connection.execute("SET TIME ZONE 'Asia/Tokyo'")

    follow(world.admin)
    with app.app_context():
        engine = db.engine
    is_postgresql = engine.dialect.name == "postgresql"
    if is_postgresql:
        event.listen(engine, "checkout", elsewhere)
    try:
        made = split(app, world, moderator)
    finally:
        if is_postgresql:
            event.remove(engine, "checkout", elsewhere)
    with app.app_context():
        [since] = db.session.scalars(
            db.select(Follow.created_at).where(Follow.topic_id == made, Follow.user_id == world.admin)
        )
    assert abs(utcnow() - since) < timedelta(minutes=5)
