"""What a text leaves empty in the reader's language though it has a title is shown in another one, and said to be."""

import pytest
from flask import Flask
from lxml import html

from app.extensions import db
from app.models import DocumentText, ForumText, GroupText, NoticeText, PageText
from tests.full_world import FullWorld

LACK = "no está disponible en español"
# What each kind of text may leave empty; the full world's texts keep it in English alone.
MAY_BE_EMPTY = {
    ForumText: ("description", "remarks", "about_html", "mandate_html"),
    GroupText: ("introduction_html", "remarks_html"),
    NoticeText: ("html",),
    DocumentText: ("note",),
    PageText: ("description", "html"),
}
FORUM = [(ForumText, field) for field in ("remarks", "about_html", "mandate_html")]
PARTS = [*FORUM, (NoticeText, "html"), (DocumentText, "note")]
GROUP = [(GroupText, "introduction_html"), (GroupText, "remarks_html")]
PAGE = [(PageText, "html")]
SHOWN = {
    "/": [(ForumText, "description"), *PAGE],
    "/portal/": [(ForumText, "description"), *PAGE],
    "/archive/": PAGE,
    "/pages/rules/": PAGE,
    "/forums/open-forum/": PARTS,
    "/forums/open-forum/pages/purpose/": PAGE,
    "/forums/open-forum/groups/": [(GroupText, "remarks_html")],
    "/forums/open-forum/groups/group-2/": GROUP,
    "/print/pages/portal/": [(ForumText, "description"), *PAGE],
    "/print/pages/rules/": PAGE,
    "/print/forums/open-forum/": [*PARTS, *GROUP],
    "/print/forums/open-forum/pages/purpose/": PAGE,
    "/print/forums/open-forum/groups/group-2/": GROUP,
}
EACH = [(path, *part) for path in SHOWN for part in SHOWN[path]]
DESCRIBED = ["/", "/portal/", "/archive/", "/pages/rules/", "/forums/open-forum/", "/forums/open-forum/groups/"]
DESCRIBED += ["/forums/open-forum/groups/group-2/", "/forums/open-forum/pages/purpose/"]


def said(kind: type, field: str) -> str:
    return f"Said in {kind.__name__} {field}."


@pytest.fixture(scope="module")
def incomplete(one_app: Flask, full: FullWorld) -> FullWorld:
    """The full world, whose titles are in every language and all else in English alone, but for a group without
    French and a forum that has neither mandate nor remarks."""
    with one_app.app_context():
        for kind, fields in MAY_BE_EMPTY.items():
            for text in db.session.scalars(db.select(kind)):
                for field in fields:
                    words = said(kind, field) if text.language == "en" else ""
                    setattr(text, field, f"<p>{words}</p>" if words and field.endswith("html") else words)
        planned = ForumText.title.startswith("Title of planned-forum")
        db.session.execute(db.update(ForumText).where(planned).values(mandate_html="", remarks=""))
        db.session.execute(db.delete(GroupText).where(GroupText.title == "Second group (fr)"))
        db.session.commit()
    return full


def page_of(people, path: str) -> html.HtmlElement:
    return html.document_fromstring(people["visitor"].get(path).text)


def places(page: html.HtmlElement, words: str) -> list[html.HtmlElement]:
    """The blocks of a page that say so."""
    return page.xpath(f".//main//*[self::p[not(ancestor::div)] or @class='prose'][contains(., '{words}')]")


def test_part_that_the_readers_language_lacks_is_shown_with_its_language(incomplete, people):
    wrong = []
    for path, kind, field in EACH:
        found = places(page_of(people, f"/es{path}"), said(kind, field))
        if not found or {block.get("lang") for block in found} != {"en"}:
            wrong.append((path, kind, field))

    assert wrong == []


def test_part_that_the_readers_language_lacks_has_a_note_beside_it(incomplete, people):
    wrong = []
    for path, kind, field in EACH:
        for block in places(page_of(people, f"/es{path}"), said(kind, field)):
            beside = [block.getprevious(), block.getnext()]
            if not any(one is not None and LACK in one.text_content() for one in beside):
                wrong.append((path, kind, field))

    assert wrong == []


def test_part_in_the_readers_language_has_no_note(incomplete, people):
    assert [path for path in SHOWN if "is not available" in page_of(people, f"/en{path}").text_content()] == []


def test_description_for_search_engines_carries_its_language(incomplete, people):
    wrong = []
    for path in DESCRIBED:
        described = page_of(people, f"/es{path}").xpath("//meta[@name='description']")
        if [(one.get("lang"), one.get("content").startswith("Said in")) for one in described] != [("en", True)]:
            wrong.append(path)

    assert wrong == []


def test_text_that_is_wholly_in_another_language_says_so_once(incomplete, people):
    page = people["visitor"].get("/fr/forums/open-forum/groups/group-2/").text

    assert said(GroupText, "introduction_html") in page
    assert page.count('class="language-note"') == 1


def test_part_that_no_language_has_is_absent(incomplete, people):
    wrong = []
    for path in ("/es/forums/planned-forum/", "/es/print/forums/planned-forum/"):
        page = people["visitor"].get(path).text
        if "Mandato" in page or 'class="remarks"' in page:
            wrong.append(path)

    assert wrong == []
