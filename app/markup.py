"""Markdown to safe HTML. No other module makes Markup.

Python-Markdown loses signs that people type, so its parsers of blocks (app/blocks.py) and of phrases (app/phrases.py)
are replaced. They make a tree, which escapes all that was typed, and an allow-list then cleans the HTML, so that an
error in one of the two is not enough for an attack. The only way to write a link is `[text](address)`: text in
square brackets is often wording that has not been agreed, and `[Option 1]: text` must not disappear as the definition
of a link. Nothing is loaded from other sites, so an image becomes a link.
"""

import html
import re
from collections.abc import Container, Mapping
from datetime import datetime
from functools import partial
from typing import Self
from xml.etree.ElementTree import Element, tostring

import nh3
from markdown import Markdown
from markdown.treeprocessors import Treeprocessor
from markdown.util import Registry
from markupsafe import Markup, escape

from app.blocks import WIDE, Blocks
from app.errors import TooIntricate
from app.languages import reader_language, site_languages
from app.phrases import BARE, NUMBER, Allowed, line, write_phrases
from app.plain import ORDINARY_SPACE

TAGS = frozenset("p br strong em del a ul ol li blockquote code h2 h3 h4 h5 h6 hr table thead tbody tr th td".split())
SCHEMES = frozenset({"http", "https", "mailto"})
# Document symbols such as UNEP/CBD/6/7/Add.1, which must not be broken at the end of a line.
# With the bracket before it, after which browsers would break the line.
SYMBOL = re.compile(r"(?<![\w/-])\(?[A-Z][A-Z0-9-]++(?:/[A-Z0-9][A-Za-z0-9-]*+(?:\.\d++)*+){2,}+")
UNBROKEN = r'<span class="symbol" translate="no">\g<0></span>'
TAG_OR_TEXT = re.compile(r'<(?:[^>"]|"[^"]*")*>|[^<]+')
NOTHING = Markup("")
ASIDE = Markup(" tabindex=-1")
HEADING_TAG = re.compile(r"(</?h)([2-6])>")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
BEGINS_A_BLOCK = re.compile(r"<(?=/?(?:p|li|h\d|br|blockquote|tr|td|th))")
NUMBER_OF_A_POINT = re.compile(r'<li value="(\d+)">')
# The longest text that a form accepts is rendered within a tenth of a second or two.
LINE_OR_MARK = re.compile(r"\n|[*_`]++|\]\(|[\\<#|]|https?:|www\.", re.IGNORECASE)
MOST_LINES_AND_MARKS = 6_000
MESSAGE_LINK = '<a class="bare" href="/messages/'
CITED = "#"  # the key of the numbers of cited messages among the texts of a reason
CLASSES = frozenset({("a", BARE), ("ol", WIDE), ("span", "symbol")})
ATTRIBUTES = {"a": {"href", "class"}, "ol": {"start", "class"}, "li": {"value"}}
LINK_REL = "nofollow noopener ugc"
MESSAGE_PATH = re.compile(r"/messages/[1-9][0-9]*/")


def render(source: str, *, first_heading: int = 3, official: bool = False, cited: Container[int] = ()) -> str:
    """Safe HTML of a Markdown source.

    Headings are renumbered without gaps from `first_heading` (2-6). `official` texts, written by administrators, may
    link to paths of the site (`/en/portal/`). The numbers `cited` (app/citations.py) become links to these messages.
    Raises TooIntricate if the text has more lines and marks than people write, or they are nested too deeply.
    """
    if sum(1 for _ in LINE_OR_MARK.finditer(source)) > MOST_LINES_AND_MARKS:
        raise TooIntricate
    allowed = Allowed(cited, official=official)
    return _clean(_Markdown(allowed, first_heading).convert(source), allowed)


def is_clean(made: str) -> bool:
    """Whether HTML has only what `render` makes, such as HTML that comes from elsewhere."""
    kept = nh3.clean(
        made,
        tags={*TAGS, "span"},
        attributes={**ATTRIBUTES, "span": {"class", "translate", "lang", "dir"}, "blockquote": {"lang", "dir"}},
        attribute_filter=partial(_keep, Allowed(official=True)),
        url_schemes=set(SCHEMES),
        link_rel=LINK_REL,
    )
    return kept == made


def stored(clean_html: str | None, by: int = 0, site: str = "") -> Markup:
    """Markup of stored HTML from `render`: headings `by` levels deeper, links to messages in the reader's language,
    paths of links completed with `site`."""
    made = _completed(deeper(clean_html or "", by), site)
    return Markup(made)  # noqa: S704  the column is written with the result of render() only


def with_links(text: str, texts: Mapping[str, str], site: str = "") -> Markup:
    """One of the texts of a reason, by language code, with links to the messages that it cites, as in `stored`."""
    made = line(text, {int(number) for number in texts.get(CITED, "").split()})
    return Markup(_completed(made, site))  # noqa: S704  the text is escaped


def with_addresses(text: str, texts: Mapping[str, str], site: str) -> str:
    """The same for an email without HTML: the address of each message that it cites is behind its number."""
    known = {f"#{number}" for number in texts.get(CITED, "").split()}
    start = f"{site}/{reader_language().code}/messages/"
    return NUMBER.sub(lambda found: f"{found[0]} ({start}{found[0][1:]}/)" if found[0] in known else found[0], text)


