"""One line of a table: what its cells mean, and whether a scenario can hold it.

A line is read for an account in one margin mode and one settlement coin. A size is in tokens, unless the header, or the
unit beside it, says contracts or $; a size in $ becomes tokens at the entry price. Without a side the sign of the size
tells it, and beside one it must not contradict it.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from margin.errors import FieldError, number, shown
from margin.market.imports.grid import CONTRACTS, DOLLARS, LONG, SHORT, Column, Line, LineFault, printable
from margin.market.imports.numerals import CellFault, Convention, Numeral, numeral
from margin.scenario import Position, Side
from margin.symbols import STABLECOINS, token

ASSUMED_LEVERAGE = 10.0
_SIZES = ("size", "contracts", "notional")
_MARGINS = ("isolated_wallet", "isolated_margin", "margin")
"""A venue that gives both of the first two counts the open profit into the second."""
NUMBERS = frozenset({*_SIZES, *_MARGINS, "contract_value", "entry_price", "leverage"})
"""The fields that hold numbers."""

_EMPTY = frozenset({"-", "--", "–", "—", "n/a", "na", "nan", "null", "none"})
_BY_SIGN = frozenset({"both", "net"})
_TOKENS = frozenset({"TOKEN", "TOKENS", "COIN", "COINS", "UNITS", "BASE"})
_NAMED_TOKENS = frozenset({"tokens", "coins"})
"""What a column of sizes may be called that says by itself what it counts."""
_TIMES = frozenset({"x", "X", "×"})
_MODES = {
    **dict.fromkeys(("cross", "crossed", "false", "no"), "cross"),
    **dict.fromkeys(("isolated", "iso", "true", "yes"), "isolated"),  # A column named "isolated" says yes or no.
}
_MODE_WORD = re.compile(r"\b(?:crossed|cross|isolated|iso)\b", re.IGNORECASE)

_DRESSED = re.compile(r"(?:[A-Z]{2,12}:)?(?P<symbol>.+?)(?:[ _-]PERPETUAL| PERP|\.P|(?<=USD[TC])PERP)?")
_OPTION = re.compile(r".+-[0-9.]+-[CP](?:-USD[TC])?")
_DATED = re.compile(r".+[-_:](?:[0-9]{6}|[0-9]{8}|[0-9]{1,2}[A-Z]{3}[0-9]{2})|.+USD[FGHJKMNQUVXZ][0-9]{2}")
_SPOT = re.compile(r".+[-_.:/]SPOT|.+_SPBL")
_COIN_MARGINED = re.compile(r"[A-Z0-9]+[-/_]?USD(?:_PERP|-SWAP|:(?!USD)[A-Z0-9]+)?")
_QUOTED_IN = re.compile(r".+?[-/_]?(?P<quote>USD[TC])(?:[:_-].*)?")
_KINDS = {
    "spot": "it is spot, not a perpetual",
    "margin": "it is a margin loan, not a perpetual",
    "option": "it is an option, not a perpetual",
    "options": "it is an option, not a perpetual",
    "inverse": "it settles in its own coin, not in dollars",
}

_MARGIN_REMEDY = "write the margin that the position holds, in $"
_REMEDIES = {
    "symbol": "write the token, such as RENDER",
    "side": "write long or short",
    "size": "write a number of tokens, such as 30000",
    "notional": "write an amount in $, such as 52500",
    "contracts": "write the size in tokens: contracts × contract value",
    "contract_value": "write how many tokens one contract holds",
    "entry_price": "write the average entry price of one token, such as 1.75",
    "leverage": "write a number of at least 1, such as 10",
    "margin_mode": "write cross or isolated",
    **dict.fromkeys(_MARGINS, _MARGIN_REMEDY),
}

Value = TypeVar("Value")


class Purpose(NamedTuple):
    """What positions are read for. Settlement `USD` takes every dollar coin; contract values in tokens, by token."""

    isolated: bool
    settlement: str
    contract_values: Mapping[str, float]

    @property
    def mode(self) -> str:
        """The margin mode."""
        return "isolated" if self.isolated else "cross"

    def takes(self, coin: str) -> bool:
        """Whether what settles in this coin belongs to the account."""
        return coin == self.settlement or (self.settlement == "USD" and coin in STABLECOINS)


class _Size(NamedTuple):
    """A size as written, with its sign: from the column of `field`, with the unit beside it or in the header."""

    value: float
    field: str
    unit: str
    scale: str

    def kind(self, symbol: str) -> str:
        """What it counts: `size` (tokens of the symbol), `contracts` or `notional`."""
        unit = self.unit.upper()
        if not unit:
            if self.scale.upper() == symbol:
                wrong = f'"{self.scale}" may stand for the number or for the token'
                raise CellFault(self.field, wrong, "write the number in full")
            return self.field
        if unit in CONTRACTS:
            return "contracts"
        if unit in _TOKENS or _token_of(unit) == symbol:
            return "size"
        if unit in DOLLARS:
            return "notional"
        raise CellFault(self.field, f"the size is in {self.unit}, the line is {symbol}'s", _REMEDIES["size"])


def _token_of(name: str) -> str | None:
    try:
        return token(name, "symbol")
    except FieldError:
        return None


class LineReader:
    """Reads one line. Its faults, and what it had to assume or convert, stand here afterwards."""

    def __init__(self, line: Line, columns: Mapping[str, Column], convention: Convention, purpose: Purpose) -> None:
        held = line.cells.items()  # A token may be called NA.
        self.cells = {field: cell for field, cell in held if field == "symbol" or cell.lower() not in _EMPTY}
        self.line, self.columns, self.convention, self.purpose = line.number, columns, convention, purpose
        self.faults: list[LineFault] = []
        self.assumed: dict[str, str] = {}
        """What was assumed or converted (`leverage`, `margin`, `notional`, `contracts`, `swap`), with its detail."""
        self.size = self._attempt(self._size)

    @property
    def closed(self) -> bool:
        """Whether the line says that nothing is open."""
        return self.size is not None and self.size.value == 0

    def position(self) -> Position | None:
        """The position, None where the line has faults."""
        size, symbol, side = self.size, self._attempt(self._symbol), self._attempt(self._side)
        entry_price = self._attempt(lambda: self._amount("entry_price", above=0))
        leverage, margin = self._attempt(self._leverage), self._attempt(self._margin)
        if self.faults or size is None or symbol is None or side is None or entry_price is None or leverage is None:
            return None
        quantity = self._attempt(lambda: self._quantity(size, symbol, entry_price))
        return None if quantity is None else Position(symbol, side, quantity, entry_price, leverage, margin)

    def why_left_out(self) -> str | None:
        """The reason for which no scenario of this account can hold the line."""
        name = _undressed(self.cells.get("symbol", ""))
        if reason := _why_no_perpetual(name, self.cells.get("kind", "").lower()):
            return reason
        written = _QUOTED_IN.fullmatch(name)
        coin = self.cells.get("settle") or self.cells.get("quote") or (written["quote"] if written else "")
        if coin and not self.purpose.takes(coin.upper()):
            return f"it settles in {printable(coin)}, this account in {self.purpose.settlement}"
        mode = self._attempt(self._mode)
        if mode and mode != self.purpose.mode:
            return f"its margin is {mode}, this account's is {self.purpose.mode}"
        return None

    def _attempt(self, read: Callable[[], Value]) -> Value | None:
        try:
            return read()
        except CellFault as fault:
            column = self.columns.get(fault.field)
            self.faults.append(LineFault(self.line, column.name if column else "", fault.wrong, fault.remedy))
            return None

    def _number(self, field: str, cell: str) -> tuple[float, Numeral, str]:
        """A cell's value, how it is written, and its unit, the header's where it has none itself."""
        written = numeral(cell)
        if written is None:
            raise CellFault(field, f"{_the(field)} must be a number, got {shown(cell)}", _REMEDIES[field])
        unit = self.columns[field].unit
        from_header = unit if unit.isupper() or unit in DOLLARS | _TIMES else ""
        return self.convention.read(written, field), written, written.unit or from_header

    def _amount(self, field: str, **bounds: float) -> float:
        """A number of dollars."""
        if field not in self.cells:
            raise CellFault(field, f"{_the(field)} is missing", _REMEDIES[field])
        value, _, unit = self._number(field, self.cells[field])
        if unit and unit.upper() not in DOLLARS:
            raise CellFault(field, f"{_the(field)} is in {unit}, not in $", _REMEDIES[field])
        return _bounded(field, value, **bounds)

    def _size(self) -> _Size:
        field = next((field for field in _SIZES if field in self.cells), None)
        if field is None:
            column = next(field for field in _SIZES if field in self.columns)
            raise CellFault(column, "the size is missing", _REMEDIES[column])
        value, written, unit = self._number(field, self.cells[field])
        return _Size(value, field, unit, written.scale)

    def _symbol(self) -> str:
        cell = self.cells.get("symbol")
        if cell is None:
            raise CellFault("symbol", "the token is missing", _REMEDIES["symbol"])
        try:
            return token(_undressed(cell), "symbol")
        except FieldError as error:
            wrong, _, remedy = error.message.partition("; ")
            raise CellFault("symbol", wrong, remedy or _REMEDIES["symbol"]) from None

    def _side(self) -> Side:
        cell = self.cells.get("side", "")
        written, negative = cell.lower(), self.size is not None and self.size.value < 0
        if written in LONG and negative:
            raise CellFault("side", f"{shown(cell)} contradicts the negative size", "mend one of the two")
        by_sign = written in _BY_SIGN or "side" not in self.columns
        if written in SHORT or (negative and (by_sign or not written)):
            return "short"
        if written in LONG or by_sign:
            return "long"
        wrong = f"the side must be long or short, got {shown(cell)}" if cell else "the side is missing"
        raise CellFault("side", wrong, _REMEDIES["side"])

    def _mode(self) -> str | None:
        """The margin mode, where the line says one: in its own column, or beside the leverage."""
        cell = self.cells.get("margin_mode")
        if cell is None:
            beside = _MODE_WORD.search(self.cells.get("leverage", ""))
            return beside and _MODES[beside[0].lower()]
        mode = _MODES.get(cell.lower().removesuffix(" margin"))
        if mode is None:
            wrong = f"the margin mode must be cross or isolated, got {shown(cell)}"
            raise CellFault("margin_mode", wrong, _REMEDIES["margin_mode"])
        return mode

    def _leverage(self) -> float:
        cell = _MODE_WORD.sub("", self.cells.get("leverage", "")).strip(" ()[],/")
        if not cell:
            self.assumed["leverage"] = ""
            return ASSUMED_LEVERAGE
        value, _, unit = self._number("leverage", cell)
        if unit and unit not in _TIMES:
            raise CellFault("leverage", f"the leverage is in {unit}", _REMEDIES["leverage"])
        return _bounded("leverage", value, at_least=1)

    def _margin(self) -> float | None:
        """The isolated margin. In cross only a column that says so by name is read, and there 0 is none."""
        fields = _MARGINS if self.purpose.isolated else _MARGINS[:2]
        field = next((field for field in fields if field in self.cells), None)
        if field is None:
            if self.purpose.isolated:
                self.assumed["margin"] = ""
            return None
        if self.purpose.isolated:
            return self._amount(field, above=0)
        margin = self._amount(field)
        return margin if margin > 0 else None

    def _quantity(self, size: _Size, symbol: str, entry_price: float) -> float:
        """The size in tokens."""
        kind, value = size.kind(symbol), abs(size.value)
        if kind == "notional":
            self.assumed["notional"] = ""
            value /= entry_price
        if kind == "contracts":
            held = self._contract_value(size, symbol)
            self.assumed["contracts"] = f" ({value:.12g} × {held:.12g})"
            value *= held
        if kind == "size" and not self._says_tokens(size, symbol):
            self.assumed["swap"] = ""
        return _bounded(size.field, value, above=0)

    def _says_tokens(self, size: _Size, symbol: str) -> bool:
        """Whether the size is in tokens beyond doubt: OKX, whose symbols end in -SWAP, counts contracts."""
        if size.unit or not _undressed(self.cells["symbol"]).endswith("-SWAP"):
            return True
        column = self.columns[size.field]
        unit = column.unit.upper()
        return column.name.lower() in _NAMED_TOKENS or unit in _TOKENS or _token_of(unit) == symbol

    def _contract_value(self, size: _Size, symbol: str) -> float:
        """Tokens in one contract: as the line says, else as the caller knows."""
        if "contract_value" in self.cells:
            value, _, _ = self._number("contract_value", self.cells["contract_value"])
            return _bounded("contract_value", value, above=0)
        held = self.purpose.contract_values.get(symbol)
        if held is None:
            wrong = f"the size is in contracts, and how much {symbol} one holds is not known"
            raise CellFault(size.field, wrong, _REMEDIES["contracts"])
        return held


def _bounded(field: str, value: float, **bounds: float) -> float:
    try:
        return number(value, field, **bounds)
    except FieldError as error:
        raise CellFault(field, f"{_the(field)} {error.message}", _REMEDIES[field]) from None


def _the(field: str) -> str:
    if field in _SIZES:
        return "the size"
    return f"the {field.replace('_', ' ')}"


def _undressed(cell: str) -> str:
    """The symbol without its exchange and without the words that only say perpetual."""
    # Not every character's capital is its own: ß would become SS, a token.
    name = cell.upper() if cell.isascii() else cell
    found = _DRESSED.fullmatch(name)
    return found["symbol"] if found else name


def _why_no_perpetual(name: str, kind: str) -> str | None:
    """Why a symbol of this kind is no perpetual settled in dollars."""
    if _OPTION.fullmatch(name):
        return _KINDS["option"]
    if _DATED.fullmatch(name):
        return "it is a dated future, not a perpetual"
    if _SPOT.fullmatch(name):
        return _KINDS["spot"]
    if _COIN_MARGINED.fullmatch(name) and name not in STABLECOINS:
        return _KINDS["inverse"]
    return _KINDS.get(kind)
