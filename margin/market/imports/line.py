"""One line of a table: what its cells mean, and whether a scenario can hold it.

A line is read for an account in one margin mode and one settlement coin. A size is in tokens, unless the header, or the
unit beside it, says contracts or $; a size in $ becomes tokens at the entry price. Side, margin mode and leverage may
stand in any cell, and where they stand twice they must agree. What a line gives beside its position (value, profit,
liquidation price) is not taken over, but the position must not contradict it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

from margin.errors import FieldError, number, shown
from margin.market.imports.cells import without_note, words_of
from margin.market.imports.closed import unknown_status, why_closed
from margin.market.imports.columns import Entry, Line, LineFault, printable
from margin.market.imports.evidence import Evidence
from margin.market.imports.grid import Grid
from margin.market.imports.numerals import CellFault, Convention, Numeral, numeral
from margin.market.imports.stated import MARGINS, Stated, Statement, agreed
from margin.market.imports.symbols import kind_refused, read_symbol, settled_in
from margin.market.imports.vocabulary import CONTRACTS, DOLLARS, EMPTY
from margin.scenario import Position, Side
from margin.symbols import STABLECOINS, token
from margin.venues import Venue

ASSUMED_LEVERAGE = 10.0
_SIZES = ("size", "contracts", "notional")
_OPENING_MARGINS = ("initial_margin", "margin")
_EVIDENCE = ("mark_price", "liquidation_price", "unrealised_pnl", "pnl", "initial_margin")
NUMBERS = frozenset({*_SIZES, *MARGINS, *_EVIDENCE, "contract_value", "entry_price", "leverage"})
"""The fields that hold numbers."""

_TOKENS = frozenset({"TOKEN", "TOKENS", "COIN", "COINS", "UNITS", "BASE"})
_NAMED_TOKENS = frozenset({"tokens", "coins"})
"""What a column of sizes may be called that says by itself what it counts."""
_TIMES = frozenset({"x", "X", "×"})
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
    "status": "write open or closed",
    **dict.fromkeys((*MARGINS, "initial_margin"), _MARGIN_REMEDY),
}

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Purpose:
    """What positions are read for: an account at a venue, in one margin mode.

    `contract_values` are the tokens in one contract, by token, on the venue that counts in contracts: they are used
    there, and for lines in the form of that venue.
    """

    venue: Venue
    isolated: bool
    contract_values: Mapping[str, float]

    @property
    def mode(self) -> str:
        """The margin mode."""
        return "isolated" if self.isolated else "cross"

    def takes(self, coin: str) -> bool:
        """Whether what settles in this coin belongs to the account."""
        settlement = self.venue.settlement
        if coin == "USD" and self.venue.dollar_names:
            return True
        return coin == settlement or (settlement == "USD" and coin in STABLECOINS)


class _Size(NamedTuple):
    """A size as written, with its sign: from the column of `field`, with the unit beside it or in the header."""

    value: float
    field: str
    unit: str
    scale: str

    def kind(self, symbol: str) -> str:
        """Return what it counts: `size` (tokens of the symbol), `contracts`, `notional` or `margin`."""
        unit = self.unit.upper()
        if self.field == "margin":
            return "margin"
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

    def __init__(self, line: Line, grid: Grid, convention: Convention, purpose: Purpose) -> None:
        # A token may be called NA.
        self.entries = [entry for entry in line.entries if not _is_empty(entry)]
        self.cells: dict[str, str] = {}
        for entry in self.entries:
            if entry.column.field:
                self.cells.setdefault(entry.column.field, entry.cell)
        self.line, self.grid, self.convention, self.purpose = line.number, grid, convention, purpose
        self.faults: list[LineFault] = []
        self.assumed: dict[str, str] = {}
        """What was assumed or converted (`leverage`, `margin`, `notional`, `contracts`, `swap` …), with its detail."""
        cell = self.cells.get("symbol", "")
        self.symbol = read_symbol(cell, dollar_names=purpose.venue.dollar_names)
        column = grid.columns.get("symbol")
        self.stated = Stated(self.entries, self.symbol.words, column.name if column else "symbol")
        self.leverage = self._attempt(self._stated_leverage)
        self.size = self._attempt(self._size)

    @property
    def nothing_open(self) -> bool:
        """Whether the line says that nothing is open."""
        return self.size is not None and self.size.value == 0

    def why_closed(self) -> str | None:
        """Return why the line is a closed position."""
        return why_closed(self.entries, self.grid.columns)

    def position(self) -> Position | None:
        """Return the position, None where the line has faults."""
        size, symbol = self.size, self._attempt(self._token)
        entry_price = self._attempt(lambda: self._amount("entry_price", above=0))
        self._attempt(self._status)
        margin = self._attempt(self._margin)
        if size is None or symbol is None or entry_price is None:
            self._attempt(self._stated_side)
            return None
        quantity = self._attempt(lambda: self._quantity(size, symbol, entry_price))
        if quantity is None:
            self._attempt(self._stated_side)
            return None
        side = self._attempt(lambda: self._side(quantity, entry_price))
        leverage = self.leverage or self._shown_leverage(quantity, entry_price)
        if self.faults or side is None:
            return None
        return Position(symbol, side, quantity, entry_price, leverage, margin)

    def why_left_out(self) -> str | None:
        """Return the reason for which no scenario of this account can hold the line."""
        reason = self.symbol.why_not or kind_refused(self.cells.get("kind", ""))
        if reason:
            return reason
        coin = self.cells.get("settle") or self.cells.get("quote") or settled_in(self.symbol.name)
        if coin and not self.purpose.takes(coin.upper()):
            return f"it settles in {printable(coin)}, this account in {self.purpose.venue.settlement}"
        mode = self._attempt(self._mode)
        if mode is None:
            self.assumed["mode"] = ""
        elif mode != self.purpose.mode:
            return f"its margin is {mode}, this account's is {self.purpose.mode}"
        return None

    # What one cell says

    def _attempt(self, read: Callable[[], Value]) -> Value | None:
        try:
            return read()
        except CellFault as fault:
            column = self.grid.columns.get(fault.field)
            name = column.name if column else ""
            self.faults.append(LineFault(self.line, name, fault.wrong, fault.remedy, unit=self.grid.unit))
            return None

    def _number(self, field: str, cell: str) -> tuple[float, Numeral, str]:
        """Return a cell's value, how it is written, and its unit, the header's where it has none itself."""
        value, _ = without_note(cell)
        written = numeral(value)
        if written is None:
            raise CellFault(field, f"{_the(field)} must be a number, got {shown(cell)}", _REMEDIES[field])
        unit = self.grid.columns[field].unit
        from_header = unit if unit.isupper() or unit in DOLLARS | _TIMES else ""
        return self.convention.read(written, field), written, written.unit or from_header

    def _amount(self, field: str, **bounds: float) -> float:
        """Return a number of dollars."""
        if field not in self.cells:
            raise CellFault(field, f"{_the(field)} is missing", _REMEDIES[field])
        value, _, unit = self._number(field, self.cells[field])
        if unit and unit.upper() not in DOLLARS:
            raise CellFault(field, f"{_the(field)} is in {unit}, not in $", _REMEDIES[field])
        return _bounded(field, value, **bounds)

    @cached_property
    def evidence(self) -> Evidence:
        """What the line gives beside its position."""
        # In isolated mode a margin may hold more than what it was opened with.
        opening = ("initial_margin",) if self.purpose.isolated else _OPENING_MARGINS
        value = self._dollars("notional") if "notional" in self.cells else None
        return Evidence(
            mark=self._dollars("mark_price"),
            liquidation=self._dollars("liquidation_price"),
            profit=self._dollars("unrealised_pnl", "pnl"),
            value=abs(value) if value else None,
            opening_margin=self._dollars(*opening),
        )

    def _dollars(self, *fields: str) -> float | None:
        """Return the first of these fields that the line gives in dollars and that can be read."""
        for field in fields:
            value, _ = without_note(self.cells.get(field, ""))
            written = numeral(value)
            unit = written.unit if written else ""
            unit = unit or (self.grid.columns[field].unit if field in self.grid.columns else "")
            if written is None or (unit.isupper() and unit.upper() not in DOLLARS):
                continue
            try:
                return self.convention.read(written, field)
            except CellFault:
                continue
        return None

    def _token(self) -> str:
        if "symbol" not in self.cells:
            raise CellFault("symbol", "the token is missing", _REMEDIES["symbol"])
        try:
            return token(self.symbol.name, "symbol")
        except FieldError as error:
            wrong, _, remedy = error.message.partition("; ")
            raise CellFault("symbol", wrong, remedy or _REMEDIES["symbol"]) from None

    def _status(self) -> None:
        if unknown := unknown_status(self.entries):
            wrong = f'"{unknown.column.name}" is {shown(unknown.cell)}: is the position open?'
            raise CellFault("status", wrong, _REMEDIES["status"])

    # The size

    def _size(self) -> _Size:
        field = next((field for field in _SIZES if field in self.cells), None)
        if field is not None:
            value, written, unit = self._number(field, self.cells[field])
            return _Size(value, field, unit, written.scale)
        column = next((field for field in _SIZES if field in self.grid.columns), None)
        if column is not None:
            raise CellFault(column, "the size is missing", _REMEDIES[column])
        margin = next(field for field in _OPENING_MARGINS if field in self.grid.columns)
        if self.leverage is None:
            raise CellFault(
                "leverage", "the leverage is missing, by which the margin becomes a size", _REMEDIES["size"]
            )
        return _Size(self._amount(margin, above=0) * self.leverage, "margin", "", "")

    def _quantity(self, size: _Size, symbol: str, entry_price: float) -> float:
        """Return the size in tokens."""
        kind, value = size.kind(symbol), abs(size.value)
        if kind in {"notional", "margin"}:
            self.assumed[kind] = ""
            value /= entry_price
        if kind == "contracts":
            contract = self._contract_value(size, symbol)
            if contract != 1:
                self.assumed["contracts"] = f" ({value:.12g} × {contract:.12g})"
            value *= contract
        if kind == "size" and not self._says_tokens(size, symbol):
            self.assumed["swap"] = ""
        quantity = _bounded(size.field, value, above=0)
        if kind in {"size", "contracts"}:
            self._check_value(size.field, quantity, entry_price)
        return quantity

    def _check_value(self, field: str, quantity: float, entry_price: float) -> None:
        """Raise CellFault where the value that the line states is not that of this size: it may count contracts."""
        evidence = self.evidence
        if not evidence.is_worth(quantity, entry_price):
            price, name = evidence.mark or entry_price, self.grid.columns["notional"].name
            wrong = f'the size, {quantity:.6g} at {price:.6g}, is not worth the {evidence.value:.6g} of "{name}"'
            raise CellFault(field, wrong, "write the size in tokens, not in contracts, or correct the value")

    def _says_tokens(self, size: _Size, symbol: str) -> bool:
        """Return whether the size is in tokens beyond doubt: OKX, whose symbols end in -SWAP, counts contracts."""
        if size.unit or not self.symbol.name.endswith("-SWAP"):
            return True
        column = self.grid.columns[size.field]
        unit = column.unit.upper()
        return column.name.lower() in _NAMED_TOKENS or unit in _TOKENS or _token_of(unit) == symbol

    def _contract_value(self, size: _Size, symbol: str) -> float:
        """Return the tokens in one contract: as the line says, else as the venue that counts in contracts has them."""
        if "contract_value" in self.cells:
            value, _, _ = self._number("contract_value", self.cells["contract_value"])
            return _bounded("contract_value", value, above=0)
        in_its_form = self.symbol.name.endswith("-SWAP")
        counts_contracts = self.purpose.venue.flat_tiers or in_its_form
        if not counts_contracts and self.symbol.unified:
            # ccxt's contracts are tokens on every venue of ours that does not count in contracts.
            self.assumed["unified"] = ""
            return 1.0
        known = self.purpose.contract_values if counts_contracts else {}
        if symbol not in known:
            wrong = f"the size is in contracts, and how much {symbol} one holds is not known"
            raise CellFault(size.field, wrong, _REMEDIES["contracts"])
        return known[symbol]

    # Side, margin mode, leverage: wherever they stand

    def _stated_side(self) -> Side | None:
        """Return the side that words or the sign of the size state, None where neither does."""
        side = self.stated.side()
        negative = self.size is not None and self.size.value < 0
        if negative and side == "long":
            cell = self.cells.get("side") or self.cells.get("symbol", "")
            raise CellFault("side", f"{shown(cell)} contradicts the negative size", "correct one of the two")
        return "short" if negative else side

    def _side(self, quantity: float, entry_price: float) -> Side:
        """Return the side: as stated, else as the line's results show it, else as a size without a sign has it."""
        stated, shown_by = self._stated_side(), self._shown_side(entry_price)
        if stated:
            if self.evidence.contradicts(stated, quantity, entry_price):
                wrong = f"it says {stated}, and its profit is that of the other side"
                raise CellFault("side", wrong, "correct the side, or remove the column of profits")
            return stated
        if self.stated.by_sign:
            return "long"
        if "side" in self.grid.columns:
            raise CellFault("side", "the side is missing", _REMEDIES["side"])
        self.assumed["side" if shown_by else "sign"] = ""
        return shown_by or "long"

    def _shown_side(self, entry_price: float) -> Side | None:
        """Return the side that profit and liquidation price show. Raises CellFault where they show different ones."""
        by_profit, by_price = self.evidence.side_by_profit(entry_price), self.evidence.side_by_liquidation(entry_price)
        if by_profit and by_price and by_profit != by_price and self._stated_side() is None:
            wrong = f"its profit shows a {by_profit}, its liquidation price a {by_price}"
            raise CellFault("size", wrong, "add a column that says long or short")
        return by_profit or by_price

    def _mode(self) -> str | None:
        """Return the margin mode that the line states, or that its isolated margins show: in cross they are 0."""
        if mode := self.stated.mode():
            return mode
        amounts = [self._dollars(field) for field in MARGINS[:2] if field in self.cells]
        if not amounts:
            return None
        return "isolated" if any(amounts) else "cross"

    def _stated_leverage(self) -> float | None:
        """Return the leverage that the line states, None where it states none."""
        statements = self.stated.leverages()
        for entry in self.entries:
            if entry.column.field == "leverage" and not self.stated.words[entry.column.name].leverages:
                statements += self._leverage_number(entry)
        leverage = agreed(statements, "leverage")
        return None if leverage is None else _bounded("leverage", leverage, at_least=1)

    def _leverage_number(self, entry: Entry) -> list[Statement[float]]:
        """Return the plain number in a leverage's cell, be there a mode beside it."""
        cell = " ".join(word for word in re.split(r"[\s()\[\],/]+", entry.cell) if not words_of(word).modes)
        if not cell:
            return []
        value, _, unit = self._number("leverage", cell)
        if unit and unit not in _TIMES:
            raise CellFault("leverage", f"the leverage is in {unit}", _REMEDIES["leverage"])
        return [Statement(entry.column.name, value)]

    def _shown_leverage(self, quantity: float, entry_price: float) -> float:
        """Return the leverage that value and margin show, else the one that is assumed."""
        if leverage := self.evidence.leverage(quantity, entry_price):
            self.assumed["shown_leverage"] = f" {leverage:g}×"
            return leverage
        self.assumed["leverage"] = ""
        return ASSUMED_LEVERAGE

    def _margin(self) -> float | None:
        """Return the isolated margin. In cross only a column that says so by name is read, and there 0 is none."""
        fields = MARGINS if self.purpose.isolated else MARGINS[:2]
        field = next((field for field in fields if field in self.cells), None)
        if field is None:
            if self.purpose.isolated:
                self.assumed["margin_assumed"] = ""
            return None
        if self.purpose.isolated:
            return self._amount(field, above=0)
        margin = self._amount(field)
        return margin if margin > 0 else None


def _is_empty(entry: Entry) -> bool:
    return entry.column.field != "symbol" and entry.cell.lower() in EMPTY


def _bounded(field: str, value: float, **bounds: float) -> float:
    try:
        return number(value, field, **bounds)
    except FieldError as error:
        raise CellFault(field, f"{_the(field)} {error.message}", _REMEDIES.get(field, _MARGIN_REMEDY)) from None


def _the(field: str) -> str:
    if field in _SIZES:
        return "the size"
    return f"the {field.replace('_', ' ')}"
