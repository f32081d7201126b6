"""Any page printed from the browser's own menu is a sheet to keep: all that the page says, and nothing to click."""

import re
import unicodedata
from io import BytesIO

import pytest
from lxml import html
from playwright.sync_api import Page
from pypdf import PdfReader
from sqlalchemy import select

from app.extensions import db
from app.models import Forum, Group, Message, MessageStatus, Question, Topic
from tests.browser.addresses import LANGUAGES, OPEN, Shown, in_turn
from tests.browser.conftest import NewPage

pytestmark = pytest.mark.browser

CLICKED = "nav, .top-bar, .continue, main > ul.onward, button, .button, [href='#top'], .left"
SIGN_IN = "a[href*='/auth/sign-']:not(.prose a)"  # an official text may lead there
# The texts of official and participants' words that are on the page but not on the sheet.
LOST = """() => [...document.querySelectorAll("main :is(h1, h2, h3, .prose p, .prose li, label, legend, .question)")]
  .filter((one) => !one.closest(".visually-hidden, .on-paper, [role=search]"))
  .filter((one) => !one.checkVisibility({contentVisibilityAuto: true}))
  .map((one) => one.textContent.slice(0, 60))"""
# The names that do not look like what is around them, or are followed by their address.
UNLIKE = """() => [...document.querySelectorAll("main a[href*='/search/?']")].filter((one) => {
  const own = getComputedStyle(one), around = getComputedStyle(one.parentElement);
  return own.textDecorationLine !== "none" || own.color !== around.color
    || getComputedStyle(one, "::after").content !== "none";
}).map((one) => one.outerHTML)"""
LINES = """() => ["orphans", "widows"].flatMap((name) =>
  [...new Set([...document.querySelectorAll("main :is(p, li)")].map((one) => getComputedStyle(one)[name]))])"""


def test_sheet_has_the_place_address_and_day_and_nothing_to_click(new_page: NewPage, pages: list[Shown], site):
    page = new_page()
    page.emulate_media(media="print")
    for language, shown in in_turn(pages):
        if shown.who == "visitor" and not shown.is_print:
            page.goto(shown.address(language))
            head = page.locator(".sheet-head").inner_text()
            assert f"{site.address}{shown.address(language)}" in head, page.url
            # First, since last it could be alone on a page.
            assert page.inner_text("body").startswith(head), page.url
            clicked = CLICKED if shown.path.startswith("/auth/") else f"{CLICKED}, {SIGN_IN}"
            assert page.locator(clicked).filter(visible=True).count() == 0, page.url
            assert page.evaluate(LOST) == [], page.url
            assert page.evaluate(LINES) in ([], ["2", "2"]), page.url


def test_names_of_speakers_are_words_among_others_on_paper(new_page: NewPage, long_topic: int):
    page = new_page()
    for path in (f"topics/{long_topic}/", f"forums/{OPEN}/contributors/", f"print/forums/{OPEN}/"):
        page.goto(f"/en/{path}")
        names = page.locator("main a[href*='/search/?']").filter(visible=True)
        assert names.count() > 1, path
        page.emulate_media(media="print")
        assert page.evaluate(UNLIKE) == [], path
        page.emulate_media(media="screen")


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


HEAD = re.compile(r"\A.*?\d+ / \d+\n", re.DOTALL)  # what stands at the head and the foot of a page
WRITTEN_OUT = re.compile(r"<(?:https?:|mailto:)[^>]*>")  # the address of a link, after its words


