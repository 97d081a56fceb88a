"""Crash days: worked rows, what fills a gap, and laws against brute force."""

from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.market.snapshot import embedded as snapshot
from margin.messages import message
from margin.model.scenario import Scenario
from margin.studies.stress.crash_table import CrashDay, CrashRow, TokenMove, crash_rows
from margin.text.stress import made_up
from tests.engine import oracle
from tests.engine.strategies import documents
from tests.studies.accounts import (
    MODES,
    account,
    long,
    random_accounts,
    scenarios,
    short,
    with_wallet,
)

Document = dict[str, Any]

some_accounts = settings(random_accounts, max_examples=40)
BETAS = {"RENDER": 1.66, "TAO": 1.5, "NEAR": -0.5}


def day(**moves: TokenMove) -> CrashDay:
    return CrashDay("2025-10-10", "liquidation cascade", moves)


def row(scenario: Scenario, crash: CrashDay, betas: dict[str, float] | None = None) -> CrashRow:
    [found] = crash_rows(scenario, [crash], BETAS if betas is None else betas)
    return found


def codes(found: CrashRow) -> list[str]:
    return [assumption.code for assumption in found.assumptions]


def said(found: CrashRow) -> list[str]:
    return [message(assumption) for assumption in found.assumptions]


def moved(found: CrashRow, scenario: Scenario, token: str) -> tuple[float, float]:
    """How far a token's price went, at the close and at the worst tick."""
    mark = scenario.market.marks[token]
    return found.close.prices[token] / mark - 1, found.worst.prices[token] / mark - 1


# Worked rows


def test_a_long_takes_the_low_for_its_worst_tick() -> None:
    """Textbook, 1%: 17,500 long.

    At the close −20%: 5,000 − 3,500 − 140; at the low −50%: 5,000 − 8,750 − 87.5.
    """
    scenario = account("textbook", "cross", [long("RENDER", 10_000, 1.75)], 5_000)
    found = row(scenario, day(RENDER=TokenMove(-0.2, -0.5, 0.1)))
    close, worst = found.close, found.worst
    assert close.prices == {"RENDER": pytest.approx(1.4)}
    assert worst.prices == {"RENDER": pytest.approx(0.875)}
    assert (close.outcome.equity, close.outcome.requirement) == pytest.approx((1_500, 140))
    assert (close.outcome.headroom, close.loss) == pytest.approx((1_360, 3_500))
    assert close.outcome.requirement_to_equity == pytest.approx(140 / 1_500)
    assert (close.outcome.liquidated, worst.outcome.liquidated) == (False, True)
    assert (worst.outcome.headroom, worst.loss) == pytest.approx((-3_750 - 87.5, 8_750))
    assert (worst.outcome.requirement_to_equity, worst.outcome.equity_left) == (None, None)
    assert found.filled == found.still == ()


def test_a_short_takes_the_high() -> None:
    scenario = account("textbook", "cross", [short("TAO", 10, 272.71)], 2_000)
    found = row(scenario, day(TAO=TokenMove(-0.2, -0.5, 0.1)))
    assert moved(found, scenario, "TAO") == pytest.approx((-0.2, 0.1))
    assert found.close.loss == pytest.approx(-545.42)
    assert found.worst.loss == pytest.approx(272.71)


def test_what_is_pledged_falls_too() -> None:
    pledged = [{"asset": "ETH", "amount": 2, "ratio": 0.9}]
    scenario = account("binance", "cross", [short("RENDER", 100, 1.75)], 100, collateral=pledged)
    found = row(scenario, day(RENDER=TokenMove(0, 0, 0), ETH=TokenMove(-0.1, -0.3, 0.2)))
    assert found.close.loss == pytest.approx(0.1 * 2 * 2201.95 * 0.9)
    assert found.worst.loss == pytest.approx(0.3 * 2 * 2201.95 * 0.9)


def test_a_hedge_takes_the_tick_that_leaves_less() -> None:
    scenario = account("textbook", "cross", [long("TAO", 60, 270), short("TAO", 60, 270)], 5_000)
    assert moved(row(scenario, day(TAO=TokenMove(-0.2, -0.5, 0.1))), scenario, "TAO")[
        1
    ] == pytest.approx(0.1)


