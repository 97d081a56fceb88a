"""Hyperliquid: perpetuals settled in USDC, and the account of a wallet address.

Every request is POST /info with a `type`; nothing is signed. Sizes are in tokens, tiers are by
notional in USD and follow from the maximum leverages of `meta`. Perpetuals of other builders'
exchanges on the same chain are not read. A wallet address is personal, so no error contains it.
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
    optional_figure,
    text,
)
from margin.market.venues.positions import AccountPositions, VenuePosition, combine_positions
from margin.market.venues.rights import Rights
from margin.venues import TierTable
from margin.venues.hyperliquid import HYPERLIQUID

MINIMUM_NOTIONAL = 10.0
"""Of every order, in USD."""

_ADDRESS = re.compile("0x[0-9a-fA-F]{40}")
_THOUSANDS = re.compile("k([A-Z0-9]{1,11})")
_LARGEST_PLAIN_TABLE = 49
"""Margin tables up to this number are not listed: their number is their one tier's leverage."""
_MOST_DECIMALS = 12
_PAID_HOURS = 480
"""Hours of funding to request: an answer has at most 500 payments, the oldest first."""
_PAST_DAYS = timedelta(days=1000)
_USDC = 0
"""The coin's number in spot."""
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
"""What users must know about an account in this mode."""
_NAME = re.compile("[A-Za-z0-9:@._-]{1,30}")
_ELSEWHERE = (
    "it is held for positions or orders outside the exchange's own perpetuals, which are not read"
)
_UNEXPLAINED = 1.05
"""Margin above this multiple of the positions' requirement (and $1) is for something else."""


class _Balance(NamedTuple):
    """The equity of the cross positions, their initial margin, and margin for anything else."""

    equity: float
    initial_margin: float | None = None
    other_margin: float = 0.0


