"""One position or one collateral asset as a piecewise-linear function of one price."""

from typing import NamedTuple

import numpy as np

from margin.engine.numbers import Array, Indices, Number
from margin.engine.tiers import EDGE, locate

_ONE_TIER = (0.0,)


class Leg(NamedTuple):
    """One position or one collateral asset as a function of one price.

    Equity: `offset + exposure·P`. Requirement: `quantity·P·(rate_k + extra_rate) − amount_k +
    constant`, tier k being the last whose floor lies below `size·P`. A flat table's tier does not
    depend on the price, so one tier is left of it; `first_tier` is the index in the venue's table
    of the first tier kept here. `closing_fee` is what the venue's margins carry for closing, also
    where the requirement does not. `jumps`: the requirement is not continuous where tiers meet. No
    rates: no table is known, and nothing but the equity can be told.
    """

    token: int
    exposure: float
    offset: float
    quantity: float = 0.0
    size: float = 1.0
    floors: tuple[float, ...] = _ONE_TIER
    rates: tuple[float, ...] = _ONE_TIER
    amounts: tuple[float, ...] = _ONE_TIER
    extra_rate: float = 0.0
    constant: float = 0.0
    first_tier: int = 0
    closing_fee: float = 0.0
    jumps: bool = False

    def tier(self, price: float) -> int:
        """Return index of the tier in force at a price.

        A size exactly at a floor belongs to the tier below.
        """
        return locate(self.floors, self.size * price)

    def equity(self, price: Number) -> Number:
        """Return what the leg adds to equity: a position's profit, an asset's counted value."""
        return self.offset + self.exposure * price

    def maintenance(self, price: Number, rate: Number, amount: Number) -> Number:
        """Return the venue's maintenance margin under a given tier's rate and amount.

        With the fee to close it carries.
        """
        return self.quantity * price * rate - amount + self.closing_fee

    def requirement(self, price: Number, rate: Number, amount: Number) -> Number:
        """Return what equity is held against under a given tier's rate and amount.

        Maintenance and the liquidation fee.
        """
        return self.quantity * price * (rate + self.extra_rate) - amount + self.constant

    def requirement_at(self, price: float, tier: int) -> float:
        """Return the requirement at a price taken to lie in a tier."""
        return self.requirement(price, self.rates[tier], self.amounts[tier])

    def tiers(self, prices: Array) -> Indices:
        """Return the tier in force at every price of an array; of its shape."""
        return np.searchsorted(self.floors[1:], self.size * prices * (1 - EDGE), side="left")

    def requirements(self, prices: Array, tiers: Indices | None = None) -> Array:
        """Return the requirement at prices, in the tiers given or else those they lie in.

        Of their shape.
        """
        tiers = self.tiers(prices) if tiers is None else tiers
        return self.requirement(
            prices, np.asarray(self.rates)[tiers], np.asarray(self.amounts)[tiers]
        )

    def intercept(self, tier: int, level: float) -> float:
        """Return `equity − requirement ÷ level` at price 0, were a tier to reach that far."""
        return self.offset + (self.amounts[tier] - self.constant) / level

    def slope(self, tier: int, level: float) -> float:
        """Return change of `equity − requirement ÷ level` per unit of price within a tier."""
        return self.exposure - self.quantity * (self.rates[tier] + self.extra_rate) / level
