"""Pages of any length, such as whole documents and exports, are made in turn: however many are asked for at once, a
process makes one at a time, and has threads left for all other pages.

Signed-in people have a line of their own, so that strangers cannot keep them from their exports.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import BoundedSemaphore

from flask.typing import ResponseReturnValue

from app.errors import TooBusy
from app.viewer import viewer

SECONDS_TO_WAIT = 5.0
MOST_IN_LINE = 2  # the page being made included: each holds one of the threads of the server, which are four


class Line:
    """A line of requests, of which the first is served."""

    def __init__(self) -> None:
        self._places = BoundedSemaphore(MOST_IN_LINE)
        self._first = BoundedSemaphore()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait in line, and be the first. Raises TooBusy where the line is full, or does not move in time."""
        with _held(self._places, 0), _held(self._first, SECONDS_TO_WAIT):
            yield


STRANGERS, SIGNED_IN = Line(), Line()


def in_turn(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """For a view without a bound on its work. What it answers has to be made when it returns, not while it is sent."""

    @wraps(view)
    def waiting(*args: object, **kwargs: object) -> ResponseReturnValue:
        with (SIGNED_IN if viewer().is_authenticated else STRANGERS).turn():
            return view(*args, **kwargs)

    return waiting


@contextmanager
def _held(semaphore: BoundedSemaphore, seconds: float) -> Iterator[None]:
    if not semaphore.acquire(timeout=seconds):
        raise TooBusy
    try:
        yield
    finally:
        semaphore.release()
