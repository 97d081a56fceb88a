"""The map of two groups: its finding, its range, its lines, and what it says where one points."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
import plotly.io
import pytest

from margin.charts import style
from margin.charts.risk_map import (
    LEAST,
    MOST,
    POINTS,
    Cloud,
    CrashPoint,
    Reaches,
    finding,
    map_moves,
    risk_map,
    risk_map_alt,
)
from margin.studies.directions import Direction
from margin.studies.distances import NOWHERE, JointMove
from margin.studies.frontier import GroupRisk, RiskMap
from margin.studies.frontier import risk_map as computed
from pages.ui.scenario_rows import first_pair, groups, reaches
from tests.charts.conftest import Situation, leg, named, situation
from tests.charts.test_every_chart import plain, words

RISK = GroupRisk((1.07, 1.15), 0.82, ())
WEEK = Cloud(RISK, 7, "2024-07-27 to 2026-03-18")


class Drawn:
    """A map of a situation's first pair with everything on it."""

    def __init__(
        self,
        found: Situation,
        cloud: Cloud | None = WEEK,
        points: tuple[CrashPoint, ...] = (),
        **more: Any,
    ) -> None:
        choices = groups(found.scenario)
        pair = first_pair(found.scenario, choices)
        first, second = (choices[name] for name in pair) if pair else (Direction("a", "A", {}), Direction("b", "B", {}))
        self.reaches = reaches(found.scenario, first, second)
        self.moves = map_moves(self.reaches, cloud)
        self.map: RiskMap | None = computed(found.scenario, first, second, *self.moves)
        given = (self.map, self.reaches, found.scenario, found.account)
        self.title = finding(*given)
        self.figure: go.Figure = risk_map(*given, cloud, points, **more)
        self.alt = risk_map_alt(*given, cloud, points)

    def trace(self, name: str) -> Any:
        [found] = [each for each in self.figure.data if each.name == name]
        return found

    @property
    def labels(self) -> list[str]:
        return [label.text for label in self.figure.layout.annotations]


# The finding

TITLES = {
    "two longs": "RENDER −17.04 % or FET −21.30 % alone liquidates; together −9.47 %",
    "isolated": "RENDER −8.32 % or BTC +9.25 % alone loses a position; together −8.32 %",
    "near below, far above": "RENDER −0.49 % or FET +0.52 % alone liquidates; moving apart 0.25 %",
    "liquidated": "Liquidated at these marks",
    "no tiers": "Not known: OKX has no tier table for FET",
    "no positions": "No positions: no move can liquidate",
}


@pytest.mark.parametrize("name", TITLES)
def test_the_title_says_how_far_each_may_go_alone_and_both_at_once(name: str) -> None:
    assert Drawn(named(name)).title == TITLES[name]


@pytest.mark.parametrize(
    ("reached", "said"),
    [
        pytest.param((NOWHERE, NOWHERE, NOWHERE, NOWHERE), "Neither alone liquidates; nor do both at once", id="none"),
        pytest.param(
            (NOWHERE, NOWHERE, JointMove(-0.4, None), JointMove(-0.5, 0.6)),
            "Neither alone liquidates; together −40.00 %",
            id="only together",
        ),
        pytest.param(
            (JointMove(-0.3, 0.2), NOWHERE, JointMove(-0.4, None), JointMove(None, 0.1)),
            "RENDER +20.00 % alone liquidates; moving apart 10.00 %",
            id="one alone",
        ),
        pytest.param(
            (JointMove(-0.3, None), NOWHERE, NOWHERE, NOWHERE), "RENDER −30.00 % alone liquidates; both never", id="odd"
        ),
    ],
)
def test_every_kind_of_reach_has_its_words(reached: tuple[JointMove, ...], said: str) -> None:
    found = named("two longs")
    assert finding(Drawn(found).map, Reaches(*reached), found.scenario, found.account) == said


# The range


def test_today_and_every_near_liquidation_lie_on_the_map() -> None:
    first, second = Drawn(named("two longs")).moves
    assert len(first) == len(second) == POINTS
    assert first[0] < -0.1704 < 0 < first[-1]
    assert second[0] < -0.2130 < 0 < second[-1]


