"""Whether a table lists open positions at all.

Closed trades, orders and fills must never enter an account. Three kinds of tables look like
positions and are not:

- exports of closed trades, whose every line has an exit (price, date, closed profit);
- lists of orders or fills, whose lines have an order number or an executed quantity;
- journals, where some lines have an exit and others are still open.

The first two are refused as a whole, and the message says what they list; of a journal only the
closed lines are left out. Where a line may mean either, the person is asked.
"""

from collections.abc import Collection, Iterable, Sequence

from margin.market.imports.cells import has_digit, words_of
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
"""Fields that only open positions have.

Beside them an order number proves nothing: some venues list a position with its last trade's.
"""
LEVERAGED = OPEN_SIGNS | {
    "leverage",
    "margin",
    "initial_margin",
    "margin_mode",
    "isolated_margin",
    "isolated_wallet",
}
"""Fields that a list of fills does not have."""
_FIELDS_WITH_WORDS = frozenset(
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
"""Fields whose cells may have a word beside the value that says that the position is closed."""
_EXITS = frozenset({"exit", "closed_pnl", "result", "done"})
_UNSET_DATE = "1970"
"""The year that a program writes for a date that was never set."""


def filled_fields(lines: Iterable[Sequence[Entry]]) -> set[str]:
    """Return the fields that have a value on any line."""
    fields: set[str] = set()
    for line in lines:
        fields.update(
            column.field for column, cell in line if column.field and cell.lower() not in EMPTY
        )
    return fields


def lists_no_positions(title: str) -> bool:
    """Return whether a title, or the key of a list, announces closed trades or orders."""
    plain = "".join(character for character in folded(title) if not character.isdigit())
    return bool(CLOSED_TITLES.search(plain)) and not TAB_BAR.match(plain)


def why_listing(lines: Sequence[Sequence[Entry]]) -> str | None:
    """Return why the lines are trades or orders, as a clause; None where they may be positions."""
    filled = filled_fields(lines)
    signs = {"closing", "execution"}
    if filled.isdisjoint(OPEN_SIGNS):
        signs.add("order_id")
    for line in lines:
        for column, cell in line:
            if _is_order_type(column, cell):
                return f'it lists orders ("{printable(cell)}" in its column "{column.name}")'
    if not signs.isdisjoint(filled):
        closing_columns = _column_clause(lines, "closing", "closed_pnl", "exit")
        if closing_columns:
            return f"it lists closed trades ({closing_columns})"
        return f"it lists orders or trades ({_column_clause(lines, *sorted(signs))})"
    if {"fee", "time"} <= filled and filled.isdisjoint(LEVERAGED | _EXITS):
        return f"it lists trades ({_column_clause(lines, 'fee', 'time')})"
    return None


def why_closed(line: Sequence[Entry], filled: Collection[str]) -> str | None:
    """Return why a line is closed, as a clause; None where nothing says so.

    `filled` are the fields that the table has values in.
    """
    exits = set(_EXITS)
    if exits.union(OPEN_SIGNS).isdisjoint(filled):
        # Beside those columns realised profit is only that of parts closed before.
        exits.add("realised_pnl")
    for entry in line:
        column, cell = entry.column, printable(entry.cell)
        if column.field in exits and _is_filled(entry):
            return f'"{column.name}" is {cell}'
        if _says_closed(entry, filled):
            return f'"{column.name}" is {cell}'
    return None


def doubtful(line: Sequence[Entry]) -> Entry | None:
    """Return the entry that leaves it open whether the line is closed, None where none does.

    It is an unknown state, or a word for closing in a remark or beside a value.
    """
    for entry in line:
        plain = folded(entry.cell)
        unknown = plain not in OPEN | ENDED | PENDING and entry.cell.lower() not in EMPTY
        if entry.column.field == "status" and unknown:
            return entry
        has_note = entry.column.field in _FIELDS_WITH_WORDS and len(entry.cell.split()) > 1
        if (has_note or entry.column.field == "remark") and words_of(entry.cell).closing:
            return entry
    return None


def _says_closed(entry: Entry, filled: Collection[str]) -> bool:
    """Return whether a state, a flag, a side or an action says that the line is closed."""
    column, plain = entry.column, folded(entry.cell)
    if column.field == "status":
        return plain in ENDED | PENDING
    if column.field == "is_open":
        return plain in FALSE
    if column.field == "side":
        return words_of(entry.cell).closing
    # On an exchange's own page "Close" is a button.
    return column.field is None and words_of(entry.cell).closing and OPEN_SIGNS.isdisjoint(filled)


def _column_clause(lines: Sequence[Sequence[Entry]], *fields: str) -> str:
    """Return a clause that names the columns of these fields with a value; empty without any."""
    names: dict[str, None] = {}
    for line in lines:
        for column, cell in line:
            if column.field in fields and cell.lower() not in EMPTY:
                names[column.name] = None
    listed = [f'"{name}"' for name in list(names)[:3]]
    return f"column{'s' if len(listed) > 1 else ''} {', '.join(listed)}" if listed else ""


def _is_order_type(column: Column, cell: str) -> bool:
    """Return whether the cell is an order's type, in a column that may also hold sides."""
    return column.field is None and folded(column.name) == "type" and folded(cell) in ORDER_TYPES


def _is_filled(entry: Entry) -> bool:
    """Return whether a cell in a column of exits holds one.

    An exit is a price, a date or a yes; in a column of results it is any word.
    """
    cell, plain = entry.cell, folded(entry.cell)
    if cell.lower() in EMPTY or plain in (FALSE - {"0"}) | OPEN | ORDER_TYPES | PENDING:
        return False
    if plain in TRUE - {"1"} or (entry.column.field == "result" and plain != "0"):
        return True
    number = numeral(cell)
    if number is None:
        # A date, or a price with words; a word alone, such as "ongoing", is not an exit.
        return has_digit(cell) and not cell.startswith(_UNSET_DATE)
    # A position that closed with a profit of 0 is closed as well.
    return entry.column.field == "closed_pnl" or any(number.readings().values())