def test_an_account_dead_before_the_day_is_not_brought_back_by_its_gain() -> None:
    scenario = account("textbook", "cross", [long("RENDER", 10_000, 1.75)], 100)
    outcome = row(scenario, day(RENDER=TokenMove(0.2, 0.0, 0.3))).close.outcome
    assert outcome.headroom > 3_000
    assert outcome.liquidated


def test_isolated_positions_lose_their_margins_and_no_more() -> None:
    """RENDER 17,500 with 1,750, TAO 27,271 with 13,635.5; 1,000 free.

    The low takes RENDER, not TAO.
    """
    positions = [long("RENDER", 10_000, 1.75, 10), long("TAO", 100, 272.71, 2)]
    scenario = account("binance", "isolated", positions, 1_750 + 13_635.5 + 1_000)
    found = row(scenario, day(RENDER=TokenMove(-0.05, -0.8, 0), TAO=TokenMove(-0.1, -0.2, 0)))
    assert (found.close.outcome.positions_liquidated, found.worst.outcome.positions_liquidated) == (
        0,
        1,
    )
    assert found.close.loss == pytest.approx(0.05 * 17_500 + 0.1 * 27_271)
    assert found.worst.loss == pytest.approx(1_750 + 0.2 * 27_271)
    assert found.worst.outcome.equity_left == pytest.approx(13_635.5 + 1_000 - 0.2 * 27_271)
    assert found.worst.outcome.equity == pytest.approx(
        1_750 + 13_635.5 + 1_000 - 0.8 * 17_500 - 0.2 * 27_271
    )


def test_both_legs_of_an_isolated_hedge_can_be_lost_on_one_day() -> None:
    positions = [long("TAO", 10, 272.71, 5), short("TAO", 10, 272.71, 10)]
    scenario = account("binance", "isolated", positions, 818.13)
    found = row(scenario, day(TAO=TokenMove(-0.01, -0.5, 0.2)))
    assert (found.close.outcome.positions_liquidated, found.worst.outcome.positions_liquidated) == (
        0,
        2,
    )
    assert found.worst.outcome.equity_left == pytest.approx(0, abs=1e-9)
    assert moved(found, scenario, "TAO")[1] == pytest.approx(
        -0.5
    )  # The long ends deeper under water.


# Gaps


def test_a_token_without_figures_follows_btc_by_its_beta_and_is_marked() -> None:
    scenario = account(
        "binance",
        "cross",
        [long("TAO", 1, 272.71), short("RENDER", 1, 1.75), long("BTC", 0.01, 7e4)],
    )
    found = row(scenario, day(BTC=TokenMove(-0.1, -0.2, 0.02)))
    assert found.filled == ("TAO", "RENDER")
    assert moved(found, scenario, "TAO") == pytest.approx((-0.15, -0.3))
    assert moved(found, scenario, "RENDER") == pytest.approx((-0.166, 0.0332))
    assert moved(found, scenario, "BTC") == pytest.approx((-0.1, -0.2))
    assert (
        "without figures of that day, moved with BTC by their beta: TAO 1.5, RENDER 1.66"
        in said(found)
    )


def test_a_negative_beta_turns_btc_s_high_into_a_low() -> None:
    scenario = account("binance", "cross", [long("NEAR", 100, 1.385)])
    found = row(scenario, day(BTC=TokenMove(-0.1, -0.2, 0.4)))
    assert moved(found, scenario, "NEAR") == pytest.approx((0.05, -0.2))


def test_a_token_without_a_beta_moves_as_btc_does() -> None:
    scenario = account("binance", "cross", [long("FIL", 100, 4)], marks={"FIL": 4})
    found = row(scenario, day(BTC=TokenMove(-0.1, -0.2, 0.4)))
    assert moved(found, scenario, "FIL") == pytest.approx((-0.1, -0.2))
    assert found.filled == ("FIL",)


def test_no_beta_takes_a_price_below_nothing() -> None:
    scenario = account("binance", "cross", [long("TAO", 1, 272.71)])
    found = row(scenario, day(BTC=TokenMove(-0.4, -0.6, 0)), {"TAO": 3.0})
    assert (found.close.prices["TAO"], found.worst.prices["TAO"]) == (0, 0)


