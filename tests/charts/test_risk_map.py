"""The map of two groups: its finding, its range, its lines, and what it says where one points."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from margin.charts.layout import style
from margin.charts.layout.map_labels import GAP, LETTER, LINE, WIDTHS, Labels, Place
from margin.charts.risk_map import LEAST, MOST, POINTS, Cloud, finding, map_moves, risk_map_alt
from margin.market.price_moves import AI_TOKENS, betas_to_btc, crash_days
from margin.studies.distance.directions import Direction
from margin.studies.distance.distances import NOWHERE, JointMove
from margin.studies.distance.frontier import GroupRisk, RiskMap
from margin.studies.distance.frontier import risk_map as computed
from margin.studies.distance.groups import (
    DayPoint,
    Reaches,
    day_points,
    first_pair,
    groups,
    reaches,
)
from margin.studies.stress.crash_table import CrashDay, CrashRow, Gap, Instant, crash_rows
from margin.studies.stress.outcome import Outcome
from tests.charts import figures
from tests.charts.conftest import Situation, leg, named, situation
from tests.charts.figures import mapped
from tests.charts.test_every_chart import plain, words

RISK = GroupRisk((1.07, 1.15), 0.82, ())
WEEK = Cloud(RISK, 7, "2024-07-27 to 2026-03-18")


class Drawn:
    """A map of a situation's first pair with everything on it."""

    def __init__(
        self,
        found: Situation,
        cloud: Cloud | None = WEEK,
        points: tuple[DayPoint, ...] = (),
        **more: Any,
    ) -> None:
        choices = groups(found.scenario, AI_TOKENS)
        pair = first_pair(found.scenario, choices)
        first, second = (
            (choices[name] for name in pair)
            if pair
            else (Direction("a", "A", {}), Direction("b", "B", {}))
        )
        self.reaches = reaches(found.scenario, first, second)
        self.moves = map_moves(self.reaches, cloud)
        self.map: RiskMap | None = computed(found.scenario, first, second, *self.moves)
        given = (self.map, self.reaches, found.scenario)
        self.title = finding(*given)
        self.figure: go.Figure = mapped(*given, cloud, points, **more)
        self.alt = risk_map_alt(*given, cloud, points)

    def trace(self, name: str) -> Any:
        [found] = [each for each in self.figure.data if each.name == name]
        return found

    @property
    def labels(self) -> list[str]:
        return [label.text for label in self.figure.layout.annotations]


# The finding

TITLES = {
    "two longs": "RENDER −17.04% or FET −21.30% alone liquidates; together −9.47%",
    "isolated": "RENDER −8.32% or BTC +9.25% alone liquidates a position; together −8.32%",
    "near below, far above": "RENDER −0.49% or FET +0.52% alone liquidates; moving apart 0.25%, "
    "RENDER down",
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
        pytest.param(
            (NOWHERE, NOWHERE, NOWHERE, NOWHERE),
            "Neither alone liquidates; nor do both at once",
            id="none",
        ),
        pytest.param(
            (NOWHERE, NOWHERE, JointMove(-0.4, None), JointMove(-0.5, 0.6)),
            "Neither alone liquidates; together −40.00%",
            id="only together",
        ),
        pytest.param(
            (JointMove(-0.3, 0.2), NOWHERE, JointMove(-0.4, None), JointMove(None, 0.1)),
            "RENDER +20.00% alone liquidates; moving apart 10.00%, FET down",
            id="one alone",
        ),
        pytest.param(
            (JointMove(-0.3, None), NOWHERE, NOWHERE, NOWHERE),
            "RENDER −30.00% alone liquidates; both at once do not",
            id="odd",
        ),
    ],
)
def test_every_kind_of_reach_has_its_words(reached: tuple[JointMove, ...], said: str) -> None:
    found = named("two longs")
    assert finding(Drawn(found).map, Reaches(*reached), found.scenario) == said


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
    np.testing.assert_allclose(
        [first[0], first[-1]], [np.exp(-2 * sigma) - 1, np.exp(2 * sigma) - 1]
    )
    wild, _ = map_moves(Reaches(*[NOWHERE] * 4), Cloud(GroupRisk((50.0, 50.0), 0.0, ()), 30, ""))
    assert wild[0] >= -1
    assert wild[-1] == MOST


# The picture

ENDED = Outcome(-9_000.0, 1_000.0, None, None, -10_000.0, True, None, None)
LIVED = Outcome(9_000.0, 900.0, 0.1, 0.1, 8_100.0, False, None, None)


