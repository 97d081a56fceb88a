"""The scenario: all that a person entered, as frozen values that check themselves.

`Scenario.from_json` and `to_json` are the version 1 contract of the README. A scenario knows
nothing of figures that follow from it; the venue's tables that it does not bring itself stand
beside it in `market.reference`, outside equality and outside JSON.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from math import isclose
from types import MappingProxyType
from typing import Any, Literal, cast

from margin.errors import (
    LARGEST,
    SMALLEST,
    FieldError,
    choice,
    keyed,
    known_keys,
    listed,
    number,
    or_zero,
    quoted,
    text,
)
from margin.model import symbols
from margin.model.shocks import NONE, Shocks
from margin.model.symbols import STABLECOINS, by_token, numbers_by_token, token
from margin.venues import MARGIN_FRACTION, NO_TABLES, VENUES, TierTable, Venue, VenueTables

VERSION = 1
MOST_POSITIONS = 200
MOST_COLLATERAL = symbols.MOST_TOKENS - MOST_POSITIONS
MOST_TOKENS = symbols.MOST_TOKENS
LONGEST_TITLE = 80
LONGEST_NOTE = 280

ROUNDING = 1e-9
"""Marks that differ from a common move's by no more than this (relative) are that move's."""

Side = Literal["long", "short"]
MarginMode = Literal["cross", "isolated"]
SIDES: tuple[Side, ...] = ("long", "short")
OTHER_SIDE: Mapping[Side, Side] = MappingProxyType({"long": "short", "short": "long"})
MARGIN_MODES: tuple[MarginMode, ...] = ("cross", "isolated")


def _set(instance: object, **values: object) -> None:
    """Store a checked value in a frozen instance while it is being made."""
    for name, value in values.items():
        object.__setattr__(instance, name, value)


@dataclass(frozen=True, slots=True)
class Position:
    """A position: `quantity` tokens (> 0) on one side, with its entry and leverage.

    `entry_price` is per token, `leverage` as chosen at the venue.

    `isolated_margin` is what the position holds in isolated mode, without the closing fee; None:
    quantity · entry ÷ leverage. The mark is not here: it is the market's, one truth for both legs
    of a hedge.
    """

    symbol: str
    side: Side
    quantity: float
    entry_price: float
    leverage: float
    isolated_margin: float | None = None

    def __post_init__(self) -> None:
        margin = self.isolated_margin
        _set(
            self,
            symbol=token(self.symbol, "symbol"),
            side=choice(self.side, "side", SIDES),
            quantity=number(self.quantity, "quantity", above=0),
            entry_price=number(self.entry_price, "entry_price", above=0),
            leverage=number(self.leverage, "leverage", at_least=1),
            isolated_margin=None if margin is None else number(margin, "isolated_margin", above=0),
        )

    @property
    def sign(self) -> int:
        """+1 long, −1 short."""
        return 1 if self.side == "long" else -1

    @property
    def opening_margin(self) -> float:
        """The margin that opening it took, quantity · entry ÷ leverage, in the settlement coin."""
        return self.quantity * self.entry_price / self.leverage

    @property
    def own_margin(self) -> float:
        """The margin held in isolated mode, in the settlement coin."""
        return self.opening_margin if self.isolated_margin is None else self.isolated_margin


@dataclass(frozen=True, slots=True)
class Collateral:
    """An asset other than the settlement coin, counted at amount · mark · `ratio`."""

    asset: str
    amount: float
    ratio: float

    def __post_init__(self) -> None:
        _set(
            self,
            asset=token(self.asset, "asset"),
            amount=number(self.amount, "amount", above=0),
            ratio=number(self.ratio, "ratio", at_least=0, at_most=1),
        )


@dataclass(frozen=True, slots=True)
class Account:
    """Where the account is and what it holds.

    `wallet_balance` is in the settlement coin and may be negative.

    In isolated mode it includes the positions' margins. `taker_fee` is a fraction, None: the
    venue's. `margin_fraction` is the textbook's maintenance fraction and is read on no venue.
    `settlement_rate`, above 0 to 1, is what a unit of the settlement coin counts where the venue
    counts several coins, each at its index less a haircut.
    """

    venue: str
    margin_mode: MarginMode
    wallet_balance: float
    taker_fee: float | None = None
    collateral: tuple[Collateral, ...] = ()
    margin_fraction: float = MARGIN_FRACTION
    settlement_rate: float = 1.0

    def __post_init__(self) -> None:
        fee = self.taker_fee
        _set(
            self,
            venue=choice(self.venue, "venue", VENUES),
            margin_mode=choice(self.margin_mode, "margin_mode", MARGIN_MODES),
            wallet_balance=number(self.wallet_balance, "wallet_balance"),
            taker_fee=None if fee is None else number(fee, "taker_fee", at_least=0, below=1),
            collateral=tuple(listed(self.collateral, "collateral", most=MOST_COLLATERAL)),
            margin_fraction=number(
                self.margin_fraction, "textbook.margin_fraction", above=0, below=1
            ),
            settlement_rate=number(self.settlement_rate, "settlement_rate", above=0, at_most=1),
        )
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


def _figures(values: Mapping[str, float], path: str, **bounds: float) -> Mapping[str, float]:
    return numbers_by_token(values, path, most=MOST_TOKENS, **bounds)


@dataclass(frozen=True, slots=True)
class Market:
    """Prices and tables, by token.

    Marks are in the settlement coin and may be 0, where a what-if takes them.

    `betas` and `baseline_marks` say how and from where a common move is measured. `tiers` and
    `contract_values` are the scenario's own; where it brings none, `reference` holds the venue's
    (not compared, not part of the JSON).
    """

    marks: Mapping[str, float]
    betas: Mapping[str, float] = field(default_factory=dict)
    baseline_marks: Mapping[str, float] = field(default_factory=dict)
    tiers: Mapping[str, TierTable] = field(default_factory=dict)
    contract_values: Mapping[str, float] = field(default_factory=dict)
    tiers_as_of: str | None = None
    reference: VenueTables = field(default=NO_TABLES, compare=False)

    def __post_init__(self) -> None:
        _set(
            self,
            marks=_figures(self.marks, "marks", at_least=0),
            betas=_figures(self.betas, "betas", at_least=-100, at_most=100),
            baseline_marks=_figures(self.baseline_marks, "baseline_marks", above=0),
            tiers=MappingProxyType(by_token(keyed(self.tiers, "tiers", most=MOST_TOKENS), "tiers")),
            contract_values=_figures(self.contract_values, "contract_values", above=0),
        )
        if self.tiers_as_of is not None:
            _check_date(self.tiers_as_of, "tiers_as_of")

    def beta(self, symbol: str) -> float:
        """Return how many per cent the token moves when the market moves one.

        1 unless given, 0 for a stablecoin.
        """
        return self.betas.get(symbol, 0.0 if symbol in STABLECOINS else 1.0)

    def baseline_mark(self, symbol: str) -> float:
        """Return the price that a common move of the token is measured from."""
        return self.baseline_marks.get(symbol, self.marks[symbol])

    def moved(self, prices: Mapping[str, float], move: float) -> dict[str, float]:
        """Return the prices after a common move.

        Price · (1 + β·move), never below 0 nor beyond what a scenario holds.
        """
        ends = {token: price * (1 + self.beta(token) * move) for token, price in prices.items()}
        return {token: min(LARGEST, or_zero(max(0.0, price))) for token, price in ends.items()}

    def present_move(self, tokens: Sequence[str]) -> float | None:
        """Return the common move that took these tokens' baseline marks to their marks.

        None where no single one did.

        A price at 0 may have come there by any move far enough, so it only has to agree with what
        the others say.
        """
        moves = [
            (self.marks[token] / self.baseline_mark(token) - 1) / self.beta(token)
            for token in tokens
            if self.beta(token) and self.marks[token] > 0
        ]
        gone = [
            -1 / self.beta(token) for token in tokens if self.beta(token) and self.marks[token] == 0
        ]
        move = moves[0] if moves else max(gone, key=abs, default=0.0)
        before = {token: self.baseline_mark(token) for token in tokens}
        agrees = all(
            isclose(self.marks[token], price, rel_tol=ROUNDING, abs_tol=ROUNDING * before[token])
            for token, price in self.moved(before, move).items()
        )
        return move if agrees else None

    def table(self, symbol: str) -> TierTable | None:
        """Return the tier table in force, None where nobody has one."""
        return self.tiers.get(symbol) or self.reference.tiers.get(symbol)

    def contract_value(self, symbol: str) -> float | None:
        """Return tokens in one contract, None where nobody knows."""
        return self.contract_values.get(symbol) or self.reference.contract_values.get(symbol)


@dataclass(frozen=True, slots=True)
class Levels:
    """Where warning and danger begin, as fractions of requirement ÷ equity (1.0 is liquidation)."""

    warning: float = 0.5
    danger: float = 0.8

    def __post_init__(self) -> None:
        _set(self, warning=number(self.warning, "warning", above=0, below=1))
        _set(self, danger=number(self.danger, "danger", above=0, below=1))
        if self.danger <= self.warning:
            raise FieldError(
                "danger", f"must be above the warning level, {self.warning:g}, got {self.danger:g}"
            )

    def reached(self, load: float | None) -> Literal["warning", "danger"] | None:
        """Return the higher of the two that requirement ÷ equity has reached.

        None below both, and where there is no load.
        """
        if load is None or load < self.warning:
            return None
        return "danger" if load >= self.danger else "warning"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the maker of a link saw.

    Equity and the venue's margin ratio, None where there was none.
    """

    equity: float | None = None
    margin_ratio: float | None = None

    def __post_init__(self) -> None:
        for name in ("equity", "margin_ratio"):
            value = getattr(self, name)
            if value is not None:
                _set(self, **{name: number(value, name)})