def test_a_row_says_what_is_made_up_of_all_tokens_or_of_some_and_of_extremes_only_at_the_worst_tick() -> (
    None
):
    scenario = account(
        "binance", "cross", [long("RENDER", 10, 1.75), long("TAO", 1, 272.71), long("NEAR", 1, 1.4)]
    )
    moves = {
        "RENDER": TokenMove(-0.1),
        "TAO": TokenMove(-0.1, -0.2, 0.1),
        "BTC": TokenMove(-0.05, -0.1, 0.0),
    }
    [row] = crash_rows(scenario, [CrashDay("", "mine", moves)], {"NEAR": 1.5})
    assert made_up(row.gaps()) == "RENDER extremes unknown, NEAR by beta"
    assert made_up(row.gaps({"TAO", "NEAR"})) == "NEAR by beta"
    assert made_up(row.gaps(worst=False)) == "NEAR by beta"
    [still] = crash_rows(scenario, [CrashDay("", "mine", {"TAO": TokenMove(-0.1, -0.2, 0.1)})], {})
    assert made_up(still.gaps({"NEAR"})) == "NEAR still"


def test_a_day_made_up_of_one_token_leaves_the_others_standing_and_says_so() -> None:
    scenario = account("binance", "cross", [long("TAO", 1, 272.71), long("RENDER", 10, 1.75)])
    found = row(scenario, day(RENDER=TokenMove(-0.5)))
    assert (found.filled, found.still) == ((), ("TAO",))
    assert found.close == found.worst
    assert found.close.loss == pytest.approx(8.75)
    assert "without figures of that day, and none of BTC, standing still: TAO" in said(found)
    assert (
        "not every extreme of the day is known, so the worst tick may be too mild: RENDER"
        in said(found)
    )


def test_where_a_low_is_not_known_the_day_is_no_milder_than_its_beginning() -> None:
    scenario = account("binance", "cross", [long("TAO", 1, 272.71), short("RENDER", 10, 1.75)])
    found = row(scenario, day(TAO=TokenMove(0.35, None, 0.4), RENDER=TokenMove(-0.2, -0.3, None)))
    assert moved(found, scenario, "TAO") == pytest.approx((0.35, 0.0))
    assert moved(found, scenario, "RENDER") == pytest.approx((-0.2, 0.0))
    assert found.open_ended == ("TAO", "RENDER")


def test_an_extreme_that_is_not_known_is_told_only_where_it_could_hurt() -> None:
    scenario = account("binance", "cross", [long("TAO", 1, 272.71), short("RENDER", 10, 1.75)])
    found = row(scenario, day(TAO=TokenMove(0.35, 0.0, None), RENDER=TokenMove(-0.2, None, 0.1)))
    assert found.open_ended == ()
    assert "extremes_unknown" not in codes(found)


def test_stablecoins_stand_still_unless_the_day_says_otherwise() -> None:
    pledged = [{"asset": "USDC", "amount": 1_000, "ratio": 1}]
    scenario = account("binance", "cross", [short("BTC", 0.001, 71202.9)], 100, collateral=pledged)
    calm = row(scenario, day(BTC=TokenMove(-0.1, -0.2, 0)))
    assert calm.close.prices["USDC"] == 1.0
    assert calm.filled == calm.still == ()
    depeg = row(scenario, day(BTC=TokenMove(0.0, 0.0, 0), USDC=TokenMove(-0.1, -0.13, 0)))
    assert (depeg.close.loss, depeg.worst.loss) == pytest.approx((100, 130))


def test_what_the_worst_tick_rests_on_is_said_and_more_where_lows_and_highs_are_mixed() -> None:
    moves = day(RENDER=TokenMove(-0.2, -0.5, 0.1), TAO=TokenMove(-0.2, -0.5, 0.1))
    longs = account("binance", "cross", [long("RENDER", 10, 1.75), long("TAO", 1, 272.71)])
    mixed = account("binance", "cross", [long("RENDER", 10, 1.75), short("TAO", 1, 272.71)])
    assert codes(row(longs, moves)) == ["worst_at_once"]
    assert codes(row(mixed, moves)) == ["worst_at_once", "lows_and_highs"]


