"""How the processor time of a request grows with its size."""

import time
from collections.abc import Callable

FLOOR = 0.05  # in seconds of processor time: less is too little to compare
RUNS = 3
MOST_GROWTH = 2.5
COMPARISONS = 3  # other work on the machine spoils one at times; work that grows too fast fails in each


def check_growth(send: Callable[[int], object], size: int, told: str = "") -> None:
    """Check that twice the size takes at most 2.5 times the processor time, or less than FLOOR."""
    if _work(send, 2 * size, 1) < FLOOR:
        return
    found = []
    for _ in range(COMPARISONS):
        smaller, larger = _work(send, size, RUNS), _work(send, 2 * size, RUNS)
        if larger < FLOOR or larger <= MOST_GROWTH * smaller:
            return
        found.append(f"{smaller:.3f} s, then {larger:.3f} s")
    raise AssertionError(f"{told}: {'; '.join(found)}")


def _work(send: Callable[[int], object], size: int, runs: int) -> float:
    """The least processor time of this many runs, in seconds."""
    found = []
    for _ in range(runs):
        start = time.process_time()
        send(size)
        found.append(time.process_time() - start)
    return min(found)
