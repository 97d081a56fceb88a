"""The scenario: all that a person entered, as frozen values that check themselves.

`Scenario.from_json` and `to_json` are the version 1 contract of the README. A scenario knows
nothing of figures that follow from it; the venue's tables that it does not bring itself stand
beside it in `market.reference`, outside equality and outside JSON.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import date
from math import isclose
from types import MappingProxyType
from typing import Annotated, Any, Literal

from margin import errors
from margin.errors import LARGEST, SMALLEST, FieldError, keyed, listed, or_zero, quoted
from margin.model import symbols
from margin.model.shocks import NONE, Shocks
from margin.model.symbols import STABLECOINS, TOKEN, by_token, by_tokens
from margin.validation import (
    Check,
    choice,
    number,
    optional,
    read,
    record,
    sequence,
    text,
    unchecked,
)
from margin.venues import MARGIN_FRACTION, NO_TABLES, VENUES, TierTable, Venue, VenueTables

VERSION = 1
MOST_POSITIONS = 200
MOST_COLLATERAL = symbols.MOST_TOKENS - MOST_POSITIONS
MOST_TOKENS = symbols.MOST_TOKENS
LONGEST_TITLE = 80
LONGEST_NOTE = 280

Rates = Mapping[str, float]
"""Price changes per unit of a move, by token; one that is not named stands still."""
ROUNDING = 1e-9
"""Marks that differ from a joint move's by no more than this (relative) are that move's."""

Side = Literal["long", "short"]
MarginMode = Literal["cross", "isolated"]
SIDES: tuple[Side, ...] = ("long", "short")
OTHER_SIDE: Mapping[Side, Side] = MappingProxyType({"long": "short", "short": "long"})
MARGIN_MODES: tuple[MarginMode, ...] = ("cross", "isolated")


def tuple_of(most: int) -> Check:
    """Return the check of at most `most` records that were made already."""
    return Check(lambda value: tuple(listed(value, "", most=most)), {})


def _supposing(shocks: Shocks | None) -> Shocks | None:
    """Return the shocks, None for those that suppose nothing."""
    return None if shocks == NONE else shocks


@record
class Position:
    """A position: `quantity` tokens (> 0) on one side, with its entry and leverage.

    `entry_price` is per token, `leverage` as chosen at the venue.

    `isolated_margin` is what the position holds in isolated mode, without the closing fee; None:
    quantity · entry ÷ leverage. The mark is not here: it is the market's, one truth for both legs
    of a hedge.
    """

    symbol: Annotated[str, TOKEN]
    side: Annotated[Side, choice(SIDES)]
    quantity: Annotated[float, number(above=0)]
    entry_price: Annotated[float, number(above=0)]
    leverage: Annotated[float, number(at_least=1)]
    isolated_margin: Annotated[float | None, optional(number(above=0))] = None

    @property
    def sign(self) -> int:
        """+1 long, −1 short."""
        return 1 if self.side == "long" else -1

    @property
    def opening_margin(self) -> float:
        """The margin that opening it took, quantity · entry ÷ leverage, in the settlement coin."""
        return self.quantity * self.entry_price / self.leverage

    @property
    def posted_margin(self) -> float:
        """The margin held in isolated mode, in the settlement coin."""
        return self.opening_margin if self.isolated_margin is None else self.isolated_margin


@record
class Collateral:
    """An asset other than the settlement coin, counted at amount · mark · `ratio`."""

    asset: Annotated[str, TOKEN]
    amount: Annotated[float, number(above=0)]
    ratio: Annotated[float, number(at_least=0, at_most=1)]


VenueKey = Annotated[str, choice(VENUES)]
Mode = Annotated[MarginMode, choice(MARGIN_MODES)]
Balance = Annotated[float, number()]
Fee = Annotated[float | None, optional(number(at_least=0, below=1))]
Fraction = Annotated[float, number(above=0, below=1)]
Rate = Annotated[float, number(above=0, at_most=1)]
Figure = Annotated[float | None, optional(number())]


@record
class Account:
    """Where the account is and what it holds.

    `wallet_balance` is in the settlement coin and may be negative.

    In isolated mode it includes the positions' margins. `taker_fee` is a fraction, None: the
    venue's. `margin_fraction` is the textbook's maintenance fraction and is read on no venue.
    `settlement_rate`, above 0 to 1, is what a unit of the settlement coin counts where the venue
    counts several coins, each at its index less a haircut.
    """

    venue: VenueKey
    margin_mode: Mode
    wallet_balance: Balance
    taker_fee: Fee = None
    collateral: Annotated[tuple[Collateral, ...], tuple_of(MOST_COLLATERAL)] = ()
    margin_fraction: Fraction = MARGIN_FRACTION
    settlement_rate: Rate = 1.0

    def __post_init__(self) -> None:
        seen: dict[str, int] = {}
        for index, item in enumerate(self.collateral):
            if item.asset in seen:
                raise FieldError(
                    f"collateral[{index}].asset",
                    f"{item.asset} is collateral[{seen[item.asset]}] already",
                )
            seen[item.asset] = index

    @property
    def rules(self) -> Venue:
        """The venue's rules."""
        return VENUES[self.venue]

    @property
    def isolated(self) -> bool:
        """Whether every position stands on a margin of its own."""
        return self.margin_mode == "isolated"

    @property
    def counts_collateral(self) -> bool:
        """Whether several coins count, the settlement coin among them at its rate.

        In cross margin, on some venues.
        """
        return self.rules.counts_collateral and not self.isolated

    @property
    def counted_rate(self) -> float:
        """What a unit of the settlement coin adds to equity.

        Its rate where several coins count, else 1.
        """
        return self.settlement_rate if self.counts_collateral else 1.0

    @property
    def owned_rate(self) -> float:
        """What a unit of the settlement coin is worth to its owner, in either mode."""
        return self.settlement_rate if self.rules.counts_collateral else 1.0

    @property
    def counted_wallet(self) -> float:
        """What the wallet balance adds to equity."""
        return self.wallet_balance * self.counted_rate

    @property
    def fee(self) -> float:
        """The taker fee in force, a fraction."""
        return self.rules.taker_fee if self.taker_fee is None else self.taker_fee


