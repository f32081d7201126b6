"""Printer-friendly views: their content, and what they leave out."""

import itertools
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.markup import render
from app.models import Message, Page, PageText
from tests.files import make_attachment
from tests.forums.test_reading import fill
from tests.world import World, texts

PATHS = {
    "print/pages/rules/": "/en/pages/rules/",
    "print/pages/portal/": "/en/portal/",
    "print/forums/open-forum/": "/en/forums/open-forum/",
    "print/forums/open-forum/pages/purpose/": "/en/forums/open-forum/pages/purpose/",
    "print/forums/open-forum/groups/group-1/": "/en/forums/open-forum/groups/group-1/",
    "print/topics/1/": "/en/topics/1/",
    "print/messages/1/": "/en/messages/1/",
}


@pytest.fixture
def purpose(app: Flask, world: World) -> None:
    with app.app_context():
        db.session.add(
            Page(slug="purpose", forum_id=world.forum, texts=texts(PageText, title="Purpose", html="<p>x</p>"))
        )
        db.session.commit()


def test_print_view_names_its_address_and_the_time_of_printing(purpose, visitor: FlaskClient):
    wrong = []
    for path, address in PATHS.items():
        page = visitor.get(f"/en/{path}").text
        if f"http://127.0.0.1:8000{address}" not in page or not re.search(
            r"Printed on \d+\xa0\w+\xa0\d{4} at \d\d:\d\d\N{NO-BREAK SPACE}UTC from Plenary: ",
            page,
        ):
            wrong.append((path, address))

    assert wrong == []


def test_every_page_links_to_its_print_view(purpose, visitor: FlaskClient):
    wrong = []
    for path, address in PATHS.items():
        page = visitor.get(address, follow_redirects=True).text
        if f'href="/en/{path}"' not in page:
            wrong.append((path, address))

    assert wrong == []


def test_print_view_has_no_navigation_of_the_site(purpose, visitor: FlaskClient):
    wrong = []
    for path in PATHS:
        page = visitor.get(f"/en/{path}").text
        if "top-bar" in page or "<script" in page:
            wrong.append(path)

    assert wrong == []


@pytest.mark.parametrize(
    "path", ["print/forums/open-forum/", "print/forums/open-forum/groups/group-1/", "print/topics/1/"]
)
def test_print_view_holds_every_message_with_number_author_and_time(path, world: World, visitor: FlaskClient):
    page = visitor.get(f"/en/{path}").text

    for text in ("#1", "#2", "Alice", "Bruno", "A shorter form would help.", "Estamos de acuerdo.", "UTC</time>"):
        assert text in page


def test_whole_topic_is_printed_beyond_the_first_page(app: Flask, world: World, visitor: FlaskClient):
    fill(app, world, 40)

    assert visitor.get(f"/en/print/topics/{world.topic}/").text.count('<article class="message') == 42


def test_proceedings_hold_the_pages_of_the_forum(app: Flask, world: World, purpose, visitor: FlaskClient):
    page = visitor.get("/fr/print/forums/open-forum/").text

    assert '<li><a href="#page-purpose">Purpose (fr)</a></li>' in page
    assert '<h2 id="page-purpose">Purpose (fr)</h2>' in page
    assert page.index('id="page-purpose"') < page.index('id="group-1"')


def test_headings_of_a_page_are_below_its_title_in_the_proceedings(app: Flask, world, purpose, visitor: FlaskClient):
    with app.app_context():
        page = db.session.query(Page).filter_by(slug="purpose").one()
        page.texts["en"].html = "<h2>Part</h2><p>x</p>"
        db.session.commit()

    assert "<h3>Part</h3>" in visitor.get("/en/print/forums/open-forum/").text


def test_headings_of_the_proceedings_go_one_level_at_a_time(world: World, purpose, visitor: FlaskClient):
    levels = [int(level) for level in re.findall(r"<h(\d)", visitor.get("/en/print/forums/open-forum/").text)]

    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("path", ["print/forums/open-forum/", "print/forums/open-forum/pages/purpose/"])
def test_links_in_official_texts_are_absolute_in_print(app: Flask, path, purpose, visitor):
    with app.app_context():
        page = db.session.query(Page).filter_by(slug="purpose").one()
        page.texts["en"].html = render("[all forums](/en/portal/)", official=True)
        db.session.commit()

    assert (
        '<a href="http://127.0.0.1:8000/en/portal/" rel="nofollow noopener ugc">all forums'
        in visitor.get(f"/en/{path}").text
    )
    assert (
        '<a href="/en/portal/" rel="nofollow noopener ugc">all forums'
        in visitor.get("/en/forums/open-forum/pages/purpose/").text
    )


def test_official_text_is_printed_unchanged(app: Flask, purpose, visitor: FlaskClient):
    with app.app_context():
        page = db.session.query(Page).filter_by(slug="purpose").one()
        page.texts["en"].html = render('Write `<a href="/en/portal/">`.', official=True)
        db.session.commit()

    page = visitor.get("/en/print/forums/open-forum/pages/purpose/").text
    assert '<code>&lt;a href="/en/portal/"&gt;</code>' in page


@pytest.mark.parametrize("path", ["print/topics/1/", "print/messages/1/", "print/forums/open-forum/"])
def test_links_to_attached_files_are_absolute_in_print(app: Flask, path, world: World, visitor: FlaskClient):
    with app.app_context():
        message = db.session.get(Message, world.first)
        key = make_attachment(message, "a.txt", b"A note.").id
        db.session.commit()

    assert f'href="http://127.0.0.1:8000/attachments/{key}/a.txt"' in visitor.get(f"/en/{path}").text
