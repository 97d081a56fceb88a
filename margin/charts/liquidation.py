"""How far each single price is from liquidating the account, all others standing still."""

from typing import NamedTuple

import numpy as np

from margin import formatting as wording
from margin.charts.layout import rows, style
from margin.model.prepared import Preparable, PreparedAccount, prepare
from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.studies.distance.distances import LiquidationPrice, away
from margin.text import findings
from margin.text.prices import why_none

FURTHEST = 0.5
"""Distances beyond ±50%, or beyond five times the nearest if that is more, become arrows."""
SPOKEN = 6
"""Rows that the text alternative tells one by one."""


class PriceRow(NamedTuple):
    """The liquidation prices of a token or isolated position, as distances from the mark."""

    name: str
    mark: float
    price: LiquidationPrice
    below: float | None
    above: float | None
    entries: tuple[tuple[str, float, float], ...]

    @property
    def nearest(self) -> float:
        """The smaller distance: infinite without one, 0 if liquidated at the mark."""
        if self.price.reason_below == "liquidated":
            return 0.0
        return min(
            (abs(distance) for distance in (self.below, self.above) if distance is not None),
            default=np.inf,
        )


def finding(account: Preparable) -> str:
    """Return the sentence of the title: the nearest price that liquidates by itself."""
    account = prepare(account)
    scenario, assessment = account.scenario, assess(account)
    if not scenario.positions:
        return "No positions: no price can liquidate"
    if too_late := findings.standing(account):
        return too_late
    isolated = findings.isolated(scenario)
    row = min(_rows(account), key=lambda price_row: price_row.nearest)
    if all(price.below is None and price.above is None for price in assessment.liquidation_prices):
        return f"No single price liquidates {'a position' if isolated else 'this account'}"
    below = row.below is not None and abs(row.below) == row.nearest
    where = f"{row.name}, {findings.distance(row.nearest)} {'below' if below else 'above'} its mark"
    return f"Nearest {'' if isolated else 'single '}liquidation price: {where}"


def liquidation_distances_alt(account: Preparable) -> str:
    """Return the chart in words: its finding, then the nearest rows."""
    account = prepare(account)
    scenario = account.scenario
    sentences = [finding(account)]
    price_rows = _rows(account) if scenario.positions else []
    sentences += [f"{row.name}: {_figures(row)}" for row in price_rows[:SPOKEN]]
    if len(price_rows) > SPOKEN:
        sentences.append(f"{len(price_rows) - SPOKEN} more")
    return ". ".join(sentences) + "."


def liquidation_distances(account: Preparable) -> style.Spec:
    """Draw the distance to liquidation per token (cross) or position (isolated), nearest first.

    Of many rows the first `rows.MOST_ROWS` are shown.
    """
    account = prepare(account)
    scenario = account.scenario
    title = finding(account)
    price_rows = _rows(account) if scenario.positions else []
    if not price_rows:
        return style.empty(title)
    shown = price_rows[: rows.MOST_ROWS]
    low, high = _range(shown)
    traces = [
        _stems(shown, low, high),
        rows.symbols("mark", _marks(shown), "line-ns", style.QUIET, width=2, size=8),
        rows.symbols(
            "entry", _entries(shown, low, high), "circle-open", style.ACCOUNT, width=2, size=9
        ),
        *_liquidations(shown, low, high),
        rows.names([f"<b>{row.name}</b>  {_figures(row)}" for row in shown], low * 100),
    ]
    axis_title = rows.counted("Move needed", " if only this price moves", len(price_rows))
    axis = rows.moves_axis(axis_title, low, high)
    return rows.figure(traces, title, len(shown), axis)


def _rows(account: PreparedAccount) -> list[PriceRow]:
    """Return the rows, nearest first; those without a price keep their order at the end."""
    scenario, assessment = account.scenario, assess(account)
    return sorted(
        (_row(price, scenario) for price in assessment.liquidation_prices),
        key=lambda row: row.nearest,
    )


