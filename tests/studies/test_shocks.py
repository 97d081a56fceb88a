"""Shocks: nothing supposed changes nothing, each part by hand, tables that verify when scaled, days until the end."""

from dataclasses import fields, replace
from math import nextafter
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from margin.errors import FieldError
from margin.market import snapshot
from margin.scenario import Scenario
from margin.shocks import NONE, Shocks
from margin.studies.assess import assess
from margin.studies.outcome import WHOLE_WAY
from margin.studies.shocks import apply, assumptions, breakdown, days_until_liquidation, moves_to, price_moves, scaled
from margin.venues import TierTable
from tests.studies.accounts import MODES, VENUES, account, long, random_accounts, scenarios, short, with_wallet

some_accounts = settings(random_accounts, max_examples=40)
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"common": -1.5}, "common: must be a number of at least -1 and of at most 10, got -1.5"),
    ({"moves": {"RENDER": 11}}, "moves.RENDER: must be a number of at least -1 and of at most 10, got 11"),
    ({"moves": {"render/usd/": 0}}, "moves.render/usd/: must be a token of up to 15 letters"),
    ({"moves": [1]}, "moves: must be an object, got an array"),
    ({"maintenance": -0.1}, "maintenance: must be a number of at least 0 and of at most 10, got -0.1"),
    ({"maintenance": "2"}, 'maintenance: must be a number of at least 0 and of at most 10, got "2"'),
    ({"maintenance_by_token": {"FET": 10.5}}, "maintenance_by_token.FET: must be a number of at least 0"),
    ({"leverage_cap": 0}, "leverage_cap: must be a number above 0 and of at most 1, got 0"),
    ({"haircut": 1.01}, "haircut: must be a number of at least 0 and of at most 1, got 1.01"),
    ({"funding": {"BTC": float("nan")}}, "funding.BTC: must be a number of at least -1 and of at most 1, got NaN"),
    ({"days": 366}, "days: must be a number of at least 0 and of at most 365, got 366"),
    ({"interest": None}, "interest: must be a number of at least 0 and of at most 10, got null"),
    ({"moves": {"RENDER": 0, "RNDR": 0}}, "moves.RENDER: is given twice"),
]

_moves = st.floats(-1, 3)
_by_token = st.sampled_from(["RENDER", "TAO", "NEAR", "BTC", "ETH", "FIL"])
SHOCKS = st.builds(
    Shocks,
    common=_moves,
    moves=st.dictionaries(_by_token, _moves, max_size=3),
    maintenance=st.floats(0, 10),
    maintenance_by_token=st.dictionaries(_by_token, st.floats(0, 10), max_size=2),
    leverage_cap=st.floats(0.01, 1),
    haircut=st.floats(0, 1),
    funding=st.dictionaries(_by_token, st.floats(-0.05, 0.05), max_size=3),
    days=st.floats(0, 365),
    interest=st.floats(0, 10),
)


# The shocks themselves


@pytest.mark.parametrize(("given_", "sentence"), WRONG, ids=[sentence.split(":")[0] for _, sentence in WRONG])
def test_a_shock_out_of_bounds_is_refused_by_its_field(given_: dict[str, Any], sentence: str) -> None:
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
def test_shocks_that_a_scenario_carries_change_no_figure_until_they_are_applied(
    scenario: Scenario, shocks: Shocks
) -> None:
    carrying = replace(scenario, shocks=shocks)
    assert assess(carrying) == assess(scenario)
    assert Scenario.from_json(carrying.to_json()).shocks == carrying.shocks
    assert apply(carrying, shocks).shocks is None
    assert apply(carrying, shocks) == apply(scenario, shocks)


def test_shocks_that_suppose_nothing_are_none() -> None:
    scenario = account("binance", "cross", [], shocks={"maintenance": 1, "moves": {}})
    assert scenario.shocks is None
    assert "shocks" not in scenario.to_json()


# Nothing supposed


@some_accounts
@given(scenarios())
def test_nothing_supposed_changes_nothing(scenario: Scenario) -> None:
    same = apply(scenario, NONE)
    assert same == scenario
    assert assess(same) == assess(scenario)


@some_accounts
@given(scenarios(), st.floats(0, 365), st.floats(0, 10))
def test_days_without_funding_or_debt_cost_nothing(scenario: Scenario, days: float, interest: float) -> None:
    assume(scenario.account.wallet_balance >= 0)
    assert apply(scenario, Shocks(days=days, interest=interest)) == scenario


