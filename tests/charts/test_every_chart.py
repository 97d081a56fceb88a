"""What holds of every chart in every situation."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from margin import charts
from margin.charts.layout import style
from margin.errors import or_zero
from tests.charts import figures
from tests.charts.conftest import Situation, leg, named, situation

Draw = Callable[[Situation], go.Figure]
Say = Callable[[Situation], str]
CHARTS: dict[str, tuple[Draw, Say]] = {
    "joint move": (
        lambda s: figures.joint_move(s.curve, s.scenario),
        lambda s: charts.joint_move_alt(s.curve, s.scenario),
    ),
    "liquidation": (
        lambda s: figures.liquidation_distances(s.scenario),
        lambda s: charts.liquidation_distances_alt(s.scenario),
    ),
    "margin use": (
        lambda s: figures.margin_use(s.scenario),
        lambda s: charts.margin_use_alt(s.scenario),
    ),
}


@pytest.fixture(params=CHARTS)
def chart(request: pytest.FixtureRequest) -> tuple[Draw, Say]:
    return CHARTS[request.param]


def words(figure: go.Figure) -> Iterator[str]:
    """Everything a reader may read in a figure."""
    yield figure.layout.title.text
    yield from (each.text for each in figure.layout.annotations)
    for trace in figure.data:
        for part in (trace.text, trace.hovertext, trace.name):
            yield from [] if part is None else map(str, np.atleast_1d(part))


def plain(title: str) -> str:
    return title.replace("<br>", " ").replace("\u00a0", " ")


def test_it_is_light_and_readable(any_situation: Situation, chart: tuple[Draw, Say]) -> None:
    figure, alt = chart[0](any_situation), chart[1](any_situation)
    assert len(figure.data) <= 8
    for trace in figure.data:
        assert isinstance(trace.x, np.ndarray)
        assert isinstance(trace.y, np.ndarray)
    read = [*words(figure), alt]
    assert not [text for text in read if "nan" in text.lower() or "None" in text or "inf " in text]
    assert alt.startswith(plain(figure.layout.title.text))
    assert alt.endswith(".")
    assert len(plain(figure.layout.title.text)) <= 80
    assert max(map(len, figure.layout.title.text.split("<br>"))) <= style.NARROWEST
    assert figure.layout.height <= 1700


def test_nothing_a_stranger_wrote_is_in_it(chart: tuple[Draw, Say]) -> None:
    secret = situation(
        10_000, [leg("RENDER", "long", 1_000, 1.75)], title="STRANGER", note="STRANGER"
    )
    assert "STRANGER" not in chart[0](secret).to_json() + chart[1](secret)


@pytest.mark.parametrize("name", ["no positions", "no tiers"])
def test_where_nothing_can_be_drawn_a_sentence_stands(name: str) -> None:
    for draw, say in CHARTS.values():
        assert draw(named(name)).layout.title.text
        assert say(named(name))
    figure = figures.joint_move(None, named(name).scenario)
    assert not figure.data
    assert figure.layout.height < 100


def test_a_book_of_ten_is_small_and_quick(chart: tuple[Draw, Say]) -> None:
    ten = named("ten")
    assert figures.size(chart[0](ten)) < 60_000
    times = []
    for _ in range(40):
        start = time.process_time()
        chart[0](ten)
        times.append(time.process_time() - start)
    assert min(times) < 0.010


def test_the_ink_is_the_value_that_the_drawing_replaces_by_the_readers() -> None:
    drawing = (
        Path(__file__).parents[2] / "pages" / "ui" / "components" / "plot" / "browser" / "plot.js"
    )
    assert f'const INK = "{style.INK}";' in drawing.read_text()


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


@pytest.mark.parametrize("background", ["#FFFFFF", "#0E1420"])
def test_colours_read_on_both_backgrounds(background: str) -> None:
    fixed = (
        style.ACCOUNT,
        style.WARNING,
        style.DANGER,
        style.LIQUIDATION,
        style.QUIET,
        *style.POSITIONS,
    )
    for colour in fixed:
        light, dark = sorted([luminance(colour), luminance(background)], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3.5, colour


def test_a_title_is_broken_evenly_and_no_figure_is_parted_from_its_sign() -> None:
    sentence = "Nearest single liquidation price: RENDER, 17.04% below its mark"
    first, second = style.headline(sentence).split("<br>")
    assert abs(len(first) - len(second)) < 10
    assert "17.04%" in first + second


sides = st.sampled_from(["long", "short"])
symbols = st.sampled_from(["RENDER", "FET", "TAO", "BTC"])
amounts = st.floats(1e-3, 1e6)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    legs=st.lists(
        st.tuples(symbols, sides, amounts, amounts), max_size=6, unique_by=lambda each: each[:2]
    ),
    wallet=st.floats(-1e5, 1e7).map(or_zero),
    venue=st.sampled_from(["binance", "bybit", "okx", "hyperliquid", "textbook"]),
    betas=st.dictionaries(symbols, st.floats(-3, 3).map(or_zero), max_size=3),
)
def test_any_account_is_drawn(
    legs: list[tuple[str, str, float, float]], wallet: float, venue: str, betas: dict[str, float]
) -> None:
    positions = [leg(symbol, side, notional, entry) for symbol, side, notional, entry in legs]
    any_account = situation(wallet, positions, venue=venue, betas=betas)
    for draw, say in CHARTS.values():
        assert not [text for text in words(draw(any_account)) if "nan" in text.lower()]
        assert say(any_account)
