"""The curve of a joint move.

Its marked points lie where they say, and every point is the account at that move.
"""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.studies.distance.curve import POINTS, SHOWN, Curve, common_move_curve
from margin.studies.distance.distances import common_move, present_move
from tests.books import compile_books
from tests.studies.accounts import (
    MARKS,
    MODES,
    VENUES,
    account,
    long,
    random_accounts,
    scenarios,
    short,
    size,
)

BASKET = (
    long("RENDER", 20_000, 1.85, 10),
    long("TAO", 60, 285.3, 5),
    short("BTC", 0.2, 70123.4, 20),
)


def drawn(scenario: Scenario) -> Curve:
    curve = common_move_curve(scenario)
    assert curve is not None
    return curve


def worst_load(scenario: Scenario, curve: Curve, move: float) -> float:
    """The largest margin used of any book after a move from the origin."""
    prices = scenario.market.moved(curve.origin, move)
    standings = [
        book.standing([prices[token] for token in book.tokens]) for book in compile_books(scenario)
    ]
    loads = [
        each.requirement / each.equity if each.equity > each.zero else np.inf for each in standings
    ]
    return max(loads)


def at(curve: Curve, values: np.ndarray, move: float) -> float:
    """A curve's value at one of its own points."""
    [index] = np.flatnonzero(curve.moves == move)
    return float(values[index])


# Marked points


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("venue", VENUES)
def test_requirement_over_equity_is_one_at_the_marked_liquidation_and_the_level_at_the_others(
    venue: str, mode: str
) -> None:
    positions = [
        long("RENDER", 20_000, 1.75, 4),
        long("TAO", 60, 272.71, 4),
        short("BTC", 0.2, 71202.9, 4),
    ]
    scenario = account(venue, mode, positions, 25_000, levels={"warning": 0.6, "danger": 0.9})
    curve = drawn(scenario)
    marked = 0
    for level, moves in ((0.6, curve.warning), (0.9, curve.danger), (1.0, curve.liquidation)):
        for move in moves:
            if move is not None and move in curve.moves:
                assert at(curve, curve.requirement_to_equity, move) == pytest.approx(
                    level, rel=1e-9
                )
                marked += 1
    assert marked >= 3


@random_accounts
@given(scenarios())
def test_every_marked_point_of_a_random_account_lies_at_its_level(scenario: Scenario) -> None:
    curve = drawn(scenario)
    levels = scenario.levels
    for level, moves in (
        (levels.warning, curve.warning),
        (levels.danger, curve.danger),
        (1.0, curve.liquidation),
    ):
        for move in moves:
            if not move or move not in curve.moves:  # At 0.0 the start may be past the level.
                continue
            prices = scenario.market.moved(curve.origin, move)
            equities = [
                book.equity_at([prices[token] for token in book.tokens])
                for book in compile_books(scenario)
            ]
            books = zip(compile_books(scenario), equities, strict=True)
            assume(all(abs(equity) > 1e-4 * size(scenario, book, move) for book, equity in books))
            assert at(curve, curve.requirement_to_equity, move) == pytest.approx(level, rel=1e-9)