# Prices


def test_a_token_goes_its_own_way_and_the_others_by_their_betas() -> None:
    marks = {"RENDER": 2.0, "TAO": 300.0, "BTC": 70_000.0, "USDC": 1.0}
    scenario = account("binance", "cross", [long("RENDER", 1, 2)], marks=marks, betas={"RENDER": 3, "TAO": 1.5})
    shocks = Shocks(common=-0.2, moves={"RENDER": 0.25, "BTC": 0})
    after = apply(scenario, shocks).market.marks
    assert {token: after[token] for token in marks} == pytest.approx({**marks, "RENDER": 2.5, "TAO": 210.0})
    assert price_moves(scenario, shocks)["TAO"] == pytest.approx(-0.3)


def test_prices_say_the_moves_that_lead_to_them() -> None:
    scenario = account("binance", "cross", [long("RENDER", 1, 2)], marks={"RENDER": 2.0, "TAO": 300.0, "WLD": 0.0})
    moves = moves_to(scenario, {"RENDER": 1.7184, "TAO": 300.0, "WLD": 1.0})
    assert moves == {"RENDER": -0.1408, "TAO": 0.0}, "from a mark of 0 no move leads anywhere"
    assert apply(scenario, Shocks(moves=moves)).market.marks["RENDER"] == pytest.approx(1.7184, rel=1e-12)


def test_no_price_falls_below_nothing() -> None:
    scenario = account("binance", "cross", [long("RENDER", 1, 2)], betas={"RENDER": 3})
    assert apply(scenario, Shocks(common=-0.5)).market.marks["RENDER"] == 0


# The venue's rules


@pytest.mark.parametrize("venue", VENUES)
def test_maintenance_times_one_and_a_half_is_half_as_much_again(venue: str) -> None:
    scenario = account(venue, "cross", [long("RENDER", 40_000, 1.75), short("TAO", 300, 272.71)])
    fee = {"okx": 0.0005 * (70_000 + 300 * 272.71)}.get(venue, 0.0)
    if venue == "bybit":
        fee = (70_000 * 0.9 + 300 * 272.71 * 1.1) * 0.00055
    before, after = assess(scenario).requirement, assess(apply(scenario, Shocks(maintenance=1.5))).requirement
    assert after - fee == pytest.approx(1.5 * (before - fee), rel=1e-9)


def test_a_token_s_own_multiplier_stands_instead_of_the_common_one() -> None:
    scenario = account("binance", "cross", [long("RENDER", 40_000, 1.75), short("TAO", 300, 272.71)])
    shocked = assess(apply(scenario, Shocks(maintenance=1.5, maintenance_by_token={"TAO": 3})))
    for now, was, factor in zip(shocked.positions, assess(scenario).positions, (1.5, 3), strict=True):
        assert now.maintenance_margin == pytest.approx(factor * was.maintenance_margin, rel=1e-9)


def test_the_scenarios_own_tables_are_scaled_where_they_stand_and_the_venues_beside_it() -> None:
    rows = [{"floor": 0, "maintenance_rate": 0.01}, {"floor": 10_000, "maintenance_rate": 0.03}]
    positions = [long("RENDER", 40_000, 1.75), long("TAO", 1, 272.71)]
    scenario = account("binance", "cross", positions, tiers={"RENDER": rows})
    market = apply(scenario, Shocks(maintenance=2)).market
    assert market.tiers.keys() == {"RENDER"}
    assert (market.tiers["RENDER"].rates, market.tiers["RENDER"].amounts) == ((0.02, 0.06), pytest.approx((0, 400)))
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
    scenario = account("textbook", "cross", [long("RENDER", 100, 1.75)], textbook={"margin_fraction": 0.2})
    assert apply(scenario, Shocks(maintenance=2)).account.margin_fraction == 0.4
    assert apply(scenario, Shocks(maintenance=10)).account.margin_fraction == nextafter(1, 0)
    assert assess(apply(scenario, Shocks(maintenance=0))).requirement == pytest.approx(0, abs=1e-200)


