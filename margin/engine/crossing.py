"""The exact walk along a line of prices, to the first point where an account is at a level.

Each leg's kinks on the line are known, so the walk goes from kink to kink and solves one linear
equation: nothing here iterates to a tolerance. Every distance in the product is such a walk.
`level` divides the requirement (1.0: it is the liquidation point, 0.5: the point where requirement
÷ equity is 50%).
"""

from collections.abc import Sequence
from heapq import heapify, heappop, heapreplace
from math import inf

from margin.engine.book import Book, Standing
from margin.engine.leg import Leg

Mover = tuple[Leg, float, float, int]
"""A leg on a line: its price at the start, the change per unit of x, its tier there.

The price stops at 0.

A plain tuple, for two are made of every leg for each distance.
"""


def walk(
    value: float, slope: float, movers: Sequence[Mover], level: float, limit: float, zero: float
) -> float | None:
    """Return the first x in [0, limit] at which the excess over a level is at most `zero`.

    The excess is `equity − requirement ÷ level`; None where there is no such x.

    It is `value` at x = 0, where it changes by `slope` per unit of x, and linear between the kinks,
    where a leg enters another tier or its price reaches 0.
    """
    if value <= zero:
        return 0.0
    # Most lines lead away from liquidation: they are done with before a kink is looked for.
    if slope >= 0 and _steepest(movers, level) >= 0:
        return None
    if len(movers) == 1:
        return _walk_alone(value, slope, movers[0], level, limit, zero)
    return _walk_together(value, slope, movers, level, limit, zero)


def _steepest(movers: Sequence[Mover], level: float) -> float:
    """Return the steepest fall per unit of x that the line could ever take.

    0 or more: it never falls.
    """
    steepest = 0.0
    for leg, _, rate, _ in movers:
        if leg.jumps:
            return -inf
        # Rates rise with the size: on its way up a leg is at its worst in the highest tier, on its
        # way down in the lowest, where it also comes to a stop.
        outermost = rate * leg.slope(-1 if rate > 0 else 0, level)
        if rate > 0 or outermost < 0:
            steepest += outermost
    return steepest


def _walk_alone(
    value: float, slope: float, mover: Mover, level: float, limit: float, zero: float
) -> float | None:
    """Walk a line on which one leg moves.

    From tier to tier, with no need to ask which leg's kink is next.
    """
    leg, price, rate, tier = mover
    jumps = leg.jumps
    if rate < 0 and not jumps:
        # The value is concave, so it stays above zero where it does at price 0. There it is what
        # the present tier's line comes to, less the amount that this tier takes off the requirement
        # and the lowest does not.
        amounts = leg.amounts
        if value - slope * price / rate - (amounts[tier] - amounts[0]) / level > zero:
            return None
    floors, rates, size = leg.floors, leg.rates, leg.size
    step, bend = (1 if rate > 0 else -1), rate * leg.quantity / level
    x = 0.0
    while (kink := _next_kink(floors, size, tier, price, rate)) < limit:
        if slope < 0 and x - value / slope <= kink:
            return x - value / slope
        if kink > x:
            value += slope * (kink - x)
            x = kink
        entered = tier + step
        if entered < 0:  # The price has reached 0 and stays there.
            return x if value <= zero else None
        slope += bend * (rates[tier] - rates[entered])
        if jumps:
            value += _jump(leg, tier, entered, level)
        if value <= zero:
            return x
        tier = entered
    return _at_the_end(value, slope, x, limit, zero)


