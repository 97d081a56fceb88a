"""Whether a table lists open positions at all: closed trades, orders and fills must never enter an account.

Three kinds of tables look like positions and are none:

- exports of closed trades, whose every line has an exit (price, date, closed profit);
- lists of orders or fills, whose lines have an order's number or what was executed;
- journals, where some lines have an exit and others are still open.

The first two are refused whole and by name; of a journal, the closed lines are left out.
"""

from collections.abc import Collection, Sequence

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
    TRUE,
    folded,
)

OPEN_SIGNS = ("unrealised_pnl", "liquidation_price", "mark_price")
"""Columns that only open positions have. A venue's own list of them may also give the last trade's number."""


def listing_in_title(titles: Sequence[str]) -> bool:
    """Return whether a title says that the table below it lists what is closed, or orders."""
    return any(part in folded(title) for title in titles for part in CLOSED_TITLES)


def why_listing(fields: Collection[str], lines: Sequence[Sequence[Entry]]) -> str | None:
    """Return why a table lists trades or orders and no positions, as a clause; None where it may list positions."""
    signs = {"closing", "execution"}
    if set(OPEN_SIGNS).isdisjoint(fields):
        signs.add("order_id")
    named: dict[str, list[str]] = {}
    for line in lines:
        for column, cell in line:
            if column.field and cell.lower() not in EMPTY:
                named.setdefault(column.field, []).append(column.name)
            elif _is_order_type(column, cell):
                return f'it lists orders ("{printable(cell)}" in its column "{column.name}")'
    if signs.isdisjoint(named):
        return None
    over = [name for sign in ("closing", "closed_pnl", "exit") for name in named.get(sign, ())]
    if over:
        return f"it lists closed trades ({_names(over)})"
    return f"it lists orders or trades ({_names(named.get('execution') or named['order_id'])})"


def _names(columns: Sequence[str]) -> str:
    different = list(dict.fromkeys(columns))
    return f"column{'' if len(different) == 1 else 's'} " + ", ".join(f'"{name}"' for name in different[:3])


def why_closed(line: Sequence[Entry], fields: Collection[str]) -> str | None:
    """Return why a line is closed, as a clause; None where nothing says so."""
    exits = {"exit", "closed_pnl"}
    if exits.union(OPEN_SIGNS).isdisjoint(fields):
        # Beside an exit, or beside what only open positions have, realised profit is that of parts closed before.
        exits.add("realised_pnl")
    for entry in line:
        column, cell = entry.column, printable(entry.cell)
        if column.field in exits and _is_filled(entry):
            return f'it is closed: "{column.name}" is {cell}'
        if column.field == "status" and folded(entry.cell) in ENDED | PENDING:
            return f'it is not open: "{column.name}" is {cell}'
        if column.field == "is_open" and folded(cell) in FALSE:
            return f'it is closed: "{column.name}" is {cell}'
        if column.field == "side" and words_of(cell).closing:
            return f'it is closed: "{column.name}" is {cell}'
    return None


def _is_order_type(column: Column, cell: str) -> bool:
    """Return whether the cell is an order's type, in a column whose name may also mean the side."""
    return column.field is None and folded(column.name) == "type" and folded(cell) in ORDER_TYPES


def unknown_status(line: Sequence[Entry]) -> Entry | None:
    """Return the state of a line that is neither known as open nor as closed."""
    for entry in line:
        plain = folded(entry.cell)
        if entry.column.field == "status" and entry.cell.lower() not in EMPTY and plain not in OPEN | ENDED | PENDING:
            return entry
    return None


def _is_filled(entry: Entry) -> bool:
    """Return whether a cell of an exit's column holds one: a price or profit that is not 0, a date, any word but no."""
    plain = folded(entry.cell)
    if entry.cell.lower() in EMPTY or plain in FALSE - {"0"} or plain in OPEN or plain in ORDER_TYPES | PENDING:
        return False
    if plain in TRUE - {"1"}:
        return True
    written = numeral(entry.cell)
    if written is None or entry.column.field == "closed_pnl":
        # What closed with a profit of 0 is closed as well.
        return True
    return any(written.readings().values())
