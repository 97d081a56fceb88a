"""The risk map: margin used when two groups of tokens move by different amounts.

What lies in a colour also lies in a line: liquidation, danger and warning are drawn and named where
they run.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import chain
from math import exp, sqrt
from typing import Any, Literal, NamedTuple

import numpy as np

from margin import formatting as wording
from margin.charts.layout import style
from margin.charts.layout.map_labels import AROUND, BESIDE, Labels, Place
from margin.engine.numbers import Array
from margin.model.prepared import Preparable, PreparedAccount, prepare
from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.studies.distance.distances import JointMove, nearest
from margin.studies.distance.frontier import DAYS_A_YEAR, GroupRisk, RiskMap, ellipse, joined
from margin.studies.distance.groups import DayPoint, Reaches
from margin.studies.stress.outcome import Outcome
from margin.text import findings
from margin.text.stress import again, made_up

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
"""Margin used is coloured from 0 to here."""
OFF_A_CURVE = (*BESIDE[4:], *BESIDE[:4])
NAMED, LONGEST = 14, 36
"""Characters of a day's name on the map, and of a line where one points."""
MOST_SPANS, MOST_WHOLE, MOST_TOLD, FIRST_LINES = 4, 2, 8, 2
"""Of days at one place: their numbers in a label, those told in full, and those told at all."""
SPOKEN = 4
"""Days that the text alternative tells one by one."""
DAY = style.POSITIONS[5]
PLOT, BELOW, KEY, LEGEND = 370, 150, 62, 92
"""Pixels: the map, what stands below it, and how far down the colours' key and the legend begin."""

Shows = Literal["ratio", "headroom"]


class Cloud(NamedTuple):
    """How the groups move within some days, and what that rests on."""

    risk: GroupRisk
    days: int
    window: str


# The range shown


def map_moves(reaches: Reaches, cloud: Cloud | None) -> tuple[Array, Array]:
    """Return the moves of both groups that the map shows, today's marks among them.

    They cover the near liquidations and two standard deviations.
    """
    turned = JointMove(*(None if move is None else -move for move in reversed(reaches.apart)))
    axes = (
        [reaches.first, reaches.together, reaches.apart],
        [reaches.second, reaches.together, turned],
    )
    near = min(map(abs, _known_moves([*axes[0], reaches.second])), default=0.0)
    sides = []
    for axis, reached in enumerate(axes):
        wide = cloud.risk.volatilities[axis] * sqrt(cloud.days / DAYS_A_YEAR) if cloud else 0.0
        within = [move for move in _known_moves(reached) if abs(move) <= FAR * near]
        low = min(1.0, max(LEAST, 1 - exp(-2 * wide), -ROOM * min(within, default=0.0)))
        high = min(MOST, max(LEAST, exp(2 * wide) - 1, ROOM * max(within, default=0.0)))
        sides.append(np.linspace(-low, high, POINTS))
    return sides[0], sides[1]


def _known_moves(reaches: Iterable[JointMove]) -> list[float]:
    return [move for move in chain.from_iterable(reaches) if move is not None]


# Words


def finding(grid: RiskMap | None, reaches: Reaches, account: Preparable) -> str:
    """Return the sentence of the title: how far each group alone and both at once may go."""
    account = prepare(account)
    scenario = account.scenario
    if not scenario.positions:
        return "No positions: no move can liquidate"
    if too_late := findings.standing(account):
        return too_late
    if grid is None:
        return "Not known: there is no map"
    ends = "liquidates a position" if findings.isolated(scenario) else "liquidates"
    names = (grid.first.name, grid.second.name)
    alone = [
        f"{name} {wording.percent(move, sign=True)}"
        for name, reach in zip(names, reaches[:2], strict=True)
        if (move := nearest(reach)) is not None
    ]
    head = f"{' or '.join(alone)} alone {ends}" if alone else f"Neither alone {ends}"
    return f"{head}; {_both(grid, reaches)}"


