"""Shocks: none change nothing, each part by hand, scaled tables, days left."""

from dataclasses import fields, replace
from math import nextafter
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from margin.errors import FieldError, or_zero
from margin.facts import Assumption
from margin.market.snapshot import embedded as snapshot
from margin.messages import WHOLE_WAY, message
from margin.model.scenario import Scenario
from margin.model.shocks import NONE, Shocks
from margin.studies.account.assess import assess
from margin.studies.stress.outcome import Outcome
from margin.studies.stress.shocks import (
    assumptions,
    breakdown,
    cost_a_day,
    days_until_liquidation,
    debt,
    moves_to,
    price_moves,
    repriced,
    scaled,
)
from margin.venues import TierTable
from tests.studies.accounts import (
    MODES,
    VENUES,
    account,
    long,
    numbers,
    random_accounts,
    scenarios,
    short,
    with_wallet,
)


def told(scenario: Scenario, shocks: Shocks) -> tuple[str, ...]:
    return tuple(message(assumption) for assumption in assumptions(scenario, shocks))


some_accounts = settings(random_accounts, max_examples=40)
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"common": -1.5}, "common: must be a number of at least -1 and of at most 10, got -1.5"),
    (
        {"moves": {"RENDER": 11}},
        "moves.RENDER: must be a number of at least -1 and of at most 10, got 11",
    ),
    ({"moves": {"render/usd/": 0}}, "moves.render/usd/: must be a token of up to 15 letters"),
    ({"moves": [1]}, "moves: must be an object, got an array"),
    (
        {"maintenance": -0.1},
        "maintenance: must be a number of at least 0 and of at most 10, got -0.1",
    ),
    (
        {"maintenance": "2"},
        'maintenance: must be a number of at least 0 and of at most 10, got "2"',
    ),
    (
        {"maintenance_by_token": {"FET": 10.5}},
        "maintenance_by_token.FET: must be a number of at least 0",
    ),
    ({"leverage_cap": 0}, "leverage_cap: must be a number above 0 and of at most 1, got 0"),
    ({"haircut": 1.01}, "haircut: must be a number of at least 0 and of at most 1, got 1.01"),
    (
        {"funding": {"BTC": float("nan")}},
        "funding.BTC: must be a number of at least -1 and of at most 1, got NaN",
    ),
    ({"days": 366}, "days: must be a number of at least 0 and of at most 365, got 366"),
    ({"interest": None}, "interest: must be a number of at least 0 and of at most 10, got null"),
    ({"moves": {"RENDER": 0, "RNDR": 0}}, "moves.RENDER: is given twice"),
]

_moves = numbers(-1, 3)
_by_token = st.sampled_from(["RENDER", "TAO", "NEAR", "BTC", "ETH", "FIL"])
SHOCKS = st.builds(
    Shocks,
    common=_moves,
    moves=st.dictionaries(_by_token, _moves, max_size=3),
    maintenance=numbers(0, 10),
    maintenance_by_token=st.dictionaries(_by_token, numbers(0, 10), max_size=2),
    leverage_cap=numbers(0.01, 1),
    haircut=numbers(0, 1),
    funding=st.dictionaries(_by_token, numbers(-0.05, 0.05), max_size=3),
    days=numbers(0, 365),
    interest=numbers(0, 10),
)


# The shocks themselves


@pytest.mark.parametrize(
    ("given_", "sentence"), WRONG, ids=[sentence.split(":")[0] for _, sentence in WRONG]
)
def test_a_shock_out_of_bounds_is_refused_by_its_field(
    given_: dict[str, Any], sentence: str
) -> None:
    for made in (lambda: Shocks(**given_), lambda: Shocks.from_json(given_)):
        with pytest.raises(FieldError) as caught:
            made()
        assert str(caught.value).startswith(sentence)


def test_an_unknown_shock_is_refused() -> None:
    with pytest.raises(FieldError, match=r"^funding_rate: is not a known key$"):
        Shocks.from_json({"funding_rate": 0.1})


def test_shocks_cannot_be_changed_once_made() -> None:
    shocks = Shocks(moves={"RENDER": -0.1})
    with pytest.raises(AttributeError):
        shocks.common = -0.5
    with pytest.raises(TypeError):
        shocks.moves["RENDER"] = -0.5


@given(SHOCKS)
def test_only_what_differs_is_written_and_it_reads_back(shocks: Shocks) -> None:
    written = shocks.to_json()
    assert Shocks.from_json(written) == shocks
    for field in fields(Shocks):
        assert (field.name in written) == (getattr(shocks, field.name) != getattr(NONE, field.name))
    assert NONE.to_json() == {}


@some_accounts
@given(scenarios(), SHOCKS)
def test_shocks_that_a_scenario_carries_change_no_figure_until_they_are_asked_for(
    scenario: Scenario, shocks: Shocks
) -> None:
    carrying = replace(scenario, shocks=shocks)
    assert assess(carrying) == assess(scenario)
    assert Scenario.from_json(carrying.to_json()).shocks == carrying.shocks
    assert repriced(carrying, shocks).shocks is None
    assert breakdown(carrying, shocks) == breakdown(scenario, shocks)


