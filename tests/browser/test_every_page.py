"""What holds on every page of the site, in each language."""

import re

import pytest
from playwright.sync_api import Page

from tests.browser.addresses import LANGUAGES, Shown, in_turn
from tests.browser.conftest import NewPage
from tests.browser.steps import listen

pytestmark = pytest.mark.browser

SMALL_TELEPHONE = {"width": 320, "height": 640}
# The body cuts off what is too wide for the page, so its own width tells.
WIDTH = "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
# What sticks out, but for what is in a box that scrolls by itself.
STICKING_OUT = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5)
  .filter((one) => !one.closest(".table-wrap, .prose table, pre"))
  .slice(0, 3).map((one) => one.outerHTML.slice(0, 120)).join("; ")"""
MOMENT = re.compile(r"\d{1,2}(?::|\sh\s)\d{2}\sUTC")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("who", ["visitor", "participant", "moderator", "administrator"])
def test_page_fits_a_small_telephone_and_the_browser_complains_of_nothing(
    new_page: NewPage, pages: list[Shown], who: str, language: str
):
    page = new_page(who, viewport=SMALL_TELEPHONE)
    problems = listen(page)
    for shown in pages:
        if shown.who == who:
            _open(page, shown, language)
            if page.evaluate(WIDTH) > SMALL_TELEPHONE["width"]:
                problems.append(f"{page.url} scrolls sideways: {page.evaluate(STICKING_OUT)}")
    assert not problems, "\n".join(problems)


def test_text_is_the_same_without_scripts(new_page: NewPage, pages: list[Shown]):
    with_scripts, without = new_page(), new_page(scripts=False)
    for language, shown in in_turn(pages):
        if shown.who == "visitor":
            texts = [_text(page, shown, language) for page in (with_scripts, without)]
            assert texts[0] == texts[1], shown.path
            assert texts[0].strip(), shown.path


def _text(page: Page, shown: Shown, language: str) -> str:
    """The visible text. A print view tells the minute, which may just have changed."""
    _open(page, shown, language)
    text = page.inner_text("body")
    return MOMENT.sub("", text) if shown.is_print else text


def _open(page: Page, shown: Shown, language: str) -> None:
    answer = page.goto(shown.address(language))
    assert answer.status == shown.status, page.url
