"""The map of two groups.

Surfaces and curves against brute force, worked cases by hand, and how likely moves are.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import exp, log1p, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from margin.market.snapshot import embedded as snapshot
from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.studies.distance.directions import Direction, alone, custom
from margin.studies.distance.frontier import (
    RiskMap,
    at_points,
    ellipse,
    group_risk,
    joined,
    risk_map,
)
from tests.engine import oracle
from tests.engine.strategies import documents
from tests.studies.accounts import MODES, VENUES, account, long, short, with_wallet

Document = dict[str, Any]

COLUMNS, ROWS = np.linspace(-0.9, 1.2, 15), np.linspace(-0.8, 2.0, 13)
LEVELS = {"liquidation": 1.0, "danger": 0.8, "warning": 0.5}
rates = st.sampled_from([-2.0, -1.0, 0.3, 1.0, 1.66, 4.0]) | st.floats(0.1, 3)
slow = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def mapped(
    scenario: Scenario,
    first: Direction,
    second: Direction,
    columns: Sequence[float] = COLUMNS,
    rows: Sequence[float] = ROWS,
) -> RiskMap:
    chart = risk_map(scenario, first, second, np.asarray(columns, float), np.asarray(rows, float))
    assert chart is not None
    return chart


@st.composite
def grouped(draw: st.DrawFn, **kinds: Any) -> tuple[Document, Direction, Direction]:
    """A document of two tokens or more and two groups.

    A token in each, the others in either or in none.
    """
    document = draw(documents(**kinds).filter(lambda made: len(made["marks"]) > 1))
    sides: list[dict[str, float]] = [{}, {}, {}]
    for index, token in enumerate(draw(st.permutations(list(document["marks"])))):
        sides[index if index < 2 else draw(st.integers(0, 2))][token] = draw(rates)
    return document, custom(sides[0]), custom(sides[1])


def there(document: Document, groups: Sequence[Direction], point: Sequence[float]) -> oracle.Prices:
    """Exact prices at a point of the map."""
    prices = oracle.marks(document)
    for group, move in zip(groups, point, strict=True):
        for token, rate in group.rates.items():
            prices[token] *= max(Fraction(0), 1 + Fraction(rate) * Fraction(float(move)))
    return prices


def gross(book: oracle.Account, prices: oracle.Prices, level: float) -> float:
    """What rounding is measured against: all that is added up to the headroom."""
    entries = sum(holding.quantity * holding.entry for holding in book.holdings)
    pledged = sum(amount * prices[token] for token, amount in book.pledged)
    return float(
        book.size(prices) + entries + pledged + abs(book.requirement(prices)) / Fraction(level)
    )


# Surfaces


@slow
@given(grouped())
def test_every_point_of_the_map_is_the_account_at_those_prices(
    drawn: tuple[Document, Direction, Direction],
) -> None:
    document, first, second = drawn
    chart = mapped(Scenario.from_json(document), first, second)
    assert chart.headroom.shape == chart.requirement_to_equity.shape == (len(ROWS), len(COLUMNS))
    books, wallet = oracle.accounts(document), Fraction(document["wallet_balance"])
    for row, column in ((0, 0), (6, 7), (12, 14), (3, 11)):
        prices = there(document, (first, second), (COLUMNS[column], ROWS[row]))
        scale = sum(gross(book, prices, 1.0) for book in books) + abs(float(wallet))
        profit = sum(
            holding.profit(prices[holding.symbol]) for book in books for holding in book.holdings
        )
        pledged = sum(amount * prices[token] for book in books for token, amount in book.pledged)
        equity = float(books[0].rate * (wallet + profit) + pledged)
        assert chart.equity[row, column] == pytest.approx(equity, rel=1e-9, abs=1e-12 * scale)
        required = float(sum(book.requirement(prices) for book in books))
        assert chart.requirement[row, column] == pytest.approx(
            required, rel=1e-9, abs=1e-12 * scale
        )
        least = float(min(book.headroom(prices) for book in books))
        assert chart.headroom[row, column] == pytest.approx(least, rel=1e-9, abs=1e-12 * scale)
        if all(abs(book.equity(prices)) > 1e-3 * gross(book, prices, 1.0) for book in books):
            gone = any(book.equity(prices) <= 0 for book in books)
            load = (
                np.nan
                if gone
                else max(float(book.requirement(prices) / book.equity(prices)) for book in books)
            )
            assert chart.requirement_to_equity[row, column] == pytest.approx(
                load, rel=1e-8, abs=1e-12, nan_ok=True
            )


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("mode", MODES)
def test_today_is_the_account_as_it_is_assessed(venue: str, mode: str) -> None:
    scenario = account(
        venue,
        mode,
        [long("RENDER", 3_000, 1.8, 3), short("TAO", 9, 280, 3), long("BTC", 0.01, 7e4, 2)],
    )
    chart, now = (
        mapped(scenario, alone("RENDER"), alone("TAO"), [-0.1, 0.0], [0.0, 0.1, 0.2]),
        assess(scenario),
    )
    assert chart.today == (0.0, 0.0)
    assert chart.equity[0, 1] == pytest.approx(now.equity, rel=1e-12)
    assert chart.requirement[0, 1] == pytest.approx(now.requirement, rel=1e-12)
    assert chart.headroom[0, 1] == pytest.approx(now.headroom, rel=1e-12)
    assert chart.requirement_to_equity[0, 1] == pytest.approx(now.requirement_to_equity, rel=1e-12)


@slow
@given(grouped())
def test_a_point_looked_at_by_itself_is_that_point_of_the_map(
    drawn: tuple[Document, Direction, Direction],
) -> None:
    document, first, second = drawn
    scenario = Scenario.from_json(document)
    places = [(0, 0), (6, 7), (12, 14), (3, 11)]
    chart, scale = mapped(scenario, first, second), 0.0
    found = at_points(
        scenario, first, second, [(COLUMNS[column], ROWS[row]) for row, column in places]
    )
    for (row, column), outcome in zip(places, found, strict=True):
        prices = there(document, (first, second), (COLUMNS[column], ROWS[row]))
        scale = sum(gross(book, prices, 1.0) for book in oracle.accounts(document)) + abs(
            document["wallet_balance"]
        )
        assert outcome.equity == pytest.approx(chart.equity[row, column], abs=1e-12 * scale)
        assert outcome.headroom == pytest.approx(chart.headroom[row, column], abs=1e-12 * scale)
        assert outcome.liquidated or outcome.headroom > -1e-12 * scale


def test_a_point_beyond_a_band_of_liquidation_is_told_to_be_liquidated() -> None:
    """The account of the lower and the upper edge below.

    Headroom is positive again under the band.
    """
    positions = [
        long("RENDER", 20_000 / 1.75, 1.75),
        short("BTC", 30_000 / 71202.9, 71202.9),
        long("TAO", 10, 272.71),
    ]
    scenario = account("binance", "cross", positions, 9_900)
    [beyond, short_of_it] = at_points(
        scenario, alone("TAO"), custom({"RENDER": 3, "BTC": 1}), [(0, -0.8), (0, -0.2)]
    )
    assert (beyond.liquidated, beyond.headroom > 0) == (True, True)
    assert short_of_it.liquidated is False


# Curves of a cross account


@slow
@given(grouped(modes=("cross",)))
def test_on_every_curve_headroom_is_nothing_at_its_corners_and_between_them(
    drawn: tuple[Document, Direction, Direction],
) -> None:
    document, first, second = drawn
    scenario = Scenario.from_json(document)
    chart = mapped(scenario, first, second)
    [book] = oracle.accounts(document)
    assert chart.frontiers.keys() == LEVELS.keys()
    for name, level in LEVELS.items():
        for curve in chart.frontiers[name]:
            assert len(curve) > 1
            assert np.isfinite(curve).all()
            for point in (
                *curve[:: 1 + len(curve) // 4],
                *((curve[1:] + curve[:-1]) / 2)[:: 1 + len(curve) // 12],
            ):
                prices = there(document, (first, second), point)
                assert COLUMNS[0] - 1e-12 <= point[0] <= COLUMNS[-1] + 1e-12
                assert ROWS[0] - 1e-12 <= point[1] <= ROWS[-1] + 1e-12
                left = book.headroom(prices, Fraction(level))
                assert abs(left) <= 1e-9 * gross(book, prices, level)


def column_roots(
    book: oracle.Account, document: Document, groups: Sequence[Direction], x: float, level: float
) -> list[float] | None:
    """Every y of a column at which headroom changes its sign.

    None where it comes too near 0 at a kink to tell.
    """
    kinks = {Fraction(float(ROWS[0])), Fraction(float(ROWS[-1]))}
    prices = oracle.marks(document)
    for token, rate in groups[1].rates.items():
        floors = [
            kink for holding in book.holdings if holding.symbol == token for kink in holding.kinks()
        ]
        kinks |= (
            {(price / prices[token] - 1) / Fraction(rate) for price in (0, *floors)}
            if rate
            else set()
        )
    stops = sorted(kink for kink in kinks if ROWS[0] <= kink <= ROWS[-1])
    values = []
    for y in stops:
        here = there(document, groups, (x, 0.0))
        for token, rate in groups[1].rates.items():
            here[token] = prices[token] * max(Fraction(0), 1 + Fraction(rate) * y)
        values.append(book.headroom(here, Fraction(level)))
        if abs(values[-1]) <= 1e-9 * gross(book, here, level):
            return None
    steps = zip(pairwise(stops), pairwise(values), strict=True)
    return [float(a + (b - a) * u / (u - v)) for (a, b), (u, v) in steps if (u > 0) != (v > 0)]


@slow
@given(
    grouped(modes=("cross",), standings=("ample", "thin", "rich", "dead"), wild=True),
    st.sampled_from([1, 6, 9, 13]),
)
def test_a_column_meets_the_curves_at_all_its_roots_and_nowhere_else(
    drawn: tuple[Document, Direction, Direction], column: int
) -> None:
    document, *groups = drawn
    [book] = oracle.accounts(document)
    chart, x = mapped(Scenario.from_json(document), *groups), COLUMNS[column]
    for name, level in LEVELS.items():
        expected = column_roots(book, document, groups, x, level)
        if expected is None:
            continue
        met = [
            float(np.interp(x, curve[order, 0], curve[order, 1]))
            for curve in chart.frontiers[name]
            if np.ptp(curve[:, 0]) > 0 and curve[:, 0].min() <= x <= curve[:, 0].max()
            for order in [np.argsort(curve[:, 0], kind="stable")]
        ]
        # Two curves that meet in one point at this very column are one root.
        met = [
            y
            for index, y in enumerate(sorted(met))
            if index == 0 or y - sorted(met)[index - 1] > 1e-9
        ]
        assert met == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_one_rate_gives_one_straight_line_that_is_found_by_hand() -> None:
    """Textbook, 1%: headroom = 10,000 − 1,000 + 0.99 · (60,000 x + 40,000 y)."""
    positions = [long("RENDER", 60_000 / 1.75, 1.75), long("TAO", 40_000 / 272.71, 272.71)]
    scenario = account("textbook", "cross", positions, 10_000)
    [line] = mapped(
        scenario, alone("RENDER"), alone("TAO"), [-0.5, 0, 0.5], [-0.5, 0, 0.5]
    ).frontiers["liquidation"]
    np.testing.assert_allclose(60_000 * line[:, 0] + 40_000 * line[:, 1], -9_000 / 0.99, rtol=1e-12)
    assert (line[:, 1].min(), line[:, 1].max()) == (-0.5, 0.5)
    assert line[:, 0].min() == pytest.approx((-20_000 - 9_000 / 0.99) / 60_000)


def test_the_axes_meet_the_curve_at_the_tokens_own_liquidation_prices() -> None:
    scenario = account(
        "binance", "cross", [long("RENDER", 28_571, 1.75), short("TAO", 140, 272.71)], 10_000
    )
    prices = {price.symbol: price for price in assess(scenario).liquidation_prices}
    chart = mapped(
        scenario,
        alone("RENDER"),
        alone("TAO"),
        np.linspace(-0.9, 0.9, 7),
        np.linspace(-0.9, 0.9, 7),
    )
    [curve] = chart.frontiers["liquidation"]
    assert np.interp(0, curve[:, 1], curve[:, 0]) == pytest.approx(
        prices["RENDER"].below / 1.75 - 1, rel=1e-9
    )
    assert np.interp(0, curve[:, 0], curve[:, 1]) == pytest.approx(
        prices["TAO"].above / 272.71 - 1, rel=1e-9
    )


def test_a_column_may_hold_a_lower_and_an_upper_edge() -> None:
    """Beyond the point where a long of rate 3 has lost all, the short beside it goes on winning."""
    positions = [
        long("RENDER", 20_000 / 1.75, 1.75),
        short("BTC", 30_000 / 71202.9, 71202.9),
        long("TAO", 10, 272.71),
    ]
    scenario = account("binance", "cross", positions, 9_900)
    pair = custom({"RENDER": 3, "BTC": 1})
    chart = mapped(scenario, alone("TAO"), pair, [-0.1, 0.0, 0.1], np.linspace(-0.9, 0.5, 29))
    at_zero = sorted(
        float(np.interp(0, curve[:, 0], curve[:, 1]))
        for curve in chart.frontiers["liquidation"]
        if curve[:, 0].min() <= 0 <= curve[:, 0].max()
    )
    assert len(at_zero) == 2
    assert at_zero[0] < -1 / 3 < at_zero[1] < -0.3


def test_where_the_second_group_moves_nothing_held_the_curve_is_upright() -> None:
    scenario = account("binance", "cross", [long("RENDER", 28_571, 1.75)], 10_000)
    [price] = assess(scenario).liquidation_prices
    fall = pytest.approx(price.below / 1.75 - 1, rel=1e-9)
    [upright] = mapped(scenario, alone("RENDER"), alone("FIL")).frontiers["liquidation"]
    assert upright[:, 0].tolist() == [fall] * len(upright)
    assert (upright[0, 1], upright[-1, 1]) == (ROWS[0], ROWS[-1])
    [level] = mapped(scenario, alone("FIL"), alone("RENDER")).frontiers["liquidation"]
    assert level[:, 1].tolist() == [fall] * len(level)
    assert (level[0, 0], level[-1, 0]) == (COLUMNS[0], COLUMNS[-1])


def test_a_curve_passes_through_the_step_of_a_rounded_table() -> None:
    """The second amount is a hair off: the requirement drops by 0.0001 at 10,000."""
    rows = [
        {"floor": 0, "maintenance_rate": 0.01, "maintenance_amount": 0},
        {"floor": 10_000, "maintenance_rate": 0.02, "maintenance_amount": 99.9999},
    ]
    positions = [short("RENDER", 10_000, 1), long("BTC", 1e-9, 7e4)]
    scenario = account(
        "binance",
        "cross",
        positions,
        0,
        marks={"RENDER": 0.8},
        tiers={"RENDER": rows, "BTC": rows[:1]},
    )
    at_the_step = (
        10_000 * 0.01 + 0.00005
    )  # The requirement half way up the step, at price 1, where there is no profit.
    [curve] = mapped(
        with_wallet(scenario, at_the_step),
        alone("RENDER"),
        alone("BTC"),
        [0, 0.1, 0.5],
        [-0.5, 0, 0.5],
    ).frontiers["liquidation"]
    np.testing.assert_allclose(curve[:, 0], 0.25, rtol=1e-9)
    assert (curve[:, 1].min(), curve[:, 1].max()) == pytest.approx((-0.5, 0.5))


def test_an_account_far_from_any_level_has_no_curves() -> None:
    rich = account("binance", "cross", [long("RENDER", 100, 1.75), long("TAO", 1, 272.71)], 1e6)
    assert dict(mapped(rich, alone("RENDER"), alone("TAO")).frontiers) == dict.fromkeys(LEVELS, ())


# Curves of isolated positions


@slow
@given(grouped(modes=("isolated",)))
def test_isolated_curves_part_the_map_where_the_first_position_reaches_the_level(
    drawn: tuple[Document, Direction, Direction],
) -> None:
    document, first, second = drawn
    books = oracle.accounts(document)
    chart = mapped(Scenario.from_json(document), first, second)
    for name, level in LEVELS.items():
        for curve in chart.frontiers[name]:
            (x0, y0), (x1, y1) = curve
            assert (x0 == x1) != (y0 == y1)
            middle = there(document, (first, second), ((x0 + x1) / 2, (y0 + y1) / 2))
            left = [
                (book.headroom(middle, Fraction(level)), gross(book, middle, level))
                for book in books
            ]
            assert min(abs(value) - 1e-9 * scale for value, scale in left) <= 0
            assert all(value >= -1e-9 * scale for value, scale in left)


@slow
@given(grouped(modes=("isolated",)), st.sampled_from([2, 6, 9]))
def test_along_a_row_isolated_positions_are_lost_exactly_beyond_an_upright_curve(
    drawn: tuple[Document, Direction, Direction], row: int
) -> None:
    document, first, second = drawn
    chart = mapped(Scenario.from_json(document), first, second)
    stands = chart.headroom[row] > 0
    assume(np.abs(chart.headroom[row]).min() > 1e-9 * max(1.0, np.abs(chart.headroom).max()))
    upright = [curve for curve in chart.frontiers["liquidation"] if curve[0, 0] == curve[1, 0]]
    edges = sorted(curve[0, 0] for curve in upright if curve[0, 1] <= ROWS[row] <= curve[1, 1])
    for (low, high), (before, after) in zip(pairwise(COLUMNS), pairwise(stands), strict=True):
        between = sum(low < edge < high for edge in edges)
        assert between % 2 == (before != after)


def test_isolated_positions_leave_a_rectangle_between_their_liquidation_prices() -> None:
    positions = [
        long("RENDER", 5_000, 1.75, 5),
        long("TAO", 60, 272.71, 5),
        short("TAO", 50, 272.71, 4),
    ]
    scenario = account("binance", "isolated", positions)
    render, tao, squeezed = assess(scenario).liquidation_prices
    left, low, high = render.below / 1.75 - 1, tao.below / 272.71 - 1, squeezed.above / 272.71 - 1
    found = mapped(
        scenario, alone("RENDER"), alone("TAO"), [-0.9, 0, 0.9], [-0.9, 0, 0.9]
    ).frontiers["liquidation"]
    expected = [[(left, low), (left, high)], [(left, low), (0.9, low)], [(left, high), (0.9, high)]]
    assert len(found) == len(expected)
    for curve, corners in zip(found, expected, strict=True):
        np.testing.assert_allclose(curve, corners, rtol=1e-9)


def test_a_position_lost_already_that_no_group_moves_leaves_no_region_and_so_no_curve() -> None:
    positions = [long("RENDER", 5_000, 1.75, 5), long("TAO", 60, 400, 5)]
    scenario = account("binance", "isolated", positions)
    assert mapped(scenario, alone("RENDER"), alone("BTC")).frontiers["liquidation"] == ()


# What cannot be drawn


def test_a_token_in_both_groups_is_refused() -> None:
    scenario = account("binance", "cross", [long("RENDER", 1, 1.75)])
    with pytest.raises(ValueError, match="both groups move RENDER"):
        risk_map(scenario, alone("RENDER"), custom({"RENDER": 2, "TAO": 1}), COLUMNS, ROWS)


@pytest.mark.parametrize("mode", MODES)
def test_without_positions_or_without_tiers_there_is_no_map(mode: str) -> None:
    assert risk_map(account("binance", mode, []), alone("BTC"), alone("TAO"), COLUMNS, ROWS) is None
    unlisted = account("bybit", mode, [long("FET", 100, 0.25)], marks={"FET": 0.25})
    assert risk_map(unlisted, alone("BTC"), alone("FET"), COLUMNS, ROWS) is None


def test_a_price_of_nothing_stands_still() -> None:
    scenario = account(
        "binance",
        "cross",
        [long("RENDER", 1_000, 1.75), long("TAO", 1, 272.71)],
        marks={"RENDER": 0},
    )
    chart = mapped(scenario, alone("RENDER"), alone("TAO"))
    assert np.ptp(chart.equity, axis=1).tolist() == [0] * len(ROWS)


def test_curves_are_joined_with_gaps() -> None:
    curves = (np.array([(0.0, 1.0), (2.0, 3.0)]), np.array([(4.0, 5.0), (6.0, 7.0)]))
    x, y = joined(curves)
    np.testing.assert_array_equal(x, [0, 2, np.nan, 4, 6, np.nan])
    np.testing.assert_array_equal(y, [1, 3, np.nan, 5, 7, np.nan])
    assert [len(axis) for axis in joined(())] == [0, 0]


# How likely


CORRELATIONS = np.array([[1.0, 0.8, 0.5], [0.8, 1.0, 0.4], [0.5, 0.4, 1.0]])
SYMBOLS = ("RENDER", "FET", "BTC")
VOLATILITIES = {"RENDER": 1.1, "FET": 1.2, "BTC": 0.5}


def test_a_group_of_one_token_at_rate_one_is_the_token() -> None:
    risk = group_risk((alone("RENDER"), alone("BTC")), VOLATILITIES, SYMBOLS, CORRELATIONS)
    assert risk.volatilities == pytest.approx((1.1, 0.5))
    assert risk.correlation == pytest.approx(0.5)
    assert risk.left_out == ()


def test_a_token_at_rate_two_is_a_group_of_half_its_volatility() -> None:
    risk = group_risk(
        (custom({"RENDER": 2}), custom({"BTC": -1})), VOLATILITIES, SYMBOLS, CORRELATIONS
    )
    assert risk.volatilities == pytest.approx((0.55, 0.5))
    assert risk.correlation == pytest.approx(-0.5)


def test_a_group_of_two_is_the_mean_of_both() -> None:
    risk = group_risk(
        (custom({"RENDER": 1, "FET": 1}), alone("BTC")), VOLATILITIES, SYMBOLS, CORRELATIONS
    )
    variance = (1.1**2 + 1.2**2 + 2 * 0.8 * 1.1 * 1.2) / 4
    assert risk.volatilities[0] == pytest.approx(sqrt(variance))
    assert risk.correlation == pytest.approx(
        (1.1 * 0.5 + 1.2 * 0.4) / 2 * 0.5 / (sqrt(variance) * 0.5)
    )


def test_weights_shift_a_group_towards_the_heavier_token() -> None:
    groups = custom({"RENDER": 1, "FET": 1}), alone("BTC")
    risk = group_risk(groups, VOLATILITIES, SYMBOLS, CORRELATIONS, {"RENDER": 3.0, "FET": 0.0})
    assert risk.volatilities[0] == pytest.approx(1.1)
    assert group_risk(groups, VOLATILITIES, SYMBOLS, CORRELATIONS, {"FET": 0.0}) == risk


def test_tokens_without_figures_are_left_out_by_name_and_a_group_without_any_has_no_risk() -> None:
    groups = custom({"RENDER": 1, "IO": 1}), custom({"BTC": 1, "ATH": 0})
    assert group_risk(groups, VOLATILITIES, SYMBOLS, CORRELATIONS).left_out == ("IO",)
    assert group_risk((alone("IO"), alone("BTC")), VOLATILITIES, SYMBOLS, CORRELATIONS) is None


def test_the_snapshots_own_figures_give_a_risk() -> None:
    found = snapshot.correlations(["RENDER", "FET", "BTC"])
    volatilities = {token: risk.annual_volatility for token, risk in snapshot.risk().items()}
    groups = custom({"RENDER": 1, "FET": 1}), alone("BTC")
    risk = group_risk(groups, volatilities, found.symbols, found.matrix)
    assert 0.9 < risk.volatilities[0] < 1.15
    assert 0.6 < risk.correlation < 0.85


@pytest.mark.parametrize("correlation", [-1.0, -0.3, 0.0, 0.82, 1.0])
def test_every_point_of_an_ellipse_is_k_standard_deviations_away_in_log_returns(
    correlation: float,
) -> None:
    x, y = ellipse((1.07, 1.15), correlation, 30, 2)
    assert len(x) == len(y) == 73
    assert (x[0], y[0]) == pytest.approx((x[-1], y[-1]))
    first, second = np.log1p(x) / (1.07 * sqrt(30 / 365)), np.log1p(y) / (1.15 * sqrt(30 / 365))
    if abs(correlation) == 1:
        np.testing.assert_allclose(second, correlation * first, atol=1e-12)
        return
    distance = (first**2 - 2 * correlation * first * second + second**2) / (1 - correlation**2)
    np.testing.assert_allclose(distance, 4, rtol=1e-9)


def test_an_ellipse_of_a_year_reaches_as_far_as_the_volatility_says_and_never_below_nothing() -> (
    None
):
    x, _ = ellipse((1.0, 3.0), 0.0, 365, 3)
    assert x.max() == pytest.approx(exp(3) - 1)
    assert log1p(x.min()) == pytest.approx(-3)
    assert (x > -1).all()
