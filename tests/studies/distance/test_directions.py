"""Directions: rates by hand, first moves against brute force, slices, ranking."""

from fractions import Fraction
from math import inf
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.errors import FieldError
from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.studies.distance.directions import (
    MOVES,
    Direction,
    DirectionResult,
    against,
    alone,
    custom,
    every,
    nearest_danger,
    ranked,
    reach,
    sector,
    study,
    together,
    with_btc,
)
from margin.studies.distance.distances import NOWHERE, JointMove, common_move
from tests.books import compile_books
from tests.engine import oracle
from tests.engine.strategies import documents
from tests.studies.accounts import (
    MODES,
    VENUES,
    account,
    long,
    numbers,
    random_accounts,
    scenarios,
    short,
)

Document = dict[str, Any]

BETAS_TO_BTC = {"RENDER": 1.66, "TAO": 1.5}
some_accounts = settings(random_accounts, max_examples=40)
rates = st.sampled_from([-3.0, -1.0, -0.4, 0.0, 0.5, 1.0, 1.66, 4.0]) | numbers(-5, 5)


def book_of(mode: str = "cross", **other: Any) -> Scenario:
    """RENDER long, BTC short, TAO hedged with the long leg larger, ETH and USDC pledged.

    Betas of two.
    """
    positions = [
        long("RENDER", 10_000, 1.8, 5),
        short("BTC", 0.2, 70_000, 5),
        long("TAO", 60, 270, 5),
        short("TAO", 20, 270, 5),
    ]
    pledged = [
        {"asset": "ETH", "amount": 1, "ratio": 0.9},
        {"asset": "USDC", "amount": 500, "ratio": 1},
    ]
    betas = {"RENDER": 1.2, "BTC": 0.6}
    return account(
        "binance",
        mode,
        positions,
        **{"wallet": 20_000, "collateral": pledged, "betas": betas, **other},
    )


def only(scenario: Scenario, direction: Direction, *moves: float) -> DirectionResult:
    [result] = study(scenario, [direction], moves or MOVES)
    return result


# What moves


def test_together_moves_every_token_by_its_beta_and_no_stablecoin() -> None:
    assert together(book_of()).rates == {"RENDER": 1.2, "BTC": 0.6, "TAO": 1.0, "ETH": 1.0}


def test_a_sector_moves_its_own_tokens_by_their_betas_and_leaves_the_others() -> None:
    assert sector(book_of(), ["RENDER", "TAO", "FET"]).rates == {"RENDER": 1.2, "TAO": 1.0}


def test_with_btc_moves_each_token_by_its_beta_to_btc_and_by_one_where_none_is_known() -> None:
    expected = {"RENDER": 1.66, "TAO": 1.5, "ETH": 1.0, "USDC": 0.0, "BTC": 1.0}
    assert with_btc(book_of(), {**BETAS_TO_BTC, "BTC": 7.0}).rates == expected


def test_btc_need_not_be_held_to_move() -> None:
    assert with_btc(account("binance", "cross", [long("RENDER", 1, 1.75)]), {}).rates == {
        "RENDER": 1.0,
        "BTC": 1.0,
    }


@pytest.mark.parametrize("mode", MODES)
def test_against_takes_longs_and_what_is_pledged_down_and_shorts_up(mode: str) -> None:
    pledged = {"ETH": 1.0} if mode == "cross" else {}
    assert against(book_of(mode)).rates == {"RENDER": 1.0, "BTC": -1.0, "TAO": 1.0, **pledged}


@pytest.mark.parametrize(
    ("short_size", "way"),
    [
        pytest.param(60.0, -1.0, id="equal legs: only maintenance moves, and it grows upwards"),
        pytest.param(59.9, -1.0, id="a net long smaller than what maintenance grows by"),
        pytest.param(40.0, 1.0, id="a net long"),
        pytest.param(80.0, -1.0, id="a net short"),
    ],
)
def test_a_hedge_goes_the_way_that_hurts(short_size: float, way: float) -> None:
    hedge = account("binance", "cross", [long("TAO", 60, 270), short("TAO", short_size, 270)])
    assert against(hedge).rates == {"TAO": way}
    marks = {"TAO": hedge.market.marks["TAO"] * (1 - way / 1000)}
    assert assess(hedge.with_marks(marks)).headroom < assess(hedge).headroom


def test_against_knows_which_way_a_token_without_tiers_hurts() -> None:
    unlisted = account(
        "bybit", "cross", [long("FET", 100, 0.25), short("BTC", 1, 70_000)], marks={"FET": 0.25}
    )
    assert against(unlisted).rates == {"FET": 1.0, "BTC": -1.0}


