"""Nested lists, which people indent by two or three spaces as well as by the four that Python-Markdown requires.

Each line that begins a list item, or a paragraph of one, is moved to four spaces for each list around it; other lines
stay. The time is linear: a line is compared with the lists that it ends, and each list ends once.
"""

import re
from collections.abc import Sequence

from markdown.preprocessors import Preprocessor

STEP = 4
LEAST = 2  # spaces below an item; fewer do not begin a list in it
QUOTED = re.compile(r"^((?: {0,3}> ?)*+)")
POINT = re.compile(r"( *+)(?:[*+-]|\d++\.) ++(?=\S)")
RULE = re.compile(r" *+(?:(?:- *+){3,}+|(?:\* *+){3,}+)$")


class ListIndentation(Preprocessor):
    """Runs after tabs have become spaces."""

    def run(self, lines: Sequence[str]) -> list[str]:
        self.depth = 0  # of quotes, each of which has lists of its own
        self.points: list[int] = []  # the columns of the list items around a line, the outermost first
        self.is_after_blank, self.is_code = True, False
        return [self._moved(line) for line in lines]

    def _moved(self, line: str) -> str:
        _before, quoted, text = QUOTED.split(line, maxsplit=1)
        if quoted.count(">") != self.depth:
            self.depth, self.points, self.is_after_blank = quoted.count(">"), [], True
        is_blank = not text.strip()
        moved = text if is_blank else self._placed(text)
        self.is_after_blank = is_blank
        return quoted + moved

    def _placed(self, text: str) -> str:
        """A line that is not blank, moved to the column where the parser expects it."""
        column = len(text) - len(text.lstrip(" "))
        point = None if RULE.match(text) else POINT.match(text)
        if not point and not self.is_after_blank and not self.is_code:
            return text  # continues the paragraph above, whatever its indentation
        while self.points and column < self.points[-1] + LEAST:
            self.points.pop()
        place = STEP * len(self.points)
        self.is_code = (self.is_after_blank or self.is_code) and column >= place + STEP
        if self.is_code:
            return text
        if point:
            self.points.append(column)
            return " " * place + text[column:]
        return " " * max(place, column) + text[column:]
