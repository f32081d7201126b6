"""What is new to a reader: in lists, in topics, and on the page of all that is new."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.extensions import db
from app.models import Forum, Group, GroupText, Message, MessageStatus, Topic, User
from tests.forums.visiting import LATER, Reader, at, publish
from tests.moderation.conftest import do
from tests.moderation.test_moving import newest_topic, split_fields
from tests.moderation.tidying import act, add_pending
from tests.world import World, make_forum, make_message, make_topic, texts

FORUM = "/en/forums/open-forum/"
LISTS = ("/en/", "/en/portal/", FORUM, f"{FORUM}groups/", f"{FORUM}groups/group-1/")
NEW = "/en/new/"


@pytest.fixture
def reader(app: Flask, world: World) -> Reader:
    """Alice, who visited a day ago."""
    reader = Reader(app, world.alice)
    reader.reads(0)
    return reader


@pytest.fixture
def new(app: Flask, world: World, reader: Reader) -> int:
    """A message that Bruno has published since."""
    return publish(app, world.topic, world.bruno, 60)


def marked(page: str) -> list[int]:
    """The numbers of the messages that are marked as new."""
    found = html.fromstring(page).xpath('//article[.//p[@class="facts"]/strong[normalize-space()="New"]]/@id')
    return [int(name.removeprefix("message-")) for name in found]


def listed(page: str) -> list[int]:
    return [int(name.removeprefix("message-")) for name in html.fromstring(page).xpath("//article/@id")]


def topic_page(reader: Reader, topic: int, page: int = 1) -> str:
    return reader.reads(LATER, f"/en/topics/{topic}/?page={page}")


@pytest.mark.parametrize("path", LISTS)
def test_list_counts_what_is_new(path: str, reader: Reader, new: int):
    assert "1 new</strong>" in reader.reads(LATER, path)


@pytest.mark.parametrize("path", LISTS)
def test_list_counts_nothing_if_nothing_is_new(path: str, reader: Reader):
    assert not re.search(r"\bnew</strong>", reader.reads(LATER, path))


@pytest.mark.parametrize("path", [*LISTS, "/en/topics/{topic}/"])
def test_nothing_is_new_to_signed_out_readers(path: str, visitor: FlaskClient, world: World, new: int):
    page = visitor.get(path.format(topic=world.topic)).text

    assert not re.search(r"\b[Nn]ew</strong>", page)
    assert "First new message" not in page


@pytest.mark.parametrize(("language", "words"), [("es", "1 nuevo</strong>"), ("fr", "1 nouveau</strong>")])
def test_list_counts_in_the_language_of_the_reader(language: str, words: str, reader: Reader, new: int):
    assert words in reader.reads(LATER, f"/{language}/forums/open-forum/")


def test_list_of_topics_leads_to_the_first_new_message(app: Flask, world: World, reader: Reader):
    for _ in range(20):
        publish(app, world.topic, world.bruno, -60)
    first = publish(app, world.topic, world.bruno, 60)
    publish(app, world.topic, world.bruno, 61)

    page = reader.reads(LATER, f"{FORUM}groups/group-1/")
    assert f'<a href="/en/topics/{world.topic}/?page=2#message-{first}"><strong class="mark">2 new</strong></a>' in page


def test_topic_marks_new_messages_and_leads_to_the_first(reader: Reader, world: World, new: int):
    page = topic_page(reader, world.topic)

    assert marked(page) == [new]
    assert f'<a href="/en/topics/{world.topic}/#message-{new}">First new message</a> (1 new)' in page


def test_message_by_itself_is_marked_as_new(reader: Reader, new: int):
    assert marked(reader.reads(LATER, f"/en/messages/{new}/")) == [new]


def test_late_approval_is_new(app: Flask, world: World, reader: Reader, moderator):
    """Its number and its time are older than the visit before."""
    late = add_pending(app, world.topic, world.bruno)
    before = publish(app, world.topic, world.bruno, -5)
    with at(60):
        do(moderator, late, "approve")

    assert marked(topic_page(reader, world.topic)) == [late]
    assert "1 new</strong>" in reader.reads(LATER, FORUM)
    assert before not in listed(reader.reads(LATER, NEW))


def test_moved_message_stays_new_and_makes_nothing_else_new(app: Flask, world: World, reader: Reader, new, moderator):
    with app.app_context():
        bruno, group = db.session.get_one(User, world.bruno), db.session.get_one(Group, world.group)
        other = make_topic(group, bruno, "Another")
        make_message(other, bruno, "Old words")
        db.session.commit()
        other = other.id
    for number in (world.first, new):
        with at(90):
            act(app, moderator, world.topic, "move", messages=str(number), target=str(other))

    assert marked(topic_page(reader, other)) == [new]
    assert marked(topic_page(reader, world.topic)) == []


def test_message_split_off_stays_new(app: Flask, world: World, reader: Reader, new: int, moderator):
    with at(90):
        act(app, moderator, world.topic, "split", **split_fields(world, world.second, new))

    assert marked(topic_page(reader, newest_topic(app))) == [new]


def test_merged_topic_keeps_what_is_new_in_it(app: Flask, world: World, reader: Reader, moderator):
    """The first new message is that with the first place, though it was published last."""
    with app.app_context():
        topic = make_topic(db.session.get_one(Group, world.group), db.session.get_one(User, world.bruno), "Another")
        db.session.commit()
        topic = topic.id
    early = add_pending(app, topic, world.bruno)
    publish(app, topic, world.bruno, -60)
    later = publish(app, world.topic, world.bruno, 50)
    with at(60):
        do(moderator, early, "approve")
        act(app, moderator, topic, "merge", target=str(world.topic))

    page = topic_page(reader, world.topic)
    assert marked(page) == [early, later]
    assert f'#message-{early}">First new message</a> (2 new)' in page


def test_own_messages_are_not_new(app: Flask, world: World, reader: Reader):
    publish(app, world.topic, world.alice, 60)
    publish(app, world.topic, world.alice, 61, speaker="Ms Dora Letter")

    assert marked(topic_page(reader, world.topic)) == []
    assert "new</strong>" not in reader.reads(LATER, FORUM)


@pytest.mark.parametrize("status", ["withdrawn", "withheld"])
def test_message_that_cannot_be_read_is_not_new(status: str, world, reader: Reader, new: int, bruno, moderator):
    with at(90):
        if status == "withdrawn":
            bruno.post(f"/en/messages/{new}/withdraw/")
        else:
            do(moderator, new, "withhold")

    assert marked(topic_page(reader, world.topic)) == []
    for path in (*LISTS, NEW):
        assert "1 new</strong>" not in reader.reads(LATER, path)


def test_waiting_message_is_not_new_to_moderators(app: Flask, world: World):
    moderator = Reader(app, world.moderator)
    moderator.reads(0)
    with at(60):
        waiting = add_pending(app, world.topic, world.bruno)

    assert marked(topic_page(moderator, world.topic)) == []
    assert waiting not in listed(moderator.reads(LATER, NEW))


def test_hidden_forum_is_in_no_count_and_no_list(app: Flask, world: World, reader: Reader):
    with app.app_context():
        group = db.session.scalars(db.select(Group).join(Forum).where(Forum.slug == "draft-forum")).one()
        topic = make_topic(group, db.session.get_one(User, world.bruno), "Hidden")
        db.session.commit()
        topic = topic.id
    hidden = publish(app, topic, world.bruno, 60, "Hidden words")
    admin = Reader(app, world.admin)
    admin.reads(0)

    assert hidden not in listed(reader.reads(LATER, NEW))
    assert "new</strong>" not in reader.reads(LATER, "/en/portal/")
    assert listed(admin.reads(LATER, NEW)) == [hidden], "administrators see it"


def test_more_than_99_are_not_counted(app: Flask, world: World, reader: Reader):
    first = publish(app, world.topic, world.bruno, 60)
    for number in range(100):
        publish(app, world.topic, world.bruno, 61 + number)

    for path in LISTS:
        assert "More than 99 new</strong>" in reader.reads(LATER, path)
    assert f'#message-{first}">First new message</a> (More than 99 new)' in topic_page(reader, world.topic)


def test_each_group_has_its_own_count(app: Flask, world: World, reader: Reader, new: int):
    with app.app_context():
        group = Group(forum_id=world.forum, slug="group-2", number=2, texts=texts(GroupText, title="Second"))
        topic = make_topic(group, db.session.get_one(User, world.bruno), "There")
        db.session.commit()
        topic = topic.id
    for minutes in (60, 61):
        publish(app, topic, world.bruno, minutes)

    assert re.findall(r"(\d+) new</strong>", reader.reads(LATER, FORUM)) == ["1", "2"]


def test_page_of_all_that_is_new_lists_every_forum_latest_first(app: Flask, world: World, reader: Reader, new: int):
    with app.app_context():
        forum, bruno = make_forum("second-forum"), db.session.get_one(User, world.bruno)
        topic = make_topic(forum.groups[0], bruno, "Elsewhere")
        db.session.commit()
        topic = topic.id
    there = publish(app, topic, world.bruno, 70)

    page = reader.reads(LATER, NEW)
    assert listed(page) == [there, new]
    assert f'#message-{there}">Elsewhere</a>, Group 1, <span>Short second-forum' in page


def test_page_of_all_that_is_new_has_pages_of_twenty(app: Flask, world: World, reader: Reader):
    numbers = [publish(app, world.topic, world.bruno, 60 + minutes) for minutes in range(21)]

    assert listed(reader.reads(LATER, NEW)) == numbers[:0:-1]
    assert listed(reader.reads(LATER, f"{NEW}?page=2")) == numbers[:1]
    with at(LATER):
        assert reader.client.get(f"{NEW}?page=3").status_code == 404


def test_replies_to_the_reader_are_listed_with_the_new_ones_marked(app: Flask, world: World, reader: Reader):
    with app.app_context():
        mine = db.session.get_one(Message, world.first)
        new = make_message(mine.topic, db.session.get_one(User, world.bruno), "An answer", reply_to=mine)
        with at(60):
            own = make_message(mine.topic, mine.author, "My own answer", reply_to=mine)
        db.session.commit()
        new, own = new.id, own.id
    later = publish(app, world.topic, world.bruno, 60, reply_to_id=world.first)

    page = reader.reads(LATER, "/en/new/answers/")
    assert listed(page) == [later, new, world.second]
    assert marked(page) == [later]
    assert "Replies to your messages (1 new)" in reader.reads(LATER, NEW)


def test_hidden_replies_are_not_listed(app: Flask, world: World, reader: Reader, moderator):
    with app.app_context():
        waiting = add_pending(app, world.topic, world.bruno)
        db.session.get_one(Message, waiting).reply_to_id = world.first
        db.session.get_one(Message, world.second).status = MessageStatus.WITHHELD
        db.session.commit()

    assert listed(reader.reads(LATER, "/en/new/answers/")) == []


def test_topic_without_its_old_messages_counts_its_new_ones(app: Flask, world: World, reader: Reader):
    with app.app_context():
        topic = make_topic(db.session.get_one(Group, world.group), db.session.get_one(User, world.bruno), "New topic")
        db.session.commit()
        topic = topic.id
    first = publish(app, topic, world.bruno, 60)

    assert f'<a href="/en/topics/{topic}/#message-{first}"><strong class="mark">1 new' in reader.reads(
        LATER, f"{FORUM}groups/"
    )
    with app.app_context():
        assert db.session.get_one(Topic, topic).message_count == 1
