"""Pages without a limit of length, such as proceedings and exports, are made in turn: a process makes one at a time for
each line, however many are requested, so that threads remain for all other pages.

People who are signed in have their own line, so that strangers cannot hold up their exports.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import BoundedSemaphore

from flask.typing import ResponseReturnValue

from app.errors import TooBusy
from app.viewer import viewer

SECONDS_TO_WAIT = 5.0
MOST_IN_LINE = 2  # including the page being made: each occupies one of the four threads of the server


class Line:
    """A queue of requests, served one at a time."""

    def __init__(self) -> None:
        self._places = BoundedSemaphore(MOST_IN_LINE)
        self._first = BoundedSemaphore()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait in line for a turn. Raises TooBusy if the line is full or does not move in time."""
        with _held(self._places, 0), _held(self._first, SECONDS_TO_WAIT):
            yield


STRANGERS, SIGNED_IN = Line(), Line()


def in_turn(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """A decorator for a view whose work is not bounded. Its answer must be complete when it returns, not streamed."""

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
