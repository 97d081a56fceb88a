"""Binance USDⓈ-M futures: USDT perpetuals, and an account in single- or multi-assets mode.

Figures come as text. Tiers need a key and come for all symbols in one answer; a bracket's `cum` is
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
    optional_figure,
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
"""Hours between the funding payments of a symbol that is not in the list of adjusted ones."""

_PERPETUAL = ("PERPETUAL", "TRADIFI_PERPETUAL")
"""Those on shares and metals have the same margin rules, in the same account."""
_MOST_PAYMENTS, _MOST_CANDLES = 1000, 1500
_TRADES = (
    *("enableFutures", "enableSpotAndMarginTrading", "enableMargin"),
    *("enableVanillaOptions", "enablePortfolioMarginTrading", "enableFixApiTrade"),
)
_WITHDRAWALS = ("enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer")
"""Permissions to withdraw or transfer money."""
_COLLATERAL = "collateral in other coins is not imported; add it by hand with its ratio"
_IDLE_COIN = "it does not back positions in USDT while multi-assets mode is off"


class Binance:
    """A reader of Binance; `tiers` and `account` need a connection with a key."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def contracts(self) -> Checked[Contract]:
        """Return every USDT perpetual that trades, on shares and metals too."""
        return parse_rows(
            entries(self._connection.ask("fapiPublicGetExchangeInfo"), "symbols"),
            base_of_row,
            _parse_contract,
        )

    def quotes(self) -> Checked[Quote]:
        """Return mark prices and current funding of the USDT perpetuals."""
        rows = self._fetch_rows("fapiPublicGetPremiumIndex")
        intervals = self._fetch_intervals()
        return parse_rows(rows, base_of_row, lambda row: _parse_quote(row, intervals))

    def tiers(self, _token: str = "") -> Checked[TierTable]:
        """Return every symbol's tier table, as it applies to the key's account."""
        if not self._connection.keyed:
            raise Unavailable("key", "gives its tiers only to a key")
        return parse_rows(
            self._fetch_rows("fapiPrivateGetLeverageBracket"), base_of_row, _parse_tiers
        )

    def funding(self, token: str) -> FundingHistory:
        """Return the latest 1000 funding payments."""
        rows = self._fetch_rows(
            "fapiPublicGetFundingRate", symbol=symbol_of(token), limit=_MOST_PAYMENTS
        )
        if not rows:
            raise Unavailable("absent", f"has no past funding of {token}")
        return funding_history(rows, "fundingTime", "fundingRate")

    def candles(self, token: str) -> Candles:
        """Return the daily candles of the latest 1500 days."""
        parameters = {"symbol": symbol_of(token), "interval": "1d", "limit": _MOST_CANDLES}
        rows = self._fetch_rows("fapiPublicGetKlines", **parameters)
        if not rows:
            raise Unavailable("absent", f"has no candles of {token}")
        return candles(rows)

    def account(self) -> VenueAccount:
        """Return the key's account."""
        account = entry(self._connection.ask("fapiPrivateV3GetAccount"))
        rights = self.rights()
        rows = self._fetch_rows("fapiPrivateV3GetPositionRisk")
        settings = index_valid_rows(self._fetch_rows("fapiPrivateGetSymbolConfig"), "symbol")
        positions, left_out = parse_positions(
            rows, "symbol", lambda row, symbol: _parse_position(row, symbol, settings)
        )
        coins = index_rows(entries(account, "assets"), "asset")
        amounts = {
            name: figure(coin, "walletBalance")
            for name, coin in coins.items()
            if name != SETTLEMENT
        }
        debts = self._fetch_debts({name: -amount for name, amount in amounts.items() if amount < 0})
        collateral = {name: amount for name, amount in amounts.items() if amount > 0}
        skipped = [*left_out, *self._skipped_coins(collateral), *list_debts(debts, SETTLEMENT)]
        combined = combine_positions(positions, skipped)
        cash = coins.get(SETTLEMENT)
        cross_balance = figure(cash, "crossWalletBalance") if cash else 0.0
        # The cross wallet does not include the margins of isolated positions.
        wallet_balance = cross_balance + combined.isolated_margins
        return VenueAccount(
            venue="binance",
            seen_at=datetime.now(UTC),
            wallet_balance=subtract_debts(wallet_balance, debts, combined),
            imported=combined.imported,
            marks=combined.marks,
            figures=_parse_figures(account, combined, positions),
            liquidation_prices=combined.liquidation_prices,
            taker_fee=self._fetch_taker_fee(combined),
            margin_mode=combined.margin_mode,
            may_trade=rights.may_trade,
            may_withdraw=rights.may_withdraw,
        )

    def _fetch_rows(self, method: str, **parameters: Any) -> Sequence[Any]:
        return entries(self._connection.ask(method, parameters))

    def _fetch_intervals(self) -> dict[str, Entry] | None:
        """Return the symbols with another funding interval than usual, None if not available."""
        try:
            return index_valid_rows(self._fetch_rows("fapiPublicGetFundingInfo"), "symbol")
        except (Unavailable, FieldError):
            return None

    def _fetch_debts(self, owed: Mapping[str, float]) -> list[Debt]:
        """Return the account's debts. The venue values them above the index price, by a buffer."""
        return value_debts(owed, self._fetch_liabilities(owed) if owed else {}, self._fetch_marks)

    def _fetch_liabilities(self, owed: Mapping[str, float]) -> dict[str, float | None]:
        try:
            rates = index_valid_rows(self._fetch_rows("fapiPublicGetAssetIndex"), "symbol")
            liabilities: dict[str, float | None] = {}
            for coin, amount in owed.items():
                rate = optional_figure(rates.get(f"{coin}USD", {}), "askRate", above=0)
                liabilities[coin] = None if rate is None else amount * rate
        except (Unavailable, FieldError):
            return {}
        return liabilities

    def _fetch_marks(self) -> dict[str, float]:
        return {token: quote.mark for token, quote in self.quotes().good.items()}

    def _skipped_coins(self, amounts: Mapping[str, float]) -> list[LeftOut]:
        """Return the coins beside the settlement coin, which are not imported."""
        if not amounts:
            return []
        mode = entry(self._connection.ask("fapiPrivateGetAccountConfig"))
        reason = _COLLATERAL if mode.get("multiAssetsMargin") is True else _IDLE_COIN
        return [LeftOut(f"{amount:g} {name}", reason) for name, amount in amounts.items()]

    def _fetch_taker_fee(self, combined: AccountPositions) -> float | None:
        """Return the account's taker fee for its first position, None if not available."""
        if not combined.imported.positions:
            return None
        symbol = symbol_of(combined.imported.positions[0].symbol)
        try:
            rate = entry(self._connection.ask("fapiPrivateGetCommissionRate", {"symbol": symbol}))
            return figure(rate, "takerCommissionRate", at_least=0, below=1)
        except (Unavailable, FieldError):
            return None

    def rights(self) -> Rights:
        """Return the key's permissions. Raises Unavailable for a key that can withdraw."""
        return refuse_withdrawal("binance", self._fetch_rights())

    def _fetch_rights(self) -> Rights:
        try:
            rights = entry(self._connection.ask("sapiGetAccountApiRestrictions"))
        except (Unavailable, FieldError):
            return Rights(None, None)
        trading = [rights[name] is True for name in _TRADES if name in rights]
        may_trade = any(trading) if trading else None
        if any(rights.get(name) is True for name in _WITHDRAWALS):
            return Rights(may_trade, True)
        return Rights(may_trade, False if rights.get("enableWithdrawals") is False else None)


