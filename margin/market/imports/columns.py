"""What a table consists of: its columns, the entries of a line, and a fault with its place."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from margin.characters import legible
from margin.market.imports.vocabulary import IGNORED, folded

LONGEST_NAME = 40
"""Characters of a column's name, or of a cell, that are shown."""


def printable(cell: str) -> str:
    """Return a cell for use in a sentence: one line, not long, without invisible characters."""
    shown = legible(cell[: LONGEST_NAME + 1])
    text = "".join(character if character.isprintable() else "\ufffd" for character in shown)
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


class Column(NamedTuple):
    """A column: its name as written, the field it is read as, and the unit in its name.

    `field` is one of the vocabulary's fields or signs; None where the column is not read.
    """

    name: str
    field: str | None
    unit: str = ""

    @property
    def known(self) -> bool:
        """Whether the name is understood, even as something that an account does not need."""
        return self.field is not None or folded(self.name) in IGNORED


class Entry(NamedTuple):
    """A cell that is not empty, in its column."""

    column: Column
    cell: str


class TableLine(NamedTuple):
    """A line that may hold a position: the first cell of every field, and all its entries."""

    number: int
    cells: Mapping[str, str]
    entries: tuple[Entry, ...] = ()
    context: tuple[str, ...] = ()
    """The titles and comments above it, or the keys that lead to it in a dump."""

    def entries_of(self, *fields: str) -> list[Entry]:
        """Return the entries of these fields."""
        return [entry for entry in self.entries if entry.column.field in fields]


class LineFault(NamedTuple):
    """What is wrong on a line and what to do about it, as clauses.

    Lines count from 1; line 0 with no column means the table as a whole. `column` is the column's
    name as written. A fault is `removable` where the table without that line would still mean the
    same, so never for a line that could be its header. `unit` is what `line` counts.
    """

    line: int
    column: str
    wrong: str
    remedy: str
    removable: bool = True
    unit: str = "Line"

    def to_json(self) -> dict[str, Any]:
        """Return the fault as the `import` command prints it.

        `line` is null where the fault is of the table as a whole.
        """
        return {
            "line": self.line or None,
            "field": self.column,
            "message": self.wrong,
            "remedy": self.remedy,
        }

    def __str__(self) -> str:
        place = [f"{self.unit} {self.line}"] if self.line else []
        place += [self.column] if self.column else []
        return f"{', '.join(place) or 'The table'}: {self.wrong}; {self.remedy}."
