"""Pictures of tables, as SVG that is served as an image: no script, nothing from elsewhere, the site's own look.

What pygal draws is taken over element by element and attribute by attribute; its styles, scripts and tooltips are not.
"""

import base64
import hashlib
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pygal import Bar, HorizontalBar, PluginImportFixer
from pygal.etree import etree
from pygal.style import Style

from app.plain import plain

etree.to_etree()  # the same on every machine, whether lxml is there or not
# It finds plugins, of which there are none, in an old way that Python warns of whenever a module is not found.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, PluginImportFixer)]

TOKENS = Path(__file__).parents[1] / "static" / "base.css"
WIDTH = 640  # in the units of the picture; the page scales it
TEXT_SIZE = 15
DATES_SHOWN = 6
ELEMENTS = frozenset({"svg", "g", "defs", "style", "rect", "path", "text"})
ATTRIBUTES = frozenset("xmlns viewBox width height x y rx ry d class transform text-anchor".split())
TOOLTIPS = "tooltip-overlay"
RULES = """
svg { background: var(--paper); font: 15px var(--sans); }
.background { fill: var(--paper); }
text { fill: var(--ink); }
.axis.x text, .no_data { text-anchor: middle; }
.axis.y text { text-anchor: end; }
.line { fill: none; stroke: var(--rule); }
.axis.major.line { stroke: var(--edge); }
.horizontal .axis.y .guide.line, .vertical .axis.x .guide.line { stroke: none; }
.color-0 { fill: var(--link); }
.color-1 { fill: var(--paper); stroke: var(--link); stroke-width: 2; }
.series text { stroke: none; fill: var(--ink); }
.horizontal .series text { text-anchor: start; }
"""


@dataclass(frozen=True)
class Picture:
    """Bars for each label: one of each series, of which there are two at most.

    `description` says in words what is to be seen; `write` writes a value as the reader's language does.
    """

    heading: str
    description: str
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]
    write: Callable[[float], str]
    is_over_time: bool = False

    @property
    def height(self) -> int:
        """As much as the bars need, in the units of the picture."""
        return 320 if self.is_over_time else 90 + len(self.labels) * (10 + 22 * len(self.series))


def draw(picture: Picture) -> bytes:
    """The picture as an SVG document."""
    chart = _over_time(picture) if picture.is_over_time else _side_by_side(picture)
    chart.add_xml_filter(lambda root: _cleaned(root, picture))
    drawn: bytes = chart.render()
    return drawn


def content_security_policy() -> str:
    """The policy for a picture that somebody opens by itself: its own style and nothing else."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _over_time(picture: Picture) -> Any:
    """Bars that stand from left to right; a date under a few of them."""
    every = max(-(-len(picture.labels) // DATES_SHOWN), 1)
    chart = Bar(**_look(picture), x_labels_major_every=every, show_minor_x_labels=False)
    chart.x_labels = [plain(label) for label in picture.labels]
    for name, values in picture.series:
        chart.add(plain(name), list(values))
    return chart


def _side_by_side(picture: Picture) -> Any:
    """Bars that lie one below the other, from the top, each with its value; pygal counts them from the bottom."""
    look = _look(picture) | {"margin_right": 50}
    chart = HorizontalBar(**look, print_values=True, print_values_position="top")
    chart.x_labels = [plain(label) for label in reversed(picture.labels)]
    for name, values in picture.series:
        chart.add(plain(name), list(reversed(values)))
    return chart


def _look(picture: Picture) -> dict[str, Any]:
    return {
        "css": (),
        "js": (),
        "no_prefix": True,
        "width": WIDTH,
        "height": picture.height,
        "explicit_size": True,
        "margin": 10,
        "show_legend": len(picture.series) > 1,
        "legend_at_bottom": True,
        "truncate_label": -1,
        "truncate_legend": -1,
        "value_formatter": picture.write,
        "include_x_axis": True,
        "min_scale": 2,
        "max_scale": 5,
        "style": Style(
            label_font_size=TEXT_SIZE,
            major_label_font_size=TEXT_SIZE,
            legend_font_size=TEXT_SIZE,
            value_font_size=TEXT_SIZE,
        ),
    }


def _cleaned(root: Any, picture: Picture) -> Any:
    """The drawing without what is not of ours to show, with its name and what it says in words."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag not in ELEMENTS or TOOLTIPS in child.get("class", ""):
                parent.remove(child)
        for name in set(parent.attrib) - ATTRIBUTES:
            del parent.attrib[name]
    root.find("defs/style").text = STYLE
    root.set("role", "img")
    root.set("aria-labelledby", "title")
    root.set("aria-describedby", "description")
    for tag, key, text in (("desc", "description", picture.description), ("title", "title", picture.heading)):
        element = etree.Element(tag, {"id": key})
        element.text = plain(text)
        root.insert(0, element)
    return root


def _tokens() -> str:
    """The colours and typefaces of the site, light and dark, as its style sheet names them."""
    sheet = TOKENS.read_text("utf-8")
    blocks = (r":root \{.*?^\}", r"@media screen and \(prefers-color-scheme: dark\) \{.*?^\}")
    return "\n".join(re.findall("|".join(f"^{block}" for block in blocks), sheet, re.MULTILINE | re.DOTALL))


STYLE = _tokens() + RULES
