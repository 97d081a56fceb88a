"""The account compiled for arithmetic: equity, requirement and headroom at any prices, and the exact walk along a line.

    headroom(prices) = wallet + Σ over legs of [offset + exposure·P − requirement(P)]

Each leg is a piecewise-linear function of one price, its kinks at the tier boundaries, so the walk goes from kink to
kink and solves one linear equation: nothing here iterates to a tolerance. Every distance in the product is a
`first_crossing`. Prices are in the settlement coin; `level` divides the requirement (1.0: liquidation, 0.5: the point
where requirement ÷ equity is 50 %).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace
from math import inf
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from margin.scenario import Market, Position, Scenario
from margin.venues.rules import RatioRule, quotient
from margin.venues.tiers import EDGE, locate

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
ZERO = 1e-12
"""Headroom counts as zero up to this part of |wallet| + Σ notional: rounding must not keep an account alive."""

_ONE_TIER = (0.0,)
Number = TypeVar("Number", float, Array)


def beyond_rounding(amount: Number, size: float | Array) -> Number:
    """Return an amount, 0 where it is no more than rounding of sums of this size; numbers, or arrays of one shape.

    The one place that decides when equity is nothing: a ratio to what rounding leaves is no figure.
    """
    if isinstance(amount, np.ndarray):
        return np.where(np.abs(amount) <= ZERO * size, 0.0, amount)
    return 0.0 if abs(amount) <= ZERO * size else amount


class Leg(NamedTuple):
    """One position or one collateral asset as a function of one price.

    Equity: `offset + exposure·P`. Requirement: `quantity·P·(rate_k + extra_rate) − amount_k + constant`, tier k being
    the last whose floor lies below `size·P`. A flat table's tier does not depend on the price, so one tier is left of
    it; `first_tier` is the index in the venue's table of the first tier kept here. `closing_fee` is what
    the venue's margins carry for closing, also where the requirement does not. `jumps`: the
    requirement is not continuous where tiers meet. No rates: no table is known, and
    nothing but the equity can be told.
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
        """Index of the tier in force at a price; a size exactly at a floor belongs to the tier below."""
        return locate(self.floors, self.size * price) if len(self.floors) > 1 else 0

    def equity(self, price: Number) -> Number:
        """What the leg adds to equity: a position's profit, an asset's counted value."""
        return self.offset + self.exposure * price

    def maintenance(self, price: Number, rate: Number, amount: Number) -> Number:
        """The maintenance margin under a given tier's rate and amount."""
        return self.quantity * price * rate - amount + self.constant

    def requirement(self, price: Number, rate: Number, amount: Number) -> Number:
        """What equity is held against under a given tier's rate and amount: maintenance and the liquidation fee."""
        return self.maintenance(price, rate, amount) + self.quantity * price * self.extra_rate

    def requirement_at(self, price: float, tier: int) -> float:
        """The requirement at a price taken to lie in a tier."""
        return self.requirement(price, self.rates[tier], self.amounts[tier])

    def tiers(self, prices: Array) -> Indices:
        """The tier in force at every price of an array; of its shape."""
        return np.searchsorted(self.floors[1:], self.size * prices * (1 - EDGE), side="left")

    def requirements(self, prices: Array, tiers: Indices | None = None) -> Array:
        """The requirement at prices taken to lie in tiers, unless given in those they do lie in; of their shape."""
        tiers = self.tiers(prices) if tiers is None else tiers
        return self.requirement(prices, np.asarray(self.rates)[tiers], np.asarray(self.amounts)[tiers])

    def slope(self, tier: int, level: float) -> float:
        """Change of `equity − requirement ÷ level` per unit of price within a tier."""
        return self.exposure - self.quantity * (self.rates[tier] + self.extra_rate) / level


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


