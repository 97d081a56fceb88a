"""The account over two groups of tokens that move each by its own.

Headroom everywhere, and the exact frontiers.

Headroom is separable, `c + a(x) + b(y)`, so a map is an outer sum, and where it reaches a level is
found without a search: a and b are piecewise linear with known kinks, so each falls into a few runs
on which it only rises, only falls or stands still, and to a pair of runs belongs one curve, `b = −c
− a`, straight between its corners. Every corner is computed, so the curves are exact between the
columns of a map too. A point of a map is an end, not a way there: where headroom is positive again
beyond a band of liquidation, the account would have had to pass through the band.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, product
from math import sqrt
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from margin.engine.book import Book
from margin.engine.leg import Leg
from margin.engine.numbers import ZERO, Array
from margin.model.prepared import Preparable, prepare
from margin.studies.distance.directions import Direction
from margin.studies.stress.outcome import Outcome, after

APART = 1e-12
"""Kinks nearer to each other than this part of a map's width differ by rounding."""
FLAT = 1e-14
"""A change below this part of all that was added up is rounding."""
DAYS_A_YEAR = 365.0

Polyline = Array
"""The corners of one curve, shape (points, 2): the moves of the first and of the second group."""


class RiskMap(NamedTuple):
    """Two groups' moves x and y from the present marks, where `today` is.

    Arrays of shape (second, first): rows are y.

    `requirement_to_equity` is NaN where equity is not positive. `frontiers` holds for
    `liquidation`, `danger` and `warning` the curves within the map on which equity − requirement ÷
    level is 0: all of them, for a region may have a lower and an upper edge.

    In isolated mode equity and requirement are sums over all positions as if still open, headroom
    is the least and margin used the largest of any position's (NaN once one has no equity
    left). The frontier is that of the first position to reach the level: each knows one price only,
    so the region where none has is made of rectangles, and the frontier of their edges.
    """

    first: Direction
    second: Direction
    first_moves: Array
    second_moves: Array
    headroom: Array
    equity: Array
    requirement: Array
    requirement_to_equity: Array
    frontiers: Mapping[str, tuple[Polyline, ...]]
    today: tuple[float, float] = (0.0, 0.0)


def risk_map(
    account: Preparable,
    first: Direction,
    second: Direction,
    first_moves: Array,
    second_moves: Array,
) -> RiskMap | None:
    """Return the map over moves given in ascending order.

    None without positions or where tiers are missing.

    Raises ValueError where the groups share a token: one price cannot go two signs.
    """
    if shared := _moved(first) & _moved(second):
        raise ValueError(f"both groups move {', '.join(sorted(shared))}")
    account = prepare(account)
    scenario, books = account.scenario, account.books
    if not account.measurable:
        return None
    isolated, wallet = scenario.account.isolated, scenario.account.counted_wallet
    parts = [_parts(book, (first, second), (first_moves, second_moves)) for book in books]
    surfaces = _surfaces(parts, wallet - sum(book.wallet for book in books), isolated=isolated)
    edges = _rectangles if isolated else _curves
    levels = {
        "liquidation": 1.0,
        "danger": scenario.levels.danger,
        "warning": scenario.levels.warning,
    }
    frontiers = MappingProxyType(
        {name: tuple(edges(parts, level)) for name, level in levels.items()}
    )
    return RiskMap(first, second, first_moves, second_moves, *surfaces, frontiers)


def at_points(
    account: Preparable, first: Direction, second: Direction, points: Iterable[tuple[float, float]]
) -> list[Outcome]:
    """Return the account after moves of both groups, all other prices still.

    Each goes straight from the present marks.

    It tells what a map does not: whether the way there liquidates, and what lost isolated positions
    leave.
    """
    account = prepare(account)
    return [after(account, {**first.moves(x), **second.moves(y)}) for x, y in points]


def _moved(direction: Direction) -> set[str]:
    return {token for token, rate in direction.rates.items() if rate}


def joined(polylines: Iterable[Polyline]) -> tuple[Array, Array]:
    """Return the curves as one line of a chart.

    Moves of the first and of the second group, a NaN after each curve.
    """
    gap = np.full((1, 2), np.nan)
    points = np.concatenate(
        [np.empty((0, 2)), *(part for line in polylines for part in (line, gap))]
    )
    return points[:, 0], points[:, 1]


# A book as c + a(x) + b(y)


