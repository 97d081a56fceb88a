"""Bybit: what its answers become, its units and pages, and a unified account."""

from typing import Any

import pytest

from margin.market.accounts import LeftOut, as_scenario
from margin.market.snapshot import embedded as snapshot
from margin.market.source import Unavailable
from margin.market.venues.connection import Connection
from margin.market.venues.readers import READERS, Venues, read_account
from margin.model.scenario import Position
from margin.studies.account.assess import assess
from margin.venues import TierTable
from tests.replay.bybit import BROKEN, HOST
from tests.replay.figures import KEY, Book, Leg
from tests.replay.server import Fault, Replay, Reply

TOKENS = set(snapshot.tables("bybit").tiers)


@pytest.fixture(autouse=True)
def _replayed(replay: Replay) -> None:
    """Every test here speaks to the replayed venue."""


def tiers() -> TierTable:
    return Venues().tiers("bybit", "RENDER").good["RENDER"]


def altered(replay: Replay, path: str, change: Any) -> None:
    """The result of one address, changed on its way."""
    answer = replay.answer(HOST, "GET", path)

    def changed(asked: Any) -> Any:
        given = answer(asked)
        return given if isinstance(given, Reply) else {**given, "result": change(given["result"])}

    replay.serve(HOST, "GET", path, changed)


def rows(change: Any) -> Any:
    """A change of a result's rows."""
    return lambda result: {**result, "list": [change(row) for row in result["list"]]}


# Contracts and quotes


def test_every_linear_perpetual_in_usdt_that_trades_is_a_contract_on_whatever_page(
    replay: Replay,
) -> None:
    contracts = Venues().contracts("bybit")
    assert set(contracts.good) == TOKENS
    assert dict(contracts.refused) == {
        BROKEN: 'lotSizeFilter: must be an object, got "0.1"',
        # A row that does not say whether it counts is not passed over.
        "ARKM": "status: must be text, got 5",
    }
    assert [asked.query.get("cursor") for asked in replay.asked] == [
        None,
        "from=7",
        "from=14",
        "from=21",
    ]


def test_pages_without_an_end_are_given_up(replay: Replay) -> None:
    altered(
        replay,
        "/v5/market/instruments-info",
        lambda result: {**result, "nextPageCursor": "from%3D0"},
    )
    with pytest.raises(Unavailable, match="nextPageCursor: leads on after 10 pages"):
        Venues().contracts("bybit")


@pytest.mark.parametrize(
    "end", [{"nextPageCursor": None}, {"nextPageCursor": ""}, {}], ids=["null", "empty", "absent"]
)
def test_a_page_without_a_cursor_is_the_last(replay: Replay, end: dict[str, Any]) -> None:
    def changed(result: Any) -> Any:
        more = result.pop("nextPageCursor")
        return {**result, **({"nextPageCursor": more} if more else end)}

    altered(replay, "/v5/market/instruments-info", changed)
    assert set(Venues().contracts("bybit").good) == TOKENS
    assert len(replay.asked) == 4


@pytest.mark.parametrize("empty", [[], None], ids=["empty", "null"])
def test_a_cursor_that_leads_to_an_empty_page_ends_the_list(replay: Replay, empty: Any) -> None:
    altered(
        replay,
        "/v5/market/instruments-info",
        lambda result: {
            **result,
            "list": result["list"] or empty,
            "nextPageCursor": result["nextPageCursor"] or "from%3D1000",
        },
    )
    assert set(Venues().contracts("bybit").good) == TOKENS
    assert len(replay.asked) == 5


def test_a_contract_carries_the_figures_of_its_filters() -> None:
    contract = Venues().contracts("bybit").good["RENDER"]
    assert (contract.tick_size, contract.quantity_step, contract.minimum_notional) == (
        0.001,
        0.1,
        5,
    )
    assert (contract.contract_value, contract.contract_value_confirmed, contract.status) == (
        1,
        True,
        "trading",
    )
    assert contract.taker_fee == 0.00055


