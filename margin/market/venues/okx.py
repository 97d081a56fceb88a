"""OKX, API v5: linear swaps settled in USDT, and an account in single- or multi-currency margin.

Every answer is `{"code": "0", "data": […]}`. Sizes are contracts there, in the position tiers too:
a contract is ctVal · ctMult tokens, and quantities here are tokens.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

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
from margin.market.venues.debts import list_debts, subtract_debts, value_debts
from margin.market.venues.fields import (
    Entry,
    entries,
    entry,
    figure,
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
from margin.model.scenario import Side
from margin.venues import TierTable
from margin.venues.okx import OKX

_SUFFIX = f"-{OKX.settlement}-SWAP"
_HOUR = 3_600_000
_DAYS = "1Dutc"
"""Candles that begin at midnight UTC; those of `1D` begin in Hong Kong."""
_FULL_PAGE = 100
"""Rows that the shorter pages hold; a page of fewer is the last."""
_ENOUGH_PAYMENTS, _ENOUGH_CANDLES = 300, 500
_MULTI_CURRENCY, _PORTFOLIO = "3", "4"
_LEVELS = ("1", "2", _MULTI_CURRENCY, _PORTFOLIO)
_COLLATERAL = "collateral in other coins is not imported; add it by hand with its ratio"
_SIDES: Mapping[str, Side | None] = {"net": None, "long": "long", "short": "short"}


class Okx:
    """What OKX answers, as checked values; `account` needs a connection with a key."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def contracts(self) -> Checked[Contract]:
        """Return every linear swap in USDT that trades."""
        return parse_rows(self._instruments(), _base, _contract)

    def quotes(self) -> Checked[Quote]:
        """Return marks of the swaps in USDT.

        Index prices and funding where the venue gives them too.
        """
        marks = self._rows("publicGetPublicMarkPrice", instType="SWAP")
        indices = self._beside("publicGetMarketIndexTickers", quoteCcy=OKX.settlement)
        funding = self._beside("publicGetPublicFundingRate", instId="ANY")
        return parse_rows(
            marks,
            lambda row: _base_of(text(row, "instId")),
            lambda row: _quote(row, indices, funding),
        )

    def tiers(self, token: str) -> Checked[TierTable]:
        """Return the token's table, by contracts."""
        family = f"{listed_token(token)}-{OKX.settlement}"
        rows = self._rows(
            "publicGetPublicPositionTiers", instType="SWAP", tdMode="cross", instFamily=family
        )
        if not rows:
            raise Unavailable("absent", f"has no position tiers of {token}")
        return Checked({token: tier_table(_tiers(rows, family), progressive=False)})

    def funding(self, token: str) -> FundingHistory:
        """Return the latest 300 payments, at the rates that were realised."""
        method = "publicGetPublicFundingRateHistory"
        asked = {"instId": listed_token(token) + _SUFFIX, "limit": _FULL_PAGE}
        rows = self._pages(
            method, method, asked, _ENOUGH_PAYMENTS, lambda row: entry(row).get("fundingTime")
        )
        if not rows:
            raise Unavailable("absent", f"has no past funding of {token}")
        return funding_history([_payment(row) for row in rows], "fundingTime", "rate")

    def candles(self, token: str) -> Candles:
        """Return the latest 500 days at least, where there were so many."""
        latest, earlier = "publicGetMarketCandles", "publicGetMarketHistoryCandles"
        asked = {"instId": listed_token(token) + _SUFFIX, "bar": _DAYS, "limit": 3 * _FULL_PAGE}
        rows = self._pages(latest, earlier, asked, _ENOUGH_CANDLES, _begins)
        if not rows:
            raise Unavailable("absent", f"has no candles of {token}")
        return candles(reversed(rows))

    def account(self) -> VenueAccount:
        """Return the key's account.

        Raises Unavailable for portfolio margin, whose rules are not these.
        """
        config = self._only("privateGetAccountConfig")
        level = choice(config.get("acctLv"), "acctLv", _LEVELS)
        if level == _PORTFOLIO:
            raise Unavailable(
                "absent",
                "keeps this account in portfolio margin, whose rules are not modelled here",
            )
        rights = refuse_withdrawal(OKX.key, _rights(config))
        positions = self._rows("privateGetAccountPositions")
        # A regional site may list no swap in USDT at all: they are asked for where one is held.
        swaps = (
            self._instruments() if any(map(_base_of, index_valid_rows(positions, "instId"))) else []
        )
        contracts = parse_rows(swaps, _base, _contract).good if swaps else {}
        legs, left_out = parse_positions(
            positions, "instId", lambda row, what: _leg(row, what, contracts)
        )
        balance = self._only("privateGetAccountBalance")
        coins = _coins(balance)
        debts = value_debts(*_owed(coins), self._marks)
        if level == _MULTI_CURRENCY:
            left_out += _other_coins(coins)
        taken = combine_positions(legs, [*left_out, *list_debts(debts, OKX.settlement)])
        cash = coins.get(OKX.settlement, {})
        # The margin of an isolated position has left the cash balance.
        wallet_balance = (figure(cash, "cashBal") if cash else 0.0) + taken.isolated_margins
        return VenueAccount(
            venue=OKX.key,
            seen_at=datetime.now(UTC),
            wallet_balance=subtract_debts(wallet_balance, debts, taken),
            imported=taken.imported,
            marks=taken.marks,
            figures=_figures(config, balance, cash, taken),
            liquidation_prices=taken.liquidation_prices,
            taker_fee=self._taker_fee(_fee_group(swaps, taken)),
            margin_mode=taken.margin_mode,
            may_trade=rights.may_trade,
            may_withdraw=rights.may_withdraw,
        )

    def _instruments(self) -> Sequence[Any]:
        return self._rows("publicGetPublicInstruments", instType="SWAP")

    def _marks(self) -> dict[str, float]:
        return {token: quote.mark for token, quote in self.quotes().good.items()}

    def rights(self) -> Rights:
        """Return what the key may do.

        Raises Unavailable for a key by which money can leave the account.
        """
        return refuse_withdrawal(OKX.key, _rights(self._only("privateGetAccountConfig")))

    def _taker_fee(self, group: str) -> float | None:
        """Return the account's own, which OKX writes as a negative number.

        None where it cannot be told.
        """
        try:
            return _charged(self._only("privateGetAccountTradeFee", instType="SWAP"), group)
        except (Unavailable, FieldError):
            return None

    def _rows(self, method: str, **parameters: Any) -> Sequence[Any]:
        answer = self._connection.ask(method, parameters)
        choice(nested(answer, "code"), "code", ["0"])
        return entries(answer, "data")

    def _only(self, method: str, **parameters: Any) -> Entry:
        rows = self._rows(method, **parameters)
        if not rows:
            raise FieldError("data", "is empty")
        return entry(rows[0])

    def _beside(self, method: str, **parameters: Any) -> dict[str, Entry]:
        """Return rows by instrument, for figures that may be missing beside a mark.

        None where they cannot be had.
        """
        try:
            return index_valid_rows(self._rows(method, **parameters), "instId")
        except (Unavailable, FieldError):
            return {}

    def _pages(
        self,
        method: str,
        earlier: str,
        asked: Mapping[str, Any],
        enough: int,
        time: Callable[[Any], object],
    ) -> list[Any]:
        """Return rows, newest first.

        A page, then the pages before it, until there are enough of them or no more.
        """
        rows: list[Any] = []
        while True:
            page = self._rows(method, **asked)
            rows.extend(page)
            if len(page) < _FULL_PAGE or len(rows) >= enough:
                return rows
            method, asked = (
                earlier,
                {**asked, "after": int(figure({"time": time(rows[-1])}, "time"))},
            )


