"""Files that hold a table: text in a known encoding, or a workbook of a spreadsheet program."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from margin.errors import FieldError
from margin.market.imports.grid import MOST_CHARACTERS, MOST_COLUMNS, MOST_LINES, fields_of

LARGEST_FILE = 4_000_000
"""Bytes of a file that is read."""
_LARGEST_WORKBOOK = 60_000_000
"""Bytes of a workbook once it is unpacked."""
_WORKBOOK = b"PK\x03\x04"
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_TWO_MEANINGS = re.compile(r"-?[0-9]{1,3}\.[0-9]{3}")
"""A number that could be read as one with parted thousands."""


def text_of_file(raw: bytes) -> str:
    """Return a file's table as text: as it is, or a workbook's first sheet with a table in tab-separated lines.

    Text is UTF-8 or, where it says so at its beginning, UTF-16. Raises FieldError, without a path, for any other file.
    """
    if len(raw) > LARGEST_FILE:
        raise FieldError("", f"it is larger than {LARGEST_FILE / 1e6:g} MB; save only the positions")
    if raw.startswith(_WORKBOOK):
        return _workbook(raw)
    if raw.startswith(_OLD_WORKBOOK):
        raise FieldError("", "it is a workbook of an old kind; save it as .xlsx or as CSV")
    coding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8"
    try:
        return raw.decode(coding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise FieldError("", "it is not a text file in UTF-8; save it as CSV in UTF-8, or paste the table") from None


def _workbook(raw: bytes) -> str:
    """Return the lines of the first sheet that names a position's columns, else of the first that is not empty."""
    sheets = [rows for rows in _sheets(raw) if rows]
    if not sheets:
        raise FieldError("", "its sheets are empty")
    named = (rows for rows in sheets if any("symbol" in fields_of(row) for row in rows[:20]))
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows(next(named, sheets[0]))
    if text.tell() > MOST_CHARACTERS:
        raise FieldError("", f"its sheet has more than {MOST_CHARACTERS:,} characters; save only the positions")
    return text.getvalue()


def _sheets(raw: bytes) -> list[list[list[str]]]:
    """Return the rows of every sheet as text. Raises FieldError for what is no workbook, or one that is too large."""
    # The library costs as much to import as all the rest of the package.
    from openpyxl import load_workbook  # noqa: PLC0415

    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > _LARGEST_WORKBOOK:
            raise FieldError("", "it is too large once it is unpacked; save only the positions, or save it as CSV")
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        return [list(_rows(sheet.iter_rows(values_only=True))) for sheet in book.worksheets]
    except FieldError:
        raise
    except Exception:
        raise FieldError("", "it cannot be read as a workbook; save it as CSV and open that") from None


def _rows(rows: Iterable[Sequence[Any]]) -> Iterator[list[str]]:
    for number, row in enumerate(rows):
        if number >= MOST_LINES:
            raise FieldError("", f"a sheet has more than {MOST_LINES:,} lines; save only the positions")
        cells = [_cell(value) for value in row[: MOST_COLUMNS + 1]]
        if any(cells):
            yield cells


def _cell(value: object) -> str:
    """Return a cell's value as text that is read in one way only."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        written = f"{value:.15g}"
        return f"{written}0" if _TWO_MEANINGS.fullmatch(written) else written
    if isinstance(value, date):
        return value.isoformat()
    return " ".join(str(value).split())