class Hyperliquid:
    """A reader of Hyperliquid; `account` needs a wallet address."""

    def __init__(self, connection: Connection, address: str = "") -> None:
        self._connection = connection
        self._address = address

    def contracts(self) -> Checked[Contract]:
        """Return every perpetual that trades on the exchange itself."""
        return parse_rows(entries(self._request("meta"), "universe"), _base, _parse_contract)

    def quotes(self) -> Checked[Quote]:
        """Return mark prices, oracle prices as index, and the funding rate of the current hour."""
        meta, states = _parse_pair(self._request("metaAndAssetCtxs"))
        universe = entries(meta, "universe")
        contexts = listed(states, "assetCtxs", most=MOST_ROWS)
        if len(universe) != len(contexts):
            raise FieldError("assetCtxs", f"must be of {len(universe)} assets, got {len(contexts)}")
        rows = [
            _with_context(asset, context) for asset, context in zip(universe, contexts, strict=True)
        ]
        next_hour = _next_hour()
        return parse_rows(rows, _base, lambda row: _parse_quote(row["context"], next_hour))

    def tiers(self, _token: str = "") -> Checked[TierTable]:
        """Return the tier tables of all perpetuals, which come in one answer."""
        meta = self._request("meta")
        tables = _margin_tables(meta)
        return parse_rows(
            entries(meta, "universe"), _base, lambda asset: _parse_tiers(asset, tables)
        )

    def funding(self, token: str) -> FundingHistory:
        """Return the latest 480 hourly funding payments."""
        start = datetime.now(UTC) - timedelta(hours=_PAID_HOURS)
        rows = self._fetch_token_rows(
            token, "fundingHistory", {"coin": _coin(token), "startTime": _ms(start)}
        )
        return funding_history(rows, "time", "fundingRate")

    def candles(self, token: str) -> Candles:
        """Return the daily candles of the latest 1000 days."""
        now = datetime.now(UTC)
        span = {"startTime": _ms(now - _PAST_DAYS), "endTime": _ms(now)}
        rows = self._fetch_token_rows(
            token, "candleSnapshot", {"req": {"coin": _coin(token), "interval": "1d", **span}}
        )
        return candles([[entry(row).get(key) for key in "tohlc"] for row in rows])

    def account(self) -> VenueAccount:
        """Return the wallet's account.

        Raises Unavailable for an invalid address and for portfolio margin.
        """
        if not _ADDRESS.fullmatch(self._address):
            raise Unavailable("key", "needs a wallet address, 0x and 40 hexadecimal digits")
        try:
            return self._fetch_account()
        except FieldError as error:
            # Without the field's value: the venue may echo the address.
            unreadable = FieldError(error.path, "cannot be read")
        raise unreadable

    def rights(self) -> Rights:
        """Return the permissions of an address: none beyond reading."""
        return Rights(False, False)

    def _fetch_account(self) -> VenueAccount:
        mode = self._request("userAbstraction", user=self._address)
        if mode not in _MODES:
            raise Unavailable(
                "absent", "keeps this account in a mode whose margin rules are not modelled here"
            )
        state = entry(self._request("clearinghouseState", user=self._address))
        balance = self._fetch_unified_balance(state) if mode == _UNIFIED else _parse_balance(state)
        account = _parse_account(state, balance, self._fetch_taker_fee())
        return replace(account, notes=(_NOTES[mode],)) if mode in _NOTES else account

    def _fetch_unified_balance(self, state: Entry) -> _Balance:
        """Return the balance of a unified account: its spot USDC, which includes unrealised PnL.

        USDC that is neither available after maintenance nor required by the positions of `state`
        is margin for something else.
        """
        spot = self._request("spotClearinghouseState", user=self._address)
        total = _spot_usdc(spot)
        isolated = _isolated_equity(_open_positions(state))
        required = isolated + figure(state, "crossMaintenanceMarginUsed", at_least=0)
        used = total - _after_maintenance(spot, total - required)
        other_margin = used - required if used > required * _UNEXPLAINED + 1 else 0.0
        return _Balance(total - isolated, other_margin=other_margin)

    def _fetch_taker_fee(self) -> float | None:
        """Return the account's taker fee, None if not available."""
        try:
            fees = entry(self._request("userFees", user=self._address))
            return figure(fees, "userCrossRate", at_least=0, below=1)
        except (Unavailable, FieldError):
            return None

    def _fetch_token_rows(
        self, token: str, kind: str, parameters: Mapping[str, Any]
    ) -> Sequence[Any]:
        """Return the rows of one perpetual. Raises Unavailable where there are none."""
        try:
            rows = listed(self._request(kind, **parameters), "", most=MOST_ROWS)
        except Unavailable as error:
            # For an unlisted perpetual the venue's answer is just an unspecific error.
            if error.trouble == "broken" and token not in self.contracts().good:
                raise Unavailable("absent", f"does not list {token}") from None
            raise
        if not rows:
            raise Unavailable("absent", f"has no such past of {token}")
        return rows

    def _request(self, kind: str, **parameters: Any) -> Any:
        return self._connection.ask("publicPostInfo", {"type": kind, **parameters})


def _ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def _next_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _base(asset: Entry) -> str | None:
    """Return the base asset by its name on other venues (kPEPE is 1000PEPE), None if delisted."""
    if asset.get("isDelisted"):
        return None
    name = text(asset, "name")
    thousands = _THOUSANDS.fullmatch(name)
    return f"1000{thousands[1]}" if thousands else name


def _coin(token: str) -> str:
    """Return the venue's name of a token."""
    return f"k{token[4:]}" if listed_token(token).startswith("1000") and len(token) > 4 else token


def _parse_contract(asset: Entry) -> Contract:
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


def _parse_pair(answer: object) -> tuple[Any, Any]:
    pair = listed(answer, "", most=2)
    if len(pair) != 2:
        raise FieldError("", f"must be a pair, got {len(pair)}")
    return pair[0], pair[1]


