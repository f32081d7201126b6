"""Filters narrow what is found; each is a part of the address."""

import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, update

from app.extensions import db
from app.models import Forum, Group, GroupText, Message, Question, QuestionText, User
from app.search import queries
from tests.files import make_attachment
from tests.search.conftest import Find, hits_in
from tests.world import World, make_forum, make_message, make_topic, texts


@pytest.fixture
def other(app: Flask, world: World) -> int:
    """A message about seeds by an organization, of 2012, with a file, under the second question of another forum."""
    with app.app_context():
        forum = make_forum("second-forum")
        group = Group(slug="group-2", number=2, forum=forum, texts=texts(GroupText, title="Soils"))
        question = Question(number=2, group=group, texts=texts(QuestionText, text="Which soils?"))
        db.session.add(group)
        topic = make_topic(group, db.session.get_one(User, world.bruno), "Soil", question=question)
        stated = {"capacity": "organization", "organization": "Seed & Soil", "country": ""}
        made = make_message(
            topic, topic.author, "Semillas y seeds.", language="es", posted_at=datetime(2012, 3, 1, 23, tzinfo=UTC)
        )
        for name, value in stated.items():
            setattr(made, name, value)
        make_attachment(made, "soil_survey-2011.txt", b"x")
        db.session.commit()
        return made.id


NARROW = {
    "forum": {"forum": "second-forum"},
    "group": {"forum": "second-forum", "group": "2"},
    "question": {"forum": "second-forum", "question": "2.2"},
    "capacity": {"capacity": "organization"},
    "organization": {"organization": "Seed & Soil"},
    "language": {"language": "es"},
    "since": {"until": "2012-03-01"},
    "both days": {"since": "2012-03-01", "until": "2012-03-01"},
    "files": {"files": "y"},
    "author": {"author": "seed soil"},
}


@pytest.mark.parametrize("name", NARROW)
def test_filter_leaves_what_it_names(name: str, other: int, write, find: Find):
    number = write("Seeds of another kind.")

    assert set(find("seeds")) == {f"/messages/{number}/", f"/messages/{other}/"}
    assert find("seeds", **NARROW[name]) == [f"/messages/{other}/"]


@pytest.mark.parametrize("name", NARROW)
def test_filter_alone_lists_what_it_names(name: str, other: int, world: World, app: Flask, find: Find):
    with app.app_context():
        db.session.get_one(Message, world.second).language = "fr"
        db.session.commit()

    assert find("", **NARROW[name]) == [f"/messages/{other}/"]


@pytest.mark.parametrize(
    "asked",
    [{"words": "seeds"}, {"author": "Alice"}, {"words": "author:alice author:union"}, {"forum": "open-forum"}, {}],
)
def test_what_is_meant_is_found_beyond_the_first_candidates(
    asked: dict, app: Flask, world: World, write, find: Find, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(queries, "STEPS", (1, 3, 50))
    with app.app_context():
        db.session.get_one(User, world.bruno).name = "Alice too"
        db.session.get_one(Message, world.second).language = "en"
        db.session.commit()
    languages = ("es", "fr", "es", "en", "fr", "en", "es", "en")
    numbers = [write("Semillas, seeds.", language=code, organization="Seed Union") for code in languages]

    assert find(**asked, language="es", order="newest") == [f"/messages/{numbers[at]}/" for at in (6, 2, 0)]


def test_state_alone_lists_its_contributions_the_newest_first(other: int, world: World, find: Find):
    assert find(state="XA") == [f"/messages/{number}/" for number in (world.second, world.first)]


def test_state_alone_lists_the_newest_of_all_forums_if_there_are_more(
    app: Flask, other: int, world: World, write, find: Find, monkeypatch: pytest.MonkeyPatch
):
    """The forum that was made last has the older messages."""
    monkeypatch.setattr(queries, "STEPS", (2,))
    with app.app_context():
        topic = db.session.get_one(Message, other).topic
        of_state = [make_message(topic, topic.author, "Seeds.") for _ in range(3)]
        for message in of_state:
            message.country = "XA"
        db.session.commit()
    numbers = [write("Seeds.", country="XA") for _ in range(2)]

    assert find(state="XA") == [f"/messages/{number}/" for number in reversed(numbers)]


@pytest.mark.parametrize(
    ("author", "is_found"), [("-bruno", True), ('"bruno', True), ("-zzz", False), ("author:zzz", False)]
)
def test_signs_mean_nothing_in_the_name_of_an_author(author: str, is_found: bool, world: World, find: Find):
    assert find(author=author) == ([f"/messages/{world.second}/"] if is_found else [])


def test_name_of_a_file_is_found(other: int, find: Find):
    assert find("soil survey") == [f"/messages/{other}/"]
    assert find("soil_survey-2011.txt") == [f"/messages/{other}/"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"since": "2012-03-02", "until": "2012-03-01"}, "The last day is before the first day."),
        ({"since": "2012-02-31"}, "Please enter a date, such as 2026-12-31."),
        ({"state": "??"}, "Please select one of the options offered"),
        ({"forum": "nowhere"}, "Please select one of the options offered"),
        ({"forum": "draft-forum"}, "Please select one of the options offered"),
        ({"author": "x" * 101}, "the maximum is 100"),
        ({"author": "!!!"}, "Please enter at least one word of the author’s name."),
    ],
)
def test_filter_that_cannot_be_is_told_at_its_field(asked: dict, told: str, visitor: FlaskClient, world: World):
    answer = visitor.get("/en/search/", query_string={"q": "shorter form", **asked})

    assert (answer.status_code, told in answer.text) == (422, True)
    assert 'value="shorter form"' in answer.text


