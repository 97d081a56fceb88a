"""How far each single price is from liquidating the account, all others standing still."""

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from margin import wording
from margin.book import Array
from margin.charts import findings, style
from margin.scenario import Scenario
from margin.studies.assess import Assessment
from margin.studies.distances import LiquidationPrice, Reason

FURTHEST = 0.5
"""Distances beyond ±50 %, or beyond five times the nearest if that is more, become arrows."""
SPOKEN = 6
"""Rows that the text alternative tells one by one."""
ROW = 44
TIGHT_ROW = 30
TALLEST = 1500
BELOW = 76
"""What the axis and the legend take."""
NAME, BAR = 0.2, -0.22
"""Where in its row the words stand, and the bar."""

WHY: dict[Reason, str] = {
    "covered": "none: covered down to 0",
    "gains": "none: this direction only helps",
    "flat": "none: its price does not matter",
    "no_tiers": "not known: a tier table is missing",
    "liquidated": "liquidated",
}


class Row(NamedTuple):
    """One token, or one isolated position: its liquidation prices as distances from the mark (fractions)."""

    name: str
    mark: float
    price: LiquidationPrice
    below: float | None
    above: float | None
    entries: tuple[tuple[str, float, float], ...]

    @property
    def nearest(self) -> float:
        """The size of the smaller distance: infinite where there is none, 0 where it is too late."""
        if self.price.reason_below == "liquidated":
            return 0.0
        return min((abs(each) for each in (self.below, self.above) if each is not None), default=np.inf)


class Point(NamedTuple):
    """Something drawn in row `row` at `x`, a fraction of the mark."""

    x: float
    row: int
    hover: str
    beyond: bool = False


def finding(account: Assessment, scenario: Scenario) -> str:
    """The sentence of the title: the nearest price that liquidates by itself."""
    if not scenario.positions:
        return "No positions: no price can liquidate"
    if too_late := findings.standing(account, scenario):
        return too_late
    isolated = findings.isolated(scenario)
    row = min(_rows(account, scenario), key=lambda each: each.nearest)
    if all(price.below is None and price.above is None for price in account.liquidation_prices):
        return f"No single price liquidates {'a position' if isolated else 'this account'}"
    below = row.below is not None and abs(row.below) == row.nearest
    where = f"{row.name}, {findings.distance(row.nearest)} {'below' if below else 'above'} its mark"
    return f"Nearest {'' if isolated else 'single '}liquidation price: {where}"


def liquidation_distances_alt(account: Assessment, scenario: Scenario) -> str:
    """The chart in words: its finding, then the nearest rows."""
    sentences = [finding(account, scenario)]
    rows = _rows(account, scenario) if scenario.positions else []
    sentences += [f"{row.name}: {_figures(row)}" for row in rows[:SPOKEN]]
    if len(rows) > SPOKEN:
        sentences.append(f"{len(rows) - SPOKEN} more")
    return ". ".join(sentences) + "."


def liquidation_distances(account: Assessment, scenario: Scenario, height: int | None = None) -> go.Figure:
    """One row per token (cross) or position (isolated), nearest first, from the mark to the liquidation price.

    The height follows the rows unless it is given.
    """
    title = finding(account, scenario)
    rows = _rows(account, scenario) if scenario.positions else []
    if not rows:
        return style.empty(title)
    low, high = _range(rows)
    traces = [
        _stems(rows, low, high),
        _symbols("mark", _marks(rows), "line-ns", style.QUIET, width=2, size=8),
        _symbols("entry", _entries(rows, low, high), "circle-open", style.ACCOUNT, width=2, size=9),
        *_liquidations(rows, low, high),
        _names(rows, low),
    ]
    around = style.headline_height(title) + BELOW
    height = height or around + _rows_height(len(rows))
    return style.figure(
        [trace for trace in traces if len(trace["x"])],
        title,
        height,
        BELOW,
        hovermode="closest",
        legend=style.legend(height - around, 46),
        xaxis=style.axis(
            title="Distance from its mark, the other prices standing still",
            range=[low * 100, high * 100],
            ticksuffix=" %",
            nticks=7,
        ),
        yaxis=style.hidden_axis(range=[0.5 - len(rows), 0.5]),
    )


