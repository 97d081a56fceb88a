"""What all charts share: colours, layout, and how a finding becomes a title.

Every colour reads on white and on #0E1420 alike (contrast 3.5 or more on both) and is told apart by
the colour-blind; meaning is always carried by a dash, a symbol, a pattern or a word as well.
"""

from textwrap import wrap
from typing import Any

import numpy as np
import numpy.typing as npt

Spec = dict[str, Any]
"""A chart as plotly.js takes it: `data`, a list of traces, and `layout`.

Numbers of traces are numpy arrays.
"""
Trace = dict[str, Any]
Texts = npt.NDArray[np.str_]

INK = "#000037"
"""Text. Whoever draws the chart puts the reader's ink, light or dark, in place of this very value.

Anywhere else it is near-black on white.
"""
ACCOUNT = "#2F7FC1"
WARNING = "#B07D10"
DANGER = "#C96A12"
LIQUIDATION = "#D1495B"
QUIET = "#7A8798"
POSITIONS = ("#2F7FC1", "#C96A12", "#12907A", "#CC5A9A", "#6B7F2A", "#9A6BC8")
PATTERNS = ("", "/", ".", "\\", "x", "-")
"""One colour and one pattern per position drawn by itself."""

NARROWEST = 54
"""Characters of a title that fit on one line of a chart 358 px wide."""
TITLE_LINE = 20
EMPTY = 22
"""Pixels of plot where a sentence is all there is."""


def headline(finding: str) -> str:
    """Return the finding as a chart title, on as few even lines as the narrowest screen allows."""
    lines = wrap(finding, NARROWEST, break_long_words=False)
    for width in range(NARROWEST - 1, 0, -1):
        shorter = wrap(finding, width, break_long_words=False)
        if len(shorter) > len(lines):
            break
        lines = shorter
    return "<br>".join(lines)


def figure(traces: list[Trace], finding: str, plot: int, bottom: int = 8, **layout: Any) -> Spec:
    """Return a chart: the finding on top, a plot, and room for what stands below it.

    `plot` and `bottom` are heights in pixels.

    A plain specification, no figure object: building and checking one costs more than all the
    figures in it, and the tests check every chart against plotly's schema. Dragging is off: a
    finger scrolls the page and not the chart.
    """
    title = headline(finding)
    top = TITLE_LINE * (title.count("<br>") + 1) + 14
    return {
        "data": traces,
        "layout": {
            "height": top + plot + bottom,
            "margin": {"l": 4, "r": 8, "t": top, "b": bottom},
            "title": {"text": title, "x": 0, "xanchor": "left"},
            "font": {"color": INK},
            "hoverlabel": {"font": {"color": INK}, "align": "left"},
            "dragmode": False,
            **layout,
        },
    }


def axis(**more: Any) -> dict[str, Any]:
    """Return an axis that no drag can lose, in readable ink; `title` is its text."""
    title = {
        "text": more.pop("title", None),
        "font": {"color": INK, "size": 12},
        "standoff": more.pop("standoff", 8),
    }
    return {
        "title": title,
        "tickfont": {"color": INK, "size": 12},
        "zeroline": False,
        "fixedrange": True,
        **more,
    }


def hidden_axis(**more: Any) -> dict[str, Any]:
    """Return an axis that only places things."""
    return {"visible": False, "fixedrange": True, **more}


def legend(plot: int, below: int) -> dict[str, Any]:
    """Return in rows, `below` pixels under a plot of `plot` pixels."""
    return {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "y": -below / max(plot, 40),
        "yanchor": "top",
        "font": {"color": INK, "size": 12},
        "itemclick": False,
        "itemdoubleclick": False,
    }


def hatching(shape: str) -> dict[str, Any]:
    """Return a white pattern over a bar's own colour."""
    return {
        "shape": shape,
        "fillmode": "overlay",
        "size": 8,
        "solidity": 0.3,
        "fgcolor": "#FFFFFF",
        "fgopacity": 0.75,
    }


def empty(finding: str) -> Spec:
    """Return nothing to draw: a small chart with the sentence that says why."""
    return figure([], finding, EMPTY, xaxis=hidden_axis(), yaxis=hidden_axis())


def texts(items: list[str]) -> Texts:
    """Return texts as an array."""
    return np.array(items, dtype=np.str_)
