"""The dangers that are watched: each once, the nearest first, and each ends where it says."""

import pytest
from hypothesis import assume, given

from margin.examples import presets
from margin.market.price_moves import betas_to_btc
from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.studies.distance.dangers import along, dangers, moved_along
from margin.studies.distance.directions import DirectionResult
from margin.studies.distance.distances import at_move, nearest
from tests.studies.accounts import random_accounts, scenarios


def watched(scenario: Scenario) -> dict[str, DirectionResult]:
    return {
        result.direction.key.split(":")[0]: result
        for result in dangers(scenario, betas_to_btc()).results
    }


@random_accounts
@given(scenarios())
def test_the_nearest_danger_asks_no_more_of_any_price_than_another(scenario: Scenario) -> None:
    found = dangers(scenario, betas_to_btc())
    asked = [result.hardest for result in found.results if result.hardest is not None]
    assume(asked)
    assert found.nearest is not None
    assert found.nearest.hardest == pytest.approx(min(asked))


@pytest.mark.parametrize("name", presets())
@pytest.mark.parametrize("key", ["together", "against", "with_btc", "alone"])
def test_a_danger_gone_to_its_end_is_a_liquidation_and_is_recognised(name: str, key: str) -> None:
    scenario = presets()[name].scenario
    danger = watched(scenario).get(key)
    if danger is None:
        assert key == "against", "only the joint move can be the same as it"
        return
    assert danger.nearest is not None
    end = at_move(scenario, danger.nearest, rates=danger.direction.rates)
    assert assess(end).headroom == pytest.approx(0, abs=1e-6)
    assert moved_along(end, [danger.direction]) == danger.direction
    assert moved_along(scenario, [danger.direction]) is None


@pytest.mark.parametrize("name", presets())
def test_along_a_danger_joint_moves_are_its_moves(name: str) -> None:
    scenario = presets()[name].scenario
    for danger in watched(scenario).values():
        view = along(scenario, danger.direction)
        assert nearest(assess(view).joint_move) == pytest.approx(nearest(danger.liquidation))
        assert assess(view).headroom == assess(scenario).headroom


def test_longs_alone_have_no_danger_that_is_the_joint_move_again() -> None:
    assert list(watched(presets()["pair"].scenario)) == ["together", "with_btc", "alone"]
    assert list(watched(presets()["long_short"].scenario)) == [
        "together",
        "against",
        "with_btc",
        "alone",
    ]
