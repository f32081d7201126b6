"""Pages that everybody can use: the rules of axe-core for WCAG 2.2, levels A and AA, and its best practices."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.addresses import LANGUAGES, OPEN, Shown
from tests.browser.conftest import NewPage
from tests.browser.steps import SEND

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("language", LANGUAGES),
    pytest.mark.parametrize("scheme", ["light", "dark"]),
]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}


@pytest.mark.parametrize("who", ["visitor", "participant", "administrator"])
def test_page_breaks_no_rule(new_page: NewPage, pages: list[Shown], who: str, language: str, scheme: str):
    page = new_page(who, color_scheme=scheme)
    problems = []
    for shown in pages:
        if shown.who == who:
            answer = page.goto(shown.address(language))
            assert answer.status == shown.status, shown.address(language)
            problems += _broken_rules(page)
    assert not problems, "\n".join(problems)


def test_form_with_errors_breaks_no_rule(new_page: NewPage, language: str, scheme: str):
    page = new_page("participant", color_scheme=scheme)
    page.goto(f"/{language}/forums/{OPEN}/groups/group-1/new/")
    page.click(SEND)
    page.locator(".error-summary").wait_for()
    assert not (problems := _broken_rules(page)), "\n".join(problems)


def test_preview_breaks_no_rule(new_page: NewPage, language: str, scheme: str):
    page = new_page("participant", color_scheme=scheme)
    page.goto(f"/{language}/forums/{OPEN}/groups/group-1/new/")
    page.fill("[name=title]", "A title")
    page.fill("[name=body]", "### A heading\n\n- a point\n\n> a quotation\n\n[a link](https://www.example.org/)")
    page.click("button[name=preview]")
    page.locator("#preview-box h3, #preview-box h4").first.wait_for()
    assert not (problems := _broken_rules(page)), "\n".join(problems)


def _broken_rules(page: Page) -> list[str]:
    """A line for each rule that the page breaks, with the elements that break it."""
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{page.url}: {one['id']} ({one['help']}): " + "; ".join(node["html"][:200] for node in one["nodes"][:3])
        for one in found
    ]
