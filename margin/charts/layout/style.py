"""What all charts share: colours, layout, and how a finding becomes a title.

Every colour reads on white and on #0E1420 alike (contrast 3.5 or more on both) and is told apart by
the colour-blind; meaning is always carried by a dash, a symbol, a pattern or a word as well.
"""

from collections.abc import Iterable
from textwrap import wrap
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from margin.market.price_moves import AI_TOKENS

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
SAFE = "#12907A"
WARNING = "#B07D10"
DANGER = "#C96A12"
LIQUIDATION = "#D1495B"
QUIET = "#7A8798"
POSITIONS = ("#2F7FC1", "#C96A12", "#12907A", "#CC5A9A", "#6B7F2A", "#9A6BC8")
PATTERNS = ("", "/", ".", "\\", "x", "-")
"""What tokens are told apart by: each has a colour and a pattern."""
KNOWN = (*AI_TOKENS, "BTC", "ETH", "SOL")
"""Tokens that take colours and patterns in this order; any other by its name."""

NARROWEST = 54
"""Characters of a title that fit on one line of a chart 358 px wide."""
TITLE_LINE = 20
EMPTY = 22
"""Pixels of plot where a sentence is all there is."""


def token_looks(tokens: Iterable[str]) -> dict[str, int]:
    """Return each token's place among the looks: its own, or the next that is free of the others'.

    So a token looks alike in every account, unless one with the same place stands beside it.
    """
    count = len(POSITIONS) * len(PATTERNS)
    places: dict[str, int] = {}
    for token in sorted(set(tokens), key=lambda token: (token not in KNOWN, token)):
        place = (KNOWN.index(token) if token in KNOWN else crc32(token.encode())) % count
        taken = set(places.values())
        while place in taken and len(taken) < count:
            place = (place + 1) % count
        places[token] = place
    return places


def look(place: int, side: str) -> tuple[str, str]:
    """Return the colour and the pattern of a position at its token's place.

    Neighbouring places differ in both, and so do the two sides of a token in the pattern.
    """
    opposite = len(PATTERNS) // 2 if side == "short" else 0
    pattern = (place + place // len(POSITIONS) + opposite) % len(PATTERNS)
    return POSITIONS[place % len(POSITIONS)], PATTERNS[pattern]


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
