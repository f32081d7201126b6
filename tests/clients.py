"""A client that sends forms as a browser does: with the version that the page of the form showed."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
ACTION = re.compile(r'\baction="([^"]*)"')
VERSION = re.compile(r'<input\b[^>]*\bname="version"[^>]*\bvalue="([^"]*)"')
FOUND = 302
ACT = re.compile(r"(/moderation/messages/\d+/)\w+/$")
# The addresses, without their language, of forms about something that exists.
VERSIONED = re.compile(
    r"""/messages/\d+/(?:edit|withdraw)/
    | /moderation/messages/\d+/\w+/ | /moderation/topics/\d+/\w+/
    | /moderation/(?:summaries|follow-ups)/\w+/\d+/
    | /account/(?:profile|language|follow)/ | /follow/\w+/\d+/
    | /admin/[\w-]+/\d+/(?:edit|settings|delete|close|unlock|publish|unpublish|archive|unarchive)/
    | /admin/forums/\d+/(?:invitations|roles|groups|periods/\w+)/ | /translate/[\w-]+/\d+/\w+/
    | /admin/people/\d+/ | /admin/mails/\d+/\w+/ | /admin/people/[\d-]+/(?:suspend|reinstate|withhold|approve)/
    | /admin/forums/\d+/roles/\d+/\w+/end/ | /admin/forums/\d+/participants/\d+/withdraw/""",
    re.VERBOSE,
)


class Client(FlaskClient):
    """It remembers the versions of the forms on the pages that it got, and opens the page of a form that it has not
    got before it sends the form. What a test gives as `version` is sent as it is, None not at all."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.versions: dict[str, str] = {}

    def get(self, path: str, *args: Any, **given: Any) -> TestResponse:
        answer = super().get(path, *args, **given)
        self._remember(path, answer)
        return answer

    def post(self, path: str, *args: Any, **given: Any) -> TestResponse:
        if isinstance(given.get("data") or {}, Mapping):
            given["data"] = self.with_version(path, given.get("data") or {})
        answer = super().post(path, *args, **given)
        if answer.status_code == FOUND:  # which leads to another page
            self.versions.clear()
        self._remember(path, answer)
        return answer

    def with_version(self, address: str, data: Any) -> dict[str, Any]:
        """What a browser sends to this address in all, with the version that its form has."""
        path, sent = _path(address), dict(data)
        if "version" not in sent and VERSIONED.fullmatch(_without_language(path)):
            if path not in self.versions:
                self.get(ACT.sub(r"\1", path))
            sent["version"] = self.versions.get(path)
        return {name: value for name, value in sent.items() if value is not None}

    def _remember(self, path: str, answer: TestResponse) -> None:
        if answer.mimetype != "text/html" or answer.content_encoding or 'name="version"' not in answer.text:
            return
        for attributes, inner in FORM.findall(answer.text):
            action, version = ACTION.search(attributes), VERSION.search(inner)
            if version:
                self.versions[_path(action[1] if action else path)] = version[1]


def _path(address: str) -> str:
    return urlsplit(address).path


def _without_language(address: str) -> str:
    return re.sub(r"^/\w+", "", _path(address), count=1)