def test_a_quote_carries_mark_index_and_present_funding(book: Book) -> None:
    checked = Venues().quotes("bybit")
    quote = checked.good["RENDER"]
    assert set(checked.good) == TOKENS
    assert checked.refused == {BROKEN: "markPrice: must be a number, got an object"}
    assert (quote.mark, quote.index_price) == (1.75, pytest.approx(1.750875))
    assert (quote.funding_rate, quote.interval_hours) == (0.0000249, 4)
    assert quote.next_funding is not None
    assert quote.next_funding.timestamp() * 1000 == book.next_funding("RENDER")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"markPrice": "0"}, "mark: must be a positive number, got 0", id="zero"),
        pytest.param(
            {"indexPrice": "1"},
            "its mark of 1.75 is +75% off its index price of 1",
            id="off the index",
        ),
    ],
)
def test_a_quote_that_cannot_be_true_is_refused_and_the_others_stand(
    replay: Replay, change: dict[str, Any], reason: str
) -> None:
    altered(
        replay,
        "/v5/market/tickers",
        rows(lambda row: {**row, **change} if "RENDER" in str(row) else row),
    )
    checked = Venues().quotes("bybit")
    assert checked.refused["RENDER"].startswith(reason)
    assert set(checked.good) == TOKENS - {"RENDER"}


@pytest.mark.parametrize(
    "change", [{"fundingRate": "-1"}, {"fundingRate": "high"}, {"fundingIntervalHour": "0"}]
)
def test_a_funding_rate_that_cannot_be_true_leaves_the_mark(
    replay: Replay, change: dict[str, Any]
) -> None:
    altered(
        replay,
        "/v5/market/tickers",
        rows(lambda row: {**row, **change} if "RENDER" in str(row) else row),
    )
    checked = Venues().quotes("bybit")
    assert checked.good["RENDER"] == (1.75, pytest.approx(1.750875), None, None, None)
    assert "RENDER" not in checked.refused


def test_an_interval_that_the_ticker_leaves_out_is_the_instruments_where_those_were_seen(
    replay: Replay,
) -> None:
    altered(
        replay,
        "/v5/market/tickers",
        rows(lambda row: {**row, "fundingIntervalHour": ""} if isinstance(row, dict) else row),
    )
    venues = Venues()
    assert venues.quotes("bybit").good["RENDER"].interval_hours is None
    venues.contracts("bybit")
    assert venues.quotes("bybit").good["RENDER"].interval_hours == 4


# Tiers


def test_the_tiers_are_those_of_the_venue() -> None:
    for token in TOKENS:
        assert Venues().tiers("bybit", token).good == {token: snapshot.tables("bybit").tiers[token]}


def test_margins_in_per_cent_are_read_as_the_fractions_they_are(book: Book) -> None:
    book.bybit_unit = 100.0
    for token in TOKENS:
        table, known = (
            Venues().tiers("bybit", token).good[token],
            snapshot.tables("bybit").tiers[token],
        )
        assert table.rates == pytest.approx(known.rates, rel=1e-15)
        assert (table.floors, table.amounts, table.max_leverages) == (
            known.floors,
            known.amounts,
            known.max_leverages,
        )


@pytest.mark.parametrize("unit", [1.0, 100.0])
def test_the_deductions_alone_tell_the_unit_where_initial_margins_are_missing(
    replay: Replay, book: Book, unit: float
) -> None:
    book.bybit_unit = unit
    altered(replay, "/v5/market/risk-limit", rows(lambda row: {**row, "initialMargin": ""}))
    assert tiers().rates == pytest.approx(snapshot.tables("bybit").tiers["RENDER"].rates)


def risks(*tiers: tuple[str, str, str, str]) -> Any:
    """A result of tiers as cap, leverage, initial and maintenance margin, without deductions."""
    keys = ("riskLimitValue", "maxLeverage", "initialMargin", "maintenanceMargin")
    listed = [{"symbol": "RENDERUSDT", **dict(zip(keys, tier, strict=True))} for tier in tiers]
    return lambda result: {**result, "list": listed}


@pytest.mark.parametrize(
    ("leverage", "initial", "maintenance", "rate"),
    [
        pytest.param("75", "0.013", "0.0067", 0.0067, id="0.013 at 75×"),
        pytest.param("60", "0.017", "0.008", 0.008, id="0.017 at 60×"),
        pytest.param("65", "0.015", "0.0075", 0.0075, id="0.015 at 65×"),
        pytest.param("75", "1.3", "0.67", 0.0067, id="1.3 per cent at 75×"),
        pytest.param("150", "0.01", "0.0033", 0.0033, id="one digit at 150×"),
        pytest.param("12.5", "8", "4", 0.04, id="8 per cent at 12.5×"),
    ],
)
def test_a_rounded_initial_margin_tells_the_unit_and_the_leverage_is_exact(
    replay: Replay, leverage: str, initial: str, maintenance: str, rate: float
) -> None:
    altered(replay, "/v5/market/risk-limit", risks(("9000", leverage, initial, maintenance)))
    assert tiers() == TierTable(
        True, (0,), (pytest.approx(rate, rel=1e-12),), (0,), (float(leverage),), 9000
    )


