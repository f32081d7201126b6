"""`make bench`: what a page costs, as ratios to a bare Flask route with the same bytes in the same run.

Times of a machine mean little on another, and vary on the same one; a ratio of two servers that are
measured in turn, several times over, holds. Linux only: processor times come from /proc.
"""

import statistics
import tempfile
from pathlib import Path

from bench.data import load_sample, settings
from bench.load import fetch, microseconds_per_page, resident_megabytes, serving

ROUNDS = 9
REQUESTS = 1000
PORTS = (8391, 8392)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = f"/es/topics/{load_sample(folder)}/"
        body = folder / "page.html"
        environment = settings(folder) | {"BARE_BODY": str(body)}
        with serving("wsgi:app", PORTS[0], environment) as pid:
            body.write_bytes(fetch(PORTS[0], path).read())
            _print_sizes(path)
            with serving("bench.bare:app", PORTS[1], environment) as bare:
                _print_ratios(path, pid, bare)
            print(f"memory of the server after that: {resident_megabytes(pid):.0f} MB")


def _print_sizes(path: str) -> None:
    for encoding in ("identity", "gzip", "br"):
        answer = fetch(PORTS[0], path, encoding)
        print(f"{path} {encoding}: {len(answer.read()):,} bytes")


def _print_ratios(path: str, pid: int, bare: int) -> None:
    ratios = []
    for turn in range(ROUNDS):
        page = microseconds_per_page(pid, PORTS[0], path, REQUESTS)
        route = microseconds_per_page(bare, PORTS[1], path, REQUESTS)
        ratios.append(route / page)
        print(f"round {turn + 1}: page {page:.0f} µs, bare route {route:.0f} µs, ratio {route / page:.3f}")
    print(f"bare route / topic page of 20 messages, median of {ROUNDS}: {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