def _with_context(asset: object, context: object) -> object:
    """Return an asset's row with its context; `parse_rows` ignores what is not an object."""
    return {**asset, "context": context} if isinstance(asset, Mapping) else asset


def _parse_quote(context: object, next_hour: datetime) -> Quote:
    fields = entry(context, "context")
    mark, index_price = (
        figure(fields, "markPx", above=0),
        optional_figure(fields, "oraclePx", at_least=0),
    )
    return venue_quote(mark, index_price, lambda: (figure(fields, "funding"), 1.0, next_hour))


def _margin_tables(meta: object) -> dict[float, object]:
    """Return the margin tables by number, from `[[56, {"marginTiers": […]}], …]`."""
    tables: dict[float, object] = {}
    for row in entries(meta, "marginTables"):
        with suppress(FieldError):
            number, table = _parse_pair(row)
            tables[figure({"id": number}, "id")] = table
    return tables


def _parse_tiers(asset: Entry, tables: Mapping[float, object]) -> TierTable:
    """Return an asset's tier table, whose first tier must have the asset's maximum leverage."""
    leverage = figure(asset, "maxLeverage", at_least=1)
    number = figure(asset, "marginTableId", at_least=0)
    if number <= _LARGEST_PLAIN_TABLE:
        rows = [_tier_row({"lowerBound": 0, "maxLeverage": number})]
    else:
        tiers = entries(tables.get(number), "marginTiers")
        rows = [_tier_row(entry(tier)) for tier in tiers]
    if not rows or rows[0]["max_leverage"] != leverage:
        raise FieldError(
            "maxLeverage",
            f"is {leverage:g}, and not that of the first tier of margin table {number:g}",
        )
    return tier_table(rows, progressive=True)


def _tier_row(tier: Entry) -> Mapping[str, float | None]:
    """Return a row of the scenario JSON; its amount follows from continuity."""
    # The maintenance margin is half the initial margin at the maximum leverage.
    leverage = figure(tier, "maxLeverage", at_least=1)
    return {
        "floor": figure(tier, "lowerBound"),
        "maintenance_rate": 1 / (2 * leverage),
        "max_leverage": leverage,
    }


def _open_positions(state: Entry) -> list[Entry]:
    """Return the rows of positions with a size other than 0."""
    rows = [entry(nested(row, "position")) for row in entries(state, "assetPositions")]
    return [row for row in rows if figure(row, "szi")]


def _is_isolated(row: Entry) -> bool:
    mode = nested(row, "leverage", "type")
    return choice(mode, "leverage.type", ["cross", "isolated"]) == "isolated"


def _isolated_equity(rows: Sequence[Entry]) -> float:
    """Return the sum of the isolated margins, which include unrealised PnL."""
    return sum(figure(row, "marginUsed") for row in rows if _is_isolated(row))


def _decimal(row: Entry, key: str, **bounds: float) -> Decimal:
    """Return a figure as a decimal, for sums that must be exact."""
    return Decimal(repr(figure(row, key, **bounds)))


def _unrealised_pnl(row: Entry) -> Decimal:
    """Return the unrealised PnL at the reported entry price."""
    # That price is rounded, and the scenario computes the PnL from it: so the equity stays exact.
    size, value = _decimal(row, "szi"), _decimal(row, "positionValue", above=0)
    return value.copy_sign(size) - size * _decimal(row, "entryPx")


def _parse_balance(state: Entry) -> _Balance:
    summary = entry(nested(state, "crossMarginSummary"))
    return _Balance(figure(summary, "accountValue"), optional_figure(summary, "totalMarginUsed"))


def _spot_usdc(spot: object) -> float:
    """Return the account's USDC in spot. Raises Unavailable where another coin is owed."""
    balances = [entry(row) for row in entries(spot, "balances")]
    if any(
        (optional_figure(row, "total") or 0.0) < 0 and row.get("token") != _USDC for row in balances
    ):
        raise Unavailable(
            "absent", "says that this account owes a coin in spot, whose worth is not read here"
        )
    usdc = next((row for row in balances if row.get("token") == _USDC), None)
    if usdc is not None:
        return figure(usdc, "total")
    if any(text(row, "coin") == HYPERLIQUID.settlement for row in balances):
        raise FieldError("token", "cannot be read")
    return 0.0


