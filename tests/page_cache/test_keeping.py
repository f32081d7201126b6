"""What is kept, for whom, and how long it takes no more than its share of memory."""

import gzip
import re
from dataclasses import replace
from itertools import takewhile

import brotli
import pytest
from flask import Flask
from flask_compress.compat import compression
from werkzeug.test import TestResponse

from app import addresses, create_app
from app.extensions import db
from app.models import Message
from config import Config
from tests.files import make_attachment
from tests.page_cache.conftest import MOST_BYTES, Site
from tests.world import World

FORUM, GROUP, HOME = "/en/forums/open-forum/", "/en/forums/open-forum/groups/group-1/", "/en/"
BROWSER = "gzip, deflate, br, zstd"
DECODED = {
    "zstd": compression.zstd.decompress,
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "identity": bytes,
}


def read_twice(site: Site, path: str, **headers: str) -> list[TestResponse]:
    return [site.read(path, **headers) for _ in range(2)]


def add_file(site: Site, world: World, content: bytes) -> str:
    """A file of the first message; its path."""
    with site.app.app_context():
        made = make_attachment(db.session.get_one(Message, world.first), "text.txt", content)
        db.session.commit()
        path = f"/attachments/{made.id}/text.txt"
    site.clock.advance(1)
    return path


@pytest.mark.parametrize(
    "path", [HOME, FORUM, GROUP, "/sitemap.xml", "/robots.txt", "/en/feeds/forums/open-forum.atom"]
)
def test_public_answer_is_rendered_once(path: str, site: Site, world: World):
    assert site.renders(lambda: read_twice(site, path)) == 1

    first, second = read_twice(site, path)
    assert (first.status_code, first.data) == (200, site.render(path).data)
    assert list(first.headers) == list(second.headers)


def test_kept_answer_has_the_headers_of_one_that_is_not_and_an_etag(site: Site, world: World):
    kept, rendered = read_twice(site, FORUM)[1], site.render(FORUM)

    assert {name: value for name, value in kept.headers if name != "ETag"} == dict(rendered.headers)
    assert re.fullmatch(r'"[0-9a-f]{40}"', kept.headers["ETag"])
    assert kept.headers["Vary"] == "Accept-Encoding"


def test_reader_with_the_etag_is_told_that_nothing_is_new(site: Site, world: World):
    kept = site.read(FORUM)
    for etag in (kept.headers["ETag"], f"W/{kept.headers['ETag']}", f'"other", {kept.headers["ETag"]}', "*"):
        answer = site.read(FORUM, If_None_Match=etag)
        assert (answer.status_code, answer.data) == (304, b"")
        for name in ("ETag", "Cache-Control", "Vary", "Content-Security-Policy"):
            assert answer.headers[name] == kept.headers[name]


def test_reader_whose_page_has_changed_gets_the_new_one(site: Site, world: World):
    path = f"/en/topics/{world.topic}/"
    etag = site.read(path).headers["ETag"]
    site.sign_in(world.alice).post(f"{path}reply/", data={"body": "Words that are new.", "language": "en"})
    site.clock.advance(1)

    answer = site.read(path, If_None_Match=etag)

    assert (answer.status_code, "Words that are new." in answer.text) == (200, True)
    assert answer.headers["ETag"] != etag
    assert site.read(path, If_None_Match='"other"').status_code == 200


def test_page_that_has_not_changed_keeps_its_etag_when_it_is_rendered_again(site: Site, world: World):
    path = "/en/pages/rules/"
    etag = site.read(path).headers["ETag"]
    site.clock.to_second(5)

    assert site.renders(lambda: site.read(path)) == 1
    assert site.read(path, If_None_Match=etag).status_code == 304


@pytest.mark.parametrize("first", ["get", "head"])
def test_head_has_the_headers_of_get_and_no_body(first: str, site: Site, world: World):
    client = site.app.test_client()
    answers = {method: getattr(client, method)(FORUM) for method in (first, "get", "head")}

    assert site.rendered.count(FORUM) == 1
    assert list(answers["head"].headers) == list(answers["get"].headers)
    assert int(answers["head"].headers["Content-Length"]) == len(answers["get"].data)
    assert answers["head"].data == b""


def test_head_of_what_is_not_kept_has_no_body_either(site: Site, world: World):
    client = site.app.test_client()

    assert (client.head("/en/none/").status_code, client.head("/en/none/").data) == (404, b"")


@pytest.mark.parametrize("encoding", DECODED)
def test_answer_is_kept_in_each_encoding(encoding: str, site: Site, world: World):
    kept = read_twice(site, FORUM, Accept_Encoding=encoding)[1]

    assert kept.headers.get("Content-Encoding", "identity") == encoding
    assert DECODED[encoding](kept.data) == site.render(FORUM).data
    assert (
        kept.headers["ETag"] != site.read(FORUM, Accept_Encoding="br" if encoding == "gzip" else "gzip").headers["ETag"]
    )


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        (BROWSER, "zstd"),
        ("gzip, deflate, br", "br"),
        ("GZIP", "gzip"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, *", "zstd"),
        ("zstd;q=0, *", "br"),
        ("*;q=0.1", "zstd"),
        ("deflate", "identity"),
        ("identity", "identity"),
        ("identity, gzip;q=0", "identity"),
        ("nonsense", "identity"),
        ("", "identity"),
        ("gzip," * 1_000, "identity"),
    ],
)
def test_encoding_is_what_the_browser_prefers(accepted: str, chosen: str, site: Site, world: World):
    answer = site.read(FORUM, Accept_Encoding=accepted)

    assert answer.headers.get("Content-Encoding", "identity") == chosen


