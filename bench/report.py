"""`make bench`: the cost of each page, as a ratio to that of a bare Flask route with the same bytes in the same run.

Each page is requested in Spanish, with 10,000 and with 1,000,000 messages: kept (from the page cache), missed
(rendered) and signed in. The cost is processor time of the server, as the scheduler of the kernel counts it. Times
differ between machines and between runs; ratios of two servers that are measured in turn, several times, differ much
less. The table is printed and written to `bench/RESULTS.md`. Linux only.
"""

import os
import platform
import sqlite3
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from bench.data import OWN, Filled, filled, settings
from bench.load import fetch, microseconds_per_page, resident_megabytes, serving
from config import ROOT

SIZES = (10_000, 1_000_000)
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = 0.1  # of processor time for one page in one round, approximately
FIRST_PORT = 8391
RESULTS = ROOT / "bench" / "RESULTS.md"
MOST_KEPT, MOST_OF_A_TOPIC, MOST_OF_A_PAGE, MOST_GROWTH = 0.6, 14, 40, 1.2
MOST_GROWTH_OF_A_SEARCH = 2.0
GROUP, FORUM = "forums/stress/groups/group-1/", "forums/stress/"


@dataclass(frozen=True)
class Page:
    """A page and its address; `person` is the only one who can read it, "" if it is public."""

    name: str
    address: str
    person: str = ""
    most: int = MOST_OF_A_PAGE
    growth: float = MOST_GROWTH

    def path(self, data: Filled) -> str:
        """The path in Spanish, or without a language if `address` begins with a slash."""
        filled_in = self.address.format(
            long=data.long_topic,
            topic=data.topic,
            short=data.short_topic,
            edited=data.edited,
            last_of_group=data.group_pages,
            last_of_long=data.messages // 2 // 20,
            last_part=-(-data.messages // 16_666),
        )
        return filled_in if filled_in.startswith("/") else f"/es/{filled_in}"


SEARCHES = tuple(
    Page(name, f"search/?{query}", growth=MOST_GROWTH_OF_A_SEARCH)
    for name, query in {
        "Search, rare words": "q=%22capacity+building%22",
        "Search, common word": "q=budget",
        "Search, common word, newest first": "q=budget&order=newest",
        "Search, common word in a forum and a language": "q=budget&forum=stress&language=fr",
        "Search, common word but another": "q=budget+-capacity",
        "Search, an author": "author=Participant+7",
        "Search, a name that 100 authors share": "author=Participant",
        "Search, a word of an author": "q=budget+author:%22Participant+7%22",
        "Contributions of a State, on the whole site": "state=XA",
        "Contributions in a language, on the whole site": "language=fr",
        "Contributions of a capacity": "forum=stress&capacity=organization",
        "Contributions of an organization": "forum=stress&organization=Organization+7",
    }.items()
)
LISTS = (
    Page("Latest messages of the forum", f"{FORUM}latest/"),
    Page("What is new", "new/", person="participant"),
    Page("Replies to a person", "new/answers/", person="participant"),
    Page("Contributions of a person", "account/contributions/", person="participant"),
)
PAGES = (
    Page("Home", ""),
    Page("Portal", "portal/"),
    Page("Archive", "archive/"),
    Page("Forum, *What the record holds*", FORUM),
    Page("Discussion pages", f"{FORUM}groups/"),
    Page("Group, page 1", GROUP),
    Page("Group, last page", f"{GROUP}?page={{last_of_group}}"),
    Page("Group, one question", f"{GROUP}?question=1"),
    Page("Topic of 50 messages, page 1", "topics/{topic}/", most=MOST_OF_A_TOPIC),
    Page("Longest topic, page 1", "topics/{long}/", most=MOST_OF_A_TOPIC),
    Page("Longest topic, last page", "topics/{long}/?page={last_of_long}", most=MOST_OF_A_TOPIC),
    Page("Message (to its topic)", "messages/{edited}/"),
    Page("History of a message", "messages/{edited}/history/"),
    Page("Print of a topic of 20 messages", "print/topics/{short}/"),
    Page("Feed of the longest topic", "feeds/topics/{long}.atom"),
    Page("Feed of the forum", "feeds/forums/stress.atom"),
    Page("Sitemap, index", "/sitemap.xml"),
    Page("Sitemap, last part", "/sitemap/topics-{last_part}.xml"),
    *SEARCHES,
    Page("Queue of moderation", "moderation/", person="administrator"),
    Page("Account", "account/", person="participant"),
    *LISTS,
)


@dataclass
class Measured:
    """Microseconds for one page in each round, by kind of measurement."""

    page: Page
    rounds: dict[tuple[str, int], list[float]] = field(default_factory=dict)

    def add(self, what: str, size: int, microseconds: float) -> None:
        self.rounds.setdefault((what, size), []).append(microseconds)

    def ratio(self, what: str, size: int, *, to: tuple[str, int] = ("bare", 0)) -> float | None:
        """The median of the ratios in each round; None if it was not measured."""
        if (what, size) not in self.rounds:
            return None
        return statistics.median(
            one / other for one, other in zip(self.rounds[what, size], self.rounds[to], strict=True)
        )

    def growth(self, what: str) -> float | None:
        return self.ratio(what, SIZES[1], to=(what, SIZES[0]))


@dataclass(frozen=True)
class Server:
    """`keeps`: with the page cache, or without."""

    data: Filled
    keeps: bool
    pid: int
    port: int


def main() -> None:
    databases = [filled(size) for size in SIZES]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ports = count(FIRST_PORT)
        servers = [
            stack.enter_context(_server(data, keeps, next(ports))) for data in databases for keeps in (True, False)
        ]
        measured = [Measured(page) for page in PAGES]
        for at, page in enumerate(PAGES):
            (folder / str(at)).write_bytes(_body(page, servers[0]))
        bare = next(ports)
        pid = stack.enter_context(serving("bench.bare:app", bare, os.environ | {"BARE_BODIES": str(folder)}))
        for at, one in enumerate(measured):
            for _ in range(ROUNDS):
                one.add("bare", 0, _cost(pid, bare, f"/{at}"))
                _measure(one, servers)
            print(_line(one), flush=True)
        memory = ", ".join(f"{resident_megabytes(server.pid):.0f} MB" for server in servers)
    RESULTS.write_text(_report(measured, memory), "utf-8")
    print(f"\nWritten to {RESULTS.relative_to(ROOT)}")


@contextmanager
def _server(data: Filled, keeps: bool, port: int) -> Iterator[Server]:
    environment = settings(data.folder) | {"PAGE_CACHE_MB": "64" if keeps else "0"}
    with serving("bench.unlimited:app", port, environment) as pid:
        yield Server(data, keeps, pid, port)


def _measure(one: Measured, servers: list[Server]) -> None:
    """One round, in which the servers are measured in turn."""
    for server in servers:
        path, size = one.page.path(server.data), server.data.messages
        person = {"Cookie": server.data.cookies[one.page.person or "participant"]}
        if not server.keeps:
            one.add("signed in", size, _cost(server.pid, server.port, path, person))
        if one.page.person:
            continue
        one.add("kept" if server.keeps else "missed", size, _cost(server.pid, server.port, path))
        if server.keeps and (tag := fetch(server.port, path).getheader("ETag")):
            one.add("304", size, _cost(server.pid, server.port, path, {"If-None-Match": tag}))


def _cost(pid: int, port: int, path: str, headers: Mapping[str, str] | None = None) -> float:
    """Microseconds for one page, requested as often as SECONDS allow, which a few requests before show."""
    first = microseconds_per_page([pid], port, path, 10, headers=headers, warm_up=5)
    return microseconds_per_page([pid], port, path, max(int(SECONDS * 1e6 / first), 10), headers=headers, warm_up=0)


def _body(page: Page, server: Server) -> bytes:
    headers = {"Cookie": server.data.cookies[page.person]} if page.person else {}
    return fetch(server.port, page.path(server.data), headers=headers).read()


def _line(one: Measured) -> str:
    small = SIZES[0]
    cells = [
        one.page.name,
        f"{statistics.median(one.rounds['bare', 0]):.0f}",
        *(_told(one.ratio(what, small), most=MOST_KEPT) for what in ("kept", "304")),
        _told(one.ratio("missed", small), most=one.page.most),
        _told(one.ratio("signed in", small)),
        *(_told(one.growth(what), most=one.page.growth) for what in ("missed", "signed in")),
    ]
    return f"| {' | '.join(cells)} |"


def _told(ratio: float | None, most: float = 0) -> str:
    if ratio is None:
        return "–"
    text = f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"
    return f"**{text}**" if most and ratio > most else text


def _report(measured: list[Measured], memory: str) -> str:
    small, large = (f"{size:,}" for size in SIZES)
    lines = "\n".join(_line(one) for one in measured)
    return f"""# What a page costs

Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.system()},
Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, one worker with one thread.

Processor time of the server (the scheduler's count), median of {ROUNDS} rounds, each page in Spanish. The first figure
is that of a bare Flask route that returns the same bytes, in microseconds; the others are ratios to it at {small}
messages, and *growth* is the cost at {large} messages divided by that at {small}. Half of the messages stand in one
topic. The signed-in person has posted {OWN} messages at both sizes, since the person's own pages grow with these alone.
*Kept* comes from the page cache, *304* answers a reader who has the page already, *missed* is rendered. Bold figures
are over their bound: kept {MOST_KEPT}, a topic missed {MOST_OF_A_TOPIC}, any other page missed {MOST_OF_A_PAGE},
growth {MOST_GROWTH}, of a search {MOST_GROWTH_OF_A_SEARCH:.0f}.

| page | bare, µs | kept | 304 | missed | signed in | growth, missed | growth, signed in |
|---|---|---|---|---|---|---|---|
{lines}

Memory of the four servers afterwards: {memory}.
"""


if __name__ == "__main__":
    main()
