"""The single entry point for text from outside: bounded first, then made plain: composed, without characters that no
text needs or that mislead.

Nothing from outside is composed, folded, matched or split before it is bounded: composing takes a time that grows with
the square of the length of a run of combining marks.
"""

import re
import unicodedata

# Control characters, lone surrogates and code points that are no characters: XML cannot carry them.
UNWANTED = frozenset({"Cc", "Cs", "Cn"})
# First letters of the categories that can be seen by themselves, and what is among them although it is blank: fillers
# of Hangul, the blank of Braille, a place kept for an object, a note without a head.
VISIBLE = frozenset("LNPS")
BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffc\U0001d159")
# French puts them before : ; ? ! and within quotation marks, every language between a number and its unit.
NO_BREAK_SPACES = "\u00a0\u202f"
ORDINARY_SPACE = re.compile(rf"[^\S{NO_BREAK_SPACES}]+")
# In characters, for callers that know no limit of their own: more than any text of the site can have.
LONGEST = 50_000
# Unicode Standard Annex #15 allows no more combining marks in a row in stream-safe text; no language needs as many.
MOST_MARKS = 30
BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def plain(text: str, most: int = LONGEST) -> str:
    """The first `most` characters of what someone typed, composed, with Unix line ends, without characters that no
    text needs and without combining marks past the 30th in a row."""
    lines = text[:most].replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _stream_safe(without_unwanted(lines)))


def without_unwanted(text: str) -> str:
    """The same text without the characters that no text needs; nothing else is changed."""
    return "".join(char for char in text if char in "\n\t" or unicodedata.category(char) not in UNWANTED)


def plain_line(text: str, most: int = LONGEST) -> str:
    """The same for a single line, where direction overrides have no use but to mislead.

    White space becomes single spaces, with none around the line; no-break spaces inside it stay as they are.
    """
    return ORDINARY_SPACE.sub(" ", plain(BIDI_CONTROLS.sub("", text[:most]))).strip()


def folded(text: str) -> str:
    """A text in the form in which it is compared with others: whatever its case, with spaces of one kind."""
    return " ".join(text[:LONGEST].casefold().split())


def is_blank(text: str) -> bool:
    """Whether nothing of it can be seen: white space, formatting characters, fillers, accents without a letter."""
    return not any(unicodedata.category(char)[0] in VISIBLE and char not in BLANKS for char in text)


def _stream_safe(text: str) -> str:
    """The text without the marks that follow MOST_MARKS others. All that combines is a mark, whatever its class."""
    if text.isascii():
        return text
    kept, in_a_row = [], 0
    for char in text:
        in_a_row = in_a_row + 1 if unicodedata.category(char)[0] == "M" else 0
        if in_a_row <= MOST_MARKS:
            kept.append(char)
    return "".join(kept)
