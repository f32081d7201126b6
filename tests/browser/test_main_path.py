"""The way of a new participant through the site, in each language, with scripts and without."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.addresses import LANGUAGES, OPEN
from tests.browser.conftest import NewPage
from tests.browser.server import Site
from tests.browser.steps import SEND, confirm, listen, number_of_message

pytestmark = pytest.mark.browser

PASSWORD = "stapled horse battery"
NEXT = dict(zip(LANGUAGES, (*LANGUAGES[1:], LANGUAGES[0]), strict=True))
Says = Callable[[str, str], str]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_newcomer_reads_joins_writes_prints_and_leaves(
    new_page: NewPage, site: Site, says: Says, language: str, scripts: bool
):
    page = new_page(scripts=scripts)
    complaints = listen(page)
    who = f"newcomer-{language}-{'with' if scripts else 'without'}@example.org"

    _read(page, language)
    _join(page, site, says, language, who)
    first = _start_topic(page, says, language)
    answer = _quote(page, says, language, first)
    _edit(page, says, language, answer)
    _switch_language(page, language, answer, scripts=scripts)
    _print(page, language, answer)
    _leave(page, language)

    assert not complaints, "\n".join(complaints)


def _read(page: Page, language: str) -> None:
    """From the portal down to a message, and through the pages of a long topic."""
    page.goto(f"/{language}/portal/")
    forum = f"/{language}/forums/{OPEN}/"
    page.click(f'main a[href="{forum}"]')
    expect(page.locator("main .state-extended").first).to_be_visible()
    page.locator(f'main a[href="{forum}groups/"]').first.click()
    page.locator(f'main h2 a[href="{forum}groups/group-2/"]').click()
    page.locator("main .topics a").first.click()
    expect(page).to_have_url(re.compile(rf"/{language}/topics/\d+/$"))
    expect(page.locator("article.message").first).to_be_visible()


def _join(page: Page, site: Site, says: Says, language: str, who: str) -> None:
    """Sign up, and confirm from the mail, which is in the same language and leads in."""
    page.click(f'.person a[href="/{language}/auth/sign-up/"]')
    page.fill("[name=name]", "Noor Newcomer")
    page.fill("[name=title]", "Dr")
    page.select_option("[name=capacity]", "organization")
    page.fill("[name=organization]", "Seeds & Soils")
    page.fill("[name=email]", who)
    page.fill("[name=password]", PASSWORD)
    expect(page.locator("[name=language]")).to_have_value(language)
    page.click(SEND)
    expect(page).to_have_url(f"{site.address}/{language}/auth/check-mail/")
    expect(page.locator("main")).to_contain_text(who)

    link = site.link_mailed_to(who)
    assert link.startswith(f"{site.address}/{language}/auth/confirm/")
    confirm(page, link, PASSWORD)
    expect(page.locator(".person")).to_contain_text("Noor Newcomer")


def _start_topic(page: Page, says: Says, language: str) -> int:
    """Start a topic under a question, with a look at the preview before; the number of its message."""
    page.goto(f"/{language}/forums/{OPEN}/groups/group-1/")
    question = page.locator("ol.questions > li:nth-child(2) > span").first.inner_text()
    page.click('main a[href$="/new/?question=2"]')
    expect(page.locator("[name=question] option:checked")).to_contain_text(question)
    expect(page.locator("[name=language]")).to_have_value(language)
    page.fill("[name=title]", f"A topic in {language}")
    page.fill("[name=body]", "We would like **three** things:\n\n- maps\n- seeds\n- time")
    page.fill("[name=on_behalf_of]", "The Soil Network")
    page.get_by_role("button", name=says(language, "Preview"), exact=True).click()
    expect(page).to_have_url(re.compile("#preview-box$"))
    expect(page.locator("#preview-box strong")).to_have_text("three")
    page.get_by_role("button", name=says(language, "Start the topic"), exact=True).click()

    page.wait_for_url(re.compile(r"#message-\d+$"))
    expect(page.locator(".message .flash-success")).to_be_visible()
    expect(page.locator("main .question")).to_contain_text(question)
    number = number_of_message(page)
    message = page.locator(f"#message-{number}")
    for text in ("Dr Noor Newcomer", "Seeds & Soils", "The Soil Network", f"#{number}"):
        expect(message).to_contain_text(text)
    expect(message.locator(".prose")).to_have_attribute("lang", language)
    expect(message.locator(".prose li")).to_have_text(["maps", "seeds", "time"])
    return number


def _quote(page: Page, says: Says, language: str, first: int) -> int:
    """Answer with a quotation; the number of the answer."""
    page.locator(f"#message-{first} .links").get_by_role("link", name=says(language, "Quote"), exact=True).click()
    expect(page.locator(".answered")).to_contain_text("We would like three things")
    quoted = page.input_value("[name=body]")
    assert quoted.startswith(f"> Dr Noor Newcomer, Seeds & Soils (#{first})")
    assert "\n>\n> We would like **three** things:\n>\n> - maps" in quoted
    page.fill("[name=body]", f"{quoted}Time above all.")
    page.get_by_role("button", name=says(language, "Post your reply"), exact=True).click()

    page.wait_for_url(re.compile(r"#message-\d+$"))
    number = number_of_message(page)
    assert number > first
    answer = page.locator(f"#message-{number}")
    expect(answer.locator("blockquote strong")).to_have_text("three")
    expect(answer.locator(f'header .thread a[href="#message-{first}"]')).to_have_text(f"#{first}")
    expect(page.locator(f'#message-{first} .thread a[href="#message-{number}"]')).to_have_text(f"#{number}")
    return number


def _edit(page: Page, says: Says, language: str, number: int) -> None:
    """Change the answer; the history keeps what it said before."""
    _more(page, number, f"/{language}/messages/{number}/edit/")
    page.fill("[name=body]", page.input_value("[name=body]").replace("Time above all.", "Time and maps."))
    page.get_by_role("button", name=says(language, "Save the changes"), exact=True).click()
    page.wait_for_url(re.compile(rf"#message-{number}$"))
    expect(page.locator(f"#message-{number} .prose")).to_contain_text("Time and maps.")

    page.click(f'#message-{number} a[href="/{language}/messages/{number}/history/"]')
    versions = page.locator("main section.revision")
    expect(versions).to_have_count(2)
    expect(versions.nth(0)).to_contain_text("Time and maps.")
    expect(versions.nth(1)).to_contain_text("Time above all.")
    page.locator(f'main a[href$="#message-{number}"]').first.click()
    page.wait_for_url(re.compile(rf"#message-{number}$"))


def _more(page: Page, number: int, path: str) -> None:
    """Follow one of the links of a message that stand behind More."""
    page.click(f"#message-{number} .more summary")
    page.click(f'#message-{number} .more a[href="{path}"]')


def _switch_language(page: Page, language: str, number: int, *, scripts: bool) -> None:
    """To the same message in another language, and back; without scripts, by the address to which its number leads."""
    if not scripts:
        page.click(f"#message-{number} .number")
    for source, target in ((language, NEXT[language]), (NEXT[language], language)):
        page.click(f'.languages a[hreflang="{target}"]')
        page.wait_for_url(re.compile(rf"/{target}/(topics/\d+/#message-{number}|messages/{number}/)$"))
        expect(page.locator("html")).to_have_attribute("lang", target)
        expect(page.locator('.languages [aria-current="true"]')).to_have_attribute("lang", target)
        expect(page.locator(f"#message-{number}")).to_be_in_viewport()
        assert page.locator(f"#message-{number} .prose").get_attribute("lang") == language, source


def _print(page: Page, language: str, number: int) -> None:
    """The printer-friendly view of the message, and from it back to the message in its topic."""
    _more(page, number, f"/{language}/print/messages/{number}/")
    page.emulate_media(media="print")
    expect(page.locator(f"#message-{number} .prose")).to_contain_text("Time and maps.")
    expect(page.locator(".sheet-head .address")).to_contain_text(f"/{language}/messages/{number}/")
    expect(page.locator("nav")).to_be_hidden()
    page.emulate_media(media="screen")
    page.locator("nav a").first.click()
    page.wait_for_url(re.compile(rf"/{language}/messages/{number}/$"))


def _leave(page: Page, language: str) -> None:
    page.click(".person form button")
    expect(page.locator(f'.person a[href="/{language}/auth/sign-in/"]')).to_be_visible()
    page.goto(f"/{language}/account/")
    expect(page).to_have_url(re.compile(rf"/{language}/auth/sign-in/"))
