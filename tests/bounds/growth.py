"""How the work that a request makes grows with what it holds."""

import time
from collections.abc import Callable

FLOOR = 0.05  # in seconds of the processor: less is too little to be compared
RUNS = 3
MOST_GROWTH = 2.5


def check_growth(send: Callable[[int], object], size: int, told: str = "") -> None:
    """Twice as much makes at most 2.5 times the work, unless it makes hardly any."""
    if _work(send, 2 * size, 1) < FLOOR:
        return
    smaller, larger = _work(send, size, RUNS), _work(send, 2 * size, RUNS)
    assert larger < FLOOR or larger <= MOST_GROWTH * smaller, f"{told}: {smaller:.3f} s, then {larger:.3f} s"


def _work(send: Callable[[int], object], size: int, runs: int) -> float:
    """In seconds of the processor, the least of so many runs."""
    found = []
    for _ in range(runs):
        start = time.process_time()
        send(size)
        found.append(time.process_time() - start)
    return min(found)
