"""The charts of the Compare page.

Both modes along a direction, and every venue in a joint move.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from margin.charts import compare as charts
from margin.charts.layout import style
from margin.market.snapshot import embedded as snapshot
from margin.model.scenario import Scenario
from margin.studies.comparison.modes import curves, modes
from margin.studies.comparison.venues import VenueComparison, venues_compared
from margin.studies.distance.directions import alone, together, with_btc
from margin.venues import listing_venues
from tests.charts import figures
from tests.charts.conftest import Situation, named
from tests.charts.test_every_chart import plain, words
from tests.studies.accounts import account, long, short

Drawn = tuple[go.Figure, str]


def of_modes(scenario: Scenario, direction: Any = None) -> Drawn:
    comparison = modes(scenario)
    found = curves(comparison, direction or together(scenario))
    return figures.modes(found, comparison), charts.modes_alt(found, comparison)


def compared(scenario: Scenario, day: str = "") -> VenueComparison:
    tables = {venue: snapshot.tables(venue) for venue in listing_venues()}
    found = venues_compared(scenario, tables)
    if not day:
        return found
    return VenueComparison(
        tuple(replace(line, days={day: list(line.scenario.tokens)}) for line in found.lines)
    )


def of_venues(scenario: Scenario) -> Drawn:
    comparison = compared(scenario)
    return figures.venues(comparison), charts.venues_alt(comparison)


@pytest.mark.parametrize("draw", [of_modes, of_venues])
def test_it_is_light_and_readable(
    any_situation: Situation, draw: Callable[[Scenario], Drawn]
) -> None:
    figure, alt = draw(any_situation.scenario)
    assert len(figure.data) <= 8
    for trace in figure.data:
        assert isinstance(trace.x, np.ndarray)
        assert isinstance(trace.y, np.ndarray)
        assert len(trace.x) == len(trace.y)
    read = [*words(figure), alt]
    assert not [text for text in read if re.search(r"\b(nan|inf|None)\b", text)]
    assert alt.startswith(plain(figure.layout.title.text))
    assert alt.endswith(".")
    assert len(plain(figure.layout.title.text)) <= 84
    assert max(map(len, figure.layout.title.text.split("<br>"))) <= style.NARROWEST
    assert figures.size(figure) < 120_000


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("two longs", "Cross is liquidated at −9.47%; isolated keeps at least $1,000.00"),
        ("isolated", "Cross is liquidated at −81.68%; isolated keeps at least $3,450.00"),
        ("covered", "Cross survives −100% to +1,000% this way; isolated keeps at least $49,150.00"),
        ("liquidated", "Cross is liquidated at these marks; isolated takes more than the wallet"),
        ("no positions", "No positions: cross and isolated are the same"),
        ("no tiers", "Not known: OKX has no tier table for FET"),
    ],
)
def test_the_title_of_both_modes_is_the_finding(name: str, title: str) -> None:
    assert plain(of_modes(named(name).scenario)[0].layout.title.text) == title


def test_where_no_position_can_be_lost_that_is_told() -> None:
    longs = named("two longs").scenario
    figure, alt = of_modes(longs, alone("TAO"))
    assert (
        plain(figure.layout.title.text)
        == "Nothing is liquidated from −100% to +1,000% this way, cross or isolated"
    )
    assert "Direction: TAO alone" in alt


def test_what_is_not_looked_for_is_not_said_to_survive() -> None:
    hedge = account("binance", "cross", [short("RENDER", 571.43, 1.75)], 10_900)
    title = plain(of_modes(hedge)[0].layout.title.text)
    assert title == "Cross survives −100% to +1,000% this way; isolated keeps at least $10,800.00"
    covered = account(
        "binance", "cross", [long("RENDER", 1_000, 1.75, 1, isolated_margin=1_800)], 1_790
    )
    title = plain(of_modes(covered)[0].layout.title.text)
    assert title == "Cross survives −100% to +1,000% this way; isolated takes more than the wallet"


def test_all_that_collateral_leaves_beside_the_margins_is_told() -> None:
    pledged = [{"asset": "BTC", "amount": 0.01, "ratio": 0.9}]
    all_margin = account(
        "binance", "cross", [long("RENDER", 20_000, 1.75)], 3_500, collateral=pledged
    )
    assert plain(of_modes(all_margin)[0].layout.title.text).endswith(
        "; isolated has its collateral set aside"
    )
    found = curves(modes(all_margin), together(all_margin))
    assert found is not None
    assert found.isolated[0] == pytest.approx(0.01 * 0.9 * 71_202.9 * (1 + found.moves[0]))


def test_the_lines_are_the_curves_and_the_symbols_stand_just_before_the_falls() -> None:
    scenario = named("two longs").scenario
    found = curves(modes(scenario), together(scenario))
    assert found is not None
    cross, isolated, account_falls, falls, hover = figures.modes(found, modes(scenario)).data
    assert cross.y.tolist() == found.cross.tolist()
    assert isolated.y.tolist() == found.isolated.tolist()
    assert account_falls.x.tolist() == pytest.approx([-9.46712], abs=1e-5)
    assert account_falls.y.tolist() == pytest.approx([1479.59], abs=0.01)
    assert falls.x.tolist() == pytest.approx([-8.31633, -8.35459], abs=1e-5)
    assert falls.y.tolist() == pytest.approx([2515.31, 1658.16], abs=0.01)
    assert len(hover.text) == len(found.moves)


def test_every_symbol_that_is_drawn_is_in_the_legend() -> None:
    drawn = [
        trace
        for trace in of_modes(named("two longs").scenario)[0].data
        if trace.showlegend is not False
    ]
    assert [(trace.name, trace.marker.symbol) for trace in drawn[2:]] == [
        ("cross is liquidated", "x"),
        ("an isolated position is liquidated", "diamond-open"),
    ]


def test_the_axis_reaches_what_the_title_states() -> None:
    legs = [long("RENDER", 40_000, 1.75, 10), long("FET", 30_000, 0.2231, 3)]
    far = account("binance", "cross", legs, 10_000, marks={"FET": 0.2231})
    found = curves(modes(far), together(far))
    assert found is not None
    last = min(reached.down or 0.0 for _, reached in found.liquidated_at)
    assert found.cross_reached.down is not None
    assert found.moves[0] <= 1.1 * min(last, found.cross_reached.down) or found.moves[0] == -1
    figure = figures.modes(found, modes(far))
    assert figure.layout.xaxis.range[0] == found.moves[0] * 100
    assert found.isolated[0] == pytest.approx(modes(far).isolated.free)


def test_money_on_the_axis_has_its_minus_before_the_dollar_and_none_is_below_nothing() -> None:
    axis = of_modes(named("liquidated").scenario)[0].layout.yaxis
    assert (axis.tickprefix, axis.tickformat) == (None, "$~s")
    assert axis.range[0] > -0.05 * axis.range[1]


def test_an_isolated_line_that_the_wallet_does_not_cover_says_so() -> None:
    short_of = account("binance", "cross", [long("RENDER", 20_000, 1.75)], 2_000)
    figure, alt = of_modes(short_of)
    assert figure.data[1].name == "isolated, with $1,500.00 more than the wallet holds"
    assert "isolated takes more than the wallet" in alt
    assert "set aside" not in alt


def test_hovering_says_what_each_mode_leaves_and_without_whom() -> None:
    hover = of_modes(named("two longs").scenario)[0].data[-1]
    told = dict(zip(hover.x.tolist(), hover.text.tolist(), strict=True))
    at = min(told, key=lambda move: abs(move + 15))
    assert told[at].endswith(
        "cross leaves $0.00 (liquidated)<br>isolated leaves $1,000.00, without RENDER long and "
        "FET long"
    )
    assert told[0.0] == "<b>0.00%</b><br>cross leaves $10,000.00<br>isolated leaves $10,000.00"


def test_the_axis_says_which_direction_and_shows_where_things_fall() -> None:
    scenario = named("two longs").scenario
    figure = of_modes(scenario, with_btc(scenario, {"RENDER": 1.66, "FET": 1.6}))[0]
    assert (
        figure.layout.xaxis.title.text
        == "BTC, the others by their beta to it, move from these marks"
    )
    low, high = figure.layout.xaxis.range
    assert low < -5.8
    assert high > 0


def test_of_fifty_positions_few_are_told_and_more_are_counted() -> None:
    alt = of_modes(named("fifty with long names").scenario)[1]
    assert alt.count("Isolated loses") == charts.SPOKEN
    assert "44 more positions can be lost" in alt


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("two longs", "Joint fall to liquidation: −1.23% (Hyperliquid) to −9.47% (Binance)"),
        ("short", "Joint rise to liquidation: +53.97% (Hyperliquid) to +55.27% (Binance)"),
        ("covered", "No joint move to +1,000% liquidates on Binance, Bybit, Hyperliquid and OKX"),
        ("no positions", "No positions: no venue requires anything"),
        ("isolated", "First loss in a joint fall: reached (Hyperliquid) to −9.24% (Bybit)"),
    ],
)
def test_the_title_of_the_venues_names_the_span(name: str, title: str) -> None:
    assert plain(of_venues(named(name).scenario)[0].layout.title.text) == title


def test_tables_of_one_day_name_who_lasts_longest() -> None:
    found = compared(named("short").scenario, "2026-09-29")
    assert (
        plain(figures.venues(found).layout.title.text)
        == "In a joint rise Binance lasts longest: +55.27%"
    )


@pytest.mark.parametrize(
    ("wallet", "quantity", "title"),
    [
        (1_500, 20_000, "In a joint rise Bybit lasts longest: +3.40%"),
        (
            10_900,
            571.43,
            "Joint rise to liquidation: +981.82% (Hyperliquid); none to +1,000% on 3 of 4",
        ),
    ],
)
def test_the_nearest_way_is_the_title_and_no_venue_lasts_that_is_not_reached(
    wallet: float, quantity: float, title: str
) -> None:
    found = compared(
        account("binance", "cross", [short("RENDER", quantity, 1.75)], wallet), "2026-09-29"
    )
    assert plain(figures.venues(found).layout.title.text) == title


def test_where_some_are_dead_and_the_others_out_of_reach_both_are_counted() -> None:
    [first, second, *_] = compared(
        account("binance", "cross", [long("RENDER", 1_000, 1.75, 1)], 1_900)
    ).lines
    dead = replace(first, assessment=first.assessment._replace(liquidated=True))
    title = charts.venues_finding(VenueComparison((dead, second)))
    assert title == "Liquidated at these marks on 1 of 2 venues, by no move to +1,000% elsewhere"


def test_an_isolated_row_says_that_a_position_is_lost() -> None:
    lost = account("binance", "isolated", [long("RENDER", 20_000, 2.1)], 5_000)
    assert (
        "Binance: a position is liquidated at these marks, tables of 2026-09-29"
        in of_venues(lost)[1]
    )


def test_a_venue_without_a_token_has_a_row_without_it_and_its_date() -> None:
    figure, alt = of_venues(named("two longs").scenario)
    rows = figure.data[-1].text.tolist()
    assert [row.split("</b>")[0] for row in rows] == [
        "<b>Binance",
        "<b>Bybit without FET",
        "<b>OKX without FET",
        "<b>Hyperliquid",
    ]
    assert all(" tables of 20" in row for row in rows)
    assert "Bybit without FET: −19.30%, tables of 2025-12-29." in alt


def test_what_is_survived_is_a_bar_from_fall_to_rise_and_a_dead_account_has_none() -> None:
    scenario = named("two longs").scenario
    found = compared(scenario)
    bars = figures.venues(found).data[0]
    starts = bars.x.reshape(-1, 3)[:, 0]
    assert starts[0] == pytest.approx(-9.46712, abs=1e-5)
    dead = of_venues(named("liquidated").scenario)[0]
    assert dead.data[0].x.reshape(-1, 3)[0, :2].tolist() == [0, 0]
    assert "liquidated at these marks" in dead.data[-1].text[0]


def test_a_liquidation_far_off_is_an_arrow_at_the_edge() -> None:
    figure = of_venues(named("near below, far above").scenario)[0]
    [arrows] = [trace for trace in figure.data if trace.name == "beyond the scale"]
    assert arrows.marker.symbol.tolist() == ["triangle-right"]
    low, high = figure.layout.xaxis.range
    assert all(low <= x <= high for x in arrows.x)
