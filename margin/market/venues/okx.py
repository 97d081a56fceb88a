"""OKX, API v5: linear USDT swaps, and an account in single- or multi-currency margin.

Every answer is `{"code": "0", "data": […]}`. OKX gives sizes in contracts, in position tiers too; a
contract is ctVal · ctMult tokens, and quantities here are tokens.
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
from margin.model.scenario import Side
from margin.venues import TierTable
from margin.venues.okx import OKX

_SUFFIX = f"-{OKX.settlement}-SWAP"
_HOUR = 3_600_000
_DAY_BAR = "1Dutc"
"""Candles from midnight UTC; those of `1D` begin at midnight in Hong Kong."""
_FULL_PAGE = 100
"""Rows of the shortest full page; a page with fewer is the last."""
_ENOUGH_PAYMENTS, _ENOUGH_CANDLES = 300, 500
_MULTI_CURRENCY, _PORTFOLIO = "3", "4"
_LEVELS = ("1", "2", _MULTI_CURRENCY, _PORTFOLIO)
_COLLATERAL = "collateral in other coins is not imported; add it by hand with its ratio"
_SIDES: Mapping[str, Side | None] = {"net": None, "long": "long", "short": "short"}


class Okx:
    """A reader of OKX; `account` needs a connection with a key."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def contracts(self) -> Checked[Contract]:
        """Return every linear USDT swap that trades."""
        return parse_rows(self._fetch_instruments(), _base, _parse_contract)

    def quotes(self) -> Checked[Quote]:
        """Return mark prices of the USDT swaps, with index prices and funding if available."""
        marks = self._fetch_rows("publicGetPublicMarkPrice", instType="SWAP")
        indices = self._fetch_optional_rows("publicGetMarketIndexTickers", quoteCcy=OKX.settlement)
        funding = self._fetch_optional_rows("publicGetPublicFundingRate", instId="ANY")
        return parse_rows(
            marks,
            lambda row: _base_of(text(row, "instId")),
            lambda row: _parse_quote(row, indices, funding),
        )

    def tiers(self, token: str) -> Checked[TierTable]:
        """Return the token's tier table, in contracts."""
        family = f"{listed_token(token)}-{OKX.settlement}"
        rows = self._fetch_rows(
            "publicGetPublicPositionTiers", instType="SWAP", tdMode="cross", instFamily=family
        )
        if not rows:
            raise Unavailable("absent", f"has no position tiers of {token}")
        return Checked({token: tier_table(_tier_rows(rows, family), progressive=False)})

    def funding(self, token: str) -> FundingHistory:
        """Return the latest 300 funding payments, at the realised rates."""
        method = "publicGetPublicFundingRateHistory"
        parameters = {"instId": listed_token(token) + _SUFFIX, "limit": _FULL_PAGE}
        rows = self._fetch_pages(
            method, method, parameters, _ENOUGH_PAYMENTS, lambda row: entry(row).get("fundingTime")
        )
        if not rows:
            raise Unavailable("absent", f"has no past funding of {token}")
        return funding_history([_with_rate(row) for row in rows], "fundingTime", "rate")

    def candles(self, token: str) -> Candles:
        """Return the daily candles of at least the latest 500 days, where it has them."""
        latest, earlier = "publicGetMarketCandles", "publicGetMarketHistoryCandles"
        parameters = {
            "instId": listed_token(token) + _SUFFIX,
            "bar": _DAY_BAR,
            "limit": 3 * _FULL_PAGE,
        }
        rows = self._fetch_pages(latest, earlier, parameters, _ENOUGH_CANDLES, _candle_time)
        if not rows:
            raise Unavailable("absent", f"has no candles of {token}")
        return candles(reversed(rows))

    def account(self) -> VenueAccount:
        """Return the key's account.

        Raises Unavailable for portfolio margin.
        """
        config = self._fetch_row("privateGetAccountConfig")
        level = _parse_level(config)
        rights = refuse_withdrawal(OKX.key, _parse_rights(config))
        rows = self._fetch_rows("privateGetAccountPositions")
        swaps = self._fetch_open_swaps(rows)
        contracts = parse_rows(swaps, _base, _parse_contract).good if swaps else {}
        positions, left_out = parse_positions(
            rows, "instId", lambda row, instrument: _parse_position(row, instrument, contracts)
        )
        balance = self._fetch_row("privateGetAccountBalance")
        coins = _parse_coins(balance)
        debts = value_debts(*_parse_debts(coins), self._fetch_marks)
        if level == _MULTI_CURRENCY:
            left_out += _skipped_coins(coins)
        combined = combine_positions(positions, [*left_out, *list_debts(debts, OKX.settlement)])
        cash = coins.get(OKX.settlement, {})
        # The cash balance does not include the margins of isolated positions.
        wallet_balance = (figure(cash, "cashBal") if cash else 0.0) + combined.isolated_margins
        return VenueAccount(
            venue=OKX.key,
            seen_at=datetime.now(UTC),
            wallet_balance=subtract_debts(wallet_balance, debts, combined),
            imported=combined.imported,
            marks=combined.marks,
            figures=_parse_figures(config, balance, cash, combined),
            liquidation_prices=combined.liquidation_prices,
            taker_fee=self._fetch_taker_fee(_fee_group(swaps, combined)),
            margin_mode=combined.margin_mode,
            may_trade=rights.may_trade,
            may_withdraw=rights.may_withdraw,
        )

    def _fetch_instruments(self) -> Sequence[Any]:
        return self._fetch_rows("publicGetPublicInstruments", instType="SWAP")

    def _fetch_open_swaps(self, positions: Sequence[Any]) -> Sequence[Any]:
        """Return the instruments if a USDT swap is open: a regional site may list none at all."""
        has_swaps = any(map(_base_of, index_valid_rows(positions, "instId")))
        return self._fetch_instruments() if has_swaps else []

    def _fetch_marks(self) -> dict[str, float]:
        return {token: quote.mark for token, quote in self.quotes().good.items()}

    def rights(self) -> Rights:
        """Return the key's permissions. Raises Unavailable for a key that can withdraw."""
        return refuse_withdrawal(OKX.key, _parse_rights(self._fetch_row("privateGetAccountConfig")))

    def _fetch_taker_fee(self, group: str) -> float | None:
        """Return the account's taker fee, None if not available."""
        try:
            fees = self._fetch_row("privateGetAccountTradeFee", instType="SWAP")
            return _parse_taker_fee(fees, group)
        except (Unavailable, FieldError):
            return None

    def _fetch_rows(self, method: str, **parameters: Any) -> Sequence[Any]:
        answer = self._connection.ask(method, parameters)
        choice(nested(answer, "code"), "code", ["0"])
        return entries(answer, "data")

    def _fetch_row(self, method: str, **parameters: Any) -> Entry:
        rows = self._fetch_rows(method, **parameters)
        if not rows:
            raise FieldError("data", "is empty")
        return entry(rows[0])

    def _fetch_optional_rows(self, method: str, **parameters: Any) -> dict[str, Entry]:
        """Return rows by instrument, empty if not available: a mark does without them."""
        try:
            return index_valid_rows(self._fetch_rows(method, **parameters), "instId")
        except (Unavailable, FieldError):
            return {}

    def _fetch_pages(
        self,
        method: str,
        earlier_method: str,
        parameters: Mapping[str, Any],
        enough: int,
        time: Callable[[Any], object],
    ) -> list[Any]:
        """Return rows, newest first: the latest page, then earlier pages until there are enough."""
        rows: list[Any] = []
        while True:
            page = self._fetch_rows(method, **parameters)
            rows.extend(page)
            if len(page) < _FULL_PAGE or len(rows) >= enough:
                return rows
            oldest = int(figure({"time": time(rows[-1])}, "time"))
            method, parameters = earlier_method, {**parameters, "after": oldest}


