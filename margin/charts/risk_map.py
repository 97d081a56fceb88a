"""Two groups of tokens moving each by its own: how near liquidation the account is everywhere, and the exact frontiers.

What lies in a colour also lies in a line: liquidation, danger and warning are drawn and named where they run.
"""

from collections.abc import Iterable, Sequence
from html import escape
from math import exp, sqrt
from typing import Any, Literal, NamedTuple

import numpy as np
import plotly.graph_objects as go

from margin import wording
from margin.book import Array
from margin.charts import findings, style
from margin.scenario import Scenario
from margin.studies.assess import Assessment
from margin.studies.distances import JointMove, nearest
from margin.studies.frontier import DAYS_A_YEAR, GroupRisk, RiskMap, ellipse, joined

POINTS = 101
"""Moves along each side."""
LEAST, MOST = 0.1, 2.0
"""A map reaches at least this far each way, and at most this far up."""
FAR = 3.0
"""A liquidation more than this many times as far off as the nearest does not widen the map."""
ROOM = 1.3
"""So much further than a liquidation the map reaches."""
STEP = 5
"""Every so many moves of the map there is something to point at."""
SIGMAS = (1, 2, 3)
TOP = 1.25
"""Requirement ÷ equity is coloured from 0 to here."""
LETTER, LABEL_HEIGHT, MARK = 0.022, 0.05, 0.02
"""What a letter, a line of words and a point's mark take of the sides on a narrow screen."""
GAP, OFF = 0.045, 0.08
"""How far words stand off a point, and off a line."""
NAMED = 14
"""Characters of a day's name on the map."""
DAY = style.POSITIONS[5]
HEIGHT, BELOW = 560, 150

Shows = Literal["ratio", "headroom"]


class Reaches(NamedTuple):
    """Where each group alone liquidates, both by the same move, and both apart: the first by x, the second by −x."""

    first: JointMove
    second: JointMove
    together: JointMove
    apart: JointMove


class CrashPoint(NamedTuple):
    """A named day as moves of both groups."""

    name: str
    first: float
    second: float
    filled: bool = False


class Cloud(NamedTuple):
    """How the groups move within some days, and what that rests on."""

    risk: GroupRisk
    days: int
    window: str


# What is worth showing


def map_moves(reaches: Reaches, cloud: Cloud | None) -> tuple[Array, Array]:
    """The moves of both groups, wide enough for liquidation, near ones, and two standard deviations; today in them."""
    turned = JointMove(*(None if move is None else -move for move in reversed(reaches.apart)))
    ways = ([reaches.first, reaches.together, reaches.apart], [reaches.second, reaches.together, turned])
    near = min((abs(move) for way in (*ways[0], reaches.second) for move in way if move is not None), default=0.0)
    sides = []
    for axis, reached in enumerate(ways):
        wide = cloud.risk.volatilities[axis] * sqrt(cloud.days / DAYS_A_YEAR) if cloud else 0.0
        within = [move for way in reached for move in way if move is not None and abs(move) <= FAR * near]
        low = min(1.0, max(LEAST, 1 - exp(-2 * wide), -ROOM * min(within, default=0.0)))
        high = min(MOST, max(LEAST, exp(2 * wide) - 1, ROOM * max(within, default=0.0)))
        sides.append(np.linspace(-low, high, POINTS))
    return sides[0], sides[1]


# What is said


def finding(found: RiskMap | None, reaches: Reaches, scenario: Scenario, account: Assessment) -> str:
    """The sentence of the title: how far each group alone and both at once may go."""
    if not scenario.positions:
        return "No positions: no move can liquidate"
    if too_late := findings.standing(account, scenario):
        return too_late
    if found is None:
        return "Not known: there is no map"
    ends = "loses a position" if findings.isolated(scenario) else "liquidates"
    names = (found.first.name, found.second.name)
    alone = [
        f"{name} {wording.percent(move, sign=True)}"
        for name, reach in zip(names, reaches[:2], strict=True)
        if (move := nearest(reach)) is not None
    ]
    head = f"{' or '.join(alone)} alone {ends}" if alone else f"Neither alone {ends}"
    return f"{head}; {_both(reaches)}"


def _both(reaches: Reaches) -> str:
    """The nearer of moving together and moving apart."""
    together, apart = nearest(reaches.together), nearest(reaches.apart)
    if together is None and apart is None:
        return "nor do both at once" if nearest(reaches.first) is nearest(reaches.second) is None else "both never"
    if apart is None or (together is not None and abs(together) <= abs(apart)):
        return f"together {wording.percent(together, sign=True)}"
    return f"moving apart {wording.percent(abs(apart))}"