@pytest.mark.parametrize(
    ("initial", "maintenance"),
    [
        pytest.param("2", "0.01", id="initial margin in per cent"),
        pytest.param("0.02", "1", id="maintenance in per cent"),
        pytest.param("0.0002", "0.0001", id="neither unit"),
    ],
)
def test_margins_that_are_in_no_one_unit_are_refused_without_deductions_too(
    replay: Replay, initial: str, maintenance: str
) -> None:
    altered(replay, "/v5/market/risk-limit", risks(("9000", "50", initial, maintenance)))
    with pytest.raises(
        Unavailable, match=r"\[0\]\.(initialMargin: is not 1|maintenanceMargin: is in another unit)"
    ):
        tiers()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda row: {**row, "mmDeduction": ""}, id="empty"),
        pytest.param(lambda row: {**row, "mmDeduction": None}, id="null"),
        pytest.param(
            lambda row: {key: row[key] for key in row if key != "mmDeduction"}, id="absent"
        ),
        pytest.param(
            lambda row: {**row, "mmDeduction": "0" if row["isLowestRisk"] else ""},
            id="0 in the first tier",
        ),
    ],
)
@pytest.mark.parametrize("unit", [1.0, 100.0])
def test_amounts_follow_from_continuity_where_no_tier_gives_one(
    replay: Replay, book: Book, unit: float, change: Any
) -> None:
    book.bybit_unit = unit
    altered(replay, "/v5/market/risk-limit", rows(change))
    known = snapshot.tables("bybit").tiers["RENDER"]
    assert tiers().amounts == pytest.approx(known.amounts, rel=1e-9)


@pytest.mark.parametrize("amount", ["278", "0", "-1"])
def test_a_wrong_amount_among_empty_ones_is_refused(replay: Replay, amount: str) -> None:
    altered(
        replay,
        "/v5/market/risk-limit",
        rows(lambda row: {**row, "mmDeduction": amount if row["id"] == 4 else ""}),
    )
    with pytest.raises(Unavailable, match="maintenance_amount: must be"):
        tiers()


def test_margins_in_two_units_at_once_are_refused(replay: Replay) -> None:
    altered(
        replay,
        "/v5/market/risk-limit",
        rows(lambda row: {**row, "maintenanceMargin": str(100 * float(row["maintenanceMargin"]))}),
    )
    with pytest.raises(
        Unavailable,
        match=r"as fractions: \[0\]\.maintenance_rate: .*; in per cent: \[0\]\.initialMargin: is "
        r"not 1 ÷",
    ):
        tiers()


def test_a_table_that_fits_both_units_is_refused(replay: Replay) -> None:
    single = {
        "symbol": "RENDERUSDT",
        "riskLimitValue": "9000",
        "maintenanceMargin": "0.01",
        "maxLeverage": "50",
    }
    altered(replay, "/v5/market/risk-limit", lambda result: {**result, "list": [single]})
    with pytest.raises(Unavailable, match="its margins may be fractions or per cent"):
        tiers()


@pytest.mark.parametrize(
    ("row", "change"),
    [
        pytest.param(3, None, id="a hole"),
        pytest.param(0, None, id="without its first tier"),
        pytest.param(3, {"mmDeduction": "278"}, id="a deduction that does not continue"),
        pytest.param(3, {"mmDeduction": ""}, id="a deduction left out"),
        pytest.param(3, {"maintenanceMargin": "0"}, id="a rate of zero"),
        pytest.param(3, {"maintenanceMargin": "0.0144"}, id="a rate that does not continue"),
        pytest.param(3, {"maxLeverage": "0.5"}, id="a leverage below 1"),
        pytest.param(3, {"riskLimitValue": "-1"}, id="a negative cap"),
        pytest.param(3, {"riskLimitValue": "50000"}, id="a cap given twice"),
        pytest.param(3, {"symbol": "BTCUSDT"}, id="a row of another symbol"),
    ],
)
def test_a_table_that_is_no_schedule_is_refused(
    replay: Replay, row: int, change: dict[str, str] | None
) -> None:
    def changed(result: Any) -> Any:
        risks = sorted(result["list"], key=lambda risk: float(risk["riskLimitValue"]))
        risks[row : row + 1] = [] if change is None else [{**risks[row], **change}]
        return {**result, "list": risks}

    altered(replay, "/v5/market/risk-limit", changed)
    with pytest.raises(Unavailable, match="gave an answer that cannot be used") as caught:
        tiers()
    assert caught.value.trouble == "broken"


