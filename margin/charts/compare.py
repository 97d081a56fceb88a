"""Cross against isolated margin along a direction, and exchange against exchange."""

from math import inf
from typing import Any, NamedTuple

import numpy as np

from margin import formatting as wording
from margin.charts.layout import rows, style
from margin.engine.numbers import Array
from margin.studies.comparison.modes import JUST_BEFORE, ModeComparison, ModeCurves
from margin.studies.comparison.venues import VenueComparison, VenueLine
from margin.studies.distance.distances import FURTHEST_UP, JointMove, nearest
from margin.text import findings
from margin.text.modes import keeps
from margin.text.phrases import LIQUIDATED_NOW, NOW
from margin.text.venues import line_name

CROSS, ISOLATED = style.ACCOUNT, style.POSITIONS[1]
SPOKEN = 6
"""So many positions or venues are told one by one."""
PLOT, BELOW = 260, 88
"""Pixels: the picture of both modes, and what stands below it."""
FURTHEST = 0.3
"""At least so much of a joint move is shown where something lies there."""


# Cross against isolated


def modes_finding(curves: ModeCurves | None, comparison: ModeComparison) -> str:
    """Return the title: which move liquidates cross, and what isolated margin keeps."""
    if not comparison.cross.scenario.positions:
        return "No positions: cross and isolated are the same"
    if curves is None:
        return findings.standing(comparison.cross.scenario) or "Not known"
    if not comparison.cross.assessment.liquidated and nearest(curves.cross_reached) is None:
        return _survived(curves, comparison)
    return f"{_cross(curves, comparison)}; {_isolated(comparison)}"


def _survived(curves: ModeCurves, comparison: ModeComparison) -> str:
    """Return where no move along the direction, as far as one is looked for, liquidates cross."""
    if not _any_lost(curves) and not comparison.missing:
        return f"Nothing is liquidated from {_searched(curves)} this way, cross or isolated"
    return f"Cross survives {_searched(curves)} this way; {_isolated(comparison)}"


def _cross(curves: ModeCurves, comparison: ModeComparison) -> str:
    move = nearest(curves.cross_reached)
    if comparison.cross.assessment.liquidated or move is None:
        return f"Cross is {LIQUIDATED_NOW}"
    return f"Cross is liquidated at {_signed(move)}"


def _isolated(comparison: ModeComparison) -> str:
    if comparison.missing:
        return "isolated takes more than the wallet"
    free, kept = (
        keeps(comparison.isolated),
        "its collateral" if comparison.isolated.collateral else "nothing",
    )
    return f"isolated keeps at least {free}" if free else f"isolated has {kept} set aside"


def _any_lost(curves: ModeCurves) -> bool:
    return any(reached != (None, None) for _, reached in curves.liquidated_at)


def _searched(curves: ModeCurves) -> str:
    """Return `−100% to +1,000%`: how far each way the direction is followed."""
    return f"{wording.step(-curves.direction.furthest_down)} to {wording.step(FURTHEST_UP)}"


def _signed(move: float) -> str:
    return wording.percent(move, sign=True)


def modes_alt(curves: ModeCurves | None, comparison: ModeComparison) -> str:
    """Return the chart in words: finding, account values and liquidated positions."""
    sentences = [modes_finding(curves, comparison)]
    if curves is not None and comparison.cross.scenario.positions:
        sentences.append(f"Direction: {curves.direction.name}")
        if moves := [_signed(move) for move in curves.cross_reached if move is not None]:
            sentences.append(f"Cross is liquidated at {' and '.join(moves)}")
        liquidated = [
            (name, reached) for name, reached in curves.liquidated_at if reached != (None, None)
        ]
        sentences += [
            f"Isolated loses {name} at {_met(reached)}" for name, reached in liquidated[:SPOKEN]
        ]
        sentences += (
            [f"{len(liquidated) - SPOKEN} more positions can be lost"]
            if len(liquidated) > SPOKEN
            else []
        )
    return ". ".join(sentences) + "."


def _met(reached: JointMove) -> str:
    return " and ".join(_signed(move) for move in reached if move is not None)


def modes(curves: ModeCurves | None, comparison: ModeComparison) -> style.Spec:
    """Draw the account's worth in both modes, in the settlement coin, over a joint move in %.

    Each liquidation is a fall by all that stood behind it: the account in cross, a position's
    margin in isolated.
    """
    title = modes_finding(curves, comparison)
    if curves is None or not comparison.cross.scenario.positions:
        return style.empty(title)
    lines = [_line(curves, "cross"), _line(curves, _isolated_named(comparison), isolated=True)]
    traces = [*lines, *_falls(curves), _hover(curves)]
    top = max(1.0, float(curves.cross.max()), float(curves.isolated.max()))
    return style.figure(
        [trace for trace in traces if len(trace["x"])],
        title,
        PLOT,
        BELOW,
        hovermode="x",
        legend=style.legend(PLOT, 56),
        shapes=[_today()],
        xaxis=style.axis(
            title=f"{curves.direction.name}, move from these marks",
            range=[float(curves.moves[0]) * 100, float(curves.moves[-1]) * 100],
            ticksuffix="%",
            nticks=7,
            hoverformat="+.2f",
        ),
        yaxis=style.axis(
            title="Account value", tickformat="$~s", range=[-0.02 * top, 1.08 * top], nticks=7
        ),
    )


