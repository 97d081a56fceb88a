"""What a line states of its side, its margin mode and its leverage, in whichever of its cells.

Where two cells state the same thing they must agree; a line that contradicts itself is a fault,
never a choice.
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
"""A venue that gives both of the first two counts the open profit into the second."""
_WITH_NOTE = frozenset({*MARGINS, "size", "contracts", "notional", "entry_price"})
"""Fields whose cells may have words in parentheses beside their number."""
_LONGEST_DUMP = 5_000
_MODE_COLUMNS = frozenset({"margin_mode", "isolated", "cross"})
_SIDES_OF_ALL = {"long": "long", "longs": "long", "short": "short", "shorts": "short"}
_POSITION_SIDE = re.compile("long|short|多|空|лонг|шорт|ロング|ショート|롱|숏")
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


def agreed(
    statements: Iterable[Statement[Value]], what: Literal["side", "margin_mode", "leverage"]
) -> Value | None:
    """Return the one value that all cells state, None where none states any.

    Raises CellFault where they differ.
    """
    first: Statement[Value] | None = None
    for statement in statements:
        if first is None:
            first = statement
        elif statement.value != first.value:
            other = f'"{statement.column}"' if statement.column != first.column else "it also"
            wrong = f'"{first.column}" says {_spelt(first)}, {other} says {_spelt(statement)}'
            raise CellFault(what, wrong, f"state one {what.replace('_', ' ')}")
    return first.value if first else None


class Stated:
    """What the words of a line's cells state, or else those of its context.

    `symbol` are the words beside the symbol, whose column has that name; `flags` are the columns of
    yes or no that the table has for a mode: an empty cell of one says no.
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
        self.beside: dict[str, Words] = {symbol_column: symbol}
        for entry in entries:
            if entry.column.field in {"side", "leverage", "margin_mode"}:
                self.beside[entry.column.name] = words_of(entry.cell)
            elif entry.column.field in _WITH_NOTE:
                self.beside[entry.column.name] = words_of(without_note(entry.cell)[1])

    @property
    def by_sign(self) -> bool:
        """Whether a column of sides says that the sign of the size tells it."""
        return any(
            folded(entry.cell) in BY_SIGN for entry in self.entries if entry.column.field == "side"
        )

    @property
    def by_trades(self) -> bool:
        """Whether the side is that of a trade, buy or sell, and not of a position."""
        sides = [entry.cell for entry in self.entries if entry.column.field == "side"]
        return bool(sides) and all(not _POSITION_SIDE.search(folded(cell)) for cell in sides)

    def side(self) -> Side | None:
        """Return the side that words state.

        Raises CellFault for a word in a column of sides that is none.
        """
        for entry in self.entries:
            if entry.column.field == "side" and folded(entry.cell) not in BY_SIGN:
                words = self.beside[entry.column.name]
                if not words.sides or words.unknown:
                    wrong = f"the side must be long or short, got {shown(entry.cell)}"
                    raise CellFault("side", wrong, "write long or short")
        statements = [
            Statement(name, side)
            for name, words in self.beside.items()
            for side in sorted(words.sides)
        ]
        for column, cell in self.entries:
            if column.field in {"is_short", "is_long"} and folded(cell) in TRUE | FALSE:
                short = (folded(cell) in TRUE) == (column.field == "is_short")
                statements.append(Statement(column.name, "short" if short else "long"))
        return cast("Side | None", agreed(statements or self._sides_of_context(), "side"))

    def mode(self) -> MarginMode | None:
        """Return the margin mode that words or flags state, in any of the cells."""
        statements: list[Statement[str]] = []
        for entry in self.entries:
            statements += self._modes_of(entry)
        for name, words in self.beside.items():
            statements += [Statement(name, mode) for mode in sorted(words.modes)]
        if not statements:
            # An empty cell in a column of yes or no says no.
            statements = [
                Statement(flag.name, "cross" if flag.field == "isolated" else "isolated")
                for flag in self.flags
            ]
        if not statements:
            statements = [
                Statement(text, mode)
                for text in self.context
                for mode in sorted(words_of(text).modes)
            ]
        return cast("MarginMode | None", agreed(statements, "margin_mode"))

    def leverages(self) -> list[Statement[float]]:
        """Return the leverages that words state: `20x`, `1:10`."""
        return [
            Statement(name, value)
            for name, words in self.beside.items()
            for value in sorted(words.leverages)
        ]

    def _modes_of(self, entry: Entry) -> list[Statement[str]]:
        """Return what a cell states of the mode.

        Raises CellFault where one of a mode's column states none.
        """
        column, cell = entry
        if column.field == "symbol":
            return []
        if column.field == "trade_mode":
            # Bybit's tradeMode: 1 is isolated. 0 says nothing, for it is written in isolated
            # accounts too.
            return [Statement(column.name, "isolated")] if cell == "1" else []
        # A header may say it for all its lines: "Margin (Isolated)".
        modes = _modes_in_dump(cell) or words_of(cell).modes or words_of(column.unit).modes
        if column.field in _MODE_COLUMNS and not modes:
            return [Statement(column.name, _mode_by_flag(entry))]
        if column.field == "remark":
            # "A golden cross": only what would keep the line out counts.
            modes = modes & {"isolated"}
        return [Statement(column.name or "info", mode) for mode in sorted(modes)]

    def _sides_of_context(self) -> list[Statement[str]]:
        """Return the sides that titles state as those of all positions below them."""
        words = [
            (text, word) for text in self.context for word in re.findall(r"[a-z]+", text.casefold())
        ]
        return [
            Statement(text, _SIDES_OF_ALL[word]) for text, word in words if word in _SIDES_OF_ALL
        ]


def _modes_in_dump(cell: str) -> set[str]:
    found = _MODE_IN_DUMP.search(cell[:_LONGEST_DUMP])
    if found is None:
        return set()
    if found["flag"]:
        return {"isolated" if found["flag"].lower() == "true" else "cross"}
    return words_of(found["mode"]).modes


def _mode_by_flag(entry: Entry) -> str:
    """Return the mode that a yes, a no or a letter states in a column of modes."""
    plain = folded(entry.cell)
    if plain in {"i", "c"}:
        return "isolated" if plain == "i" else "cross"
    if plain not in TRUE | FALSE:
        wrong = f"the margin mode must be cross or isolated, got {shown(entry.cell)}"
        raise CellFault("margin_mode", wrong, "write cross or isolated")
    isolated_if = FALSE if entry.column.field == "cross" else TRUE
    return "isolated" if plain in isolated_if else "cross"


def _spelt(statement: Statement[Value]) -> str:
    return f"{statement.value:g}×" if isinstance(statement.value, float) else statement.value
