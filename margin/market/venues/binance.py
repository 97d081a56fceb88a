"""Binance USDⓈ-M futures.

Perpetuals settled in USDT, and an account in single- or multi-assets mode.

Figures come as text. Tiers are given to a key only, all symbols in one answer; a bracket's `cum` is
its maintenance amount.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from margin.engine.numbers import quotient
from margin.errors import FieldError, choice
from margin.market.accounts import LeftOut, VenueAccount, VenueFigures
from margin.market.records import Contract
from margin.market.source import Candles, Checked, FundingHistory, Quote, Unavailable
from margin.market.venues.checks import (
    candles,
    funding_history,
    parse_rows,
    published_amounts,
    tier_table,
    today,
    token_of,
    venue_quote,
)
from margin.market.venues.connection import Connection
from margin.market.venues.debts import Debt, list_debts, subtract_debts, value_debts
from margin.market.venues.fields import (
    Entry,
    entries,
    entry,
    figure,
    index_rows,
    index_valid_rows,
    limit,
    moment,
    optional,
    text,
)
from margin.market.venues.positions import (
    AccountPositions,
    VenuePosition,
    combine_positions,
    parse_positions,
)
from margin.market.venues.rights import Rights, refuse_withdrawal
from margin.market.venues.symbols import SETTLEMENT, base_of, base_of_row, symbol_of
from margin.venues import VENUES, TierTable

USUAL_INTERVAL = 8.0
"""Hours between the funding payments of a symbol that the list of adjusted ones does not hold."""

_PERPETUAL = ("PERPETUAL", "TRADIFI_PERPETUAL")
"""Those on shares and metals are margined as all others are, in the same account."""
_MOST_PAYMENTS, _MOST_CANDLES = 1000, 1500
_TRADES = (
    *("enableFutures", "enableSpotAndMarginTrading", "enableMargin"),
    *("enableVanillaOptions", "enablePortfolioMarginTrading", "enableFixApiTrade"),
)
_MOVES = ("enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer")
"""Rights by which money can leave the account."""
_COLLATERAL = "collateral in other coins is not imported; add it by hand with its ratio"
_IDLE_COIN = "it does not back positions in USDT while multi-assets mode is off"


class Binance:
    """What Binance answers, as checked values.

    `tiers` and `account` need a connection with a key.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def contracts(self) -> Checked[Contract]:
        """Return every perpetual in USDT that trades, on shares and metals too."""
        return parse_rows(
            entries(self._connection.ask("fapiPublicGetExchangeInfo"), "symbols"),
            base_of_row,
            _contract,
        )

    def quotes(self) -> Checked[Quote]:
        """Return marks and present funding of the perpetuals in USDT."""
        rows = self._rows("fapiPublicGetPremiumIndex")
        intervals = self._intervals()
        return parse_rows(rows, base_of_row, lambda row: _quote(row, intervals))

    def tiers(self, _token: str = "") -> Checked[TierTable]:
        """Return every symbol's table, as it applies to the key's account."""
        if not self._connection.keyed:
            raise Unavailable("key", "gives its tiers only to a key")
        return parse_rows(self._rows("fapiPrivateGetLeverageBracket"), base_of_row, _table)

    def funding(self, token: str) -> FundingHistory:
        """Return the latest 1000 payments."""
        rows = self._rows("fapiPublicGetFundingRate", symbol=symbol_of(token), limit=_MOST_PAYMENTS)
        if not rows:
            raise Unavailable("absent", f"has no past funding of {token}")
        return funding_history(rows, "fundingTime", "fundingRate")

    def candles(self, token: str) -> Candles:
        """Return the latest 1500 days."""
        asked = {"symbol": symbol_of(token), "interval": "1d", "limit": _MOST_CANDLES}
        rows = self._rows("fapiPublicGetKlines", **asked)
        if not rows:
            raise Unavailable("absent", f"has no candles of {token}")
        return candles(rows)

    def account(self) -> VenueAccount:
        """Return the key's account."""
        account = entry(self._connection.ask("fapiPrivateV3GetAccount"))
        rights = self.rights()
        positions = self._rows("fapiPrivateV3GetPositionRisk")
        settings = index_valid_rows(self._rows("fapiPrivateGetSymbolConfig"), "symbol")
        legs, left_out = parse_positions(
            positions, "symbol", lambda row, symbol: _leg(row, symbol, settings)
        )
        coins = index_rows(entries(account, "assets"), "asset")
        amounts = {
            name: figure(coin, "walletBalance")
            for name, coin in coins.items()
            if name != SETTLEMENT
        }
        debts = self._debts({name: -amount for name, amount in amounts.items() if amount < 0})
        held = {name: amount for name, amount in amounts.items() if amount > 0}
        taken = combine_positions(
            legs, [*left_out, *self._other_coins(held), *list_debts(debts, SETTLEMENT)]
        )
        cash = coins.get(SETTLEMENT)
        # The margin of an isolated position has left the cross wallet.
        wallet_balance = (
            figure(cash, "crossWalletBalance") if cash else 0.0
        ) + taken.isolated_margins
        return VenueAccount(
            venue="binance",
            seen_at=datetime.now(UTC),
            wallet_balance=subtract_debts(wallet_balance, debts, taken),
            imported=taken.imported,
            marks=taken.marks,
            figures=_figures(account, taken, legs),
            liquidation_prices=taken.liquidation_prices,
            taker_fee=self._taker_fee(taken),
            margin_mode=taken.margin_mode,
            may_trade=rights.may_trade,
            may_withdraw=rights.may_withdraw,
        )

    def _rows(self, method: str, **parameters: Any) -> Sequence[Any]:
        return entries(self._connection.ask(method, parameters))

    def _intervals(self) -> dict[str, Entry] | None:
        """Return symbols whose payments come at another interval than the usual one.

        None where they cannot be had.
        """
        try:
            return index_valid_rows(self._rows("fapiPublicGetFundingInfo"), "symbol")
        except (Unavailable, FieldError):
            return None

    def _debts(self, owed: Mapping[str, float]) -> list[Debt]:
        """Return the debts.

        The venue values a liability above its index price, by a buffer of its own.
        """
        return value_debts(owed, self._liabilities(owed) if owed else {}, self._marks)

    def _liabilities(self, owed: Mapping[str, float]) -> dict[str, float | None]:
        try:
            rates = index_valid_rows(self._rows("fapiPublicGetAssetIndex"), "symbol")
            asked = {
                coin: optional(rates.get(f"{coin}USD", {}), "askRate", above=0) for coin in owed
            }
        except (Unavailable, FieldError):
            return {}
        return {coin: None if rate is None else owed[coin] * rate for coin, rate in asked.items()}

    def _marks(self) -> dict[str, float]:
        return {token: quote.mark for token, quote in self.quotes().good.items()}

    def _other_coins(self, amounts: Mapping[str, float]) -> list[LeftOut]:
        """Return coins that the account holds beside the settlement coin."""
        if not amounts:
            return []
        mode = entry(self._connection.ask("fapiPrivateGetAccountConfig"))
        reason = _COLLATERAL if mode.get("multiAssetsMargin") is True else _IDLE_COIN
        return [LeftOut(f"{amount:g} {name}", reason) for name, amount in amounts.items()]

    def _taker_fee(self, taken: AccountPositions) -> float | None:
        """Return the account's own, as it is for its first position."""
        if not taken.imported.positions:
            return None
        symbol = symbol_of(taken.imported.positions[0].symbol)
        try:
            rate = entry(self._connection.ask("fapiPrivateGetCommissionRate", {"symbol": symbol}))
            return figure(rate, "takerCommissionRate", at_least=0, below=1)
        except (Unavailable, FieldError):
            return None

    def rights(self) -> Rights:
        """Return what the key may do.

        Raises Unavailable for a key by which money can leave the account.
        """
        return refuse_withdrawal("binance", self._rights())

    def _rights(self) -> Rights:
        try:
            rights = entry(self._connection.ask("sapiGetAccountApiRestrictions"))
        except (Unavailable, FieldError):
            return Rights(None, None)
        trades = [rights[name] is True for name in _TRADES if name in rights]
        moves = any(rights.get(name) is True for name in _MOVES)
        stays = False if rights.get("enableWithdrawals") is False else None
        return Rights(any(trades) if trades else None, moves or stays)


