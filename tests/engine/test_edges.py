"""Exactly on the threshold, a hair beside it, and every answer that is no number."""

from typing import Any

import pytest

from margin.messages import message
from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.tables.assessment_json import assessment_json
from margin.venues import TierTable, VenueTables
from tests.engine.tables import BINANCE, OKX, Rows, one_rate

Document = dict[str, Any]

TWO_TIERS: Rows = [
    {"floor": 0, "maintenance_rate": 0.01, "max_leverage": 20, "cap": 10_000},
    {"floor": 10_000, "maintenance_rate": 0.05, "max_leverage": 10, "cap": 50_000},
]


def leg(symbol: str, side: str, quantity: float, entry_price: float = 1.0, **more: Any) -> Document:
    return {
        "symbol": symbol,
        "side": side,
        "quantity": quantity,
        "entry_price": entry_price,
        "leverage": 5,
        **more,
    }


def document(*positions: Document, **more: Any) -> Document:
    """A scenario at marks of 1 with the two tiers above for every token."""
    symbols = [position["symbol"] for position in positions]
    return {
        "version": 1,
        "venue": "binance",
        "margin_mode": "cross",
        "wallet_balance": 100_000,
        "positions": list(positions),
        "marks": dict.fromkeys(symbols, 1.0),
        "tiers": dict.fromkeys(symbols, TWO_TIERS),
        **more,
    }


def assessed(given: Document) -> Document:
    return assessment_json(assess(Scenario.from_json(given)))


def codes(entry: Document) -> list[tuple[str, str]]:
    return [(problem["code"], problem["severity"]) for problem in entry["problems"]]


def reasons(entry: Document) -> tuple[str | None, str | None]:
    return entry["reason_below"], entry["reason_above"]


# Tiers


@pytest.mark.parametrize(
    ("size", "tier"),
    [
        pytest.param(9_999.99, 1, id="just below the cap is the lower tier"),
        pytest.param(10_000, 1, id="exactly at the cap is the lower tier"),
        pytest.param(
            10_000 * (1 + 1e-13), 1, id="a rounding error above the cap is the lower tier"
        ),
        pytest.param(10_000 * (1 + 1e-9), 2, id="a hair above the cap is the next tier"),
        pytest.param(50_000, 2, id="exactly at the last cap is the last tier"),
        pytest.param(1e9, 2, id="far beyond the last cap is the last tier"),
    ],
)
@pytest.mark.parametrize("venue", ["binance", "bybit", "hyperliquid", "okx"])
def test_the_tier_of_a_size(venue: str, size: float, tier: int) -> None:
    given = document(
        leg("FET", "long", size), venue=venue, contract_values={"FET": 1}, wallet_balance=1e10
    )
    [position] = assessed(given)["positions"]
    assert position["tier"] == tier
    assert position["maintenance_rate"] == [0.01, 0.05][tier - 1]
    assert position["max_leverage"] == [20, 10][tier - 1]
    assert position["maintenance_amount"] == pytest.approx(
        0 if venue == "okx" else [0, 400][tier - 1]
    )


@pytest.mark.parametrize("quantity", [0.1 + 0.2, 3.3, 1e4 / 3])
def test_a_notional_that_is_a_product_of_doubles_is_at_the_cap_it_was_meant_for(
    quantity: float,
) -> None:
    given = document(leg("FET", "long", quantity))
    given["marks"]["FET"] = 10_000 / quantity
    assert assessed(given)["positions"][0]["tier"] == 1


@pytest.mark.parametrize(
    ("contracts", "maintenance"),
    [
        pytest.param(15_000, 15_000 * 0.02, id="at the edge the lower rate on everything"),
        pytest.param(
            15_001, 15_001 * 0.03, id="one contract more and the higher rate on everything"
        ),
    ],
)
def test_okx_maintenance_jumps_at_a_contract_edge(contracts: float, maintenance: float) -> None:
    given = document(
        leg("RENDER", "short", contracts / 10),
        venue="okx",
        contract_values={"RENDER": 0.1},
        tiers={"RENDER": OKX["RENDER"]},
    )
    assert assessed(given)["maintenance_margin"] == pytest.approx(maintenance / 10)


