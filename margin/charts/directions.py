"""How far prices may go in each of several directions before the levels are met: one row per direction, nearest first.

Directions are ranked by the largest price change that liquidation asks of any token held, for the moves themselves do
not compare: where BTC leads, 6 % of it may be 10 % of the others.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from margin import wording
from margin.book import Array
from margin.charts import findings, style
from margin.scenario import Scenario
from margin.studies.assess import Assessment
from margin.studies.directions import DirectionResult
from margin.studies.distances import JointMove, nearest

FURTHEST = 0.5
"""Moves beyond ±50 %, or beyond three times the nearest liquidation if that is more, become arrows."""
SPOKEN = 8
"""Rows that the text alternative tells one by one."""
ROW, TIGHT_ROW, TALLEST = 42, 30, 1500
BELOW = 76
"""What the axis and the legend take."""
NAME, BAR = 0.2, -0.22
"""Where in its row the words stand, and the bar."""
SAME = 0.0001
"""Price changes this near to the move itself are not told beside it."""


class Level(NamedTuple):
    """A level of requirement ÷ equity as it is drawn, and where each row meets it."""

    name: str
    symbol: str
    colour: str
    moves: list[JointMove]


def finding(results: Sequence[DirectionResult], scenario: Scenario, account: Assessment) -> str:
    """The sentence of the title: the nearest direction, and how far off it is. Results are ranked, nearest first."""
    if not scenario.positions:
        return "No positions: no direction can liquidate"
    if too_late := findings.standing(account, scenario):
        return too_late
    first = results[0] if results else None
    move = nearest(first.liquidation) if first else None
    if first is None or move is None:
        return f"No direction {'loses a position' if findings.isolated(scenario) else 'liquidates this account'}"
    return f"Nearest: {first.direction.name}, {wording.percent(move, sign=True)}"


def directions_alt(results: Sequence[DirectionResult], scenario: Scenario, account: Assessment) -> str:
    """The chart in words: its finding, then the nearest rows."""
    sentences = [finding(results, scenario, account)]
    shown = [] if _nothing(results, scenario, account) else results
    sentences += [f"{result.direction.name}: {_figures(result)}" for result in shown[:SPOKEN]]
    if len(shown) > SPOKEN:
        sentences.append(f"{len(shown) - SPOKEN} more")
    return ". ".join(sentences) + "."


def _nothing(results: Sequence[DirectionResult], scenario: Scenario, account: Assessment) -> bool:
    """Whether there is nothing to draw: no positions, no distances, or none left to go."""
    late = findings.standing(account, scenario) is not None and not findings.isolated(scenario)
    return not results or not scenario.positions or account.headroom is None or late


def directions(
    results: Sequence[DirectionResult], scenario: Scenario, account: Assessment, height: int | None = None
) -> go.Figure:
    """One row per direction, in the order given: a bar from today to liquidation, danger and warning marked on it.

    The height follows the rows unless it is given.
    """
    title = finding(results, scenario, account)
    if _nothing(results, scenario, account):
        return style.empty(title)
    low, high = _range(results)
    levels = [
        Level("warning", "square", style.WARNING, [result.warning for result in results]),
        Level("danger", "diamond", style.DANGER, [result.danger for result in results]),
        Level("liquidation", "x", style.LIQUIDATION, [result.liquidation for result in results]),
    ]
    traces = [
        _stems(levels[-1], low, high),
        _starts(len(results)),
        *(_points(level, results, low, high) for level in levels),
        _beyond(levels[-1], results, low, high),
        _names(results, low),
    ]
    around = style.headline_height(title) + BELOW
    height = height or around + _rows_height(len(results))
    return style.figure(
        [trace for trace in traces if len(trace["x"])],
        title,
        height,
        BELOW,
        hovermode="closest",
        legend=style.legend(height - around, 46),
        xaxis=style.axis(
            title="Move from today's marks (of BTC where it leads)",
            range=[low * 100, high * 100],
            ticksuffix=" %",
            nticks=7,
        ),
        yaxis=style.hidden_axis(range=[0.5 - len(results), 0.5]),
    )


def _rows_height(count: int) -> int:
    return max(min(count * ROW, TALLEST // 2), min(count * TIGHT_ROW, TALLEST))


def _range(results: Sequence[DirectionResult]) -> tuple[float, float]:
    """Wide enough for every liquidation within reach of the nearest."""
    found = [move for result in results for move in result.liquidation if move is not None]
    reach = max(FURTHEST, 3 * min((abs(move) for move in found), default=0.0))
    shown = [0.0, *(min(max(move, -reach), reach) for move in found)]
    low, high = -min(shown), max(shown)
    span = max(low + high, 0.02)
    return -max(1.08 * low, 0.08 * span), max(1.08 * high, 0.08 * span)


def _figures(result: DirectionResult) -> str:
    """Where the direction liquidates, in words."""
    moves = [wording.percent(move, sign=True) for move in result.liquidation if move is not None]
    if not moves:
        return "none"
    move = nearest(result.liquidation)
    asked = result.hardest
    more = asked is not None and move is not None and abs(asked - abs(move)) > SAME
    return " · ".join(moves) + (f" (a price by {wording.percent(asked)})" if more else "")


def _placed(level: Level, results: Sequence[DirectionResult]) -> list[tuple[int, float, DirectionResult]]:
    """Row, move and direction of every point of a level; none where it is passed already today."""
    return [
        (row, move, result)
        for row, (moves, result) in enumerate(zip(level.moves, results, strict=True))
        for move in moves
        if move is not None and (move or level.name == "liquidation")
    ]


def _points(level: Level, results: Sequence[DirectionResult], low: float, high: float) -> style.Trace:
    placed = [each for each in _placed(level, results) if low <= each[1] <= high]
    return _symbols(level.name, level, placed, [level.symbol] * len(placed), np.array([move for _, move, _ in placed]))


def _beyond(level: Level, results: Sequence[DirectionResult], low: float, high: float) -> style.Trace:
    """Liquidations beyond the scale, as arrows at its edge."""
    placed = [each for each in _placed(level, results) if not low <= each[1] <= high]
    arrows = ["triangle-right" if move > 0 else "triangle-left" for _, move, _ in placed]
    edges = np.array([high if move > 0 else low for _, move, _ in placed])
    return _symbols("beyond the scale", level, placed, arrows, edges)


def _symbols(
    name: str, level: Level, placed: list[tuple[int, float, DirectionResult]], symbols: list[str], x: Array
) -> style.Trace:
    return {
        "type": "scatter",
        "name": name,
        "x": x * 100,
        "y": np.array([BAR - row for row, _, _ in placed]),
        "mode": "markers",
        "marker": {"symbol": style.texts(symbols), "color": level.colour, "size": 10},
        "text": style.texts([_hover(level, move, result) for _, move, result in placed]),
        "hovertemplate": "%{text}<extra></extra>",
        "cliponaxis": False,
    }


def _hover(level: Level, move: float, result: DirectionResult) -> str:
    """What the point says: where the level is met, and where prices then stand."""
    changes = [(token, result.direction.change(token, move)) for token in result.direction.rates]
    told = [f"{token} {wording.percent(change, sign=True)}" for token, change in changes[:6]]
    more = [f"{len(changes) - 6} more"] if len(changes) > 6 else []
    return "<br>".join(
        [f"<b>{result.direction.name}</b>", f"{level.name} at {wording.percent(move, sign=True)}", *told, *more]
    )


def _stems(level: Level, low: float, high: float) -> style.Trace:
    """Bars from today to liquidation, as one line with gaps."""
    ends = [
        (row, min(max(move, low), high)) for row, moves in enumerate(level.moves) for move in moves if move is not None
    ]
    x, y = np.array([move * 100 for _, move in ends]), np.array([BAR - row for row, _ in ends])
    return _line(np.column_stack([np.zeros_like(x), x, np.full_like(x, np.nan)]).ravel(), np.repeat(y, 3))


def _line(x: Array, y: Array) -> style.Trace:
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "lines",
        "line": {"color": style.LIQUIDATION, "width": 4},
        "opacity": 0.5,
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _starts(count: int) -> style.Trace:
    """Where the account stands."""
    marker: dict[str, Any] = {"symbol": "line-ns", "size": 8, "line": {"width": 2, "color": style.QUIET}}
    return {
        "type": "scatter",
        "name": "today",
        "x": np.zeros(count),
        "y": BAR - np.arange(count, dtype=np.float64),
        "mode": "markers",
        "marker": marker,
        "hoverinfo": "skip",
    }


def _names(results: Sequence[DirectionResult], low: float) -> style.Trace:
    """The words of each row above its bar, from the left edge on: they fit a narrow screen and never collide."""
    return {
        "type": "scatter",
        "x": np.full(len(results), low * 100),
        "y": NAME - np.arange(len(results)),
        "text": style.texts([f"<b>{result.direction.name}</b>  {_figures(result)}" for result in results]),
        "textfont": {"color": style.INK, "size": 12},
        "cliponaxis": False,
        "mode": "text",
        "textposition": "middle right",
        "hoverinfo": "skip",
        "showlegend": False,
    }