def _base_of(instrument: str) -> str | None:
    """Return the base asset of a USDT swap's name, None for another instrument."""
    return instrument.removesuffix(_SUFFIX) if instrument.endswith(_SUFFIX) else None


def _base(row: Entry) -> str | None:
    """Return the base asset of a linear USDT swap that trades, None for another instrument."""
    kind = tuple(text(row, key) for key in ("instType", "ctType", "settleCcy", "state"))
    if kind != ("SWAP", "linear", OKX.settlement, "live"):
        return None
    return _family(row).removesuffix(f"-{OKX.settlement}")


def _family(row: Entry) -> str:
    return optional_text(row, "instFamily") or optional_text(row, "uly")


def _parse_contract(row: Entry) -> Contract:
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


def _product(first: float, second: float) -> float:
    """Return the exact decimal product, so that 3 contracts of 0.1 tokens are 0.3 tokens."""
    return float(Decimal(repr(first)) * Decimal(repr(second)))


def _parse_quote(row: Entry, indices: Mapping[str, Entry], funding: Mapping[str, Entry]) -> Quote:
    instrument = text(row, "instId")
    mark = figure(row, "markPx", above=0)
    index = indices.get(instrument.removesuffix("-SWAP"), {})
    index_price = optional_figure(index, "idxPx", at_least=0)
    return venue_quote(mark, index_price, lambda: _parse_funding(funding.get(instrument, {})))


