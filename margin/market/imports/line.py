"""One line of a table: what its cells mean, and whether a scenario can hold it.

A line is read for an account in one margin mode and one settlement coin. A size is in tokens,
unless the header, or the unit beside it, says contracts or $; a size in $ becomes tokens at the
entry price. Side, margin mode and leverage may stand in any cell, and where they stand twice they
must agree. What a line gives beside its position (value, profit, liquidation price) is not taken
over, but the position must not contradict it.
"""

import dataclasses
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

from margin.errors import FieldError, number, shown
from margin.market.imports.cells import without_note, words_of
from margin.market.imports.closed import doubtful, why_closed
from margin.market.imports.columns import Column, Entry, LineFault, TableLine, printable
from margin.market.imports.evidence import Evidence
from margin.market.imports.grid import Grid
from margin.market.imports.numerals import CellFault, Convention, Numeral, numeral
from margin.market.imports.stated import MARGINS, Stated, Statement, agreed
from margin.market.imports.symbols import is_perpetual_kind, kind_refusal, read_symbol, settled_in
from margin.market.imports.vocabulary import CONTRACTS, DOLLARS, EMPTY, SIGNED_SIZES, folded
from margin.model.scenario import Position, Side
from margin.model.symbols import STABLECOINS, token
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
_OF_THE_ACCOUNT = (
    "margin",
    "initial_margin",
    "isolated_margin",
    "unrealised_pnl",
    "pnl",
    "notional",
)
"""Amounts that are in the coin that the position settles in."""
_LONGEST_WORDS = 60
_FARTHEST = 100.0
"""How many times the last known price an entry price may be, or a part of it."""
_ASK_SIDE = "add a column that says long or short"
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
    contracts: they are used there, and for lines in the form of that venue. `marks` are last known
    prices, by token, from which an entry price cannot be a hundredfold away.
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
    """A size as written, with its sign.

    From the column of `field`, with the unit beside it or in the header.
    """

    value: float
    field: str
    unit: str
    scale: str

    def kind(self, symbol: str) -> str:
        """Return what it counts.

        `size` (tokens of the symbol), `contracts`, `notional` or `margin`.
        """
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
    """Reads one line. Its faults, and what it had to assume or convert, stand here afterwards.

    `filled` are the fields that its list has values in.
    """

    def __init__(
        self,
        line: TableLine,
        grid: Grid,
        convention: Convention,
        purpose: Purpose,
        filled: Collection[str],
    ) -> None:
        # A token may be called NA.
        self.entries = [entry for entry in line.entries if not _is_empty(entry)]
        self.cells: dict[str, str] = {}
        for entry in self.entries:
            if entry.column.field:
                self.cells.setdefault(entry.column.field, entry.cell)
        self.context, self.filled = line.context, filled
        self.line, self.grid, self.convention, self.purpose = line.number, grid, convention, purpose
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
        """Whether the line says that nothing is open.

        A size of 0, and no value or margin beside it.
        """
        if self.size is None or self.size.value != 0:
            return False
        rounded = self.size.field in {"notional", "margin"}
        return not rounded and not any(self._dollars(field) for field in ("notional", "margin"))

    def why_closed(self) -> str | None:
        """Return why the line is a closed position."""
        return why_closed(self.entries, self.filled)

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
        """Return why a line is no perpetual: its kind, an expiry, or a word says so."""
        for column, cell in self.entries:
            if column.field == "kind" and folded(cell) == "margin":
                return "it is a margin loan, not a perpetual"
            in_words = column.field in {None, "kind", "venue"} and len(cell) <= _LONGEST_WORDS
            if in_words and not is_perpetual_kind(cell) and (reason := kind_refusal(cell)):
                return reason
            if (
                column.field == "expiry"
                and not is_perpetual_kind(cell)
                and any(map(str.isdigit, cell))
            ):
                return "it is a dated future or an option, not a perpetual"
        return next(filter(None, map(kind_refusal, self.context)), None)

    def _other_venue(self) -> str | None:
        """Return why the line is not of this account's exchange, where a column names one."""
        here = self.purpose.venue
        cell = folded(self.cells.get("venue", ""))
        if (
            not cell
            or here.own_fraction
            or folded(here.name) in cell
            or cell in {"spot", "futures", "perp"}
        ):
            return None
        return f"it is on {printable(self.cells['venue'])}, this account is on {here.name}"

    def _settlement(self) -> str | None:
        """Return the coin that the line settles in.

        By its columns, its symbol, or the unit of its margin or profit.
        """
        coin = self.cells.get("settle") or self.cells.get("quote") or settled_in(self.symbol.name)
        if coin:
            return coin
        for field in _OF_THE_ACCOUNT:
            unit = self._unit(field)
            if (
                unit.isupper()
                and unit not in _TOKENS | CONTRACTS
                and not (unit in DOLLARS - STABLECOINS or unit == "USD")
            ):
                return unit
        return None

    def _unit(self, field: str) -> str:
        """Return the unit of an amount, in its cell or in its header."""
        if field not in self.cells:
            return ""
        written = numeral(without_note(self.cells[field])[0])
        return (written.unit if written else "") or self.grid.columns[field].unit

    # What one cell says

    def _attempt(self, read: Callable[[], Value]) -> Value | None:
        try:
            return read()
        except CellFault as fault:
            column = self.grid.columns.get(fault.field)
            name = column.name if column else ""
            self.faults.append(
                LineFault(self.line, name, fault.wrong, fault.remedy, unit=self.grid.unit)
            )
            return None

    def _number(self, field: str, cell: str) -> tuple[float, Numeral, str]:
        """Return a cell's value, how it is written, and its unit or else the header's."""
        value, _ = without_note(cell)
        written = numeral(value)
        if written is None:
            raise CellFault(
                field, f"{_the(field)} must be a number, got {shown(cell)}", _REMEDIES[field]
            )
        unit = self.grid.columns[field].unit
        named = unit.upper() in _TOKENS | DOLLARS | CONTRACTS or unit in _TIMES or unit.isupper()
        if unit and not named and field in _SIZES and not written.unit:
            raise CellFault(
                field,
                f"what it counts, {shown(unit)}, is not known",
                "name the column size, in tokens",
            )
        from_header = unit if named else ""
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
            return_percent=self._per_cent("return"),
            take_profit=self._dollars("take_profit"),
            stop_loss=self._dollars("stop_loss"),
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

    def _per_cent(self, field: str) -> float | None:
        """Return a number of per cent, or the one in the note beside the profit.

        `+$23.05 (+5.5%)`.
        """
        written = numeral(self.cells.get(field, "").replace("%", "").strip())
        return (
            self.convention.read(written, field)
            if written and len(set(written.readings().values())) == 1
            else None
        )

    def _token(self) -> str:
        if "symbol" not in self.cells:
            raise CellFault("symbol", "the token is missing", _REMEDIES["symbol"])
        try:
            return token(self.symbol.name, "symbol")
        except FieldError as error:
            raise CellFault("symbol", error.fault, error.remedy or _REMEDIES["symbol"]) from None

    def _status(self) -> None:
        if doubt := doubtful(self.entries):
            wrong = f'"{doubt.column.name}" is {shown(doubt.cell)}: is the position open?'
            raise CellFault("status", wrong, "write open or closed into a column called status")
        for column, cell in self.entries:
            if column.field == "kind" and not is_perpetual_kind(cell):
                wrong = f'"{column.name}" is {shown(cell)}: is it a perpetual?'
                raise CellFault("kind", wrong, "write perpetual, or remove the line")
            if column.field in MARGINS and (unknown := _unknown_words(cell)):
                raise CellFault(
                    column.field,
                    f"{shown(unknown)} is not understood",
                    "write a number of dollars alone",
                )

    # The size

    def _size(self) -> _Size:
        field = next((field for field in _SIZES if field in self.cells), None)
        if field is not None:
            value, written, unit = self._number(field, self.cells[field])
            return _Size(value, field, unit, written.scale)
        column = next((field for field in _SIZES if field in self.grid.columns), None)
        if column is not None or not self._opening_margin:
            column = column or "size"
            raise CellFault(column, "the size is missing", _REMEDIES[column])
        margin = self._opening_margin
        if self.leverage is None:
            raise CellFault(
                "leverage",
                "the leverage is missing, by which the margin becomes a size",
                _REMEDIES["size"],
            )
        return _Size(self._amount(margin, above=0) * self.leverage, "margin", "", "")

    @property
    def _opening_margin(self) -> str:
        """The column of a margin that becomes a size with the leverage.

        Empty where there is none.
        """
        return next((field for field in _OPENING_MARGINS if field in self.grid.columns), "")

    def _quantity(self, size: _Size, symbol: str, entry_price: float) -> float:
        """Return the size in tokens."""
        kind, value = size.kind(symbol), abs(size.value)
        if kind in {"notional", "margin"}:
            # A value beside a mark price is one at the mark.
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
        """Raise CellFault where the value that the line states is not that of this size.

        It may count contracts.
        """
        evidence = self.evidence
        if not evidence.is_worth(quantity, entry_price):
            price, name = evidence.mark or entry_price, self.grid.columns["notional"].name
            size = f"the size, {quantity:.6g} at {price:.6g},"
            wrong = f'{size} is not worth the {evidence.value:.6g} of "{name}"'
            raise CellFault(
                field, wrong, "write the size in tokens, not in contracts, or correct the value"
            )
        if evidence.is_margin_times(self.leverage, quantity, entry_price):
            wrong = (
                f"the size, {quantity:.6g}, is the margin × the leverage: it is in $, not in tokens"
            )
            raise CellFault(
                field, wrong, 'name the column "size (USD)", or write the size in tokens'
            )

    def _check_profit(self, field: str, quantity: float, entry_price: float) -> None:
        """Raise CellFault where the stated profit is not that of this size.

        It may be in dollars or contracts.
        """
        if not self.evidence.is_earned(quantity, entry_price):
            wrong = f"the size, {quantity:.6g}, does not make the profit that the line states"
            raise CellFault(
                field, wrong, "write the size in tokens, or remove the column of profits"
            )

    def _check_entry(self, symbol: str, entry_price: float) -> None:
        """Raise CellFault for an entry price that must be a size or a cost.

        It is too far from the known price.
        """
        known = self.purpose.marks.get(symbol)
        if known and not 1 / _FARTHEST <= entry_price / known <= _FARTHEST:
            wrong = f"is {entry_price:.6g} the entry price? {symbol} was last seen at {known:.6g}"
            raise CellFault("entry_price", wrong, _REMEDIES["entry_price"])

    def _says_tokens(self, size: _Size, symbol: str) -> bool:
        """Return whether the size is in tokens beyond doubt.

        OKX, whose symbols end in -SWAP, counts contracts.
        """
        if size.unit or not self.symbol.name.endswith("-SWAP"):
            return True
        column = self.grid.columns[size.field]
        unit = column.unit.upper()
        return column.name.lower() in _NAMED_TOKENS or unit in _TOKENS or _token_of(unit) == symbol

    def _contract_value(self, size: _Size, symbol: str) -> float:
        """Return the tokens in one contract.

        As the line says, else as the venue that counts in contracts has them.
        """
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
            raise CellFault(
                "side", f"{shown(cell)} contradicts the negative size", "correct one of the two"
            )
        return "short" if negative else side

    def _side(self, quantity: float, entry_price: float) -> Side:
        """Return the side: as stated, or as the results show it, or as the size's sign."""
        stated = self._stated_side()
        if stated:
            if self.evidence.contradicts(stated, quantity, entry_price):
                wrong = f"it says {stated}, and its profit is that of the other side"
                raise CellFault("side", wrong, "correct the side, or remove the column of profits")
            return stated
        if self.stated.by_sign:
            return "long"
        # A table has a column of sides for every line; of a dump's lists each has its own keys.
        has_sides = "side" in (self.filled if self.grid.is_dump else self.grid.columns)
        if has_sides or (
            self.grid.is_dump and "side" in self.grid.columns and not self._size_has_sign()
        ):
            raise CellFault("side", "the side is missing", _REMEDIES["side"])
        shown_by = self._shown_side(entry_price)
        if shown_by is None and self.evidence.has_result and not self.grid.has_negative_sizes:
            raise CellFault(
                "size",
                "it has a profit or loss, and nothing says whether it is long or short",
                _ASK_SIDE,
            )
        self.assumed["side" if shown_by else "sign"] = ""
        return shown_by or "long"

    def _size_has_sign(self) -> bool:
        """Return whether the size's key is one that programs sign for shorts."""
        size = self.size
        name = (
            folded(self.grid.columns[size.field].name)
            if size and size.field in self.grid.columns
            else ""
        )
        return name.removeprefix("position") in SIGNED_SIZES

    def _shown_side(self, entry_price: float) -> Side | None:
        """Return the side that profit, liquidation price and orders show.

        Raises CellFault where they differ.
        """
        evidence = self.evidence
        by_profit, by_price = (
            evidence.side_by_profit(entry_price),
            evidence.side_by_liquidation(entry_price),
        )
        if by_profit and by_price and by_profit != by_price:
            raise CellFault(
                "size",
                f"its profit shows a {by_profit}, its liquidation price a {by_price}",
                _ASK_SIDE,
            )
        return by_profit or by_price or evidence.side_by_brackets(entry_price)

    def _mode(self) -> str | None:
        """Return the margin mode that the line states, or that its isolated margins show.

        In cross they are 0.
        """
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
            if entry.column.field != "leverage":
                continue
            words = self.stated.beside[entry.column.name]
            if not words.leverages:
                statements += self._leverage_number(entry)
            elif words.unknown:
                wrong = f"{shown(words.unknown[0])} beside the leverage is not understood"
                raise CellFault("leverage", wrong, _REMEDIES["leverage"])
        leverage = agreed(statements, "leverage")
        return None if leverage is None else _bounded("leverage", leverage, at_least=1)

    def _leverage_number(self, entry: Entry) -> list[Statement[float]]:
        """Return the plain number in a leverage's cell, be there a mode beside it."""
        cell = " ".join(
            word for word in re.split(r"[\s()\[\],/]+", entry.cell) if not words_of(word).modes
        )
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
        """Return the isolated margin.

        In cross only a column that says so by name is read, and there 0 is none.
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
    """Return the signs that part spot pairs in this table's names.

    Ccxt and OKX write more for a perpetual.
    """
    if symbol is not None and symbol.name == "instId":
        return "/-"
    return "/" if grid.is_dump or "contract_value" in grid.columns else ""


def _is_empty(entry: Entry) -> bool:
    return entry.column.field != "symbol" and entry.cell.lower() in EMPTY


def _unknown_words(cell: str) -> str:
    """Return the first word of a margin's cell that is neither number, coin nor mode."""
    for word in words_of(cell).unknown:
        if numeral(word.rstrip("%:")) is None and word.upper().strip("():") not in DOLLARS:
            return word
    return ""


def _bounded(field: str, value: float, **bounds: float) -> float:
    try:
        return number(value, field, **bounds)
    except FieldError as error:
        raise CellFault(
            field, f"{_the(field)} {error.message}", _REMEDIES.get(field, _MARGIN_REMEDY)
        ) from None


def _the(field: str) -> str:
    if field in _SIZES:
        return "the size"
    return f"the {field.replace('_', ' ')}"
