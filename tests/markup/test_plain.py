"""What is typed is kept as text that every page, mail and feed can carry."""

import unicodedata
from xml.etree import ElementTree

from app.markup import render
from app.plain import folded, is_blank, plain, plain_identifier, plain_line

WITHOUT = {
    "a NUL": "\x00",
    "a bell": "\x07",
    "an escape": "\x1b",
    "a C1 control": "\x86",
    "a delete": "\x7f",
    "a lone high surrogate": "\ud800",
    "a lone low surrogate": "\udc00",
    "a noncharacter": "\ufffe",
    "a noncharacter of another plane": "\U0010ffff",
    "a noncharacter among letters": "\ufdd0",
}
KEPT = {
    "four bytes": "\U0001f33f \U00020000",
    "a flag": "\U0001f1f3\U0001f1f4",
    "a joined sequence": "\U0001f469\u200d\U0001f52c",
    "Arabic": "العربية",
    "a joiner of Persian": "می\u200cخواهم",
    "a direction mark": "a\u200fb\u200e",
    "accents": "éñüçÅ",
    "many accents": "a" + "\u0301" * 30,
    "a no-break space": "23\u00a0h",
    "a narrow no-break space": "Quoi\u202f?",
    "a private character": "\ue000",
    "emoji of Unicode 15": "\U0001fae8 \U0001fa77 \U0001fabf",
    "a code point that is none yet": "\u0378",
}
INVISIBLE = {
    "nothing": "",
    "white space": " \t\r\n\u00a0\u2003\u3000\u2028",
    "zero-width spaces and joiners": "\u200b\u200c\u200d\u2060\ufeff",
    "soft hyphens": "\u00ad\u00ad",
    "fillers of Hangul": "\u115f\u1160\u3164\uffa0",
    "blanks of Braille": "\u2800\u2800",
    "accents without a letter": "\u0301\u0338\u20dd",
    "a grapheme joiner": "\u034f",
    "variation selectors": "\ufe0f\U000e0100",
    "tags": "\U000e0041\U000e007f",
    "direction marks": "\u200e\u200f\u202e\u2066",
    "invisible operators": "\u2061\u2062\u2063",
    "vowels of Khmer and Mongolian that are not seen": "\u17b4\u17b5\u180b\u180e",
    "a note without a head": "\U0001d159",
    "private characters": "\ue000\U000f0000",
    "code points reserved for what is not seen": "\u2065\ufff0\U000e0fff",
}
OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def test_characters_that_no_text_needs_are_left_out():
    assert [
        (char, clean) for char in WITHOUT.values() for clean in (plain, plain_line) if clean(f"a{char}b") != "ab"
    ] == []


def test_characters_of_every_language_are_kept():
    assert [
        (text, clean)
        for text in KEPT.values()
        for clean in (plain, plain_line)
        if clean(text) != unicodedata.normalize("NFC", text)
    ] == []


def test_letters_are_composed_so_that_the_same_name_is_the_same_text():
    assert plain("e\u0301") == plain_line("e\u0301") == "é"


def test_lines_end_as_on_unix():
    assert [ends for ends in ("\r\n", "\r", "\n") if plain(f"a{ends}b{ends}{ends}c") != "a\nb\n\nc"] == []


def test_what_ends_lines_in_word_and_pdf_ends_them_here():
    assert [
        char
        for char in ("\v", "\f", "\x85", "\u2028", "\u2029")
        if plain(f"a{char}b") != "a\nb" or plain_line(f"a{char}b") != "a b"
    ] == []


def test_identifier_has_nothing_that_copying_added():
    assert [
        typed
        for typed in (
            "a@example.org",
            "<a@example.org>",
            " mailto:a@example.org ",
            "<MAILTO:a@example.org>",
            "\u200ba@exam\u00adple.org\u2060\ufeff",
            "\u202aa@example.org\u202c",
            "a@example.org\u2028",
        )
        if plain_identifier(typed) != "a@example.org"
    ] == []


def test_a_line_is_one_line_with_single_spaces_and_none_around_it():
    assert plain_line("  a\t b\r\nc\n\nd \u2003 e ") == "a b c d e"


def test_a_line_keeps_no_break_spaces_but_has_none_around_it():
    wrong = []
    for space in ("\u00a0", "\u202f"):
        line = f"Quoi{space}: «{space}tout{space}»"
        if plain_line(f"{space} {line} \t {space}\n") != line:
            wrong.append(space)

    assert wrong == []


def test_texts_are_compared_whatever_their_case_and_their_kind_of_spaces():
    assert folded("Étude\u00a0: RÉSUMÉ") == folded("étude : \u202f résumé")


def test_a_line_has_no_direction_overrides_that_could_mislead():
    assert plain_line(f"a{OVERRIDES}b") == "ab"


def test_a_text_may_need_them():
    assert plain(f"a{OVERRIDES}b") == f"a{OVERRIDES}b"


def test_cleaned_text_renders_and_can_be_stored_and_put_into_a_feed():
    wrong = []
    for char in (*WITHOUT.values(), *KEPT.values(), OVERRIDES, "\t", "\n"):
        element = ElementTree.Element("content")
        element.text = render(plain(f"a{char}b **{char}** [x](https://example.org/{char})"))
        element.text.encode("utf-8")  # which fails where something cannot be stored
        if ElementTree.fromstring(ElementTree.tostring(element, "utf-8")).text != element.text:
            wrong.append(char)

    assert wrong == []


def test_text_of_which_nothing_can_be_seen_is_blank():
    assert [text for text in INVISIBLE.values() if not is_blank(text)] == []


def test_text_of_which_something_can_be_seen_is_not():
    assert [
        text
        for text in ("a", "1", ".", "\u200b\u00e9", "\u0646", "\U0001f33f", "\U0001fae8", "\u3131", "\u2801", "+")
        if is_blank(text)
    ] == []


def test_cleaning_twice_changes_nothing_more():
    assert [
        (text, clean)
        for text in ("a\x00b", "x\ud800y\r\n z", "a \u00a0 b\u202f", "e\u0301\u202e")
        for clean in (plain, plain_line)
        if clean(clean(text)) != clean(text)
    ] == []