def _after_maintenance(spot: object, default: float) -> float:
    """Return the USDC available after maintenance, from `[[0, "19787.6"], …]`."""
    rows = entry(spot).get("tokenToAvailableAfterMaintenance") or []
    pairs = [_parse_pair(row) for row in listed(rows, "", most=MOST_ROWS)]
    for number, value in pairs:
        if number == _USDC:
            return figure({"available": value}, "available")
    return default


def _parse_positions(rows: Sequence[Entry]) -> tuple[list[VenuePosition], list[LeftOut]]:
    """Return the positions of the rows, and those that cannot be imported."""
    positions: list[VenuePosition] = []
    left_out: list[LeftOut] = []
    for index, row in enumerate(rows, 1):
        coin = row.get("coin")
        # Only a plain name is shown: the venue may echo the address.
        name = coin if isinstance(coin, str) and _NAME.fullmatch(coin) else f"position {index}"
        try:
            positions.append(_parse_position(row, name))
        except FieldError as error:
            reason = f"its {error.path} cannot be read" if error.path else error.message
            left_out.append(LeftOut(name, reason))
    return positions, left_out


def _parse_position(row: Entry, name: str) -> VenuePosition:
    token = token_of(_base({"name": name}) or "")
    if token is None:
        raise FieldError("", "its token is not known here")
    size = _decimal(row, "szi")
    position = VenuePosition(
        name=name,
        token=token,
        side="long" if size > 0 else "short",
        quantity=float(abs(size)),
        entry_price=figure(row, "entryPx", above=0),
        leverage=figure(entry(nested(row, "leverage")), "value", above=0),
        mark=float(_decimal(row, "positionValue", above=0) / abs(size)),
    )
    if _is_isolated(row):
        margin = float(_decimal(row, "marginUsed") - _unrealised_pnl(row))
        position = position._replace(isolated_margin=margin)
    if "liquidationPx" in row:
        position = position._replace(liquidation_price=optional_figure(row, "liquidationPx") or 0.0)
    return position


def _parse_account(state: Entry, balance: _Balance, taker_fee: float | None) -> VenueAccount:
    rows = _open_positions(state)
    positions, left_out = _parse_positions(rows)
    if balance.other_margin:
        left_out.append(LeftOut(f"{balance.other_margin:.2f} USDC of margin", _ELSEWHERE))
    combined = combine_positions(positions, left_out)
    cross_pnl = sum(_unrealised_pnl(row) for row in rows if not _is_isolated(row))
    wallet_balance = float(Decimal(repr(balance.equity)) - cross_pnl)
    if combined.margin_mode == "isolated":
        wallet_balance = max(0.0, wallet_balance) + combined.isolated_margins
    return VenueAccount(
        venue=HYPERLIQUID.key,
        seen_at=datetime.now(UTC),
        wallet_balance=wallet_balance,
        imported=combined.imported,
        marks=combined.marks,
        figures=_parse_figures(state, balance, rows, combined),
        liquidation_prices=combined.liquidation_prices,
        taker_fee=taker_fee,
        margin_mode=combined.margin_mode,
        may_trade=False,
        may_withdraw=False,
    )


def _parse_figures(
    state: Entry, balance: _Balance, rows: Sequence[Entry], combined: AccountPositions
) -> VenueFigures:
    """Return the venue's figures of the cross account; in isolated the equity alone."""
    if combined.margin_mode == "isolated":
        return VenueFigures(balance.equity + _isolated_equity(rows))
    maintenance = figure(state, "crossMaintenanceMarginUsed", at_least=0)
    return VenueFigures(
        balance.equity, balance.initial_margin, maintenance, quotient(maintenance, balance.equity)
    )
