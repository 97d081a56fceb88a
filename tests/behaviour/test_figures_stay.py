"""Nothing that is rebuilt changes a figure.

The worked examples answer as before, on every venue in both modes.
"""

import json

import pytest

from tests.behaviour.figures import STORED, figures, scenarios

KEPT = {
    entry["name"]: entry
    for entry in map(json.loads, STORED.read_text(encoding="utf-8").splitlines())
}
SCENARIOS = dict(scenarios())


def test_every_worked_example_is_kept() -> None:
    assert KEPT.keys() == SCENARIOS.keys()


@pytest.mark.parametrize("name", SCENARIOS)
def test_its_figures_stay_as_they_were(name: str) -> None:
    now, kept = figures(SCENARIOS[name]), KEPT[name]
    assert now["link"] == kept["link"]
    for study in now.keys() - {"link"}:
        assert now[study] == pytest.approx(kept[study], rel=1e-9, abs=1e-9), study
