"""Whether work grows no faster than what it is given: never in seconds, always as a ratio within one process."""

import gc
import time
from collections.abc import Callable

MOST = 2.5  # times the work, for twice the input
ROUNDS = 12


def processor_time(work: Callable[[], object]) -> float:
    """In seconds, without the collector, whose turns are those of the whole process."""
    gc.disable()
    try:
        begun = time.process_time()
        work()
        return time.process_time() - begun
    finally:
        gc.enable()


def ratio(half: Callable[[], object], whole: Callable[[], object], ordinary: Callable[[], object]) -> float:
    """How many times the work of the half the whole takes, or of what is `ordinary` where the half takes less.

    The least of several rounds counts, since whatever else the machine does can only add to the work; no more rounds
    are taken than needed.
    """
    least = [float("inf")] * 3
    for _ in range(ROUNDS):
        least = [min(known, processor_time(work)) for known, work in zip(least, (half, whole, ordinary), strict=True)]
        if least[1] <= MOST * max(least[0], least[2]):
            break
    return least[1] / max(least[0], least[2])