def _parse_funding(row: Entry) -> tuple[float | None, float | None, datetime | None]:
    """Return rate, interval in hours and next payment; all None without a known interval."""
    rate = optional_figure(row, "fundingRate")
    # `fundingTime` is the next payment, `nextFundingTime` the one after it.
    next_time = optional_figure(row, "fundingTime")
    following_time = optional_figure(row, "nextFundingTime")
    if rate is None or not next_time or not following_time:
        return None, None, None
    return rate, (following_time - next_time) / _HOUR, moment(row, "fundingTime")


def _tier_rows(rows: Sequence[Any], family: str) -> list[Mapping[str, float | None]]:
    """Return the tiers as rows of the scenario JSON; every floor is the cap of the tier before.

    OKX may begin a tier up to one contract above that cap.
    """
    tiers: list[Mapping[str, float | None]] = []
    end = 0.0
    for row in sorted(map(entry, rows), key=lambda row: figure(row, "maxSz", above=0)):
        choice(_family(row), "instFamily", [family])
        floor, cap = figure(row, "minSz"), figure(row, "maxSz")
        if not end <= floor <= end + 1:
            raise FieldError(
                f"[{len(tiers)}].minSz",
                f"must go on at {end:g}, where the tier before ends, got {floor:g}",
            )
        rate, leverage = figure(row, "mmr"), figure(row, "maxLever")
        tiers.append({"floor": end, "cap": cap, "maintenance_rate": rate, "max_leverage": leverage})
        end = cap
    return tiers


def _with_rate(row: object) -> Entry:
    """Return the row with its realised rate, or the announced one where there is none."""
    payment = entry(row)
    rate = payment.get("realizedRate")
    if rate in (None, ""):
        rate = payment.get("fundingRate")
    return {**payment, "rate": rate}


def _candle_time(candle: object) -> object:
    return next(iter(listed(candle, "", most=100)), None)


def _parse_position(
    row: Entry, instrument: str, contracts: Mapping[str, Contract]
) -> VenuePosition | None:
    """Return the position, None where its size is 0.

    Raises FieldError with the reason where it cannot be imported.
    """
    size = figure(row, "pos")
    if not size:
        return None
    token = _parse_token(row, instrument)
    if token not in contracts:
        raise FieldError("", "it does not trade at present, and its contract value is not known")
    isolated = choice(row.get("mgnMode"), "mgnMode", ["cross", "isolated"]) == "isolated"
    side = _SIDES[choice(row.get("posSide"), "posSide", _SIDES)]
    return VenuePosition(
        name=f"{instrument} {side}" if side else instrument,
        token=token,
        side=side or ("long" if size > 0 else "short"),
        quantity=_product(abs(size), contracts[token].contract_value),
        entry_price=figure(row, "avgPx", above=0),
        leverage=figure(row, "lever", above=0),
        mark=figure(row, "markPx", above=0),
        isolated_margin=figure(row, "margin", above=0) if isolated else None,
        liquidation_price=optional_figure(row, "liqPx"),
    )


def _parse_token(row: Entry, instrument: str) -> str:
    """Return the position's token. Raises FieldError where it is not a USDT swap."""
    if text(row, "instType") != "SWAP":
        raise FieldError("", "it is no perpetual, and only those are taken over")
    base = _base_of(instrument)
    if base is None:
        raise FieldError("", f"it is not settled in {OKX.settlement}")
    token = token_of(base)
    if token is None:
        raise FieldError("", "its token is not known here")
    return token


