"""Hyperliquid perpetuals, settled in USDC; maintenance is half the initial margin at each tier's maximum leverage.

Source: the venue's documentation of margin tiers and liquidations, whose formula is
`liq = P − s·available/q/(1 − l·s)` with `available` = account value − maintenance margin of all cross positions.
Where caps were lowered, it announced that an open position keeps its maintenance until an order more than reduces it.
"""

from margin.venues.rules import RatioRule, Venue

HYPERLIQUID = Venue(
    key="hyperliquid",
    name="Hyperliquid",
    settlement="USDC",
    taker_fee=0.00045,
    ratio=RatioRule("Cross margin ratio (maintenance margin ÷ account value)", "rises"),
    counts_collateral=False,
    maintenance_from_leverage=True,
    dollar_names=True,
    open_positions='copy the rows of the tab "Positions" on its trading screen, or enter your wallet address',
    assumptions=("hyperliquid: withdrawable is less than available, equity − max(initial margin, 10 % of notional)",),
)
