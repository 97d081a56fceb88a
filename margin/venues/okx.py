"""OKX swaps, single-currency margin (multi-currency where collateral is given).

Source: the venue's help pages on its margin modes and its position-tier endpoint. Tiers by contracts; margin ratio
equity ÷ (maintenance margin + liquidation fee), which falls, liquidation at 100 %.
"""

from margin.venues.rules import RatioRule, Venue

OKX = Venue(
    key="okx",
    name="OKX",
    settlement="USDT",
    taker_fee=0.0005,
    ratio=RatioRule("Margin ratio (equity ÷ (maintenance margin + liquidation fee))", "falls"),
    flat_tiers=True,
    liquidation_fee_required=True,
    open_positions='copy the rows of the tab "Open positions" on its trading screen',
    assumptions=(
        "okx: one rate for the whole position by its contracts is inferred, for the venue publishes no deduction",
        "okx: collateral counts at one ratio per asset; the venue's discount brackets are not modelled",
        "okx: the liquidation fee is taken at the taker fee",
    ),
)
