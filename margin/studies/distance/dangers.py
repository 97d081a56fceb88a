"""The dangers one can watch: the ways that prices go which threaten most accounts.

Together, against the account, led by BTC, and the one token that liquidates soonest by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from margin.model.prepared import Preparable, PreparedAccount, prepare
from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.studies.distance.directions import (
    Direction,
    DirectionResult,
    against,
    alone,
    nearest_danger,
    study,
    together,
    with_btc,
)
from margin.studies.distance.distances import FURTHEST_DOWN, FURTHEST_UP, away, present_move


class Dangers(NamedTuple):
    """The dangers of an account from its marks on, and the nearest; None where none liquidates."""

    results: tuple[DirectionResult, ...]
    nearest: DirectionResult | None


def dangers(account: Preparable, betas_to_btc: Mapping[str, float]) -> Dangers:
    """Return the dangers of an account, each way that prices go once."""
    account = prepare(account)
    results = tuple(study(account, _directions(account, betas_to_btc), ()))
    return Dangers(results, nearest_danger(results))


def _directions(account: PreparedAccount, betas_to_btc: Mapping[str, float]) -> list[Direction]:
    """Return the directions, the joint move first; of those that move prices alike the first."""
    scenario = account.scenario
    candidates = [
        together(scenario),
        against(account)._replace(furthest_down=FURTHEST_DOWN),
        with_btc(scenario, betas_to_btc),
        *map(alone, _nearest_token(account)),
    ]
    directions: list[Direction] = []
    for candidate in candidates:
        moving = [token for token in scenario.tokens if candidate.rates.get(token)]
        if moving and not any(_alike(candidate, other, moving) for other in directions):
            directions.append(candidate)
    return directions or candidates[:1]


def _alike(one: Direction, other: Direction, moving: Sequence[str]) -> bool:
    """Return whether two directions move every price alike, be it the other way round."""
    if {token for token, rate in other.rates.items() if rate} != set(moving):
        return False
    ratios = {one.rates[token] / other.rates[token] for token in moving}
    return ratios in ({1.0}, {-1.0})


def _nearest_token(account: PreparedAccount) -> list[str]:
    """Return the token that liquidates by the smallest change of its own price, if one does."""
    marks = account.scenario.market.marks
    moves: list[tuple[float, str]] = []
    for price in assess(account).liquidation_prices:
        for level in (price.below, price.above):
            move = None if level is None else away(level, marks[price.symbol])
            if move is not None and abs(move) <= FURTHEST_UP:
                moves.append((abs(move), price.symbol))
    return [min(moves)[1]] if moves else []


def along(scenario: Scenario, direction: Direction) -> Scenario:
    """Return the scenario with a direction in place of its betas: its joint moves go that way.

    Its figures at the marks are the same; what it says of a joint move, it says of the direction.
    """
    betas = {token: direction.rates.get(token, 0.0) for token in scenario.tokens}
    return replace(scenario, market=replace(scenario.market, betas=betas))


def moved_along(scenario: Scenario, directions: Sequence[Direction]) -> Direction | None:
    """Return the first of the directions by which the baseline marks became the marks, if any."""
    if not scenario.market.baseline_marks:
        return None
    for direction in directions:
        if present_move(scenario, direction.rates):
            return direction
    return None