def test_okx_rates_stay_with_the_contracts_when_the_price_moves() -> None:
    given = document(
        leg("RENDER", "short", 15_000),
        venue="okx",
        contract_values={"RENDER": 1},
        tiers={"RENDER": OKX["RENDER"]},
    )
    [before] = assessed(given)["positions"]
    [after] = assessed({**given, "marks": {"RENDER": 100.0}})["positions"]
    assert (before["tier"], after["tier"]) == (1, 1)


def test_a_window_of_one_row_takes_any_size_and_its_amount_as_given() -> None:
    window = [
        {"floor": 50_000, "maintenance_rate": 0.025, "maintenance_amount": 325, "cap": 100_000}
    ]
    for size in (10_000, 75_000):
        [position] = assessed(document(leg("FET", "long", size), tiers={"FET": window}))[
            "positions"
        ]
        assert position["maintenance_margin"] == pytest.approx(size * 0.025 - 325)
        codes = [problem["code"] for problem in position["problems"]]
        assert (position["tier"], codes) == (
            1,
            ["maintenance_negative"] if size * 0.025 < 325 else [],
        )


def test_the_textbook_has_one_fraction_and_no_tiers() -> None:
    given = document(
        leg("FET", "long", 40_000), venue="textbook", textbook={"margin_fraction": 0.03}
    )
    account = assessed(given)
    [position] = account["positions"]
    assert (position["maintenance_rate"], position["max_leverage"]) == (0.03, None)
    assert account["requirement"] == pytest.approx(1_200)
    assert account["margin_ratio"]["value"] == pytest.approx(100_000 / 40_000)
    assert (account["margin_ratio"]["liquidation_at"], account["margin_ratio"]["direction"]) == (
        0.03,
        "falls",
    )


@pytest.mark.parametrize("rounded", [1_000, 999.999, 1_000.001])
@pytest.mark.parametrize(
    ("wallet", "tier"),
    [
        pytest.param(100_000, 2, id="in the tier of the mark"),
        pytest.param(150_000, 1, id="in the tier below"),
    ],
)
def test_headroom_is_zero_at_the_liquidation_price_though_published_amounts_are_rounded(
    wallet: float, tier: int, rounded: float
) -> None:
    rows = [
        {"floor": 0, "maintenance_rate": 0.01},
        {"floor": 100_000, "maintenance_rate": 0.02, "maintenance_amount": rounded},
    ]
    given = document(leg("FET", "long", 200_000), tiers={"FET": rows}, wallet_balance=wallet)
    before = assessed(given)
    for price in (before["liquidation_prices"][0]["below"], 1 + before["joint_move"]["down"]):
        there = assessed({**given, "marks": {"FET": price}})
        assert there["positions"][0]["tier"] == tier
        assert there["headroom"] == pytest.approx(0, abs=1e-8)
        assert there["liquidated"]


# Problems


@pytest.mark.parametrize(
    ("leverage", "problems"),
    [
        pytest.param(19.9, [], id="below the cap"),
        pytest.param(20, [], id="exactly at the cap"),
        pytest.param(20 * (1 + 1e-13), [], id="a rounding error above the cap"),
        pytest.param(20.1, [("leverage_above_cap", "error")], id="above the cap"),
    ],
)
def test_leverage_against_the_cap_of_the_tier(
    leverage: float, problems: list[tuple[str, str]]
) -> None:
    account = assessed(document(leg("FET", "long", 10_000, leverage=leverage)))
    [position] = account["positions"]
    assert codes(position) == problems
    assert position["initial_margin"] == pytest.approx(10_000 / leverage), (
        "figures go on with the leverage as typed"
    )