class _Mover(NamedTuple):
    """A leg whose price is `mark · (1 + rate · move)`, at least 0."""

    leg: Leg
    mark: float
    rate: float

    def prices(self, moves: Array) -> Array:
        return np.maximum(0.0, self.mark * (1 + self.rate * moves))

    def kinks(self) -> list[float]:
        """Return the moves at which the price reaches 0 or the leg enters another tier."""
        return [
            (floor / self.leg.size / self.mark - 1) / self.rate
            for floor in (0.0, *self.leg.floors[1:])
        ]


class _Side(NamedTuple):
    """What one group adds to a book.

    On the map's moves, and at both ends of every stretch between two kinks.

    The last three are of one shape, `corners` being moves in ascending order: a kink is there
    twice, for rounded tables jump at it. `gross` is what rounding is measured against, 0 where the
    group moves nothing of the book.
    """

    moves: Array
    equity: Array
    requirement: Array
    gross: float
    corners: Array
    corner_equity: Array
    corner_requirement: Array

    @property
    def ends(self) -> tuple[float, float]:
        """The first and the last move of the map."""
        return float(self.moves[0]), float(self.moves[-1])

    def at_corners(self, level: float) -> Array:
        """Return its part of equity − requirement ÷ level."""
        return self.corner_equity - self.corner_requirement / level


class _Parts(NamedTuple):
    """A book taken apart: what stands still, and what each group adds."""

    equity: float
    requirement: float
    first: _Side
    second: _Side

    def still(self, level: float) -> float:
        """Return what stands still of equity − requirement ÷ level."""
        return self.equity - self.requirement / level

    @property
    def gross(self) -> float:
        """What rounding of its equity is measured against."""
        return abs(self.equity) + self.first.gross + self.second.gross

    @property
    def moving(self) -> _Side:
        """The one side that moves an isolated position, the first also where neither does."""
        return self.second if self.second.gross else self.first


def _parts(book: Book, groups: Sequence[Direction], moves: Sequence[Array]) -> _Parts:
    movers = [_movers(book, group) for group in groups]
    moving = {mover.leg.token for side in movers for mover in side}
    still = tuple([leg for leg in book.legs if leg.token not in moving])
    rest = Book(book.tokens, book.marks, book.wallet, still).standing()
    first, second = (_side(side, along) for side, along in zip(movers, moves, strict=True))
    return _Parts(rest.equity, rest.requirement, first, second)


def _movers(book: Book, group: Direction) -> list[_Mover]:
    every = [
        _Mover(leg, book.marks[leg.token], group.rates.get(book.tokens[leg.token], 0.0))
        for leg in book.legs
    ]
    return [mover for mover in every if mover.mark and mover.rate]


def _side(movers: Sequence[_Mover], moves: Array) -> _Side:
    bounds = _bounds(movers, float(moves[0]), float(moves[-1]))
    middles, ends = (bounds[:-1] + bounds[1:]) / 2, np.column_stack([bounds[:-1], bounds[1:]])
    equity, requirement = np.zeros(moves.shape), np.zeros(moves.shape)
    at_ends, required, gross = np.zeros(ends.shape), np.zeros(ends.shape), 0.0
    for mover in movers:
        leg, prices, end_prices = mover.leg, mover.prices(moves), mover.prices(ends)
        equity += leg.equity(prices)
        requirement += leg.requirements(prices)
        at_ends += leg.equity(end_prices)
        required += leg.requirements(end_prices, leg.tiers(mover.prices(middles))[:, None])
        gross += abs(leg.offset) + abs(leg.exposure) * float(end_prices.max())
    return _Side(moves, equity, requirement, gross, ends.ravel(), at_ends.ravel(), required.ravel())


def _bounds(movers: Sequence[_Mover], low: float, high: float) -> Array:
    """Return the map's ends and the kinks between them."""
    apart = APART * (high - low)
    bounds = [low]
    for kink in sorted(kink for mover in movers for kink in mover.kinks()):
        if bounds[-1] + apart < kink < high - apart:
            bounds.append(kink)
    return np.array([*bounds, high])


# Maps


def _surfaces(
    parts: Sequence[_Parts], free: float, *, isolated: bool
) -> tuple[Array, Array, Array, Array]:
    """Return headroom, equity, requirement, and margin used.

    `free` is in the wallet but in no book.
    """
    equity = _outer([(part.equity, part.first.equity, part.second.equity) for part in parts]) + free
    requirement = _outer(
        [(part.requirement, part.first.requirement, part.second.requirement) for part in parts]
    )
    if isolated:
        headroom = -_largest(parts, lambda equity, required, _: required - equity)
        load = _largest(parts, _load)
    else:
        headroom, load = equity - requirement, _load(equity, requirement, parts[0].gross)
    return headroom, equity, requirement, np.where(np.isinf(load), np.nan, load)