def test_shocks_that_suppose_nothing_are_none() -> None:
    scenario = account("binance", "cross", [], shocks={"maintenance": 1, "moves": {}})
    assert scenario.shocks is None
    assert "shocks" not in scenario.to_json()


# Nothing supposed


@some_accounts
@given(scenarios())
def test_nothing_supposed_changes_nothing(scenario: Scenario) -> None:
    same = repriced(scenario, NONE)
    assert same == scenario
    assert assess(same) == assess(scenario)
    [before, together] = breakdown(scenario, NONE)
    assert together[2:] == before[2:]


@some_accounts
@given(scenarios(), numbers(0, 365), numbers(0, 10))
def test_days_without_funding_or_debt_cost_nothing(
    scenario: Scenario, days: float, interest: float
) -> None:
    assume(not debt(scenario))
    before, *_, together = breakdown(scenario, Shocks(days=days, interest=interest))
    assert together[2:] == before[2:]


# Prices


def test_a_token_goes_its_own_way_and_the_others_by_their_betas() -> None:
    marks = {"RENDER": 2.0, "TAO": 300.0, "BTC": 70_000.0, "USDC": 1.0}
    scenario = account(
        "binance", "cross", [long("RENDER", 1, 2)], marks=marks, betas={"RENDER": 3, "TAO": 1.5}
    )
    shocks = Shocks(common=-0.2, moves={"RENDER": 0.25, "BTC": 0})
    after = repriced(scenario, shocks).market.marks
    assert {token: after[token] for token in marks} == pytest.approx(
        {**marks, "RENDER": 2.5, "TAO": 210.0}
    )
    assert price_moves(scenario, shocks)["TAO"] == pytest.approx(-0.3)


def test_prices_say_the_moves_that_lead_to_them() -> None:
    scenario = account(
        "binance", "cross", [long("RENDER", 1, 2)], marks={"RENDER": 2.0, "TAO": 300.0, "WLD": 0.0}
    )
    moves = moves_to(scenario, {"RENDER": 1.7184, "TAO": 300.0, "WLD": 1.0})
    assert moves == {"RENDER": -0.1408, "TAO": 0.0}, "from a mark of 0 no move leads anywhere"
    assert repriced(scenario, Shocks(moves=moves)).market.marks["RENDER"] == pytest.approx(
        1.7184, rel=1e-12
    )


def test_no_price_falls_below_nothing() -> None:
    scenario = account("binance", "cross", [long("RENDER", 1, 2)], betas={"RENDER": 3})
    assert repriced(scenario, Shocks(common=-0.5)).market.marks["RENDER"] == 0


# The venue's rules


@pytest.mark.parametrize("venue", VENUES)
def test_maintenance_times_one_and_a_half_is_half_as_much_again(venue: str) -> None:
    scenario = account(venue, "cross", [long("RENDER", 40_000, 1.75), short("TAO", 300, 272.71)])
    fee = {"okx": 0.0005 * (70_000 + 300 * 272.71)}.get(venue, 0.0)
    if venue == "bybit":
        fee = (70_000 * 0.9 + 300 * 272.71 * 1.1) * 0.00055
    before, after = (
        assess(scenario).requirement,
        assess(repriced(scenario, Shocks(maintenance=1.5))).requirement,
    )
    assert after - fee == pytest.approx(1.5 * (before - fee), rel=1e-9)


def test_a_token_s_own_multiplier_stands_instead_of_the_common_one() -> None:
    scenario = account(
        "binance", "cross", [long("RENDER", 40_000, 1.75), short("TAO", 300, 272.71)]
    )
    shocked = assess(repriced(scenario, Shocks(maintenance=1.5, maintenance_by_token={"TAO": 3})))
    for now, was, factor in zip(
        shocked.positions, assess(scenario).positions, (1.5, 3), strict=True
    ):
        assert now.maintenance_margin == pytest.approx(factor * was.maintenance_margin, rel=1e-9)


def test_the_scenarios_own_tables_are_scaled_where_they_stand_and_the_venues_beside_it() -> None:
    rows = [{"floor": 0, "maintenance_rate": 0.01}, {"floor": 10_000, "maintenance_rate": 0.03}]
    positions = [long("RENDER", 40_000, 1.75), long("TAO", 1, 272.71)]
    scenario = account("binance", "cross", positions, tiers={"RENDER": rows})
    market = repriced(scenario, Shocks(maintenance=2)).market
    assert market.tiers.keys() == {"RENDER"}
    assert (market.tiers["RENDER"].rates, market.tiers["RENDER"].amounts) == (
        (0.02, 0.06),
        pytest.approx((0, 400)),
    )
    was = scenario.market.reference.tiers
    assert market.reference.tiers["TAO"].rates == tuple(2 * rate for rate in was["TAO"].rates)
    assert market.reference.tiers["RENDER"] == was["RENDER"]
    assert market.reference.as_of == scenario.market.reference.as_of


def test_no_rate_goes_above_one_and_amounts_follow() -> None:
    rows = [{"floor": 0, "maintenance_rate": 0.2}, {"floor": 1_000, "maintenance_rate": 0.5}]
    table = scaled(TierTable.from_rows(rows, progressive=True), 4)
    assert table.rates == (0.8, 1.0)
    assert table.amounts == (0, pytest.approx(200))
    assert table.jumps is False


