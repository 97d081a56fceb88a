"""Cross against isolated and venue against venue.

By hand, by law on random accounts, and in words.
"""

from dataclasses import replace
from itertools import chain
from math import inf
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from margin import formatting as wording
from margin.errors import FieldError
from margin.examples import presets
from margin.market.snapshot import embedded as snapshot
from margin.model.scenario import Levels, Scenario
from margin.studies.account.assess import assess
from margin.studies.comparison.modes import (
    AT_CROSS_WORST,
    JUST_BEFORE,
    DirectionRow,
    ModeComparison,
    Remainder,
    along,
    curves,
    in_mode,
    modes,
    on_days,
    switch,
)
from margin.studies.comparison.venues import VenueComparison, at_venue, venues_compared
from margin.studies.distance.directions import (
    against,
    alone,
    custom,
    every,
    nearest_danger,
    study,
    together,
    with_btc,
)
from margin.studies.distance.distances import JointMove
from margin.studies.stress.crash_table import CrashDay, TokenMove, crash_rows
from margin.text.modes import (
    alone_in_words,
    assumptions,
    caution,
    days_in_words,
    switch_in_words,
    verdict,
)
from margin.text.venues import assumptions as venue_assumptions
from margin.text.venues import line_name
from margin.text.venues import verdict as venue_verdict
from margin.venues import VenueTables, listing_venues
from tests.books import compile_books
from tests.studies.accounts import (
    MARKS,
    account,
    long,
    lowest_on_the_way,
    made,
    random_accounts,
    scenarios,
    short,
    size,
    with_margin,
    with_wallet,
)

PAIR = presets()["pair"].scenario
"""RENDER 50,000 and FET 40,000 long at 10×, wallet 10,000, on Binance: each pays 2% less 75."""
CROSS_FALL = 8_350 / 88_200
RENDER_FALL, FET_FALL = 4_075 / 49_000, 3_275 / 39_200
BOTH = ("RENDER long", "FET long")

laws = settings(random_accounts, max_examples=40)
moves = st.sampled_from([-1.0, -0.5, -0.2, -0.05, 0.0, 0.1, 0.6, 3.0]) | st.floats(-1, 3)


def row_of(comparison: ModeComparison, move: float, direction: Any = None) -> DirectionRow:
    [row] = along(comparison, [direction or together(comparison.cross.scenario)], move)
    return row


def margined(scenario: Scenario, *margins: float | None) -> Scenario:
    pairs = zip(scenario.positions, margins, strict=True)
    return replace(
        scenario, positions=tuple(replace(each, isolated_margin=margin) for each, margin in pairs)
    )


def pledged_at(scenario: Scenario, moves: dict[str, float]) -> float:
    """What the collateral counts for after price changes, none where it is not counted."""
    if not scenario.account.rules.counts_collateral:
        return 0.0
    marks = scenario.market.marks
    return sum(
        each.amount * each.ratio * marks[each.asset] * max(0.0, 1 + moves.get(each.asset, 0.0))
        for each in scenario.account.collateral
    )


# By hand


def test_the_worked_example_dies_where_arithmetic_says() -> None:
    row = row_of(modes(PAIR), -0.2)
    assert row.cross.first.down == pytest.approx(-CROSS_FALL, rel=1e-12)
    assert row.cross.last == row.cross.first
    assert row.isolated.first == (pytest.approx(-RENDER_FALL, rel=1e-12), None)
    assert row.isolated.last == (pytest.approx(-FET_FALL, rel=1e-12), None)
    assert row.cross.remainder == Remainder(BOTH, 0.0, -10_000.0)
    assert row.isolated.remainder == Remainder(BOTH, 1_000.0, -9_000.0)


def test_a_single_token_takes_its_own_margin_in_isolated_and_in_cross_the_account() -> None:
    comparison = modes(PAIR)
    render, fet = (row_of(comparison, -0.2, alone(token)) for token in ("RENDER", "FET"))
    assert render.cross.remainder == Remainder(BOTH, 0.0, -10_000.0)
    assert render.isolated.remainder == Remainder(
        ("RENDER long",), pytest.approx(5_000), pytest.approx(-5_000)
    )
    assert fet.cross.remainder == Remainder((), pytest.approx(2_000), pytest.approx(-8_000))
    assert fet.isolated.remainder == Remainder(
        ("FET long",), pytest.approx(6_000), pytest.approx(-4_000)
    )
    assert render.isolated.last == (None, None)


def test_liquidation_prices_stand_side_by_side() -> None:
    render, fet = modes(PAIR).pairs()
    assert render.cross.below == pytest.approx(1.75 * (1 - 8_350 / 49_000), rel=1e-12)
    assert render.isolated.below == pytest.approx(1.75 * (1 - RENDER_FALL), rel=1e-12)
    assert fet.isolated.below == pytest.approx(0.2231 * (1 - FET_FALL), rel=1e-12)


def test_a_margin_of_ones_own_moves_the_isolated_price_and_not_that_of_cross() -> None:
    given, added = modes(PAIR).pairs()[0], modes(margined(PAIR, 6_000, None)).pairs()[0]
    assert added.isolated.below == pytest.approx(1.75 * (1 - 5_075 / 49_000), rel=1e-12)
    assert added.cross == given.cross


def test_the_curves_fall_by_what_stood_behind_each_liquidation() -> None:
    found = curves(modes(PAIR), together(PAIR))
    assert found is not None
    drawn = dict(
        zip(
            found.moves.tolist(),
            zip(found.cross.tolist(), found.isolated.tolist(), strict=True),
            strict=True,
        )
    )
    falls = [found.cross_reached.down, *(reached.down for _, reached in found.liquidated_at)]
    before = [drawn[move * JUST_BEFORE] for move in falls if move]
    after = [drawn[move] for move in falls if move]
    assert before[0][0] == pytest.approx(10_000 - 90_000 * CROSS_FALL)
    assert after[0] == (0.0, pytest.approx(1_000))
    assert before[1] == (pytest.approx(10_000 - 90_000 * RENDER_FALL),) * 2
    assert after[1][1] == pytest.approx(5_000 - 40_000 * RENDER_FALL)
    assert after[2][1] == pytest.approx(1_000)
    assert drawn[0.0] == (10_000, pytest.approx(10_000))


def test_an_empty_account_compares_to_nothing() -> None:
    comparison = modes(replace(PAIR, positions=()))
    assert (comparison.margins, comparison.missing, comparison.complete) == (0, 0, True)
    assert (
        row_of(comparison, -0.5).cross.remainder
        == row_of(comparison, -0.5).isolated.remainder
        == Remainder((), 10_000, 0)
    )
    assert not any(switch(comparison)[2:5])


def test_a_wallet_that_does_not_cover_the_margins_is_told_and_topped_up() -> None:
    comparison = modes(with_wallet(PAIR, 4_000))
    assert comparison.missing == pytest.approx(5_000)
    assert comparison.isolated.scenario.account.wallet_balance == pytest.approx(9_000)
    assert comparison.cross.scenario.account.wallet_balance == 4_000
    assert comparison.isolated.free == 0
    assert row_of(comparison, -0.2).isolated.remainder == Remainder(
        BOTH, 0.0, pytest.approx(-9_000)
    )


