"""Pictures of figures are drawn by the browser, in the colours of the page, beside it and opened by themselves."""

import pytest

from tests.browser.addresses import OPEN
from tests.browser.conftest import NewPage
from tests.browser.steps import listen

pytestmark = pytest.mark.browser

PAGE = f"/en/figures/forums/{OPEN}/"
WIDTHS = "[...document.images].map((image) => image.naturalWidth)"
FILL = "(selector) => getComputedStyle(document.querySelector(selector)).fill"
TOKEN = "(name) => getComputedStyle(document.documentElement).getPropertyValue(name)"
AS_FILL = """(colour) => {
  const probe = document.body.appendChild(document.createElement("span"));
  probe.style.color = colour;
  return getComputedStyle(probe).color;
}"""


def test_every_picture_is_drawn(new_page: NewPage):
    page = new_page("moderator")
    problems = listen(page)
    page.goto(PAGE, wait_until="networkidle")
    widths = page.evaluate(WIDTHS)

    assert len(widths) == 6
    assert min(widths) > 0
    assert not problems


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_picture_by_itself_has_the_colours_of_the_page(new_page: NewPage, scheme: str):
    page = new_page("moderator", color_scheme=scheme)
    page.goto(PAGE)
    wanted = {name: page.evaluate(AS_FILL, page.evaluate(TOKEN, name)) for name in ("--link", "--paper", "--ink")}
    problems = listen(page)
    page.goto(f"{PAGE}capacities.svg")

    assert page.evaluate(FILL, "rect.color-0") == wanted["--link"]
    assert page.evaluate(FILL, "rect.color-1") == wanted["--paper"]
    assert page.evaluate(FILL, "text") == wanted["--ink"]
    assert not [problem for problem in problems if "favicon" not in problem]
