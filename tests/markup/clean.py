"""What rendered HTML may hold, said once more and apart from the application, and a reader that finds all else."""

import re
from html.parser import HTMLParser

TAGS = frozenset(
    "p br strong em del a ul ol li blockquote code pre h2 h3 h4 h5 h6 hr table thead tbody tr th td".split()
)
# What the renderer adds itself: round document symbols alone, on links that show their very address, and on lists with
# long numbers.
CLASSES = {("a", "class", "bare"), ("ol", "class", "wide")}
SYMBOL = [("class", "symbol"), ("translate", "no")]
VOID = frozenset({"br", "hr"})
ATTRIBUTES = {"a": {"href", "rel"}, "ol": {"start"}, "li": {"value"}}
REL = "nofollow noopener ugc"
ADDRESS = re.compile(r"https?://|mailto:", re.IGNORECASE)
LOCAL = re.compile(r"/(?![/\\])[^\\]*")
# Browsers take these out of an address, or off its beginning, before they look at its scheme.
IGNORED = re.compile(r"[\t\n\r]|^[\x00-\x20]+")


def problems_of(html: str, *, official: bool = False) -> list[str]:
    """Everything in a piece of HTML that render() must never make, a few words each."""
    reader = _Reader(official=official)
    reader.feed(html)
    reader.close()
    return reader.problems + [f"<{tag}> is left open" for tag in reader.open]


def tags_of(html: str) -> list[str]:
    """The names of the opening tags, in their order."""
    reader = _Reader(official=True)
    reader.feed(html)
    return reader.seen


def links_of(html: str) -> list[dict[str, str | None]]:
    """The attributes of each link, in their order."""
    reader = _Reader(official=True)
    reader.feed(html)
    return reader.links


def text_of(html: str) -> str:
    reader = _Reader(official=True)
    reader.feed(html)
    return "".join(reader.text)


class _Reader(HTMLParser):
    def __init__(self, *, official: bool) -> None:
        super().__init__()
        self.official = official
        self.problems: list[str] = []
        self.seen: list[str] = []
        self.open: list[str] = []
        self.links: list[dict[str, str | None]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "span" and attrs == SYMBOL:
            return
        if tag not in TAGS:
            self.problems.append(f"<{tag}>")
        for name, value in attrs:
            if (tag, name, value) in CLASSES:
                continue
            if name not in ATTRIBUTES.get(tag, ()):
                self.problems.append(f"{tag}[{name}]")
            elif name == "href" and not self._is_allowed(value or ""):
                self.problems.append(f"href={value!r}")
            elif name in {"start", "value"} and not re.fullmatch(r"\d+", value or ""):
                self.problems.append(f"{name}={value!r}")
        if tag == "a":
            self.links.append(dict(attrs))
            if dict(attrs).get("rel") != REL:
                self.problems.append("a without its rel")

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID or not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.problems.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.problems.append(f"<!{decl}>")

    def unknown_decl(self, data: str) -> None:
        self.problems.append(f"<![{data}]>")

    def handle_pi(self, data: str) -> None:
        self.problems.append(f"<?{data}>")

    def _is_allowed(self, address: str) -> bool:
        seen = IGNORED.sub("", address)
        return bool(ADDRESS.match(seen)) or (self.official and bool(LOCAL.fullmatch(seen)))