@dataclass(frozen=True, slots=True)
class Scenario:
    """An account with its positions in a market.

    All that the engine, the pages, the link and the JSON speak of.

    `shocks` are suppositions kept beside it, in which no figure of the account itself has a part:
    they take effect only where they are applied. Shocks that suppose nothing are none.
    """

    account: Account
    positions: tuple[Position, ...]
    market: Market
    levels: Levels = Levels()
    title: str = ""
    note: str = ""
    seen: Seen | None = None
    shocks: Shocks | None = None

    def __post_init__(self) -> None:
        _set(
            self,
            shocks=None if self.shocks == NONE else self.shocks,
            positions=tuple(listed(self.positions, "positions", most=MOST_POSITIONS)),
            title=text(self.title, "title", longest=LONGEST_TITLE),
            note=text(self.note, "note", longest=LONGEST_NOTE, lines=True),
        )
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
            sum(position.own_margin for position in self.positions),
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
        entry = keyed(value, "", most=100)
        _check_version(entry)
        known_keys(entry, "", required=_REQUIRED, optional=_OPTIONAL)
        account = Account(
            venue=entry["venue"],
            margin_mode=entry["margin_mode"],
            wallet_balance=entry["wallet_balance"],
            taker_fee=entry.get("taker_fee"),
            collateral=_read_list(
                entry, "collateral", Collateral, _COLLATERAL_KEYS, (), most=MOST_COLLATERAL
            ),
            margin_fraction=_read_textbook(entry),
            settlement_rate=entry.get("settlement_rate", 1.0),
        )
        return cls(
            account=account,
            positions=_read_list(
                entry,
                "positions",
                Position,
                _POSITION_KEYS[:5],
                _POSITION_KEYS[5:],
                most=MOST_POSITIONS,
            ),
            market=Market(
                marks=entry["marks"],
                betas=entry.get("betas", {}),
                baseline_marks=entry.get("baseline_marks", {}),
                tiers=_read_tiers(entry.get("tiers", {}), progressive=not account.rules.flat_tiers),
                contract_values=entry.get("contract_values", {}),
                tiers_as_of=entry.get("tiers_as_of"),
            ),
            levels=cast(
                Levels,
                _read_object(entry.get("levels", {}), "levels", Levels, (), ("warning", "danger")),
            ),
            title=entry.get("title", ""),
            note=entry.get("note", ""),
            seen=_read_seen(entry),
            shocks=_read_shocks(entry),
        )