Table = Mapping[str, float]
Marks = Annotated[Table, by_tokens(at_least=0)]
Betas = Annotated[Table, by_tokens(at_least=-100, at_most=100)]
Prices = Annotated[Table, by_tokens(above=0)]


def _own_tiers(value: object) -> Mapping[str, TierTable]:
    return MappingProxyType(by_token(keyed(value, "", most=MOST_TOKENS), ""))


def _day(value: object) -> str | None:
    """Return an ISO date, or None."""
    try:
        if value is None or (
            isinstance(value, str) and date.fromisoformat(value).isoformat() == value
        ):
            return value
    except ValueError:
        pass
    raise FieldError("", "must be a date as in 2026-09-29")


Day = Annotated[str | None, Check(_day, {"type": ["string", "null"], "format": "date"})]


@record
class Market:
    """Prices and tables, by token.

    Marks are in the settlement coin and may be 0, where a what-if takes them.

    `betas` and `baseline_marks` say how and from where a joint move is measured. `tiers` and
    `contract_values` are the scenario's own; where it brings none, `reference` holds the venue's
    (not compared, not part of the JSON).
    """

    marks: Marks
    betas: Betas = field(default_factory=dict)
    baseline_marks: Prices = field(default_factory=dict)
    tiers: Annotated[Mapping[str, TierTable], Check(_own_tiers, {})] = field(default_factory=dict)
    contract_values: Prices = field(default_factory=dict)
    tiers_as_of: Day = None
    reference: Annotated[VenueTables, unchecked()] = field(
        default_factory=lambda: NO_TABLES, compare=False
    )

    def beta(self, symbol: str) -> float:
        """Return how many per cent the token moves when the market moves one.

        1 unless given, 0 for a stablecoin.
        """
        return self.betas.get(symbol, 0.0 if symbol in STABLECOINS else 1.0)

    def baseline_mark(self, symbol: str) -> float:
        """Return the price that a joint move of the token is measured from."""
        return self.baseline_marks.get(symbol, self.marks[symbol])

    def rate(self, symbol: str, rates: Rates | None = None) -> float:
        """Return a token's price change per unit of a move: its beta, unless `rates` are given."""
        return self.beta(symbol) if rates is None else rates.get(symbol, 0.0)

    def moved(
        self, prices: Mapping[str, float], move: float, rates: Rates | None = None
    ) -> dict[str, float]:
        """Return the prices after a move, a joint one unless `rates` are given.

        Price · (1 + rate·move), never below 0 nor beyond what a scenario holds.
        """
        ends = {
            token: price * (1 + self.rate(token, rates) * move) for token, price in prices.items()
        }
        return {token: min(LARGEST, or_zero(max(0.0, price))) for token, price in ends.items()}

    def present_move(self, tokens: Sequence[str], rates: Rates | None = None) -> float | None:
        """Return the move that took these tokens' baseline marks to their marks.

        None where no single one did. A price at 0 may have come there by any move far enough, so it
        only has to agree with what the others say.
        """
        moving = {token: rate for token in tokens if (rate := self.rate(token, rates))}
        moves = [
            (self.marks[token] / self.baseline_mark(token) - 1) / rate
            for token, rate in moving.items()
            if self.marks[token] > 0
        ]
        at_zero = [-1 / rate for token, rate in moving.items() if self.marks[token] == 0]
        move = moves[0] if moves else max(at_zero, key=abs, default=0.0)
        before = {token: self.baseline_mark(token) for token in tokens}
        agrees = all(
            isclose(self.marks[token], price, rel_tol=ROUNDING, abs_tol=ROUNDING * before[token])
            for token, price in self.moved(before, move, rates).items()
        )
        return move if agrees else None

    def table(self, symbol: str) -> TierTable | None:
        """Return the tier table in force, None where nobody has one."""
        return self.tiers.get(symbol) or self.reference.tiers.get(symbol)

    def contract_value(self, symbol: str) -> float | None:
        """Return tokens in one contract, None where nobody knows."""
        return self.contract_values.get(symbol) or self.reference.contract_values.get(symbol)


