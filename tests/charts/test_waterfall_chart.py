"""The chart of an account on its way.

Equity against requirement, with what the venue and the stops do marked.
"""

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from margin import formatting as wording
from margin.charts.layout import style
from margin.charts.layout.waterfall_labels import CHARACTER, LABEL_HEIGHT, Box, Label, Plot, placed
from margin.charts.waterfall import waterfall_alt
from margin.model.scenario import Scenario
from margin.studies.liquidation.conduct import Conduct, MarginStop
from margin.studies.liquidation.path import Path
from margin.studies.liquidation.waterfall import Waterfall, waterfall
from margin.text.liquidation import PathMove, does, finding
from tests.charts import figures
from tests.charts.conftest import named
from tests.charts.figures import drawn_waterfall as draw
from tests.studies.accounts import account, long, scenarios

FALL = PathMove("Move from these marks", -0.2)
STOP = Conduct(stop=MarginStop(0.6, 0.9))


class Case(NamedTuple):
    found: Waterfall
    way: PathMove
    without: Waterfall | None = None

    @property
    def figure(self) -> go.Figure:
        return draw(self.found, self.way, self.without)


def along(scenario: Scenario, move: float, conduct: Conduct | None = None) -> Waterfall:
    found = waterfall(
        scenario,
        Path.along(scenario.market.marks, dict.fromkeys(scenario.tokens, 1.0), move),
        conduct,
    )
    assert found is not None
    return found


def case(name: str, move: float = -0.2, conduct: Conduct | None = None) -> Case:
    """A situation on a joint move, with the run without stops where there are any."""
    scenario = named(name).scenario
    without = along(scenario, move) if conduct and conduct.has_stops else None
    return Case(along(scenario, move, conduct), PathMove(FALL.name, move), without)


CASES = {
    "liquidated": case("two longs"),
    "partly liquidated": case("two longs", -0.095),
    "not liquidated": case("covered"),
    "with stops": case("two longs", conduct=STOP),
    "stopped late": case("two longs", conduct=Conduct(stop=MarginStop(0.8, 0.5), gap=0.05)),
    "stopped in time": case("two longs", -0.1, STOP),
    "isolated": case("isolated", -0.3, STOP),
    "at once": case("liquidated"),
    "below nothing": case("negative equity"),
    "upwards": case("short", 1.0),
    "nothing moves": case("two longs", 0.0),
    "tiny": case("tiny"),
    "huge": case("huge", 0.5),
    "fifty": case("fifty with long names", -0.5, STOP),
}


@pytest.fixture(params=CASES)
def any_case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def words(figure: go.Figure) -> Iterator[str]:
    yield figure.layout.title.text
    for trace in figure.data:
        for part in (trace.text, trace.name):
            yield from [] if part is None else map(str, np.atleast_1d(part))


TITLES = {
    "liquidated": "Liquidation from −9.47% on: $0.00 of $10,000.00 kept",
    "partly liquidated": "Liquidation from −9.47% on: $863.34 of $10,000.00 kept",
    "not liquidated": "Nothing is liquidated on this path: $48,500.00 of $50,250.00 left",
    "stopped in time": "The stops close in time, nothing is liquidated: $1,941.81 of "
    "$10,000.00 kept",
    "at once": "Liquidation at once: $0.00 of $571.43 kept",
    "nothing moves": "Nothing is liquidated on this path: $10,000.00 of $10,000.00 left",
}


@pytest.mark.parametrize("name", TITLES)
def test_the_title_says_where_liquidation_begins_and_what_is_kept(name: str) -> None:
    assert finding(CASES[name].found, CASES[name].way) == TITLES[name]


def test_no_axis_can_be_zoomed_so_that_no_button_covers_the_title() -> None:
    axes = (CASES["liquidated"].figure.layout.xaxis, CASES["liquidated"].figure.layout.yaxis)
    assert [axis.fixedrange for axis in axes] == [True, True]
    assert (axes[1].tickprefix, axes[1].tickformat) == (None, "$~s"), "the sign stands before the $"


def test_a_stop_that_fills_beyond_what_there_is_is_no_liquidation() -> None:
    legs = [long("RENDER", 1_000, 1.75), long("TAO", 10, 272.71, 3)]
    late = along(
        account("textbook", "isolated", legs),
        -0.5,
        Conduct(price_stops={("RENDER", "long"): 1.66}, gap=0.2),
    )
    assert [step.kind for step in late.steps][:2] == ["price_stop", "settled"]
    closed = next(step for step in late.steps if step.kind == "closed")
    assert late.first_liquidation == closed.t > late.steps[1].t
    alone = along(
        account("textbook", "cross", legs[:1], 100),
        -0.5,
        Conduct(price_stops={("RENDER", "long"): 1.72}, gap=0.5),
    )
    assert alone.first_liquidation is None
    assert finding(alone, FALL) == "The stops fill too late: $0.00 of $100.00 kept"


