"""Lists within lists, indented as people write them: by two or three spaces as well as by the four that the parser
of Markdown asks for.

Each line that begins a point, or a paragraph of one, is moved to four spaces for each list around it; nothing else is
touched. The time is linear: a line looks at the lists that it ends, and each list ends once.
"""

import re
from collections.abc import Sequence

from markdown.preprocessors import Preprocessor

STEP = 4
# Less than that under a point is a slip of the hand, not a list in it.
LEAST = 2
QUOTED = re.compile(r"^((?: {0,3}> ?)*+)")
POINT = re.compile(r"( *+)(?:[*+-]|\d++\.) ++(?=\S)")
RULE = re.compile(r" *+(?:(?:- *+){3,}+|(?:\* *+){3,}+)$")


class ListIndentation(Preprocessor):
    """Comes after tabs have become spaces."""

    def run(self, lines: Sequence[str]) -> list[str]:
        self.depth = 0  # of quotes, each of which has lists of its own
        self.points: list[int] = []  # the columns of the points around a line, the outermost first
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
        """A line that is not blank, at the column at which the parser looks for it."""
        column = len(text) - len(text.lstrip(" "))
        point = None if RULE.match(text) else POINT.match(text)
        if not point and not self.is_after_blank and not self.is_code:
            return text  # goes on with what is above, wherever it stands
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
