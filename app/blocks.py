"""The blocks of a text in Markdown: paragraphs, headings, lists, quotations, tables and rules.

What begins a block is told in the help of the forms (`markdown_help` in templates/macros/forms.html). All else is a
paragraph that keeps its lines, however far they are indented: nothing that people paste is lost or runs together. The
time is linear: each level of lists and quotations reads its lines once, and there are few levels.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from xml.etree.ElementTree import ElementTree, TreeBuilder

from markdown import Markdown
from markdown.blockparser import BlockParser

from app.errors import TooIntricate

DEEPEST_QUOTE = 20
DEEPEST_LIST = 12
LEAST = 2  # columns by which what belongs to a point of a list is indented
COLUMNS_OF_A_TAB = 4
NARROW = 2  # digits, for which the indentation of lists has room
WIDE = "wide"  # the class of lists with longer numbers
HEADING = re.compile(r" *+(#{1,6}) ++(\S.*)")
UNDERLINE = re.compile(r" *+(={3,}+|-{3,}+) *+$")
RULE = re.compile(r" *+(?:(?:- *+){3,}+|(?:\* *+){3,}+)$")
QUOTED = re.compile(r" *+>(?=(?: ?>)*(?: |$)) ?")
# A number has no zeros in front and fits beside its point; any other is text, and so is shown as it was typed.
POINT = re.compile(r" *+(?:([-*])|(0|[1-9][0-9]{0,3})\.) ++(\S.*)")
ROW = re.compile(r" *+\|(.*)(?<!\\)\| *+$")
DIVIDER = re.compile(r" *+\|(?: *+:?-++:? *+\|)++ *+$")
BETWEEN_CELLS = re.compile(r"(?<!\\)\|")
Point = tuple[str, list[str]]  # its sign or its number, and its lines


class Blocks(BlockParser):
    """Reads the lines of a text into a tree. `write_phrases` adds the text of a paragraph to the tree."""

    def __init__(self, md: Markdown, write_phrases: Callable[[TreeBuilder, str], None]) -> None:
        super().__init__(md)
        self.write_phrases = write_phrases
        self.tree = TreeBuilder()
        self.quotes = self.lists = 0  # those around the lines

    def parseDocument(self, lines: Iterable[str]) -> ElementTree:  # noqa: N802  Markdown calls it
        """The tree of a whole text. Raises TooIntricate if quotations or lists are nested too deeply."""
        self.tree.start(self.md.doc_tag, {})
        self._write([line.expandtabs(COLUMNS_OF_A_TAB).rstrip(" ") for line in lines])
        self.tree.end(self.md.doc_tag)
        return ElementTree(self.tree.close())

    def _write(self, lines: Sequence[str], *, is_point: bool = False, is_tight: bool = False) -> None:
        """Add the blocks of these lines. Those of a point of a list begin with text, and lists in it need no empty line
        in front; in a tight list, paragraphs have no tag."""
        at, is_first = 0, True
        while at < len(lines):
            if not lines[at]:
                at += 1
                continue
            if not is_first:
                self.tree.data("\n")
            begins_point, is_first = is_point and at == 0, False
            at = (None if begins_point else self._block(lines, at)) or self._paragraph(
                lines, at, is_point=is_point, is_tight=is_tight
            )

    def _block(self, lines: Sequence[str], at: int) -> int | None:
        """Add the block that begins here, and return where it ends; None for a paragraph, which is not added."""
        line = lines[at]
        if RULE.match(line):
            self._element("hr")
            return at + 1
        if heading := HEADING.match(line):
            self._element(f"h{len(heading[1])}", heading[2].strip(" "))
            return at + 1
        if QUOTED.match(line):
            return self._quote(lines, at)
        if POINT.match(line):
            return self._list(lines, at)
        return self._table(lines, at)

    def _paragraph(self, lines: Sequence[str], at: int, *, is_point: bool, is_tight: bool) -> int:
        first = at
        at += 1
        if at < len(lines) and (underline := UNDERLINE.match(lines[at])):
            self._element("h1" if "=" in underline[1] else "h2", lines[first].strip(" "))
            return at + 1
        while at < len(lines) and lines[at] and not _interrupts(lines[at], in_list=is_point):
            at += 1
        self._text(lines[first:at], is_tight=is_tight)
        return at

    def _text(self, lines: Sequence[str], *, is_tight: bool = False) -> None:
        text = "\n".join(line.strip(" ") for line in lines)
        if is_tight:
            self.write_phrases(self.tree, text)
        else:
            self._element("p", text)

    def _element(self, tag: str, text: str = "") -> None:
        self.tree.start(tag, {})
        self.write_phrases(self.tree, text)
        self.tree.end(tag)

    def _quote(self, lines: Sequence[str], at: int) -> int:
        first = at
        while at < len(lines) and QUOTED.match(lines[at]):
            at += 1
        inner_lines = [QUOTED.sub("", line, count=1) for line in lines[first:at]]
        if not any(inner_lines):
            self._text(lines[first:at])
            return at
        self.quotes += 1
        if self.quotes > DEEPEST_QUOTE:
            raise TooIntricate
        self.tree.start("blockquote", {})
        self.tree.data("\n")
        self._write(inner_lines)
        self.tree.data("\n")
        self.tree.end("blockquote")
        self.quotes -= 1
        return at

    def _list(self, lines: Sequence[str], at: int) -> int | None:
        """A list of one kind, whose numbers are those that were typed. One line with an asterisk is no list, but a
        footnote."""
        points, at, is_tight = _points(lines, at)
        first = points[0][0]
        if first == "*" and len(points) == 1 and not self.lists:
            return None
        self.lists += 1
        if self.lists > DEEPEST_LIST:
            raise TooIntricate
        tag = "ol" if first.isdigit() else "ul"
        wide = {"class": WIDE} if any(len(sign) > NARROW for sign, _own in points) else {}
        self.tree.start(tag, ({"start": first} if first.isdigit() and first != "1" else {}) | wide)
        self.tree.data("\n")
        for sign, own in points:
            self.tree.start("li", {"value": sign} if sign.isdigit() else {})
            self._write(own, is_point=True, is_tight=is_tight)
            self.tree.end("li")
            self.tree.data("\n")
        self.tree.end(tag)
        self.lists -= 1
        return at

    def _table(self, lines: Sequence[str], at: int) -> int | None:
        """A table with a divider below its first row. Each row has the cells that were typed."""
        head, divider = ROW.match(lines[at]), DIVIDER.match(lines[at + 1]) if at + 1 < len(lines) else None
        if not head or not divider or len(_cells(head)) != divider[0].count("|") - 1:
            return None
        self.tree.start("table", {})
        self._rows("thead", [head], "th")
        at += 2
        rows = []
        while at < len(lines) and (row := ROW.match(lines[at])):
            rows.append(row)
            at += 1
        self._rows("tbody", rows, "td")
        self.tree.end("table")
        return at

    def _rows(self, part: str, rows: Sequence[re.Match[str]], tag: str) -> None:
        self.tree.data("\n")
        self.tree.start(part, {})
        for row in rows:
            self.tree.data("\n")
            self.tree.start("tr", {})
            for cell in _cells(row):
                self._element(tag, cell)
            self.tree.end("tr")
        self.tree.data("\n")
        self.tree.end(part)


def _points(lines: Sequence[str], at: int) -> tuple[list[Point], int, bool]:
    """The points of the list that begins here, where it ends, and whether it has no empty lines."""
    points: list[Point] = []
    kind, column, is_after_blank, is_tight = "", 0, False, True
    for end in range(at, len(lines)):
        line, point = lines[end], _point(lines[end])
        if not line:
            is_after_blank = True
            continue
        indent = len(line) - len(line.lstrip(" "))
        if points and indent >= column + LEAST:
            points[-1][1].extend([""] * is_after_blank + [line])
        elif point and (not points or _kind(point) == kind):
            points.append((point[1] or point[2], [point[3]]))
            kind, column = _kind(point), indent
        elif not is_after_blank and not _interrupts(line, in_list=True):
            points[-1][1].append(line)  # the last line goes on
        else:
            return points, end, is_tight
        is_tight, is_after_blank = is_tight and not is_after_blank, False
    return points, len(lines), is_tight


def _point(line: str) -> re.Match[str] | None:
    return None if RULE.match(line) else POINT.match(line)


def _kind(point: re.Match[str]) -> str:
    """The sign of a point, "" for a number."""
    return point[1] or ""


def _interrupts(line: str, *, in_list: bool) -> bool:
    """Whether the line ends the paragraph above it without an empty line in between."""
    return bool(RULE.match(line) or HEADING.match(line) or QUOTED.match(line) or (in_list and POINT.match(line)))


def _cells(row: re.Match[str]) -> list[str]:
    return [cell.strip(" ") for cell in BETWEEN_CELLS.split(row[1])]
