"""Lines of CSV files that spreadsheets show and do not run."""

import csv
import io

BYTE_ORDER_MARK = "\N{BYTE ORDER MARK}"  # begins a file, so that spreadsheets read it as UTF-8
LONGEST_CELL = 32_000  # spreadsheets take at most 32,767 characters
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}",
                    "\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip


def line(*cells: object) -> str:
    """One line with its end; numbers are written for programs, in the same way in all languages."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_safe(cell) for cell in cells])
    return buffer.getvalue()


def _safe(cell: object) -> object:
    """The cell as it can stand in a file: a text that a spreadsheet would take for a formula begins with a quote."""
    if isinstance(cell, int | float):
        return cell
    text = str(cell)[:LONGEST_CELL]
    return f"'{text}" if text.lstrip().startswith(STARTS_A_FORMULA) else text
