"""Joint moves: prices after one, the one that led here, the first to a level."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.studies.distance.distances import JointMove, common_move, present_move
from tests.books import compile_books
from tests.studies.accounts import (
    MARKS,
    MODES,
    VENUES,
    account,
    kinks,
    long,
    prices_at,
    random_accounts,
    scenarios,
    short,
    size,
)

betas = st.sampled_from([-2.0, -0.5, 0.0, 0.25, 1.0, 1.6, 3.0, 50.0]) | st.floats(0.05, 5)
moves = st.floats(-1, 10) | st.sampled_from([-1.0, -0.5, -1 / 3, -1e-6, 0.0, 1e-6, 0.1, 10.0])


def baseline(betas_by_token: dict[str, float], marks: dict[str, float] | None = None) -> Scenario:
    """RENDER, TAO and BTC held, with the packaged marks unchanged."""
    start = {token: MARKS[token] for token in ("RENDER", "TAO", "BTC")}
    positions = [long("RENDER", 1, 1.75), long("TAO", 1, 272.71), short("BTC", 1, 71202.9)]
    return account(
        "binance", "cross", positions, betas=betas_by_token, baseline_marks=start, marks=marks or {}
    )


# Prices after a move


@given(st.fixed_dictionaries({"RENDER": betas, "TAO": betas}), moves)
def test_a_move_takes_every_price_by_its_beta_and_none_below_zero(
    by_token: dict[str, float], move: float
) -> None:
    after = baseline(by_token).market.moved(
        {"RENDER": 2.0, "TAO": 300.0, "BTC": 60_000.0, "USDC": 1.0}, move
    )
    assert after["RENDER"] == pytest.approx(
        max(0.0, 2.0 + 2.0 * by_token["RENDER"] * move), rel=1e-12, abs=1e-12
    )
    assert after["TAO"] == pytest.approx(
        max(0.0, 300.0 + 300.0 * by_token["TAO"] * move), rel=1e-12, abs=1e-12
    )
    assert after["BTC"] == pytest.approx(60_000 * (1 + move), rel=1e-12)
    assert after["USDC"] == 1.0


def test_a_move_of_nothing_changes_no_price() -> None:
    assert baseline({"RENDER": 3.3}).market.moved(MARKS, 0.0) == MARKS


def test_a_fall_of_a_hundred_per_cent_leaves_nothing_of_a_token_of_beta_one() -> None:
    assert baseline({}).market.moved({"RENDER": 1.75}, -1.0) == {"RENDER": 0.0}


# The move that led here


@random_accounts
@given(st.fixed_dictionaries(dict.fromkeys(("RENDER", "TAO", "BTC"), betas)), moves)
def test_the_present_move_gives_back_the_move_that_was_made(
    by_token: dict[str, float], move: float
) -> None:
    start = baseline(by_token)
    there = start.with_marks(start.market.moved(start.market.baseline_marks, move))
    assume(any(by_token[token] and there.market.marks[token] > 0 for token in by_token))
    assert present_move(there) == pytest.approx(move, rel=1e-12, abs=1e-12)


def test_the_present_move_is_found_beside_a_price_that_stopped_at_nothing() -> None:
    start = baseline({"RENDER": 3.0, "TAO": 2.0})
    there = start.with_marks(start.market.moved(start.market.baseline_marks, -0.6))
    assert (there.market.marks["RENDER"], there.market.marks["TAO"]) == (0.0, 0.0)
    assert present_move(there) == pytest.approx(-0.6, abs=1e-12)


def test_a_fall_that_leaves_nothing_of_any_token_is_a_present_move_too() -> None:
    start = baseline({})
    there = start.with_marks(start.market.moved(start.market.baseline_marks, -1.0))
    move = present_move(there)
    assert move is not None
    before = start.market.baseline_marks
    assert start.market.moved(before, move) == start.market.moved(before, -1.0)


def test_the_marks_are_their_own_baseline_unless_another_is_given() -> None:
    assert present_move(account("okx", "cross", [long("RENDER", 1, 1.5)])) == 0.0
    assert present_move(account("okx", "cross", [])) == 0.0


@pytest.mark.parametrize(
    "marks",
    [
        pytest.param({"RENDER": 1.75 * 0.9}, id="one_token_moved_alone"),
        pytest.param(
            {"RENDER": 1.75 * 0.9, "TAO": 272.71 * 0.9, "BTC": 71202.9 * 0.90000001},
            id="one_a_hair_less",
        ),
        pytest.param({"RENDER": 0.0}, id="one_fell_to_nothing_and_the_others_stayed"),
        pytest.param(
            {"RENDER": 1.75 * 0.9, "TAO": 272.71 * 1.1, "BTC": 71202.9 * 0.9},
            id="against_one_another",
        ),
    ],
)
def test_marks_that_no_common_move_gives_have_no_present_move(marks: dict[str, float]) -> None:
    assert present_move(baseline({}, marks)) is None


def test_a_token_without_beta_must_not_have_moved() -> None:
    still = {"RENDER": 1.75, "TAO": 272.71 * 0.9, "BTC": 71202.9 * 0.9}
    assert present_move(baseline({"RENDER": 0.0}, still)) == pytest.approx(-0.1, abs=1e-12)
    assert present_move(baseline({"RENDER": 0.0}, {**still, "RENDER": 1.7499})) is None


def test_collateral_belongs_to_the_marks_that_have_to_agree() -> None:
    pledge = [
        {"asset": "ETH", "amount": 1, "ratio": 0.9},
        {"asset": "USDC", "amount": 100, "ratio": 1},
    ]
    marks = {"RENDER": 1.75 * 0.9, "ETH": MARKS["ETH"] * 0.9}
    start = {"RENDER": 1.75, "ETH": MARKS["ETH"]}
    scenario = account(
        "okx",
        "cross",
        [long("RENDER", 1, 1.5)],
        collateral=pledge,
        marks=marks,
        baseline_marks=start,
    )
    assert present_move(scenario) == pytest.approx(-0.1, abs=1e-12)
    assert present_move(scenario.with_marks({"ETH": MARKS["ETH"]})) is None
    assert present_move(scenario.with_marks({"USDC": 0.9})) == pytest.approx(-0.1, abs=1e-12)


# The first move at a level


@random_accounts
@given(scenarios(), st.sampled_from([1.0, 0.8, 0.5, 0.1]))
def test_the_level_is_reached_at_the_common_move_and_not_before(
    scenario: Scenario, level: float
) -> None:
    books = compile_books(scenario)
    for move in common_move(books, scenario, level):
        if move:
            left = [surplus(scenario, book, move, level) for book in books]
            assert abs(min(left)) <= 1e-12
            for part in (0.0, 0.3, 0.9, 0.999):
                assert all(surplus(scenario, book, part * move, level) > 0 for book in books)


@random_accounts
@given(scenarios(), st.sampled_from([1.0, 0.8, 0.5, 0.1]))
def test_without_a_common_move_the_level_is_nowhere_on_the_way(
    scenario: Scenario, level: float
) -> None:
    books = compile_books(scenario)
    down, up = common_move(books, scenario, level)
    for end, move in ((-1.0, down), (10.0, up)):
        if move is None:
            for book in books:
                stops = [0.0, end, *kinks(scenario, book, end)]
                assert min(surplus(scenario, book, stop, level) for stop in stops) > -1e-12


def surplus(scenario: Scenario, book: object, move: float, level: float) -> float:
    """Equity − requirement ÷ level after the move, relative to rounding's measure."""
    standing = book.standing(prices_at(scenario, book, move))
    return (standing.equity - standing.requirement / level) / size(scenario, book, move)