def test_alone_moves_one_token() -> None:
    direction = alone("TAO")
    assert (direction.key, direction.name, direction.rates) == (
        "alone:TAO",
        "TAO alone",
        {"TAO": 1.0},
    )


def test_own_rates_are_read_by_token_and_refused_by_name() -> None:
    assert custom({"RNDR": -0.5, "BTC": 1}).rates == {"RENDER": -0.5, "BTC": 1.0}
    with pytest.raises(
        FieldError, match=r"^rates\.RENDER: must be a number of at least -100 and of at most 100"
    ):
        custom({"RENDER": float("nan")})


def test_every_direction_has_a_key_of_its_own_and_each_token_its_turn() -> None:
    directions = every(book_of(), ["RENDER", "TAO"], BETAS_TO_BTC)
    keys = [direction.key for direction in directions]
    assert keys == [
        "together",
        "sector",
        "with_btc",
        "against",
        *(f"alone:{t}" for t in ("RENDER", "BTC", "TAO", "ETH")),
    ]


# How far


@st.composite
def directed(draw: st.DrawFn, **kinds: Any) -> tuple[Document, dict[str, float]]:
    document = draw(documents(**kinds))
    return document, {token: draw(rates) for token in document["marks"]}


def line(
    document: Document, book: oracle.Account, by_token: dict[str, float], way: int, limit: float
) -> oracle.Line:
    prices = oracle.marks(document)
    direction = {token: way * price * Fraction(by_token[token]) for token, price in prices.items()}
    return oracle.Line(book, prices, direction, Fraction(limit))


@given(directed(), st.sampled_from([1.0, 10.0]), st.sampled_from([1.0, 0.8, 0.5]))
@settings(max_examples=80, deadline=None)
def test_the_first_moves_of_any_direction_equal_the_oracle(
    drawn: tuple[Document, dict[str, float]], furthest_down: float, level: float
) -> None:
    document, by_token = drawn
    books = compile_books(Scenario.from_json(document))
    found = reach(books, Direction("any", "any", by_token, furthest_down), level)
    for way, limit, move in ((-1, furthest_down, found.down), (1, 10.0, found.up)):
        lines = [line(document, book, by_token, way, limit) for book in oracle.accounts(document)]
        assert oracle.admits(lines, inf if move is None else abs(move), 1.0, Fraction(level))


@some_accounts
@given(scenarios(), st.sampled_from([1.0, 0.8, 0.3]))
def test_together_is_the_common_move(scenario: Scenario, level: float) -> None:
    books = compile_books(scenario)
    assert reach(books, together(scenario), level) == common_move(books, scenario, level)


@some_accounts
@given(scenarios(alive=True, modes=("cross",)))
def test_a_token_alone_dies_at_its_liquidation_price(scenario: Scenario) -> None:
    for price in assess(scenario).liquidation_prices:
        mark = scenario.market.marks[price.symbol]
        down, up = only(scenario, alone(price.symbol)).liquidation
        if price.below is not None:
            assert mark * (1 + down) == pytest.approx(price.below, rel=1e-9, abs=1e-12 * mark)
        if up is not None:
            assert mark * (1 + up) == pytest.approx(price.above, rel=1e-9)


def test_against_follows_a_short_beyond_a_doubling() -> None:
    squeezed = account("binance", "cross", [short("TAO", 10, 272.71)], 5_000)
    above = assess(squeezed).liquidation_prices[0].above
    result = only(squeezed, against(squeezed))
    assert result.liquidation.down == pytest.approx(1 - above / 272.71, rel=1e-12)
    assert result.liquidation.down < -1.7
    assert only(squeezed, custom({"TAO": -1})).liquidation.down is None


def test_levels_come_in_their_order_and_a_level_passed_already_is_at_nothing() -> None:
    result = only(book_of(levels={"warning": 0.02, "danger": 0.3}), together(book_of()))
    assert result.warning == JointMove(0.0, 0.0)
    assert 0 > result.danger.down > result.liquidation.down


# What stands on the way


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("mode", MODES)
def test_a_slice_is_the_assessment_of_the_account_there(venue: str, mode: str) -> None:
    scenario = account(venue, mode, [long("RENDER", 3_000, 1.8, 3), short("TAO", 9, 280, 3)], 8_000)
    direction = custom({"RENDER": 1.5, "TAO": 0.5})
    for move, outcome in only(scenario, direction, -0.05, 0.0, 0.02).slices:
        there = assess(
            scenario.with_marks(
                {"RENDER": 1.75 * (1 + 1.5 * move), "TAO": 272.71 * (1 + 0.5 * move)}
            )
        )
        assert outcome.equity == pytest.approx(there.equity, rel=1e-12)
        assert outcome.requirement == pytest.approx(there.requirement, rel=1e-12)
        assert outcome.headroom == pytest.approx(there.headroom, rel=1e-9)
        assert outcome.ratio == pytest.approx(there.nearest_ratio.value, rel=1e-9)
        assert outcome.requirement_to_equity == pytest.approx(there.requirement_to_equity, rel=1e-9)
        assert outcome.liquidated is there.liquidated is False
        assert outcome.remaining == pytest.approx(there.equity, rel=1e-12)


