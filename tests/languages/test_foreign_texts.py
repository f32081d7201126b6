"""A text that the reader's language lacks is shown in another one, carries that language, and the page says so."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from lxml import html

from app.extensions import db
from app.models import DocumentText, ForumText, GroupText, NoticeText, PageText, QuestionText
from tests.full_world import FullWorld
from tests.route_table import PEOPLE, ROWS, is_page, paths_of

READING = [row for row in ROWS if is_page(row) and not row.rule.startswith("/admin") and PEOPLE[1] in row.readers]
# The texts of the tests' worlds end with the code of their language.
CODE = re.compile(r"\((en|es)\)")
NOTE = "encore disponible"
WAY = "ancestor::nav or ancestor::p[@class='forum-line']"


@pytest.fixture(scope="module")
def without_french(one_app: Flask, full: FullWorld) -> FullWorld:
    """The full world without a single text in French."""
    with one_app.app_context():
        for kind in (ForumText, GroupText, QuestionText, NoticeText, DocumentText, PageText):
            db.session.execute(db.delete(kind).where(kind.language == "fr"))
        db.session.commit()
    return full


def bodies(world: FullWorld, people) -> Iterator[tuple[str, html.HtmlElement]]:
    """The paths of all such pages with what they show in French to alice."""
    for path in (path for row in READING for path in paths_of(row, world, "fr")):
        yield path, html.document_fromstring(people[PEOPLE[1]].get(path).text).body


def test_every_such_text_carries_its_language(without_french: FullWorld, people):
    marked = [
        (path, text, code)
        for path, body in bodies(without_french, people)
        for text in body.xpath(".//text()")
        for code in CODE.findall(text)
    ]

    assert marked
    assert [
        (path, text)
        for path, text, code in marked
        if text.getparent().xpath("ancestor-or-self::*[@lang][1]/@lang") != [code]
    ] == []


def test_page_with_such_a_text_says_so(without_french: FullWorld, people):
    shown = {
        path: body.xpath(f".//main//text()[not({WAY}) and not(ancestor::option)]")
        for path, body in bodies(without_french, people)
    }
    foreign = {path: texts for path, texts in shown.items() if any(CODE.search(text) for text in texts)}

    assert foreign
    assert [path for path, texts in foreign.items() if not any(NOTE in text for text in texts)] == []


def test_each_such_text_of_a_list_says_so(without_french: FullWorld, people):
    wrong = []
    for path, each in (
        ("/portal/", "//ul[@class='forum-list']/li"),
        ("/archive/", "//ul[@class='forum-list']/li"),
        ("/print/pages/portal/", "//ul[@class='forum-list']/li"),
        ("/forums/open-forum/", "//section[@class='notices']/details"),
        ("/forums/open-forum/", "//ul[@class='documents']/li"),
        ("/forums/open-forum/", "//ul[@class='groups']/li"),
        ("/forums/open-forum/groups/", "//section[@class='group']"),
        ("/forums/open-forum/groups/", "//h3[@class='asked']/following-sibling::*[1]"),
        ("/forums/open-forum/groups/group-1/", "//ol[@class='questions']/li"),
        ("/print/forums/open-forum/", "//div[@class='printed-question'][@id]"),
        ("/print/forums/open-forum/", "//section[starts-with(@class, 'printed-group')]"),
        ("/print/topics/{long_topic}/", "//p[@class='question']"),
    ):
        page = html.document_fromstring(people["visitor"].get(f"/fr{path.format_map(vars(without_french))}").text)
        found = page.xpath(each)
        if not found or [one.text_content() for one in found if NOTE not in one.text_content()]:
            wrong.append((path, each))

    assert wrong == []


def test_text_in_the_readers_language_says_nothing_of_it(without_french: FullWorld, people):
    for path in ("/es/portal/", "/es/forums/open-forum/", "/es/forums/open-forum/groups/", "/es/pages/child/"):
        page = people["visitor"].get(path).text
        assert "language-note" not in page
        assert "no está disponible" not in page


def test_guiding_question_to_choose_carries_its_language(without_french: FullWorld, people):
    page = html.document_fromstring(people["alice"].get("/fr/forums/open-forum/groups/group-1/new/").text)

    assert page.xpath("//select[@name='question']/option/@lang") == ["en"]
