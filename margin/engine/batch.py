"""Headroom of very many prices at once.

Paths of a simulation, of any shape, in one call and in little memory.

What the legs of one token add to headroom is a function of that token's price alone, straight
between known edges. So each token's legs are put together once, and then every block of prices is
asked only for the few stretches that its own prices reach. The answer for a price does not depend
on the block that it happens to be in.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from margin.engine.leg import Leg
from margin.engine.numbers import Array
from margin.engine.tiers import EDGE

BLOCK = 160_000
"""Prices, of all tokens together, that are worked on at a time.

Few enough to stay in a processor's own memory.
"""


class Stretches(NamedTuple):
    """What the legs of one token add to headroom.

    `intercepts[k] + slopes[k]·P` where k edges lie below the price P.

    `token` is its axis; `edges` are prices in ascending order, one less than there are stretches.
    """

    token: int
    edges: Array
    intercepts: Array
    slopes: Array

    def add_to(self, total: Array, prices: Array) -> None:
        """Add what the legs are worth at prices to a total of their shape."""
        lowest, highest = np.searchsorted(
            self.edges, (np.fmin.reduce(prices, None), np.fmax.reduce(prices, None))
        )
        values = prices * self.slopes[lowest]
        values += self.intercepts[lowest]
        for stretch in range(lowest + 1, highest + 1):
            line = prices * self.slopes[stretch]
            line += self.intercepts[stretch]
            np.copyto(values, line, where=prices > self.edges[stretch - 1])
        total += values


def headroom(wallet: float, legs: Sequence[Leg], prices: Array) -> Array:
    """Return equity − requirement at prices of shape (..., tokens); shape (...).

    Every leg's tiers must be known.

    Beside the answer it takes no more memory than a few blocks, whatever the shape, the order in
    memory and the kind of float of the prices.
    """
    prices = np.asarray(prices)
    total = np.full(prices.shape[:-1], wallet)
    stretches = [_stretches(token, legs) for token in sorted({leg.token for leg in legs})]
    # At least one dimension, for a block is written into in place.
    for block, part in _blocks(
        np.atleast_2d(prices), np.atleast_1d(total), BLOCK // max(1, prices.shape[-1]) or 1
    ):
        for one in stretches:
            one.add_to(part, block[..., one.token].astype(np.float64))
    return total


def _stretches(token: int, legs: Sequence[Leg]) -> Stretches:
    token_legs = [leg for leg in legs if leg.token == token]
    # As in `locate`: a size this little above a floor still belongs to the tier below it.
    edges = [[floor / leg.size / (1 - EDGE) for floor in leg.floors[1:]] for leg in token_legs]
    merged = sorted({edge for several in edges for edge in several})
    intercepts, slopes = [], []
    for start in (0.0, *merged):
        tiers = [bisect_right(several, start) for several in edges]
        intercepts.append(
            sum([leg.intercept(tier, 1.0) for leg, tier in zip(token_legs, tiers, strict=True)])
        )
        slopes.append(
            sum([leg.slope(tier, 1.0) for leg, tier in zip(token_legs, tiers, strict=True)])
        )
    return Stretches(token, np.array(merged), np.array(intercepts), np.array(slopes))


def _blocks(prices: Array, total: Array, most: int) -> Iterator[tuple[Array, Array]]:
    """Yield views of the same part of prices and total, with at most so many entries.

    It splits along the first axis, and along the next where one entry of the first is too large
    already: a view of any layout can be split so, and none has to be copied.
    """
    if total.size <= most:
        if total.size:
            yield prices, total
        return
    rows = max(1, most * len(total) // total.size)
    for start in range(0, len(total), rows):
        if rows == 1 and total.ndim > 1:
            yield from _blocks(prices[start], total[start], most)
        else:
            yield prices[start : start + rows], total[start : start + rows]