@pytest.mark.parametrize("ask", ["tiers", "funding", "candles"])
def test_a_token_that_is_not_listed_is_absent(ask: str) -> None:
    with pytest.raises(Unavailable) as caught:
        getattr(Venues(), ask)("bybit", "FET")
    assert caught.value.trouble == "absent"


@pytest.mark.parametrize("ask", ["tiers", "funding", "candles"])
@pytest.mark.parametrize("token", ["", "render", "BTCUSDT&category=spot&x=", "RNDR"])
def test_what_is_no_token_is_never_asked_for(replay: Replay, ask: str, token: str) -> None:
    with pytest.raises(Unavailable) as caught:
        getattr(Venues(), ask)("bybit", token)
    assert caught.value.trouble == "absent"
    assert replay.paths() == []


# History


def test_past_funding_is_given_oldest_first(book: Book) -> None:
    history = Venues().funding("bybit", "RENDER")
    assert list(zip(history.times.tolist(), history.rates.tolist(), strict=True)) == list(
        book.funding("RENDER", 200)
    )


def test_candles_are_given_oldest_first(book: Book) -> None:
    candles = Venues().candles("bybit", "RENDER")
    expected = list(book.candles("RENDER", "1d", 1000))
    assert candles.times.tolist() == [time for time, _ in expected]
    assert candles.close.tolist() == [prices[3] for _, prices in expected]


# The account


def test_an_account_is_taken_over_and_agrees_with_the_venues_own_figures(book: Book) -> None:
    account = read_account("bybit", KEY)
    assert account.imported.positions == (
        Position("RENDER", "long", 8000, 1.85, 10),
        Position("NEAR", "short", 3000, 1.30, 5),
        Position("TAO", "long", 60, 265, 20),
        Position("TAO", "short", 20, 280, 20),
    )
    assert account.imported.left_out == ()
    assert (account.venue, account.margin_mode, account.wallet_balance) == ("bybit", "cross", 6000)
    assert (account.taker_fee, account.may_trade, account.may_withdraw) == (0.0004, False, False)
    ours = assess(
        as_scenario(account, book.scenario("bybit")).with_tables(snapshot.tables("bybit"))
    )
    figures = (ours.equity, ours.initial_margin, ours.maintenance_margin, ours.margin_ratio.value)
    assert tuple(account.figures) == pytest.approx(figures, rel=1e-9)
    prices = {(price.symbol, None): price.below or price.above for price in ours.liquidation_prices}
    assert dict(account.liquidation_prices) == pytest.approx(prices, rel=1e-9)


def test_no_liquidation_price_is_not_told(book: Book) -> None:
    book.wallet = 1e6
    assert ("RENDER", None) not in read_account("bybit", KEY).liquidation_prices


def test_positions_come_from_every_page(book: Book) -> None:
    book.legs = [Leg(token, "long", 1, 1, 2) for token in sorted(TOKENS)]
    assert [
        position.symbol for position in read_account("bybit", KEY).imported.positions
    ] == sorted(TOKENS)


def test_an_isolated_account_comes_with_its_margins_without_the_closing_fees(book: Book) -> None:
    book.legs = [
        Leg("RENDER", "long", 8000, 1.85, 10, 1600.0),
        Leg("NEAR", "short", 3000, 1.30, 5, 780.0),
    ]
    account = read_account("bybit", KEY)
    assert (account.margin_mode, account.wallet_balance) == ("isolated", 6000)
    margins = [position.isolated_margin for position in account.imported.positions]
    assert margins == pytest.approx([1600, 780], rel=1e-12)
    ours = assess(
        as_scenario(account, book.scenario("bybit")).with_tables(snapshot.tables("bybit"))
    )
    assert account.liquidation_prices["RENDER", "long"] == pytest.approx(
        ours.liquidation_prices[0].below, rel=1e-9
    )
    assert (account.figures.equity, account.figures.margin_ratio) == (
        pytest.approx(ours.equity),
        None,
    )