@given(
    st.sampled_from([table for venue in VENUES for table in snapshot.tables(venue).tiers.values()]),
    st.floats(0, 10),
    st.floats(0.01, 1),
)
def test_every_scaled_table_of_the_snapshot_is_a_schedule(table: TierTable, factor: float, cap: float) -> None:
    """`TierTable` verifies order, continuity and caps when it is made; rows read back to the same."""
    made = scaled(table, factor, cap)
    assert TierTable.from_rows(made.rows(), progressive=table.progressive) == made
    assert made.floors == table.floors
    assert made.rates == tuple(min(1.0, rate * factor) for rate in table.rates)
    if factor * table.rates[-1] <= 1:
        assert made.amounts == pytest.approx([amount * factor for amount in table.amounts], rel=1e-9)


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
    scenario = account("binance", "cross", [long("RENDER", 5_000, 1.75, 20), long("TAO", 1, 272.71, 5)])
    before, after = assess(scenario), assess(apply(scenario, Shocks(leverage_cap=0.2)))
    caps = [figures.max_leverage for figures in before.positions]
    assert [figures.max_leverage for figures in after.positions] == [max(1, cap * 0.2) for cap in caps]
    assert (after.requirement, after.initial_margin) == (before.requirement, before.initial_margin)
    parts = {part.key: part.above_cap for part in breakdown(scenario, Shocks(leverage_cap=0.2))}
    assert parts == {"before": (), "leverage_cap": ("RENDER long",), "together": ("RENDER long",)}


def test_no_cap_is_pressed_below_one() -> None:
    rows = [{"floor": 0, "maintenance_rate": 0.01, "max_leverage": 20}, {"floor": 9, "maintenance_rate": 0.5}]
    assert scaled(TierTable.from_rows(rows, progressive=True), 1, 0.01).max_leverages == (1, None)


def test_a_haircut_cuts_every_ratio_by_its_part() -> None:
    pledged = [{"asset": "ETH", "amount": 1, "ratio": 0.9}, {"asset": "USDC", "amount": 100, "ratio": 1}]
    scenario = account("binance", "cross", [long("RENDER", 10, 1.75)], collateral=pledged)
    shocked = apply(scenario, Shocks(haircut=0.25))
    assert [item.ratio for item in shocked.account.collateral] == pytest.approx([0.675, 0.75])
    lost = assess(scenario).equity - assess(shocked).equity
    assert lost == pytest.approx(0.25 * (0.9 * 2201.95 + 100))


# What holding on costs


def test_longs_pay_shorts_on_their_notional_at_todays_mark() -> None:
    scenario = account("binance", "cross", [long("RENDER", 1_000, 1.9), short("TAO", 10, 250)], 5_000)
    shocked = apply(scenario, Shocks(funding={"RENDER": 0.003, "TAO": 0.001}, days=7, common=-0.2))
    assert shocked.account.wallet_balance == pytest.approx(5_000 - 7 * (1_750 * 0.003 - 2_727.1 * 0.001))


def test_a_wallet_that_owes_pays_interest_and_another_earns_none() -> None:
    pledged = [{"asset": "BTC", "amount": 1, "ratio": 0.9}]
    owing = account("bybit", "cross", [long("RENDER", 10, 1.75)], -3_650, collateral=pledged)
    assert apply(owing, Shocks(interest=0.1, days=10)).account.wallet_balance == pytest.approx(-3_660)
    owning = with_wallet(owing, 3_650)
    assert apply(owning, Shocks(interest=0.1, days=10)).account.wallet_balance == 3_650


def test_an_isolated_position_pays_from_its_own_margin() -> None:
    positions = [long("RENDER", 1_000, 1.75, 10), short("TAO", 10, 272.71, 10, isolated_margin=400)]
    scenario = account("binance", "isolated", positions, 1_000)
    shocked = apply(scenario, Shocks(funding={"RENDER": 0.01, "TAO": 0.002}, days=2))
    margins = [position.own_margin for position in shocked.positions]
    assert margins == pytest.approx([175 - 35, 400 + 2 * 5.4542])
    assert shocked.account.wallet_balance == pytest.approx(1_000 - 35 + 2 * 5.4542)
    assert assess(shocked).available_balance == pytest.approx(assess(scenario).available_balance)


def test_funding_takes_an_isolated_margin_and_no_more() -> None:
    scenario = account("binance", "isolated", [long("RENDER", 1_000, 1.75, 10)], 1_000)
    shocked = apply(scenario, Shocks(funding={"RENDER": 0.01}, days=365))
    assert shocked.account.wallet_balance == pytest.approx(825)
    assert 0 < shocked.positions[0].own_margin < 1e-6
    assert assess(shocked).liquidated


