"""Bybit, API v5: linear USDT perpetuals, and a unified account, cross or isolated.

Every answer is `{"retCode": 0, "result": {…}}`. Long lists come in pages with a cursor, figures as
text.
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
    optional_figure,
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
"""The units in which an answer may give margins, with their value of 100%."""
_SAME_UNIT = 10.0
"""How many times more or less than 1 ÷ the leverage an initial margin may be.

The leverage is exact, but the initial margin is rounded, at times to two digits. So it shows the
unit, a factor of 100, and nothing finer.
"""
_LEAST_PART = 0.05
"""Below this ratio of maintenance to initial margin the two are not in the same unit.

The ratio is at least 0.3 on every venue.
"""
_WITHDRAWALS = ("Withdraw", "AccountTransfer", "SubMemberTransfer")
"""Permissions to withdraw or transfer money."""
_CLASSIC = 1
_PORTFOLIO, _ISOLATED, _CROSS = "PORTFOLIO_MARGIN", "ISOLATED_MARGIN", "REGULAR_MARGIN"
_SIDES: Mapping[str, Side] = {"Buy": "long", "Sell": "short"}
_OTHER_CONTRACTS: Sequence[tuple[str, Mapping[str, str], str]] = (
    (
        "USDC contracts",
        {"category": "linear", "settleCoin": "USDC"},
        f"it is not settled in {SETTLEMENT}",
    ),
    ("inverse contracts", {"category": "inverse"}, f"it is not settled in {SETTLEMENT}"),
    ("options", {"category": "option"}, "it is an option, and only perpetuals are taken over"),
)
"""Positions that share a cross account's margin with the imported ones."""
_NOT_AVAILABLE = "they could not be asked for; if there are any, they are missing here"
_COLLATERAL = "collateral in other coins is not imported; add it by hand with its ratio"
_IDLE_COIN = "it does not count as collateral in this account"


