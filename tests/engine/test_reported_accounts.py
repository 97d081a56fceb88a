"""Accounts that people reported, beside what their venue showed.

Isolated margins, margins at the mark, several coins.

What a venue shows otherwise than its own rules say is a note on the account, not another figure.
"""

from typing import Any

import pytest

from margin.market.snapshot import embedded as snapshot
from margin.messages import message
from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.studies.liquidation.path import Path
from margin.studies.liquidation.waterfall import waterfall
from margin.tables.assessment_json import assessment_json
from tests.engine.tables import one_rate

Document = dict[str, Any]


def leg(
    symbol: str,
    side: str,
    quantity: float,
    entry: float,
    leverage: float,
    margin: float | None = None,
) -> Document:
    return {
        "symbol": symbol,
        "side": side,
        "quantity": quantity,
        "entry_price": entry,
        "leverage": leverage,
        "isolated_margin": margin,
    }


def document(
    venue: str, mode: str, wallet: float, position: Document, mark: float, rate: float
) -> Document:
    """One position on a table of one rate."""
    symbol = position["symbol"]
    return {
        "version": 1,
        "venue": venue,
        "margin_mode": mode,
        "wallet_balance": wallet,
        "positions": [position],
        "marks": {symbol: mark},
        "tiers": {symbol: one_rate(rate)},
    }


def assessed(given: Document) -> Document:
    return assessment_json(assess(Scenario.from_json(given)))


OKX_LONG = document(
    "okx",
    "isolated",
    66.63183333333333,
    leg("DOGE", "long", 1990, 0.10045, 3, 66.63183333333333),
    0.10046,
    0.005,
)
OKX_SHORT = document(
    "okx", "isolated", 8.33125, leg("ETH", "short", 0.1, 1333, 16, 8.33125), 1274.09, 0.004
)


@pytest.mark.parametrize(
    ("given", "way", "price", "step", "ratio"),
    [
        pytest.param(
            OKX_LONG, "below", 0.0673370202781967, 0.00005, 60.618126315916484, id="DOGE long"
        ),
        pytest.param(
            OKX_SHORT, "above", 1409.9676455948234, 0.01, 24.805939925750945, id="ETH short"
        ),
    ],
)
def test_okx_shows_an_isolated_price_one_step_nearer_and_the_ratio_as_it_is(
    given: Document, way: str, price: float, step: float, ratio: float
) -> None:
    account = assessed(given)
    [entry] = account["liquidation_prices"]
    assert entry[way] == pytest.approx(price, rel=1e-12)
    venues_own = price + step if way == "below" else price - step
    assert abs(entry[way] - venues_own) == pytest.approx(step, rel=1e-6)
    assert account["margin_ratio"]["value"] == pytest.approx(ratio, rel=1e-12)
    assert any("one price step nearer" in each for each in account["assumptions"])


def test_the_note_on_the_price_step_is_of_isolated_positions_on_okx_alone() -> None:
    for other in ({"margin_mode": "cross"}, {"venue": "binance"}, {"positions": []}):
        assert not any(
            "price step" in each for each in assessed({**OKX_LONG, **other})["assumptions"]
        )


def test_bybit_takes_both_margins_of_a_cross_account_at_the_mark() -> None:
    account = assessed(
        document("bybit", "cross", 1000, leg("BTC", "long", 0.001, 101_890, 10), 101_910.23, 0.005)
    )
    assert account["initial_margin"] == pytest.approx(10.24145855, rel=1e-9)
    assert account["maintenance_margin"] == pytest.approx(0.5599867, rel=1e-9)


@pytest.mark.parametrize(
    ("position", "mark", "price"),
    [
        pytest.param(
            leg("IMX", "long", 15, 0.757, 3, 3.782296), 0.75898, 0.560941037, id="its own exchange"
        ),
        pytest.param(
            leg("SPCX", "long", 25.77, 202.74, 5, 1044.769157),
            204.02,
            180.2199216574,
            id="a builder's",
        ),
    ],
)
def test_hyperliquids_isolated_prices_are_reproduced(
    position: Document, mark: float, price: float
) -> None:
    margin = position["isolated_margin"]
    [entry] = assessed(document("hyperliquid", "isolated", margin, position, mark, 0.1))[
        "liquidation_prices"
    ]
    assert entry["below"] == pytest.approx(price, rel=1e-9)


