"""Bar charts as SVG images in the colours of the site, without scripts or external resources.

This module computes the positions of bars and labels; `templates/figures/chart.svg` writes the file.
"""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from app.plain import plain

TOKENS = Path(__file__).parents[1] / "static" / "base.css"
# All lengths are in units of the drawing, which the page scales.
WIDTH = 640
MARGIN = 10
LINE = 22  # a line of text
BAR = 16
GAP = 10
VALUE_ROOM = 80  # beside the longest bar, for its value
TICK_ROOM = 60  # beside the axis, for the value of each line
HEIGHT_OVER_TIME = 320
MOST_LINES = 5
MOST_DATES = 6
RULES = """
svg { background: var(--paper); font: 15px var(--sans); }
text { fill: var(--ink); }
.tick { text-anchor: end; }
.date { text-anchor: middle; }
path { stroke: var(--rule); }
.color-0 { fill: var(--link); }
.color-1 { fill: var(--paper); stroke: var(--link); stroke-width: 2; }
"""


@dataclass(frozen=True)
class Picture:
    """The data of a chart: for each label a bar of each series. There are at most two series.

    `description` says the same in words; `write` formats a value in the reader's language.
    """

    heading: str
    description: str
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]
    write: Callable[[float], str]
    is_over_time: bool = False

    @property
    def height(self) -> int:
        """In units of the drawing, which is `WIDTH` units wide."""
        if self.is_over_time:
            return HEIGHT_OVER_TIME
        return 2 * MARGIN + self.legend_height + len(self.labels) * (LINE + BAR * len(self.series) + GAP)

    @property
    def legend_height(self) -> int:
        return LINE + GAP if len(self.series) > 1 else 0

    @property
    def largest(self) -> float:
        return max((value for _name, values in self.series for value in values), default=0)


class Bar(NamedTuple):
    """A rectangle, placed by its upper left corner; `series` counts from 0."""

    x: float
    y: float
    width: float
    height: float
    series: int


class Label(NamedTuple):
    """A text, placed by the left end of its baseline unless RULES give its `kind` another anchor."""

    x: float
    y: float
    text: str
    kind: str = ""


@dataclass
class Drawing:
    """A chart with positions. `lines` are the heights of horizontal lines; `legend` has a sample and the name of each
    series."""

    heading: str
    description: str
    height: int
    bars: list[Bar] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    lines: list[float] = field(default_factory=list)
    legend: list[tuple[Bar, Label]] = field(default_factory=list)
    width: int = WIDTH


def draw(picture: Picture) -> Drawing:
    drawing = Drawing(plain(picture.heading), plain(picture.description), picture.height)
    if picture.is_over_time:
        _draw_over_time(drawing, picture)
    else:
        _draw_horizontal(drawing, picture)
    if len(picture.series) > 1:
        _draw_legend(drawing, picture)
    return drawing


def content_security_policy() -> str:
    """The policy for a chart that is opened by itself: it allows the style of the chart and nothing else."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def steps(largest: float) -> list[float]:
    """The values at which an axis from 0 to `largest` has lines: multiples of 1, 2, 5, 10, 20, 50 and so on."""
    size = 1
    while largest > size * MOST_LINES:
        size = size * 5 // 2 if str(size).startswith("2") else size * 2
    return [float(value) for value in range(0, int(-(-largest // size)) * size + 1, size)]


def _draw_horizontal(drawing: Drawing, picture: Picture) -> None:
    """Horizontal bars, each below its label and with its value at the end."""
    scale = (WIDTH - 2 * MARGIN - VALUE_ROOM) / (picture.largest or 1)
    y = float(MARGIN)
    for at, label in enumerate(picture.labels):
        drawing.labels.append(Label(MARGIN, y + LINE - 6, plain(label)))
        y += LINE
        for series, (_name, values) in enumerate(picture.series):
            length = values[at] * scale
            drawing.bars.append(Bar(MARGIN, y + 1, length, BAR - 2, series))
            drawing.labels.append(Label(MARGIN + length + 6, y + BAR - 3, picture.write(values[at])))
            y += BAR
        y += GAP


def _draw_over_time(drawing: Drawing, picture: Picture) -> None:
    """Vertical bars from left to right, with a date below some of them and lines behind them."""
    marks = steps(picture.largest)
    bottom = HEIGHT_OVER_TIME - MARGIN - picture.legend_height - LINE
    scale = (bottom - LINE) / (marks[-1] or 1)
    room = (WIDTH - 2 * MARGIN - TICK_ROOM) / max(len(picture.labels), 1)
    drawing.lines = [bottom - mark * scale for mark in marks]
    drawing.labels = [
        Label(TICK_ROOM - 4, y + 5, picture.write(mark), "tick") for mark, y in zip(marks, drawing.lines, strict=True)
    ]
    thickness = room * 0.8 / len(picture.series)
    every = max(-(-len(picture.labels) // MOST_DATES), 1)
    for at, label in enumerate(picture.labels):
        left = TICK_ROOM + at * room
        for series, (_name, values) in enumerate(picture.series):
            height = values[at] * scale
            drawing.bars.append(Bar(left + series * thickness, bottom - height, thickness * 0.9, height, series))
        if at % every == 0:
            drawing.labels.append(Label(left + room * 0.4, bottom + LINE, plain(label), "date"))


def _draw_legend(drawing: Drawing, picture: Picture) -> None:
    """At the bottom, where `Picture.height` leaves room for it."""
    y, room = picture.height - MARGIN - LINE, (WIDTH - 2 * MARGIN) / len(picture.series)
    for series, (name, _values) in enumerate(picture.series):
        x = MARGIN + series * room
        drawing.legend.append((Bar(x, y + 3, BAR, BAR - 2, series), Label(x + BAR + 8, y + BAR - 1, plain(name))))


def _tokens() -> str:
    """The variables for the colours and typefaces of the site, light and dark, from its style sheet."""
    sheet = TOKENS.read_text("utf-8")
    blocks = (r":root \{.*?^\}", r"@media screen and \(prefers-color-scheme: dark\) \{.*?^\}")
    return "\n".join(re.findall("|".join(f"^{block}" for block in blocks), sheet, re.MULTILINE | re.DOTALL))


STYLE = _tokens() + RULES