def test_ways_to_ask_for_an_encoding_do_not_multiply_copies(site: Site, world: World):
    def read() -> None:
        for number in range(50):
            site.read(FORUM, Accept_Encoding=f"gzip;q=0.{number + 1}, x{number}")

    assert site.renders(read) == 1


def test_what_reader_and_script_send_besides_does_not_multiply_copies(site: Site, world: World):
    """The address names the language; the cookie of the script only says where `/` leads."""

    def read() -> None:
        for language in ("en", "es", "fr"):
            sent = {"Cookie": f"language={language}; other=1", "Accept_Language": language, "User_Agent": language}
            site.read(FORUM, Host=f"{language}.example", **sent)

    assert site.renders(read) == 1


def test_address_without_language_leads_each_reader_to_his_own(site: Site, world: World):
    for language in ("es", "fr", "en"):
        assert site.read("/", Accept_Language=language).location == f"/{language}/"
        assert site.read("/", Cookie=f"language={language}").location == f"/{language}/"


@pytest.mark.parametrize("path", [HOME, FORUM, GROUP, "/en/print/forums/open-forum/", "/en/auth/check-mail/"])
def test_unknown_argument_changes_no_page_and_makes_no_copy(path: str, site: Site, world: World):
    plain = site.read(path).data

    def read() -> None:
        for query in ("x=1", "utm_source=zzz&y", "Page=2", "%00", "=", "&&&", "x[]=1;2", "q=zzz&to=5&kind=zzz"):
            assert site.read(f"{path}?{query}").data == plain, query

    assert site.renders(read) == 0


def test_ten_thousand_query_strings_make_one_copy(site: Site, world: World):
    client = site.app.test_client()

    assert site.renders(lambda: [client.get(f"{FORUM}?x={number}") for number in range(10_000)]) == 1


def test_arguments_that_exist_make_a_page_of_their_own_in_any_order(site: Site, world: World):
    queries = (
        "question=1&page=1",
        "page=1&question=1",
        "x=1&page=1&question=1&question=2",
        "page=%31&question=1&page=2",
    )

    assert site.renders(lambda: [site.read(f"{GROUP}?{query}") for query in queries]) == 1
    assert site.read(f"{GROUP}?{queries[2]}").data == site.render(f"{GROUP}?question=1&page=1").data
    assert site.read(f"{GROUP}?page=2").status_code == 404
    assert site.read(f"{GROUP}?question=1").data != site.read(GROUP).data


def test_page_repeats_no_argument_that_it_does_not_know(site: Site, world: World):
    """Whether it is answered from the cache or not, and to whoever is signed in too."""
    names = {name for known in addresses.ARGUMENTS.values() for name in known} | {"x"}
    query = "&".join(f"{name}=zzyzx" for name in names - {"page", "question"})
    topic = f"topics/{world.topic}/"
    for path in (HOME, "/en/portal/", FORUM, GROUP, f"/en/{topic}", f"/en/print/{topic}"):
        for answer in (
            site.read(f"{path}?{query}"),
            site.read(f"{path}?{query}&x={'x' * 2_000}"),
            site.render(f"{path}?{query}"),
            site.read(f"{path}?{query}", site.sign_in(world.alice)),
        ):
            assert (answer.status_code, "zzyzx" in answer.text) == (200, False), path


def test_every_argument_belongs_to_an_address_that_exists(site: Site):
    assert [name for name in addresses.ARGUMENTS if name not in site.app.view_functions] == []


def test_cache_holds_no_more_than_its_share_whatever_is_asked_for(site: Site, world: World):
    """Far more addresses with an answer of their own than there is room for; the latest are kept."""
    client = site.app.test_client()
    paths = [f"/en/auth/check-mail/?next=/en/{number}/" for number in range(1_500)]
    sizes = {path: len(client.get(path).data) for path in paths}
    kept = list(takewhile(lambda path: site.renders(lambda: client.get(path)) == 0, reversed(paths)))

    assert MOST_BYTES / 4 < sum(sizes[path] for path in kept) < MOST_BYTES
    assert site.renders(lambda: client.get(paths[0])) == 1


def test_what_is_read_stays_when_room_is_made(site: Site, world: World):
    """The least recently used goes first."""
    client = site.app.test_client()
    for number in range(600):
        client.get(f"/en/auth/check-mail/?next=/en/{number}/")
        client.get(FORUM)

    assert site.rendered.count(FORUM) == 1


def test_answer_above_a_megabyte_is_not_kept(site: Site, world: World):
    path = add_file(site, world, b"x" * (1024 * 1024 + 1))

    assert site.renders(lambda: read_twice(site, path)) == 2
    assert len(site.read(path).data) == 1024 * 1024 + 1
    assert site.read(path, If_None_Match=site.read(path).headers["ETag"]).status_code == 304


def test_file_is_kept_and_its_parts_are_given_by_the_application(site: Site, world: World):
    path = add_file(site, world, b"Some text.\n")

    assert site.renders(lambda: read_twice(site, path)) == 1
    part = site.read(path, Range="bytes=0-3")
    assert (part.status_code, part.data) == (206, b"Some")


@pytest.mark.parametrize("path", ["/healthz", "/static/base.css", "/en/none/", "/en/portal", "/", "/en/auth/sign-in/"])
def test_what_is_no_public_page_is_never_kept(path: str, site: Site, world: World, with_tokens):
    """Health check, styles, errors, redirects and forms."""
    assert site.renders(lambda: read_twice(site, path)) == 2


def test_site_without_a_cache_renders_every_page(app: Flask, config: Config, world: World):
    """PAGE_CACHE_MB=0; an ETag is the mark of what is kept."""
    for megabytes in (0, 1):
        site = create_app(replace(config, page_cache_mb=megabytes))
        assert ("ETag" in site.test_client().get(FORUM).headers) is bool(megabytes)
        with site.app_context():
            db.engine.dispose()
