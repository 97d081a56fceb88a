"""The chart of crash days: its finding, its rows, and that its points are the study's."""

import numpy as np
import plotly.graph_objects as go
import pytest

from margin.charts.crashes import crashes_alt, finding
from margin.charts.layout import rows as rows_of_bars
from margin.charts.layout import style
from margin.market.price_moves import betas_to_btc, crash_days
from margin.studies.stress.crash_table import CrashDay, CrashRow, TokenMove, crash_rows, survived
from tests.charts.conftest import Situation, named
from tests.charts.figures import crashed
from tests.charts.test_every_chart import plain, words


def rows(found: Situation, *days: CrashDay) -> list[CrashRow]:
    return crash_rows(found.scenario, days or crash_days(), betas_to_btc())


def drawn(found: Situation, *days: CrashDay) -> go.Figure:
    return crashed(rows(found, *days), found.scenario)


def own(name: str, **moves: float) -> CrashDay:
    return CrashDay("", name, {token: TokenMove(move, move, move) for token, move in moves.items()})


TITLES = {
    "two longs": "4 of 21 days survived; by their closes alone it looks like 9",
    "isolated": "3 of 21 days survived without losing a position; by their closes alone it looks "
    "like 7",
    "isolated, one lost": "RENDER long is liquidated at these marks",
    "covered": "21 of 21 days survived",
    "liquidated": "Liquidated at these marks",
    "no tiers": "Not known: OKX has no tier table for FET",
    "no positions": "No positions: no day can liquidate",
}


@pytest.mark.parametrize("name", TITLES)
def test_the_title_counts_the_days_survived(name: str) -> None:
    found = named(name)
    assert finding(rows(found), found.scenario) == TITLES[name]


def test_without_days_there_is_nothing_to_count() -> None:
    found = named("two longs")
    assert finding([], found.scenario) == "No day is chosen"
    assert crashed([], found.scenario).data == ()


def test_it_is_light_and_readable_in_every_situation(any_situation: Situation) -> None:
    figure = drawn(any_situation)
    alt = crashes_alt(rows(any_situation), any_situation.scenario)
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


def test_the_bars_are_the_headroom_at_the_worst_tick_the_worst_first() -> None:
    found = named("two longs")
    expected = sorted(row.worst.outcome.headroom or 0.0 for row in rows(found))
    figure = drawn(found)
    points = [trace for trace in figure.data if trace.name and trace.name.startswith("worst tick")]
    placed = sorted((-y, x) for trace in points for x, y in zip(trace.x, trace.y, strict=True))
    np.testing.assert_array_equal([x for _, x in placed], expected)


def test_the_dead_and_the_living_are_told_apart_by_symbol_and_name() -> None:
    found = named("two longs")
    traces = {trace.name: trace for trace in drawn(found).data}
    assert (len(traces["worst tick, liquidated"].x), len(traces["worst tick, survived"].x)) == (
        17,
        4,
    )
    assert (
        traces["worst tick, liquidated"].marker.symbol
        != traces["worst tick, survived"].marker.symbol
    )
    assert survived(rows(found)) == (4, 9)


def test_a_day_says_how_it_ends_at_both_instants() -> None:
    found = named("two longs")
    figure = drawn(found, own("mild", RENDER=-0.01, FET=-0.01), own("hard", RENDER=-0.3, FET=-0.3))
    names = [text.replace("<b>", "").replace("</b>", "") for text in figure.data[-1].text]
    assert names == ["hard  liquidated, −$18,110.00", "mild  survived, +$7,468.00"]
    close = next(trace for trace in figure.data if trace.name == "close")
    assert close.text[1].split("<br>") == [
        "<b>mild</b>",
        "close: survived",
        "margin balance $9,100.00",
        "margin used 17.93%",
        "headroom $7,468.00",
    ]
    assert "no equity left" in close.text[0]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("two longs", "close: would stand again, had it not been liquidated before"),
        ("isolated", "close: 1 position would stand again, had it not been lost before"),
    ],
)
def test_a_day_that_the_worst_tick_ends_is_not_said_to_be_survived_at_its_close(
    name: str, said: str
) -> None:
    day = CrashDay("", "mine", {"RENDER": TokenMove(-0.01, -0.5, 0.0), "FET": TokenMove(0, 0, 0)})
    figure = drawn(named(name), day)
    [told] = next(trace for trace in figure.data if trace.name == "close").text
    assert told.split("<br>")[1] == said
    assert figure.layout.title.text.startswith("0 of 1 days survived")


def test_zero_is_marked_at_the_bars_alone() -> None:
    figure = drawn(named("two longs"))
    zeros = next(trace for trace in figure.data if trace.name == "0")
    assert not figure.layout.xaxis.zeroline
    assert set(zeros.x) == {0.0}
    assert list(zeros.y) == [rows_of_bars.BAR - row for row in range(21)]


def test_a_name_that_a_person_gave_is_never_markup() -> None:
    found = named("two longs")
    figure = drawn(found, own("<img src=x>" * 4, RENDER=-0.1))
    assert "<img" not in figure.to_json()
    assert "&lt;img src=x&gt;" in figure.data[-1].text[0]
    assert "…" in figure.data[-1].text[0]


def test_the_height_grows_with_the_days() -> None:
    found = named("two longs")
    few, many = drawn(found, own("a", FET=0.1)), drawn(found)
    assert few.layout.height < many.layout.height


def test_isolated_positions_that_are_lost_are_counted_and_what_they_leave_is_told() -> None:
    """RENDER's margin is 5,000 of a wallet of 12,000.

    The short of BTC, entered at 71,000, is told beside it.
    """
    found = named("isolated")
    figure = drawn(found, own("hard", RENDER=-0.5, BTC=0.0))
    assert figure.data[-1].text[0].startswith("<b>hard</b>  1 position lost, −$")
    [told] = [
        trace.text[0].split("<br>")
        for trace in figure.data
        if trace.name == "worst tick, position lost"
    ]
    assert told[1] == "worst tick: 1 position lost"
    assert told[2] == "margin balance $6,898.55"
    assert told[3] == "no equity left, position worst off"
    assert told[4].endswith(", position worst off")
