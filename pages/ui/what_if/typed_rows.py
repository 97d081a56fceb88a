"""What a person typed into the positions table, read row by row.

Good rows become positions, others keep what was typed and say what is missing or wrong, field by
field. Pure functions on text: nothing is guessed, and nothing typed is changed.
"""

from collections.abc import Callable, MutableMapping, Sequence
from typing import Any, NamedTuple

from margin import formatting
from margin.errors import FieldError, number
from margin.market.imports.numerals import numeral
from margin.model.scenario import MOST_POSITIONS, Position
from margin.model.symbols import token

TOKENS, DOLLARS, MARGIN = "tokens", "$", "margin"
FIELDS = ("token", "side", "size", "unit", "entry", "mark", "leverage", "margin")
LONGEST = 40
"""Characters of a field."""
NEW_LEVERAGE = "10"
_REQUIRED = ("token", "size", "entry", "leverage")
_LABELS = {
    "token": "token",
    "side": "side",
    "size": "size",
    "entry": "entry price",
    "mark": "mark price",
    "leverage": "leverage",
    "margin": "isolated margin",
}
_OF_A_POSITION = {
    "symbol": "token",
    "quantity": "size",
    "entry_price": "entry",
    "isolated_margin": "margin",
}


class TypedRow(NamedTuple):
    """One row as typed; `key` is the row's own name in the browser."""

    key: str
    token: str = ""
    side: str = "long"
    size: str = ""
    unit: str = TOKENS
    entry: str = ""
    mark: str = ""
    leverage: str = NEW_LEVERAGE
    margin: str = ""

    @property
    def untouched(self) -> bool:
        """Whether it is a new row in which nothing was typed yet."""
        return not (self.token or self.size or self.entry)


class Fault(NamedTuple):
    """Why a row is not counted; `quiet` where it is only unfinished."""

    field: str
    text: str
    quiet: bool = False


class ReadRow(NamedTuple):
    """A row as read. Without a position it is out of the figures, for its fault or as untouched."""

    typed: TypedRow
    position: Position | None
    fault: Fault | None = None
    same_as: int | None = None
    """The index of the row with the same token and side, where that is the fault."""
    same: Position | None = None
    """What this row would be, were there no such row."""
    unpriced: str = ""
    """The token whose mark price nobody knows, where that is the fault."""


Converted = MutableMapping[tuple[str, str, str, str], float]
"""Tokens by row, token, size and unit: a size in $ becomes tokens once, at the mark of then."""


def row_of(position: Position, mark: float | None, key: str) -> TypedRow:
    """Return a position as a person would type it."""
    margin = position.isolated_margin
    return TypedRow(
        key,
        token=position.symbol,
        side=position.side,
        size=plain_number(position.quantity),
        entry=plain_number(position.entry_price),
        mark=plain_number(mark) if mark is not None else "",
        leverage=plain_number(position.leverage),
        margin=plain_number(margin) if margin is not None else "",
    )


def plain_number(value: float) -> str:
    """Return a number with all its digits and no thousands separators: `28571.42857142857`."""
    short = format(value, ".15g")
    return short if float(short) == value else repr(value)


def typed_rows(reported: object) -> list[TypedRow]:
    """Return the rows that a browser reported; whatever is no row or no text is left out.

    At most twice the positions that a scenario holds, so that a paste too many is seen and told.
    """
    if not isinstance(reported, list):
        return []
    rows = []
    for entry in reported[: 2 * MOST_POSITIONS]:
        if isinstance(entry, dict) and isinstance(entry.get("id"), str):
            cells = {name: _cell(entry.get(name)) for name in FIELDS}
            rows.append(TypedRow(entry["id"][:LONGEST], **cells))
    return rows


def _cell(value: Any) -> str:
    return value.strip()[:LONGEST] if isinstance(value, str) else ""


def typed_number(text: str, field: str) -> float:
    """Return the number that a field says, in tokens or $.

    `1,234.5`, `20k`, `1.5m`, `1e4` and `$35,000` are read. Raises FieldError for what is no number,
    or one with a decimal comma.
    """
    label = _LABELS[field]
    found = numeral(text)
    if found is None:
        raise FieldError(field, f"enter the {label} as a number, such as 1,234.5 or 20k")
    if found.unit not in _UNITS[field]:
        raise FieldError(field, f"enter the {label} without {found.unit}")
    readings = found.readings()
    if "." not in readings:
        raise FieldError(field, f"write a decimal point: {plain_number(readings[','])}")
    return readings["."]


