"""Whatever people write has room on a small telephone and on paper, and so has the way to a page."""

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from app.extensions import db
from app.markup import render
from app.models import Audience, Forum, User
from tests.browser.addresses import LANGUAGES, OPEN
from tests.browser.conftest import Look, NewPage
from tests.full_world import make_announcement

pytestmark = pytest.mark.browser

SMALL_TELEPHONE = {"width": 320, "height": 640}
PAPER = {"width": 605, "height": 900}  # A4 without its margins
SYMBOL = "UNEP/CBD/BS/COP-MOP/6/7"
WRITE = """(html) => {
  const prose = document.querySelector(".message .prose");
  prose.innerHTML = html;
  const places = [...prose.querySelectorAll("li, p, th, td")].map((one) => one.getBoundingClientRect());
  const symbols = [...prose.querySelectorAll(".symbol")].map((one) => {
    const range = document.createRange();
    range.selectNodeContents(one);
    return range.getClientRects().length;
  });
  return {
    page: Math.max(document.documentElement.scrollWidth, document.body.scrollWidth),
    end: Math.max(...places.map((place) => place.right)) - prose.getBoundingClientRect().right,
    narrowest: Math.min(...places.map((place) => place.width)),
    linesOfSymbols: Math.max(0, ...symbols),
    written: [...prose.querySelectorAll("a")].map((one) => getComputedStyle(one, "::after").content),
  };
}"""
TITLES = """(links) => links.map((link) => ({
  words: link.textContent,
  cut: link.scrollWidth - link.clientWidth,
  end: link.getBoundingClientRect().right,
  lines: new Set([...link.getClientRects()].map((line) => line.top)).size,
}))"""
# The dots that begin a line, each with the words before it, and whether the words behind a dot are on the next line.
DOTS = """() => {
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT), found = [];
  let before = null;
  while (texts.nextNode()) {
    const node = texts.currentNode;
    for (let at = 0; at < node.length; at++) {
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      const place = range.getClientRects()[0];
      if (!place || !place.width || !node.data[at].trim()) continue;
      const isSeparate = /\\s·$|^·$/.test(node.data.slice(Math.max(0, at - 1), at + 1));
      if (isSeparate && before && place.bottom > before.bottom + 8) found.push(node.data.slice(0, at + 9));
      before = place;
    }
  }
  return found;
}"""
LAST_DOTS = """(all) => all.map((one) => {
  const node = [...one.childNodes].find((part) => part.nodeType === 3 && part.data.includes("·"));
  const at = node.data.indexOf("·"), range = document.createRange();
  range.setStart(node, at);
  range.setEnd(node, at + 3);
  return range.getClientRects().length > 1;
})"""
# The visible steps of the breadcrumb, each with its words, and how many lines they take.
STEPS = """() => {
  const steps = [...document.querySelectorAll(".breadcrumb li")].filter((one) => one.getClientRects().length);
  const places = steps.map((one) => one.getBoundingClientRect());
  return {
    words: steps.map((one) => one.textContent.trim()),
    tops: new Set(places.map((place) => place.top)).size,
    height: document.querySelector(".breadcrumb").getBoundingClientRect().height,
    end: Math.max(...places.map((place) => place.right)),
  };
}"""


def test_lists_and_quotes_as_deep_as_they_go_leave_room_for_their_words(new_page: NewPage, long_topic: int):
    items = ["    " * depth + "- Some words\n" for depth in range(12)]
    texts = ("".join(items), "> " * 20 + "Some words", "".join("> " * 20 + item for item in items))
    page = new_page(viewport=SMALL_TELEPHONE)
    page.goto(f"/en/topics/{long_topic}/")
    for text in texts:
        found = page.evaluate(WRITE, render(text))
        assert found["page"] <= SMALL_TELEPHONE["width"], text
        assert found["narrowest"] > 80, text


@pytest.mark.parametrize("width", [320, 375, 414])
def test_title_of_a_topic_is_whole_in_lists_on_a_telephone(new_page: NewPage, width: int):
    page = new_page(viewport={"width": width, "height": 640})
    for path in (f"/en/forums/{OPEN}/groups/", f"/en/forums/{OPEN}/groups/group-1/"):
        page.goto(path)
        titles = page.locator(".topics a").evaluate_all(TITLES)
        assert titles, path
        assert [one for one in titles if one["cut"] > 0 or one["end"] > width or one["lines"] > 3] == [], path


def test_document_symbol_stays_in_one_line_on_a_small_telephone(new_page: NewPage, long_topic: int):
    page = new_page(viewport=SMALL_TELEPHONE)
    page.goto(f"/en/topics/{long_topic}/")
    for text in (f"See the document {SYMBOL}.", f"- {SYMBOL}, paragraph 4", _table(4, SYMBOL), _table(10, SYMBOL)):
        found = page.evaluate(WRITE, render(text))
        assert found["linesOfSymbols"] == 1, text
        assert found["page"] <= SMALL_TELEPHONE["width"], text


@pytest.mark.parametrize("columns", [3, 5, 8, 10, 20])
def test_table_is_on_paper_with_all_its_columns(new_page: NewPage, long_topic: int, columns: int):
    page = new_page(viewport=PAPER)
    for cell in (SYMBOL, f"**{SYMBOL}**", f"[{SYMBOL}](https://example.org/{SYMBOL})"):
        found = _on_paper(page, long_topic, _table(columns, cell))
        assert found["end"] <= 1, cell
        assert columns > 3 or found["linesOfSymbols"] == 1, cell


