"""Hyperliquid: perpetuals settled in USDC, and the account of a wallet address.

Everything is one request, POST /info, told apart by its `type`; nothing is signed. Sizes are
tokens, tiers are read by notional in USD and follow from the maximum leverages of `meta`.
Perpetuals of other builders' exchanges on the same chain are not read. A wallet address is
personal: it goes into requests alone.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from margin.engine.numbers import quotient
from margin.errors import FieldError, choice, listed
from margin.market.accounts import LeftOut, VenueAccount, VenueFigures
from margin.market.records import Contract
from margin.market.source import Candles, Checked, FundingHistory, Quote, Unavailable
from margin.market.venues.checks import (
    candles,
    funding_history,
    listed_token,
    parse_rows,
    tier_table,
    today,
    token_of,
    venue_quote,
)
from margin.market.venues.connection import Connection
from margin.market.venues.fields import (
    MOST_ROWS,
    Entry,
    entries,
    entry,
    figure,
    nested,
    optional,
    text,
)
from margin.market.venues.positions import AccountPositions, VenuePosition, combine_positions
from margin.market.venues.rights import Rights
from margin.venues import TierTable
from margin.venues.hyperliquid import HYPERLIQUID

MINIMUM_NOTIONAL = 10.0
"""In USD, of every order."""

_ADDRESS = re.compile("0x[0-9a-fA-F]{40}")
_THOUSANDS = re.compile("k([A-Z0-9]{1,11})")
_LARGEST_PLAIN_TABLE = 49
"""Margin tables up to this number have one tier, whose maximum leverage the number is.

They are not listed.
"""
_MOST_DECIMALS = 12
_PAID_HOURS = 480
"""Hours of funding asked for: an answer holds 500 payments, the oldest first."""
_PAST_DAYS = timedelta(days=1000)
_USDC = 0
"""The number of the coin."""
_UNIFIED = "unifiedAccount"
_DEX_ABSTRACTION = "dexAbstraction"
_MODES = ("default", "disabled", _DEX_ABSTRACTION, _UNIFIED)
_NOTES: Mapping[str, str] = {
    _UNIFIED: (
        "This is a unified account. Hyperliquid's own app speaks of liquidation above 95%; the "
        "figures here put it "
        "where the maintenance margin reaches 100% of the account value. Treat 95% as the limit."
    ),
    _DEX_ABSTRACTION: (
        "Other builders' exchanges can draw on this account's USDC. Only Hyperliquid's own "
        "perpetuals are read: "
        "positions elsewhere can lower the wallet balance."
    ),
}
"""What a mode asks its reader to know beside the figures."""
_NAME = re.compile("[A-Za-z0-9:@._-]{1,30}")
_ELSEWHERE = (
    "it is held for positions or orders outside the exchange's own perpetuals, which are not read"
)
_UNEXPLAINED = 1.05
"""A margin this many times (and $1 above) its positions' is held for more than them."""


class _Balance(NamedTuple):
    """What backs the cross positions, with their profit, and the margins held.

    For them and for others.
    """

    equity: float
    initial_margin: float | None = None
    held_elsewhere: float = 0.0