def _parse_contract(row: Entry) -> Contract | None:
    """Return the contract, None where it is of another kind or does not trade."""
    kind = tuple(text(row, key) for key in ("status", "quoteAsset", "marginAsset"))
    if text(row, "contractType") not in _PERPETUAL or kind != ("TRADING", SETTLEMENT, SETTLEMENT):
        return None
    choice(row.get("baseAsset"), "baseAsset", [base_of_row(row) or ""])
    filters = index_valid_rows(entries(row, "filters"), "filterType")
    return Contract(
        tick_size=optional_figure(filters.get("PRICE_FILTER", {}), "tickSize", above=0),
        quantity_step=optional_figure(filters.get("LOT_SIZE", {}), "stepSize", above=0),
        minimum_notional=optional_figure(filters.get("MIN_NOTIONAL", {}), "notional", above=0),
        contract_value=1.0,
        contract_value_confirmed=True,
        taker_fee=VENUES["binance"].taker_fee,
        status="trading",
        as_of=today(),
    )


def _parse_quote(row: Entry, intervals: Mapping[str, Entry] | None) -> Quote:
    def parse_funding() -> tuple[float | None, float | None, datetime | None]:
        hours = None if intervals is None else _interval_hours(intervals.get(text(row, "symbol")))
        return optional_figure(row, "lastFundingRate"), hours, moment(row, "nextFundingTime")

    return venue_quote(figure(row, "markPrice"), optional_figure(row, "indexPrice"), parse_funding)