def test_the_snapshots_crashes_are_days_like_any_other() -> None:
    crashes = [
        CrashDay(
            crash.date,
            crash.event,
            {token: TokenMove(*move) for token, move in crash.moves.items()},
        )
        for crash in snapshot.crashes()
    ]
    scenario = account("binance", "cross", [long("RENDER", 10_000, 1.75, 5)], 14_000)
    rows = {found.day.date: found for found in crash_rows(scenario, crashes, BETAS)}
    assert len(rows) == len(crashes)
    cascade = rows["2025-10-10"]
    assert cascade.close.loss == pytest.approx(
        -17_500 * crashes_close(crashes, "2025-10-10"), rel=1e-12
    )
    assert cascade.worst.loss > 0.8 * 17_500
    assert cascade.worst.outcome.liquidated


def crashes_close(crashes: list[CrashDay], date: str) -> float:
    return next(crash.moves["RENDER"].close for crash in crashes if crash.date == date)


# Laws

moves = st.floats(-0.9, 1.5)


@st.composite
def ticks(draw: st.DrawFn) -> TokenMove:
    low, close, high = sorted(draw(st.tuples(moves, moves, moves)))
    return TokenMove(
        close, draw(st.sampled_from([low, low, None])), draw(st.sampled_from([high, high, None]))
    )


days = st.dictionaries(
    st.sampled_from(["RENDER", "TAO", "NEAR", "BTC", "ETH", "USDC"]), ticks(), max_size=6
).map(lambda moves: CrashDay("2030-01-01", "made up", moves))


@some_accounts
@given(scenarios(), days)
def test_the_worst_tick_is_never_better_than_the_close(scenario: Scenario, crash: CrashDay) -> None:
    found = row(scenario, crash)
    close, worst = found.close.outcome, found.worst.outcome
    size = abs(close.equity) + abs(worst.equity) + worst.requirement + close.requirement
    assert worst.headroom <= close.headroom + 1e-12 * size
    if close.liquidated and close.headroom < -1e-9 * size:
        assert worst.liquidated
    if scenario.account.isolated:
        assert worst.positions_liquidated >= close.positions_liquidated


@some_accounts
@given(scenarios(modes=("cross",)), days, st.floats(1, 1e6))
def test_more_in_the_wallet_never_hurts(scenario: Scenario, crash: CrashDay, more: float) -> None:
    poor, rich = (
        row(scenario, crash),
        row(with_wallet(scenario, scenario.account.wallet_balance + more), crash),
    )
    for before, after in ((poor.close, rich.close), (poor.worst, rich.worst)):
        counted = more * scenario.account.counted_rate
        assert after.outcome.headroom == pytest.approx(
            before.outcome.headroom + counted, rel=1e-9, abs=1e-3
        )
        assert before.outcome.liquidated or not after.outcome.liquidated


@some_accounts
@given(scenarios(), days)
def test_every_token_is_known_filled_still_or_stable(scenario: Scenario, crash: CrashDay) -> None:
    found = row(scenario, crash)
    without = [token for token in scenario.tokens if token not in crash.moves and token != "USDC"]
    assert list(found.filled + found.still) == without
    assert not (found.filled and found.still)
    assert bool(found.filled) == bool(without and "BTC" in crash.moves)
    for instant in (found.close, found.worst):
        assert instant.prices.keys() == set(scenario.tokens)
        assert all(instant.prices[token] == scenario.market.marks[token] for token in found.still)


@given(documents(modes=("cross",), most=4), st.data())
@settings(max_examples=40, deadline=None)
def test_the_worst_tick_is_the_worst_of_all_mixtures_of_ticks_by_brute_force(
    document: Document, data: st.DataObject
) -> None:
    scenario = Scenario.from_json(document)
    crash = day(**{token: data.draw(ticks()) for token in scenario.tokens})
    [book] = oracle.accounts(document)
    marks = oracle.marks(document)
    choices = [
        [0.0 if move is None else move for move in crash.moves[token]] for token in scenario.tokens
    ]
    mixtures = [dict(zip(scenario.tokens, mixture, strict=True)) for mixture in product(*choices)]
    prices = [
        {token: marks[token] * (1 + Fraction(move)) for token, move in each.items()}
        for each in mixtures
    ]
    worst = row(scenario, crash).worst.outcome
    size = float(max(book.size({**marks, **each}) for each in prices))
    size += sum(
        position["quantity"] * position["entry_price"] for position in document["positions"]
    )
    least = min(book.headroom({**marks, **each}) for each in prices)
    assert worst.headroom == pytest.approx(float(least), rel=1e-9, abs=1e-12 * size)