@random_accounts
@given(scenarios())
def test_a_start_past_the_level_has_reached_it_at_once(scenario: Scenario) -> None:
    books = compile_books(scenario)
    level = 0.5
    past = any(surplus(scenario, book, 0.0, level) < -1e-12 for book in books)
    within = all(surplus(scenario, book, 0.0, level) > 1e-11 for book in books)
    assume(past or within)
    assert (common_move(books, scenario, level) == JointMove(0.0, 0.0)) == past


@random_accounts
@given(scenarios(), st.sampled_from([-0.3, -0.1, 0.05, 0.5]))
def test_a_move_from_other_prices_is_that_of_the_account_at_those_marks(
    scenario: Scenario, shift: float
) -> None:
    start = {token: mark * (1 + shift) for token, mark in scenario.market.marks.items()}
    there = scenario.with_marks(start)
    from_start = common_move(compile_books(scenario), scenario, start=start)
    assert from_start == common_move(compile_books(there), there)


@random_accounts
@given(scenarios())
def test_the_joint_move_of_the_assessment_is_the_common_move_of_a_living_account(
    scenario: Scenario,
) -> None:
    assessment = assess(scenario)
    books = compile_books(scenario)
    dead = any(book.standing().liquidated for book in books)
    expected = JointMove(None, None) if dead else common_move(books, scenario)
    assert assessment.joint_move == expected


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("venue", VENUES)
def test_the_lower_the_level_the_nearer_it_lies(venue: str, mode: str) -> None:
    scenario = account(
        venue, mode, [long("RENDER", 3_000, 1.75, 3), long("TAO", 10, 272.71, 3)], 2_700
    )
    books = compile_books(scenario)
    falls = [common_move(books, scenario, level).down for level in (0.5, 0.6, 0.8, 0.9, 1.0)]
    assert falls == sorted(falls, reverse=True)
    assert len(set(falls)) == 5


def test_a_move_past_the_point_where_a_price_stops_at_nothing_is_walked_on_with_the_others() -> (
    None
):
    positions = [long("RENDER", 20_000 / 1.75, 1.75), short("BTC", 30_000 / 71202.9, 71202.9)]
    betas_by_token = {"betas": {"RENDER": 3}}
    dies = account("binance", "cross", positions, 9_900, **betas_by_token)
    lives = account("binance", "cross", positions, 10_300, **betas_by_token)
    assert common_move(compile_books(dies), dies).down == pytest.approx(-0.327, abs=0.0005)
    assert common_move(compile_books(lives), lives).down is None


def test_without_positions_no_move_reaches_any_level() -> None:
    pledge = [{"asset": "BTC", "amount": 1, "ratio": 0.9}]
    scenario = account("binance", "cross", [], -70_000, collateral=pledge)
    assert common_move(compile_books(scenario), scenario, 0.5) == JointMove(None, None)