def test_leverage_above_the_cap_names_the_cap_and_the_fix() -> None:
    [position] = assessed(document(leg("FET", "long", 20_000, leverage=15)))["positions"]
    [problem] = position["problems"]
    assert (
        problem["message"]
        == "15x is above the 10x that Binance allows at this size; lower it to 10x"
    )


@pytest.mark.parametrize(
    ("size", "problems"),
    [
        pytest.param(50_000, [], id="exactly at the last cap"),
        pytest.param(50_000 * (1 + 1e-13), [], id="a rounding error beyond it"),
        pytest.param(50_000 * (1 + 1e-9), [("beyond_last_tier", "warning")], id="beyond it"),
    ],
)
@pytest.mark.parametrize("venue", ["binance", "okx"])
def test_a_size_against_the_last_cap(
    venue: str, size: float, problems: list[tuple[str, str]]
) -> None:
    given = document(leg("FET", "short", size), venue=venue, contract_values={"FET": 1})
    assert codes(assessed(given)["positions"][0]) == problems


def test_an_isolated_margin_in_cross_mode_is_ignored_with_a_warning() -> None:
    plain, with_margin = (
        document(leg("FET", "long", 100)),
        document(leg("FET", "long", 100, isolated_margin=7)),
    )
    [position] = assessed(with_margin)["positions"]
    assert codes(position) == [("isolated_margin_ignored", "warning")]
    assert assessed(with_margin)["liquidation_prices"] == assessed(plain)["liquidation_prices"]
    assert "isolated_margin" not in position


@pytest.mark.parametrize(
    ("wallet", "problems"),
    [
        pytest.param(2_000, [], id="equal to the equity"),
        pytest.param(2_000 * (1 - 1e-13), [], id="above it by rounding"),
        pytest.param(1_999.99, [("initial_margin_above_equity", "warning")], id="above the equity"),
    ],
)
def test_initial_margin_against_equity(wallet: float, problems: list[tuple[str, str]]) -> None:
    account = assessed(document(leg("FET", "long", 10_000), wallet_balance=wallet))
    assert codes(account) == problems
    assert account["available_balance"] == 0
    assert not account["liquidated"]


PLEDGE = [{"asset": "BTC", "amount": 0.1, "ratio": 0.5}]


@pytest.mark.parametrize(
    ("venue", "mode", "counted"),
    [
        ("binance", "cross", True),
        ("bybit", "cross", True),
        ("okx", "cross", True),
        ("hyperliquid", "cross", False),
        ("textbook", "cross", False),
        ("binance", "isolated", False),
        ("bybit", "isolated", False),
        ("okx", "isolated", False),
        ("hyperliquid", "isolated", False),
    ],
)
def test_collateral_counts_where_the_venue_counts_it_and_is_a_problem_elsewhere(
    venue: str, mode: str, counted: bool
) -> None:
    given = document(
        leg("FET", "long", 100), venue=venue, margin_mode=mode, contract_values={"FET": 1}
    )
    given |= {"collateral": PLEDGE, "marks": {"FET": 1.0, "BTC": 60_000.0}}
    account = assessed(given)
    assert codes(account) == ([] if counted else [("collateral_not_counted", "warning")])
    assert account["equity"] == 100_000 + (3_000 if counted else 0)
    entries = {entry["symbol"]: entry for entry in account["liquidation_prices"]}
    if mode == "cross":
        assert reasons(entries["BTC"]) == (("covered", "gains") if counted else ("flat", "flat"))
    else:
        assert "BTC" not in entries


# Tokens without a table


def with_a_stranger(mode: str, **more: Any) -> Document:
    given = document(
        leg("FET", "long", 100), leg("XYZ", "long", 100, 0.5), margin_mode=mode, **more
    )
    del given["tiers"]["XYZ"]
    return given


