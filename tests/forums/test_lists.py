"""The lists of topics: their questions, and topics without readable messages."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.database import utcnow
from app.extensions import db
from app.forums.queries import OF_A_GROUP
from app.models import Group, Message, MessageStatus, Question, QuestionText, Topic, User
from tests.world import World, make_message, make_topic, texts

GROUP = "/en/forums/open-forum/groups/group-1/"
GROUPS = "/en/forums/open-forum/groups/"


@pytest.fixture
def filed(app: Flask, world: World) -> None:
    """A second question with a topic of two messages, besides the topic without a question."""
    with app.app_context():
        group, author = db.session.get_one(Group, world.group), db.session.get_one(User, world.bruno)
        question = Question(number=2, texts=texts(QuestionText, text="What else?"))
        group.questions.append(question)
        topic = make_topic(group, author, "Under a question", question=question)
        for body in ("One", "Two"):
            make_message(topic, author, body)
        db.session.commit()


def hide(app: Flask, world: World, *statuses: MessageStatus) -> None:
    """Withdraw or withhold both messages of the topic, which was the most recently active."""
    with app.app_context():
        topic = db.session.get_one(Topic, world.topic)
        for number, status in zip((world.first, world.second), statuses, strict=True):
            db.session.get_one(Message, number).status = status
        topic.message_count = topic.participant_count = 0
        topic.active_at = utcnow()
        db.session.commit()


def rows_of(page: str) -> list[str]:
    return [
        row for part in re.findall(r'<ul class="topics">(.*?)</ul>', page, re.DOTALL) for row in part.split("<li>")[1:]
    ]


def test_list_names_the_question_of_a_topic(filed, visitor: FlaskClient):
    rows = {row.partition("</a>")[0].rpartition(">")[2]: row for row in rows_of(visitor.get(GROUP).text)}

    assert "Question 2" in rows["Under a question"]
    assert "Question" not in rows["Reporting formats"]


def test_topics_stand_under_the_heading_of_their_question(filed, visitor: FlaskClient):
    page = visitor.get(GROUPS).text
    marks = ("What would help most?", "No answer yet", "What else?", "Under a question", "Other topics")

    assert re.findall("|".join(map(re.escape, (*marks, "Reporting formats"))), page) == [*marks, "Reporting formats"]


def test_unanswered_question_leads_those_who_may_post_to_a_new_topic(filed, visitor: FlaskClient, alice: FlaskClient):
    start = f'href="{GROUP}new/?question=1" rel="nofollow"'

    assert "No answer yet" in visitor.get(GROUPS).text
    assert [start in client.get(GROUPS).text for client in (visitor, alice)] == [False, True]


@pytest.mark.parametrize("path", [GROUP, GROUPS])
def test_unanswered_question_leads_to_its_own_list_where_it_can_be_followed(path: str, filed, alice: FlaskClient):
    address = f"{GROUP}?question=1"

    assert f'href="{address}#topics">No answer yet to question 1</a>' in alice.get(path).text
    assert "Follow this question by email:" in alice.get(address).text


def test_topics_of_a_question_that_are_not_listed_are_a_click_away(
    app: Flask, world: World, filed, visitor: FlaskClient
):
    with app.app_context():
        question = db.session.scalars(db.select(Question).filter_by(number=2)).one()
        author = db.session.get_one(User, world.bruno)
        for at in range(OF_A_GROUP):
            make_message(make_topic(question.group, author, f"More {at}"), author, "Words.")
        db.session.commit()

    assert f'<a href="{GROUP}?question=2#topics">1 topic under question 2</a>' in visitor.get(GROUPS).text


def test_topic_tells_its_language_messages_day_participants_and_author(world: World, visitor: FlaskClient):
    [row] = rows_of(visitor.get(GROUPS).text)
    words = " ".join(html.fromstring(f"<li>{row}").text_content().split())

    assert re.fullmatch(r"Reporting formats English · 2 messages · \d+ \w+ \d{4} · 2 participants · Alice", words)


def test_count_under_a_question_links_to_its_topics(filed, visitor: FlaskClient):
    found = re.search(r'<a class="by" href="([^"#]*)#topics">2 messages under question 2</a>', visitor.get(GROUP).text)
    page = visitor.get(found[1]).text

    assert len(rows_of(page)) == 1
    assert "Under a question" in rows_of(page)[0]
    assert '<h2 id="topics">Topics under question 2</h2>' in page
    assert f'<a href="{GROUP}#topics">All topics of group 1</a>' in page
    assert 'href="/fr/forums/open-forum/groups/group-1/?question=2"' in page, "the language switch stays on the list"


@pytest.mark.parametrize("number", [3, -1, 10**12])
def test_unknown_question_is_not_found(number: int, filed, visitor: FlaskClient):
    assert visitor.get(f"{GROUP}?question={number}").status_code == 404


@pytest.mark.parametrize(
    ("statuses", "mark"),
    [
        ((MessageStatus.WITHDRAWN, MessageStatus.WITHDRAWN), "Messages withdrawn"),
        ((MessageStatus.WITHDRAWN, MessageStatus.WITHHELD), "Messages withheld"),
    ],
)
@pytest.mark.parametrize("path", [GROUP, GROUPS])
def test_topic_without_readable_messages_is_marked_and_last(path, statuses, mark, app, world, filed, visitor):
    hide(app, world, *statuses)
    rows = rows_of(visitor.get(path).text)

    assert ["Reporting formats" in row for row in rows] == [False, True]
    assert [f'<strong class="mark">{mark}</strong>' in row for row in rows] == [False, True]


def test_feed_of_a_topic_has_a_visible_link(world: World, visitor: FlaskClient):
    address = f"/fr/feeds/topics/{world.topic}.atom"
    page = visitor.get(f"/fr/topics/{world.topic}/").text

    assert f'<a href="{address}" type="application/atom+xml">Flux de ce fil\N{NO-BREAK SPACE}: nouveaux' in page


@pytest.mark.parametrize("path", [GROUP, GROUPS, "/en/forums/open-forum/"])
def test_feed_of_the_forum_has_a_visible_link(path: str, world: World, visitor: FlaskClient):
    address = "/en/feeds/forums/open-forum.atom"
    head, _, body = visitor.get(path).text.partition("</head>")

    assert f'href="{address}"' in head
    assert f'<a href="{address}"' in body
