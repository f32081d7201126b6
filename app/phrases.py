"""The marks within a paragraph: emphasis, words shown exactly as typed, links, and numbers of messages.

A mark counts only where it is used as the help of the forms says (`markdown_help` in templates/macros/forms.html);
anywhere else it is a character like any other, and stays. The time is linear.
"""

import re
import unicodedata
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from html import escape
from itertools import islice
from typing import NamedTuple
from xml.etree.ElementTree import TreeBuilder

from app.plain import BLANKS

NUMBER = re.compile(r"(?<![\w\#&/])\#[1-9][0-9]{0,9}(?!\w|[.,/][0-9])")
TOKEN = re.compile(
    r"""(?x)
    \\(?P<escaped>[][*_`\#>|-])
    | (?<![\w`])`(?P<code>(?!\s)[^`\n]++(?<!\s))`(?![\w`])
    | \[(?!\s*+\])(?P<label>(?:[^][\n]++|\[[^][\n]*+\])++(?:\n(?:[^][\n]++|\[[^][\n]*+\])++)?+)\]
      \(\ *+(?P<address>(?:[^\s()<>]++|\([^\s()<>]*+\))++)\ *+\)
    | (?<![^\W_])(?P<bare>(?i:https?://|www\.)(?=[^\W_]))
    | <(?P<mail>[^\s<>@]++@[^\s<>@]++)>
    | (?P<number>"""
    + NUMBER.pattern
    + r""")
    | (?P<marks>[*_]++)"""
)
ESCAPED = re.compile(r"\\([][*_`#>|-])")
RUN = re.compile(r"\*+|_+")
HOST = re.compile(r"https?://(?=\w)|(?=www\.[^\W_][\w-]*+\.[^\W_])", re.IGNORECASE)
ADDRESS = re.compile(r"https?://\S|mailto:\S", re.IGNORECASE)
MAILTO = re.compile("^mailto:", re.IGNORECASE)
LOCAL_PATH = re.compile(r"/(?![/\\])[^\\]*$")
# Where readers see the end of an address in a text: spaces, quotation marks, an ellipsis, signs of Arabic, of East
# Asian languages and of full width. Then what cannot be seen, and what is seldom the last character of an address.
ENDS = re.compile(
    r"""[\s<>"`\u00ab\u00bb\u2018-\u201f\u2026\u2039\u203a\u060c\u061b\u061f\u3001-\u3003\u3008-\u3011\u3014-\u301f"""
    r"""\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]"""
)
UNSEEN = frozenset({"Cf", "Cc", "Co", "Cs"})
OPENED_BY = {")": "(", "]": "[", "}": "{"}
SELDOM_LAST = ".,;:!?*'([{"  # and a low line that ends an emphasis
AFTER_THE_HOST = frozenset("/?#")
LETTER_ON_BOTH_SIDES = re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_])")
# The sizes of the marks of emphasis that a row of signs, by its length, consists of; other rows are none.
MARKS: dict[str, dict[int, tuple[int, ...]]] = {"*": {1: (1,), 2: (2,), 3: (2, 1)}, "_": {1: (1,), 2: (2,)}}
INSIDE_A_NAME = re.compile(r"\.[^\W_]")
TAGS = {1: "em", 2: "strong"}
BARE = "bare"  # the class of links that show their address
# The characters of words, by the first letter of their categories; then other characters that may stand at the edges of
# emphasized words, outside and inside, by their category or themselves. Those that Python does not know yet (Cn) count
# as symbols.
WORD = frozenset("LNM")
QUOTES = frozenset("\"'")
BEFORE = frozenset({"Zs", "Cf", "Ps", "Pi", "Pf", "Pd", *"\n\"'¿¡"})
FIRST = frozenset({"Ps", "Pi", "Pf", "Pd", "Sc", "So", "Sk", "Sm", "Cn", *"\"'¿¡#§&@%"})
LAST = frozenset({"Pe", "Pi", "Pf", "Pd", "Po", "Sc", "So", "Sk", "Sm", "Cn"})
AFTER = frozenset({"Zs", "Cf", "Pe", "Pi", "Pf", "Pd", "Po", "\n"})


class Tag(NamedTuple):
    """The beginning of an element; without attributes (None) its end."""

    name: str
    attributes: dict[str, str] | None = None


Piece = str | Tag
Made = tuple[Sequence[Piece], int]  # pieces, and where in the text their source ends