def test_what_is_missing_by_rounding_alone_is_not_missing() -> None:
    margins = sum(position.posted_margin for position in PAIR.positions)
    exact = modes(with_wallet(PAIR, margins * (1 - 1e-15)))
    assert exact.missing == 0
    assert exact.isolated.free == 0
    assert modes(with_wallet(PAIR, margins * (1 - 1e-9))).missing > 0


def test_margins_beyond_what_a_wallet_may_hold_are_refused() -> None:
    huge = account("binance", "cross", [long("RENDER", 1e14, 1_000, 1)])
    with pytest.raises(FieldError, match="wallet_balance"):
        modes(huge)


def test_without_tiers_nothing_is_survived_or_lost_but_prices_are_told() -> None:
    comparison = modes(
        account(
            "okx",
            "cross",
            [long("RENDER", 10_000, 1.75), long("FET", 10_000, 0.22)],
            marks={"FET": 0.22},
        )
    )
    assert not comparison.complete
    assert along(comparison, [together(PAIR)], -0.1) == []
    assert on_days(comparison, [CrashDay("2025-01-01", "a day", {})], {}) == []
    assert curves(comparison, together(PAIR)) is None
    render, fet = comparison.pairs()
    assert render.isolated.below is not None
    assert (render.cross.reason_below, fet.isolated.reason_below) == ("no_tiers", "no_tiers")
    assert switch(comparison).allowed is None


# Days


def test_a_day_is_the_crash_tables_and_isolated_positions_meet_their_own_worst_tick() -> None:
    hedge = account(
        "binance", "cross", [long("RENDER", 20_000, 1.75), short("RENDER", 10_000, 1.75)], 10_000
    )
    wild = CrashDay("2025-10-10", "both ways", {"RENDER": TokenMove(-0.1, -0.3, 0.4)})
    [row], [whole] = on_days(modes(hedge), [wild], {}), crash_rows(hedge, [wild], {})
    # Net long of 10,000, cross dreads the low; the isolated short meets the high and is lost as
    # well.
    assert row.cross_worst == Remainder(
        (), pytest.approx(whole.worst.outcome.equity), pytest.approx(-whole.worst.loss)
    )
    assert row.cross_worst.worth == pytest.approx(10_000 - 5_250)
    assert row.isolated_worst.liquidated == ("RENDER long", "RENDER short")
    assert row.isolated_worst.worth == pytest.approx(10_000 - 3_500 - 1_750)
    assert row.cross_close == Remainder((), pytest.approx(10_000 - 1_750), pytest.approx(-1_750))
    # Long at −10%: 3,500 of margin, 3,500 lost. Short: 1,750 won.
    assert row.isolated_close == Remainder(
        ("RENDER long",), pytest.approx(10_000 - 3_500 + 1_750), pytest.approx(-1_750)
    )


def test_a_day_without_a_tokens_figures_follows_btc_in_both_modes() -> None:
    day = CrashDay("2025-01-01", "btc falls", {"BTC": TokenMove(-0.04, -0.06, 0.0)})
    [row] = on_days(modes(PAIR), [day], {"RENDER": 1.5, "FET": 1.0})
    assert row.filled == ("RENDER", "FET")
    assert row.isolated_worst.liquidated == ("RENDER long",)
    assert row.isolated_worst.worth == pytest.approx(10_000 - 5_000 - 0.06 * 40_000)
    assert row.cross_worst.liquidated == ()
    assert row.cross_worst.worth == pytest.approx(10_000 - 0.09 * 50_000 - 0.06 * 40_000)


DAY_1 = CrashDay(
    "2025-01-01",
    "btc falls too",
    {"RENDER": TokenMove(-0.2, -0.3, 0.1), "BTC": TokenMove(-0.1, -0.2)},
)
PLEDGED = account(
    *("binance", "cross", [long("RENDER", 5_000, 1.75)], 10_000),
    collateral=[{"asset": "BTC", "amount": 0.5, "ratio": 0.9}],
    marks={"BTC": 71_000},
)
"""8,750 of RENDER on a margin of 875, and collateral of 31,950 that both modes count."""


def test_collateral_counts_alike_in_both_modes_and_is_never_lost_in_isolated() -> None:
    comparison = modes(PLEDGED)
    [row] = on_days(comparison, [DAY_1], {})
    assert comparison.cross.today == comparison.isolated.today == Remainder((), 41_950, 0)
    # RENDER −1,750, BTC −3,195; isolated loses 875 instead of the 1,750.
    assert row.cross_close == Remainder((), pytest.approx(37_005), pytest.approx(-4_945))
    assert row.isolated_close == Remainder(
        ("RENDER long",), pytest.approx(37_880), pytest.approx(-4_070)
    )
    assert row.isolated_worst == Remainder(
        ("RENDER long",), pytest.approx(9_125 + 25_560), pytest.approx(-875 - 6_390)
    )
    poor = modes(
        with_wallet(
            replace(PLEDGED, positions=(replace(PLEDGED.positions[0], quantity=1e5),)), 20_000
        )
    )
    gone = row_of(poor, -0.5)
    assert gone.cross.remainder == Remainder(("RENDER long",), 0.0, pytest.approx(-51_950))
    assert gone.isolated.remainder == Remainder(
        ("RENDER long",), pytest.approx(2_500 + 15_975), pytest.approx(-33_475)
    )


def test_the_day_that_costs_isolated_less_is_the_one_on_which_it_ends_with_more() -> None:
    rows = on_days(modes(PLEDGED), [DAY_1, replace_close(DAY_1, -0.05)], {})
    assert "isolated ends with more money on 1, cross on 0." in days_in_words(
        modes(PLEDGED), rows, worst=False
    )
    lost = at_marks(
        in_mode(PAIR, "isolated"), RENDER=1.75 * 0.9
    )  # RENDER's 5,000 are gone, as they are in cross.
    rows = on_days(modes(lost), [CrashDay("2025-01-01", "still", {})], {})
    assert rows[0].cross_close.worth == rows[0].isolated_close.worth == pytest.approx(5_000)
    assert "isolated ends with more money on 0, cross on 0." in days_in_words(
        modes(lost), rows, worst=False
    )


def replace_close(day: CrashDay, close: float) -> CrashDay:
    """The day with RENDER at another close."""
    return day._replace(moves={**day.moves, "RENDER": TokenMove(close)})


def test_money_added_to_isolated_counts_on_both_sides_of_a_day() -> None:
    short_of = modes(with_wallet(PAIR, 4_000))
    rows = on_days(short_of, [CrashDay("2025-01-01", "still", {})], {})
    assert days_in_words(short_of, rows, worst=False).endswith(
        "; with the added money on both sides, isolated ends with more money on 0, cross on 0."
    )


def test_a_hedge_whose_legs_survive_their_own_ticks_is_worth_the_same_in_both_modes() -> None:
    hedge = account(
        "binance", "cross", [long("RENDER", 1_000, 1.75), short("RENDER", 1_000, 1.75)], 10_000
    )
    wild = CrashDay("2025-10-10", "both ways", {"RENDER": TokenMove(0.0, -0.05, 0.05)})
    [row] = on_days(modes(hedge), [wild], {})
    assert row.cross_worst.worth == row.isolated_worst.worth == pytest.approx(10_000)
    assert AT_CROSS_WORST in row.assumptions


