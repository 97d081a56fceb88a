"""The chart of single liquidation prices."""

import numpy as np
import pytest

from margin.charts.liquidation import finding
from tests.charts import figures
from tests.charts.conftest import leg, named, situation

TITLES = {
    "two longs": "Nearest single liquidation price: RENDER, 17.04% below its mark",
    "short": "Nearest single liquidation price: BTC, 55.27% above its mark",
    "isolated": "Nearest liquidation price: RENDER long, 8.32% below its mark",
    "isolated, one lost": "RENDER long is liquidated at these marks",
    "covered": "No single price liquidates this account",
    "equal legs": "Nearest single liquidation price: RENDER, ",
    "liquidated": "Liquidated at these marks",
    "at the liquidation point": "At the liquidation point",
    "no tiers": "Not known: OKX has no tier table for FET",
    "no positions": "No positions: no price can liquidate",
}


@pytest.mark.parametrize("name", TITLES)
def test_the_title_names_the_nearest(name: str) -> None:
    assert finding(named(name).scenario).startswith(TITLES[name])


def rows(name: str) -> list[str]:
    figure = figures.liquidation_distances(named(name).scenario)
    return [text.replace("<b>", "").replace("</b>", "") for text in figure.data[-1].text]


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("two longs", "RENDER  1.4518 (−17.04%)"),
        ("covered", "RENDER  none: covered down to 0"),
        ("liquidated", "RENDER  liquidated"),
        ("no tiers", "RENDER  not known: a tier table is missing"),
        ("isolated, one lost", "RENDER long  liquidated"),
    ],
)
def test_a_row_gives_the_price_or_the_reason(name: str, first: str) -> None:
    assert rows(name)[0] == first


def test_the_points_are_the_assessments() -> None:
    found = named("long/short book")
    figure = figures.liquidation_distances(found.scenario)
    points = next(trace for trace in figure.data if trace.name == "liquidation")
    marks = found.scenario.market.marks
    apart = [
        100 * (price / marks[entry.symbol] - 1)
        for entry in found.account.liquidation_prices
        for price in (entry.below, entry.above)
        if price is not None
    ]
    np.testing.assert_allclose(sorted(points.x), sorted(apart), rtol=1e-12)


def test_rows_are_ordered_by_nearness() -> None:
    found = named("long/short book")
    figure = figures.liquidation_distances(found.scenario)
    points = next(trace for trace in figure.data if trace.name == "liquidation")
    assert list(np.abs(points.x)) == sorted(np.abs(points.x))
    assert list(points.y) == sorted(points.y, reverse=True)


def test_a_huge_distance_does_not_crush_the_near_ones() -> None:
    mixed = situation(
        900, [leg("RENDER", "long", 3_000, 1.75), leg("BTC", "short", 0.0005, 71_000)]
    )
    figure = figures.liquidation_distances(mixed.scenario)
    beyond = next(trace for trace in figure.data if trace.name == "beyond the scale")
    assert figure.layout.xaxis.range[1] < 600
    assert list(beyond.marker.symbol) == ["triangle-right"]
    assert "% above its mark" in beyond.text[0]


def test_the_height_grows_with_the_rows_up_to_a_limit() -> None:
    heights = [
        figures.liquidation_distances(named(name).scenario).layout.height
        for name in ("short", "long/short book", "ten", "fifty with long names")
    ]
    assert heights == sorted(set(heights))
    assert heights[-1] <= 1700


def test_a_hedge_has_one_row_and_both_entries() -> None:
    found = named("hedge")
    figure = figures.liquidation_distances(found.scenario)
    assert len(figure.data[-1].text) == 1
    assert len(next(trace for trace in figure.data if trace.name == "entry").x) == 2
