"""OKX swaps, single-currency margin (multi-currency where collateral is given).

Source: the venue's help pages on its margin modes and its position-tier endpoint. Tiers by
contracts; margin ratio equity ÷ (maintenance margin + liquidation fee), which falls, liquidation at
100%. Leverage is set per instrument and mode, in isolated margin per side. Two accounts' figures
show an isolated liquidation price one price step nearer than the formula's. In multi-currency mode
a borrowed balance has a maintenance margin of its own.
"""

from dataclasses import dataclass

from margin.venues.liquidation import Case, LiquidationPolicy
from margin.venues.rules import Api, Doubts, RatioRule, Venue


@dataclass(frozen=True, slots=True)
class TwoTiersDown(LiquidationPolicy):
    """Reduce by two tiers from the third on while equity covers the lowest; else close.

    That a ratio below the lowest tier's closes everything at once is inferred from a secondary copy
    of the rule; it is taken of the position whose turn it is, the others' requirements standing.
    """

    def keeps(self, case: Case) -> float:
        """Return what the order leaves, in tokens.

        Tiers are read by contracts, so by the contract's value.
        """
        table, value = case.table, case.contract_value
        if case.leg.first_tier < 2 or table is None or value is None:
            return 0.0
        required = case.leg.requirement_at(case.price, 0)
        at_lowest = case.leg.requirement(case.price, table.rates[0], table.amounts[0])
        if case.equity <= case.requirement - required + at_lowest:
            return 0.0
        return table.floors[case.leg.first_tier - 1] * value


OKX = Venue(
    key="okx",
    name="OKX",
    settlement="USDT",
    taker_fee=0.0005,
    ratio=RatioRule(
        "Margin ratio", "falls", formula="equity ÷ (maintenance margin + liquidation fee)"
    ),
    liquidation=TwoTiersDown(
        cancels_orders=True,
        nets_pairs=True,
        steps=(
            "Orders are cancelled; a long and a short of one contract are closed against each "
            "other.",
            "From the third tier on a position is cut by two tiers at a time; in the two lowest, "
            "and once equity does "
            "not cover the lowest tier's requirement, it is closed whole.",
            "What the market does not take goes to the insurance fund at the bankruptcy price, and "
            "after it come those "
            "on the other side.",
            "The liquidation fee is at the level of the taker fee.",
        ),
        not_published="By the venue the position of highest risk goes first; how it ranks them is "
        "not known here.",
        assumptions=(
            "the long and short of one token close against each other at the mark, without fee or "
            "slippage",
            "a position in the third tier or above is closed whole once equity does not cover what "
            "the lowest tier "
            "would require of it: inferred from a secondary copy of the rule",
        ),
    ),
    api=Api(key_has_passphrase=True),
    flat_tiers=True,
    liquidation_fee_required=True,
    one_leverage_in=frozenset({"cross"}),
    doubts=Doubts(
        isolated="OKX shows the liquidation price of an isolated position one price step nearer "
        "than this",
        collateral="balance, profit and debt in USDT count at one rate: below 1 a debt counts for "
        "too little",
        owing=(
            "OKX lends what the account owes in USDT and asks a maintenance margin for the loan, "
            "which is not "
            "modelled: liquidation comes sooner than shown"
        ),
    ),
    open_positions='copy the rows of the tab "Open positions" on its trading screen',
    assumptions=(
        "one rate for the whole position by its contracts is inferred, for the venue publishes no "
        "deduction",
        "collateral counts at one ratio per asset; the venue's discount brackets are not modelled",
        "the liquidation fee is taken at the taker fee",
    ),
)
