"""Margin used along a joint move of all prices, with its levels."""

from typing import Any, NamedTuple

import numpy as np

from margin import formatting as wording
from margin.charts.layout import style
from margin.charts.layout.box import Box
from margin.model.prepared import Preparable, prepare
from margin.model.scenario import Scenario
from margin.studies.account.assess import Assessment, assess
from margin.studies.distance.curve import SHOWN, Curve
from margin.studies.distance.directions import Direction
from margin.studies.distance.distances import FURTHEST_DOWN, FURTHEST_UP, JointMove
from margin.text import danger, findings

PLOT = 340
"""Pixels."""
TOP = 1.25
"""Margin used is shown from 0 to here."""
OFF_SCALE = 1.19
"""Where a point beyond the top is drawn."""
LABEL_WIDTH, LABEL_HEIGHT = 0.36, 0.09
"""What today's label takes of both axes on the narrowest screen."""
CLEAR = "rgba(0,0,0,0)"
APART = 0.17
"""Levels closer than this share one label on the axis."""


class CurveLevel(NamedTuple):
    """A level of margin used: its name, its style, and the joint moves that reach it."""

    name: str
    value: float
    colour: str
    dash: str
    symbol: str
    reached: JointMove


class CurvePoint(NamedTuple):
    """A point drawn on the curve, x and y as fractions."""

    x: float
    y: float
    text: str
    symbol: str
    colour: str
    side: str


def finding(curve: Curve | None, account: Preparable, direction: Direction | None = None) -> str:
    """Return the title: how far prices may go from the present marks, together by default."""
    account = prepare(account)
    scenario, assessment = account.scenario, assess(account)
    if not scenario.positions:
        return "No positions: no joint move can liquidate"
    too_late = findings.standing(account)
    if too_late or curve is None:
        return too_late or "Not known: there is no curve"
    if direction is not None and direction.key != "together":
        here = " from here" if curve.today else ""
        return _along(assessment.joint_move, direction, here, isolated=findings.isolated(scenario))
    return _far(assessment.joint_move, curve.today, isolated=findings.isolated(scenario))


def _along(reached: JointMove, direction: Direction, here: str, *, isolated: bool) -> str:
    ends = [move for move in reached if move is not None]
    what = "liquidates the first position" if isolated else "liquidates the account"
    if not ends:
        return f"No move up to {wording.step(FURTHEST_UP)}{here} {what}"
    moves = " or ".join(wording.percent(move, sign=True) for move in ends)
    return f"{danger.course(direction)}: {moves}{here} {what}"


def _far(joint: JointMove, today: float, *, isolated: bool) -> str:
    if joint.down is None and joint.up is None:
        furthest = f"{wording.step(-FURTHEST_DOWN)} to {wording.step(FURTHEST_UP)}"
        return (
            f"No joint move from {furthest} "
            f"{'liquidates a position' if isolated else 'liquidates this account'}"
        )
    reached = [
        (word, move)
        for word, move in (("fall", joint.down), ("rise", joint.up))
        if move is not None
    ]
    ends = [
        f"{word} of {'a further ' if today * move > 0 else ''}{findings.distance(move)}"
        for word, move in reached
    ]
    # A move that goes on from the present one says so itself.
    goes_on = any(today * move > 0 for _, move in reached)
    origin = " from here" if today and not goes_on else ""
    return (
        f"A joint {' or '.join(ends)}{origin} "
        f"{'liquidates the first position' if isolated else 'liquidates the account'}"
    )


def joint_move_alt(
    curve: Curve | None, account: Preparable, direction: Direction | None = None
) -> str:
    """Return the chart in words.

    Its finding, where the account stands, and where the levels lie.
    """
    account = prepare(account)
    scenario, assessment = account.scenario, assess(account)
    sentences = [finding(curve, account, direction)]
    if curve is not None and assessment.headroom is not None:
        load = _load_today(curve)
        if np.isfinite(load):
            base = (
                "the worst position's margin"
                if findings.isolated(scenario)
                else "the margin balance"
            )
            sentences.append(f"Now {wording.percent(load)} of {base} is required")
        for level in _levels(curve, scenario):
            if moves := [wording.percent(move, sign=True) for move in _met(level)]:
                met = (
                    f"{level.name.capitalize()} ({wording.rate(level.value)}) is met at "
                    f"{' and '.join(moves)}"
                )
                sentences.append(f"{met} from {_origin(curve, scenario)}")
    return ". ".join(sentences) + "."