_POSITION_KEYS = ("symbol", "side", "quantity", "entry_price", "leverage", "isolated_margin")
_COLLATERAL_KEYS = ("asset", "amount", "ratio")
_REQUIRED = ("version", "venue", "margin_mode", "wallet_balance", "positions", "marks")
_OPTIONAL = (
    *(
        "title",
        "note",
        "betas",
        "baseline_marks",
        "levels",
        "taker_fee",
        "collateral",
        "tiers",
        "contract_values",
    ),
    *("tiers_as_of", "seen", "shocks", "textbook", "settlement_rate"),
)


def _plain(instance: object, *names: str) -> dict[str, Any]:
    return {name: getattr(instance, name) for name in names}


def net_quantities(positions: Iterable[Position]) -> dict[str, float]:
    """Return tokens held, longs less shorts, by token."""
    net: dict[str, float] = {}
    for position in positions:
        net[position.symbol] = net.get(position.symbol, 0.0) + position.sign * position.quantity
    return net


def merged(first: Position, second: Position) -> Position:
    """Return two positions of one token and side as one.

    Sizes added, entry prices averaged, leverage as the first's.
    """
    quantity = first.quantity + second.quantity
    entry_price = (
        first.quantity * first.entry_price + second.quantity * second.entry_price
    ) / quantity
    added = first.isolated_margin is not None or second.isolated_margin is not None
    margin = first.own_margin + second.own_margin if added else None
    return Position(first.symbol, first.side, quantity, entry_price, first.leverage, margin)


