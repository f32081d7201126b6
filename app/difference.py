"""What is different between two versions of a text, word by word, in bounded time."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

LINES = re.compile(r"[^\n]*\n|[^\n]+")
WORDS = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")
# In pairs of lines or words that are compared. What would take more is shown as taken out and put in as a whole.
MOST_WORK = 20_000_000


class Piece(NamedTuple):
    """A part of a text: `kind` is "same", "del" for what only the earlier version has, "ins" for the later one."""

    kind: str
    text: str


class Work:
    """How much may still be compared, by all comparisons of a page together."""

    def __init__(self, left: int = MOST_WORK) -> None:
        self.left = left

    def take(self, amount: int) -> bool:
        """Whether there is enough left for so much, which is then taken."""
        enough = amount <= self.left
        self.left -= amount if enough else 0
        return enough


def compare(earlier: str, later: str, work: Work | None = None) -> list[Piece]:
    """The pieces of both versions in their order; without those that are "ins" they are the earlier one."""
    return list(_joined(_by_lines(earlier, later, work or Work())))


def _by_lines(earlier: str, later: str, work: Work) -> Iterator[Piece]:
    """Lines that both have stay together; between them, words are compared."""
    for is_same, before, after in _blocks(LINES.findall(earlier), LINES.findall(later), work):
        if is_same:
            yield Piece("same", before)
        else:
            yield from _by_words(before, after, work)


def _by_words(earlier: str, later: str, work: Work) -> Iterator[Piece]:
    for is_same, before, after in _blocks(WORDS.findall(earlier), WORDS.findall(later), work):
        yield from (Piece("same", before),) if is_same else (Piece("del", before), Piece("ins", after))


def _blocks(earlier: Sequence[str], later: Sequence[str], work: Work) -> Iterator[tuple[bool, str, str]]:
    """`(whether they are the same, part of the earlier, part of the later)` from the beginning to the end."""
    first = _common(earlier, later)
    last = _common(earlier[first:][::-1], later[first:][::-1])
    a, b = earlier[first : len(earlier) - last], later[first : len(later) - last]
    yield True, "".join(earlier[:first]), "".join(later[:first])
    if work.take(len(a) * len(b)):
        for tag, a1, a2, b1, b2 in SequenceMatcher(None, a, b).get_opcodes():
            yield tag == "equal", "".join(a[a1:a2]), "".join(b[b1:b2])
    else:
        yield False, "".join(a), "".join(b)
    yield True, "".join(earlier[len(earlier) - last :]), "".join(later[len(later) - last :])


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many tokens both begin with."""
    return next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other))
    )


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Without empty pieces, and with neighbours of one kind in one."""
    held: Piece | None = None
    for piece in pieces:
        if not piece.text:
            continue
        if held and held.kind == piece.kind:
            held = Piece(held.kind, held.text + piece.text)
            continue
        if held:
            yield held
        held = piece
    if held:
        yield held