@some_accounts
@given(scenarios(modes=("isolated",)), SHOCKS)
def test_any_shock_leaves_isolated_margins_that_the_wallet_covers(scenario: Scenario, shocks: Shocks) -> None:
    shocked = apply(scenario, shocks)
    assert sum(position.own_margin for position in shocked.positions) <= shocked.account.wallet_balance * (1 + 1e-12)


# One table


@some_accounts
@given(scenarios(), SHOCKS)
def test_the_breakdown_has_each_part_alone_and_all_together(scenario: Scenario, shocks: Shocks) -> None:
    parts = breakdown(scenario, shocks)
    by_key = {part.key: part for part in parts}
    assert len(by_key) == len(parts)
    assert (parts[0].key, parts[-1].key) == ("before", "together")
    for part, supposed in ((parts[0], NONE), (parts[-1], shocks)):
        there = assess(apply(scenario, supposed))
        size = abs(there.equity) + there.requirement + 1
        assert part.outcome.equity == pytest.approx(there.equity, rel=1e-9, abs=1e-12 * size)
        assert part.outcome.requirement == pytest.approx(there.requirement, rel=1e-9, abs=1e-12 * size)
        assert part.outcome.headroom == pytest.approx(there.headroom, rel=1e-9, abs=1e-12 * size)
        assert part.outcome.liquidated or not there.liquidated
    assert ("haircut" in by_key) == bool(shocks.haircut)
    assert ("prices" in by_key) == bool(shocks.common or shocks.moves)
    assert ("funding" in by_key) == bool(shocks.funding)


def test_each_part_of_the_breakdown_is_that_part_by_hand() -> None:
    """17,500 long on 4,000 and an ETH at 50 %: in Binance's tier of 2 % before and after a fall of 10 %."""
    pledged = [{"asset": "ETH", "amount": 1, "ratio": 0.5}]
    scenario = account("binance", "cross", [long("RENDER", 10_000, 1.75)], 4_000, collateral=pledged)
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
    assert list(parts) == ["before", "prices", "maintenance", "leverage_cap", "haircut", "funding", "together"]
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
    at_the_lower_price = required - 1_750 * 0.02  # Still in the tier of 2 %.
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
    assert not assess(apply(scenario, Shocks(common=-0.4))).liquidated


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
        assert part.outcome.equity == pytest.approx(1_000 if part.key in ("before", "maintenance") else 900)


# Days


def test_days_until_liquidation_is_one_division() -> None:
    scenario = account("textbook", "cross", [long("RENDER", 10_000, 1.75)], 525)
    assert days_until_liquidation(scenario, {"RENDER": 0.001}) == pytest.approx(350 / 17.5)


def test_interest_on_a_debt_counts_beside_funding() -> None:
    pledged = [{"asset": "BTC", "amount": 0.1, "ratio": 0.9}]
    scenario = account("bybit", "cross", [short("RENDER", 1_000, 1.75)], -3_650, collateral=pledged)
    headroom = assess(scenario).headroom
    assert days_until_liquidation(scenario, {}, 0.1) == pytest.approx(headroom / 1.0)
    assert days_until_liquidation(scenario, {"RENDER": -0.001}, 0.1) == pytest.approx(headroom / 2.75)
    assert days_until_liquidation(scenario, {"RENDER": 0.001}, 0.1) is None


@some_accounts
@given(scenarios(), st.dictionaries(_by_token, st.floats(1e-6, 0.003), min_size=1), st.floats(0, 1))
def test_after_those_days_the_account_stands_exactly_at_its_end(
    scenario: Scenario, funding: dict[str, float], interest: float
) -> None:
    days = days_until_liquidation(scenario, funding, interest)
    if assess(scenario).liquidated:
        assert days == 0
    elif days is not None and days <= 365:
        shocked = apply(scenario, Shocks(funding=funding, interest=interest, days=days))
        gone = any(position.own_margin < 1e-6 * was.own_margin for position, was in both(shocked, scenario))
        if not (scenario.account.isolated and gone):  # There a margin was gone before the profit beside it.
            size = sum(position.notional for position in assess(scenario).positions) + abs(assess(scenario).equity)
            assert abs(assess(shocked).headroom) <= 1e-9 * size