def test_a_far_liquidation_does_not_widen_the_map() -> None:
    far = Reaches(JointMove(-0.05, 9.0), JointMove(None, 0.9), JointMove(-0.04, None), NOWHERE)
    first, second = map_moves(far, None)
    assert (first[0], first[-1]) == (-LEAST, LEAST)
    assert (second[0], second[-1]) == (-LEAST, LEAST)


def test_the_second_side_goes_the_other_way_where_both_move_apart() -> None:
    apart = Reaches(NOWHERE, NOWHERE, NOWHERE, JointMove(-0.2, 0.3))
    first, second = map_moves(apart, None)
    np.testing.assert_allclose([first[0], first[-1]], [-0.26, 0.39])
    np.testing.assert_allclose([second[0], second[-1]], [-0.39, 0.26])


def test_the_map_reaches_two_standard_deviations_and_never_beyond_its_bounds() -> None:
    first, _ = map_moves(Reaches(*[NOWHERE] * 4), WEEK)
    sigma = 1.07 * np.sqrt(7 / 365)
    np.testing.assert_allclose([first[0], first[-1]], [np.exp(-2 * sigma) - 1, np.exp(2 * sigma) - 1])
    wild, _ = map_moves(Reaches(*[NOWHERE] * 4), Cloud(GroupRisk((50.0, 50.0), 0.0, ()), 30, ""))
    assert wild[0] >= -1
    assert wild[-1] == MOST


# The picture

DAYS = (
    CrashPoint("2025-10-10", -0.84, -0.76),
    CrashPoint("2025-02-24", -0.14, -0.139),
    CrashPoint("<b>mine</b>", 0.05, 0.05, filled=True),
)


def test_it_is_light_and_readable_in_every_situation(any_situation: Situation) -> None:
    drawn = Drawn(any_situation, points=DAYS)
    assert len(drawn.figure.data) <= 8
    for trace in drawn.figure.data:
        assert all(isinstance(part, np.ndarray) for part in (trace.x, trace.y))
    read = [*words(drawn.figure), drawn.alt]
    assert not [text for text in read if "nan" in text.lower() or "None" in text or "inf " in text]
    assert drawn.alt.startswith(plain(drawn.figure.layout.title.text))
    assert drawn.alt.endswith(".")
    assert max(map(len, drawn.figure.layout.title.text.split("<br>"))) <= style.NARROWEST


@pytest.mark.parametrize("shows", ["ratio", "headroom"])
def test_it_stays_small(shows: str) -> None:
    drawn = Drawn(named("two longs"), points=DAYS, shows=shows)
    assert len(plotly.io.to_json(drawn.figure, validate=False)) < 240_000


def test_the_colours_are_the_maps_figures() -> None:
    drawn = Drawn(named("two longs"))
    assert drawn.map is not None
    shown, known = drawn.figure.data[0].z, drawn.map.requirement_to_equity
    alive = np.nan_to_num(known, nan=9.0) <= 1
    np.testing.assert_allclose(shown[alive], known[alive] * 100, rtol=1e-6)
    assert np.all(shown[~alive] >= 100)
    money = Drawn(named("two longs"), shows="headroom").figure.data[0]
    np.testing.assert_allclose(money.z, drawn.map.headroom, rtol=1e-6, atol=1e-2)
    assert money.zmin == -money.zmax


@pytest.mark.parametrize("level", ["liquidation", "danger", "warning"])
def test_every_level_is_a_line_of_its_own_dash_with_its_name_on_it(level: str) -> None:
    drawn = Drawn(named("two longs"), points=DAYS)
    [label] = [label for label in drawn.labels if label.startswith(level)]
    trace = drawn.trace(label)
    assert drawn.map is not None
    points = np.concatenate(drawn.map.frontiers[level])
    drawn_points = np.column_stack([trace.x, trace.y])
    np.testing.assert_array_equal(drawn_points[np.isfinite(trace.x)], points * 100)
    assert trace.line.dash == {"liquidation": "solid", "danger": "dash", "warning": "dot"}[level]