@dataclass(frozen=True)
class Allowed:
    """Where links may lead: to the messages `cited`, and from `official` texts also to paths of the site."""

    cited: Container[int] = ()
    official: bool = False

    def may_link_to(self, address: str) -> bool:
        return bool(ADDRESS.match(address) or (self.official and LOCAL_PATH.match(address)))


def write_phrases(tree: TreeBuilder, text: str, allowed: Allowed) -> None:
    """Add the text of one paragraph to a tree. A line end in it stays one."""
    for piece in _pieces(text, allowed):
        if isinstance(piece, str):
            tree.data(piece)
        elif piece.attributes is None:
            tree.end(piece.name)
        else:
            tree.start(piece.name, piece.attributes)


def _pieces(text: str, allowed: Allowed, *, is_in_link: bool = False) -> list[Piece]:
    written = _Written(allowed)
    at = 0
    while found := TOKEN.search(text, at):
        written.text(text[at : found.start()])
        kind = found.lastgroup or ""
        if kind == "marks":
            written.marks(found)
            at = found.end()
        elif is_in_link and kind in LINKS:
            at = _as_text(written, text, found)
        elif made := MAKERS[kind](found, written):
            pieces, at = made
            written.pieces.extend(pieces)
        else:
            at = _as_text(written, text, found)
    written.text(text[at:])
    return written.pieces


def numbers_in(text: str, most: int) -> set[int]:
    """Up to `most` numbers of a text that may be those of messages."""
    return set(islice((int(found[0][1:]) for found in NUMBER.finditer(text)), most))


def line(text: str, cited: Container[int]) -> str:
    """The HTML of a line of plain text, with links to the messages `cited`."""
    return NUMBER.sub(lambda found: _message_link(found[0]) if int(found[0][1:]) in cited else found[0], escape(text))


def _message_link(number: str) -> str:
    """The HTML of a link to a message. Its path is completed where it is shown (app/markup.py)."""
    return f'<a class="{BARE}" href="/messages/{number[1:]}/" rel="nofollow">{number}</a>'


class _Written:
    """What has been read so far, in pieces. A mark that may begin an emphasis is a piece of its own until its partner
    is found."""

    def __init__(self, allowed: Allowed) -> None:
        self.allowed = allowed
        self.pieces: list[Piece] = []
        self.begun: dict[tuple[str, int], list[int]] = {}  # the places of such pieces, by sign and size

    def text(self, text: str) -> None:
        first, *others = text.split("\n")
        self.pieces.append(first)
        for line in others:
            self.begun = {}  # no emphasis goes on in the next line
            self.pieces += Tag("br", {}), Tag("br"), f"\n{line}"

    def marks(self, found: re.Match[str]) -> None:
        """Signs of emphasis without anything between them, such as `**_`, which stand at the same edge of a word."""
        first = len(self.pieces)
        text, start, end = found.string, found.start(), found.end()
        before, after = text[start - 1 : start] or "\n", text[end : end + 1] or "\n"
        begins, ends = _begins(before, after), _ends(before, after) and not INSIDE_A_NAME.match(text, end)
        for run in RUN.findall(found[0]):
            sizes = MARKS[run[0]].get(len(run), ())
            if ends and sizes and all(self._last(run[0], size) in range(first) for size in sizes):
                for size in sorted(sizes, key=lambda size: -self._last(run[0], size)):
                    self._end(run[0], size)
            elif begins and sizes:
                for size in sizes:
                    self.begun.setdefault((run[0], size), []).append(len(self.pieces))
                    self.pieces.append(run[0] * size)
            else:
                self.pieces.append(run)

    def _last(self, sign: str, size: int) -> int:
        """The place of the last such mark that may begin an emphasis; -1 if there is none."""
        places = self.begun.get((sign, size))
        return places[-1] if places else -1

    def _end(self, sign: str, size: int) -> None:
        """End the emphasis that the last such mark begins. Marks between them are characters, and so are earlier ones
        of this size, since no emphasis is inside another of its kind."""
        place = self.begun[sign, size][-1]
        self.pieces[place] = Tag(TAGS[size], {})
        self.pieces.append(Tag(TAGS[size]))
        for mark, places in self.begun.items():
            if mark[1] == size:
                places.clear()
            while places and places[-1] > place:
                places.pop()


def _as_text(written: _Written, text: str, found: re.Match[str]) -> int:
    """Write the first character of what is no mark here, and return where it ends."""
    written.text(text[found.start()])
    return found.start() + 1