def test_without_positions_every_day_leaves_everything() -> None:
    [row] = on_days(modes(replace(PAIR, positions=())), [CrashDay("2025-01-01", "a day", {})], {})
    assert row.isolated_worst == row.cross_worst == Remainder((), 10_000, 0)


# Laws


@laws
@given(scenarios(), moves)
def test_isolated_never_loses_more_than_its_margins(scenario: Scenario, move: float) -> None:
    comparison = modes(scenario)
    for direction in every(scenario, ("RENDER", "TAO"), {"RENDER": 1.6}):
        left = row_of(comparison, move, direction).isolated.remainder
        assert left.worth >= comparison.isolated.free + pledged_at(
            scenario, direction.moves(move)
        ) * (1 - 1e-9)
        assert left.change >= -comparison.isolated.today.worth  # type: ignore[union-attr]


@laws
@given(scenarios())
def test_the_free_part_and_the_margins_are_the_wallet_in_isolated(scenario: Scenario) -> None:
    comparison = modes(scenario)
    held = comparison.isolated.free / scenario.account.owned_rate + comparison.margins
    wallet = scenario.account.wallet_balance + comparison.missing
    assert held == pytest.approx(wallet, rel=1e-9)
    assert comparison.isolated.scenario.account.wallet_balance == pytest.approx(wallet, rel=1e-9)


@laws
@given(
    scenarios(modes=("isolated",), venues=("binance", "okx", "hyperliquid", "textbook"), most=1),
    st.floats(0.01, 3),
)
def test_one_position_on_the_whole_wallet_is_the_same_in_both_modes(
    scenario: Scenario, share: float
) -> None:
    [position] = scenario.positions
    margin = position.opening_margin * share
    comparison = modes(with_wallet(with_margin(scenario, margin), margin))
    assert comparison.isolated.free == 0
    [pair] = comparison.pairs()
    for ours, other in zip(pair.cross[1:3], pair.isolated[1:3], strict=True):
        assert ours == pytest.approx(other, rel=1e-12) if ours is not None else other is None
    assert pair.cross[3:5] == pair.isolated[3:5]
    row = row_of(comparison, -0.1)
    assert row.cross.remainder == row.isolated.remainder


@laws
@given(scenarios(), moves, st.sampled_from(["together", "with_btc", "custom"]))
def test_what_survives_is_what_brute_force_finds(scenario: Scenario, move: float, way: str) -> None:
    comparison = modes(scenario)
    betas = dict.fromkeys(scenario.tokens, 0.7)
    direction = {
        "together": together(scenario),
        "with_btc": with_btc(scenario, betas),
        "custom": custom(betas),
    }[way]
    row = row_of(comparison, move, direction)
    for mode, left in (
        (comparison.cross, row.cross.remainder),
        (comparison.isolated, row.isolated.remainder),
    ):
        total = mode.free
        for part in mode.parts:
            moved = replace(
                part.scenario,
                market=replace(
                    scenario.market, betas=dict.fromkeys(scenario.tokens, 0.0) | direction.rates
                ),
            )
            lowest, zero = (
                lowest_on_the_way(moved, part.book, move),
                1e-9 * size(moved, part.book, move),
            )
            assume(abs(lowest) > zero)
            assert (
                set(part.names) <= set(left.liquidated)
                if lowest < 0
                else not set(part.names) & set(left.liquidated)
            )
            ends = [
                mark * max(0.0, 1 + direction.rates.get(token, 0.0) * move)
                for token, mark in zip(part.book.tokens, part.book.marks, strict=True)
            ]
            profit = (
                part.book.equity_at(ends) - part.book.wallet
            ) / part.scenario.account.counted_rate
            worth = part.scenario.account.owned_rate * (
                part.scenario.account.wallet_balance + profit
            )
            if (
                part is comparison.cross.parts[0]
            ):  # Its profit holds the collateral, which has a rate of its own.
                worth = part.book.equity_at(ends)
            total += max(0.0, worth) if lowest > 0 else 0.0
        if mode is comparison.isolated:
            total += pledged_at(scenario, direction.moves(move))
        assert left.worth == pytest.approx(
            total, rel=1e-9, abs=1e-9 * sum(size(part.scenario, part.book) for part in mode.parts)
        )


@laws
@given(scenarios())
def test_as_long_as_nothing_is_lost_both_modes_are_worth_the_same(scenario: Scenario) -> None:
    comparison = modes(scenario)
    row = row_of(comparison, -0.01)
    assume(not row.cross.remainder.liquidated and not row.isolated.remainder.liquidated)
    missing = comparison.missing * scenario.account.owned_rate
    assert row.cross.remainder.worth + missing == pytest.approx(
        row.isolated.remainder.worth, rel=1e-9, abs=1e-6
    )


@laws
@given(scenarios(), st.sampled_from(["together", "against", "alone"]))
def test_a_curve_is_what_is_left_at_each_of_its_moves(scenario: Scenario, way: str) -> None:
    comparison = modes(scenario)
    chosen = [each for each in every(scenario, (), {}) if each.key.startswith(way)]
    assume(chosen)
    found = curves(comparison, chosen[0])
    assert found is not None
    assert np.all(np.diff(found.moves) > 0)
    assert 0.0 in found.moves
    scale = sum(size(part.scenario, part.book, 1.0) for part in comparison.isolated.parts)
    reached = chain(found.cross_reached, *(pair for _, pair in found.liquidated_at))
    ends = np.array([end for end in reached if end is not None])
    for place in range(0, len(found.moves), 17):
        if np.any(np.isclose(found.moves[place], ends, rtol=1e-9)):
            continue  # At a liquidation itself rounding decides on which side of it the account is.
        changes = chosen[0].moves(float(found.moves[place]))
        assert found.cross[place] == pytest.approx(
            comparison.cross.after(changes).worth, rel=1e-9, abs=1e-9 * scale
        )
        assert found.isolated[place] == pytest.approx(
            comparison.isolated.after(changes).worth, rel=1e-9, abs=1e-9 * scale
        )


@laws
@given(scenarios())
def test_the_modes_figures_are_those_that_assess_gives(scenario: Scenario) -> None:
    comparison = modes(scenario)
    present = comparison.of(comparison.present)
    assert present.assessment == assess(scenario)
    if not comparison.missing:
        assert comparison.isolated.assessment == assess(in_mode(scenario, "isolated"))
    assert comparison.cross.assessment == assess(in_mode(scenario, "cross"))
    row = row_of(comparison, -0.1)
    if not present.assessment.liquidated:
        first = (row.isolated if scenario.account.isolated else row.cross).first
        assert first == present.assessment.joint_move


# The change of mode


def said_of(comparison: ModeComparison) -> str:
    return " ".join(switch_in_words(comparison, switch(comparison)))