def test_in_cross_margin_a_token_without_a_table_leaves_equity_and_profit_and_nothing_else() -> (
    None
):
    account = assessed(with_a_stranger("cross"))
    assert (account["equity"], account["unrealised_pnl"]) == (100_050, 50)
    for key in (
        "initial_margin",
        "maintenance_margin",
        "requirement",
        "headroom",
        "available_balance",
    ):
        assert account[key] is None
    assert account["margin_ratio"]["value"] is None
    assert account["margin_ratio"]["liquidation_at"] == 1
    assert account["joint_move"] == {"down": None, "up": None}
    assert account["liquidated"] is False
    assert [reasons(entry) for entry in account["liquidation_prices"]] == [
        ("no_tiers", "no_tiers")
    ] * 2
    known, stranger = account["positions"]
    assert (known["maintenance_margin"], known["tier"], known["problems"]) == (1, 1, [])
    assert codes(stranger) == [("no_tiers", "error")]
    assert stranger["problems"][0]["message"] == (
        "no tier table is known for XYZ on Binance; remove the position or supply its tier table"
    )
    assert (stranger["notional"], stranger["unrealised_pnl"]) == (100, 50)
    for key in ("initial_margin", "maintenance_margin", "tier", "maintenance_rate", "max_leverage"):
        assert stranger[key] is None


def test_in_isolated_margin_the_other_positions_keep_their_own_figures_beside_a_token_without_a_table() -> (
    None
):
    account = assessed(with_a_stranger("isolated"))
    assert account["equity"] == 100_050
    for key in ("initial_margin", "maintenance_margin", "requirement", "headroom"):
        assert account[key] is None
    assert account["margin_ratio"]["value"] is None
    assert account["joint_move"] == {"down": None, "up": None}
    known, stranger = account["positions"]
    assert (known["headroom"], known["liquidated"]) == (19, False)
    assert (stranger["isolated_margin"], stranger["headroom"], stranger["liquidated"]) == (
        10,
        None,
        None,
    )
    priced, unpriced = account["liquidation_prices"]
    assert priced["below"] == pytest.approx(80 / 99)
    assert reasons(unpriced) == ("no_tiers", "no_tiers")


def test_okx_tiers_without_a_contract_value_are_no_tiers_unless_there_is_only_one() -> None:
    several = assessed(document(leg("FET", "long", 100), venue="okx"))
    assert codes(several["positions"][0]) == [("no_tiers", "error")]
    one = assessed(document(leg("FET", "long", 100), venue="okx", tiers={"FET": one_rate(0.02)}))
    assert one["positions"][0]["maintenance_margin"] == pytest.approx(2)


def test_a_reference_table_serves_where_the_scenario_brings_none_and_yields_where_it_does() -> None:
    table = TierTable.from_rows(one_rate(0.2), progressive=True)
    tables = VenueTables(
        "a test",
        tiers={"FET": table, "XYZ": table},
        as_of="2026-09-29",
        not_listed={"OLD": "2026-05-28"},
    )
    scenario = Scenario.from_json(with_a_stranger("cross")).with_tables(tables)
    assessment = assess(scenario)
    assert [position.maintenance_rate for position in assessment.positions] == [0.01, 0.2]
    assert tuple(map(message, assessment.assumptions[:2])) == (
        "tiers of FET as the scenario gives them, undated",
        "binance tiers as of 2026-09-29",
    )
    assert Scenario.from_json(scenario.to_json()) == scenario, (
        "the tables beside it are no part of the scenario"
    )


def test_a_token_known_not_to_be_listed_says_so() -> None:
    given = document(leg("OLD", "long", 1))
    del given["tiers"]["OLD"]
    tables = VenueTables("a test", not_listed={"OLD": "2026-05-28/2026-07-20"})
    [position] = assess(Scenario.from_json(given).with_tables(tables)).positions
    assert message(position.problems[0]) == (
        "OLD is not listed on Binance as seen 2026-05-28 and 2026-07-20; remove the position or "
        "supply its tier table"
    )


# Why there is no price


