"""Bybit, API v5: linear USDT perpetuals and a unified account, cross or isolated.

Every answer is `{"retCode": 0, "result": {…}}`, long lists come in pages with a cursor, and figures
as text.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

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
from margin.market.venues.debts import list_debts, subtract_debts, value_debts
from margin.market.venues.fields import (
    Entry,
    entries,
    entry,
    figure,
    index_rows,
    index_valid_rows,
    moment,
    nested,
    optional,
    optional_text,
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
from margin.model.scenario import Side
from margin.venues import VENUES, TierTable

_INSTRUMENTS_PAGE, _POSITIONS_PAGE, _MOST_PAGES = 1000, 200, 10
_MOST_PAYMENTS, _MOST_CANDLES = 200, 1000
_UNITS: Mapping[str, float] = {"as fractions": 1.0, "in per cent": 100.0}
"""What an answer may write for a margin of 100%."""
_SAME_UNIT = 10.0
"""How many times more or less than 1 ÷ the leverage an initial margin may be.

It comes rounded, to two digits at times, so that it tells the unit, a factor of 100, and nothing
finer. The leverage is exact.
"""
_LEAST_PART = 0.05
"""The least part of the initial margin that maintenance is: below it the two are not in one unit.

No venue's is below 0.3.
"""
_MOVES = ("Withdraw", "AccountTransfer", "SubMemberTransfer")
"""Rights by which money can leave the account."""
_CLASSIC = 1
_PORTFOLIO, _ISOLATED, _CROSS = "PORTFOLIO_MARGIN", "ISOLATED_MARGIN", "REGULAR_MARGIN"
_SIDES: Mapping[str, Side] = {"Buy": "long", "Sell": "short"}
_OTHERS: Sequence[tuple[str, Mapping[str, str], str]] = (
    (
        "USDC contracts",
        {"category": "linear", "settleCoin": "USDC"},
        f"it is not settled in {SETTLEMENT}",
    ),
    ("inverse contracts", {"category": "inverse"}, f"it is not settled in {SETTLEMENT}"),
    ("options", {"category": "option"}, "it is an option, and only perpetuals are taken over"),
)
"""Positions that share a cross account's margin with those that are taken over."""
_COLLATERAL = "collateral in other coins is not imported; add it by hand with its ratio"
_IDLE_COIN = "it does not count as collateral in this account"


