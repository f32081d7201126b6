"""What is new to a reader: in lists, in topics, and on the page of all that is new."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.extensions import db
from app.models import (
    Annotation,
    AnnotationKind,
    AnnotationText,
    Forum,
    Group,
    GroupText,
    Message,
    MessageStatus,
    Notice,
    NoticeText,
    Topic,
    User,
)
from tests.forums.visiting import LATER, Reader, at, moment, publish
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
    found = html.fromstring(page).xpath('//article[.//p[@class="facts"]//strong[normalize-space()="New"]]/@id')
    return [int(name.removeprefix("message-")) for name in found]


def listed(page: str) -> list[int]:
    return [int(name.removeprefix("message-")) for name in html.fromstring(page).xpath("//article/@id")]


def topic_page(reader: Reader, topic: int, page: int = 1) -> str:
    return reader.reads(LATER, f"/en/topics/{topic}/?page={page}")


@pytest.mark.parametrize("path", LISTS)
def test_list_counts_what_is_new(path: str, reader: Reader, new: int):
    assert "1 new message</strong>" in reader.reads(LATER, path)


@pytest.mark.parametrize("path", LISTS)
def test_list_counts_nothing_if_nothing_is_new(path: str, reader: Reader):
    assert not re.search(r"\bnew messages?</strong>", reader.reads(LATER, path))


@pytest.mark.parametrize("path", [*LISTS, "/en/topics/{topic}/"])
def test_nothing_is_new_to_signed_out_readers(path: str, visitor: FlaskClient, world: World, new: int):
    page = visitor.get(path.format(topic=world.topic)).text

    assert not re.search(r"\b([Nn]ew|new messages?)</strong>", page)
    assert "First new message" not in page


@pytest.mark.parametrize(
    ("language", "words"), [("es", "1 mensaje nuevo</strong>"), ("fr", "1 nouveau message</strong>")]
)
def test_list_counts_in_the_language_of_the_reader(language: str, words: str, reader: Reader, new: int):
    assert words in reader.reads(LATER, f"/{language}/forums/open-forum/")


def test_list_of_topics_leads_to_the_first_new_message(app: Flask, world: World, reader: Reader):
    for _ in range(20):
        publish(app, world.topic, world.bruno, -60)
    first = publish(app, world.topic, world.bruno, 60)
    publish(app, world.topic, world.bruno, 61)

    page = reader.reads(LATER, f"{FORUM}groups/group-1/")
    assert (
        f'<a href="/en/topics/{world.topic}/?page=2#message-{first}"><strong class="mark">2 new messages</strong></a>'
        in page
    )


def test_topic_marks_new_messages_and_leads_to_the_first(reader: Reader, world: World, new: int):
    page = topic_page(reader, world.topic)

    assert marked(page) == [new]
    assert f'<a href="/en/topics/{world.topic}/#message-{new}">First new message</a> (1 new message)' in page


def test_message_by_itself_is_marked_as_new(reader: Reader, new: int):
    assert marked(reader.reads(LATER, f"/en/messages/{new}/")) == [new]


def test_late_approval_is_new(app: Flask, world: World, reader: Reader, moderator):
    """Its number and its time are older than the visit before."""
    late = add_pending(app, world.topic, world.bruno)
    before = publish(app, world.topic, world.bruno, -5)
    with at(60):
        do(moderator, late, "approve")

    assert marked(topic_page(reader, world.topic)) == [late]
    assert "1 new message</strong>" in reader.reads(LATER, FORUM)
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
    assert f'#message-{early}">First new message</a> (2 new messages)' in page


def test_own_messages_are_not_new(app: Flask, world: World, reader: Reader):
    publish(app, world.topic, world.alice, 60)
    publish(app, world.topic, world.alice, 61, speaker="Ms Dora Letter")

    assert marked(topic_page(reader, world.topic)) == []
    assert not re.search("new messages?</strong>", reader.reads(LATER, FORUM))


@pytest.mark.parametrize("status", ["withdrawn", "withheld"])
def test_message_that_cannot_be_read_is_not_new(status: str, world, reader: Reader, new: int, bruno, moderator):
    with at(90):
        if status == "withdrawn":
            bruno.post(f"/en/messages/{new}/withdraw/")
        else:
            do(moderator, new, "withhold")

    assert marked(topic_page(reader, world.topic)) == []
    for path in (*LISTS, NEW):
        assert "1 new message</strong>" not in reader.reads(LATER, path)


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
    assert not re.search("new messages?</strong>", reader.reads(LATER, "/en/portal/"))
    assert listed(admin.reads(LATER, NEW)) == [hidden], "administrators see it"


def test_more_than_99_are_not_counted(app: Flask, world: World, reader: Reader):
    first = publish(app, world.topic, world.bruno, 60)
    for number in range(100):
        publish(app, world.topic, world.bruno, 61 + number)

    for path in LISTS:
        assert "More than 99 new messages</strong>" in reader.reads(LATER, path)
    assert f'#message-{first}">First new message</a> (More than 99 new messages)' in topic_page(reader, world.topic)


def test_each_group_has_its_own_count(app: Flask, world: World, reader: Reader, new: int):
    with app.app_context():
        group = Group(forum_id=world.forum, slug="group-2", number=2, texts=texts(GroupText, title="Second"))
        topic = make_topic(group, db.session.get_one(User, world.bruno), "There")
        db.session.commit()
        topic = topic.id
    for minutes in (60, 61):
        publish(app, topic, world.bruno, minutes)

    assert re.findall(r"(\d+) new messages?</strong>", reader.reads(LATER, FORUM)) == ["1", "2"]


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


@pytest.mark.parametrize("path", ["/en/", "/en/portal/"])
def test_count_of_a_forum_leads_to_what_is_new_in_it(path: str, app: Flask, world: World, reader: Reader, new: int):
    with app.app_context():
        topic = make_topic(make_forum("second-forum").groups[0], db.session.get_one(User, world.bruno), "Elsewhere")
        db.session.commit()
        topic = topic.id
    there = publish(app, topic, world.bruno, 70)

    assert '<a href="/en/new/?forum=open-forum"><strong class="mark">1 new message<' in reader.reads(LATER, path)
    assert listed(reader.reads(LATER, f"{NEW}?forum=open-forum")) == [new]
    assert listed(reader.reads(LATER, f"{NEW}?forum=second-forum")) == [there]


def test_pages_of_what_is_new_in_a_forum_stay_in_it(app: Flask, world: World, reader: Reader):
    for minutes in range(21):
        publish(app, world.topic, world.bruno, 60 + minutes)

    assert 'href="/en/new/?page=2&amp;forum=open-forum"' in reader.reads(LATER, f"{NEW}?forum=open-forum")


@pytest.mark.parametrize("slug", ["draft-forum", "none"])
def test_what_is_new_in_a_forum_that_one_may_not_see_is_not_found(slug: str, reader: Reader):
    with at(LATER):
        assert reader.client.get(f"{NEW}?forum={slug}").status_code == 404


def write_official(app: Flask, forum: int, minutes: float, **about: int) -> None:
    """A notice, and a summary of the forum or of what it is about, published then."""
    with app.app_context():
        summary = Annotation(forum_id=forum, kind=AnnotationKind.SUMMARY, written_at=moment(minutes), **about)
        summary.texts = texts(AnnotationText, body="What was said.", html="<p>What was said.</p>")
        notice = Notice(forum_id=forum, published_at=moment(minutes))
        notice.texts = texts(NoticeText, title=f"Notice at {minutes}")
        db.session.add_all([summary, notice])
        db.session.commit()


def official(page: str) -> list[tuple[str, str]]:
    """What the Secretariat has published: the addresses and the words."""
    found = html.fromstring(page).xpath('//p[starts-with(., "Published by")]/following-sibling::ul[1]//a')
    return [(link.get("href"), link.text_content()) for link in found]


def test_what_the_secretariat_has_published_since_is_listed_latest_first(app, world: World, reader: Reader):
    write_official(app, world.forum, -60)
    write_official(app, world.forum, 60, group_id=world.group)
    write_official(app, world.forum, LATER + 60, question_id=1)

    assert official(reader.reads(LATER, NEW)) == [
        ("/en/forums/open-forum/#notices", "Notice: Notice at 60 (en)"),
        ("/en/forums/open-forum/groups/group-1/", "Summary: Group 1"),
    ]


def test_what_the_secretariat_has_published_in_a_hidden_forum_is_not_listed(app, world: World, reader: Reader):
    with app.app_context():
        draft = db.session.scalars(db.select(Forum.id).where(Forum.slug == "draft-forum")).one()
    for forum in (world.forum, draft):
        write_official(app, forum, 60)

    addresses = [address for address, _words in official(reader.reads(LATER, NEW))]
    assert addresses == ["/en/forums/open-forum/#notices", "/en/forums/open-forum/"]


def test_follow_up_of_a_message_is_listed_as_long_as_the_message_is_shown(app, world: World, reader: Reader, moderator):
    with app.app_context():
        told = Annotation(forum_id=world.forum, kind=AnnotationKind.FOLLOW_UP, message_id=world.second)
        told.texts, told.written_at = texts(AnnotationText, body="Taken up.", html="<p>Taken up.</p>"), moment(60)
        db.session.add(told)
        db.session.commit()
    expected = [(f"/en/messages/{world.second}/", f"Follow-up: Message #{world.second}")]

    assert official(reader.reads(LATER, NEW)) == expected
    with at(LATER):
        do(moderator, world.second, "withhold")
    assert official(reader.reads(LATER + 1, NEW)) == []


@pytest.mark.parametrize("query", ["", "?forum=open-forum"])
def test_what_the_secretariat_has_published_is_not_lost_behind_what_is_in_a_draft(query, app, world, reader):
    """As hundreds of follow-ups in a draft, which are newer."""
    write_official(app, world.forum, 60, question_id=1)
    with app.app_context():
        draft = db.session.scalars(db.select(Forum).where(Forum.slug == "draft-forum")).one()
        author = db.session.get_one(User, world.bruno)
        topic = make_topic(draft.groups[0], author, "A topic")
        for number in range(201):
            told = Annotation(forum_id=draft.id, kind=AnnotationKind.FOLLOW_UP, written_at=moment(90))
            told.message_id = make_message(topic, author, f"Words {number}").id
            told.texts = texts(AnnotationText, body="Taken up.", html="<p>Taken up.</p>")
            db.session.add(told)
        db.session.commit()

    words = [words for _address, words in official(reader.reads(LATER, f"{NEW}{query}"))]
    assert words == ["Notice: Notice at 60 (en)", "Summary: Group 1, guiding question 1"]


def test_page_says_if_only_the_latest_of_the_secretariat_are_listed(app, world: World, reader: Reader):
    def add(number: int) -> None:
        with app.app_context():
            notice = Notice(forum_id=world.forum, published_at=moment(60 + number))
            notice.texts = texts(NoticeText, title=f"Notice {number}")
            db.session.add(notice)
            db.session.commit()

    for number in range(20):
        add(number)
    assert "Only the latest" not in reader.reads(LATER, NEW)
    add(20)
    page = reader.reads(LATER + 1, NEW)

    assert "Only the latest 20 publications are listed." in page
    assert (len(official(page)), official(page)[-1][1]) == (20, "Notice: Notice 1 (en)")


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
    assert "Replies to your messages (1 new message)" in reader.reads(LATER, NEW)


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

    assert f'<a href="/en/topics/{topic}/#message-{first}"><strong class="mark">1 new message<' in reader.reads(
        LATER, f"{FORUM}groups/"
    )
    with app.app_context():
        assert db.session.get_one(Topic, topic).message_count == 1


@pytest.mark.parametrize("path", [*LISTS, "/en/topics/1/"])
def test_what_is_new_is_left_out_on_paper(path: str, reader: Reader, new: int):
    page = html.fromstring(reader.reads(LATER, path))
    marks = page.xpath('//main//strong[contains(@class, "mark")]')

    assert marks
    assert [mark.text_content() for mark in marks if not mark.xpath('ancestor::*[contains(@class, "local")]')] == []