_TIMES = ("", "×", "x", "X")
_MONEY = ("", "$")
_UNITS = {name: _TIMES if name == "leverage" else _MONEY for name in FIELDS}
"""What may stand beside a field's number."""


def read_rows(
    rows: Sequence[TypedRow], mark_of: Callable[[str], float | None], converted: Converted
) -> list[ReadRow]:
    """Read the rows in their order; `mark_of` gives a token's mark, None where nobody knows one."""
    read: list[ReadRow] = []
    first_with: dict[tuple[str, str], int] = {}
    for row in rows:
        result = _read_row(row, mark_of, converted)
        if result.position is not None:
            place = first_with.setdefault((result.position.symbol, result.position.side), len(read))
            if place != len(read):
                result = _twice(result, place)
        read.append(result)
    _forget_conversions(rows, converted)
    return read


def _twice(result: ReadRow, first: int) -> ReadRow:
    """Return the row as one that another row has made already; it keeps what it would be."""
    row = result.typed
    text = (
        f"{row.token.upper()} {row.side} is in row {first + 1} already. Merge them, or change one."
    )
    return ReadRow(row, None, Fault("token", text), same_as=first, same=result.position)


def _read_row(
    row: TypedRow, mark_of: Callable[[str], float | None], converted: Converted
) -> ReadRow:
    missing = [name for name in _REQUIRED if not getattr(row, name)]
    try:
        symbol = token(row.token, "token") if row.token else ""
        if missing:
            return ReadRow(row, None, _unfinished(row, missing))
        typed, fault = _typed_mark(row)
        mark = mark_of(symbol) or typed
        if mark is None:
            unknown = f"No mark price of {symbol} is known: enter one."
            return ReadRow(row, None, fault or Fault("mark", unknown, quiet=True), unpriced=symbol)
        return ReadRow(row, _position(row, symbol, mark, converted), fault)
    except FieldError as error:
        return ReadRow(row, None, _fault(error))


def _typed_mark(row: TypedRow) -> tuple[float | None, Fault | None]:
    """Return the mark price that a row says, or what is wrong with it: the row still counts."""
    try:
        if not row.mark:
            return None, None
        return number(typed_number(row.mark, "mark"), "mark", above=0), None
    except FieldError as error:
        return None, _fault(error)


def _fault(error: FieldError) -> Fault:
    field = _OF_A_POSITION.get(error.path, error.path)
    return Fault(field, _sentence(field, error.message))


def _unfinished(row: TypedRow, missing: Sequence[str]) -> Fault | None:
    if row.untouched:
        return None
    labels = formatting.listing([_LABELS[name] for name in missing])
    return Fault(missing[0], f"Not counted yet: enter the {labels}.", quiet=True)


def _position(row: TypedRow, symbol: str, mark: float, converted: Converted) -> Position:
    entry = number(typed_number(row.entry, "entry"), "entry", above=0)
    leverage = number(typed_number(row.leverage, "leverage"), "leverage", at_least=1)
    size = number(typed_number(row.size, "size"), "size", above=0)
    unit = DOLLARS if "$" in row.size and row.unit == TOKENS else row.unit
    if unit != TOKENS:
        key = (row.key, symbol, row.size, f"{unit} {row.leverage if unit == MARGIN else ''}")
        if key not in converted:
            converted[key] = size / mark if unit == DOLLARS else size * leverage / entry
        size = converted[key]
    margin = typed_number(row.margin, "margin") if row.margin else None
    return Position(symbol, row.side, size, entry, leverage, margin)  # type: ignore[arg-type]


def _forget_conversions(rows: Sequence[TypedRow], converted: Converted) -> None:
    in_use = {(row.key, row.size) for row in rows}
    for key in [key for key in converted if (key[0], key[2]) not in in_use]:
        del converted[key]


def _sentence(field: str, message: str) -> str:
    clause = message if message.startswith(("enter", "write")) else f"{_LABELS[field]} {message}"
    return f"{formatting.capital(clause)}."


def typed_marks(read: Sequence[ReadRow]) -> dict[str, float]:
    """Return the mark prices that the rows say, by token, before a joint move."""
    marks = {}
    for row in read:
        symbol = row.position.symbol if row.position else row.unpriced
        mark, _ = _typed_mark(row.typed)
        if symbol and mark is not None:
            marks[symbol] = mark
    return marks
