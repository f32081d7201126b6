"""An administrator runs a forum, and its public page says each time what is the case."""

from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app import labels
from app.database import utcnow
from app.extensions import db, transaction
from app.languages import KNOWN
from app.models import Forum, Period
from tests.browser.addresses import LANGUAGES
from tests.browser.conftest import Look, NewPage

pytestmark = pytest.mark.browser

SLUG = "soil-consultation"
PUBLIC = f"/en/forums/{SLUG}/"
SAVE = "main form button:not([formaction])"


def test_administrator_opens_extends_closes_and_reopens_a_forum(new_page: NewPage, look: Look):
    admin, reader = new_page("administrator", scripts=False), new_page(scripts=False)
    now = utcnow().replace(second=0)
    first, later, again = (now + timedelta(days=days) for days in (10, 20, 30))

    forum = _add_forum(admin)
    _add_group(admin, forum)
    _add_period(admin, forum, "scheduled", now - timedelta(days=1), first)
    assert reader.goto(PUBLIC).status == 404, "nobody sees a forum that is not published"
    _take_step(admin, forum, "publish")
    _expect_state(reader, "open", first)

    _add_period(admin, forum, "extension", first, later)
    _expect_state(reader, "extended", later, first)

    _take_step(admin, forum, "close")
    _expect_state(reader, "closed")

    look(_let_an_hour_pass)
    _add_period(admin, forum, "reopening", now, again)
    _expect_state(reader, "reopened", again)
    expect(reader.locator(".timeline li")).to_have_count(3)


def test_papers_of_a_forum_are_listed_as_its_groups_are(new_page: NewPage):
    page = new_page("administrator")
    page.goto("/en/admin/forums/1/")
    looks = [
        page.locator(f"{place} .objects a").first.evaluate("link => getComputedStyle(link).fontWeight")
        for place in ("[aria-labelledby=groups]", "[aria-labelledby=documents]")
    ]

    assert looks[0] == looks[1]


def _add_forum(page: Page) -> str:
    """A forum in three languages; the address of its page in the administration."""
    page.goto("/en/admin/forums/")
    page.click('main a[href="/en/admin/forums/new/"]')
    page.fill("[name=slug]", SLUG)
    for language in LANGUAGES:
        page.fill(f"[name={language}-title]", f"Soils, in {language}")
        page.fill(f"[name={language}-short_title]", f"Soils {language}")
        page.fill(f"[name={language}-about]", "A consultation about **soils**.")
    page.click(SAVE)
    expect(page.locator(".flash-success")).to_be_visible()
    return page.url.removeprefix(page.url.partition("/en/")[0])


def _add_group(page: Page, forum: str) -> None:
    page.goto(forum)
    page.click(f'main a[href="{forum}groups/"]')
    for language in LANGUAGES:
        page.fill(f"[name=n1-{language}-title]", f"All about soils, in {language}")
    page.fill("[name=n1-slug]", "group-1")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.locator(".flash-success")).to_be_visible()


def _add_period(page: Page, forum: str, kind: str, opens: datetime, closes: datetime) -> None:
    page.goto(forum)
    page.click(f'main a[href="{forum}periods/{kind}/"]')
    page.wait_for_url(f"**{forum}periods/{kind}/")
    begins = () if kind == "extension" else (("opens_at", opens),)
    for name, moment in (*begins, ("closes_at", closes)):
        day, time = page.locator(f"[name={name}]").all()
        day.fill(f"{moment:%Y-%m-%d}")
        time.fill(f"{moment:%H:%M}")
    page.click(SAVE)
    expect(page.locator(".flash-success")).to_be_visible()


def _take_step(page: Page, forum: str, name: str) -> None:
    """Go to the page that asks whether this is to be done, and say yes."""
    page.goto(forum)
    page.click(f'main a[href="{forum}{name}/"]')
    page.click(SAVE)
    expect(page.locator(".flash-success")).to_be_visible()


def _let_an_hour_pass() -> None:
    """Move the forum's periods into the past: forms know no seconds, and a reopening begins after the last moment."""
    with transaction():
        for period in db.session.scalars(select(Period).join(Forum).where(Forum.slug == SLUG)):
            period.opens_at -= timedelta(hours=1)
            period.closes_at -= timedelta(hours=1)


def _expect_state(page: Page, kind: str, *moments: datetime) -> None:
    """The state line names the state and these moments, with hour and UTC; the group's says the same."""
    page.wait_for_timeout(1_100)  # what signed-out readers see may be a second old
    for address in (f"{PUBLIC}groups/group-1/", PUBLIC):
        page.goto(address)
        line = page.locator("main .state").first
        expect(line).to_have_class(f"state state-{kind}")
        expect(line.locator(".state-name")).to_have_text(labels.STATE[kind])
        for moment in moments:
            expect(line).to_contain_text(KNOWN["en"].at(moment))
