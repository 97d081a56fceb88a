"""A draft of the snapshot's files: their rows, a report of the changes, and the publication.

It knows the keys and the spelling of the files, not what their figures mean.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from shutil import copy2
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from margin.errors import FieldError
from margin.market.records import UNDATED
from margin.venues import VENUES

MARKS, FUNDING, RISK, CORRELATIONS = "marks.csv", "funding.csv", "risk.csv", "correlations.csv"
TIERS, CONTRACTS, LISTINGS = "tiers.csv", "contracts.csv", "listings.csv"
OF_VENUES = (TIERS, CONTRACTS, LISTINGS)
"""Files with a column of venues."""
REWRITTEN = (MARKS, *OF_VENUES, FUNDING, RISK, CORRELATIONS)
RECORD = "crashes.csv"
"""Past days, which an update does not change."""
FILES = (*REWRITTEN, RECORD)
"""All files of a snapshot."""

Cells = Mapping[str, str]


class NotWritten(Exception):  # noqa: N818 (what became of the files)
    """The files were not changed; the message says why."""


class Written(NamedTuple):
    """Rows that changed, with their dates, or words in place of the date of missing rows."""

    table: str
    venue: str
    tokens: tuple[str, ...]
    before: str
    after: str


class Kept(NamedTuple):
    """Rows that did not change, with their date and the reason as a clause."""

    table: str
    venue: str
    tokens: tuple[str, ...]
    as_of: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """The changes of the tables, and the reasons why requested tokens were not added.

    `venue` is empty for tables without venues, and `tokens` for the correlations as a whole.
    """

    written: tuple[Written, ...]
    kept: tuple[Kept, ...]
    left_out: Mapping[str, str]

    def lines(self) -> list[str]:
        """Return the report as text, one line per group of rows."""
        return [
            *(f"new: {_label(entry)}: {entry.before} -> {entry.after}" for entry in self.written),
            *(f"kept: {_label(entry)}, {entry.as_of}: {entry.reason}" for entry in self.kept),
            *(f"left out: {token}: {reason}" for token, reason in self.left_out.items()),
        ]


def _label(entry: Written | Kept) -> str:
    venue = [VENUES[entry.venue].name] if entry.venue else []
    return " ".join([entry.table, *venue, ", ".join(entry.tokens)]).strip()


def cells(values: Mapping[str, Any], decimals: int | None = None) -> Cells:
    """Return a row's cells as text, numbers in full or rounded."""
    return {column: _cell(value, decimals) for column, value in values.items()}


