"""What machines read: Atom, the sitemap, robots.txt and the health check."""

from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree

from app.extensions import db
from app.models import Topic
from tests.world import World

ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture
def entries(world: World, visitor: FlaskClient) -> list[etree._Element]:
    answer = visitor.get("/fr/feeds/forums/open-forum.atom")
    assert answer.mimetype == "application/atom+xml"
    return etree.fromstring(answer.data).findall(f"{ATOM}entry")


def test_feed_of_a_forum_lists_messages_newest_first(entries, world: World):
    assert [entry.findtext(f"{ATOM}title").split()[0] for entry in entries] == [f"#{world.second}", f"#{world.first}"]


def test_entry_is_told_by_the_same_id_in_every_language(entries, visitor: FlaskClient):
    english = etree.fromstring(visitor.get("/en/feeds/forums/open-forum.atom").data)

    assert [entry.findtext(f"{ATOM}id") for entry in english.findall(f"{ATOM}entry")] == [
        entry.findtext(f"{ATOM}id") for entry in entries
    ]


def test_entry_has_all_that_atom_demands(entries):
    for entry in entries:
        for name in ("id", "title", "updated", "author", "link", "content"):
            assert entry.find(f"{ATOM}{name}") is not None
        assert datetime.fromisoformat(entry.findtext(f"{ATOM}updated")).tzinfo


def test_content_is_the_message_s_html_escaped_once(entries):
    assert entries[1].findtext(f"{ATOM}content") == "<p>A shorter form would help.</p>"


def test_empty_feed_still_says_when_it_was_updated(app: Flask, world: World, visitor: FlaskClient, alice: FlaskClient):
    alice.post(f"/en/messages/{world.first}/withdraw/")
    with app.app_context():
        db.session.get(Topic, world.topic)
    feed = etree.fromstring(visitor.get(f"/en/feeds/topics/{world.topic}.atom").data)

    assert feed.findtext(f"{ATOM}updated")


def test_links_are_built_from_the_configured_address_not_from_the_host_header(world: World, visitor: FlaskClient):
    for path in ("/en/feeds/forums/open-forum.atom", "/sitemap.xml", "/robots.txt", "/en/"):
        assert "evil.example" not in visitor.get(path, headers={"Host": "evil.example"}).text


def test_sitemap_lists_each_public_page_in_each_language_with_its_alternates(world: World, visitor: FlaskClient):
    sitemap = etree.fromstring(visitor.get("/sitemap.xml").data)
    addresses = [address.text for address in sitemap.iter(f"{SITEMAP}loc")]

    for path in ("", "portal/", "pages/rules/", "forums/open-forum/", f"topics/{world.topic}/"):
        for language in ("en", "es", "fr"):
            assert f"http://127.0.0.1:8000/{language}/{path}" in addresses
    assert all(len(url.findall("{http://www.w3.org/1999/xhtml}link")) == 3 for url in sitemap)


def test_every_page_of_the_sitemap_exists(world: World, visitor: FlaskClient):
    sitemap = etree.fromstring(visitor.get("/sitemap.xml").data)

    for address in sitemap.iter(f"{SITEMAP}loc"):
        assert visitor.get(address.text.removeprefix("http://127.0.0.1:8000")).status_code == 200


def test_robots_are_told_of_the_sitemap_and_kept_from_forms(visitor: FlaskClient, world: World):
    robots = visitor.get("/robots.txt").text

    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in robots
    assert "Disallow: /*/auth/" in robots


def test_health_check_answers_while_the_database_does(visitor: FlaskClient, world: World):
    assert visitor.get("/healthz").text == "ok\n"
