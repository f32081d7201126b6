"""Markdown to safe HTML: the only maker of Markup.

The source is parsed without raw HTML, then an allow-list cleans the result, so that neither a hole in
the parser nor one in the list is enough. Links are written `[text](address)` and no other way: what stands
in square brackets is often the wording that a meeting has yet to agree on, and `[Option 1]: text` must not
be taken for the definition of a link and vanish. Nothing is loaded from elsewhere, so an image becomes a link.

Python-Markdown is quadratic in much that people do not write (rules or headings by the thousand, lone back
quotes, a table with thousands of columns). What it has to go over is counted, and too much of it is refused.
"""

import html
import re
import xml.etree.ElementTree as etree

import nh3
from markdown import Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString
from markupsafe import Markup, escape

from app.errors import TooIntricate
from app.indentation import ListIndentation
from app.languages import site_languages
from app.plain import without_unwanted

# In characters gone over; the longest text of a form, written as people write, takes about a tenth of it.
MOST_WORK = 4_000_000
WORK_OF_A_CELL = 500  # each row is filled up to the columns of the first, and each cell is parsed
DEEPEST_QUOTE = 20
DEEPEST_LIST = 12
TAGS = frozenset(
    "p br strong em del a ul ol li blockquote code pre h2 h3 h4 h5 h6 hr table thead tbody tr th td".split()
)
SCHEMES = frozenset({"http", "https", "mailto"})
LISTS = ("ul", "ol")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
BARE_ADDRESS = r"<(https?://[^\s<>]++)>|(?<![\w/\"'])(https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]*_])"
# No part of it goes back over what another one has read, so that its time is linear.
LINK = r"""(?x) !?+ \[ (?!\s*+\]) ((?: [^\[\]]++ | \[[^\[\]]*+\] )++) \]
    \( \s*+ (?: <([^<>\n]*+)> | ((?: [^\s()<>]++ | \([^\s()<>]*+\) )++) )
    (?: \s++ (?: "([^"]*+)" | '([^']*+)' ) )?+ \s*+ \)"""
ADDRESS = re.compile(r"https?://\S|mailto:\S", re.IGNORECASE)
LOCAL_PATH = re.compile(r"/(?![/\\])[^\\]*$")
PAIRED = re.compile(r"`+|\*+|_+")
# Document symbols such as UNEP/CBD/6/7/Add.1, which a line must not break; a full stop after one is no part of it.
SYMBOL = re.compile(r"(?<![\w/-])[A-Z][A-Z0-9-]++(?:/[A-Z0-9][A-Za-z0-9-]*+(?:\.\d++)*+){2,}+")
UNBROKEN = r'<span class="symbol" translate="no">\g<0></span>'
# A link whose text is its very address, which paper need not repeat after it.
BARE = re.compile(r'<a (href="(?:(?i:mailto):|(?=(?i:https?)://))([^"]*+)"[^>]*+)>\2</a>')
MARKED_AS_BARE = r'<a class="bare" \1>\2</a>'
TAG_OR_TEXT = re.compile(r'<(?:[^>"]|"[^"]*")*>|[^<]+')
NOTHING = Markup("")
HEADING_TAG = re.compile(r"(</?h)([2-6])>")
DEEP_QUOTE = re.compile(rf"^(?:[ \t]*>){{{DEEPEST_QUOTE + 1}}}", re.MULTILINE)


def render(source: str, *, first_heading: int = 3, official: bool = False) -> str:
    """Safe HTML of a Markdown source.

    Headings are renumbered without gaps from `first_heading` (2-6). `official` texts, written by
    administrators, may link to addresses of the site itself (`/en/portal/`). Raises TooIntricate
    where the source could keep the parser busy for seconds.
    """
    if DEEP_QUOTE.search(source):
        raise TooIntricate
    parser = _parser(first_heading, official=official)
    try:
        dirty = parser.convert(source)
    except RecursionError as error:
        raise TooIntricate from error
    return _clean(dirty, official=official)


def stored(clean_html: str | None, by: int = 0, site: str = "") -> Markup:
    """HTML that `render` made and the database kept: headings `by` levels deeper, links into the `site` made whole."""
    made = deeper(clean_html or "", by).replace('<a href="/', f'<a href="{site}/')
    return Markup(made)  # noqa: S704  the column is written with the result of render() only


def deeper(clean_html: str, by: int) -> str:
    """The same HTML with its headings so many levels deeper, for a place in a larger document."""
    return HEADING_TAG.sub(lambda m: f"{m[1]}{min(int(m[2]) + by, 6)}>", clean_html) if by else clean_html


def language_attribute(code: str, page_language: str, *, always: bool = False) -> Markup:
    """The `lang` of a text that is not in the page's language, or `always`, and its `dir` where it runs the other way,
    with a space before each; nothing otherwise."""
    if not code or (code == page_language and not always):
        return NOTHING
    known = site_languages()
    language = f' lang="{escape(code)}"'
    if code in known and known[code].direction != known[page_language].direction:
        language += f' dir="{known[code].direction}"'
    return Markup(language)  # noqa: S704  the code is escaped


def text_of(clean_html: str) -> str:
    """The text of rendered HTML, one space between blocks; for excerpts, descriptions and mails."""
    spaced = re.sub(r"<(?=/?(?:p|li|h\d|br|blockquote|tr|td|th))", " <", clean_html)
    return " ".join(html.unescape(nh3.clean(spaced, tags=set())).split())