def test_the_worked_example_may_change_without_a_margin_call() -> None:
    change = switch(modes(PAIR))
    assert (change.to, change.allowed, change.margin_call) == ("isolated", True, False)
    assert said_of(modes(PAIR)) == (
        "Could you change to isolated now? Not with positions open, Binance refuses that; closed "
        "and opened anew, yes, by the numbers"
        ": the wallet covers the isolated margins, $9,000.00, and no position would "
        "be liquidated. "
        "After it: no margin call: every position holds the initial margin that it needs at the "
        "mark. Margin used"
        " of the position worst off would be 18.50%, below your warning level of 50%. "
        "Headroom "
        "would be $3,275.00, the least of a position; now $8,350.00, the account's."
    )
    back = switch(modes(in_mode(PAIR, "isolated")))
    assert (back.to, back.allowed, back.margin_call) == ("cross", True, False)
    assert said_of(modes(in_mode(PAIR, "isolated"))) == (
        "Could you change to cross now? Not with positions open, Binance refuses that; closed and "
        "opened anew, yes, by the numbers"
        ": equity of $10,000.00 covers the requirement of $1,650.00. "
        "After it: no margin call: equity covers the initial margin of $9,000.00. Margin used"
        " of the account "
        "would be 16.50%, below your warning level of 50%. Headroom would be $8,350.00, the "
        "account's; now "
        "$3,275.00, the least of a position."
    )


def at_marks(scenario: Scenario, **marks: float) -> Scenario:
    return scenario.with_marks(marks)


def test_a_change_to_isolated_that_kills_a_position_at_once_is_not_allowed() -> None:
    fallen = at_marks(PAIR, RENDER=1.75 * 0.9)
    change = switch(modes(fallen))
    assert (change.newly_liquidated, change.allowed, change.margin_call) == (
        ("RENDER long",),
        False,
        False,
    )
    assert switch_in_words(modes(fallen), change) == [
        "Could you change to isolated now? No: it would liquidate RENDER long at once, its own "
        "margin does not hold at "
        "these marks."
    ]


def test_a_change_to_cross_that_kills_the_account_at_once_is_not_allowed() -> None:
    # RENDER has lost 15,000, its own margin is 2,000; BTC lives on its own.
    both = account(
        "binance",
        "isolated",
        [
            long("RENDER", 20_000, 2.5, isolated_margin=2_000),
            short("BTC", 0.1, 71_202.9, isolated_margin=800),
        ],
        2_800,
    )
    change = switch(modes(both))
    assert (change.already_liquidated, change.newly_liquidated) == (
        ("RENDER long",),
        ("RENDER long", "BTC short"),
    )
    assert (change.allowed, change.margin_call) == (False, False)
    assert (
        "No: it would liquidate the account at once, equity of −$12,200.00 does not exceed"
        in said_of(modes(both))
    )


def test_a_change_to_cross_counts_positions_that_are_gone_as_open_and_says_so() -> None:
    fallen = at_marks(in_mode(PAIR, "isolated"), RENDER=1.75 * 0.9)
    comparison = modes(fallen)
    change = switch(comparison)
    assert (change.already_liquidated, change.newly_liquidated, change.allowed) == (
        ("RENDER long",),
        (),
        True,
    )
    said = "RENDER long is liquidated in isolated at these marks; cross is told as if still open."
    assert said in switch_in_words(comparison, change)[0]


def test_where_every_position_is_gone_there_is_nothing_to_change() -> None:
    gone = modes(at_marks(in_mode(PAIR, "isolated"), RENDER=1.4, FET=0.18))
    assert switch(gone).allowed is False
    assert said_of(gone) == (
        "Could you change to cross now? No: every position is liquidated at these marks, there is "
        "nothing left to "
        "change."
    )


def test_initial_margin_above_equity_calls_for_money_in_cross() -> None:
    fallen = modes(at_marks(margined(in_mode(PAIR, "isolated"), 6_000, None), RENDER=1.75 * 0.94))
    change = switch(fallen)
    assert (change.allowed, change.lacking, change.margin_call) == (
        True,
        pytest.approx(1_700),
        True,
    )
    # Equity 10,000 − 3,000; initial margin 4,700 + 4,000.
    said = "After it: a margin call: initial margin of $8,700.00 would be $1,700.00 above equity of $7,000.00"
    assert said in said_of(fallen)
    assert (
        "Margin used of the account would be 22.71%, below your warning level of 50%."
        in said_of(fallen)
    )


@pytest.mark.parametrize(("venue", "initial", "short"), [("bybit", 200, 100), ("binance", 120, 20)])
def test_a_change_to_isolated_needs_the_initial_margin_that_the_venue_asks_for(
    venue: str, initial: float, short: float
) -> None:
    """A long from 2 to 1.2 holds 900 − 800.

    Bybit asks for a tenth of its entry, Binance for a tenth of its mark.
    """
    position = long("RENDER", 1_000, 2, 10, isolated_margin=900)
    rows = {"RENDER": [{"floor": 0, "maintenance_rate": 0.01}]}
    scenario = account(
        venue, "cross", [position], 1_000, marks={"RENDER": 1.2}, tiers=rows, taker_fee=0
    )
    comparison = modes(scenario)
    [need] = switch(comparison).needs
    assert (need.holds, need.initial, need.short) == pytest.approx((100, initial, short))
    where = "at its entry price" if venue == "bybit" else "at the mark"
    assert any(
        f"short of initial margin {where}" in each
        for each in switch_in_words(comparison, switch(comparison))
    )


def test_a_position_short_of_initial_margin_in_isolated_is_filled_from_the_free_part() -> None:
    fallen = modes(at_marks(with_wallet(PAIR, 12_000), RENDER=1.75 * 0.98))
    change = switch(fallen)
    # RENDER: 5,000 − 1,000 of loss against 49,000 ÷ 10.
    assert [each.short for each in change.needs] == [pytest.approx(900), 0]
    assert (change.free, change.lacking, change.margin_call) == (pytest.approx(3_000), 0, False)
    assert (
        "After it: no margin call: short of initial margin at the mark, profit and loss counted, "
        "would be RENDER long "
        "by $900.00; the free part of the wallet, $3,000.00, covers that and keeps $2,100.00."
    ) in said_of(fallen)


def test_what_the_free_part_does_not_fill_is_a_margin_call_in_isolated() -> None:
    fallen = modes(at_marks(PAIR, RENDER=1.75 * 0.95))
    change = switch(fallen)
    # RENDER: 5,000 − 2,500 of loss against 47,500 ÷ 10; 1,000 are free.
    assert (change.short, change.lacking) == (pytest.approx(2_250), pytest.approx(1_250))
    assert (change.allowed, change.margin_call) == (True, True)
    assert (
        "After it: a margin call if initial margin is asked for at the change: short of initial "
        "margin at the mark, "
        "profit and loss counted, would be RENDER long by $2,250.00; filling that takes $2,250.00, "
        "$1,250.00 more than "
        "the $1,000.00 free in the wallet."
    ) in said_of(fallen)


def test_one_positions_profit_does_not_fill_anothers_initial_margin_in_isolated() -> None:
    split = switch(modes(at_marks(PAIR, RENDER=1.75 * 0.95, FET=0.2231 * 1.1)))
    # FET holds 4,000 + 4,000 against 4,400.
    assert [each.short for each in split.needs] == [pytest.approx(2_250), 0]
    assert split.lacking == pytest.approx(1_250)


