"""How much work a Markdown text makes, counted before and during parsing; too much is refused.

Python-Markdown takes quadratic time for some texts that people do not write (rules or headings by the
thousand, lone back quotes, a table with thousands of columns), and is slow for each line and sign.
"""

import re
import xml.etree.ElementTree as etree

from markdown import Markdown
from markdown.blockparser import BlockParser
from markdown.blockprocessors import BlockProcessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from app.errors import TooIntricate

# In characters gone over; the longest text of a form, written as people write, takes about a tenth of it.
MOST_WORK = 3_000_000
WORK_OF_A_LINE = 600  # each can be an element
WORK_OF_A_SIGN = 300  # each can be one too, and is looked for from the beginning of its text
LOOKED_THROUGH_FOR_ONE = 2  # characters in which the partner of a sign is looked for, which is quicker
WORK_OF_A_CELL = 500  # each row is filled up to the columns of the first, and each cell is parsed
DEEPEST_QUOTE = 20
DEEPEST_LIST = 12
LISTS = ("ul", "ol")
DEEP_QUOTE = re.compile(rf"^(?:[ \t]*>){{{DEEPEST_QUOTE + 1}}}", re.MULTILINE)
PAIRED = re.compile(r"`+|\*+|_+")
SIGN = re.compile(rf"\\.|[&<@\[]|https?:|{PAIRED.pattern}")


class Work:
    """How much a text may still take. Raises TooIntricate if it is too much before parsing."""

    def __init__(self, source: str) -> None:
        self.left = MOST_WORK
        if DEEP_QUOTE.search(source):
            raise TooIntricate
        signs = sum(1 for _ in SIGN.finditer(source))
        self.take(source.count("\n") * WORK_OF_A_LINE + signs * WORK_OF_A_SIGN)

    def take(self, amount: int) -> None:
        """Count this amount. Raises TooIntricate when the total is too much."""
        self.left -= amount
        if self.left < 0:
            raise TooIntricate

    def watch(self, parser: Markdown) -> None:
        """Count what a parser goes over; it raises TooIntricate where that is too much."""
        parser.parser.blockprocessors.register(_BlockWork(parser.parser, self), "work", 1000)
        parser.treeprocessors.register(_ListDepth(), "list_depth", 1010)
        parser.treeprocessors.register(_InlineWork(self), "work", 1000)


class _BlockWork(BlockProcessor):
    """Claims no block; counts those that the others are going to look at, and the cells of their tables."""

    def __init__(self, parser: BlockParser, work: Work) -> None:
        super().__init__(parser)
        self.work = work

    def test(self, parent: etree.Element, block: str) -> bool:
        heading, _, rows = block.partition("\n")
        cells = heading.count("|") * rows.count("\n")
        self.work.take(len(block) + cells * WORK_OF_A_CELL + block.count("|") * block.count("`"))
        return False


class _ListDepth(Treeprocessor):
    """Refuses lists within lists beyond what a page has room for."""

    def run(self, root: etree.Element) -> None:
        waiting = [(root, 0)]
        while waiting:
            element, depth = waiting.pop()
            depth += element.tag in LISTS
            if depth > DEEPEST_LIST:
                raise TooIntricate
            waiting += [(child, depth) for child in element]


class _InlineWork(Treeprocessor):
    """Counts the way from each sign that comes in pairs to the end of its text, where its partner is looked for."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.work = work

    def run(self, root: etree.Element) -> None:
        texts = [text for element in root.iter() for text in (element.text, element.tail) if text]
        looked_through = sum(_pairing_work(text) for text in texts if not isinstance(text, AtomicString))
        self.work.take(looked_through // LOOKED_THROUGH_FOR_ONE)


def _pairing_work(text: str) -> int:
    """A row of such signs is searched again from each sign."""
    rows = PAIRED.findall(text)
    return len(rows) * len(text) + sum(len(row) ** 2 for row in rows)