def _begins(before: str, after: str) -> bool:
    """Whether a mark with these characters around it stands where words begin."""
    if _is_of_a_word(before) or not _is_one_of(before, BEFORE):
        return False
    return _is_of_a_word(after) or (_is_one_of(after, FIRST) and before not in QUOTES)


def _ends(before: str, after: str) -> bool:
    """Whether a mark with these characters around it stands where words end."""
    if _is_of_a_word(after) or not _is_one_of(after, AFTER):
        return False
    return _is_of_a_word(before) or (_is_one_of(before, LAST) and after not in QUOTES)


def _is_of_a_word(char: str) -> bool:
    return unicodedata.category(char)[0] in WORD


def _is_one_of(char: str, kinds: frozenset[str]) -> bool:
    return char in kinds or unicodedata.category(char) in kinds


def _escaped(found: re.Match[str], _written: _Written) -> Made | None:
    return found["escaped"], found.end()


def _code(found: re.Match[str], _written: _Written) -> Made | None:
    return (Tag("code", {}), found["code"], Tag("code")), found.end()


def _linked_words(found: re.Match[str], written: _Written) -> Made | None:
    label, address = found["label"], ESCAPED.sub(r"\1", found["address"])
    if not written.allowed.may_link_to(address):
        return None
    is_bare = label in {address, MAILTO.sub("", address)}
    return _link(address, _pieces(label, written.allowed, is_in_link=True), is_bare=is_bare), found.end()


def _bare_address(found: re.Match[str], written: _Written) -> Made | None:
    """Only what begins with a host is read to its end: a row of `www.a/` would be read from each of them."""
    text, start = found.string, found.start()
    if not (host := HOST.match(text, start)):
        return None
    end = _end_of_address(text, host.end(), written)
    if not HOST.match(text, start, end):
        return None
    address = text[start:end]
    return _link(address if host[0] else f"https://{address}", [address], is_bare=True), end


def _mail_address(found: re.Match[str], _written: _Written) -> Made | None:
    address = MAILTO.sub("", found["mail"])  # Outlook writes it
    return ("<", *_link(f"mailto:{address}", [found["mail"]], is_bare=True), ">"), found.end()


def _number(found: re.Match[str], written: _Written) -> Made | None:
    number = found["number"]
    if int(number[1:]) not in written.allowed.cited:
        return None
    return _link(f"/messages/{number[1:]}/", [number], is_bare=True), found.end()


MAKERS: dict[str, Callable[[re.Match[str], _Written], Made | None]] = {
    "escaped": _escaped,
    "code": _code,
    "address": _linked_words,
    "bare": _bare_address,
    "mail": _mail_address,
    "number": _number,
}
LINKS = frozenset({"address", "bare", "mail", "number"})


def _link(address: str, label: Sequence[Piece], *, is_bare: bool) -> list[Piece]:
    """A link; print versions repeat its address unless it `is_bare`, since its label shows it."""
    kind = {"class": BARE} if is_bare else {}
    return [Tag("a", {**kind, "href": address}), *label, Tag("a")]


def _end_of_address(text: str, start: int, written: _Written) -> int:
    """Where a reader sees the end of a web address whose host begins at `start`."""
    opened: list[str] = []
    end, is_host = start, True
    while end < len(text) and not _ends_an_address(text, end, is_host=is_host):
        char = text[end]
        is_host = is_host and char not in AFTER_THE_HOST
        if char in OPENED_BY.values():
            opened.append(char)
        elif char in OPENED_BY and (not opened or opened.pop() != OPENED_BY[char]):
            break
        end += 1
    while cut := _seldom_last(text, end, written):
        end -= cut
    return end


def _seldom_last(text: str, end: int, written: _Written) -> int:
    """How many characters at the end of an address are none of it: a full stop, marks that end an emphasis."""
    if text[end - 1] == "_":
        row = next(length for length in range(1, end) if text[end - length - 1] != "_")
        return row if written.begun.get(("_", row)) else 0
    return int(text[end - 1] in SELDOM_LAST)


def _ends_an_address(text: str, at: int, *, is_host: bool) -> bool:
    char = text[at]
    if char == "'":
        return is_host or not LETTER_ON_BOTH_SIDES.match(text, at)
    return bool(ENDS.match(char)) or char in BLANKS or unicodedata.category(char) in UNSEEN