def test_the_textbooks_one_fraction_is_scaled_and_stays_between_nothing_and_one() -> None:
    scenario = account(
        "textbook", "cross", [long("RENDER", 100, 1.75)], textbook={"margin_fraction": 0.2}
    )
    assert repriced(scenario, Shocks(maintenance=2)).account.margin_fraction == 0.4
    assert repriced(scenario, Shocks(maintenance=10)).account.margin_fraction == nextafter(1, 0)
    assert assess(repriced(scenario, Shocks(maintenance=0))).requirement == pytest.approx(
        0, abs=1e-20
    )


@given(
    st.sampled_from([table for venue in VENUES for table in snapshot.tables(venue).tiers.values()]),
    numbers(0, 10),
    st.floats(0.01, 1),
)
def test_every_scaled_table_of_the_snapshot_is_a_schedule(
    table: TierTable, factor: float, cap: float
) -> None:
    """`TierTable` verifies order, continuity and caps when it is made.

    Rows read back to the same.
    """
    made = scaled(table, factor, cap)
    assert TierTable.from_rows(made.rows(), progressive=table.progressive) == made
    assert made.floors == table.floors
    assert made.rates == tuple(or_zero(min(1.0, rate * factor)) for rate in table.rates)
    if 1e-20 < factor * table.rates[-1] <= 1:
        assert made.amounts == pytest.approx(
            [amount * factor for amount in table.amounts], rel=1e-9
        )


def test_a_table_with_amounts_rounded_to_cents_stays_a_schedule_when_scaled() -> None:
    rows = [
        {"floor": 0, "maintenance_rate": 0.01, "maintenance_amount": 0},
        {"floor": 33.3333, "maintenance_rate": 0.02, "maintenance_amount": 0.333333},
        {"floor": 3_333.33, "maintenance_rate": 0.05, "maintenance_amount": 100.3332},
    ]
    table = TierTable.from_rows(rows, progressive=True)
    for factor in (0.0, 0.5, 1.0, 3.0, 10.0):
        scaled(table, factor)
    assert scaled(table, 1.0) == table


def test_a_step_that_would_grow_beyond_what_a_schedule_may_have_is_closed() -> None:
    rows = [
        {"floor": 0, "maintenance_rate": 0.01, "maintenance_amount": 0},
        {"floor": 10, "maintenance_rate": 0.02, "maintenance_amount": 0.1000008},
    ]
    table = TierTable.from_rows(rows, progressive=True)
    assert scaled(table, 1.1).amounts == (0, pytest.approx(0.11000088, rel=1e-12))
    assert scaled(table, 10).amounts == (0, pytest.approx(1.0, rel=1e-12))


def test_a_window_on_a_schedule_keeps_its_amount_in_proportion() -> None:
    window = TierTable.from_rows(
        [{"floor": 5_000, "maintenance_rate": 0.25, "maintenance_amount": 40}], progressive=True
    )
    assert scaled(window, 3).amounts == (120,)
    assert (scaled(window, 8).rates, scaled(window, 8).amounts) == ((1.0,), (160,))


def test_a_lower_cap_refuses_the_chosen_leverage_and_changes_no_margin() -> None:
    scenario = account(
        "binance", "cross", [long("RENDER", 5_000, 1.75, 20), long("TAO", 1, 272.71, 5)]
    )
    before, after = assess(scenario), assess(repriced(scenario, Shocks(leverage_cap=0.2)))
    caps = [figures.max_leverage for figures in before.positions]
    assert [figures.max_leverage for figures in after.positions] == [
        max(1, cap * 0.2) for cap in caps
    ]
    assert (after.requirement, after.initial_margin) == (before.requirement, before.initial_margin)
    parts = {part.key: part.above_cap for part in breakdown(scenario, Shocks(leverage_cap=0.2))}
    assert parts == {"before": (), "leverage_cap": ("RENDER long",), "together": ("RENDER long",)}


def test_where_maintenance_follows_the_cap_a_lower_one_raises_what_is_required() -> None:
    """35,000 of RENDER at 10%, its cap 5×: at 2.5× maintenance is 20%."""
    scenario = account("hyperliquid", "cross", [long("RENDER", 20_000, 1.75, 5)], 6_000)
    parts = {part.key: part.outcome for part in breakdown(scenario, Shocks(leverage_cap=0.5))}
    assert (parts["before"].requirement, parts["before"].liquidated) == (
        pytest.approx(3_500),
        False,
    )
    assert (parts["leverage_cap"].requirement, parts["leverage_cap"].liquidated) == (
        pytest.approx(7_000),
        True,
    )
    both = breakdown(scenario, Shocks(leverage_cap=0.5, maintenance=1.5))[-1].outcome
    assert both.requirement == pytest.approx(10_500), "a multiplier comes on top"


