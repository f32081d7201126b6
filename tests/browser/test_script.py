"""The comforts that the script adds for those who write."""

import re

import pytest
from playwright.sync_api import Page, expect

from app.extensions import db
from app.models import Message
from tests.browser.conftest import NewPage
from tests.browser.server import Site
from tests.browser.steps import SEND, number_of_message, sign_in

pytestmark = pytest.mark.browser

SELECT = """(prose) => {
  const text = document.createTreeWalker(prose, NodeFilter.SHOW_TEXT).nextNode(), range = document.createRange();
  range.setStart(text, 0);
  range.setEnd(text, 10);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  return getSelection().toString().trim();
}"""
DRAFTS = "() => Object.keys(localStorage).filter((key) => key.startsWith('draft:')).length"
HAS_DRAFT = "() => Object.keys(localStorage).some((key) => key.startsWith('draft:'))"


def test_preview_appears_while_one_writes(new_page: NewPage, topic_to_write_in: int):
    page = _reply_form(new_page("participant"), topic_to_write_in)
    expect(page.locator("#preview-box")).to_be_hidden()
    page.fill("[name=body]", "A **strong** word, <script>alert(1)</script>")
    expect(page.locator("#preview-box strong")).to_have_text("strong")
    expect(page.locator("#preview-box")).to_contain_text("<script>alert(1)</script>")
    page.fill("[name=body]", "")
    expect(page.locator("#preview-box")).to_be_hidden()


def test_preview_follows_the_language_of_the_message(new_page: NewPage, topic_to_write_in: int, look):
    """A quotation in another language than the message has its own `lang`."""
    quoted = look(lambda: db.session.query(Message).filter_by(language="en", status="published").first().id)
    page = _reply_form(new_page("participant"), topic_to_write_in)
    page.fill("[name=body]", f"> Someone (#{quoted}):\n> words")
    expect(page.locator("#preview-box blockquote")).not_to_have_attribute("lang", re.compile(""))
    page.select_option("[name=language]", "fr")
    expect(page.locator("#preview-box blockquote")).to_have_attribute("lang", "en")
    expect(page.locator("#preview-box .prose")).to_have_attribute("lang", "fr")


SHORT_MESSAGES = """() => {
  for (const prose of document.querySelectorAll(".message .prose")) prose.textContent = "Agreed.";
}"""
READ = "number => lastRead === `#message-${number}`"


@pytest.fixture
def short_messages(new_page: NewPage, long_topic: int) -> Page:
    """A page of messages of one line each, of which several stand in the upper third of the window."""
    page = new_page()
    page.goto(f"/en/topics/{long_topic}/")
    page.evaluate(SHORT_MESSAGES)
    return page


def _numbers(page: Page) -> list[int]:
    return [int(one.get_attribute("id").partition("-")[2]) for one in page.locator(".message").all()]


def _stays_on(page: Page, number: int) -> None:
    page.locator(".languages a[hreflang=fr]").dispatch_event("click")
    page.wait_for_url(re.compile(rf"/fr/topics/\d+/#message-{number}$"))


@pytest.mark.parametrize("place", [5, -2])
def test_language_bar_stays_on_the_short_message_to_which_a_link_led(short_messages: Page, place: int):
    """One at the top of the window, and one that cannot get there, since the page ends below it."""
    number = _numbers(short_messages)[place]
    short_messages.evaluate(f"location.hash = 'message-{number}'")
    short_messages.wait_for_timeout(600)

    _stays_on(short_messages, number)


def test_language_bar_stays_on_the_short_message_at_the_top_of_the_window(short_messages: Page):
    linked, number = _numbers(short_messages)[3:5]
    short_messages.evaluate(f"location.hash = 'message-{linked}'")
    short_messages.wait_for_timeout(600)
    short_messages.evaluate(f"document.getElementById('message-{number}').scrollIntoView()")
    short_messages.wait_for_function(READ, arg=number)

    _stays_on(short_messages, number)