def hedge(long: float, short: float, **more: Any) -> Document:
    return document(leg("FET", "long", long), leg("FET", "short", short), **more)


@pytest.mark.parametrize(
    ("given", "below", "above"),
    [
        pytest.param(
            document(leg("FET", "long", 100)),
            "covered",
            "gains",
            id="a long with more than it can lose",
        ),
        pytest.param(
            document(leg("FET", "long", 100), wallet_balance=50),
            None,
            "gains",
            id="a long that can be lost",
        ),
        pytest.param(
            document(leg("FET", "short", 100)), "gains", None, id="a short can always be lost"
        ),
        pytest.param(
            hedge(100, 100), "gains", None, id="an equal hedge is lost by maintenance alone"
        ),
        pytest.param(hedge(100, 50), "covered", "gains", id="a hedge that is long after all"),
        pytest.param(
            hedge(100, 97), "covered", None, id="a hedge whose maintenance outgrows what it gains"
        ),
        pytest.param(
            hedge(100, 100, tiers={"FET": one_rate(0)}),
            "flat",
            "flat",
            id="an equal hedge without maintenance",
        ),
        pytest.param(
            document(leg("FET", "long", 100), wallet_balance=100),
            "covered",
            "gains",
            id="a root at price 0",
        ),
        pytest.param(
            document(leg("FET", "long", 100), wallet_balance=1),
            "liquidated",
            "liquidated",
            id="exactly at the end",
        ),
        pytest.param(
            document(leg("FET", "long", 100), wallet_balance=-500),
            "liquidated",
            "liquidated",
            id="long past the end",
        ),
        pytest.param(
            document(leg("FET", "long", 100), tiers={}),
            "no_tiers",
            "no_tiers",
            id="no table to say where the end is",
        ),
    ],
)
def test_a_price_or_the_reason_for_none(
    given: Document, below: str | None, above: str | None
) -> None:
    [entry] = assessed(given)["liquidation_prices"]
    assert reasons(entry) == (below, above)
    assert (entry["below"] is None, entry["above"] is None) == (
        below is not None,
        above is not None,
    )


def test_a_mark_of_zero_is_a_price_like_any_other() -> None:
    account = assessed(document(leg("FET", "long", 100), marks={"FET": 0.0}))
    assert account["equity"] == 99_900
    assert account["equity_to_notional"] is None
    assert account["effective_leverage"] == 0
    assert account["maintenance_margin"] == 0
    [entry] = account["liquidation_prices"]
    assert (entry["below"], entry["above"], entry["reason_above"]) == (None, None, "gains")


@pytest.mark.parametrize("quantity", [1e-30, 1e-20, 1e-11])
def test_a_price_beyond_all_prices_is_no_price(quantity: float) -> None:
    [entry] = assessed(document(leg("FET", "short", quantity)))["liquidation_prices"]
    assert (entry["above"], entry["reason_above"]) == (None, "covered")


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx", "hyperliquid"])
def test_equity_that_is_nothing_but_rounding_makes_no_ratio(venue: str) -> None:
    """0.1 + 0.2 − 0.3 is 5.6e-17 to a computer: the account has nothing."""
    legs = [leg("FET", "long", 3, entry_price=1.1)]
    given = document(
        *legs, venue=venue, contract_values={"FET": 1}, wallet_balance=0.3, taker_fee=0
    )
    account = assessed(given)
    assert account["equity"] != 0
    assert abs(account["equity"]) < 1e-15
    assert account["effective_leverage"] is None
    assert account["equity_to_notional"] == 0
    assert account["margin_ratio"]["value"] == (0 if venue == "okx" else None)
    assert account["liquidated"]


# At the liquidation point