def _contract(row: Entry) -> Contract | None:
    """Return the contract; None where it is of another kind or does not trade."""
    kind = tuple(text(row, key) for key in ("status", "quoteAsset", "marginAsset"))
    if text(row, "contractType") not in _PERPETUAL or kind != ("TRADING", SETTLEMENT, SETTLEMENT):
        return None
    choice(row.get("baseAsset"), "baseAsset", [base_of_row(row) or ""])
    filters = index_valid_rows(entries(row, "filters"), "filterType")
    return Contract(
        tick_size=optional(filters.get("PRICE_FILTER", {}), "tickSize", above=0),
        quantity_step=optional(filters.get("LOT_SIZE", {}), "stepSize", above=0),
        minimum_notional=optional(filters.get("MIN_NOTIONAL", {}), "notional", above=0),
        contract_value=1.0,
        contract_value_confirmed=True,
        taker_fee=VENUES["binance"].taker_fee,
        status="trading",
        as_of=today(),
    )


def _quote(row: Entry, intervals: Mapping[str, Entry] | None) -> Quote:
    def funding() -> tuple[float | None, float | None, datetime | None]:
        hours = None if intervals is None else _interval(intervals.get(text(row, "symbol")))
        return optional(row, "lastFundingRate"), hours, moment(row, "nextFundingTime")

    return venue_quote(figure(row, "markPrice"), optional(row, "indexPrice"), funding)