@pytest.mark.parametrize(
    ("symbol", "own_tables", "unlisted"),
    [("SPCX", True, True), ("BTC", True, False), ("SPCX", False, False)],
    ids=["on no table of the venue's", "on one of them", "no table of the venue's is at hand"],
)
def test_a_token_that_only_a_builders_exchange_can_list_is_named_on_hyperliquid(
    symbol: str, own_tables: bool, unlisted: bool
) -> None:
    """Such tokens can be held by a table of one's own alone.

    A name with a builder's mark, xyz:SPCX, is no token.
    """
    given = document("hyperliquid", "cross", 1_000, leg(symbol, "long", 1, 200, 5), 200, 0.1)
    scenario = Scenario.from_json(given)
    scenario = snapshot.attach(scenario) if own_tables else scenario
    said = any(
        "on a builder's exchange no vault" in each
        for each in map(message, assess(scenario).assumptions)
    )
    assert said == unlisted
    run = waterfall(scenario, Path(scenario.market.marks, {symbol: 1.0}))
    assert run is not None
    assert (
        any("on a builder's exchange no vault" in each for each in map(message, run.assumptions))
        == unlisted
    )
    with pytest.raises(ValueError, match=r"positions\[0\]\.symbol: must be a token"):
        Scenario.from_json({**given, "positions": [leg("xyz:SPCX", "long", 1, 200, 5)]})


# Bybit's initial margin in isolated mode stands at the entry price

BYBIT_ISOLATED = document("bybit", "isolated", 5, leg("IMX", "long", 7, 0.7495, 3), 0.7492, 0.008)


def test_bybits_isolated_initial_margin_is_taken_at_entry_and_the_maintenance_at_the_mark() -> None:
    account = assessed(BYBIT_ISOLATED)
    assert account["initial_margin"] == pytest.approx(1.75075711, rel=1e-7)
    assert account["maintenance_margin"] == pytest.approx(0.04387893, rel=1e-6)
    assert account["liquidation_prices"][0]["below"] == pytest.approx(0.5037, abs=5e-5)


@pytest.mark.parametrize(
    ("venue", "mode", "initial"),
    [
        ("bybit", "isolated", 200),
        ("bybit", "cross", 120),
        ("binance", "isolated", 120),
        ("okx", "isolated", 120),
        ("hyperliquid", "isolated", 120),
    ],
)
def test_after_a_fall_only_bybits_isolated_position_keeps_the_initial_margin_it_opened_with(
    venue: str, mode: str, initial: float
) -> None:
    given = document(venue, mode, 1000, leg("RENDER", "long", 1000, 2, 10, 900), 1.2, 0.01)
    assert assessed({**given, "taker_fee": 0})["initial_margin"] == pytest.approx(initial)


# Binance's multi-assets mode: the settlement coin counts at its own rate


MULTI_ASSETS: Document = {
    "version": 1,
    "venue": "binance",
    "margin_mode": "cross",
    "wallet_balance": 200,
    "collateral": [{"asset": "USDC", "amount": 220, "ratio": 1}],
    "positions": [leg("BTC", "long", 0.5, 20_000, 100), leg("ETH", "long", 20, 600, 50)],
    "marks": {"BTC": 20_000, "ETH": 600, "USDC": 1},
    "tiers": {"BTC": one_rate(0.008), "ETH": one_rate(0.01)},
}


def test_the_worked_example_of_multi_assets_mode_counts_tether_at_its_bid() -> None:
    account = assessed({**MULTI_ASSETS, "settlement_rate": 0.9801})
    assert account["equity"] == pytest.approx(416.02)
    # The example's ask of 0.99495 lowers the requirement of its USDT position to 199.596; here it
    # counts in full.
    assert account["requirement"] == pytest.approx(200)
    assert account["margin_ratio"]["value"] == pytest.approx(0.4798, rel=0.003)
    assert any("USDT counts at 98.01%" in each for each in account["assumptions"])
    assert any("taken as 1 for requirements" in each for each in account["assumptions"])
    assert any("debt counts at the one rate: too little" in each for each in account["assumptions"])