def both(shocked: Scenario, scenario: Scenario) -> Any:
    return zip(shocked.positions, scenario.positions, strict=True)


@pytest.mark.parametrize(
    ("leg", "worth"), [(long, 1 / (1 - 0.00055)), (short, 1 / (1 + 0.00055))], ids=["long", "short"]
)
def test_isolated_margin_on_bybit_is_worth_a_little_more_or_less_than_itself(leg: Any, worth: float) -> None:
    way = 1 if leg is long else -1
    scenario = account("bybit", "isolated", [leg("RENDER", 1_000, 1.75, 5)], 1_000)
    days = days_until_liquidation(scenario, {"RENDER": way * 0.001})
    assert days == pytest.approx(assess(scenario).headroom / (1.75 * worth), rel=1e-12)
    shocked = apply(scenario, Shocks(funding={"RENDER": way * 0.001}, days=days))
    assert assess(shocked).headroom == pytest.approx(0, abs=1e-9)


def test_the_first_isolated_position_to_end_counts() -> None:
    positions = [long("RENDER", 1_000, 1.75, 5), long("TAO", 10, 272.71, 5)]
    scenario = account("bybit", "isolated", positions, 1_000)
    alone = [
        days_until_liquidation(replace(scenario, positions=(position,)), {"RENDER": 0.001, "TAO": 0.002})
        for position in scenario.positions
    ]
    assert days_until_liquidation(scenario, {"RENDER": 0.001, "TAO": 0.002}) == min(alone) == alone[1]


@pytest.mark.parametrize("mode", MODES)
def test_without_tiers_positions_or_costs_no_days_are_told(mode: str) -> None:
    unlisted = account("bybit", mode, [long("FET", 100, 0.25, 1)], marks={"FET": 0.25})
    assert days_until_liquidation(unlisted, {"FET": 0.01}) is None
    assert days_until_liquidation(account("binance", mode, []), {"BTC": 0.01}) is None
    assert days_until_liquidation(account("binance", mode, [short("BTC", 0.01, 7e4)]), {"BTC": 0.01}) is None


# What is said


def test_what_the_shocks_rest_on_and_what_does_nothing_is_said() -> None:
    scenario = account("textbook", "cross", [long("RENDER", 10, 1.75)])
    everything = Shocks(
        moves={"TAO": 0.1}, maintenance_by_token={"RENDER": 2}, leverage_cap=0.5, haircut=0.1, days=1, interest=0.1
    )
    said = assumptions(scenario, everything)
    assert [sentence.partition(":")[0] for sentence in said] == [
        WHOLE_WAY.partition(":")[0],
        "funding and interest run at today's marks and debt for all their days, before prices move",
        "a lower leverage cap refuses new orders; it changes no requirement of what is open",
        "the textbook has one maintenance fraction for everything",
        "no collateral counts here",
        "the wallet owes nothing",
        "not held, so what is supposed of them does nothing",
    ]
    assert assumptions(scenario, Shocks(maintenance=2)) == ()
    assert assumptions(scenario, Shocks(common=-0.1)) == (WHOLE_WAY,)


def test_what_isolated_margins_and_okx_do_with_funding_is_said() -> None:
    scenario = account("okx", "isolated", [long("RENDER", 10, 1.75)])
    said = assumptions(scenario, Shocks(funding={"RENDER": 0.001}, days=1))
    assert any("takes an isolated position's margin at most" in sentence for sentence in said)
    assert any("on OKX a funding charge alone does not liquidate" in sentence for sentence in said)


# The worked example, isolated, and at the very end of its money

PAIR = [long("RENDER", 50_000 / 1.75, 1.75), long("FET", 40_000 / 0.2231, 0.2231)]


def worked_example(mode: str) -> Scenario:
    marks = {"RENDER": 1.75, "FET": 0.2231}
    made = account("binance", mode, PAIR, 10_000, marks=marks)
    return made.with_tables(snapshot.tables("binance"))


def test_what_the_prices_took_on_their_way_milder_rules_do_not_give_back() -> None:
    scenario = worked_example("isolated")
    parts = {part.key: part.outcome for part in breakdown(scenario, Shocks(common=-0.09, maintenance=0.5))}
    for key in ("prices", "together"):
        assert (parts[key].positions_lost, parts[key].liquidated) == (2, True)
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
