"""How the pages of a site begin, and which of them make up the footer."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.extensions import db
from app.models import Page
from tests.admin.conftest import in_all_languages


@pytest.fixture
def without_pages(app: Flask, world) -> None:
    with app.app_context():
        db.session.execute(db.delete(Page))
        db.session.commit()


@pytest.mark.parametrize("path", ["/en/", "/en/portal/", "/en/archive/"])
def test_site_without_pages_has_this_address(visitor: FlaskClient, without_pages, path: str):
    assert visitor.get(path).status_code == 200


def test_site_without_pages_says_to_begin_with_the_home_page(admin: FlaskClient, without_pages):
    assert "Create the home page first" in admin.get("/en/admin/site/").text


def test_list_of_pages_says_which_of_them_make_up_the_footer(admin: FlaskClient):
    assert "directly under the home page and have no subpages" in admin.get("/en/admin/site/").text


def test_page_right_below_home_stands_in_the_footer(admin: FlaskClient, look, visitor):
    add(admin, "privacy", below=look(lambda: key_of("home")))

    assert footer_of(visitor) == ["/en/pages/rules/", "/en/pages/privacy/"]


def test_page_that_has_one_below_it_leaves_the_footer(admin: FlaskClient, look, visitor):
    add(admin, "details", below=look(lambda: key_of("rules")))

    assert footer_of(visitor) == []


def key_of(slug: str) -> int:
    return db.session.query(Page).filter_by(slug=slug).one().id


def add(admin: FlaskClient, slug: str, *, below: int) -> None:
    form = {"slug": slug, "kind": "text", "parent_id": str(below), "position": "1", **in_all_languages(title="New")}
    assert admin.post("/en/admin/pages/new/", data=form).status_code == 302


def footer_of(reader: FlaskClient) -> list[str]:
    page = html.document_fromstring(reader.get("/en/portal/").text)
    return page.xpath("//footer[@class='site-footer']//nav//a/@href")
