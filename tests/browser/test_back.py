"""Going back shows nothing that another person has read, and loses nothing that was typed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import MOST_MILLISECONDS, NewPage
from tests.browser.server import Site
from tests.browser.steps import SEND, sign_in

pytestmark = pytest.mark.browser

WORDS = "Words that took me an hour."
SIGN_OUT = ".person form button"
SIGNED_OUT = '.person a[href="/en/auth/sign-in/"]'
NewTab = Callable[[], Page]


@pytest.fixture
def tab(chromium_with_memory, site: Site) -> BrowserContext:
    """A window of a browser that keeps pages in its memory to go back to, as people's browsers do."""
    context = chromium_with_memory.new_context(base_url=site.address)
    context.set_default_timeout(MOST_MILLISECONDS)
    yield context
    context.close()


def back(page: Page) -> None:
    """A page from the browser's memory is not loaded again, so only its address can be waited for."""
    page.go_back(wait_until="commit")
    # Asked again by time: a page in the background of a busy machine may draw no frame.
    page.wait_for_function("() => document.readyState === 'complete'", polling=100)


def leave_for_the_portal(page: Page) -> None:
    page.evaluate("() => { window.isRemembered = true; }")
    page.goto("/en/portal/")


def test_text_is_still_in_the_form_after_going_away_and_back(tab, site: Site, topic_to_write_in: int):
    page = tab.new_page()
    sign_in(page, "en", *site.accounts["participant"])
    page.goto(f"/en/topics/{topic_to_write_in}/reply/")
    page.fill("[name=body]", WORDS)
    leave_for_the_portal(page)
    back(page)

    assert page.evaluate("window.isRemembered"), "the page comes from the browser's memory"
    expect(page.locator("[name=body]")).to_have_value(WORDS)


@pytest.mark.parametrize("path", ["/en/topics/{}/reply/", "/en/topics/{}/", "/en/account/", "/en/account/profile/"])
def test_after_signing_out_the_way_back_shows_nothing_of_the_person(tab, site: Site, topic_to_write_in: int, path: str):
    page = tab.new_page()
    sign_in(page, "en", *site.accounts["participant"])
    name = page.locator(".person bdi").inner_text()
    page.goto(path.format(topic_to_write_in))
    expect(page.get_by_text(name).first).to_be_visible()
    page.click(SIGN_OUT)
    page.locator(SIGNED_OUT).wait_for()
    back(page)

    page.locator(SIGNED_OUT).wait_for()
    assert name not in page.locator(".person").inner_text()
    assert site.accounts["participant"][0] not in page.content()
    expect(page.locator("[name=body], .sign-ins, [name=organization]")).to_have_count(0)


def test_after_signing_out_the_way_back_shows_no_preview_either(tab, site: Site, topic_to_write_in: int):
    page = tab.new_page()
    sign_in(page, "en", *site.accounts["participant"])
    page.goto(f"/en/topics/{topic_to_write_in}/reply/")
    page.fill("[name=body]", WORDS)
    page.click("[name=preview]")
    page.locator("#preview-box:not([hidden])").wait_for()
    page.click(SIGN_OUT)
    page.locator(SIGNED_OUT).wait_for()
    back(page)

    page.wait_for_url("**/auth/sign-in/*")


def test_page_of_the_account_is_not_kept_by_the_browser(new_page: NewPage, site: Site):
    page = new_page("participant")

    assert page.goto("/en/account/").headers["cache-control"] == "private, no-store"
    assert page.goto("/en/account/profile/").headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("button", ["[name=preview]", SEND], ids=["preview", "refused"])
def test_text_is_there_on_the_way_back_from_a_preview_and_a_refused_form(
    new_page: NewPage, topic_to_write_in: int, scripts: bool, button: str
):
    page = new_page("participant", scripts=scripts)
    page.goto(f"/en/topics/{topic_to_write_in}/reply/")
    page.fill("[name=body]", WORDS)
    if button == SEND:
        page.set_input_files("[name=files]", [{"name": "a.exe", "mimeType": "application/exe", "buffer": b"MZ\x90\0"}])
    page.click(button)
    page.locator(".error-summary, #preview-box:not([hidden]) .prose p").first.wait_for()
    page.fill("[name=body]", f"{WORDS} And more.")
    page.goto("/en/portal/")
    back(page)
    expect(page.locator("[name=body]")).to_have_value(f"{WORDS} And more.")
    back(page)
    expect(page.locator("[name=body]")).to_have_value(WORDS)


def test_draft_of_somebody_else_is_removed(tab, site: Site, topic_to_write_in: int):
    page = tab.new_page()
    sign_in(page, "en", *site.accounts["participant"])
    page.evaluate("() => localStorage.setItem('draft:999999:topic-1-0', '{}')")
    page.goto("/en/portal/")

    assert page.evaluate("() => Object.keys(localStorage).filter((key) => key.startsWith('draft:'))") == []


def test_signing_out_in_another_tab_removes_the_draft_and_keeps_no_more(tab, site: Site, topic_to_write_in: int):
    page, other = tab.new_page(), tab.new_page()
    sign_in(page, "en", *site.accounts["participant"])
    page.goto(f"/en/topics/{topic_to_write_in}/reply/")
    page.fill("[name=body]", WORDS)
    page.wait_for_function("() => Object.keys(localStorage).some((key) => key.startsWith('draft:'))")
    other.goto("/en/portal/")
    other.click(SIGN_OUT)
    other.locator(SIGNED_OUT).wait_for()
    page.fill("[name=body]", f"{WORDS} And more.")
    page.wait_for_timeout(1_000)

    assert page.evaluate("() => Object.keys(localStorage).filter((key) => key.startsWith('draft:'))") == []


def test_draft_that_comes_back_says_which_files_to_choose_again(new_page: NewPage, topic_to_write_in: int):
    page = new_page("participant")
    page.goto(f"/en/topics/{topic_to_write_in}/reply/")
    page.set_input_files("[name=files]", [{"name": "annex.txt", "mimeType": "text/plain", "buffer": b"A note."}])
    page.fill("[name=body]", WORDS)
    page.wait_for_function("() => Object.values(localStorage).some((kept) => kept.includes('annex.txt'))")
    page.goto("/en/portal/")
    page.goto(f"/en/topics/{topic_to_write_in}/reply/")

    expect(page.locator(".draft-note")).to_contain_text("Please choose your files again: annex.txt.")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_language_is_changed_in_the_form_without_loss(
    new_page: NewPage, topic_to_write_in: int, says: Callable[[str, str], str], scripts: bool
):
    page = new_page("participant", scripts=scripts)
    page.goto(f"/en/topics/{topic_to_write_in}/reply/")
    page.fill("[name=body]", WORDS)
    page.click(".languages a[hreflang=es]")
    expect(page.locator("#continue-es")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/es/topics/*/reply/")
    expect(page.locator("[name=body]")).to_have_value(WORDS)
    expect(page.locator(".continued")).to_have_text(
        says("es", "What you typed is in the form below. Nothing has been sent yet.")
    )
    expect(page.locator(".draft-note")).to_have_count(0)
    page.click("#continue-fr")
    page.wait_for_url("**/fr/topics/*/reply/")
    page.fill("[name=body]", "")
    back(page)
    expect(page.locator("[name=body]")).to_have_value(WORDS)