def _both(grid: RiskMap, reaches: Reaches) -> str:
    """Return the nearer of moving together and moving apart."""
    together, apart = nearest(reaches.together), nearest(reaches.apart)
    if together is None and apart is None:
        alone = nearest(reaches.first) is nearest(reaches.second) is None
        return "nor do both at once" if alone else "both at once do not"
    if apart is None or (together is not None and abs(together) <= abs(apart)):
        return f"together {wording.percent(together, sign=True)}"
    falling = (grid.first if apart < 0 else grid.second).name
    return f"moving apart {wording.percent(abs(apart))}, {falling} down"


def risk_map_alt(
    grid: RiskMap | None,
    reaches: Reaches,
    account: Preparable,
    cloud: Cloud | None = None,
    points: Sequence[DayPoint] = (),
) -> str:
    """Return the map in words: finding, margin used today, usual moves and crash days."""
    account = prepare(account)
    scenario, assessment = account.scenario, assess(account)
    sentences = [finding(grid, reaches, account)]
    if grid is None:
        return f"{sentences[0]}."
    load = assessment.requirement_to_equity
    if load is not None:
        margin = "the worst position's margin" if findings.isolated(scenario) else "equity"
        sentences.append(f"Now {wording.percent(load)} of {margin} is required")
    if cloud:
        spans = [
            volatility * sqrt(cloud.days / DAYS_A_YEAR) for volatility in cloud.risk.volatilities
        ]
        one = [wording.percent(exp(span) - 1) for span in spans]
        sentences.append(
            f"Within {_days(cloud.days)} one standard deviation up is {one[0]} of "
            f"{grid.first.name} and {one[1]} of "
            f"{grid.second.name}, correlation {cloud.risk.correlation:.2f}"
        )
    return ". ".join([*sentences, *_day_sentences(points, grid, scenario)]) + "."


def _day_sentences(points: Sequence[DayPoint], grid: RiskMap, scenario: Scenario) -> list[str]:
    """Return how many of the days end the account at their points, and the first of them."""
    if not points:
        return []
    ended = sum(point.here.liquidated is True for point in points)
    what = "lose a position" if findings.isolated(scenario) else "liquidate"
    days = [
        f"{point.name}: {_moved(point, grid)}, {_outcome_lines(point.here, scenario)[0]}"
        for point in points[:SPOKEN]
    ]
    return [
        f"{ended} of {len(points)} crash days {what} at their {points[0].when}, taken on these two "
        f"alone",
        *days,
    ]


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


# The figure


def risk_map(
    grid: RiskMap | None,
    reaches: Reaches,
    account: Preparable,
    cloud: Cloud | None = None,
    points: Sequence[DayPoint] = (),
    shows: Shows = "ratio",
) -> style.Spec:
    """Draw the map as colour, its frontiers as lines, usual moves as ellipses and crash days."""
    account = prepare(account)
    scenario = account.scenario
    title = finding(grid, reaches, account)
    if grid is None:
        return style.empty(title)
    marks = [grid.today, *(_within(point, grid) for point in points)]
    labels = Labels(grid.first_moves, grid.second_moves, PLOT, marks)
    traces = [
        _surface(grid, scenario, shows),
        *_ellipses(cloud, labels),
        *_frontiers(grid, scenario, labels),
        *_days_named(grid, points, scenario, labels),
        _today(grid, account),
        _targets(grid, account),
    ]
    return style.figure(
        traces,
        title,
        PLOT,
        BELOW,
        hovermode="closest",
        hoverdistance=40,
        legend=style.legend(PLOT, LEGEND),
        annotations=labels.annotations,
        xaxis=style.axis(
            title=f"Move of {grid.first.name}<br>Colour: {_coloured(scenario, shows)}",
            **_side(grid.first_moves),
        ),
        yaxis=style.axis(
            title=f"Move of {grid.second.name}", standoff=4, **_side(grid.second_moves)
        ),
    )


def _side(moves: Array) -> dict[str, Any]:
    return {
        "range": [moves[0] * 100, moves[-1] * 100],
        "ticksuffix": "%",
        "nticks": 8,
        "showgrid": False,
    }


# Colours