@pytest.mark.parametrize(
    ("wallet", "liquidated"),
    [
        pytest.param(100.0, True, id="equity equal to the requirement"),
        pytest.param(100 + 0.9e-12 * 10_100, True, id="within the rounding of the account's size"),
        pytest.param(100 + 1.1e-12 * 10_100, False, id="beyond the rounding of the account's size"),
        pytest.param(99.99, True, id="below the requirement"),
    ],
)
def test_liquidation_is_at_equality(wallet: float, liquidated: bool) -> None:
    account = assessed(document(leg("FET", "long", 10_000), wallet_balance=wallet))
    assert account["liquidated"] is liquidated
    assert (account["joint_move"]["down"] is None) is liquidated


def test_a_move_that_only_touches_zero_is_a_liquidation() -> None:
    # Long 20,000 at beta 2 is worth nothing from −50% on; the short alone then gains. At −50%
    # headroom is exactly 0: 17,600 − 20,000 + 2,500 − 100, the maintenance of 5,000 short at half
    # the price being 100 at 4%.
    given = document(
        leg("RENDER", "long", 20_000),
        leg("BTC", "short", 5_000),
        wallet_balance=17_600,
        betas={"RENDER": 2},
        tiers={"RENDER": one_rate(0.01), "BTC": one_rate(0.04)},
    )
    assert assessed(given)["joint_move"]["down"] == pytest.approx(-0.5, abs=1e-12)
    # Zero is 1e-12 of 17,600 + 25,000: 4.3e-8.
    assert assessed({**given, "wallet_balance": 17_600 + 2e-8})["joint_move"]["down"] == -0.5
    assert assessed({**given, "wallet_balance": 17_600 + 7e-8})["joint_move"]["down"] is None
    earlier = assessed({**given, "wallet_balance": 17_599})["joint_move"]["down"]
    assert -0.5 < earlier < -0.4999


def test_a_joint_move_is_looked_for_from_minus_one_to_ten() -> None:
    short = document(leg("FET", "short", 100), tiers={"FET": one_rate(0)})
    assert assessed({**short, "wallet_balance": 1_000})["joint_move"] == {"down": None, "up": 10}
    assert assessed({**short, "wallet_balance": 1_000.001})["joint_move"] == {
        "down": None,
        "up": None,
    }
    long = document(leg("FET", "long", 100), tiers={"FET": one_rate(0)})
    assert assessed({**long, "wallet_balance": 100})["joint_move"] == {"down": -1, "up": None}
    # Zero is 1e-12 of 100 + 100: 2e-10.
    assert assessed({**long, "wallet_balance": 100 + 1e-10})["joint_move"] == {
        "down": -1,
        "up": None,
    }
    assert assessed({**long, "wallet_balance": 100 + 3e-10})["joint_move"] == {
        "down": None,
        "up": None,
    }


# Isolated mode


def test_an_isolated_account_adds_up_its_positions_and_stands_with_the_weakest() -> None:
    given = document(
        leg("FET", "long", 1_000, isolated_margin=300),
        leg("TAO", "short", 1_000, 1.1),
        margin_mode="isolated",
        wallet_balance=1_000,
    )
    account = assessed(given)
    strong, weak = account["positions"]
    assert (strong["isolated_margin"], weak["isolated_margin"]) == (300, 220)
    assert (strong["headroom"], weak["headroom"]) == (pytest.approx(290), pytest.approx(310))
    assert account["equity"] == pytest.approx(1_000 + 100)
    assert account["unrealised_pnl"] == pytest.approx(100)
    assert account["initial_margin"] == pytest.approx(400)
    assert account["maintenance_margin"] == account["requirement"] == pytest.approx(20)
    assert account["available_balance"] == pytest.approx(1_000 - 520)
    assert account["headroom"] == strong["headroom"]
    assert account["margin_ratio"]["value"] == strong["margin_ratio"] == pytest.approx(10 / 300)
    assert [(entry["symbol"], entry["side"]) for entry in account["liquidation_prices"]] == [
        ("FET", "long"),
        ("TAO", "short"),
    ]
    assert codes(account) == []