def risk_map_alt(
    found: RiskMap | None,
    reaches: Reaches,
    scenario: Scenario,
    account: Assessment,
    cloud: Cloud | None = None,
    points: Sequence[CrashPoint] = (),
) -> str:
    """The map in words: its finding, where the account stands, how far the groups usually move, the named days."""
    sentences = [finding(found, reaches, scenario, account)]
    if found is None:
        return f"{sentences[0]}."
    load = account.requirement_to_equity
    if load is not None:
        whose = "the worst position's margin" if findings.isolated(scenario) else "equity"
        sentences.append(f"Today {wording.percent(load)} of {whose} is required")
    if cloud:
        spans = [volatility * sqrt(cloud.days / DAYS_A_YEAR) for volatility in cloud.risk.volatilities]
        one = [wording.percent(exp(span) - 1) for span in spans]
        sentences.append(
            f"Within {_days(cloud.days)} one standard deviation is {one[0]} of {found.first.name} and {one[1]} of "
            f"{found.second.name}, correlation {cloud.risk.correlation:.2f}"
        )
    sentences += [
        f"{point.name}: {wording.percent(point.first, sign=True)} and {wording.percent(point.second, sign=True)}"
        for point in _hardest(points)[:4]
    ]
    return ". ".join(sentences) + "."


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _hardest(points: Iterable[CrashPoint]) -> list[CrashPoint]:
    return sorted(points, key=lambda point: -(point.first**2 + point.second**2))


# The figure


def risk_map(
    found: RiskMap | None,
    reaches: Reaches,
    scenario: Scenario,
    account: Assessment,
    cloud: Cloud | None = None,
    points: Sequence[CrashPoint] = (),
    shows: Shows = "ratio",
    height: int = HEIGHT,
) -> go.Figure:
    """The map as colour, its frontiers as lines; correlation ellipses and named days where they are given."""
    title = finding(found, reaches, scenario, account)
    if found is None:
        return style.empty(title)
    room = _Room(found, [found.today, *(_within(point, found) for point in points)])
    traces = [
        _surface(found, scenario, shows),
        *_ellipses(cloud, room),
        *_frontiers(found, scenario, room),
        *_days_named(found, points, room),
        _today(found),
        _targets(found, scenario),
    ]
    return style.figure(
        traces,
        title,
        height,
        BELOW,
        hovermode="closest",
        hoverdistance=40,
        legend=style.legend(height - style.headline_height(title) - BELOW, 60),
        annotations=room.labels,
        xaxis=style.axis(
            title=f"Move of {found.first.name}<br>Colour: {_coloured(scenario, shows)}", **_side(found.first_moves)
        ),
        yaxis=style.axis(title=f"Move of {found.second.name}", standoff=4, **_side(found.second_moves)),
    )


def _side(moves: Array) -> dict[str, Any]:
    return {"range": [moves[0] * 100, moves[-1] * 100], "ticksuffix": " %", "nticks": 8, "showgrid": False}


class _Box(NamedTuple):
    """A rectangle in parts of the map's sides."""

    left: float
    low: float
    right: float
    high: float

    def meets(self, other: "_Box") -> bool:
        """Whether they overlap."""
        across = self.left < other.right and other.left < self.right
        return across and self.low < other.high and other.low < self.high