def _coloured(scenario: Scenario, shows: Shows) -> str:
    """Return what the colours say."""
    isolated = findings.isolated(scenario)
    scope = ", position worst off" if isolated else ""
    if shows == "headroom":
        return f"headroom{scope} (below 0: liquidated)"
    return f"requirement ÷ {'margin' if isolated else 'equity'}{scope}"


def _surface(grid: RiskMap, scenario: Scenario, shows: Shows) -> style.Trace:
    """Return the colours: thin where all is well, denser with the danger."""
    money = shows == "headroom"
    z, key, scale, low, high = (
        _money_colours(grid.headroom) if money else _ratio_colours(grid, scenario)
    )
    return {
        "type": "heatmap",
        "x": grid.first_moves * 100,
        "y": grid.second_moves * 100,
        "z": z.astype(np.float32),
        "zmin": low,
        "zmax": high,
        "colorscale": scale,
        "colorbar": key,
        "hoverinfo": "skip",
    }


Coloured = tuple[Array, dict[str, Any], list[list[Any]], float, float]
"""What is coloured, its key, the colours from the least to the most, and what those two are."""


def _ratio_colours(grid: RiskMap, scenario: Scenario) -> Coloured:
    """Return margin used in %; where no equity is left, the end of the scale."""
    load = np.nan_to_num(grid.requirement_to_equity, nan=TOP)
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
    """Return headroom: one colour above 0, the other below."""
    scale = [
        [0.0, _shade(style.LIQUIDATION, 0.8)],
        [0.5, _shade(style.LIQUIDATION, 0.35)],
        [0.5, _shade(style.ACCOUNT, 0.08)],
        [1.0, _shade(style.ACCOUNT, 0.6)],
    ]
    end = float(np.abs(headroom).max()) or 1.0
    return headroom, _key(tickformat="$,.3~s", nticks=5), scale, -end, end


def _key(**more: Any) -> dict[str, Any]:
    """Return the key to the colours, under the map and the words that say what they are."""
    font = {"color": style.INK, "size": 12}
    ends = {
        "x": 0,
        "xanchor": "left",
        "xpad": 0,
        "len": 1,
        "y": -KEY / PLOT,
        "yanchor": "top",
        "ypad": 0,
    }
    looks = {"orientation": "h", "thickness": 8, "outlinewidth": 0, "tickfont": font}
    return {**looks, **ends, **more}


