"""Read one line of a table as a position, or as the reason why a scenario cannot hold it.

A line is read for an account in one margin mode and one settlement coin. A size is in tokens,
unless the header, or the unit beside it, says contracts or $; a size in $ becomes tokens at the
entry price. Any cell may state side, margin mode and leverage, and those that do must agree. Value,
profit and liquidation price are not imported, but the position must not contradict them.
"""

import dataclasses
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

from margin.errors import FieldError, number, shown
from margin.market.imports.cells import cell_number, has_digit, words_of
from margin.market.imports.closed import doubtful, why_closed
from margin.market.imports.columns import Column, Entry, LineFault, TableLine, printable
from margin.market.imports.evidence import Evidence
from margin.market.imports.grid import Grid
from margin.market.imports.numerals import CellFault, Convention, Numeral, numeral
from margin.market.imports.stated import MARGINS, Stated, Statement, agreed_value
from margin.market.imports.symbols import is_perpetual_kind, kind_refusal, read_symbol, settled_in
from margin.market.imports.vocabulary import CONTRACTS, DOLLARS, EMPTY, SIGNED_SIZES, folded
from margin.model.scenario import Position, Side
from margin.model.symbols import STABLECOINS, token
from margin.venues import Venue

ASSUMED_LEVERAGE = 10.0
_SIZES = ("size", "contracts", "notional")
_OPENING_MARGINS = ("initial_margin", "margin")
_EVIDENCE_FIELDS = ("mark_price", "liquidation_price", "unrealised_pnl", "pnl", "initial_margin")
NUMBERS = frozenset(
    {*_SIZES, *MARGINS, *_EVIDENCE_FIELDS, "contract_value", "entry_price", "leverage"}
)
"""The fields that hold numbers."""

_TOKENS = frozenset({"TOKEN", "TOKENS", "COIN", "COINS", "UNITS", "BASE"})
_NAMED_TOKENS = frozenset({"tokens", "coins"})
"""Names of a column of sizes that say that it counts tokens."""
_TIMES_SIGNS = frozenset({"x", "X", "×"})
_SETTLED_FIELDS = (
    "margin",
    "initial_margin",
    "isolated_margin",
    "unrealised_pnl",
    "pnl",
    "notional",
)
"""Amounts in the coin that the position settles in."""
_LONGEST_WORDS = 60
_PRICE_BAND = 100.0
"""Factor by which an entry price may be above or below the last known price."""
_SIDE_REMEDY = "add a column that says long or short"
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
    **dict.fromkeys((*MARGINS, "initial_margin"), _MARGIN_REMEDY),
}

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Purpose:
    """What positions are read for: an account at a venue, in one margin mode.

    `contract_values` are the tokens in one contract, by token, on the venue that counts in
    contracts: they are used there, and for lines in that venue's form. `marks` are last known
    prices by token, against which entry prices are checked.
    """

    venue: Venue
    isolated: bool
    contract_values: Mapping[str, float]
    marks: Mapping[str, float] = dataclasses.field(default_factory=dict)

    @property
    def mode(self) -> str:
        """The margin mode."""
        return "isolated" if self.isolated else "cross"

    def takes(self, coin: str) -> bool:
        """Return whether what settles in this coin belongs to the account."""
        settlement = self.venue.settlement
        if coin == "USD" and self.venue.dollar_names:
            return True
        return coin == settlement or (settlement == "USD" and coin in STABLECOINS)


class _Size(NamedTuple):
    """A size as written, with its sign."""

    value: float
    field: str
    unit: str
    """The unit beside the number, or else in the header; empty where there is none."""
    scale: str

    def kind(self, symbol: str) -> str:
        """Return what the size counts: `size` (tokens), `contracts`, `notional` or `margin`."""
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
        if unit in _TOKENS or _token_of(self.unit) == symbol:
            return "size"
        if unit in DOLLARS:
            return "notional"
        raise CellFault(
            self.field, f"the size is in {self.unit}, the line is {symbol}'s", _REMEDIES["size"]
        )