def _row(price: LiquidationPrice, scenario: Scenario) -> PriceRow:
    mark = scenario.market.marks[price.symbol]
    entries = tuple(
        (position.side, position.entry_price, _apart(position.entry_price, mark))
        for position in scenario.positions
        if position.symbol == price.symbol and price.side in (None, position.side)
    )
    below, above = (
        None if level is None else _apart(level, mark) for level in (price.below, price.above)
    )
    return PriceRow(
        f"{price.symbol} {price.side}" if price.side else price.symbol,
        mark,
        price,
        below,
        above,
        entries,
    )


def _apart(price: float, mark: float) -> float:
    """Return the distance from the mark as a fraction of it; endless from a mark of 0."""
    far = away(price, mark)
    return np.inf if far is None else far


def _figures(row: PriceRow) -> str:
    """Return the row's liquidation prices in words, or why there is none."""
    figures = [
        f"{wording.price(price)} "
        f"({wording.percent(apart, sign=True) if np.isfinite(apart) else 'from 0'})"
        for price, apart in ((row.price.below, row.below), (row.price.above, row.above))
        if price is not None and apart is not None
    ]
    if figures:
        return " · ".join(figures)
    return why_none(row.price)


def _range(shown: list[PriceRow]) -> tuple[float, float]:
    """Return wide enough for the liquidation prices and entries within reach of the nearest one."""
    distances = [apart for row in shown for apart in (row.below, row.above) if apart is not None]
    near = min((abs(apart) for apart in distances if np.isfinite(apart)), default=0.0)
    reach = max(FURTHEST, 5 * near)
    entries = [apart for row in shown for _, _, apart in row.entries if abs(apart) <= reach]
    return rows.with_room([*entries, *(min(max(apart, -reach), reach) for apart in distances)])


def _marks(shown: list[PriceRow]) -> list[rows.Point]:
    return [
        rows.Point(0.0, index, f"<b>{row.name}</b><br>mark {wording.price(row.mark)}")
        for index, row in enumerate(shown)
    ]


def _entries(shown: list[PriceRow], low: float, high: float) -> list[rows.Point]:
    return [
        rows.Point(
            apart * 100, index, f"<b>{row.name}</b><br>{side} entered at {wording.price(entry)}"
        )
        for index, row in enumerate(shown)
        for side, entry, apart in row.entries
        if low <= apart <= high
    ]


def _placed(shown: list[PriceRow], low: float, high: float) -> list[tuple[bool, rows.Point]]:
    """Return the liquidation prices, those beyond the scale at its edge and marked as such."""
    return [
        (
            not low <= apart <= high,
            rows.Point(
                min(max(apart, low), high) * 100, index, _hover(row, price, apart, side_name)
            ),
        )
        for index, row in enumerate(shown)
        for price, apart, side_name in (
            (row.price.below, row.below, "below"),
            (row.price.above, row.above, "above"),
        )
        if price is not None and apart is not None
    ]


def _hover(row: PriceRow, price: float, apart: float, side_name: str) -> str:
    far = f"{findings.distance(apart)} {side_name}" if np.isfinite(apart) else "above"
    return (
        f"<b>{row.name}</b><br>liquidation at {wording.price(price)}<br>{far} its mark of "
        f"{wording.price(row.mark)}"
    )


def _liquidations(shown: list[PriceRow], low: float, high: float) -> list[style.Trace]:
    placed = _placed(shown, low, high)
    within, beyond = ([point for far, point in placed if far is is_far] for is_far in (False, True))
    return [
        rows.symbols("liquidation", within, "diamond", style.LIQUIDATION, size=11),
        rows.beyond(beyond, style.LIQUIDATION),
    ]


def _stems(shown: list[PriceRow], low: float, high: float) -> style.Trace:
    """Return bars from the mark to the liquidation prices."""
    drawn = [rows.Bar(0.0, point.x, point.row) for _, point in _placed(shown, low, high)]
    return rows.bars(drawn, style.LIQUIDATION, 4)
