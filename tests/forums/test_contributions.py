"""All that a person has posted, with its standing."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.forums import news_queries
from app.models import Approval, Forum
from tests.forums.visiting import publish
from tests.moderation.conftest import do
from tests.moderation.test_on_behalf import LETTER
from tests.moderation.test_posting import number_of, reply
from tests.moderation.tidying import add_pending
from tests.world import World

OWN = "/en/account/contributions/"


@pytest.fixture
def read_first(app: Flask, world: World) -> None:
    """In the open forum, all messages need approval."""
    with app.app_context():
        db.session.get_one(Forum, world.forum).approval = Approval.EVERYBODY
        db.session.commit()


def own(client: FlaskClient, page: int = 1) -> dict[int, str]:
    """What the page says of each message, by its number, in its order."""
    text = " ".join(client.get(f"{OWN}?page={page}").text.split())
    rows = text.partition('<ul class="topics">')[2].partition("</ul>")[0].split("<li>")[1:]
    return {int(row.partition(">#")[2].split()[0]): row for row in rows}


def test_published_message_is_listed_with_its_topic_and_forum(world: World, alice: FlaskClient):
    row = own(alice)[world.first]

    for words in ("Reporting formats", "Short open-forum (en)", "Group 1", "Published"):
        assert words in row


@pytest.mark.parametrize("path", [OWN, "/en/new/answers/"])
def test_number_of_a_group_stays_on_the_line_of_its_word(path: str, world: World, alice: FlaskClient):
    assert "Group\N{NO-BREAK SPACE}1" in alice.get(path).text


def test_withdrawn_message_is_listed(world: World, alice: FlaskClient):
    alice.post(f"/en/messages/{world.first}/withdraw/")

    assert "You withdrew this message on" in own(alice)[world.first]


def test_withheld_message_is_listed_with_the_reason(world: World, alice: FlaskClient, moderator: FlaskClient):
    do(moderator, world.first, "withhold", words="Off topic")

    assert "Off topic" in own(alice)[world.first]


def test_what_waits_comes_first_and_a_returned_message_says_why(world: World, read_first, alice, moderator):
    waits, returned, refused = (number_of(reply(alice, world, f"Words {at}")) for at in range(3))
    do(moderator, returned, "return")
    do(moderator, refused, "withhold", words="Off topic")

    found = own(alice)
    assert list(found) == [returned, waits, refused, world.first]
    assert "Awaiting approval" in found[waits]
    assert "Please name your source" in found[returned]
    assert f'<a href="/en/messages/{returned}/edit/">' in found[returned]
    assert "Off topic" in found[refused]


def test_message_typed_for_somebody_says_for_whom(world: World, moderator: FlaskClient):
    moderator.post(f"/en/topics/{world.topic}/reply/", data=LETTER)

    [row] = own(moderator).values()
    assert "Posted for <bdi>Ms Dora Letter</bdi>" in row


def test_contributions_have_pages_of_twenty(app: Flask, world: World, alice: FlaskClient):
    for minutes in range(20):
        publish(app, world.topic, world.alice, minutes)

    assert (len(own(alice)), list(own(alice, 2))) == (20, [world.first])
    assert alice.get(f"{OWN}?page=3").status_code == 404


def test_what_waits_and_the_others_go_on_from_page_to_page(app: Flask, world: World, read_first, alice: FlaskClient):
    waiting = [add_pending(app, world.topic, world.alice) for _number in range(21)]
    others = [publish(app, world.topic, world.alice, minutes) for minutes in range(20)]

    assert list(own(alice)) == waiting[:0:-1]
    assert list(own(alice, 2)) == [waiting[0], *others[:0:-1]]
    assert list(own(alice, 3)) == [others[0], world.first]


def test_only_the_latest_are_listed_and_the_page_says_so(app: Flask, world: World, alice: FlaskClient, monkeypatch):
    monkeypatch.setattr(news_queries, "MOST_LISTED", 20)
    for minutes in range(20):
        publish(app, world.topic, world.alice, minutes)

    assert "Only the latest 20 messages are listed." in alice.get(OWN).text
    assert alice.get(f"{OWN}?page=2").status_code == 404


def test_messages_of_others_are_not_listed(world: World, bruno: FlaskClient):
    assert list(own(bruno)) == [world.second]


def test_account_says_how_many_are_not_published(world: World, read_first, alice: FlaskClient, bruno: FlaskClient):
    reply(alice, world)

    assert "(1 is not published)" in alice.get("/en/account/").text
    assert "not published)" not in bruno.get("/en/account/").text


def test_someone_who_has_posted_nothing_is_told_so(world: World, admin: FlaskClient):
    assert "You have not posted anything yet." in admin.get(OWN).text
