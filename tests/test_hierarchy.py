"""The eye finds its way on every page: one heading of the first level, and at most one status line and one button that
leads on."""

from collections import Counter

from lxml import html

from tests.full_world import FullWorld
from tests.route_table import ROWS, is_page, paths_of

PAGES = [row for row in ROWS if is_page(row)]
BUTTONS = "//button[not(parent::*[contains(@class, 'hidden')])] | //a[contains(@class, 'button')]"
# A button stands out unless it is one of these.
QUIET = frozenset("secondary as-link warning".split())


def test_page_has_one_heading_and_at_most_one_status_line_and_one_primary_button(full: FullWorld, people):
    seen, wrong = Counter(), {}
    for row in PAGES:
        for name in row.readers:
            for path in paths_of(row, full):
                page = html.document_fromstring(people[name].get(path).text)
                found = (
                    len(page.xpath("//h1")),
                    len(page.find_class("state")),
                    sum(not QUIET & set(button.classes) for button in page.xpath(BUTTONS)),
                )
                seen.update({found: 1})
                if found[0] != 1 or max(found) > 1:
                    wrong[name, path] = found

    assert {(1, 0, 0), (1, 1, 0), (1, 0, 1), (1, 1, 1)} <= set(seen)
    assert wrong == {}