class Bybit:
    """A reader of Bybit; `account` needs a connection with a key."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._instruments: Mapping[str, Entry] = {}
        """The latest instruments by symbol, for the funding intervals that tickers may lack."""

    def contracts(self) -> Checked[Contract]:
        """Return every linear USDT perpetual that trades."""
        rows = self._fetch_pages(
            "publicGetV5MarketInstrumentsInfo", category="linear", limit=_INSTRUMENTS_PAGE
        )
        self._instruments = index_valid_rows(rows, "symbol")
        return parse_rows(rows, base_of_row, _parse_contract)

    def quotes(self) -> Checked[Quote]:
        """Return mark prices and current funding of the USDT perpetuals."""
        rows = self._fetch_rows("publicGetV5MarketTickers", category="linear")
        return parse_rows(rows, base_of_row, lambda row: _parse_quote(row, self._instruments))

    def tiers(self, token: str) -> Checked[TierTable]:
        """Return the token's tier table."""
        symbol = symbol_of(token)
        rows = self._fetch_rows("publicGetV5MarketRiskLimit", category="linear", symbol=symbol)
        if not rows:
            raise Unavailable("absent", f"has no tiers of {token}")
        return Checked({token: _parse_tiers(rows, symbol)})

    def funding(self, token: str) -> FundingHistory:
        """Return the latest 200 funding payments."""
        parameters = {"category": "linear", "symbol": symbol_of(token), "limit": _MOST_PAYMENTS}
        rows = self._fetch_rows("publicGetV5MarketFundingHistory", **parameters)
        if not rows:
            raise Unavailable("absent", f"has no past funding of {token}")
        return funding_history(rows, "fundingRateTimestamp", "fundingRate")

    def candles(self, token: str) -> Candles:
        """Return the daily candles of the latest 1000 days."""
        parameters = {"symbol": symbol_of(token), "interval": "D", "limit": _MOST_CANDLES}
        rows = self._fetch_rows("publicGetV5MarketKline", category="linear", **parameters)
        if not rows:
            raise Unavailable("absent", f"has no candles of {token}")
        return candles(reversed(rows))

    def account(self) -> VenueAccount:
        """Return the key's account.

        Raises Unavailable for a classic account and for portfolio margin.
        """
        isolated = self._fetch_margin_mode() == _ISOLATED
        rights = self.rights()
        wallet = self._fetch_wallet()
        coins = index_rows(entries(wallet, "coin"), "coin")
        rows = self._fetch_positions(category="linear", settleCoin=SETTLEMENT)
        taker_fee = self._fetch_taker_fee(rows)
        positions, left_out = parse_positions(
            rows, "symbol", lambda row, symbol: _parse_position(row, symbol, isolated, taker_fee)
        )
        debts = value_debts(*_parse_debts(coins), self._fetch_marks)
        others = [*_skipped_coins(coins, isolated), *list_debts(debts, SETTLEMENT)]
        combined = combine_positions(
            positions, [*left_out, *self._fetch_other_positions(), *others]
        )
        wallet_balance = _net_balance(coins[SETTLEMENT]) if SETTLEMENT in coins else 0.0
        return VenueAccount(
            venue="bybit",
            seen_at=datetime.now(UTC),
            wallet_balance=subtract_debts(wallet_balance, debts, combined),
            imported=combined.imported,
            marks=combined.marks,
            figures=_parse_figures(wallet, coins.get(SETTLEMENT, {}), combined),
            liquidation_prices=combined.liquidation_prices,
            taker_fee=taker_fee,
            margin_mode=combined.margin_mode,
            may_trade=rights.may_trade,
            may_withdraw=rights.may_withdraw,
        )

    def _fetch_result(self, method: str, **parameters: Any) -> Entry:
        return entry(nested(self._connection.ask(method, parameters), "result"), "result")

    def _fetch_rows(self, method: str, **parameters: Any) -> Sequence[Any]:
        return entries(self._fetch_result(method, **parameters), "list")

    def _fetch_pages(self, method: str, **parameters: Any) -> list[Any]:
        """Return the rows of all pages, up to one without rows or without a cursor.

        Raises FieldError where there are more than `_MOST_PAGES`.
        """
        rows: list[Any] = []
        for _ in range(_MOST_PAGES):
            result = self._fetch_result(method, **parameters)
            # The list of a page after the last one may be null.
            is_past_end = bool(rows) and result.get("list", ()) is None
            page = [] if is_past_end else entries(result, "list")
            rows.extend(page)
            cursor = optional_text(result, "nextPageCursor")
            if not cursor or not page:
                return rows
            parameters["cursor"] = cursor
        raise FieldError("nextPageCursor", f"leads on after {_MOST_PAGES} pages")

    def _fetch_margin_mode(self) -> str:
        info = self._fetch_result("privateGetV5AccountInfo")
        mode = choice(info.get("marginMode"), "marginMode", [_CROSS, _ISOLATED, _PORTFOLIO])
        if optional_figure(info, "unifiedMarginStatus") == _CLASSIC:
            raise Unavailable(
                "absent", "keeps this account as a classic one, whose rules are not modelled here"
            )
        if mode == _PORTFOLIO:
            raise Unavailable(
                "absent",
                "keeps this account in portfolio margin, whose rules are not modelled here",
            )
        return mode

    def _fetch_wallet(self) -> Entry:
        rows = self._fetch_rows("privateGetV5AccountWalletBalance", accountType="UNIFIED")
        if not rows:
            raise FieldError("list", "is empty")
        return entry(rows[0])

    def _fetch_positions(self, **parameters: str) -> list[Any]:
        return self._fetch_pages("privateGetV5PositionList", limit=_POSITIONS_PAGE, **parameters)

    def _fetch_other_positions(self) -> list[LeftOut]:
        """Return the open positions of other contracts, which are not imported."""
        left_out: list[LeftOut] = []
        for kind, parameters, reason in _OTHER_CONTRACTS:
            try:
                rows = index_rows(self._fetch_positions(**parameters), "symbol").items()
                left_out += [
                    LeftOut(symbol, reason) for symbol, row in rows if optional_figure(row, "size")
                ]
            except (Unavailable, FieldError):
                left_out.append(LeftOut(kind, _NOT_AVAILABLE))
        return left_out

    def _fetch_taker_fee(self, positions: Sequence[Any]) -> float | None:
        """Return the account's taker fee for its first position, None if not available."""
        symbol = next(iter(index_valid_rows(positions, "symbol")), None)
        if symbol is None:
            return None
        try:
            rows = self._fetch_rows("privateGetV5AccountFeeRate", category="linear", symbol=symbol)
            fees = index_valid_rows(rows, "symbol").get(symbol, {})
            return figure(fees, "takerFeeRate", at_least=0, below=1)
        except (Unavailable, FieldError):
            return None

    def rights(self) -> Rights:
        """Return the key's permissions. Raises Unavailable for a key that can withdraw."""
        return refuse_withdrawal("bybit", self._fetch_rights())

    def _fetch_rights(self) -> Rights:
        try:
            key = self._fetch_result("privateGetV5UserQueryApi")
            read_only = figure(key, "readOnly", at_least=0, at_most=1) == 1
            granted = entry(key.get("permissions"), "permissions")
            transfers = entries(granted, "Wallet") if "Wallet" in granted else ()
        except (Unavailable, FieldError):
            return Rights(None, None)
        if read_only:
            return Rights(False, False)
        trades = any(rights for kind, rights in granted.items() if kind != "Wallet")
        return Rights(trades, any(right in _WITHDRAWALS for right in transfers))

    def _fetch_marks(self) -> dict[str, float]:
        return {token: quote.mark for token, quote in self.quotes().good.items()}


