"""The site without a pointing device."""

import re

import pytest
from playwright.sync_api import Page, expect

from app.models import Message
from tests.browser.addresses import LANGUAGES, OPEN
from tests.browser.conftest import NewPage
from tests.browser.steps import SEND, number_of_message

pytestmark = pytest.mark.browser

MOST_STEPS = 200
FEWER_STOPS_THAN = 110
FOCUS = """() => {
  const one = document.activeElement;
  if (one === document.body) return null;
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  return {
    tag: one.outerHTML.slice(0, 120),
    marked: outlined || style.boxShadow !== "none",
    inSight: box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight,
  };
}"""


def test_first_tab_reaches_the_skip_link_which_leads_to_the_content(new_page: NewPage):
    page = new_page()
    for language in LANGUAGES:
        page.goto(f"/{language}/portal/")
        page.keyboard.press("Tab")
        expect(page.locator("a.skip")).to_be_focused()
        expect(page.locator("a.skip")).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null"), "the next stop is in the content"


def test_reply_is_written_and_sent_with_the_keyboard_alone(new_page: NewPage, topic_to_write_in: int):
    page = new_page("participant")
    page.goto(f"/en/topics/{topic_to_write_in}/")
    _tab_to(page, f'main a.button[href="/en/topics/{topic_to_write_in}/reply/"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/reply/")
    _tab_to(page, "textarea[name=body]")
    page.keyboard.type("Written without a mouse.")
    _tab_to(page, "main form button[type=submit]:not([name])")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"#message-\d+$"))
    expect(page.locator(".message:target")).to_contain_text("Written without a mouse.")


def test_quote_language_and_print_are_reached_with_the_keyboard_alone(new_page: NewPage, topic_to_write_in: int):
    page = new_page("participant")
    page.goto(f"/en/topics/{topic_to_write_in}/")
    first = page.locator(".message").first
    number = first.get_attribute("id").removeprefix("message-")
    _tab_to(page, f"#message-{number} a[href$='quote=1']")
    page.keyboard.press("Enter")
    page.wait_for_url("**quote=1")
    _tab_to(page, "textarea[name=body]")
    page.keyboard.press("Control+End")
    page.keyboard.type("Quoted without a mouse.")
    _tab_to(page, "main form button[type=submit]:not([name])")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"#message-\d+$"))
    expect(page.locator(".message:target blockquote").first).to_contain_text(f"(#{number}):")

    answer = number_of_message(page)
    _choose_behind_more(page, answer, f"/en/messages/{answer}/")
    _tab_to(page, '.languages a[hreflang="fr"]')
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/fr/messages/{answer}/")
    _choose_behind_more(page, answer, f"/fr/print/messages/{answer}/")
    expect(page.locator(f"#message-{answer}")).to_contain_text("Quoted without a mouse.")


def test_what_was_done_to_a_message_has_the_focus(new_page: NewPage, topic_to_write_in: int):
    page = new_page("participant")
    page.goto(f"/en/topics/{topic_to_write_in}/reply/")
    page.fill("textarea[name=body]", "To be seen at once.")
    page.click(SEND)
    page.wait_for_url(re.compile(r"#message-\d+$"))
    line = page.locator(f"#message-{number_of_message(page)} > .flash-success")
    expect(line).to_be_focused()
    expect(line).to_be_in_viewport()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.message:target') !== null"), (
        "the next stop is in the message"
    )


@pytest.mark.parametrize("who", ["visitor", "participant"])
def test_page_of_twenty_messages_has_fewer_than_110_stops(new_page: NewPage, long_topic: int, who: str):
    page = new_page(who)
    page.goto(f"/en/topics/{long_topic}/")
    assert page.locator("article.message").count() == Message.PER_PAGE
    stops = 0
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement !== document.body") and stops < MOST_STEPS:
        stops += 1
        page.keyboard.press("Tab")

    assert Message.PER_PAGE < stops < FEWER_STOPS_THAN


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_focus_is_always_in_sight(new_page: NewPage, long_topic: int, scheme: str):
    page = new_page("participant", color_scheme=scheme)
    paths = (
        "/en/",
        f"/en/forums/{OPEN}/groups/group-1/",
        f"/en/topics/{long_topic}/",
        f"/en/topics/{long_topic}/reply/",
        "/en/account/profile/",
        f"/en/print/topics/{long_topic}/",
    )
    for path in paths:
        page.goto(path)
        stops = 0
        page.keyboard.press("Tab")
        while (focus := page.evaluate(FOCUS)) and stops < MOST_STEPS:
            assert focus["marked"], f"{path}: no mark of the focus on {focus['tag']}"
            assert focus["inSight"], f"{path}: out of sight: {focus['tag']}"
            stops += 1
            page.keyboard.press("Tab")
        assert stops > 1, path


def _choose_behind_more(page: Page, number: int, path: str) -> None:
    _tab_to(page, f"#message-{number} .more summary")
    page.keyboard.press("Enter")
    _tab_to(page, f'#message-{number} .more a[href="{path}"]')
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{path}")


def _tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus."""
    wanted = page.locator(selector)
    for _step in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if wanted.evaluate("(one) => one === document.activeElement"):
            return
    raise AssertionError(f"{selector} was not reached")