class Hyperliquid:
    """What Hyperliquid answers, as checked values; `account` is that of a wallet address."""

    def __init__(self, connection: Connection, address: str = "") -> None:
        self._connection = connection
        self._address = address

    def contracts(self) -> Checked[Contract]:
        """Return every perpetual of the first exchange that trades."""
        return parse_rows(entries(self._ask("meta"), "universe"), _base, _contract)

    def quotes(self) -> Checked[Quote]:
        """Return marks, oracle prices as index, and the rate of the hour that is running."""
        meta, states = _pair(self._ask("metaAndAssetCtxs"))
        universe, contexts = entries(meta, "universe"), listed(states, "assetCtxs", most=MOST_ROWS)
        if len(universe) != len(contexts):
            raise FieldError("assetCtxs", f"must be of {len(universe)} assets, got {len(contexts)}")
        rows = [_joined(asset, context) for asset, context in zip(universe, contexts, strict=True)]
        next_hour = _next_hour()
        return parse_rows(rows, _base, lambda row: _quote(row["context"], next_hour))

    def tiers(self, _token: str = "") -> Checked[TierTable]:
        """Return every perpetual's table: one answer holds them all."""
        meta = self._ask("meta")
        tables = _margin_tables(meta)
        return parse_rows(
            entries(meta, "universe"), _base, lambda asset: _tier_table(asset, tables)
        )

    def funding(self, token: str) -> FundingHistory:
        """Return the latest 480 hourly payments."""
        start = datetime.now(UTC) - timedelta(hours=_PAID_HOURS)
        rows = self._of_token(
            token, "fundingHistory", {"coin": _coin(token), "startTime": _ms(start)}
        )
        return funding_history(rows, "time", "fundingRate")

    def candles(self, token: str) -> Candles:
        """Return the latest 1000 days."""
        now = datetime.now(UTC)
        span = {"startTime": _ms(now - _PAST_DAYS), "endTime": _ms(now)}
        rows = self._of_token(
            token, "candleSnapshot", {"req": {"coin": _coin(token), "interval": "1d", **span}}
        )
        return candles([[entry(row).get(key) for key in "tohlc"] for row in rows])

    def account(self) -> VenueAccount:
        """Return the wallet's account.

        Raises Unavailable for an address that is none, and for portfolio margin.

        An error names the field that cannot be read and not what it held: the venue may echo the
        address.
        """
        if not _ADDRESS.fullmatch(self._address):
            raise Unavailable("key", "needs a wallet address, 0x and 40 hexadecimal digits")
        try:
            return self._read_account()
        except FieldError as error:
            unreadable = FieldError(error.path, "cannot be read")
        raise unreadable

    def rights(self) -> Rights:
        """Return what an address may do: nothing but be read."""
        return Rights(False, False)

    def _read_account(self) -> VenueAccount:
        mode = self._ask("userAbstraction", user=self._address)
        if mode not in _MODES:
            raise Unavailable(
                "absent", "keeps this account in a mode whose margin rules are not modelled here"
            )
        state = entry(self._ask("clearinghouseState", user=self._address))
        balance = self._unified(state) if mode == _UNIFIED else _standard(state)
        account = _account(state, balance, self._taker_fee())
        return replace(account, notes=(_NOTES[mode],)) if mode in _NOTES else account

    def _unified(self, state: Entry) -> _Balance:
        """Return the balance of a unified account.

        Its spot USDC, which the margins and profits of its positions are part of.

        What is left of it after maintenance tells whether margin is held for more than the
        positions of `state`.
        """
        spot = self._ask("spotClearinghouseState", user=self._address)
        total = _usdc(spot)
        isolated = _isolated_equity(_positions(state))
        explained = isolated + figure(state, "crossMaintenanceMarginUsed", at_least=0)
        held = total - _after_maintenance(spot, total - explained)
        unexplained = held - explained if held > explained * _UNEXPLAINED + 1 else 0.0
        return _Balance(total - isolated, held_elsewhere=unexplained)

    def _taker_fee(self) -> float | None:
        """Return the account's own; None where it cannot be told."""
        try:
            return figure(
                entry(self._ask("userFees", user=self._address)),
                "userCrossRate",
                at_least=0,
                below=1,
            )
        except (Unavailable, FieldError):
            return None

    def _of_token(self, token: str, kind: str, asked: Mapping[str, Any]) -> Sequence[Any]:
        """Return rows of one perpetual.

        Of one that it does not list the venue says no more than that something went wrong.
        """
        try:
            rows = listed(self._ask(kind, **asked), "", most=MOST_ROWS)
        except Unavailable as error:
            if error.trouble == "broken" and token not in self.contracts().good:
                raise Unavailable("absent", f"does not list {token}") from None
            raise
        if not rows:
            raise Unavailable("absent", f"has no such past of {token}")
        return rows

    def _ask(self, kind: str, **parameters: Any) -> Any:
        return self._connection.ask("publicPostInfo", {"type": kind, **parameters})


def _ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def _next_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _base(asset: Entry) -> str | None:
    """Return the base asset by the name other venues give it, None where it does not trade.

    KPEPE is 1000PEPE there.
    """
    if asset.get("isDelisted"):
        return None
    name = text(asset, "name")
    thousands = _THOUSANDS.fullmatch(name)
    return f"1000{thousands[1]}" if thousands else name


def _coin(token: str) -> str:
    """Return the name of a token there."""
    return f"k{token[4:]}" if listed_token(token).startswith("1000") and len(token) > 4 else token