def _outer(terms: Sequence[tuple[float, Array, Array]]) -> Array:
    """Return σ c + a(x) + b(y), shape (second, first)."""
    constants, first, second = zip(*terms, strict=True)
    total: Array = np.add.outer(np.sum(second, axis=0), np.sum(first, axis=0) + sum(constants))
    return total


def _load(equity: Array, requirement: Array, gross: float) -> Array:
    """Return margin used, infinite where equity is no more than rounding.

    Relative to `gross` sums.
    """
    firm = equity > ZERO * gross
    load: Array = np.divide(requirement, equity, out=np.full(equity.shape, np.inf), where=firm)
    return load


def _largest(parts: Sequence[_Parts], figure: Callable[[Array, Array, float], Array]) -> Array:
    """Return the largest figure, of equity, requirement and gross, that any isolated position has.

    Shape (second, first).
    """
    first, second = (
        np.full(side.moves.shape, -np.inf) for side in (parts[0].first, parts[0].second)
    )
    for part in parts:
        side, worst = part.moving, second if part.second.gross else first
        equity, required = part.equity + side.equity, part.requirement + side.requirement
        np.maximum(worst, figure(equity, required, part.gross), out=worst)
    largest: Array = np.maximum.outer(second, first)
    return largest


# Frontiers


class _Run(NamedTuple):
    """A stretch of moves on which a side only rises or only falls, or is constant.

    Its values ascend.
    """

    moves: Array
    values: Array

    @property
    def flat(self) -> bool:
        return bool(self.values[0] == self.values[-1])

    def where(self, values: Array) -> Array:
        """Return the moves at which a run that is not flat has these values of its own."""
        moves: Array = np.interp(values, self.values, self.moves)
        return moves

    def at(self, moves: Array) -> Array:
        """Return the values at moves; beyond the run's ends, those at the ends."""
        order = 1 if self.moves[0] < self.moves[-1] else -1
        values: Array = np.interp(moves, self.moves[::order], self.values[::order])
        return values


def _curves(parts: Sequence[_Parts], level: float) -> Iterator[Polyline]:
    """Yield the curves of an account in cross mode."""
    [part] = parts
    constant = part.still(level)
    rounding = FLAT * (part.gross + abs(part.requirement) / level)
    runs = [
        list(_runs(side.corners, side.at_corners(level), rounding))
        for side in (part.first, part.second)
    ]
    for first, second in product(*runs):
        curve = _curve(first, second, constant, part.first.moves)
        if len(curve) > 1:
            yield curve


def _runs(moves: Array, values: Array, rounding: float) -> Iterator[_Run]:
    """Yield the runs between these corners; changes within rounding are none."""
    steps = np.diff(values)
    signs = np.sign(np.where(np.abs(steps) > rounding, steps, 0.0)).astype(int)
    real = (signs != 0) | (np.diff(moves) > 0)  # A kink where nothing jumps is one corner, not two.
    kept = np.append(True, real)
    moves, values, signs = moves[kept], values[kept], signs[real]
    for start, end in pairwise([0, *(np.flatnonzero(np.diff(signs)) + 1), len(signs)]):
        if end > start:
            run, sign = slice(start, end + 1), signs[start]
            steady = np.full(end + 1 - start, values[start])
            yield _Run(moves[run][:: sign or 1], values[run][::sign] if sign else steady)


def _curve(first: _Run, second: _Run, constant: float, columns: Array) -> Polyline:
    """Return where constant + first + second is 0.

    At every corner of either run and at the map's columns.

    Often nowhere.

    It is followed by the first side's value, of which the second's is the rest: so a jump of either
    makes a corner.
    """
    if first.flat or second.flat:
        return _straight(first, second, constant)
    low, high = (
        max(first.values[0], -constant - second.values[-1]),
        min(first.values[-1], -constant - second.values[0]),
    )
    if low >= high:
        return np.empty((0, 2))
    along = np.concatenate([first.values, -constant - second.values, first.at(columns)])
    along = np.unique(np.clip(along, low, high))
    return np.column_stack([first.where(along), second.where(-constant - along)])


def _straight(first: _Run, second: _Run, constant: float) -> Polyline:
    """Return where one side stands still: all of its stretch at the one move of the other.

    Nowhere where both do.
    """
    steep, flat = (second, first) if first.flat else (first, second)
    value = -constant - flat.values
    if steep.flat or not steep.values[0] <= value[0] <= steep.values[-1]:
        return np.empty((0, 2))
    moves = steep.where(value)
    return np.column_stack([flat.moves, moves] if first.flat else [moves, flat.moves])


