"""The distance to liquidation in several directions of the market, nearest first.

Directions are ranked by the largest price change that liquidation asks of any token held, for the
moves themselves do not compare: where BTC leads, 6% of it may be 10% of the others.
"""

from collections.abc import Sequence
from math import copysign
from typing import NamedTuple

from margin import formatting as wording
from margin.charts.layout import rows, style
from margin.model.prepared import Preparable, PreparedAccount, prepare
from margin.studies.account.assess import assess
from margin.studies.distance.directions import DirectionResult
from margin.studies.distance.distances import JointMove
from margin.text import findings

FURTHEST = 0.5
"""Moves beyond ±50%, or beyond three times the nearest liquidation if that is more, become arrows.
"""
SPOKEN = 8
"""Rows that the text alternative tells one by one."""
SAME = 0.0001
"""Price changes this near to the move itself are not told beside it."""


class LevelMarks(NamedTuple):
    """A level of margin used as it is drawn, and where each row meets it."""

    name: str
    symbol: str
    colour: str
    moves: list[JointMove]


def finding(results: Sequence[DirectionResult], account: Preparable) -> str:
    """Return the sentence of the title.

    The nearest direction, and how far off it is. Results are ranked, nearest first.
    """
    account = prepare(account)
    scenario = account.scenario
    if not scenario.positions:
        return "No positions: no direction can liquidate"
    if too_late := findings.standing(account):
        return too_late
    first = results[0] if results else None
    if first is None or first.nearest is None:
        outcome = (
            "liquidates a position" if findings.isolated(scenario) else "liquidates this account"
        )
        return f"No direction {outcome}"
    return f"Nearest: {first.direction.name}, {wording.percent(first.nearest, sign=True)}"


def directions_alt(results: Sequence[DirectionResult], account: Preparable) -> str:
    """Return the chart in words: its finding, then the nearest rows."""
    account = prepare(account)
    sentences = [finding(results, account)]
    shown = [] if _nothing(results, account) else results
    sentences += [f"{result.direction.name}: {_figures(result)}" for result in shown[:SPOKEN]]
    if len(shown) > SPOKEN:
        sentences.append(f"{len(shown) - SPOKEN} more")
    return ". ".join(sentences) + "."


def _nothing(results: Sequence[DirectionResult], account: PreparedAccount) -> bool:
    """Return whether there is nothing to draw: no positions, no distances, or none left to go."""
    scenario, assessment = account.scenario, assess(account)
    late = findings.standing(account) is not None and not findings.isolated(scenario)
    return not results or not scenario.positions or assessment.headroom is None or late


def directions(results: Sequence[DirectionResult], account: Preparable) -> style.Spec:
    """Draw a bar per direction to liquidation, with danger and warning marked on it.

    Of many directions the first `rows.MOST_ROWS` are shown.
    """
    account = prepare(account)
    title = finding(results, account)
    if _nothing(results, account):
        return style.empty(title)
    axis_title = rows.counted("Largest price change of any token held", "", len(results))
    results = results[: rows.MOST_ROWS]
    low, high = _range(results)
    liquidation = LevelMarks(
        "liquidation", "x", style.LIQUIDATION, [result.liquidation for result in results]
    )
    levels = [
        LevelMarks("warning", "square", style.WARNING, [result.warning for result in results]),
        LevelMarks("danger", "diamond", style.DANGER, [result.danger for result in results]),
        liquidation,
    ]
    traces = [
        _stems(liquidation, results, low, high),
        _starts(results),
        *(_points(level, results, low, high) for level in levels),
        _beyond(liquidation, results, low, high),
        rows.names(
            [f"<b>{result.direction.name}</b>  {_figures(result)}" for result in results], low * 100
        ),
    ]
    axis = rows.moves_axis(axis_title, low, high)
    return rows.figure(traces, title, len(results), axis)


def _range(results: Sequence[DirectionResult]) -> tuple[float, float]:
    """Return wide enough for every liquidation within reach of the nearest."""
    changes = []
    for result in results:
        changes += [_asked(result, move) for move in result.liquidation if move is not None]
    reach = max(FURTHEST, 3 * min((abs(change) for change in changes), default=0.0))
    return rows.with_room([min(max(change, -reach), reach) for change in changes])


def _asked(result: DirectionResult, move: float) -> float:
    """Return the largest price change that the move asks of a token held, signed as the move is.

    What directions are ranked by, so that the shortest bar stands first.
    """
    change = move if result.token is None else result.direction.change(result.token, move)
    return copysign(change, move)


def _figures(result: DirectionResult) -> str:
    """Return where the direction liquidates, in words."""
    moves = [wording.percent(move, sign=True) for move in result.liquidation if move is not None]
    if not moves:
        return "none"
    return " · ".join(moves) + _takes(result)


def _takes(result: DirectionResult) -> str:
    """Return how far the nearest point takes the token that it moves most.

    Empty where the move says so itself.
    """
    move, change, token = result.nearest, result.hardest, result.token
    if move is None or change is None or token is None or abs(change - abs(move)) <= SAME:
        return ""
    return f" (takes {token} to {wording.percent(result.direction.change(token, move), sign=True)})"


def _placed(
    level: LevelMarks, results: Sequence[DirectionResult]
) -> list[tuple[int, float, DirectionResult]]:
    """Return row, move and direction of a level's points, without levels crossed today."""
    return [
        (row, move, result)
        for row, (moves, result) in enumerate(zip(level.moves, results, strict=True))
        for move in moves
        if move is not None and (move or level.name == "liquidation")
    ]


def _points(
    level: LevelMarks, results: Sequence[DirectionResult], low: float, high: float
) -> style.Trace:
    points = [
        rows.Point(_asked(result, move) * 100, row, _hover(level, move, result))
        for row, move, result in _placed(level, results)
        if low <= _asked(result, move) <= high
    ]
    return rows.symbols(level.name, points, level.symbol, level.colour)


def _beyond(
    level: LevelMarks, results: Sequence[DirectionResult], low: float, high: float
) -> style.Trace:
    points = [
        rows.Point((high if move > 0 else low) * 100, row, _hover(level, move, result))
        for row, move, result in _placed(level, results)
        if not low <= _asked(result, move) <= high
    ]
    return rows.beyond(points, level.colour)


def _hover(level: LevelMarks, move: float, result: DirectionResult) -> str:
    """Return what the point says: where the level is met, and where prices then stand."""
    changes = [(token, result.direction.change(token, move)) for token in result.direction.rates]
    lines = [f"{token} {wording.percent(change, sign=True)}" for token, change in changes[:6]]
    more = [f"{len(changes) - 6} more"] if len(changes) > 6 else []
    return "<br>".join(
        [
            f"<b>{result.direction.name}</b>",
            f"{level.name} at {wording.percent(move, sign=True)}",
            *lines,
            *more,
        ]
    )


def _stems(
    level: LevelMarks, results: Sequence[DirectionResult], low: float, high: float
) -> style.Trace:
    """Return bars from the present marks to liquidation."""
    drawn = [
        rows.Bar(0.0, min(max(_asked(result, move), low), high) * 100, row)
        for row, move, result in _placed(level, results)
    ]
    return rows.bars(drawn, style.LIQUIDATION, 4)


def _starts(results: Sequence[DirectionResult]) -> style.Trace:
    """Return where the account stands."""
    points = [
        rows.Point(0.0, row, f"<b>{result.direction.name}</b><br>now")
        for row, result in enumerate(results)
    ]
    return rows.symbols("now", points, "line-ns", style.QUIET, width=2, size=8)
