"""`make bench ARGS=search`: the cost of searches and lists at 1,000,000 messages, as a ratio to that at 10,000, on
SQLite and on PostgreSQL.

The cost is processor time: that of the web process and, of PostgreSQL, of its server too. The servers are measured in
turn, several times. The table is printed and written to `bench/SEARCH.md`. Linux only.
"""

import statistics
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import NamedTuple

from bench.data import Filled, filled, filled_on_postgresql, settings
from bench.load import microseconds_per_page, serving
from bench.report import LISTS, MOST_GROWTH_OF_A_SEARCH, ROUNDS, SEARCHES, SIZES, Measured, Page
from bench.servers import free_ports
from config import ROOT

DATABASES = ("SQLite", "PostgreSQL")
REQUESTS, WARM_UP = 10, 5
RESULTS = ROOT / "bench" / "SEARCH.md"


class Server(NamedTuple):
    """A site with its database; `pids` are all whose time counts."""

    database: str
    data: Filled
    port: int
    pids: list[int]


def main() -> None:
    with ExitStack() as stack:
        servers = [_server(stack, database, size) for database in DATABASES for size in SIZES]
        measured = [Measured(page) for page in (*SEARCHES, *LISTS)]
        for one in measured:
            for _ in range(ROUNDS):
                for server in servers:
                    one.add(server.database, server.data.messages, _cost(one.page, server))
            print(_line(one), flush=True)
    RESULTS.write_text(_report(measured), "utf-8")
    print(f"\nWritten to {RESULTS.relative_to(ROOT)}")


def _server(stack: ExitStack, database: str, size: int) -> Server:
    [port] = free_ports(1)
    if database == "SQLite":
        data, url, also = filled(size), "", []
    else:
        data, postgres = stack.enter_context(filled_on_postgresql(size))
        url, also = postgres.url, [postgres.pid]
    environment = settings(data.folder, url) | {"PAGE_CACHE_MB": "0"}
    return Server(database, data, port, [stack.enter_context(serving("bench.unlimited:app", port, environment)), *also])


def _cost(page: Page, server: Server) -> float:
    headers = {"Cookie": server.data.cookies[page.person]} if page.person else {}
    path = page.path(server.data)
    return microseconds_per_page(server.pids, server.port, path, REQUESTS, headers=headers, warm_up=WARM_UP)


def _line(one: Measured) -> str:
    cells = [one.page.name]
    for database in DATABASES:
        cells += [f"{statistics.median(one.rounds[database, size]) / 1000:.1f}" for size in SIZES]
        growth = one.growth(database) or 0
        cells.append(f"**{growth:.2f}**" if growth > MOST_GROWTH_OF_A_SEARCH else f"{growth:.2f}")
    return f"| {' | '.join(cells)} |"


def _report(measured: list[Measured]) -> str:
    lines = "\n".join(map(_line, measured))
    columns = " | ".join(
        f"{database}, {size:,}" if size else "growth" for database in DATABASES for size in (*SIZES, 0)
    )
    return f"""# What a search costs

Written by `make bench ARGS=search` on {datetime.now(UTC):%Y-%m-%d}. Milliseconds of processor time for one page that is
rendered, in a forum of so many messages: of the web process with SQLite, of the web process and PostgreSQL together.
Medians of {ROUNDS} rounds; *growth* is that of the ratios in each round, in bold if over {MOST_GROWTH_OF_A_SEARCH:.0f}.

| page | {columns} |
|---{"|---" * len(DATABASES) * (len(SIZES) + 1)}|
{lines}
"""


if __name__ == "__main__":
    main()