def _base_of(instrument: str) -> str | None:
    """Return the base asset of a swap in USDT by its name; None for another instrument."""
    return instrument.removesuffix(_SUFFIX) if instrument.endswith(_SUFFIX) else None


def _base(row: Entry) -> str | None:
    """Return the base asset of a linear swap in USDT that trades; None for another instrument."""
    kind = tuple(text(row, key) for key in ("instType", "ctType", "settleCcy", "state"))
    if kind != ("SWAP", "linear", OKX.settlement, "live"):
        return None
    return (optional_text(row, "instFamily") or optional_text(row, "uly")).removesuffix(
        f"-{OKX.settlement}"
    )


def _contract(row: Entry) -> Contract:
    base = _base(row) or ""
    choice(text(row, "instId"), "instId", [base + _SUFFIX])
    choice(text(row, "ctValCcy"), "ctValCcy", [base])
    value = _product(figure(row, "ctVal", above=0), figure(row, "ctMult", above=0))
    return Contract(
        tick_size=figure(row, "tickSz", above=0),
        quantity_step=_product(figure(row, "lotSz", above=0), value),
        minimum_notional=None,
        contract_value=value,
        contract_value_confirmed=True,
        taker_fee=OKX.taker_fee,
        status="trading",
        as_of=today(),
    )