@random_accounts
@given(scenarios())
def test_the_marked_points_are_the_first_ones_from_the_origin(scenario: Scenario) -> None:
    curve = drawn(scenario)
    books = compile_books(scenario)
    assert curve.liquidation == common_move(books, scenario)
    for way, move in curve.liquidation._asdict().items():
        between = curve.moves[(curve.moves < 0) if way == "down" else (curve.moves > 0)]
        nearer = between if move is None else between[np.abs(between) < abs(move) * (1 - 1e-9)]
        for x in nearer[:: max(1, len(nearer) // 20)]:
            assert worst_load(scenario, curve, x) < 1 + 1e-9


def test_a_warning_comes_before_danger_and_danger_before_liquidation() -> None:
    curve = drawn(account("binance", "cross", BASKET, 25_000))
    assert 0 > curve.warning.down > curve.danger.down > curve.liquidation.down


# Arrays


@random_accounts
@given(scenarios())
def test_arrays_have_one_shape_and_are_finite_wherever_there_is_equity(scenario: Scenario) -> None:
    curve = drawn(scenario)
    arrays = (
        curve.moves,
        curve.requirement_to_equity,
        curve.ratio,
        curve.equity,
        curve.requirement,
    )
    assert {array.shape for array in arrays} == {curve.moves.shape}
    assert np.isfinite(curve.equity).all()
    assert np.isfinite(curve.requirement).all()
    for x, load, ratio in zip(curve.moves, curve.requirement_to_equity, curve.ratio, strict=True):
        expected = worst_load(scenario, curve, x)
        assert np.isfinite(load) == np.isfinite(expected)
        if scenario.account.rules.ratio.direction == "rises":
            assert np.isfinite(ratio) == np.isfinite(load)


@random_accounts
@given(scenarios())
def test_moves_rise_from_point_to_point_and_hold_nothing_and_the_present_move(
    scenario: Scenario,
) -> None:
    curve = drawn(scenario)
    assert (np.diff(curve.moves) > 0).all()
    assert {0.0, curve.today} <= set(curve.moves.tolist())
    assert len(curve.moves) >= POINTS
    assert -1 <= curve.moves[0] <= -SHOWN
    assert SHOWN <= curve.moves[-1] <= 10


@random_accounts
@given(scenarios(modes=("cross",)), st.floats(-0.5, 1))
def test_every_point_is_the_assessment_of_the_account_at_that_move(
    scenario: Scenario, share: float
) -> None:
    curve = drawn(scenario)
    x = float(curve.moves[int((share + 0.5) / 1.5 * (len(curve.moves) - 1))])
    there = assess(scenario.with_marks(scenario.market.moved(curve.origin, x)))
    index = int(np.flatnonzero(curve.moves == x)[0])
    rounding = 1e-13 * size(scenario, compile_books(scenario)[0], x)
    assert curve.equity[index] == pytest.approx(there.equity, rel=1e-9, abs=rounding)
    assert curve.requirement[index] == pytest.approx(there.requirement, rel=1e-9, abs=rounding)
    if there.equity > 1e4 * rounding:
        assert curve.requirement_to_equity[index] == pytest.approx(
            there.requirement / there.equity, rel=1e-9
        )
        if there.margin_ratio.value is not None:
            assert curve.ratio[index] == pytest.approx(there.margin_ratio.value, rel=1e-9)


def test_beyond_the_point_where_a_price_reaches_nothing_only_the_others_move() -> None:
    positions = [long("RENDER", 20_000 / 1.75, 1.75), short("BTC", 30_000 / 71202.9, 71202.9)]
    curve = drawn(account("binance", "cross", positions, 6_000, betas={"RENDER": 4}))
    beyond = curve.moves < -0.25
    assert beyond.any()
    assert curve.equity[beyond] == pytest.approx(
        6_000 - 20_000 - 30_000 * curve.moves[beyond], rel=1e-9
    )


# Where it is measured from


def test_the_curve_starts_from_the_baseline_marks_and_today_is_the_present_move() -> None:
    baseline = {"RENDER": 2.0, "TAO": 300.0}
    scenario = account(
        "binance",
        "cross",
        [long("RENDER", 8_000, 2.0), long("TAO", 50, 300)],
        9_000,
        baseline_marks=baseline,
        marks={"RENDER": 2.0 * 0.8, "TAO": 300 * (1 - 0.2 * 1.5)},
        betas={"TAO": 1.5},
    )
    curve = drawn(scenario)
    assert curve.today == present_move(scenario) == pytest.approx(-0.2, abs=1e-12)
    assert curve.origin == baseline
    now = assess(scenario)
    assert at(curve, curve.requirement_to_equity, curve.today) == pytest.approx(
        now.margin_ratio.value, rel=1e-9
    )
    before = assess(scenario.with_marks(baseline))
    assert at(curve, curve.equity, 0.0) == pytest.approx(before.equity, rel=1e-12)
    assert curve.liquidation.down == pytest.approx(before.joint_move.down, rel=1e-12)


def test_marks_that_no_common_move_gives_are_their_own_origin() -> None:
    scenario = account(
        "binance",
        "cross",
        [long("RENDER", 8_000, 2.0), long("TAO", 50, 300)],
        marks={"RENDER": 1.9, "TAO": 260},
        baseline_marks={"RENDER": 2.0, "TAO": 300},
    )
    assert present_move(scenario) is None
    curve = drawn(scenario)
    assert curve.today == 0.0
    assert curve.origin == {"RENDER": 1.9, "TAO": 260.0}


def test_a_present_move_beyond_the_usual_range_is_shown() -> None:
    scenario = account(
        "binance",
        "cross",
        [long("RENDER", 8_000, 2.0)],
        40_000,
        marks={"RENDER": 0.8},
        baseline_marks={"RENDER": 2.0},
    )
    curve = drawn(scenario)
    assert curve.today == pytest.approx(-0.6, abs=1e-12)
    assert curve.moves[0] < -0.6


# Isolated mode


def test_in_isolated_mode_each_point_is_that_of_the_position_worst_off_there() -> None:
    positions = [
        long("RENDER", 5_000, 1.75, 5),
        short("TAO", 60, 272.71, 5),
        long("BTC", 0.1, 71202.9, 2),
    ]
    scenario = account("binance", "isolated", positions)
    curve = drawn(scenario)
    worst = set()
    for x, load in zip(curve.moves, curve.requirement_to_equity, strict=True):
        expected = worst_load(scenario, curve, x)
        if np.isfinite(expected):
            assert load == pytest.approx(expected, rel=1e-9)
        prices = scenario.market.moved(curve.origin, x)
        loads = [
            -book.standing([prices[book.tokens[0]]]).headroom for book in compile_books(scenario)
        ]
        worst.add(int(np.argmax(loads)))
    assert {0, 1} <= worst
    assert curve.liquidation == assess(scenario).joint_move


def test_in_isolated_mode_a_lost_position_leaves_no_ratio_while_others_live() -> None:
    scenario = account(
        "binance",
        "isolated",
        [long("RENDER", 5_000, 1.75, 20), long("TAO", 100, 272.71, 1)],
        30_000,
    )
    curve = drawn(scenario)
    far = curve.moves < -0.1
    assert np.isnan(curve.requirement_to_equity[far]).all()
    assert (curve.equity[far] < 0).all()


# Nothing to draw


@pytest.mark.parametrize("mode", MODES)
def test_without_positions_or_without_tiers_there_is_no_curve(mode: str) -> None:
    assert common_move_curve(account("binance", mode, [])) is None
    unknown = account("bybit", mode, [long("FET", 100, 0.25)], marks={"FET": MARKS["RENDER"]})
    assert common_move_curve(unknown) is None
