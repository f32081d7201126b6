"""Pages that everybody can use: the rules of axe-core for WCAG 2.2, levels A and AA, and its best practices."""

from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser.addresses import LANGUAGES, OPEN, Shown, in_turn
from tests.browser.conftest import NewPage
from tests.browser.steps import SEND

pytestmark = pytest.mark.browser

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ALL_RULES = {"type": "tag", "values": TAGS}
RULES_OF_COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}


@pytest.mark.parametrize("who", ["visitor", "participant", "moderator", "administrator"])
def test_page_breaks_no_rule_in_light_or_in_dark(new_page: NewPage, pages: list[Shown], who: str):
    page = new_page(who)
    problems = []
    for language, shown in in_turn(pages):
        if shown.who == who:
            answer = page.goto(shown.address(language))
            assert answer.status == shown.status, page.url
            problems += broken_rules(page)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("language", LANGUAGES)
def test_form_with_errors_breaks_no_rule(new_page: NewPage, language: str):
    page = new_page("participant")
    page.goto(f"/{language}/forums/{OPEN}/groups/group-1/new/")
    page.click(SEND)
    page.locator(".error-summary").wait_for()
    problems = broken_rules(page)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("language", LANGUAGES)
def test_preview_breaks_no_rule(new_page: NewPage, language: str):
    page = new_page("participant")
    page.goto(f"/{language}/forums/{OPEN}/groups/group-1/new/")
    page.fill("[name=title]", "A title")
    page.fill("[name=body]", "### A heading\n\n- a point\n\n> a quotation\n\n[a link](https://www.example.org/)")
    page.click("button[name=preview]")
    page.locator("#preview-box blockquote").wait_for()
    problems = broken_rules(page)
    assert not problems, "\n".join(problems)


def broken_rules(page: Page) -> list[str]:
    """A line for each rule that the page breaks; in the dark, nothing but the colours can be different."""
    page.evaluate(AXE_SCRIPT)
    page.emulate_media(color_scheme="light")
    found = _run(page, ALL_RULES, "light")
    page.emulate_media(color_scheme="dark")
    return found + _run(page, RULES_OF_COLOURS, "dark")


def _run(page: Page, rules: dict[str, Any], scheme: str) -> list[str]:
    answer = page.evaluate("(options) => axe.run(options)", {"runOnly": rules, "resultTypes": ["violations"]})
    return [
        f"{page.url} ({scheme}): {broken['help']}: {'; '.join(node['html'][:200] for node in broken['nodes'][:3])}"
        for broken in answer["violations"]
    ]
