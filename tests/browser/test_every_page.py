"""What holds on every page of the site, in each language."""

import re

import pytest
from playwright.sync_api import Page

from tests.browser.addresses import LANGUAGES, Shown
from tests.browser.conftest import NewPage
from tests.browser.steps import listen

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("language", LANGUAGES)]

PEOPLE = ("visitor", "participant", "administrator")
NARROW = {"width": 320, "height": 640}
WIDTH = "document.documentElement.scrollWidth"
# The elements that stick out, but for those within a box that scrolls by itself.
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5 && !one.closest(".table-wrap, .prose table, pre"))
  .slice(0, 3).map((one) => one.outerHTML.slice(0, 120))"""
MINUTE = re.compile(r"\d{1,2}(?::|\sh\s)\d{2}\sUTC")


@pytest.mark.parametrize("who", PEOPLE)
def test_page_is_no_wider_than_a_small_telephone(new_page: NewPage, pages: list[Shown], who: str, language: str):
    page = new_page(who, viewport=NARROW)
    problems = []
    for shown in _of(pages, who):
        _open(page, shown, language)
        width = page.evaluate(WIDTH)
        if width > NARROW["width"]:
            problems.append(f"{shown.path} is {width} wide: {page.evaluate(TOO_WIDE)}")
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("who", PEOPLE)
def test_browser_has_nothing_to_complain_about(new_page: NewPage, pages: list[Shown], who: str, language: str):
    page = new_page(who)
    complaints = listen(page)
    for shown in _of(pages, who):
        _open(page, shown, language)
    assert not complaints, "\n".join(complaints)


def test_text_is_the_same_without_scripts(new_page: NewPage, pages: list[Shown], language: str):
    with_scripts, without = new_page(), new_page(scripts=False)
    for shown in _of(pages, "visitor"):
        texts = [_text(page, shown, language) for page in (with_scripts, without)]
        assert texts[0] == texts[1], shown.path
        assert texts[0].strip(), shown.path


def _of(pages: list[Shown], who: str) -> list[Shown]:
    return [shown for shown in pages if shown.who == who]


def _open(page: Page, shown: Shown, language: str) -> None:
    answer = page.goto(shown.address(language))
    assert answer.status == shown.status, shown.address(language)


def _text(page: Page, shown: Shown, language: str) -> str:
    """The visible text; a print view tells the minute, which may just have changed."""
    _open(page, shown, language)
    return MINUTE.sub("", page.inner_text("body")) if shown.is_print else page.inner_text("body")