def _product(one: float, other: float) -> float:
    """Return the product of two decimal figures as it is written.

    3 contracts of 0.1 are 0.3 tokens.
    """
    return float(Decimal(repr(one)) * Decimal(repr(other)))


def _quote(row: Entry, indices: Mapping[str, Entry], funding: Mapping[str, Entry]) -> Quote:
    instrument = text(row, "instId")
    mark = figure(row, "markPx", above=0)
    index_price = optional(indices.get(instrument.removesuffix("-SWAP"), {}), "idxPx", at_least=0)
    return venue_quote(mark, index_price, lambda: _present_funding(funding.get(instrument, {})))


def _present_funding(row: Entry) -> tuple[float | None, float | None, datetime | None]:
    """Return rate, interval in hours and next payment, all or none.

    A rate of unknown interval says nothing.

    `fundingTime` is the payment to come, `nextFundingTime` the one after it.
    """
    rate, pays, again = (
        optional(row, key) for key in ("fundingRate", "fundingTime", "nextFundingTime")
    )
    if rate is None or not pays or not again:
        return None, None, None
    return rate, (again - pays) / _HOUR, moment(row, "fundingTime")


def _tiers(rows: Sequence[Any], family: str) -> list[Mapping[str, float | None]]:
    """Return the tiers as rows of the scenario JSON. Each begins where the one before ends.

    Or up to a contract above.
    """
    read: list[Mapping[str, float | None]] = []
    end = 0.0
    for row in sorted(map(entry, rows), key=lambda row: figure(row, "maxSz", above=0)):
        choice(
            optional_text(row, "instFamily") or optional_text(row, "uly"), "instFamily", [family]
        )
        begin, cap = figure(row, "minSz"), figure(row, "maxSz")
        if not end <= begin <= end + 1:
            raise FieldError(
                f"[{len(read)}].minSz",
                f"must go on at {end:g}, where the tier before ends, got {begin:g}",
            )
        rate, leverage = figure(row, "mmr"), figure(row, "maxLever")
        read.append({"floor": end, "cap": cap, "maintenance_rate": rate, "max_leverage": leverage})
        end = cap
    return read


def _payment(row: object) -> Entry:
    """Return the row with the realised rate, or the announced one where it is unknown."""
    held = entry(row)
    realised = held.get("realizedRate")
    return {**held, "rate": held.get("fundingRate") if realised in (None, "") else realised}


def _begins(candle: object) -> object:
    return next(iter(listed(candle, "", most=100)), None)


def _leg(row: Entry, what: str, contracts: Mapping[str, Contract]) -> VenuePosition | None:
    """Return the position; None where its size is zero.

    Raises FieldError with the reason where it stays out.
    """
    size = figure(row, "pos")
    if not size:
        return None
    token = _token_held(row, what)
    if token not in contracts:
        raise FieldError("", "it does not trade at present, and its contract value is not known")
    isolated = choice(row.get("mgnMode"), "mgnMode", ["cross", "isolated"]) == "isolated"
    side = _SIDES[choice(row.get("posSide"), "posSide", _SIDES)]
    return VenuePosition(
        name=f"{what} {side}" if side else what,
        token=token,
        side=side or ("long" if size > 0 else "short"),
        quantity=_product(abs(size), contracts[token].contract_value),
        entry_price=figure(row, "avgPx", above=0),
        leverage=figure(row, "lever", above=0),
        mark=figure(row, "markPx", above=0),
        isolated_margin=figure(row, "margin", above=0) if isolated else None,
        liquidation_price=optional(row, "liqPx"),
    )