def compact(text: str) -> str:
    """The text without white space, which the ends of lines change."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def on_paper(page: Page, address: str, paper: str) -> tuple[list[str], str]:
    """The pages of a print and, without their heads and written addresses, the text of them all."""
    page.goto(address)
    sheets = [sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf(format=paper))).pages]
    return sheets, WRITTEN_OUT.sub("", "".join(compact(HEAD.sub("", sheet)) for sheet in sheets))


def messages_of_the_record() -> list[tuple[int, str, list[str]]]:
    """Number, name and blocks of text of each message of the open forum with a place, in the order of its record."""
    question = Question.number
    found = (
        select(Message)
        .join(Topic, Topic.id == Message.topic_id)
        .join(Group, Group.id == Topic.group_id)
        .join(Forum, Forum.id == Group.forum_id)
        .outerjoin(Question, Question.id == Topic.question_id)
        .where(Forum.slug == OPEN, Message.position.is_not(None))
        .order_by(Group.number, question.is_(None), question, Topic.id, Message.position)
    )
    return [
        (one.id, compact(one.speaker or f"{one.author.title}{one.author.name}"), blocks_of(one))
        for one in db.session.scalars(found)
    ]


def blocks_of(message: Message) -> list[str]:
    """Those that anybody may read."""
    if message.status != MessageStatus.PUBLISHED:
        return []
    parts = html.fragment_fromstring(message.html, create_parent="div")
    return [
        compact(block.text_content()) for block in parts.xpath(".//p | .//h2 | .//h3 | .//td | .//th | .//li[not(*)]")
    ]


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_printed_record_holds_every_message_once_and_in_order(new_page: NewPage, look, says, language: str, paper: str):
    expected = look(messages_of_the_record)
    assert len(expected) > 80
    _sheets, text = on_paper(new_page(), f"/{language}/print/forums/{OPEN}/", paper)

    at = 0
    for place, (number, name, blocks) in enumerate(expected):
        heading = f"#{number}{name}"
        # A reply that begins with a quotation has the number and the name side by side as well.
        quoted = compact(says(language, "In reply to %(message)s") % {"message": heading})
        assert text.count(heading) - text.count(quoted) == 1, heading
        assert text.find(heading) > at, f"#{number} is out of order"
        at = text.find(heading)
        following = expected[place + 1] if place + 1 < len(expected) else None
        section = text[at : text.find(f"#{following[0]}{following[1]}") if following else None]
        begin = 0
        for block in blocks:
            begin = section.find(block, begin) + len(block)
            assert begin >= len(block), f"#{number}: {block}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_page_of_the_printed_record_names_the_forum_and_the_group(new_page: NewPage, look, language: str):
    sheets, _text = on_paper(new_page(), f"/{language}/print/forums/{OPEN}/", "A4")
    short, group = look(lambda: names_of_forum_and_group(language))

    heads = [compact(HEAD.match(sheet)[0]) for sheet in sheets]
    assert [head for head in heads if not head.startswith(compact(short))] == []
    with_a_message = [head for head, sheet in zip(heads, sheets, strict=True) if "#11 " in sheet]
    assert compact(group)[:30] in with_a_message[-1]
    assert [f"{at}/{len(sheets)}" in head for at, head in enumerate(heads, 1)] == [True] * len(sheets)


def names_of_forum_and_group(language: str) -> tuple[str, str]:
    forum = db.session.scalars(select(Forum).where(Forum.slug == OPEN)).one()
    return forum.texts[language].short_title, forum.groups[0].texts[language].title


def test_symbols_and_brackets_are_not_parted_on_paper(new_page: NewPage):
    for language in LANGUAGES:
        sheets, _text = on_paper(new_page(), f"/{language}/print/forums/{OPEN}/", "A4")
        lines = [line.rstrip() for sheet in sheets for line in sheet.splitlines()]
        assert [line for line in lines if line.endswith("(") or re.search(r"PLENARY(/\w+)*/$|PLENARY$", line)] == []


def test_follow_up_small_tables_and_the_colophon_are_not_cut(new_page: NewPage):
    sheets, _text = on_paper(new_page(), f"/en/print/forums/{OPEN}/?whole=1", "A4")
    told = [sheet for sheet in sheets if "Paragraph 43 of the revised draft takes up" in " ".join(sheet.split())]

    assert told
    assert all("sample-2-rev-1-en#paragraph-43" in sheet.replace("\n", "") for sheet in told)
    assert sum("Capacity Messages" in " ".join(sheet.split()) for sheet in sheets) == 1
    assert "SHA-256" in sheets[-1]
    assert "Printed on" in sheets[-1]


def test_short_message_is_not_cut_and_pages_of_messages_are_filled(new_page: NewPage):
    sheets, _text = on_paper(new_page(), f"/en/print/forums/{OPEN}/groups/group-2/", "A4")
    of_messages = [len(sheet) for sheet in sheets if re.search(r"^#\d+ ", sheet, re.MULTILINE)]

    assert min(of_messages[:-1]) > 0.5 * max(of_messages)
