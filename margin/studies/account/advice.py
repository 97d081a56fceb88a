"""What it takes to survive a chosen joint move: money to add, or a part of every position to cut.

Solved exactly.

Closing is taken to cost neither fee nor slippage, and sizes are not rounded to lots.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np

from margin.engine.book import Book
from margin.engine.leg import Leg
from margin.engine.numbers import ZERO, Array
from margin.model.compile import size_in_tiers
from margin.model.prepared import Preparable, prepare
from margin.model.scenario import Position, Scenario

Stretch = tuple[float, float]
"""From one part kept to another."""


class Advice(NamedTuple):
    """How to live through a common `move` (−0.2: every price falls 20% times its beta).

    `deposit`: money in the settlement coin that has to be exceeded, 0 where the account survives as
    it is; in isolated mode the sum over positions. `spare`: the lowest headroom on the way, where
    it survives. `cut`: the smallest part (0 to 1) of every position that has to be closed now; None
    where no part would do, not even all, and in isolated mode, where a position's margin shrinks
    with it.
    """

    move: float
    deposit: float
    spare: float
    cut: float | None
    survives: bool


def survive(account: Preparable, move: float) -> Advice | None:
    """Return the advice for a joint move from the present marks.

    None without positions or where tiers are missing.
    """
    account = prepare(account)
    scenario, books = account.scenario, account.books
    if not account.measurable:
        return None
    depths = [_lowest_headroom(book, scenario, move) for book in books]
    if scenario.account.isolated:
        pairs = zip(scenario.positions, depths, strict=True)
        deposit = sum(_isolated_deposit(position, depth, scenario) for position, depth in pairs)
        survives = all(
            depth > book.standing().zero for book, depth in zip(books, depths, strict=True)
        )
        return Advice(move, deposit, min(depths), None, survives)
    depth = depths[0]
    survives = depth > books[0].standing().zero
    cut = 0.0 if survives else _cut(books[0], scenario, move)
    return Advice(move, max(0.0, -depth) / scenario.account.counted_rate, depth, cut, survives)


def _isolated_deposit(position: Position, depth: float, scenario: Scenario) -> float:
    """Return margin to add to one position: on Bybit its closing fee takes, or gives, a part."""
    return max(0.0, -depth) * scenario.account.rules.isolated_price(
        position.sign, scenario.account.fee
    )


def _lowest_headroom(book: Book, scenario: Scenario, move: float) -> float:
    """Return the book's lowest headroom from the marks, inclusive, to the end of the move."""
    marks = dict(zip(book.tokens, book.marks, strict=True))
    stops = [scenario.market.moved(marks, stop) for stop in (0.0, *_stops(scenario, move))]
    return min(
        book.standing(tuple(prices[token] for token in book.tokens)).headroom for prices in stops
    )


def _cut(book: Book, scenario: Scenario, move: float) -> float | None:
    """Return the smallest part to close now so that the rest survives every stop of the move.

    Survival need not grow with the part closed: where closing realises a debt, or a size beyond
    some tier earns more than it requires, only a part between two others survives. So the search is
    for the largest part kept that survives.
    """
    stops = [
        scenario.market.moved(scenario.market.marks, stop)
        for stop in (0.0, *_stops(scenario, move))
    ]
    courses = [_by_size(book, scenario, prices) for prices in stops]
    survivors = reduce(_in_both, [course.survivors() for course in courses])
    if survivors:
        return 1 - survivors[-1][1]
    # Sizes are not continuous at none: a window's maintenance amount goes with the last of its
    # position.
    closed = all(course.kept_nothing > ZERO * abs(course.kept_nothing) for course in courses)
    return 1.0 if closed and any(leg.amounts[0] for leg in courses[0].legs) else None