def test_a_short_that_lost_is_short_of_more_than_its_loss() -> None:
    lost = switch(modes(account("okx", "cross", [short("RENDER", 20_000, 1.70)], 10_000)))
    # 3,400 − 1,000 of loss against 35,000 ÷ 10.
    assert [each.short for each in lost.needs] == [pytest.approx(1_100)]
    assert lost.lacking == 0


def test_on_bybit_the_fee_to_close_comes_from_the_free_part() -> None:
    bybit = modes(account("bybit", "cross", [long("RENDER", 20_000, 1.75)], 3_500))
    change = switch(bybit)
    fee = 35_000 * 0.9 * 0.00055
    assert [each.short for each in change.needs] == [pytest.approx(fee)]
    assert (change.free, change.lacking) == (0, pytest.approx(fee))
    assert "Bybit's initial margin carries the fee to close" in caution(bybit)[-1]
    assert len(caution(modes(in_mode(bybit.cross.scenario, "isolated")))) == 1


def test_what_the_venue_asks_at_a_change_is_said_as_far_as_it_is_known() -> None:
    assert (
        "Binance refuses a change of mode for a token with a position or open orders"
        in caution(modes(PAIR))[0]
    )
    bybit = at_venue(PAIR, "bybit")
    assert "what Bybit does was not verified" in caution(modes(bybit))[0]
    assert "Not with positions open" not in said_of(modes(bybit))
    assert caution(modes(presets()["article"].scenario)) == [
        "no venue works as the textbook does, so there is no rule for a change but the figures"
    ]


def test_a_level_reached_after_the_change_is_a_margin_call() -> None:
    fallen = at_marks(PAIR, RENDER=1.75 * 0.935)
    change = switch(modes(fallen))
    # Margin 5,000 − 3,250 of loss, requirement 46,750 · 2% − 75 = 860: 49.1%; with 0.925, 850 of
    # 1,250: 68%.
    assert change.level is None
    nearer = at_marks(with_wallet(PAIR, 20_000), RENDER=1.75 * 0.925)
    change = switch(modes(nearer))
    assert (change.level, change.lacking, change.margin_call) == ("warning", 0, True)
    assert (
        "After it: a margin call would be near: margin used of the position worst off "
        "would be 68.00%, " in (said_of(modes(nearer)))
    )
    assert "past your warning level of 50%. Short of initial margin" in said_of(modes(nearer))
    assert switch(modes(at_marks(PAIR, RENDER=1.75 * 0.92))).level == "danger"


@pytest.mark.parametrize(
    ("load", "level"),
    [
        (None, None),
        (0.499, None),
        (0.5, "warning"),
        (0.799, "warning"),
        (0.8, "danger"),
        (3, "danger"),
    ],
)
def test_a_level_is_reached_where_the_load_equals_it(load: float | None, level: str | None) -> None:
    assert Levels().reached(load) == level


def test_words_of_a_change_that_the_figures_do_not_allow() -> None:
    assert said_of(modes(with_wallet(PAIR, 4_000))) == (
        "Could you change to isolated now? No: the isolated margins come to $9,000.00 and the "
        "wallet holds $4,000.00, "
        "$5,000.00 too little."
    )
    said = (
        "Could you change to isolated now? No: the account is liquidated at these marks, there is "
        "nothing left to "
        "change."
    )
    for gone in (with_wallet(PAIR, 1_000), with_wallet(at_marks(PAIR, RENDER=1.4), 9_500)):
        assert said_of(modes(gone)) == said
        assert switch(modes(gone)).allowed is False


def test_a_change_without_positions_moves_nothing() -> None:
    assert said_of(modes(replace(PAIR, positions=()))).startswith("No positions:")


@laws
@given(scenarios())
def test_what_is_said_of_a_change_is_what_the_account_in_the_other_mode_shows(
    scenario: Scenario,
) -> None:
    comparison = modes(scenario)
    change, said = switch(comparison), said_of(comparison)
    other = assess(comparison.of(change.to).scenario)
    alone = change.to == "isolated"
    gone = [
        f"{each.symbol} {each.side}"
        for each in other.positions
        if each.liquidated or (other.liquidated and not alone)
    ]
    assert list(change.newly_liquidated) == gone
    assert min(each.headroom for each in change.needs) == other.headroom
    assert sum(each.initial for each in change.needs) == pytest.approx(
        other.initial_margin, rel=1e-12
    )
    assert change.newly_liquidated or change.load == pytest.approx(
        other.requirement_to_equity, rel=1e-12
    )
    rounding = 1e-9 * sum(each.notional for each in other.positions)
    held = sum(each.holds for each in change.needs) + change.free
    assert held == pytest.approx(other.equity, rel=1e-9, abs=rounding)
    above = sum(each.initial for each in change.needs) - other.equity
    if not alone and abs(above) > rounding:
        assert bool(change.lacking) == any(
            each.code == "initial_margin_above_equity" for each in other.problems
        )
    assert (": no margin call:" in said) == (bool(change.allowed) and not change.margin_call)
    assert ("yes, by the numbers" in said.lower()) == bool(change.allowed)
    if change.allowed:
        assert f"Headroom would be {wording.money(other.headroom)}" in said
        assert f"would be {wording.percent(change.load)}" in said


@laws
@given(scenarios(modes=("cross",)))
def test_filling_what_is_short_gives_every_position_its_initial_margin(scenario: Scenario) -> None:
    change = switch(modes(scenario))
    filled = tuple(
        replace(position, isolated_margin=position.posted_margin + need.short)
        for position, need in zip(scenario.positions, change.needs, strict=True)
    )
    again = switch(modes(with_wallet(replace(scenario, positions=filled), 1e12)))
    scale = sum(part.standing.notional for part in modes(scenario).isolated.parts if part.standing)
    assert again.short == pytest.approx(0, abs=1e-9 * scale)


# In words


def test_the_verdict_of_the_worked_example() -> None:
    comparison = modes(PAIR)
    assert verdict(comparison) == (
        "Cross is liquidated by a joint fall of 9.47%: all of $10,000.00 is at stake. Isolated "
        "loses its first "
        "position, RENDER long, by a joint fall of 8.32%, but it can lose at most $9,000.00 from "
        "here: $1,000.00 "
        "stays safe."
    )
    assert alone_in_words(comparison) == (
        "Alone, RENDER would have to fall 17.04% to liquidate cross, and 8.32% to take its "
        "isolated long."
    )
    assert verdict(modes(in_mode(PAIR, "isolated"))) == verdict(comparison)


