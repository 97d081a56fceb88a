"""What the cells of a line state: its side, its margin mode and its leverage.

Any cell may state them. Where two cells state the same thing they must agree: a line that
contradicts itself has a fault, and neither of the two is preferred.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Generic, Literal, NamedTuple, TypeVar, cast

from margin.errors import shown
from margin.market.imports.cells import Words, without_note, words_of
from margin.market.imports.columns import Column, Entry
from margin.market.imports.numerals import CellFault
from margin.market.imports.vocabulary import BY_SIGN, FALSE, TRUE, folded
from margin.model.scenario import MarginMode, Side

MARGINS = ("isolated_wallet", "isolated_margin", "margin")
"""Fields of a margin, best first: with an isolated wallet, isolated margin includes open profit."""
_FIELDS_WITH_NOTE = frozenset({*MARGINS, "size", "contracts", "notional", "entry_price"})
"""Fields whose cells may have words in parentheses beside their number."""
_LONGEST_DUMP = 5_000
_MODE_COLUMNS = frozenset({"margin_mode", "isolated", "cross"})
_SIDES_IN_TITLES = {"long": "long", "longs": "long", "short": "short", "shorts": "short"}
_POSITION_SIDE = re.compile("long|short|多|空|лонг|шорт|ロング|ショート|롱|숏")
_MODE_IN_DUMP = re.compile(
    r"['\"]?isolated['\"]?\s*[:=]\s*['\"]?(?P<flag>true|false)|(?:marginMode|marginType)['\"]?\s*[:=]\s*['\"]?(?P<mode>\w+)",
    re.IGNORECASE,
)
"""The mode inside a dump of the venue's answer, which some programs write into a cell."""

Value = TypeVar("Value", str, float)


class Statement(NamedTuple, Generic[Value]):
    """What one cell states, and the name of its column."""

    column: str
    value: Value


def agreed_value(
    statements: Iterable[Statement[Value]], field: Literal["side", "margin_mode", "leverage"]
) -> Value | None:
    """Return the value that all statements have, None without any statement.

    Raises CellFault where they differ.
    """
    first: Statement[Value] | None = None
    for statement in statements:
        if first is None:
            first = statement
        elif statement.value != first.value:
            other = f'"{statement.column}"' if statement.column != first.column else "it also"
            wrong = f'"{first.column}" says {_spelt(first)}, {other} says {_spelt(statement)}'
            raise CellFault(field, wrong, f"state one {field.replace('_', ' ')}")
    return first.value if first else None


