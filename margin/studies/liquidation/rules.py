"""Which position a forced order is for, what it costs, and what a run along a path takes for granted.

How much of that position the order leaves is its venue's policy, in the venue's module. Nothing here changes an
account.
"""

from collections.abc import Sequence

from margin import formatting as wording
from margin.engine.leg import Leg
from margin.model.scenario import Scenario
from margin.studies.liquidation.conduct import ORDERS, Conduct, Order
from margin.venues import LiquidationPolicy


def forced_fee(scenario: Scenario, conduct: Conduct) -> float:
    """Return the fee on forced orders in force, a part of what they trade: one's own, the venue's or the taker fee."""
    if conduct.liquidation_fee is not None:
        return conduct.liquidation_fee
    fee = scenario.account.rules.liquidation.fee
    return scenario.account.fee if fee is None else fee


def next_position(order: Order, legs: Sequence[Leg], prices: Sequence[float]) -> int:
    """Index of the position whose turn it is, of at least one; `prices` are the marks per leg. The first of equals."""
    pairs = zip(legs, prices, strict=True)
    if order == "most_adverse":
        ranks = [leg.equity(price) for leg, price in pairs]
    elif order == "most_margin":
        ranks = [-leg.requirement_at(price, leg.tier(price)) for leg, price in pairs]
    else:
        way = -1 if order == "largest" else 1
        ranks = [way * leg.quantity * price for leg, price in pairs]
    return ranks.index(min(ranks))


def assumptions(scenario: Scenario, conduct: Conduct) -> tuple[str, ...]:
    """What a run along a path rests on, a line each."""
    account, policy = scenario.account, scenario.account.rules.liquidation
    said = [
        "prices go in a straight line; every order fills whole and at once, "
        f"{wording.percent(conduct.slippage)} worse than the mark; sizes are not rounded to lots; no funding is paid",
        *policy.assumptions,
        "a forced order's fee comes out of equity that is left; where equity does not cover the fill itself, the "
        "position is taken over at the bankruptcy price; the insurance fund holds: nobody is auto-deleveraged",
    ]
    if policy.fee and conduct.liquidation_fee is None:
        fee = wording.percent(policy.fee)
        said.append(
            f"{account.rules.name}: the liquidation fee is taken at {fee}; it differs by symbol, 0.5 % to 2.5 %"
        )
    if len(scenario.positions) > 1 and not account.isolated:
        said.append(f"which position goes first is a model of ours: {ORDERS[conduct.order]}")
    if account.isolated:
        said.append(
            "what a closed part loses is taken from the position's own margin; the rest stays behind what is open, and "
            "returns with the last of it (a venue may release a part of it before)"
        )
    elif account.collateral and account.rules.counts_collateral:
        said.append("collateral is not sold while positions are open; then it repays a debt at its counted value")
    if policy.backstop is not None and scenario.unlisted:
        tokens = ", ".join(scenario.unlisted)
        said.append(
            f"{tokens}: on a builder's exchange no vault takes over; here it does, as on {account.rules.name}'s own"
        )
    if conduct.has_stops:
        said.append(_about_stops(policy, conduct))
    return tuple(said)


def _about_stops(policy: LiquidationPolicy, conduct: Conduct) -> str:
    where = "at their trigger"
    if conduct.gap:
        where = (
            f"{wording.percent(conduct.gap)} of the remaining path beyond their trigger, before the venue acts there"
        )
    gone = "; a liquidation cancels price stops that still stand" if policy.cancels_orders else ""
    return f"stops fill {where}{gone}"
