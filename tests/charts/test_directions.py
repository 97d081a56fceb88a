"""The chart of directions: its finding, its rows, and that its points are the study's."""

from math import copysign

import numpy as np
import plotly.graph_objects as go
import pytest

from margin.charts.directions import directions_alt, finding
from margin.charts.layout import style
from margin.market.price_moves import AI_TOKENS, betas_to_btc
from margin.studies.distance.directions import DirectionResult, every, ranked, study
from tests.charts.conftest import Situation, named
from tests.charts.figures import directed
from tests.charts.test_every_chart import plain, words


def results(found: Situation) -> list[DirectionResult]:
    return ranked(study(found.scenario, every(found.scenario, AI_TOKENS, betas_to_btc()), ()))


def drawn(found: Situation) -> go.Figure:
    return directed(results(found), found.scenario)


def told(name: str) -> str:
    return finding(results(named(name)), named(name).scenario)


TITLES = {
    "two longs": "Nearest: Everything together, −9.47%",
    "long/short book": "Nearest: Everything against the account, −7.0",
    "isolated": "Nearest: Everything together, −8.32%",
    "isolated, one lost": "RENDER long is liquidated at these marks",
    "covered": "No direction liquidates this account",
    "liquidated": "Liquidated at these marks",
    "at the liquidation point": "At the liquidation point",
    "no tiers": "Not known: OKX has no tier table for FET",
    "no positions": "No positions: no direction can liquidate",
}


@pytest.mark.parametrize("name", TITLES)
def test_the_title_names_the_nearest(name: str) -> None:
    assert told(name).startswith(TITLES[name])


def test_a_direction_that_liquidates_nowhere_says_none() -> None:
    found = named("covered")
    assert directions_alt(results(found), found.scenario).endswith("RENDER alone: none.")


def test_it_is_light_and_readable_in_every_situation(any_situation: Situation) -> None:
    figure, found = drawn(any_situation), results(any_situation)
    alt = directions_alt(found, any_situation.scenario)
    assert len(figure.data) <= 8
    assert all(
        isinstance(trace.x, np.ndarray) and isinstance(trace.y, np.ndarray) for trace in figure.data
    )
    read = [*words(figure), alt]
    assert not [text for text in read if "nan" in text.lower() or "None" in text or "inf " in text]
    assert alt.startswith(plain(figure.layout.title.text))
    assert alt.endswith(".")
    assert max(map(len, figure.layout.title.text.split("<br>"))) <= style.NARROWEST
    assert figure.layout.height <= 1700


@pytest.mark.parametrize("level", ["liquidation", "danger", "warning"])
def test_the_points_are_the_largest_price_change_that_the_studys_moves_ask(level: str) -> None:
    found = named("long/short book")
    points = next(trace for trace in drawn(found).data if trace.name == level)
    low, high = drawn(found).layout.xaxis.range
    moves = [
        100 * copysign(result.direction.change(result.token, move), move)
        for result in results(found)
        for move in getattr(result, level)
        if move
    ]
    np.testing.assert_allclose(
        sorted(points.x), sorted(move for move in moves if low <= move <= high), rtol=1e-12
    )


def test_rows_stand_in_the_order_of_the_ranking_and_say_their_distances() -> None:
    rows = [
        text.replace("<b>", "").replace("</b>", "")
        for text in drawn(named("two longs")).data[-1].text
    ]
    assert rows[0] == "Everything together  −9.47%"
    assert rows[3] == "BTC, the others by their beta to it  −5.80% (takes RENDER to −9.64%)"
    assert rows[-1] == "FET alone  −21.30%"


def test_a_point_says_where_prices_then_stand() -> None:
    liquidation = next(
        trace for trace in drawn(named("two longs")).data if trace.name == "liquidation"
    )
    assert liquidation.text[3].split("<br>")[1:] == [
        "liquidation at −5.80%",
        "RENDER −9.64%",
        "FET −9.26%",
        "BTC −5.80%",
    ]


def test_a_level_that_is_passed_already_is_not_drawn() -> None:
    figure = drawn(named("past danger"))
    assert "liquidation" in {trace.name for trace in figure.data}
    assert not {"warning", "danger"} & {trace.name for trace in figure.data}


def test_a_far_liquidation_becomes_an_arrow_and_does_not_crush_the_near_ones() -> None:
    figure = drawn(named("near below, far above"))
    beyond = next(trace for trace in figure.data if trace.name == "beyond the scale")
    assert set(beyond.marker.symbol) == {"triangle-right"}
    assert figure.layout.xaxis.range[1] < 60


def test_the_height_grows_with_the_rows() -> None:
    heights = [drawn(named(name)).layout.height for name in ("short", "long/short book", "ten")]
    assert heights == sorted(set(heights))


def test_many_rows_are_told_by_their_number() -> None:
    found = named("ten")
    assert directions_alt(results(found), found.scenario).endswith(". 6 more.")
