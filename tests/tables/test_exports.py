"""The files that a person takes along.

Positions that read back exactly, and every figure at full precision.
"""

import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from margin.examples import presets
from margin.market.imports.table import read_table
from margin.market.snapshot import embedded as snapshot
from margin.model.scenario import Position, Scenario
from margin.studies.account.assess import assess
from margin.tables.assessment_json import assessment_json
from margin.tables.exports import (
    POSITION_COLUMNS,
    RESULT_COLUMNS,
    _cell,
    positions_csv,
    results_csv,
)
from tests.model.any_scenario import SCENARIOS

THOROUGH = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

Results = dict[tuple[str, str, str], tuple[str, str]]


def rows(text: str) -> list[list[str]]:
    """The cells of a file, as any reader of CSV sees them."""
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def results(scenario: Scenario) -> Results:
    """Value and unit by section, item and figure."""
    header, *lines = rows(results_csv(scenario))
    assert header == list(RESULT_COLUMNS)
    found = {(section, item, figure): (value, unit) for section, item, figure, value, unit in lines}
    assert len(found) == len(lines)
    return found


def changed(name: str = "pair", **changes: Any) -> Scenario:
    """A worked example with other words."""
    return replace(presets()[name].scenario, **changes)


# Positions


@settings(THOROUGH, max_examples=40)
@given(SCENARIOS)
def test_positions_read_back_exactly(scenario: Scenario) -> None:
    assume(scenario.positions)
    read = read_table(positions_csv(scenario), isolated=scenario.account.isolated)
    assume(not read.left_out)  # A token may be called what elsewhere is a coin-margined contract.
    assert read.faults == ()
    assert read.positions == scenario.positions


def test_positions_are_written_under_the_names_of_the_scenario_json() -> None:
    legs = (
        Position("RENDER", "long", 1e-7, 2 / 3, 10),
        Position("FET", "short", 30_000, 0.25, 5, 12.5),
    )
    assert positions_csv(changed(positions=())) == f"{','.join(POSITION_COLUMNS)}\n"
    assert rows(positions_csv(replace(changed("leverage"), positions=legs))) == [
        ["symbol", "side", "quantity", "entry_price", "leverage", "isolated_margin", "margin_mode"],
        ["RENDER", "long", "1e-07", "0.6666666666666666", "10.0", "", "cross"],
        ["FET", "short", "30000.0", "0.25", "5.0", "12.5", "cross"],
    ]


# Results


@pytest.mark.parametrize("name", presets())
def test_every_figure_of_the_assessment_is_there_to_the_last_digit(name: str) -> None:
    scenario = presets()[name].scenario
    written, account = results(scenario), assessment_json(assess(scenario))
    nested = ("margin_ratio", "joint_move")
    told = [
        ("account", "", key, account[key])
        for key in account
        if not isinstance(account[key], dict | list | tuple)
    ]
    told += [
        (section, "", key, value) for section in nested for key, value in account[section].items()
    ]
    for section, entries in (
        ("position", account["positions"]),
        ("liquidation_price", account["liquidation_prices"]),
    ):
        for entry in entries:
            item = " ".join(
                [entry.pop("symbol"), *([entry.pop("side")] if "side" in entry else [])]
            )
            told += [
                (section, item, key, value) for key, value in entry.items() if key != "problems"
            ]
    for section, item, figure, value in told:
        spelt = (
            {None: "", True: "true", False: "false"}.get(value, str(value))
            if not_a_number(value)
            else value
        )
        cell, _ = written[section, item, figure]
        assert (cell if not_a_number(value) else float(cell)) == spelt


def not_a_number(value: object) -> bool:
    return value is None or isinstance(value, bool | str)


def test_figures_bear_their_units() -> None:
    written = results(changed("isolated"))
    assert written["account", "", "equity"] == ("10000.0", "USDT")
    assert written["margin_ratio", "", "value"] == ("0.18125", "fraction")
    assert written["position", "RENDER long", "quantity"] == ("28571.428571428572", "tokens")
    assert written["position", "RENDER long", "entry_price"] == ("1.75", "USDT")
    assert written["position", "RENDER long", "leverage"] == ("10.0", "multiple")
    assert written["position", "RENDER long", "tier"] == ("3", "")
    assert written["position", "RENDER long", "isolated_margin"] == ("5000.0", "USDT")
    assert written["mark", "FET", "mark"] == ("0.2231", "USDT")
    assert results(
        snapshot.attach(Scenario.from_json({**changed().to_json(), "venue": "hyperliquid"}))
    )["account", "", "equity"] == ("10000.0", "USDC")


def test_what_was_entered_and_assumed_is_there_with_its_dates() -> None:
    written = results(changed(title="Mine", note="two\nlines"))
    assert written["scenario", "", "title"][0] == "Mine"
    assert written["scenario", "", "note"][0] == "two\nlines"
    assert written["scenario", "", "venue"][0] == "binance"
    assert written["scenario", "", "taker_fee"] == ("0.0005", "fraction")
    assert (
        written["assumption", "1", ""][0]
        == f"binance tiers as of {snapshot.tables('binance').as_of}"
    )


def test_problems_are_there_by_severity_with_whose_they_are() -> None:
    [render, fet] = changed().positions
    written = results(changed(positions=(replace(render, leverage=100), replace(fet, leverage=2))))
    assert "100x is above" in written["error", "RENDER long", "leverage_above_cap"][0]
    assert "no new orders" in written["warning", "account", "initial_margin_above_equity"][0]


def test_what_does_not_exist_is_an_empty_cell_beside_its_reason() -> None:
    written = results(changed())
    assert written["liquidation_price", "RENDER", "above"] == ("", "USDT")
    assert written["liquidation_price", "RENDER", "reason_above"] == ("gains", "")
    assert written["joint_move", "", "up"] == ("", "fraction")


@settings(THOROUGH, max_examples=40)
@given(SCENARIOS)
def test_any_scenario_is_written_as_a_rectangle(scenario: Scenario) -> None:
    for line in rows(results_csv(scenario)):
        assert len(line) == len(RESULT_COLUMNS)


# Formulas


@pytest.mark.parametrize(
    "title", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "＝1", "x;=1", "x; @y", "a|-b"]
)
def test_text_that_a_spreadsheet_would_take_for_a_formula_is_kept_from_being_one(
    title: str,
) -> None:
    [value, _] = results(changed(title=title))["scenario", "", "title"]
    assert value.replace("'", "") == title
    for cell in value.replace("|", ";").split(";"):
        assert cell.strip()[0] not in "=+-@＝"


@pytest.mark.parametrize(
    "unseen",
    ["\u200b", "\ufeff", "\u202e \u2066", "\xad\u3164", "\U000e0041", "\u2800\ufe0f", "\x00"],
)
@pytest.mark.parametrize("before", ["", "x;", "x| "])
def test_a_formula_does_not_hide_behind_what_leaves_no_trace(unseen: str, before: str) -> None:
    # No title or note may hold such characters: the guard stands by itself, for whatever text comes
    # here next.
    assert _cell(f"{before}{unseen}=1+1") == f"{before}{unseen}'=1+1"


def test_a_note_cannot_start_a_formula_on_its_second_line() -> None:
    assert results(changed(note="fine\n=1+1"))["scenario", "", "note"][0] == "fine\n'=1+1"


def test_ordinary_text_and_negative_numbers_stay_as_they_are() -> None:
    words = "RENDER + FET: a-b, 10% = fine; see me@home"
    written = results(changed(title=words))
    assert written["scenario", "", "title"][0] == words
    assert float(written["joint_move", "", "down"][0]) < 0