def day(
    name: str,
    first: float,
    second: float,
    here: Outcome = LIVED,
    whole: Outcome = LIVED,
    **more: Mapping[str, Gap],
) -> DayPoint:
    """A point that ends as told; a name that begins with a figure is a date."""
    made = CrashDay(*((name, "crash") if name[:1].isdigit() else ("", name)), {})
    instant = Instant({}, whole, 0.0)
    return DayPoint(
        CrashRow(made, instant, instant, (), (), (), ()),
        first,
        second,
        here,
        whole,
        "worst tick",
        **more,
    )


DAYS = (
    day("2025-10-10", -0.84, -0.76, ENDED, ENDED),
    day("2025-02-24", -0.14, -0.139),
    day("<b>mine</b>", 0.05, 0.05, gaps={"FET": "by beta"}),
)


def all_days(found: Situation, *, worst: bool = True) -> tuple[DayPoint, ...]:
    """Every crash day of the snapshot on the situation's map; none where it has no map."""
    choices = groups(found.scenario, AI_TOKENS)
    pair = first_pair(found.scenario, choices)
    if pair is None or Drawn(found).map is None:
        return ()
    rows = crash_rows(found.scenario, crash_days(), betas_to_btc())
    return tuple(day_points(rows, found.scenario, *(choices[name] for name in pair), worst=worst))


def rectangles(figure: go.Figure, width: float) -> list[tuple[float, float, float, float]]:
    """Where the words of a map of this width stand: left, low, right, high in pixels."""
    layout, found = figure.layout, []
    high = layout.height - layout.margin.t - layout.margin.b
    for label in layout.annotations:
        words = (
            label.text.replace("<b>", "")
            .replace("</b>", "")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
        )
        right = label.ax if label.showarrow else label.xshift
        up = -label.ay if label.showarrow else label.yshift
        x, y = (
            (at - side.range[0]) / (side.range[1] - side.range[0]) * size
            for at, side, size in ((label.x, layout.xaxis, width), (label.y, layout.yaxis, high))
        )
        left = (
            x + right - {"left": 0, "center": 0.5, "right": 1}[label.xanchor] * LETTER * len(words)
        )
        low = y + up - {"bottom": 0, "middle": 0.5, "top": 1}[label.yanchor] * LINE
        found.append((left, low, left + LETTER * len(words), low + LINE))
    return found


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
    assert figures.size(drawn.figure) < 240_000


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
    drawn = Drawn(
        situation(1e6, [leg("RENDER", "long", 1_000, 1.75), leg("FET", "long", 1_000, 0.2231)]),
        None,
    )
    assert {trace.name for trace in drawn.figure.data} == {None, "now"}
    assert drawn.title == "Neither alone liquidates; nor do both at once"


def test_the_ellipses_are_named_and_only_there_where_the_risk_is_known() -> None:
    drawn = Drawn(named("two longs"))
    ellipses = drawn.trace("1, 2, 3 σ within 7 days")
    assert np.isnan(ellipses.x).sum() == 3
    assert {"1 σ", "2 σ", "3 σ"} <= set(drawn.labels)
    assert "Within 7 days one standard deviation up is 15.97% of RENDER" in drawn.alt
    bare = Drawn(named("two longs"), None)
    assert not [label for label in bare.labels if "σ" in label]


def test_a_day_outside_the_map_is_an_arrow_at_its_edge_that_tells_the_truth() -> None:
    drawn = Drawn(named("two longs"), points=DAYS)
    days = drawn.trace("crash days")
    assert list(days.marker.symbol) == ["diamond", "diamond-open", "triangle-sw"]
    assert days.x[2] == pytest.approx(drawn.moves[0][0] * 100)
    assert days.text[2].startswith("<b>1 · 2025-10-10 crash</b><br>RENDER −84.00%, FET −76.00%<br>")
    assert "<br>(FET by beta)<br>" in days.text[1]
    assert (
        "2025-10-10: RENDER −84.00%, FET −76.00%, liquidated: $10,000.00 below what is required"
        in drawn.alt
    )
    assert "1 of 3 crash days liquidate at their worst tick" in drawn.alt


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
    drawn = Drawn(named("two longs"), points=(day("day", *place),))
    assert list(drawn.trace("crash days").marker.symbol) == [symbol]


def test_a_days_name_is_never_markup() -> None:
    text = Drawn(named("two longs"), points=DAYS).figure.to_json()
    assert "<b>mine" not in text
    assert "&lt;b&gt;mine" in text


