"""The moderation record of a forum: what it shows and what it does not."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree
from lxml import html as lxml_html

from app.extensions import db
from app.models import Act, ActKind, Forum, Group, User
from tests.full_world import FullWorld
from tests.moderation.conftest import BODY, archive, changed, do
from tests.moderation.tidying import Place, act
from tests.world import World, make_pending, make_topic

RECORD = "/en/forums/open-forum/record/"
PRINTED = "/en/print/forums/open-forum/record/"
PROCEEDINGS = "/en/print/forums/open-forum/"


def lines(page: str) -> list[list[str]]:
    """The cells of each line of the record, without the times."""
    rows = lxml_html.document_fromstring(page).xpath("//table[contains(@class, 'record')]/tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row.xpath("td")] for row in rows]


def test_record_shows_act_number_and_reason_but_not_the_moderator(world: World, moderator, visitor):
    do(moderator, world.first, "withhold", words="Off topic")
    page = visitor.get(RECORD).text

    assert lines(page) == [["Withheld", "#1", "Secretariat", "Off topic"]]
    assert "Moderator" not in page


def test_record_shows_no_withheld_content(world: World, moderator, visitor):
    do(moderator, world.first, "withhold", words="Off topic", title="Neutral")

    for path in (RECORD, PRINTED, PROCEEDINGS):
        page = visitor.get(path).text
        for secret in ("A shorter form would help.", "Reporting formats"):
            assert secret not in page, path
    for path in (RECORD, PRINTED):
        assert "Alice" not in visitor.get(path).text
        assert lines(visitor.get(path).text) == [
            ["Withheld. The topic was renamed.", "#1, topic 1: Neutral", "Secretariat", "Off topic"]
        ]


def test_only_moderators_of_the_forum_and_administrators_see_who_acted(world: World, moderator, admin, stranger, alice):
    do(moderator, world.first, "withhold")

    assert [lines(client.get(RECORD).text)[0][2] for client in (moderator, admin, stranger, alice)] == [
        "Moderator",
        "Moderator",
        "Secretariat",
        "Secretariat",
    ]


def test_acts_on_unpublished_messages_are_not_in_the_record(world: World, waiting: int, moderator, visitor):
    do(moderator, waiting, "return")
    do(moderator, waiting, "correct", body="Better words.", language="en")
    assert lines(visitor.get(RECORD).text) == []
    assert "has not withheld, corrected or moved anything" in visitor.get(RECORD).text
    do(moderator, waiting, "approve")

    assert [line[:2] for line in lines(visitor.get(RECORD).text)] == [["Corrected", "#3"]], "once it is published"


def test_reason_is_in_the_reader_s_language_or_has_its_language_marked(app: Flask, world: World, moderator, visitor):
    do(moderator, world.first, "withhold", words="Off topic")
    do(moderator, world.second, "withhold")
    with changed(app, Act, 2) as act:
        act.reason = {"en": "Off topic", "fr": "Hors sujet"}
    page = visitor.get("/fr/forums/open-forum/record/").text

    assert "><span>Hors sujet</span></td>" in page
    assert '<span lang="en">Off topic</span>' in page


def test_latest_acts_are_first_on_screen_and_last_in_print(world: World, moderator, visitor):
    do(moderator, world.first, "withhold")
    do(moderator, world.second, "correct", body="Otro texto", language="es")

    assert [line[1] for line in lines(visitor.get(RECORD).text)] == ["#2", "#1"]
    for path in (PRINTED, PROCEEDINGS):
        assert [line[1] for line in lines(visitor.get(path).text)] == ["#1", "#2"]


def test_every_kind_of_act_in_the_record_has_a_label(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        for kind in ActKind:
            about = {"topic_id": world.topic, "message_id": world.first}
            db.session.add(Act(kind=kind, user_id=world.moderator, forum_id=world.forum, **about))
        db.session.commit()

    told = [line[0] for line in lines(visitor.get(RECORD).text)]
    assert len(told) == len(set(told)) == len(ActKind) - 2
    assert {"Approved", "Returned to its author"}.isdisjoint(told)
    assert f'topic 1: <a href="/en/topics/{world.topic}/"><bdi>Reporting formats</bdi></a>' in visitor.get(RECORD).text


def test_topics_are_named_by_their_present_titles_and_linked(app, world: World, place: Place, moderator, visitor):
    """This includes the topic from which messages were moved."""
    fields = {"messages": str(world.second), "title": "Cost & <b>time</b>", "language": "fr"}
    act(app, moderator, world.topic, "split", **fields, place=f"{world.group}-0")
    act(app, moderator, world.topic, "retitle", title="Forms", language="en")

    for path in (RECORD, PRINTED, PROCEEDINGS):
        page = visitor.get(path).text
        assert ["Split", "#2, topic 5: Cost & <b>time</b> (from topic 1: Forms)"] in [line[:2] for line in lines(page)]
        assert '<a href="/en/topics/5/"><bdi lang="fr">Cost &amp; &lt;b&gt;time&lt;/b&gt;</bdi></a>' in page
        assert '<a href="/en/topics/1/"><bdi>Forms</bdi></a>' in page
    assert "#2, fil 5 : Cost" in "".join(lines(visitor.get(RECORD.replace("/en/", "/fr/")).text)[1])


def test_merged_topic_keeps_its_title_in_the_record(app: Flask, world: World, place: Place, moderator, visitor):
    act(app, moderator, place.other, "merge", target=str(world.topic))

    for path in (RECORD, PRINTED, PROCEEDINGS):
        page = visitor.get(path).text
        assert lines(page)[0][1].endswith(f"topic 1: Reporting formats (from topic {place.other}: Annual reports)")
        assert f"/en/topics/{place.other}/" not in page, "it no longer has a page"


def test_title_that_was_never_public_is_not_in_the_record(app: Flask, world: World, place: Place, moderator, visitor):
    """A topic is pinned before anything in it is published, and later merged."""
    with app.app_context():
        group = db.session.get_one(Group, world.group)
        made = make_topic(group, db.session.get_one(User, world.bruno), "Secret title", last_position=0)
        make_pending(made, made.author, BODY)
        db.session.commit()
        key = made.id
    act(app, moderator, key, "pin")
    act(app, moderator, key, "merge", target=str(world.topic))

    for path in (RECORD, PRINTED, PROCEEDINGS):
        page = visitor.get(path).text
        assert "Secret title" not in page
        told = [line[1] for line in lines(page)]
        assert sorted(told) == [f"Topic 1: Reporting formats (from topic {key})", f"Topic {key}"]


@pytest.mark.parametrize("path", [RECORD, PRINTED])
def test_record_lists_the_kinds_of_acts_that_it_covers(path: str, world: World, visitor: FlaskClient):
    words = ("withheld", "restored", "corrected", "moved", "pinned", "locked", "split", "merged", "renamed")
    page = lxml_html.document_fromstring(visitor.get(path).text).text_content()

    [said] = [line for line in page.splitlines() if "by the Secretariat in this forum" in line]
    assert [word for word in words if word not in said] == []


def test_long_record_is_paged(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        for _ in range(51):
            db.session.add(Act(kind=ActKind.PIN, user_id=world.moderator, forum_id=world.forum, topic_id=world.topic))
        db.session.commit()

    assert len(lines(visitor.get(RECORD).text)) == 50
    assert len(lines(visitor.get(f"{RECORD}?page=2").text)) == 1
    assert len(lines(visitor.get(PRINTED).text)) == 51
    for page in ("3", "0", "x", ""):
        assert visitor.get(f"{RECORD}?page={page}").status_code == 404


def test_record_has_only_acts_of_its_forum(app: Flask, world: World, stranger, moderator, visitor):
    do(moderator, world.first, "withhold")

    assert lines(visitor.get("/en/forums/second-forum/record/").text) == []


def test_record_of_an_unpublished_forum_is_not_found(world: World, visitor, moderator, admin):
    for path in ("forums", "print/forums"):
        for client in (visitor, moderator):
            assert client.get(f"/en/{path}/draft-forum/record/").status_code == 404
        assert admin.get(f"/en/{path}/draft-forum/record/").status_code == 200


def test_record_is_linked_from_the_forum_and_the_sitemap(app: Flask, world: World, visitor: FlaskClient):
    assert f'href="{RECORD}"' in visitor.get("/en/forums/open-forum/").text
    sitemap = etree.fromstring(visitor.get("/sitemap/site.xml").data)
    assert f"http://127.0.0.1:8000{RECORD}" in sitemap.itertext()
    assert f'href="{PRINTED}"' in visitor.get(RECORD).text


def test_record_of_an_archived_forum_stays_public(app: Flask, world: World, moderator, visitor):
    do(moderator, world.first, "withhold", words="Off topic")
    archive(app, world)

    assert lines(visitor.get(RECORD).text) == [["Withheld", "#1", "Secretariat", "Off topic"]]


@pytest.mark.parametrize("act", ["withhold", "correct"])
def test_readers_never_see_a_message_that_was_not_published(act: str, app, world, waiting, moderator, visitor, alice):
    do(moderator, waiting, act, body="Better words.", language="en")

    with app.app_context():
        assert db.session.get_one(Forum, world.forum).published_at
    for client in (visitor, alice):
        for path in (f"topics/{world.topic}/", "forums/open-forum/record/", "print/forums/open-forum/",
                     f"print/topics/{world.topic}/", "feeds/forums/open-forum.atom", "forums/open-forum/"):  # fmt: skip
            page = client.get(f"/en/{path}").text
            assert BODY not in page
            assert "Better words." not in page


@pytest.mark.parametrize("path", ["record", "print"])
def test_record_of_a_closed_forum_links_to_its_outcome(path: str, full: FullWorld, people):
    address = {"record": "/en/forums/closed-forum/record/", "print": "/en/print/forums/closed-forum/record/"}[path]

    assert "Outcome: " in people["visitor"].get(address).text
