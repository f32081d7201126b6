"""The blocks of a text in Markdown: paragraphs, headings, lists, quotations, tables and rules.

What begins a block is told in the help of the forms (`markdown_help` in templates/macros/forms.html). All else is a
paragraph that keeps its lines, however far they are indented: nothing that people paste is lost or runs together. The
time is linear: each level of lists and quotations reads its lines once, and there are few levels.
"""

import re
from collections.abc import Callable, Sequence

from app.errors import TooIntricate

DEEPEST_QUOTE = 20
DEEPEST_LIST = 12
LEAST = 2  # columns by which what belongs to a point of a list is indented
COLUMNS_OF_A_TAB = 4
NARROW = 2  # digits, for which the indentation of lists has room
HEADING = re.compile(r" *+(#{1,6}) ++(\S.*)")
UNDERLINE = re.compile(r" *+(={3,}+|-{3,}+) *+$")
RULE = re.compile(r" *+(?:(?:- *+){3,}+|(?:\* *+){3,}+)$")
QUOTED = re.compile(r" *+>(?=(?: ?>)*(?: |$)) ?")
# A number has no zeros in front and fits beside its point; any other is text, and so is shown as it was typed.
POINT = re.compile(r" *+(?:([-*])|(0|[1-9][0-9]{0,3})\.) ++(\S.*)")
ROW = re.compile(r" *+\|(.*)(?<!\\)\| *+$")
DIVIDER = re.compile(r" *+\|(?: *+:?-++:? *+\|)++ *+$")
BETWEEN_CELLS = re.compile(r"(?<!\\)\|")
HEADING_TAG = re.compile(r"(</?h)([1-6])>")
Point = tuple[str, list[str]]  # its sign or its number, and its lines


def blocks(source: str, phrases: Callable[[str], str], first_heading: int) -> str:
    """The HTML of a text. `phrases` makes that of a paragraph. Headings are numbered without gaps from `first_heading`.

    Raises TooIntricate if quotations or lists are nested too deeply.
    """
    lines = [line.expandtabs(COLUMNS_OF_A_TAB).rstrip(" ") for line in source.split("\n")]
    html = _Blocks(phrases).html(lines)
    used = sorted({int(level) for _tag, level in HEADING_TAG.findall(html)})
    return HEADING_TAG.sub(lambda tag: f"{tag[1]}{min(first_heading + used.index(int(tag[2])), 6)}>", html)


class _Blocks:
    def __init__(self, phrases: Callable[[str], str]) -> None:
        self.phrases = phrases
        self.quotes = self.lists = 0  # those around the lines

    def html(self, lines: Sequence[str], *, is_point: bool = False, is_tight: bool = False) -> str:
        """The HTML of these lines. Those of a point of a list begin with text, and lists in it need no empty line in
        front; in a tight list, paragraphs have no tag."""
        made = []
        at = 0
        while at < len(lines):
            if not lines[at]:
                at += 1
                continue
            begins_point = is_point and at == 0
            html, at = (None if begins_point else self._block(lines, at)) or self._paragraph(
                lines, at, is_point=is_point, is_tight=is_tight
            )
            made.append(html)
        return "\n".join(made)

    def _block(self, lines: Sequence[str], at: int) -> tuple[str, int] | None:
        """The block that begins here and where it ends, None for a paragraph."""
        line = lines[at]
        if RULE.match(line):
            return "<hr>", at + 1
        if heading := HEADING.match(line):
            return self._heading(len(heading[1]), heading[2]), at + 1
        if QUOTED.match(line):
            return self._quote(lines, at)
        if POINT.match(line):
            return self._list(lines, at)
        return self._table(lines, at)

    def _paragraph(self, lines: Sequence[str], at: int, *, is_point: bool, is_tight: bool) -> tuple[str, int]:
        first = at
        at += 1
        if at < len(lines) and (underline := UNDERLINE.match(lines[at])):
            return self._heading(1 if "=" in underline[1] else 2, lines[first]), at + 1
        while at < len(lines) and lines[at] and not _interrupts(lines[at], in_list=is_point):
            at += 1
        return self._text(lines[first:at], is_tight=is_tight), at

    def _text(self, lines: Sequence[str], *, is_tight: bool = False) -> str:
        text = self.phrases("\n".join(line.strip(" ") for line in lines))
        return text if is_tight else f"<p>{text}</p>"

    def _heading(self, level: int, text: str) -> str:
        return f"<h{level}>{self.phrases(text.strip(' '))}</h{level}>"

    def _quote(self, lines: Sequence[str], at: int) -> tuple[str, int]:
        first = at
        while at < len(lines) and QUOTED.match(lines[at]):
            at += 1
        inner_lines = [QUOTED.sub("", line, count=1) for line in lines[first:at]]
        if not any(inner_lines):
            return self._text(lines[first:at]), at
        self.quotes += 1
        if self.quotes > DEEPEST_QUOTE:
            raise TooIntricate
        inner = self.html(inner_lines)
        self.quotes -= 1
        return f"<blockquote>\n{inner}\n</blockquote>", at

    def _list(self, lines: Sequence[str], at: int) -> tuple[str, int] | None:
        """A list of one kind, whose numbers are those that were typed. One line with an asterisk is no list, but a
        footnote."""
        points, at, is_tight = _points(lines, at)
        first = points[0][0]
        if first == "*" and len(points) == 1 and not self.lists:
            return None
        self.lists += 1
        if self.lists > DEEPEST_LIST:
            raise TooIntricate
        made = []
        for sign, own in points:
            value = f' value="{sign}"' if sign.isdigit() else ""
            made.append(f"<li{value}>{self.html(own, is_point=True, is_tight=is_tight)}</li>\n")
        self.lists -= 1
        tag = "ol" if first.isdigit() else "ul"
        start = f' start="{first}"' if first.isdigit() and first != "1" else ""
        wide = ' class="wide"' if any(len(sign) > NARROW for sign, _own in points) else ""
        return f"<{tag}{start}{wide}>\n{''.join(made)}</{tag}>", at

    def _table(self, lines: Sequence[str], at: int) -> tuple[str, int] | None:
        """A table with a divider below its first row. Each row has the cells that were typed."""
        head, divider = ROW.match(lines[at]), DIVIDER.match(lines[at + 1]) if at + 1 < len(lines) else None
        if not head or not divider or len(_cells(head)) != divider[0].count("|") - 1:
            return None
        made = ["<table>\n<thead>", self._row(head, "th"), "</thead>\n<tbody>"]
        at += 2
        while at < len(lines) and (row := ROW.match(lines[at])):
            made.append(self._row(row, "td"))
            at += 1
        return "\n".join([*made, "</tbody>\n</table>"]), at

    def _row(self, row: re.Match[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{self.phrases(cell)}</{tag}>" for cell in _cells(row)) + "</tr>"


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