class _Room:
    """The words on a map: each stands beside its point, where nothing else does."""

    def __init__(self, found: RiskMap, marks: Iterable[tuple[float, float]]) -> None:
        self._low = (float(found.first_moves[0]), float(found.second_moves[0]))
        self._wide = tuple(float(side[-1] - side[0]) for side in (found.first_moves, found.second_moves))
        shares = [self.share(*mark) for mark in marks]
        self._taken = [_Box(across - MARK, up - MARK, across + MARK, up + MARK) for across, up in shares]
        self.labels: list[dict[str, Any]] = []

    def share(self, x: float, y: float) -> tuple[float, float]:
        """A point in parts of the map's sides: 0 to 1 within it."""
        return (x - self._low[0]) / self._wide[0], (y - self._low[1]) / self._wide[1]

    def inside(self, x: float, y: float) -> bool:
        """Whether the map shows the point."""
        return all(0 <= share <= 1 for share in self.share(x, y))

    def write(self, words: str, places: Iterable[tuple[float, float]]) -> None:
        """The words beside the first of the points that has room for them, nowhere where none has."""
        for x, y in places:
            for right, above in ((True, True), (False, False), (True, False), (False, True)):
                if self._take(x, y, (0.5 if right else -0.5) * GAP, (0.5 if above else -0.5) * GAP, words):
                    shift = {"xshift": 5 if right else -5, "yshift": 3 if above else -3}
                    sides = {"xanchor": "left" if right else "right", "yanchor": "bottom" if above else "top"}
                    self.labels.append({**_words(words, x, y), **sides, **shift, "showarrow": False})
                    return

    def point(self, words: str, places: Sequence[tuple[float, float]], way: tuple[float, float]) -> None:
        """The words off a line, with a thin line from them to it, the way given (1 or −1 across and up) if it is free.

        Where there is none at all they stand at the first of the points: a line is never without its name.
        """
        across, up = way
        ways = [(across, up), (across, -up), (-across, up), (-across, -up)]
        free = (
            (place, each)
            for each in ways
            for place in places
            if self._take(*place, each[0] * OFF, each[1] * OFF, words)
        )
        (x, y), (across, up) = next(free, (places[0], way))
        off = {"ax": across * 30, "ay": -up * 24, "xanchor": "left" if across > 0 else "right"}
        arrow = {"arrowhead": 0, "arrowwidth": 1, "arrowcolor": style.QUIET, "showarrow": True}
        self.labels.append({**_words(words, x, y), **off, **arrow})

    def _take(self, x: float, y: float, off: float, up: float, words: str) -> bool:
        """Takes the room of words that begin off a point, if it is free."""
        across, high = self.share(x, y)
        width = LETTER * len(words)
        left = across + off - (width if off < 0 else 0.0)
        low = high + up - (LABEL_HEIGHT if up < 0 else 0.0)
        box = _Box(left, low, left + width, low + LABEL_HEIGHT)
        within = box.left >= 0 and box.right <= 1 and box.low >= 0 and box.high <= 1
        if not within or any(box.meets(other) for other in self._taken):
            return False
        self._taken.append(box)
        return True


def _words(words: str, x: float, y: float) -> dict[str, Any]:
    return {"text": words, "x": x * 100, "y": y * 100, "font": {"color": style.INK, "size": 12}}


# Colours


def _coloured(scenario: Scenario, shows: Shows) -> str:
    """What the colours say."""
    isolated = findings.isolated(scenario)
    whose = ", position worst off" if isolated else ""
    if shows == "headroom":
        return f"headroom{whose} (below 0: liquidated)"
    return f"requirement ÷ {'margin' if isolated else 'equity'}{whose}"


def _surface(found: RiskMap, scenario: Scenario, shows: Shows) -> style.Trace:
    """The colours: thin where all is well, denser with the danger, and densest where it is too late."""
    money = shows == "headroom"
    z, key, scale, low, high = _money_colours(found.headroom) if money else _ratio_colours(found, scenario)
    return {
        "type": "heatmap",
        "x": found.first_moves * 100,
        "y": found.second_moves * 100,
        "z": z.astype(np.float32),
        "zmin": low,
        "zmax": high,
        "colorscale": scale,
        "colorbar": key,
        "hoverinfo": "skip",
    }


Coloured = tuple[Array, dict[str, Any], list[list[Any]], float, float]
"""What is coloured, its key, the colours from the least to the most, and what those two are."""


def _ratio_colours(found: RiskMap, scenario: Scenario) -> Coloured:
    """Requirement ÷ equity in %; where no equity is left, the end of the scale."""
    load = np.nan_to_num(found.requirement_to_equity, nan=TOP)
    warning, danger = scenario.levels.warning, scenario.levels.danger
    scale = [
        [0.0, _shade(style.ACCOUNT, 0.08)],
        [warning / TOP, _shade(style.WARNING, 0.22)],
        [danger / TOP, _shade(style.DANGER, 0.4)],
        [1 / TOP, _shade(style.LIQUIDATION, 0.55)],
        [1 / TOP, _shade(style.LIQUIDATION, 0.7)],
        [1.0, _shade(style.LIQUIDATION, 0.7)],
    ]
    ticks = [0.0, warning, danger, 1.0]
    named = style.texts([wording.rate(tick) for tick in ticks])
    key = _key(tickmode="array", tickvals=np.array(ticks) * 100, ticktext=named)
    return np.clip(load, 0.0, TOP) * 100, key, scale, 0.0, TOP * 100