def joint_move(
    curve: Curve | None, account: Preparable, direction: Direction | None = None
) -> style.Spec:
    """Return margin used against the joint move, both in %.

    Solid where the account is alive, dotted beyond; in isolated mode the position that is worst
    off.
    """
    account = prepare(account)
    scenario, assessment = account.scenario, assess(account)
    title = finding(curve, account, direction)
    if curve is None or assessment.headroom is None:
        return style.empty(title)
    low, high = _range(curve)
    levels = _levels(curve, scenario)
    marks = _marks(levels, low, high)
    now = _now(curve, marks, levels, low, high)
    isolated = findings.isolated(scenario)
    return style.figure(
        [
            _beyond(curve, scenario, low, high),
            _alive(curve, assessment, low, high),
            _points(marks),
            _points(now),
        ],
        title,
        PLOT,
        hovermode="x",
        showlegend=False,
        shapes=[*_areas(levels), *_level_lines(levels), *_baseline(curve)],
        xaxis=style.axis(
            title=_course(curve, scenario, direction),
            range=[low * 100, high * 100],
            ticksuffix="%",
            hoverformat="+.2f",
            nticks=7,
            fixedrange=False,
        ),
        yaxis=style.axis(
            title=f"Margin used{', worst position' if isolated else ''}",
            range=[0, TOP * 100],
            showgrid=False,
            standoff=16,
            **_level_ticks(levels),
        ),
    )


def _course(curve: Curve, scenario: Scenario, direction: Direction | None) -> str:
    """Return what the axis of moves says."""
    start = f"from {_origin(curve, scenario)}"
    if direction is not None and direction.key != "together":
        return f"{danger.course(direction)}<br>{start}"
    by_beta = any(scenario.market.beta(token) != 1 for token in scenario.tokens)
    return f"Joint move {start}{'<br>(× each token’s beta)' if by_beta else ''}"


def _origin(curve: Curve, scenario: Scenario) -> str:
    marks = scenario.market.marks
    at_marks = all(price == marks[token] for token, price in curve.origin.items())
    return "these marks" if at_marks and not curve.today else "the baseline marks"


def _levels(curve: Curve, scenario: Scenario) -> list[CurveLevel]:
    chosen = scenario.levels
    return [
        CurveLevel("liquidation", 1.0, style.LIQUIDATION, "solid", "x", curve.liquidation),
        CurveLevel("danger", chosen.danger, style.DANGER, "dash", "diamond", curve.danger),
        CurveLevel("warning", chosen.warning, style.WARNING, "dot", "square", curve.warning),
    ]


def _met(level: CurveLevel) -> list[float]:
    """Return the moves that lead to the level; none where it is passed already at no move."""
    return [move for move in level.reached if move]


def _range(curve: Curve) -> tuple[float, float]:
    """Return the moves shown: the curve's, without a far liquidation that hides the near one."""
    near = min((abs(move) for move in curve.liquidation if move is not None), default=0.0)
    limit = max(0.5, SHOWN, 3 * near, 1.2 * abs(curve.today))
    return max(float(curve.moves[0]), -limit), min(float(curve.moves[-1]), limit)


def _load_today(curve: Curve) -> float:
    return float(curve.requirement_to_equity[np.argmin(np.abs(curve.moves - curve.today))])


def _beyond(curve: Curve, scenario: Scenario, low: float, high: float) -> style.Trace:
    """Return the whole curve, faint and dotted; it also carries the hover text."""
    first, last = (
        np.searchsorted(curve.moves, low),
        np.searchsorted(curve.moves, high, side="right"),
    )
    shown = slice(max(0, int(first) - 1), int(last) + 1)
    return {
        "type": "scatter",
        "x": curve.moves[shown] * 100,
        "y": curve.requirement_to_equity[shown] * 100,
        "mode": "lines",
        "line": {"color": style.QUIET, "width": 2, "dash": "dot"},
        "text": style.texts(_hover(curve, scenario, shown)),
        "hovertemplate": "%{text}<extra></extra>",
    }


def _hover(curve: Curve, scenario: Scenario, shown: slice) -> list[str]:
    label = scenario.account.rules.ratio.name
    isolated = findings.isolated(scenario)
    if isolated:
        label = f"{label} of the worst position"
    base = "its margin and profit" if isolated else "margin balance"
    named = {
        move: level.name for level in reversed(_levels(curve, scenario)) for move in _met(level)
    }
    columns = (
        curve.moves,
        curve.requirement_to_equity,
        curve.ratio,
        curve.equity,
        curve.requirement,
    )
    lines = []
    for move, load, ratio, equity, requirement in zip(
        *(column[shown].tolist() for column in columns), strict=True
    ):
        name = named.get(move)
        head = f"<b>{wording.percent(move, sign=True)}{f', {name}' if name else ''}</b>"
        figures = (
            f"{base} {wording.money(max(0.0, equity))}<br>requirement {wording.money(requirement)}"
        )
        known = np.isfinite(load) and np.isfinite(ratio)
        lines.append(f"{head}<br>{label} {wording.percent(ratio)}<br>{figures}" if known else "")
    return lines


