"""A site and a browser for each test process, and pages of people who are signed in or not."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from app import create_app
from app.extensions import db
from config import Config
from tests.browser.addresses import Shown, all_pages, leave_a_trace, longest_topic, topic_that_takes_more
from tests.browser.server import SECRET, Site, serving
from tests.browser.steps import sign_in

# Chromium takes the last list only, so those of Playwright's own that matter here are repeated. The first three are
# ours: without them, every window starts pages that nobody sees.
NOT_WANTED = (
    "PreloadTopChromeWebUI",
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "HttpsUpgrades",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "Translate",
)
ARGUMENTS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    f"--disable-features={','.join(NOT_WANTED)}",
)
MOST_MILLISECONDS = 15_000

NewPage = Callable[..., Page]
Look = Callable[[Callable[[], Any]], Any]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("site")) as served:
        yield served


@pytest.fixture(scope="session")
def inside(site: Site) -> Flask:
    """The application of the running site, to look at its database and its catalogues."""
    return create_app(Config(secret_key=SECRET, site_url=site.address, instance=site.instance))


@pytest.fixture(scope="session")
def look(inside: Flask) -> Look:
    """Runs a function on the site's database and gives what it returns."""

    def run(function: Callable[[], Any]) -> Any:
        with inside.app_context():
            found = function()
            db.session.remove()
            db.engine.dispose()
        return found

    return run


@pytest.fixture(scope="session")
def pages(look: Look) -> list[Shown]:
    look(leave_a_trace)
    found: list[Shown] = look(all_pages)
    return found


@pytest.fixture(scope="session")
def long_topic(look: Look) -> int:
    """A topic of more than one page of messages."""
    found: int = look(longest_topic)
    return found


@pytest.fixture(scope="session")
def topic_to_write_in(look: Look) -> int:
    """A topic that takes more messages."""
    found: int = look(topic_that_takes_more)
    return found


@pytest.fixture
def says(inside: Flask) -> Callable[[str, str], str]:
    """A text of the source as it stands in the catalogue of a language."""

    def translated(language: str, text: str) -> str:
        return inside.extensions["languages"][language].catalogue.ugettext(text)

    return translated


def _launch(playwright: Playwright, **options: Any) -> Browser:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not path:
        pytest.fail("Chromium was not found. `make test` finds or installs it; or name it in CHROMIUM.")
    expect.set_options(timeout=MOST_MILLISECONDS)
    arguments = [*ARGUMENTS, "--no-sandbox"] if os.geteuid() == 0 else list(ARGUMENTS)
    return playwright.chromium.launch(executable_path=path, args=arguments, **options)


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    with _launch(playwright) as browser:
        yield browser


@pytest.fixture(scope="session")
def chromium_with_memory(playwright: Playwright) -> Iterator[Browser]:
    """A browser that keeps pages in its memory to go back to, as people's do and those of Playwright do not."""
    with _launch(playwright, ignore_default_args=["--disable-back-forward-cache"]) as browser:
        yield browser


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def signed_in_as(chromium: Browser, site: Site) -> Callable[[str], Any]:
    """The cookies of one of the sample's accounts, signed in once: "participant", "moderator", "administrator"."""
    known: dict[str, Any] = {}

    def cookies_of(who: str) -> Any:
        if who not in known:
            context = chromium.new_context(base_url=site.address)
            sign_in(context.new_page(), "en", *site.accounts[who])
            known[who] = context.storage_state()
            context.close()
        return known[who]

    return cookies_of


@pytest.fixture
def new_page(chromium: Browser, site: Site, signed_in_as: Callable[[str], Any]) -> Iterator[NewPage]:
    """Opens a page in a browser context of its own: `who` reads, with scripts or without; closed after the test."""
    contexts = []

    def make(who: str = "visitor", *, scripts: bool = True, **options: Any) -> Page:
        state = None if who == "visitor" else signed_in_as(who)
        context = chromium.new_context(
            base_url=site.address, java_script_enabled=scripts, storage_state=state, **options
        )
        contexts.append(context)
        context.set_default_timeout(MOST_MILLISECONDS)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
