"""What a line states of its side, its margin mode and its leverage, in whichever of its cells.

Where two cells state the same thing they must agree; a line that contradicts itself is a fault, never a choice.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Generic, Literal, NamedTuple, TypeVar, cast

from margin.errors import shown
from margin.market.imports.cells import Words, without_note, words_of
from margin.market.imports.columns import Entry
from margin.market.imports.numerals import CellFault
from margin.market.imports.vocabulary import BY_SIGN, FALSE, TRUE, folded
from margin.scenario import MarginMode, Side

MARGINS = ("isolated_wallet", "isolated_margin", "margin")
"""A venue that gives both of the first two counts the open profit into the second."""
_LONGEST_WORDS = 60
"""Characters of a cell that is searched for words; a longer one is a remark."""
_LONGEST_DUMP = 5_000
_MODE_IN_DUMP = re.compile(
    r"['\"]?isolated['\"]?\s*[:=]\s*['\"]?(?P<flag>true|false)|(?:marginMode|marginType)['\"]?\s*[:=]\s*['\"]?(?P<mode>\w+)",
    re.IGNORECASE,
)
"""The mode inside a dump of the venue's own answer, which some programs write into a cell."""

Value = TypeVar("Value", str, float)


class Statement(NamedTuple, Generic[Value]):
    """What one cell states, and the name of its column."""

    column: str
    value: Value


def agreed(statements: Iterable[Statement[Value]], what: Literal["side", "margin_mode", "leverage"]) -> Value | None:
    """Return the one value that all cells state, None where none states any. Raises CellFault where they differ."""
    first: Statement[Value] | None = None
    for statement in statements:
        if first is None:
            first = statement
        elif statement.value != first.value:
            wrong = f'"{first.column}" says {_spelt(first)}, "{statement.column}" says {_spelt(statement)}'
            raise CellFault(what, wrong, f"correct the {what.replace('_', ' ')}, or remove one of the columns")
    return first.value if first else None


class Stated:
    """What the words in a line's cells state. `symbol` are those beside the symbol, whose column has that name."""

    def __init__(self, entries: Sequence[Entry], symbol: Words, symbol_column: str) -> None:
        self.entries = entries
        self.words: dict[str, Words] = {symbol_column: symbol}
        for entry in entries:
            if entry.column.field in {"side", "leverage", "margin_mode"}:
                self.words[entry.column.name] = _short_words(entry.cell)
            elif entry.column.field in MARGINS:
                self.words[entry.column.name] = words_of(without_note(entry.cell)[1])

    @property
    def by_sign(self) -> bool:
        """Whether a column of sides says that the sign of the size tells it."""
        return any(folded(entry.cell) in BY_SIGN for entry in self.entries if entry.column.field == "side")

    def side(self) -> Side | None:
        """Return the side that words state. Raises CellFault for a word in a column of sides that is none."""
        for entry in self.entries:
            of_sides = entry.column.field == "side" and not self.words[entry.column.name].sides
            if of_sides and folded(entry.cell) not in BY_SIGN:
                raise CellFault(
                    "side", f"the side must be long or short, got {shown(entry.cell)}", "write long or short"
                )
        statements = [Statement(name, side) for name, words in self.words.items() for side in sorted(words.sides)]
        flags = [entry for entry in self.entries if entry.column.field == "is_short"]
        statements += [Statement(column.name, "short" if folded(cell) in TRUE else "long") for column, cell in flags]
        return cast("Side | None", agreed(statements, "side"))

    def mode(self) -> MarginMode | None:
        """Return the margin mode that words or flags state, in columns that are read and else in any."""
        statements = [Statement(name, mode) for name, words in self.words.items() for mode in sorted(words.modes)]
        for entry in self.entries:
            if entry.column.field in {"margin_mode", "cross"} and not words_of(entry.cell).modes:
                statements.append(Statement(entry.column.name, _mode_by_flag(entry)))
            elif entry.column.field == "trade_mode" and entry.cell == "1":
                # Bybit's tradeMode: 1 is isolated. 0 says nothing, for it is written in isolated accounts too.
                statements.append(Statement(entry.column.name, "isolated"))
        return cast("MarginMode | None", agreed(statements or self._mode_elsewhere(), "margin_mode"))

    def leverages(self) -> list[Statement[float]]:
        """Return the leverages that words state: `20x`, `1:10`."""
        return [Statement(name, value) for name, words in self.words.items() for value in sorted(words.leverages)]

    def _mode_elsewhere(self) -> list[Statement[str]]:
        """Return what cells of columns that are not read state of the mode."""
        statements: list[Statement[str]] = []
        for column, cell in self.entries:
            if column.field is None:
                modes = words_of(cell).modes if len(cell) <= _LONGEST_WORDS else _modes_in_dump(cell)
                statements += [Statement(column.name or "info", mode) for mode in sorted(modes)]
        return statements


def _short_words(cell: str) -> Words:
    return words_of(cell) if len(cell) <= _LONGEST_WORDS else Words()


def _modes_in_dump(cell: str) -> set[str]:
    found = _MODE_IN_DUMP.search(cell[:_LONGEST_DUMP])
    if found is None:
        return set()
    if found["flag"]:
        return {"isolated" if found["flag"].lower() == "true" else "cross"}
    return words_of(found["mode"]).modes


def _mode_by_flag(entry: Entry) -> str:
    """Return the mode that a yes or no states, in a column called "isolated" or "cross"."""
    plain = folded(entry.cell)
    if plain not in TRUE | FALSE:
        wrong = f"the margin mode must be cross or isolated, got {shown(entry.cell)}"
        raise CellFault("margin_mode", wrong, "write cross or isolated")
    isolated_if = FALSE if entry.column.field == "cross" else TRUE
    return "isolated" if plain in isolated_if else "cross"


def _spelt(statement: Statement[Value]) -> str:
    return f"{statement.value:g}×" if isinstance(statement.value, float) else statement.value
