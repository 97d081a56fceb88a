"""Hyperliquid perpetuals, settled in USDC.

Maintenance is half the initial margin at each tier's maximum leverage.

Source: the venue's documentation of margin tiers and liquidations, whose formula is `liq = P −
s·available/q/(1 − l·s)` with `available` = account value − maintenance margin of all cross
positions. Where caps were lowered, it announced that an open position keeps its maintenance until
an order more than reduces it. An asset has one position, long or short, and one leverage. Account
modes: standard keeps each exchange of the chain apart, unified pools those of one collateral; in
portfolio margin HYPE, BTC, USDC and USDT count, liquidatable above a ratio of 0.95.
"""

from dataclasses import dataclass

from margin.venues.liquidation import Case, LiquidationPolicy
from margin.venues.rules import Api, Doubts, RatioRule, Venue

LARGE, SLICE = 100_000.0, 0.2
"""Positions above this notional are closed in slices of this part."""
BACKSTOP = 2 / 3
"""Below this part of the maintenance margin the venue's vault takes over everything."""


@dataclass(frozen=True, slots=True)
class InSlices(LiquidationPolicy):
    """Close all; above `LARGE` a `SLICE`, unless an order there was not enough."""

    def keeps(self, case: Case) -> float:
        """Return what the order leaves, in tokens."""
        large = case.quantity * case.price > LARGE
        return case.quantity * (1 - SLICE) if large and not case.cooling else 0.0


HYPERLIQUID = Venue(
    key="hyperliquid",
    name="Hyperliquid",
    settlement="USDC",
    taker_fee=0.00045,
    ratio=RatioRule("Cross margin ratio", "rises", formula="maintenance margin ÷ account value"),
    liquidation=InSlices(
        fee=0.0,
        backstop=BACKSTOP,
        steps=(
            "Market orders for the whole position go to the order book; above 100,000 USDC for a "
            "fifth of it first.",
            "It ends as soon as the requirement is met; what is left of the margin stays yours.",
            "If equity falls below two thirds of maintenance margin, the venue's vault takes "
            "everything over, and the "
            "margin is not returned.",
            "Liquidation through the order book costs no fee.",
        ),
        not_published="Not known here: which of several positions goes first.",
        assumptions=(
            "a path has no clock; the 30 seconds after a slice, in which orders are for all of it, "
            "are taken as one "
            "point of the path",
        ),
    ),
    api=Api(tiers_in_one_answer=True, account_by_address=True),
    counts_collateral=False,
    maintenance_from_leverage=True,
    hedges=False,
    one_leverage_in=frozenset({"cross", "isolated"}),
    uncounted=(
        "in standard and unified mode; in portfolio margin, which is not modelled, HYPE, BTC, USDC "
        "and USDT count, and "
        "the account can be liquidated above 95%"
    ),
    doubts=Doubts(
        unlisted=(
            "no perpetual of Hyperliquid's own exchange as far as its tables here go; on a "
            "builder's exchange no vault "
            "takes positions over, and some markets are isolated only"
        )
    ),
    dollar_names=True,
    open_positions=(
        'copy the rows of the tab "Positions" on its trading screen, or enter your wallet address'
    ),
    assumptions=(
        "withdrawable is less than available, equity − max(initial margin, 10% of notional)",
    ),
)