def _interval(adjusted: Entry | None) -> float | None:
    return USUAL_INTERVAL if adjusted is None else optional(adjusted, "fundingIntervalHours")


def _table(row: Entry) -> TierTable:
    if optional(row, "notionalCoef") not in (None, 1.0):
        raise FieldError(
            "notionalCoef",
            "is the account's own, and whether it is in the brackets already is not known",
        )
    brackets = sorted(
        map(entry, entries(row, "brackets")), key=lambda bracket: figure(bracket, "notionalFloor")
    )
    amounts = published_amounts(brackets, "cum")
    tiers = [
        {
            "floor": figure(bracket, "notionalFloor"),
            "cap": limit(bracket, "notionalCap")
            if bracket is brackets[-1]
            else figure(bracket, "notionalCap"),
            "maintenance_rate": figure(bracket, "maintMarginRatio"),
            "maintenance_amount": amount,
            "max_leverage": figure(bracket, "initialLeverage"),
        }
        for bracket, amount in zip(brackets, amounts, strict=True)
    ]
    return tier_table(tiers, progressive=True)


def _leg(row: Entry, symbol: str, settings: Mapping[str, Entry]) -> VenuePosition | None:
    """Return the position; None where its size is zero.

    Raises FieldError with the reason where it stays out.
    """
    size = figure(row, "positionAmt")
    if not size:
        return None
    token = _token_held(row, symbol)
    side = choice(
        row.get("positionSide"), "positionSide", ["BOTH", "LONG" if size > 0 else "SHORT"]
    )
    if symbol not in settings:
        raise FieldError("", "its leverage and its margin mode are not told")
    mode = choice(settings[symbol].get("marginType"), "marginType", ["CROSSED", "ISOLATED"])
    return VenuePosition(
        name=symbol if side == "BOTH" else f"{symbol} {side}",
        token=token,
        side="long" if size > 0 else "short",
        quantity=abs(size),
        entry_price=figure(row, "entryPrice", above=0),
        leverage=figure(settings[symbol], "leverage", above=0),
        mark=figure(row, "markPrice", above=0),
        isolated_margin=figure(row, "isolatedWallet", above=0) if mode == "ISOLATED" else None,
        liquidation_price=optional(row, "liquidationPrice", at_least=0),
    )


def _token_held(row: Entry, symbol: str) -> str:
    """Return the token of a position in a perpetual in USDT."""
    if "_" in symbol:
        raise FieldError("", "it is a dated future, and only perpetuals are taken over")
    base = base_of(symbol)
    if base is None or text(row, "marginAsset") != SETTLEMENT:
        raise FieldError("", f"it is not settled in {SETTLEMENT}")
    token = token_of(base)
    if token is None:
        raise FieldError("", "its token is not known here")
    return token


def _figures(
    account: Entry, taken: AccountPositions, legs: Sequence[VenuePosition]
) -> VenueFigures:
    """Return the venue's totals, in multi-assets mode of all coins and in USD.

    None where isolated positions stay out of a cross account: the totals hold both.
    """
    isolated = taken.margin_mode == "isolated"
    if not isolated and any(leg.isolated_margin is not None for leg in legs):
        return VenueFigures()
    names = ("totalMarginBalance", "totalInitialMargin", "totalMaintMargin")
    equity, initial, maintenance = (optional(account, name) for name in names)
    if isolated or equity is None or maintenance is None:
        return VenueFigures(equity, initial, maintenance)
    return VenueFigures(equity, initial, maintenance, quotient(maintenance, equity))
