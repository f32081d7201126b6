"""`make bench ARGS=strangers`: the cost of hostile requests, each figure with its bound.

1. The public pages of the sample, in each language: the ten most expensive.
2. Forms full of hostile text, from a stranger and from a participant: the ten most expensive.
3. Hostile query strings: the most expensive, and all that are answered with a server error.
4. The longest answer time of `/healthz` while a real server is attacked over a few connections.

Processor time of this process, in milliseconds; all requests go to this machine, and their number is bounded.
"""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from bench.attack import longest_wait
from bench.crawl import crawl
from bench.data import load_sample, settings, sign_in
from bench.hostile import QUERIES, SIZES, forms
from config import from_environment

MOST_FOR_A_PAGE, MOST_FOR_A_FORM, LONGEST_WAIT = 60, 300, 500
SHOWN = 10
TIMES = 7
MOST_SECONDS = 300  # of processor time, for the forms of one person

Ask = Callable[[], TestResponse]


@dataclass(frozen=True)
class Cost:
    milliseconds: float
    status: int
    what: str


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        load_sample(folder)
        app = _app(folder)
        public = crawl(app)
        show("Public pages", pages(app, public), MOST_FOR_A_PAGE)
        show("Forms of a stranger", posted(app, app.test_client()), MOST_FOR_A_FORM)
        show("Forms of a participant", posted(app, sign_in(app)), MOST_FOR_A_FORM)
        show("Hostile query strings", queries(app, public), MOST_FOR_A_PAGE)
        waited = longest_wait(settings(folder)) * 1000
        told = over(waited, LONGEST_WAIT)
        print(f"\nLongest wait for /healthz under attack: {waited:.0f} ms; bound {LONGEST_WAIT} ms{told}")


def show(heading: str, costs: Iterable[Cost], bound: float) -> None:
    """Print the most expensive requests, and all that are answered with a server error."""
    found = sorted(costs, key=lambda cost: -cost.milliseconds)
    print(f"\n{heading}: the most expensive of {len(found)}; bound {bound} ms")
    for cost in [*found[:SHOWN], *(cost for cost in found[SHOWN:] if cost.status >= 500)]:
        print(f"{cost.milliseconds:9.1f} ms{over(cost.milliseconds, bound)}  {cost.status}  {cost.what}", flush=True)


def over(measured: float, bound: float) -> str:
    return "" if measured < bound else f"  {measured / bound:.1f} times the bound"


def pages(app: Flask, paths: Iterable[str]) -> list[Cost]:
    client = app.test_client(use_cookies=False)
    return asked({path: partial(client.get, path, buffered=True) for path in paths})


def queries(app: Flask, paths: Iterable[str]) -> list[Cost]:
    client = app.test_client(use_cookies=False)
    own = sorted({path.partition("?")[0] for path in paths if path.startswith("/en/")})
    pairs = ((path, name, query) for path in own for name, query in QUERIES.items())
    return asked(
        {f"{path} {name}": partial(client.get, path, query_string=query, buffered=True) for path, name, query in pairs}
    )


def asked(questions: Mapping[str, Ask]) -> list[Cost]:
    """Measure each request once, then the most expensive ones several times more."""
    once = sorted((cost_of(ask, what) for what, ask in questions.items()), key=lambda cost: -cost.milliseconds)
    again = [[cost_of(questions[one.what], one.what) for _ in range(TIMES)] for one in once[: 4 * SHOWN]]
    return [sorted(costs, key=lambda cost: cost.milliseconds)[TIMES // 2] for costs in again] + once[4 * SHOWN :]


def posted(app: Flask, client: FlaskClient) -> Iterator[Cost]:
    """Fill each form up to its limits and, unless that exceeds the bound already, far beyond, for MOST_SECONDS."""
    until = time.process_time() + MOST_SECONDS
    for form in forms(app, client):
        if time.process_time() > until:
            print(f"\n{form.path} and later forms were skipped: the others took {MOST_SECONDS} s")
            return
        for content in form.contents:
            for size in SIZES:
                body = form.body(content, size)
                cost = cost_of(partial(form.post, client, body), f"{form.path} {content}, {len(body):,} bytes")
                yield cost
                if cost.milliseconds > MOST_FOR_A_FORM:
                    break


def cost_of(ask: Ask, what: str) -> Cost:
    before = time.process_time()
    answer = ask()
    return Cost((time.process_time() - before) * 1000, answer.status_code, what)


def _app(folder: Path) -> Flask:
    """An application without limits on attempts and without the page cache, to measure the work itself."""
    read = from_environment(settings(folder) | {"PAGE_CACHE_MB": "0"})
    return create_app(replace(read, overrides={"RATELIMIT_ENABLED": False, "PROPAGATE_EXCEPTIONS": False}))


if __name__ == "__main__":
    main()