@record
class Levels:
    """Where warning and danger begin, as fractions of margin used (1.0 is liquidation)."""

    warning: Fraction = 0.5
    danger: Fraction = 0.8

    def __post_init__(self) -> None:
        if self.danger <= self.warning:
            raise FieldError(
                "danger", f"must be above the warning level, {self.warning:g}, got {self.danger:g}"
            )

    def reached(self, load: float | None) -> Literal["warning", "danger"] | None:
        """Return the higher of the two that margin used has reached.

        None below both, and where there is no load.
        """
        if load is None or load < self.warning:
            return None
        return "danger" if load >= self.danger else "warning"


@record
class Seen:
    """What the maker of a link saw.

    Equity and the venue's margin ratio, None where there was none.
    """

    equity: Figure = None
    margin_ratio: Figure = None


Title = Annotated[str, text(longest=LONGEST_TITLE)]
Note = Annotated[str, text(longest=LONGEST_NOTE, lines=True)]


@record
class Scenario:
    """An account with its positions in a market.

    All that the engine, the pages, the link and the JSON speak of.

    `shocks` are suppositions kept beside it, in which no figure of the account itself has a part:
    they take effect only where they are applied. Shocks that suppose nothing are none.
    """

    account: Annotated[Account, unchecked()]
    positions: Annotated[tuple[Position, ...], tuple_of(MOST_POSITIONS)]
    market: Annotated[Market, unchecked()]
    levels: Annotated[Levels, unchecked()] = field(default_factory=Levels)
    title: Title = ""
    note: Note = ""
    seen: Annotated[Seen | None, unchecked()] = None
    shocks: Annotated[Shocks | None, Check(_supposing, {})] = None

    def __post_init__(self) -> None:
        self._check_doubles()
        self._check_market()
        self._check_isolated_margins()

    def _check_doubles(self) -> None:
        legs: dict[tuple[str, str], int] = {}
        for index, position in enumerate(self.positions):
            first = legs.setdefault((position.symbol, position.side), index)
            if first != index:
                raise FieldError(
                    f"positions[{index}]", _merge_offer(self.positions[first], position, first)
                )

    def _check_market(self) -> None:
        for symbol in self.tokens:
            if symbol not in self.market.marks:
                raise FieldError(
                    f"marks.{symbol}",
                    "is missing; every token of a position or of collateral needs a mark",
                )
        for symbol, table in self.market.tiers.items():
            if (
                not isinstance(table, TierTable)
                or table.progressive == self.account.rules.flat_tiers
            ):
                kind = (
                    "flat, by contracts"
                    if self.account.rules.flat_tiers
                    else "progressive, by notional"
                )
                raise FieldError(
                    f"tiers.{symbol}",
                    f"must be a table as {self.account.rules.name} has them: {kind}",
                )

    def _check_isolated_margins(self) -> None:
        if not self.account.isolated or not self.positions:
            return
        margins, wallet = (
            sum(position.posted_margin for position in self.positions),
            self.account.wallet_balance,
        )
        if margins > wallet + 1e-12 * abs(wallet) + SMALLEST:
            raise FieldError(
                "wallet_balance",
                f"must cover the isolated margins, {margins:.15g} in all, got {wallet:.15g}",
            )

    @property
    def tokens(self) -> tuple[str, ...]:
        """Tokens of positions, then of collateral, each once, in order of appearance."""
        symbols = [position.symbol for position in self.positions]
        return tuple(dict.fromkeys([*symbols, *(item.asset for item in self.account.collateral)]))

    @property
    def unlisted(self) -> tuple[str, ...]:
        """Tokens of a table of the scenario's own that the venue's tables beside it lack."""
        known = self.market.reference.tiers
        own = [
            position.symbol for position in self.positions if position.symbol in self.market.tiers
        ]
        return tuple(dict.fromkeys(token for token in own if known and token not in known))

    def with_tables(self, tables: VenueTables) -> "Scenario":
        """Return the same scenario beside other reference tables.

        `tiers_as_of` stays what the maker saw.
        """
        return replace(self, market=replace(self.market, reference=tables))

    def with_marks(self, marks: Mapping[str, float]) -> "Scenario":
        """Return the same scenario at other marks, those too small to be entered at 0.

        Tokens not named keep theirs.
        """
        others = {token: or_zero(mark) for token, mark in marks.items()}
        return replace(self, market=replace(self.market, marks={**self.market.marks, **others}))

    def to_json(self) -> dict[str, Any]:
        """Return the version 1 object; optional keys only where they say something."""
        account, market = self.account, self.market
        optional = {
            "betas": dict(market.betas),
            "baseline_marks": dict(market.baseline_marks),
            "levels": None if self.levels == Levels() else _plain(self.levels, "warning", "danger"),
            "taker_fee": account.taker_fee,
            "collateral": [_plain(item, *_COLLATERAL_KEYS) for item in account.collateral],
            "settlement_rate": None if account.settlement_rate == 1 else account.settlement_rate,
            "tiers": {symbol: table.rows() for symbol, table in market.tiers.items()},
            "contract_values": dict(market.contract_values),
            "tiers_as_of": market.tiers_as_of,
            "seen": self.seen and _plain(self.seen, "equity", "margin_ratio"),
            "shocks": self.shocks and self.shocks.to_json(),
            "textbook": None
            if account.margin_fraction == MARGIN_FRACTION
            else _plain(account, "margin_fraction"),
        }
        return {
            "version": VERSION,
            "title": self.title,
            "note": self.note,
            "venue": account.venue,
            "margin_mode": account.margin_mode,
            "wallet_balance": account.wallet_balance,
            "positions": [_plain(position, *_POSITION_KEYS) for position in self.positions],
            "marks": dict(market.marks),
            **{
                key: value
                for key, value in optional.items()
                if value is not None and value not in ({}, [])
            },
        }

    @classmethod
    def from_json(cls, value: object) -> "Scenario":
        """Read the version 1 object.

        Raises FieldError with the path of the first field that cannot be used.
        """
        _check_version(keyed(value, "", most=100))
        return read(Document, value).scenario()


