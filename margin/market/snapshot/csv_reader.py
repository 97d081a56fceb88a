"""A reader of CSV files: cells become checked values, and errors name the file and the line.

It knows no table in particular; `history_files` and `venue_files` know what their rows mean.
"""

import csv
import io
import re
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources.abc import Traversable
from itertools import islice
from typing import TypeVar

from margin import errors
from margin.errors import FieldError, join, shown
from margin.market.records import UNDATED

LONGEST_TEXT = 80
_SYMBOL = re.compile("[A-Z0-9]{1,15}")

Key = TypeVar("Key", bound=Hashable)
Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One line of a file with its cells as text; `path("floor")` is `tiers.csv:7.floor`."""

    file: str
    line: int
    cells: Mapping[str, str]

    def path(self, column: str = "") -> str:
        """Return the field's path in an error: file, line and column."""
        return join(f"{self.file}:{self.line}", column)

    def value(self, column: str, *, optional: bool = False) -> float | str | None:
        """Return the cell as a number, or as text where it is not one, to be checked later.

        None where it is empty and `optional`.
        """
        cell = self.cells[column]
        if optional and not cell:
            return None
        # `float` would also read the digits of other scripts, and underscores.
        if not cell.isascii() or "_" in cell:
            return cell
        try:
            return float(cell)
        except ValueError:
            return cell

    def record(self, kind: Callable[..., Record], **values: object) -> Record:
        """Return a record of the row's values. Raises FieldError with the file and the line."""
        try:
            return kind(**values)
        except FieldError as error:
            raise error.within(self.path()) from None

    def number(self, column: str, **bounds: float) -> float:
        """Return a finite number within the bounds, which are those of `errors.number`."""
        return errors.number(self.value(column), self.path(column), **bounds)

    def text(self, column: str) -> str:
        """Return a line of plain text that is not empty."""
        value = errors.text(self.cells[column], self.path(column), longest=LONGEST_TEXT)
        if not value:
            raise FieldError(self.path(column), "must not be empty")
        return value

    def symbol(self, column: str) -> str:
        """Return a symbol of capital letters and digits."""
        value = self.cells[column]
        if not _SYMBOL.fullmatch(value):
            raise FieldError(
                self.path(column), f"must be 1 to 15 capital letters and digits, got {shown(value)}"
            )
        return value

    def choice(self, column: str, options: Iterable[str]) -> str:
        """Return one of the options, spelt exactly."""
        return errors.choice(self.cells[column], self.path(column), options)

    def date(self, column: str) -> str:
        """Return a day such as `2026-03-18`."""
        return _date(self.cells[column], self.path(column))

    def span(self, since: str, as_of: str) -> tuple[str, str]:
        """Return the first and last day of a window from its two columns."""
        first, last = self.date(since), self.date(as_of)
        if last < first:
            raise FieldError(self.path(as_of), f"must not be before {first}, got {last}")
        return first, last

    def sighting(self, column: str) -> str:
        """Return the day of a figure, an ISO 8601 interval of two days, or `undated`."""
        value = self.cells[column]
        days = [] if value == UNDATED else value.split("/", 1)
        for day in days:
            _date(day, self.path(column))
        if days != sorted(days):
            raise FieldError(self.path(column), f"must name the earlier day first, got {value}")
        return value


def _date(value: str, path: str) -> str:
    try:
        written = date.fromisoformat(value).isoformat()
    except ValueError:
        written = ""
    # Python also reads other ISO spellings (20260318), but dates are compared as text here.
    if written != value or not value:
        raise FieldError(path, f"must be a date such as 2026-03-18, got {shown(value)}")
    return value


def read_rows(folder: Traversable, file: str, header: str) -> list[CsvRow]:
    """Return the rows of a file, whose header must be exactly this one."""
    columns = header.split(",")
    reader = csv.reader(io.StringIO(_content(folder, file), newline=""), strict=True)
    try:
        if next(reader, []) != columns:
            raise FieldError(f"{file}:1", f"must be the header {header}")
        rows = [_row(file, reader.line_num, columns, cells) for cells in reader if cells]
    except csv.Error as error:
        raise FieldError(
            f"{file}:{reader.line_num}", f"must be comma-separated values ({error})"
        ) from error
    if not rows:
        raise FieldError(file, "must have at least one row, got none")
    return rows


def _content(folder: Traversable, file: str) -> str:
    try:
        return folder.joinpath(file).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise FieldError(file, "is missing") from error
    except UnicodeDecodeError as error:
        raise FieldError(file, "must be text in UTF-8") from error


def _row(file: str, line: int, columns: Sequence[str], cells: Sequence[str]) -> CsvRow:
    if len(cells) != len(columns):
        raise FieldError(f"{file}:{line}", f"must have {len(columns)} cells, got {len(cells)}")
    return CsvRow(file, line, dict(zip(columns, cells, strict=True)))


def group_rows(rows: Iterable[CsvRow], key: Callable[[CsvRow], Key]) -> dict[Key, list[CsvRow]]:
    """Group the rows by key, in the order of the file."""
    groups: dict[Key, list[CsvRow]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def refuse_repeats(rows: Iterable[CsvRow], key: Callable[[CsvRow], Hashable]) -> None:
    """Raise FieldError for the second of two rows with the same key."""
    for group in group_rows(rows, key).values():
        for row in islice(group, 1, None):
            raise FieldError(row.path(), f"repeats line {group[0].line}")


def common(rows: Sequence[CsvRow], column: str) -> str:
    """Return the column's text, which must be the same in all rows."""
    value = rows[0].text(column)
    for row in rows:
        if row.cells[column] != value:
            raise FieldError(
                row.path(column),
                f"must be {value} as on line {rows[0].line}, got {row.cells[column]}",
            )
    return value


def require_all(
    file: str, symbols: Collection[str], required: Iterable[str], scope: str = ""
) -> None:
    """Raise FieldError where one of the required symbols has no row."""
    for symbol in required:
        if symbol not in symbols:
            raise FieldError(file, f"must have a row for {symbol} {scope}".rstrip())
