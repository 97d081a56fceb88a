"""Bybit Unified Trading Account, USDT perpetuals.

Source: the venue's help pages on margin calculation under the unified account; since 2025-09-02
margins of a cross account are taken at the mark price. Both margins carry the fee to close `c =
q·EP·(1 − s/L)·f`; requirement Σ (N·m − d + c). Isolated long: `LP = (q·EP − q·EP/L − extra/(1 − f)
− d) / (q·(1 − m))`; the short side is inferred. The initial margin of an isolated position stays at
its entry price (2025-09-18). Leverage is set per symbol, in cross margin alike for buy and sell. A
borrowed balance has a maintenance margin of its own.
"""

from dataclasses import dataclass

from margin.venues.liquidation import Case, LiquidationPolicy
from margin.venues.rules import Api, Doubts, RatioRule, Venue


@dataclass(frozen=True, slots=True)
class TierByTier(LiquidationPolicy):
    """Reduce to the next lower tier's cap, in the lowest close all.

    Never back to a tier the position was cut to.
    """

    def keeps(self, case: Case) -> float:
        """Return what the order leaves, in tokens."""
        tier = case.leg.tier(case.price)
        tier = tier if case.lowest_tier is None else min(tier, case.lowest_tier)
        return case.leg.floors[tier] / case.price if tier else 0.0


BYBIT = Venue(
    key="bybit",
    name="Bybit",
    settlement="USDT",
    taker_fee=0.00055,
    ratio=RatioRule("Account MM rate", "rises", formula="maintenance margin ÷ margin balance"),
    liquidation=TierByTier(
        relief=0.9,
        cancels_orders=True,
        steps=(
            "Open orders are cancelled, and what was borrowed is repaid.",
            "Positions are reduced tier by tier until maintenance margin is at most 90% of the "
            "margin balance.",
            "What cannot be closed above the bankruptcy price is taken over by the insurance fund, "
            "in separate pools "
            "since 2025-12-19, and after it come those on the other side.",
            "There is no fee by itself: what is lost is everything down to the bankruptcy price.",
        ),
        not_published="Not published: which position goes first, and what the orders cost against "
        "the mark.",
        assumptions=(
            "a forced order is taken to lose slippage and the taker fee against the mark; the "
            "venue may take all that "
            "is left down to the bankruptcy price",
            "since 2025-12-19 its insurance is kept in separate pools, each of which may run out "
            "by itself",
        ),
    ),
    api=Api(long_history=True),
    closing_fee_in_margins=True,
    isolated_opens_at_entry=True,
    one_leverage_in=frozenset({"cross"}),
    free_of_interest="Bybit lends a certain amount free of interest; here interest runs on the "
    "whole debt",
    doubts=Doubts(
        collateral="balance, profit and debt in USDT count at one rate: below 1 a debt counts for "
        "too little",
        owing=(
            "Bybit lends what the account owes in USDT and asks a maintenance margin for the loan, "
            "which is not "
            "modelled: liquidation comes sooner than shown"
        ),
        hedge=(
            "one reply of Bybit's test network (2023) shows the smaller leg of a hedge with a "
            "maintenance margin of "
            "two closing fees only and no liquidation price; not confirmed, so here both legs pay "
            "in full"
        ),
    ),
    open_positions=(
        'copy the rows of the tab "Positions" on its derivatives screen, not of "Closed P&L"'
    ),
    assumptions=(
        "the closing fee of an isolated short is inferred from the published long formula",
        "interest on borrowed funds is not modelled",
    ),
)
