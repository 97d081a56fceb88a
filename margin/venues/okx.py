"""OKX swaps, single-currency margin (multi-currency where collateral is given).

Source: the venue's help pages on its margin modes and its position-tier endpoint. Tiers by contracts; margin ratio
equity ÷ (maintenance margin + liquidation fee), which falls, liquidation at 100 %. Leverage is set per instrument and
mode, in isolated margin per side. Two accounts' figures show an isolated liquidation price one price step nearer than
the formula's. In multi-currency mode a borrowed balance has a maintenance margin of its own.
"""

from margin.venues.rules import Doubts, RatioRule, Venue

OKX = Venue(
    key="okx",
    name="OKX",
    settlement="USDT",
    taker_fee=0.0005,
    ratio=RatioRule("Margin ratio (equity ÷ (maintenance margin + liquidation fee))", "falls"),
    flat_tiers=True,
    liquidation_fee_required=True,
    one_leverage_in=frozenset({"cross"}),
    doubts=Doubts(
        isolated="okx: OKX shows the liquidation price of an isolated position one price step nearer than this",
        collateral="okx: balance, profit and debt in USDT count at one rate: below 1 a debt counts for too little",
        owing=(
            "okx: OKX lends what the account owes in USDT and asks a maintenance margin for the loan, which is not "
            "modelled: liquidation comes sooner than shown"
        ),
    ),
    open_positions='copy the rows of the tab "Open positions" on its trading screen',
    assumptions=(
        "okx: one rate for the whole position by its contracts is inferred, for the venue publishes no deduction",
        "okx: collateral counts at one ratio per asset; the venue's discount brackets are not modelled",
        "okx: the liquidation fee is taken at the taker fee",
    ),
)