def _contract(asset: Entry) -> Contract:
    decimals = figure(asset, "szDecimals", at_least=0, at_most=_MOST_DECIMALS)
    if not decimals.is_integer():
        raise FieldError("szDecimals", f"must be a whole number, got {decimals:g}")
    return Contract(
        tick_size=None,
        quantity_step=float(f"1e-{decimals:.0f}"),
        minimum_notional=MINIMUM_NOTIONAL,
        contract_value=1.0,
        contract_value_confirmed=True,
        taker_fee=HYPERLIQUID.taker_fee,
        status="trading",
        as_of=today(),
    )


def _pair(answer: object) -> tuple[Any, Any]:
    both = listed(answer, "", most=2)
    if len(both) != 2:
        raise FieldError("", f"must be a pair, got {len(both)}")
    return both[0], both[1]


def _joined(asset: object, context: object) -> object:
    """Return an asset's row with its context.

    What is no object is left for the reader of rows to refuse.
    """
    return {**asset, "context": context} if isinstance(asset, Mapping) else asset


def _quote(context: object, next_hour: datetime) -> Quote:
    held = entry(context, "context")
    mark, index_price = figure(held, "markPx", above=0), optional(held, "oraclePx", at_least=0)
    return venue_quote(mark, index_price, lambda: (figure(held, "funding"), 1.0, next_hour))


def _margin_tables(meta: object) -> dict[float, object]:
    """Return the tables by their number, of `[[56, {"marginTiers": […]}], …]`.

    What is no such pair is no table.
    """
    tables: dict[float, object] = {}
    for row in entries(meta, "marginTables"):
        with suppress(FieldError):
            number, table = _pair(row)
            tables[figure({"id": number}, "id")] = table
    return tables


def _tier_table(asset: Entry, tables: Mapping[float, object]) -> TierTable:
    """Return an asset's table.

    Its first tier must allow the leverage that the asset is said to allow.
    """
    most, number = (
        figure(asset, "maxLeverage", at_least=1),
        figure(asset, "marginTableId", at_least=0),
    )
    plain = number <= _LARGEST_PLAIN_TABLE
    tiers = (
        [{"lowerBound": 0, "maxLeverage": number}]
        if plain
        else entries(tables.get(number), "marginTiers")
    )
    rows = [_tier(entry(tier)) for tier in tiers]
    if not rows or rows[0]["max_leverage"] != most:
        raise FieldError(
            "maxLeverage", f"is {most:g}, and not that of the first tier of margin table {number:g}"
        )
    return tier_table(rows, progressive=True)


def _tier(tier: Entry) -> Mapping[str, float | None]:
    """Return a row of the scenario JSON: half the margin at most leverage.

    Its amount follows from continuity.
    """
    leverage = figure(tier, "maxLeverage", at_least=1)
    return {
        "floor": figure(tier, "lowerBound"),
        "maintenance_rate": 1 / (2 * leverage),
        "max_leverage": leverage,
    }


def _positions(state: Entry) -> list[Entry]:
    """Return positions of which anything is open."""
    held = [entry(nested(row, "position")) for row in entries(state, "assetPositions")]
    return [position for position in held if figure(position, "szi")]


def _isolated(position: Entry) -> bool:
    return (
        choice(nested(position, "leverage", "type"), "leverage.type", ["cross", "isolated"])
        == "isolated"
    )


def _isolated_equity(positions: Sequence[Entry]) -> float:
    """Return what isolated positions hold: their margins with the profit in them."""
    return sum(figure(position, "marginUsed") for position in positions if _isolated(position))


def _exact(held: Entry, key: str, **bounds: float) -> Decimal:
    """Return a figure as it is written, for sums that have to come out to the last digit."""
    return Decimal(repr(figure(held, key, **bounds)))


def _profit(position: Entry) -> Decimal:
    """Return unrealised profit at the entry price that is told.

    It is rounded, and the equity has to come out the same.
    """
    size, value = _exact(position, "szi"), _exact(position, "positionValue", above=0)
    return value.copy_sign(size) - size * _exact(position, "entryPx")


def _standard(state: Entry) -> _Balance:
    summary = entry(nested(state, "crossMarginSummary"))
    return _Balance(figure(summary, "accountValue"), optional(summary, "totalMarginUsed"))


