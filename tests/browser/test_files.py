"""Attaching files and getting them back, in a real browser, with scripts and without."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.steps import SEND, listen

pytestmark = pytest.mark.browser

REPORT = {"name": "Añadido n.º 1.txt", "mimeType": "text/plain", "buffer": b"<script>alert(1)</script> & text\n"}
PROGRAM = {"name": "program.exe", "mimeType": "application/octet-stream", "buffer": b"MZ\x90\0"}
Says = Callable[[str, str], str]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_participant_attaches_a_file_and_everybody_saves_it(new_page: NewPage, topic_to_write_in, scripts: bool):
    page = new_page("participant", scripts=scripts)
    complaints = listen(page)

    page.goto(f"/es/topics/{topic_to_write_in}/reply/")
    page.fill("[name=body]", "Véase el archivo.")
    page.set_input_files("[name=files]", [REPORT, PROGRAM])
    page.click(SEND)
    expect(page.locator(".error-summary")).to_contain_text("program.exe")
    expect(page.locator("[name=body]")).to_have_value("Véase el archivo.")
    expect(page.locator("#files-again")).to_contain_text("Añadido n.º 1.txt")
    page.set_input_files("[name=files]", [REPORT])
    page.click(SEND)

    page.wait_for_url(re.compile(r"#message-\d+$"))
    saved = _save(new_page(scripts=scripts), page.url, "Añadido n.º 1.txt")
    assert saved == REPORT["buffer"]
    expect(page.locator(".attachments code").last).to_have_attribute("title", hashlib.sha256(saved).hexdigest())
    assert not complaints, "\n".join(complaints)


def _save(page: Page, address: str, name: str) -> bytes:
    """What a reader gets who follows the link to a file. The page stays as it is: nothing is opened."""
    page.goto(address)
    before = page.url
    with page.expect_download() as waiting:
        page.locator(".attachments a", has_text=name).last.click()
    assert waiting.value.suggested_filename == name
    assert page.url == before
    return Path(waiting.value.path()).read_bytes()