@given(
    st.sampled_from(list(snapshot.tables("hyperliquid").tiers.values())),
    st.floats(0.5, 5),
    st.floats(0.01, 1),
    st.floats(1, 1e9),
)
def test_rates_that_follow_their_caps_are_half_the_margin_at_the_cap_and_as_continuous_as_they_were(
    table: TierTable, factor: float, cap: float, notional: float
) -> None:
    made = scaled(table, factor, cap, rates_follow=True)
    assert TierTable.from_rows(made.rows(), progressive=True) == made
    wanted = [min(1.0, factor / (2 * (most or 0.0))) for most in made.max_leverages]
    assert made.rates == pytest.approx(wanted, rel=1e-8)
    by_slices = sum(
        rate * max(0.0, min(notional, ceiling) - floor)
        for rate, floor, ceiling in zip(
            made.rates, made.floors, (*made.floors[1:], float("inf")), strict=True
        )
    )
    tier = max(index for index, floor in enumerate(made.floors) if floor < notional)
    assert notional * made.rates[tier] - made.amounts[tier] == pytest.approx(by_slices, rel=1e-6)


def test_rates_of_tiers_whose_cap_is_not_known_stay_but_never_fall_below_the_one_before() -> None:
    rows = [
        {"floor": 0, "maintenance_rate": 0.1, "max_leverage": 5},
        {"floor": 1_000, "maintenance_rate": 0.15},
        {"floor": 9_000, "maintenance_rate": 0.4},
    ]
    table = TierTable.from_rows(rows, progressive=True)
    made = scaled(table, 1, 0.5, rates_follow=True)
    assert (made.rates, made.max_leverages) == ((0.2, 0.2, 0.4), (2.5, None, None))
    assert made.amounts == pytest.approx((0, 0, 1_800))
    assert scaled(table, 1, 0.01, rates_follow=True).rates == (0.5, 0.5, 0.5), "at 1x, half of all"


def test_what_a_lower_cap_does_is_said_of_each_venue_as_it_is() -> None:
    cut = Shocks(leverage_cap=0.5)
    for venue in VENUES:
        first, *more = told(account(venue, "cross", [long("RENDER", 10, 1.75)]), cut)
        assert first.startswith("a lower leverage cap refuses new orders") is (
            venue != "hyperliquid"
        )
        if venue == "hyperliquid":
            assert "half the initial margin at the leverage cap" in first
            assert more == [
                "a lower cap counts at once here; Hyperliquid has announced cuts that reach an "
                "open position only with "
                "the next order that does more than reduce it"
            ]
    rows = {"RENDER": [{"floor": 0, "maintenance_rate": 0.05}]}
    said = told(account("hyperliquid", "cross", [long("RENDER", 10, 1.75)], tiers=rows), cut)
    assert (
        "no leverage cap is known in some tier of RENDER: there a lower one raises no rate" in said
    )


def test_no_cap_is_pressed_below_one() -> None:
    rows = [
        {"floor": 0, "maintenance_rate": 0.01, "max_leverage": 20},
        {"floor": 9, "maintenance_rate": 0.5},
    ]
    assert scaled(TierTable.from_rows(rows, progressive=True), 1, 0.01).max_leverages == (1, None)


def test_a_haircut_cuts_every_ratio_by_its_part() -> None:
    pledged = [
        {"asset": "ETH", "amount": 1, "ratio": 0.9},
        {"asset": "USDC", "amount": 100, "ratio": 1},
    ]
    scenario = account("binance", "cross", [long("RENDER", 10, 1.75)], collateral=pledged)
    shocked = repriced(scenario, Shocks(haircut=0.25))
    assert [item.ratio for item in shocked.account.collateral] == pytest.approx([0.675, 0.75])
    lost = assess(scenario).equity - assess(shocked).equity
    assert lost == pytest.approx(0.25 * (0.9 * 2201.95 + 100))


# What holding on costs


def funded(scenario: Scenario, funding: dict[str, float], days: float) -> tuple[Outcome, Outcome]:
    """The account before and after its days of funding."""
    before, after, _ = breakdown(scenario, Shocks(funding=funding, days=days))
    assert (before.key, after.key) == ("before", "funding")
    return before.outcome, after.outcome


def test_longs_pay_shorts_on_their_notional_at_todays_mark() -> None:
    scenario = account(
        "binance", "cross", [long("RENDER", 1_000, 1.9), short("TAO", 10, 250)], 5_000
    )
    before, paid = funded(scenario, {"RENDER": 0.003, "TAO": 0.001}, 7)
    assert paid.equity == pytest.approx(before.equity - 7 * (1_750 * 0.003 - 2_727.1 * 0.001))


def test_a_wallet_that_owes_pays_interest_and_another_earns_none() -> None:
    pledged = [{"asset": "BTC", "amount": 1, "ratio": 0.9}]
    owing = account("bybit", "cross", [long("RENDER", 10, 1.75)], -3_650, collateral=pledged)
    for wallet, interest in ((-3_650, 10), (3_650, 0)):
        before, paid, _ = breakdown(with_wallet(owing, wallet), Shocks(interest=0.1, days=10))
        assert paid.outcome.equity == pytest.approx(before.outcome.equity - interest)


