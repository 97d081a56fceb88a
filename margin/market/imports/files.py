"""Read the table in a file: text in UTF-8 or UTF-16, or a workbook of a spreadsheet program."""

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
"""The most bytes of a file that is read."""
_LARGEST_WORKBOOK = 20_000_000
"""The most bytes of an unpacked workbook."""
_WORKBOOK = b"PK\x03\x04"
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_FORMAT_WORDS = re.compile(r'"([^"]*[A-Za-z][^"]*)"')
"""Words that the number format of a cell shows beside its number."""
_AMBIGUOUS = re.compile(r"-?[0-9]{1,3}\.[0-9]{3}")
"""A number whose point could also group thousands."""


def text_of_file(raw: bytes) -> str:
    """Return the text of a file; a workbook's sheet with the table becomes tab-separated lines.

    Text is UTF-8, or UTF-16 with a byte order mark. Raises FieldError, without a path, for any
    other file.
    """
    if len(raw) > LARGEST_FILE:
        raise FieldError(
            "", f"it is larger than {LARGEST_FILE / 1e6:g} MB; save only the positions"
        )
    if raw.startswith(_WORKBOOK):
        return _workbook(raw)
    if raw.startswith(_OLD_WORKBOOK):
        raise FieldError("", "it is a workbook of an old kind; save it as .xlsx or as CSV")
    encoding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8"
    try:
        text = raw.decode(encoding).removeprefix("\ufeff")
        if "\0" in text:
            raise UnicodeError("binary")
        return text
    except UnicodeError:
        raise FieldError(
            "", "it is not a text file in UTF-8; save it as CSV in UTF-8, or paste the table"
        ) from None


class _Sheet(NamedTuple):
    """A visible sheet: its name, and its rows as text without the empty ones."""

    name: str
    rows: list[list[str]]
    has_hidden: bool
    """Whether some of its rows or columns are hidden."""

    @property
    def has_table(self) -> bool:
        """Whether one of its first rows names the columns of positions."""
        return any("symbol" in fields_of(row) and len(fields_of(row)) > 1 for row in self.rows[:20])


def _workbook(raw: bytes) -> str:
    """Return the sheet that names the columns of positions, below its name as a comment.

    Raises FieldError where several sheets do, or where rows are hidden, since either leaves it open
    which lines count.
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
    if sheet.has_hidden:
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
    """Return the visible sheets that are not empty.

    Raises FieldError for a file that is not a workbook, or is too large.
    """
    # Importing the library takes as long as importing the rest of the package.
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
    """Return a cell's value as unambiguous text, with the words of its number format."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        number = f"{value:.15g}"
        if _AMBIGUOUS.fullmatch(number):
            number += "0"
        words = "".join(_FORMAT_WORDS.findall(cell.number_format or ""))
        return f"{number} {words}".strip()
    if isinstance(value, date):
        return value.isoformat()
    return " ".join(str(value).split())
