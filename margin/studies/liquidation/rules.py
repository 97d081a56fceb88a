"""How each venue liquidates, as data and one function each: how much of the chosen position the next order leaves.

Functions take one position at one price and answer what is kept of it, in tokens: an order down to a cap sets the size
to it, for subtracting what is closed from a large size would leave a hair more. Nothing here changes an account. What
is assumed where a venue publishes nothing stands among the remarks of the venue's module.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from margin.engine.leg import Leg
from margin.facts import Assumption
from margin.model.scenario import Market, Position, Scenario
from margin.studies.liquidation.conduct import Conduct, Order

RELIEF = 0.9
"""Requirement ÷ equity at which Bybit stops reducing, and which an order on Binance is taken to aim at."""
LEAST_ORDER = 0.1
"""An order on Binance closes at least this part of the position as it was at the start.

On a path without jumps the account is caught with exactly no headroom, so "just enough" alone would be nothing at all.
"""
LARGE, SLICE = 100_000.0, 0.2
"""Hyperliquid closes positions above this notional in slices of this part."""
BACKSTOP = 2 / 3
"""Below this part of the maintenance margin Hyperliquid's vault takes over everything."""


class Case(NamedTuple):
    """The position whose turn it is: its leg at the mark `price`, in an account with this equity and requirement.

    `cost` is what closing loses per unit of notional at mark. `at_start` is the position's quantity at the start of the
    path; `lowest_tier` the lowest tier (from 0) an order has brought it to, None before the first; `cooling`: an order
    has gone out at these very prices.
    """

    position: Position
    leg: Leg
    price: float
    market: Market
    equity: float
    requirement: float
    cost: float
    at_start: float
    lowest_tier: int | None
    cooling: bool


def nothing(_case: Case) -> float:
    """The textbook's and the simplest answer: the whole position is closed."""
    return 0.0


def just_enough(case: Case) -> float:
    """Binance: closes what brings requirement ÷ equity back to `RELIEF`, at least `LEAST_ORDER`; else all."""
    kept = kept_part(case, RELIEF)
    if kept is None:
        return 0.0
    return min(case.position.quantity * kept, case.position.quantity - LEAST_ORDER * case.at_start)


def kept_part(case: Case, level: float) -> float | None:
    """The largest part k < 1 of the position with which `equity − requirement ÷ level` is 0; None where there is none.

    At a fixed price the leg is a function of k, its notional growing from 0 to that of the whole and closing costing
    `cost` on what is gone: linear within a tier, so each is asked once, from the present one down.
    """
    leg, notional = case.leg, case.leg.quantity * case.price
    if notional <= 0:
        return None
    others = case.equity - (case.requirement - leg.requirement_at(case.price, leg.tier(case.price))) / level
    lost = case.cost * notional
    by_part = leg._replace(
        exposure=lost - leg.constant / level, offset=-lost, quantity=notional, size=notional, constant=0.0
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


def tier_by_tier(case: Case) -> float:
    """Bybit: down to the next lower tier's cap; all of it in the lowest. Never back to a tier it was cut down to."""
    tier = case.leg.tier(case.price)
    tier = tier if case.lowest_tier is None else min(tier, case.lowest_tier)
    return case.leg.floors[tier] / case.price if tier else 0.0


def two_tiers(case: Case) -> float:
    """OKX: from the third tier on down to the cap of the tier two below, while equity covers the lowest tier; else all.

    That a ratio below the lowest tier's closes everything at once is inferred from a secondary copy of the rule; it is
    taken of the position whose turn it is, the others' requirements standing.
    """
    table, value = case.market.table(case.position.symbol), case.market.contract_value(case.position.symbol)
    if case.leg.first_tier < 2 or table is None or value is None:
        return 0.0
    own = case.leg.requirement_at(case.price, 0)
    at_lowest = case.leg.requirement(case.price, table.rates[0], table.amounts[0])
    if case.equity <= case.requirement - own + at_lowest:
        return 0.0
    return table.floors[case.leg.first_tier - 1] * value


def in_slices(case: Case) -> float:
    """Hyperliquid: closes all; a large position in slices, unless an order at these prices has not been enough."""
    large = case.position.quantity * case.price > LARGE
    return case.position.quantity * (1 - SLICE) if large and not case.cooling else 0.0


@dataclass(frozen=True, slots=True)
class LiquidationRules:
    """A venue's way of liquidating.

    `keeps`: what the next order leaves of the position. `fee`: on what it trades, None: the taker fee. `relief`: orders
    go on until requirement ÷ equity is at most this. `backstop`: below this part of the requirement everything is taken
    over and nothing returned, None: there is no such rule.
    """

    keeps: Callable[[Case], float]
    fee: float | None = None
    relief: float = 1.0
    backstop: float | None = None
    cancels_orders: bool = False
    nets_pairs: bool = False

    def fee_rate(self, scenario: Scenario, conduct: Conduct) -> float:
        """The fee on forced orders in force, a fraction of what they trade."""
        if conduct.liquidation_fee is not None:
            return conduct.liquidation_fee
        return scenario.account.fee if self.fee is None else self.fee


RULES: Mapping[str, LiquidationRules] = MappingProxyType(
    {
        "binance": LiquidationRules(just_enough, fee=0.0125, cancels_orders=True),
        "bybit": LiquidationRules(tier_by_tier, relief=RELIEF, cancels_orders=True),
        "okx": LiquidationRules(two_tiers, cancels_orders=True, nets_pairs=True),
        "hyperliquid": LiquidationRules(in_slices, fee=0.0, backstop=BACKSTOP),
        "textbook": LiquidationRules(nothing),
    }
)


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


def assumptions(scenario: Scenario, conduct: Conduct) -> tuple[Assumption, ...]:
    """Return what a run along a path rests on."""
    account, rules, venue = scenario.account, RULES[scenario.account.venue], scenario.account.rules
    noted = [Assumption.of("straight_path", slippage=conduct.slippage)]
    noted += [
        Assumption.of("venue_liquidation", venue=venue.name, text=text, relief=RELIEF)
        for text in venue.liquidation.assumptions
    ]
    noted.append(Assumption.of("fees_from_equity"))
    if rules.fee and conduct.liquidation_fee is None:
        noted.append(Assumption.of("liquidation_fee", name=venue.name, fee=rules.fee))
    if len(scenario.positions) > 1 and not account.isolated:
        noted.append(Assumption.of("order_is_a_model", order=conduct.order))
    if account.isolated:
        noted.append(Assumption.of("isolated_margin_stays"))
    elif account.collateral and venue.counts_collateral:
        noted.append(Assumption.of("collateral_not_sold"))
    if rules.backstop is not None and scenario.unlisted:
        noted.append(Assumption.of("no_vault_for_unlisted", tokens=scenario.unlisted, name=venue.name))
    if conduct.has_stops:
        noted.append(Assumption.of("stops", gap=conduct.gap, cancelled=rules.cancels_orders))
    return tuple(noted)
