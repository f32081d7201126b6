"""The pages of an archive, opened by file as from a memory stick."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from tests.browser.test_accessibility import broken_rules
from tests.browser.test_html import faults_of_html
from tests.full_world import FullWorld
from tests.printing.archived import bytes_of, close

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(one_app: Flask, full: FullWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive, unpacked."""
    folder = tmp_path_factory.mktemp("stick")
    with one_app.app_context():
        close(full.small.forum, archived=True)
    with zipfile.ZipFile(io.BytesIO(bytes_of(one_app, full.small.forum))) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """What a page asks for and is no file, and what is not there, fails the test. What axe-core asks for, which is not
    allowed to read files, does not count."""
    with chromium.new_context() as context:
        page, asked, failed = context.new_page(), [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("requestfailed", lambda request: failed.append((request.resource_type, request.url)))
        yield page
        assert [url for url in asked if not url.startswith("file:")] == []
        assert [url for kind, url in failed if kind != "xhr"] == []


def one_of_each_kind(folder: Path) -> list[Path]:
    """Pages whose names differ in more than numbers and the language."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))
    found = {re.sub(r"\d+", "N", name.partition("/")[2]): folder / name for name in names}
    return list(found.values())


def test_html_of_every_page_is_valid(folder: Path, tmp_path: Path):
    for path in folder.rglob("*.html"):
        name = path.relative_to(folder).as_posix().replace("/", "-")
        (tmp_path / name).write_bytes(path.read_bytes())

    assert faults_of_html(tmp_path) == []


def test_page_of_each_kind_breaks_no_rule_and_loads_nothing_from_elsewhere(folder: Path, page: Page):
    problems = []
    for path in one_of_each_kind(folder):
        page.goto(path.as_uri())
        problems += broken_rules(page)

    assert not problems, "\n".join(problems)


def test_reader_goes_from_the_first_page_to_a_message_and_to_another_language(folder: Path, page: Page):
    page.goto((folder / "index.html").as_uri())
    assert page.evaluate("getComputedStyle(document.body).fontFamily") != "Times New Roman"
    page.get_by_role("link", name="Go to the discussion pages").click()
    page.locator("main a[href*='topics/']").first.click()
    page.locator("article a.number").first.click()
    number = page.locator("article").get_attribute("id")
    page.get_by_role("link", name="français").click()

    assert "/fr/messages/" in page.url
    assert page.locator("article").get_attribute("id") == number
