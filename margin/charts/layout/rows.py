"""The common layout of row charts: words above a line that carries bars and symbols."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from margin.charts.layout import style

ROW, TIGHT_ROW, TALLEST = 42, 30, 1500
"""Pixels: a row where there are few, where there are many, and all of them together."""
MOST_ROWS = 40
"""Rows that a chart shows of a long list: more could not be told apart.

The list itself stands in a table.
"""
BELOW = 76
"""What the axis and the legend take."""
NAME, BAR = 0.2, -0.22
"""Where in its row the words stand, and the bar."""


class Point(NamedTuple):
    """Something drawn at `x` on the line of row `row`, in the axis' unit."""

    x: float
    row: int
    hover: str


class Bar(NamedTuple):
    """A bar on the line of row `row`, from `start` to `end` in the axis' unit."""

    start: float
    end: float
    row: int


def figure(
    traces: Sequence[style.Trace],
    title: str,
    count: int,
    xaxis: dict[str, Any],
    below: int = BELOW,
    **layout: Any,
) -> style.Spec:
    """Return a chart of `count` rows, its height theirs, the first on top.

    Traces without points are left out.

    `below` is what the axis takes, and the legend where there is one.
    """
    plot = max(min(count * ROW, TALLEST // 2), min(count * TIGHT_ROW, TALLEST))
    return style.figure(
        [trace for trace in traces if len(trace["x"])],
        title,
        plot,
        below,
        xaxis=xaxis,
        yaxis=style.hidden_axis(range=[0.5 - count, 0.5]),
        **{"hovermode": "closest", "legend": style.legend(plot, 46), **layout},
    )


def counted(what: str, more: str, count: int) -> str:
    """Return the axis title with a note, or with the number of rows shown if not all are."""
    return f"{what}{more}" if count <= MOST_ROWS else f"{what}: nearest {MOST_ROWS} of {count}"


def moves_axis(title: str, low: float, high: float) -> dict[str, Any]:
    """Return an axis of moves in %, from fraction to fraction."""
    return style.axis(title=title, range=[low * 100, high * 100], ticksuffix="%", nticks=7)


def with_room(moves: Sequence[float]) -> tuple[float, float]:
    """Return ends of an axis that shows these moves and 0, with room beside each."""
    low, high = -min([0.0, *moves]), max([0.0, *moves])
    span = max(low + high, 0.02)
    return -max(1.08 * low, 0.08 * span), max(1.08 * high, 0.08 * span)


def names(words: Sequence[str], x: float) -> style.Trace:
    """Return each row's words above its line from `x` on, where they fit a narrow screen."""
    return {
        "type": "scatter",
        "x": np.full(len(words), x),
        "y": NAME - np.arange(len(words)),
        "text": style.texts(list(words)),
        "textfont": {"color": style.INK, "size": 12},
        "cliponaxis": False,
        "mode": "text",
        "textposition": "middle right",
        "hoverinfo": "skip",
        "showlegend": False,
    }


def bars(drawn: Sequence[Bar], colour: str, width: int, **more: Any) -> style.Trace:
    """Return bars, as one line with gaps."""
    x = np.array([[bar.start, bar.end, np.nan] for bar in drawn]).ravel()
    return {
        "type": "scatter",
        "x": x,
        "y": np.repeat([BAR - bar.row for bar in drawn], 3),
        "mode": "lines",
        "line": {"color": colour, "width": width},
        "opacity": 0.5,
        "hoverinfo": "skip",
        "showlegend": False,
        **more,
    }


def symbols(
    name: str,
    points: Sequence[Point],
    symbol: str | style.Texts,
    colour: str | style.Texts,
    *,
    width: int = 0,
    size: int = 10,
) -> style.Trace:
    """Return points with what they say when they are pointed at, alike or each its own.

    `width` is of their outline.
    """
    return {
        "type": "scatter",
        "name": name,
        "x": np.array([point.x for point in points]),
        "y": np.array([BAR - point.row for point in points]),
        "mode": "markers",
        "marker": {
            "symbol": symbol,
            "color": colour,
            "size": size,
            "line": {"width": width, "color": colour},
        },
        "text": style.texts([point.hover for point in points]),
        "hovertemplate": "%{text}<extra></extra>",
        "cliponaxis": False,
    }


def beyond(points: Sequence[Point], colour: str) -> style.Trace:
    """Return points beyond the scale, as arrows at its edge."""
    arrows = style.texts(["triangle-right" if point.x > 0 else "triangle-left" for point in points])
    return symbols("beyond the scale", points, arrows, colour, size=11)
