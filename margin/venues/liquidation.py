"""How a venue liquidates.

The case that it decides on, and the policy that says what its next order leaves.

A policy takes one position at one price and answers what stays of it, in tokens: an order down to a
tier's cap sets the size to that cap, for subtracting what is closed from a large size would leave a
hair more. Nothing here changes an account. A venue's own policy stands in its module; its docstring
is the rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from margin.engine.leg import Leg
from margin.engine.tiers import TierTable


class Case(NamedTuple):
    """The position whose turn it is.

    Its leg at the mark `price`, in an account with this equity and requirement.

    `quantity` in tokens; `table` and `contract_value` are those of its token, None where there are
    none. `cost` is what closing loses per unit of notional at mark. `at_start` is the position's
    quantity at the start of the path; `lowest_tier` the lowest tier (from 0) an order has brought
    it to, None before the first; `cooling`: an order has gone out at these very prices.
    """

    quantity: float
    leg: Leg
    price: float
    table: TierTable | None
    contract_value: float | None
    equity: float
    requirement: float
    cost: float
    at_start: float
    lowest_tier: int | None
    cooling: bool


@dataclass(frozen=True, slots=True)
class LiquidationPolicy:
    """Close the position whose turn it is whole.

    The simplest rule, and that of introductory articles.

    `fee`: on what a forced order trades, a fraction, None: the taker fee. `relief`: orders go on
    until margin used is at most this. `backstop`: below this part of the requirement
    everything is taken over and nothing returned, None: there is no such rule. `cancels_orders`: a
    liquidation cancels open orders first, price stops among them. `nets_pairs`: the long and the
    short of one token close against each other first.

    For people to read: `steps` is what happens, a sentence each, in its order; `not_published` what
    the venue leaves open; `assumptions` what a run along a path takes for granted of it, clauses
    that may name the policy's `facts`.
    """

    fee: float | None = None
    relief: float = 1.0
    backstop: float | None = None
    cancels_orders: bool = False
    nets_pairs: bool = False
    steps: tuple[str, ...] = ()
    not_published: str = ""
    assumptions: tuple[str, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)

    def keeps(self, case: Case) -> float:  # noqa: ARG002 (a venue's own rule reads the case)
        """Return the quantity in tokens that the next order leaves of the position.

        0 closes it whole.

        Every order must bring the position to a lower tier, or close at least a fixed part of it or
        all: then a run comes to an end.
        """
        return 0.0


def kept_part(case: Case, level: float) -> float | None:
    """Return the largest part k < 1 that puts `equity − requirement ÷ level` at 0.

    None without one.

    At a fixed price the leg is a function of k, its notional growing from 0 to that of the whole
    and closing costing `cost` on what is closed: linear within a tier, so each is asked once, from
    the present one down.
    """
    leg, notional = case.leg, case.leg.quantity * case.price
    if notional <= 0:
        return None
    others = (
        case.equity
        - (case.requirement - leg.requirement_at(case.price, leg.tier(case.price))) / level
    )
    total_cost = case.cost * notional
    by_part = leg._replace(
        exposure=total_cost - leg.constant / level,
        offset=-total_cost,
        quantity=notional,
        size=notional,
        constant=0.0,
    )
    top = 1.0
    for tier in range(leg.tier(case.price), -1, -1):
        bottom = leg.floors[tier] / notional if tier else 0.0
        gain = -by_part.slope(tier, level)
        value = others + by_part.equity(top) - by_part.requirement_at(top, tier) / level
        if value >= 0 and top < 1:  # Rounded tables step where tiers meet.
            return top
        if gain > 0 and top + value / gain > bottom:
            return top + value / gain
        top = bottom
    return None
