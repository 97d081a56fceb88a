"""The embedded snapshot: what it holds, and what it promises whoever holds a value of it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import margin
from margin.errors import FieldError
from margin.market.snapshot import embedded as snapshot
from margin.venues import VENUES

ROOT = Path(margin.__file__).parents[1]
SYMBOLS = {
    *(
        "RENDER",
        "FET",
        "TAO",
        "AKT",
        "GRT",
        "NEAR",
        "WLD",
        "ICP",
        "FIL",
        "AR",
        "THETA",
        "IO",
        "ATH",
        "VIRTUAL",
    ),
    *("BTC", "ETH", "SOL"),
}
ABSENT = {
    "binance": set(),
    "bybit": {"FET"},
    "okx": {"FET", "IO", "AKT"},
    "hyperliquid": {"GRT", "THETA", "AKT", "ATH"},
}


# What it holds


@pytest.mark.parametrize("venue", ABSENT)
def test_every_symbol_has_tiers_or_is_known_not_to_be_listed(venue: str) -> None:
    tables = snapshot.tables(venue)
    assert set(tables.tiers) == SYMBOLS - ABSENT[venue]
    assert set(tables.not_listed) == ABSENT[venue]


@pytest.mark.parametrize("venue", ABSENT)
def test_every_symbol_with_tiers_has_its_contract_and_the_venues_fee(venue: str) -> None:
    contracts = snapshot.contracts(venue)
    assert set(contracts) == set(snapshot.tables(venue).tiers)
    assert {contract.taker_fee for contract in contracts.values()} == {VENUES[venue].taker_fee}


@pytest.mark.parametrize(
    ("venue", "as_of"),
    [
        ("binance", "2026-09-29"),
        ("bybit", "2025-12-29"),
        ("okx", "2026-05-28"),
        ("hyperliquid", "2026-03-10"),
    ],
)
def test_the_tiers_of_a_venue_carry_their_day(venue: str, as_of: str) -> None:
    assert snapshot.tables(venue).as_of == as_of
    assert snapshot.tables(venue).source == "snapshot"


def test_the_textbook_account_has_no_tables_and_no_day() -> None:
    tables = snapshot.tables("textbook")
    assert (tables.source, tables.as_of) == ("snapshot", None)
    assert not tables.tiers
    assert not tables.contract_values
    assert not tables.not_listed
    assert not snapshot.contracts("textbook")


@pytest.mark.parametrize("ask", [snapshot.tables, snapshot.contracts])
def test_an_unknown_venue_is_refused(ask: Callable[[str], object]) -> None:
    with pytest.raises(FieldError, match="venue: must be one of binance"):
        ask("kraken")


def test_a_missing_listing_says_where_and_when_it_was_seen() -> None:
    assert snapshot.tables("okx").not_listed["FET"] == "2026-05-28"
    assert snapshot.tables("bybit").not_listed["FET"] == "2025-12-29/2026-07-20"


def test_the_fourth_tier_of_render_on_binance() -> None:
    tier = snapshot.tables("binance").tiers["RENDER"].rows()[3]
    assert tier == {
        "floor": 50_000,
        "cap": 100_000,
        "maintenance_rate": 0.025,
        "maintenance_amount": 325,
        "max_leverage": 20,
    }


def test_tiers_on_okx_are_flat_and_in_contracts() -> None:
    tables = snapshot.tables("okx")
    render = tables.tiers["RENDER"]
    assert not any(table.progressive for table in tables.tiers.values())
    assert (len(render.floors), render.floors[1], render.rates[1], render.last_cap) == (
        87,
        15_000,
        0.03,
        1_305_000,
    )
    assert set(render.amounts) == {0.0}


@pytest.mark.parametrize("venue", ["binance", "bybit", "hyperliquid"])
def test_tiers_elsewhere_are_progressive_by_notional(venue: str) -> None:
    tables = snapshot.tables(venue)
    assert all(table.progressive for table in tables.tiers.values())
    assert not tables.contract_values


def test_the_last_tier_on_hyperliquid_is_open_ended() -> None:
    assert {table.last_cap for table in snapshot.tables("hyperliquid").tiers.values()} == {None}


def test_contract_values_on_okx_are_unconfirmed_one_and_all() -> None:
    values = snapshot.tables("okx").contract_values
    assert (values["RENDER"], values["BTC"], values["ATH"]) == (1, 0.01, 100)
    assert snapshot.tables("okx").unconfirmed == set(values) == SYMBOLS - ABSENT["okx"]


def test_a_contract_keeps_what_was_not_seen_as_none() -> None:
    render, icp = snapshot.contracts("binance")["RENDER"], snapshot.contracts("binance")["ICP"]
    assert (render.tick_size, render.quantity_step, render.minimum_notional) == (0.001, 0.1, 5)
    assert (icp.tick_size, icp.quantity_step, icp.minimum_notional) == (None, 1, None)
    assert snapshot.contracts("okx")["TAO"].as_of == "undated"


def test_reference_marks_are_those_of_one_day() -> None:
    marks = snapshot.marks()
    assert set(marks) == SYMBOLS
    assert (marks["RENDER"], marks["FET"], marks["BTC"]) == (1.75, 0.2231, 71202.9)
    assert snapshot.marks_as_of() == "2026-03-18"


def test_funding_comes_with_its_interval_and_window() -> None:
    render, fet = snapshot.funding()["RENDER"], snapshot.funding()["FET"]
    assert set(snapshot.funding()) == SYMBOLS
    assert (render.venue, render.since, render.as_of) == ("binance", "2025-02-01", "2026-05-07")
    assert (render.interval_hours, render.payments, render.median) == (4, 1763, 0.0000249)
    assert (fet.interval_hours, fet.mean, fet.lowest, fet.highest) == (
        8,
        -0.00024942,
        -0.0010814,
        0.0001,
    )


def test_risk_figures_come_with_their_window() -> None:
    render, virtual = snapshot.risk()["RENDER"], snapshot.risk()["VIRTUAL"]
    assert set(snapshot.risk()) == SYMBOLS
    assert (render.annual_volatility, render.beta_btc) == (1.071, 1.6623)
    assert (render.since, render.as_of) == ("2024-07-27", "2026-03-18")
    assert (virtual.since, virtual.as_of) == ("2025-03-19", "2026-03-18")


def test_render_and_fet_correlate_over_the_long_window() -> None:
    found = snapshot.correlations(["RENDER", "FET"])
    assert found.matrix.tolist() == [[1, 0.8189], [0.8189, 1]]
    assert found.symbols == ("RENDER", "FET")
    assert found.window == "2024-07-27 to 2026-03-18"


def test_a_book_with_virtual_takes_the_last_year_for_every_pair() -> None:
    found = snapshot.correlations(["RENDER", "VIRTUAL", "FET"])
    assert found.matrix.tolist() == [[1, 0.7395, 0.8151], [0.7395, 1, 0.7056], [0.8151, 0.7056, 1]]
    assert found.window == "2025-03-19 to 2026-03-18"


def test_an_unknown_symbol_has_no_correlations() -> None:
    with pytest.raises(FieldError, match="symbols: no window of correlations holds DOGE"):
        snapshot.correlations(["RENDER", "DOGE"])


def test_all_correlations_together_can_be_drawn_from() -> None:
    matrix = snapshot.correlations(sorted(SYMBOLS)).matrix
    assert np.array_equal(matrix, matrix.T)
    assert np.linalg.cholesky(matrix).shape == (17, 17)


def test_the_cascade_of_october_2025_closed_far_above_its_low() -> None:
    (cascade,) = [crash for crash in snapshot.crashes() if crash.date == "2025-10-10"]
    assert cascade.event == "liquidation cascade"
    assert cascade.moves["RENDER"] == (-0.294, -0.843, 0.0309)
    assert cascade.moves["FET"].low == -0.7655
    assert set(cascade.moves) == SYMBOLS


def test_crashes_are_in_order_and_keep_unknown_extremes_open() -> None:
    dates = [crash.date for crash in snapshot.crashes()]
    squeeze = snapshot.crashes()[dates.index("2024-03-06")]
    assert (len(dates), dates) == (21, sorted(set(dates)))
    assert squeeze.moves["RENDER"] == (0.3494, None, None)
    assert snapshot.crashes()[dates.index("2025-10-11")].event == "liquidation cascade, day after"


# What it promises whoever holds a value of it


def test_figures_are_read_once_and_cannot_be_changed() -> None:
    assert snapshot.tables("okx") is snapshot.tables("okx")
    with pytest.raises(TypeError):
        snapshot.marks()["RENDER"] = 2.0  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        snapshot.correlations(["RENDER", "FET"]).matrix[0, 1] = 0.5


def test_nothing_heavier_than_numpy_is_imported() -> None:
    code = "import sys, margin.market.snapshot.embedded as s; s.tables('okx'); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert not {"pandas", "streamlit", "plotly", "ccxt"} & set(loaded)
