"""`flask begin`: the first pages and reasons of a new site, in each language."""

import tomllib

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import begin
from app.database import utcnow
from app.extensions import db
from app.markup import render
from app.models import ActKind, Forum, Page, PageText, Reason, ReasonText
from app.sample.load import NotEmpty, load
from tests.world import make_forum, texts

LANGUAGES = ("en", "es", "fr")
GIVEN = tomllib.loads(begin.FILE.read_text("utf-8"))
WITHOUT_REASON = {ActKind.APPROVE, ActKind.ENTER}
PROVISIONAL = {
    "en": "This text is provisional",
    "es": "Este texto es provisional",
    "fr": "Ce texte est provisoire",
}


@pytest.fixture
def begun(app: Flask) -> Flask:
    assert app.test_cli_runner().invoke(args=["begin"]).exit_code == 0
    return app


def count(app: Flask, model: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count(model.id)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_home_of_a_new_site_says_that_it_is_to_be_replaced(language: str, begun, visitor):
    page = visitor.get(f"/{language}/").text

    assert PROVISIONAL[language] in page
    assert "language-note" not in page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["portal/", "archive/"])
def test_portal_and_archive_of_a_new_site_need_no_replacing(path: str, language: str, begun, visitor):
    page = visitor.get(f"/{language}/{path}").text

    assert PROVISIONAL[language] not in page
    assert "language-note" not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_archive_of_a_new_site_is_below_portal_and_home(language: str, begun, visitor):
    page = visitor.get(f"/{language}/archive/").text

    assert page.index(f'href="/{language}/"') < page.index(f'href="/{language}/portal/"')


def test_every_text_of_a_new_site_fits_its_column():
    for page in GIVEN["page"]:
        assert tuple(page["text"]) == LANGUAGES
        for text in page["text"].values():
            assert 0 < len(text["title"]) <= PageText.MAX_TITLE
            assert 0 < len(text["description"]) <= PageText.MAX_DESCRIPTION
            assert render(text["body"], official=True)
    for reason in GIVEN["reason"]:
        assert tuple(reason["text"]) == LANGUAGES
        assert all(0 < len(text) <= ReasonText.MAX_TEXT for text in reason["text"].values())


def test_new_site_has_a_reason_for_every_act():
    acts = [act for reason in GIVEN["reason"] for act in reason["acts"]]

    assert set(acts) == set(ActKind) - WITHOUT_REASON
    assert all(reason["acts"] for reason in GIVEN["reason"])


def test_beginning_twice_changes_nothing(begun: Flask):
    before = count(begun, Page), count(begun, Reason)
    answer = begun.test_cli_runner().invoke(args=["begin"])

    assert answer.output.strip() == "Nothing was changed: the site has already begun."
    assert (count(begun, Page), count(begun, Reason)) == before == (3, len(GIVEN["reason"]))


@pytest.mark.parametrize("kind", ["page", "forum", "reason"])
def test_site_with_anything_of_its_own_is_left_as_it_is(kind: str, app: Flask):
    with app.app_context():
        if kind == "forum":
            make_forum("first-forum")
        else:
            page = Page(slug="rules", texts=texts(PageText, title="Rules"))
            db.session.add(page if kind == "page" else Reason(texts=texts(ReasonText, text="Off topic")))
        db.session.commit()
    before = count(app, Page), count(app, Reason)
    app.test_cli_runner().invoke(args=["begin"])

    assert (count(app, Page), count(app, Reason)) == before


def test_sample_replaces_the_provisional_texts(begun: Flask, visitor):
    with begun.app_context():
        load(utcnow())

    for path in ("", "portal/", "archive/"):
        assert "provisional" not in visitor.get(f"/en/{path}").text
    with begun.app_context():
        kinds = list(db.session.scalars(select(Page.kind).where(Page.kind != "text")))
    assert sorted(kinds) == ["archive", "home", "portal"]


def test_sample_uses_the_reasons_that_there_are(begun: Flask):
    with begun.app_context():
        load(utcnow())

    assert count(begun, Reason) == len(GIVEN["reason"])


def test_sample_is_not_mixed_with_texts_that_were_replaced(begun: Flask):
    with begun.app_context():
        db.session.scalars(select(PageText)).first().body = "Our own words."
        db.session.commit()
        with pytest.raises(NotEmpty):
            load(utcnow())
        assert db.session.scalar(select(func.count(Forum.id))) == 0