def _usdc(spot: object) -> float:
    """Return the account's USDC in spot; 0 where it holds none.

    Raises Unavailable where another coin is owed.
    """
    held = [entry(row) for row in entries(spot, "balances")]
    if any((optional(row, "total") or 0.0) < 0 and row.get("token") != _USDC for row in held):
        raise Unavailable(
            "absent", "says that this account owes a coin in spot, whose worth is not read here"
        )
    by_number = next((row for row in held if row.get("token") == _USDC), None)
    if by_number is not None:
        return figure(by_number, "total")
    if any(text(row, "coin") == HYPERLIQUID.settlement for row in held):
        raise FieldError("token", "cannot be read")
    return 0.0


def _after_maintenance(spot: object, otherwise: float) -> float:
    """Return USDC that no margin is held against, by the number of the coin.

    The venue gives `[[0, "19787.6"], …]`.
    """
    rows = entry(spot).get("tokenToAvailableAfterMaintenance") or []
    of_usdc = [
        value for number, value in map(_pair, listed(rows, "", most=MOST_ROWS)) if number == _USDC
    ]
    return figure({"available": of_usdc[0]}, "available") if of_usdc else otherwise


def _legs(positions: Sequence[Entry]) -> tuple[list[VenuePosition], list[LeftOut]]:
    """Return the positions that can be read, and the others.

    What the venue calls one is said only where it is a name.
    """
    legs: list[VenuePosition] = []
    left_out: list[LeftOut] = []
    for index, position in enumerate(positions, 1):
        coin = position.get("coin")
        what = coin if isinstance(coin, str) and _NAME.fullmatch(coin) else f"position {index}"
        try:
            legs.append(_leg(position, what))
        except FieldError as error:
            left_out.append(
                LeftOut(what, f"its {error.path} cannot be read" if error.path else error.message)
            )
    return legs, left_out


def _leg(position: Entry, what: str) -> VenuePosition:
    token = token_of(_base({"name": what}) or "")
    if token is None:
        raise FieldError("", "its token is not known here")
    size = _exact(position, "szi")
    return VenuePosition(
        name=what,
        token=token,
        side="long" if size > 0 else "short",
        quantity=float(abs(size)),
        entry_price=figure(position, "entryPx", above=0),
        leverage=figure(entry(nested(position, "leverage")), "value", above=0),
        mark=float(_exact(position, "positionValue", above=0) / abs(size)),
        isolated_margin=float(_exact(position, "marginUsed") - _profit(position))
        if _isolated(position)
        else None,
        liquidation_price=(optional(position, "liquidationPx") or 0.0)
        if "liquidationPx" in position
        else None,
    )


def _account(state: Entry, balance: _Balance, taker_fee: float | None) -> VenueAccount:
    positions = _positions(state)
    legs, left_out = _legs(positions)
    if balance.held_elsewhere:
        left_out.append(LeftOut(f"{balance.held_elsewhere:.2f} USDC of margin", _ELSEWHERE))
    taken = combine_positions(legs, left_out)
    profits = sum(_profit(position) for position in positions if not _isolated(position))
    cash = float(Decimal(repr(balance.equity)) - profits)
    return VenueAccount(
        venue=HYPERLIQUID.key,
        seen_at=datetime.now(UTC),
        wallet_balance=cash
        if taken.margin_mode == "cross"
        else max(0.0, cash) + taken.isolated_margins,
        imported=taken.imported,
        marks=taken.marks,
        figures=_figures(state, balance, positions, taken),
        liquidation_prices=taken.liquidation_prices,
        taker_fee=taker_fee,
        margin_mode=taken.margin_mode,
        may_trade=False,
        may_withdraw=False,
    )


def _figures(
    state: Entry, balance: _Balance, positions: Sequence[Entry], taken: AccountPositions
) -> VenueFigures:
    """Return the venue's own figures of the cross account.

    Of isolated positions it gives no sum but their equity.
    """
    if taken.margin_mode == "isolated":
        return VenueFigures(balance.equity + _isolated_equity(positions))
    maintenance = figure(state, "crossMaintenanceMarginUsed", at_least=0)
    return VenueFigures(
        balance.equity, balance.initial_margin, maintenance, quotient(maintenance, balance.equity)
    )
