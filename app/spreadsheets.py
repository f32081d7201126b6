"""Lines of CSV files that spreadsheets show and do not run."""

import csv
import io
import re

BYTE_ORDER_MARK = "\N{BYTE ORDER MARK}"  # begins a file, so that spreadsheets read it as UTF-8
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


def _safe(cell: object) -> object:
    """The cell as it can stand in a file: a quote stands before what a spreadsheet would take for a formula."""
    if isinstance(cell, int | float):
        return cell
    return FORMULA.sub(r"\1'\2", str(cell)[:LONGEST_CELL])
