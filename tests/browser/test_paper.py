"""Any page printed from the browser's own menu is a sheet to keep: all that the page says, and nothing to click."""

import pytest

from tests.browser.addresses import LANGUAGES, OPEN, Shown, in_turn
from tests.browser.conftest import NewPage

pytestmark = pytest.mark.browser

CLICKED = "nav, .top-bar, button, .button, [href='#top'], .left"
SIGN_IN = "a[href*='/auth/sign-']:not(.prose a)"  # an official text may lead there
# The texts of official and participants' words that are on the page but not on the sheet.
LOST = """() => [...document.querySelectorAll("main :is(h1, h2, h3, .prose p, .prose li, label, legend, .question)")]
  .filter((one) => !one.closest(".visually-hidden, .on-paper") && !one.checkVisibility({contentVisibilityAuto: true}))
  .map((one) => one.textContent.slice(0, 60))"""
LINES = """() => ["orphans", "widows"].flatMap((name) =>
  [...new Set([...document.querySelectorAll("main :is(p, li)")].map((one) => getComputedStyle(one)[name]))])"""


def test_sheet_has_the_place_address_and_day_and_nothing_to_click(new_page: NewPage, pages: list[Shown], site):
    page = new_page()
    page.emulate_media(media="print")
    for language, shown in in_turn(pages):
        if shown.who == "visitor" and shown.status == 200 and not shown.is_print:
            page.goto(shown.address(language))
            head = page.locator(".sheet-head").inner_text()
            assert f"{site.address}{shown.address(language)}" in head, page.url
            # First, since last it could be alone on a page.
            assert page.inner_text("body").startswith(head), page.url
            clicked = CLICKED if shown.path.startswith("/auth/") else f"{CLICKED}, {SIGN_IN}"
            assert page.locator(clicked).filter(visible=True).count() == 0, page.url
            assert page.evaluate(LOST) == [], page.url
            assert page.evaluate(LINES) in ([], ["2", "2"]), page.url


@pytest.mark.parametrize("language", LANGUAGES)
def test_sheet_of_a_page_of_a_topic_names_the_forum_and_where_the_other_pages_are(
    new_page: NewPage, long_topic: int, site, says, language: str
):
    page = new_page()
    path = f"/{language}/topics/{long_topic}/"
    page.goto(path)
    part, whole = page.locator(".part"), f"/{language}/print/topics/{long_topic}/"
    assert part.get_by_role("link").get_attribute("href") == whole
    page.emulate_media(media="print")

    assert f"{site.address}{whole}" in part.inner_text()
    assert says(language, "Page %(page)s of %(pages)s.") % {"page": 1, "pages": 2} in part.inner_text()
    forum = page.locator(".breadcrumb li").all_text_contents()[-4].strip()
    assert forum in page.locator(".forum-line").inner_text()


def test_status_and_question_of_a_topic_are_open_on_the_sheet(new_page: NewPage, topic_to_write_in: int):
    page = new_page()
    page.goto(f"/en/topics/{topic_to_write_in}/")
    assert not page.locator(".state").is_visible()
    page.locator(".standing summary").click()
    assert page.locator(".state").is_visible()
    page.locator(".standing summary").click()
    page.emulate_media(media="print")

    assert page.locator(".state").is_visible()
    assert page.locator(".question").is_visible()


def test_notices_are_all_open_on_the_sheet(new_page: NewPage):
    page = new_page()
    page.goto(f"/en/forums/{OPEN}/")
    texts = page.locator(".notices .prose")
    assert [one.is_visible() for one in texts.all()] == [True, *[False] * (texts.count() - 1)]
    page.emulate_media(media="print")

    assert all(one.is_visible() for one in texts.all())