def _walk_together(
    value: float, slope: float, movers: Sequence[Mover], level: float, limit: float, zero: float
) -> float | None:
    """Walk a line on which several legs move: a heap says whose kink is next."""
    tiers: list[int] = []
    kinks: list[tuple[float, int]] = []
    for leg, price, rate, tier in movers:
        kink = _next_kink(leg.floors, leg.size, tier, price, rate)
        if kink < limit:
            kinks.append((kink, len(tiers)))
        tiers.append(tier)
    heapify(kinks)
    x = 0.0
    while kinks:
        kink, number = kinks[0]
        if slope < 0 and x - value / slope <= kink:
            return x - value / slope
        if kink > x:
            value += slope * (kink - x)
            x = kink
        leg, price, rate, _ = movers[number]
        tier = tiers[number]
        tiers[number] = entered = tier + 1 if rate > 0 else tier - 1
        if entered < 0:  # The price has reached 0 and stays there.
            slope -= rate * leg.slope(tier, level)
            heappop(kinks)
        else:
            rates = leg.rates
            slope += rate * leg.quantity * (rates[tier] - rates[entered]) / level
            if leg.jumps:
                value += _jump(leg, tier, entered, level)
            kink = _next_kink(leg.floors, leg.size, entered, price, rate)
            if kink < limit:
                heapreplace(kinks, (kink, number))
            else:
                heappop(kinks)
        if value <= zero:
            return x
    return _at_the_end(value, slope, x, limit, zero)


def _at_the_end(value: float, slope: float, x: float, limit: float, zero: float) -> float | None:
    """Return where the last stretch, from `x` to the limit, reaches the level."""
    if slope < 0 and x - value / slope <= limit:
        return x - value / slope
    return limit if limit < inf and value + slope * (limit - x) <= zero else None


def _next_kink(floors: Sequence[float], size: float, tier: int, price: float, rate: float) -> float:
    """Return the x at which a leg leaves a tier.

    Upwards into the next, downwards into the one below or to price 0.
    """
    if rate < 0:
        return ((floors[tier] / size if tier else 0.0) - price) / rate
    tier += 1
    return (floors[tier] / size - price) / rate if tier < len(floors) else inf


def _jump(leg: Leg, tier: int, entered: int, level: float) -> float:
    """Return the step of `equity − requirement ÷ level` where a leg changes its tier."""
    edge = leg.floors[max(tier, entered)] / leg.size
    return (leg.requirement_at(edge, tier) - leg.requirement_at(edge, entered)) / level


def first_crossing(
    book: Book,
    start: Sequence[float],
    direction: Sequence[float],
    *,
    level: float = 1.0,
    limit: float = inf,
    standing: Standing | None = None,
) -> float | None:
    """Return the first x in [0, limit] at which the prices are at the level.

    The prices are `start + x·direction`, never below 0; None where there is no such x.

    `start` and `direction` are prices and price changes per unit of x, in the order of
    `book.tokens`; `standing` is the book's at the start, where it is known already. At level 1.0
    the answer is the liquidation point; 0.0 means that the start is there. An account without
    positions has none.
    """
    if not book.bears_positions:
        return None
    standing = standing or book.standing(start)
    movers, slope = _line(book, start, direction, level, standing)
    return walk(
        standing.equity - standing.requirement / level, slope, movers, level, limit, standing.zero
    )


def first_crossings(
    book: Book,
    start: Sequence[float],
    direction: Sequence[float],
    *,
    limits: tuple[float, float],
    level: float = 1.0,
    standing: Standing | None = None,
) -> tuple[float | None, float | None]:
    """Return the first x against a direction and the first x along it.

    As two calls of `first_crossing` do.

    `limits` are the furthest x against it and along it.
    """
    if not book.bears_positions:
        return None, None
    standing = standing or book.standing(start)
    along, slope = _line(book, start, direction, level, standing)
    against: list[Mover] = [(leg, price, -rate, tier) for leg, price, rate, tier in along]
    value, zero = standing.equity - standing.requirement / level, standing.zero
    return (
        walk(value, -slope, against, level, limits[0], zero),
        walk(value, slope, along, level, limits[1], zero),
    )


def _line(
    book: Book, start: Sequence[float], direction: Sequence[float], level: float, standing: Standing
) -> tuple[list[Mover], float]:
    """Return the legs that move on a line, and the slope at its start.

    The slope is that of `equity − requirement ÷ level`.
    """
    movers: list[Mover] = []
    slope = 0.0
    for leg, tier in zip(book.legs, standing.tiers, strict=True):
        token = leg.token
        if rate := direction[token]:
            movers.append((leg, start[token], rate, tier))
            slope += rate * leg.slope(tier, level)
    return movers, slope