def _alive(curve: Curve, assessment: Assessment, low: float, high: float) -> style.Trace:
    """Return the part of the curve on which the account lives, around the present marks."""
    start, end = _alive_range(curve, assessment)
    inside = (curve.moves >= max(start, low)) & (curve.moves <= min(end, high))
    return {
        "type": "scatter",
        "x": curve.moves[inside] * 100,
        "y": curve.requirement_to_equity[inside] * 100,
        "mode": "lines",
        "line": {"color": style.ACCOUNT, "width": 3},
        "hoverinfo": "skip",
    }


def _alive_range(curve: Curve, assessment: Assessment) -> tuple[float, float]:
    """Return between the liquidation points of the curve.

    Where today is not between them, what is alive around today.
    """
    down, up = curve.liquidation
    start, end = -np.inf if down is None else down, np.inf if up is None else up
    if start < end and (start < curve.today < end or assessment.liquidated):
        return start, end
    if assessment.liquidated:
        return np.inf, -np.inf
    liquidated = curve.moves[~(curve.requirement_to_equity < 1)]
    before, after = liquidated[liquidated < curve.today], liquidated[liquidated > curve.today]
    return float(before.max(initial=-np.inf)), float(after.min(initial=np.inf))


def _marks(levels: list[CurveLevel], low: float, high: float) -> list[CurvePoint]:
    """Return the points where levels are reached, and arrows for liquidations out of range."""
    ends = _met(levels[0])
    both = len(ends) > 1
    inward = not both or min(ends[1], high) - max(ends[0], low) >= 0.5 * (high - low)
    marks: list[CurvePoint] = []
    for level in levels:
        room = all(abs(level.value - mark.y) >= 0.07 for mark in marks)
        for move in _met(level):
            if not low <= move <= high and level.name != "liquidation":
                continue
            words = (
                f"{wording.percent(move, sign=True)}{'' if both else f' {level.name}'}"
                if room
                else ""
            )
            symbol = (
                level.symbol
                if low <= move <= high
                else "triangle-left"
                if move < low
                else "triangle-right"
            )
            x = min(max(move, low), high)
            side = _side(x, low, high, inward=inward, left_end=move < 0)
            marks.append(CurvePoint(x, level.value, words, symbol, level.colour, f"top {side}"))
    return marks


def _side(x: float, low: float, high: float, *, inward: bool, left_end: bool) -> str:
    """Return the side with room for a label: between two distant ends, else outside them."""
    room = (x - low if left_end else high - x) / (high - low)
    return "right" if left_end == (inward or room < 0.22) else "left"


def _now(
    curve: Curve, marks: list[CurvePoint], levels: list[CurveLevel], low: float, high: float
) -> list[CurvePoint]:
    """Return today's point and its label, which may stand apart from it."""
    load, x = _load_today(curve), curve.today
    if not load <= OFF_SCALE:
        text = f"now {wording.percent(load)}" if np.isfinite(load) else "now: nothing left"
        visible = curve.moves[curve.requirement_to_equity < OFF_SCALE]
        side = "left" if len(visible) and visible.mean() > x else "right"
        room = x - low if side == "left" else high - x
        if room < LABEL_WIDTH * (high - low):  # Away from the curve, but not out of the frame.
            side = "right" if side == "left" else "left"
        return [CurvePoint(x, OFF_SCALE, text, "triangle-up", style.ACCOUNT, f"middle {side}")]
    text = f"now {wording.percent(load)}"
    occupied = [_label_box(mark.x, mark.y, mark.side, high - low) for mark in marks if mark.text]
    occupied += [Box(low, high, level.value - 0.01, level.value + 0.01) for level in levels]
    occupied += _segments(curve)
    frame = Box(low, high, 0.0, TOP)
    for y, side in _places(curve, load, high - low):
        box = _label_box(x, y, side, high - low)
        if box.inside(frame) and not any(box.meets(other) for other in occupied):
            break
    point = CurvePoint(x, load, "", "circle", style.ACCOUNT, "top right")
    return [point, CurvePoint(x, y, text, "circle", CLEAR, side)]


