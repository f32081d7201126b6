"""What a first visit costs on a slow or metered line."""

from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import CDPSession, Page

from app.models import Message
from tests.browser.addresses import LANGUAGES
from tests.browser.conftest import NewPage
from tests.browser.server import Site

pytestmark = pytest.mark.browser

MOST_BYTES = 25_000
MOST_REQUESTS = 5
TEXT = ("text/html", "text/css", "text/javascript")


@pytest.mark.parametrize("language", LANGUAGES)
def test_first_visit_to_a_topic_of_twenty_messages_is_light(
    new_page: NewPage, site: Site, long_topic: int, language: str
):
    page = new_page()
    answers, weights = _fetched(page, f"/{language}/topics/{long_topic}/")
    assert page.locator("article.message").count() == Message.PER_PAGE

    assert {urlsplit(url).netloc for url in weights} == {urlsplit(site.address).netloc}
    assert len(weights) <= MOST_REQUESTS, weights
    assert sum(weights.values()) <= MOST_BYTES, weights
    uncompressed = [
        answer["url"]
        for answer in answers.values()
        if answer["mimeType"] in TEXT and "content-encoding" not in {name.lower() for name in answer["headers"]}
    ]
    assert not uncompressed


def test_page_with_a_message_form_takes_no_more_requests(new_page: NewPage, topic_to_write_in: int):
    _, weights = _fetched(new_page("participant"), f"/en/topics/{topic_to_write_in}/reply/")

    assert len(weights) <= MOST_REQUESTS, weights


def test_script_for_writing_is_left_to_pages_with_a_message_form(new_page: NewPage, topic_to_write_in: int):
    page = new_page("participant")
    scripts = {}
    for path in ("", "reply/"):
        page.goto(f"/en/topics/{topic_to_write_in}/{path}")
        scripts[path] = [urlsplit(script.get_attribute("src")).path for script in page.locator("script").all()]

    assert scripts[""] == ["/static/plenary.js"]
    assert scripts["reply/"] == ["/static/plenary.js", "/static/writing.js"]


def _fetched(page: Page, path: str) -> tuple[dict[str, dict], dict[str, int]]:
    """What the browser gets for a page that it has never seen: the answers, and the size of each by its address."""
    answers, sizes = _record(page.context.new_cdp_session(page))
    page.goto(path, wait_until="networkidle")
    weights = {answers[key]["url"]: size for key, size in sizes.items()}
    return answers, weights | {url: _weight(page, url) for url in _icons(page) if url not in weights}


def _record(session: CDPSession) -> tuple[dict[str, dict], dict[str, int]]:
    """Each answer, and its size over the wire with its headers, by the keys of the requests."""
    answers: dict[str, dict] = {}
    sizes: dict[str, int] = {}
    session.on("Network.responseReceived", lambda event: answers.update({event["requestId"]: event["response"]}))
    session.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    session.send("Network.enable")
    return answers, sizes


def _icons(page: Page) -> list[str]:
    """The icon is fetched by the browser's frame, which is not there when nobody looks at it."""
    return [urljoin(page.url, link.get_attribute("href")) for link in page.locator("link[rel=icon]").all()]


def _weight(page: Page, url: str) -> int:
    answer = page.request.get(url)
    headers = sum(len(f"{header['name']}: {header['value']}\r\n") for header in answer.headers_array)
    return headers + int(answer.headers.get("content-length") or len(answer.body()))