class Bybit:
    """What Bybit answers, as checked values; `account` needs a connection with a key."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._instruments: Mapping[str, Entry] = {}
        """As last seen, by symbol: for the funding intervals that tickers may leave out."""

    def contracts(self) -> Checked[Contract]:
        """Return every linear perpetual in USDT that trades."""
        rows = self._pages(
            "publicGetV5MarketInstrumentsInfo", category="linear", limit=_INSTRUMENTS_PAGE
        )
        self._instruments = index_valid_rows(rows, "symbol")
        return parse_rows(rows, base_of_row, _contract)

    def quotes(self) -> Checked[Quote]:
        """Return marks and present funding of the perpetuals in USDT."""
        rows = self._rows("publicGetV5MarketTickers", category="linear")
        return parse_rows(rows, base_of_row, lambda row: _quote(row, self._instruments))

    def tiers(self, token: str) -> Checked[TierTable]:
        """Return the token's table."""
        symbol = symbol_of(token)
        rows = self._rows("publicGetV5MarketRiskLimit", category="linear", symbol=symbol)
        if not rows:
            raise Unavailable("absent", f"has no tiers of {token}")
        return Checked({token: _table(rows, symbol)})

    def funding(self, token: str) -> FundingHistory:
        """Return the latest 200 payments."""
        asked = {"category": "linear", "symbol": symbol_of(token), "limit": _MOST_PAYMENTS}
        rows = self._rows("publicGetV5MarketFundingHistory", **asked)
        if not rows:
            raise Unavailable("absent", f"has no past funding of {token}")
        return funding_history(rows, "fundingRateTimestamp", "fundingRate")

    def candles(self, token: str) -> Candles:
        """Return the latest 1000 days."""
        asked = {"symbol": symbol_of(token), "interval": "D", "limit": _MOST_CANDLES}
        rows = self._rows("publicGetV5MarketKline", category="linear", **asked)
        if not rows:
            raise Unavailable("absent", f"has no candles of {token}")
        return candles(reversed(rows))

    def account(self) -> VenueAccount:
        """Return the key's account.

        Raises Unavailable for a classic account and for portfolio margin.
        """
        isolated = self._margin_mode() == _ISOLATED
        rights = self.rights()
        wallet = self._wallet()
        coins = index_rows(entries(wallet, "coin"), "coin")
        rows = self._positions(category="linear", settleCoin=SETTLEMENT)
        taker_fee = self._taker_fee(rows)
        legs, left_out = parse_positions(
            rows, "symbol", lambda row, symbol: _leg(row, symbol, isolated, taker_fee)
        )
        debts = value_debts(*_owed(coins), self._marks)
        others = [*_other_coins(coins, isolated), *list_debts(debts, SETTLEMENT)]
        taken = combine_positions(legs, [*left_out, *self._other_positions(), *others])
        wallet_balance = _own_balance(coins[SETTLEMENT]) if SETTLEMENT in coins else 0.0
        return VenueAccount(
            venue="bybit",
            seen_at=datetime.now(UTC),
            wallet_balance=subtract_debts(wallet_balance, debts, taken),
            imported=taken.imported,
            marks=taken.marks,
            figures=_figures(wallet, coins.get(SETTLEMENT, {}), taken),
            liquidation_prices=taken.liquidation_prices,
            taker_fee=taker_fee,
            margin_mode=taken.margin_mode,
            may_trade=rights.may_trade,
            may_withdraw=rights.may_withdraw,
        )

    def _result(self, method: str, **parameters: Any) -> Entry:
        return entry(nested(self._connection.ask(method, parameters), "result"), "result")

    def _rows(self, method: str, **parameters: Any) -> Sequence[Any]:
        return entries(self._result(method, **parameters), "list")

    def _pages(self, method: str, **parameters: Any) -> list[Any]:
        """Return the rows up to a page without a row or without a cursor.

        Raises FieldError where pages have no end.
        """
        rows: list[Any] = []
        for _ in range(_MOST_PAGES):
            result = self._result(method, **parameters)
            ended = bool(rows) and result.get("list", ()) is None
            page = [] if ended else entries(result, "list")
            rows.extend(page)
            cursor = optional_text(result, "nextPageCursor")
            if not cursor or not page:
                return rows
            parameters["cursor"] = cursor
        raise FieldError("nextPageCursor", f"leads on after {_MOST_PAGES} pages")

    def _margin_mode(self) -> str:
        info = self._result("privateGetV5AccountInfo")
        mode = choice(info.get("marginMode"), "marginMode", [_CROSS, _ISOLATED, _PORTFOLIO])
        if optional(info, "unifiedMarginStatus") == _CLASSIC:
            raise Unavailable(
                "absent", "keeps this account as a classic one, whose rules are not modelled here"
            )
        if mode == _PORTFOLIO:
            raise Unavailable(
                "absent",
                "keeps this account in portfolio margin, whose rules are not modelled here",
            )
        return mode

    def _wallet(self) -> Entry:
        rows = self._rows("privateGetV5AccountWalletBalance", accountType="UNIFIED")
        if not rows:
            raise FieldError("list", "is empty")
        return entry(rows[0])

    def _positions(self, **parameters: str) -> list[Any]:
        return self._pages("privateGetV5PositionList", limit=_POSITIONS_PAGE, **parameters)

    def _other_positions(self) -> list[LeftOut]:
        left_out: list[LeftOut] = []
        for kind, asked, reason in _OTHERS:
            try:
                rows = index_rows(self._positions(**asked), "symbol").items()
                left_out += [
                    LeftOut(symbol, reason) for symbol, row in rows if optional(row, "size")
                ]
            except (Unavailable, FieldError):
                left_out.append(
                    LeftOut(
                        kind, "they could not be asked for; if there are any, they are missing here"
                    )
                )
        return left_out

    def _taker_fee(self, positions: Sequence[Any]) -> float | None:
        """Return the account's own, as it is for its first position."""
        symbols = list(index_valid_rows(positions, "symbol"))
        if not symbols:
            return None
        try:
            rows = self._rows("privateGetV5AccountFeeRate", category="linear", symbol=symbols[0])
            return figure(
                index_valid_rows(rows, "symbol").get(symbols[0], {}),
                "takerFeeRate",
                at_least=0,
                below=1,
            )
        except (Unavailable, FieldError):
            return None

    def rights(self) -> Rights:
        """Return what the key may do.

        Raises Unavailable for a key by which money can leave the account.
        """
        return refuse_withdrawal("bybit", self._rights())

    def _rights(self) -> Rights:
        try:
            key = self._result("privateGetV5UserQueryApi")
            reads_only = figure(key, "readOnly", at_least=0, at_most=1) == 1
            granted = entry(key.get("permissions"), "permissions")
            moves = entries(granted, "Wallet") if "Wallet" in granted else ()
        except (Unavailable, FieldError):
            return Rights(None, None)
        trades = any(rights for kind, rights in granted.items() if kind != "Wallet")
        return Rights(
            not reads_only and trades, not reads_only and any(right in _MOVES for right in moves)
        )

    def _marks(self) -> dict[str, float]:
        return {token: quote.mark for token, quote in self.quotes().good.items()}