def test_language_bar_stays_on_the_last_message_at_the_end_of_the_page(short_messages: Page):
    number = _numbers(short_messages)[-1]
    short_messages.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    short_messages.wait_for_function(READ, arg=number)

    _stays_on(short_messages, number)


def test_draft_survives_a_reload_and_goes_once_it_is_posted(new_page: NewPage, topic_to_write_in: int):
    page = _reply_form(new_page("participant"), topic_to_write_in)
    page.fill("[name=body]", "Begun, and not yet sent.")
    page.wait_for_function(HAS_DRAFT)
    page.reload()
    expect(page.locator("[name=body]")).to_have_value("Begun, and not yet sent.")
    expect(page.locator(".draft-note")).to_be_visible()
    page.click(SEND)
    page.wait_for_url(re.compile(r"#message-\d+$"))
    assert page.evaluate(DRAFTS) == 0
    _reply_form(page, topic_to_write_in)
    expect(page.locator("[name=body]")).to_have_value("")
    expect(page.locator(".draft-note")).to_have_count(0)


def test_draft_keeps_language_and_on_whose_behalf(new_page: NewPage, topic_to_write_in: int):
    page = _reply_form(new_page("participant"), topic_to_write_in)
    page.select_option("[name=language]", "fr")
    page.fill("[name=on_behalf_of]", "The Group")
    page.fill("[name=body]", "En français.")
    page.wait_for_function(HAS_DRAFT)
    page.reload()
    expect(page.locator("[name=language]")).to_have_value("fr")
    expect(page.locator("[name=on_behalf_of]")).to_have_value("The Group")
    page.click(".draft-note button")
    expect(page.locator("[name=language]")).to_have_value("en")
    expect(page.locator("[name=on_behalf_of]")).to_have_value("")


def test_preview_keeps_the_files_that_were_chosen(new_page: NewPage, topic_to_write_in: int):
    page = _reply_form(new_page("participant"), topic_to_write_in)
    page.set_input_files("[name=files]", [{"name": "a.txt", "mimeType": "text/plain", "buffer": b"A note."}])
    page.fill("[name=body]", "A **strong** word")
    page.click("[name=preview]")
    expect(page.locator("#preview-box strong")).to_be_in_viewport()
    assert page.evaluate("document.querySelector('[name=files]').files.length") == 1


def test_draft_can_be_discarded(new_page: NewPage, topic_to_write_in: int):
    page = _reply_form(new_page("participant"), topic_to_write_in)
    page.fill("[name=body]", "Better not.")
    page.wait_for_function(HAS_DRAFT)
    page.reload()
    page.click(".draft-note button")
    expect(page.locator("[name=body]")).to_have_value("")
    assert page.evaluate(DRAFTS) == 0


def test_signing_out_leaves_no_draft_behind(new_page: NewPage, site: Site, topic_to_write_in: int):
    page = new_page()
    sign_in(page, "en", *site.accounts["participant"])
    _reply_form(page, topic_to_write_in).fill("[name=body]", "For my eyes only.")
    page.wait_for_function(HAS_DRAFT)
    page.click(".person form button")
    page.locator('.person a[href="/en/auth/sign-in/"]').wait_for()
    assert page.evaluate(DRAFTS) == 0


def test_selection_is_quoted_instead_of_the_whole_message(new_page: NewPage, topic_to_write_in: int):
    page = new_page("participant")
    page.goto(f"/en/topics/{topic_to_write_in}/")
    message = page.locator(".message").first
    selected = message.locator(".prose").evaluate(SELECT)
    message.locator('.links a[href$="quote=1"]').click()
    page.wait_for_url("**/reply/?*")
    expect(page.locator("[name=body]")).to_have_value(re.compile(rf"^> .+ \(#\d+\):\n>\n> {re.escape(selected)}\n\n$"))


