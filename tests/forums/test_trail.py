"""The breadcrumb of a form about a topic or message is that of the topic with one more step."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.extensions import db
from app.models import Forum, Group, Message, Topic
from tests.full_world import FullWorld

Trail = list[tuple[str, str]]


def trail_of(client: FlaskClient, path: str) -> Trail:
    """`(address, text)` of each step."""
    links = html.document_fromstring(client.get(path).text).xpath("//nav[@class='breadcrumb']//a")
    return [(link.get("href"), link.text_content()) for link in links]


@pytest.mark.parametrize(
    "path",
    [
        "/en/topics/{long_topic}/reply/",
        "/en/messages/{edited}/edit/",
        "/en/messages/{edited}/withdraw/",
        "/en/messages/{edited}/history/",
    ],
)
def test_breadcrumb_of_a_form_about_a_message_has_forum_group_and_topic(path: str, full: FullWorld, people):
    path = path.format_map(vars(full))
    topic = trail_of(people["alice"], f"/en/topics/{full.long_topic}/")
    *above, here = trail_of(people["alice"], path)

    assert above == topic
    assert len(above) == 6
    assert here[0] == path


def test_breadcrumb_of_the_history_of_an_archived_message_has_the_archive(one_app: Flask, full: FullWorld, people):
    with one_app.app_context():
        archived = db.select(Message).join(Topic).join(Group).join(Forum).where(Forum.archived_at.is_not(None))
        message = db.session.scalars(archived).first()
        topic, number = message.topic_id, message.id
    trail = trail_of(people["visitor"], f"/en/messages/{number}/history/")

    assert trail[:-1] == trail_of(people["visitor"], f"/en/topics/{topic}/")
    assert "/en/archive/" in dict(trail)
