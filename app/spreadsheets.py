"""CSV files that spreadsheets in the reader's language open in columns, and in which they find no formula."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
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


class Kept:
    """A file that is whole before it is sent at the reader's speed, so that its size and its SHA-256 are known. It is
    written to a temporary file."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._file = SpooledTemporaryFile[bytes](LARGEST_IN_MEMORY)
        digest = sha256()
        try:
            for text in lines:
                part = text.encode()
                digest.update(part)
                self._file.write(part)
        except BaseException:
            self._file.close()
            raise
        self.size, self.sha256 = self._file.tell(), digest.hexdigest()
        self._file.seek(0)

    def __iter__(self) -> Iterator[bytes]:
        with self._file:
            while part := self._file.read(PART):
                yield part

    def close(self) -> None:
        """Called at the end of the answer, also if nothing of it was sent."""
        self._file.close()


def _safe(cell: object, decimal: str) -> object:
    """The cell, with an apostrophe before what a spreadsheet would take for a formula."""
    if isinstance(cell, int | float):
        return str(cell).replace(".", decimal)
    return FORMULA.sub(r"\1'\2", str(cell)[:LONGEST_CELL])[:LONGEST_CELL]
