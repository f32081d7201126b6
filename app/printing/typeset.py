"""Typesets one document and ends: JSON on its standard input, the PDF on its standard output.

It is run as a program of its own (app/printing/pdf.py), since typst keeps memory from one document to the next, and
imports nothing of the application. The standards make a document fail for a letter that no font has, so these are found
out first and shown by their numbers. If it fails all the same, it is set without tags and standards; what typst said is
then on the standard error.
"""

import json
import os
import re
import resource
import sys
import unicodedata
from contextlib import suppress
from pathlib import Path
from typing import Any

import typst

TEMPLATE = Path(__file__).with_name("document.typ")
STANDARDS = ["a-2a", "ua-1"]  # PDF/A-2a, for archives, and PDF/UA-1, which can be read aloud
MEGABYTE = 1024 * 1024
SECONDS, MEGABYTES = 300, 4096  # the most of processor time and of address space, of which a third is used at most
ATTEMPTS = 4
# What typst says about each letter that cannot be shown, in one error for all.
NAMED = re.compile(
    r"error: (?:the text|the PDF contains the codepoint|the text contains the disallowed codepoint) `\"(.*?)\"`"
)
ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")
NO_LETTERS = frozenset({"Co", "Cn", "Cs", "Cc"})  # private, unassigned, half of a letter, control characters
PROBE = b"""#set document(title: "letters")
#set text(font: "Libertinus Serif")
#for letter in json(bytes(sys.inputs.data)) [#letter #parbreak()]"""


def main() -> None:
    data = json.load(sys.stdin)
    note, data["missing"] = data["missing"], ""
    seconds, letters = data.pop("seconds"), letters_of(data)
    # Only as text, since the objects of a long document take more memory than it has to spare.
    written = json.dumps(data, ensure_ascii=False)
    del data

    def compiled(source: Any, given: str, standards: list[Any]) -> bytes:
        made: Any = typst.compile(
            source,
            format="pdf",
            sys_inputs={"data": given},
            pdf_standards=standards,
            timestamp=seconds,
            pdf_tags=bool(standards),
        )
        return bytes(made)

    missing = {letter for letter in letters if unicodedata.category(letter) in NO_LETTERS} | {"\ufeff"}
    try:
        probed = sorted(letter for letter in letters - missing if unicodedata.category(letter) != "Cf")
        compiled(PROBE, json.dumps(probed, ensure_ascii=False), STANDARDS)
    except typst.TypstError as error:
        missing |= named_in(str(error.diagnostic))
    said = ""
    for _ in range(ATTEMPTS):
        if letters & missing:
            data = without(json.loads(written), missing)
            data["missing"] = note if any(map(shown, missing)) else ""
            written = json.dumps(data, ensure_ascii=False)
            del data
        try:
            sys.stdout.buffer.write(compiled(TEMPLATE, written, STANDARDS))
        except typst.TypstError as error:
            said, named = str(error.message), named_in(str(error.diagnostic)) - missing
            missing |= named
            if not named:
                break
        else:
            return
    sys.stdout.buffer.write(compiled(TEMPLATE, written, []))
    sys.stderr.write(said)


def letters_of(data: object) -> set[str]:
    """All characters in the texts of a tree."""
    if isinstance(data, str):
        return set(data)
    parts = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return set().union(*map(letters_of, parts))


def named_in(diagnostic: str) -> set[str]:
    """The letters that an error of typst names."""
    texts = [ESCAPED.sub(lambda m: chr(int(m[1], 16)) if m[1] else m[2], text) for text in NAMED.findall(diagnostic)]
    return set("".join(texts))


def without(data: Any, missing: set[str]) -> Any:
    """The tree with the numbers of these letters in their place."""
    if isinstance(data, str):
        return "".join(shown(letter) if letter in missing else letter for letter in data)
    if isinstance(data, dict):
        return {key: without(value, missing) for key, value in data.items()}
    return [without(one, missing) for one in data] if isinstance(data, list) else data


def shown(letter: str) -> str:
    """`[U+4E2D]`; nothing for a character that cannot be seen."""
    return "" if unicodedata.category(letter) == "Cf" else f"[U+{ord(letter):04X}]"


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES * MEGABYTE, MEGABYTES * MEGABYTE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        os.nice(10)
    main()