def _shade(colour: str, density: float) -> str:
    """Return a colour that lets the page through."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{density})"


# Lines


def _trace(x: Array, y: Array, **more: Any) -> style.Trace:
    return {"type": "scatter", "x": x * 100, "y": y * 100, "hoverinfo": "skip", **more}


def _frontiers(grid: RiskMap, scenario: Scenario, labels: Labels) -> list[style.Trace]:
    """Draw the line of each level, with its name beside it, where the map reaches it."""
    danger, warning = (
        wording.rate(level) for level in (scenario.levels.danger, scenario.levels.warning)
    )
    looks = {
        "liquidation": ("liquidation", style.LIQUIDATION, "solid", 3),
        "danger": (f"danger {danger}", style.DANGER, "dash", 2),
        "warning": (f"warning {warning}", style.WARNING, "dot", 2),
    }
    traces = []
    for place, (name, (words, colour, dash, width)) in enumerate(looks.items()):
        if curves := grid.frontiers[name]:
            line = {"color": colour, "width": width, "dash": dash}
            traces.append(
                _trace(*joined(curves), name=words, mode="lines", line=line, showlegend=False)
            )
            longest = max(curves, key=_length)
            side = _outwards(grid, longest, falling=name == "liquidation")
            labels.write(words, _off(_along(longest, 0.3 + 0.2 * place), side), always=True)
    return traces


def _off(
    points: Sequence[tuple[float, float]], side: tuple[float, float]
) -> list[tuple[tuple[float, float], Place]]:
    """Return spots at the end of a thin line, first on the given side: 1 or −1 across and up."""
    across, up = side
    sides = [(across, up), (across, -up), (-across, up), (-across, -up)]
    places = [Place(30 * along, 24 * high, 0 if along > 0 else 1, 0.5) for along, high in sides]
    return [(point, place) for place in places for point in points]


def _length(curve: Array) -> float:
    return float(np.hypot(*np.diff(curve, axis=0).T).sum())


def _along(curve: Array, share: float) -> list[tuple[float, float]]:
    """Return points of a curve, from a share of its length on outwards."""
    far = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(curve, axis=0).T))])
    shares = sorted(np.linspace(0.04, 0.96, 24).tolist(), key=lambda other: abs(other - share))
    return [
        (
            float(np.interp(other * far[-1], far, curve[:, 0])),
            float(np.interp(other * far[-1], far, curve[:, 1])),
        )
        for other in shares
    ]


def _outwards(grid: RiskMap, curve: Array, *, falling: bool) -> tuple[float, float]:
    """Return the side of a curve where headroom falls, or rises, as 1 or −1 across and up."""
    x, y = curve[len(curve) // 2]
    column = int(np.clip(np.searchsorted(grid.first_moves, x), 1, len(grid.first_moves) - 1))
    row = int(np.clip(np.searchsorted(grid.second_moves, y), 1, len(grid.second_moves) - 1))
    headroom, sign = grid.headroom[row, column], -1.0 if falling else 1.0
    across = sign if headroom >= grid.headroom[row, column - 1] else -sign
    return across, sign if headroom >= grid.headroom[row - 1, column] else -sign


def _ellipses(cloud: Cloud | None, labels: Labels) -> list[style.Trace]:
    """Draw one, two and three standard deviations as one line, if both groups have figures."""
    if cloud is None:
        return []
    curves = [
        np.column_stack(ellipse(cloud.risk.volatilities, cloud.risk.correlation, cloud.days, k))
        for k in SIGMAS
    ]
    for k, curve in zip(SIGMAS, curves, strict=True):
        ends = sorted(curve.tolist(), key=lambda point: -abs(point[0] + point[1]))
        labels.write(
            f"{k} σ",
            [((x, y), place) for x, y in ends if labels.inside((x, y)) for place in OFF_A_CURVE],
        )
    line = {"color": style.QUIET, "width": 1.5}
    words = f"1, 2, 3 σ within {_days(cloud.days)}"
    return [_trace(*joined(curves), name=words, mode="lines", line=line)]


def _today(grid: RiskMap, account: PreparedAccount) -> style.Trace:
    scenario, assessment = account.scenario, assess(account)
    x, y = grid.today
    marker = {
        "symbol": "circle",
        "size": 11,
        "color": style.ACCOUNT,
        "line": {"width": 2, "color": "#FFFFFF"},
    }
    lines = ["<b>now</b>"]
    if assessment.headroom is not None:
        lines += _state(assessment.requirement_to_equity, assessment.headroom, scenario)
    return _trace(
        np.array([x]),
        np.array([y]),
        name="now",
        mode="markers",
        marker=marker,
        **_hover(["<br>".join(lines)]),
    )


def _hover(texts: list[str]) -> dict[str, Any]:
    """Return the hover texts of a trace's points."""
    return {
        "text": style.texts(texts),
        "hovertemplate": "%{text}<extra></extra>",
        "hoverinfo": None,
    }


# Named days


def _days_named(
    grid: RiskMap, points: Sequence[DayPoint], scenario: Scenario, labels: Labels
) -> list[style.Trace]:
    """Draw the days with their numbers, and arrows at the edge for those outside the map."""
    if not points:
        return []
    numbered = [
        (str(number), point, _within(point, grid)) for number, point in enumerate(points, 1)
    ]
    lines = {number: _day_lines(number, point, grid, scenario) for number, point, _ in numbered}
    _number(numbered, lines, labels)
    drawn = sorted(numbered, key=_drawing_order)
    places = np.array([place for _, _, place in drawn])
    return [
        _trace(
            places[:, 0],
            places[:, 1],
            name="crash days",
            mode="markers",
            marker=_day_marks([_symbol(point, place) for _, point, place in drawn]),
            cliponaxis=False,
            **_hover(["<br>".join(lines[number]) for number, *_ in drawn]),
        )
    ]


