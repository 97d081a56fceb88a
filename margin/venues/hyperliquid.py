"""Hyperliquid perpetuals, settled in USDC; maintenance is half the initial margin at each tier's maximum leverage."""

from margin.venues.rules import RatioRule, Venue

HYPERLIQUID = Venue(
    key="hyperliquid",
    name="Hyperliquid",
    settlement="USDC",
    taker_fee=0.00045,
    ratio=RatioRule("Cross margin ratio (maintenance margin ÷ account value)", "rises"),
    counts_collateral=False,
    assumptions=("hyperliquid: withdrawable is less than available, equity − max(initial margin, 10 % of notional)",),
)