def _isolated_named(comparison: ModeComparison) -> str:
    """Return the name of the isolated line, with its money and what the wallet lacks."""
    if comparison.missing:
        return f"isolated, with {wording.money(comparison.missing)} more than the wallet holds"
    return "isolated, each position on its own margin"


def _line(curves: ModeCurves, name: str, *, isolated: bool = False) -> style.Trace:
    stroke = (
        {"color": ISOLATED, "width": 3, "dash": "dash"}
        if isolated
        else {"color": CROSS, "width": 3}
    )
    return {
        "type": "scatter",
        "name": name,
        "x": curves.moves * 100,
        "y": curves.isolated if isolated else curves.cross,
        "mode": "lines",
        "line": stroke,
        "hoverinfo": "skip",
    }


def _falls(curves: ModeCurves) -> list[style.Trace]:
    """Return markers just before liquidations: crosses for the account, diamonds for positions."""
    account = [move for move in curves.cross_reached if move is not None]
    alone = [move for _, reached in curves.liquidated_at for move in reached if move is not None]
    return [
        _symbols("cross is liquidated", "x", curves.moves, curves.cross, account),
        _symbols(
            "an isolated position is liquidated",
            "diamond-open",
            curves.moves,
            curves.isolated,
            alone,
        ),
    ]


def _symbols(name: str, symbol: str, moves: Array, line: Array, falls: list[float]) -> style.Trace:
    """Return a symbol on a line just before each drop, once where several are at one move."""
    shown = [move for move in dict.fromkeys(falls) if moves[0] <= move <= moves[-1]]
    return {
        "type": "scatter",
        "name": name,
        "x": np.array(shown) * 100,
        "y": line[np.searchsorted(moves, np.array(shown) * JUST_BEFORE)],
        "mode": "markers",
        "marker": {
            "symbol": symbol,
            "color": style.LIQUIDATION,
            "size": 10,
            "line": {"width": 2, "color": style.LIQUIDATION},
        },
        "hoverinfo": "skip",
    }


def _hover(curves: ModeCurves) -> style.Trace:
    """Return what both modes leave at a move, side by side: points that are only pointed at."""
    texts = []
    for move, cross, isolated in zip(*(curve.tolist() for curve in curves[1:4]), strict=True):
        names = [name for name, reached in curves.liquidated_at if _past(move, reached)]
        note = " (liquidated)" if _past(move, curves.cross_reached) else ""
        without = f", without {wording.some(names, SPOKEN)}" if names else ""
        worths = (
            f"cross leaves {wording.money(cross)}{note}<br>isolated leaves "
            f"{wording.money(isolated)}{without}"
        )
        texts.append(f"<b>{_signed(move)}</b><br>{worths}")
    return {
        "type": "scatter",
        "x": curves.moves * 100,
        "y": np.maximum(curves.cross, curves.isolated),
        "mode": "markers",
        "marker": {"size": 8, "opacity": 0},
        "text": style.texts(texts),
        "hovertemplate": "%{text}<extra></extra>",
        "showlegend": False,
    }


def _past(move: float, reached: JointMove) -> bool:
    return (reached.down is not None and move <= reached.down) or (
        reached.up is not None and move >= reached.up
    )