def test_words_do_not_stand_on_each_other_at_any_width(any_situation: Situation) -> None:
    figure = Drawn(any_situation, points=all_days(any_situation)).figure
    for width in WIDTHS if figure.layout.annotations else ():
        boxes = rectangles(figure, width)
        assert min(box[0] for box in boxes) > -0.01
        assert max(box[2] for box in boxes) < width + 0.01
        for (one, a), (other, b) in combinations(
            zip(figure.layout.annotations, boxes, strict=True), 2
        ):
            apart = (
                a[2] + GAP <= b[0] + 0.01
                or b[2] + GAP <= a[0] + 0.01
                or a[3] <= b[1] + 0.01
                or b[3] <= a[1] + 0.01
            )
            assert apart, (one.text, other.text, width)


def test_of_two_places_alike_words_take_the_one_whose_line_crosses_no_other() -> None:
    sides = np.array([-1.0, 1.0])
    labels = Labels(sides, sides, 300, [(0.0, 0.0), (0.0, 0.2)])
    labels.write("first", [((0.0, 0.0), Place(0, 60, 0.5, 0.5))])
    over, clear = Place(-60, 1, 1, 0.5), Place(61, 1, 0, 0.5)
    labels.write("second", [((0.05, 0.1), over), ((0.05, 0.1), clear)])
    assert [each["xanchor"] for each in labels.annotations] == ["center", "left"]


def numbers_in(label: str) -> list[int]:
    """The numbers of the days that a label is of."""
    spans = label.split("</b>", maxsplit=1)[0][3:].split(", ") if label.startswith("<b>") else []
    ends = [span.split("–") for span in spans]
    return [number for some in ends for number in range(int(some[0]), int(some[-1]) + 1)]


@pytest.mark.parametrize("worst", [True, False])
@pytest.mark.parametrize(
    "name", ["two longs", "long/short book", "isolated", "near below, far above", "liquidated"]
)
def test_every_named_day_stands_on_the_map_with_its_number(name: str, worst: bool) -> None:
    points = all_days(named(name), worst=worst)
    drawn = Drawn(named(name), points=points)
    assert sorted(number for label in drawn.labels for number in numbers_in(label)) == list(
        range(1, len(points) + 1)
    )
    assert len(points) == len(crash_days())


def test_days_in_one_corner_share_their_label_and_one_with_room_bears_its_name() -> None:
    corner = (
        day("2025-10-10", -0.8, -0.8),
        day("2022-05-11", -0.7, -0.9),
        day("2025-11-07", 0.1, -0.1),
    )
    labels = Drawn(named("two longs"), points=corner).labels
    assert {"<b>1–2</b>", "<b>3</b> 2025-11-07"} <= set(labels)


def test_many_days_in_one_corner_are_counted_and_their_label_stays_short() -> None:
    corner = tuple(
        day(f"day {place}", *((-0.8, -0.8) if place % 3 else (0.01 * place, 0.2)))
        for place in range(1, 21)
    )
    [label] = [
        each
        for each in Drawn(named("two longs"), points=corner).figure.layout.annotations
        if "…" in each.text
    ]
    assert label.text == "<b>1–2, 4–5, 7–8, …</b>"
    assert label.hovertext.startswith(
        "<b>1 · day 1</b><br>RENDER −80.00%, FET −80.00%<br><b>2 · day 2</b><br>"
    )
    assert label.hovertext.endswith("<br>and 6 more")


def test_a_number_tells_when_pointed_at_what_its_marks_tell_also_where_they_lie_on_each_other() -> (
    None
):
    drawn = Drawn(named("two longs"), points=all_days(named("two longs")))
    told = dict(
        zip(range(1, 22), sorted(drawn.trace("crash days").text, key=number_of), strict=True)
    )
    for label in drawn.figure.layout.annotations:
        if label.text.startswith("<b>"):
            assert label.hovertext == "<br>".join(told[number] for number in numbers_in(label.text))


def number_of(told: str) -> int:
    return int(told.split(" · ", maxsplit=1)[0][3:])


def test_however_many_tokens_are_made_up_a_day_tells_them_in_one_short_line() -> None:
    many = {f"TOKEN{place}": "still" for place in range(50)}
    drawn = Drawn(
        named("two longs"), points=(day("2025-10-10", -0.1, -0.1, gaps=many, whole_gaps=many),)
    )
    assert max(map(len, drawn.trace("crash days").text[0].split("<br>"))) < 60