def _rectangles(parts: Sequence[_Parts], level: float) -> Iterator[Polyline]:
    """Yield the edges, within the map, of where every isolated position stands above the level."""
    x = _stretch([part for part in parts if not part.second.gross], level, parts[0].first)
    y = _stretch([part for part in parts if part.second.gross], level, parts[0].second)
    if x is None or y is None:
        return
    yield from (
        np.array([(edge, y[0]), (edge, y[1])]) for edge in x if edge not in parts[0].first.ends
    )
    yield from (
        np.array([(x[0], edge), (x[1], edge)]) for edge in y if edge not in parts[0].second.ends
    )


def _stretch(parts: Sequence[_Parts], level: float, side: _Side) -> tuple[float, float] | None:
    """Return the moves of a side at which every one of these positions stands above the level.

    None where all never do.

    It is one stretch, for each position's headroom is concave in the one price that it knows.
    """
    low, high = side.ends
    for part in parts:
        moves, values = part.moving.corners, part.still(level) + part.moving.at_corners(level)
        if not (values > 0).any():
            return None
        roots = list(_roots(moves, values))
        low = max([low, *(root for root, falls in roots if not falls)])
        high = min([high, *(root for root, falls in roots if falls)])
    return (low, high) if low < high else None


def _roots(moves: Array, values: Array) -> Iterator[tuple[float, bool]]:
    """Yield the moves at which a line from corner to corner crosses 0, and whether down."""
    before, after = values[:-1], values[1:]
    for index in np.flatnonzero((before > 0) != (after > 0)):
        share = before[index] / (before[index] - after[index])
        yield (
            float(moves[index] + share * (moves[index + 1] - moves[index])),
            bool(before[index] > 0),
        )


# How likely the moves are


class GroupRisk(NamedTuple):
    """How two groups' moves vary together.

    Their annual volatilities, and the correlation of their log returns.

    A group's tokens do not move in step, so its move is an estimate from theirs, the x that fits
    them best by weighted least squares: `x = Σ w·r·R ÷ Σ w·r²`, with R the tokens' returns, r their
    rates, w their weights. Of one token at rate 1 that is the token itself. What each token does
    besides x is not in it. `left_out` are those without figures.
    """

    volatilities: tuple[float, float]
    correlation: float
    left_out: tuple[str, ...]


def group_risk(
    groups: tuple[Direction, Direction],
    volatilities: Mapping[str, float],
    symbols: Sequence[str],
    correlations: Array,
    weights: Mapping[str, float] | None = None,
) -> GroupRisk | None:
    """Return the groups' risk from annual volatilities and correlations.

    `correlations` are of `symbols`, shape (symbols, symbols).

    Weights are not negative, 1 where none is given. None where no token of a group has figures and
    weight.
    """
    known = {symbol: index for index, symbol in enumerate(symbols) if symbol in volatilities}
    loads = np.zeros((2, len(symbols)))
    for load, group in zip(loads, groups, strict=True):
        rates = {token: group.rates[token] for token in _moved(group) & known.keys()}
        weighed = {token: rate * (weights or {}).get(token, 1.0) for token, rate in rates.items()}
        fit = sum(rate * weighed[token] for token, rate in rates.items())
        if fit <= 0:
            return None
        for token, weight in weighed.items():
            load[known[token]] = weight / fit * volatilities[token]
    covariance = loads @ correlations @ loads.T
    first, second = (sqrt(max(0.0, float(variance))) for variance in np.diag(covariance))
    shared = float(covariance[0, 1]) / (first * second) if first * second else 0.0
    left_out = tuple(sorted((_moved(groups[0]) | _moved(groups[1])) - known.keys()))
    return GroupRisk((first, second), max(-1.0, min(1.0, shared)), left_out)


def ellipse(
    volatilities: tuple[float, float], correlation: float, days: float, k: float, points: int = 73
) -> tuple[Array, Array]:
    """Return a closed curve of both groups' moves, k standard deviations from today.

    The deviations are those after `days`; the result is two arrays of shape (points,).

    Log-normal: an ellipse of log returns around today, which stays their median, turned into simple
    returns. Of normal log returns `1 − exp(−k² ÷ 2)` end inside: 39% for k = 1, 86% for k = 2. Real
    ones have fatter tails.
    """
    turn = np.linspace(0.0, 2 * np.pi, points)
    first, second = (volatility * sqrt(days / DAYS_A_YEAR) for volatility in volatilities)
    independent = sqrt(max(0.0, 1 - correlation**2))
    x, y = k * np.cos(turn), k * (correlation * np.cos(turn) + independent * np.sin(turn))
    return np.expm1(first * x), np.expm1(second * y)