@pytest.mark.parametrize(
    ("scenario", "said"),
    [
        pytest.param(
            replace(PAIR, positions=()),
            "No positions: cross and isolated are the same",
            id="no positions",
        ),
        pytest.param(
            with_wallet(PAIR, 4_000),
            "You could not hold these positions isolated: it takes $5,000.00 more than the "
            "wallet's $4,000.00. Cross",
            id="short",
        ),
        pytest.param(
            account(
                "binance", "cross", [long("RENDER", 1_000, 1.75, 1, isolated_margin=1_800)], 1_900
            ),
            "Isolated loses no position in any joint move from −100% to +1,000%; it can lose at "
            "most $1,800.00 from "
            "here: $100.00 stays safe.",
            id="covered",
        ),
        pytest.param(
            account("binance", "cross", [long("RENDER", 1_000, 1.75, 1)], 1_900),
            "Cross survives every joint move from −100% to +1,000%.",
            id="covered in cross",
        ),
        pytest.param(
            presets()["long_short"].scenario,
            "Cross is liquidated if RENDER falls 8.13% while FET rises 8.13%, or by a joint rise"
            " of 263.10%: all "
            "of $10,000.00 is at stake. Isolated loses its first position, FET short, by a joint rise"
            " of 7.95%",
            id="the move against the account is nearer",
        ),
        pytest.param(
            presets()["hedged"].scenario,
            "In a joint move each token goes by its beta.",
            id="with betas",
        ),
        pytest.param(
            account(
                *("binance", "cross", [long("RENDER", 20_000, 1.75)], 3_000),
                collateral=[{"asset": "BTC", "amount": 0.1, "ratio": 0.9}],
                betas={"BTC": 0.5},
            ),
            "In a joint move each token goes by its beta.",
            id="with a beta of collateral",
        ),
        pytest.param(
            PLEDGED,
            "its positions can lose at most $875.00 from here: $9,125.00 of the wallet stays safe, "
            "and the collateral, "
            "$31,950.00 now, moves with its price alone.",
            id="with collateral",
        ),
        pytest.param(
            account(
                "binance",
                "cross",
                [long("BTC", 0.7, 71_202.9), short("RENDER", 16_000, 1.75)],
                9_000,
            ),
            "Cross is liquidated if BTC falls 10.63% while RENDER rises 10.63%, or by a joint fall"
            " of 39.44%: all "
            "of $9,000.00 is at stake. Isolated loses its first position, RENDER short, by a "
            "joint rise of 8.11%",
            id="each mode by its own nearest way",
        ),
        pytest.param(
            account(
                "binance",
                "cross",
                [long("RENDER", 1_000, 1.75, 1), short("BTC", 0.02, 71_202.9, 1)],
                3_300,
                betas={"BTC": 0.5, "RENDER": 2},
            ),
            "Cross is liquidated if RENDER falls 100.00% while BTC rises 108.01%, though by no "
            "joint move from "
            "−100% to +1,000%: all of $3,300.00 is at stake. Isolated loses its first position, "
            "BTC short, if BTC "
            "rises 99.20%, but it can lose",
            id="no joint move at all",
        ),
        pytest.param(
            at_marks(PAIR, RENDER=1.3),
            "Cross is liquidated at these marks, the whole account at once: the wallet held "
            "$10,000.00.",
            id="dead in cross",
        ),
        pytest.param(
            at_marks(PAIR, RENDER=1.55),
            "Isolated has lost RENDER long at these marks already; it can lose at most $4,000.00 "
            "from here: $1,000.00 "
            "stays safe.",
            id="dead in isolated",
        ),
        pytest.param(
            account("bybit", "cross", [long("FET", 1_000, 0.22)], marks={"FET": 0.22}),
            "What either mode survives cannot be told: FET is not listed on Bybit",
            id="no tiers",
        ),
    ],
)
def test_the_verdict_says(scenario: Scenario, said: str) -> None:
    assert said in verdict(modes(scenario))


@laws
@given(scenarios(modes=("cross",)))
def test_the_move_that_is_told_of_cross_is_the_nearer_by_the_price_change_that_it_asks(
    scenario: Scenario,
) -> None:
    comparison = modes(scenario)
    assume(not comparison.cross.assessment.liquidated)
    common, hostile = study(scenario, [together(scenario), against(scenario)])
    said = verdict(comparison)
    assume(
        None in (common.hardest, hostile.hardest) or abs(common.hardest - hostile.hardest) > 2e-4
    )  # type: ignore[operator]
    nearer = nearest_danger([common, hostile])
    assert ("Cross is liquidated if" in said) == (nearer is hostile)
    assert ("Cross survives" in said) == (nearer is None)


def test_margins_that_the_wallet_does_not_cover_are_not_compared_in_the_verdict() -> None:
    assert verdict(modes(with_wallet(PAIR, 600))) == (
        "You could not hold these positions isolated: it takes $8,400.00 more than the wallet's "
        "$600.00. Cross is "
        "liquidated at these marks, the whole account at once: the wallet held $600.00."
    )
    assert alone_in_words(modes(with_wallet(PAIR, 4_000))) == (
        "Alone, RENDER would have to fall 4.80% to liquidate cross."
    )
    assert "it takes less than a cent more than the wallet's $9,000.00." in verdict(
        modes(with_wallet(PAIR, 8_999.999))
    )


@pytest.mark.parametrize("pledged", [False, True])
def test_less_than_half_a_cent_is_not_said_to_stay_safe(pledged: bool) -> None:
    collateral = [{"asset": "BTC", "amount": 0.1, "ratio": 0.9}] if pledged else []
    legs = [long("RENDER", 20_000, 1.75)]
    said = verdict(modes(account("binance", "cross", legs, 3_500.004, collateral=collateral)))
    assert ("nothing of the wallet stays safe" if pledged else "nothing stays safe") in said
    assert "$0.01 " in verdict(
        modes(account("binance", "cross", legs, 3_500.006, collateral=collateral))
    )


def test_what_isolated_can_lose_is_told_of_what_it_is_worth_now_as_that_of_cross_is() -> None:
    said = verdict(modes(at_marks(PAIR, RENDER=1.75 * 0.95)))
    assert "all of $7,500.00 is at stake" in said
    assert "it can lose at most $6,500.00 from here: $1,000.00 stays safe." in said


def test_a_wallet_that_is_all_margins_keeps_nothing_safe_whatever_rounding_does() -> None:
    margins = sum(position.posted_margin for position in PAIR.positions)
    comparison = modes(with_wallet(PAIR, margins * (1 + 1e-15)))
    assert comparison.isolated.free == 0
    assert "it can lose at most $9,000.00 from here: nothing stays safe." in verdict(comparison)


def test_one_token_alone_is_not_told_where_there_is_but_one() -> None:
    single = replace(PAIR, positions=PAIR.positions[:1])
    assert alone_in_words(modes(single)) == ""
    assert "Isolated loses its position by a joint fall" in verdict(modes(single))


def test_positions_lost_at_one_move_are_named_together() -> None:
    article = presets()["article"].scenario
    assert "its first positions, RENDER long and FET long, by" in verdict(modes(article))


def test_what_is_assumed_names_the_top_up_and_collateral() -> None:
    pledged = [{"asset": "ETH", "amount": 1, "ratio": 0.9}]
    told = assumptions(
        modes(
            account("binance", "cross", [long("RENDER", 20_000, 1.75)], 1_000, collateral=pledged)
        )
    )
    assert any("$2,500.00 added to the wallet" in each for each in told)
    assert any("in isolated no liquidation takes it" in each for each in told)
    assert "collateral is left out in both modes: hyperliquid does not count it" in assumptions(
        modes(at_venue(account("binance", "cross", [], collateral=pledged), "hyperliquid"))
    )
    assert len(assumptions(modes(PAIR))) == 2


