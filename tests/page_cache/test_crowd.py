"""Many readers of one page that is not kept, or not any more, at the same moment."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app import page_cache
from tests.page_cache.conftest import Site
from tests.world import World

HOME, READERS = "/en/", 8


def read_at_once(site: Site, path: str) -> list[TestResponse]:
    with ThreadPoolExecutor(READERS) as threads:
        return list(threads.map(lambda _number: site.read(path), range(READERS)))


@pytest.fixture
def slowed(site: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, float], None]:
    """Lets a view take so many seconds more."""

    def slow_down(endpoint: str, seconds: float) -> None:
        original = site.app.view_functions[endpoint]

        def slow(**values: Any) -> Any:
            time.sleep(seconds)
            return original(**values)

        monkeypatch.setitem(site.app.view_functions, endpoint, slow)

    return slow_down


def test_crowd_at_one_page_renders_it_once(site: Site, world: World, slowed):
    slowed("forums.home", 0.5)

    for _minute in range(2):
        site.rendered.clear()
        answers = read_at_once(site, HOME)
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.data for answer in answers}) == 1
        assert site.rendered == [HOME]
        site.clock.to_second(5)


def test_crowd_waits_for_a_slow_page_only_so_long(site: Site, world: World, slowed, monkeypatch):
    """Then each renders it, so that nobody hangs on somebody else's request."""
    monkeypatch.setattr(page_cache, "LONGEST_WAIT", 0.05)
    slowed("forums.home", 1)

    assert {answer.status_code for answer in read_at_once(site, HOME)} == {200}
    assert len(site.rendered) == READERS


def test_crowd_at_what_is_not_kept_is_answered(site: Site, world: World, slowed, with_tokens):
    slowed("auth.sign_in", 0.1)

    assert {answer.status_code for answer in read_at_once(site, "/en/auth/sign-in/")} == {200}
    assert len(site.rendered) == READERS


def test_crowd_at_a_page_that_fails_is_answered_and_so_are_those_after_it(site: Site, world: World, monkeypatch):
    def fail() -> None:
        time.sleep(0.1)
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setitem(site.app.config, "PROPAGATE_EXCEPTIONS", False)
        broken.setitem(site.app.view_functions, "forums.home", fail)
        assert {answer.status_code for answer in read_at_once(site, HOME)} == {500}

    assert site.read(HOME).status_code == 200


def test_page_whose_rendering_breaks_off_keeps_nobody_waiting(site: Site, world: World, monkeypatch):
    """As where the error is passed on to the web server."""

    def fail() -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setitem(site.app.view_functions, "forums.home", fail)
        with pytest.raises(ZeroDivisionError):
            site.read(HOME)

    started = time.monotonic()
    assert site.read(HOME).status_code == 200
    assert time.monotonic() - started < page_cache.LONGEST_WAIT
