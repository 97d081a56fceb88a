"""Binance: what its answers become, and an account in each of its modes."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from margin.market.accounts import LeftOut, as_scenario
from margin.market.snapshot import embedded as snapshot
from margin.market.source import Checked, Quote, Unavailable
from margin.market.venues.readers import Venues, read_account, read_tiers
from margin.model.scenario import MOST_POSITIONS, Position
from margin.studies.account.assess import assess
from margin.venues import TierTable
from tests.replay.binance import BROKEN, BUFFER, HOST, SHARE
from tests.replay.figures import KEY, Book, Leg
from tests.replay.server import Fault, Replay, Reply

TOKENS = set(snapshot.tables("binance").tiers)


@pytest.fixture(autouse=True)
def _replayed(replay: Replay) -> None:
    """Every test here speaks to the replayed venue."""


def quotes() -> Checked[Quote]:
    return Venues().quotes("binance")


def tiers() -> Checked[TierTable]:
    return read_tiers("binance", KEY, "RENDER")


def altered(replay: Replay, path: str, change: Any) -> None:
    """The answer of one address, changed on its way."""
    answer = replay.answer(HOST, "GET", path)

    def changed(asked: Any) -> Any:
        given = answer(asked)
        return given if isinstance(given, Reply) else change(given)

    replay.serve(HOST, "GET", path, changed)


# Contracts


def test_every_perpetual_in_usdt_that_trades_is_a_contract_and_nothing_else_is() -> None:
    contracts = Venues().contracts("binance")
    assert set(contracts.good) == TOKENS
    assert dict(contracts.refused) == {
        BROKEN: "filters: must be an array, got an object",
        # A row that does not say whether it counts is not passed over.
        "ARKM": "status: must be text, got 5",
        "GLM": 'baseAsset: must be one of GLM, got "GOLEM"',
    }


def test_a_contract_carries_the_figures_of_its_filters() -> None:
    contract = Venues().contracts("binance").good["TAO"]
    assert (contract.tick_size, contract.quantity_step, contract.minimum_notional) == (
        0.01,
        0.001,
        5,
    )
    assert (contract.contract_value, contract.contract_value_confirmed, contract.status) == (
        1,
        True,
        "trading",
    )
    assert contract.taker_fee == 0.0005
    assert contract.as_of == datetime.now(UTC).date().isoformat()


def test_a_filter_that_is_missing_leaves_its_figure_open() -> None:
    assert Venues().contracts("binance").good["ICP"].minimum_notional is None


def test_the_new_name_of_a_token_counts_where_the_old_one_stands_before_it() -> None:
    assert Venues().contracts("binance").good["RENDER"].tick_size == 0.001
    assert quotes().good["RENDER"].mark == 1.75


def test_the_old_name_alone_is_the_token(replay: Replay) -> None:
    altered(
        replay,
        "/fapi/v1/premiumIndex",
        lambda rows: [row for row in rows if "RENDER" not in str(row)],
    )
    assert quotes().good["RENDER"].mark == 6.1


def test_a_token_that_is_given_twice_is_the_first_row(replay: Replay) -> None:
    again = {"symbol": "RENDERUSDT", "markPrice": "1.7501"}
    altered(replay, "/fapi/v1/premiumIndex", lambda rows: [*rows, again])
    checked = quotes()
    assert checked.good["RENDER"].mark == 1.75
    assert checked.refused["RENDER"] == "is given twice; the first row stands"


def test_a_name_of_another_kind_is_no_token_and_a_prefix_of_zeros_is_part_of_one(
    replay: Replay,
) -> None:
    rows = [
        {"symbol": f"{base}USDT", "markPrice": "2"}
        for base in ("1000PEPE", "币安人生", "abc", "A" * 16, "")
    ]
    replay.serve(HOST, "GET", "/fapi/v1/premiumIndex", lambda _: rows)
    assert set(quotes().good) == {"1000PEPE"}


def test_a_perpetual_on_a_share_is_offered_like_any_other(book: Book) -> None:
    book.tiers["binance"][SHARE] = book.tiers["binance"]["NEAR"]
    book.marks[SHARE], book.rates[SHARE], book.intervals[SHARE] = 412.5, 0.0001, 8
    book.contracts[SHARE] = book.contract("binance", "NEAR")
    book.legs = [Leg(SHARE, "long", 10, 400.0, 5)]
    assert SHARE in Venues().contracts("binance").good
    assert quotes().good[SHARE].mark == 412.5
    assert SHARE in tiers().good
    assert [position.symbol for position in read_account("binance", KEY).imported.positions] == [
        SHARE
    ]


# Quotes


def test_a_quote_carries_mark_index_and_present_funding(book: Book) -> None:
    quote = quotes().good["RENDER"]
    assert (quote.mark, quote.index_price) == (1.75, pytest.approx(1.750875, rel=1e-12))
    assert (quote.funding_rate, quote.interval_hours) == (0.0000249, 4)
    assert quote.next_funding == datetime.fromtimestamp(book.next_funding("RENDER") / 1000, UTC)


def test_quotes_are_of_perpetuals_in_usdt_alone() -> None:
    checked = quotes()
    assert set(checked.good) == TOKENS
    assert checked.refused[BROKEN] == "markPrice: must be a number, got an array"


def test_a_symbol_without_an_adjusted_interval_pays_every_eight_hours() -> None:
    assert quotes().good["FET"].interval_hours == 8


def test_marks_stand_without_the_intervals(replay: Replay) -> None:
    replay.fail("fundingInfo", Fault(Reply({}, 503)))
    quote = quotes().good["RENDER"]
    assert (quote.mark, quote.funding_rate, quote.interval_hours) == (1.75, 0.0000249, None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"markPrice": "0"}, "mark: must be a positive number, got 0", id="zero"),
        pytest.param(
            {"markPrice": "-1.75"}, "mark: must be a positive number, got -1.75", id="negative"
        ),
        pytest.param({"markPrice": "NaN"}, "markPrice: must be a number, got NaN", id="no number"),
        pytest.param(
            {"markPrice": "1e400"},
            "markPrice: must be at most 1e15 in size, got an infinity",
            id="infinite",
        ),
        pytest.param(
            {"markPrice": "2e15"},
            "markPrice: must be at most 1e15 in size, got 2000000000000000.0",
            id="too large",
        ),
        pytest.param({"markPrice": None}, "markPrice: must be a number, got null", id="null"),
        pytest.param({"markPrice": True}, "markPrice: must be a number, got true", id="a boolean"),
        pytest.param(
            {"indexPrice": "1.0"},
            "its mark of 1.75 is +75% off its index price of 1",
            id="far above",
        ),
        pytest.param(
            {"indexPrice": "4.4"},
            "its mark of 1.75 is -60% off its index price of 4.4",
            id="far below",
        ),
    ],
)
def test_a_quote_that_cannot_be_true_is_refused_and_the_others_stand(
    replay: Replay, change: dict[str, Any], reason: str
) -> None:
    def changed(rows: Any) -> Any:
        return [
            {**row, **change} if "RENDER" in str(row) else row
            for row in rows
            if "RNDR" not in str(row)
        ]

    altered(replay, "/fapi/v1/premiumIndex", changed)
    checked = quotes()
    assert checked.refused["RENDER"] == reason
    assert set(checked.good) == TOKENS - {"RENDER"}


@pytest.mark.parametrize(
    "change",
    [{"lastFundingRate": "1"}, {"lastFundingRate": "high"}, {"nextFundingTime": 9_000_000_000_000}],
)
def test_a_funding_rate_that_cannot_be_true_leaves_the_mark(
    replay: Replay, change: dict[str, Any]
) -> None:
    altered(
        replay,
        "/fapi/v1/premiumIndex",
        lambda rows: [{**r, **change} if "RENDERUSDT" in str(r) else r for r in rows],
    )
    checked = quotes()
    quote = checked.good["RENDER"]
    assert (quote.mark, quote.funding_rate, quote.interval_hours, quote.next_funding) == (
        1.75,
        None,
        None,
        None,
    )
    assert quote.index_price is not None
    assert "RENDER" not in checked.refused


def test_a_mark_just_within_half_of_its_index_price_stands(book: Book) -> None:
    book.index_off = 1.0  # The mark is half the index price.
    assert quotes().good["RENDER"].mark == 1.75


def test_an_index_price_of_zero_is_none(book: Book) -> None:
    book.index_off = -1.0
    assert quotes().good["RENDER"].index_price is None


def test_an_answer_without_a_good_row_cannot_be_used(replay: Replay) -> None:
    replay.serve(HOST, "GET", "/fapi/v1/premiumIndex", lambda _: [{"symbol": "RENDERUSDT"}, 5])
    with pytest.raises(
        Unavailable, match="gave an answer that cannot be used: no row of the answer"
    ) as caught:
        quotes()
    assert caught.value.trouble == "broken"


# Tiers


def test_the_tiers_are_those_of_the_venue_for_every_symbol() -> None:
    checked = tiers()
    assert dict(checked.good) == dict(snapshot.tables("binance").tiers)
    assert set(checked.refused) == {BROKEN}


def test_tiers_without_a_key_are_refused_without_asking(replay: Replay) -> None:
    with pytest.raises(Unavailable, match=r"^gives its tiers only to a key$") as caught:
        Venues().tiers("binance", "RENDER")
    assert caught.value.trouble == "key"
    assert replay.paths() == []


def test_a_last_cap_beyond_all_sizes_is_none(book: Book) -> None:
    book.tiers["binance"]["RENDER"][-1]["cap"] = None
    assert tiers().good["RENDER"].last_cap is None


@pytest.mark.parametrize(
    ("row", "change", "reason"),
    [
        pytest.param(
            3,
            {"floor": 60_000},
            r"[3].floor: must continue where tier 3 ends, at 50000, got 60000",
            id="hole",
        ),
        pytest.param(
            2, {"cap": 1e19}, "notionalCap: must be at most 1e15", id="an open cap in the middle"
        ),
        pytest.param(
            0,
            {"maintenance_amount": 1},
            "[0].maintenance_amount: must be 0, got 1",
            id="a first deduction",
        ),
        pytest.param(
            3,
            {"maintenance_amount": 326},
            "[3].maintenance_amount: must be 325, got 326",
            id="a deduction",
        ),
        pytest.param(
            3,
            {"maintenance_rate": 0},
            "[3].maintenance_rate: must be a number above 0",
            id="rate of zero",
        ),
        pytest.param(
            10,
            {"maintenance_rate": 1},
            "[10].maintenance_rate: must be a number above 0",
            id="rate of one",
        ),
        pytest.param(
            10,
            {"max_leverage": 0.5},
            "[10].max_leverage: must be a number of at least 1",
            id="leverage",
        ),
        pytest.param(
            0,
            {"max_leverage": 1001},
            "[0].max_leverage: must be a number of at least 1",
            id="leverages",
        ),
        pytest.param(
            0,
            {"max_leverage": 101},
            "[0].maintenance_rate: asks for more than the initial margin at 101×",
            id="maintenance above initial margin",
        ),
    ],
)
def test_a_table_that_is_no_schedule_is_refused_and_the_others_stand(
    book: Book, row: int, change: dict[str, float], reason: str
) -> None:
    book.tiers["binance"]["RENDER"][row].update(change)
    checked = tiers()
    assert checked.refused["RENDER"].startswith(reason)
    assert set(checked.good) == TOKENS - {"RENDER"}


def test_brackets_in_any_order_are_one_table(replay: Replay) -> None:
    altered(
        replay,
        "/fapi/v1/leverageBracket",
        lambda rows: [{**row, "brackets": row["brackets"][::-1]} for row in rows],
    )
    assert tiers().good["RENDER"] == snapshot.tables("binance").tiers["RENDER"]


@pytest.mark.parametrize(
    "amount", [{}, {"cum": None}, {"cum": ""}], ids=["absent", "null", "empty"]
)
def test_amounts_follow_from_continuity_where_no_bracket_gives_one(
    replay: Replay, amount: dict[str, Any]
) -> None:
    def without(row: Any) -> Any:
        return {
            **row,
            "brackets": [
                {**{k: v for k, v in b.items() if k != "cum"}, **amount} for b in row["brackets"]
            ],
        }

    altered(replay, "/fapi/v1/leverageBracket", lambda rows: [without(row) for row in rows])
    assert tiers().good["RENDER"].amounts == pytest.approx(
        snapshot.tables("binance").tiers["RENDER"].amounts
    )


def test_brackets_scaled_for_an_account_are_refused(replay: Replay) -> None:
    altered(
        replay,
        "/fapi/v1/leverageBracket",
        lambda rows: [{**row, "notionalCoef": 1.5} for row in rows],
    )
    with pytest.raises(Unavailable, match="no row of the answer can be used"):
        tiers()


# History


def test_past_funding_is_given_oldest_first(book: Book) -> None:
    history = Venues().funding("binance", "RENDER")
    assert history.times.size == 1000
    assert list(zip(history.times.tolist(), history.rates.tolist(), strict=True)) == list(
        book.funding("RENDER", 1000)
    )


def test_a_payment_that_is_given_twice_makes_the_history_unusable(replay: Replay) -> None:
    altered(replay, "/fapi/v1/fundingRate", lambda rows: [*rows, rows[5]])
    with pytest.raises(Unavailable, match=r"cannot be used: \[6\]\.time: must be after"):
        Venues().funding("binance", "RENDER")


def test_candles_are_given_oldest_first(book: Book) -> None:
    candles = Venues().candles("binance", "RENDER")
    expected = list(book.candles("RENDER", "1d", 1500))
    assert candles.times.tolist() == [time for time, _ in expected]
    columns = np.column_stack([candles.open, candles.high, candles.low, candles.close])
    assert columns.tolist() == [prices for _, prices in expected]


@pytest.mark.parametrize(
    ("candle", "reason"),
    [
        pytest.param({3: "1.9"}, r"\[7\]: its low 1\.9 and high", id="a low above the close"),
        pytest.param(
            {2: "0.5"}, r"\[7\]: its low .* and high 0\.5 do not hold", id="a high below the open"
        ),
        pytest.param(
            {4: "0"}, r"\[7\]\.close: must be a positive number, got 0", id="a close of zero"
        ),
        pytest.param({1: "nan"}, r"\[7\]\.open: must be", id="no number"),
        pytest.param({0: 1}, r"\[7\]\.time: must be after", id="a time that goes back"),
    ],
)
def test_a_candle_that_cannot_be_makes_them_unusable_and_is_named(
    replay: Replay, candle: dict[int, Any], reason: str
) -> None:
    def changed(rows: Any) -> Any:
        rows[7] = [candle.get(column, value) for column, value in enumerate(rows[7])]
        return rows

    altered(replay, "/fapi/v1/klines", changed)
    with pytest.raises(Unavailable, match=f"gave an answer that cannot be used: {reason}"):
        Venues().candles("binance", "RENDER")


def test_a_symbol_that_the_venue_does_not_know_is_absent() -> None:
    with pytest.raises(Unavailable) as caught:
        Venues().candles("binance", "AKASH")
    assert caught.value.trouble == "absent"


@pytest.mark.parametrize("ask", ["funding", "candles"])
@pytest.mark.parametrize("token", ["", "render", "RENDER&symbol=BTC", "AGIX", "RNDR", "A" * 16])
def test_what_is_no_token_is_never_asked_for(replay: Replay, ask: str, token: str) -> None:
    with pytest.raises(Unavailable) as caught:
        getattr(Venues(), ask)("binance", token)
    assert caught.value.trouble == "absent"
    assert replay.paths() == []


# The account


def test_an_account_is_taken_over_as_the_venue_tells_it() -> None:
    account = read_account("binance", KEY)
    assert account.imported.positions == (
        Position("RENDER", "long", 8000, 1.85, 10),
        Position("NEAR", "short", 3000, 1.30, 5),
        Position("TAO", "long", 60, 265, 20),
        Position("TAO", "short", 20, 280, 20),
    )
    assert account.imported.left_out == ()
    assert (account.venue, account.margin_mode, account.wallet_balance) == (
        "binance",
        "cross",
        6000,
    )
    assert dict(account.marks) == {"RENDER": 1.75, "NEAR": 1.385, "TAO": 272.71}
    assert (account.taker_fee, account.may_trade, account.may_withdraw) == (0.0004, False, False)


def test_the_account_taken_over_agrees_with_the_venues_own_figures(book: Book) -> None:
    account = read_account("binance", KEY)
    scenario = as_scenario(account, book.scenario("binance")).with_tables(
        snapshot.tables("binance")
    )
    ours, told = assess(scenario), account.figures
    assert ours.equity == pytest.approx(told.equity, rel=1e-9)
    assert ours.initial_margin == pytest.approx(told.initial_margin, rel=1e-9)
    assert ours.maintenance_margin == pytest.approx(told.maintenance_margin, rel=1e-9)
    assert ours.margin_ratio.value == pytest.approx(told.margin_ratio, rel=1e-9)
    prices = {(price.symbol, None): price.below or price.above for price in ours.liquidation_prices}
    assert dict(account.liquidation_prices) == pytest.approx(prices, rel=1e-9)


def test_a_liquidation_price_of_zero_is_none(book: Book) -> None:
    book.wallet = 1e6
    assert read_account("binance", KEY).liquidation_prices["RENDER", None] is None


def test_one_way_positions_take_their_side_from_their_sign(replay: Replay) -> None:
    altered(
        replay,
        "/fapi/v3/positionRisk",
        lambda rows: [{**row, "positionSide": "BOTH"} for row in rows if "TAO" not in str(row)],
    )
    positions = read_account("binance", KEY).imported.positions
    assert [(position.symbol, position.side) for position in positions] == [
        ("RENDER", "long"),
        ("NEAR", "short"),
    ]


def test_what_cannot_be_taken_over_is_named_with_its_reason(book: Book) -> None:
    book.odd_positions = True
    assert read_account("binance", KEY).imported.left_out == (
        LeftOut("BTCUSDT_261225", "it is a dated future, and only perpetuals are taken over"),
        LeftOut("ETHUSDC", "it is not settled in USDT"),
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(
            {"entryPrice": "0"}, "entryPrice: must be a positive number, got 0", id="no entry price"
        ),
        pytest.param(
            {"markPrice": "-1"}, "markPrice: must be a positive number, got -1", id="no mark"
        ),
        pytest.param(
            {"positionAmt": "much"}, 'positionAmt: must be a number, got "much"', id="no size"
        ),
        pytest.param(
            {"positionSide": "SHORT"},
            'positionSide: must be one of BOTH, LONG, got "SHORT"',
            id="both sides",
        ),
        pytest.param(
            {"symbol": "AGIXUSDT"}, "its token is not known here", id="a token that is gone"
        ),
        pytest.param(
            {"symbol": "WIFUSDT"}, "its leverage and its margin mode are not told", id="no settings"
        ),
    ],
)
def test_a_position_that_cannot_be_read_stays_out_and_the_others_come(
    replay: Replay, change: dict[str, Any], reason: str
) -> None:
    altered(
        replay,
        "/fapi/v3/positionRisk",
        lambda rows: [{**row, **change} if row["symbol"] == "RENDERUSDT" else row for row in rows],
    )
    imported = read_account("binance", KEY).imported
    assert imported.left_out == (LeftOut(change.get("symbol", "RENDERUSDT"), reason),)
    assert len(imported.positions) == 3


def test_coins_that_do_not_count_are_left_out_with_that_reason(book: Book) -> None:
    book.other_coins = {"BTC": 0.1, "FDUSD": 0.0}
    (left,) = read_account("binance", KEY).imported.left_out
    assert left == LeftOut(
        "0.1 BTC", "it does not back positions in USDT while multi-assets mode is off"
    )


@pytest.mark.parametrize("multi_assets", [True, False])
def test_a_coin_that_is_owed_counts_against_the_account_and_is_no_collateral(
    book: Book, multi_assets: bool
) -> None:
    book.other_coins, book.multi_assets = {"SOL": -2.0}, multi_assets
    account = read_account("binance", KEY)
    value = 2 * book.marks["SOL"] * (1 + BUFFER)
    assert account.wallet_balance == pytest.approx(6000 - value)
    ((what, reason),) = account.imported.left_out
    assert what == "-2 SOL"
    assert reason.startswith(
        f"it is owed, and counts against the account: {value:.2f} USDT less in the wallet balance"
    )
    assert "collateral" not in reason


def test_a_debt_is_worth_its_mark_where_the_venue_does_not_tell_its_rate(
    replay: Replay, book: Book
) -> None:
    book.other_coins = {"NEAR": -100.0}
    assert read_account("binance", KEY).wallet_balance == pytest.approx(
        6000 - 100 * book.marks["NEAR"]
    )
    replay.fail("assetIndex", Fault(Reply("", 500)))
    assert read_account("binance", KEY).wallet_balance == pytest.approx(
        6000 - 100 * book.marks["NEAR"]
    )


@pytest.mark.parametrize("coin", ["BNFCR", "BFUSD", "USDG", "USDH"])
def test_a_dollar_coin_that_is_owed_is_worth_a_dollar(book: Book, coin: str) -> None:
    book.other_coins = {coin: -250.0}
    assert read_account("binance", KEY).wallet_balance == 5750


def test_a_debt_without_any_price_is_never_dropped(book: Book) -> None:
    book.other_coins = {"OBSCURE": -5.0}
    with pytest.raises(Unavailable, match="Repay the OBSCURE that you owe"):
        read_account("binance", KEY)


def test_collateral_in_other_coins_is_left_to_the_person(book: Book) -> None:
    book.other_coins, book.multi_assets = {"BTC": 0.1}, True
    (left,) = read_account("binance", KEY).imported.left_out
    assert left == LeftOut(
        "0.1 BTC", "collateral in other coins is not imported; add it by hand with its ratio"
    )


def test_isolated_positions_beside_cross_ones_stay_out_with_the_margin_they_hold(
    book: Book,
) -> None:
    book.legs[0].isolated_margin = 1600.0
    account = read_account("binance", KEY)
    (left,) = account.imported.left_out
    assert (left.what, left.reason[:14]) == ("RENDERUSDT LONG", "it is isolated")
    assert (account.margin_mode, account.wallet_balance) == ("cross", 4400)
    assert account.figures.margin_ratio is None  # The venue's totals hold both.


def test_an_account_of_isolated_positions_comes_with_their_margins(book: Book) -> None:
    book.legs = [
        Leg("RENDER", "long", 8000, 1.85, 10, 1600.0),
        Leg("NEAR", "short", 3000, 1.30, 5, 900.0),
    ]
    account = read_account("binance", KEY)
    assert (account.margin_mode, account.wallet_balance) == ("isolated", 6000)
    assert [position.isolated_margin for position in account.imported.positions] == [1600, 900]
    ours = assess(
        as_scenario(account, book.scenario("binance")).with_tables(snapshot.tables("binance"))
    )
    assert ours.equity == pytest.approx(account.figures.equity)
    assert account.liquidation_prices["RENDER", "long"] == pytest.approx(
        ours.liquidation_prices[0].below, rel=1e-9
    )


def test_an_account_without_positions_is_its_wallet(book: Book) -> None:
    book.legs = []
    account = read_account("binance", KEY)
    assert (account.imported.positions, account.wallet_balance, account.margin_mode) == (
        (),
        6000,
        "cross",
    )
    assert account.taker_fee is None


def test_an_account_that_never_held_usdt_has_none(replay: Replay, book: Book) -> None:
    book.legs = []
    altered(replay, "/fapi/v3/account", lambda account: {**account, "assets": []})
    assert read_account("binance", KEY).wallet_balance == 0


@pytest.mark.parametrize(
    ("coin", "reason"),
    [
        ({"asset": "USDT"}, "crossWalletBalance: must be a number, got null"),
        ({"asset": 7, "crossWalletBalance": "6000"}, "asset: must be text, got 7"),
        ({"crossWalletBalance": "6000"}, r"\[0\].asset: is missing"),
        ("USDT", r"\[0\]: must be an object"),
    ],
)
def test_a_wallet_balance_that_cannot_be_read_is_never_taken_for_zero(
    replay: Replay, coin: Any, reason: str
) -> None:
    altered(replay, "/fapi/v3/account", lambda account: {**account, "assets": [coin]})
    with pytest.raises(Unavailable, match=reason):
        read_account("binance", KEY)


def test_a_key_that_may_trade_is_read_and_said_to(book: Book) -> None:
    book.may_trade = True
    account = read_account("binance", KEY)
    assert (account.may_trade, account.may_withdraw) == (True, False)


@pytest.mark.parametrize(
    "right", ["enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer"]
)
@pytest.mark.parametrize(
    "read", [read_account, lambda venue, key: read_tiers(venue, key, "RENDER")]
)
def test_a_key_by_which_money_can_leave_the_account_is_refused(
    replay: Replay, read: Any, right: str
) -> None:
    replay.fail("apiRestrictions", Fault(Reply({"enableWithdrawals": False, right: True})))
    with pytest.raises(
        Unavailable, match=r"withdraw or transfer your money.*leave Enable Reading"
    ) as caught:
        read("binance", KEY)
    assert caught.value.trouble == "key"
    assert len(replay.asked) == 2


def test_a_right_to_withdraw_that_is_not_told_is_not_known(replay: Replay) -> None:
    replay.fail(
        "apiRestrictions",
        Fault(Reply({"enableWithdrawals": "yes", "enableInternalTransfer": False})),
    )
    assert read_account("binance", KEY).may_withdraw is None


def test_a_venue_that_does_not_say_what_the_key_may_do_or_what_it_pays_still_tells_the_account(
    replay: Replay,
) -> None:
    replay.fail("apiRestrictions", Fault(Reply({"code": -1002, "msg": "not authorized"}, 401)))
    replay.fail("commissionRate", Fault(Reply("", 500)))
    account = read_account("binance", KEY)
    assert (account.may_trade, account.may_withdraw, account.taker_fee) == (None, None, None)
    assert len(account.imported.positions) == 4


def test_beyond_what_a_scenario_holds_the_other_positions_are_left_out(replay: Replay) -> None:
    names = [f"T{number}USDT" for number in range(MOST_POSITIONS + 10)]
    altered(
        replay,
        "/fapi/v3/positionRisk",
        lambda rows: [{**rows[1], "symbol": name} for name in names],
    )
    altered(
        replay,
        "/fapi/v1/symbolConfig",
        lambda rows: [{**rows[0], "symbol": name} for name in names],
    )
    imported = read_account("binance", KEY).imported
    assert (len(imported.positions), len(imported.left_out)) == (MOST_POSITIONS, 10)


def test_nothing_but_what_is_needed_is_asked_of_an_account(replay: Replay) -> None:
    read_account("binance", KEY)
    assert {asked.method for asked in replay.asked} == {"GET"}
    assert [path.rpartition("/")[2] for path in replay.paths()] == [
        *("account", "apiRestrictions", "positionRisk", "symbolConfig", "commissionRate")
    ]
