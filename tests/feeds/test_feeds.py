"""Atom feeds, the sitemap, robots.txt and the health check."""

import re
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree
from sqlalchemy import event

from app.database import utcnow
from app.extensions import db
from app.feeds import queries
from app.feeds.queries import ENTRIES
from app.models import Act, ActKind, Forum, Message, MessageStatus, Notice, NoticeText, Topic, User
from tests.world import World, make_forum, make_message, make_pending, make_topic, texts

SITE = "http://127.0.0.1:8000"
ATOM = "{http://www.w3.org/2005/Atom}"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture
def entries(world: World, visitor: FlaskClient) -> list[etree._Element]:
    answer = visitor.get("/fr/feeds/forums/open-forum.atom")
    assert answer.mimetype == "application/atom+xml"
    return etree.fromstring(answer.data).findall(f"{ATOM}entry")


def test_feed_of_a_forum_lists_messages_newest_first(entries, world: World):
    assert [entry.findtext(f"{ATOM}title").split()[0] for entry in entries] == [f"#{world.second}", f"#{world.first}"]


def test_entry_has_the_same_id_in_every_language(entries, visitor: FlaskClient):
    english = etree.fromstring(visitor.get("/en/feeds/forums/open-forum.atom").data)

    assert [entry.findtext(f"{ATOM}id") for entry in english.findall(f"{ATOM}entry")] == [
        entry.findtext(f"{ATOM}id") for entry in entries
    ]


def test_entry_has_all_elements_required_by_atom(entries):
    for entry in entries:
        for name in ("id", "title", "updated", "author", "link", "content"):
            assert entry.find(f"{ATOM}{name}") is not None
        assert datetime.fromisoformat(entry.findtext(f"{ATOM}updated")).tzinfo


def test_content_is_the_message_s_html_escaped_once(entries):
    assert entries[1].findtext(f"{ATOM}content") == "<p>A shorter form would help.</p>"


def test_author_is_named_with_organization_and_state_in_the_language_of_the_feed(entries):
    assert entries[0].findtext(f"{ATOM}author/{ATOM}name") == "Bruno, Ministry of Tests, République de Valdorénie"


