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
    """Where a book stands at one set of prices, in the settlement coin.

    No positions: never liquidated.

    `zero` is what counts as no headroom: rounding, not money. `tiers` is the tier that every leg
    lies in, for whoever goes on from here.
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
        """Margin used; None where no equity is there."""
        return quotient(self.requirement, self.firm_equity)


@dataclass(frozen=True, slots=True)
class Book:
    """A compiled account: one in cross mode, one per position in isolated mode.

    `tokens` names the price axis of every array given and returned; `marks` are the prices it was
    compiled at; `wallet` is what it holds before profit and loss, in the settlement coin: in cross
    margin at that coin's rate, as the positions' profits are.
    """

    tokens: tuple[str, ...]
    marks: tuple[float, ...]
    wallet: float
    legs: tuple[Leg, ...]

    @property
    def complete(self) -> bool:
        """Whether every leg's tiers are known, as requirements and distances need."""
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
        """Return the standing at one set of prices, the marks unless given.

        The book must be complete.
        """
        prices = self.marks if prices is None else prices
        equity, requirement, notional = self.wallet, 0.0, 0.0
        tiers = []
        for leg in self.legs:
            price = prices[leg.token]
            tier = locate(leg.floors, leg.size * price)
            equity += leg.offset + leg.exposure * price
            requirement += leg.requirement(price, leg.rates[tier], leg.amounts[tier])
            notional += leg.quantity * price
            tiers.append(tier)
        zero = ZERO * (abs(self.wallet) + notional)
        liquidated = self.bears_positions and equity - requirement <= zero
        return Standing(equity, requirement, notional, liquidated, zero, tuple(tiers))

    def equity(self, prices: Array) -> Array:
        """Return margin balance at prices of shape (..., tokens); shape (...)."""
        return self.wallet + self._sum_over_legs(prices, lambda leg, price: leg.equity(price))

    def firm_equity(self, prices: Array) -> Array:
        """Return the margin balance at prices of shape (..., tokens); shape (...).

        0 where it is no more than rounding.
        """
        return beyond_rounding(self.equity(prices), abs(self.wallet) + self.notional(prices))

    def requirement(self, prices: Array) -> Array:
        """Return what equity is held against at prices of shape (..., tokens); shape (...)."""
        return self._sum_over_legs(prices, lambda leg, price: leg.requirements(price))

    def notional(self, prices: Array) -> Array:
        """Return σ |position| · price at prices of shape (..., tokens); shape (...)."""
        return self._sum_over_legs(prices, lambda leg, price: leg.quantity * price)

    def headroom(self, prices: Array) -> Array:
        """Return equity − requirement at prices of shape (..., tokens); shape (...).

        At or below 0: liquidated.

        Made for millions of prices: see `batch`.
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
        first, second = self.tokens.index(row), self.tokens.index(column)
        others = [leg for leg in self.legs if leg.token not in (first, second)]
        rest = Book(self.tokens, self.marks, self.wallet, tuple(others)).standing()
        constant = rest.equity - rest.requirement / level
        return np.add.outer(
            self._along(first, row_prices, level) + constant,
            self._along(second, column_prices, level),
        )

    def _along(self, token: int, prices: Array, level: float) -> Array:
        """Return what the legs of one token add to equity − requirement ÷ level at its prices."""
        total = np.zeros_like(prices)
        for leg in self.legs:
            if leg.token == token:
                total += leg.equity(prices) - leg.requirements(prices) / level
        return total