def test_the_documented_position_margin_holds_the_closing_fee(replay: Replay, book: Book) -> None:
    """100 XRP at 0.3615, 10×, taker fee 0.06%.

    The documented positionIM is 3.634521, of which 3.615 are margin.
    """
    book.legs = [Leg("NEAR", "long", 100, 0.3615, 10, 3.615)]
    book.taker_fee = 0.0006
    altered(replay, "/v5/position/list", rows(lambda row: {**row, "positionIM": "3.634521"}))
    (position,) = read_account("bybit", KEY).imported.positions
    assert position.isolated_margin == pytest.approx(3.615, rel=1e-12)


def test_portfolio_margin_and_classic_accounts_are_refused_with_the_reason(
    replay: Replay, book: Book
) -> None:
    book.bybit_mode = "PORTFOLIO_MARGIN"
    with pytest.raises(
        Unavailable,
        match="keeps this account in portfolio margin, whose rules are not modelled here",
    ):
        read_account("bybit", KEY)
    book.bybit_mode = ""
    altered(replay, "/v5/account/info", lambda info: {**info, "unifiedMarginStatus": 1})
    with pytest.raises(Unavailable, match="keeps this account as a classic one") as caught:
        read_account("bybit", KEY)
    assert caught.value.trouble == "absent"


def test_what_cannot_be_taken_over_is_named_with_its_reason(book: Book) -> None:
    book.odd_positions, book.other_coins = True, {"BTC": 0.1, "SOL": -2.0, "DOGE": 0.0}
    assert read_account("bybit", KEY).imported.left_out == (
        LeftOut("BTCUSDT-25DEC26", "it is a dated future, and only perpetuals are taken over"),
        LeftOut("ETHPERP", "it is not settled in USDT"),
        LeftOut(
            "0.1 BTC", "collateral in other coins is not imported; add it by hand with its ratio"
        ),
        LeftOut(
            "-2 SOL",
            "it is owed, and counts against the account: 180.04 USDT less in the wallet balance, "
            "its value now; a "
            "later move of SOL is not followed",
        ),
    )


@pytest.mark.parametrize("mode", ["REGULAR_MARGIN", "ISOLATED_MARGIN"])
def test_a_coin_that_is_owed_lowers_the_wallet_by_its_value(book: Book, mode: str) -> None:
    book.other_coins, book.bybit_mode, book.legs = {"SOL": -2.0}, mode, []
    assert read_account("bybit", KEY).wallet_balance == pytest.approx(6000 - 2 * book.marks["SOL"])


def test_a_debt_follows_the_equity_of_its_coin(replay: Replay, book: Book) -> None:
    """The venue counts unrealised profit in that coin.

    2 SOL borrowed and 0.5 SOL of profit are a debt of 1.5 SOL.
    """
    book.other_coins = {"SOL": -2.0}

    def with_profit(result: Any) -> Any:
        wallet = result["list"][0]
        coins = [
            {**coin, "equity": "-1.5", "usdValue": ""} if coin["coin"] == "SOL" else coin
            for coin in wallet["coin"]
        ]
        return {"list": [{**wallet, "coin": coins}]}

    altered(replay, "/v5/account/wallet-balance", with_profit)
    account = read_account("bybit", KEY)
    assert account.wallet_balance == pytest.approx(6000 - 1.5 * book.marks["SOL"])
    assert [what for what, _ in account.imported.left_out] == ["-1.5 SOL"]


def test_an_isolated_margin_is_out_of_a_debts_reach(book: Book) -> None:
    book.legs = [Leg("RENDER", "long", 8000, 1.85, 10, 1600.0)]
    book.other_coins = {"BTC": -1.0}
    account = read_account("bybit", KEY)
    assert account.wallet_balance == pytest.approx(1600)
    assert as_scenario(account, book.scenario("bybit")).account.isolated


def test_a_debt_that_nobody_prices_is_never_dropped(replay: Replay, book: Book) -> None:
    book.other_coins = {"OBSCURE": -5.0}

    def unpriced(result: Any) -> Any:
        wallet = result["list"][0]
        return {"list": [{**wallet, "coin": [{**coin, "usdValue": ""} for coin in wallet["coin"]]}]}

    altered(replay, "/v5/account/wallet-balance", unpriced)
    with pytest.raises(
        Unavailable, match=r"owes a coin and not what that is worth.*Repay the OBSCURE"
    ):
        read_account("bybit", KEY)


