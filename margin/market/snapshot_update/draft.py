"""The snapshot's files on the way to a new edition.

Their rows, the account of what changed, and the move into place.

Knows how the files are keyed and spelt, not what their figures mean.
"""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
"""Files whose rows speak of a venue."""
REWRITTEN = (MARKS, *OF_VENUES, FUNDING, RISK, CORRELATIONS)
RECORD = "crashes.csv"
"""Past days: it stays as it is."""
FILES = (*REWRITTEN, RECORD)
"""All that a snapshot is made of."""

Cells = Mapping[str, str]


class NotWritten(Exception):  # noqa: N818 (what became of the files)
    """Nothing was changed; the text says why."""


class Written(NamedTuple):
    """Rows that are new, with their dates, or words for rows that are not there."""

    table: str
    venue: str
    tokens: tuple[str, ...]
    before: str
    after: str


class Kept(NamedTuple):
    """Rows that stay as they were, with their date and the reason as a clause."""

    table: str
    venue: str
    tokens: tuple[str, ...]
    as_of: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the tables, and why tokens that were to be added are left out.

    `venue` is empty in entries of tables that have none, `tokens` in those of all correlations.
    """

    written: tuple[Written, ...]
    kept: tuple[Kept, ...]
    left_out: Mapping[str, str]

    def lines(self) -> list[str]:
        """Return one line per group of rows, as a person reads it."""
        return [
            *(f"new: {_what(entry)}: {entry.before} -> {entry.after}" for entry in self.written),
            *(f"kept: {_what(entry)}, {entry.as_of}: {entry.reason}" for entry in self.kept),
            *(f"left out: {token}: {reason}" for token, reason in self.left_out.items()),
        ]


def _what(entry: Written | Kept) -> str:
    venue = [VENUES[entry.venue].name] if entry.venue else []
    return " ".join([entry.table, *venue, ", ".join(entry.tokens)]).strip()


def cells(values: Mapping[str, Any], decimals: int | None = None) -> Cells:
    """Return a row as its file spells it; numbers in full, or rounded."""
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
    """The files' rows as they are to be, and an account of every change.

    Per venue and token.

    A venue is "" in files that have none; all correlations stand under the token "".
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
        """Return the latest day of any row."""
        days = {
            row["as_of"]
            for groups in self._rows.values()
            for rows in groups.values()
            for row in rows
        }
        return max(day.rpartition("/")[2] for day in days - {UNDATED})

    def tokens(self, file: str, venue: str) -> list[str]:
        """Return those that the file has rows of for the venue."""
        return [token for held, token in self._rows[file] if held == venue]

    def cell(self, file: str, column: str, token: str, venue: str = "") -> str:
        """Return the cell of the token's first row; empty where there is none."""
        rows = self._rows[file].get((venue, token))
        return rows[0][column] if rows else ""

    def put(self, file: str, token: str, rows: list[Cells], venue: str = "") -> None:
        """Set the token's rows: in their old place, or at the end."""
        before = self.cell(file, "as_of", token, venue) or "none"
        self._rows[file][venue, token] = rows
        self._written.setdefault((file, venue, before, rows[0]["as_of"]), []).append(token)

    def drop(self, file: str, token: str, venue: str, why: str) -> None:
        """Take the token's rows out, if there are any."""
        before = self.cell(file, "as_of", token, venue)
        if self._rows[file].pop((venue, token), None):
            self._written.setdefault((file, venue, before, why), []).append(token)

    def keep(self, file: str, token: str, reason: str, venue: str = "") -> None:
        """Note why the token's rows, if there are any, stay."""
        if as_of := self.cell(file, "as_of", token, venue):
            self._kept.setdefault((file, venue, as_of, reason), []).append(token)

    def keep_all(self, file: str, reason: str) -> None:
        """Note why a whole file stays that has no venues."""
        for _, token in self._rows[file]:
            self.keep(file, token, reason)

    def leave_out(self, token: str, reason: str) -> None:
        """Note why a token is not added."""
        self._left_out[token] = reason

    def report(self) -> Report:
        """Return the account so far."""
        return Report(
            tuple(
                Written(file, venue, tuple(tokens), *days)
                for (file, venue, *days), tokens in self._written.items()
            ),
            tuple(
                Kept(file, venue, tuple(tokens), *why)
                for (file, venue, *why), tokens in self._kept.items()
            ),
            self._left_out,
        )

    def write(self, folder: Path) -> None:
        """Write every file into an empty folder."""
        copy2(self._folder / RECORD, folder)
        for file, groups in self._rows.items():
            with folder.joinpath(file).open("w", encoding="utf-8", newline="") as opened:
                writer = csv.DictWriter(opened, self._columns[file], lineterminator="\n")
                writer.writeheader()
                writer.writerows(row for rows in groups.values() for row in rows)


def publish(draft: Draft, folder: Path, check: Callable[[Path], object], *, dry_run: bool) -> None:
    """Write the draft beside the folder, check it, and move it into place unless dry.

    Raises NotWritten where `check` raises FieldError or the files cannot be written: then nothing
    has changed.
    """
    try:
        with TemporaryDirectory(
            prefix=".snapshot-", dir=None if dry_run else _made(folder.parent)
        ) as beside:
            new, old = _made(Path(beside, "new")), _made(Path(beside, "old"))
            draft.write(new)
            check(new)
            if not dry_run:
                _move(new, _made(folder), old)
    except FieldError as error:
        raise NotWritten(f"the new snapshot would not be read back: {error}") from None
    except OSError as error:
        raise NotWritten(f"the new files cannot be written: {error.strerror or error}") from None


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _move(new: Path, folder: Path, old: Path) -> None:
    """Each file is whole at every instant; whatever interrupts this, all are the old ones again."""
    held = [name for name in FILES if (folder / name).exists()]
    for name in held:
        copy2(folder / name, old)
    try:
        for name in FILES:
            (new / name).replace(folder / name)
    except BaseException:
        for name in FILES:
            if name in held:
                (old / name).replace(folder / name)
            else:
                (folder / name).unlink(missing_ok=True)
        raise