@some_accounts
@given(
    scenarios(),
    st.dictionaries(st.sampled_from(["RENDER", "TAO", "NEAR", "BTC"]), rates, min_size=1),
)
def test_a_slice_is_liquidated_exactly_beyond_the_first_move_there(
    scenario: Scenario, by_token: dict[str, float]
) -> None:
    result = only(scenario, custom(by_token), -0.9, -0.4, -0.1, 0.0, 0.1, 2.0)
    for move, outcome in result.slices:
        first = result.liquidation.down if move < 0 else result.liquidation.up
        if first is None or abs(abs(first) - abs(move)) > 1e-9:
            assert outcome.liquidated == (
                first is not None and (abs(first) < abs(move) or first == 0)
            )


def test_a_slice_just_beyond_the_first_move_is_liquidated_and_one_just_before_is_not() -> None:
    scenario = book_of()
    down = only(scenario, together(scenario)).liquidation.down
    before, after = only(scenario, together(scenario), 0.99 * down, 1.01 * down).slices
    assert (before.outcome.liquidated, after.outcome.liquidated) == (False, True)


def test_an_account_that_stands_again_beyond_its_liquidation_is_liquidated_all_the_same() -> None:
    positions = [long("RENDER", 20_000 / 1.75, 1.75), short("BTC", 30_000 / 71202.9, 71202.9)]
    scenario = account("binance", "cross", positions, 9_900, betas={"RENDER": 3})
    [before, after] = only(scenario, together(scenario), -0.3, -0.4).slices
    assert (before.outcome.liquidated, after.outcome.liquidated) == (False, True)
    assert after.outcome.headroom > 0


def test_isolated_positions_fall_one_by_one_and_take_their_margin_and_no_more() -> None:
    """RENDER: 17,500 at 10×, lost at −9.2%; TAO: 27,271 at 2×; BTC short: gains.

    3,000 are free.
    """
    positions = [
        long("RENDER", 10_000, 1.75, 10),
        long("TAO", 100, 272.71, 2),
        short("BTC", 0.1, 71202.9, 10),
    ]
    margins = [1_750, 13_635.5, 712.029]
    scenario = account("binance", "isolated", positions, sum(margins) + 3_000)
    result = only(scenario, custom({"RENDER": 1, "TAO": 1, "BTC": 1}), -0.05, -0.2, -0.6)
    near, further, far = (each.outcome for each in result.slices)
    assert (near.liquidated, near.positions_liquidated) == (False, 0)
    assert (
        near.equity_left
        == near.equity
        == pytest.approx(sum(margins) + 3_000 - 0.05 * (17_500 + 27_271 - 7_120.29))
    )
    assert (further.liquidated, further.positions_liquidated) == (True, 1)
    assert further.equity_left == pytest.approx(
        3_000 + 13_635.5 + 712.029 - 0.2 * (27_271 - 7_120.29)
    )
    assert further.equity == pytest.approx(
        sum(margins) + 3_000 - 0.2 * (17_500 + 27_271 - 7_120.29)
    )
    assert far.positions_liquidated == 2
    assert far.equity_left == pytest.approx(3_000 + 712.029 + 0.6 * 7_120.29)
    assert far.requirement_to_equity is None


@some_accounts
@given(scenarios(modes=("isolated",)), st.floats(-0.9, 3))
def test_what_is_left_of_isolated_positions_is_never_less_than_what_was_free(
    scenario: Scenario, move: float
) -> None:
    [[_, outcome]] = only(scenario, together(scenario), move).slices
    margins = [position.posted_margin for position in scenario.positions]
    free = scenario.account.wallet_balance - sum(margins)
    assert 0 <= outcome.positions_liquidated <= len(margins)
    assert outcome.equity_left >= free - 1e-9 * (free + sum(margins))
    assert outcome.liquidated == (outcome.positions_liquidated > 0)


# Which is near


def test_the_hardest_price_change_is_that_of_the_token_that_moves_most() -> None:
    scenario = account(
        "binance", "cross", [long("RENDER", 10_000, 1.75), long("TAO", 60, 272.71)], 9_000
    )
    result = only(scenario, custom({"RENDER": 0.5, "TAO": 2, "BTC": 9}))
    assert result.hardest == pytest.approx(2 * -result.liquidation.down, rel=1e-12)