def test_a_path_without_a_move_is_told_by_parts_of_the_way() -> None:
    way = PathMove("Way to the worst tick")
    found = CASES["liquidated"].found
    assert finding(found, way).startswith("Liquidation from 47.34% of the way on: ")
    assert draw(found, way).layout.xaxis.title.text == "Way to the worst tick"
    assert way.at(0.5) == "50.00%"


def test_it_is_light_and_readable(any_case: Case) -> None:
    figure, alt = any_case.figure, waterfall_alt(*any_case)
    assert len(figure.data) <= 8
    for trace in figure.data:
        assert isinstance(trace.x, np.ndarray)
        assert isinstance(trace.y, np.ndarray)
    assert not [
        text
        for text in [*words(figure), alt]
        if "nan" in text.lower() or "None" in text or "inf " in text
    ]
    title = figure.layout.title.text
    assert alt.startswith(title.replace("<br>", " ").replace("\u00a0", " "))
    assert alt.endswith(".")
    assert max(map(len, title.split("<br>"))) <= style.NARROWEST
    assert figures.size(figure) < 80_000


def line(figure: go.Figure, name: str) -> Any:
    [found] = [trace for trace in figure.data if trace.name == name]
    return found


def test_both_lines_are_the_studys_with_even_points_between(any_case: Case) -> None:
    figure, found, way = any_case.figure, any_case.found, any_case.way
    suffix = "" if any_case.without is None else ", with stops"
    for name, values in (("equity", found.equity), ("requirement", found.requirement)):
        drawn = line(figure, f"{name}{suffix}")
        own = np.isin(drawn.x, found.t * way.scale)
        np.testing.assert_array_equal(drawn.x[own], found.t * way.scale)
        np.testing.assert_array_equal(drawn.y[own], values)
        assert (np.diff(drawn.x / way.scale) >= 0).all()
        np.testing.assert_allclose(
            drawn.y[~own], np.interp(drawn.x[~own] / way.scale, found.t, values)
        )


def test_a_liquidation_is_a_vertical_drop_at_its_point() -> None:
    found, way, _ = CASES["liquidated"]
    equity = line(CASES["liquidated"].figure, "equity")
    [first] = [step for step in found.steps if step.kind == "reduced" and step.symbol == "RENDER"]
    drop = equity.y[equity.x == first.t * way.scale]
    np.testing.assert_allclose(drop, [first.before.equity, first.after.equity])


def test_every_step_that_trades_has_a_mark_on_the_line_of_equity(any_case: Case) -> None:
    figure, found, way = any_case.figure, any_case.found, any_case.way
    marks = [trace for trace in figure.data if trace.mode == "markers"]
    at = {
        step.t * way.scale
        for step in found.steps
        if step.kind not in ("orders_cancelled", "stopped", "settled")
    }
    assert {x for trace in marks for x in trace.x} == at
    for trace in marks:
        for x, y in zip(trace.x, trace.y, strict=True):
            assert y == found.equity[np.flatnonzero(found.t * way.scale == x)[0]]


def test_with_stops_and_without_are_told_apart_by_dash_and_by_name() -> None:
    figure = CASES["with stops"].figure
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    assert {trace.name for trace in lines} == {
        f"{what}, {which} stops"
        for what in ("equity", "requirement")
        for which in ("with", "without")
    }
    assert len({trace.line.dash for trace in lines}) == 4


def labels(figure: go.Figure) -> list[str]:
    return [text for text in figure.data[-1].text if text]


def test_liquidation_points_the_stop_and_both_ends_are_labelled() -> None:
    late = case("two longs", conduct=Conduct(stop=MarginStop(0.8, 0.5)))
    assert labels(late.figure) == [
        "liquidation −11.23%",
        "without stops −9.47%",
        "stop −9.05%",
        "$0.00 kept",
    ]
    in_time = ["without stops −9.47%", "stop −8.33%", "$1,941.81 kept", "$0.00 without stops"]
    assert labels(CASES["stopped in time"].figure) == in_time
    assert labels(CASES["not liquidated"].figure) == ["$48,500.00 left"]