def _rows_height(count: int) -> int:
    return max(min(count * ROW, TALLEST // 2), min(count * TIGHT_ROW, TALLEST))


def _rows(account: Assessment, scenario: Scenario) -> list[Row]:
    """The rows, nearest first; those without a price keep their order at the end."""
    rows = [_row(price, scenario) for price in account.liquidation_prices]
    return sorted(rows, key=lambda row: row.nearest)


def _row(price: LiquidationPrice, scenario: Scenario) -> Row:
    mark = scenario.market.marks[price.symbol]
    entries = tuple(
        (position.side, position.entry_price, _apart(position.entry_price, mark))
        for position in scenario.positions
        if position.symbol == price.symbol and price.side in (None, position.side)
    )
    below, above = (None if each is None else _apart(each, mark) for each in (price.below, price.above))
    return Row(f"{price.symbol} {price.side}" if price.side else price.symbol, mark, price, below, above, entries)


def _apart(price: float, mark: float) -> float:
    """The distance from the mark as a fraction of it; endless from a mark of 0."""
    return price / mark - 1 if mark > 0 else np.inf


def _figures(row: Row) -> str:
    """The row's liquidation prices in words, or why there is none."""
    found = [
        f"{wording.price(price)} ({wording.percent(apart, sign=True) if np.isfinite(apart) else 'from 0'})"
        for price, apart in ((row.price.below, row.below), (row.price.above, row.above))
        if price is not None and apart is not None
    ]
    if found:
        return " · ".join(found)
    reasons = [reason for reason in (row.price.reason_below, row.price.reason_above) if reason]
    return WHY[next((reason for reason in reasons if reason != "gains"), "gains")]


def _range(rows: list[Row]) -> tuple[float, float]:
    """Wide enough for the liquidation prices and entries within reach of the nearest one."""
    found = [apart for row in rows for apart in (row.below, row.above) if apart is not None]
    near = min((abs(apart) for apart in found if np.isfinite(apart)), default=0.0)
    reach = max(FURTHEST, 5 * near)
    entries = [apart for row in rows for _, _, apart in row.entries if abs(apart) <= reach]
    shown = [0.0, *entries, *(min(max(apart, -reach), reach) for apart in found)]
    low, high = -min(shown), max(shown)
    span = max(low + high, 0.02)
    return -max(1.08 * low, 0.08 * span), max(1.08 * high, 0.08 * span)


def _marks(rows: list[Row]) -> list[Point]:
    return [Point(0.0, index, f"<b>{row.name}</b><br>mark {wording.price(row.mark)}") for index, row in enumerate(rows)]


def _entries(rows: list[Row], low: float, high: float) -> list[Point]:
    return [
        Point(apart, index, f"<b>{row.name}</b><br>{side} entered at {wording.price(entry)}")
        for index, row in enumerate(rows)
        for side, entry, apart in row.entries
        if low <= apart <= high
    ]


def _points(rows: list[Row], low: float, high: float) -> list[Point]:
    """The liquidation prices, those beyond the scale at its edge."""
    return [
        Point(min(max(apart, low), high), index, _hover(row, price, apart, way), not low <= apart <= high)
        for index, row in enumerate(rows)
        for price, apart, way in ((row.price.below, row.below, "below"), (row.price.above, row.above, "above"))
        if price is not None and apart is not None
    ]


def _hover(row: Row, price: float, apart: float, way: str) -> str:
    far = f"{findings.distance(apart)} {way}" if np.isfinite(apart) else "above"
    return f"<b>{row.name}</b><br>liquidation at {wording.price(price)}<br>{far} its mark of {wording.price(row.mark)}"


def _liquidations(rows: list[Row], low: float, high: float) -> list[style.Trace]:
    points = _points(rows, low, high)
    within, beyond = ([each for each in points if each.beyond is way] for way in (False, True))
    arrows = ["triangle-right" if each.x > 0 else "triangle-left" for each in beyond]
    return [
        _symbols("liquidation", within, "diamond", style.LIQUIDATION),
        _symbols("beyond the scale", beyond, style.texts(arrows), style.LIQUIDATION),
    ]


def _symbols(
    name: str, points: list[Point], symbol: str | style.Texts, colour: str, *, width: int = 0, size: int = 11
) -> style.Trace:
    x, y = _places(points)
    return {
        "type": "scatter",
        "name": name,
        "x": x,
        "y": y,
        "mode": "markers",
        "marker": {"symbol": symbol, "color": colour, "size": size, "line": {"width": width, "color": colour}},
        "text": style.texts([point.hover for point in points]),
        "hovertemplate": "%{text}<extra></extra>",
        "cliponaxis": False,
    }


def _places(points: list[Point]) -> tuple[Array, Array]:
    return np.array([point.x * 100 for point in points]), np.array([BAR - point.row for point in points])


def _stems(rows: list[Row], low: float, high: float) -> style.Trace:
    """Bars from the mark to the liquidation prices, as one line with gaps."""
    x, y = _places(_points(rows, low, high))
    return {
        "type": "scatter",
        "x": np.column_stack([np.zeros_like(x), x, np.full_like(x, np.nan)]).ravel(),
        "y": np.repeat(y, 3),
        "mode": "lines",
        "line": {"color": style.LIQUIDATION, "width": 4},
        "opacity": 0.5,
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _names(rows: list[Row], low: float) -> style.Trace:
    """The words of each row above its bar, from the left edge on: they fit a narrow screen and never collide."""
    return {
        "type": "scatter",
        "x": np.full(len(rows), low * 100),
        "y": NAME - np.arange(len(rows)),
        "text": style.texts([f"<b>{row.name}</b>  {_figures(row)}" for row in rows]),
        "textfont": {"color": style.INK, "size": 12},
        "cliponaxis": False,
        "mode": "text",
        "textposition": "middle right",
        "hoverinfo": "skip",
        "showlegend": False,
    }
