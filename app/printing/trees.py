"""A printed page read as a tree of plain data, which `document.typ` sets.

What is read is the `<main>` of a page of ours, whose HTML app/markup.py and the templates have made safe. Text remains
text: nothing of it can become source of typst. Every node is a string or `{"k": kind, ...}` with its inline nodes in
`c` or its blocks in `b`; `id` can be linked to. Text in another language has `lang`, and `rtl` if it is written from
the right.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

Node = Any  # a string or a dictionary

HEADINGS = {f"h{level}": level for level in range(1, 7)}
INLINE = {
    "a": "a",
    "b": "strong",
    "strong": "strong",
    "em": "em",
    "i": "em",
    "del": "del",
    "code": "code",
    "bdi": "span",
    "span": "span",
    "time": "time",
    "small": "span",
    "cite": "em",
    "abbr": "span",
    "sub": "span",
    "sup": "span",
}
BLOCKS = frozenset(
    "p ul ol li blockquote table thead tbody tr th td dl dt dd hr section article div details summary".split()
)
BLOCKS |= frozenset("header footer main nav figure figcaption caption aside address".split()) | HEADINGS.keys()
VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr"})
LEFT_OUT = frozenset({"nav", "form", "svg", "script", "style", "button", "img", "input", "template"})
ON_SCREEN = frozenset({"on-screen", "choices"})
SPACE = re.compile(r"[ \t\n\r\f]+")
LONG = re.compile(r"[^\s\u00a0]{30,}")
PIECE = re.compile(r"[^/?&=.,;:_@-]{0,11}[/?&=.,;:_@-]+|.{1,12}")
LANGUAGE = re.compile(r"([a-z]{2,3})(?:-([A-Z]{2}))?")
ADDRESS = re.compile(r"(?:https?://|mailto:).+", re.DOTALL)
# Classes that document.typ knows.
KNOWN = frozenset(
    "kicker dates state facts speaker thread by about stated remarks attached withheld withdrawn typed-by on-behalf"
    " address speaks-for".split()
)


@dataclass
class Element:
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element | str"] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    @property
    def text(self) -> str:
        return SPACE.sub(" ", "".join(one if isinstance(one, str) else one.text for one in self.children)).strip()

    def all(self) -> Iterator["Element"]:
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.all()


class _Reader(HTMLParser):
    """Elements as they are nested; HTML of ours has all its end tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if any(element.tag == tag for element in self.open[1:]):
            while self.open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


@dataclass(frozen=True)
class Document:
    """`title` names it, `address` is that of the page that it prints, `blocks` are what it says, and `date` is the
    latest of the times in it that have passed."""

    title: str
    address: str
    blocks: list[Node]
    date: datetime | None


