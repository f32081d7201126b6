"""What leads a reader to an open forum, and what its pages say first, and once."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.database import utcnow
from app.extensions import db
from app.models import Forum, Group, GroupText, Notice, NoticeText, Page, PageKind, PeriodKind, User
from tests.world import World, make_forum, make_message, make_period, make_topic, texts

FORUM = "/en/forums/open-forum/"


def words_of(client: FlaskClient, path: str) -> str:
    """The words of a page, but for its head, bars and breadcrumb."""
    page = html.document_fromstring(client.get(path).text)
    return " ".join(page.get_element_by_id("content").text_content().split())


def add_notices(app: Flask, world: World, *days: int) -> None:
    """Notices of so many days ago."""
    with app.app_context():
        for at in days:
            about = {"forum_id": world.forum, "published_at": utcnow() - timedelta(days=at)}
            db.session.add(Notice(**about, texts=texts(NoticeText, title=f"Notice {at}")))
        db.session.commit()


def in_this_order(words: str, *parts: str) -> bool:
    return re.search(".*?".join(map(re.escape, parts)), words) is not None


@pytest.mark.parametrize(("path", "heading"), [("/en/", "Home (en)"), ("/en/portal/", "Portal (en)")])
def test_page_leads_with_the_open_forum_and_its_own_text_follows(path: str, heading: str, world: World, visitor):
    words = words_of(visitor, path)
    forum = ("Title of open-forum (en)", "About tests. (en)", "Open", "left.", "Deadline")

    assert in_this_order(words, heading, "Open now", *forum, "2 messages · 2 participants · 1 group", "Go to the")


def test_text_of_the_home_page_follows_what_is_open(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        home = db.session.scalars(db.select(Page).filter_by(kind=PageKind.HOME)).one()
        home.texts["en"].html = "<p>Welcome here.</p>"
        db.session.commit()

    assert in_this_order(words_of(visitor, "/en/"), "Go to the discussion pages", "Welcome here.")


def test_forum_with_the_next_deadline_leads_and_the_others_are_listed(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        make_forum("sooner-forum", closes=9)
        make_forum("later-forum", closes=99)
        db.session.commit()
    page = html.document_fromstring(visitor.get("/en/").text)
    titles = [title.text_content() for title in page.xpath("//section[@class='lead']//h3")]

    assert titles == [f"Title of {slug} (en)" for slug in ("sooner-forum", "open-forum", "later-forum")]
    assert [link.get("href") for link in page.find_class("button")] == ["/en/forums/sooner-forum/groups/"]


def test_forum_says_first_its_status_then_the_way_in_the_groups_and_the_notices(app, world: World, visitor):
    add_notices(app, world, 1, 2)
    first = ("Title of open-forum", "Open", "Go to the discussion pages", "Discussion groups", "Notice 1", "Notice 2")

    assert in_this_order(words_of(visitor, FORUM), *first, "About the forum")


def test_only_the_latest_notice_is_open(app: Flask, world: World, visitor: FlaskClient):
    add_notices(app, world, 1, 2, 3)
    notices = html.document_fromstring(visitor.get(FORUM).text).xpath("//section[@class='notices']/details")

    assert [(one.findtext(".//h3/span"), one.get("open")) for one in notices] == [
        ("Notice 1 (en)", ""),
        ("Notice 2 (en)", None),
        ("Notice 3 (en)", None),
    ]


def test_group_in_a_forum_tells_its_messages_and_the_latest(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        bruno = db.session.get(User, world.bruno)
        topic = make_topic(db.session.get(Group, world.group), bruno, "The liveliest", pinned_at=utcnow())
        latest = make_message(topic, bruno, "Words.", posted_at=utcnow() + timedelta(minutes=1)).posted_at
        db.session.commit()

    moment = f"{latest.day} {latest:%B %Y, %H:%M} UTC"
    told = f"3 messages · 2 topics Latest message: {moment}, in The liveliest"
    assert told in words_of(visitor, FORUM)


@pytest.mark.parametrize("path", [FORUM, f"{FORUM}groups/", "/en/print/forums/open-forum/"])
def test_group_tells_its_status_only_where_its_dates_are_its_own(path: str, app: Flask, world: World, visitor):
    with app.app_context():
        other = Group(slug="group-2", number=2, texts=texts(GroupText, title="Another group"))
        forum = db.session.get(Forum, world.forum)
        forum.groups.append(other)
        db.session.flush()
        forum.periods.append(make_period(PeriodKind.SCHEDULED, -48, -24, group_id=other.id))
        db.session.commit()
    page = html.document_fromstring(visitor.get(path).text)

    assert [line.findtext("strong") for line in page.find_class("state")] == ["Open"]
    assert [line.findtext("strong") for line in page.find_class("told")] == ["Closed"]
    assert "Another group" in page.find_class("told")[0].xpath("string(ancestor::*[self::li or self::section][1])")


def test_status_and_question_of_a_topic_are_one_line_that_opens(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        group = db.session.get(Group, world.group)
        topic = make_topic(group, db.session.get(User, world.alice), "Filed", question=group.questions[0])
        make_message(topic, db.session.get(User, world.alice), "Words.")
        db.session.commit()
        path = f"/en/topics/{topic.id}/"
    [line] = html.document_fromstring(visitor.get(path).text).find_class("standing")
    summary = " ".join(line.find("summary").text_content().split())

    assert line.get("open") is None
    assert re.match(r"Open · Question 1 · Deadline: \d+ \w+ \d{4}, \d\d:\d\d\sUTC", summary)
    assert "What would help most? (en)" in line.text_content()
    assert "Open for messages until" in line.text_content()


@pytest.mark.parametrize("path", ["/en/print/forums/open-forum/", "/en/print/forums/open-forum/groups/group-1/"])
def test_print_says_nothing_of_the_time_left(path: str, world: World, visitor: FlaskClient):
    assert "left." in visitor.get(FORUM).text
    assert "left." not in visitor.get(path).text
