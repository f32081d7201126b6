"""Lines of CSV files that spreadsheets show and do not run."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile

BYTE_ORDER_MARK = "\N{BYTE ORDER MARK}"  # begins a file, so that spreadsheets read it as UTF-8
LARGEST_IN_MEMORY, PART = 1024 * 1024, 64 * 1024  # in bytes
LONGEST_CELL = 32_000  # spreadsheets take at most 32,767 characters
# Where a formula begins: in a cell, and after whatever else spreadsheets may take for the end of one. In Spanish and in
# French they take the semicolon for it.
FORMULA = re.compile(
    r"(^\s*|[;\t\r\n][^\S\t\r\n]*)([=+\-@"
    "\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}])"
)


def line(*cells: object) -> str:
    """One line with its end; numbers are written for programs, in the same way in all languages."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_safe(cell) for cell in cells])
    return buffer.getvalue()


def kept(lines: Iterable[str]) -> Iterator[bytes]:
    """The lines in parts, to be sent at the reader's pace: all of them are made at once, into a temporary file."""
    file = SpooledTemporaryFile[bytes](LARGEST_IN_MEMORY)
    file.writelines(text.encode() for text in lines)
    file.seek(0)
    return _parts(file)


def _parts(file: SpooledTemporaryFile[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(PART):
            yield part


def _safe(cell: object) -> object:
    """The cell as it can stand in a file: a quote stands before what a spreadsheet would take for a formula."""
    if isinstance(cell, int | float):
        return cell
    return FORMULA.sub(r"\1'\2", str(cell)[:LONGEST_CELL])
