"""The chart of the joint move."""

import numpy as np
import pytest

from margin import charts
from margin import formatting as wording
from margin.charts.joint_move import finding
from tests.charts import figures
from tests.charts.conftest import TWO_LONGS, Situation, named, situation

TITLES = {
    "two longs": "A joint fall of 9.47% liquidates the account",
    "two longs, after a joint fall": "A joint fall of a further 4.70% liquidates the account",
    "short": "A joint rise of 55.27% liquidates the account",
    "covered": "No joint move from −100% to +1,000% liquidates this account",
    "isolated": "A joint fall of 8.32% or rise of 9.25% liquidates the first position",
    "isolated, one lost": "RENDER long is liquidated at these marks",
    "liquidated": "Liquidated at these marks",
    "negative equity": "Liquidated at these marks",
    "at the liquidation point": "At the liquidation point",
    "no tiers": "Not known: OKX has no tier table for FET",
    "no positions": "No positions: no joint move can liquidate",
}


@pytest.mark.parametrize("name", TITLES)
def test_the_title_states_the_finding(name: str) -> None:
    found = named(name)
    assert finding(found.curve, found.scenario) == TITLES[name]


def test_after_a_rise_a_fall_is_measured_from_here() -> None:
    risen = situation(
        10_000,
        TWO_LONGS,
        marks={"RENDER": 1.75 * 1.1, "FET": 0.2231 * 1.1},
        baseline_marks={"RENDER": 1.75, "FET": 0.2231},
    )
    assert finding(risen.curve, risen.scenario).endswith("% from here liquidates the account")


def drawn(found: Situation) -> tuple[np.ndarray, ...]:
    figure = figures.joint_move(found.curve, found.scenario)
    return tuple(figure.data)


@pytest.mark.parametrize(
    "name", ["two longs", "ratio that falls", "isolated", "short", "long/short book"]
)
def test_the_marked_points_are_the_studys(name: str) -> None:
    found = named(name)
    marks = drawn(found)[2]
    curve = found.curve
    assert curve is not None
    reached = [
        move
        for level in (curve.liquidation, curve.danger, curve.warning)
        for move in level
        if move is not None
    ]
    np.testing.assert_allclose(sorted(marks.x), sorted(move * 100 for move in reached), rtol=1e-12)
    for move, text in zip(marks.x, marks.text, strict=True):
        assert text.startswith(wording.percent(move / 100, sign=True))


def test_the_line_is_solid_only_between_the_liquidation_points() -> None:
    found = named("isolated")
    assert found.curve is not None
    alive, (down, up) = drawn(found)[1], found.curve.liquidation
    assert alive.x[0] == pytest.approx(100 * (down or 0))
    assert alive.x[-1] == pytest.approx(100 * (up or 0))


@pytest.mark.parametrize("name", ["liquidated", "negative equity"])
def test_a_dead_account_has_no_solid_line_and_no_marks_at_no_move(name: str) -> None:
    _, alive, marks, _ = drawn(named(name))
    assert not len(alive.x)
    assert not len(marks.x)


def test_an_account_that_the_baseline_would_have_lost_is_solid_where_it_lives() -> None:
    saved = situation(
        500, [TWO_LONGS[0]], marks={"RENDER": 1.75 * 1.2}, baseline_marks={"RENDER": 1.75}
    )
    alive = drawn(saved)[1]
    assert not saved.account.liquidated
    assert alive.x[0] < 20 <= alive.x[-1]


def test_levels_already_passed_are_not_marked() -> None:
    assert len(drawn(named("past danger"))[2].x) == 1


def test_levels_close_together_share_a_label_on_the_axis() -> None:
    found = named("levels close together")
    axis = figures.joint_move(found.curve, found.scenario).layout.yaxis
    assert list(axis.ticktext) == ["100% liquidation<br>95% danger<br>90% warning", "0%"]


def test_the_hover_tells_the_venues_own_ratio() -> None:
    found = named("ratio that falls")
    lines = [text for text in drawn(found)[0].text if text.startswith("<b>0.00%</b>")]
    ratio = wording.percent(found.account.margin_ratio.value)
    assert (
        f"Margin ratio {ratio}<br>margin balance {wording.money(found.account.equity)}" in lines[0]
    )


def test_a_far_liquidation_is_an_arrow_at_the_edge() -> None:
    found = named("near below, far above")
    figure = figures.joint_move(found.curve, found.scenario)
    low, high = figure.layout.xaxis.range
    down, up = found.account.joint_move
    assert (down or 0) * 100 > low
    assert (up or 0) * 100 > high
    arrow = list(figure.data[2].marker.symbol).index("triangle-right")
    assert figure.data[2].x[arrow] == high
    assert figure.data[2].text[arrow] == wording.percent(up, sign=True)


def test_the_words_say_where_the_levels_lie() -> None:
    found = named("two longs")
    said = charts.joint_move_alt(found.curve, found.scenario)
    assert "Now 16.50% of the margin balance is required" in said
    assert "Liquidation (100%) is met at −9.47% from these marks" in said
