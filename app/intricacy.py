"""The work of parsing a Markdown text, estimated before and during parsing; texts that take too much are refused.

Python-Markdown takes quadratic time for some texts that people do not write (thousands of rules or headings, single
back quotes, a table with thousands of columns), and much time for each line and each sign.
"""

import re
import xml.etree.ElementTree as etree

from markdown import Markdown
from markdown.blockparser import BlockParser
from markdown.blockprocessors import BlockProcessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from app.errors import TooIntricate

# In characters scanned. The longest text that a form accepts takes about a tenth of it, if it is ordinary text.
MOST_WORK = 3_000_000
WORK_OF_A_LINE = 600  # each may become an element
WORK_OF_A_SIGN = 300  # likewise; each search for one begins at the start of the text
LOOKED_THROUGH_FOR_ONE = 2  # searching for the partner of a sign is faster: two characters count as one
WORK_OF_A_CELL = 500  # each row is extended to the columns of the first, and each cell is parsed
DEEPEST_QUOTE = 20
DEEPEST_LIST = 12
LISTS = ("ul", "ol")
DEEP_QUOTE = re.compile(rf"^(?:[ \t]*>){{{DEEPEST_QUOTE + 1}}}", re.MULTILINE)
PAIRED = re.compile(r"`+|\*+|_+")
SIGN = re.compile(rf"\\.|[&<@\[]|https?:|{PAIRED.pattern}")


class Work:
    """The work left for a text. Raises TooIntricate if the text is too much before parsing."""

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
        """Count the work of a parser, which then raises TooIntricate if it is too much."""
        parser.parser.blockprocessors.register(_BlockWork(parser.parser, self), "work", 1000)
        parser.treeprocessors.register(_ListDepth(), "list_depth", 1010)
        parser.treeprocessors.register(_InlineWork(self), "work", 1000)


class _BlockWork(BlockProcessor):
    """Handles no block; counts the blocks that the other processors will test, and the cells of tables."""

    def __init__(self, parser: BlockParser, work: Work) -> None:
        super().__init__(parser)
        self.work = work

    def test(self, parent: etree.Element, block: str) -> bool:
        heading, _, rows = block.partition("\n")
        cells = heading.count("|") * rows.count("\n")
        self.work.take(len(block) + cells * WORK_OF_A_CELL + block.count("|") * block.count("`"))
        return False


class _ListDepth(Treeprocessor):
    """Refuses lists that are nested more deeply than DEEPEST_LIST."""

    def run(self, root: etree.Element) -> None:
        waiting = [(root, 0)]
        while waiting:
            element, depth = waiting.pop()
            depth += element.tag in LISTS
            if depth > DEEPEST_LIST:
                raise TooIntricate
            waiting += [(child, depth) for child in element]


class _InlineWork(Treeprocessor):
    """Counts the search for the partner of each paired sign, which may reach the end of the text."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.work = work

    def run(self, root: etree.Element) -> None:
        texts = [text for element in root.iter() for text in (element.text, element.tail) if text]
        looked_through = sum(_pairing_work(text) for text in texts if not isinstance(text, AtomicString))
        self.work.take(looked_through // LOOKED_THROUGH_FOR_ONE)


def _pairing_work(text: str) -> int:
    """The work for the paired signs in a text. Within a row of them, the search starts again at each sign."""
    rows = PAIRED.findall(text)
    return len(rows) * len(text) + sum(len(row) ** 2 for row in rows)
