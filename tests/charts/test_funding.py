"""The charts of what holding one perpetual has cost in funding."""

import re

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.charts.funding import (
    HOUR,
    Distribution,
    Times,
    distribution_finding,
    funding_distribution_alt,
    funding_finding,
    funding_history_alt,
)
from margin.charts.layout import style
from margin.engine.numbers import Array
from margin.market.snapshot import embedded as snapshot
from tests.charts import figures
from tests.charts.figures import funding_distribution, funding_history

START = 1_770_000_000_000
"""2026-02-02 02:40 UTC."""
History = tuple[Times, Array, float | None]


def history(rates: list[float], hours: float | None = 4.0, every: float = 4.0) -> History:
    times = START + (np.arange(len(rates)) * every * HOUR).astype(np.int64)
    return times, np.array(rates, dtype=np.float64), hours


def recorded(token: str) -> Distribution:
    figures = snapshot.funding()[token]
    return Distribution(*(getattr(figures, name) for name in Distribution._fields))


def with_a_gap() -> History:
    times, rates, hours = history([0.0001] * 10)
    return np.delete(times, 4), np.delete(rates, 4), hours


HISTORIES: dict[str, tuple[History, str]] = {
    "longs paid": (
        history([0.0001, 0.00005] * 90),
        "RENDER longs paid 1.35% over 30 days, 0.0075% each 4 h at the median",
    ),
    "longs received": (
        history([-0.0002, -0.0001, 0.0001]),
        "RENDER longs received 0.02% over 12 h, 0.01% each 4 h at the median",
    ),
    "mostly paid, but received in all": (
        history([0.0001, 0.0001, -0.001]),
        "RENDER longs received 0.08% over 12 h, paid 0.01% each 4 h at the median",
    ),
    "none": (history([]), "No funding payment of RENDER on Binance is known here"),
    "one": (history([-0.0000123]), "RENDER longs received 0.00123% in the one payment known"),
    "one of an unknown interval": (
        history([0.0001], None),
        "RENDER longs paid 0.01% in the one payment known",
    ),
    "all 0": (history([0.0] * 12), "RENDER: no funding was paid over 2 days on Binance"),
    "the interval is not the one said": (
        history([0.0001] * 12, hours=8.0),
        "RENDER longs paid 0.12% over 2 days, 0.01% each 4 h at the median",
    ),
    "one is missing": (
        with_a_gap(),
        "RENDER longs paid 0.09% over 40 h, 0.01% a payment at the median",
    ),
    "some milliseconds late": (
        (history([0.0001] * 3)[0] + np.array([0, 5, -3]), np.full(3, 0.0001), 4.0),
        "RENDER longs paid 0.03% over 12 h, 0.01% each 4 h at the median",
    ),
    "they cancel out": (
        history([0.0001, -0.0001]),
        "RENDER longs paid 0% over 8 h, 0% each 4 h at the median",
    ),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_the_title_states_the_finding(name: str) -> None:
    given, title = HISTORIES[name]
    assert funding_finding(*given, "RENDER", "Binance") == title
    assert funding_history_alt(*given, "RENDER", "Binance").startswith(title)


def drawn(given: History) -> go.Figure:
    """Draws, and holds what has to hold of any drawing."""
    figure, said = (
        funding_history(*given, "RENDER", "Binance"),
        funding_history_alt(*given, "RENDER", "Binance"),
    )
    read = [
        figure.layout.title.text,
        said,
        *(text for trace in figure.data for text in np.atleast_1d(trace.text)),
    ]
    assert not [text for text in read if re.search(r"\b(nan|inf)\b", str(text))]
    assert all(
        isinstance(trace.x, np.ndarray) and isinstance(trace.y, np.ndarray) for trace in figure.data
    )
    assert max(map(len, figure.layout.title.text.split("<br>"))) <= style.NARROWEST
    return figure


@pytest.mark.parametrize("name", HISTORIES)
def test_every_history_is_drawn_as_it_is(name: str) -> None:
    times, rates, _ = given = HISTORIES[name][0]
    figure = drawn(given)
    if not len(rates):
        assert not figure.data
        assert not figure.data
        return
    stems, sums = figure.data
    np.testing.assert_array_equal(stems.x[1::3], times)
    np.testing.assert_allclose(stems.y[1::3], rates * 100)
    assert np.all(stems.y[::3] == 0)
    np.testing.assert_allclose(sums.y, [0, *np.cumsum(rates) * 100])
    low, high = figure.layout.xaxis.range
    assert low < times[0] <= times[-1] < high


def test_the_sum_starts_one_interval_before_the_first_payment() -> None:
    assert drawn(history([0.0001] * 3)).data[1].x[0] == START - 4 * HOUR
    assert drawn(history([0.0001], None)).data[1].x[0] == START


def test_the_hover_tells_the_rate_and_what_it_came_to() -> None:
    texts = drawn(history([0.0001, -0.0003])).data[1].text
    assert list(texts[1:]) == [
        "rate +0.01%<br>longs paid 0.01% so far",
        "rate −0.03%<br>longs received 0.02% so far",
    ]


def test_the_words_tell_the_window_and_the_extremes() -> None:
    said = funding_history_alt(*history([0.0001, -0.0003, 0.0002]), "RENDER", "Binance")
    assert "3 payments on Binance, 2026-02-02 02:40 to 2026-02-02 10:40 UTC" in said
    assert (
        "Lowest rate −0.03% on 2026-02-02 06:40 UTC. Highest rate +0.02% on 2026-02-02 10:40 UTC."
        in said
    )


def test_a_thousand_payments_are_light() -> None:
    figure = drawn(history([0.0001, -0.00005] * 500))
    assert figures.size(figure) < 160_000
    assert figure.data[0].mode == "lines"


@settings(max_examples=40, deadline=None)
@given(
    rates=st.lists(st.floats(-1, 1), max_size=12),
    apart=st.lists(st.integers(1, 30 * 24 * HOUR), min_size=12, max_size=12),
    hours=st.none() | st.floats(0.5, 24),
)
def test_any_history_is_drawn(rates: list[float], apart: list[int], hours: float | None) -> None:
    drawn((START + np.cumsum(apart)[: len(rates)], np.array(rates, dtype=np.float64), hours))


def test_the_distribution_states_the_median_and_its_window() -> None:
    title = "RENDER longs paid 0.00249% each 4 h at the median, Binance 2025-02-01 to 2026-05-07"
    assert distribution_finding(recorded("RENDER"), "RENDER", "Binance") == title
    assert distribution_finding(recorded("ATH"), "ATH", "Binance").startswith(
        "ATH longs received 0.00739% each 4 h"
    )
    still = recorded("RENDER")._replace(median=0.0)
    assert distribution_finding(still, "RENDER", "Binance").startswith(
        "RENDER: the median payment on Binance was 0"
    )


@pytest.mark.parametrize("token", snapshot.funding())
def test_the_distribution_shows_the_recorded_figures(token: str) -> None:
    figures = snapshot.funding()[token]
    bars, points, words = funding_distribution(recorded(token), token, "Binance").data
    rates = (
        figures.highest,
        figures.percentile_99,
        figures.mean,
        figures.median,
        figures.percentile_1,
        figures.lowest,
    )
    np.testing.assert_allclose(points.x, np.array(rates) * 100)
    np.testing.assert_allclose(bars.x[1::3], np.array(rates) * 100)
    assert len(set(points.marker.symbol[2:4]) | {points.marker.symbol[0]}) == 3
    assert all(
        text in funding_distribution_alt(recorded(token), token, "Binance") for text in words.text
    )


def test_the_median_and_the_mean_are_told_as_a_years_pace() -> None:
    words = funding_distribution(recorded("RENDER"), "RENDER", "Binance").data[2].text
    assert words[3] == "median +0.00249% · +5.45% a year"
    assert "year" not in words[0] + words[5]


def test_a_distribution_of_nothing_but_0_is_drawn() -> None:
    nothing = Distribution("2026-01-01", "2026-02-01", 8, 90, *[0.0] * 6)
    low, high = funding_distribution(nothing, "RENDER", "Binance").layout.xaxis.range
    assert low < 0 < high