def _parse_level(config: Entry) -> str:
    """Return the account's level. Raises Unavailable for portfolio margin."""
    level = choice(config.get("acctLv"), "acctLv", _LEVELS)
    if level == _PORTFOLIO:
        raise Unavailable(
            "absent", "keeps this account in portfolio margin, whose rules are not modelled here"
        )
    return level


def _parse_coins(balance: Entry) -> dict[str, Entry]:
    """Return the account's coins by name."""
    # A row without a name is not ignored, for it may be the wallet.
    coins = {text(coin, "ccy"): coin for coin in map(entry, entries(balance, "details"))}
    if "" in coins:
        raise FieldError("ccy", "is missing")
    return coins


def _equities(coins: Mapping[str, Entry]) -> dict[str, float]:
    """Return the equity of the other coins than the settlement coin: below 0 for a debt."""
    return {
        name: optional_figure(coin, "eq") or 0.0
        for name, coin in coins.items()
        if name != OKX.settlement
    }


def _parse_debts(coins: Mapping[str, Entry]) -> tuple[dict[str, float], dict[str, float | None]]:
    """Return the owed coins' amounts, above 0, and the venue's values of them in USD."""
    owed = {name: -equity for name, equity in _equities(coins).items() if equity < 0}
    values: dict[str, float | None] = {}
    for name in owed:
        value = optional_figure(coins[name], "eqUsd")
        values[name] = None if value is None else -value
    return owed, values


def _skipped_coins(coins: Mapping[str, Entry]) -> list[LeftOut]:
    """Return a multi-currency account's collateral beside USDT, which is not imported."""
    return [
        LeftOut(f"{equity:.8g} {name}", _COLLATERAL)
        for name, equity in _equities(coins).items()
        if equity > 0
    ]


def _parse_rights(config: Entry) -> Rights:
    """Return the key's permissions in the account's settings, None where they have none."""
    granted = {right.strip() for right in optional_text(config, "perm").split(",")}
    if not any(granted):
        return Rights(None, None)
    return Rights("trade" in granted, "withdraw" in granted)


def _fee_group(swaps: Sequence[Any], combined: AccountPositions) -> str:
    """Return the fee group of the first position's swap, empty where it is unknown."""
    if not combined.imported.positions:
        return ""
    instrument = combined.imported.positions[0].symbol + _SUFFIX
    return _group_of(index_valid_rows(swaps, "instId").get(instrument, {}))


def _group_of(row: Entry) -> str:
    group = row.get("groupId")
    return str(group) if isinstance(group, (str, int)) else ""


def _parse_taker_fee(fees: Entry, group: str) -> float:
    """Return the taker fee as a fraction; OKX writes it as a negative number.

    It is in `takerU`, or where that is empty in `feeGroup` under the swap's group; without a group
    it is known only where all groups pay the same. Raises FieldError where it is unknown.
    """
    rate = optional_figure(fees, "takerU", above=-1, at_most=0)
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


def _parse_figures(
    config: Entry, balance: Entry, cash: Entry, combined: AccountPositions
) -> VenueFigures:
    """Return the venue's figures of the cross account; in isolated the equity alone.

    They are of USDT, or in multi-currency margin of all coins and in USD.
    """
    if combined.margin_mode == "isolated":
        return VenueFigures(_equity_without(cash, "stgyEq"))
    if text(config, "acctLv") == _MULTI_CURRENCY:
        equity, totals = optional_figure(balance, "adjEq"), balance
    else:
        equity, totals = _equity_without(cash, "isoEq", "stgyEq"), cash
    return VenueFigures(
        equity, *(optional_figure(totals, key) for key in ("imr", "mmr", "mgnRatio"))
    )


def _equity_without(cash: Entry, *parts: str) -> float | None:
    """Return the USDT equity without isolated positions (`isoEq`) or bots (`stgyEq`)."""
    equity = optional_figure(cash, "eq")
    if equity is None:
        return None
    return equity - sum(optional_figure(cash, part) or 0.0 for part in parts)
