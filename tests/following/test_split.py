"""Topics that are split or merged: who follows one goes on following where its messages are, and gets none twice."""

from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Follow, Topic
from tests.following.conftest import REPLY, change_user
from tests.moderation.conftest import place  # noqa: F401  a fixture
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


def test_author_of_both_topics_who_has_stopped_following_is_left_alone(app, world: World, place: Place, moderator):  # noqa: F811
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


def test_followers_of_a_topic_that_is_merged_follow_the_target(app, world: World, place: Place, follow, moderator):  # noqa: F811
    follow(world.admin, "digest", topic_id=place.other)
    follow(world.moderator, "digest", topic_id=place.other)
    follow(world.moderator, "each")
    assert act(app, moderator, place.other, "merge", target=str(world.topic)).status_code == 302

    assert followers_of(app, place.other) == {}
    assert followers_of(app, world.topic) == {world.admin: "digest", world.moderator: "each"}
