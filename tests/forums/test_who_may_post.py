"""Pages say in advance who may post, and whether a message will wait for approval."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.models import Approval, Forum, ForumRole, Group, Message, MessageStatus, Period, Role, Topic
from tests.conftest import CONTACT, sign_in
from tests.world import World

PAGES = ("", "groups/", "groups/group-1/")
WHO = "Only participants approved by the Secretariat can post here."
ASK = "Your account has not been approved for this forum."
WAITS = "The Secretariat will read your message before it is published."


def paths(world: World) -> list[str]:
    return [*(f"/en/forums/open-forum/{page}" for page in PAGES), f"/en/topics/{world.topic}/"]


def change(app: Flask, kind: type, key: int, **values: object) -> None:
    with app.app_context():
        thing = db.session.get_one(kind, key)
        for name, value in values.items():
            setattr(thing, name, value)
        db.session.commit()


@pytest.fixture
def by_invitation(app: Flask, world: World) -> World:
    """A forum in which only Bruno and the Secretariat may post."""
    with app.app_context():
        db.session.get_one(Forum, world.forum).by_invitation = True
        db.session.add(ForumRole(user_id=world.bruno, forum_id=world.forum, role=Role.PARTICIPANT))
        db.session.commit()
    return world


def test_pages_say_that_only_approved_participants_may_post(by_invitation: World, visitor, alice, bruno, moderator):
    for path in paths(by_invitation):
        pages = [client.get(path).text for client in (visitor, alice, bruno, moderator)]
        assert [WHO in page for page in pages] == [True] * 4, path
        assert [ASK in page for page in pages] == [False, True, False, False], path
        assert ["Your account can post here." in page for page in pages] == [False, False, True, True], path


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_pages_show_the_contact_to_people_who_are_not_approved(by_invitation: World, reachable, language):
    alice, bruno = (sign_in(reachable, key) for key in (by_invitation.alice, by_invitation.bruno))

    for path in paths(by_invitation):
        content = [
            client.get(path.replace("/en/", f"/{language}/")).text.split("<footer")[0] for client in (alice, bruno)
        ]
        assert f'<a href="mailto:{CONTACT}">{CONTACT}</a>' in content[0], path
        assert "mailto:" not in content[1], path


def test_refused_form_shows_the_contact(by_invitation: World, reachable):
    answer = sign_in(reachable, by_invitation.alice).get(f"/en/topics/{by_invitation.topic}/reply/")

    assert answer.status_code == 403
    assert f'<a href="mailto:{CONTACT}">' in answer.text.split("<footer")[0]


def test_no_contact_is_shown_without_an_address(by_invitation: World, alice: FlaskClient):
    assert "mailto:" not in alice.get("/en/forums/open-forum/").text


def test_forum_for_everybody_does_not_mention_approval_of_participants(
    world: World, visitor: FlaskClient, alice: FlaskClient
):
    for path in paths(world):
        assert WHO not in visitor.get(path).text + alice.get(path).text


def test_nobody_is_offered_an_action_that_would_be_refused(by_invitation: World, alice, bruno, moderator):
    topic, group = f"/en/topics/{by_invitation.topic}/", "/en/forums/open-forum/groups/group-1/"
    for client, offered in ((alice, False), (bruno, True), (moderator, True)):
        assert ("reply/?to=" in client.get(topic).text) == offered
        assert ("Reply to this topic" in client.get(topic).text) == offered
        assert (f"{group}new/" in client.get(group).text) == offered
        assert client.get(f"{topic}reply/").status_code == (200 if offered else 403)


def test_only_visitors_are_asked_to_sign_in(by_invitation: World, visitor: FlaskClient, alice: FlaskClient):
    for path in paths(by_invitation)[2:]:
        assert "Sign in to" in visitor.get(path).text
        assert "Sign in to" not in alice.get(path).text


def test_page_of_the_forum_explains_how_to_take_part(
    by_invitation: World, visitor: FlaskClient, alice: FlaskClient, bruno
):
    path = "/en/forums/open-forum/"

    assert "an account approved by the Secretariat for this forum" in visitor.get(path).text
    assert "has not been approved for this forum" in alice.get(path).text
    assert "Your account can post here." in bruno.get(path).text


def test_closed_forum_does_not_say_who_could_post(app: Flask, by_invitation: World, visitor: FlaskClient):
    with app.app_context():
        db.session.query(Period).filter_by(forum_id=by_invitation.forum).one().closes_at = utcnow() - timedelta(
            seconds=1
        )
        db.session.commit()

    for path in paths(by_invitation):
        assert WHO not in visitor.get(path).text


def test_locked_topic_says_so_and_offers_no_reply(app: Flask, world: World, visitor, alice):
    change(app, Topic, world.topic, locked_at=utcnow())
    for client in (visitor, alice):
        page = client.get(f"/en/topics/{world.topic}/").text
        assert "This topic is locked and no longer accepts messages." in page
        assert "reply/" not in page
        assert "Sign in to reply" not in page
        assert '<strong class="mark">Locked</strong>' in client.get("/en/forums/open-forum/groups/group-1/").text


def test_empty_form_says_that_the_message_will_wait(app: Flask, world: World, alice, moderator):
    forms = (f"/en/topics/{world.topic}/reply/", "/en/forums/open-forum/groups/group-1/new/")
    assert [WAITS in alice.get(path).text for path in forms] == [False, False]
    change(app, Forum, world.forum, approval=Approval.EVERYBODY)
    assert [WAITS in alice.get(path).text for path in forms] == [True, True]
    assert [WAITS in moderator.get(path).text for path in forms] == [False, False]


def test_form_follows_the_approval_rules_of_the_group_and_for_newcomers(app: Flask, world: World, alice: FlaskClient):
    path = f"/en/topics/{world.topic}/reply/"
    change(app, Forum, world.forum, approval=Approval.NEWCOMERS)
    assert WAITS not in alice.get(path).text
    change(app, Message, world.first, status=MessageStatus.WITHDRAWN)
    assert WAITS in alice.get(path).text
    change(app, Group, world.group, approval=Approval.NOBODY)
    assert WAITS not in alice.get(path).text


def test_author_is_told_that_the_message_waits_and_sees_it(app: Flask, world: World, alice, visitor):
    change(app, Forum, world.forum, approval=Approval.EVERYBODY)
    data = {"body": "Read me first.", "language": "en"}
    answer = alice.post(f"/en/topics/{world.topic}/reply/", data=data, follow_redirects=True)

    assert re.search(r"Your message #\d+ has been received\.", answer.text)
    assert answer.text.count("waiting approval") == 1, "the message says it, and nothing says it again"
    assert "Read me first." in answer.text
    assert "Your message has been posted" not in answer.text
    assert "Read me first." not in visitor.get(f"/en/topics/{world.topic}/").text


def test_locked_topic_in_an_archived_forum_shows_both(app: Flask, world: World, visitor):
    change(app, Topic, world.topic, locked_at=utcnow())
    change(app, Forum, world.forum, archived_at=utcnow())
    page = visitor.get(f"/en/topics/{world.topic}/").text

    assert "This topic is locked and no longer accepts messages." in page
    assert "Archived on" in page
