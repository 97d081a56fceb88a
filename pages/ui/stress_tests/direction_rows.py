"""What the tables and sentences of the Stress tests page say.

Pure functions, results in, text out.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from margin import formatting as wording
from margin.charts.risk_map import Cloud
from margin.errors import FieldError, number, text
from margin.market.price_moves import risk_windows
from margin.model.scenario import Scenario
from margin.studies.distance.directions import Direction, DirectionResult
from margin.studies.distance.groups import DayPoint
from margin.studies.stress.crash_table import CrashDay, CrashRow, Instant, TokenMove
from margin.studies.stress.outcome import Outcome
from margin.text import findings
from margin.text.stress import made_up

WITHOUT = "No data"
LONGEST_NAME = 40
LARGEST_MOVE = 10.0
Texts = dict[str, str]


# Directions


class _Distances(NamedTuple):
    """One column of distances.

    Every direction's first move one way at one level, None where there is none.
    """

    name: str
    level: str
    moves: tuple[float | None, ...]


def direction_rows(results: Sequence[DirectionResult], scenario: Scenario) -> list[Texts]:
    """Return per direction how far each level is each way, and what is left at the moves.

    A way that none has is left out, and all of them where liquidation is passed already.
    """
    columns = [_distances(results, arrow, way, level) for arrow, way in _WAYS for level in _LEVELS]
    liquidations = [
        move for column in columns if column.level == "liquidation" for move in column.moves
    ]
    passed = all(move == 0 for move in liquidations)
    shown = (
        []
        if passed
        else [column for column in columns if any(move is not None for move in column.moves)]
    )
    return [
        {
            "Direction": result.direction.name,
            **{column.name: _distance(column.moves[index]) for column in shown},
            **({} if passed else {"Largest price change": wording.percent(result.hardest)}),
            **{
                f"at {wording.step(each.move)}": left(each.outcome, scenario)
                for each in result.slices
            },
        }
        for index, result in enumerate(results)
    ]


_WAYS = (("↓", "down"), ("↑", "up"))
_LEVELS = ("liquidation", "danger", "warning")


def _distances(results: Sequence[DirectionResult], arrow: str, way: str, level: str) -> _Distances:
    moves = tuple(getattr(getattr(result, level), way) for result in results)
    return _Distances(f"{arrow} {level}", level, moves)


def _distance(move: float | None) -> str:
    if move is None:
        return "none"
    return wording.percent(move, sign=True) if move else "passed"


def left(outcome: Outcome, scenario: Scenario) -> str:
    """Return what is left of the account: `$5,350.00 · 36.21%`, or what is lost."""
    if outcome.positions_liquidated:
        return f"{_lost(outcome, scenario)} · {wording.money(outcome.remaining)}"
    if outcome.liquidated:
        return "liquidated"
    load = outcome.requirement_to_equity
    return f"{wording.money(outcome.equity)} · {wording.percent(load)}"


def _lost(outcome: Outcome, scenario: Scenario) -> str:
    """Return how many isolated positions are lost; where tiers are missing there may be more."""
    least = "at least " if outcome.requirement is None else ""
    return f"{least}{outcome.positions_liquidated} of {len(scenario.positions)} lost"


# The map


def map_day_rows(
    points: Sequence[DayPoint], scenario: Scenario, first: Direction, second: Direction
) -> list[Texts]:
    """Return the days of a map in words by their numbers.

    How the account ends there and on the whole day, and the moves.
    """
    rows = [
        {
            "No.": str(number),
            "Day": f"{point.row.day.date} {point.row.day.event}".strip(),
            "These two tokens": _ends(point.here, scenario),
            "Whole account": _ends(point.whole, scenario)
            if point.when == "worst tick"
            else _closes(point.row, scenario),
            first.name: wording.percent(point.first, sign=True),
            second.name: wording.percent(point.second, sign=True),
            WITHOUT: made_up(point.whole_gaps),
        }
        for number, point in enumerate(points, 1)
    ]
    idle = set() if any(point.whole_gaps for point in points) else {WITHOUT}
    idle |= (
        {"Whole account"}
        if all(row["Whole account"] == row["These two tokens"] for row in rows)
        else set()
    )
    return [{key: cell for key, cell in row.items() if key not in idle} for row in rows]


def cloud_words(
    cloud: Cloud | None, first: Direction, second: Direction, sizes: Mapping[str, float]
) -> list[str]:
    """Return what the ellipses are and rest on, or why there are none.

    `sizes` by token in the settlement coin.
    """
    if cloud is None:
        reasons = filter(None, dict.fromkeys(_unmoved(group, sizes) for group in (first, second)))
        return [f"No ellipses: {'; '.join(reasons)}."]
    one, two = (wording.percent(volatility) for volatility in cloud.risk.volatilities)
    lines = [
        f"Ellipses: daily log returns {cloud.window}, correlation {cloud.risk.correlation:.2f}; "
        f"volatility a year "
        f"{one} ({first.name}) and {two} ({second.name}).",
        "39, 86 and 99% of normal log returns end within 1, 2 and 3 σ; real ones have fatter "
        "tails.",
    ]
    windows = risk_windows([*first.rates, *second.rates])
    if windows.keys() - {cloud.window}:
        told = [
            f"{wording.listing(wording.capped(tokens))} {when}" for when, tokens in windows.items()
        ]
        lines.append(f"Volatilities: {'; '.join(told)}.")
    if cloud.risk.left_out:
        lines.append(
            f"Without figures, left out of the ellipses: "
            f"{wording.listing(wording.capped(cloud.risk.left_out))}."
        )
    return lines


def _unmoved(group: Direction, sizes: Mapping[str, float]) -> str:
    """Return why nothing is known of how a group moves; empty where something is."""
    known = [token for held in risk_windows(list(group.rates)).values() for token in held]
    if not group.rates:
        return f"every beta of {group.name} is 0"
    if not known:
        return f"the snapshot knows no volatility of {group.name}"
    return (
        ""
        if any(sizes.get(token) for token in known)
        else f"what is held of {group.name} is worth nothing today"
    )


# Named days


def crash_rows_told(rows: Iterable[CrashRow], scenario: Scenario) -> list[Texts]:
    """Return per day how the account ends it, at the close and at the worst tick."""
    return [
        {
            "Day": row.day.date or "yours",
            "Event": row.day.event,
            "At the close": _closes(row, scenario),
            "At the worst tick": _ends(row.worst.outcome, scenario),
            CHANGE: _change(row.worst),
            FAILED_BY_WORST if findings.isolated(scenario) else FAILED_BY: wording.money(
                row.worst.outcome.headroom, sign=True
            ),
            WITHOUT: made_up(row.gaps()),
        }
        for row in rows
    ]


CHANGE, FAILED_BY, FAILED_BY_WORST = "Equity change", "Cushion", "Worst position by"
DAY_COLUMNS = {
    "At the close": "the day's closing prices alone; “recovered by the close”: it would have, "
    "had it not been liquidated on the way",
    CHANGE: "at the worst tick, and at most all there is: a loss beyond it is the venue's "
    "insurance fund's. Pointed "
    "at, the chart tells what would be if nothing were closed",
    FAILED_BY: "headroom at the worst tick: below 0 what would be missing if nothing were closed, "
    "more than you lose",
    FAILED_BY_WORST: "headroom at the worst tick of the position worst off: below 0 what it would "
    "be missing if it "
    "were not closed, more than the margin that you lose",
}
"""What the columns of the crash days say of themselves, by name."""


def _change(instant: Instant) -> str:
    """Return what the instant does to equity: a loss of no more than there is."""
    told = wording.money(-instant.lost, sign=True)
    return (
        f"{told}, all of it"
        if instant.loss >= instant.lost > 0 and instant.outcome.remaining <= 0
        else told
    )


def _closes(row: CrashRow, scenario: Scenario) -> str:
    """Return how the account ends at the close, where it lived to see it.

    Else what the close alone would spare.
    """
    outcome, again = row.close.outcome, row.standing_again
    if not again:
        return _ends(outcome, scenario)
    if outcome.positions_liquidated is None:
        return f"recovered by the close · {wording.percent(outcome.requirement_to_equity)}"
    told = f"{again} of {len(scenario.positions)} {'stands' if again == 1 else 'stand'} again"
    return f"{_lost(outcome, scenario)}, {told}" if outcome.positions_liquidated else told


def _ends(outcome: Outcome, scenario: Scenario) -> str:
    """Return whether the account survives, and what part of equity is then required."""
    if outcome.positions_liquidated:
        return _lost(outcome, scenario)
    if outcome.requirement is None:
        return wording.MISSING if outcome.liquidated is None else "liquidated"
    load = outcome.requirement_to_equity
    told = "no equity left" if load is None else wording.percent(load)
    return f"{'liquidated' if outcome.liquidated else 'survived'} · {told}"


def own_day(name: object, moves: Mapping[str, object]) -> CrashDay:
    """Return a day that a person makes up, every token closing where it traded worst.

    `moves` in per cent, None.

    Not said.

    Raises FieldError with the field's name.
    """
    words = text(name, "name", longest=LONGEST_NAME).strip()
    if not words:
        raise FieldError("name", "is missing")
    said = {
        token: number(move, f"move of {token}", at_least=-100, at_most=LARGEST_MOVE * 100) / 100
        for token, move in moves.items()
        if move is not None
    }
    if not said:
        raise FieldError("moves", "are missing: give at least one token a move")
    return CrashDay("", words, {token: TokenMove(move, move, move) for token, move in said.items()})
