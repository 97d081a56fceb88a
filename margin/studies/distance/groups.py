"""Tokens that move as one.

What can go along a side of a map, where two such groups liquidate, and what days did there.

A group is a direction; a group's tokens do not move in step, so the move of a day is that which
fits theirs best, each weighed by what is held of it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from margin.model.prepared import Preparable, prepare
from margin.model.scenario import Scenario, net_quantities
from margin.model.symbols import STABLECOINS
from margin.studies.distance.directions import Direction, reach
from margin.studies.distance.distances import JointMove, away
from margin.studies.distance.frontier import at_points
from margin.studies.stress.crash_table import NO_GAPS, CrashRow, Gap
from margin.studies.stress.outcome import Outcome

LONGS, SHORTS = "All longs", "All shorts"


def groups(scenario: Scenario, sector: Collection[str]) -> dict[str, Direction]:
    """Return what can move along a side of a map, by name.

    Each token, then groups of two or more, each by its beta.
    """
    tokens = [token for token in scenario.tokens if token not in STABLECOINS]
    net = net_quantities(scenario.positions)
    several = {
        LONGS: [token for token in tokens if net.get(token, 0.0) > 0],
        SHORTS: [token for token in tokens if net.get(token, 0.0) < 0],
        "AI tokens": [token for token in tokens if token in sector],
        "BTC and others": [token for token in tokens if token not in sector],
    }
    single = {token: Direction(f"alone:{token}", token, {token: 1.0}) for token in tokens}
    return single | {
        name: _group(scenario, name, members)
        for name, members in several.items()
        if len(members) > 1
    }


def _group(scenario: Scenario, name: str, tokens: Iterable[str]) -> Direction:
    rates = {token: scenario.market.beta(token) for token in tokens}
    return Direction(name, name, {token: rate for token, rate in rates.items() if rate})


def partners(choices: Mapping[str, Direction], first: str) -> list[str]:
    """Return the names of the groups that share no token with the first."""
    tokens = choices[first].rates.keys()
    return [name for name, group in choices.items() if not tokens & group.rates.keys()]


def first_pair(scenario: Scenario, choices: Mapping[str, Direction]) -> tuple[str, str] | None:
    """Return what a map shows first: longs against shorts, else the two largest tokens.

    None where no two things can move.
    """
    longs, shorts = _side_of(scenario, "long"), _side_of(scenario, "short")
    sizes = weights(scenario)
    tokens = sorted((name for name in choices if name in sizes), key=lambda name: -sizes[name])
    pairs = [
        (_name_of(longs, choices, LONGS), _name_of(shorts, choices, SHORTS)),
        tuple(tokens[:2]),
    ]
    pairs += [(name, other) for name in choices for other in partners(choices, name)]
    for first, second in (pair for pair in pairs if len(pair) == 2):
        if first in choices and second in partners(choices, first):
            return first, second
    return None


def _side_of(scenario: Scenario, side: str) -> list[str]:
    return list(
        dict.fromkeys(position.symbol for position in scenario.positions if position.side == side)
    )


def _name_of(tokens: Sequence[str], choices: Mapping[str, Direction], group: str) -> str:
    """Return the group's name, or its token's where it is one alone."""
    return tokens[0] if len(tokens) == 1 else group if group in choices else ""


def weights(scenario: Scenario) -> dict[str, float]:
    """Return each token's weight in a group's move.

    It is the notional of its positions and collateral, in the settlement coin at the marks.
    """
    amounts = [(position.symbol, position.quantity) for position in scenario.positions]
    amounts += [(item.asset, item.amount) for item in scenario.account.collateral]
    sizes: dict[str, float] = {}
    for token, amount in amounts:
        sizes[token] = sizes.get(token, 0.0) + amount * scenario.market.marks[token]
    return sizes


def group_move(
    group: Direction, moves: Mapping[str, float], sizes: Mapping[str, float]
) -> float | None:
    """Return the move of a group that fits its tokens' own moves R best, `x = Σ w·r·R ÷ Σ w·r²`.

    r are the group's rates, w the sizes. For a single token it is the token's own move. A token
    without a move or a size is left out; None where none is left.
    """
    rates = {token: rate for token, rate in group.rates.items() if token in moves}
    parts = [(sizes.get(token, 0.0) * rate, rate, moves[token]) for token, rate in rates.items()]
    fit = sum(weighed * rate for weighed, rate, _ in parts)
    return sum(weighed * move for weighed, _, move in parts) / fit if fit > 0 else None


class Reaches(NamedTuple):
    """Where each group alone liquidates, both by the same move, and both apart.

    The first by x, the second by −x.
    """

    first: JointMove
    second: JointMove
    together: JointMove
    apart: JointMove


def reaches(account: Preparable, first: Direction, second: Direction) -> Reaches:
    """Return where each group alone liquidates, and both at once."""
    books = prepare(account).books
    directions = [first, second]
    for sign in (1.0, -1.0):
        signed = {token: sign * rate for token, rate in second.rates.items()}
        directions.append(Direction("both", "both", {**first.rates, **signed}))
    return Reaches(*(reach(books, direction) for direction in directions))


class DayPoint(NamedTuple):
    """A crash day as moves of both groups, at one of its instants.

    `when` is its worst tick or its close.

    `here` is the account at that point of the map, where all other tokens stand still and a group's
    move in step; `whole` the account at that instant of the day itself. `gaps` says what of the
    groups' moves is not on record, by token, `whole_gaps` what of the day's.
    """

    row: CrashRow
    first: float
    second: float
    here: Outcome
    whole: Outcome
    when: str
    gaps: Mapping[str, Gap] = NO_GAPS
    whole_gaps: Mapping[str, Gap] = NO_GAPS

    @property
    def name(self) -> str:
        """Its date, or what a person called it."""
        return self.row.day.date or self.row.day.event


def day_points(
    rows: Iterable[CrashRow],
    account: Preparable,
    first: Direction,
    second: Direction,
    *,
    worst: bool,
) -> list[DayPoint]:
    """Return each day as moves of the two groups, the worst there first.

    A day that says nothing of one of them is left out.
    """
    account = prepare(account)
    scenario = account.scenario
    sizes, known, places = weights(scenario), [], []
    for row in rows:
        moves = _moves(row, scenario, worst=worst)
        x, y = (group_move(group, moves, sizes) for group in (first, second))
        if x is not None and y is not None:
            known.append(row)
            places.append((x, y))
    moved, when = first.rates.keys() | second.rates.keys(), "worst tick" if worst else "close"
    points = []
    for row, place, partial in zip(
        known, places, at_points(account, first, second, places), strict=True
    ):
        whole = (row.worst if worst else row.close).outcome
        gaps = (row.gaps(moved, worst=worst), row.gaps(worst=worst))
        points.append(DayPoint(row, *place, partial, whole, when, *gaps))
    return sorted(points, key=_severity)


def _moves(row: CrashRow, scenario: Scenario, *, worst: bool) -> dict[str, float]:
    """Return what a day's tokens did, those that nothing is said of left out."""
    prices, marks = (row.worst if worst else row.close).prices, scenario.market.marks
    moves = {
        token: away(price, marks[token])
        for token, price in prices.items()
        if token not in row.still
    }
    return {token: move for token, move in moves.items() if move is not None}


def _severity(point: DayPoint) -> tuple[bool, float]:
    """Return liquidating days first, and those that leave less."""
    return point.here.liquidated is not True, point.here.headroom or 0.0
