"""The chart of how the margin balance is used."""

import numpy as np
import pytest

from margin.charts.layout import style
from margin.charts.margin_use import finding
from tests.charts import figures
from tests.charts.conftest import named

TITLES = {
    "two longs": "16.50% of the margin balance is required; $1,000.00 is free for new positions",
    "past danger": "82.50% of the margin balance is required; nothing is free for new positions",
    "isolated": "The positions hold $8,550.00 of margin; $3,450.00 is free for new positions",
    "liquidated": "Liquidated at these marks: $1,621.43 is required of a margin balance of $571.43",
    "negative equity": "Nothing is left, and $",
    "no tiers": "Not known: OKX has no tier table for FET",
    "no positions": "No positions: all of the $10,000.00 is free",
}


@pytest.mark.parametrize("name", TITLES)
def test_the_title_states_the_finding(name: str) -> None:
    assert finding(named(name).scenario).startswith(TITLES[name])


@pytest.mark.parametrize(
    "name", ["two longs", "ratio that falls", "long/short book", "ten", "covered", "past danger"]
)
def test_the_bars_add_up_to_the_assessment(name: str) -> None:
    account = named(name).account
    bars = figures.margin_use(named(name).scenario).data
    parts = np.array([bar.x for bar in bars if bar.name != "free"]).sum(axis=0)
    np.testing.assert_allclose(parts, [account.requirement, account.initial_margin], rtol=1e-12)
    free = np.array([bar.x for bar in bars if bar.name == "free"])[0]
    np.testing.assert_allclose(free, [account.headroom, account.available_balance], atol=1e-9)


def test_many_positions_are_the_largest_and_the_rest() -> None:
    bars = figures.margin_use(named("ten").scenario).data
    assert [bar.name for bar in bars][-2:] == ["4 others", "free"]
    assert len(bars) == 8


def test_no_two_positions_look_alike() -> None:
    bars = figures.margin_use(named("ten").scenario).data[:-1]
    assert len({(bar.marker.color, bar.marker.pattern.shape) for bar in bars}) == len(bars)


def test_a_token_keeps_its_colour_whatever_stands_beside_it_and_its_sides_differ() -> None:
    alone = style.token_looks(["RENDER"])["RENDER"]
    assert style.token_looks(["AKT", "BTC", "FET", "RENDER", "XYZ"])["RENDER"] == alone
    colour, pattern = style.look(alone, "long")
    assert style.look(alone, "short")[0] == colour
    assert style.look(alone, "short")[1] != pattern


@pytest.mark.parametrize("name", ["negative equity", "liquidated"])
def test_where_nothing_is_left_nothing_is_drawn_as_free(name: str) -> None:
    figure = figures.margin_use(named(name).scenario)
    assert "free" not in [bar.name for bar in figure.data]
    assert "short" in figure.layout.annotations[0].text


def test_negative_equity_is_in_the_picture() -> None:
    found = named("negative equity")
    figure = figures.margin_use(found.scenario)
    assert figure.layout.xaxis.range[0] < found.account.equity < 0
    assert figure.layout.shapes[0].x0 == found.account.equity
