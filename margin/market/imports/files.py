"""Files that hold a table: text in a known encoding, or a workbook of a spreadsheet program."""

import csv
import io
import re
import zipfile
from datetime import date
from typing import Any, NamedTuple

from margin.errors import FieldError
from margin.market.imports.columns import printable
from margin.market.imports.grid import MOST_CHARACTERS, MOST_COLUMNS, MOST_LINES, fields_of

LARGEST_FILE = 4_000_000
"""Bytes of a file that is read."""
_LARGEST_WORKBOOK = 20_000_000
"""Bytes of a workbook once it is unpacked."""
_WORKBOOK = b"PK\x03\x04"
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_SHOWN_WORDS = re.compile(r'"([^"]*[A-Za-z][^"]*)"')
"""Words that a number's format shows beside it."""
_TWO_MEANINGS = re.compile(r"-?[0-9]{1,3}\.[0-9]{3}")
"""A number that could be read as one with parted thousands."""


def text_of_file(raw: bytes) -> str:
    """Return a file's table as text.

    As it is, or a workbook's first sheet with a table in tab-separated lines.

    Text is UTF-8 or, where it says so at its beginning, UTF-16. Raises FieldError, without a path,
    for any other file.
    """
    if len(raw) > LARGEST_FILE:
        raise FieldError(
            "", f"it is larger than {LARGEST_FILE / 1e6:g} MB; save only the positions"
        )
    if raw.startswith(_WORKBOOK):
        return _workbook(raw)
    if raw.startswith(_OLD_WORKBOOK):
        raise FieldError("", "it is a workbook of an old kind; save it as .xlsx or as CSV")
    coding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8"
    try:
        text = raw.decode(coding).removeprefix("\ufeff")
        if "\0" in text:
            raise UnicodeError("binary")
        return text
    except UnicodeError:
        raise FieldError(
            "", "it is not a text file in UTF-8; save it as CSV in UTF-8, or paste the table"
        ) from None


class _Sheet(NamedTuple):
    """A visible sheet that is not empty.

    Its name, its rows as text, and whether some of them are hidden.
    """

    name: str
    rows: list[list[str]]
    hides: bool

    @property
    def has_table(self) -> bool:
        """Whether one of its first rows names a position's columns."""
        return any("symbol" in fields_of(row) and len(fields_of(row)) > 1 for row in self.rows[:20])


def _workbook(raw: bytes) -> str:
    """Return the lines of the sheet that names a position's columns, with its name.

    The name stands above them as a comment.

    Raises FieldError where several sheets do, or rows are hidden: which of them hold is not
    guessed.
    """
    sheets = _sheets(raw)
    if not sheets:
        raise FieldError("", "its sheets are empty")
    tables = [sheet for sheet in sheets if sheet.has_table] or sheets[:1]
    if len(tables) > 1:
        names = ", ".join(printable(sheet.name) for sheet in tables[:5])
        raise FieldError(
            "",
            f"it has tables on several sheets ({names}); save only the one with the open positions",
        )
    [sheet] = tables
    if sheet.hides:
        raise FieldError("", "it has hidden rows or columns; show or delete them first")
    text = io.StringIO()
    text.write(f"# {printable(sheet.name)}\n")
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows(sheet.rows)
    if text.tell() > MOST_CHARACTERS:
        raise FieldError(
            "", f"its sheet has more than {MOST_CHARACTERS:,} characters; save only the positions"
        )
    return text.getvalue()


def _sheets(raw: bytes) -> list[_Sheet]:
    """Return the visible sheets.

    Raises FieldError for what is no workbook, or one that is too large.
    """
    # The library costs as much to import as all the rest of the package.
    from openpyxl import load_workbook  # noqa: PLC0415

    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > _LARGEST_WORKBOOK:
            raise FieldError(
                "",
                "it is too large once it is unpacked; save only the positions, or save it as CSV",
            )
        book = load_workbook(io.BytesIO(raw), data_only=True, keep_links=False)
        sheets = [_sheet(sheet) for sheet in book.worksheets if sheet.sheet_state == "visible"]
    except FieldError:
        raise
    except Exception:
        raise FieldError(
            "", "it cannot be read as a workbook; save it as CSV and open that"
        ) from None
    return [sheet for sheet in sheets if sheet.rows]


def _sheet(sheet: Any) -> _Sheet:
    if sheet.max_row > MOST_LINES:
        raise FieldError("", f"a sheet has more than {MOST_LINES:,} lines; save only the positions")
    rows = [[_cell(cell) for cell in row[: MOST_COLUMNS + 1]] for row in sheet.iter_rows()]
    hidden = any(
        size.hidden for size in (*sheet.row_dimensions.values(), *sheet.column_dimensions.values())
    )
    return _Sheet(sheet.title, [row for row in rows if any(row)], hidden)


def _cell(cell: Any) -> str:
    """Return a cell's value as unambiguous text, with the words that its format shows."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        written = f"{value:.15g}"
        words = "".join(_SHOWN_WORDS.findall(cell.number_format or ""))
        number = f"{written}0" if _TWO_MEANINGS.fullmatch(written) else written
        return f"{number} {words}".strip()
    if isinstance(value, date):
        return value.isoformat()
    return " ".join(str(value).split())