def test_wherever_collateral_counts_it_is_said_how_the_settlement_coin_does() -> None:
    for venue in ("binance", "bybit", "okx"):
        account = assessed(
            {**MULTI_ASSETS, "venue": venue, "contract_values": {"BTC": 0.01, "ETH": 0.1}}
        )
        assert any("USDT itself counts in full" in each for each in account["assumptions"])
    without = assessed({**MULTI_ASSETS, "collateral": [], "marks": {"BTC": 20_000, "ETH": 600}})
    assert not any("counts" in each for each in without["assumptions"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(
            {"venue": "hyperliquid"},
            "portfolio margin",
            id="Hyperliquid: in portfolio margin alone",
        ),
        pytest.param(
            {"venue": "textbook", "tiers": {}}, "the settlement coin alone", id="the textbook"
        ),
        pytest.param(
            {"margin_mode": "isolated", "wallet_balance": 1_000},
            "Multi-Assets Mode is cross only",
            id="isolated",
        ),
    ],
)
def test_where_only_the_settlement_coin_counts_its_rate_is_left_out_with_the_reason(
    change: Document, reason: str
) -> None:
    account = assessed({**MULTI_ASSETS, "settlement_rate": 0.9801, **change})
    told = {each["code"]: each["message"] for each in account["problems"]}
    assert told.keys() >= {"collateral_not_counted", "settlement_rate_not_counted"}
    assert reason in told["settlement_rate_not_counted"]
    assert account == {**assessed({**MULTI_ASSETS, **change}), "problems": account["problems"]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"wallet_balance": -50}, "come to −$50.00", id="owed today"),
        pytest.param(
            {"wallet_balance": 200},
            "fall below 0 before some liquidation price",
            id="owed on the way",
        ),
        pytest.param({"wallet_balance": 1_000_000}, None, id="never owed"),
    ],
)
@pytest.mark.parametrize(
    ("venue", "warning"),
    [
        ("bybit", "asks a maintenance margin for the loan"),
        ("okx", "asks a maintenance margin for the loan"),
        ("binance", "below −10,000 USD"),
    ],
)
def test_a_debt_in_the_settlement_coin_beside_collateral_is_named_exactly_where_it_is(
    venue: str, warning: str, change: Document, said: str | None
) -> None:
    given = {**MULTI_ASSETS, "venue": venue, "contract_values": {"BTC": 0.01, "ETH": 0.1}, **change}
    given["collateral"] = [{"asset": "USDC", "amount": 2_000, "ratio": 1}]
    told = assessed(given)["assumptions"]
    assert any(warning in each for each in told) == (said is not None)
    if said is not None:
        assert any(said in each for each in told)


# What a venue keeps once per token


def codes(given: Document) -> list[list[str]]:
    return [
        [each["code"] for each in position["problems"]] for position in assessed(given)["positions"]
    ]


def hedge(
    venue: str, mode: str, *leverages: float, sizes: tuple[float, float] = (10, 5)
) -> Document:
    long, short = (
        leg("FET", side, size, 1, leverage)
        for side, size, leverage in zip(("long", "short"), sizes, leverages, strict=True)
    )
    given = document(venue, mode, 1_000, long, 1, 0.01)
    return {**given, "positions": [long, short], "contract_values": {"FET": 1}}


@pytest.mark.parametrize("mode", ["cross", "isolated"])
def test_hyperliquid_keeps_one_position_per_token(mode: str) -> None:
    assert codes(hedge("hyperliquid", mode, 10, 10)) == [["one_position_per_token"]] * 2
    for venue in ("binance", "okx", "textbook"):
        assert codes(hedge(venue, mode, 10, 10)) == [[], []]


@pytest.mark.parametrize(
    ("venue", "mode", "one"),
    [
        ("binance", "cross", True),
        ("binance", "isolated", True),
        ("bybit", "cross", True),
        ("bybit", "isolated", False),
        ("okx", "cross", True),
        ("okx", "isolated", False),
        ("textbook", "cross", False),
    ],
)
def test_two_leverages_of_one_token_are_told_where_the_venue_keeps_one(
    venue: str, mode: str, *, one: bool
) -> None:
    told = codes(hedge(venue, mode, 10, 5))
    assert ["one_leverage_per_token" in each for each in told] == [one, one]


