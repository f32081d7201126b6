"""Crawlers are kept away from costly pages without new content, by robots.txt and by `nofollow`."""

import re
from collections.abc import Iterator
from urllib.parse import urldefrag, urljoin

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree, html

from tests.full_world import FullWorld

SITE = "http://127.0.0.1:8000"
MOST = 2000  # pages; the full world has fewer


@pytest.fixture(scope="module")
def robots(one_app: Flask, full: FullWorld) -> re.Pattern[str]:
    """The prefixes of paths that robots.txt disallows, read as in RFC 9309."""
    told = one_app.test_client().get("/robots.txt").text
    disallowed = [line.removeprefix("Disallow: ") for line in told.splitlines() if line.startswith("Disallow: ")]
    return re.compile("|".join(re.escape(path).replace(r"\*", ".*") for path in disallowed))


@pytest.fixture(scope="module")
def links(one_app: Flask, robots: re.Pattern[str]) -> list[tuple[str, str, str]]:
    """`(page, path, rel)` of every link that a crawler finds if it respects robots.txt and `nofollow`."""
    visitor, found, waiting = one_app.test_client(use_cookies=False), [], ["/en/"]
    known = set(waiting)
    while waiting:
        page = waiting.pop()
        for path, rel in _links_of(visitor, page):
            found.append((page, path, rel))
            if path not in known and not robots.match(path) and "nofollow" not in rel.split():
                known.add(path)
                waiting.append(path)
        assert len(known) < MOST
    assert len(known) > 50, "the crawler reaches most pages"
    return found


def _links_of(visitor: FlaskClient, page: str) -> Iterator[tuple[str, str]]:
    answer = visitor.get(page)
    if answer.mimetype == "text/html":
        for link in html.document_fromstring(answer.text).iter("a"):
            address = urldefrag(urljoin(f"{SITE}{page}", link.get("href", ""))).url
            if address.startswith(f"{SITE}/"):
                yield address.removeprefix(SITE), link.get("rel", "")


def test_links_to_disallowed_pages_are_nofollow(links, robots: re.Pattern[str]):
    wrong = {(page, path) for page, path, rel in links if robots.match(path) and "nofollow" not in rel.split()}

    assert sorted(wrong) == []


@pytest.mark.parametrize("part", ["/auth/", "/print/", "/messages/"])
def test_crawler_finds_nofollow_links_of_each_kind(part: str, links, robots: re.Pattern[str]):
    for language in ("en", "es", "fr"):
        assert any(path.startswith(f"/{language}{part}") and robots.match(path) for _page, path, _rel in links)


def locations(client: FlaskClient, path: str) -> list[str]:
    """The paths in the sitemap or its index."""
    found = etree.fromstring(client.get(path).data)
    return [location.text.removeprefix(SITE) for location in found.iter("{*}loc")]


def test_no_page_of_the_sitemap_is_disallowed(one_app: Flask, robots: re.Pattern[str]):
    client = one_app.test_client()
    parts = locations(client, "/sitemap.xml")
    paths = [path for part in parts for path in locations(client, part)]

    assert len(paths) > 50
    assert [path for path in paths if robots.match(path)] == []


def test_page_of_a_message_can_be_fetched_for_a_preview_and_is_listed_nowhere(one_app, full: FullWorld, robots):
    client, path = one_app.test_client(), f"/en/messages/{full.edited}/"
    listed = [address for part in locations(client, "/sitemap.xml") for address in locations(client, part)]

    assert not robots.match(path)
    assert '<meta name="robots" content="noindex">' in client.get(path).text
    assert [address for address in listed if "/messages/" in address] == []


def test_forms_figures_and_print_are_disallowed_in_each_language(robots: re.Pattern[str]):
    assert [
        (language, path)
        for language in ("en", "es", "fr")
        for path in (
            "topics/1/reply/?to=1&quote=1",
            "messages/1/history/",
            "messages/1/report/",
            "auth/sign-in/?next=/en/",
            "forums/open-forum/groups/group-1/new/",
            "figures/forums/open-forum/",
            "print/forums/open-forum/",
        )
        if not robots.match(f"/{language}/{path}")
    ] == []


def test_page_whose_name_is_that_of_a_form_is_not_disallowed(robots: re.Pattern[str]):
    assert [
        path
        for path in ("/en/pages/print/", "/en/forums/auth/", "/fr/forums/x/pages/messages/", "/en/topics/1/")
        if robots.match(path)
    ] == []
