"""The JSON Schema of a scenario: what it takes a scenario reads, and what it refuses a scenario refuses."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from margin.cli import main
from margin.errors import FieldError
from margin.examples import presets
from margin.model.scenario import Scenario
from tests.pages.visitor import document

FAULTS = [
    pytest.param({"venue": "kraken"}, id="an unknown venue"),
    pytest.param({"margin_mode": "portfolio"}, id="an unknown mode"),
    pytest.param({"wallet_balance": "10000"}, id="a number in quotation marks"),
    pytest.param({"wallet_balance": None}, id="a missing key"),
    pytest.param({"colour": "red"}, id="an unknown key"),
    pytest.param({"marks": {"RENDER": -1, "FET": 1}}, id="a negative mark"),
    pytest.param({"levels": {"warning": 1.5}}, id="a level beyond liquidation"),
    pytest.param({"collateral": [{"asset": "BTC", "amount": 1, "ratio": 2}]}, id="a ratio above 1"),
    pytest.param({"shocks": {"haircut": 2}}, id="a haircut of more than all"),
    pytest.param({"tiers": {"RENDER": [{"floor": 0}]}}, id="a tier without its rate"),
]


@pytest.fixture
def schema(capsys: pytest.CaptureFixture[str]) -> Draft202012Validator:
    assert main(["schema"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


@pytest.mark.parametrize("name", presets())
def test_every_example_is_one(schema: Draft202012Validator, name: str) -> None:
    schema.validate(presets()[name].scenario.to_json())


@pytest.mark.parametrize("changes", FAULTS)
def test_what_a_scenario_refuses_the_schema_refuses(
    schema: Draft202012Validator, changes: dict[str, Any]
) -> None:
    made = document(**changes)
    assert not schema.is_valid(made)
    with pytest.raises(FieldError):
        Scenario.from_json(made)