def _parse_contract(row: Entry) -> Contract | None:
    """Return the contract, None where it is of another kind or does not trade."""
    kind = tuple(text(row, key) for key in ("contractType", "status", "quoteCoin", "settleCoin"))
    if kind != ("LinearPerpetual", "Trading", SETTLEMENT, SETTLEMENT):
        return None
    choice(row.get("baseCoin"), "baseCoin", [base_of_row(row) or ""])
    lot = entry(row.get("lotSizeFilter"), "lotSizeFilter")
    price = entry(row.get("priceFilter"), "priceFilter")
    return Contract(
        tick_size=optional_figure(price, "tickSize", above=0),
        quantity_step=optional_figure(lot, "qtyStep", above=0),
        minimum_notional=optional_figure(lot, "minNotionalValue", above=0),
        contract_value=1.0,
        contract_value_confirmed=True,
        taker_fee=VENUES["bybit"].taker_fee,
        status="trading",
        as_of=today(),
    )


def _parse_quote(row: Entry, instruments: Mapping[str, Entry]) -> Quote:
    def parse_funding() -> tuple[float | None, float | None, datetime | None]:
        hours = optional_figure(row, "fundingIntervalHour")
        if hours is None:
            instrument = instruments.get(text(row, "symbol"), {})
            minutes = optional_figure(instrument, "fundingInterval")
            hours = minutes / 60 if minutes else None
        return optional_figure(row, "fundingRate"), hours, moment(row, "nextFundingTime")

    return venue_quote(figure(row, "markPrice"), optional_figure(row, "indexPrice"), parse_funding)


def _parse_tiers(rows: Sequence[Any], symbol: str) -> TierTable:
    """Return the tier table in the only unit in which its figures agree with each other.

    Some answers give margins as fractions ("0.02"), others in per cent ("2"). In the right unit
    every initial margin is about 1 ÷ the leverage, the maintenance margin is below it, and the
    deductions, where there are any, are continuous. Raises FieldError where neither unit fits, or
    both do.
    """
    risks = sorted(map(entry, rows), key=lambda risk: figure(risk, "riskLimitValue"))
    for index, risk in enumerate(risks):
        choice(risk.get("symbol"), f"[{index}].symbol", [symbol])
    tables: list[TierTable] = []
    reasons: list[str] = []
    for name, unit in _UNITS.items():
        try:
            tables.append(tier_table(_tier_rows(risks, unit), progressive=True))
        except FieldError as error:
            reasons.append(f"{name}: {error}")
    if len(tables) != 1:
        raise FieldError("", "; ".join(reasons) or "its margins may be fractions or per cent")
    return tables[0]


def _tier_rows(risks: Sequence[Entry], unit: float) -> list[dict[str, float | None]]:
    """Return the tiers as rows of the scenario JSON; every floor is the cap of the tier before."""
    tiers: list[dict[str, float | None]] = []
    amounts = published_amounts(risks, "mmDeduction")
    floor = 0.0
    for index, risk in enumerate(risks):
        _check_unit(risk, f"[{index}]", unit)
        cap = figure(risk, "riskLimitValue", above=0)
        tiers.append(
            {
                "floor": floor,
                "cap": cap,
                "maintenance_rate": figure(risk, "maintenanceMargin") / unit,
                "maintenance_amount": amounts[index],
                "max_leverage": figure(risk, "maxLeverage"),
            }
        )
        floor = cap
    return tiers