def test_isolated_margins_may_take_the_whole_wallet_and_not_a_cent_more() -> None:
    given = document(
        leg("FET", "long", 1_000, isolated_margin=300), margin_mode="isolated", wallet_balance=300
    )
    assert assessed(given)["available_balance"] == 0
    with pytest.raises(
        ValueError,
        match=r"wallet_balance: must cover the isolated margins, 300 in all, got 299\.99",
    ):
        assessed({**given, "wallet_balance": 299.99})


def test_one_lost_isolated_position_leaves_the_others_their_prices() -> None:
    given = document(
        leg("FET", "long", 1_000, 2.0, isolated_margin=300),
        leg("TAO", "short", 1_000),
        margin_mode="isolated",
    )
    account = assessed(given)
    assert [position["liquidated"] for position in account["positions"]] == [True, False]
    assert account["liquidated"] is True
    assert account["joint_move"] == {"down": None, "up": None}
    dead, alive = account["liquidation_prices"]
    assert reasons(dead) == ("liquidated", "liquidated")
    assert alive["above"] == pytest.approx(1_200 / 1_010)


def test_the_legs_of_an_isolated_hedge_die_each_at_its_own_price() -> None:
    long, short = assessed(hedge(100, 100, margin_mode="isolated"))["liquidation_prices"]
    assert (long["side"], long["below"], long["above"]) == ("long", pytest.approx(80 / 99), None)
    assert (short["side"], short["below"], short["above"]) == (
        "short",
        None,
        pytest.approx(120 / 101),
    )


def test_an_isolated_account_is_liquidated_when_any_position_is() -> None:
    # The first is within its own rounding of 0, the second is alive with less headroom than that
    # rounding.
    given = document(
        leg("FET", "long", 1e8, isolated_margin=1e6 + 1e-5, leverage=100),
        leg("TAO", "long", 1e-6),
        margin_mode="isolated",
        wallet_balance=2e6,
        tiers={"FET": one_rate(0.01), "TAO": one_rate(0.01)},
    )
    account = assessed(given)
    assert [position["liquidated"] for position in account["positions"]] == [True, False]
    assert account["liquidated"] is True


# Bybit's fee to close


@pytest.mark.parametrize(("side", "sign"), [("long", 1), ("short", -1)])
def test_bybit_margins_carry_the_fee_to_close_and_an_isolated_requirement_does_not(
    side: str, sign: int
) -> None:
    given = document(leg("FET", side, 1_000), venue="bybit", taker_fee=0.01)
    fee = 1_000 * (1 - sign / 5) * 0.01
    cross, isolated = assessed(given), assessed({**given, "margin_mode": "isolated"})
    for account in (cross, isolated):
        assert account["initial_margin"] == pytest.approx(200 + fee)
        assert account["maintenance_margin"] == pytest.approx(10 + fee)
    assert cross["requirement"] == pytest.approx(10 + fee)
    assert isolated["requirement"] == pytest.approx(10)
    assert isolated["positions"][0]["headroom"] == pytest.approx(190)


@pytest.mark.parametrize(
    ("venue", "fee"),
    [
        ("binance", 0.0),
        ("bybit", 0.00055 * 0.8),
        ("okx", 0.0),
        ("hyperliquid", 0.0),
        ("textbook", 0.0),
    ],
)
def test_only_bybit_counts_its_own_taker_fee_in_the_maintenance_margin(
    venue: str, fee: float
) -> None:
    given = document(leg("FET", "long", 1_000), venue=venue, contract_values={"FET": 1})
    assert assessed(given)["maintenance_margin"] == pytest.approx(10 + 1_000 * fee)
    assert assessed(given)["requirement"] == pytest.approx(
        10 + 1_000 * (0.0005 if venue == "okx" else fee)
    )


def test_the_published_tables_are_read_as_they_stand() -> None:
    for symbol, rows in BINANCE.items():
        assert TierTable.from_rows(rows, progressive=True).rows() == rows, symbol
