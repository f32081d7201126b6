"""Markdown to safe HTML. No other module makes Markup.

The source is parsed without raw HTML, and an allow-list then cleans the result, so that an error in one of the two is
not enough for an attack. The only way to write a link is `[text](address)`: text in square brackets is often wording
that has not been agreed, and `[Option 1]: text` must not disappear as the definition of a link. Nothing is loaded from
other sites, so an image becomes a link.
"""

import html
import re
import xml.etree.ElementTree as etree
from datetime import datetime

import nh3
from markdown import Markdown
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString
from markupsafe import Markup, escape

from app.errors import TooIntricate
from app.indentation import ListIndentation
from app.intricacy import Work
from app.languages import site_languages
from app.plain import without_unwanted

TAGS = frozenset(
    "p br strong em del a ul ol li blockquote code pre h2 h3 h4 h5 h6 hr table thead tbody tr th td".split()
)
SCHEMES = frozenset({"http", "https", "mailto"})
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
BARE_ADDRESS = r"<(https?://[^\s<>]++)>|(?<![\w/\"'])(https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]*_])"
# Possessive quantifiers and exclusive alternatives keep its time linear.
LINK = r"""(?x) !?+ \[ (?!\s*+\]) ((?: [^\[\]]++ | \[[^\[\]]*+\] )++) \]
    \( \s*+ (?: <([^<>\n]*+)> | ((?: [^\s()<>]++ | \([^\s()<>]*+\) )++) )
    (?: \s++ (?: "([^"]*+)" | '([^']*+)' ) )?+ \s*+ \)"""
ADDRESS = re.compile(r"https?://\S|mailto:\S", re.IGNORECASE)
LOCAL_PATH = re.compile(r"/(?![/\\])[^\\]*$")
# Document symbols such as UNEP/CBD/6/7/Add.1, which must not be broken at the end of a line.
SYMBOL = re.compile(r"(?<![\w/-])[A-Z][A-Z0-9-]++(?:/[A-Z0-9][A-Za-z0-9-]*+(?:\.\d++)*+){2,}+")
UNBROKEN = r'<span class="symbol" translate="no">\g<0></span>'
# A link whose text is its address, which print versions need not repeat.
BARE = re.compile(r'<a (href="(?:(?i:mailto):|(?=(?i:https?)://))([^"]*+)"[^>]*+)>\2</a>')
MARKED_AS_BARE = r'<a class="bare" \1>\2</a>'
TAG_OR_TEXT = re.compile(r'<(?:[^>"]|"[^"]*")*>|[^<]+')
NOTHING = Markup("")
HEADING_TAG = re.compile(r"(</?h)([2-6])>")


def render(source: str, *, first_heading: int = 3, official: bool = False) -> str:
    """Safe HTML of a Markdown source.

    Headings are renumbered without gaps from `first_heading` (2-6). `official` texts, written by administrators, may
    link to paths of the site (`/en/portal/`). Raises TooIntricate if parsing could take seconds.
    """
    work = Work(source)
    parser = _parser(first_heading, official=official)
    work.watch(parser)
    try:
        dirty = parser.convert(source)
    except RecursionError as error:
        raise TooIntricate from error
    return _clean(dirty, official=official)


def stored(clean_html: str | None, by: int = 0, site: str = "") -> Markup:
    """Markup of stored HTML from `render`: headings `by` levels deeper, links to paths completed with `site`."""
    made = deeper(clean_html or "", by).replace('<a href="/', f'<a href="{site}/')
    return Markup(made)  # noqa: S704  the column is written with the result of render() only


def deeper(clean_html: str, by: int) -> str:
    """The HTML with its headings moved down by so many levels, for a larger document."""
    return HEADING_TAG.sub(lambda m: f"{m[1]}{min(int(m[2]) + by, 6)}>", clean_html) if by else clean_html


def time_element(moment: datetime, words: str) -> Markup:
    """A moment as people read it, with its machine form."""
    return Markup('<time datetime="{}Z">{}</time>').format(str(moment)[:16], words)


def language_attribute(code: str, page_language: str, *, always: bool = False) -> Markup:
    """The `lang` attribute of a text in another language than the page's (or `always`), and `dir` if its direction
    differs, each after a space; otherwise nothing."""
    if not code or (code == page_language and not always):
        return NOTHING
    known = site_languages()
    language = f' lang="{escape(code)}"'
    if code in known and known[code].direction != known[page_language].direction:
        language += f' dir="{known[code].direction}"'
    return Markup(language)  # noqa: S704  the code is escaped


def text_of(clean_html: str) -> str:
    """The text of rendered HTML, with one space between blocks; for excerpts, descriptions and emails."""
    spaced = re.sub(r"<(?=/?(?:p|li|h\d|br|blockquote|tr|td|th))", " <", clean_html)
    return " ".join(html.unescape(nh3.clean(spaced, tags=set())).split())


def excerpt(clean_html: str, length: int = 155) -> str:
    """The beginning of the text, cut between words, with an ellipsis where it was cut."""
    text = text_of(clean_html)
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


def quote(source: str, said_by: str = "") -> str:
    """A Markdown source as a block quote, which begins with whom it quotes, with an empty line after it."""
    lines = [*([said_by, ""] if said_by else []), *source.strip().splitlines()]
    return "".join(f"> {line}".rstrip() + "\n" for line in lines) + "\n"


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
    # app/plain.py has removed such characters, but they can be written as entities such as `&#1;`.
    marked = BARE.sub(MARKED_AS_BARE, without_unwanted(clean))
    return "".join(part if part.startswith("<") else SYMBOL.sub(UNBROKEN, part) for part in TAG_OR_TEXT.findall(marked))


class _HeadingLevels(Treeprocessor):
    """Renumbers headings, so that the outline of a page has no gaps."""

    def __init__(self, first: int) -> None:
        super().__init__()
        self.first = first

    def run(self, root: etree.Element) -> None:
        used = sorted({element.tag for element in root.iter() if element.tag in HEADINGS})
        for element in [element for element in root.iter() if element.tag in used]:
            element.tag = f"h{min(self.first + used.index(element.tag), 6)}"


class _Link(InlineProcessor):
    """`[text](address "title")`, if the text may link to the address; anything else stays as typed."""

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
    """A web address, with or without angle brackets, becomes a link."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(  # type: ignore[override]  # noqa: N802  the library's name
        self, m: re.Match[str], data: str
    ) -> tuple[etree.Element, int, int]:
        address = self.unescape(m.group(1) or m.group(2))
        link = etree.Element("a", href=address)
        link.text = AtomicString(address)
        return link, m.start(0), m.end(0)