def _cell(value: str | bool | float | None, decimals: int | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        # Adding 0 turns a rounded -0 into 0.
        return np.format_float_positional(
            value if decimals is None else round(value, decimals) + 0.0, trim="-"
        )
    return str(value)


class Draft:
    """The new rows of the files by venue and token, and a report of every change.

    The venue is "" in files without venues, and the token is "" for all correlations.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._columns: dict[str, list[str]] = {}
        self._rows: dict[str, dict[tuple[str, str], list[Cells]]] = {}
        self._written: dict[tuple[str, str, str, str], list[str]] = {}
        self._kept: dict[tuple[str, str, str, str], list[str]] = {}
        self._left_out: dict[str, str] = {}
        for file in REWRITTEN:
            reader = csv.DictReader(folder.joinpath(file).read_text(encoding="utf-8").splitlines())
            self._columns[file] = list(reader.fieldnames or [])
            groups = self._rows[file] = {}
            for row in reader:
                key = (row["venue"] if file in OF_VENUES else "", row.get("symbol", ""))
                groups.setdefault(key, []).append(row)

    def newest(self) -> str:
        """Return the latest day of all rows."""
        days: set[str] = set()
        for file in self._rows:
            days.update(row["as_of"] for row in self._all_rows(file))
        return max(day.rpartition("/")[2] for day in days - {UNDATED})

    def _all_rows(self, file: str) -> Iterator[Cells]:
        return chain.from_iterable(self._rows[file].values())

    def tokens(self, file: str, venue: str) -> list[str]:
        """Return the tokens with rows in the file, of this venue."""
        return [token for row_venue, token in self._rows[file] if row_venue == venue]

    def cell(self, file: str, column: str, token: str, venue: str = "") -> str:
        """Return the cell of the token's first row, empty where there is none."""
        rows = self._rows[file].get((venue, token))
        return rows[0][column] if rows else ""

    def put(self, file: str, token: str, rows: list[Cells], venue: str = "") -> None:
        """Set the token's rows, in their old place or at the end."""
        old_day = self.cell(file, "as_of", token, venue) or "none"
        self._rows[file][venue, token] = rows
        self._written.setdefault((file, venue, old_day, rows[0]["as_of"]), []).append(token)

    def drop(self, file: str, token: str, venue: str, reason: str) -> None:
        """Remove the token's rows, if there are any."""
        old_day = self.cell(file, "as_of", token, venue)
        if self._rows[file].pop((venue, token), None):
            self._written.setdefault((file, venue, old_day, reason), []).append(token)

    def keep(self, file: str, token: str, reason: str, venue: str = "") -> None:
        """Report why the token's rows, if there are any, do not change."""
        if as_of := self.cell(file, "as_of", token, venue):
            self._kept.setdefault((file, venue, as_of, reason), []).append(token)

    def keep_all(self, file: str, reason: str) -> None:
        """Report why no row of a file without venues changes."""
        for _, token in self._rows[file]:
            self.keep(file, token, reason)

    def leave_out(self, token: str, reason: str) -> None:
        """Report why a token is not added."""
        self._left_out[token] = reason

    def report(self) -> Report:
        """Return the report of the changes so far."""
        written = (
            Written(file, venue, tuple(tokens), before, after)
            for (file, venue, before, after), tokens in self._written.items()
        )
        kept = (
            Kept(file, venue, tuple(tokens), as_of, reason)
            for (file, venue, as_of, reason), tokens in self._kept.items()
        )
        return Report(tuple(written), tuple(kept), self._left_out)

    def write(self, folder: Path) -> None:
        """Write every file into an empty folder."""
        copy2(self._folder / RECORD, folder)
        for file in self._rows:
            with folder.joinpath(file).open("w", encoding="utf-8", newline="") as opened:
                writer = csv.DictWriter(opened, self._columns[file], lineterminator="\n")
                writer.writeheader()
                writer.writerows(self._all_rows(file))


def publish(draft: Draft, folder: Path, check: Callable[[Path], object], *, dry_run: bool) -> None:
    """Write the draft beside the folder, check it, and move it into place unless `dry_run`.

    Raises NotWritten, without a change, where `check` raises FieldError or the files cannot be
    written.
    """
    try:
        parent = None if dry_run else _create(folder.parent)
        with TemporaryDirectory(prefix=".snapshot-", dir=parent) as temporary:
            new, backup = _create(Path(temporary, "new")), _create(Path(temporary, "old"))
            draft.write(new)
            check(new)
            if not dry_run:
                _move(new, _create(folder), backup)
    except FieldError as error:
        raise NotWritten(f"the new snapshot would not be read back: {error}") from None
    except OSError as error:
        raise NotWritten(f"the new files cannot be written: {error.strerror or error}") from None


def _create(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _move(new: Path, folder: Path, backup: Path) -> None:
    """Replace the files one by one, or restore them all where anything interrupts that."""
    existing = [name for name in FILES if (folder / name).exists()]
    for name in existing:
        copy2(folder / name, backup)
    try:
        for name in FILES:
            (new / name).replace(folder / name)
    except BaseException:
        for name in FILES:
            if name in existing:
                (backup / name).replace(folder / name)
            else:
                (folder / name).unlink(missing_ok=True)
        raise