def _today() -> dict[str, Any]:
    line = {"color": style.QUIET, "width": 1, "dash": "dot"}
    return {"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1, "line": line}


# Venue against venue


class VenueRow(NamedTuple):
    """One venue's joint fall and rise to liquidation, as positive fractions or infinite."""

    name: str
    fall: float
    rise: float
    words: str


def venues_finding(comparison: VenueComparison) -> str:
    """Return the title: which venue liquidates last, or the range of moves that liquidate."""
    if not comparison.lines[0].scenario.positions:
        return "No positions: no venue requires anything"
    if not comparison.whole:
        return "No venue here knows every token of the account"
    ends = sorted((line.reached(falls=comparison.falls), line.name) for line in comparison.whole)
    names = wording.some([name for _, name in ends], SPOKEN)
    if ends[0][0] == inf:
        return f"No joint move to +1,000% liquidates on {names}"
    outcome = (
        "A position is liquidated"
        if comparison.whole[0].scenario.account.isolated
        else "Liquidated"
    )
    if ends[-1][0] == 0:
        return f"{outcome} {NOW} on {names}"
    if all(end in (0, inf) for end, _ in ends):
        count = sum(end == 0 for end, _ in ends)
        return f"{outcome} {NOW} on {count} of {len(ends)} venues, by no move to +1,000% elsewhere"
    return _span(comparison, ends)


def _span(comparison: VenueComparison, ends: list[tuple[float, str]]) -> str:
    """Return who lasts longest; where nobody is named, the nearest and the furthest liquidation."""
    falls, (near, first), (far, last) = comparison.falls, ends[0], ends[-1]
    direction = "fall" if falls else "rise"
    if comparison.last:
        verb = "lasts" if len(comparison.last) == 1 else "last"
        return (
            f"In a joint {direction} {wording.some(comparison.last, SPOKEN)} {verb} longest: "
            f"{_end(far, falls=falls)}"
        )
    isolated = comparison.whole[0].scenario.account.isolated
    what = f"First loss in a joint {direction}" if isolated else f"Joint {direction} to liquidation"
    begin = f"{what}: {_end(near, falls=falls)} ({first})"
    if far == inf:
        never = sum(end == inf for end, _ in ends)
        return f"{begin}; none{'' if falls else ' to +1,000%'} on {never} of {len(ends)}"
    return begin if len(ends) == 1 else f"{begin} to {_end(far, falls=falls)} ({last})"


def _end(end: float, *, falls: bool) -> str:
    return "reached" if end == 0 else _signed(-end if falls else end)


def venues_alt(comparison: VenueComparison) -> str:
    """Return the chart in words: its finding, then each line."""
    sentences = [venues_finding(comparison)]
    if comparison.lines[0].scenario.positions:
        sentences += [f"{row.name}: {row.words}" for row in _rows(comparison)]
    return ". ".join(sentences) + "."


def venues(comparison: VenueComparison) -> style.Spec:
    """Draw one row per venue from the joint fall to the joint rise that liquidates, in %.

    Venues without a token's table compare the account without that token.
    """
    title, shown = venues_finding(comparison), _rows(comparison)
    if not comparison.lines[0].scenario.positions or not shown:
        return style.empty(title)
    reach = _reach(shown)
    low, high = rows.with_room(
        [-_drawn([row.fall for row in shown], reach), _drawn([row.rise for row in shown], reach)]
    )
    words = [f"<b>{row.name}</b>  {row.words}" for row in shown]
    traces = [_bars(shown, low, high), *_ends(shown, low, high), rows.names(words, low * 100)]
    axis = rows.moves_axis("Joint move from these marks (× each token's beta)", low, high)
    return rows.figure(traces, title, len(shown), axis, shapes=[_today()])


def _rows(comparison: VenueComparison) -> list[VenueRow]:
    """Return the lines whose figures are known, in the venues' order."""
    known = [line.without if line.missing else line for line in comparison.lines]
    return [_row(line) for line in known if line is not None]


def _row(line: VenueLine) -> VenueRow:
    fall, rise = line.reached(falls=True), line.reached(falls=False)
    days = list(line.days)
    as_of = (
        f"tables of {' to '.join(dict.fromkeys([days[0], days[-1]]))}"
        if days
        else "tables without a date"
    )
    if line.assessment.liquidated:
        outcome = "a position is liquidated" if line.scenario.account.isolated else "liquidated"
        return VenueRow(line_name(line), 0.0, 0.0, f"{outcome} {NOW}, {as_of}")
    ends = [_end(end, falls=falls) for end, falls in ((fall, True), (rise, False)) if end < inf]
    return VenueRow(
        line_name(line), fall, rise, f"{' and '.join(ends) or 'none to +1,000%'}, {as_of}"
    )


def _reach(shown: list[VenueRow]) -> float:
    """Return how far a joint move is drawn: what lies further off is an arrow at the edge."""
    ends = [end for row in shown for end in (row.fall, row.rise) if 0 < end < inf]
    return max(FURTHEST, 5 * min(ends, default=0.0))


def _drawn(ends: list[float], reach: float) -> float:
    """Return how far the axis goes one way, in fractions."""
    within = [end for end in ends if end <= reach]
    return max([0.05, *within, *([FURTHEST] if len(within) < len(ends) else [])])


def _spans(shown: list[VenueRow], low: float, high: float) -> list[tuple[float, float]]:
    return [(max(low, -row.fall), min(high, row.rise)) for row in shown]


def _bars(shown: list[VenueRow], low: float, high: float) -> style.Trace:
    """Return what is survived."""
    drawn = [
        rows.Bar(down * 100, up * 100, place)
        for place, (down, up) in enumerate(_spans(shown, low, high))
    ]
    return rows.bars(drawn, CROSS, 6, name="survived", showlegend=True)


def _ends(shown: list[VenueRow], low: float, high: float) -> list[style.Trace]:
    """Return diamonds at liquidations and arrows for those beyond the scale."""
    reached: list[rows.Point] = []
    beyond: list[rows.Point] = []
    for place, (row, span) in enumerate(zip(shown, _spans(shown, low, high), strict=True)):
        for edge, end, limit in ((span[0], row.fall, -low), (span[1], row.rise, high)):
            if end < inf:
                point = rows.Point(edge * 100, place, f"<b>{row.name}</b><br>{row.words}")
                (beyond if end > limit else reached).append(point)
    return [
        rows.symbols("liquidation", reached, "diamond", style.LIQUIDATION, size=11),
        rows.beyond(beyond, style.LIQUIDATION),
    ]