def _contract(row: Entry) -> Contract | None:
    """Return the contract; None where it is of another kind or does not trade."""
    kind = tuple(text(row, key) for key in ("contractType", "status", "quoteCoin", "settleCoin"))
    if kind != ("LinearPerpetual", "Trading", SETTLEMENT, SETTLEMENT):
        return None
    choice(row.get("baseCoin"), "baseCoin", [base_of_row(row) or ""])
    lot = entry(row.get("lotSizeFilter"), "lotSizeFilter")
    return Contract(
        tick_size=optional(entry(row.get("priceFilter"), "priceFilter"), "tickSize", above=0),
        quantity_step=optional(lot, "qtyStep", above=0),
        minimum_notional=optional(lot, "minNotionalValue", above=0),
        contract_value=1.0,
        contract_value_confirmed=True,
        taker_fee=VENUES["bybit"].taker_fee,
        status="trading",
        as_of=today(),
    )


def _quote(row: Entry, instruments: Mapping[str, Entry]) -> Quote:
    def funding() -> tuple[float | None, float | None, datetime | None]:
        hours = optional(row, "fundingIntervalHour")
        minutes = (
            optional(instruments.get(text(row, "symbol"), {}), "fundingInterval")
            if hours is None
            else None
        )
        return (
            optional(row, "fundingRate"),
            minutes / 60 if minutes else hours,
            moment(row, "nextFundingTime"),
        )

    return venue_quote(figure(row, "markPrice"), optional(row, "indexPrice"), funding)


def _table(rows: Sequence[Any], symbol: str) -> TierTable:
    """Return the table in the one unit in which its figures agree with each other.

    Some answers give margins as fractions ("0.02"), others in per cent ("2"). In the right unit
    every initial margin is about 1 ÷ the leverage, maintenance stays below it, and the deductions,
    where they are given, continue from tier to tier. Raises FieldError where neither unit fits, or
    both do.
    """
    risks = sorted(map(entry, rows), key=lambda risk: figure(risk, "riskLimitValue"))
    for index, risk in enumerate(risks):
        choice(risk.get("symbol"), f"[{index}].symbol", [symbol])
    tables: list[TierTable] = []
    reasons: list[str] = []
    for name, unit in _UNITS.items():
        try:
            tables.append(tier_table(_tiers(risks, unit), progressive=True))
        except FieldError as error:
            reasons.append(f"{name}: {error}")
    if len(tables) != 1:
        raise FieldError("", "; ".join(reasons) or "its margins may be fractions or per cent")
    return tables[0]


def _tiers(risks: Sequence[Entry], unit: float) -> list[dict[str, float | None]]:
    """Return the tiers as rows of the scenario JSON, each from where the one before ends."""
    tiers: list[dict[str, float | None]] = []
    amounts = published_amounts(risks, "mmDeduction")
    end = 0.0
    for index, risk in enumerate(risks):
        _check_unit(risk, f"[{index}]", unit)
        tiers.append(
            {
                "floor": end,
                "cap": (end := figure(risk, "riskLimitValue", above=0)),
                "maintenance_rate": figure(risk, "maintenanceMargin") / unit,
                "maintenance_amount": amounts[index],
                "max_leverage": figure(risk, "maxLeverage"),
            }
        )
    return tiers


