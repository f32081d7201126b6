"""Error pages: in the reader's language, with what was typed and a way on, whatever it is that fails."""

import sqlite3
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app import restarts
from app.database import utcnow
from app.extensions import db
from app.models import Forum
from tests.databases import Kept, SQLite
from tests.world import World

TYPED = {"body": "An hour of work", "language": "en"}


@pytest.fixture
def away(app: Flask, world: World, database: Kept, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """From now on the database cannot be opened."""
    monkeypatch.setattr(restarts, "SECONDS_TO_RETURN", 0.2)
    with database.away():
        yield
        database.engine.dispose()


@pytest.fixture
def unable(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The home page fails by a fault of ours, and the answer is as readers get it."""
    monkeypatch.setitem(app.view_functions, "forums.home", lambda: 1 / 0)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)


def remove_connections(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()


def check_plain(text: str, language: str) -> None:
    page = html.document_fromstring(text)
    [heading] = page.xpath("//h1")
    assert page.get("lang") == language
    assert page.findtext(".//title").startswith(heading.text_content())
    assert page.xpath(f"//main//a[@href='/{language}/']")
    assert not page.xpath("//form | //script")


def links_of(text: str) -> list[str]:
    """Where the page leads from its content."""
    return html.document_fromstring(text).xpath("//main//a/@href")


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_site_without_its_database_says_so_in_the_language_of_the_reader(language: str, visitor, away):
    pages = [f"/{language}/{path}" for path in ("", "portal/", "forums/open-forum/", "topics/1/", "print/topics/1/")]
    for path in (*pages, "/sitemap.xml"):
        answer = visitor.get(path, headers={"Accept-Language": language})
        assert answer.status_code == 503, path
        check_plain(answer.text, language)
        assert int(answer.headers["Retry-After"]) > 0, path
        assert answer.headers["Cache-Control"] == "no-store", path
        assert answer.headers["Content-Security-Policy"], path


def test_whoever_is_signed_in_is_told_so_too(alice: FlaskClient, away):
    for path in ("/fr/portal/", "/fr/account/", "/fr/nowhere/"):
        answer = alice.get(path)
        assert answer.status_code == (404 if "nowhere" in path else 503)
        check_plain(answer.text, "fr")


def test_message_sent_without_the_database_is_given_back(alice: FlaskClient, away):
    answer = alice.post("/en/topics/1/reply/", data=TYPED)

    assert answer.status_code == 503
    assert "An hour of work" in answer.text


def test_page_that_does_not_exist_is_told_without_the_database(visitor: FlaskClient, away):
    answer = visitor.get("/es/nowhere/")

    assert answer.status_code == 404
    check_plain(answer.text, "es")


def test_fault_of_ours_is_told_without_the_database(visitor: FlaskClient, unable, away):
    answer = visitor.get("/fr/")

    assert answer.status_code == 500
    check_plain(answer.text, "fr")


def test_fault_of_ours_is_told_on_a_page_like_all_others(visitor: FlaskClient, world: World, unable):
    answer = visitor.get("/fr/")

    assert answer.status_code == 500
    assert html.document_fromstring(answer.text).xpath("//nav[@class='languages']")
    assert answer.headers["Cache-Control"] == "no-store"


def test_health_check_fails_without_the_database(visitor: FlaskClient, away):
    assert visitor.get("/healthz").status_code == 503


def test_health_check_fails_where_the_tables_are_missing(app: Flask, visitor: FlaskClient):
    with app.app_context():
        db.drop_all()

    answer = visitor.get("/healthz")

    assert (answer.status_code, answer.text) == (503, "database: cannot be read\nlimits: ok\n")


def test_missing_tables_give_the_page_without_the_database(app: Flask, visitor: FlaskClient, caplog):
    with app.app_context():
        db.drop_all()

    answer = visitor.get("/fr/portal/")

    assert answer.status_code == 503
    check_plain(answer.text, "fr")
    assert "run: flask --app wsgi upgrade" in caplog.text


def test_files_need_no_database(visitor: FlaskClient, away):
    assert visitor.get("/static/base.css", buffered=True).status_code == 200


@pytest.mark.only_on("sqlite", reason="PostgreSQL lets several write at a time")
def test_database_that_others_keep_busy_is_no_fault(app: Flask, world: World, alice: FlaskClient, database: SQLite):
    alice.get("/en/portal/")
    with app.app_context():
        driver = db.session.connection().connection.driver_connection
        driver.execute("PRAGMA busy_timeout=0")  # of the connection that is used next, so that nobody waits
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        answer = alice.post(f"/en/topics/{world.topic}/reply/", data=TYPED)
    finally:
        other.close()
    remove_connections(app)

    assert answer.status_code == 503
    assert "An hour of work" in answer.text


def test_wrong_method_is_told_which_are_right(visitor: FlaskClient, world: World):
    for path, allowed in (("/en/auth/sign-out/", {"POST", "OPTIONS"}), ("/en/portal/", {"GET", "HEAD", "OPTIONS"})):
        answer = visitor.delete(path)
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == allowed


def test_too_much_for_an_address_that_takes_nothing_is_no_fault(visitor, world: World):
    expected = {"/en/nowhere/": 404, "/en/portal/": 405}

    assert {path: visitor.post(path, data={"body": "x" * 5_000_000}).status_code for path in expected} == expected


@pytest.mark.parametrize(
    "path",
    ["topics/1/reply/?to=1&quote=1", "forums/open-forum/groups/group-1/new/", "account/profile/", "admin/forums/new/"],
)
@pytest.mark.parametrize("with_token", [False, True])
def test_whoever_was_signed_out_while_writing_can_sign_in_and_go_back(path, with_token, app, visitor, world: World):
    """Whether it is the missing sign-in that is seen first or the missing token."""
    app.config["WTF_CSRF_ENABLED"] = with_token
    answer = visitor.post(f"/en/{path}", data=TYPED)

    assert answer.status_code == (400 if with_token else 403)
    assert "An hour of work" in answer.text
    [back] = [link for link in links_of(answer.text) if "sign-in" in link]
    assert back == f"/en/auth/sign-in/?next={quote(f'/en/{path}')}"


def test_whoever_is_still_signed_in_can_open_the_form_again(app: Flask, alice: FlaskClient):
    app.config["WTF_CSRF_ENABLED"] = True
    answer = alice.post("/en/topics/1/reply/?to=1", data=TYPED)

    assert answer.status_code == 400
    assert links_of(answer.text)[0] == "/en/topics/1/reply/?to=1"


@pytest.mark.parametrize("path", ["sign-up/", "sign-in/?next=/en/account/", "forgot/"])
def test_forms_for_those_without_an_account_can_be_opened_again(path: str, app: Flask, visitor, world: World):
    app.config["WTF_CSRF_ENABLED"] = True
    answer = visitor.post(f"/en/auth/{path}", data={"email": "nadia@example.org"})

    assert answer.status_code == 400
    assert links_of(answer.text)[0] == f"/en/auth/{path}"


def test_address_without_a_page_is_not_led_back_to(app: Flask, visitor: FlaskClient, world: World):
    app.config["WTF_CSRF_ENABLED"] = True
    answer = visitor.post("/en/auth/sign-out/")

    assert links_of(answer.text) == ["/en/", "/en/portal/"]


@pytest.mark.parametrize(
    ("path", "back"),
    [
        ("messages/2/edit/", "/en/messages/2/"),
        ("topics/1/reply/", "/en/topics/1/"),
        ("forums/open-forum/groups/group-1/new/", "/en/forums/open-forum/groups/group-1/"),
    ],
)
def test_what_is_refused_leads_back_to_what_it_is_about(path: str, back: str, app: Flask, alice, world: World):
    with app.app_context():
        db.session.get_one(Forum, world.forum).archived_at = utcnow()
        db.session.commit()
    answer = alice.get(f"/en/{path}")

    assert answer.status_code in {403, 409}
    assert links_of(answer.text)[0] == back


@pytest.mark.parametrize("path", ["/fr/topics/999/", "/fr/nowhere/", "/fr/é%3Cb%3E/"])
def test_error_page_is_its_own_place_below_the_home_page_and_has_a_head_on_paper(visitor: FlaskClient, path: str):
    page = html.document_fromstring(visitor.get(path).text)
    [crumbs] = page.find_class("breadcrumb")
    [head] = page.find_class("sheet-head")

    assert crumbs.xpath(".//a/@href") == ["/fr/"]
    assert [one.text for one in crumbs.xpath(".//*[@aria-current]")] == [page.findtext(".//h1")]
    assert head.find_class("address")[0].text.endswith(quote(path, safe="/%"))
    assert not html.document_fromstring(visitor.get("/fr/").text).xpath("//*[@class='breadcrumb']//a[not(@href)]")


def test_page_without_the_database_has_a_head_on_paper(visitor: FlaskClient, away):
    head = html.document_fromstring(visitor.get("/es/portal/").text).find_class("sheet-head")

    assert head[0].find_class("address")[0].text.endswith("/es/portal/")