class _Course(NamedTuple):
    """Headroom at one stop as a function of the part of every position that was kept.

    Each leg's price axis is the part kept, from 0 to 1; with nothing kept, headroom is
    `kept_nothing`.
    """

    kept_nothing: float
    legs: tuple[Leg, ...]

    def survivors(self) -> list[Stretch]:
        """Return the parts kept that leave headroom, as ascending separate stretches."""
        parts = np.array(sorted({0.0, 1.0, *self._kinks()}))
        ends = np.column_stack([parts[:-1], parts[1:]])
        headroom = self._headroom(ends)
        low, high = _above_zero(ends, headroom)
        zero = ZERO * (abs(self.kept_nothing) + sum(leg.quantity for leg in self.legs))
        return _joined(low, high, (low < high) & (headroom.max(axis=1) > zero))

    def _kinks(self) -> Iterator[float]:
        """Yield the parts kept, between 0 and 1, at which a leg enters another tier."""
        for leg in self.legs:
            yield from (floor / leg.size for floor in leg.floors[1:] if floor < leg.size)

    def _headroom(self, ends: Array) -> Array:
        """Return headroom at both ends of stretches without a kink inside.

        Shape (stretches, 2) like `ends`.
        """
        headroom, middles = np.full(ends.shape, self.kept_nothing), ends.mean(axis=1)
        for leg in self.legs:
            headroom += leg.equity(ends) - leg.requirements(ends, leg.tiers(middles)[:, None])
        return headroom


def _above_zero(ends: Array, values: Array) -> tuple[Array, Array]:
    """Return from where to where, within each of its `ends`, a line through `values` is above 0.

    Both have the shape (stretches, 2). Where a line is nowhere above 0, it begins after it ends.
    """
    (left, right), (start, end) = values.T, ends.T
    rises, falls = (left <= 0) & (right > 0), (left > 0) & (right <= 0)
    share = np.divide(left, left - right, out=np.zeros_like(left), where=rises | falls)
    roots = start + share * (end - start)
    low = np.where(rises, roots, np.where(left > 0, start, np.inf))
    return low, np.where(falls, roots, end)


def _joined(low: Array, high: Array, kept: Array) -> list[Stretch]:
    """Return the stretches that are kept, those that touch as one."""
    stretches: list[Stretch] = []
    for start, end in zip(low[kept].tolist(), high[kept].tolist(), strict=True):
        if stretches and stretches[-1][1] == start:
            stretches[-1] = (stretches[-1][0], end)
        else:
            stretches.append((start, end))
    return stretches


def _in_both(one: Sequence[Stretch], other: Sequence[Stretch]) -> list[Stretch]:
    """Return what two ascending lists of stretches have in common."""
    common, first, second = [], 0, 0
    while first < len(one) and second < len(other):
        low, high = max(one[first][0], other[second][0]), min(one[first][1], other[second][1])
        if low < high:
            common.append((low, high))
        if one[first][1] <= other[second][1]:
            first += 1
        else:
            second += 1
    return common


def _stops(scenario: Scenario, move: float) -> list[float]:
    """Return the end of the move, and where on the way a price reaches 0.

    Between them headroom is concave.

    So it is lowest at one of them, or at the start.
    """
    zeros = [-1 / beta for token in scenario.tokens if (beta := scenario.market.beta(token))]
    return [move, *(zero for zero in zeros if min(0.0, move) < zero < max(0.0, move))]


def _by_size(book: Book, scenario: Scenario, prices: Mapping[str, float]) -> _Course:
    """Return headroom after the move by the part of every position that was kept.

    What is closed leaves at the mark, so with nothing kept headroom is today's profit and the
    collateral after the move. A leg's price axis becomes the part kept: from 0 on, its notional
    growing to that of the whole.
    """
    kept_nothing = book.wallet
    legs = []
    for index, leg in enumerate(book.legs):
        mark, price = book.marks[leg.token], prices[book.tokens[leg.token]]
        if not leg.quantity:
            kept_nothing += leg.equity(price)
            continue
        kept_nothing += leg.equity(mark)
        legs.append(_sized(leg, scenario.positions[index], scenario, price - mark, price))
    return _Course(kept_nothing, tuple(legs))


def _sized(leg: Leg, position: Position, scenario: Scenario, change: float, price: float) -> Leg:
    """Return the leg as a function of the part kept, at fixed prices.

    Flat tiers come back whole, for size decides there.
    """
    exposure, notional = leg.exposure * change - leg.constant, leg.quantity * price
    by_size = leg._replace(
        exposure=exposure, offset=0.0, constant=0.0, quantity=notional, size=notional or 1.0
    )
    table = scenario.market.table(position.symbol)
    if table is None or not scenario.account.rules.flat_tiers:
        return by_size
    contracts = size_in_tiers(position, scenario.market, flat=True) or 1.0
    return by_size._replace(
        size=contracts,
        floors=table.floors,
        rates=table.rates,
        amounts=table.amounts,
        first_tier=0,
        jumps=True,
    )