def _interval_hours(adjusted: Entry | None) -> float | None:
    return USUAL_INTERVAL if adjusted is None else optional_figure(adjusted, "fundingIntervalHours")


def _parse_tiers(row: Entry) -> TierTable:
    if optional_figure(row, "notionalCoef") not in (None, 1.0):
        raise FieldError(
            "notionalCoef",
            "is the account's own, and whether it is in the brackets already is not known",
        )
    brackets = sorted(
        map(entry, entries(row, "brackets")), key=lambda bracket: figure(bracket, "notionalFloor")
    )
    amounts = published_amounts(brackets, "cum")
    tiers = []
    for bracket, amount in zip(brackets, amounts, strict=True):
        read_cap = limit if bracket is brackets[-1] else figure  # The last tier may be unlimited.
        tiers.append(
            {
                "floor": figure(bracket, "notionalFloor"),
                "cap": read_cap(bracket, "notionalCap"),
                "maintenance_rate": figure(bracket, "maintMarginRatio"),
                "maintenance_amount": amount,
                "max_leverage": figure(bracket, "initialLeverage"),
            }
        )
    return tier_table(tiers, progressive=True)


def _parse_position(row: Entry, symbol: str, settings: Mapping[str, Entry]) -> VenuePosition | None:
    """Return the position, None where its size is 0.

    Raises FieldError with the reason where it cannot be imported.
    """
    size = figure(row, "positionAmt")
    if not size:
        return None
    token = _parse_token(row, symbol)
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
        liquidation_price=optional_figure(row, "liquidationPrice", at_least=0),
    )


def _parse_token(row: Entry, symbol: str) -> str:
    """Return the position's token. Raises FieldError where it is not a USDT perpetual."""
    if "_" in symbol:
        raise FieldError("", "it is a dated future, and only perpetuals are taken over")
    base = base_of(symbol)
    if base is None or text(row, "marginAsset") != SETTLEMENT:
        raise FieldError("", f"it is not settled in {SETTLEMENT}")
    token = token_of(base)
    if token is None:
        raise FieldError("", "its token is not known here")
    return token


def _parse_figures(
    account: Entry, combined: AccountPositions, positions: Sequence[VenuePosition]
) -> VenueFigures:
    """Return the venue's totals, which in multi-assets mode are of all coins and in USD.

    They are None where a cross account has isolated positions too, which the totals include.
    """
    isolated = combined.margin_mode == "isolated"
    if not isolated and any(position.isolated_margin is not None for position in positions):
        return VenueFigures()
    names = ("totalMarginBalance", "totalInitialMargin", "totalMaintMargin")
    equity, initial, maintenance = (optional_figure(account, name) for name in names)
    if isolated or equity is None or maintenance is None:
        return VenueFigures(equity, initial, maintenance)
    return VenueFigures(equity, initial, maintenance, quotient(maintenance, equity))