def test_days_are_counted() -> None:
    days = [
        CrashDay(f"2025-01-0{n}", "a day", {"RENDER": TokenMove(m), "FET": TokenMove(m)})
        for n, m in ((1, -0.05), (2, -0.09), (3, -0.3))
    ]
    rows = on_days(modes(PAIR), days, {})
    assert days_in_words(modes(PAIR), rows, worst=True) == (
        "Of 3 crash days at their worst tick, cross is liquidated on 1, isolated loses positions "
        "on 2; isolated ends "
        "with more money on 1, cross on 1."
    )
    assert "at their close" in days_in_words(modes(PAIR), rows, worst=False)


def test_of_many_names_the_number_is_told() -> None:
    assert wording.some(["A", "B", "C", "D", "E"]) == "A, B, C and 2 more"


# Venue against venue


def tables(day: str | None = None) -> dict[str, VenueTables]:
    """The snapshot's tables of every venue, as of one day where one is given."""
    found = {venue: snapshot.tables(venue) for venue in listing_venues()}
    return (
        {venue: replace(each, as_of=day, dates={}) for venue, each in found.items()}
        if day
        else found
    )


BOOK = account(
    "binance", "cross", [long("RENDER", 20_000, 1.75), short("BTC", 0.2, 71_000)], 10_000
)


@laws
@given(scenarios())
def test_a_venues_figures_are_those_of_the_account_there(scenario: Scenario) -> None:
    for line in venues_compared(scenario, tables()).lines:
        document = {**scenario.to_json(), "venue": line.venue}
        if line.venue != scenario.account.venue:
            document.pop("tiers_as_of", None)
        assert line.assessment == assess(made(document))
        assert line.missing == ()


@pytest.mark.parametrize("mode", ["cross", "isolated"])
def test_a_token_that_a_venue_does_not_know_is_left_out_in_a_line_of_its_own(mode: Any) -> None:
    found = venues_compared(in_mode(PAIR, mode), tables())
    binance, bybit, okx, hyperliquid = found.lines
    assert [line.missing for line in found.lines] == [(), ("FET",), ("FET",), ()]
    assert bybit.assessment.initial_margin is None
    assert bybit.without is not None
    assert line_name(bybit.without) == "Bybit without FET"
    assert bybit.without.assessment.maintenance_margin is not None
    assert okx.without is not None
    assert [each.symbol for each in okx.without.assessment.positions] == ["RENDER"]
    assert (binance.without, hyperliquid.without) == (None, None)
    assert found.whole == (binance, hyperliquid)


def test_where_nothing_would_be_left_there_is_no_line_without() -> None:
    found = venues_compared(
        account("binance", "cross", [long("FET", 1_000, 0.22)], marks={"FET": 0.22}), tables()
    )
    assert found.lines[1].without is None


def test_tables_far_apart_name_nobody() -> None:
    found = venues_compared(BOOK, tables())
    assert (found.apart, found.last) == (274, ())
    said = venue_verdict(found)
    assert "Bybit's of 2025-12-29 and Binance's of 2026-09-29 are 274 days apart" in said
    assert "none is named as the last to liquidate" in said


def test_tables_of_one_month_name_the_venue_that_liquidates_last() -> None:
    found = venues_compared(BOOK, tables("2026-09-29"))
    ends = {line.name: line.assessment.joint_move.down or -inf for line in found.lines}
    assert (found.apart, found.last) == (0, (min(ends, key=lambda name: ends[name]),))
    assert venue_verdict(found).startswith(f"In a joint fall {found.last[0]} liquidates last: at −")


@pytest.mark.parametrize(("day", "named"), [("2026-08-30", True), ("2026-08-29", False)])
def test_thirty_days_are_not_too_far_apart_and_thirty_one_are(day: str, named: bool) -> None:
    some_days = {**tables("2026-09-29"), "okx": replace(snapshot.tables("okx"), as_of=day)}
    assert bool(venues_compared(BOOK, some_days).last) == named


def test_a_table_without_a_day_names_nobody() -> None:
    undated = {**tables("2026-09-29"), "okx": replace(snapshot.tables("okx"), as_of=None)}
    found = venues_compared(BOOK, undated)
    assert (found.apart, found.last) == (None, ())
    assert found.lines[2].undated == ("RENDER", "BTC")
    assert "Not every table has a date" in venue_verdict(found)


def test_the_scenarios_own_tables_go_only_where_tiers_are_read_alike() -> None:
    own = {"RENDER": [{"floor": 0, "maintenance_rate": 0.03, "max_leverage": 20}]}
    mine = account(
        "binance", "cross", [long("RENDER", 20_000, 1.75)], tiers=own, tiers_as_of="2026-09-01"
    )
    binance, bybit, okx, hyperliquid = venues_compared(mine, tables()).lines
    assert binance.days == {"2026-09-01": ["RENDER"]}
    assert (bybit.undated, hyperliquid.undated, okx.undated) == (("RENDER",), ("RENDER",), ())
    assert [
        line.assessment.positions[0].maintenance_rate for line in (binance, bybit, hyperliquid)
    ] == [0.03] * 3
    assert (
        okx.assessment.positions[0].maintenance_rate
        == assess(account("okx", "cross", [long("RENDER", 20_000, 1.75)]))
        .positions[0]
        .maintenance_rate
    )
    said = venue_assumptions(mine, venues_compared(mine, tables()))
    assert any(
        "(RENDER) replace the venue's wherever tiers are read by notional" in each for each in said
    )


def test_a_fee_of_ones_own_counts_on_its_venue_alone_and_is_named() -> None:
    mine = account("bybit", "cross", [long("RENDER", 20_000, 1.75)], taker_fee=0.001)
    found = venues_compared(mine, tables())
    assert [line.scenario.account.fee for line in found.lines] == [0.0005, 0.001, 0.0005, 0.00045]
    said = venue_assumptions(mine, found)
    assert (
        "the taker fee of 0.1% that was entered counts on Bybit alone, elsewhere the venue's "
        "own does" in said
    )
    assert said[:2] == [
        "USDT and USDC are taken as one dollar each, marks as the same everywhere",
        "liquidation is looked for in every joint move from −100% to +1,000%, each token by "
        "its beta",
    ]


def test_a_scenario_at_its_own_venue_is_itself() -> None:
    assert at_venue(BOOK, "binance") is BOOK


def same_everywhere() -> VenueComparison:
    """An account that venues without a fee in the requirement liquidate alike.

    Its own one rate is all they ask.
    """
    rows = [{"floor": 0, "maintenance_rate": 0.02}]
    mine = account(
        "binance", "cross", [long("RENDER", 20_000, 1.75)], 3_000, tiers={"RENDER": rows}
    )
    found = venues_compared(mine, tables())
    lines = tuple(
        replace(line, days={"2026-09-29": ["RENDER"]}, undated=())
        for line in found.lines
        if line.venue in ("binance", "hyperliquid")
    )
    return VenueComparison(lines)


