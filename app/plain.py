"""What people type, made plain: composed, without characters that no text needs or that mislead."""

import re
import unicodedata

# Control characters, lone surrogates and code points that are no characters: XML cannot carry them.
UNWANTED = frozenset({"Cc", "Cs", "Cn"})
# First letters of the categories that can be seen by themselves, and what is among them although it is blank: fillers
# of Hangul, the blank of Braille, a place kept for an object, a note without a head.
VISIBLE = frozenset("LNPS")
BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffc\U0001d159")
BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """What somebody typed, composed, with Unix line ends and without characters that no text needs."""
    return without_unwanted(unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n"))


def without_unwanted(text: str) -> str:
    """The same text without the characters that no text needs; nothing else is changed."""
    return "".join(char for char in text if char in "\n\t" or unicodedata.category(char) not in UNWANTED)


def plain_line(text: str) -> str:
    """The same for a single line, where direction overrides have no use but to mislead."""
    return " ".join(BIDI_CONTROLS.sub("", plain(text)).split())


def is_blank(text: str) -> bool:
    """Whether nothing of it can be seen: white space, formatting characters, fillers, accents without a letter."""
    return not any(unicodedata.category(char)[0] in VISIBLE and char not in BLANKS for char in text)
