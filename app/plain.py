"""What people type, made plain: composed, without characters that no text needs or that mislead."""

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
BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """What somebody typed, composed, with Unix line ends and without characters that no text needs."""
    return without_unwanted(unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n"))


def without_unwanted(text: str) -> str:
    """The same text without the characters that no text needs; nothing else is changed."""
    return "".join(char for char in text if char in "\n\t" or unicodedata.category(char) not in UNWANTED)


def plain_line(text: str) -> str:
    """The same for a single line, where direction overrides have no use but to mislead.

    White space becomes single spaces, with none around the line; no-break spaces inside it stay as they are.
    """
    return ORDINARY_SPACE.sub(" ", BIDI_CONTROLS.sub("", plain(text))).strip()


def folded(text: str) -> str:
    """A text in the form in which it is compared with others: whatever its case, with spaces of one kind."""
    return " ".join(text.casefold().split())


def is_blank(text: str) -> bool:
    """Whether nothing of it can be seen: white space, formatting characters, fillers, accents without a letter."""
    return not any(unicodedata.category(char)[0] in VISIBLE and char not in BLANKS for char in text)