def _money_colours(headroom: Array) -> Coloured:
    """Headroom: one colour above 0, the other below."""
    scale = [
        [0.0, _shade(style.LIQUIDATION, 0.8)],
        [0.5, _shade(style.LIQUIDATION, 0.35)],
        [0.5, _shade(style.ACCOUNT, 0.08)],
        [1.0, _shade(style.ACCOUNT, 0.6)],
    ]
    end = float(np.abs(headroom).max()) or 1.0
    return headroom, _key(tickformat="$,.3~s", nticks=5), scale, -end, end


def _key(**more: Any) -> dict[str, Any]:
    """The key to the colours, under the map."""
    font = {"color": style.INK, "size": 12}
    ends = {"x": 0, "xanchor": "left", "xpad": 0, "len": 1, "yref": "container", "y": 0, "yanchor": "bottom", "ypad": 4}
    looks = {"orientation": "h", "thickness": 8, "outlinewidth": 0, "tickfont": font}
    return {**looks, **ends, **more}


def _shade(colour: str, density: float) -> str:
    """A colour that lets the page through."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{density})"


# Lines


def _trace(x: Array, y: Array, **more: Any) -> style.Trace:
    return {"type": "scatter", "x": x * 100, "y": y * 100, "hoverinfo": "skip", **more}


def _frontiers(found: RiskMap, scenario: Scenario, room: _Room) -> list[style.Trace]:
    """The lines of the levels, named where they run; a level that is met nowhere on the map has none."""
    danger, warning = (wording.rate(level) for level in (scenario.levels.danger, scenario.levels.warning))
    looks = {
        "liquidation": ("liquidation", style.LIQUIDATION, "solid", 3),
        "danger": (f"danger {danger}", style.DANGER, "dash", 2),
        "warning": (f"warning {warning}", style.WARNING, "dot", 2),
    }
    traces = []
    for place, (name, (words, colour, dash, width)) in enumerate(looks.items()):
        if curves := found.frontiers[name]:
            line = {"color": colour, "width": width, "dash": dash}
            traces.append(_trace(*joined(curves), name=words, mode="lines", line=line, showlegend=False))
            longest = max(curves, key=_length)
            room.point(words, _along(longest, 0.3 + 0.2 * place), _outwards(found, longest, dead=name == "liquidation"))
    return traces


def _length(curve: Array) -> float:
    return float(np.hypot(*np.diff(curve, axis=0).T).sum())


def _along(curve: Array, share: float) -> list[tuple[float, float]]:
    """Points of a curve, from a share of its length on outwards."""
    far = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(curve, axis=0).T))])
    shares = sorted(np.linspace(0.04, 0.96, 24).tolist(), key=lambda each: abs(each - share))
    return [
        (float(np.interp(each * far[-1], far, curve[:, 0])), float(np.interp(each * far[-1], far, curve[:, 1])))
        for each in shares
    ]


def _outwards(found: RiskMap, curve: Array, *, dead: bool) -> tuple[float, float]:
    """The way off a curve to where headroom falls, or to where it rises: 1 or −1 across and up."""
    x, y = curve[len(curve) // 2]
    column = int(np.clip(np.searchsorted(found.first_moves, x), 1, len(found.first_moves) - 1))
    row = int(np.clip(np.searchsorted(found.second_moves, y), 1, len(found.second_moves) - 1))
    here, way = found.headroom[row, column], -1.0 if dead else 1.0
    across = way if here >= found.headroom[row, column - 1] else -way
    return across, way if here >= found.headroom[row - 1, column] else -way


def _ellipses(cloud: Cloud | None, room: _Room) -> list[style.Trace]:
    """One, two and three standard deviations, as one line; nothing without figures of both groups."""
    if cloud is None:
        return []
    curves = [np.column_stack(ellipse(cloud.risk.volatilities, cloud.risk.correlation, cloud.days, k)) for k in SIGMAS]
    for k, curve in zip(SIGMAS, curves, strict=True):
        ends = sorted(curve.tolist(), key=lambda point: -abs(point[0] + point[1]))
        room.write(f"{k} σ", [(x, y) for x, y in ends if room.inside(x, y)])
    line = {"color": style.QUIET, "width": 1.5}
    words = f"1, 2, 3 σ within {_days(cloud.days)}"
    return [_trace(*joined(curves), name=words, mode="lines", line=line)]


def _today(found: RiskMap) -> style.Trace:
    x, y = found.today
    marker = {"symbol": "circle", "size": 11, "color": style.ACCOUNT, "line": {"width": 2, "color": "#FFFFFF"}}
    return _trace(np.array([x]), np.array([y]), name="today", mode="markers", marker=marker)


# Named days


def _days_named(found: RiskMap, points: Sequence[CrashPoint], room: _Room) -> list[style.Trace]:
    """The days, the hardest named where there is room; those outside the map as arrows at its edge."""
    if not points:
        return []
    for point in _hardest(points):
        room.write(escape(point.name[:NAMED]), [_within(point, found)])
    drawn = sorted(points, key=lambda point: (_within(point, found) != (point.first, point.second), point.filled))
    places = [_within(point, found) for point in drawn]
    return [
        _trace(
            np.array([x for x, _ in places]),
            np.array([y for _, y in places]),
            name="named days",
            mode="markers",
            marker=_day_marks([_symbol(point, place) for point, place in zip(drawn, places, strict=True)]),
            text=style.texts([_told(point, found) for point in drawn]),
            hovertemplate="%{text}<extra></extra>",
            hoverinfo=None,
            cliponaxis=False,
        )
    ]


def _day_marks(symbols: list[str]) -> dict[str, Any]:
    """Marks with a light edge; open ones are nothing but an edge, in the marks' own colour."""
    is_open = [symbol.endswith("open") for symbol in symbols]
    edges = style.texts([DAY if each else "#FFFFFF" for each in is_open])
    width = np.where(is_open, 2.0, 1.0)
    return {"symbol": style.texts(symbols), "size": 9, "color": DAY, "line": {"width": width, "color": edges}}