def test_author_that_has_no_words_comes_back_as_typed(visitor: FlaskClient, world: World):
    answer = visitor.get("/en/search/?author=!!!")

    assert (answer.status_code, hits_in(answer.text)) == (422, [])
    assert re.search(r'<input[^>]* name="author"[^>]* value="!!!"', answer.text)


def test_language_bar_keeps_what_is_asked(visitor: FlaskClient, world: World):
    page = visitor.get("/en/search/?q=form&forum=open-forum&order=newest&unknown=1").text

    assert 'href="/fr/search/?q=form&amp;order=newest&amp;forum=open-forum"' in page


def test_who_has_spoken_counts_by_state_and_organization_and_leads_there(other: int, world: World, visitor, find: Find):
    page = visitor.get("/en/forums/open-forum/contributors/").text
    assert re.search(
        r'state=XA&amp;capacity=party" rel="nofollow">\w.*?</a></th><td class="count">2</td><td class="count">2',
        page,
    )
    page = visitor.get("/en/forums/second-forum/contributors/").text
    link = re.search(r'href="/en/search/\?(forum=second-forum&amp;organization=.*?&amp;capacity=.*?)"', page)[1]

    assert f"#message-{other}" in visitor.get(f"/en/search/?{link.replace('&amp;', '&')}").text


def test_message_that_is_published_meanwhile_does_not_stop_who_has_spoken(app: Flask, world: World, visitor):
    with app.app_context():
        engine = db.engine

    def change(_connection, _cursor, asked: str, *_more: object) -> None:
        if "count(distinct" in asked.lower() and not changed:
            changed.append(asked)
            with engine.begin() as another:
                another.execute(update(Message).where(Message.id == world.second).values(capacity="government"))

    changed: list[str] = []
    event.listen(engine, "after_cursor_execute", change)
    answer = visitor.get("/en/forums/open-forum/contributors/")
    event.remove(engine, "after_cursor_execute", change)

    assert (answer.status_code, len(changed)) == (200, 1)


def test_contributors_of_a_draft_are_for_its_moderators(visitor: FlaskClient, admin: FlaskClient, world: World):
    path = "/en/forums/draft-forum/contributors/"

    assert (visitor.get(path).status_code, admin.get(path).status_code) == (404, 200)


def test_withheld_and_waiting_messages_are_not_counted(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        for number, status in ((world.first, "withheld"), (world.second, "pending")):
            db.session.get_one(Message, number).status = status
        db.session.commit()

    page = visitor.get("/en/forums/open-forum/contributors/").text
    assert "No messages have been published in this forum." in page


def test_forum_that_is_not_published_is_offered_to_nobody_else(app: Flask, visitor, admin, world: World):
    assert 'value="draft-forum"' not in visitor.get("/en/search/").text
    assert 'value="draft-forum"' in admin.get("/en/search/").text
    with app.app_context():
        assert db.session.query(Forum).count() == 2


def heading_of(page: str) -> str:
    return re.search(r"<h1>(.*?)</h1>", page)[1]


@pytest.mark.parametrize(
    ("asked", "heading"),
    [
        ({"state": "XA", "capacity": "party"}, "Messages: Republic of Valdorenia"),
        ({"organization": "Seed & Soil", "forum": "second-forum"}, "Messages: Seed &amp; Soil"),
        ({"capacity": "organization"}, "Messages: Organization"),
        ({"author": "Bruno"}, "Messages: Bruno"),
        ({"forum": "second-forum"}, "Search"),
        ({"q": "seeds", "state": "XA"}, "Search: seeds"),
    ],
)
def test_list_of_messages_is_named_for_those_whose_they_are(asked: dict, heading: str, other: int, visitor):
    assert heading_of(visitor.get("/en/search/", query_string=asked).text) == heading


@pytest.mark.parametrize("asked", ["state=XA", "q=form&state=XA"])
def test_filters_that_find_something_are_closed_and_told_in_words(asked: str, visitor: FlaskClient, world: World):
    page = visitor.get(f"/en/search/?{asked}&forum=open-forum&since=2012-05-04").text
    told = re.search(r'</(?:details|form)>\s*<p class="forum-line">(.*?)</p>', page)[1]

    assert re.search(r"<details[^>]*>", page)[0] == f'<details class="{"more-filters" if "q=" in asked else "narrow"}">'
    plain = re.sub(r"<.*?>", "", told).replace("&nbsp;", " ").replace("\N{NO-BREAK SPACE}", " ")
    assert plain == "Forum: Short open-forum (en) · Party or Government: Republic of Valdorenia · From: 4 May 2012"


def test_filters_that_find_nothing_are_open(visitor: FlaskClient, world: World):
    assert '<details class="more-filters" open>' in visitor.get("/en/search/?q=nothing-like-it&state=XA").text


def test_printed_search_has_its_whole_address(visitor: FlaskClient, world: World):
    page = visitor.get("/en/search/?q=form&state=XA&unknown=1").text

    assert re.search(r'<span class="address">(.*?)</span>', page)[1].endswith("/en/search/?q=form&amp;state=XA")


@pytest.mark.parametrize(("language", "total"), [("en", "Total"), ("es", "Total"), ("fr", "Total")])
def test_tables_of_who_has_spoken_have_plural_headings_and_a_total(language: str, total: str, other: int, visitor):
    page = visitor.get(f"/{language}/forums/open-forum/contributors/").text

    assert re.findall(r"<h2.*?>(.*?)</h2>", page) == [{"en": "Parties", "es": "Partes", "fr": "Parties"}[language]]
    assert f'capacity=party" rel="nofollow">{total}</a>' in page
