"""Every address of the site, with its guard. A route without a row here fails the test."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from app.extensions import db
from app.models import Forum, ForumText, Group, Topic, User
from tests.world import World, make_message, make_topic

PUBLIC, FORM, SIGNED_IN, OWN, ADMIN = "public", "form", "signed in", "own", "admin"
MODERATION = "moderation"

# endpoint -> (guard, path for the world of tests/world.py; "" for addresses that take POST only)
ROUTES = {
    "static": (PUBLIC, ""),
    "pages.choose_language": (PUBLIC, ""),
    "pages.home": (PUBLIC, "/en/"),
    "pages.page": (PUBLIC, "/en/pages/rules/"),
    "forums.portal": (PUBLIC, "/en/portal/"),
    "forums.archive": (PUBLIC, "/en/archive/"),
    "forums.forum": (PUBLIC, "/en/forums/open-forum/"),
    "forums.forum_page": (PUBLIC, ""),
    "forums.groups": (PUBLIC, "/en/forums/open-forum/groups/"),
    "forums.group": (PUBLIC, "/en/forums/open-forum/groups/group-1/"),
    "forums.topic": (PUBLIC, "/en/topics/1/"),
    "forums.message": (PUBLIC, ""),
    "forums.history": (PUBLIC, "/en/messages/1/history/"),
    "posting.new_topic": (SIGNED_IN, "/en/forums/open-forum/groups/group-1/new/"),
    "posting.reply": (SIGNED_IN, "/en/topics/1/reply/"),
    "posting.edit": (OWN, "/en/messages/1/edit/"),
    "posting.withdraw": (OWN, "/en/messages/1/withdraw/"),
    "posting.preview": (SIGNED_IN, ""),
    "reporting.report": (SIGNED_IN, ""),
    "record.show": (PUBLIC, "/en/forums/open-forum/record/"),
    "record.printed": (PUBLIC, "/en/print/forums/open-forum/record/"),
    "moderation.queue": (MODERATION, "/en/moderation/"),
    "moderation.message": (MODERATION, "/en/moderation/messages/1/"),
    "moderation.act": (MODERATION, ""),
    "printing.page": (PUBLIC, "/en/print/pages/rules/"),
    "printing.forum": (PUBLIC, "/en/print/forums/open-forum/"),
    "printing.forum_page": (PUBLIC, ""),
    "printing.group": (PUBLIC, "/en/print/forums/open-forum/groups/group-1/"),
    "printing.topic": (PUBLIC, "/en/print/topics/1/"),
    "printing.message": (PUBLIC, "/en/print/messages/1/"),
    "feeds.forum": (PUBLIC, "/en/feeds/forums/open-forum.atom"),
    "feeds.topic": (PUBLIC, "/en/feeds/topics/1.atom"),
    "feeds.sitemap": (PUBLIC, "/sitemap.xml"),
    "feeds.robots": (PUBLIC, "/robots.txt"),
    "feeds.health": (PUBLIC, "/healthz"),
    "auth.sign_up": (FORM, "/en/auth/sign-up/"),
    "auth.check_mail": (PUBLIC, "/en/auth/check-mail/"),
    "auth.new_confirmation": (FORM, "/en/auth/confirm/"),
    "auth.confirm": (FORM, ""),
    "auth.sign_in": (FORM, "/en/auth/sign-in/"),
    "auth.sign_out": (PUBLIC, ""),
    "auth.forgot": (FORM, "/en/auth/forgot/"),
    "auth.reset": (FORM, ""),
    "auth.account": (SIGNED_IN, "/en/account/"),
    "auth.profile": (SIGNED_IN, "/en/account/profile/"),
    "auth.language": (SIGNED_IN, "/en/account/language/"),
    "auth.password": (SIGNED_IN, "/en/account/password/"),
    "auth.own_data": (SIGNED_IN, "/en/account/data/"),
}
ASKED = {endpoint: row for endpoint, row in ROUTES.items() if row[1]}
READING = [path for guard, path in ROUTES.values() if guard == PUBLIC and path.startswith("/en/")]
HTML = [path for path in READING if not path.endswith(".atom")]
ALLOWED = {
    PUBLIC: {"visitor": 200, "alice": 200, "bruno": 200, "moderator": 200, "admin": 200},
    SIGNED_IN: {"visitor": 302, "alice": 200, "bruno": 200, "moderator": 200, "admin": 200},
    OWN: {"visitor": 302, "alice": 200, "bruno": 403, "moderator": 403, "admin": 403},
    MODERATION: {"visitor": 302, "alice": 403, "bruno": 403, "moderator": 200, "admin": 200},
    ADMIN: {"visitor": 302, "alice": 403, "bruno": 403, "moderator": 403, "admin": 200},
}
MARKER = "Zwischenstand"


def test_every_route_has_a_row(app: Flask):
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}

    assert {name for name in endpoints if not name.startswith("admin.")} == set(ROUTES)


@pytest.mark.parametrize("viewer", ["visitor", "alice", "bruno", "moderator", "admin"])
@pytest.mark.parametrize("endpoint", [name for name, row in ASKED.items() if row[0] != FORM])
def test_guard_lets_in_whom_it_should(endpoint: str, viewer: str, world: World, request: pytest.FixtureRequest):
    guard, path = ASKED[endpoint]

    assert request.getfixturevalue(viewer).get(path).status_code == ALLOWED[guard][viewer]


@pytest.mark.parametrize("viewer", ["visitor", "alice", "moderator"])
def test_administration_is_closed_to_everybody_else(app: Flask, world: World, viewer, request):
    client = request.getfixturevalue(viewer)
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("admin.")]

    assert rules
    for rule in rules:
        path = re.sub(
            r"<(?:any\((\w+)[^)]*\):|int:)?\w+>", lambda m: m[1] or "1", rule.rule.replace("<language:lang>", "en")
        )
        method = "get" if "GET" in (rule.methods or ()) else "post"
        status = getattr(client, method)(path).status_code
        assert status in ({302, 403} if viewer == "visitor" else {403}), path


@pytest.mark.parametrize("path", READING)
def test_reading_signed_out_leaves_no_cookie_and_no_token(path: str, world: World, visitor: FlaskClient):
    answer = visitor.get(path)

    assert not answer.headers.getlist("Set-Cookie")
    assert "csrf_token" not in answer.text
    assert answer.headers["Cache-Control"].startswith("public")


@pytest.mark.parametrize("path", HTML)
def test_page_has_one_heading_a_title_that_begins_with_it_and_unique_ids(path, world, visitor: FlaskClient):
    page = visitor.get(path).text
    heading = " ".join(re.sub(r"<[^>]+>", "", re.findall(r"<h1.*?</h1>", page, re.DOTALL)[0]).split())
    title = " ".join(re.search(r"<title>(.*?)</title>", page, re.DOTALL)[1].split())
    ids = re.findall(r'\sid="([^"]+)"', page)

    assert page.count("<h1") == 1
    assert heading in title or title.startswith(heading[:20])
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", HTML)
def test_page_names_itself_in_every_language(path: str, world: World, visitor: FlaskClient):
    page = visitor.get(path).text

    assert '<html lang="en" dir="ltr"' in page
    for language in ("en", "es", "fr"):
        assert f'hreflang="{language}" href="http://127.0.0.1:8000{path.replace("/en/", f"/{language}/")}"' in page


@pytest.mark.parametrize("path", ["/en/", "/en/auth/sign-in/", "/en/none/", "/sitemap.xml", "/en/print/pages/rules/"])
def test_every_answer_carries_the_security_headers(path: str, world: World, visitor: FlaskClient):
    headers = visitor.get(path).headers

    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.fixture
def draft(app: Flask, world: World) -> int:
    """A topic in the draft forum, with the marker in every text; its number."""
    with app.app_context():
        forum = db.session.scalar(db.select(Forum).where(Forum.slug == "draft-forum"))
        forum.texts["en"] = ForumText(language="en", title=MARKER, short_title=MARKER, description=MARKER)
        topic = make_topic(forum.groups[0], db.session.get(User, world.alice), MARKER)
        make_message(topic, db.session.get(User, world.alice), MARKER, on_behalf_of=MARKER)
        db.session.commit()
        return topic.id


@pytest.mark.parametrize("viewer", ["visitor", "bruno", "moderator"])
def test_draft_reaches_nobody_without_the_right(draft: int, viewer: str, world, request):
    client = request.getfixturevalue(viewer)
    hidden = [
        "/en/forums/draft-forum/", "/en/forums/draft-forum/groups/", "/en/forums/draft-forum/groups/group-1/",
        "/en/topics/2/", "/en/messages/3/", "/en/messages/3/history/", "/en/print/forums/draft-forum/",
        "/en/print/forums/draft-forum/groups/group-1/", "/en/print/topics/2/", "/en/print/messages/3/",
        "/en/feeds/forums/draft-forum.atom", "/en/feeds/topics/2.atom",
    ]  # fmt: skip

    for path in hidden:
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert MARKER not in answer.text + str(answer.headers), path
    for path in [*READING, "/sitemap.xml"]:
        assert MARKER not in client.get(path).text, path


def test_topic_page_takes_few_queries_whatever_its_length(app: Flask, world: World, visitor: FlaskClient):
    path = f"/en/topics/{world.topic}/"
    few = count_queries(app, visitor, path)
    with app.app_context():
        topic, bruno = db.session.get(Topic, world.topic), db.session.get(User, world.bruno)
        for number in range(200):
            make_message(topic, bruno, f"Filler {number}.", reply_to_id=world.first)
        db.session.commit()

    assert count_queries(app, visitor, path) == few <= 8


@pytest.mark.parametrize(
    "path", ["/en/forums/open-forum/groups/group-1/", "/en/forums/open-forum/groups/", "/en/portal/"]
)
def test_list_takes_the_same_queries_for_one_topic_and_for_many(path, app, world, visitor):
    few = count_queries(app, visitor, path)
    with app.app_context():
        group, alice = db.session.get(Group, world.group), db.session.get(User, world.alice)
        for number in range(30):
            make_topic(group, alice, f"Topic {number}")
        db.session.commit()

    assert count_queries(app, visitor, path) == few


def count_queries(app: Flask, client: FlaskClient, path: str) -> int:
    statements: list[str] = []

    def count(_connection, _cursor, statement, *_more) -> None:
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len(statements)