WITH_MARKS = """17. One with **strong** words
24. Two, see [the report](https://example.org/a)
    - *within*

# A heading

> 3. Quoted

first line
second of #1, `code` and https://example.org/b_

| a | b |
|---|---|
| c | d |"""
SELECT_FROM_TO = """(prose, [from, to]) => {
  const texts = [], walker = document.createTreeWalker(prose, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (walker.currentNode.data.trim()) texts.push(walker.currentNode);
  const end = texts.at(to), range = document.createRange();
  range.setStart(texts.at(from), 0);
  range.setEnd(end, end.length);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}"""


@pytest.mark.parametrize(
    ("from_to", "quoted"), [((0, -1), WITH_MARKS), ((0, 0), "17. One with"), ((1, 1), "strong"), ((-2, -1), "c | d |")]
)
def test_quoted_selection_keeps_numbers_and_other_marks(
    new_page: NewPage, topic_to_write_in: int, from_to: tuple[int, int], quoted: str
):
    page = _reply_form(new_page("participant"), topic_to_write_in)
    page.fill("[name=body]", WITH_MARKS)
    page.click(SEND)
    page.wait_for_url(re.compile(r"#message-\d+$"))
    message = page.locator(f"#message-{number_of_message(page)}")
    message.locator(".prose").evaluate(SELECT_FROM_TO, from_to)
    message.locator('.links a[href$="quote=1"]').click()
    page.wait_for_url("**/reply/?*")

    lines = "".join(f"> {line}".rstrip() + "\n" for line in quoted.split("\n"))
    value = page.locator("[name=body]").input_value()
    assert value.partition("\n>\n")[2] == f"{lines}\n"


def test_language_bar_leads_to_the_message_that_was_read_last(new_page: NewPage, long_topic: int):
    page = new_page()
    page.goto(f"/en/topics/{long_topic}/")
    read = page.locator(".message").nth(6)
    number = read.get_attribute("id")
    read.evaluate("(one) => one.scrollIntoView()")
    page.wait_for_timeout(1000)
    page.keyboard.press("Home")
    page.click('.languages a[hreflang="fr"]')
    page.wait_for_url(f"**/fr/topics/{long_topic}/#{number}")
    expect(page.locator(f"#{number}")).to_be_in_viewport()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_double_click_on_the_button_posts_once(new_page: NewPage, topic_to_write_in: int, scripts: bool):
    page = _reply_form(new_page("participant", scripts=scripts), topic_to_write_in)
    text = f"Sent in a hurry, {'with' if scripts else 'without'} scripts."
    page.fill("[name=body]", text)
    page.dblclick(SEND)
    page.wait_for_url(re.compile(r"#message-\d+$"))
    number = number_of_message(page)
    page.goto(f"/en/topics/{topic_to_write_in}/")
    posted = page.locator(".message", has_text=text)
    expect(posted).to_have_count(1)
    expect(posted).to_have_id(f"message-{number}")


@pytest.mark.parametrize(
    ("language", "zone", "local"),
    [
        ("en", "Asia/Kolkata", r" \(\d+ \w+ at \d\d:\d\d (IST|GMT\+5:30)\)$"),
        ("fr", "Asia/Kolkata", r" \(\d+ \S+ à \d+\sh\s\d\d\sUTC\+5:30\)$"),
        ("es", "UTC", None),
    ],
)
def test_deadline_is_told_in_local_time_too(new_page: NewPage, topic_to_write_in: int, language, zone, local):
    page = new_page(timezone_id=zone)
    page.goto(f"/{language}/topics/{topic_to_write_in}/")
    told = page.locator(".state .local")
    if local is None:
        expect(told).to_have_count(0)
    else:
        expect(told).to_have_count(1)
        expect(told).to_have_text(re.compile(local))


def _reply_form(page: Page, topic: int) -> Page:
    page.goto(f"/en/topics/{topic}/reply/")
    return page