def _completed(made: str, site: str) -> str:
    """With whole paths in links to messages, and whole addresses if `site` is given."""
    if MESSAGE_LINK in made:
        made = made.replace(MESSAGE_LINK, f'<a class="bare" href="{site}/{reader_language().code}/messages/')
    return made.replace('<a href="/', f'<a href="{site}/') if site else made


def deeper(clean_html: str, by: int) -> str:
    """The HTML with its headings moved down by so many levels, for a larger document."""
    return HEADING_TAG.sub(lambda m: f"{m[1]}{min(int(m[2]) + by, 6)}>", clean_html) if by else clean_html


def time_element(moment: datetime, words: str) -> Markup:
    """A moment as people read it, with its machine form. Pages have many; Markup.format would take twice the time."""
    return Markup(f'<time datetime="{str(moment)[:16]}Z">{escape(words)}</time>')  # noqa: S704  the words are escaped


def name_element(name: str, address: str, *, is_typed: bool, is_aside: bool) -> Markup:
    """A name as a link, or alone without an address. A name that `is_typed` by a person may be written in either
    direction; the keyboard skips a link that `is_aside`."""
    shown = Markup("<bdi>{}</bdi>").format(name) if is_typed else escape(name)
    if not address:
        return shown
    return Markup('<a href="{}" rel="nofollow"{}>{}</a>').format(address, ASIDE if is_aside else "", shown)


def phrase(translated: str, values: Mapping[str, object]) -> Markup:
    """A text of the catalogue, which may have HTML, with its values, which are escaped."""
    made = translated % {name: escape(value) for name, value in values.items()} if values else translated
    return Markup(made)  # noqa: S704  the catalogues are part of the code


def language_attribute(code: str, page_language: str, *, always: bool = False) -> Markup:
    """The `lang` attribute of a text in another language than the page's (or `always`), and `dir` if its direction
    differs, each after a space; otherwise nothing."""
    if not code or (code == page_language and not always):
        return NOTHING
    language = f' lang="{escape(code)}"'
    if code != page_language:
        known = site_languages()
        own, page = known.get(code), known.get(page_language)
        if own and page and own.direction != page.direction:
            language += f' dir="{own.direction}"'
    return Markup(language)  # noqa: S704  the code is escaped


def text_of(clean_html: str) -> str:
    """The text of rendered HTML with the numbers of lists, with one space between blocks; for excerpts, descriptions
    and emails."""
    spaced = BEGINS_A_BLOCK.sub(" <", NUMBER_OF_A_POINT.sub(r" \1. ", clean_html))
    return ORDINARY_SPACE.sub(" ", html.unescape(nh3.clean(spaced, tags=set()))).strip()


def excerpt(clean_html: str, length: int = 155) -> str:
    """The beginning of rendered HTML as text."""
    return shortened(text_of(clean_html), length)


def shortened(text: str, length: int) -> str:
    """The beginning of a text, cut between words, with an ellipsis where it was cut."""
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


def quote(source: str, said_by: str = "") -> str:
    """A Markdown source as a block quote, which begins with whom it quotes, with an empty line after it."""
    lines = [*([said_by, ""] if said_by else []), *source.strip().split("\n")]
    return "".join(f"> {line}".rstrip() + "\n" for line in lines) + "\n"


class _Markdown(Markdown):
    """Python-Markdown with our parsers, and without what it does to the text before and after."""

    def __init__(self, allowed: Allowed, first_heading: int) -> None:
        self.allowed, self.first_heading = allowed, first_heading
        super().__init__()
        self.serializer = _html_of  # the library's reads `&copy;` as ©

    def build_parser(self) -> Self:
        self.preprocessors, self.inlinePatterns, self.postprocessors = Registry(), Registry(), Registry()
        self.parser = Blocks(self, lambda tree, text: write_phrases(tree, text, self.allowed))
        self.treeprocessors = Registry()
        self.treeprocessors.register(_HeadingLevels(self.first_heading), "heading_levels", 0)
        return self


def _html_of(root: Element) -> str:
    return tostring(root, encoding="unicode", method="html")


class _HeadingLevels(Treeprocessor):
    """Numbers headings without gaps."""

    def __init__(self, first: int) -> None:
        super().__init__()
        self.first = first

    def run(self, root: Element) -> None:
        headings = [element for element in root.iter() if element.tag in HEADINGS]
        used = sorted({element.tag for element in headings})
        for element in headings:
            element.tag = f"h{min(self.first + used.index(element.tag), 6)}"


def _keep(allowed: Allowed, tag: str, attribute: str, value: str) -> str | None:
    """The value of an attribute, None to leave it out."""
    if attribute == "href" and not (MESSAGE_PATH.fullmatch(value) or allowed.may_link_to(value)):
        return None
    return None if attribute == "class" and (tag, value) not in CLASSES else value


def _clean(made: str, allowed: Allowed) -> str:
    clean = nh3.clean(
        made,
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        attribute_filter=partial(_keep, allowed),
        url_schemes=set(SCHEMES),
        link_rel=LINK_REL,
    )
    if not SYMBOL.search(clean):
        return clean
    return "".join(part if part.startswith("<") else SYMBOL.sub(UNBROKEN, part) for part in TAG_OR_TEXT.findall(clean))