def _merge_offer(first: Position, second: Position, index: int) -> str:
    taken = f"{second.symbol} {second.side} is positions[{index}] already"
    try:
        one = merged(first, second)
    except FieldError:  # Together they are beyond any size that is read.
        return f"{taken}; keep one of the two"
    return (
        f"{taken}; merge them into one of quantity {one.quantity:.12g} at entry price "
        f"{one.entry_price:.12g}"
    )


def _check_version(entry: Mapping[str, Any]) -> None:
    if "version" not in entry:
        raise FieldError("version", "is missing; this is version 1")
    version = number(entry["version"], "version")
    if version != VERSION:
        raise FieldError("version", f"must be 1, got {version:g}; a newer Tandem may read it")


def _check_date(value: object, path: str) -> None:
    try:
        if not isinstance(value, str) or date.fromisoformat(value).isoformat() != value:
            raise ValueError
    except ValueError:
        raise FieldError(path, "must be a date as in 2026-09-29") from None


def _read_object(
    value: object, path: str, kind: type, required: Sequence[str], optional: Sequence[str]
) -> Any:
    entry = keyed(value, path, most=100)
    known_keys(entry, path, required=required, optional=optional)
    try:
        return kind(**entry)
    except FieldError as error:
        raise error.within(path) from None


def _read_list(
    entry: Mapping[str, Any],
    key: str,
    kind: type,
    required: Sequence[str],
    optional: Sequence[str],
    *,
    most: int,
) -> tuple[Any, ...]:
    items = listed(entry.get(key, ()), key, most=most)
    return tuple(
        _read_object(item, f"{key}[{index}]", kind, required, optional)
        for index, item in enumerate(items)
    )


def _read_textbook(entry: Mapping[str, Any]) -> float:
    textbook = keyed(entry.get("textbook", {}), "textbook", most=1)
    known_keys(textbook, "textbook", required=(), optional=("margin_fraction",))
    return cast(float, textbook.get("margin_fraction", MARGIN_FRACTION))


def _read_tiers(value: object, *, progressive: bool) -> dict[str, TierTable]:
    tables = {}
    for symbol, rows in by_token(keyed(value, "tiers", most=MOST_TOKENS), "tiers").items():
        try:
            tables[symbol] = TierTable.from_rows(rows, progressive=progressive)
        except FieldError as error:
            raise error.within(f"tiers.{symbol}") from None
    return tables


def _read_seen(entry: Mapping[str, Any]) -> Seen | None:
    if "seen" not in entry:
        return None
    return cast(Seen, _read_object(entry["seen"], "seen", Seen, (), ("equity", "margin_ratio")))


def _read_shocks(entry: Mapping[str, Any]) -> Shocks:
    try:
        return Shocks.from_json(entry.get("shocks", {}))
    except FieldError as error:
        raise error.within("shocks") from None


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