_POSITION_KEYS = ("symbol", "side", "quantity", "entry_price", "leverage", "isolated_margin")
_COLLATERAL_KEYS = ("asset", "amount", "ratio")


def _plain(instance: object, *names: str) -> dict[str, Any]:
    return {name: getattr(instance, name) for name in names}


def net_quantities(positions: Iterable[Position]) -> dict[str, float]:
    """Return the net quantity by token, longs less shorts."""
    net: dict[str, float] = {}
    for position in positions:
        net[position.symbol] = net.get(position.symbol, 0.0) + position.sign * position.quantity
    return net


def merged(first: Position, second: Position) -> Position:
    """Return two positions of one token and side as one, its leverage the first's.

    Sizes and margins are added, entry prices averaged by size.
    """
    quantity = first.quantity + second.quantity
    entry_price = (
        first.quantity * first.entry_price + second.quantity * second.entry_price
    ) / quantity
    added = first.isolated_margin is not None or second.isolated_margin is not None
    margin = first.posted_margin + second.posted_margin if added else None
    return Position(first.symbol, first.side, quantity, entry_price, first.leverage, margin)


def _merge_offer(first: Position, second: Position, index: int) -> str:
    repeated = f"{second.symbol} {second.side} is positions[{index}] already"
    try:
        one = merged(first, second)
    except FieldError:  # Together they are beyond any size that is read.
        return f"{repeated}; keep one of the two"
    return (
        f"{repeated}; merge them into one of quantity {one.quantity:.12g} at entry price "
        f"{one.entry_price:.12g}"
    )