def excerpt(clean_html: str, length: int = 155) -> str:
    """The beginning of the text, cut between words, with an ellipsis where it was cut."""
    text = text_of(clean_html)
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


def quote(source: str) -> str:
    """A Markdown source as a block quote, ready to be answered below."""
    return "".join(f"> {line}".rstrip() + "\n" for line in source.strip().splitlines()) + "\n"


def _parser(first_heading: int, *, official: bool) -> Markdown:
    parser = Markdown(extensions=["sane_lists", "tables", "nl2br"], output_format="html")
    for name in (
        "html",
        "autolink",
        "reference",
        "image_link",
        "image_reference",
        "short_reference",
        "short_image_ref",
    ):
        parser.inlinePatterns.deregister(name)
    parser.preprocessors.deregister("html_block")
    parser.preprocessors.register(ListIndentation(parser), "list_indentation", 25)  # below normalize_whitespace
    parser.parser.blockprocessors.deregister("reference")
    parser.parser.blockprocessors.register(_BlockWork(parser.parser), "work", 1000)
    parser.treeprocessors.register(_ListDepth(), "list_depth", 1010)
    parser.treeprocessors.register(_InlineWork(), "work", 1000)
    parser.inlinePatterns.register(_Link(parser, official=official), "link", 160)
    parser.inlinePatterns.register(_BareAddress(BARE_ADDRESS, parser), "bare_address", 105)
    parser.treeprocessors.register(_HeadingLevels(first_heading), "heading_levels", 5)
    return parser


def _may_link_to(address: str, *, official: bool) -> bool:
    return bool(ADDRESS.match(address) or (official and LOCAL_PATH.match(address)))


def _clean(dirty: str, *, official: bool) -> str:
    def keep(_tag: str, attribute: str, value: str) -> str | None:
        return None if attribute == "href" and not _may_link_to(value, official=official) else value

    clean = nh3.clean(
        dirty,
        tags=set(TAGS),
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        attribute_filter=keep,
        url_schemes=set(SCHEMES),
        link_rel="nofollow noopener ugc",
    )
    # Whoever types has none of them (app/plain.py), but may write them as entities such as `&#1;`.
    marked = BARE.sub(MARKED_AS_BARE, without_unwanted(clean))
    return "".join(part if part.startswith("<") else SYMBOL.sub(UNBROKEN, part) for part in TAG_OR_TEXT.findall(marked))


class _HeadingLevels(Treeprocessor):
    """Renumber the levels that a text uses, so that a page's outline has no gaps."""

    def __init__(self, first: int) -> None:
        super().__init__()
        self.first = first

    def run(self, root: etree.Element) -> None:
        used = sorted({element.tag for element in root.iter() if element.tag in HEADINGS})
        for element in [element for element in root.iter() if element.tag in used]:
            element.tag = f"h{min(self.first + used.index(element.tag), 6)}"


class _BlockWork(BlockProcessor):
    """Claims no block; counts those that the others are going to look at, and the cells of their tables."""

    left = MOST_WORK

    def test(self, parent: etree.Element, block: str) -> bool:
        heading, _, rows = block.partition("\n")
        cells = heading.count("|") * rows.count("\n")
        self.left -= len(block) + cells * WORK_OF_A_CELL + block.count("|") * block.count("`")
        if self.left < 0:
            raise TooIntricate
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

    def run(self, root: etree.Element) -> None:
        texts = [text for element in root.iter() for text in (element.text, element.tail) if text]
        if sum(_pairing_work(text) for text in texts if not isinstance(text, AtomicString)) > MOST_WORK:
            raise TooIntricate


def _pairing_work(text: str) -> int:
    """A row of such signs is looked through anew from each of them."""
    rows = PAIRED.findall(text)
    return len(rows) * len(text) + sum(len(row) ** 2 for row in rows)


class _Link(InlineProcessor):
    """`[text](address "title")`, where the address is one that a text may link to; anything else stays as typed."""

    ANCESTOR_EXCLUDES = ("a",)

    def __init__(self, parser: Markdown, *, official: bool) -> None:
        super().__init__(LINK, parser)
        self.official = official

    def handleMatch(  # type: ignore[override]  # noqa: N802  the library's name
        self, m: re.Match[str], data: str
    ) -> tuple[etree.Element | None, int | None, int | None]:
        text, bracketed, bare, *titles = m.groups()
        address = self.unescape(bracketed or bare or "").strip()
        if not _may_link_to(address, official=self.official):
            return None, None, None
        link = etree.Element("a", href=address)
        link.text = text
        title = titles[0] or titles[1]
        if title:
            link.set("title", self.unescape(title))
        return link, m.start(0), m.end(0)


class _BareAddress(InlineProcessor):
    """A web address written as such, or in angle brackets, becomes a link."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(  # type: ignore[override]  # noqa: N802  the library's name
        self, m: re.Match[str], data: str
    ) -> tuple[etree.Element, int, int]:
        address = self.unescape(m.group(1) or m.group(2))
        link = etree.Element("a", href=address)
        link.text = AtomicString(address)
        return link, m.start(0), m.end(0)