Numbered = tuple[str, DayPoint, tuple[float, float]]
"""A day by its number, and where it is drawn."""


def _drawing_order(day: Numbered) -> tuple[bool, bool]:
    """Return a key that draws days outside the map, and those with gaps, over the others."""
    _, point, place = day
    return place != (point.first, point.second), bool(point.gaps)


def _number(
    numbered: Sequence[Numbered], lines: Mapping[str, Sequence[str]], labels: Labels
) -> None:
    """Write the numbers beside the marks; days drawn at the same place share a label."""
    at: dict[tuple[float, float], list[Numbered]] = {}
    for day in numbered:
        at.setdefault(day[2], []).append(day)
    shared = {_spans([int(number) for number, *_ in days]): days for days in at.values()}
    for numbers, days in shared.items():
        labels.write(numbers, [(days[0][2], spot) for spot in (*BESIDE, *AROUND)], bold=True)
        labels.tell(numbers, _joined_lines([lines[number] for number, *_ in days]))
    for numbers, days in shared.items():
        if len(days) == 1:
            labels.lengthen(numbers, days[0][1].name[:NAMED])


def _spans(numbers: Sequence[int]) -> str:
    """Return ascending numbers, those in a row by their ends: `1–4, 7`; of many the first."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][-1] + 1:
            spans[-1][1:] = [number]
        else:
            spans.append([number])
    words = ["–".join(map(str, span)) for span in spans]
    return ", ".join(words if len(words) <= MOST_SPANS else [*words[: MOST_SPANS - 1], "…"])


def _joined_lines(days: Sequence[Sequence[str]]) -> str:
    """Return the lines of days at one place; of more than two days only each one's first lines."""
    most = None if len(days) <= MOST_WHOLE else FIRST_LINES
    shown = [lines[:most] for lines in days[:MOST_TOLD]]
    if len(days) > MOST_TOLD:
        shown.append([f"and {len(days) - MOST_TOLD} more"])
    return "<br>".join(chain.from_iterable(shown))


def _day_marks(symbols: list[str]) -> dict[str, Any]:
    """Return marks with a light edge; open marks are only an edge, in the colour of the days."""
    is_open = [symbol.endswith("open") for symbol in symbols]
    edges = style.texts([DAY if hollow else "#FFFFFF" for hollow in is_open])
    width = np.where(is_open, 2.0, 1.0)
    return {
        "symbol": style.texts(symbols),
        "size": 9,
        "color": DAY,
        "line": {"width": width, "color": edges},
    }


def _within(point: DayPoint, grid: RiskMap) -> tuple[float, float]:
    """Return the point, moved to the map's edge where it lies outside."""
    x = float(np.clip(point.first, grid.first_moves[0], grid.first_moves[-1]))
    return x, float(np.clip(point.second, grid.second_moves[0], grid.second_moves[-1]))


def _symbol(point: DayPoint, place: tuple[float, float]) -> str:
    """Return a diamond, or for a point outside the map an arrow towards it."""
    across, up = point.first - place[0], point.second - place[1]
    if not across and not up:
        return "diamond-open" if point.gaps else "diamond"
    if across and up:
        return f"triangle-{'n' if up > 0 else 's'}{'e' if across > 0 else 'w'}"
    if across:
        return f"triangle-{'right' if across > 0 else 'left'}"
    return f"triangle-{'up' if up > 0 else 'down'}"


def _day_lines(number: str, point: DayPoint, grid: RiskMap, scenario: Scenario) -> list[str]:
    """Return a day's name, its moves, and the account at this point and on the whole day."""
    day = point.row.day
    name = _brief(f"{day.date} {day.event}".strip())
    partial, whole = _outcome_lines(point.here, scenario), _outcome_lines(point.whole, scenario)
    if point.when == "close" and point.row.standing_again:
        whole = [again(point.row), *whole[1:]]
    lines = [f"<b>{number} · {escape(name)}</b>", _moved(point, grid)]
    lines += [f"({_brief(made_up(point.gaps))})"] if point.gaps else []
    if partial == whole:
        lines += [f"<b>at the {point.when}, here as on the whole day</b>", *partial]
    else:
        rest = "" if point.whole_gaps == point.gaps else made_up(point.whole_gaps)
        lines += ["<b>at this point of the map</b>", *partial]
        lines += [
            f"<b>on the whole day, at the {point.when}</b>",
            *whole,
            *([f"({_brief(rest)})"] if rest else []),
        ]
    return lines


