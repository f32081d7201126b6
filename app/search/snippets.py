"""The part of a text in which the words of a search stand, with these words marked."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.search.tokens import ALGORITHMS, Word, tokens, words_of
from app.search.words import Term

LENGTH = 280  # characters
BEFORE = 60  # of these, at most so many before the first word that is marked
Piece = tuple[str, bool]  # a part of a text, and whether it is marked


class _Mark(NamedTuple):
    start: int
    end: int
    term: int


def snippet(text: str, terms: Sequence[Term], length: int = LENGTH) -> list[Piece]:
    """The part of the text that has most of the terms, or its beginning where it has none."""
    best: list[_Mark] = []
    here: list[_Mark] = []
    for mark in _marks(text, terms):
        here = [*(one for one in here if mark.end - one.start <= length - BEFORE), mark]
        if len({one.term for one in here}) > len({one.term for one in best}):
            best = here
        if len({one.term for one in best}) == len(terms) and mark.start - best[0].start > length:
            break
        if best and here[0] is best[0]:
            best = here
    start = max(best[0].start - BEFORE, 0) if best else 0
    start = text.find(" ", start) + 1 if 0 < start < len(text) and " " in text[start : start + BEFORE] else start
    end = start + length
    if end < len(text):
        end = max(text.rfind(" ", start, end), best[-1].end if best else 0) if " " in text[start:end] else end
    return list(_cut(text, start, end, [one for one in best if one.start >= start and one.end <= end]))


def whole(text: str, terms: Sequence[Term]) -> list[Piece]:
    """The whole text, with the words marked."""
    return list(_cut(text, 0, len(text), list(_marks(text, terms))))


def _marks(text: str, terms: Sequence[Term]) -> Iterator[_Mark]:
    """Where the words of the terms stand, in order; a phrase is one mark, which may be part of another."""
    single = {one: at for at, term in enumerate(terms) if len(term.words) == 1 for one in term.alternatives[0]}
    phrases = {term.phrase: at for at, term in enumerate(terms) if len(term.words) > 1}
    longest = max((len(term.words) for term in terms), default=0)
    before: list[Word] = []
    end = 0
    for word in words_of(text):
        before = [*before, word][-longest:] if phrases else []
        found = next((single[one] for one in tokens(word, *ALGORITHMS) if one in single), None) if single else None
        mark = _Mark(word.start, word.end, found) if found is not None else None
        for at in range(len(before) - 1):
            if (term := phrases.get(" ".join(one.folded for one in before[at:]))) is not None:
                mark = _Mark(before[at].start, word.end, term)
        if mark and mark.start >= end:
            end = mark.end
            yield mark


def _cut(text: str, start: int, end: int, marks: Sequence[_Mark]) -> Iterator[Piece]:
    if start:
        yield "… ", False
    at = start
    for mark in marks:
        yield text[at : mark.start], False
        yield text[mark.start : mark.end], True
        at = mark.end
    yield text[at:end], False
    if end < len(text):
        yield " …", False