def test_coins_that_are_switched_off_as_collateral_are_left_out_with_that_reason(
    replay: Replay, book: Book
) -> None:
    book.other_coins = {"BTC": 0.1}

    def switched_off(result: Any) -> Any:
        coins = [{**coin, "collateralSwitch": False} for coin in result["list"][0]["coin"]]
        return {"list": [{**result["list"][0], "coin": coins}]}

    altered(replay, "/v5/account/wallet-balance", switched_off)
    (left,) = read_account("bybit", KEY).imported.left_out
    assert left == LeftOut("0.1 BTC", "it does not count as collateral in this account")


def test_positions_that_cannot_be_asked_for_are_never_passed_over_in_silence(
    replay: Replay,
) -> None:
    answer = replay.answer(HOST, "GET", "/v5/position/list")
    replay.serve(
        HOST,
        "GET",
        "/v5/position/list",
        lambda asked: Reply("", 500) if asked.query["category"] == "option" else answer(asked),
    )
    (left,) = read_account("bybit", KEY).imported.left_out
    assert left == LeftOut(
        "options", "they could not be asked for; if there are any, they are missing here"
    )


def test_what_was_borrowed_by_hand_is_no_wallet_balance(replay: Replay) -> None:
    altered(
        replay,
        "/v5/account/wallet-balance",
        lambda result: {
            "list": [
                {
                    **result["list"][0],
                    "coin": [{"coin": "USDT", "walletBalance": "6000", "spotBorrow": "1500"}],
                }
            ]
        },
    )
    assert read_account("bybit", KEY).wallet_balance == 4500


@pytest.mark.parametrize(
    ("coin", "reason"),
    [
        ({"coin": "USDT"}, "walletBalance: must be a number, got null"),
        ({"coin": ["USDT"], "walletBalance": "6000"}, "coin: must be text, got an array"),
        ({"walletBalance": "6000"}, r"\[0\].coin: is missing"),
    ],
)
def test_a_wallet_balance_that_cannot_be_read_is_never_taken_for_zero(
    replay: Replay, coin: Any, reason: str
) -> None:
    altered(replay, "/v5/account/wallet-balance", lambda _: {"list": [{"coin": [coin]}]})
    with pytest.raises(Unavailable, match=reason):
        read_account("bybit", KEY)


def test_a_key_that_may_trade_is_read_and_said_to(book: Book) -> None:
    book.may_trade = True
    account = read_account("bybit", KEY)
    assert (account.may_trade, account.may_withdraw) == (True, False)


@pytest.mark.parametrize("right", ["Withdraw", "AccountTransfer", "SubMemberTransfer"])
def test_a_key_by_which_money_can_leave_the_account_is_refused(
    replay: Replay, book: Book, right: str
) -> None:
    book.may_trade = True
    granted = {"ContractTrade": ["Order"], "Wallet": [{}, right]}
    altered(replay, "/v5/user/query-api", lambda rights: {**rights, "permissions": granted})
    with pytest.raises(
        Unavailable, match=r"withdraw or transfer your money.*choose Read-Only"
    ) as caught:
        read_account("bybit", KEY)
    assert caught.value.trouble == "key"
    assert [asked.path for asked in replay.asked] == ["/v5/account/info", "/v5/user/query-api"]


def test_a_right_to_withdraw_of_a_key_that_can_only_read_is_none(replay: Replay) -> None:
    altered(
        replay,
        "/v5/user/query-api",
        lambda rights: {**rights, "permissions": {"Wallet": ["Withdraw"]}},
    )
    assert read_account("bybit", KEY).may_withdraw is False


@pytest.mark.parametrize("permissions", [None, 5, {"Wallet": 5}, {"Wallet": {"Withdraw": 1}}])
def test_rights_that_cannot_be_read_are_not_told(replay: Replay, permissions: object) -> None:
    altered(replay, "/v5/user/query-api", lambda rights: {**rights, "permissions": permissions})
    account = read_account("bybit", KEY)
    assert (account.may_trade, account.may_withdraw) == (None, None)


def test_a_venue_that_does_not_say_what_the_account_pays_still_tells_the_account(
    replay: Replay,
) -> None:
    replay.fail("fee-rate", Fault(Reply("", 500)))
    account = read_account("bybit", KEY)
    assert (account.taker_fee, len(account.imported.positions)) == (None, 4)


def test_an_account_is_only_read(replay: Replay) -> None:
    READERS["bybit"](Connection("bybit", KEY)).account()
    assert {asked.method for asked in replay.asked} == {"GET"}
