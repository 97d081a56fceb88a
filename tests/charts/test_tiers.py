"""The chart of one token's tiers on several venues."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.charts.layout import style
from margin.charts.tiers import Compared, Schedule, finding, look_of, tier_steps_alt
from margin.errors import or_zero
from margin.market.snapshot import embedded as snapshot
from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.venues import VENUES, TierTable
from tests.charts import figures
from tests.charts.conftest import MARKS, leg
from tests.charts.figures import tier_steps

LISTED = ("binance", "bybit", "okx", "hyperliquid")


def schedule(venue: str, token: str = "RENDER") -> Schedule:
    held = snapshot.tables(venue)
    return Schedule(venue, held.tiers[token], held.as_of or "", held.contract_values.get(token))


def compared(token: str = "RENDER", venues: tuple[str, ...] = LISTED, **more: Any) -> Compared:
    held = tuple(
        schedule(venue, token) for venue in venues if token in snapshot.tables(venue).tiers
    )
    return Compared(token, MARKS[token], held, {})._replace(**more)


def own(rows: list[dict[str, float | None]], venue: str = "binance", **more: Any) -> Compared:
    table = TierTable.from_rows(rows, progressive=not VENUES[venue].flat_tiers)
    return compared(schedules=(Schedule(venue, table, "own", 10.0),), **more)


def line_of(figure: go.Figure, venue: str, panel: str = "y") -> Any:
    traces = [
        each
        for each in figure.data
        if each.line.dash == look_of(venue).dash and (each.yaxis or "y") == panel
    ]
    [found] = traces
    return found


def value_at(trace: Any, notional: float) -> float:
    """What a line shows at one of its points."""
    [place] = np.flatnonzero(np.isclose(trace.x, notional, rtol=1e-12))
    return float(trace.y[place])


TITLES = {
    "at the person's size": (
        compared(sizes={"long": 50_000.0}),
        "RENDER at $50,000.00: Bybit asks 0.88%, Binance 1.85%, OKX 3.00%, Hyperliquid 10.00%",
    ),
    "at the larger of two legs": (
        compared(venues=("binance",), sizes={"long": 4_000.0, "short": 50_000.0}),
        "RENDER at $50,000.00: Binance asks 1.85%",
    ),
    "beyond some tables": (
        compared(sizes={"short": 2e7}),
        "RENDER at $20,000,000: Hyperliquid asks 10.00%; no tier of Binance, Bybit and OKX "
        "holds it",
    ),
    "beyond all tables": (
        compared(venues=("binance", "okx"), sizes={"short": 2e7}),
        "RENDER at $20,000,000: no tier of Binance and OKX holds it",
    ),
    "a leg at a mark of 0": (
        compared(venues=("binance", "hyperliquid"), sizes={"short": 0.0}),
        "RENDER: least is asked by Binance (1.25% at $10,000.00, 8.97% at $1,000,000)",
    ),
    "one venue, no size": (
        compared(venues=("hyperliquid",)),
        "RENDER on Hyperliquid: 10.00% at $10,000.00 and 10.00% at $1,000,000",
    ),
    "several ask the same": (
        compared("BTC"),
        "BTC: least is asked by Binance and OKX (0.40% at $10,000.00), "
        "by Binance, Bybit and OKX (0.50% at $1,000,000)",
    ),
    "a table that ends early": (
        own([{"floor": 0, "maintenance_rate": 0.02, "cap": 500.0}]),
        "RENDER on Binance: 2.00% at $100.00 and 2.00% at $500.00",
    ),
    "no table": (compared(schedules=()), "Not known: no tier table of RENDER can be read"),
    "contracts of unknown value": (
        compared(schedules=(schedule("okx")._replace(contract_value=None),)),
        "Not known: no tier table of RENDER can be read",
    ),
    "contracts at a mark of 0": (
        compared(venues=("okx",), mark=0.0),
        "Not known: no tier table of RENDER can be read",
    ),
}


@pytest.mark.parametrize("name", TITLES)
def test_the_title_states_the_finding(name: str) -> None:
    given, title = TITLES[name]
    assert finding(given) == title
    assert tier_steps_alt(given).startswith(title)


@pytest.mark.parametrize("venue", LISTED)
@pytest.mark.parametrize("notional", [4_999.0, 26_250.0, 26_251.0, 50_000.0, 1_234_567.0])
def test_the_line_is_what_the_assessment_requires(venue: str, notional: float) -> None:
    document = {
        "version": 1,
        "venue": venue,
        "margin_mode": "cross",
        "wallet_balance": 1e9,
        "positions": [leg("RENDER", "long", notional / 1.75, 1.75)],
        "marks": {"RENDER": 1.75},
        "taker_fee": 0,
    }
    assessment = assess(snapshot.attach(Scenario.from_json(document)))
    figure = tier_steps(compared(sizes={"long": notional}))
    hover = figure.data[-1]
    [place] = np.flatnonzero(hover.x == notional)
    [line] = [
        each for each in hover.text[place].split("<br>") if each.startswith(VENUES[venue].name)
    ]
    [figures] = assessment.positions
    assert assessment.requirement is not None
    assert f" {100 * assessment.requirement / notional:.2f}% (tier {figures.tier} at " in line
    assert f"up to {figures.max_leverage:g}×" in line


@pytest.mark.parametrize("venue", ["binance", "bybit", "hyperliquid"])
def test_where_slices_pay_their_own_rates_the_line_passes_exactly_through_the_edges(
    venue: str,
) -> None:
    table = schedule(venue, "NEAR").table
    line = line_of(tier_steps(compared("NEAR")), venue)
    for floor, rate, amount in zip(
        table.floors[1:], table.rates[1:], table.amounts[1:], strict=True
    ):
        assert value_at(line, floor) == pytest.approx(100 * (rate - amount / floor), rel=1e-9)


def test_contracts_stand_at_their_notional_and_step_where_a_tier_ends() -> None:
    table = schedule("okx").table
    figure = tier_steps(
        compared(mark=2.0, schedules=(schedule("okx")._replace(contract_value=10.0),))
    )
    line = line_of(figure, "okx")
    assert line.line.shape == "hv"
    for floor, rate in zip(table.floors[1:], table.rates[1:], strict=True):
        assert value_at(line, floor * 20.0) == pytest.approx(100 * rate)
    assert (
        figure.layout.xaxis.title.text
        == "Notional<br>OKX's contracts at the mark of 2.0000 (10 RENDER each)"
    )


def test_a_size_exactly_at_a_cap_is_told_in_the_lower_tier() -> None:
    figure = tier_steps(compared(sizes={"long": 15_000 * 1.75}))
    [place] = np.flatnonzero(figure.data[-1].x == 15_000 * 1.75)
    assert "OKX 2.00% (tier 1 at 2%, up to 20×)" in figure.data[-1].text[place]


def test_the_leverage_steps_where_a_tier_ends() -> None:
    line = line_of(tier_steps(compared()), "binance", "y2")
    assert line.line.shape == "hv"
    table = schedule("binance").table
    for floor, most in zip(table.floors[1:], table.max_leverages[1:], strict=True):
        assert value_at(line, floor) == most


def test_a_line_ends_with_a_cross_where_its_table_does() -> None:
    figure = tier_steps(compared())
    for venue in ("binance", "bybit"):
        line = line_of(figure, venue)
        assert line.x[-1] == schedule(venue).table.last_cap
        assert line.marker.symbol[-1] == "x"
        assert line.marker.size[-1] > 0
    endless = line_of(figure, "hyperliquid")
    assert endless.x[-1] == max(trace.x[-1] for trace in figure.data)
    assert "x" not in endless.marker.symbol


def test_the_persons_sizes_are_drawn_and_line_of() -> None:
    layout = tier_steps(compared(sizes={"long": 50_000.0, "short": 45_000.0})).layout
    assert [shape.x0 for shape in layout.shapes] == [50_000.0, 50_000.0, 45_000.0, 45_000.0]
    words = [each for each in layout.annotations if each.text.startswith("your")]
    assert [each.text for each in words] == ["your long, $50,000.00", "your short, $45,000.00"]
    assert [10**each.x for each in words] == pytest.approx([50_000.0, 45_000.0])
    assert words[0].yshift != words[1].yshift


@pytest.mark.parametrize("size", [1e-9, 1e14])
def test_a_size_far_outside_does_not_crush_the_tables(size: float) -> None:
    figure = tier_steps(compared(sizes={"long": size}))
    assert not figure.layout.shapes
    assert figure.layout.xaxis.range == tier_steps(compared()).layout.xaxis.range
    assert "at $" in finding(compared(sizes={"long": size}))


def test_what_cannot_be_read_by_notional_is_said_and_left_out() -> None:
    unknown = compared(
        schedules=(schedule("binance"), schedule("okx")._replace(contract_value=None))
    )
    figure = tier_steps(unknown)
    assert [each.name for each in figure.data if each.name] == ["Binance, 2026-09-29"]
    assert "OKX's table is by contracts, of unknown value" in figure.layout.xaxis.title.text
    assert "of unknown value" in tier_steps_alt(unknown)


def test_venues_differ_in_colour_dash_and_symbol_and_each_keeps_its_own() -> None:
    assert all(len({look_of(venue)[part] for venue in LISTED}) == len(LISTED) for part in range(3))
    alone, beside = (
        line_of(tier_steps(compared(venues=venues)), "okx") for venues in (("okx",), LISTED)
    )
    assert (alone.line.color, alone.marker.symbol[0]) == (
        beside.line.color,
        beside.marker.symbol[0],
    )


def test_the_legend_says_of_when_each_table_is() -> None:
    names = [each.name for each in tier_steps(compared()).data if each.name]
    assert names == [
        "Binance, 2026-09-29",
        "Bybit, 2025-12-29",
        "OKX, 2026-05-28",
        "Hyperliquid, 2026-03-10",
    ]


def test_the_words_tell_each_venue_at_the_persons_size() -> None:
    said = tier_steps_alt(compared(sizes={"long": 50_000.0}))
    assert "Bybit, 2025-12-29: 0.88% (tier 3 at 1.25%, up to 40×) at $50,000.00." in said
    assert said.endswith("OKX's contracts at the mark of 1.7500 (1 RENDER each).")


def texts(figure: go.Figure) -> Iterator[str]:
    yield figure.layout.title.text
    yield from (each.text for each in figure.layout.annotations)
    for trace in figure.data:
        yield from [] if trace.text is None else map(str, np.atleast_1d(trace.text))


@pytest.mark.parametrize("token", [*MARKS])
def test_it_is_light_and_readable(token: str) -> None:
    figure = tier_steps(compared(token, sizes={"long": 50_000.0}))
    assert len(figure.data) <= 9
    assert all(
        isinstance(trace.x, np.ndarray) and isinstance(trace.y, np.ndarray) for trace in figure.data
    )
    assert figures.size(figure) < 60_000
    assert max(map(len, figure.layout.title.text.split("<br>"))) <= style.NARROWEST


def drawn(given: Compared) -> go.Figure:
    """Draws, and holds what has to hold of any drawing."""
    figure = tier_steps(given)
    read = [*texts(figure), tier_steps_alt(given)]
    assert not [text for text in read if re.search(r"\b(nan|None|inf)\b", text)]
    for trace in figure.data:
        assert np.all(np.isfinite(trace.x))
        assert np.all(np.diff(trace.x) > 0)
    return figure


ODD: Mapping[str, Compared] = {
    "a rate of 0": own(
        [{"floor": 0, "maintenance_rate": 0}, {"floor": 9, "maintenance_rate": 0.5}]
    ),
    "a window": own([{"floor": 9_000, "maintenance_rate": 0.1, "maintenance_amount": 800}]),
    "a window, and a size below it": own(
        [{"floor": 9_000, "maintenance_rate": 0.1}], sizes={"long": 10.0}
    ),
    "one rate for everything": own([{"floor": 0, "maintenance_rate": 0.02}]),
    "one rate up to a cap": own([{"floor": 0, "maintenance_rate": 0.02, "cap": 77}]),
    "no leverages": own(
        [{"floor": 0, "maintenance_rate": 0.02}, {"floor": 5e5, "maintenance_rate": 0.3}]
    ),
    "two hundred tiers": own(
        [
            {"floor": index * 10, "maintenance_rate": index / 200, "max_leverage": 200 - index}
            for index in range(200)
        ],
        "okx",
    ),
    "the largest figures": own(
        [{"floor": 0, "maintenance_rate": 1, "cap": 1e15}], "okx", mark=1e15
    ),
    "the smallest figures": own(
        [{"floor": 0, "maintenance_rate": 1e-9, "cap": 1e-9}], "okx", mark=1e-9
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_tables_are_drawn(name: str) -> None:
    assert len(drawn(ODD[name]).data) == 3


def test_a_rate_of_0_is_shown_in_even_steps() -> None:
    assert drawn(ODD["a rate of 0"]).layout.yaxis.type is None
    assert drawn(ODD["one rate for everything"]).layout.yaxis.type == "log"


def test_where_nothing_can_be_drawn_a_sentence_stands() -> None:
    figure = tier_steps(compared(schedules=()))
    assert not figure.data


rates = st.lists(st.floats(0, 1).map(or_zero), min_size=1, max_size=8).map(sorted)
steps = st.lists(st.floats(1e-3, 1e9), min_size=8, max_size=8)


@settings(max_examples=40, deadline=None)
@given(
    rates=rates,
    steps=steps,
    venue=st.sampled_from(LISTED),
    cap=st.booleans(),
    mark=st.floats(1e-9, 1e9),
    sizes=st.dictionaries(st.sampled_from(["long", "short"]), st.floats(0, 1e15)),
)
def test_any_table_is_drawn(
    rates: list[float],
    steps: list[float],
    venue: str,
    cap: bool,
    mark: float,
    sizes: dict[str, float],
) -> None:
    floors = [0.0, *np.cumsum(steps).tolist()][: len(rates) + 1]
    rows: list[dict[str, float | None]] = [
        {"floor": floor, "maintenance_rate": rate}
        for floor, rate in zip(floors, rates, strict=False)
    ]
    if cap:
        rows[-1]["cap"] = floors[-1]
    drawn(own(rows, venue, mark=mark, sizes=sizes))