def test_an_isolated_position_pays_from_its_own_margin() -> None:
    positions = [long("RENDER", 1_000, 1.75, 10), short("TAO", 10, 272.71, 10, isolated_margin=400)]
    scenario = account("binance", "isolated", positions, 1_000)
    before, paid = funded(scenario, {"RENDER": 0.01, "TAO": 0.002}, 2)
    assert paid.equity == pytest.approx(1_000 - 35 + 2 * 5.4542)
    assert paid.headroom == pytest.approx(before.headroom - 35), "RENDER's, the least"
    [*_, fallen] = breakdown(
        scenario, Shocks(funding={"RENDER": 0.01, "TAO": 0.002}, days=2, moves={"RENDER": -0.5})
    )
    assert fallen.outcome.remaining == pytest.approx(1_000 - 175 + 2 * 5.4542), (
        "what was paid is not lost again"
    )


def in_profit(mode: str = "isolated") -> Scenario:
    """A margin of 3,500 beside a profit of 35,000: 70,000 long, 1,425 required."""
    return account("binance", mode, [long("RENDER", 20_000, 1.75)], 3_500, marks={"RENDER": 3.5})


def test_funding_beyond_an_isolated_margin_takes_the_profit_beside_it() -> None:
    for days in (0, 5, 20, 52.9):
        _, paid = funded(in_profit(), {"RENDER": 0.01}, days)
        assert (paid.equity, paid.headroom) == pytest.approx(
            (38_500 - 700 * days, 37_075 - 700 * days)
        )
        assert (paid.liquidated, paid.positions_liquidated, paid.remaining) == (
            False,
            0,
            pytest.approx(paid.equity),
        )


@pytest.mark.parametrize("days", [53, 53.5, 365])
def test_an_isolated_position_whose_funding_outlasts_its_headroom_loses_its_margin_and_no_more(
    days: float,
) -> None:
    richer = with_wallet(in_profit(), 4_000)
    _, paid = funded(richer, {"RENDER": 0.01}, days)
    assert paid.headroom == pytest.approx(37_075 - 700 * days)
    assert (paid.liquidated, paid.positions_liquidated, paid.remaining) == (
        True,
        1,
        pytest.approx(500),
    )


def test_a_margin_that_funding_took_is_missed_when_prices_and_rules_follow() -> None:
    """After 50 days 3,500 of equity are left against 1,425.

    3.1% of fall take it, or 2% where maintenance doubles.
    """
    paying = Shocks(funding={"RENDER": 0.01}, days=50)
    for after, alone, together in (
        ({"moves": {"RENDER": -0.031}}, False, 0.0),
        ({"moves": {"RENDER": -0.03}}, False, 1_400.0),
        ({"moves": {"RENDER": -0.02}}, False, 2_100.0),
        ({"moves": {"RENDER": 0.01}}, False, 4_200.0),
        ({"moves": {"RENDER": -0.02}, "maintenance": 2}, False, 0.0),
        ({"moves": {"RENDER": -0.99}}, True, 0.0),
    ):
        shocks = replace(paying, **after)
        parts = {part.key: part.outcome for part in breakdown(in_profit(), shocks)}
        assert parts["funding"].liquidated is False
        assert parts["prices"].liquidated is alone
        assert parts["together"].liquidated is (together == 0)
        assert parts["together"].remaining == pytest.approx(together)


def test_the_nearest_move_after_funding_is_that_of_the_headroom_left() -> None:
    """Rates of 2.5% less 325 at 70,000: 3,500 of equity is all used 3% further down."""
    *_, together = breakdown(in_profit(), Shocks(funding={"RENDER": 0.01}, days=50))
    assert together.nearest is not None
    [*_, there] = breakdown(
        in_profit(), Shocks(funding={"RENDER": 0.01}, days=50, moves={"RENDER": together.nearest})
    )
    assert there.outcome.headroom == pytest.approx(0, abs=1e-6)
    cross = breakdown(in_profit("cross"), Shocks(funding={"RENDER": 0.01}, days=50))[-1]
    assert together.nearest == pytest.approx(cross.nearest, rel=1e-12)
    assert breakdown(in_profit(), Shocks(funding={"RENDER": 0.01}, days=60))[-1].nearest is None


def test_a_balance_beyond_any_that_is_read_is_refused() -> None:
    for mode in MODES:
        huge = account("binance", mode, [short("BTC", 1e12, 7e-4, 1)], 1e9, marks={"BTC": 1e6})
        with pytest.raises(FieldError, match=r"^wallet_balance: must be at most 1e15 in size"):
            breakdown(huge, Shocks(funding={"BTC": 1.0}, days=365))


# One table


@some_accounts
@given(scenarios(), SHOCKS)
def test_the_breakdown_has_each_part_alone_and_all_together(
    scenario: Scenario, shocks: Shocks
) -> None:
    parts = breakdown(scenario, shocks)
    by_key = {part.key: part for part in parts}
    assert len(by_key) == len(parts)
    assert (parts[0].key, parts[-1].key) == ("before", "together")
    still = breakdown(scenario, replace(shocks, days=0))
    for part, supposed in ((parts[0], NONE), (still[-1], shocks)):
        there = assess(repriced(scenario, supposed))
        size = abs(there.equity) + there.requirement + 1
        assert part.outcome.equity == pytest.approx(there.equity, rel=1e-9, abs=1e-12 * size)
        assert part.outcome.requirement == pytest.approx(
            there.requirement, rel=1e-9, abs=1e-12 * size
        )
        assert part.outcome.headroom == pytest.approx(there.headroom, rel=1e-9, abs=1e-12 * size)
        assert part.outcome.liquidated or not there.liquidated
    paid = shocks.days * sum(
        position.quantity
        * scenario.market.marks[position.symbol]
        * shocks.funding.get(position.symbol, 0)
        * position.sign
        for position in scenario.positions
    )
    paid += shocks.days / 365 * shocks.interest * debt(scenario)
    counted = paid * scenario.account.counted_rate
    assert parts[-1].outcome.equity == pytest.approx(
        still[-1].outcome.equity - counted, rel=1e-9, abs=1e-9
    )
    assert ("haircut" in by_key) == bool(shocks.haircut)
    assert ("prices" in by_key) == bool(shocks.common or shocks.moves)
    assert ("funding" in by_key) == bool(shocks.funding)


