"""CSV files that spreadsheets in the reader's language open in columns, and in which they find no formula."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile

from app.languages import Language

BYTE_ORDER_MARK = "\N{BYTE ORDER MARK}"  # begins a file, so that spreadsheets read it as UTF-8
LARGEST_IN_MEMORY, PART = 1024 * 1024, 64 * 1024  # in bytes
LONGEST_CELL = 32_000  # spreadsheets take at most 32,767 characters
# The beginning of a formula, at the start of a cell or after a character that spreadsheets may take for the end of one,
# such as the semicolon in Spanish and French.
FORMULA = re.compile(
    r"(^\s*|[;\t\r\n][^\S\t\r\n]*)([=+\-@"
    "\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}])"
)


def line(language: Language, *cells: object) -> str:
    """One line of the file. Where a language writes decimals with a comma, its spreadsheets separate columns by
    semicolons."""
    buffer, decimal = io.StringIO(), language.patterns.decimal
    writer = csv.writer(buffer, delimiter=";" if decimal == "," else ",")
    writer.writerow([_safe(cell, decimal) for cell in cells])
    return buffer.getvalue()


def kept(lines: Iterable[str]) -> Iterator[bytes]:
    """The file in parts of bytes, to be sent at the reader's speed. It is first written to a temporary file."""
    file = SpooledTemporaryFile[bytes](LARGEST_IN_MEMORY)
    file.writelines(text.encode() for text in lines)
    file.seek(0)
    return _parts(file)


def _parts(file: SpooledTemporaryFile[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(PART):
            yield part


def _safe(cell: object, decimal: str) -> object:
    """The cell, with an apostrophe before what a spreadsheet would take for a formula."""
    if isinstance(cell, int | float):
        return str(cell).replace(".", decimal)
    return FORMULA.sub(r"\1'\2", str(cell)[:LONGEST_CELL])