def _within(point: CrashPoint, found: RiskMap) -> tuple[float, float]:
    """The point, moved to the map's edge where it lies outside."""
    x = float(np.clip(point.first, found.first_moves[0], found.first_moves[-1]))
    return x, float(np.clip(point.second, found.second_moves[0], found.second_moves[-1]))


def _symbol(point: CrashPoint, place: tuple[float, float]) -> str:
    """A diamond, or the way to where the point lies."""
    across, up = point.first - place[0], point.second - place[1]
    if not across and not up:
        return "diamond-open" if point.filled else "diamond"
    if across and up:
        return f"triangle-{'n' if up > 0 else 's'}{'e' if across > 0 else 'w'}"
    return f"triangle-{'right' if across > 0 else 'left'}" if across else f"triangle-{'up' if up > 0 else 'down'}"


def _told(point: CrashPoint, found: RiskMap) -> str:
    moves = ((found.first.name, point.first), (found.second.name, point.second))
    told = [f"{name} {wording.percent(move, sign=True)}" for name, move in moves]
    filled = ["by beta, for want of figures"] if point.filled else []
    return "<br>".join([f"<b>{escape(point.name)}</b>", *told, *filled])


# What it says where one points


def _targets(found: RiskMap, scenario: Scenario) -> style.Trace:
    """Points that cannot be seen but pointed at, with the account there in words."""
    rows, columns = range(0, len(found.second_moves), STEP), range(0, len(found.first_moves), STEP)
    words = [_account_at(found, scenario, row, column) for row in rows for column in columns]
    x, y = np.meshgrid(found.first_moves[::STEP], found.second_moves[::STEP])
    return _trace(
        x.ravel(),
        y.ravel(),
        mode="markers",
        marker={"size": 12, "opacity": 0},
        text=style.texts(words),
        hovertemplate="%{text}<extra></extra>",
        hoverinfo=None,
        showlegend=False,
    )


def _account_at(found: RiskMap, scenario: Scenario, row: int, column: int) -> str:
    moves = ((found.first.name, found.first_moves[column]), (found.second.name, found.second_moves[row]))
    where = ", ".join(f"{name} {wording.percent(float(move), sign=True)}" for name, move in moves)
    load, headroom = float(found.requirement_to_equity[row, column]), float(found.headroom[row, column])
    equity = f"margin balance {wording.money(float(found.equity[row, column]))}"
    return "<br>".join([f"<b>{where}</b>", _state(load, headroom, scenario), equity])


def _state(load: float, headroom: float, scenario: Scenario) -> str:
    """How the account stands there, in words."""
    isolated = findings.isolated(scenario)
    if headroom <= 0:
        short = f"{wording.money(-headroom)} below what is required"
        return f"{'a position is lost' if isolated else 'liquidated'}: {short}"
    levels = ((scenario.levels.danger, "danger level"), (scenario.levels.warning, "warning level"))
    word = next((word for level, word in levels if load >= level), "below warning")
    whose = "of the worst position's margin" if isolated else "of equity"
    return f"{word}: {wording.percent(load)} {whose} required<br>{wording.money(headroom)} from liquidation"