class Stated:
    """What the words in a line's cells state, or else those in its context.

    `symbol` has the words beside the symbol, which is in `symbol_column`. `flags` are the columns
    of yes or no that the table has for a mode: an empty cell in one says no.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        symbol: Words,
        symbol_column: str,
        context: Sequence[str],
        flags: Sequence[Column],
    ) -> None:
        self.entries, self.context, self.flags = entries, context, flags
        self.words: dict[str, Words] = {symbol_column: symbol}
        """The words in the cells that may state something, by the name of their column."""
        for entry in entries:
            if entry.column.field in {"side", "leverage", "margin_mode"}:
                self.words[entry.column.name] = words_of(entry.cell)
            elif entry.column.field in _FIELDS_WITH_NOTE:
                self.words[entry.column.name] = words_of(without_note(entry.cell)[1])

    @property
    def by_sign(self) -> bool:
        """Whether a column of sides says that the sign of the size is the side."""
        return any(
            folded(entry.cell) in BY_SIGN for entry in self.entries if entry.column.field == "side"
        )

    @property
    def by_trades(self) -> bool:
        """Whether the side is that of a trade, buy or sell, and not that of a position."""
        sides = [entry.cell for entry in self.entries if entry.column.field == "side"]
        return bool(sides) and all(not _POSITION_SIDE.search(folded(cell)) for cell in sides)

    def side(self) -> Side | None:
        """Return the side that words state, None where none does.

        Raises CellFault where a cell in a column of sides is not a side.
        """
        for entry in self.entries:
            if entry.column.field == "side" and folded(entry.cell) not in BY_SIGN:
                words = self.words[entry.column.name]
                if not words.sides or words.unknown:
                    wrong = f"the side must be long or short, got {shown(entry.cell)}"
                    raise CellFault("side", wrong, "write long or short")
        statements: list[Statement[str]] = []
        for name, words in self.words.items():
            statements += _statements(name, words.sides)
        for column, cell in self.entries:
            if column.field in {"is_short", "is_long"} and folded(cell) in TRUE | FALSE:
                short = (folded(cell) in TRUE) == (column.field == "is_short")
                statements.append(Statement(column.name, "short" if short else "long"))
        return cast("Side | None", agreed_value(statements or self._sides_of_context(), "side"))

    def mode(self) -> MarginMode | None:
        """Return the margin mode that words or flags in any cell state, None where none does."""
        statements: list[Statement[str]] = []
        for entry in self.entries:
            statements += self._modes_of(entry)
        for name, words in self.words.items():
            statements += _statements(name, words.modes)
        if not statements:
            # Only an empty cell is left in a column of yes or no, and it says no.
            statements = [
                Statement(flag.name, "cross" if flag.field == "isolated" else "isolated")
                for flag in self.flags
            ]
        if not statements:
            for text in self.context:
                statements += _statements(text, words_of(text).modes)
        return cast("MarginMode | None", agreed_value(statements, "margin_mode"))

    def leverages(self) -> list[Statement[float]]:
        """Return the leverages that words state: `20x`, `1:10`."""
        statements: list[Statement[float]] = []
        for name, words in self.words.items():
            statements += _statements(name, words.leverages)
        return statements

    def _modes_of(self, entry: Entry) -> list[Statement[str]]:
        """Return the modes that a cell states.

        Raises CellFault where a cell in a column of modes states none.
        """
        column, cell = entry
        if column.field == "symbol":
            return []
        if column.field == "trade_mode":
            # Bybit's tradeMode: 1 is isolated, but 0 is written in isolated accounts as well.
            return [Statement(column.name, "isolated")] if cell == "1" else []
        # A header may state the mode of all lines: "Margin (Isolated)".
        modes = _modes_in_dump(cell) or words_of(cell).modes or words_of(column.unit).modes
        if column.field in _MODE_COLUMNS and not modes:
            return [Statement(column.name, _mode_by_flag(entry))]
        if column.field == "remark":
            # In "a golden cross" cross is not a mode, so only isolated counts.
            modes = modes & {"isolated"}
        return _statements(column.name or "info", modes)

    def _sides_of_context(self) -> list[Statement[str]]:
        """Return the sides that titles state for all positions below them."""
        statements: list[Statement[str]] = []
        for text in self.context:
            words = re.findall(r"[a-z]+", text.casefold())
            sides = [_SIDES_IN_TITLES[word] for word in words if word in _SIDES_IN_TITLES]
            statements += [Statement(text, side) for side in sides]
        return statements


def _statements(column: str, values: Iterable[Value]) -> list[Statement[Value]]:
    """Return one statement per value, in a fixed order."""
    return [Statement(column, value) for value in sorted(values)]


def _modes_in_dump(cell: str) -> set[str]:
    dump = _MODE_IN_DUMP.search(cell[:_LONGEST_DUMP])
    if dump is None:
        return set()
    if dump["flag"]:
        return {"isolated" if dump["flag"].lower() == "true" else "cross"}
    return words_of(dump["mode"]).modes


def _mode_by_flag(entry: Entry) -> str:
    """Return the mode that a yes, a no or a letter states in a column of modes."""
    plain = folded(entry.cell)
    if plain in {"i", "c"}:
        return "isolated" if plain == "i" else "cross"
    if plain not in TRUE | FALSE:
        wrong = f"the margin mode must be cross or isolated, got {shown(entry.cell)}"
        raise CellFault("margin_mode", wrong, "write cross or isolated")
    isolated_words = FALSE if entry.column.field == "cross" else TRUE
    return "isolated" if plain in isolated_words else "cross"


def _spelt(statement: Statement[Value]) -> str:
    return f"{statement.value:g}×" if isinstance(statement.value, float) else statement.value