def _brief(words: str) -> str:
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


def _moved(point: DayPoint, grid: RiskMap) -> str:
    moves = ((grid.first.name, point.first), (grid.second.name, point.second))
    return ", ".join(f"{name} {wording.percent(move, sign=True)}" for name, move in moves)


def _outcome_lines(outcome: Outcome, scenario: Scenario) -> list[str]:
    """Return the outcome in words: survived or liquidated, by how much, and margin balance."""
    balance = f"margin balance {wording.money(outcome.remaining)}"
    load, headroom = outcome.requirement_to_equity, outcome.headroom
    if findings.isolated(scenario):
        if outcome.positions_liquidated:
            return [
                f"{outcome.positions_liquidated} of {len(scenario.positions)} positions lost",
                f"{balance} after that",
            ]
        return [
            "no position lost",
            f"worst off: requirement ÷ margin {wording.percent(load)}",
            balance,
        ]
    used = "no equity left" if load is None else f"margin used {wording.percent(load)}"
    if not outcome.liquidated:
        return [f"survives: {wording.money(headroom)} from liquidation", used, balance]
    if headroom is None or headroom > 0:
        return ["liquidated before it got there", used, balance]
    return [f"liquidated: {wording.money(-headroom)} below what is required", used, balance]


# Hover texts


def _targets(grid: RiskMap, account: PreparedAccount) -> style.Trace:
    """Draw invisible points whose hover text gives the account at their moves."""
    scenario, assessment = account.scenario, assess(account)
    rows, columns = range(0, len(grid.second_moves), STEP), range(0, len(grid.first_moves), STEP)
    liquidated = bool(assessment.liquidated)
    texts = [
        _account_at(grid, scenario, row, column, liquidated=liquidated)
        for row in rows
        for column in columns
    ]
    x, y = np.meshgrid(grid.first_moves[::STEP], grid.second_moves[::STEP])
    marker = {"size": 12, "opacity": 0}
    return _trace(
        x.ravel(), y.ravel(), mode="markers", marker=marker, showlegend=False, **_hover(texts)
    )


def _account_at(
    grid: RiskMap, scenario: Scenario, row: int, column: int, *, liquidated: bool
) -> str:
    moves = (
        (grid.first.name, grid.first_moves[column]),
        (grid.second.name, grid.second_moves[row]),
    )
    moved = ", ".join(f"{name} {wording.percent(float(move), sign=True)}" for name, move in moves)
    load, headroom = (
        float(grid.requirement_to_equity[row, column]),
        float(grid.headroom[row, column]),
    )
    state = _state(load, headroom, scenario, liquidated=liquidated)
    still_open = ", were all still open" if findings.isolated(scenario) and headroom <= 0 else ""
    equity = f"margin balance {wording.money(float(grid.equity[row, column]))}{still_open}"
    return "<br>".join([f"<b>{moved}</b>", *state, equity])


def _state(
    load: float | None, headroom: float, scenario: Scenario, *, liquidated: bool = False
) -> list[str]:
    """Return the account's state in words; `liquidated` means at today's marks already."""
    isolated = findings.isolated(scenario)
    if headroom <= 0:
        short = f"{wording.money(-headroom)} below what is required"
        return [f"{'a position is liquidated' if isolated else 'liquidated'}: {short}"]
    margin = "of the worst position's margin" if isolated else "of equity"
    used = f"{wording.percent(load)} {margin} required"
    if liquidated:
        return ["liquidated at these marks already", f"at these it would be {used}"]
    level = scenario.levels.reached(load)
    return [
        f"{f'{level} level' if level else 'safe'}: {used}",
        f"{wording.money(headroom)} from liquidation",
    ]