@pytest.mark.parametrize(
    ("scenario", "last", "said"),
    [
        pytest.param(
            account("binance", "cross", [short("RENDER", 20_000, 1.75)], 1_500),
            ("Bybit",),
            "In a joint rise Bybit liquidates last: at these marks already on Hyperliquid, at "
            "+1.20% on OKX, at "
            "+2.45% on Binance and at +3.40% on Bybit.",
            id="a short that is dead on one",
        ),
        pytest.param(
            account(
                "binance",
                "cross",
                [long("RENDER", 20_000, 1.75), short("RENDER", 20_000, 1.75)],
                700,
            ),
            ("Bybit",),
            "In a joint rise Bybit liquidates last: at these marks already on Binance, "
            "Hyperliquid and OKX and at "
            "+17.05% on Bybit.",
            id="a hedge that lives on one",
        ),
        pytest.param(
            account(
                *(
                    "binance",
                    "cross",
                    [
                        long("BTC", 50_000 / MARKS["BTC"], MARKS["BTC"]),
                        short("RENDER", 16_000, 1.75),
                    ],
                ),
                betas={"RENDER": 3},
            ),
            ("Bybit",),
            "In a joint rise Bybit liquidates last: at +15.28% on Hyperliquid, at +24.25% on "
            "OKX, at +25.96% on "
            "Binance and at +27.04% on Bybit.",
            id="a rise nearer than the fall",
        ),
        pytest.param(
            account("binance", "cross", [short("RENDER", 571.43, 1.75)], 10_900),
            (),
            "A joint rise liquidates at +981.82% on Hyperliquid and not up to +1,000% on "
            "Binance, Bybit and OKX.",
            id="a rise further than is looked for",
        ),
    ],
)
def test_the_nearest_way_is_told_and_no_venue_named_that_it_does_not_liquidate(
    scenario: Scenario, last: tuple[str, ...], said: str
) -> None:
    found = venues_compared(scenario, tables("2026-09-29"))
    assert (found.last, venue_verdict(found)) == (last, said)


def ended(*ends: tuple[float | None, float | None]) -> VenueComparison:
    """Venues of one day with these falls and rises; both None: no joint move liquidates.

    Both 0: dead already.
    """
    lines = []
    for line, (down, up) in zip(
        venues_compared(BOOK, tables("2026-09-29")).lines, ends, strict=False
    ):
        dead = down == up == 0
        joint = JointMove(None, None) if dead else JointMove(down, up)
        lines.append(
            replace(line, assessment=line.assessment._replace(joint_move=joint, liquidated=dead))
        )
    return VenueComparison(tuple(lines))


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (
            [(-0.3, 0.1), (-0.12, 0.2)],
            "In a joint rise Bybit liquidates last: at +10.00% on Binance and at +20.00% on "
            "Bybit. A joint fall "
            "liquidates sooner, at −12.00% on Bybit.",
        ),
        (
            [(0, 0), (None, None), (0, 0)],
            "At these marks the account is liquidated on Binance and OKX; no joint move from "
            "−100% to +1,000% "
            "liquidates on Bybit.",
        ),
        (
            [(0, 0), (-0.00001, None)],
            "In a joint fall Bybit liquidates last: at these marks already on Binance and at "
            "0.00% on Bybit.",
        ),
        (
            [(-0.3, None), (None, None)],
            "A joint fall liquidates at −30.00% on Binance and never on Bybit.",
        ),
        (
            [(-0.3, None), (-0.30000001, None)],
            "A joint fall liquidates on Binance and Bybit alike, at −30.00%.",
        ),
    ],
    ids=[
        "the other way is nearer there",
        "dead or out of reach",
        "a hair from dead",
        "never",
        "what reads the same is the same",
    ],
)
def test_every_kind_of_end_is_told(ends: Any, said: str) -> None:
    assert venue_verdict(ended(*ends)) == said


def test_venues_that_liquidate_alike_are_all_named() -> None:
    found = same_everywhere()
    assert found.last == ("Binance", "Hyperliquid")
    assert (
        venue_verdict(found)
        == "A joint fall liquidates on Binance and Hyperliquid alike, at −6.71%."
    )


@pytest.mark.parametrize(
    ("scenario", "said"),
    [
        pytest.param(
            replace(PAIR, positions=()),
            "No positions: no venue requires anything.",
            id="no positions",
        ),
        pytest.param(PAIR, "Bybit and OKX have no tables of FET.", id="missing tokens"),
        pytest.param(
            account("binance", "cross", [long("RENDER", 1_000, 1.75, 1)], 1_900),
            "No joint move from −100% to +1,000% liquidates on Binance, Bybit, OKX and "
            "Hyperliquid.",
            id="covered",
        ),
        pytest.param(
            account("binance", "cross", [short("RENDER", 10_000, 1.75)], 5_000),
            "A joint rise liquidates at +",
            id="a short",
        ),
        pytest.param(
            account(
                "binance",
                "cross",
                [long("AKT", 1_000, 0.5), long("GRT", 1_000, 0.03)],
                marks={"AKT": 0.5, "GRT": 0.03},
            ),
            "OKX has no tables of AKT; Hyperliquid has no tables of AKT and GRT",
            id="different tokens missing",
        ),
        pytest.param(
            account("binance", "cross", [long("PEPE", 1_000, 1)], marks={"PEPE": 1}),
            "No venue here knows every token of the account: Binance, Bybit, OKX and Hyperliquid "
            "have no tables of P",
            id="known nowhere",
        ),
        pytest.param(
            account(
                "binance",
                "cross",
                [long("FET", 1_000, 0.22), long("AKT", 100, 0.5)],
                marks={"FET": 0.22, "AKT": 0.5},
            ),
            "Only Binance knows every token, so there is nothing to compare it with. Bybit",
            id="one venue",
        ),
        pytest.param(
            in_mode(PAIR, "isolated"),
            "A joint fall liquidates the first position at",
            id="isolated",
        ),
        pytest.param(
            with_wallet(BOOK, 100),
            "At these marks the account is liquidated on Binance, Bybit, OKX and Hyperliquid.",
            id="dead",
        ),
        pytest.param(
            account("binance", "isolated", [long("RENDER", 20_000, 2.1)], 5_000),
            "At these marks a position is liquidated on Binance, Bybit, OKX and Hyperliquid.",
            id="a position dead",
        ),
    ],
)
def test_the_venues_verdict_says(scenario: Scenario, said: str) -> None:
    assert said in venue_verdict(venues_compared(scenario, tables()))


def test_an_account_that_is_dead_somewhere_reaches_there_at_once() -> None:
    found = venues_compared(presets()["article"].scenario, tables("2026-09-29"))
    hyperliquid = found.lines[3]
    assert hyperliquid.assessment.liquidated
    assert hyperliquid.reached(falls=True) == 0
    assert found.last == ("Binance",)
    assert "at these marks already on Hyperliquid" in venue_verdict(found)


def test_the_oldest_and_the_newest_table_are_told() -> None:
    found = venues_compared(BOOK, tables())
    assert found.span == (("2025-12-29", "Bybit"), ("2026-09-29", "Binance"))


def test_marks_are_the_accounts_on_every_venue() -> None:
    assert {
        line.scenario.market.marks["RENDER"] for line in venues_compared(BOOK, tables()).lines
    } == {MARKS["RENDER"]}


def test_the_joint_move_of_a_line_is_that_of_its_books() -> None:
    for line in venues_compared(BOOK, tables()).lines:
        [book] = compile_books(line.scenario)
        down = line.assessment.joint_move.down
        assert down is not None
        prices = [mark * (1 + down) for mark in book.marks]
        assert book.standing(prices).headroom == pytest.approx(0, abs=1e-6)
        assert line.assessment.joint_move == JointMove(down, line.assessment.joint_move.up)