def _check_unit(risk: Entry, path: str, unit: float) -> None:
    """Raise FieldError where the margins are not in this unit; the initial one may be missing."""
    leverage, initial = figure(risk, "maxLeverage"), optional_figure(risk, "initialMargin")
    if initial is None:
        return
    if not 1 / _SAME_UNIT < initial / unit * leverage < _SAME_UNIT:
        raise FieldError(f"{path}.initialMargin", f"is not 1 ÷ the leverage of {leverage:g}")
    if figure(risk, "maintenanceMargin") < _LEAST_PART * initial:
        raise FieldError(f"{path}.maintenanceMargin", "is in another unit than the initial margin")


def _parse_position(
    row: Entry, symbol: str, isolated: bool, taker_fee: float | None
) -> VenuePosition | None:
    """Return the position, None where its size is 0.

    Raises FieldError with the reason where it cannot be imported.
    """
    size = figure(row, "size", at_least=0)
    if not size:
        return None
    token = _parse_token(symbol)
    side = _SIDES[choice(row.get("side"), "side", _SIDES)]
    position = VenuePosition(
        name=f"{symbol} {side}",
        token=token,
        side=side,
        quantity=size,
        entry_price=figure(row, "avgPrice", above=0),
        leverage=figure(row, "leverage", above=0),
        mark=figure(row, "markPrice", above=0),
        liquidation_price=optional_figure(row, "liqPrice", at_least=0),
    )
    if isolated:
        return position._replace(isolated_margin=_isolated_margin(row, position, taker_fee))
    return position


def _isolated_margin(row: Entry, position: VenuePosition, taker_fee: float | None) -> float:
    """Return the position's margin without the closing fee.

    The venue includes the fee (inferred from its examples).
    """
    rules = VENUES["bybit"]
    balance = optional_figure(row, "positionBalance") or figure(row, "positionIM", above=0)
    fee = rules.taker_fee if taker_fee is None else taker_fee
    return balance - rules.closing_fee(
        1 if position.side == "long" else -1,
        position.quantity,
        position.entry_price,
        position.leverage,
        fee,
    )


def _parse_token(symbol: str) -> str:
    """Return the position's token. Raises FieldError where it is not a USDT perpetual."""
    if "-" in symbol:
        raise FieldError("", "it is a dated future, and only perpetuals are taken over")
    base = base_of(symbol)
    if base is None:
        raise FieldError("", f"it is not settled in {SETTLEMENT}")
    token = token_of(base)
    if token is None:
        raise FieldError("", "its token is not known here")
    return token


def _net_balance(coin: Entry) -> float:
    """Return the wallet balance without the manual spot loan, which the venue includes."""
    return figure(coin, "walletBalance") - (optional_figure(coin, "spotBorrow", at_least=0) or 0.0)


def _equity(coin: Entry) -> float:
    """Return a coin's equity, the wallet balance with the PnL settled in it: below 0 for a debt."""
    equity = optional_figure(coin, "equity")
    return _net_balance(coin) if equity is None else equity


def _parse_debts(coins: Mapping[str, Entry]) -> tuple[dict[str, float], dict[str, float | None]]:
    """Return the owed coins' amounts, above 0, and the venue's values of them in USD."""
    owed: dict[str, float] = {}
    values: dict[str, float | None] = {}
    for name, coin in coins.items():
        if name != SETTLEMENT and (equity := _equity(coin)) < 0:
            value = optional_figure(coin, "usdValue")
            owed[name] = -equity
            values[name] = None if value is None else -value
    return owed, values


def _skipped_coins(coins: Mapping[str, Entry], isolated: bool) -> list[LeftOut]:
    """Return the coins beside the settlement coin, which are not imported."""
    left_out: list[LeftOut] = []
    for name, coin in coins.items():
        if name != SETTLEMENT and _equity(coin) >= 0 and (amount := _net_balance(coin)):
            is_collateral = (
                not isolated
                and coin.get("marginCollateral") is True
                and coin.get("collateralSwitch") is True
            )
            left_out.append(
                LeftOut(f"{amount:g} {name}", _COLLATERAL if is_collateral else _IDLE_COIN)
            )
    return left_out


def _parse_figures(wallet: Entry, cash: Entry, combined: AccountPositions) -> VenueFigures:
    """Return the venue's figures: in cross of all coins, in USD; in isolated the equity alone."""
    if combined.margin_mode == "isolated":
        return VenueFigures(optional_figure(cash, "equity"))
    names = ("totalMarginBalance", "totalInitialMargin", "totalMaintenanceMargin", "accountMMRate")
    return VenueFigures(*(optional_figure(wallet, name) for name in names))
