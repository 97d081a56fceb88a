"""The account compiled for arithmetic: equity, requirement and headroom at any prices.

    headroom(prices) = wallet + Σ over legs of [offset + exposure·P − requirement(P)]

It is separable: each leg is a function of one price, so a grid is an outer sum. Prices are in the
settlement coin.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from margin.engine import batch
from margin.engine.leg import Leg
from margin.engine.numbers import ZERO, Array, beyond_rounding, quotient
from margin.engine.tiers import locate


class Standing(NamedTuple):
    """The figures of a book at one set of prices, in the settlement coin.

    A book without positions is never liquidated. Headroom up to `zero` is rounding, not money.
    `tiers` holds each leg's tier, so that a search can start from it.
    """

    equity: float
    requirement: float
    notional: float
    liquidated: bool
    zero: float
    tiers: tuple[int, ...] = ()

    @property
    def headroom(self) -> float:
        """Equity − requirement."""
        return self.equity - self.requirement

    @property
    def firm_equity(self) -> float:
        """Equity, 0 where it is no more than rounding."""
        return beyond_rounding(self.equity, self.zero / ZERO)

    @property
    def load(self) -> float | None:
        """Margin used, requirement ÷ equity; None without positive equity."""
        return quotient(self.requirement, self.firm_equity)


@dataclass(frozen=True, slots=True)
class Book:
    """A compiled account: one in cross mode, one per position in isolated mode.

    `tokens` names the price axis of every array; `marks` are the prices it was compiled at;
    `wallet` is the balance before profit and loss, in the settlement coin: in cross margin at that
    coin's rate, as the positions' profits are.
    """

    tokens: tuple[str, ...]
    marks: tuple[float, ...]
    wallet: float
    legs: tuple[Leg, ...]

    @property
    def complete(self) -> bool:
        """Whether every leg has tiers, which requirements and distances need."""
        return all(leg.rates for leg in self.legs)

    @property
    def bears_positions(self) -> bool:
        """Whether there is anything that could be liquidated."""
        # A loop, for this is asked of every line: the first leg is nearly always a position.
        for leg in self.legs:  # noqa: SIM110
            if leg.quantity:
                return True
        return False

    def equity_at(self, prices: Sequence[float]) -> float:
        """Return margin balance at one set of prices, in the order of `tokens`."""
        return self.wallet + sum(leg.equity(prices[leg.token]) for leg in self.legs)

    def standing(self, prices: Sequence[float] | None = None) -> Standing:
        """Return the standing of a complete book at one set of prices, by default the marks."""
        prices = self.marks if prices is None else prices
        equity, requirement, notional = self.wallet, 0.0, 0.0
        tiers = []
        # One pass over plain floats: searches call this too often to build arrays each time.
        for leg in self.legs:
            price = prices[leg.token]
            tier = locate(leg.floors, leg.size * price)
            equity += leg.offset + leg.exposure * price
            requirement += leg.requirement(price, leg.rates[tier], leg.amounts[tier])
            notional += leg.quantity * price
            tiers.append(tier)
        # Rounding grows with the amounts summed, not with their difference.
        zero = ZERO * (abs(self.wallet) + notional)
        liquidated = self.bears_positions and equity - requirement <= zero
        return Standing(equity, requirement, notional, liquidated, zero, tuple(tiers))

    def equity(self, prices: Array) -> Array:
        """Return margin balance at prices of shape (..., tokens); shape (...)."""
        return self.wallet + self._sum_over_legs(prices, lambda leg, price: leg.equity(price))

    def firm_equity(self, prices: Array) -> Array:
        """Return margin balance at prices of shape (..., tokens), rounding as 0; shape (...)."""
        return beyond_rounding(self.equity(prices), abs(self.wallet) + self.notional(prices))

    def requirement(self, prices: Array) -> Array:
        """Return the requirement at prices of shape (..., tokens); shape (...)."""
        return self._sum_over_legs(prices, lambda leg, price: leg.requirements(price))

    def notional(self, prices: Array) -> Array:
        """Return the sum of |position| · price at prices of shape (..., tokens); shape (...)."""
        return self._sum_over_legs(prices, lambda leg, price: leg.quantity * price)

    def headroom(self, prices: Array) -> Array:
        """Return equity − requirement at prices of shape (..., tokens); shape (...).

        At or below 0 the book is liquidated. Made for millions of prices: see `batch`.
        """
        return batch.headroom(self.wallet, self.legs, prices)

    def _sum_over_legs(self, prices: Array, term: Callable[[Leg, Array], Array]) -> Array:
        prices = np.asarray(prices, dtype=np.float64)
        total = np.zeros(prices.shape[:-1])
        for leg in self.legs:
            total += term(leg, prices[..., leg.token])
        return total

    def grid(
        self, row: str, row_prices: Array, column: str, column_prices: Array, level: float = 1.0
    ) -> Array:
        """Return equity − requirement ÷ level over two tokens' prices, the others at their marks.

        Shape (rows, columns).
        """
        # Each leg depends on one price only, so two curves and a constant make the whole grid.
        first, second = self.tokens.index(row), self.tokens.index(column)
        others = [leg for leg in self.legs if leg.token not in (first, second)]
        rest = Book(self.tokens, self.marks, self.wallet, tuple(others)).standing()
        constant = rest.equity - rest.requirement / level
        return np.add.outer(
            self._along(first, row_prices, level) + constant,
            self._along(second, column_prices, level),
        )

    def _along(self, token: int, prices: Array, level: float) -> Array:
        """Return one token's part of equity − requirement ÷ level at its prices."""
        total = np.zeros_like(prices)
        for leg in self.legs:
            if leg.token == token:
                total += leg.equity(prices) - leg.requirements(prices) / level
        return total
