"""The latest messages of a forum across its groups, on its page and in its feed."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree, html

from app.extensions import db
from app.forums import news_queries
from app.models import Forum, Group, GroupText, Message, MessageStatus, User
from tests.forums.test_news import listed
from tests.forums.visiting import at, moment, publish
from tests.moderation.conftest import do
from tests.moderation.tidying import add_pending
from tests.world import World, make_topic, texts

LATEST = "/en/forums/open-forum/latest/"
FEED = "/en/feeds/forums/open-forum.atom"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def late(app: Flask, world: World, moderator: FlaskClient) -> int:
    """A message that was approved after a later one had been published."""
    number = add_pending(app, world.topic, world.bruno)
    publish(app, world.topic, world.bruno, 10)
    with at(60):
        do(moderator, number, "approve")
    return number


@pytest.mark.parametrize("path", ["/en/topics/1/", "/en/print/topics/1/", LATEST, "/en/messages/{number}/"])
def test_message_that_waited_says_when_it_was_published(path: str, visitor: FlaskClient, late: int):
    page = html.fromstring(visitor.get(path.format(number=late)).text)
    facts = {one.get("id"): one.xpath('.//p[@class="facts"]')[0] for one in page.xpath("//article")}
    told = facts.pop(f"message-{late}")

    assert "(published on" in told.text_content()
    assert told.xpath("time/@datetime")[-1] == f"{moment(60):%Y-%m-%d %H:%MZ}"
    assert not [one for one in facts.values() if "published" in one.text_content()]


def entries(client: FlaskClient) -> list[etree._Element]:
    return etree.fromstring(client.get(FEED).data).findall(f"{ATOM}entry")


def test_messages_of_all_groups_are_listed_latest_first(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        group = Group(forum_id=world.forum, slug="group-2", number=2, texts=texts(GroupText, title="Second"))
        topic = make_topic(group, db.session.get_one(User, world.bruno), "There")
        db.session.commit()
        topic = topic.id
    there, here = publish(app, topic, world.bruno, 10), publish(app, world.topic, world.alice, 20)

    page = " ".join(visitor.get(LATEST).text.split())
    assert listed(page)[:2] == [here, there]
    assert f'<a href="/en/topics/{topic}/#message-{there}">There</a>, Group 2</p>' in page


def test_late_approval_comes_first(late: int, visitor: FlaskClient):
    assert listed(visitor.get(LATEST).text)[0] == late


def test_late_approval_comes_first_in_the_feed_under_the_id_of_the_day_of_posting(late, app, visitor, world):
    with app.app_context():
        posted_at = db.session.get_one(Message, late).posted_at
    first = entries(visitor)[0]

    assert first.findtext(f"{ATOM}id") == f"tag:127.0.0.1,{posted_at.date()}:message-{late}"
    assert first.findtext(f"{ATOM}published") == f"{moment(60):%Y-%m-%dT%H:%M:%SZ}"
    assert first.findtext(f"{ATOM}updated") == f"{moment(60):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("status", [MessageStatus.WITHDRAWN, MessageStatus.WITHHELD, MessageStatus.PENDING])
def test_what_cannot_be_read_is_not_listed(status: str, app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        message = db.session.get_one(Message, world.second)
        message.status = status
        db.session.get_one(Forum, world.forum).message_count -= 1
        db.session.commit()

    assert listed(visitor.get(LATEST).text) == [world.first]


def test_latest_messages_have_pages_of_twenty_up_to_the_most(app: Flask, world: World, visitor, monkeypatch):
    monkeypatch.setattr(news_queries, "MOST_LISTED", 25)
    for minutes in range(30):
        publish(app, world.topic, world.bruno, minutes)

    pages = [visitor.get(f"{LATEST}?page={number}") for number in (1, 2, 3)]
    assert [len(listed(page.text)) for page in pages[:2]] == [20, 5]
    assert pages[2].status_code == 404
    assert "Only the latest 25 messages are listed." in pages[1].text


@pytest.mark.parametrize("path", ["/en/forums/open-forum/", "/en/forums/open-forum/groups/"])
def test_pages_of_a_forum_lead_to_its_latest_messages(path: str, world: World, visitor: FlaskClient):
    assert f'<a href="{LATEST}" rel="nofollow">Latest messages</a>' in visitor.get(path).text


def test_forum_without_messages_says_so(app: Flask, world: World, admin: FlaskClient):
    assert "No messages yet." in admin.get("/en/forums/draft-forum/latest/").text