def _token_held(row: Entry, what: str) -> str:
    """Return the token of a position in a swap in USDT."""
    if text(row, "instType") != "SWAP":
        raise FieldError("", "it is no perpetual, and only those are taken over")
    base = _base_of(what)
    if base is None:
        raise FieldError("", f"it is not settled in {OKX.settlement}")
    token = token_of(base)
    if token is None:
        raise FieldError("", "its token is not known here")
    return token


def _coins(balance: Entry) -> dict[str, Entry]:
    """Return the account's coins by name.

    A row that cannot be read is not passed over: it may be the wallet.
    """
    coins = {text(coin, "ccy"): coin for coin in map(entry, entries(balance, "details"))}
    if "" in coins:
        raise FieldError("ccy", "is missing")
    return coins


def _equities(coins: Mapping[str, Entry]) -> dict[str, float]:
    """Return equity of every coin beside the settlement coin, in that coin.

    It is below 0 where the coin is owed.
    """
    return {
        name: optional(coin, "eq") or 0.0 for name, coin in coins.items() if name != OKX.settlement
    }


def _owed(coins: Mapping[str, Entry]) -> tuple[dict[str, float], dict[str, float | None]]:
    """Return the owed coins' amounts, above 0, and the venue's value of each in USD."""
    owed = {name: -equity for name, equity in _equities(coins).items() if equity < 0}
    worth = {name: optional(coins[name], "eqUsd") for name in owed}
    return owed, {name: None if value is None else -value for name, value in worth.items()}


def _other_coins(coins: Mapping[str, Entry]) -> list[LeftOut]:
    """Return coins that stand behind the positions of a multi-currency account beside USDT."""
    held = {name: equity for name, equity in _equities(coins).items() if equity > 0}
    return [LeftOut(f"{equity:.8g} {name}", _COLLATERAL) for name, equity in held.items()]


def _rights(config: Entry) -> Rights:
    """Return what the key may do, by the account's settings.

    Nothing is known of it where they do not say.
    """
    granted = {right.strip() for right in optional_text(config, "perm").split(",")}
    if not any(granted):
        return Rights(None, None)
    return Rights("trade" in granted, "withdraw" in granted)


def _fee_group(swaps: Sequence[Any], taken: AccountPositions) -> str:
    """Return the fee group of the first position's swap; empty where it is not told."""
    if not taken.imported.positions:
        return ""
    swap = index_valid_rows(swaps, "instId").get(taken.imported.positions[0].symbol + _SUFFIX, {})
    return _group_of(swap)


def _group_of(row: Entry) -> str:
    group = row.get("groupId")
    return str(group) if isinstance(group, (str, int)) else ""


def _charged(fees: Entry, group: str) -> float:
    """Return the taker fee, a fraction, from the row of the account's fees.

    It stands in `takerU`, or where that is empty in `feeGroup`, by the swap's group; without a
    group only where all groups pay the same. Raises FieldError where neither tells it.
    """
    rate = optional(fees, "takerU", above=-1, at_most=0)
    if rate is not None:
        return abs(rate)
    rows = [entry(row) for row in entries(fees, "feeGroup")]
    rates = {
        figure(row, "taker", above=-1, at_most=0)
        for row in rows
        if not group or _group_of(row) == group
    }
    if len(rates) != 1:
        raise FieldError("feeGroup", f"gives {len(rates)} rates for this swap")
    return abs(rates.pop())


def _figures(config: Entry, balance: Entry, cash: Entry, taken: AccountPositions) -> VenueFigures:
    """Return the venue's own figures of the cross account.

    Of USDT alone, or in multi-currency margin of all coins, in USD.

    Of isolated positions it gives no sum but their equity.
    """
    if taken.margin_mode == "isolated":
        return VenueFigures(_equity_without(cash, "stgyEq"))
    multi = text(config, "acctLv") == _MULTI_CURRENCY
    equity = optional(balance, "adjEq") if multi else _equity_without(cash, "isoEq", "stgyEq")
    return VenueFigures(
        equity, *(optional(balance if multi else cash, key) for key in ("imr", "mmr", "mgnRatio"))
    )


def _equity_without(cash: Entry, *elsewhere: str) -> float | None:
    """Return equity of USDT without isolated positions (`isoEq`) or bots (`stgyEq`)."""
    equity = optional(cash, "eq")
    return None if equity is None else equity - sum(optional(cash, key) or 0.0 for key in elsewhere)