@pytest.mark.parametrize("mode", MODES)
def test_without_tiers_only_the_loss_is_told(mode: str) -> None:
    scenario = account("bybit", mode, [long("FET", 4_000, 0.25, 1)], 1_000, marks={"FET": 0.25})
    found = row(scenario, day(FET=TokenMove(-0.2, -0.5, 0)))
    assert (found.close.loss, found.worst.loss) == pytest.approx((200, 500))
    assert (found.worst.outcome.headroom, found.worst.outcome.liquidated) == (None, None)


def without_tables(scenario: Scenario, *tokens: str) -> Scenario:
    """The same account where nobody knows these tokens' tiers."""
    market = scenario.market
    known = replace(
        market.reference,
        tiers={each: held for each, held in market.reference.tiers.items() if each not in tokens},
    )
    return replace(scenario, market=replace(market, reference=known))


@some_accounts
@given(scenarios(venues=("binance", "bybit", "okx", "hyperliquid")), days, st.booleans())
def test_what_is_liquidated_without_tiers_is_liquidated_under_any_and_all_that_has_nothing_left_is(
    scenario: Scenario, crash: CrashDay, some: bool
) -> None:
    tokens = scenario.tokens[:1] if some else scenario.tokens
    bare, full = row(without_tables(scenario, *tokens), crash), row(scenario, crash)
    for one, other in ((bare.close, full.close), (bare.worst, full.worst)):
        unknown, known = one.outcome, other.outcome
        assert unknown.requirement is None
        assert unknown.liquidated in (True, None)
        assert unknown.liquidated or scenario.account.isolated or unknown.equity > 0
        if (
            one.prices == other.prices
        ):  # Of a hedge the worst tick is another where its tiers are not known.
            assert unknown.equity == pytest.approx(known.equity, rel=1e-9, abs=1e-3)
            assert known.liquidated or not unknown.liquidated
            assert (unknown.positions_liquidated or 0) <= (known.positions_liquidated or 0)


@pytest.mark.parametrize(("mode", "lost", "left"), [("cross", None, None), ("isolated", 1, 500.0)])
def test_a_position_that_has_nothing_left_is_lost_whatever_its_tiers(
    mode: str, lost: int | None, left: float | None
) -> None:
    """1,000 long at 2×: it has its margin of 500 to lose.

    In cross what is lent to it by the wallet of 1,000 too.
    """
    scenario = account("bybit", mode, [long("FET", 4_000, 0.25, 2)], 1_000, marks={"FET": 0.25})
    outcome = row(scenario, day(FET=TokenMove(-1.0, -1.0, 0))).worst.outcome
    assert (outcome.liquidated, outcome.positions_liquidated, outcome.equity_left) == (
        True,
        lost,
        left,
    )
    assert (outcome.requirement, outcome.headroom) == (None, None)


def test_no_more_is_lost_than_there_is() -> None:
    scenario = account("textbook", "cross", [long("RENDER", 10_000, 1.75)], 5_000)
    found = row(scenario, day(RENDER=TokenMove(-0.2, -0.5, 0.1)))
    assert (found.close.lost, found.worst.loss, found.worst.lost) == pytest.approx(
        (3_500, 8_750, 5_000)
    )
    assert row(scenario, day(RENDER=TokenMove(0.2, 0.1, 0.3))).close.lost == pytest.approx(-3_500)


def test_a_day_is_survived_only_through_its_worst_tick() -> None:
    scenario = account("textbook", "cross", [long("RENDER", 10_000, 1.75)], 5_000)
    dip, calm = (row(scenario, day(RENDER=TokenMove(-0.1, low, 0))) for low in (-0.5, -0.15))
    assert (dip.survived, dip.standing_again) == (False, 1)
    assert (calm.survived, calm.standing_again) == (True, 0)


def test_an_account_without_positions_lives_through_everything() -> None:
    nothing_held = account("binance", "cross", [], 100)
    found = row(nothing_held, day(BTC=TokenMove(-0.5, -0.9, 0)))
    assert (found.worst.loss, found.worst.outcome.liquidated) == (0, False)