def _check_version(entry: Mapping[str, Any]) -> None:
    if "version" not in entry:
        raise FieldError("version", "is missing; this is version 1")
    version = errors.number(entry["version"], "version")
    if version != VERSION:
        raise FieldError("version", f"must be 1, got {version:g}; a newer Tandem may read it")


@record
class Textbook:
    """The account that no venue has: one maintenance fraction for everything."""

    margin_fraction: Fraction = MARGIN_FRACTION


_TIER = {"floor": 0, "maintenance_rate": 0, "maintenance_amount": None, "max_leverage": 1, "cap": 0}
_TIERS_SCHEMA = {
    "type": "object",
    "additionalProperties": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                name: {"type": "number"}
                if least is None
                else {"type": ["number", "null"], "minimum": least}
                for name, least in _TIER.items()
            },
            "required": ["floor", "maintenance_rate"],
            "additionalProperties": False,
        },
    },
}


@record
class Document:
    """The scenario JSON, version 1: its keys, each with the check that the scenario itself has."""

    version: Annotated[float, unchecked({"const": VERSION})]
    venue: VenueKey
    margin_mode: Mode
    wallet_balance: Balance
    positions: Annotated[tuple[Position, ...], sequence(most=MOST_POSITIONS)]
    marks: Marks
    taker_fee: Fee = None
    collateral: Annotated[tuple[Collateral, ...], sequence(most=MOST_COLLATERAL)] = ()
    textbook: Textbook = field(default_factory=Textbook)
    settlement_rate: Rate = 1.0
    betas: Betas = field(default_factory=dict)
    baseline_marks: Prices = field(default_factory=dict)
    tiers: Annotated[Mapping[str, Any], unchecked(_TIERS_SCHEMA)] = field(default_factory=dict)
    contract_values: Prices = field(default_factory=dict)
    tiers_as_of: Day = None
    levels: Levels = field(default_factory=Levels)
    title: Title = ""
    note: Note = ""
    seen: Seen | None = None
    shocks: Shocks = field(default_factory=lambda: NONE)

    def scenario(self) -> Scenario:
        """Return the scenario that it writes down."""
        progressive = not VENUES[self.venue].flat_tiers
        return Scenario(
            Account(
                self.venue,
                self.margin_mode,
                self.wallet_balance,
                self.taker_fee,
                self.collateral,
                self.textbook.margin_fraction,
                self.settlement_rate,
            ),
            self.positions,
            Market(
                self.marks,
                self.betas,
                self.baseline_marks,
                _read_tiers(self.tiers, progressive=progressive),
                self.contract_values,
                self.tiers_as_of,
            ),
            self.levels,
            self.title,
            self.note,
            self.seen,
            self.shocks,
        )


def _read_tiers(value: object, *, progressive: bool) -> dict[str, TierTable]:
    tables = {}
    for symbol, rows in by_token(keyed(value, "tiers", most=MOST_TOKENS), "tiers").items():
        try:
            tables[symbol] = TierTable.from_rows(rows, progressive=progressive)
        except FieldError as error:
            raise error.within(f"tiers.{symbol}") from None
    return tables


def loads(document: str) -> Any:
    """Parse JSON text for `from_json`.

    Raises FieldError where it is no JSON, or says one key twice.
    """
    try:
        return json.loads(document, object_pairs_hook=_unique)
    except FieldError:
        raise
    except (ValueError, RecursionError) as error:
        where = (
            f" (line {error.lineno}, column {error.colno})"
            if isinstance(error, json.JSONDecodeError)
            else ""
        )
        raise FieldError("", f"this is not a JSON document{where}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise FieldError(quoted(key), "is given twice")
        result[key] = value
    return result
