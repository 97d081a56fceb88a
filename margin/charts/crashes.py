"""What named days would do to the account today: what is left above the requirement at the worst tick and the close."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from margin import wording
from margin.charts import findings, style
from margin.scenario import Scenario
from margin.studies.assess import Assessment
from margin.studies.crash_table import CrashRow, Instant

SPOKEN = 8
"""Days that the text alternative tells one by one."""
ROW, TIGHT_ROW, TALLEST = 42, 31, 1500
BELOW = 76
"""What the axis and the legend take."""
NAME, BAR = 0.2, -0.24
"""Where in its row the words stand, and the bar."""
LONGEST = 34
"""Characters of an event that are shown."""


class Bar(NamedTuple):
    """A day as it is drawn: headroom in the settlement coin at its two instants, and whether they liquidate."""

    row: CrashRow
    close: float
    worst: float

    @property
    def died(self) -> bool:
        """Whether the worst tick liquidates."""
        return bool(self.row.worst.outcome.liquidated)


def survived(rows: Sequence[CrashRow]) -> tuple[int, int]:
    """How many of the days are survived at the worst tick, and at the close."""
    return (
        sum(row.worst.outcome.liquidated is False for row in rows),
        sum(row.close.outcome.liquidated is False for row in rows),
    )


def finding(rows: Sequence[CrashRow], scenario: Scenario, account: Assessment) -> str:
    """The sentence of the title: how many of the days are survived."""
    if not scenario.positions:
        return "No positions: no day can liquidate"
    if unknown := findings.missing(account):
        return f"Not known: {scenario.account.rules.name} has no tier table for {wording.listing(unknown)}"
    if account.liquidated and (too_late := findings.standing(account, scenario)):
        return too_late
    if not rows:
        return "No day is chosen"
    worst, close = survived(rows)
    without = " without losing a position" if findings.isolated(scenario) else ""
    return f"{worst} of {len(rows)} days survived{without} at the worst tick, {close} at the close"


def crashes_alt(rows: Sequence[CrashRow], scenario: Scenario, account: Assessment) -> str:
    """The chart in words: its finding, then the worst days."""
    sentences, bars = [finding(rows, scenario, account)], _bars(rows)
    sentences += [f"{_day(bar.row)}: {_figures(bar)} at the worst tick" for bar in bars[:SPOKEN]]
    if len(bars) > SPOKEN:
        sentences.append(f"{len(bars) - SPOKEN} more")
    return ". ".join(sentences) + "."


def _bars(rows: Sequence[CrashRow]) -> list[Bar]:
    """The days whose headroom is known, the worst first."""
    bars = [
        Bar(row, row.close.outcome.headroom, row.worst.outcome.headroom)
        for row in rows
        if row.close.outcome.headroom is not None and row.worst.outcome.headroom is not None
    ]
    return sorted(bars, key=lambda bar: bar.worst)


def _day(row: CrashRow) -> str:
    event = row.day.event if len(row.day.event) <= LONGEST else f"{row.day.event[: LONGEST - 1]}…"
    return f"{row.day.date} {event}".strip()


def _figures(bar: Bar) -> str:
    """Whether the worst tick is survived, and by how much."""
    return f"{_ends(bar.row.worst)}, {'+' if bar.worst > 0 else ''}{wording.money(bar.worst)}"


def _ends(instant: Instant) -> str:
    """What becomes of the account, or of its isolated positions."""
    if lost := instant.outcome.positions_lost:
        return "1 position lost" if lost == 1 else f"{lost} positions lost"
    return "liquidated" if instant.outcome.liquidated else "survived"


def crashes(rows: Sequence[CrashRow], scenario: Scenario, account: Assessment, height: int | None = None) -> go.Figure:
    """One row per day, the worst first: headroom at the worst tick as a bar from 0, at the close as a point.

    In isolated mode headroom is that of the position worst off. The height follows the rows unless it is given.
    """
    title, bars = finding(rows, scenario, account), _bars(rows)
    if not bars or not scenario.positions:
        return style.empty(title)
    ends = [0.0, *(bar.worst for bar in bars), *(bar.close for bar in bars)]
    room = 0.06 * (max(ends) - min(ends)) or 1.0
    low, high, isolated = min(ends) - room, max(ends) + room, findings.isolated(scenario)
    traces = [
        _stems(bars),
        _points("close", bars, "circle-open", style.ACCOUNT),
        _points("worst tick, survived", [bar for bar in bars if not bar.died], "circle", style.ACCOUNT, bars),
        _points(
            f"worst tick, {'position lost' if isolated else 'liquidated'}",
            [bar for bar in bars if bar.died],
            "x",
            style.LIQUIDATION,
            bars,
        ),
        _names(bars, low),
    ]
    around = style.headline_height(title) + BELOW
    height = height or around + max(min(len(bars) * ROW, TALLEST // 2), min(len(bars) * TIGHT_ROW, TALLEST))
    whose = "of the position worst off" if isolated else "left"
    return style.figure(
        [trace for trace in traces if len(trace["x"])],
        title,
        height,
        BELOW,
        hovermode="closest",
        legend=style.legend(height - around, 46),
        xaxis=style.axis(
            title=f"Headroom {whose}, below 0 it has failed", range=[low, high], tickformat="$,.3~s", nticks=5
        )
        | {"zeroline": True, "zerolinecolor": style.QUIET, "zerolinewidth": 2},
        yaxis=style.hidden_axis(range=[0.5 - len(bars), 0.5]),
    )


def _stems(bars: list[Bar]) -> style.Trace:
    """From 0 to the headroom at the worst tick, as one line with gaps."""
    x = np.array([bar.worst for bar in bars])
    return {
        "type": "scatter",
        "x": np.column_stack([np.zeros_like(x), x, np.full_like(x, np.nan)]).ravel(),
        "y": np.repeat(BAR - np.arange(len(bars)), 3),
        "mode": "lines",
        "line": {"color": style.QUIET, "width": 5},
        "opacity": 0.5,
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _points(name: str, bars: list[Bar], symbol: str, colour: str, among: list[Bar] | None = None) -> style.Trace:
    """One point per day: of the close, or of the worst tick where `among` says which rows the days stand in."""
    places = {id(bar): place for place, bar in enumerate(among or bars)}
    close = among is None
    return {
        "type": "scatter",
        "name": name,
        "x": np.array([bar.close if close else bar.worst for bar in bars]),
        "y": np.array([BAR - places[id(bar)] for bar in bars]),
        "mode": "markers",
        "marker": {"symbol": symbol, "color": colour, "size": 10, "line": {"width": 2 if close else 0}},
        "text": style.texts([_hover(bar.row, bar.row.close if close else bar.row.worst, name) for bar in bars]),
        "hovertemplate": "%{text}<extra></extra>",
        "cliponaxis": False,
    }


def _hover(row: CrashRow, instant: Instant, name: str) -> str:
    outcome, load = instant.outcome, instant.outcome.requirement_to_equity
    worst_off = "" if outcome.positions_lost is None else ", position worst off"
    used = "no equity left" if load is None else f"requirement ÷ equity {wording.percent(load)}"
    return "<br>".join(
        [
            f"<b>{escape(_day(row))}</b>",
            f"{name.split(',', maxsplit=1)[0]}: {_ends(instant)}",
            f"margin balance {wording.money(outcome.remaining)}",
            f"{used}{worst_off}",
            f"headroom {wording.money(outcome.headroom)}{worst_off}",
        ]
    )


def _names(bars: list[Bar], low: float) -> style.Trace:
    """The words of each row above its bar, from the left edge on."""
    return {
        "type": "scatter",
        "x": np.full(len(bars), low),
        "y": NAME - np.arange(len(bars)),
        "text": style.texts([f"<b>{escape(_day(bar.row))}</b>  {escape(_figures(bar))}" for bar in bars]),
        "textfont": {"color": style.INK, "size": 12},
        "cliponaxis": False,
        "mode": "text",
        "textposition": "middle right",
        "hoverinfo": "skip",
        "showlegend": False,
    }