def _token_of(name: str) -> str | None:
    try:
        return token(read_symbol(name, dollar_names=False).name, "symbol")
    except FieldError:
        return None


class LineReader:
    """Reads one line and collects its faults, its assumptions and its conversions.

    `filled` are the fields that have a value somewhere in the line's list.
    """

    def __init__(
        self,
        line: TableLine,
        grid: Grid,
        convention: Convention,
        purpose: Purpose,
        filled: Collection[str],
    ) -> None:
        self.entries = [entry for entry in line.entries if not _is_empty(entry)]
        self.cells: dict[str, str] = {}
        for entry in self.entries:
            if entry.column.field:
                self.cells.setdefault(entry.column.field, entry.cell)
        self.context, self.filled = line.context, filled
        self.number, self.grid = line.number, grid
        self.convention, self.purpose = convention, purpose
        self.faults: list[LineFault] = []
        self.assumed: dict[str, str] = {}
        """What was assumed or converted, such as `leverage` or `notional`, with its detail."""
        column = grid.columns.get("symbol")
        dollar_names = purpose.venue.dollar_names
        self.symbol = read_symbol(
            self.cells.get("symbol", ""),
            dollar_names=dollar_names,
            spot_pairs=_spot_pairs(grid, column),
        )
        flags = [grid.columns[field] for field in ("isolated", "cross") if field in grid.columns]
        name = column.name if column else "symbol"
        self.stated = Stated(self.entries, self.symbol.words, name, line.context, flags)
        self.leverage = self._attempt(self._stated_leverage)
        self.size = self._attempt(self._size)

    @property
    def nothing_open(self) -> bool:
        """Whether the line says that nothing is open: a size of 0 without a value or margin."""
        if self.size is None or self.size.value != 0:
            return False
        # A size in $ may be rounded to 0.
        in_dollars = self.size.field in {"notional", "margin"}
        return not in_dollars and not any(self._dollars(field) for field in ("notional", "margin"))

    def why_closed(self) -> str | None:
        """Return why the line is a closed position, None where nothing says so."""
        return why_closed(self.entries, self.filled)

    def position(self) -> Position | None:
        """Return the position, None where the line has faults."""
        size, symbol = self.size, self._attempt(self._token)
        entry_price = self._attempt(lambda: self._amount("entry_price", above=0))
        self._attempt(self._check_words)
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
        """Return why no scenario of this account can hold the line, None where one may."""
        reason = self.symbol.refusal or self._other_kind() or self._other_venue()
        if reason:
            return reason
        coin = self._settlement()
        if coin and not self.purpose.takes(coin.upper()):
            return (
                f"it settles in {printable(coin)}, this account in {self.purpose.venue.settlement}"
            )
        mode = self._attempt(self._mode)
        if mode is None:
            self.assumed["mode"] = ""
        elif mode != self.purpose.mode:
            return f"its margin is {mode}, this account's is {self.purpose.mode}"
        return None

    def _other_kind(self) -> str | None:
        """Return why the line is not a perpetual, by its kind, an expiry or a word."""
        for column, cell in self.entries:
            if column.field == "kind" and folded(cell) == "margin":
                return "it is a margin loan, not a perpetual"
            if is_perpetual_kind(cell):
                continue
            has_words = column.field in {None, "kind", "venue"} and len(cell) <= _LONGEST_WORDS
            if has_words and (reason := kind_refusal(cell)):
                return reason
            if column.field == "expiry" and has_digit(cell):
                return "it is a dated future or an option, not a perpetual"
        return next(filter(None, map(kind_refusal, self.context)), None)

    def _other_venue(self) -> str | None:
        """Return that the line is on another exchange, where a column names one."""
        venue = self.purpose.venue
        name = folded(self.cells.get("venue", ""))
        is_kind = name in {"spot", "futures", "perp"}
        if not name or venue.own_fraction or folded(venue.name) in name or is_kind:
            return None
        return f"it is on {printable(self.cells['venue'])}, this account is on {venue.name}"

    def _settlement(self) -> str | None:
        """Return the settlement coin by columns, symbol, or unit of an amount; None if unknown."""
        coin = self.cells.get("settle") or self.cells.get("quote") or settled_in(self.symbol.name)
        if coin:
            return coin
        for field in _SETTLED_FIELDS:
            unit = self._unit(field)
            is_dollar = unit == "USD" or unit in DOLLARS - STABLECOINS
            if unit.isupper() and unit not in _TOKENS | CONTRACTS and not is_dollar:
                return unit
        return None

    def _unit(self, field: str) -> str:
        """Return the unit of an amount in its cell, or else in its header."""
        if field not in self.cells:
            return ""
        number = cell_number(self.cells[field])
        return (number.unit if number else "") or self.grid.columns[field].unit

    # Single cells

    def _attempt(self, read: Callable[[], Value]) -> Value | None:
        """Return what `read` returns, or None after adding the fault that it raises."""
        try:
            return read()
        except CellFault as fault:
            column = self.grid.columns.get(fault.field)
            name = column.name if column else ""
            self.faults.append(
                LineFault(self.number, name, fault.wrong, fault.remedy, unit=self.grid.unit)
            )
            return None

    def _number(self, field: str, cell: str) -> tuple[float, Numeral, str]:
        """Return a cell's value, its number as written, and its unit or else the header's."""
        written = cell_number(cell)
        if written is None:
            wrong = f"{_subject(field)} must be a number, got {shown(cell)}"
            raise CellFault(field, wrong, _REMEDIES[field])
        unit = self.grid.columns[field].unit
        is_unit = (
            unit.upper() in _TOKENS | DOLLARS | CONTRACTS or unit in _TIMES_SIGNS or unit.isupper()
        )
        if unit and not is_unit and field in _SIZES and not written.unit:
            wrong = f"what it counts, {shown(unit)}, is not known"
            raise CellFault(field, wrong, "name the column size, in tokens")
        header_unit = unit if is_unit else ""
        return self.convention.read(written, field), written, written.unit or header_unit

    def _amount(self, field: str, **bounds: float) -> float:
        """Return an amount in dollars, within bounds such as `above=0`."""
        if field not in self.cells:
            raise CellFault(field, f"{_subject(field)} is missing", _REMEDIES[field])
        value, _, unit = self._number(field, self.cells[field])
        if unit and unit.upper() not in DOLLARS:
            raise CellFault(field, f"{_subject(field)} is in {unit}, not in $", _REMEDIES[field])
        return _bounded(field, value, **bounds)

    @cached_property
    def evidence(self) -> Evidence:
        """What the line gives beside its position, in dollars."""
        # In isolated mode the margin may be more than the initial margin.
        opening = ("initial_margin",) if self.purpose.isolated else _OPENING_MARGINS
        value = self._dollars("notional") if "notional" in self.cells else None
        return Evidence(
            mark=self._dollars("mark_price"),
            liquidation=self._dollars("liquidation_price"),
            profit=self._dollars("unrealised_pnl", "pnl"),
            return_percent=self._per_cent("return"),
            take_profit=self._dollars("take_profit"),
            stop_loss=self._dollars("stop_loss"),
            value=abs(value) if value else None,
            opening_margin=self._dollars(*opening),
        )

    def _dollars(self, *fields: str) -> float | None:
        """Return the first of these fields that can be read as dollars, None where none can."""
        for field in fields:
            written = cell_number(self.cells.get(field, ""))
            unit = self._unit(field)
            if written is None or (unit.isupper() and unit not in DOLLARS):
                continue
            try:
                return self.convention.read(written, field)
            except CellFault:
                continue
        return None

    def _per_cent(self, field: str) -> float | None:
        """Return a per cent value, None where the cell has none or it may mean two values."""
        written = numeral(self.cells.get(field, "").replace("%", "").strip())
        if written is None or len(set(written.readings().values())) > 1:
            return None
        return self.convention.read(written, field)

    def _token(self) -> str:
        if "symbol" not in self.cells:
            raise CellFault("symbol", "the token is missing", _REMEDIES["symbol"])
        try:
            return token(self.symbol.name, "symbol")
        except FieldError as error:
            raise CellFault("symbol", error.fault, error.remedy or _REMEDIES["symbol"]) from None

    def _check_words(self) -> None:
        """Raise CellFault for words that leave it open whether this is an open perpetual."""
        if doubt := doubtful(self.entries):
            wrong = f'"{doubt.column.name}" is {shown(doubt.cell)}: is the position open?'
            raise CellFault("status", wrong, "write open or closed into a column called status")
        for column, cell in self.entries:
            if column.field == "kind" and not is_perpetual_kind(cell):
                wrong = f'"{column.name}" is {shown(cell)}: is it a perpetual?'
                raise CellFault("kind", wrong, "write perpetual, or remove the line")
            if column.field in MARGINS and (word := _unknown_word(cell)):
                wrong = f"{shown(word)} is not understood"
                raise CellFault(column.field, wrong, "write a number of dollars alone")

    # The size

    def _size(self) -> _Size:
        field = next((field for field in _SIZES if field in self.cells), None)
        if field is not None:
            value, written, unit = self._number(field, self.cells[field])
            return _Size(value, field, unit, written.scale)
        margin = self._opening_margin
        empty_field = next((field for field in _SIZES if field in self.grid.columns), None)
        if empty_field or not margin:
            missing = empty_field or "size"
            raise CellFault(missing, "the size is missing", _REMEDIES[missing])
        if self.leverage is None:
            wrong = "the leverage is missing, by which the margin becomes a size"
            raise CellFault("leverage", wrong, _REMEDIES["size"])
        return _Size(self._amount(margin, above=0) * self.leverage, "margin", "", "")

    @property
    def _opening_margin(self) -> str:
        """The field of a margin that becomes a size with the leverage, empty without any."""
        return next((field for field in _OPENING_MARGINS if field in self.grid.columns), "")

    def _quantity(self, size: _Size, symbol: str, entry_price: float) -> float:
        """Return the size in tokens."""
        kind, value = size.kind(symbol), abs(size.value)
        if kind in {"notional", "margin"}:
            # A value beside a mark price is the value at the mark.
            mark = self.evidence.mark if size.field == "notional" else None
            self.assumed["notional_at_mark" if mark else kind] = ""
            value /= mark or entry_price
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
            self._check_profit(size.field, quantity, entry_price)
        self._check_entry(symbol, entry_price)
        return quantity

    def _check_value(self, field: str, quantity: float, entry_price: float) -> None:
        """Raise CellFault where the stated value does not fit the size.

        Such a size may count contracts or dollars.
        """
        evidence = self.evidence
        if not evidence.is_worth(quantity, entry_price):
            price, name = evidence.mark or entry_price, self.grid.columns["notional"].name
            size = f"the size, {quantity:.6g} at {price:.6g},"
            wrong = f'{size} is not worth the {evidence.value:.6g} of "{name}"'
            remedy = "write the size in tokens, not in contracts, or correct the value"
            raise CellFault(field, wrong, remedy)
        if evidence.is_margin_times(self.leverage, quantity, entry_price):
            wrong = (
                f"the size, {quantity:.6g}, is the margin × the leverage: it is in $, not in tokens"
            )
            remedy = 'name the column "size (USD)", or write the size in tokens'
            raise CellFault(field, wrong, remedy)

    def _check_profit(self, field: str, quantity: float, entry_price: float) -> None:
        """Raise CellFault where the stated profit does not fit the size.

        Such a size may be in dollars or contracts.
        """
        if not self.evidence.is_earned(quantity, entry_price):
            wrong = f"the size, {quantity:.6g}, does not make the profit that the line states"
            remedy = "write the size in tokens, or remove the column of profits"
            raise CellFault(field, wrong, remedy)

    def _check_entry(self, symbol: str, entry_price: float) -> None:
        """Raise CellFault for an entry price so far from the known one that it may be a size."""
        known = self.purpose.marks.get(symbol)
        if known and not 1 / _PRICE_BAND <= entry_price / known <= _PRICE_BAND:
            wrong = f"is {entry_price:.6g} the entry price? {symbol} was last seen at {known:.6g}"
            raise CellFault("entry_price", wrong, _REMEDIES["entry_price"])

    def _says_tokens(self, size: _Size, symbol: str) -> bool:
        """Return whether the size is certainly in tokens; beside OKX's -SWAP it may not be."""
        if size.unit or not self.symbol.name.endswith("-SWAP"):
            return True
        column = self.grid.columns[size.field]
        unit = column.unit.upper()
        return column.name.lower() in _NAMED_TOKENS or unit in _TOKENS or _token_of(unit) == symbol

    def _contract_value(self, size: _Size, symbol: str) -> float:
        """Return the tokens in one contract, from the line or else from the venue's listing."""
        if "contract_value" in self.cells:
            value, _, _ = self._number("contract_value", self.cells["contract_value"])
            return _bounded("contract_value", value, above=0)
        has_okx_symbol = self.symbol.name.endswith("-SWAP")
        counts_contracts = self.purpose.venue.flat_tiers or has_okx_symbol
        if not counts_contracts and self.symbol.unified:
            # On the other venues ccxt's contracts are tokens.
            self.assumed["unified"] = ""
            return 1.0
        known = self.purpose.contract_values if counts_contracts else {}
        if symbol not in known:
            wrong = f"the size is in contracts, and how much {symbol} one holds is not known"
            raise CellFault(size.field, wrong, _REMEDIES["contracts"])
        return known[symbol]

    # Side, margin mode and leverage, which any cell may state

    def _stated_side(self) -> Side | None:
        """Return the side by words or by a negative size, None where neither states it."""
        side = self.stated.side()
        negative = self.size is not None and self.size.value < 0
        if negative and side == "long":
            cell = self.cells.get("side") or self.cells.get("symbol", "")
            wrong = f"{shown(cell)} contradicts the negative size"
            raise CellFault("side", wrong, "correct one of the two")
        return "short" if negative else side

    def _side(self, quantity: float, entry_price: float) -> Side:
        """Return the side as stated, or else as the evidence shows it, or else by the sign."""
        stated = self._stated_side()
        if stated:
            if self.evidence.contradicts(stated, quantity, entry_price):
                wrong = f"it says {stated}, and its profit is that of the other side"
                raise CellFault("side", wrong, "correct the side, or remove the column of profits")
            return stated
        if self.stated.by_sign:
            return "long"
        if self._expects_side():
            raise CellFault("side", "the side is missing", _REMEDIES["side"])
        side = self._shown_side(entry_price)
        if side is None and self.evidence.has_result and not self.grid.has_negative_sizes:
            wrong = "it has a profit or loss, and nothing says whether it is long or short"
            raise CellFault("size", wrong, _SIDE_REMEDY)
        self.assumed["side" if side else "sign"] = ""
        return side or "long"

    def _expects_side(self) -> bool:
        """Return whether a column of sides should have a value on this line."""
        if "side" not in self.grid.columns or not self.grid.is_dump:
            return "side" in self.grid.columns
        # The lists of a dump have different keys, and some sign the size of a short.
        return "side" in self.filled or not self._size_has_sign()

    def _size_has_sign(self) -> bool:
        """Return whether the size's key is one under which programs write shorts as negative."""
        if self.size is None or self.size.field not in self.grid.columns:
            return False
        name = folded(self.grid.columns[self.size.field].name)
        return name.removeprefix("position") in SIGNED_SIZES

    def _shown_side(self, entry_price: float) -> Side | None:
        """Return the side that profit, liquidation price or orders show, None where none does.

        Raises CellFault where profit and liquidation price show different sides.
        """
        by_profit = self.evidence.side_by_profit(entry_price)
        by_price = self.evidence.side_by_liquidation(entry_price)
        if by_profit and by_price and by_profit != by_price:
            wrong = f"its profit shows a {by_profit}, its liquidation price a {by_price}"
            raise CellFault("size", wrong, _SIDE_REMEDY)
        return by_profit or by_price or self.evidence.side_by_brackets(entry_price)

    def _mode(self) -> str | None:
        """Return the margin mode as stated, or else by isolated margins, which are 0 in cross."""
        if mode := self.stated.mode():
            return mode
        amounts = [self._dollars(field) for field in MARGINS[:2] if field in self.cells]
        if not amounts:
            return None
        return "isolated" if any(amounts) else "cross"

    def _stated_leverage(self) -> float | None:
        """Return the leverage that the line states, None where nothing states it."""
        statements = self.stated.leverages()
        for entry in self.entries:
            if entry.column.field != "leverage":
                continue
            words = self.stated.words[entry.column.name]
            if not words.leverages:
                statements += self._leverage_number(entry)
            elif words.unknown:
                wrong = f"{shown(words.unknown[0])} beside the leverage is not understood"
                raise CellFault("leverage", wrong, _REMEDIES["leverage"])
        leverage = agreed_value(statements, "leverage")
        return None if leverage is None else _bounded("leverage", leverage, at_least=1)

    def _leverage_number(self, entry: Entry) -> list[Statement[float]]:
        """Return the plain number in a leverage's cell, leaving out a mode beside it."""
        words = re.split(r"[\s()\[\],/]+", entry.cell)
        cell = " ".join(word for word in words if not words_of(word).modes)
        if not cell:
            return []
        value, _, unit = self._number("leverage", cell)
        if unit and unit not in _TIMES_SIGNS:
            raise CellFault("leverage", f"the leverage is in {unit}", _REMEDIES["leverage"])
        return [Statement(entry.column.name, value)]

    def _shown_leverage(self, quantity: float, entry_price: float) -> float:
        """Return the leverage that value and margin show, or else the assumed one."""
        if leverage := self.evidence.leverage(quantity, entry_price):
            self.assumed["shown_leverage"] = f" {leverage:g}×"
            return leverage
        self.assumed["leverage"] = ""
        return ASSUMED_LEVERAGE

    def _margin(self) -> float | None:
        """Return the isolated margin, None where the line has none.

        In cross only a column that says isolated is read, and 0 means none.
        """
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


def _spot_pairs(grid: Grid, symbol: Column | None) -> str:
    """Return the separators of spot pairs in this table's symbols.

    They tell a spot pair only where ccxt or OKX wrote the symbol, as they add a suffix to a
    perpetual's.
    """
    if symbol is not None and symbol.name == "instId":
        return "/-"
    return "/" if grid.is_dump or "contract_value" in grid.columns else ""


def _is_empty(entry: Entry) -> bool:
    # A token may be called NA.
    return entry.column.field != "symbol" and entry.cell.lower() in EMPTY


def _unknown_word(cell: str) -> str:
    """Return the first word of a margin's cell that is neither number, coin nor mode, or ""."""
    for word in words_of(cell).unknown:
        if numeral(word.rstrip("%:")) is None and word.upper().strip("():") not in DOLLARS:
            return word
    return ""


def _bounded(field: str, value: float, **bounds: float) -> float:
    try:
        return number(value, field, **bounds)
    except FieldError as error:
        remedy = _REMEDIES.get(field, _MARGIN_REMEDY)
        raise CellFault(field, f"{_subject(field)} {error.message}", remedy) from None


def _subject(field: str) -> str:
    if field in _SIZES:
        return "the size"
    return f"the {field.replace('_', ' ')}"
