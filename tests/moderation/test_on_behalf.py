"""Messages that the Secretariat posts for people who wrote by email or letter: the speaker and the typist."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree
from sqlalchemy import select

from app.counters import recount
from app.extensions import db
from app.forums import actions
from app.models import ForumRole, Message, Topic
from tests.conftest import sign_in
from tests.world import World, make_user

ATOM = "{http://www.w3.org/2005/Atom}"
NEW = "/en/forums/open-forum/groups/group-1/new/"
LEGEND = "This message was received by email or letter"
LETTER = {
    "body": "What I wrote by letter.",
    "language": "en",
    "speaker": "Ms Dora Letter",
    "capacity": "organization",
    "organization": "Society of Letters",
    "country": "",
}


def reply_path(world: World) -> str:
    return f"/en/topics/{world.topic}/reply/"


def last(app: Flask) -> Message:
    with app.app_context():
        return db.session.scalar(select(Message).order_by(Message.id.desc()).limit(1))


def count(app: Flask) -> int:
    with app.app_context():
        return db.session.query(Message).count()


@pytest.fixture
def letter(app: Flask, world: World, moderator: FlaskClient) -> Message:
    """A letter of Dora, on behalf of others, posted by the moderator."""
    answer = moderator.post(reply_path(world), data=LETTER | {"on_behalf_of": "Friends of Letters"})
    assert answer.status_code == 302
    return last(app)


@pytest.mark.parametrize("path", [NEW, "/en/topics/1/reply/"])
def test_only_the_secretariat_has_the_fields_for_a_speaker(path: str, world: World, alice, moderator, admin):
    assert [LEGEND in client.get(path).text for client in (alice, moderator, admin)] == [False, True, True]


def test_moderator_of_another_forum_has_no_fields_for_a_speaker(app: Flask, world: World):
    with app.app_context():
        other = make_user("other")
        db.session.add(ForumRole(user_id=other.id, forum_id=world.forum + 1, role="moderator"))
        db.session.commit()
        key = other.id
    client = sign_in(app, key)

    assert LEGEND not in client.get(reply_path(world)).text
    assert client.post(reply_path(world), data=LETTER).status_code == 403


def test_message_stores_the_speaker_and_who_typed_it(letter: Message, world: World):
    assert (letter.speaker, letter.author_id) == ("Ms Dora Letter", world.moderator)
    assert (letter.capacity, letter.organization, letter.country) == ("organization", "Society of Letters", "")


@pytest.mark.parametrize("path", ["topics/{topic}/", "print/topics/{topic}/", "print/messages/{number}/"])
def test_message_shows_the_speaker_and_who_posted_it(path: str, letter: Message, world: World, visitor):
    page = visitor.get("/en/" + path.format(topic=world.topic, number=letter.id)).text
    shown = page[page.index(f'id="message-{letter.id}"') :]

    assert "Ms Dora Letter</bdi></h2>" in shown
    assert re.search(r'<span class="speaks-for">(<a [^>]*>)?<bdi>Society of Letters</bdi>', shown)
    assert "Posted for this person by Moderator" in shown
    assert "on behalf of" in shown, "which is shown separately"
    assert "<bdi>Friends of Letters</bdi>" in shown


def test_feed_has_the_speaker_as_author_and_the_typist_as_contributor(letter: Message, visitor: FlaskClient):
    feed = etree.fromstring(visitor.get("/en/feeds/forums/open-forum.atom").data)
    entries = feed.findall(f"{ATOM}entry")

    author = entries[0].findtext(f"{ATOM}author/{ATOM}name")
    assert author.startswith("Ms Dora Letter")
    assert author.endswith(", on behalf of Friends of Letters")
    assert "Moderator" not in author
    assert entries[0].findtext(f"{ATOM}contributor/{ATOM}name") == "Moderator"
    assert [entry.find(f"{ATOM}contributor") for entry in entries[1:]] == [None, None]


def test_history_names_the_speaker_and_who_typed(letter: Message, visitor: FlaskClient):
    page = visitor.get(f"/en/messages/{letter.id}/history/").text

    assert "Posted for <bdi>Ms Dora Letter</bdi> by <bdi>Moderator</bdi>" in page


def test_own_data_of_the_typist_name_the_speaker(letter: Message, moderator: FlaskClient):
    page = " ".join(moderator.get("/en/account/data/").text.split())

    assert f"#{letter.id}</a> (for Ms Dora Letter)" in page


def test_speakers_are_participants_and_the_typist_is_not(app: Flask, letter: Message, world: World, visitor, moderator):
    """Alice, Bruno, Dora with two letters, and Egon."""
    moderator.post(reply_path(world), data=LETTER | {"body": "Another letter of hers."})
    moderator.post(reply_path(world), data=LETTER | {"speaker": "Egon Letter"})

    with app.app_context():
        topic = db.session.get_one(Topic, world.topic)
        assert (topic.message_count, topic.participant_count) == (5, 4)
        assert recount() == []
    assert "4 people have posted here." in visitor.get("/en/forums/open-forum/").text


def test_topic_started_with_a_letter_shows_its_speaker(
    app: Flask, world: World, moderator: FlaskClient, visitor: FlaskClient
):
    answer = moderator.post(NEW, data=LETTER | {"title": "By letter", "question": "0"})
    assert answer.status_code == 302

    for path in ("groups/", "groups/group-1/"):
        row = visitor.get(f"/en/forums/open-forum/{path}").text.split("By letter</a>")[1].split("</th>")[0]
        assert "<bdi>Ms Dora Letter</bdi>" in row, path
        assert "Moderator" not in row


def test_what_is_missing_is_an_error_with_the_form(app, world, moderator):
    wrong = []
    for changes, said in (
        ({"speaker": ""}, "Enter the name of the person who sent this message"),
        ({"speaker": "", "capacity": "", "organization": "Society"}, "Enter the name of the person"),
        ({"speaker": "", "capacity": "", "organization": "", "country": "XA"}, "Enter the name of the person"),
        ({"capacity": ""}, "Select the capacity in which this person is speaking."),
        ({"capacity": "party"}, "Select the Party or Government on whose behalf this person speaks."),
        ({"capacity": "government"}, "Select the Party or Government on whose behalf this person speaks."),
        ({"organization": ""}, "Enter the name of the organization or community on whose behalf this person speaks."),
        ({"capacity": "secretariat"}, "Please select one of the options offered"),
        ({"country": "ZZ"}, "Please select one of the options offered"),
        ({"speaker": "x" * 101}, "characters; the maximum is 100"),
        ({"organization": "x" * 201}, "characters; the maximum is 200"),
        ({"speaker": "https://evil.example"}, "must not contain a web address"),
        ({"speaker": "dora@example.org"}, "cannot contain a web or email address"),
    ):
        for start in (False, True):
            path, more = (NEW, {"title": "T", "question": "0"}) if start else (reply_path(world), {})
            answer = moderator.post(path, data={**LETTER, **more, **changes})
            if (
                answer.status_code != 422
                or said not in answer.text
                or "What I wrote by letter." not in answer.text
                or LEGEND not in answer.text
                or count(app) != 2
            ):
                wrong.append((changes, said, start))

    assert wrong == []


def test_message_without_a_speaker_is_the_author_s_own(app: Flask, world: World, moderator: FlaskClient):
    blank = {"speaker": " \u200b ", "capacity": "", "organization": "", "country": ""}
    moderator.post(reply_path(world), data=LETTER | blank | {"speaker": " "})

    posted = last(app)
    assert (posted.speaker, posted.organization, posted.country) == ("", "Ministry of Tests", "XA")


def test_participant_cannot_post_for_someone_else(app: Flask, world: World, alice: FlaskClient):
    """Nor is the message posted as their own."""
    for path, more in ((reply_path(world), {}), (NEW, {"title": "T", "question": "0"})):
        answer = alice.post(path, data=LETTER | more)
        assert answer.status_code == 403
        assert "What I wrote by letter." in answer.text
        assert "Ms Dora Letter" in answer.text
    assert count(app) == 2


def test_former_moderator_cannot_post_for_others(app, world: World, moderator, monkeypatch):
    begin = actions.transaction

    def dismiss_first(**given):
        with app.app_context():
            db.session.query(ForumRole).delete()
            db.session.commit()
        return begin(**given)

    monkeypatch.setattr(actions, "transaction", dismiss_first)

    assert moderator.post(reply_path(world), data=LETTER).status_code == 403
    assert count(app) == 2


def test_same_letter_sent_twice_is_posted_once(app: Flask, world: World, moderator: FlaskClient):
    data = LETTER | {"submission": "0123456789abcdef"}
    first, second = (moderator.post(reply_path(world), data=data) for _ in range(2))

    assert first.location == second.location
    assert count(app) == 3


def test_edit_keeps_the_speaker(app: Flask, letter: Message, moderator: FlaskClient):
    path = f"/en/messages/{letter.id}/edit/"
    assert "Ms Dora Letter" in moderator.get(path).text
    moderator.post(path, data={"body": "As she wrote.", "language": "en", "speaker": "Somebody", "capacity": "expert"})

    changed = last(app)
    assert (changed.speaker, changed.capacity, changed.body) == ("Ms Dora Letter", "organization", "As she wrote.")


def test_markup_in_the_name_of_a_speaker_is_escaped(
    app: Flask, letter: Message, world: World, visitor: FlaskClient, moderator
):
    hostile = "<img src=x onerror=alert(1)>{{7*7}}"
    with app.app_context():
        message = db.session.get_one(Message, letter.id)
        message.speaker = message.organization = hostile
        db.session.commit()

    for path in (
        f"topics/{world.topic}/", f"print/topics/{world.topic}/", "feeds/forums/open-forum.atom",
        "print/forums/open-forum/", f"messages/{letter.id}/history/", f"messages/{letter.id}/edit/", "account/data/",
        f"moderation/topics/{world.topic}/move/",
    ):  # fmt: skip
        page = moderator.get(f"/en/{path}").text
        assert "<img" not in page, path
        assert "{{7*7}}" in page, path
