"""Groups of tokens: what moves along a side of a map, and where days stand."""

import pytest

from margin.market.price_moves import AI_TOKENS, betas_to_btc, crash_days
from margin.studies.distance import groups
from margin.studies.distance.directions import Direction
from margin.studies.distance.groups import group_move
from margin.studies.stress.crash_table import CrashDay, TokenMove, crash_rows
from tests.pages.visitor import scenario


def test_groups_are_tokens_and_what_holds_two_or_more_of_them() -> None:
    tokens = ("RENDER", "FET", "BTC", "ETH", "USDT")
    sides = ("long", "long", "short", "short", "long")
    legs = [
        {"symbol": token, "side": side, "quantity": 1, "entry_price": 1, "leverage": 1}
        for token, side in zip(tokens, sides, strict=True)
    ]
    made = scenario(positions=legs, marks=dict.fromkeys(tokens, 1), betas={"FET": 2, "ETH": 0})
    found = groups.groups(made, AI_TOKENS)
    assert list(found) == [
        "RENDER",
        "FET",
        "BTC",
        "ETH",
        "All longs",
        "All shorts",
        "AI tokens",
        "BTC and others",
    ]
    assert found["AI tokens"].rates == {"RENDER": 1.0, "FET": 2.0}
    assert found["All shorts"].rates == {"BTC": 1.0}
    assert groups.partners(found, "All longs") == ["BTC", "ETH", "All shorts", "BTC and others"]
    assert groups.first_pair(made, found) == ("All longs", "All shorts")


def test_a_token_held_alike_on_both_sides_is_in_neither_group() -> None:
    hedge = [
        {"symbol": token, "side": side, "quantity": 1, "entry_price": 1, "leverage": 1}
        for token, side in (
            ("RENDER", "long"),
            ("RENDER", "short"),
            ("FET", "long"),
            ("TAO", "long"),
        )
    ]
    made = scenario(positions=hedge, marks={"RENDER": 1, "FET": 1, "TAO": 1})
    assert groups.groups(made, AI_TOKENS)["All longs"].rates.keys() == {"FET", "TAO"}


def test_a_crash_is_placed_by_what_its_groups_did() -> None:
    made = scenario()
    rows = crash_rows(made, crash_days(), betas_to_btc())
    first, second = Direction("a", "A", {"RENDER": 1.0}), Direction("b", "B", {"FET": 1.0})
    worst = {each.name: each for each in groups.day_points(rows, made, first, second, worst=True)}
    close = {each.name: each for each in groups.day_points(rows, made, first, second, worst=False)}
    assert (worst["2025-10-10"].first, worst["2025-10-10"].second) == pytest.approx(
        (-0.843, -0.7655)
    )
    assert (close["2025-10-10"].first, close["2025-10-10"].second) == pytest.approx(
        (-0.294, -0.2954)
    )
    assert not worst["2025-10-10"].gaps


def test_a_day_that_says_nothing_of_a_group_has_no_place() -> None:
    made = scenario()
    rows = crash_rows(made, [CrashDay("", "mine", {"RENDER": TokenMove(-0.1)})], betas_to_btc())
    first, second = Direction("a", "A", {"RENDER": 1.0}), Direction("b", "B", {"FET": 1.0})
    assert groups.day_points(rows, made, first, second, worst=True) == []


def group(**rates: float) -> Direction:
    return Direction("group", "group", rates)


def test_the_move_of_one_token_is_its_own() -> None:
    assert group_move(group(RENDER=1.0), {"RENDER": -0.3, "FET": 0.2}, {"RENDER": 7.0}) == -0.3


def test_a_move_in_step_with_the_rates_is_found_exactly() -> None:
    moves = {"RENDER": -0.3, "FET": 0.15, "TAO": 9.0}
    found = group_move(group(RENDER=2.0, FET=-1.0), moves, {"RENDER": 5.0, "FET": 1.0, "TAO": 1.0})
    assert found == pytest.approx(-0.15, rel=1e-15)


@pytest.mark.parametrize("x", [-0.29, -0.27])
def test_no_other_move_fits_better(x: float) -> None:
    rates, moves, weights = {"A": 1.0, "B": 1.5}, {"A": -0.2, "B": -0.5}, {"A": 3.0, "B": 1.0}

    def misfit(x: float) -> float:
        return sum(weights[token] * (moves[token] - rate * x) ** 2 for token, rate in rates.items())

    found = group_move(group(**rates), moves, weights)
    assert found is not None
    assert misfit(found) < misfit(found + 0.01)
    assert misfit(found) < misfit(found - 0.01)
    assert misfit(found) <= misfit(x)


@pytest.mark.parametrize(
    ("moves", "weights"),
    [
        pytest.param({}, {"A": 1.0}, id="no move of its tokens"),
        pytest.param({"A": -0.1}, {}, id="no weight"),
        pytest.param({"A": -0.1}, {"A": 0.0}, id="a weight of 0"),
    ],
)
def test_a_group_of_which_nothing_is_known_has_no_move(
    moves: dict[str, float], weights: dict[str, float]
) -> None:
    assert group_move(group(A=1.0), moves, weights) is None