def read(page: str, *, site: str, now: datetime) -> Document:
    """The document on a printed page; `site` completes the addresses of its links."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    elements = list(reader.root.all())
    main = next(one for one in elements if one.tag == "main")
    title = next(one.text for one in elements if one.tag == "title")
    links = [one.attributes for one in elements if one.tag == "link"]
    address = next((one["href"] for one in links if one.get("rel") == "canonical"), "")
    inside = list(main.all())
    targets = {one.attributes["href"][1:] for one in inside if one.attributes.get("href", "").startswith("#")}
    times = [_time(one.attributes.get("datetime", "")) for one in inside if one.tag == "time"]
    date = max((time for time in times if time and time <= now), default=None)
    tree = _Tree(site, targets)
    blocks = tree.blocks(main)
    _unlink(blocks, targets - tree.met)
    return Document(title, address, blocks, date)


def _unlink(data: Any, unmet: set[str]) -> None:
    """Leave the text alone of links to what is not in the document."""
    if isinstance(data, dict):
        if data.get("to", "").removeprefix("#") in unmet:
            data["k"] = "span"
        data = list(data.values())
    for part in data if isinstance(data, list) else ():
        _unlink(part, unmet)


def _time(written: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(written)
    except ValueError:
        return None
    return time if time.tzinfo else None


class _Tree:
    """Elements as nodes."""

    def __init__(self, site: str, targets: set[str]) -> None:
        self.site, self.targets = site, targets
        self.met: set[str] = set()  # the ids so far
        self.level = 0  # of the heading before
        self.in_message = False
        self.in_prose = False

    def blocks(self, parent: Element) -> list[Node]:
        """The content of an element that holds blocks; what stands among them in line becomes paragraphs."""
        made: list[Node] = []
        run: list[Element | str] = []
        for child in [*parent.children, None]:
            if child is not None and not self._is_block(child):
                run.append(child)
                continue
            content = self.line(run)
            if content:
                made.append({"k": "p", "c": content})
            run = []
            if isinstance(child, Element):
                made += self.block(child)
        anchor = self._target(parent)
        return [{"k": "anchor", "id": anchor}, *made] if anchor and parent.tag not in HEADINGS else made

    def _is_block(self, child: "Element | str") -> bool:
        return isinstance(child, Element) and (
            child.tag in BLOCKS or child.tag in LEFT_OUT or any(map(self._is_block, child.children))
        )

    def block(self, element: Element) -> list[Node]:
        if (element.tag in LEFT_OUT and "contents" not in element.classes) or ON_SCREEN & set(element.classes):
            return []
        if element.tag in HEADINGS:
            return self._heading(element)
        make: Callable[[Element], list[Node]] = getattr(self, f"_{element.tag}", self._group)
        return make(element)

    def _nav(self, element: Element) -> list[Node]:
        """The contents, with page numbers."""
        title = next((one for one in element.all() if one.tag in HEADINGS), None)
        return [{"k": "contents", "c": self.line(title.children) if title else []}]

    def _hr(self, _element: Element) -> list[Node]:
        return [{"k": "rule"}]

    def _blockquote(self, element: Element) -> list[Node]:
        return [self._marked(element, {"k": "quote", "b": self.blocks(element)})]

    def _article(self, element: Element) -> list[Node]:
        """A message; its id is that of its heading."""
        self.in_message = True
        inside = self.blocks(element)
        self.in_message = False
        if len(inside) > 1 and inside[0]["k"] == "anchor" and inside[1]["k"] == "heading":
            inside[1].setdefault("id", inside.pop(0)["id"])
        return [{"k": "message", "b": inside}]

    def _p(self, element: Element) -> list[Node]:
        content = self.line(element.children)
        anchor = self._target(element)
        if anchor:
            content = [{"k": "anchor", "id": anchor}, *content]
        return [self._marked(element, {"k": "p", "c": content})] if content else []

    def _group(self, element: Element) -> list[Node]:
        before, self.in_prose = self.in_prose, self.in_prose or "prose" in element.classes
        inside = self.blocks(element)
        self.in_prose = before
        if element.tag == "header" and self.in_message:
            return _of_a_head(inside)
        if "printed-group" in element.classes and inside:
            inside = [{"k": "page"}, *inside]
        marked = self._marked(element, {"k": "div", "b": inside})
        return [marked] if inside and len(marked) > 2 else inside

    def _heading(self, element: Element) -> list[Node]:
        """In a message, a bold paragraph. Otherwise its level is at most one more than that of the one before."""
        content = self.line(element.children)
        if not content:
            return []
        if self.in_message and self.in_prose:
            return [self._marked(element, {"k": "p", "c": [{"k": "strong", "c": content}], "keep": True})]
        self.level = min(HEADINGS[element.tag], self.level + 1)
        made = {"k": "heading", "level": self.level, "c": content, "listed": not (self.in_message or self.in_prose)}
        anchor = self._target(element)
        return [self._marked(element, made | ({"id": anchor} if anchor else {}))]

    def _ul(self, element: Element) -> list[Node]:
        items = [one for one in element.children if isinstance(one, Element) and one.tag == "li"]
        blocks = [self._group(one) for one in items]
        made: dict[str, Any] = {"k": element.tag, "b": blocks}
        if element.tag == "ol":
            made["n"] = list(_numbers(element, items))
        return [self._marked(element, made)] if items else []

    _ol = _ul

    def _dl(self, element: Element) -> list[Node]:
        pairs: list[tuple[list[Node], list[Node]]] = []
        for one in _direct(element, "div"):
            if one.tag == "dt":
                pairs.append((self.line(one.children), []))
            elif one.tag == "dd" and pairs:
                pairs[-1][1].extend(self.blocks(one))
        return [{"k": "terms", "b": [{"t": term, "b": said} for term, said in pairs]}] if pairs else []

    def _table(self, element: Element) -> list[Node]:
        head: list[Node] = []
        body: list[Node] = []
        parts = list(_direct(element))
        for part in [element, *parts]:
            for row in _direct(part):
                if row.tag == "tr":
                    cells = [self._cell(cell) for cell in _direct(row)]
                    (head if part.tag == "thead" else body).append(cells)
        width = max((sum(cell.get("span", 1) for cell in cells) for cells in (*head, *body)), default=0)
        captions = [one for one in parts if one.tag == "caption"]
        made = [{"k": "table", "n": width, "head": head, "b": body}] if width else []
        return [*(node for one in captions for node in self._p(one)), *made]

    def _cell(self, cell: Element) -> dict[str, Any]:
        made = self._marked(cell, {"k": "div", "b": self.blocks(cell), "th": cell.tag == "th"})
        span = int(cell.attributes.get("colspan") or 1)
        return made | ({"span": span} if span > 1 else {})

    def line(self, children: Iterable["Element | str"]) -> list[Node]:
        """Inline nodes, without the white space that HTML does not show."""
        return _collapsed(self._inline(children))

    def _inline(self, children: Iterable["Element | str"]) -> list[Node]:
        made: list[Node] = []
        for child in children:
            if isinstance(child, str):
                made += _breakable(SPACE.sub(" ", child))
            elif child.tag == "br":
                made.append({"k": "br"})
            elif child.tag not in LEFT_OUT and not ON_SCREEN & set(child.classes):
                node = self._phrase(child)
                made += [{"k": "br"}] if "typed-by" in child.classes else []
                made += node["c"] if node.keys() == {"k", "c"} and node["k"] == "span" else [node]
                made += [{"k": "br"}] if "kicker" in child.classes else []
        return made

    def _phrase(self, element: Element) -> Node:
        is_symbol = "symbol" in element.classes and len(element.text) < 60
        inside = [element.text] if is_symbol else self._inline(element.children)
        node: dict[str, Any] = {"k": "symbol" if is_symbol else INLINE.get(element.tag, "span"), "c": inside}
        if element.tag == "a":
            target = self._to(element.attributes.get("href", ""))
            node = {**node, "to": target} if target else {**node, "k": "span"}
        anchor = self._target(element)
        if anchor:
            node["c"] = [{"k": "anchor", "id": anchor}, *inside]
        return self._marked(element, node)

    def _to(self, address: str) -> str:
        """Where a link leads: `#id` in the document, or a whole address; "" if nowhere."""
        if address.startswith("#"):
            return address if address[1:] in self.targets else ""
        if address.startswith("/"):
            return "" if "/search/?" in address else self.site + address  # names stay as they are on paper
        return address if ADDRESS.fullmatch(address) else ""

    def _target(self, element: Element) -> str:
        """The id of an element, the first time that it is asked for, if anything links to it."""
        name = element.attributes.get("id", "")
        if name not in self.targets or name in self.met:
            return ""
        self.met.add(name)
        return name

    def _marked(self, element: Element, node: dict[str, Any]) -> dict[str, Any]:
        """With the language, the direction and the class of the element."""
        language = LANGUAGE.match(element.attributes.get("lang", ""))
        if language:
            node["lang"] = language[1]
        if element.attributes.get("dir") == "rtl":
            node["rtl"] = True
        style = next((name for name in element.classes if name in KNOWN), "")
        if style:
            node["class"] = style
        return node


def _direct(parent: Element, through: str = "") -> Iterator[Element]:
    """The elements in another, not those within them, but for the ones `through` which they are grouped."""
    for one in parent.children:
        if isinstance(one, Element):
            yield from _direct(one) if one.tag == through else (one,)


def _breakable(text: str) -> list[Node]:
    """The text; in what has no space for long, there are places where a line may end."""
    made: list[Node] = []
    at = 0
    for found in LONG.finditer(text):
        made += [text[at : found.start()]] if found.start() > at else []
        for piece in PIECE.findall(found[0]):
            made += [piece, {"k": "may-end"}]
        made.pop()
        at = found.end()
    return made + ([text[at:]] if at < len(text) else [])


def _of_a_head(nodes: list[Node]) -> list[Node]:
    """The head of a message: its heading and a paragraph of several lines, kept with what follows."""
    lines: list[Node] = []
    for node in nodes:
        if node["k"] == "p":
            lines += [*([{"k": "br"}] if lines else []), *node["c"]]
    others = [node for node in nodes if node["k"] != "p"]
    return [*others, {"k": "p", "c": lines, "class": "facts", "keep": True}] if lines else others


def _numbers(element: Element, items: Iterable[Element]) -> Iterator[int]:
    """The numbers of the items of an ordered list."""
    number = int(element.attributes.get("start") or 1)
    for item in items:
        number = int(item.attributes.get("value") or number)
        yield number
        number += 1


def _collapsed(nodes: list[Node]) -> list[Node]:
    """With one space where several follow one another, and none at the ends or around the end of a line."""
    places = list(_places(nodes))
    is_after_space = True
    for row, at in places:
        if isinstance(row[at], str):
            row[at] = row[at].lstrip(" ") if is_after_space else row[at]
            is_after_space = row[at].endswith(" ") if row[at] else is_after_space
        else:
            is_after_space = True
    is_at_end = True
    for row, at in reversed(places):
        if isinstance(row[at], str):
            row[at] = row[at].rstrip(" ") if is_at_end else row[at]
        is_at_end = not isinstance(row[at], str) or (is_at_end and not row[at])
    return _without_empty(nodes)


def _places(nodes: list[Node]) -> Iterator[tuple[list[Node], int]]:
    """The places of all strings and ends of lines, in their order."""
    for at, node in enumerate(nodes):
        if isinstance(node, str) or node["k"] == "br":
            yield nodes, at
        elif "c" in node:
            yield from _places(node["c"])


def _without_empty(nodes: list[Node]) -> list[Node]:
    """Without what says nothing, and with strings that follow one another as one."""
    made: list[Node] = []
    for node in nodes:
        if isinstance(node, dict) and "c" in node:
            node["c"] = _without_empty(node["c"])
        if isinstance(node, str) and made and isinstance(made[-1], str):
            made[-1] += node
        elif node != "" and not (isinstance(node, dict) and node.get("c") == []):
            made.append(node)
    return made