def test_a_day_that_finds_no_room_is_still_pointed_at_and_never_written_over_another() -> None:
    crowd = tuple(day(f"day {place}", -0.1 - place / 1e4, -0.1) for place in range(1, 301))
    drawn = Drawn(named("two longs"), points=crowd)
    assert 21 <= len([label for label in drawn.labels if label.startswith("<b>")]) < 300
    assert len(drawn.trace("crash days").text) == 300


@pytest.mark.parametrize(
    ("here", "whole", "told"),
    [
        (
            ENDED,
            ENDED,
            "<b>at the worst tick, here as on the whole day</b><br>liquidated: $10,000.00 below "
            "what is required"
            "<br>no equity left<br>margin balance −$9,000.00",
        ),
        (
            LIVED,
            ENDED,
            "<b>at this point of the map</b><br>survives: $8,100.00 from "
            "liquidation<br>margin used 10.00%"
            "<br>margin balance $9,000.00<br><b>on the whole day, at the worst "
            "tick</b><br>liquidated: $10,000.00 "
            "below what is required<br>no equity left<br>margin balance −$9,000.00<br>(TAO by "
            "beta)",
        ),
        (
            LIVED._replace(liquidated=True),
            LIVED._replace(liquidated=True),
            "<b>at the worst tick, here as on the whole day</b><br>liquidated before it got there"
            "<br>margin used 10.00%<br>margin balance $9,000.00",
        ),
    ],
)
def test_pointing_at_a_day_says_how_the_account_ends_there_and_on_the_whole_day(
    here: Outcome, whole: Outcome, told: str
) -> None:
    drawn = Drawn(
        named("two longs"),
        points=(day("2025-10-10", -0.1, -0.1, here, whole, whole_gaps={"TAO": "by beta"}),),
    )
    assert (
        drawn.trace("crash days").text[0]
        == f"<b>1 · 2025-10-10 crash</b><br>RENDER −10.00%, FET −10.00%<br>{told}"
    )


def test_in_isolated_mode_a_day_tells_how_many_positions_it_takes_and_what_they_leave() -> None:
    found = named("isolated")
    lost = LIVED._replace(positions_liquidated=1, equity_left=4_400.0, liquidated=True)
    safe = LIVED._replace(positions_liquidated=0, equity_left=9_100.0)
    drawn = Drawn(found, points=(day("2025-10-10", -0.1, 0.0, lost, safe),))
    told = drawn.trace("crash days").text[0]
    assert "1 of 2 positions lost<br>margin balance $4,400.00 after that" in told
    assert (
        "no position lost<br>worst off: requirement ÷ margin 10.00%<br>margin balance $9,100.00"
        in told
    )


def test_pointing_at_today_says_how_the_account_stands() -> None:
    [told] = Drawn(named("two longs")).trace("now").text
    assert told == "<b>now</b><br>safe: 16.50% of equity required<br>$8,350.00 from liquidation"
    [late] = Drawn(named("liquidated")).trace("now").text
    assert late.startswith("<b>now</b><br>liquidated: $")


def test_where_the_account_is_liquidated_today_no_point_promises_anything() -> None:
    told = Drawn(named("liquidated")).figure.data[-1].text
    assert all("liquidated" in each for each in told)
    assert not [each for each in told if "from liquidation" in each or "safe" in each]


def test_pointing_anywhere_says_in_words_how_the_account_stands_there() -> None:
    drawn = Drawn(named("two longs"))
    assert drawn.map is not None
    targets = drawn.figure.data[-1]
    assert len(targets.text) <= 31 * 31
    corner = targets.text[0].split("<br>")
    assert corner[0].startswith("<b>RENDER −")
    assert corner[1].startswith("liquidated: $")
    best = targets.text[-1].split("<br>")
    assert best[1].startswith("safe: ")
    assert best[2].endswith(" from liquidation")
    words_there = {text.split("<br>")[1].split(":")[0] for text in targets.text}
    assert words_there == {"liquidated", "safe", "warning level"} | (words_there & {"danger level"})


def test_in_isolated_mode_the_words_speak_of_positions() -> None:
    drawn = Drawn(named("isolated"))
    told = "\n".join(drawn.figure.data[-1].text)
    assert "a position is liquidated: " in told
    assert "of the worst position's margin required" in told
    assert all(
        ("were all still open" in each) == ("a position is liquidated" in each)
        for each in drawn.figure.data[-1].text
    )
    assert "position worst off" in drawn.figure.layout.xaxis.title.text
