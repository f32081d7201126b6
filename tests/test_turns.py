"""Pages and files of any length are made one at a time, and leave room for everything else."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from itertools import islice
from threading import Event
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app import turns
from app.printing import views
from tests.world import World

PROCEEDINGS = "/en/print/forums/open-forum/"
OF_ANY_LENGTH = (
    "/{}/print/forums/open-forum/",
    "/{}/print/forums/open-forum/groups/group-1/",
    "/{}/print/forums/open-forum/record/",
    "/{}/print/forums/open-forum/contributions.csv",
    "/{}/print/forums/open-forum/contributions.json",
    "/{}/print/forums/open-forum/download/",
    "/{}/print/topics/1/",
    "/sitemap/site.xml",
)
OWN = ("account/data/", "account/data.json", "admin/log.csv", "figures/forums/open-forum/")
BOUNDED = ("/healthz", "/en/", "/en/topics/1/", "/en/print/messages/1/", "/en/feeds/forums/open-forum.atom")
HEADING = {"en": "Please wait a moment", "es": "Espere un momento", "fr": "Veuillez patienter un instant"}

Ask = Callable[..., "Future[Any]"]
ENCODINGS = ("identity", "gzip", "br", "zstd")  # each is made by itself, so the page cache lets nobody wait for another


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Event, Event]]:
    """Proceedings are made no further than their beginning, told by the first event, until the second is set."""
    begun, may_go_on = Event(), Event()
    filled = views.filled

    def wait_and_fill(*args: Any) -> Any:
        begun.set()
        assert may_go_on.wait(30)
        return filled(*args)

    monkeypatch.setattr(views, "filled", wait_and_fill)
    yield begun, may_go_on
    may_go_on.set()


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Ask for the proceedings in a thread of its own."""
    with ThreadPoolExecutor() as threads:
        yield lambda client, encoding="identity": threads.submit(
            client.get, PROCEEDINGS, headers={"Accept-Encoding": encoding}
        )


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SECONDS_TO_WAIT", 0.1)


@pytest.fixture
def busy(ask: Ask, slow: tuple[Event, Event], impatient: None, app: Flask, world: World) -> Iterator["Future[Any]"]:
    """A stranger's proceedings are being made."""
    begun, may_go_on = slow
    made = ask(app.test_client())
    assert begun.wait(30)
    yield made
    may_go_on.set()
    assert made.result(30).status_code == 200


def test_who_waits_too_long_is_told_when_to_try_again(busy, visitor: FlaskClient):
    wrong = []
    for language in ("en", "es", "fr"):
        for path in OF_ANY_LENGTH:
            answer = visitor.get(path.format(language), headers={"Accept-Language": language})
            if (
                answer.status_code != 429
                or not (int(answer.headers["Retry-After"]) > 0)
                or html.document_fromstring(answer.text).findtext(".//h1") != HEADING[language]
            ):
                wrong.append((language, path))

    assert wrong == []


def test_pages_of_bounded_length_do_not_wait(busy, visitor: FlaskClient):
    assert [path for path in BOUNDED if visitor.get(path).status_code != 200] == []


def test_next_in_line_is_served_when_the_first_is_done(slow, ask: Ask, app: Flask, world: World):
    begun, may_go_on = slow
    first = ask(app.test_client())
    assert begun.wait(30)
    begun.clear()
    second = ask(app.test_client())
    assert not begun.wait(0.3), "two are made at once"
    may_go_on.set()

    assert [one.result(30).status_code for one in (first, second)] == [200, 200]


def test_line_that_is_full_refuses_at_once(slow, ask: Ask, app: Flask, world: World):
    """So that those who wait never hold all threads of the server."""
    begun, may_go_on = slow
    waiting = [ask(app.test_client(), encoding) for encoding in ENCODINGS[: turns.MOST_IN_LINE + 2]]
    assert begun.wait(30)
    refused = list(islice(as_completed(waiting, timeout=4), 2))  # sooner than anyone is tired of waiting

    assert [one.result().status_code for one in refused] == [429, 429]
    may_go_on.set()
    assert sorted(one.result(30).status_code for one in waiting) == [200, 200, 429, 429]


def test_page_that_fails_gives_its_turn_back(app: Flask, world: World, visitor: FlaskClient):
    for _ in range(turns.MOST_IN_LINE + 1):
        assert visitor.get("/en/print/forums/no-such-forum/").status_code == 404

    assert visitor.get(PROCEEDINGS).status_code == 200


def test_strangers_keep_nobody_from_their_exports(busy, admin: FlaskClient):
    assert [path for path in OWN if admin.get(f"/en/{path}").status_code != 200] == []


@pytest.mark.parametrize("path", OWN)
def test_exports_are_made_in_turn_too(path: str, slow, impatient, ask: Ask, app: Flask, alice, admin: FlaskClient):
    begun, may_go_on = slow
    made = ask(alice)
    assert begun.wait(30)

    assert admin.get(f"/en/{path}").status_code == 429
    may_go_on.set()
    assert made.result(30).status_code == 200