def test_symbol_in_a_column_before_long_texts_is_in_one_piece_on_paper(new_page: NewPage, long_topic: int):
    row = f"|1|{SYMBOL}|{'Many words that need several lines. ' * 5}|English, Spanish and French|\n"
    found = _on_paper(new_page(viewport=PAPER), long_topic, "|No.|Symbol|Title|Languages|\n|-|-|-|-|\n" + row)

    assert found["end"] <= 1
    assert found["linesOfSymbols"] == 1


def test_address_of_a_link_is_written_out_on_paper(new_page: NewPage, long_topic: int):
    text = "[a](mailto:a@example.org) [b](https://example.org/b) https://example.org/c"
    found = _on_paper(new_page(), long_topic, text)

    addresses = ("mailto:a@example.org", "https://example.org/b", None)
    assert found["written"] == [f'" <{address}>"' if address else "none" for address in addresses]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [320, 360, 640, 700, 900, 1000, 1280, 1920])
def test_way_to_a_page_is_one_line_that_ends_here_or_on_narrow_pages_above(
    new_page: NewPage, long_topic: int, width: int, language: str
):
    page = new_page(viewport={"width": width, "height": 800})
    page.goto(f"/{language}/topics/{long_topic}/")
    found = page.evaluate(STEPS)
    title, group = page.inner_text("h1"), page.locator(".breadcrumb li").all_text_contents()[-2].strip()

    assert found["words"][-1] == (group if width <= 640 else title)
    assert width > 640 or len(found["words"]) == 1
    assert found["tops"] == 1
    assert found["height"] < 32
    assert found["end"] <= width


@pytest.mark.parametrize("width", [320, 640, 700])
def test_page_that_does_not_exist_leads_home(new_page: NewPage, width: int):
    page = new_page(viewport={"width": width, "height": 800})
    page.goto("/fr/topics/99999/")
    words = page.evaluate(STEPS)["words"]

    assert words == ["Accueil", page.inner_text("h1")][: 1 if width <= 640 else 2]
    page.goto("/fr/")
    assert page.locator(".breadcrumb").count() == 0, "there is nothing above the home page"


@pytest.mark.parametrize("language", LANGUAGES)
def test_time_left_is_told_whole_on_a_small_telephone(new_page: NewPage, topic_to_write_in: int, language: str):
    page = new_page(viewport={"width": 320, "height": 640})
    page.goto(f"/{language}/topics/{topic_to_write_in}/")
    line, left = page.locator(".standing summary"), page.locator(".standing summary .left")
    lines = left.evaluate("(one) => one.getClientRects().length")

    assert lines == 1
    assert line.evaluate("(one) => getComputedStyle(one).textOverflow") == "clip"
    assert left.evaluate("(one) => one.getBoundingClientRect().right") <= 320


@pytest.mark.parametrize("width", [320, 360, 480, 640, 1000, 1280])
def test_no_line_begins_with_a_dot_between_two_things(
    new_page: NewPage, topic_to_write_in: int, long_topic: int, width: int
):
    page = new_page(viewport={"width": width, "height": 800})
    for language in LANGUAGES:
        for path in ("", f"forums/{OPEN}/", f"forums/{OPEN}/groups/", f"topics/{topic_to_write_in}/"):
            page.goto(f"/{language}/{path}")
            assert page.evaluate(DOTS) == [], page.url
        page.goto(f"/{language}/topics/{long_topic}/")
        ends = page.locator(".message .facts").evaluate_all(LAST_DOTS)
        assert not any(ends), "the language of a message stands behind the dot"


@pytest.mark.parametrize("language", LANGUAGES)
def test_facts_of_a_topic_take_one_line_of_a_list_on_a_telephone(new_page: NewPage, language: str):
    page = new_page(viewport={"width": 360, "height": 640})
    for path in (f"/{language}/forums/{OPEN}/groups/", f"/{language}/forums/{OPEN}/groups/group-1/"):
        page.goto(path)
        heights = page.locator(".topics .by").evaluate_all("(all) => all.map((one) => one.offsetHeight)")
        assert heights
        assert max(heights) < 2 * 20, path


@pytest.mark.parametrize("language", LANGUAGES)
def test_record_of_moderation_does_not_scroll_sideways_on_a_telephone(new_page: NewPage, language: str):
    page = new_page(viewport=SMALL_TELEPHONE)
    page.goto(f"/{language}/forums/{OPEN}/record/")

    assert page.locator(".table-wrap").evaluate("(one) => one.scrollWidth - one.clientWidth") == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_announcements_sent_do_not_scroll_sideways_on_a_telephone(new_page: NewPage, look: Look, language: str):
    def send() -> int:
        admin = db.session.scalars(select(User).where(User.is_admin)).first()
        made = make_announcement(db.session.scalars(select(Forum).where(Forum.slug == OPEN)).one().id, admin)
        made.audiences = list(Audience)
        db.session.commit()
        return made.forum_id

    page = new_page("administrator", viewport=SMALL_TELEPHONE)
    page.goto(f"/{language}/admin/forums/{look(send)}/announcements/")

    assert page.locator(".table-wrap").evaluate("(one) => one.scrollWidth - one.clientWidth") == 0


def _table(columns: int, cell: str) -> str:
    return f"|Column {SYMBOL}" * columns + "|\n" + "|-" * columns + "|\n" + f"|{cell}" * columns + "|\n"


def _on_paper(page: Page, topic: int, text: str) -> dict:
    page.goto(f"/en/print/topics/{topic}/")
    page.emulate_media(media="print")
    found: dict = page.evaluate(WRITE, render(text, official=True))
    return found