class Standing(NamedTuple):
    """Where a book stands at one set of prices, in the settlement coin. No positions: never liquidated.

    `zero` is what counts as no headroom: rounding, not money.
    """

    equity: float
    requirement: float
    notional: float
    liquidated: bool
    zero: float

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
        """Requirement ÷ equity; None where no equity is there."""
        return quotient(self.requirement, self.firm_equity)

    def ratio(self, rule: RatioRule) -> float | None:
        """The venue's own figure; None where its denominator is not positive."""
        return rule.value(self.firm_equity, self.requirement, self.notional)


@dataclass(frozen=True, slots=True)
class Book:
    """A compiled account: one in cross mode, one per position in isolated mode.

    `tokens` names the price axis of every array given and returned; `marks` are the prices it was compiled at;
    `wallet` is what it holds before profit and loss, in the settlement coin: in cross margin at that coin's rate, as
    the positions' profits are.
    """

    tokens: tuple[str, ...]
    marks: tuple[float, ...]
    wallet: float
    legs: tuple[Leg, ...]

    @property
    def complete(self) -> bool:
        """Whether every leg's tiers are known, so that requirement, headroom and distances can be told."""
        return all(leg.rates for leg in self.legs)

    @property
    def bears_positions(self) -> bool:
        """Whether there is anything that could be liquidated."""
        return any(leg.quantity for leg in self.legs)

    def equity_at(self, prices: Sequence[float]) -> float:
        """Margin balance at one set of prices, in the order of `tokens`."""
        return self.wallet + sum(leg.equity(prices[leg.token]) for leg in self.legs)

    def standing(self, prices: Sequence[float] | None = None) -> Standing:
        """The book at one set of prices, its marks unless given. The book must be complete."""
        prices = self.marks if prices is None else prices
        equity, requirement, notional = self.wallet, 0.0, 0.0
        for leg in self.legs:
            price = prices[leg.token]
            equity += leg.offset + leg.exposure * price
            requirement += leg.requirement_at(price, leg.tier(price))
            notional += leg.quantity * price
        zero = ZERO * (abs(self.wallet) + notional)
        return Standing(equity, requirement, notional, self.bears_positions and equity - requirement <= zero, zero)

    def equity(self, prices: Array) -> Array:
        """Margin balance at prices of shape (..., tokens); shape (...)."""
        return self.wallet + self._sum_over_legs(prices, lambda leg, price: leg.equity(price))

    def firm_equity(self, prices: Array) -> Array:
        """Margin balance at prices of shape (..., tokens), 0 where it is no more than rounding; shape (...)."""
        return beyond_rounding(self.equity(prices), abs(self.wallet) + self.notional(prices))

    def requirement(self, prices: Array) -> Array:
        """What equity is held against at prices of shape (..., tokens); shape (...)."""
        return self._sum_over_legs(prices, lambda leg, price: leg.requirements(price))

    def notional(self, prices: Array) -> Array:
        """Σ |position| · price at prices of shape (..., tokens); shape (...)."""
        return self._sum_over_legs(prices, lambda leg, price: leg.quantity * price)

    def headroom(self, prices: Array) -> Array:
        """Equity − requirement at prices of shape (..., tokens); shape (...). At or below 0: liquidated."""
        return self.equity(prices) - self.requirement(prices)

    def _sum_over_legs(self, prices: Array, term: Callable[[Leg, Array], Array]) -> Array:
        prices = np.asarray(prices, dtype=np.float64)
        total = np.zeros(prices.shape[:-1])
        for leg in self.legs:
            total += term(leg, prices[..., leg.token])
        return total

    def grid(self, row: str, row_prices: Array, column: str, column_prices: Array, level: float = 1.0) -> Array:
        """Equity − requirement ÷ level over two tokens' prices, the others at their marks; shape (rows, columns)."""
        first, second = self.tokens.index(row), self.tokens.index(column)
        others = [leg for leg in self.legs if leg.token not in (first, second)]
        rest = Book(self.tokens, self.marks, self.wallet, tuple(others)).standing()
        constant = rest.equity - rest.requirement / level
        return np.add.outer(self._along(first, row_prices, level) + constant, self._along(second, column_prices, level))

    def _along(self, token: int, prices: Array, level: float) -> Array:
        """What the legs of one token add to equity − requirement ÷ level at its prices."""
        total = np.zeros_like(prices)
        for leg in self.legs:
            if leg.token == token:
                total += leg.equity(prices) - leg.requirements(prices) / level
        return total


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