def test_the_hardest_price_change_of_a_price_that_reached_nothing_is_all_of_it() -> None:
    positions = [long("RENDER", 1_000, 1.75), short("BTC", 0.3, 71202.9)]
    result = only(account("binance", "cross", positions, 15_000), custom({"RENDER": 4, "BTC": -1}))
    assert -1 < result.liquidation.down < -0.25
    assert result.hardest == 1


def test_of_two_liquidation_points_the_one_that_asks_the_smaller_price_change_is_the_nearest() -> (
    None
):
    """Down the direction TAO rises by 171%, up it RENDER by 322%, though that is the smaller x."""
    positions = [short("RENDER", 1_000, 1.75), short("TAO", 10, 272.71)]
    result = only(account("binance", "cross", positions, 3_000), custom({"RENDER": 4, "TAO": -2}))
    assert result.liquidation.up < -result.liquidation.down
    assert (result.nearest, result.hardest) == (
        result.liquidation.down,
        -2 * result.liquidation.down,
    )


def test_the_nearest_danger_asks_the_smallest_price_change_not_the_smallest_x() -> None:
    scenario = account(
        "binance", "cross", [long("RENDER", 10_000, 1.75), long("TAO", 60, 272.71)], 6_000
    )
    slow, fast = (
        custom({"RENDER": 1, "TAO": 1})._replace(key="slow"),
        custom({"RENDER": 1.2, "TAO": 4}),
    )
    results = study(scenario, [alone("BTC"), fast, alone("TAO"), slow])
    order = ranked(results)
    assert [result.direction.key for result in order] == [
        "slow",
        "custom",
        "alone:TAO",
        "alone:BTC",
    ]
    assert abs(results[1].liquidation.down) < abs(results[3].liquidation.down)
    assert nearest_danger(results) == order[0]
    assert order[-1].hardest is None


def test_where_nothing_liquidates_no_danger_is_nearest() -> None:
    rich = account("binance", "cross", [long("RENDER", 100, 1.75)], 10_000)
    assert nearest_danger(study(rich, [together(rich), alone("RENDER")])) is None
    assert nearest_danger([]) is None


@some_accounts
@given(scenarios())
def test_against_is_never_further_than_any_token_alone_going_its_way(scenario: Scenario) -> None:
    """Headroom is concave in each price, so what hurts goes on hurting to the end."""
    direction = against(scenario)
    whole = only(scenario, direction).liquidation.down
    for token, way in direction.rates.items():
        one = only(scenario, Direction("one", "one", {token: way}, 10.0)).liquidation.down
        if one is not None:
            assert whole is not None
            assert abs(whole) <= abs(one) * (1 + 1e-9)


# Missing tiers, nothing held


@pytest.mark.parametrize("mode", MODES)
def test_without_tiers_distances_are_not_told_and_equity_still_is(mode: str) -> None:
    positions = [long("FET", 4_000, 0.25, 1), long("RENDER", 100, 1.75, 1)]
    scenario = account("bybit", mode, positions, 1_175, marks={"FET": 0.25})
    result = only(scenario, together(scenario), -0.1)
    assert (result.liquidation, result.danger, result.warning, result.hardest) == (
        NOWHERE,
        NOWHERE,
        NOWHERE,
        None,
    )
    [[_, outcome]] = result.slices
    assert outcome == (pytest.approx(1_175 - 117.5), None, None, None, None, None, None, None)


def test_a_known_isolated_position_is_lost_also_beside_one_without_tiers() -> None:
    positions = [long("FET", 4_000, 0.25, 1), long("RENDER", 1_000, 1.75, 10)]
    scenario = account("bybit", "isolated", positions, 1_175, marks={"FET": 0.25})
    [[_, outcome]] = only(scenario, together(scenario), -0.3).slices
    assert (outcome.liquidated, outcome.positions_liquidated, outcome.headroom) == (True, 1, None)
    assert outcome.remaining == pytest.approx(1_175 - 175 - 0.3 * 1_000), (
        "RENDER's margin, and FET's loss so far"
    )


@pytest.mark.parametrize("mode", MODES)
def test_without_positions_nothing_is_near(mode: str) -> None:
    pledged = [{"asset": "BTC", "amount": 1, "ratio": 0.9}]
    scenario = account("binance", mode, [], 100, collateral=pledged)
    for result in study(scenario, every(scenario, [], {}), [-0.5]):
        assert (result.liquidation, result.hardest) == (NOWHERE, None)
        [[_, outcome]] = result.slices
        assert (outcome.requirement, outcome.ratio, outcome.liquidated) == (0, None, False)
