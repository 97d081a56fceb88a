"""Which position a forced order is for, what it costs, and what a run assumes.

How much of that position the order leaves is its venue's policy, in the venue's module. Nothing
here changes an account.
"""

from collections.abc import Sequence

from margin.engine.leg import Leg
from margin.facts import Assumption
from margin.model.scenario import Scenario
from margin.studies.liquidation.conduct import Conduct, Order


def forced_fee(scenario: Scenario, conduct: Conduct) -> float:
    """Return the fee on forced orders as a fraction: the person's, the venue's or the taker fee."""
    if conduct.liquidation_fee is not None:
        return conduct.liquidation_fee
    fee = scenario.account.rules.liquidation.fee
    return scenario.account.fee if fee is None else fee


def next_position(order: Order, legs: Sequence[Leg], prices: Sequence[float]) -> int:
    """Return the index of the position to liquidate next, the first of equals.

    `prices` are the marks per leg; there must be at least one position.
    """
    pairs = zip(legs, prices, strict=True)
    if order == "most_adverse":
        ranks = [leg.equity(price) for leg, price in pairs]
    elif order == "most_margin":
        ranks = [-leg.requirement_at(price, leg.tier(price)) for leg, price in pairs]
    else:
        sign = -1 if order == "largest" else 1
        ranks = [sign * leg.quantity * price for leg, price in pairs]
    return ranks.index(min(ranks))


def assumptions(scenario: Scenario, conduct: Conduct) -> tuple[Assumption, ...]:
    """Return what a run along a path rests on."""
    account, venue = scenario.account, scenario.account.rules
    policy = venue.liquidation
    noted = [Assumption.of("straight_path", slippage=conduct.slippage)]
    noted += [
        Assumption.of("venue_liquidation", venue=venue.name, text=text, **policy.facts)
        for text in policy.assumptions
    ]
    noted.append(Assumption.of("fees_from_equity"))
    if policy.fee and conduct.liquidation_fee is None:
        noted.append(Assumption.of("liquidation_fee", name=venue.name, fee=policy.fee))
    if len(scenario.positions) > 1 and not account.isolated:
        noted.append(Assumption.of("order_is_a_model", order=conduct.order))
    if account.isolated:
        noted.append(Assumption.of("isolated_margin_stays"))
    elif account.collateral and venue.counts_collateral:
        noted.append(Assumption.of("collateral_not_sold"))
    if policy.backstop is not None and scenario.unlisted:
        noted.append(
            Assumption.of("no_vault_for_unlisted", tokens=scenario.unlisted, name=venue.name)
        )
    if conduct.has_stops:
        noted.append(Assumption.of("stops", gap=conduct.gap, cancelled=policy.cancels_orders))
    return tuple(noted)