def test_author_is_named_with_whom_they_speak_for(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        message = db.session.get(Message, world.second)
        message.on_behalf_of, message.author.title, message.organization = "<b>Others</b>", "Dr", ""
        db.session.commit()
    feed = etree.fromstring(visitor.get(f"/es/feeds/topics/{world.topic}.atom").data)

    name = "Dr Bruno, República de Valdorenia, en nombre de: <b>Others</b>"
    assert feed.findtext(f"{ATOM}entry/{ATOM}author/{ATOM}name") == name


def test_capacity_is_a_category_with_its_name_in_the_language_of_the_feed(entries):
    assert dict(entries[0].find(f"{ATOM}category").attrib) == {"term": "party", "label": "Partie"}


def test_every_text_carries_its_own_language(entries):
    languages = {name: entries[0].find(f"{ATOM}{name}").get(XML_LANG) for name in ("title", "content", "author")}

    assert languages == {"title": "en", "content": "es", "author": None}


def test_edited_message_is_updated_and_its_feed_with_it(app: Flask, world: World, visitor: FlaskClient):
    later = change(app, world.first, edited_at=utcnow() + timedelta(hours=1))

    for path in ("forums/open-forum", f"topics/{world.topic}"):
        feed = etree.fromstring(visitor.get(f"/en/feeds/{path}.atom").data)
        updated = [entry.findtext(f"{ATOM}updated") for entry in feed.findall(f"{ATOM}entry")]
        published = [entry.findtext(f"{ATOM}published") for entry in feed.findall(f"{ATOM}entry")]
        assert updated == [published[0], later]
        assert feed.findtext(f"{ATOM}updated") == later


def test_withdrawal_updates_the_feed(app: Flask, world: World, visitor: FlaskClient):
    for number, hours in ((world.first, 1), (world.second, 2)):
        withdrawn_at = utcnow() + timedelta(hours=hours)
        later = change(app, number, status=MessageStatus.WITHDRAWN, withdrawn_at=withdrawn_at)
        feed = etree.fromstring(visitor.get("/en/feeds/forums/open-forum.atom").data)
        assert feed.findtext(f"{ATOM}updated") == later

    assert feed.find(f"{ATOM}entry") is None, "an empty feed still has a date"


def test_moderation_updates_the_feed(app: Flask, world: World, visitor: FlaskClient):
    at = utcnow() + timedelta(hours=1)
    with app.app_context():
        acted = {"forum_id": world.forum, "user_id": world.moderator, "message_id": world.first}
        db.session.add(Act(kind=ActKind.RESTORE, at=at, **acted))
        db.session.add(Act(kind=ActKind.RETURN, at=at + timedelta(hours=1), **acted))
        db.session.commit()
    feed = etree.fromstring(visitor.get("/en/feeds/forums/open-forum.atom").data)

    assert feed.findtext(f"{ATOM}updated") == f"{at:%Y-%m-%dT%H:%M:%SZ}", "returning a message is not public"


def test_feed_has_no_trace_of_a_waiting_message(app: Flask, world: World, visitor: FlaskClient):
    before = etree.fromstring(visitor.get("/en/feeds/forums/open-forum.atom").data)
    later = utcnow() + timedelta(hours=1)
    change(app, world.second, status=MessageStatus.PENDING, position=None, posted_at=later)
    feed = etree.fromstring(visitor.get("/en/feeds/forums/open-forum.atom").data)

    assert len(feed.findall(f"{ATOM}entry")) == 1
    assert feed.findtext(f"{ATOM}updated") == before.findtext(f"{ATOM}updated")


def test_former_participant_is_named_by_number_and_a_speaker_by_name(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        db.session.get_one(User, world.alice).former_number = 7
        db.session.get_one(Message, world.second).speaker = "Clara"
        db.session.commit()
    feed = etree.fromstring(visitor.get("/en/feeds/forums/open-forum.atom").data)

    names = [name.text.split(",")[0] for name in feed.iterfind(f".//{ATOM}author/{ATOM}name")]
    assert names == ["Clara", "Former participant 7"]


def test_change_of_a_message_no_longer_in_the_feed_does_not_update_it(app: Flask, world: World, visitor: FlaskClient):
    add_messages(app, world, ENTRIES)
    before = visitor.get("/en/feeds/forums/open-forum.atom").data
    change(app, world.first, edited_at=utcnow() + timedelta(hours=1))

    assert visitor.get("/en/feeds/forums/open-forum.atom").data == before


def test_feed_of_a_forum_without_messages_dates_from_its_publication(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        published_at = make_forum("silent-forum").published_at
        db.session.commit()
    feed = etree.fromstring(visitor.get("/en/feeds/forums/silent-forum.atom").data)

    assert feed.findtext(f"{ATOM}updated") == f"{published_at:%Y-%m-%dT%H:%M:%SZ}"


def change(app: Flask, number: int, **values: object) -> str:
    """Change a message, and return the time of the change in the format of Atom."""
    with app.app_context():
        message = db.session.get_one(Message, number)
        for name, value in values.items():
            setattr(message, name, value)
        db.session.commit()
        [moment] = [value for value in values.values() if isinstance(value, datetime)]
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def test_links_are_built_from_the_configured_address_not_from_the_host_header(world: World, visitor: FlaskClient):
    for path in ("/en/feeds/forums/open-forum.atom", "/sitemap.xml", "/robots.txt", "/en/"):
        assert "evil.example" not in visitor.get(path, headers={"Host": "evil.example"}).text


def test_sitemap_lists_each_public_page_in_each_language_with_its_alternates(world: World, visitor: FlaskClient):
    sitemap = urls_of_sitemap(visitor)
    addresses = [url.findtext(f"{SITEMAP}loc") for url in sitemap]

    for path in ("", "portal/", "pages/rules/", "forums/open-forum/", f"topics/{world.topic}/"):
        for language in ("en", "es", "fr"):
            assert f"http://127.0.0.1:8000/{language}/{path}" in addresses
    assert all(len(url.findall("{http://www.w3.org/1999/xhtml}link")) == 3 for url in sitemap)


def test_every_page_of_the_sitemap_exists(world: World, visitor: FlaskClient):
    for url in urls_of_sitemap(visitor):
        assert visitor.get(url.findtext(f"{SITEMAP}loc").removeprefix(SITE)).status_code == 200


def test_sitemap_is_an_index_of_its_parts(world: World, visitor: FlaskClient):
    index = etree.fromstring(visitor.get("/sitemap.xml").data)

    assert index.tag == f"{SITEMAP}sitemapindex"
    assert [place.text for place in index.iterfind(f"{SITEMAP}sitemap/{SITEMAP}loc")] == [
        f"{SITE}/sitemap/site.xml",
        f"{SITE}/sitemap/topics-1.xml",
    ]


@pytest.mark.parametrize("part", [0, 2, 2**31 - 1])
def test_sitemap_has_no_part_without_messages(part: int, world: World, visitor: FlaskClient):
    assert visitor.get(f"/sitemap/topics-{part}.xml").status_code == 404


def test_sitemap_names_no_topic_that_is_not_public(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        alice, open_forum = db.session.get_one(User, world.alice), db.session.get_one(Forum, world.forum)
        draft = db.session.query(Forum).filter_by(slug="draft-forum").one()
        hidden = [make_topic(draft.groups[0], alice, "Draft"), make_topic(open_forum.groups[0], alice, "Waiting")]
        make_message(hidden[0], alice, "Words.")
        make_pending(hidden[1], alice, "Words.")
        db.session.commit()
        numbers = [topic.id for topic in hidden]

    shown = visitor.get("/sitemap/topics-1.xml").text
    assert f"/topics/{world.topic}/" in shown
    assert [number for number in numbers if f"/topics/{number}/" in shown] == []


def urls_of_sitemap(visitor: FlaskClient) -> list[etree._Element]:
    """The entries of all its parts."""
    index = etree.fromstring(visitor.get("/sitemap.xml").data)
    parts = [visitor.get(place.text.removeprefix(SITE)) for place in index.iter(f"{SITEMAP}loc")]
    return [url for part in parts for url in etree.fromstring(part.data)]


def test_sitemap_lists_every_page_of_a_topic(app: Flask, world: World, visitor: FlaskClient):
    add_messages(app, world, Message.PER_PAGE)
    sitemap = visitor.get("/sitemap/topics-1.xml").text

    for language in ("en", "es", "fr"):
        address = f"http://127.0.0.1:8000/{language}/topics/{world.topic}/?page="
        assert f"<loc>{address}2</loc>" in sitemap
        assert sitemap.count(f'hreflang="{language}" href="{address}2"') == 3
        assert f"{address}3" not in sitemap
        assert f"{address}1" not in sitemap


def test_number_of_statements_for_the_sitemap_does_not_grow_with_a_topic(
    app: Flask, world: World, visitor: FlaskClient
):
    before = count_statements(app, visitor)
    add_messages(app, world, 2 * Message.PER_PAGE)

    assert count_statements(app, visitor) == before


def test_no_part_of_the_sitemap_has_more_addresses_than_the_protocol_allows(app, world, visitor, monkeypatch):
    with app.app_context():
        alice, group = db.session.get_one(User, world.alice), db.session.get_one(Topic, world.topic).group
        for at in range(4):
            make_message(make_topic(group, alice, f"Topic {at}"), alice, "Words.")
        db.session.commit()
    monkeypatch.setattr(queries, "MOST_ADDRESSES", 10)

    sizes = {
        place.text.rpartition("/")[2]: visitor.get(place.text.removeprefix(SITE)).text.count("<loc>")
        for place in etree.fromstring(visitor.get("/sitemap.xml").data).iter(f"{SITEMAP}loc")
    }
    assert sizes == {"site.xml": 9, "topics-1.xml": 6, "topics-2.xml": 9}, "in three languages each"


def add_messages(app: Flask, world: World, number: int) -> None:
    with app.app_context():
        topic, bruno = db.session.get_one(Topic, world.topic), db.session.get_one(User, world.bruno)
        for at in range(number):
            make_message(topic, bruno, f"Filler {at}.")
        db.session.commit()


def count_statements(app: Flask, visitor: FlaskClient) -> int:
    made = []
    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", lambda *_asked: made.append(1))
    visitor.get("/sitemap/topics-1.xml")
    return len(made)


def test_robots_txt_names_the_sitemap_and_disallows_forms(visitor: FlaskClient, world: World):
    robots = visitor.get("/robots.txt").text

    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in robots
    assert "Disallow: /en/auth/" in robots


def test_health_check_succeeds_while_the_database_answers(visitor: FlaskClient, world: World):
    assert visitor.get("/healthz").text == "database: ok\nlimits: ok\n"


@pytest.fixture
def notice(app: Flask, world: World) -> datetime:
    """The time at which a notice was published, after all messages."""
    with app.app_context():
        forum = db.session.get_one(Forum, world.forum)
        moment = utcnow().replace(microsecond=0)
        forum.published_at = moment - timedelta(days=1)
        db.session.query(Message).update({"posted_at": moment - timedelta(hours=1)})
        said = texts(NoticeText, title="Extended & open", html="<p>Until May.</p>")
        forum.notices.append(Notice(published_at=moment, texts=said))
        db.session.commit()
    return moment


def test_notice_of_a_forum_is_an_entry_of_its_feed_in_the_language_of_the_feed(notice, visitor: FlaskClient):
    feed = etree.fromstring(visitor.get("/fr/feeds/forums/open-forum.atom").data)
    entry = feed.find(f"{ATOM}entry")

    assert entry.findtext(f"{ATOM}title") == "Extended & open (fr)"
    assert entry.find(f"{ATOM}title").get(XML_LANG) == "fr"
    assert entry.findtext(f"{ATOM}content") == "<p>Until May.</p> (fr)"
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "Secrétariat"
    assert entry.find(f"{ATOM}link").get("href").endswith("/fr/forums/open-forum/#notices")
    assert re.fullmatch(r"tag:[^,]+,\d{4}-\d\d-\d\d:notice-\d+", entry.findtext(f"{ATOM}id"))


def test_notice_updates_the_feed(notice: datetime, visitor: FlaskClient):
    feed = etree.fromstring(visitor.get("/en/feeds/forums/open-forum.atom").data)

    assert feed.findtext(f"{ATOM}updated") == feed.findtext(f"{ATOM}entry/{ATOM}updated")
    assert datetime.fromisoformat(feed.findtext(f"{ATOM}updated")).replace(tzinfo=None) == notice.replace(tzinfo=None)


def test_notice_with_a_future_date_is_not_in_the_feed(app: Flask, notice: datetime, visitor: FlaskClient):
    before = visitor.get("/en/feeds/forums/open-forum.atom").text
    with app.app_context():
        said = texts(NoticeText, title="Not yet", html="<p>Later.</p>")
        forum = db.session.query(Forum).filter_by(slug="open-forum").one()
        forum.notices.append(Notice(published_at=utcnow() + timedelta(hours=1), texts=said))
        db.session.commit()

    assert visitor.get("/en/feeds/forums/open-forum.atom").text == before


def test_notice_is_no_entry_of_the_feed_of_a_topic(notice, world: World, visitor: FlaskClient):
    assert "notice-" not in visitor.get(f"/en/feeds/topics/{world.topic}.atom").text


def test_links_in_texts_of_a_feed_are_whole_addresses(app: Flask, notice, world: World, visitor: FlaskClient):
    with app.app_context():
        for text in db.session.scalars(db.select(NoticeText)):
            text.html = '<p>See <a href="/en/portal/">the portal</a>, or write &lt;a href="/x">.</p>'
        db.session.get_one(Message, world.first).html = '<p><a href="/en/topics/1/">here</a></p>'
        db.session.commit()
    feed = etree.fromstring(visitor.get("/en/feeds/forums/open-forum.atom").data)
    contents = "".join(feed.itertext(f"{ATOM}content"))

    assert f'<a href="{SITE}/en/portal/">' in contents
    assert f'<a href="{SITE}/en/topics/1/">' in contents
    assert '&lt;a href="/x">' in contents
    assert [link.get("href") for link in feed.iter(f"{ATOM}link") if not link.get("href").startswith(SITE)] == []