def test_levels_that_lie_outside_the_map_have_no_line() -> None:
    drawn = Drawn(situation(1e6, [leg("RENDER", "long", 1_000, 1.75), leg("FET", "long", 1_000, 0.2231)]), None)
    assert {trace.name for trace in drawn.figure.data} == {None, "today"}
    assert drawn.title == "Neither alone liquidates; nor do both at once"


def test_the_ellipses_are_named_and_only_there_where_the_risk_is_known() -> None:
    drawn = Drawn(named("two longs"))
    ellipses = drawn.trace("1, 2, 3 σ within 7 days")
    assert np.isnan(ellipses.x).sum() == 3
    assert {"1 σ", "2 σ", "3 σ"} <= set(drawn.labels)
    assert "Within 7 days one standard deviation is 15.97 % of RENDER" in drawn.alt
    bare = Drawn(named("two longs"), None)
    assert not [label for label in bare.labels if "σ" in label]


def test_a_day_outside_the_map_is_an_arrow_at_its_edge_that_tells_the_truth() -> None:
    drawn = Drawn(named("two longs"), points=DAYS)
    days = drawn.trace("named days")
    assert list(days.marker.symbol) == ["diamond", "diamond-open", "triangle-sw"]
    assert days.x[2] == pytest.approx(drawn.moves[0][0] * 100)
    assert days.text[2] == "<b>2025-10-10</b><br>RENDER −84.00 %<br>FET −76.00 %"
    assert days.text[1].endswith("by beta, for want of figures")
    assert "2025-10-10: −84.00 % and −76.00 %" in drawn.alt


@pytest.mark.parametrize(
    ("place", "symbol"),
    [
        ((-0.9, 0.0), "triangle-left"),
        ((5.0, 0.0), "triangle-right"),
        ((0.0, 5.0), "triangle-up"),
        ((0.0, -0.9), "triangle-down"),
        ((5.0, 5.0), "triangle-ne"),
        ((0.01, 0.01), "diamond"),
    ],
)
def test_an_arrow_points_to_where_the_day_lies(place: tuple[float, float], symbol: str) -> None:
    drawn = Drawn(named("two longs"), points=(CrashPoint("day", *place),))
    assert list(drawn.trace("named days").marker.symbol) == [symbol]


def test_a_days_name_is_never_markup() -> None:
    text = Drawn(named("two longs"), points=DAYS).figure.to_json()
    assert "<b>mine" not in text
    assert "&lt;b&gt;mine" in text


def test_words_do_not_stand_on_each_other() -> None:
    many = tuple(CrashPoint(f"2025-01-{day:02d}", -0.1 - day / 1e4, -0.1) for day in range(1, 25))
    labels = [label for label in Drawn(named("two longs"), points=many).labels if label.startswith("2025")]
    assert 1 <= len(labels) <= 6


def test_pointing_anywhere_says_in_words_how_the_account_stands_there() -> None:
    drawn = Drawn(named("two longs"))
    assert drawn.map is not None
    targets = drawn.figure.data[-1]
    assert len(targets.text) <= 31 * 31
    corner = targets.text[0].split("<br>")
    assert corner[0].startswith("<b>RENDER −")
    assert corner[1].startswith("liquidated: $")
    best = targets.text[-1].split("<br>")
    assert best[1].startswith("below warning: ")
    assert best[2].endswith(" from liquidation")
    words_there = {text.split("<br>")[1].split(":")[0] for text in targets.text}
    assert words_there == {"liquidated", "below warning", "warning level"} | (words_there & {"danger level"})


def test_in_isolated_mode_the_words_speak_of_positions() -> None:
    drawn = Drawn(named("isolated"))
    told = "\n".join(drawn.figure.data[-1].text)
    assert "a position is lost: " in told
    assert "of the worst position's margin required" in told
    assert "position worst off" in drawn.figure.layout.xaxis.title.text
