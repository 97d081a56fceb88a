"""The exact walk along a line of prices, to the first point where an account is at a level.

Each leg's kinks on the line are known, so the walk goes from kink to kink and solves one linear equation: nothing here
iterates to a tolerance. Every distance in the product is a `first_crossing`. `level` divides the requirement (1.0:
liquidation, 0.5: the point where requirement ÷ equity is 50%).
"""

from collections.abc import Sequence
from heapq import heapify, heappop, heapreplace
from math import inf
from typing import NamedTuple

from margin.engine.book import Book, Standing
from margin.engine.leg import Leg


class Mover(NamedTuple):
    """A leg on its way: from `price` at `rate` per unit of the line's parameter, stopping at price 0."""

    leg: Leg
    price: float
    rate: float


def walk(value: float, movers: Sequence[Mover], level: float, limit: float, zero: float) -> float | None:
    """The first x in [0, limit] at which `equity − requirement ÷ level` is at most `zero`, None where it stays above.

    It is `value` at x = 0 and linear between the kinks, where a leg enters another tier or its price reaches 0.
    """
    if value <= zero:
        return 0.0
    slope, steepest, tiers, kinks = _set_out(movers, level, limit)
    if steepest >= 0:
        return None
    x = 0.0
    while kinks:
        kink, number = kinks[0]
        if slope < 0 and x - value / slope <= kink:
            return x - value / slope
        if kink > x:
            value += slope * (kink - x)
            x = kink
        leg, price, rate = movers[number]
        old = tiers[number]
        tiers[number] = new = old + 1 if rate > 0 else old - 1
        if new < 0:  # The price has reached 0 and stays there.
            slope -= rate * leg.slope(old, level)
            heappop(kinks)
        else:
            slope += rate * leg.quantity * (leg.rates[old] - leg.rates[new]) / level
            if leg.jumps:
                edge = leg.floors[max(old, new)] / leg.size
                value += (leg.requirement_at(edge, old) - leg.requirement_at(edge, new)) / level
            kink = _next_kink(leg, new, price, rate)
            if kink < limit:
                heapreplace(kinks, (kink, number))
            else:
                heappop(kinks)
        if value <= zero:
            return x
    if slope < 0 and x - value / slope <= limit:
        return x - value / slope
    return limit if limit < inf and value + slope * (limit - x) <= zero else None


def _set_out(
    movers: Sequence[Mover], level: float, limit: float
) -> tuple[float, float, list[int], list[tuple[float, int]]]:
    """A line's first slope, the steepest fall it could ever take, the movers' tiers, and a heap of their next kinks."""
    slope = steepest = 0.0
    tiers: list[int] = []
    kinks: list[tuple[float, int]] = []
    for leg, price, rate in movers:
        tier = leg.tier(price)
        slope += rate * leg.slope(tier, level)
        # Rates rise with the size: on its way up a leg is at its worst in the highest tier, on its way down in the
        # lowest, where it also comes to a stop.
        outermost = rate * leg.slope(-1 if rate > 0 else 0, level)
        steepest += -inf if leg.jumps else outermost if rate > 0 or outermost < 0 else 0.0
        kink = _next_kink(leg, tier, price, rate)
        if kink < limit:
            kinks.append((kink, len(tiers)))
        tiers.append(tier)
    heapify(kinks)
    return slope, steepest, tiers, kinks


def _next_kink(leg: Leg, tier: int, price: float, rate: float) -> float:
    """Where on its line the leg leaves a tier: upwards into the next, downwards into the one below or to price 0."""
    if rate < 0:
        return ((leg.floors[tier] / leg.size if tier else 0.0) - price) / rate
    return (leg.floors[tier + 1] / leg.size - price) / rate if tier + 1 < len(leg.floors) else inf


def first_crossing(
    book: Book,
    start: Sequence[float],
    direction: Sequence[float],
    *,
    level: float = 1.0,
    limit: float = inf,
    standing: Standing | None = None,
) -> float | None:
    """The first x in [0, limit] at which `start + x·direction` (never below 0) is at the level, None where none is.

    `start` and `direction` are prices and price changes per unit of x, in the order of `book.tokens`; `standing` is
    the book's at the start, where it is known already. At level 1.0 the answer is the liquidation point; 0.0 means
    that the start is there. An account without positions has none.
    """
    if not book.bears_positions:
        return None
    equity, requirement, _, _, zero = standing or book.standing(start)
    movers = [Mover(leg, start[leg.token], rate) for leg in book.legs if (rate := direction[leg.token])]
    return walk(equity - requirement / level, movers, level, limit, zero)
