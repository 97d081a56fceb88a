"""Whether a table lists open positions at all.

Closed trades, orders and fills must never enter an account.

Three kinds of tables look like positions and are none:

- exports of closed trades, whose every line has an exit (price, date, closed profit);
- lists of orders or fills, whose lines have an order's number or what was executed;
- journals, where some lines have an exit and others are still open.

The first two are refused whole and by name; of a journal, the closed lines are left out. What may
mean either is asked about.
"""

from collections.abc import Collection, Iterable, Sequence

from margin.market.imports.cells import words_of
from margin.market.imports.columns import Column, Entry, printable
from margin.market.imports.numerals import numeral
from margin.market.imports.vocabulary import (
    CLOSED_TITLES,
    EMPTY,
    ENDED,
    FALSE,
    OPEN,
    ORDER_TYPES,
    PENDING,
    TAB_BAR,
    TRUE,
    folded,
)

OPEN_SIGNS = frozenset({"unrealised_pnl", "liquidation_price", "mark_price"})
"""Columns that only open positions have.

A venue's own list of them may also give the last trade's number.
"""
LEVERAGED = OPEN_SIGNS | {
    "leverage",
    "margin",
    "initial_margin",
    "margin_mode",
    "isolated_margin",
    "isolated_wallet",
}
"""Columns that fills have not."""
_OF_A_POSITION = frozenset(
    {
        "symbol",
        "size",
        "contracts",
        "notional",
        "entry_price",
        "leverage",
        "margin",
        "initial_margin",
    }
)
"""Fields whose cells may have a word beside the value that says what became of the position."""
_EXITS = frozenset({"exit", "closed_pnl", "result", "done"})
_BEFORE_ANY_TRADE = "1970"


def filled_fields(lines: Iterable[Sequence[Entry]]) -> set[str]:
    """Return the fields that hold something on any line."""
    return {
        column.field
        for line in lines
        for column, cell in line
        if column.field and cell.lower() not in EMPTY
    }


def lists_no_positions(title: str) -> bool:
    """Return whether a title, or the key of a list, says that what follows is closed, or orders."""
    plain = "".join(character for character in folded(title) if not character.isdigit())
    return bool(CLOSED_TITLES.search(plain)) and not TAB_BAR.match(plain)


def why_listing(lines: Sequence[Sequence[Entry]]) -> str | None:
    """Return why lines are trades or orders and no positions, as a clause.

    None where they may be positions.
    """
    filled = filled_fields(lines)
    signs = {"closing", "execution"}
    if filled.isdisjoint(OPEN_SIGNS):
        signs.add("order_id")
    for line in lines:
        for column, cell in line:
            if _is_order_type(column, cell):
                return f'it lists orders ("{printable(cell)}" in its column "{column.name}")'
    if not signs.isdisjoint(filled):
        over = _named(lines, "closing", "closed_pnl", "exit")
        if over:
            return f"it lists closed trades ({over})"
        return f"it lists orders or trades ({_named(lines, *sorted(signs))})"
    if {"fee", "time"} <= filled and filled.isdisjoint(LEVERAGED | _EXITS):
        return f"it lists trades ({_named(lines, 'fee', 'time')})"
    return None


def why_closed(line: Sequence[Entry], filled: Collection[str]) -> str | None:
    """Return why a line is closed, as a clause; None where nothing says so.

    `filled` are the table's fields.
    """
    exits = set(_EXITS)
    if exits.union(OPEN_SIGNS).isdisjoint(filled):
        # Beside an exit, or beside what only open positions have, realised profit is that of parts
        # closed before.
        exits.add("realised_pnl")
    for entry in line:
        column, cell = entry.column, printable(entry.cell)
        if column.field in exits and _is_filled(entry):
            return f'"{column.name}" is {cell}'
        if _says_closed(entry, filled):
            return f'"{column.name}" is {cell}'
    return None


def doubtful(line: Sequence[Entry]) -> Entry | None:
    """Return the cell of a line that may say that it is closed, or may not.

    An unknown state, a remark, a word.
    """
    for entry in line:
        plain = folded(entry.cell)
        unknown = plain not in OPEN | ENDED | PENDING and entry.cell.lower() not in EMPTY
        if entry.column.field == "status" and unknown:
            return entry
        beside = entry.column.field in _OF_A_POSITION and len(entry.cell.split()) > 1
        if (beside or entry.column.field == "remark") and words_of(entry.cell).closing:
            return entry
    return None


def _says_closed(entry: Entry, filled: Collection[str]) -> bool:
    """Return whether a state, flag, side or action says that the line is closed."""
    column, plain = entry.column, folded(entry.cell)
    if column.field == "status":
        return plain in ENDED | PENDING
    if column.field == "is_open":
        return plain in FALSE
    if column.field == "side":
        return words_of(entry.cell).closing
    # On an exchange's own page "Close" is a button.
    return column.field is None and words_of(entry.cell).closing and OPEN_SIGNS.isdisjoint(filled)


def _named(lines: Sequence[Sequence[Entry]], *fields: str) -> str:
    """Return the names of the columns of these fields that hold something, in a clause.

    Empty where there are none.
    """
    names: dict[str, None] = {}
    for line in lines:
        for column, cell in line:
            if column.field in fields and cell.lower() not in EMPTY:
                names[column.name] = None
    listed = [f'"{name}"' for name in list(names)[:3]]
    return f"column{'s' if len(listed) > 1 else ''} {', '.join(listed)}" if listed else ""


def _is_order_type(column: Column, cell: str) -> bool:
    """Return whether the cell is an order's type, in a column whose name may also mean the side."""
    return column.field is None and folded(column.name) == "type" and folded(cell) in ORDER_TYPES


def _is_filled(entry: Entry) -> bool:
    """Return whether a cell of an exit's column holds one.

    A price, a date, a yes, and of a result any word.
    """
    cell, plain = entry.cell, folded(entry.cell)
    if cell.lower() in EMPTY or plain in (FALSE - {"0"}) | OPEN | ORDER_TYPES | PENDING:
        return False
    if plain in TRUE - {"1"} or (entry.column.field == "result" and plain != "0"):
        return True
    written = numeral(cell)
    if written is None:
        # A date, or a price with words; a word alone, such as "ongoing", is none.
        return any(map(str.isdigit, cell)) and not cell.startswith(_BEFORE_ANY_TRADE)
    # What closed with a profit of 0 is closed as well.
    return entry.column.field == "closed_pnl" or any(written.readings().values())