def boxes(figure: go.Figure) -> list[Box]:
    """What each label takes of the plot on a narrow screen, as it is drawn."""
    drawn, end, (low, high) = (
        figure.data[-1],
        figure.layout.xaxis.range[1],
        figure.layout.yaxis.range,
    )
    found = []
    for x, y, text, side in zip(
        drawn.x / end, (drawn.y - low) / (high - low), drawn.text, drawn.textposition, strict=True
    ):
        if text:
            left = x if side.endswith("right") else x - CHARACTER * len(text)
            bottom = y if side.startswith("top") else y - LABEL_HEIGHT
            found.append(Box(left, left + CHARACTER * len(text), bottom, bottom + LABEL_HEIGHT))
    return found


def test_labels_stand_in_the_plot_and_on_no_other(any_case: Case) -> None:
    found = boxes(any_case.figure)
    assert all(box.inside for box in found)
    assert not [pair for pair in itertools.combinations(found, 2) if pair[0].meets(pair[1])]


def test_words_keep_off_a_line_where_there_is_room_and_say_by_a_thin_one_where_they_belong() -> (
    None
):
    plot, label = Plot(10.0, 0.0, 1.0), Label(2.0, 0.5, "stop", "x", style.WARNING)
    nothing, line = np.empty((0, 2)), np.column_stack([np.linspace(0, 1, 50), np.full(50, 0.55)])
    assert [(place.side, place.line) for place in placed([label], plot, nothing)] == [
        ("top right", 0)
    ]
    [kept_off] = placed([label], plot, line)
    assert (kept_off.side, kept_off.line) == ("top right", 1)
    everywhere = np.stack(
        np.meshgrid(np.linspace(0, 1, 80), np.linspace(0, 1, 80)), axis=-1
    ).reshape(-1, 2)
    assert placed([label], plot, everywhere)[0].line == 0
    late = CASES["stopped late"].figure
    assert {shape.x0 for shape in late.layout.shapes} <= set(late.data[-1].x)


def test_the_way_is_shown_to_its_end_as_long_as_something_is_open() -> None:
    for name in ("partly liquidated", "not liquidated", "stopped in time"):
        assert abs(CASES[name].figure.layout.xaxis.range[1]) > abs(CASES[name].way.scale)
    closed = case("two longs", -0.8)
    last = closed.found.steps[-1].t * closed.way.scale
    assert closed.figure.layout.xaxis.range[1] == pytest.approx(2 * 1.03 * last)


def test_pointing_at_a_jump_tells_both_sides_and_what_happened() -> None:
    found, way, _ = CASES["liquidated"]
    equity = line(CASES["liquidated"].figure, "equity")
    texts = {
        text
        for x, text in zip(equity.x, equity.text, strict=True)
        if x == found.steps[0].t * way.scale
    }
    assert texts == {
        "<b>−9.47%</b><br>equity $1,479.59 → $880.45<br>requirement $1,479.59 → $792.41<br>"
        "open orders are cancelled<br>RENDER long is reduced<br>liquidation stops"
    }
    assert equity.text[0] == "<b>the start</b><br>equity $10,000.00<br>requirement $1,650.00"


def test_a_stop_that_closes_a_part_is_no_closing() -> None:
    steps = [does(step) for step in CASES["stopped in time"].found.steps]
    assert steps == [
        "RENDER long is reduced by your margin stop",
        "FET long is reduced by your margin stop",
    ]


def test_the_words_for_those_who_do_not_see_it_tell_the_first_steps_and_both_ends() -> None:
    alt = waterfall_alt(*CASES["stopped in time"])
    assert "−8.33%: RENDER long is reduced by your margin stop. " in alt
    assert alt.endswith(f"At the end equity is {wording.money(1941.81)}, without stops $0.00.")
    assert "more steps" in waterfall_alt(*CASES["fifty"])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    scenarios(),
    st.sampled_from([-1.0, -0.3, -0.01, 0.0, 0.2, 3.0]),
    st.sampled_from([Conduct(), STOP, Conduct(gap=1.0, stop=MarginStop(0.9, 1.0))]),
)
def test_any_account_on_any_path_is_drawn(
    scenario: Scenario, move: float, conduct: Conduct
) -> None:
    found, bare = along(scenario, move, conduct), along(scenario, move)
    figure = draw(found, PathMove(FALL.name, move), bare if conduct.has_stops else None)
    assert not [text for text in words(figure) if "nan" in text.lower() or "inf " in text]
    assert all(np.isfinite(trace.y).all() for trace in figure.data)