def _check_unit(risk: Entry, path: str, unit: float) -> None:
    """Raise FieldError where margins are not in this unit.

    The initial margin may be missing.
    """
    leverage, initial = figure(risk, "maxLeverage"), optional(risk, "initialMargin")
    if initial is None:
        return
    if not 1 / _SAME_UNIT < initial / unit * leverage < _SAME_UNIT:
        raise FieldError(f"{path}.initialMargin", f"is not 1 ÷ the leverage of {leverage:g}")
    if figure(risk, "maintenanceMargin") < _LEAST_PART * initial:
        raise FieldError(f"{path}.maintenanceMargin", "is in another unit than the initial margin")


def _leg(row: Entry, symbol: str, isolated: bool, taker_fee: float | None) -> VenuePosition | None:
    """Return the position; None where its size is zero.

    Raises FieldError with the reason where it stays out.
    """
    size = figure(row, "size", at_least=0)
    if not size:
        return None
    token = _token_held(symbol)
    side = _SIDES[choice(row.get("side"), "side", _SIDES)]
    entry_price, leverage = figure(row, "avgPrice", above=0), figure(row, "leverage", above=0)
    leg = VenuePosition(
        name=f"{symbol} {side}",
        token=token,
        side=side,
        quantity=size,
        entry_price=entry_price,
        leverage=leverage,
        mark=figure(row, "markPrice", above=0),
        liquidation_price=optional(row, "liqPrice", at_least=0),
    )
    return leg._replace(isolated_margin=_isolated_margin(row, leg, taker_fee)) if isolated else leg


def _isolated_margin(row: Entry, leg: VenuePosition, taker_fee: float | None) -> float:
    """Return what the position holds without its closing fee.

    Which the venue counts in (inferred from its examples).
    """
    rules = VENUES["bybit"]
    held = optional(row, "positionBalance") or figure(row, "positionIM", above=0)
    fee = rules.taker_fee if taker_fee is None else taker_fee
    return held - rules.closing_fee(
        1 if leg.side == "long" else -1, leg.quantity, leg.entry_price, leg.leverage, fee
    )


def _token_held(symbol: str) -> str:
    """Return the token of a position in a perpetual in USDT."""
    if "-" in symbol:
        raise FieldError("", "it is a dated future, and only perpetuals are taken over")
    base = base_of(symbol)
    if base is None:
        raise FieldError("", f"it is not settled in {SETTLEMENT}")
    token = token_of(base)
    if token is None:
        raise FieldError("", "its token is not known here")
    return token


def _own_balance(coin: Entry) -> float:
    """Return the wallet balance without what was borrowed by hand, which the venue counts in."""
    return figure(coin, "walletBalance") - (optional(coin, "spotBorrow", at_least=0) or 0.0)


def _equity(coin: Entry) -> float:
    """Return equity of a coin, which a debt follows.

    The wallet balance with the profit and loss settled in that coin.
    """
    equity = optional(coin, "equity")
    return _own_balance(coin) if equity is None else equity


def _owed(coins: Mapping[str, Entry]) -> tuple[dict[str, float], dict[str, float | None]]:
    """Return the owed coins' amounts, above 0, and the venue's value of each in USD."""
    owed = {
        name: -_equity(coin)
        for name, coin in coins.items()
        if name != SETTLEMENT and _equity(coin) < 0
    }
    worth = {name: optional(coins[name], "usdValue") for name in owed}
    return owed, {name: None if value is None else -value for name, value in worth.items()}


def _other_coins(coins: Mapping[str, Entry], isolated: bool) -> list[LeftOut]:
    """Return coins that the account holds beside the settlement coin."""
    left_out: list[LeftOut] = []
    for name, coin in coins.items():
        if name != SETTLEMENT and _equity(coin) >= 0 and (amount := _own_balance(coin)):
            counts = (
                not isolated
                and coin.get("marginCollateral") is True
                and coin.get("collateralSwitch") is True
            )
            left_out.append(LeftOut(f"{amount:g} {name}", _COLLATERAL if counts else _IDLE_COIN))
    return left_out


def _figures(wallet: Entry, cash: Entry, taken: AccountPositions) -> VenueFigures:
    """Return the venue's own figures: of a cross account, where they are of all coins and in USD.

    Isolated: its equity.
    """
    if taken.margin_mode == "isolated":
        return VenueFigures(optional(cash, "equity"))
    names = ("totalMarginBalance", "totalInitialMargin", "totalMaintenanceMargin", "accountMMRate")
    return VenueFigures(*(optional(wallet, name) for name in names))