Legs = tuple[Leg, ...]


def compile_legs(scenario: Scenario) -> Legs:
    """The positions as legs, in their order, on the price axes of `scenario.tokens`."""
    axis = {token: index for index, token in enumerate(scenario.tokens)}
    return tuple(_compile_leg(position, axis[position.symbol], scenario) for position in scenario.positions)


def _compile_leg(position: Position, token: int, scenario: Scenario) -> Leg:
    account, market = scenario.account, scenario.market
    rules, quantity = account.rules, position.quantity
    exposure = position.sign * quantity
    known = (token, exposure, -exposure * position.entry_price, quantity, quantity)
    if rules.own_fraction:
        return Leg(*known, rates=(account.margin_fraction,))
    table = market.table(position.symbol)
    size = size_in_tiers(position, market, flat=True) if rules.flat_tiers else 0.0
    if table is None or size is None:
        return Leg(*known, rates=())
    if rules.flat_tiers:
        tier = locate(table.floors, size)
        extra_rate = account.fee if rules.liquidation_fee_required else 0.0
        return Leg(*known, rates=(table.rates[tier],), extra_rate=extra_rate, first_tier=tier)
    if not rules.closing_fee_in_margins:
        return Leg(*known, table.floors, table.rates, table.amounts, jumps=table.jumps)
    fee = rules.closing_fee(position.sign, quantity, position.entry_price, position.leverage, account.fee)
    constant = fee if not account.isolated else 0.0
    return Leg(*known, table.floors, table.rates, table.amounts, constant=constant, closing_fee=fee, jumps=table.jumps)


def size_in_tiers(position: Position, market: Market, *, flat: bool) -> float | None:
    """The size that the position's tier is found by: notional at mark, or contracts where the tiers are flat.

    None where a contract's value is not known, except for a table of one tier, which takes any size.
    """
    if not flat:
        return position.quantity * market.marks[position.symbol]
    value = market.contract_value(position.symbol)
    if value is not None:
        return position.quantity / value
    table = market.table(position.symbol)
    return 0.0 if table is not None and len(table.floors) == 1 else None


def cross_book(scenario: Scenario, legs: Legs) -> Book:
    """The whole account as one book; wallet and profit count at the settlement coin's rate, requirements in full."""
    tokens, account = scenario.tokens, scenario.account
    rate = account.counted_rate
    if rate != 1:
        legs = tuple([leg._replace(exposure=leg.exposure * rate, offset=leg.offset * rate) for leg in legs])
    if account.rules.counts_collateral and account.collateral:
        legs += tuple(Leg(tokens.index(item.asset), item.amount * item.ratio, 0.0) for item in account.collateral)
    marks = scenario.market.marks
    return Book(tokens, tuple([marks[token] for token in tokens]), account.counted_wallet, legs)


def isolated_books(scenario: Scenario, legs: Legs) -> list[Book]:
    """Every position as a book of its own, in their order."""
    return [_isolated_book(scenario, *pair) for pair in zip(scenario.positions, legs, strict=True)]


def _isolated_book(scenario: Scenario, position: Position, leg: Leg) -> Book:
    account = scenario.account
    wallet = account.rules.isolated_wallet(position.sign, position.opening_margin, position.own_margin, account.fee)
    return Book((position.symbol,), (scenario.market.marks[position.symbol],), wallet, (leg._replace(token=0),))


def compile_books(scenario: Scenario) -> list[Book]:
    """The books that stand or fall on their own: the account in cross mode, each position in isolated mode.

    Not all need be complete: distances and requirements can be told only where they are.
    """
    legs = compile_legs(scenario)
    if scenario.account.isolated:
        return isolated_books(scenario, legs)
    return [cross_book(scenario, legs)]