def test_each_part_of_the_breakdown_is_that_part_by_hand() -> None:
    """17,500 long on 4,000 and an ETH at 50%.

    In Binance's tier of 2% before and after a fall of 10%.
    """
    pledged = [{"asset": "ETH", "amount": 1, "ratio": 0.5}]
    scenario = account(
        "binance", "cross", [long("RENDER", 10_000, 1.75)], 4_000, collateral=pledged
    )
    shocks = Shocks(
        moves={"RENDER": -0.1, "ETH": 0},
        maintenance=2,
        haircut=0.2,
        funding={"RENDER": 0.002},
        days=5,
        leverage_cap=0.5,
    )
    equity, required = 4_000 + 0.5 * 2_201.95, assess(scenario).requirement
    parts = {part.key: part.outcome for part in breakdown(scenario, shocks)}
    assert list(parts) == [
        "before",
        "prices",
        "maintenance",
        "leverage_cap",
        "haircut",
        "funding",
        "together",
    ]
    assert {key: outcome.equity for key, outcome in parts.items()} == pytest.approx(
        {
            "before": equity,
            "prices": equity - 1_750,
            "maintenance": equity,
            "leverage_cap": equity,
            "haircut": equity - 0.1 * 2_201.95,
            "funding": equity - 175,
            "together": equity - 1_750 - 0.1 * 2_201.95 - 175,
        }
    )
    at_the_lower_price = required - 1_750 * 0.02  # Still in the tier of 2%.
    assert parts["prices"].requirement == pytest.approx(at_the_lower_price)
    assert parts["maintenance"].requirement == pytest.approx(2 * required)
    assert parts["together"].requirement == pytest.approx(2 * at_the_lower_price)
    assert parts["funding"].requirement == pytest.approx(required)


def test_a_way_through_liquidation_is_told_though_its_end_stands_again() -> None:
    positions = [long("RENDER", 20_000 / 1.75, 1.75), short("BTC", 30_000 / 71202.9, 71202.9)]
    scenario = account("binance", "cross", positions, 9_900, betas={"RENDER": 3})
    [_, prices, together] = breakdown(scenario, Shocks(common=-0.4))
    for part in (prices, together):
        assert part.outcome.headroom > 0
        assert part.outcome.liquidated
    assert not assess(repriced(scenario, Shocks(common=-0.4))).liquidated


def test_funding_counts_before_the_prices_move() -> None:
    """It takes the account below its requirement at once; the rise that follows comes too late."""
    scenario = account("textbook", "cross", [long("RENDER", 10_000, 1.75)], 500)
    shocks = Shocks(funding={"RENDER": 0.01}, days=2, moves={"RENDER": 0.5})
    parts = {part.key: part.outcome for part in breakdown(scenario, shocks)}
    assert {key: outcome.liquidated for key, outcome in parts.items()} == {
        "before": False,
        "prices": False,
        "funding": True,
        "together": True,
    }
    assert parts["together"].headroom > 0


@pytest.mark.parametrize("mode", MODES)
def test_without_tiers_the_breakdown_tells_equity(mode: str) -> None:
    scenario = account("bybit", mode, [long("FET", 4_000, 0.25, 1)], 1_000, marks={"FET": 0.25})
    for part in breakdown(scenario, Shocks(common=-0.1, maintenance=2)):
        assert part.outcome.headroom is None
        assert part.outcome.liquidated is None
        assert part.outcome.equity == pytest.approx(
            1_000 if part.key in ("before", "maintenance") else 900
        )


# Days


def test_days_until_liquidation_is_one_division() -> None:
    scenario = account("textbook", "cross", [long("RENDER", 10_000, 1.75)], 525)
    assert days_until_liquidation(scenario, {"RENDER": 0.001}) == pytest.approx(350 / 17.5)


def test_interest_on_a_debt_counts_beside_funding() -> None:
    pledged = [{"asset": "BTC", "amount": 0.1, "ratio": 0.9}]
    scenario = account("bybit", "cross", [short("RENDER", 1_000, 1.75)], -3_650, collateral=pledged)
    headroom = assess(scenario).headroom
    assert days_until_liquidation(scenario, {}, 0.1) == pytest.approx(headroom / 1.0)
    assert days_until_liquidation(scenario, {"RENDER": -0.001}, 0.1) == pytest.approx(
        headroom / 2.75
    )
    assert days_until_liquidation(scenario, {"RENDER": 0.001}, 0.1) is None


