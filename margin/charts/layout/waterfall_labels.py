"""Words on a chart, placed on no line and no other words, tied to their points by thin lines."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from margin.charts.layout import style
from margin.charts.layout.box import Box
from margin.engine.numbers import Array

CHARACTER, LABEL_HEIGHT, GAP = 0.0195, 0.075, 0.02
"""What a character and a line of words take of the plot on the narrowest screen.

And how far from its point they stand.
"""
HIGHEST = 8
"""Lines by which words may stand above or below their point where there is no room beside it."""
WHOLE = Box(0.0, 1.0, 0.0, 1.0)
"""The plot, in parts of it."""
CLEAR = "rgba(0,0,0,0)"


class Label(NamedTuple):
    """Words at a point, x in % of the axis, y in the settlement coin."""

    x: float
    y: float
    text: str
    symbol: str
    colour: str


class Plot(NamedTuple):
    """What the axes show: x from 0 to `end`, y from `low` to `high`."""

    end: float
    low: float
    high: float


class Place(NamedTuple):
    """Where words stand: beside a point, `line` lines above or below, at the height y.

    `side` is that of the point; sizes are parts of the plot.

    `own` is the height of their own point, `box` what they take.
    """

    y: float
    own: float
    line: int
    side: str
    box: Box


def _places(label: Label, plot: Plot) -> Iterator[Place]:
    """Yield where a label may stand, best first: right above its point, then left below it."""
    x, y, width = (
        label.x / plot.end,
        (label.y - plot.low) / (plot.high - plot.low),
        CHARACTER * len(label.text),
    )
    for side, sign in (
        ("top right", 1),
        ("bottom left", -1),
        ("top left", 1),
        ("bottom right", -1),
    ):
        left = x + GAP if side.endswith("right") else x - GAP - width
        for line in range(HIGHEST):
            at = y + sign * line * LABEL_HEIGHT
            bottom = at + GAP if sign > 0 else at - GAP - LABEL_HEIGHT
            yield Place(at, y, line, side, Box(left, left + width, bottom, bottom + LABEL_HEIGHT))


def placed(labels: Sequence[Label], plot: Plot, drawn: Array) -> list[Place]:
    """Return a place in the plot for every label, on no other and where possible on no line.

    The label furthest along the way is placed first.
    """
    chosen: dict[int, Place] = {}
    for index in sorted(range(len(labels)), key=lambda index: -labels[index].x / plot.end):
        inside = [place for place in _places(labels[index], plot) if place.box.inside(WHOLE)]
        free = [
            place
            for place in inside
            if not any(place.box.meets(other.box) for other in chosen.values())
        ]
        clear = (place for place in free if not place.box.holds(drawn))
        chosen[index] = next(itertools.chain(clear, free, inside, _places(labels[index], plot)))
    return [chosen[index] for index in range(len(labels))]


def leaders(labels: Sequence[Label], places: Sequence[Place], plot: Plot) -> list[dict[str, Any]]:
    """Return thin lines from points to words that stand apart from them."""
    span = plot.high - plot.low
    return [
        {
            "type": "line",
            "x0": label.x,
            "x1": label.x,
            "y0": plot.low + place.own * span,
            "y1": plot.low + place.y * span,
            "layer": "below",
            "line": {"color": style.QUIET, "width": 1},
        }
        for label, place in zip(labels, places, strict=True)
        if place.line
    ]


def label_trace(labels: Sequence[Label], places: Sequence[Place], plot: Plot) -> style.Trace:
    """Return marked points, and the words that go with them, which may stand apart from theirs."""
    heights = [plot.low + place.y * (plot.high - plot.low) for place in places]
    return {
        "type": "scatter",
        "x": np.array([label.x for label in labels] * 2),
        "y": np.array([*(label.y for label in labels), *heights]),
        "mode": "markers+text",
        "text": style.texts([*("" for _ in labels), *(label.text for label in labels)]),
        "textposition": style.texts([place.side for place in places] * 2),
        "textfont": {"color": style.INK, "size": 12},
        "marker": {
            "symbol": style.texts([label.symbol for label in labels] * 2),
            "color": style.texts([*(label.colour for label in labels), *(CLEAR for _ in labels)]),
            "size": 9,
        },
        "cliponaxis": False,
        "hoverinfo": "skip",
        "showlegend": False,
    }