def _places(curve: Curve, load: float, span: float) -> list[tuple[float, str]]:
    """Return places for today's label, best first: beside the point, then above or below it."""
    near = curve.requirement_to_equity[np.abs(curve.moves - curve.today) < LABEL_WIDTH / 2 * span]
    beside = [
        (load, f"{height} {side}") for height in ("top", "bottom") for side in ("right", "left")
    ]
    return [
        *beside,
        (float(np.nanmin(near)), "bottom center"),
        (float(np.nanmax(near)), "top center"),
        beside[0],
    ]


def _label_box(x: float, y: float, side: str, span: float) -> Box:
    """Return what a label takes on the narrowest screen, at `side` of its point."""
    height, place = side.split()
    width, gap = LABEL_WIDTH * span, 0.01 * span
    left = {"right": x + gap, "left": x - gap - width, "center": x - width / 2}[place]
    bottom = y + 0.02 if height == "top" else y - 0.02 - LABEL_HEIGHT
    return Box(left, left + width, bottom, bottom + LABEL_HEIGHT)


def _segments(curve: Curve) -> list[Box]:
    """Return the curve as boxes around its segments, within the height shown."""
    moves, loads = curve.moves.tolist(), curve.requirement_to_equity.tolist()
    return [
        Box(
            moves[index],
            moves[index + 1],
            min(loads[index : index + 2]),
            max(loads[index : index + 2]),
        )
        for index in range(len(moves) - 1)
        if loads[index] < TOP or loads[index + 1] < TOP
    ]


def _points(marks: list[CurvePoint]) -> style.Trace:
    """Return labelled points."""
    return {
        "type": "scatter",
        "x": np.array([mark.x * 100 for mark in marks]),
        "y": np.array([mark.y * 100 for mark in marks]),
        "mode": "markers+text",
        "text": style.texts([mark.text for mark in marks]),
        "textposition": style.texts([mark.side for mark in marks]),
        "textfont": {"color": style.INK, "size": 12},
        "marker": {
            "symbol": style.texts([mark.symbol for mark in marks]),
            "color": style.texts([mark.colour for mark in marks]),
            "size": 10,
        },
        "cliponaxis": False,
        "hoverinfo": "skip",
    }


def _areas(levels: list[CurveLevel]) -> list[dict[str, Any]]:
    """Return the heights between the levels, each faintly in the colour of the level below it."""
    ends = [level.value for level in levels]
    colours = [*(level.colour for level in levels), style.SAFE]
    areas = zip([*ends, 0.0], [TOP, *ends], colours, strict=True)
    return [
        {
            "type": "rect",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": low * 100,
            "y1": high * 100,
            "layer": "below",
            "line": {"width": 0},
            "fillcolor": colour,
            "opacity": 0.1,
        }
        for low, high, colour in areas
    ]


def _level_lines(levels: list[CurveLevel]) -> list[dict[str, Any]]:
    return [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": level.value * 100,
            "y1": level.value * 100,
            "layer": "below",
            "line": {"color": level.colour, "width": 1.5, "dash": level.dash},
        }
        for level in levels
    ]


def _baseline(curve: Curve) -> list[dict[str, Any]]:
    """Return a thin line under the curve where nothing has moved, once something has."""
    load = float(curve.requirement_to_equity[np.argmin(np.abs(curve.moves))])
    if not curve.today or not np.isfinite(load):
        return []
    line = {"color": style.QUIET, "width": 1, "dash": "dot"}
    return [
        {
            "type": "line",
            "x0": 0,
            "x1": 0,
            "y0": 0,
            "y1": load * 100,
            "layer": "below",
            "line": line,
        }
    ]


def _level_ticks(levels: list[CurveLevel]) -> dict[str, Any]:
    """Return the levels in words as the marks of the axis; those close together share one."""
    clusters: list[list[CurveLevel]] = []
    for level in levels:
        if clusters and clusters[-1][-1].value - level.value < APART:
            clusters[-1].append(level)
        else:
            clusters.append([level])
    places = [sum(level.value for level in cluster) / len(cluster) for cluster in clusters]
    words = [_tick(cluster) for cluster in clusters]
    if places[-1] > APART:
        places, words = [*places, 0.0], [*words, "0%"]
    return {"tickmode": "array", "tickvals": np.array(places) * 100, "ticktext": style.texts(words)}


def _tick(cluster: list[CurveLevel]) -> str:
    between = "<br>" if len(cluster) == 1 else " "
    return "<br>".join(f"{wording.rate(level.value)}{between}{level.name}" for level in cluster)