@some_accounts
@given(scenarios(), st.dictionaries(_by_token, st.floats(1e-6, 0.003), min_size=1), numbers(0, 1))
def test_just_before_those_days_the_account_lives_and_just_after_them_it_is_liquidated(
    scenario: Scenario, funding: dict[str, float], interest: float
) -> None:
    days, today = days_until_liquidation(scenario, funding, interest), assess(scenario)
    if today.liquidated:
        assert days == 0
    elif days is not None and days <= 364:
        size = (
            sum(position.notional for position in today.positions)
            + abs(today.equity)
            + scenario.account.wallet_balance
        )
        cost = (today.headroom or 0.0) / days
        for passed in (
            days * (1 - 1e-9) - 1e-11 * size / cost,
            days * (1 + 1e-9) + 1e-11 * size / cost,
        ):
            if 0 <= passed <= 365:
                shocks = Shocks(funding=funding, interest=interest, days=passed)
                assert breakdown(scenario, shocks)[-1].outcome.liquidated is (passed > days)


@pytest.mark.parametrize(
    ("leg", "worth"), [(long, 1 / (1 - 0.00055)), (short, 1 / (1 + 0.00055))], ids=["long", "short"]
)
def test_isolated_margin_on_bybit_is_worth_a_little_more_or_less_than_itself(
    leg: Any, worth: float
) -> None:
    way = 1 if leg is long else -1
    scenario = account("bybit", "isolated", [leg("RENDER", 1_000, 1.75, 5)], 1_000)
    days = days_until_liquidation(scenario, {"RENDER": way * 0.001})
    assert days == pytest.approx(assess(scenario).headroom / (1.75 * worth), rel=1e-12)
    assert days is not None
    before, paid = funded(scenario, {"RENDER": way * 0.001}, days)
    assert paid.headroom == pytest.approx(0, abs=1e-9)
    assert paid.equity == pytest.approx(before.equity - 1.75 * days), (
        "the money itself is what was paid"
    )


def test_the_first_isolated_position_to_end_counts() -> None:
    positions = [long("RENDER", 1_000, 1.75, 5), long("TAO", 10, 272.71, 5)]
    scenario = account("bybit", "isolated", positions, 1_000)
    alone = [
        days_until_liquidation(
            replace(scenario, positions=(position,)), {"RENDER": 0.001, "TAO": 0.002}
        )
        for position in scenario.positions
    ]
    assert (
        days_until_liquidation(scenario, {"RENDER": 0.001, "TAO": 0.002}) == min(alone) == alone[1]
    )


@pytest.mark.parametrize("mode", MODES)
def test_without_tiers_positions_or_costs_no_days_are_told(mode: str) -> None:
    unlisted = account("bybit", mode, [long("FET", 100, 0.25, 1)], marks={"FET": 0.25})
    assert days_until_liquidation(unlisted, {"FET": 0.01}) is None
    assert days_until_liquidation(account("binance", mode, []), {"BTC": 0.01}) is None
    assert (
        days_until_liquidation(account("binance", mode, [short("BTC", 0.01, 7e4)]), {"BTC": 0.01})
        is None
    )


# What is said


def test_what_the_shocks_rest_on_and_what_does_nothing_is_said() -> None:
    scenario = account("textbook", "cross", [long("RENDER", 10, 1.75)])
    everything = Shocks(
        moves={"TAO": 0.1},
        maintenance_by_token={"RENDER": 2},
        leverage_cap=0.5,
        haircut=0.1,
        days=1,
        interest=0.1,
    )
    said = told(scenario, everything)
    assert [sentence.partition(":")[0] for sentence in said] == [
        WHOLE_WAY.partition(":")[0],
        "funding and interest run at today's marks and debt for all their days, before prices move",
        "a lower leverage cap refuses new orders; it changes no requirement of what is open",
        "nothing is owed in the settlement coin, open profit and loss counted",
        "the textbook has one maintenance fraction for everything",
        "no collateral counts here",
        "not held where it would count, so what is supposed of them does nothing",
    ]
    assert told(scenario, Shocks(maintenance=2)) == ()
    assert told(scenario, Shocks(common=-0.1)) == (WHOLE_WAY,)


def test_funding_of_isolated_positions_is_said_and_that_it_may_fall_due_every_hour() -> None:
    scenario = account("okx", "isolated", [long("RENDER", 10, 1.75)])
    said = told(scenario, Shocks(funding={"RENDER": 0.001}, days=1))
    assert any(
        "takes an isolated position's margin, then the profit beside it" in sentence
        for sentence in said
    )
    assert message(Assumption.of("hourly_at_the_cap")) in said


@pytest.mark.parametrize("venue", VENUES)
def test_funding_alone_liquidates_on_every_venue(venue: str) -> None:
    """OKX has collected it in full since 2024.

    No venue spares a position for want of its last payment.
    """
    scenario = account(venue, "cross", [long("RENDER", 1_000, 1.75)], 100)
    assert breakdown(scenario, Shocks(funding={"RENDER": 0.06}, days=1))[-1].outcome.liquidated
    assert not any("does not liquidate" in sentence for sentence in told(scenario, Shocks(days=1)))


