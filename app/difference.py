"""The difference between two versions of a text, both as HTML, word by word, in a bounded number of steps.

A difference is computed once, when a text is changed, and stored as numbers only, so it reveals nothing of a text that
is hidden or erased. It is shown as the later version looks, with what was taken out and put in marked.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

TAG = r'<(?:[^<>"]|"[^"]*+")*+>'
LINES = re.compile(rf"(?:{TAG}|[^\n])*+\n|(?:{TAG}|[^\n])++")
WORDS = re.compile(rf"{TAG}|&\w+;\s*|\w+\s*|[^\w\s]\s*|\s+")
TAGS = re.compile(f"({TAG})")
NUMBERED = re.compile(r'<li value="(\d+)">')
POINT_WITH_NUMBER = '<li class="numbered">'  # whose number is in its text, where it can be marked
LINKED = re.compile(r'<a (?!class="bare")[^>]*?href="([^"]*)"')  # words that do not show where they lead
SENTENCE_ENDS = frozenset(".!?…")
IN_A_LINE = frozenset("a strong em del code span".split())
EMPTY = frozenset({"br", "hr"})
# What has to stand around text within these elements, and within none.
PARAGRAPH, POINT, ROW = ("<p>", "</p>"), ("<li>", "</li>"), ("<tr><td>", "</td></tr>")
AROUND = {"": PARAGRAPH, "blockquote": PARAGRAPH, "ul": POINT, "ol": (POINT_WITH_NUMBER, "</li>")}
AROUND |= dict.fromkeys(("table", "thead", "tbody"), ROW) | {"tr": ("<td>", "</td>")}
# For one difference. A part that would take more is shown as removed and inserted as a whole.
MOST_STEPS = 150_000
STEPS_OF_A_CHANGE = 250  # since displaying a change takes longer than comparing two words

# Each row: how many characters are kept, how many are then removed, and how many are inserted in their place.
Difference = list[list[int]]


class Piece(NamedTuple):
    """A part of a text: `kind` is "same", "del" (only in the earlier version) or "ins" (only in the later one)."""

    kind: str
    text: str


class Block(NamedTuple):
    """Corresponding parts of both versions."""

    is_same: bool
    earlier: str
    later: str


class Run(NamedTuple):
    """A run of `length` equal tokens, which begins at these positions, and the run before it."""

    earlier: int
    later: int
    length: int
    before: "Run | None"


class Steps:
    """The number of steps left for all comparisons of one difference together."""

    def __init__(self, left: int = MOST_STEPS) -> None:
        self.left = left

    def share(self) -> int:
        """The number of steps that one comparison may take, which leaves some for those that follow."""
        return self.left // 2


def compare(earlier: str, later: str, most_steps: int = MOST_STEPS) -> Difference:
    """The difference between two versions."""
    found: Difference = []
    for is_same, before, after in _by_lines(earlier, later, Steps(most_steps)):
        if not found or (is_same and any(found[-1][1:])):
            found.append([0, 0, 0])
        row = found[-1]
        if is_same:
            row[0] += len(before)
        else:
            row[1] += len(before)
            row[2] += len(after)
    return found


def pieces(earlier: str, later: str, difference: Iterable[Sequence[int]]) -> Iterator[Piece]:
    """The pieces of both versions in order. Text that the difference does not cover counts as removed and inserted."""
    out = put = 0
    for same, taken, given in (*difference, (0, len(earlier), len(later))):
        yield from _pieces(earlier[out : out + same], "", "same")
        out, put = out + same, put + same
        yield from _pieces(earlier[out : out + taken], later[put : put + given], "del")
        out, put = out + taken, put + given


def marked(pieces: Iterable[Piece], signs: Mapping[str, tuple[str, str]]) -> str:
    """The later version as HTML, with <ins> and <del> around text; `signs` are put into these, before and after it.
    Numbers of points and targets of links that have changed are text too."""
    made = _Marked(signs)
    for kind, text in pieces:
        if kind == "del":
            made.removed(text)
            continue
        for at, part in enumerate(TAGS.split(text)):
            if at % 2:
                made.tag(part, kind)
            else:
                made.text(part, kind)
    return "".join(made.parts)


class _Marked:
    def __init__(self, signs: Mapping[str, tuple[str, str]]) -> None:
        self.signs = signs
        self.parts: list[str] = []
        self.opened: list[str] = []  # the names of the elements that are open
        # What has to be shown with the next text, and after the end of the link, by kind.
        self.numbers = {"del": "", "ins": ""}
        self.targets = {"del": "", "ins": ""}

    def tag(self, tag: str, kind: str) -> None:
        """Add a tag of the later version."""
        name = _name_of(tag)
        if kind == "ins" and (number := NUMBERED.match(tag)):
            self.numbers["ins"] = f"{number[1]}. "
            tag = POINT_WITH_NUMBER
        self.parts.append(tag)
        if not tag.startswith("</"):
            if name not in EMPTY:
                self.opened.append(name)
            self._keep_target(tag, kind)
            return
        del self.opened[-1:]
        if name == "a":
            self.parts += [self._mark(self._target(one), one) for one in self.targets if kind in {one, "same"}]

    def text(self, text: str, kind: str) -> None:
        """Add what is no tag in the later version; a part of one would only be left over by a difference of other
        texts."""
        if text.strip():
            self.parts.append(self._number("del"))
            if kind == "ins":
                text, self.numbers["ins"] = self.numbers["ins"] + text, ""
            self.parts.append(self._number("ins"))
        self.parts.append(self._mark(text, kind) if kind == "ins" else _text(text))

    def removed(self, html: str) -> None:
        """Add the texts of the blocks in HTML that was taken out, in which an end or a beginning of a block may
        be missing, each with the number of its point."""
        texts = [""]
        number = ""  # not followed by its text yet
        for at, part in enumerate(TAGS.split(html)):
            name = _name_of(part)
            if at % 2 == 0:
                if part.strip():
                    texts[-1], number = texts[-1] + number, ""
                texts[-1] += part
            elif part == "</a>":
                texts[-1] += self._target("del")
            elif name not in IN_A_LINE:
                number = f"{found[1]}. " if (found := NUMBERED.match(part)) else number
                texts.append("")
            else:
                self._keep_target(part, "del")
        before, after = AROUND.get(self.opened[-1] if self.opened else "", ("", ""))
        for text in filter(str.strip, texts):
            shown = self._number("del") + self._number("ins") + self._mark(text, "del")
            self.parts.append(f"{before}{shown}{after}{'' if text[0].isspace() else ' '}")
        self.numbers["del"] += number

    def _keep_target(self, tag: str, kind: str) -> None:
        if kind in self.targets and (found := LINKED.match(tag)):
            self.targets[kind] = f" ({found[1]})"

    def _target(self, kind: str) -> str:
        target, self.targets[kind] = self.targets[kind], ""
        return target

    def _number(self, kind: str) -> str:
        number, self.numbers[kind] = self.numbers[kind], ""
        return f"{self._mark(number.rstrip(), kind)} " if number else ""

    def _mark(self, text: str, kind: str) -> str:
        words = text.lstrip()
        if not words:
            return text
        before, after = self.signs[kind]
        return f"{text[: len(text) - len(words)]}<{kind}>{before}{_text(words)}{after}</{kind}>"


def _text(part: str) -> str:
    return part.replace("<", "&lt;")


def _name_of(tag: str) -> str:
    return tag.strip("</>").partition(" ")[0]


def _pieces(before: str, after: str, kind: str) -> Iterator[Piece]:
    if before:
        yield Piece(kind, before)
    if after:
        yield Piece("ins", after)


def _by_lines(earlier: str, later: str, steps: Steps) -> Iterator[Block]:
    """Compare line by line, and then the lines that differ word by word."""
    for block in _blocks(LINES.findall(earlier), LINES.findall(later), steps):
        if block.is_same:
            yield block
        else:
            yield from _blocks(WORDS.findall(block.earlier), WORDS.findall(block.later), steps)


def _blocks(earlier: Sequence[str], later: Sequence[str], steps: Steps) -> Iterator[Block]:
    """The blocks in order. Between the common beginning and end, there is one block if comparing takes too long."""
    first = _common(earlier, later)
    last = _common(earlier[first:][::-1], later[first:][::-1])
    end_a, end_b = len(earlier) - last, len(later) - last
    pairs = [(at, at) for at in range(first)]
    pairs += ((first + x, first + y) for x, y in _pairs(earlier[first:end_a], later[first:end_b], steps))
    pairs += zip(range(end_a, len(earlier)), range(end_b, len(later)), strict=True)
    pairs = _slid(pairs, earlier, later)
    pairs = [(x, y) for y, x in _slid([(y, x) for x, y in pairs], later, earlier)]
    at_a = at_b = 0
    for x, y in pairs:
        if (x, y) != (at_a, at_b):
            yield Block(False, "".join(earlier[at_a:x]), "".join(later[at_b:y]))
        same = len(earlier[x] if earlier[x] == later[y] else _bare(earlier[x]))
        yield Block(True, earlier[x][:same], later[y][:same])
        yield Block(False, earlier[x][same:], later[y][same:])
        at_a, at_b = x + 1, y + 1
    yield Block(False, "".join(earlier[at_a:]), "".join(later[at_b:]))


def _bare(token: str) -> str:
    """A token without the space after it, which a word at the end of a paragraph has not."""
    return token.rstrip() or token


def _slid(pairs: Sequence[tuple[int, int]], a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """As many pairs, with each run that only `b` has at the best of the places that it can take: "One. Two. Three."
    has the sentence "Two." more than "One. Three."."""
    edges = [(-1, -1), *pairs, (len(a), len(b))]
    for at in range(1, len(edges)):
        begin, end = edges[at - 1][1] + 1, edges[at][1]
        if begin == end or edges[at][0] != edges[at - 1][0] + 1:
            continue
        left = _reach(edges, a, b, range(at - 1, 0, -1), end - begin)
        right = _reach(edges, a, b, range(at, len(edges) - 1), begin - end)
        places = sorted(range(-left, right + 1), key=abs)
        place = max(places, key=lambda place: _worth(b, begin + place, end + place))
        for moved in range(at + min(place, 0), at + max(place, 0)):
            x, y = edges[moved]
            edges[moved] = x, y + (end - begin if place < 0 else begin - end)
    return edges[1:-1]


def _reach(edges: Sequence[tuple[int, int]], a: Sequence[str], b: Sequence[str], way: range, by: int) -> int:
    """How many pairs on the way from a run can be moved by its length; one of them may differ in its space."""
    uneven = 0
    for reach, at in enumerate(way):
        x, y = edges[at]
        if (reach and edges[at - way.step] != (x - way.step, y - way.step)) or _bare(b[y]) != _bare(b[y + by]):
            return reach
        uneven += a[x] != b[y + by]
        if uneven > 1:
            return reach
    return len(way)


def _worth(tokens: Sequence[str], begin: int, end: int) -> int:
    """How well a run reads: best as a whole block, then as a whole sentence."""
    first, before = tokens[begin], _bare(tokens[begin - 1]) if begin else ""
    if first.startswith("<") and not first.startswith("</") and _name_of(first) not in IN_A_LINE | EMPTY:
        return 2
    return _bare(tokens[end - 1]) in SENTENCE_ENDS and (before in SENTENCE_ENDS or before.startswith("<"))


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """The number of equal tokens at the beginning of both."""
    return next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other))
    )


def _pairs(a: Sequence[str], b: Sequence[str], steps: Steps) -> list[tuple[int, int]]:
    """The positions of a longest common subsequence in both, in order; empty if that takes too many steps.

    Only tokens that both contain are compared, since no others can be part of it.
    """
    bare_a, bare_b = [_bare(token) for token in a], [_bare(token) for token in b]
    shared = set(bare_a) & set(bare_b)
    in_a = [at for at, token in enumerate(bare_a) if token in shared]
    in_b = [at for at, token in enumerate(bare_b) if token in shared]
    most = steps.share()
    taken, run = _trace([bare_a[at] for at in in_a], [bare_b[at] for at in in_b], most)
    pairs: list[tuple[int, int]] = []
    while run:
        parts = (places[first : first + run.length] for places, first in ((in_a, run.earlier), (in_b, run.later)))
        pairs += reversed(list(zip(*parts, strict=True)))
        run = run.before
    pairs.reverse()
    changes = sum((x + 1, y + 1) != following for (x, y), following in pairwise(pairs))
    changes += sum(a[x] != b[y] for x, y in pairs)
    taken += changes * STEPS_OF_A_CHANGE
    steps.left -= min(taken, most)
    return pairs if taken <= most else []


def _trace(a: Sequence[str], b: Sequence[str], most: int) -> tuple[int, Run | None]:
    """The number of steps taken and the last run of a longest common subsequence. Stops after more than `most` steps.

    This is the greedy algorithm of E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986).

    After each edit, every diagonal is followed as far as both sequences match.
    """
    taken = 0
    reached: dict[int, tuple[int, Run | None]] = {1: (0, None)}  # by diagonal (place in a - place in b): place in a
    for edits in range(len(a) + len(b) + 1):
        for diagonal in range(-edits, edits + 1, 2):
            begin, run = _next(reached, diagonal, edits)
            end = _end(a, b, begin, diagonal)
            if end > begin:
                run = Run(begin, begin - diagonal, end - begin, run)
            reached[diagonal] = end, run
            taken += 1 + end - begin
            if taken > most or (end >= len(a) and end - diagonal >= len(b)):
                return taken, run
    raise AssertionError("both end after as many edits as they have tokens")


def _next(reached: dict[int, tuple[int, Run | None]], diagonal: int, edits: int) -> tuple[int, Run | None]:
    """The position on a diagonal, entered from the neighbour that has come further: by deleting a token of `a`, or by
    inserting one of `b`."""
    if diagonal == -edits or (diagonal != edits and reached[diagonal - 1][0] < reached[diagonal + 1][0]):
        return reached[diagonal + 1]
    place, run = reached[diagonal - 1]
    return place + 1, run


def _end(a: Sequence[str], b: Sequence[str], place: int, diagonal: int) -> int:
    """How far both sequences match from this place in `a`."""
    while place < len(a) and place - diagonal < len(b) and a[place] == b[place - diagonal]:
        place += 1
    return place
