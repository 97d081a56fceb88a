"""What stands in the position and mark tables, read row by row.

Good rows become values, bad ones a sentence each.

Pure functions on plain rows, so that nothing a person typed can be lost in them: a row that is not
usable stays in the table and is told, and only the scenario goes without it.
"""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple

from margin import formatting as wording
from margin.errors import FieldError, number
from margin.model.scenario import Position
from margin.model.symbols import token
from pages.ui.components.cells import clean

TOKENS, DOLLARS = "tokens", "$"
COLUMNS = ("Token", "Side", "Size", "Unit", "Entry", "Leverage", "Margin")
_FIELDS = {
    "symbol": "Token",
    "side": "Side",
    "entry_price": "Entry",
    "leverage": "Leverage",
    "isolated_margin": "Margin",
}

Cells = Mapping[str, Any]
Typed = tuple[str, str, str]
Converted = MutableMapping[Typed, float]
"""Tokens by token, side and size as typed in $.

Each becomes tokens once, at the mark of that moment.
"""


class ReadRow(NamedTuple):
    """One row as read: the position, or what keeps it out of the figures."""

    label: str
    position: Position | None
    fault: str | None = None
    twin: int | None = None
    """Index of the row with the same token and side, where that is the fault."""
    same: Position | None = None
    """What this row would be, where another row holds the same token on the same side."""
    unpriced: str | None = None
    """The token whose mark nobody knows yet, where that is the fault."""


def to_row(position: Position) -> dict[str, Any]:
    """Return a position as a row of the table."""
    return {
        "Token": position.symbol,
        "Side": position.side,
        "Size": position.quantity,
        "Unit": TOKENS,
        "Entry": position.entry_price,
        "Leverage": position.leverage,
        "Margin": position.isolated_margin,
    }


def read_rows(
    rows: Sequence[Cells], mark_of: Callable[[str], float | None], converted: Converted
) -> list[ReadRow]:
    """Read the table's rows in their order.

    Conversions that no row stands for any more are forgotten.
    """
    read: list[ReadRow] = []
    legs: dict[tuple[str, str], int] = {}
    cells = [{column: clean(raw.get(column)) for column in COLUMNS} for raw in rows]
    _keep_conversions(cells, converted)
    for index, row in enumerate(cells):
        result = _read_row(row, mark_of, converted)
        if result.position is not None:
            leg = (result.position.symbol, result.position.side)
            first = legs.setdefault(leg, index)
            if first != index:
                fault = (
                    f"{' '.join(leg)} stands in row {first + 1} already; merge the two or change "
                    f"one"
                )
                result = ReadRow(result.label, None, fault, twin=first, same=result.position)
        read.append(result)
    return read


def _typed(row: Cells) -> Typed:
    return str(row["Token"]), str(row["Side"]), str(row["Size"])


def _keep_conversions(cells: Sequence[Cells], converted: Converted) -> None:
    """Forget what no row in $ stands for any more.

    A row that only changed its side keeps its tokens.
    """
    standing = {_typed(row) for row in cells if row["Unit"] == DOLLARS}
    before = dict(converted)
    converted.clear()
    for (symbol, side, size), tokens in before.items():
        turned = (symbol, "short" if side == "long" else "long", size)
        if (symbol, side, size) in standing:
            converted[symbol, side, size] = tokens
        elif turned in standing and turned not in before:
            converted[turned] = tokens


def _read_row(row: Cells, mark_of: Callable[[str], float | None], converted: Converted) -> ReadRow:
    label = (
        " ".join(str(row[column])[:20] for column in ("Token", "Side") if row[column]) or "new row"
    )
    missing = [
        column.lower()
        for column in ("Token", "Side", "Size", "Entry", "Leverage")
        if row[column] is None
    ]
    if missing:
        return ReadRow(label, None, f"not complete yet: {wording.listing(missing)} missing")
    try:
        symbol = token(row["Token"], "Token")
        mark = mark_of(symbol)
        if mark is None:
            return ReadRow(
                label, None, f"{symbol} has no mark yet: enter it under Marks", unpriced=symbol
            )
        quantity = _quantity(row, mark, converted)
        position = Position(
            symbol, row["Side"], quantity, row["Entry"], row["Leverage"], row["Margin"]
        )
    except FieldError as error:
        return ReadRow(label, None, f"{_FIELDS.get(error.path, error.path)} {error.message}")
    return ReadRow(f"{symbol} {position.side}", position)


def _quantity(row: Cells, mark: float, converted: Converted) -> float:
    """Return the size in tokens.

    A size in $ is divided by the mark once and stays what it became while it stands there.
    """
    size = number(row["Size"], "Size", above=0)
    if row["Unit"] != DOLLARS:
        return size
    if _typed(row) not in converted:
        converted[_typed(row)] = size / number(mark, "Mark", above=0)
    return converted[_typed(row)]