# Interest runs on what the coin comes to below 0, profit and loss counted


PLEDGED = {"asset": "ETH", "amount": 10, "ratio": 0.9}


@pytest.mark.parametrize(
    ("wallet", "mark", "owed"),
    [
        pytest.param(-500, 1.75, 500, id="the wallet owes, the position stands at its entry"),
        pytest.param(-500, 2.0, 250, id="a profit repays a part"),
        pytest.param(-500, 3.0, 0, id="a profit repays all"),
        pytest.param(500, 1.0, 250, id="a loss beyond the wallet is owed"),
        pytest.param(500, 1.75, 0, id="nothing is owed"),
    ],
)
def test_interest_runs_on_the_coins_equity_not_on_the_wallet(
    wallet: float, mark: float, owed: float
) -> None:
    scenario = account(
        "bybit", "cross", [long("RENDER", 1_000, 1.75)], wallet, collateral=[PLEDGED]
    )
    scenario = scenario.with_marks({"RENDER": mark})
    assert debt(scenario) == pytest.approx(owed)
    assert cost_a_day(scenario, {}, 0.365) == pytest.approx(owed / 1_000)
    said = told(scenario, Shocks(interest=0.1, days=1))
    assert any("interest does nothing" in sentence for sentence in said) == (owed == 0)
    assert any("free of interest" in sentence for sentence in said) == (owed > 0)


def test_an_isolated_position_owes_nothing_beyond_its_margin() -> None:
    scenario = account("bybit", "isolated", [long("RENDER", 1_000, 1.75)], 200).with_marks(
        {"RENDER": 1.0}
    )
    assert debt(scenario) == 0.0
    assert cost_a_day(scenario, {}, 10.0) == 0.0


IDLE = [
    (
        "funding",
        Shocks(funding={"RENDER": 0.01}),
        "no days are supposed: nothing is paid for funding",
    ),
    (
        "interest",
        Shocks(funding={"RENDER": 0.01}, interest=0.1),
        "no days are supposed: nothing is paid for funding and interest",
    ),
    (
        "days",
        Shocks(days=7),
        "neither funding nor interest is supposed: the days alone cost nothing",
    ),
    (
        "maintenance",
        Shocks(maintenance=2, maintenance_by_token={"RENDER": 3}),
        "every token held has a maintenance multiplier of its own: the one for all does nothing",
    ),
    (
        "common",
        Shocks(common=-0.1, moves={"RENDER": 0.1}),
        "no price that counts here follows the joint move: it does nothing",
    ),
    (
        "moves",
        Shocks(moves={"ETH": -0.1}),
        "not held where it would count, so what is supposed of them does nothing: ETH",
    ),
]


@pytest.mark.parametrize(("field", "shocks", "said"), IDLE, ids=[field for field, _, _ in IDLE])
def test_a_part_that_changes_nothing_has_its_reason_said(
    field: str, shocks: Shocks, said: str
) -> None:
    """ETH is pledged where it does not count."""
    pledged = [{"asset": "ETH", "amount": 1, "ratio": 0.5}]
    scenario = account("hyperliquid", "cross", [long("RENDER", 10, 1.75)], -5, collateral=pledged)
    assert said in told(scenario, shocks)
    [*_, together] = breakdown(scenario, shocks)
    [*_, without] = breakdown(scenario, replace(shocks, **{field: getattr(NONE, field)}))
    assert together == without


def test_carry_is_said_to_be_paid_to_its_end_also_without_moves_of_prices() -> None:
    said = told(in_profit("cross"), Shocks(funding={"RENDER": 0.01}, days=365))
    assert said[1:] == (message(Assumption.of("hourly_at_the_cap")),)
    assert "paid to the end with every position open" in said[0]


# The worked example, isolated, and at the very end of its money

PAIR = [long("RENDER", 50_000 / 1.75, 1.75), long("FET", 40_000 / 0.2231, 0.2231)]


def worked_example(mode: str) -> Scenario:
    marks = {"RENDER": 1.75, "FET": 0.2231}
    made = account("binance", mode, PAIR, 10_000, marks=marks)
    return made.with_tables(snapshot.tables("binance"))


def test_what_the_prices_took_on_their_way_milder_rules_do_not_give_back() -> None:
    scenario = worked_example("isolated")
    parts = {
        part.key: part.outcome
        for part in breakdown(scenario, Shocks(common=-0.09, maintenance=0.5))
    }
    for key in ("prices", "together"):
        assert (parts[key].positions_liquidated, parts[key].liquidated) == (2, True)
        assert parts[key].remaining == pytest.approx(1_000)


def test_an_account_that_stands_again_under_milder_rules_was_liquidated_on_the_way() -> None:
    [*_, together] = breakdown(worked_example("cross"), Shocks(common=-0.1, maintenance=0.5))
    assert together.outcome.liquidated
    assert together.outcome.headroom is not None
    assert together.outcome.headroom > 0


def test_where_equity_is_nothing_but_rounding_there_is_no_ratio() -> None:
    [_, prices, _] = breakdown(worked_example("cross"), Shocks(moves={"RENDER": -0.2}))
    assert prices.outcome.equity == pytest.approx(0, abs=1e-9)
    assert prices.outcome.requirement_to_equity is None
