"""Cleaning of all text from outside: it is cut to its limit, normalized (NFC), and freed of unwanted or misleading
characters.

The limit comes first, since normalizing takes quadratic time in the length of a run of combining marks.
"""

import re
import unicodedata

# Control characters, lone surrogates and noncharacters, most of which XML cannot contain. A code point that Python does
# not know yet, such as a new emoji, is kept, and counts as visible.
NONCHARACTERS = "\ufdd0-\ufdef" + "".join(chr(0x10000 * plane + end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
UNWANTED = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff{NONCHARACTERS}]")
UNKNOWN = "Cn"
# Where Unicode reserves code points for characters that are not seen.
RESERVED_FOR_UNSEEN = re.compile("[\u2065\ufff0-\ufff8\U000e0000-\U000e0fff]")
# First letters of the categories of visible characters, and the blank characters in these categories: fillers of
# Hangul, the blank Braille pattern, the object replacement character, the null note head.
VISIBLE = frozenset("LNPS")
BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffc\U0001d159")
# French has them before : ; ? ! and inside quotation marks, every language between a number and its unit.
NO_BREAK_SPACES = "\u00a0\u202f"
# Also vertical tabs, form feeds, NEL and the separators of Unicode, which come with texts from Word and PDF.
LINE_END = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
MAILTO = re.compile(r"^\s*+mailto:", re.IGNORECASE)
ORDINARY_SPACE = re.compile(rf"[^\S{NO_BREAK_SPACES}]+")
# In characters, for callers without a limit of their own: longer than any text of the site.
LONGEST = 50_000
LONGEST_SEARCHED = 1_000  # a name, an address and an organization together
# The limit of the Stream-Safe Text Format (Unicode Standard Annex #15); no language needs so many in a row.
MOST_MARKS = 30
BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def plain(text: str, most: int = LONGEST) -> str:
    """The first `most` characters of a typed text, in NFC, with Unix line ends, without unwanted characters and without
    combining marks after the 30th in a row."""
    wanted = UNWANTED.sub("", LINE_END.sub("\n", text[:most]))
    return unicodedata.normalize("NFC", _stream_safe(wanted))


def plain_line(text: str, most: int = LONGEST) -> str:
    """As `plain`, for one line: also without direction overrides, which could only mislead.

    White space becomes single spaces and is removed at both ends; no-break spaces inside the line stay.
    """
    return ORDINARY_SPACE.sub(" ", plain(BIDI_CONTROLS.sub("", text[:most]))).strip()


def plain_identifier(text: str, most: int = LONGEST) -> str:
    """As `plain_line`, for an e-mail address, a code or words to search for: without what copying from a web page or an
    email adds, which are invisible characters, angle brackets and `mailto:`."""
    seen = "".join(char for char in plain_line(text, most) if unicodedata.category(char) != "Cf" and char not in "<>")
    return MAILTO.sub("", seen).strip()


def folded(text: str) -> str:
    """A text for comparison: casefolded, with single ordinary spaces."""
    return " ".join(text[:LONGEST].casefold().split())


def comparable(text: str) -> str:
    """A text as searches compare it: without accents and capitals, and with spaces of one kind."""
    bare = unicodedata.normalize("NFKD", text[:LONGEST_SEARCHED])
    return "".join(char for char in bare if not unicodedata.combining(char)).casefold()


def is_blank(text: str) -> bool:
    """Whether nothing in it is visible, as in white space, formatting characters, fillers, accents without letters."""
    return not any(_is_visible(char) for char in text)


def _is_visible(char: str) -> bool:
    category = unicodedata.category(char)
    if category == UNKNOWN:
        return not RESERVED_FOR_UNSEEN.match(char)
    return category[0] in VISIBLE and char not in BLANKS


def _stream_safe(text: str) -> str:
    """The text without marks (categories Mn, Mc, Me) that follow MOST_MARKS others."""
    if text.isascii():
        return text
    kept, in_a_row = [], 0
    for char in text:
        in_a_row = in_a_row + 1 if unicodedata.category(char)[0] == "M" else 0
        if in_a_row <= MOST_MARKS:
            kept.append(char)
    return "".join(kept)