def test_that_bybit_may_ask_less_of_the_smaller_leg_is_a_doubt_on_it_and_both_legs_pay() -> None:
    account = assessed(hedge("bybit", "cross", 10, 10))
    larger, smaller = account["positions"]
    assert [each["code"] for each in smaller["problems"]] == ["hedge_not_confirmed"]
    assert smaller["problems"][0]["severity"] == "warning"
    assert larger["problems"] == []
    assert smaller["maintenance_margin"] > 5 * 0.01
    assert codes(hedge("bybit", "cross", 10, 10, sizes=(5, 5))) == [["hedge_not_confirmed"]] * 2
    assert codes(hedge("bybit", "isolated", 10, 10)) == [[], []]


# Figures too small to be any


@pytest.mark.parametrize("tiny", [5e-324, 1e-308, 1e-300, 9.9e-31, -5e-324])
@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("wallet_balance", lambda tiny: {"wallet_balance": tiny}),
        ("positions[0].quantity", lambda tiny: {"positions": [leg("FET", "long", tiny, 1, 10)]}),
        ("positions[0].entry_price", lambda tiny: {"positions": [leg("FET", "long", 1, tiny, 10)]}),
        (
            "positions[0].isolated_margin",
            lambda tiny: {"positions": [leg("FET", "long", 1, 1, 10, tiny)]},
        ),
        ("marks.FET", lambda tiny: {"marks": {"FET": tiny}}),
        ("baseline_marks.FET", lambda tiny: {"baseline_marks": {"FET": tiny}}),
        ("betas.FET", lambda tiny: {"betas": {"FET": tiny}}),
        ("levels.warning", lambda tiny: {"levels": {"warning": tiny, "danger": 0.8}}),
        ("taker_fee", lambda tiny: {"taker_fee": tiny}),
        ("settlement_rate", lambda tiny: {"settlement_rate": tiny}),
        (
            "collateral[0].amount",
            lambda tiny: {"collateral": [{"asset": "FET", "amount": tiny, "ratio": 1}]},
        ),
        (
            "collateral[0].ratio",
            lambda tiny: {"collateral": [{"asset": "FET", "amount": 1, "ratio": tiny}]},
        ),
        ("contract_values.FET", lambda tiny: {"contract_values": {"FET": tiny}}),
        ("textbook.margin_fraction", lambda tiny: {"textbook": {"margin_fraction": tiny}}),
        ("tiers.FET[0].maintenance_rate", lambda tiny: {"tiers": {"FET": one_rate(tiny)}}),
        ("tiers.FET[0].maintenance_amount", lambda tiny: {"tiers": {"FET": one_rate(0.01, tiny)}}),
        ("seen.equity", lambda tiny: {"seen": {"equity": tiny}}),
        ("shocks.common", lambda tiny: {"shocks": {"common": tiny}}),
        ("shocks.funding.FET", lambda tiny: {"shocks": {"funding": {"FET": tiny}}}),
    ],
)
def test_no_number_but_zero_may_be_too_small_to_reckon_with(
    path: str, change: Any, tiny: float
) -> None:
    given = document("binance", "cross", 1_000, leg("FET", "long", 1, 1, 10), 1, 0.01)
    with pytest.raises(ValueError, match=r"must be|got") as refused:
        Scenario.from_json({**given, **change(tiny)})
    assert str(refused.value).startswith(f"{path}: ")


def test_the_smallest_figures_that_may_be_entered_make_no_infinite_one() -> None:
    least = 1e-30
    given = {
        **document("binance", "cross", 1e15, leg("FET", "long", least, least, 1), least, least),
        "taker_fee": least,
        "levels": {"warning": least, "danger": 2 * least},
        "betas": {"FET": least},
    }
    account = assessed(given)
    assert account["headroom"] == pytest.approx(1e15)
    assert account["effective_leverage"] == pytest.approx(1e-75)
